"""Run every verification case in both engines and judge the means against theory or Ciw."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chargesim.analysis.intervals import Interval, holm, p_above, t_interval
from chargesim.demand.demand_table import Table
from chargesim.engine.compiled.engine import run_compiled
from chargesim.engine.event_order import DAY_MIN
from chargesim.engine.replication_totals import SERVED, UNFINISHED
from chargesim.engine.session_log import SessionLog
from chargesim.engine.simpy.engine import run_simpy
from chargesim.runs.engine_choice import make_ready_for
from chargesim.runs.engine_comparison import differences
from chargesim.runs.parallel import pool_of
from chargesim.runs.replication import collector_at_rest
from chargesim.synthetic.ciw_inputs import MISSING, has_ciw
from chargesim.verify.cases import VerificationCase
from chargesim.verify.ciw_network import VehicleResults

SEED, REPLICATIONS = 0, 20
LEVEL, WIDEST = 0.95, 0.05
"""Two-sided confidence of an interval, and its largest half-width as a share of the exact value."""
ALPHA = 0.05
"""Chance that some row of a faultless program differs."""
CHANCE = (
    f"the exact value lies outside the {100 * LEVEL:g} % interval, "
    f"as one in {1 / (1 - LEVEL):.0f} does by chance"
)
AGREES, DIFFERS, WIDE, NOT_RUN = "agrees", "differs", "too wide", "not run"
ENGINES = ("simpy", "compiled")


@dataclass(frozen=True)
class ReplicationResult:
    """One replication of a case."""

    case: int
    """number of the case"""
    replication: int
    values: tuple[float, float]
    """mean by the SimPy engine and by the compiled one"""
    differences: tuple[str, ...]
    """statistics and columns of the log in which the two engines differ"""
    other: float | None
    """mean by the other program"""
    different_vehicles: int
    """vehicles with another wait or station in the other program"""
    unfinished: int
    """judged vehicles that have not left a day after the judged ones"""


@dataclass(frozen=True)
class CaseResult:
    """One case, judged."""

    name: str
    system: str
    measure: str
    unit: str
    formula: str
    source: str
    result: str
    """`AGREES`, `DIFFERS`, `WIDE` or `NOT_RUN`"""
    notes: tuple[str, ...] = ()
    exact: float | None = None
    tolerance: float = 0.0
    intervals: tuple[Interval, ...] = ()
    """of the engines, in the order of `ENGINES`"""
    p_value: float | None = None
    """two-sided, of the exact value with its tolerance; None: another program says that value"""
    identical: bool | None = None
    """whether the engines gave the same bits in all replications"""
    sessions: int = 0
    """judged vehicles of a replication, on average"""

    @property
    def half_width_share(self) -> float | None:
        """Half-width of the wider interval as a share of the exact value."""
        if self.exact is None:
            return None
        return max((one.upper - one.lower) / 2 for one in self.intervals) / self.exact

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain data."""
        engines = {name: vars(one) for name, one in zip(ENGINES, self.intervals, strict=False)}
        plain = {key: value for key, value in vars(self).items() if key != "intervals"}
        return {**plain, "half_width_share": self.half_width_share, "engines": engines}


@dataclass(frozen=True)
class Verification:
    """All cases, one row each, and the rule that judges them together."""

    rows: tuple[CaseResult, ...]
    seed: int
    replications: int

    @property
    def rule(self) -> str:
        """When a row differs, and when it is too wide."""
        tested = sum(row.p_value is not None for row in self.rows)
        return (
            f"A row differs when Holm's correction at {100 * ALPHA:g} % over the {tested} rows "
            f"with a p-value rejects it, when the engines differ by a bit, "
            f"when a vehicle has another story in Ciw, or has not left; "
            f"it is too wide when the half-width of its {100 * LEVEL:g} % interval "
            f"exceeds {100 * WIDEST:g} % of the exact value."
        )

    @property
    def exit_code(self) -> int:
        """0: all agree; 1: some do not; 5: none differs, but some were not run."""
        results = {row.result for row in self.rows}
        return 1 if results & {DIFFERS, WIDE} else 5 if NOT_RUN in results else 0

    def to_dict(self) -> dict[str, Any]:
        """Return the rows and the rule as plain data."""
        about = {
            "seed": self.seed,
            "replications": self.replications,
            "level": LEVEL,
            "alpha": ALPHA,
            "rule": self.rule,
        }
        return {
            **about,
            "all_agree": self.exit_code == 0,
            "rows": [row.to_dict() for row in self.rows],
        }


