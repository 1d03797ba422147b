"""Compare plans, find where they break, and tell what the answer hangs on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chargesim.cli.messages import messages, plain_console, print_json
from chargesim.cli.options import (
    AsJson,
    Changes,
    Direction,
    Engine,
    Figures,
    Jobs,
    ScenarioPath,
    app,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console


@app.command()
def compare(
    plans: Annotated[
        list[Path],
        typer.Argument(
            metavar="PLAN",
            help="scenario files or run directories; the others are compared with the first",
            show_default=False,
        ),
    ],
    set_: Changes = None,
    seed: Annotated[int | None, typer.Option(min=0, help="root seed of the runs")] = None,
    replications: Annotated[
        int | None, typer.Option(min=2, help="independent replications of each plan")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="days that are judged, e.g. 7 for a week")
    ] = None,
    jobs: Annotated[int, typer.Option(min=0, help="processes side by side; 0: one per core")] = 0,
    figures: Annotated[
        bool, typer.Option("--figures/--no-figures", help="draw the figures")
    ] = True,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="its directory; default runs/compare-<names>-<hash>"),
    ] = None,
    engine: Annotated[
        Engine,
        typer.Option(help="auto: SimPy for small runs, else compiled; the results are the same"),
    ] = Engine.auto,
    as_json: AsJson = False,
) -> None:
    """Compare plans on the same vehicles: which is better in what, by how much, how sure; runs those that have not run yet."""
    with messages():
        from chargesim.experiment.compare import compare as compare_runs
        from chargesim.view.comparison import write_comparison

        changes = [
            f"{key}={value}"
            for key, value in (("seed", seed), ("horizon.days", days))
            if value is not None
        ]
        chosen: Any = {
            "replications": replications,
            "jobs": jobs,
            "out": out,
            "engine": engine.value,
        }
        done = compare_runs(*plans, set_=set_ or [], changes=changes, **chosen)
        write_comparison(done, figures=figures)
        if as_json:
            print_json(done.to_dict())
            return
        from chargesim.view.comparison_report import print_comparison

        console = plain_console()
        print_comparison(console, done)
        drawn = ", figures/" if figures else ""
        files = f"comparison.md to paste, criteria.csv, differences.csv with every KPI{drawn}"
        console.print(f"All results: {done.folder} ({files})", soft_wrap=True, highlight=False)


@app.command()
def limit(
    scenario: ScenarioPath,
    vary: Annotated[
        str,
        typer.Option(
            metavar="KEY",
            help="a key of a number, or share_at_network, stock, gun_power, availability, patience",
        ),
    ] = "share_at_network",
    low: Annotated[
        float | None,
        typer.Option("--from", help="lowest level; default around the scenario's value"),
    ] = None,
    high: Annotated[float | None, typer.Option("--to", help="highest level")] = None,
    levels: Annotated[
        int | None,
        typer.Option(min=2, help="levels, over which the error is divided; 13 by default"),
    ] = None,
    weekday: Annotated[
        str | None, typer.Option(help="the judged day; Wednesday by default")
    ] = None,
    direction: Annotated[
        Direction | None, typer.Option(help="what more of it does; found out by default")
    ] = None,
    set_: Changes = None,
    replications: Annotated[
        int | None,
        typer.Option(min=2, help="at each level; the scenario's by default, at least 40"),
    ] = None,
    jobs: Jobs = 0,
    figures: Figures = True,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="default runs/limit-<name>-<key>-<hash>")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find the level of an input at which the plan breaks: the largest that meets, the smallest that fails, the point between."""
    with messages():
        from chargesim.experiment.limit import run_limit
        from chargesim.scenario.reading import load

        said: Any = None if direction is None else direction.value
        chosen: Any = {
            "low": low,
            "high": high,
            "levels": levels,
            "weekday": weekday,
            "replications": replications,
            "direction": said,
        }
        found = run_limit(load(scenario, set_ or []), vary, **chosen, jobs=jobs, out=out)
        from chargesim.view.limit import draw_limit_files, print_limit

        _show(
            found,
            print_limit,
            draw_limit_files if figures else None,
            "levels.csv, limit.json",
            "limit.png",
            as_json,
        )


