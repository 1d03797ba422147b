"""Offer chargesim on the command line."""

import atexit
import contextlib
import gc
import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from chargesim.scenario.reading import LoadedScenario
    from chargesim.study.run import Run

EXIT_CODES = {"meets": 0, "fails": 3, "inconclusive": 4, "incomplete": 5}
"""By verdict, where it is required; replications that are missing are told always."""

app = typer.Typer(
    help="Plan ultra-fast charging and battery swapping for a city: does a plan meet the demand, how sure are we, where does it break?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Sessions(StrEnum):
    """Whether a run keeps a row per session."""

    auto = "auto"
    all = "all"
    none = "none"


class Engine(StrEnum):
    """The engine that runs a scenario; it changes no result."""

    auto = "auto"
    simpy = "simpy"
    compiled = "compiled"


class Direction(StrEnum):
    """What more of an input does to the service."""

    worse = "worse"
    better = "better"


class Part(StrEnum):
    """A part of the bench."""

    day = "day"
    queueing = "queueing"
    power = "power"
    scaling = "scaling"


ScenarioPath = Annotated[Path, typer.Argument(metavar="SCENARIO", help="scenario file (YAML)", show_default=False)]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="change a key of the scenario, e.g. fleet.stock=1200000; may be repeated"),
]
Jobs = Annotated[int, typer.Option(min=0, help="processes side by side; 0: one per core")]
Figures = Annotated[bool, typer.Option("--figures/--no-figures", help="draw the figures")]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON object on stdout and nothing else there")]


@app.command()
def run(
    scenario: ScenarioPath,
    set_: Changes = None,
    seed: Annotated[int | None, typer.Option(min=0, help="root seed of the run")] = None,
    replications: Annotated[
        int | None, typer.Option(min=2, help="independent replications; judged once, unless --looks asks for more")
    ] = None,
    looks: Annotated[
        int | None, typer.Option(min=1, max=10, help="looks of the verdict, each at twice the replications, until all is decided")
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(metavar="KPI=HALF_WIDTH", help="run on until this KPI's interval is so narrow (5%: of its mean); decides no verdict"),
    ] = None,
    budget: Annotated[int | None, typer.Option(min=2, help="replications at most for --precision; default 8 times the first look")] = None,
    require_verdict: Annotated[bool, typer.Option("--require-verdict", help="exit code 0 meets, 3 fails, 4 inconclusive")] = False,
    days: Annotated[int | None, typer.Option(min=1, help="days that are judged, e.g. 7 for a week")] = None,
    jobs: Annotated[int, typer.Option(min=0, help="processes side by side; 0: one per core")] = 0,
    sessions: Annotated[
        Sessions, typer.Option(help="keep a row per session; auto: up to 2 million in all, none in a series")
    ] = Sessions.auto,
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="draw the figures")] = True,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="run directory; default runs/<name>-<hash>")] = None,
    engine: Annotated[Engine, typer.Option(help="auto: SimPy for small runs, else compiled; the results are the same")] = Engine.auto,
    debug: Annotated[bool, typer.Option("--debug", help="check packs, places, SOC and energy at every event; slow")] = False,
    as_json: AsJson = False,
) -> None:
    """Simulate a scenario and judge it against its service standard; a scenario with a series: all its variants, compared.

    Exit codes: 0 done, 1 error in the input, 2 wrong usage, 5 replications are missing (a worker was killed; the same
    command goes on), 130 interrupted. With --require-verdict: 0 meets, 3 fails, 4 inconclusive.
    """
    with _messages():
        from chargesim.errors import InputError, RunStoppedError
        from chargesim.scenario.reading import load
        from chargesim.study.precision import Precision
        from chargesim.study.run import run_scenario

        if replications is not None and looks is None:
            looks = 1
        given = {"seed": seed, "replications": replications, "looks": looks, "horizon.days": days}
        loaded = load(scenario, [*(set_ or []), *(f"{key}={value}" for key, value in given.items() if value is not None)])
        if loaded.scenario.series is not None:
            for option, used in (("--debug", debug), ("--require-verdict", require_verdict), ("--precision", precision)):
                if used:
                    raise InputError([f"{option}: is for one scenario, not for a series; run a variant by itself with --set series=null"])
            chosen: Any = {"jobs": jobs, "sessions": sessions.value, "out": out, "engine": engine.value}
            _run_series(loaded, figures=figures, as_json=as_json, **chosen)
            return
        asked = Precision.parse(precision) if precision is not None else None
        options: Any = {"jobs": jobs, "sessions": sessions.value, "out": out, "debug": debug, "engine": engine.value}
        try:
            finished = run_scenario(loaded, **options, precision=asked, budget=budget)
        except RunStoppedError as stopped:
            if stopped.run is not None:
                _print_run(stopped.run, as_json)
            raise
        if figures:
            from chargesim.view.figures import draw_all

            draw_all(finished.result, finished.kpis, finished.verdict, finished.folder / "figures")
        _print_run(finished, as_json)
        state = finished.verdict.verdict
        if require_verdict or state == "incomplete":
            raise typer.Exit(EXIT_CODES[state])


