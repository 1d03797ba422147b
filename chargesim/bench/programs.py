"""Prepare the naive program and both engines to be timed."""

from collections.abc import Callable

import numpy as np

from chargesim.bench.naive import NaiveCity
from chargesim.bench.race import ProgramResult
from chargesim.demand.demand_table import Table
from chargesim.engine.compiled.engine import run_compiled
from chargesim.engine.event_order import DAY_MIN
from chargesim.engine.facilities import Facilities
from chargesim.engine.replication_totals import OUTCOMES, SERVED, UNFINISHED
from chargesim.engine.session_log import SessionLog
from chargesim.engine.simpy.engine import run_simpy

NAIVE, SIMPY, COMPILED = "naive SimPy", "SimPy engine", "compiled engine"
FLOOR, CIW = "floor", "Ciw"


def naive(facilities: Facilities, table: Table) -> Callable[[], ProgramResult]:
    """Prepare the naive program for one day."""

    def run() -> ProgramResult:
        city = NaiveCity(facilities, [table], DAY_MIN)
        city.run()
        ended = sum(city.outcomes.values())
        return ProgramResult(
            city.outcomes[OUTCOMES[SERVED]] / max(1, ended), float(np.mean(city.queues or [0.0]))
        )

    return run


def simpy_engine(facilities: Facilities, table: Table) -> Callable[[], ProgramResult]:
    """Prepare the SimPy engine for one day."""
    return lambda: served(run_simpy(facilities, [table], 0, 1)[1])


def compiled_engine(facilities: Facilities, table: Table) -> Callable[[], ProgramResult]:
    """Prepare the compiled engine for one day."""
    return lambda: served(run_compiled(facilities, [table], 0, 1)[1])


def simpy_engine_to_the_end(facilities: Facilities, table: Table) -> Callable[[], ProgramResult]:
    """Prepare the SimPy engine for one day, and on until its vehicles have left."""
    return lambda: served(run_simpy(facilities, [table], 0, 1, 1)[1])


def compiled_engine_to_the_end(facilities: Facilities, table: Table) -> Callable[[], ProgramResult]:
    """Prepare the compiled engine for one day, and on until its vehicles have left."""
    return lambda: served(run_compiled(facilities, [table], 0, 1, 1)[1])


def served(log: SessionLog) -> ProgramResult:
    """Return the share served, of those whose session ended, and their mean wait [min]."""
    ended, ours = log["outcome"] != UNFINISHED, log["outcome"] == SERVED
    wait_min = float(log["queue_min"][ours].mean()) if ours.any() else 0.0
    return ProgramResult(float(ours.sum() / max(1, ended.sum())), wait_min)
