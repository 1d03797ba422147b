"""Check a scenario, run it, or run its series."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from chargesim.cli.messages import messages, plain_console, print_json
from chargesim.cli.options import (
    AsJson,
    Budget,
    Changes,
    Days,
    Debug,
    Engine,
    EngineOption,
    Figures,
    Jobs,
    Looks,
    PrecisionOption,
    Replications,
    RequireVerdict,
    RootSeed,
    RunOut,
    ScenarioPath,
    Sessions,
    SessionsOption,
    Verbose,
    app,
)

if TYPE_CHECKING:
    from rich.console import Console

    from chargesim.runs.run_scenario import Run
    from chargesim.scenario.reading import LoadedScenario

EXIT_CODES = {"meets": 0, "fails": 3, "inconclusive": 4, "incomplete": 5}
"""By verdict, where one is required; an incomplete run always exits with its code."""


@app.command()
def run(
    scenario: ScenarioPath,
    set_: Changes = None,
    seed: RootSeed = None,
    replications: Replications = None,
    looks: Looks = None,
    precision: PrecisionOption = None,
    budget: Budget = None,
    require_verdict: RequireVerdict = False,
    days: Days = None,
    jobs: Jobs = 0,
    sessions: SessionsOption = Sessions.auto,
    figures: Figures = True,
    out: RunOut = None,
    engine: EngineOption = Engine.auto,
    debug: Debug = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Simulate a scenario and judge it against its service standard; of a series, all variants.

    Exit codes: 0 done, 1 error in the input, 2 wrong usage, 5 replications are missing (a worker
    was killed; the same command goes on), 130 interrupted. With --require-verdict: 0 meets, 3
    fails, 4 inconclusive.
    """
    with messages():
        from chargesim.errors import InputError
        from chargesim.scenario.reading import load

        if budget is not None and precision is None:
            verdict = "--replications and --looks say how many a verdict takes"
            raise InputError([f"--budget: is for a run for --precision; {verdict}"])
        given = {"seed": seed, "replications": replications, "looks": looks, "horizon.days": days}
        loaded = load(scenario, _changes(set_ or [], given))
        chosen: Any = {"jobs": jobs, "sessions": sessions.value, "out": out, "engine": engine.value}
        chosen |= {"figures": figures, "as_json": as_json}
        if loaded.scenario.series is None:
            for_one: Any = {"debug": debug, "precision": precision, "budget": budget}
            for_one["verbose"] = verbose
            state = _run_one(loaded, **for_one, **chosen)
            if require_verdict or state == "incomplete":
                raise typer.Exit(EXIT_CODES[state])
            return
        asked = {"debug": debug, "require-verdict": require_verdict, "precision": precision}
        for option in (name for name, value in asked.items() if value):
            words = "run a variant by itself with --set series=null"
            raise InputError([f"--{option}: is for one scenario, not for a series; {words}"])
        _run_series(loaded, **chosen)


def _changes(set_: Sequence[str], given: dict[str, int | None]) -> list[str]:
    """Return the changes of a scenario: those of `--set`, then those of other options.

    A number of replications is judged once, unless looks are asked for.
    """
    asks_looks = given["looks"] is not None or any(one.startswith("looks=") for one in set_)
    if given["replications"] is not None and not asks_looks:
        given = {**given, "looks": 1}
    return [*set_, *(f"{key}={value}" for key, value in given.items() if value is not None)]


def _run_one(
    loaded: "LoadedScenario",
    *,
    precision: str | None,
    figures: bool,
    verbose: bool,
    as_json: bool,
    **chosen: Any,
) -> str:
    """Run a scenario, draw and print its results, and return its verdict."""
    from chargesim.errors import RunStoppedError
    from chargesim.runs.precision import Precision
    from chargesim.runs.run_scenario import run_scenario

    asked = Precision.parse(precision) if precision is not None else None
    try:
        finished = run_scenario(loaded, precision=asked, **chosen)
    except RunStoppedError as stopped:
        if stopped.run is not None:
            _print_run(stopped.run, verbose, as_json)
        raise
    if figures:
        from chargesim.view.figures import write_figures

        write_figures(finished, finished.folder / "figures")
    _print_run(finished, verbose, as_json)
    return finished.verdict.verdict


def _print_run(finished: "Run", verbose: bool, as_json: bool) -> None:
    """Print the results of a run, for people or as JSON."""
    if as_json:
        print_json(_run_data(finished))
        return
    from chargesim.runs.result import plan_text
    from chargesim.view.days import print_days
    from chargesim.view.run_checks import print_broken
    from chargesim.view.run_details import print_precision
    from chargesim.view.verdict import print_verdict

    console = plain_console()
    for line in finished.out_of_reach:
        head = "" if line.startswith("recorded: ") else "Out of reach: "
        console.print(f"{head}{line}", soft_wrap=True, markup=False, highlight=False)
    print_verdict(console, finished.result, finished.verdict, finished.kpis)
    print_broken(console, finished.checks)
    if finished.days is not None:
        print_days(console, finished.days)
    if finished.reached is not None:
        print_precision(console, finished.reached, finished.verdict)
    if verbose:
        _print_details(console, finished)
    more = "" if verbose else "; --verbose prints bounds, key figures and checks"
    taken = len(finished.result.replications)
    there = len(list((finished.folder / "replications").glob("*.parquet")))
    if there > taken:
        held = f"The directory holds {there} replications"
        console.print(f"{held}; all of this rests on the first {taken}.", highlight=False)
    city = f"City: {plan_text(finished.case)}; {finished.verdict.label}"
    for line in (city, f"All results: {finished.folder}{more}"):
        console.print(line, soft_wrap=True, highlight=False)


def _print_details(console: "Console", finished: "Run") -> None:
    """Print the statistics of a run, its checks, and how it was made."""
    from chargesim.experiment.lead_in import lead_in_text
    from chargesim.view.run_checks import print_checks
    from chargesim.view.run_details import print_statistics, print_swap_shares

    print_statistics(console, finished.result, finished.verdict, finished.kpis)
    if finished.case.scenario.log is None:
        ledger = finished.case.ledger
        targets = {row.fleet: row.swap_target_share for row in ledger.rows}
        print_swap_shares(console, finished.kpis, targets, ledger.swap_kwh_per_day / 1000)
    print_checks(console, finished.checks)
    lines = [
        lead_in_text(finished.folder, finished.case.task.lead_in_days),
        f"Engine: {finished.engine}. Took {finished.took}, figures apart.",
    ]
    if finished.result.days == 1:
        lines.append("One day was judged; --days 7 asks for a week.")
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False)


def _run_data(finished: "Run") -> dict[str, Any]:
    """Return the results of a run as plain data."""
    verdict = finished.verdict.to_dict()
    names = ("verdict", "replications", "look", "looks", "more_replications", "criteria")
    city = finished.kpis[finished.kpis["scope"] == "city"]
    return {
        "run_dir": str(finished.folder),
        **{name: verdict[name] for name in names},
        **({} if finished.days is None else {"days": finished.days.to_dict()}),
        "precision": None if finished.reached is None else finished.reached.to_dict(),
        "engine": finished.engine,
        "out_of_reach": list(finished.out_of_reach),
        "kpis": json.loads(city.to_json(orient="records")),
    }


def _run_series(loaded: "LoadedScenario", *, figures: bool, as_json: bool, **chosen: Any) -> None:
    """Run all variants of a series, compare them and print the results."""
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
    """Check all variants of a series; print ledger and network of the first, and a list of all."""
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