def _print_run(finished: "Run", as_json: bool) -> None:
    """Print what came out of a run, for people or as JSON."""
    if as_json:
        verdict = finished.verdict.to_dict()
        kpis = json.loads(finished.kpis[finished.kpis["scope"] == "city"].to_json(orient="records"))
        said = {name: verdict[name] for name in ("verdict", "replications", "look", "looks", "more_replications", "criteria")}
        reached = None if finished.reached is None else finished.reached.to_dict()
        _print_json({"run_dir": str(finished.folder), **said, "precision": reached, "engine": finished.engine, "kpis": kpis})
        return
    from chargesim.study.lead_in import lead_in_text
    from chargesim.study.run import plan_text
    from chargesim.view.checks import print_checks
    from chargesim.view.terminal import print_precision, print_swap_shares, print_verdict

    console = _console()
    console.print(f"Simulated: {plan_text(finished.case)}", soft_wrap=True, highlight=False)
    print_verdict(console, finished.result, finished.verdict, finished.kpis)
    if finished.reached is not None:
        print_precision(console, finished.reached, finished.verdict)
    if finished.case.scenario.recorded is None:
        print_swap_shares(console, finished.kpis, {row.fleet: row.swap_target_share for row in finished.case.ledger.rows})
    print_checks(console, finished.checks)
    if finished.result.days == 1:
        console.print("One day was judged; `--days 7` asks for a week.", style="dim")
    console.print(lead_in_text(finished.folder, finished.case.task.lead_in_days), soft_wrap=True, highlight=False)
    console.print(f"Engine: {finished.engine}. Took {finished.took}, figures apart.", soft_wrap=True, highlight=False)
    console.print(f"All results: {finished.folder}", soft_wrap=True, highlight=False)


@app.command()
def compare(
    plans: Annotated[
        list[Path],
        typer.Argument(
            metavar="PLAN PLAN...", help="scenario files or run directories; the others are compared with the first", show_default=False
        ),
    ],
    set_: Changes = None,
    seed: Annotated[int | None, typer.Option(min=0, help="root seed of the runs")] = None,
    replications: Annotated[int | None, typer.Option(min=2, help="independent replications of each plan")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="days that are judged, e.g. 7 for a week")] = None,
    jobs: Annotated[int, typer.Option(min=0, help="processes side by side; 0: one per core")] = 0,
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="draw the figures")] = True,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="its directory; default runs/compare-<names>-<hash>")] = None,
    engine: Annotated[Engine, typer.Option(help="auto: SimPy for small runs, else compiled; the results are the same")] = Engine.auto,
    as_json: AsJson = False,
) -> None:
    """Compare plans on the same vehicles: which is better in what, by how much, how sure; runs those that have not run yet."""
    with _messages():
        from chargesim.study.comparing import compare as compare_runs
        from chargesim.view.comparison import write_comparison

        changes = [f"{key}={value}" for key, value in (("seed", seed), ("horizon.days", days)) if value is not None]
        chosen: Any = {"replications": replications, "jobs": jobs, "out": out, "engine": engine.value}
        done = compare_runs(*plans, set_=set_ or [], changes=changes, **chosen)
        write_comparison(done, figures=figures)
        if as_json:
            _print_json(done.to_dict())
            return
        from chargesim.view.comparison_text import print_comparison

        console = _console()
        print_comparison(console, done)
        drawn = ", figures/" if figures else ""
        files = f"comparison.md to paste, criteria.csv, differences.csv with every KPI{drawn}"
        console.print(f"All results: {done.folder} ({files})", soft_wrap=True, highlight=False)