@app.command()
def tornado(
    scenario: ScenarioPath,
    set_: Changes = None,
    weekday: Annotated[
        str | None, typer.Option(help="the judged day; Wednesday by default")
    ] = None,
    replications: Annotated[
        int | None, typer.Option(min=2, help="of each setting; 6 by default")
    ] = None,
    jobs: Jobs = 0,
    figures: Figures = True,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="default runs/tornado-<name>-<hash>")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set each assumption of the demand ledger to its low and high end, and show which move the criteria most."""
    with messages():
        from chargesim.experiment.tornado import run_tornado
        from chargesim.scenario.reading import load

        found = run_tornado(
            load(scenario, set_ or []),
            weekday=weekday,
            replications=replications,
            jobs=jobs,
            out=out,
        )
        from chargesim.view.tornado import draw_tornado_files, print_tornado

        _show(
            found,
            print_tornado,
            draw_tornado_files if figures else None,
            "tornado.csv, tornado.json",
            "tornado.png",
            as_json,
        )


@app.command()
def uncertainty(
    scenario: ScenarioPath,
    set_: Changes = None,
    weekday: Annotated[
        str | None, typer.Option(help="the judged day; Wednesday by default")
    ] = None,
    layouts: Annotated[
        int | None, typer.Option(min=1, help="synthetic layouts among the inputs; 10 by default")
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(min=2, help="draws of all inputs, for the share that meets; 120 by default"),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="a first look, in about a quarter of the time")
    ] = False,
    jobs: Jobs = 0,
    figures: Figures = True,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="default runs/uncertainty-<name>-<hash>")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell how sure the verdict is where the inputs are not: Monte Carlo error and input uncertainty apart, what it hangs on."""
    with messages():
        from dataclasses import replace

        from chargesim.experiment.uncertainty import DEFAULT, QUICK, run_uncertainty
        from chargesim.scenario.reading import load

        design = QUICK if quick else DEFAULT
        design = replace(design, layouts=layouts or design.layouts, draws=draws or design.draws)
        found = run_uncertainty(
            load(scenario, set_ or []), design=design, weekday=weekday, jobs=jobs, out=out
        )
        from chargesim.view.uncertainty import draw_uncertainty_files, print_uncertainty

        tables = "draws.csv, morris.csv, sobol.csv, uncertainty.json"
        _show(
            found,
            print_uncertainty,
            draw_uncertainty_files if figures else None,
            tables,
            "uncertainty.png",
            as_json,
        )


def _show(
    found: Any,
    print_found: "Callable[[Console, Any], None]",
    draw_files: "Callable[[Any, Path], object] | None",
    tables: str,
    figure: str,
    as_json: bool,
) -> None:
    """Draw and print what a study has found, and say where it stands."""
    if draw_files is not None:
        draw_files(found, found.folder / "figures")
    if as_json:
        print_json(found.to_dict())
        return
    console = plain_console()
    print_found(console, found)
    drawn = f", figures/{figure}" if draw_files is not None else ""
    console.print(f"All results: {found.folder} ({tables}{drawn})", soft_wrap=True, highlight=False)


@app.command(name="lead-in")
def lead_in(
    scenario: ScenarioPath,
    set_: Changes = None,
    replications: Annotated[
        int | None,
        typer.Option(min=2, help="replications that are compared; default those of the first look"),
    ] = None,
    jobs: Annotated[int, typer.Option(min=0, help="processes side by side; 0: one per core")] = 0,
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="draw the figure")] = True,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="run directory; default runs/<name>-<hash>, as for run"),
    ] = None,
    engine: Annotated[
        Engine,
        typer.Option(help="auto: SimPy for small runs, else compiled; the results are the same"),
    ] = Engine.auto,
    as_json: AsJson = False,
) -> None:
    """Run a scenario with a lead-in twice as long, on the same vehicles, and print which KPIs move."""
    with messages():
        from chargesim.experiment.lead_in import check_lead_in
        from chargesim.scenario.reading import load

        changes = [
            *(set_ or []),
            *([] if replications is None else [f"replications={replications}"]),
        ]
        checked = check_lead_in(load(scenario, changes), jobs=jobs, out=out, engine=engine.value)
        if figures:
            from chargesim.view.figures import write_figure
            from chargesim.view.lead_in import draw_lead_in

            write_figure(draw_lead_in(checked), checked.folder / "figures" / "lead_in")
        if as_json:
            print_json({"run_dir": str(checked.folder), **checked.to_dict()})
            return
        from chargesim.view.lead_in import print_lead_in

        console = plain_console()
        print_lead_in(console, checked)
        drawn = ", the figure figures/lead_in.png" if figures else ""
        console.print(
            f"All results: {checked.folder} (lead_in/lead_in.json{drawn})",
            soft_wrap=True,
            highlight=False,
        )
