"""Run a scenario: its replications, then KPIs and verdict, all kept in a run directory."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from chargesim.analysis.days import DaysVerdict, days_frame, judge_days
from chargesim.analysis.kpis import kpi_frame
from chargesim.analysis.looks import Look, LookSchedule
from chargesim.analysis.occupancy import occupancy_frame
from chargesim.analysis.result import RunResult
from chargesim.analysis.run_checks import Checks, check_run
from chargesim.analysis.verdict import Verdict, decided, judge
from chargesim.engine.replication_totals import ReplicationTotals
from chargesim.engine.simpy.engine import Extension
from chargesim.errors import InputError, RunStoppedError
from chargesim.runs.case import Case, build_case
from chargesim.runs.engine_choice import Engine, choose_engine
from chargesim.runs.extension_hash import as_extensions
from chargesim.runs.precision import Precision, Reached, run_until_narrow
from chargesim.runs.reachability import reachability, refuse_empty_days, refuse_no_wishes
from chargesim.runs.replications import Replications, expected_sessions
from chargesim.runs.resource_use import ResourceUse, peak_gib
from chargesim.runs.result import as_result
from chargesim.runs.result_directory import (
    ResultDirectory,
    by_engine,
    default_folder,
    engine_text,
    made_by,
    manifest_of,
    run_digest,
    write_inputs,
)
from chargesim.runs.site_tables import site_frame, write_mean_site_hours
from chargesim.runs.storage import file_digest, write_json, write_text
from chargesim.runs.store import noted_files
from chargesim.runs.stress_des import checklist
from chargesim.scenario.file_paths import display_path, folder_of
from chargesim.scenario.reading import LoadedScenario, as_loaded

Sessions = Literal["auto", "all", "none"]
AUTO_ROWS = 2_000_000
"""Session rows of a run, at its last look, up to which `auto` keeps them."""
PRECISION_BUDGET = 8
"""Default budget of a run for precision: so many times the replications of the scenario."""


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    folder : Path
        The run directory.
    kpis : DataFrame
        Long: kpi, scope, key, mean, lower, upper, unit, n.
    verdict : Verdict
        Judged at the last look that was needed.
    result : RunResult
        What the KPIs are computed from: the replications of that look, and more where a precision
        was asked for.
    """

    folder: Path
    case: Case
    result: RunResult
    kpis: pd.DataFrame
    verdict: Verdict
    engine: str
    """which engine ran it, and why"""
    checks: Checks
    """laws that hold in it, and how a queueing formula fits"""
    took: ResourceUse
    """seconds and memory of this call; less when replications were there already"""
    reached: Reached | None = None
    """where a run for precision stopped; its KPIs may use more replications than the verdict"""

    @property
    def days(self) -> DaysVerdict | None:
        """On how many days each criterion fails; None where a run judges less than four weeks."""
        return judge_days(self.result)

    @property
    def out_of_reach(self) -> tuple[str, ...]:
        """A line for everything that reaches no site, or is not judged."""
        return reachability(self.case)

    @property
    def sites(self) -> pd.DataFrame:
        """A row per site: its location, its supply and its average day."""
        return site_frame(self.result)

    @property
    def sessions(self) -> pd.DataFrame:
        """A row per judged session of all replications, in the order of the wishes, if kept."""
        paths = sorted((self.folder / "sessions").glob("*.parquet"))
        if not paths:
            raise FileNotFoundError(
                f"{self.folder} keeps no sessions; run again with sessions='all'"
            )
        for path in paths:
            noted = noted_files(self.folder / "replications" / path.name).get("sessions")
            if noted != file_digest(path):
                again = f"the command that made {display_path(self.folder)} makes it again"
                raise InputError([f"{display_path(path)}: is damaged or another's; {again}"])
        each = {
            int(path.stem): pd.read_parquet(path.absolute()).sort_values("vehicle")
            for path in paths
        }
        return pd.concat(each, names=["replication", None]).reset_index(level=0)