def verify_cases(
    cases: Sequence[VerificationCase],
    *,
    seed: int = SEED,
    replications: int = REPLICATIONS,
    jobs: int = 0,
    progress: bool = True,
) -> Verification:
    """Run cases in both engines and judge them.

    Parameters
    ----------
    cases : sequence of VerificationCase
    seed : int
        Each case and replication has a stream of its own.
    replications : int
        Independent replications of each case, at least 2.
    jobs : int
        Processes side by side; 0: one per core. It changes no result.
    progress : bool
        Show a bar with the time left.
    """
    able = [number for number, case in enumerate(cases) if case.other is None or has_ciw()]
    if able:
        make_ready_for(cases[able[0]].facilities)
    calls = [
        (cases[number], number, seed, replication)
        for replication in range(replications)
        for number in able
    ]
    results: dict[int, list[ReplicationResult]] = {number: [] for number in able}
    pool = pool_of(jobs, kept="nothing is kept, try --jobs 1")
    for one in pool.run(run_case, calls, what="verify", progress=progress):
        results[one.case].append(one)
    by_case = {
        number: sorted(each, key=lambda one: one.replication) for number, each in results.items()
    }
    p_values = {
        number: p
        for number, each in by_case.items()
        if (p := p_value(cases[number], each)) is not None
    }
    rejected = (
        dict(zip(p_values, holm(list(p_values.values()), alpha=ALPHA).tolist(), strict=True))
        if p_values
        else {}
    )
    rows = [
        judge(case, by_case[number], p_values.get(number), rejected.get(number, False))
        if number in by_case
        else not_run(case)
        for number, case in enumerate(cases)
    ]
    return Verification(tuple(rows), seed, replications)


def run_case(case: VerificationCase, number: int, seed: int, replication: int) -> ReplicationResult:
    """Run one replication of a case in both engines, and in the other program if there is one."""
    horizon = (case.lead_in_days, case.days, 1)
    table = case.flow.vehicles(sum(horizon), seed, replication, case.name)
    with collector_at_rest():
        statistics, log = run_simpy(case.facilities, [table], *horizon)
    compiled_statistics, compiled_log = run_compiled(case.facilities, [table], *horizon)
    differ = differences(statistics, log, compiled_statistics, compiled_log)
    mine, own = judged_log(case, table, log), judged_log(case, table, compiled_log)
    other, different_vehicles = None, 0
    if case.other is not None:
        by_other = case.other(case.facilities, table)
        theirs = mine.copy()
        theirs["queue_min"] = by_other.queue_min[mine["row"]]
        other, different_vehicles = case.measure.of(theirs), count_different(mine, by_other)
    unfinished = int((mine["outcome"] == UNFINISHED).sum())
    return ReplicationResult(
        number,
        replication,
        (case.measure.of(mine), case.measure.of(own)),
        differ,
        other,
        different_vehicles,
        unfinished,
    )


def judged_log(case: VerificationCase, table: Table, log: SessionLog) -> SessionLog:
    """Return the sessions of the vehicles that wished on the judged days."""
    wish_min, begin_min = table["wish_min"][log["row"]], case.lead_in_days * DAY_MIN
    mine: SessionLog = log[(wish_min >= begin_min) & (wish_min < begin_min + case.days * DAY_MIN)]
    return mine


def count_different(log: SessionLog, by_other: VehicleResults) -> int:
    """Return how many vehicles have another wait or station in the other program.

    Waits differ when they are more than 1e-8 min apart.
    """
    served_at = np.where(log["outcome"] == SERVED, log["site"], -1)
    rows = log["row"]
    return int(
        (
            (np.abs(log["queue_min"] - by_other.queue_min[rows]) > 1e-8)
            | (served_at != by_other.site[rows])
        ).sum()
    )


def p_value(case: VerificationCase, results: Sequence[ReplicationResult]) -> float | None:
    """Return the p-value of the two-sided t-test that the mean is within the tolerance.

    The smaller of the two engines'; None where another program says the exact value.
    """
    if case.exact is None:
        return None
    lower, upper = case.exact * (1 - case.tolerance), case.exact * (1 + case.tolerance)
    values = np.array([one.values for one in results]).T
    return min(1.0, 2 * min(min(p_above(each, upper), p_above(-each, -lower)) for each in values))


def judge(
    case: VerificationCase, results: Sequence[ReplicationResult], p: float | None, rejected: bool
) -> CaseResult:
    """Judge the replications of a case."""
    intervals = tuple(
        t_interval(each, level=LEVEL) for each in np.array([one.values for one in results]).T
    )
    exact = case.exact if case.exact is not None else float(np.mean([one.other for one in results]))
    differing = [text for one in results for text in one.differences]
    different_vehicles = sum(one.different_vehicles for one in results)
    unfinished = sum(one.unfinished for one in results)
    faults = [f"the engines differ: {differing[0]}"] if differing else []
    faults += (
        [f"{different_vehicles} vehicles have another story in Ciw"] if different_vehicles else []
    )
    faults += (
        [f"{unfinished} vehicles have not left a day after the judged ones"] if unfinished else []
    )
    row = CaseResult(
        *_about(case),
        AGREES,
        tuple(faults),
        exact,
        case.tolerance,
        intervals,
        p,
        not differing,
        case.sessions,
    )
    if rejected or faults:
        return replace(row, result=DIFFERS)
    if (row.half_width_share or 0.0) > WIDEST:
        return replace(row, result=WIDE)
    return replace(row, notes=(CHANCE,)) if p is not None and p < 1 - LEVEL else row


def not_run(case: VerificationCase) -> CaseResult:
    """Return the result of a case whose other program is missing."""
    return CaseResult(*_about(case), NOT_RUN, (f"Ciw is {MISSING}",), sessions=case.sessions)


def _about(case: VerificationCase) -> tuple[str, str, str, str, str, str]:
    return case.name, case.system, case.measure.name, case.measure.unit, case.formula, case.source
