"""Check a scenario, run it, or run its series."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chargesim.cli.messages import messages, plain_console, print_json
from chargesim.cli.options import AsJson, Changes, Engine, ScenarioPath, Sessions, app

if TYPE_CHECKING:
    from chargesim.runs.run_scenario import Run
    from chargesim.scenario.reading import LoadedScenario

EXIT_CODES = {"meets": 0, "fails": 3, "inconclusive": 4, "incomplete": 5}
"""By verdict, where it is required; replications that are missing are told always."""


@app.command()
def run(
    scenario: ScenarioPath,
    set_: Changes = None,
    seed: Annotated[int | None, typer.Option(min=0, help="root seed of the run")] = None,
    replications: Annotated[
        int | None,
        typer.Option(
            min=2, help="independent replications; judged once, unless --looks asks for more"
        ),
    ] = None,
    looks: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=10,
            help="looks of the verdict, each at twice the replications, until all is decided",
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            metavar="KPI=HALF_WIDTH",
            help="run on until this KPI's interval is so narrow (5%: of its mean); decides no verdict",
        ),
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option(
            min=2, help="replications at most for --precision; default 8 times the first look"
        ),
    ] = None,
    require_verdict: Annotated[
        bool, typer.Option("--require-verdict", help="exit code 0 meets, 3 fails, 4 inconclusive")
    ] = False,
    days: Annotated[
        int | None, typer.Option(min=1, help="days that are judged, e.g. 7 for a week")
    ] = None,
    jobs: Annotated[int, typer.Option(min=0, help="processes side by side; 0: one per core")] = 0,
    sessions: Annotated[
        Sessions,
        typer.Option(help="keep a row per session; auto: up to 2 million in all, none in a series"),
    ] = Sessions.auto,
    figures: Annotated[
        bool, typer.Option("--figures/--no-figures", help="draw the figures")
    ] = True,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="run directory; default runs/<name>-<hash>")
    ] = None,
    engine: Annotated[
        Engine,
        typer.Option(help="auto: SimPy for small runs, else compiled; the results are the same"),
    ] = Engine.auto,
    debug: Annotated[
        bool,
        typer.Option("--debug", help="check packs, places, SOC and energy at every event; slow"),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Simulate a scenario and judge it against its service standard; a scenario with a series: all its variants, compared.

    Exit codes: 0 done, 1 error in the input, 2 wrong usage, 5 replications are missing (a worker was killed; the same
    command goes on), 130 interrupted. With --require-verdict: 0 meets, 3 fails, 4 inconclusive.
    """
    with messages():
        from chargesim.errors import InputError, RunStoppedError
        from chargesim.runs.precision import Precision
        from chargesim.runs.run_scenario import run_scenario
        from chargesim.scenario.reading import load

        if budget is not None and precision is None:
            raise InputError(
                [
                    "--budget: is for a run for --precision; --replications and --looks say how many a verdict takes"
                ]
            )
        if (
            replications is not None
            and looks is None
            and not any(one.startswith("looks=") for one in set_ or [])
        ):
            looks = 1
        given = {"seed": seed, "replications": replications, "looks": looks, "horizon.days": days}
        loaded = load(
            scenario,
            [
                *(set_ or []),
                *(f"{key}={value}" for key, value in given.items() if value is not None),
            ],
        )
        if loaded.scenario.series is not None:
            for option, used in (
                ("--debug", debug),
                ("--require-verdict", require_verdict),
                ("--precision", precision),
            ):
                if used:
                    raise InputError(
                        [
                            f"{option}: is for one scenario, not for a series; run a variant by itself with --set series=null"
                        ]
                    )
            chosen: Any = {
                "jobs": jobs,
                "sessions": sessions.value,
                "out": out,
                "engine": engine.value,
            }
            _run_series(loaded, figures=figures, as_json=as_json, **chosen)
            return
        asked = Precision.parse(precision) if precision is not None else None
        options: Any = {
            "jobs": jobs,
            "sessions": sessions.value,
            "out": out,
            "debug": debug,
            "engine": engine.value,
        }
        try:
            finished = run_scenario(loaded, **options, precision=asked, budget=budget)
        except RunStoppedError as stopped:
            if stopped.run is not None:
                _print_run(stopped.run, as_json)
            raise
        if figures:
            from chargesim.view.figures import write_figures

            write_figures(finished, finished.folder / "figures")
        _print_run(finished, as_json)
        state = finished.verdict.verdict
        if require_verdict or state == "incomplete":
            raise typer.Exit(EXIT_CODES[state])


