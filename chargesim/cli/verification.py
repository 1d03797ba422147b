"""Compare the program with itself, with theory and with other programs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chargesim.cli.messages import messages, plain_console, print_json
from chargesim.cli.options import (
    AsJson,
    Changes,
    Engine,
    EngineOption,
    Jobs,
    ScenarioPath,
    app,
)


class Part(StrEnum):
    """A part of the bench."""

    day = "day"
    queueing = "queueing"
    power = "power"
    scaling = "scaling"


@app.command()
def engines(
    scenario: ScenarioPath,
    set_: Changes = None,
    replication: Annotated[int, typer.Option(min=0, help="which replication is compared")] = 0,
    as_json: AsJson = False,
) -> None:
    """Run a replication in both engines and compare them; exit code 1 when a bit differs."""
    with messages():
        from chargesim.runs.case import build_case
        from chargesim.runs.engine_comparison import compare_engines
        from chargesim.scenario.reading import load

        loaded = load(scenario, set_ or [])
        if loaded.scenario.series is not None:
            base = "the scenario is a series: only its base case is compared"
            one = "name a variant's keys with --set to compare that one"
            typer.echo(f"Note: {base}; {one}.", err=True)
        compared = compare_engines(build_case(loaded), replication)
        if as_json:
            print_json(compared.to_dict())
        else:
            from chargesim.view.engines import print_engines

            print_engines(plain_console(), compared)
        if not compared.agree:
            raise typer.Exit(1)


@app.command()
def repeat(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="directory of a finished run")],
    jobs: Jobs = 0,
    engine: EngineOption = Engine.auto,
    as_json: AsJson = False,
) -> None:
    """Run a finished run again from its directory, and compare; exit code 1 when a bit differs."""
    with messages(kept=False, did="repeated"):
        from dataclasses import asdict

        from chargesim.runs.repeat import repeat_run

        repeated = repeat_run(folder, jobs=jobs, engine=engine.value)
        if as_json:
            print_json({"equal": not repeated.differing, **asdict(repeated)})
        else:
            plain_console().print(repeated.text, markup=False, highlight=False)
        if repeated.differing:
            raise typer.Exit(1)


@app.command()
def verify(
    seed: Annotated[
        int, typer.Option(min=0, help="root seed; each row and replication has a stream of its own")
    ] = 0,
    replications: Annotated[
        int, typer.Option(min=2, help="independent replications of each row")
    ] = 20,
    case: Annotated[
        list[str] | None,
        typer.Option("--row", metavar="NAME", help="run this row alone; may be repeated"),
    ] = None,
    jobs: Jobs = 0,
    as_json: AsJson = False,
) -> None:
    """Run both engines against queueing theory and Ciw.

    Exit code 1 when a row differs, 5 when one could not be run.
    """
    with messages(kept=False):
        from chargesim.verify.cases import all_cases, cases_named
        from chargesim.verify.verification import verify_cases

        verified = verify_cases(
            all_cases() if case is None else cases_named(case),
            seed=seed,
            replications=replications,
            jobs=jobs,
        )
        if as_json:
            print_json(verified.to_dict())
        else:
            from chargesim.view.verify import print_verification

            print_verification(plain_console(), verified)
        if verified.exit_code:
            raise typer.Exit(verified.exit_code)


@app.command()
def coverage(
    studies: Annotated[int, typer.Option(min=250, help="studies of each kind")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="root seed")] = 1,
    jobs: Jobs = 0,
    as_json: AsJson = False,
) -> None:
    """Measure how often verdicts are false and intervals cover, on studies of known mean.

    Exit code 1 when a target is missed.
    """
    with messages():
        from chargesim.experiment.coverage import as_dict, measure_coverage

        rows = measure_coverage(studies, seed, jobs=jobs)
        if as_json:
            print_json(as_dict(rows, seed))
        else:
            from chargesim.view.coverage import print_coverage

            print_coverage(plain_console(), rows, seed)
        if any(row.missed for row in rows):
            raise typer.Exit(1)


@app.command()
def bench(
    scenario: Annotated[
        Path, typer.Argument(metavar="SCENARIO", help="scenario whose first day is simulated")
    ] = Path("chongqing_2025"),
    set_: Changes = None,
    part: Annotated[
        list[Part] | None, typer.Option(help="measure this part alone; may be repeated")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="rounds; medians are printed")] = 3,
    full: Annotated[bool, typer.Option("--full", help="scale on to 10 million sessions")] = False,
    as_json: AsJson = False,
) -> None:
    """Time a session in each engine and in other programs, on the same vehicles in one process."""
    with messages():
        from chargesim.bench.suite import FULL, ORDINARY, PARTS, bench_case
        from chargesim.runs.case import build_case
        from chargesim.scenario.reading import load

        parts = PARTS if part is None else tuple(one.value for one in part)
        measured = bench_case(
            build_case(load(scenario, set_ or [])), rounds, parts, FULL if full else ORDINARY
        )
        if as_json:
            print_json(measured.to_dict())
        else:
            from chargesim.view.bench import print_bench

            print_bench(plain_console(), measured)
