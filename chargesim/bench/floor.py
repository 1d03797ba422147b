"""Time the least work of an event-by-event simulation: three heap pushes and pops a session.

No state, no choice, no statistics: the compiled engine's own heap, of the size it has in the run.
"""

from collections.abc import Callable

import numpy as np
from numba import njit

from chargesim.bench.race import Program, ProgramResult
from chargesim.demand.demand_table import Table
from chargesim.engine.compiled.engine import CompiledWorld
from chargesim.engine.compiled.schedule import pop, push
from chargesim.engine.compiled.state import EVENT
from chargesim.engine.event_order import DAY_MIN
from chargesim.engine.facilities import Facilities

EVENTS_A_SESSION = 3
"""A wish, an arrival and an end: without them there is no session."""
SAMPLE_EVERY = 499
"""Events between two looks at the schedule; prime, so that no rhythm of the day is met."""


def heap_of_run(facilities: Facilities, table: Table) -> tuple[float, float]:
    """Return the mean length of the compiled engine's schedule in a day, and its events a session.

    Notes
    -----
    The engine runs in budgets of `SAMPLE_EVERY` events, and the entries are counted after each.
    A vehicle that has left a queue leaves the end of its patience in the schedule. That entry
    counts, since it makes the heap larger all the same.
    """
    world = CompiledWorld(facilities, [table], 0, 1)
    entries: list[float] = []
    while not world.run_until(DAY_MIN, False, SAMPLE_EVERY):
        entries.append(float(world._city.clock["events"][0]))
    return float(np.mean(entries or [0.0])), SAMPLE_EVERY * len(entries) / max(1, len(table))


def floor(entries: float) -> Program:
    """Return the program that runs the bare heap at a given number of entries."""

    def enter(_: Facilities, table: Table) -> Callable[[], ProgramResult]:
        heap = np.zeros(max(1, round(entries)) + 1, dtype=EVENT)
        waits = np.random.Generator(np.random.PCG64DXSM(1)).exponential(30.0, 1 << 12)
        heap["time"][:-1] = np.sort(waits[np.arange(len(heap) - 1) % len(waits)])
        heap["key"] = np.arange(len(heap))
        spin(heap.copy(), waits, 1)

        def run() -> ProgramResult:
            spin(heap, waits, EVENTS_A_SESSION * len(table))
            return ProgramResult()

        return run

    return enter


@njit(cache=True)
def spin(heap, waits, times):
    """Replace the first event by a later one, `times` times; the heap has room for one more."""
    n = len(heap) - 1
    for turn in range(times):
        now = heap[0].time
        pop(heap, n - 1)
        push(heap, n - 1, now + waits[turn & (len(waits) - 1)], n + turn, 0, 0, 0)