def _run_series(loaded: "LoadedScenario", *, figures: bool, as_json: bool, **chosen: Any) -> None:
    """Run all variants of a series, compare them and print what came out."""
    from chargesim.study.series import run_series

    finished = run_series(loaded, **chosen)
    if figures:
        from chargesim.view.series import draw_series_files

        draw_series_files(finished.series, finished.outcomes, loaded.scenario.standard.criteria, finished.folder / "figures")
    if as_json:
        _print_json(finished.to_dict())
        return
    from chargesim.view.series_table import print_series

    console = _console()
    print_series(console, finished, loaded.scenario.title)
    drawn = ", the figure figures/series.png" if figures else ""
    files = f"series.csv, differences.csv, criteria.txt{drawn}, each variant in variants/"
    console.print(f"All results: {finished.folder} ({files})", soft_wrap=True, highlight=False)


@app.command()
def check(scenario: ScenarioPath, set_: Changes = None, as_json: AsJson = False) -> None:
    """Validate a scenario and print its demand ledger and network; simulate nothing."""
    with _messages():
        from chargesim.scenario.reading import load
        from chargesim.study.case import build_case
        from chargesim.study.checking import check_case

        loaded = load(scenario, set_ or [])
        if loaded.scenario.series is not None:
            _check_series(loaded, as_json)
            return
        checked = check_case(build_case(loaded))
        if as_json:
            _print_json(checked.to_dict())
        else:
            from chargesim.view.checking import print_check

            print_check(_console(), checked)


def _check_series(loaded: "LoadedScenario", as_json: bool) -> None:
    """Check every variant of a series; print the ledger and the network of the first, and the list of all."""
    from tqdm.auto import tqdm

    from chargesim.scenario.variants import expand
    from chargesim.study.case import build_case
    from chargesim.study.checking import check_case, check_variant, series_seconds
    from chargesim.study.series_panels import check_panels

    variants = expand(loaded)
    first = build_case(variants[0].loaded)
    check_panels(loaded, first)
    checked, each = check_case(first), [check_variant(variants[0], first)]
    others = tqdm(variants[1:], desc="variants", leave=False, disable=None)
    each += [check_variant(variant, build_case(variant.loaded)) for variant in others]
    seconds = series_seconds(each)
    if as_json:
        _print_json({**checked.to_dict(), "run_seconds": seconds, "variants": [vars(one) for one in each]})
        return
    from chargesim.view.checking import print_check
    from chargesim.view.series_table import print_variants

    console = _console()
    print_check(console, checked)
    print_variants(console, each, seconds)


@app.command()
def limit(
    scenario: ScenarioPath,
    vary: Annotated[
        str, typer.Option(metavar="KEY", help="a key of a number, or share_at_network, stock, gun_power, availability, patience")
    ] = "share_at_network",
    low: Annotated[float | None, typer.Option("--from", help="lowest level; default around the scenario's value")] = None,
    high: Annotated[float | None, typer.Option("--to", help="highest level")] = None,
    levels: Annotated[int | None, typer.Option(min=2, help="levels, over which the error is divided; 13 by default")] = None,
    weekday: Annotated[str | None, typer.Option(help="the judged day; Wednesday by default")] = None,
    direction: Annotated[Direction | None, typer.Option(help="what more of it does; found out by default")] = None,
    set_: Changes = None,
    replications: Annotated[int | None, typer.Option(min=2, help="at each level; the scenario's by default, at least 40")] = None,
    jobs: Jobs = 0,
    figures: Figures = True,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="default runs/limit-<name>-<key>-<hash>")] = None,
    as_json: AsJson = False,
) -> None:
    """Find the level of an input at which the plan breaks: the largest that meets, the smallest that fails, the point between."""
    with _messages():
        from chargesim.scenario.reading import load
        from chargesim.study.limit import run_limit

        said: Any = None if direction is None else direction.value
        chosen: Any = {"low": low, "high": high, "levels": levels, "weekday": weekday, "replications": replications, "direction": said}
        found = run_limit(load(scenario, set_ or []), vary, **chosen, jobs=jobs, out=out)
        from chargesim.view.limit import draw_limit_files, print_limit

        if figures:
            draw_limit_files(found, found.folder / "figures")
        if as_json:
            _print_json(found.to_dict())
            return
        console = _console()
        print_limit(console, found)
        drawn = ", figures/limit.png" if figures else ""
        console.print(f"All results: {found.folder} (levels.csv, limit.json{drawn})", soft_wrap=True, highlight=False)


