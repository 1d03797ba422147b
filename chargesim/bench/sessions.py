"""Time the engines on the same vehicles, in turn, in one process."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chargesim.bench.naive import NaiveCity
from chargesim.demand.table import Table
from chargesim.engine.accumulators import OUTCOMES, SERVED
from chargesim.engine.compiled.engine import run_compiled
from chargesim.engine.session_log import SessionLog
from chargesim.engine.simpy_engine import run_simpy
from chargesim.study.case import Case
from chargesim.study.engine_choice import make_ready


@dataclass(frozen=True)
class Contender:
    """What one program needs for a session, and what it found."""

    name: str
    us_per_session: float
    """median over the rounds [microseconds]"""
    sessions: int
    served_share: float
    mean_wait_min: float


@dataclass(frozen=True)
class Bench:
    """A table of contenders on the same vehicles."""

    contenders: tuple[Contender, ...]
    draw_us_per_vehicle: float
    ratios: dict[str, float]
    """median over the rounds of a contender's time over that of the SimPy engine in the same round"""

    def to_dict(self) -> dict[str, Any]:
        """Return the table as plain data."""
        return {
            "contenders": [vars(contender) for contender in self.contenders],
            "draw_us_per_vehicle": self.draw_us_per_vehicle,
            "ratios": self.ratios,
        }


def bench_case(case: Case, rounds: int = 3) -> Bench:
    """Time naive SimPy, the SimPy engine and the compiled engine on one day of a case.

    Notes
    -----
    Each round runs all contenders one after the other; ratios are formed within a round, so a machine that drifts
    cancels. The first call of compiled code is not timed.
    """
    demand, plant = case.task.demand, case.task.plant
    demand.day(0, 0)
    contenders = {"naive SimPy": _naive, "SimPy engine": _simpy, "compiled engine": _compiled}
    draws, times, found = [], {name: [] for name in contenders}, {}  # type: ignore[var-annotated]
    make_ready(case)
    for warm_up in (run_simpy, run_compiled):
        warm_up(plant, [demand.day(0, 0)[:200]], 0, 1)
    for round_number in range(rounds):
        begun = time.perf_counter()
        table = demand.day(round_number, 0)
        draws.append((time.perf_counter() - begun) / max(1, len(table)))
        for name, contender in contenders.items():
            seconds, result = _timed(contender, plant, table)
            times[name].append(seconds / max(1, len(table)))
            found[name] = (len(table), *result)
    table_of = tuple(Contender(name, 1e6 * statistics.median(times[name]), *found[name]) for name in times)
    ours = times["SimPy engine"]
    ratios = {name: statistics.median(a / b for a, b in zip(mine, ours, strict=True)) for name, mine in times.items()}
    return Bench(table_of, 1e6 * statistics.median(draws), ratios)


def _timed(contender: Callable[[Any, Table], tuple[float, float]], plant: Any, table: Table) -> tuple[float, tuple[float, float]]:
    gc.collect()
    gc.disable()
    try:
        begun = time.perf_counter()
        result = contender(plant, table)
        return time.perf_counter() - begun, result
    finally:
        gc.enable()


def _naive(plant: Any, table: Table) -> tuple[float, float]:
    city = NaiveCity(plant, [table], 1440.0)
    city.run()
    ended = sum(city.outcomes.values())
    return city.outcomes[OUTCOMES[SERVED]] / max(1, ended), float(np.mean(city.waits or [0.0]))


def _simpy(plant: Any, table: Table) -> tuple[float, float]:
    return _served(run_simpy(plant, [table], 0, 1)[1])


def _compiled(plant: Any, table: Table) -> tuple[float, float]:
    return _served(run_compiled(plant, [table], 0, 1)[1])


def _served(log: SessionLog) -> tuple[float, float]:
    """Return the share that was served, of those whose story ended, and their mean wait [min]."""
    ended = log["outcome"] != OUTCOMES.index("unfinished")
    served = log["outcome"] == SERVED
    return float(served.sum() / max(1, ended.sum())), float(log["wait_min"][served].mean()) if served.any() else 0.0