def run_scenario(
    loaded: LoadedScenario | str | Path,
    *,
    jobs: int = 0,
    sessions: Sessions = "auto",
    out: str | Path | None = None,
    progress: bool = True,
    case: Case | None = None,
    extensions: Sequence[Extension] = (),
    debug: bool = False,
    engine: Engine = "auto",
    precision: Precision | str | None = None,
    budget: int | None = None,
) -> Run:
    """Run a scenario and write its run directory, but for the figures.

    Replications run up to the first look and, while a criterion is open, to the next planned one.

    Parameters
    ----------
    loaded : LoadedScenario, or path of its file
    jobs : int
        Replications at the same time; 0: one per core. It changes no result.
    sessions : {"auto", "all", "none"}
        Whether to keep a row per session; `auto` up to 2 million rows in all.
    out : Path, optional
        The run directory, by default `runs/<name>-<hash>`; an interrupted run goes on there.
    progress : bool
        Show a bar with the time left.
    case : Case, optional
        The scenario's case, if already built.
    extensions : sequence of callables
        SimPy processes of your own: each gets the `World` of a replication and yields events.
    debug : bool
        Check conservation at every event; slow, and changes no result.
    engine : {"auto", "simpy", "compiled"}
        It changes no result. `auto` takes SimPy for small runs and for extensions.
    precision : Precision, or a text such as wait_mean_served_min=5%, optional
        Run on until a KPI's interval is so narrow; the verdict stays that of its look.
    budget : int, optional
        Replications at most for the precision; by default eight times those of the scenario.

    Raises
    ------
    InputError
        When a table is wrong, the code of an extension cannot be read, or `out` holds another run.
    RunStoppedError
        When a worker was killed; its `run` has what is there, with the verdict ``incomplete``.
    """
    loaded = as_loaded(loaded)
    if isinstance(precision, str):
        precision = Precision.parse(precision)
    if sessions not in get_args(Sessions):
        raise InputError(
            [f"sessions: got {sessions!r}, needs one of {', '.join(get_args(Sessions))}"]
        )
    case = replace(case or build_case(loaded), loaded=loaded)
    own: Any = {"extensions": as_extensions(extensions), "debug": debug}
    case = replace(case, task=replace(case.task, **own))
    refuse_empty_days(case)
    _check_precision(case, precision, budget)
    begun = _begin(case, engine, sessions, out, jobs=jobs, progress=progress)
    with begun.directory.saying_how_it_ends():
        return begun.to_the_end(precision, budget)


def _check_precision(case: Case, precision: Precision | None, budget: int | None) -> None:
    """Refuse an unknown KPI, and a budget below the first look."""
    replications = case.scenario.replications
    if precision is not None:
        precision.check(case.task.thresholds_min)
    if budget is not None and budget < replications:
        least = f"needs at least the {replications} replications of the first look"
        raise InputError([f"--budget: got {budget}, {least}"])


def _begin(
    case: Case,
    engine: Engine,
    sessions: Sessions,
    out: str | Path | None,
    *,
    jobs: int,
    progress: bool,
) -> "_RunUnderWay":
    """Choose the engine, and write the inputs and the manifest of a run."""
    loaded, scenario, extensions = case.loaded, case.scenario, case.task.extensions
    expected = expected_sessions(case)
    taken, why = choose_engine(engine, case, expected * scenario.replications)
    case = replace(case, task=replace(case.task, engine=taken))
    schedule = LookSchedule(scenario.replications, scenario.looks)
    keep = _keeps_sessions(sessions, expected * schedule.most)
    folder = default_folder(loaded, extensions) if out is None else folder_of(out)
    digest = run_digest(loaded, extensions)
    directory = ResultDirectory(folder, "run", digest)
    write_inputs(loaded, folder)
    replications = Replications(case, folder, keep, jobs, progress)
    before = made_by(folder, replications.numbers(schedule.most))
    complete = directory.complete_replications
    if len(replications.numbers(complete)) < complete:
        directory.keep_nothing()
    head = manifest_of(case, replications.content, keep)
    directory.head |= {**head, "engine_why": why, "made_by": before}
    directory.say("running")
    return _RunUnderWay(schedule, replications, directory)


def _keeps_sessions(sessions: Sessions, rows: float) -> bool:
    return rows <= AUTO_ROWS if sessions == "auto" else sessions == "all"


