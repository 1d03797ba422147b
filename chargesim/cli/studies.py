"""Compare plans, find where they break, and show what drives the answer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chargesim.cli.messages import messages, plain_console, print_json
from chargesim.cli.options import (
    AsJson,
    Changes,
    Direction,
    Engine,
    EngineOption,
    Figures,
    Jobs,
    Out,
    ScenarioPath,
    Weekday,
    app,
)

if TYPE_CHECKING:
    from chargesim.experiment.study import Study
    from chargesim.view.answer import Answer


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
    layouts: Annotated[
        int | None,
        typer.Option(min=1, help="synthetic layouts; default 5 where counts of places differ"),
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
    """Compare plans on the same vehicles: which is better in what, by how much, how sure."""
    with messages():
        from chargesim.experiment.compare import compare as compare_runs
        from chargesim.view.comparison_report import write_comparison

        changes = [
            f"{key}={value}"
            for key, value in (("seed", seed), ("horizon.days", days))
            if value is not None
        ]
        chosen: Any = {"replications": replications, "layouts": layouts, "jobs": jobs, "out": out}
        chosen |= {"set_": set_ or [], "changes": changes, "engine": engine.value}
        done = compare_runs(*plans, **chosen)
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
    weekday: Weekday = None,
    direction: Annotated[
        Direction | None, typer.Option(help="what more of it does; by default the data tell")
    ] = None,
    layouts: Annotated[
        int | None,
        typer.Option(min=1, help="synthetic layouts; default 5 where the key adds invented places"),
    ] = None,
    set_: Changes = None,
    replications: Annotated[
        int | None,
        typer.Option(
            min=2, help="at each level; by default the scenario's, or 40 where it has fewer"
        ),
    ] = None,
    jobs: Jobs = 0,
    figures: Figures = True,
    out: Out = None,
    engine: EngineOption = Engine.auto,
    as_json: AsJson = False,
) -> None:
    """Find the level of a key at which the plan breaks: where it meets, where it fails."""
    with messages():
        from chargesim.experiment.limit import limit_study, run_limit
        from chargesim.scenario.reading import load

        more: Any = None if direction is None else direction.value
        asked: Any = {"low": low, "high": high, "levels": levels, "direction": more}
        asked |= {"weekday": weekday, "replications": replications, "out": out}
        asked |= {"layouts": layouts}
        loaded = load(scenario, set_ or [])
        if show_stored(limit_study(loaded, vary, **asked), figures=figures, as_json=as_json):
            return
        found = run_limit(loaded, vary, **asked, jobs=jobs, engine=engine.value)
        from chargesim.view.limit import answer

        show(found, answer(found), figures=figures, as_json=as_json)


@app.command()
def tornado(
    scenario: ScenarioPath,
    set_: Changes = None,
    weekday: Weekday = None,
    replications: Annotated[
        int | None, typer.Option(min=2, help="of each point; 6 by default")
    ] = None,
    jobs: Jobs = 0,
    figures: Figures = True,
    out: Out = None,
    engine: EngineOption = Engine.auto,
    as_json: AsJson = False,
) -> None:
    """Set each assumption of the demand ledger to both its ends, and show which move most."""
    with messages():
        from chargesim.experiment.tornado import run_tornado, tornado_study
        from chargesim.scenario.reading import load

        asked: Any = {"weekday": weekday, "replications": replications, "out": out}
        loaded = load(scenario, set_ or [])
        if show_stored(tornado_study(loaded, **asked), figures=figures, as_json=as_json):
            return
        found = run_tornado(loaded, **asked, jobs=jobs, engine=engine.value)
        from chargesim.view.tornado import answer

        show(found, answer(found), figures=figures, as_json=as_json)


@app.command()
def uncertainty(
    scenario: ScenarioPath,
    set_: Changes = None,
    weekday: Weekday = None,
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
    out: Out = None,
    engine: EngineOption = Engine.auto,
    as_json: AsJson = False,
) -> None:
    """Show how sure the verdict is where its inputs are not known, and what drives it."""
    with messages():
        from dataclasses import replace

        from chargesim.experiment.uncertainty import (
            DEFAULT,
            QUICK,
            run_uncertainty,
            uncertainty_study,
        )
        from chargesim.scenario.reading import load

        sizes = QUICK if quick else DEFAULT
        sizes = replace(sizes, layouts=layouts or sizes.layouts, draws=draws or sizes.draws)
        asked: Any = {"sizes": sizes, "weekday": weekday, "out": out}
        loaded = load(scenario, set_ or [])
        if show_stored(uncertainty_study(loaded, **asked), figures=figures, as_json=as_json):
            return
        if not quick:
            typer.echo("A first look takes a quarter of the time: --quick.", err=True)
        found = run_uncertainty(loaded, **asked, jobs=jobs, engine=engine.value)
        from chargesim.view.uncertainty import answer

        show(found, answer(found), figures=figures, as_json=as_json)


def show_stored(study: "Study", *, figures: bool, as_json: bool) -> bool:
    """Print the answer of a study that is finished already; return whether there was one."""
    from chargesim.view.answer import stored_answer

    answer = stored_answer(study.folder, figures=figures) if study.is_finished() else None
    if answer is None:
        return False
    if as_json:
        print((study.folder / f"{study.command}.json").read_text(encoding="utf-8"), end="")
    else:
        _print(answer, study.folder, figures=figures)
    return True


def show(found: Any, answer: "Answer", *, figures: bool, as_json: bool) -> None:
    """Draw, keep and print what a study has found, and say where its files are."""
    from chargesim.view.answer import draw_answer, keep_answer

    if figures:
        draw_answer(answer, found.folder / "figures")
    keep_answer(answer, found.folder)
    if as_json:
        print_json(found.to_dict())
        return
    _print(answer, found.folder, figures=figures)


def _print(answer: "Answer", folder: Path, *, figures: bool) -> None:
    from chargesim.view.answer import print_answer

    console = plain_console()
    print_answer(console, answer)
    drawn = [f"figures/{name}.png" for name in answer.figures] if figures else []
    files = ", ".join([answer.files, *drawn])
    console.print(f"All results: {folder} ({files})", soft_wrap=True, highlight=False)


@app.command(name="lead-in")
def lead_in(
    scenario: ScenarioPath,
    set_: Changes = None,
    replications: Annotated[
        int | None,
        typer.Option(min=2, help="replications that are compared; default those of the first look"),
    ] = None,
    jobs: Jobs = 0,
    figures: Figures = True,
    out: Out = None,
    engine: EngineOption = Engine.auto,
    as_json: AsJson = False,
) -> None:
    """Run a scenario with a lead-in twice as long, and print which KPIs move."""
    with messages():
        from chargesim.experiment.lead_in import check_lead_in
        from chargesim.scenario.reading import load

        count = [] if replications is None else [f"replications={replications}"]
        loaded = load(scenario, [*(set_ or []), *count])
        found = check_lead_in(loaded, jobs=jobs, out=out, engine=engine.value)
        from chargesim.view.lead_in import answer

        show(found, answer(found), figures=figures, as_json=as_json)
