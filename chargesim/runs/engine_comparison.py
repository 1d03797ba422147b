"""Compare the engines on one replication of a scenario, and name the first event that differs."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from chargesim.engine.compiled.engine import CompiledWorld
from chargesim.engine.day_statistics import STATISTICS, DayStatistics
from chargesim.engine.event_order import DAY_MIN, EventClass
from chargesim.engine.session_log import SessionLog
from chargesim.engine.simpy.engine import World
from chargesim.runs.case import Case
from chargesim.runs.engine_choice import make_ready
from chargesim.runs.replication import RUN_OUT_DAYS

_BITS = 52


@dataclass(frozen=True)
class EnginesCompared:
    """Results of one replication in both engines, compared."""

    sessions: int
    events: int
    simpy_seconds: float
    compiled_seconds: float
    differences: tuple[str, ...]
    """statistics and columns of the session log that differ, each with its first difference"""
    first_event: tuple[str, str] | None
    """the first event that differs, in the SimPy and in the compiled engine; None if none does"""

    @property
    def agree(self) -> bool:
        """Whether everything is equal, bit for bit."""
        return not self.differences and self.first_event is None

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain data."""
        return {**vars(self), "agree": self.agree}


def compare_engines(case: Case, replication: int = 0) -> EnginesCompared:
    """Run a replication in both engines; compare statistics, session logs and the order of events.

    Parameters
    ----------
    case : Case
        Its horizon, lead-in and run-out are those of a run.
    replication : int
    """
    make_ready(case)
    task = case.task
    days = task.lead_in_days + task.days + RUN_OUT_DAYS
    tables = [task.demand.day(replication, day) for day in range(days)]
    outages = task.outages.draw(replication, days * DAY_MIN)
    horizon = (task.lead_in_days, task.days, RUN_OUT_DAYS)
    begun = time.perf_counter()
    statistics, log = World(task.facilities, tables, *horizon, outages=outages).run()
    simpy_seconds = time.perf_counter() - begun
    begun = time.perf_counter()
    compiled_statistics, compiled_log = CompiledWorld(
        task.facilities, tables, *horizon, outages=outages
    ).run()
    compiled_seconds = time.perf_counter() - begun
    worlds = (
        World(task.facilities, tables, *horizon, outages=outages),
        CompiledWorld(task.facilities, tables, *horizon, outages=outages),
    )
    events, first_event = first_differing_event(*worlds)
    return EnginesCompared(
        len(log),
        events,
        simpy_seconds,
        compiled_seconds,
        differences(statistics, log, compiled_statistics, compiled_log),
        first_event,
    )


def differences(
    statistics: DayStatistics,
    log: SessionLog,
    compiled_statistics: DayStatistics,
    compiled_log: SessionLog,
) -> tuple[str, ...]:
    """Return a line for each statistic and column of the log that differs: its first difference."""
    found = []
    for name in STATISTICS:
        here, there = getattr(statistics, name), getattr(compiled_statistics, name)
        if here.tobytes() != there.tobytes():
            first = tuple(int(i) for i in np.argwhere(here != there)[0])
            found.append(f"{name}{list(first)}: SimPy {here[first]!r}, compiled {there[first]!r}")
    if len(log) != len(compiled_log):
        return (*found, f"sessions: SimPy {len(log)}, compiled {len(compiled_log)}")
    for name in log.dtype.names or ():
        rows = np.flatnonzero(log[name] != compiled_log[name])
        if len(rows):
            here, there = log[name][rows[0]], compiled_log[name][rows[0]]
            where = f"{name} of row {log['row'][rows[0]]}"
            found.append(f"{where}: SimPy {here!r}, compiled {there!r}")
    return tuple(found)


def first_differing_event(
    readable: World, compiled: CompiledWorld
) -> tuple[int, tuple[str, str] | None]:
    """Step both engines through the judged days; return the events, and the first that differs."""
    events, until_min = 0, readable.end_min
    while True:
        queue = readable.env._queue  # `peek` gives the time of the next event, but not its key
        one = (queue[0][0], int(queue[0][1])) if queue else None
        other = compiled.next_event()
        if one != other:
            return events, (_event_text(one), _event_text(other))
        if one is None or one[0] >= until_min:
            return events, None
        readable.env.step()
        compiled.run_until(until_min, False, budget=1)
        events += 1


def _event_text(event: tuple[float, int] | None) -> str:
    """Return an event in words: class, vehicle or site, instant."""
    if event is None:
        return "no event"
    minute, key = event
    kind, number = EventClass((key >> _BITS) << _BITS), key & ((1 << _BITS) - 1)
    by_vehicle = kind in (
        EventClass.ARRIVAL,
        EventClass.WISH,
        EventClass.LAPSE,
        EventClass.PATIENCE,
    )
    who = (
        f"vehicle {number}"
        if by_vehicle
        else f"site {number >> 20}, outlet {number & ((1 << 20) - 1)}"
    )
    return f"{kind.name.lower()} of {who} at {minute!r} min"
