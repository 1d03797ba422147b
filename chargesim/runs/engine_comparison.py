"""Compare the engines on a scenario: run a replication in both, and name the first event at which they part."""

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
    """What came of one replication in both engines."""

    sessions: int
    events: int
    simpy_seconds: float
    compiled_seconds: float
    differences: tuple[str, ...]
    """statistics and columns of the session log that are not the same, each with its first place"""
    first_event: tuple[str, str] | None
    """the first event at which they part, in the SimPy engine and in the compiled one; None when they do not"""

    @property
    def agree(self) -> bool:
        """Whether all is the same, bit for bit."""
        return not self.differences and self.first_event is None

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain data."""
        return {**vars(self), "agree": self.agree}


def compare_engines(case: Case, replication: int = 0) -> EnginesCompared:
    """Run a replication of a case in both engines and compare statistics, session log and the order of the events.

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
    own_statistics, own_log = CompiledWorld(
        task.facilities, tables, *horizon, outages=outages
    ).run()
    compiled_seconds = time.perf_counter() - begun
    worlds = (
        World(task.facilities, tables, *horizon, outages=outages),
        CompiledWorld(task.facilities, tables, *horizon, outages=outages),
    )
    events, first_event = first_parting(*worlds)
    return EnginesCompared(
        len(log),
        events,
        simpy_seconds,
        compiled_seconds,
        differences(statistics, log, own_statistics, own_log),
        first_event,
    )


def differences(
    statistics: DayStatistics, log: SessionLog, own_statistics: DayStatistics, own_log: SessionLog
) -> tuple[str, ...]:
    """Return the statistics and the columns of the log that differ by a bit, each with the first place at which it does."""
    found = []
    for name in STATISTICS:
        here, there = getattr(statistics, name), getattr(own_statistics, name)
        if here.tobytes() != there.tobytes():
            place = tuple(int(i) for i in np.argwhere(here != there)[0])
            found.append(f"{name}{list(place)}: SimPy {here[place]!r}, compiled {there[place]!r}")
    if len(log) != len(own_log):
        return (*found, f"sessions: SimPy {len(log)}, compiled {len(own_log)}")
    for name in log.dtype.names or ():
        rows = np.flatnonzero(log[name] != own_log[name])
        if len(rows):
            found.append(
                f"{name} of row {log['row'][rows[0]]}: SimPy {log[name][rows[0]]!r}, compiled {own_log[name][rows[0]]!r}"
            )
    return tuple(found)


def first_parting(readable: World, compiled: CompiledWorld) -> tuple[int, tuple[str, str] | None]:
    """Step both engines event by event up to the end of the judged days; return the events and where they first part."""
    events, until_min = 0, readable.end_min
    while True:
        queue = (
            readable.env._queue
        )  # the schedule itself: SimPy tells the next instant, not the next key
        one = (queue[0][0], int(queue[0][1])) if queue else None
        other = compiled.next_event()
        if one != other:
            return events, (_told(one), _told(other))
        if one is None or one[0] >= until_min:
            return events, None
        readable.env.step()
        compiled.run_until(until_min, False, budget=1)
        events += 1


def _told(event: tuple[float, int] | None) -> str:
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