@dataclass(frozen=True)
class _RunUnderWay:
    """A run under way: its looks, its replications and its directory."""

    schedule: LookSchedule
    replications: Replications
    directory: ResultDirectory

    def to_the_end(self, precision: Precision | None, budget: int | None) -> Run:
        """Run up to the last look that is needed, or on until a KPI is precise; write all."""
        (result, verdict), reached = self.judge_at_looks(), None
        if precision is not None:
            result, reached = self.until_narrow(precision, result, budget)
        return self.finish(result, verdict, reached)

    def judge_at_looks(self) -> tuple[RunResult, Verdict]:
        """Return result and verdict of the first look that decides, or of the last one.

        When a worker is killed, what is there is judged as incomplete.
        """
        try:
            return self.schedule.until_decided(self._judge, lambda both: decided(both[1]))
        except RunStoppedError as stopped:
            looks = self.schedule.looks
            there = self.replications.there
            look = next(one for one in looks if len(there(one.replications)) < one.replications)
            finished = there(look.replications)
            stopped.run = self.finish(*self._judge(look, finished)) if finished else None
            if not finished:
                self.directory.say("stopped")
            raise

    def until_narrow(
        self, precision: Precision, result: RunResult, budget: int | None
    ) -> tuple[RunResult, Reached]:
        """Run on until a KPI is as precise as asked or the budget ends."""
        most = budget or PRECISION_BUDGET * self.schedule.first
        return run_until_narrow(precision, result, max(most, len(result.replications)), self._first)

    def _first(self, count: int) -> RunResult:
        """Return the result of the first replications, for intervals and not for a verdict."""
        return as_result(self.replications.case, self.replications.first(count), Look(1, 1, count))

    def finish(self, result: RunResult, verdict: Verdict, reached: Reached | None = None) -> Run:
        """Write the tables and say in the manifest what is there."""
        case, directory, ran = self.replications.case, self.directory, self.replications.ran
        kpis, checks = _write_tables(directory, result, verdict)
        hours = self.replications.site_hours(result.planned_replications)
        if hours:
            write_mean_site_hours(hours, directory.folder / "site_hours.parquet")
        text = checklist(case, result, verdict, directory.head)
        write_text(directory.folder / "stress_des.md", text)
        engines = {
            number: engine
            for engine, theirs in directory.head["made_by"].items()
            for number in theirs
        }
        engines |= self.replications.taken | dict.fromkeys(ran, directory.head["engine"])
        found = {
            "replications": len(result.replications),
            "look": verdict.look,
            "replications_run_now": len(ran),
            "made_by": by_engine(engines),
        }
        seconds = time.time() - directory.begun
        took = ResourceUse(seconds, max(self.replications.most_gib, peak_gib()))
        times = {"begun": directory.begun, "seconds": seconds, "peak_gib": took.peak_gib}
        state = "incomplete" if verdict.verdict == "incomplete" else "complete"
        directory.say(state, **found, **times)
        engine = engine_text({**directory.head, **found})
        return Run(directory.folder, case, result, kpis, verdict, engine, checks, took, reached)

    def _judge(
        self, look: Look, there: list[ReplicationTotals] | None = None
    ) -> tuple[RunResult, Verdict]:
        totals = there or self.replications.first(look.replications)
        result = as_result(self.replications.case, totals, look)
        refuse_no_wishes(result)
        return result, judge(result)


def _write_tables(
    directory: ResultDirectory, result: RunResult, verdict: Verdict
) -> tuple[pd.DataFrame, Checks]:
    """Write the tables of a run; return its KPIs and its checks."""
    kpis, checks = kpi_frame(result), check_run(result)
    directory.write_table("kpis", kpis)
    directory.write_table("sites", site_frame(result))
    directory.write_table("occupancy", occupancy_frame(result))
    days = judge_days(result)
    if days is not None:
        directory.write_table("days", days_frame(days))
    told = verdict.to_dict() | ({} if days is None else {"days": days.to_dict()})
    write_json(directory.folder / "verdict.json", told)
    write_json(directory.folder / "checks.json", checks.to_dict())
    return kpis, checks