def _print_run(finished: "Run", as_json: bool) -> None:
    """Print what came out of a run, for people or as JSON."""
    if as_json:
        verdict = finished.verdict.to_dict()
        kpis = json.loads(finished.kpis[finished.kpis["scope"] == "city"].to_json(orient="records"))
        said = {
            name: verdict[name]
            for name in (
                "verdict",
                "replications",
                "look",
                "looks",
                "more_replications",
                "criteria",
            )
        }
        reached = None if finished.reached is None else finished.reached.to_dict()
        print_json(
            {
                "run_dir": str(finished.folder),
                **said,
                "precision": reached,
                "engine": finished.engine,
                "kpis": kpis,
            }
        )
        return
    from chargesim.experiment.lead_in import lead_in_text
    from chargesim.runs.result import plan_text
    from chargesim.view.run_checks import print_checks
    from chargesim.view.terminal import print_precision, print_swap_shares, print_verdict

    console = plain_console()
    console.print(f"Simulated: {plan_text(finished.case)}", soft_wrap=True, highlight=False)
    print_verdict(console, finished.result, finished.verdict, finished.kpis)
    if finished.reached is not None:
        print_precision(console, finished.reached, finished.verdict)
    if finished.case.scenario.recorded is None:
        print_swap_shares(
            console,
            finished.kpis,
            {row.fleet: row.swap_target_share for row in finished.case.ledger.rows},
        )
    print_checks(console, finished.checks)
    if finished.result.days == 1:
        console.print("One day was judged; `--days 7` asks for a week.", style="dim")
    console.print(
        lead_in_text(finished.folder, finished.case.task.lead_in_days),
        soft_wrap=True,
        highlight=False,
    )
    console.print(
        f"Engine: {finished.engine}. Took {finished.took}, figures apart.",
        soft_wrap=True,
        highlight=False,
    )
    there, taken = (
        len(list((finished.folder / "replications").glob("*.parquet"))),
        len(finished.result.replications),
    )
    if there > taken:
        console.print(
            f"The directory holds {there} replications; all of this rests on the first {taken}.",
            soft_wrap=True,
            highlight=False,
        )
    console.print(f"All results: {finished.folder}", soft_wrap=True, highlight=False)


def _run_series(loaded: "LoadedScenario", *, figures: bool, as_json: bool, **chosen: Any) -> None:
    """Run all variants of a series, compare them and print what came out."""
    from chargesim.experiment.series import run_series

    finished = run_series(loaded, **chosen)
    if figures:
        from chargesim.view.figures import write_figure
        from chargesim.view.series import draw_series

        criteria = loaded.scenario.standard.criteria
        drawn_series = draw_series(finished.series, finished.variants, criteria)
        write_figure(drawn_series, finished.folder / "figures" / "series")
    if as_json:
        print_json(finished.to_dict())
        return
    from chargesim.view.series_table import print_series

    console = plain_console()
    print_series(console, finished, loaded.scenario.title)
    drawn = ", the figure figures/series.png" if figures else ""
    files = f"series.csv, differences.csv, criteria.txt{drawn}, each variant in variants/"
    console.print(f"All results: {finished.folder} ({files})", soft_wrap=True, highlight=False)


@app.command()
def check(scenario: ScenarioPath, set_: Changes = None, as_json: AsJson = False) -> None:
    """Validate a scenario and print its demand ledger and network; simulate nothing."""
    with messages():
        from chargesim.runs.case import build_case
        from chargesim.runs.scenario_check import check_case
        from chargesim.scenario.reading import load

        loaded = load(scenario, set_ or [])
        if loaded.scenario.series is not None:
            _check_series(loaded, as_json)
            return
        checked = check_case(build_case(loaded))
        if as_json:
            print_json(checked.to_dict())
        else:
            from chargesim.view.scenario_check import print_check

            print_check(plain_console(), checked)


def _check_series(loaded: "LoadedScenario", as_json: bool) -> None:
    """Check every variant of a series; print the ledger and the network of the first, and the list of all."""
    from tqdm.auto import tqdm

    from chargesim.experiment.series_panels import check_panels
    from chargesim.runs.case import build_case
    from chargesim.runs.scenario_check import check_case, check_variant, series_seconds
    from chargesim.scenario.variants import expand

    variants = expand(loaded)
    first = build_case(variants[0].loaded)
    check_panels(loaded, first)
    checked, each = check_case(first), [check_variant(variants[0], first)]
    others = tqdm(variants[1:], desc="variants", leave=False, disable=None)
    each += [check_variant(variant, build_case(variant.loaded)) for variant in others]
    seconds = series_seconds(each)
    if as_json:
        print_json(
            {**checked.to_dict(), "run_seconds": seconds, "variants": [vars(one) for one in each]}
        )
        return
    from chargesim.view.scenario_check import print_check
    from chargesim.view.series_table import print_variants

    console = plain_console()
    print_check(console, checked)
    print_variants(console, each, seconds)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a scenario file, for editors."""
    from chargesim.scenario.schema import json_schema

    print_json(json_schema())