@app.command()
def tornado(
    scenario: ScenarioPath,
    set_: Changes = None,
    weekday: Annotated[str | None, typer.Option(help="the judged day; Wednesday by default")] = None,
    replications: Annotated[int | None, typer.Option(min=2, help="of each setting; 6 by default")] = None,
    jobs: Jobs = 0,
    figures: Figures = True,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="default runs/tornado-<name>-<hash>")] = None,
    as_json: AsJson = False,
) -> None:
    """Set each assumption of the demand ledger to its low and high end, and show which move the criteria most."""
    with _messages():
        from chargesim.scenario.reading import load
        from chargesim.study.tornado import run_tornado

        found = run_tornado(load(scenario, set_ or []), weekday=weekday, replications=replications, jobs=jobs, out=out)
        from chargesim.view.tornado import draw_tornado_files, print_tornado

        if figures:
            draw_tornado_files(found, found.folder / "figures")
        if as_json:
            _print_json(found.to_dict())
            return
        console = _console()
        print_tornado(console, found)
        drawn = ", figures/tornado.png" if figures else ""
        console.print(f"All results: {found.folder} (tornado.csv, tornado.json{drawn})", soft_wrap=True, highlight=False)


@app.command()
def uncertainty(
    scenario: ScenarioPath,
    set_: Changes = None,
    weekday: Annotated[str | None, typer.Option(help="the judged day; Wednesday by default")] = None,
    layouts: Annotated[int | None, typer.Option(min=1, help="synthetic layouts among the inputs; 10 by default")] = None,
    draws: Annotated[int | None, typer.Option(min=2, help="draws of all inputs, for the share that meets; 150 by default")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="a first look, in about a quarter of the time")] = False,
    jobs: Jobs = 0,
    figures: Figures = True,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="default runs/uncertainty-<name>-<hash>")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell how sure the verdict is where the inputs are not: Monte Carlo error and input uncertainty apart, what it hangs on."""
    with _messages():
        from dataclasses import replace

        from chargesim.scenario.reading import load
        from chargesim.study.uncertainty import DEFAULT, QUICK, run_uncertainty

        design = QUICK if quick else DEFAULT
        design = replace(design, layouts=layouts or design.layouts, draws=draws or design.draws)
        found = run_uncertainty(load(scenario, set_ or []), design=design, weekday=weekday, jobs=jobs, out=out)
        from chargesim.view.uncertainty import draw_uncertainty_files, print_uncertainty

        if figures:
            draw_uncertainty_files(found, found.folder / "figures")
        if as_json:
            _print_json(found.to_dict())
            return
        console = _console()
        print_uncertainty(console, found)
        drawn = ", figures/uncertainty.png" if figures else ""
        console.print(
            f"All results: {found.folder} (draws.csv, morris.csv, sobol.csv, uncertainty.json{drawn})", soft_wrap=True, highlight=False
        )


@app.command()
def engines(
    scenario: ScenarioPath,
    set_: Changes = None,
    replication: Annotated[int, typer.Option(min=0, help="which replication is compared")] = 0,
    as_json: AsJson = False,
) -> None:
    """Run a replication in both engines and compare them bit for bit; exit code 1 when they differ."""
    with _messages():
        from chargesim.scenario.reading import load
        from chargesim.study.case import build_case
        from chargesim.study.engines import compare_engines

        compared = compare_engines(build_case(load(scenario, set_ or [])), replication)
        if as_json:
            _print_json(compared.to_dict())
        else:
            from chargesim.view.engines import print_engines

            print_engines(_console(), compared)
        if not compared.agree:
            raise typer.Exit(1)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a scenario file, for editors."""
    from chargesim.scenario.schema import json_schema

    _print_json(json_schema())


@app.command()
def bench(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO", help="scenario whose first day is simulated")] = Path(
        "scenarios/chongqing_2025.yaml"
    ),
    set_: Changes = None,
    part: Annotated[list[Part] | None, typer.Option(help="measure this part alone; may be repeated")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="rounds; medians are printed")] = 3,
    full: Annotated[bool, typer.Option("--full", help="scale on to 10 million sessions")] = False,
    as_json: AsJson = False,
) -> None:
    """Time a session in each engine and in other programs on the same vehicles, with ratios within one run."""
    with _messages():
        from chargesim.bench.sessions import FULL, ORDINARY, PARTS, bench_case
        from chargesim.scenario.reading import load
        from chargesim.study.case import build_case

        parts = PARTS if part is None else tuple(one.value for one in part)
        measured = bench_case(build_case(load(scenario, set_ or [])), rounds, parts, FULL if full else ORDINARY)
        if as_json:
            _print_json(measured.to_dict())
        else:
            from chargesim.view.bench import print_bench

            print_bench(_console(), measured)


