"""Climb the verification ladder: run every rung in both engines, replication by replication, and judge it against theory."""

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
from chargesim.run.engine_choice import make_ready_for
from chargesim.run.engine_comparison import differences
from chargesim.run.parallel import run_parallel
from chargesim.run.replication import collector_at_rest
from chargesim.synthetic.ciw_inputs import MISSING, has_ciw
from chargesim.verify.cases import Rung
from chargesim.verify.ciw_network import Stories

SEED, REPLICATIONS = 0, 20
LEVEL, WIDEST = 0.95, 0.05
"""Two-sided confidence of an interval, and its largest half-width as a share of the exact value."""
ALPHA = 0.05
"""Chance that some row of a faultless program differs."""
CHANCE = f"the exact value lies outside the {100 * LEVEL:g} % interval, as one in {1 / (1 - LEVEL):.0f} does by chance"
AGREES, DIFFERS, WIDE, NOT_RUN = "agrees", "differs", "too wide", "not run"
ENGINES = ("simpy", "compiled")


@dataclass(frozen=True)
class Climbed:
    """What one replication of a rung gave."""

    rung: int
    replication: int
    values: tuple[float, float]
    """of the SimPy engine and of the compiled one"""
    engines: tuple[str, ...]
    """statistics and columns of the log that are not the same in the two"""
    other: float | None
    """what the other program says"""
    parted: int
    """vehicles that the other program tells another story of"""
    unfinished: int
    """judged vehicles that have not left a day after the judged ones"""


@dataclass(frozen=True)
class Row:
    """One rung, judged."""

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
    """chance of means at least so far from the exact value, and its tolerance, if they agree; None: not judged by it"""
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
        named = {key: value for key, value in vars(self).items() if key != "intervals"}
        return {**named, "half_width_share": self.half_width_share, "engines": engines}


@dataclass(frozen=True)
class Ladder:
    """The rows of a climb, and the rule by which they stand or fall together."""

    rows: tuple[Row, ...]
    seed: int
    replications: int

    @property
    def rule(self) -> str:
        """How the results come about."""
        return (
            f"A row differs when Holm's correction at {100 * ALPHA:g} % over the {sum(row.p_value is not None for row in self.rows)} rows "
            f"with a p-value rejects it, when the engines differ by a bit, when a vehicle has another story in Ciw, or has not left; "
            f"it is too wide when the half-width of its {100 * LEVEL:g} % interval exceeds {100 * WIDEST:g} % of the exact value."
        )

    @property
    def exit_code(self) -> int:
        """0: all agree; 1: some do not; 5: none differs, but some were not run."""
        results = {row.result for row in self.rows}
        return 1 if results & {DIFFERS, WIDE} else 5 if NOT_RUN in results else 0

    def to_dict(self) -> dict[str, Any]:
        """Return the ladder as plain data."""
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


def climb(
    rungs: Sequence[Rung],
    *,
    seed: int = SEED,
    replications: int = REPLICATIONS,
    jobs: int = 0,
    progress: bool = True,
) -> Ladder:
    """Run rungs in both engines and judge them.

    Parameters
    ----------
    rungs : sequence of Rung
    seed : int
        Each rung and replication has a stream of its own.
    replications : int
        Independent replications of each rung, at least 2.
    jobs : int
        Processes side by side; 0: one per core. It changes no result.
    progress : bool
        Show a bar with the time left.
    """
    able = [number for number, rung in enumerate(rungs) if rung.other is None or has_ciw()]
    if able:
        make_ready_for(rungs[able[0]].facilities)
    calls = [
        (rungs[number], number, seed, replication)
        for replication in range(replications)
        for number in able
    ]
    climbed: dict[int, list[Climbed]] = {number: [] for number in able}
    for one in run_parallel(
        run_rung,
        calls,
        jobs,
        what="verify",
        progress=progress,
        kept="nothing is kept, try --jobs 1",
    ):
        climbed[one.rung].append(one)
    seen = {
        number: sorted(each, key=lambda one: one.replication) for number, each in climbed.items()
    }
    p_values = {
        number: p
        for number, each in seen.items()
        if (p := p_value(rungs[number], each)) is not None
    }
    rejected = (
        dict(zip(p_values, holm(list(p_values.values()), alpha=ALPHA).tolist(), strict=True))
        if p_values
        else {}
    )
    rows = [
        judged(rung, seen[number], p_values.get(number), rejected.get(number, False))
        if number in seen
        else not_run(rung)
        for number, rung in enumerate(rungs)
    ]
    return Ladder(tuple(rows), seed, replications)


