"""Time programs on the same vehicles in turn, in one process, with ratios within a round."""

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from tqdm.auto import tqdm

from chargesim.demand.demand_table import Table
from chargesim.engine.facilities import Facilities

T = TypeVar("T")
LEAST_S, MOST_TIMES = 0.3, 7
"""A shorter program runs again, at most so often in a round; its median counts."""


class ProgramResult(NamedTuple):
    """The results of a program, by which runs are compared."""

    served_share: float | None = None
    """of those whose session ended"""
    mean_wait_min: float | None = None
    """of the served"""


Program = Callable[[Facilities, Table], Callable[[], ProgramResult]]
"""Prepares, untimed, a day's vehicles; the function that it returns is timed, maybe repeatedly."""


@dataclass(frozen=True)
class Contender:
    """The time that one program takes for a session, and its results."""

    name: str
    us_per_session: float | None
    """median over the rounds [microseconds]; None: it did not run"""
    sessions: int
    served_share: float | None
    mean_wait_min: float | None
    note: str = ""


@dataclass(frozen=True)
class Race:
    """Programs on the same vehicles."""

    title: str
    contenders: tuple[Contender, ...]
    times: dict[str, tuple[float, ...]]
    """[microseconds a session] of each program that ran, by round"""
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Contender:
        """Return a contender."""
        return next(one for one in self.contenders if one.name == name)

    def ratio(self, name: str, other: str) -> float | None:
        """Return the median over rounds of one program's time over another's in the same round.

        None if one of them did not run.
        """
        if not {name, other} <= self.times.keys():
            return None
        return statistics.median(
            a / b for a, b in zip(self.times[name], self.times[other], strict=True)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the race as plain data; `ratios[a][b]` is the time of a over that of b."""
        ratios = {
            name: {other: self.ratio(name, other) for other in self.times} for name in self.times
        }
        return {
            "title": self.title,
            "contenders": [vars(one) for one in self.contenders],
            "ratios": ratios,
            "notes": list(self.notes),
        }


def run_race(
    title: str,
    programs: Mapping[str, Program],
    laps: Sequence[tuple[Facilities, Table]],
    absent: Mapping[str, str] | None = None,
    notes: tuple[str, ...] = (),
) -> Race:
    """Time programs on each lap, one after the other.

    Parameters
    ----------
    title : str
    programs : mapping of str to Program
    laps : sequence of facilities and table
        One a round. A machine that drifts cancels in the ratios, which are formed within a round.
    absent : mapping of str to str
        Programs that cannot run here, and why.
    notes : tuple of str
        Remarks beside the table.

    Notes
    -----
    The garbage collector is off while a program is timed.
    """
    times: dict[str, list[float]] = {name: [] for name in programs}
    found: dict[str, ProgramResult] = {}
    steps = [(name, facilities, table) for facilities, table in laps for name in programs]
    for name, facilities, table in tqdm(steps, desc=title, leave=False, disable=None):
        seconds, found[name] = timed(programs[name](facilities, table))
        times[name].append(1e6 * seconds / max(1, len(table)))
    sessions = len(laps[-1][1])
    ran = tuple(
        Contender(name, statistics.median(times[name]), sessions, *found[name]) for name in programs
    )
    others = tuple(
        Contender(name, None, sessions, None, None, why) for name, why in (absent or {}).items()
    )
    return Race(title, others + ran, {name: tuple(each) for name, each in times.items()}, notes)


def timed(call: Callable[[], T]) -> tuple[float, T]:
    """Return the time of a call [s], the median where a short one is repeated, and its result."""
    took: list[float] = []
    while len(took) < MOST_TIMES and math.fsum(took) < LEAST_S:
        gc.collect()
        gc.disable()
        try:
            begun = time.perf_counter()
            result = call()
            took.append(time.perf_counter() - begun)
        finally:
            gc.enable()
    return statistics.median(took), result