@app.command(name="lead-in")
def lead_in(
    scenario: ScenarioPath,
    set_: Changes = None,
    replications: Annotated[int | None, typer.Option(min=2, help="replications that are compared; default those of the first look")] = None,
    jobs: Annotated[int, typer.Option(min=0, help="processes side by side; 0: one per core")] = 0,
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="draw the figure")] = True,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="run directory; default runs/<name>-<hash>, as for run")] = None,
    engine: Annotated[Engine, typer.Option(help="auto: SimPy for small runs, else compiled; the results are the same")] = Engine.auto,
    as_json: AsJson = False,
) -> None:
    """Run a scenario with a lead-in twice as long, on the same vehicles, and print which KPIs move."""
    with _messages():
        from chargesim.scenario.reading import load
        from chargesim.study.lead_in import check_lead_in

        changes = [*(set_ or []), *([] if replications is None else [f"replications={replications}"])]
        checked = check_lead_in(load(scenario, changes), jobs=jobs, out=out, engine=engine.value)
        if figures:
            from chargesim.view.figures import write_figure
            from chargesim.view.lead_in import draw_lead_in

            write_figure(draw_lead_in(checked), checked.folder / "figures" / "lead_in")
        if as_json:
            _print_json({"run_dir": str(checked.folder), **checked.to_dict()})
            return
        from chargesim.view.lead_in import print_lead_in

        console = _console()
        print_lead_in(console, checked)
        drawn = ", the figure figures/lead_in.png" if figures else ""
        console.print(f"All results: {checked.folder} (lead_in/lead_in.json{drawn})", soft_wrap=True, highlight=False)


@app.command()
def verify(
    seed: Annotated[int, typer.Option(min=0, help="root seed; each row and replication has a stream of its own")] = 0,
    replications: Annotated[int, typer.Option(min=2, help="independent replications of each row")] = 20,
    rung: Annotated[list[str] | None, typer.Option("--row", metavar="NAME", help="climb this row alone; may be repeated")] = None,
    jobs: Annotated[int, typer.Option(min=0, help="processes side by side; 0: one per core")] = 0,
    as_json: AsJson = False,
) -> None:
    """Run both engines against queueing theory and Ciw; exit code 1 when a row differs, 5 when one could not be run."""
    with _messages(kept=False):
        from chargesim.verify.ladder import climb
        from chargesim.verify.rungs import ladder, named

        climbed = climb(ladder() if rung is None else named(rung), seed=seed, replications=replications, jobs=jobs)
        if as_json:
            _print_json(climbed.to_dict())
        else:
            from chargesim.view.verify import print_ladder

            print_ladder(_console(), climbed)
        if climbed.exit_code:
            raise typer.Exit(climbed.exit_code)


@app.command()
def coverage(
    studies: Annotated[int, typer.Option(min=250, help="studies of each kind")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="root seed")] = 1,
    jobs: Annotated[int, typer.Option(min=0, help="processes side by side; 0: one per core")] = 0,
    as_json: AsJson = False,
) -> None:
    """Measure how often the verdict is false and the intervals cover, on small studies of known mean; exit code 1 when too seldom."""
    with _messages():
        from chargesim.study.coverage import as_dict, measure_coverage

        rows = measure_coverage(studies, seed, jobs=jobs)
        if as_json:
            _print_json(as_dict(rows, seed))
        else:
            from chargesim.view.coverage import print_coverage

            print_coverage(_console(), rows, seed)
        if any(row.holds is False for row in rows):
            raise typer.Exit(1)


def _console() -> "Console":
    """Return a console; a file or a pipe gets lines of 110 characters."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 110)


def _print_json(data: Any) -> None:
    from chargesim.study.storage import plain

    sys.stdout.write(json.dumps(plain(data), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


@contextlib.contextmanager
def _messages(*, kept: bool = True) -> Iterator[None]:
    """Turn an error of the input into lines on stderr and exit code 1, Ctrl-C into exit code 130.

    `kept` tells whether finished replications are on disk.
    """
    from chargesim.errors import InputError, RunStoppedError

    try:
        yield
    except InputError as error:
        for fault in error.faults:
            typer.echo(fault, err=True)
        count = len(error.faults)
        typer.echo(f"{count} error{'s' if count > 1 else ''}; nothing was run.", err=True)
        raise typer.Exit(1) from None
    except RunStoppedError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(5) from None
    except KeyboardInterrupt:
        rest = "finished replications are kept, the same command goes on from there" if kept else "nothing is kept"
        typer.echo(f"Interrupted; {rest}.", err=True)
        raise typer.Exit(130) from None


def main() -> None:
    """Run the command line."""
    atexit.register(gc.freeze)  # the last collection would walk over every compiled function, half a second for nothing
    app()