def run_rung(rung: Rung, number: int, seed: int, replication: int) -> Climbed:
    """Run one replication of a rung in both engines, and in the other program where there is one."""
    horizon = (rung.lead_in_days, rung.days, 1)
    table = rung.flow.vehicles(sum(horizon), seed, replication, rung.name)
    with collector_at_rest():
        statistics, log = run_simpy(rung.facilities, [table], *horizon)
    own_books, own_log = run_compiled(rung.facilities, [table], *horizon)
    differ = differences(statistics, log, own_books, own_log)
    mine, own = judged_log(rung, table, log), judged_log(rung, table, own_log)
    other, parted = None, 0
    if rung.other is not None:
        told = rung.other(rung.facilities, table)
        theirs = mine.copy()
        theirs["wait_min"] = told.wait_min[mine["row"]]
        other, parted = rung.measure.of(theirs), other_stories(mine, told)
    unfinished = int((mine["outcome"] == UNFINISHED).sum())
    return Climbed(
        number,
        replication,
        (rung.measure.of(mine), rung.measure.of(own)),
        differ,
        other,
        parted,
        unfinished,
    )


def judged_log(rung: Rung, table: Table, log: SessionLog) -> SessionLog:
    """Return the sessions of the vehicles that wished on the judged days."""
    wish_min, begin_min = table["wish_min"][log["row"]], rung.lead_in_days * DAY_MIN
    mine: SessionLog = log[(wish_min >= begin_min) & (wish_min < begin_min + rung.days * DAY_MIN)]
    return mine


def other_stories(log: SessionLog, told: Stories) -> int:
    """Return how many vehicles have another wait, by more than 1e-8 min, or another station in the other program."""
    served_at = np.where(log["outcome"] == SERVED, log["site"], -1)
    rows = log["row"]
    return int(
        (
            (np.abs(log["wait_min"] - told.wait_min[rows]) > 1e-8) | (served_at != told.site[rows])
        ).sum()
    )


def p_value(rung: Rung, climbed: Sequence[Climbed]) -> float | None:
    """Return the two-sided p-value of the t-test that the mean is the exact value, or lies within its tolerance.

    The smaller of the two engines'; None where another program on the same vehicles says the exact value.
    """
    if rung.exact is None:
        return None
    lower, upper = rung.exact * (1 - rung.tolerance), rung.exact * (1 + rung.tolerance)
    values = np.array([one.values for one in climbed]).T
    return min(1.0, 2 * min(min(p_above(each, upper), p_above(-each, -lower)) for each in values))


def judged(rung: Rung, climbed: Sequence[Climbed], p: float | None, rejected: bool) -> Row:
    """Return the row of a rung that was run."""
    intervals = tuple(
        t_interval(each, level=LEVEL) for each in np.array([one.values for one in climbed]).T
    )
    exact = rung.exact if rung.exact is not None else float(np.mean([one.other for one in climbed]))
    parting = [text for one in climbed for text in one.engines]
    parted, unfinished = sum(one.parted for one in climbed), sum(one.unfinished for one in climbed)
    faults = [f"the engines differ: {parting[0]}"] if parting else []
    faults += [f"{parted} vehicles have another story in Ciw"] if parted else []
    faults += (
        [f"{unfinished} vehicles have not left a day after the judged ones"] if unfinished else []
    )
    row = Row(
        *_about(rung),
        AGREES,
        tuple(faults),
        exact,
        rung.tolerance,
        intervals,
        p,
        not parting,
        rung.sessions,
    )
    if rejected or faults:
        return replace(row, result=DIFFERS)
    if (row.half_width_share or 0.0) > WIDEST:
        return replace(row, result=WIDE)
    return replace(row, notes=(CHANCE,)) if p is not None and p < 1 - LEVEL else row


def not_run(rung: Rung) -> Row:
    """Return the row of a rung whose other program is missing."""
    return Row(*_about(rung), NOT_RUN, (f"Ciw is {MISSING}",), sessions=rung.sessions)


def _about(rung: Rung) -> tuple[str, str, str, str, str, str]:
    return rung.name, rung.system, rung.measure.name, rung.measure.unit, rung.formula, rung.source
