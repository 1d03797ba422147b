"""Run the whole bench: races of all programs, scaling of the compiled engine, and targets."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Any

from chargesim.bench.ciw_program import ciw
from chargesim.bench.floor import floor, heap_of_run
from chargesim.bench.power_limits import (
    BINDING_KW,
    NAIVE_NOTE,
    slowed_share,
    with_limits,
    without_limits,
)
from chargesim.bench.programs import (
    CIW,
    COMPILED,
    FLOOR,
    NAIVE,
    SIMPY,
    compiled_engine,
    compiled_engine_to_the_end,
    naive,
    simpy_engine,
    simpy_engine_to_the_end,
)
from chargesim.bench.race import Race, run_race
from chargesim.bench.scaling import Scaling, scale_sessions, scale_sites
from chargesim.demand.demand_table import Table
from chargesim.engine.compiled.engine import run_compiled
from chargesim.engine.facilities import Facilities
from chargesim.engine.simpy.engine import run_simpy
from chargesim.runs.case import Case
from chargesim.runs.engine_choice import make_ready
from chargesim.synthetic.ciw_inputs import MISSING, has_ciw
from chargesim.synthetic.grids import grid_day, grid_facilities, queueing_grid

PARTS = ("day", "queueing", "power", "scaling")


@dataclass(frozen=True)
class Sizes:
    """How large the plain cities of the bench are."""

    queueing_sites: tuple[int, ...] = (50, 100, 400)
    queueing_sessions: int = 4_000
    scaled_sites: tuple[int, ...] = (100, 1_000, 10_000)
    scaled_sessions: int = 250_000
    """of each run when the sites grow: a day of the largest city, more days of the smaller ones"""
    scaled_days: tuple[int, ...] = (1, 10, 100)
    """of 10,000 sessions each"""


ORDINARY = Sizes()
FULL = replace(ORDINARY, scaled_days=(*ORDINARY.scaled_days, 1_000))
"""On to 10 million sessions."""


@dataclass(frozen=True)
class Target:
    """A bound on a measured value."""

    name: str
    at_most: bool
    bound: float
    reached: float

    @property
    def met(self) -> bool:
        """Whether it is reached."""
        return self.reached <= self.bound if self.at_most else self.reached >= self.bound


@dataclass(frozen=True)
class Bench:
    """All that was measured; a part that was not asked for is empty."""

    day: Race | None = None
    draw_us_per_vehicle: float | None = None
    queueing: tuple[tuple[int, Race], ...] = ()
    """by number of stations"""
    power: tuple[Race, ...] = ()
    """no limit binds, all bind"""
    scaling: tuple[Scaling, ...] = ()
    """by sites, by sessions"""

    def targets(self) -> tuple[Target, ...]:
        """Return the targets of the measured parts."""
        return tuple(_targets_of_races(self.day, self.power)) + tuple(
            Target(
                f"compiled, dearest over cheapest by {one.title}",
                True,
                1.3,
                one.dearest_over_cheapest,
            )
            for one in self.scaling
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as plain data."""
        return {
            "day": None
            if self.day is None
            else {**self.day.to_dict(), "draw_us_per_vehicle": self.draw_us_per_vehicle},
            "queueing": [{"sites": sites, **race.to_dict()} for sites, race in self.queueing],
            "power": [race.to_dict() for race in self.power],
            "scaling": [one.to_dict() for one in self.scaling],
            "targets": [{**vars(target), "met": target.met} for target in self.targets()],
        }


def _targets_of_races(day: Race | None, power: tuple[Race, ...]) -> list[Target]:
    """Return the targets of the default day and of the two regimes of power."""
    targets = []
    if day is not None:
        targets.append(
            Target(
                "compiled, the day, us a session", True, 1.0, day[COMPILED].us_per_session or nan
            )
        )
    for race, us, of_naive in zip(power, (None, 3.0), (60.0, 25.0), strict=False):
        if us is None:
            targets.append(
                Target(
                    f"compiled over floor, {race.title}",
                    True,
                    3.0,
                    race.ratio(COMPILED, FLOOR) or nan,
                )
            )
        else:
            targets.append(
                Target(
                    f"compiled, {race.title}, us a session",
                    True,
                    us,
                    race[COMPILED].us_per_session or nan,
                )
            )
        targets.append(
            Target(
                f"naive over compiled, {race.title}",
                False,
                of_naive,
                race.ratio(NAIVE, COMPILED) or nan,
            )
        )
    return targets


def bench_case(
    case: Case, rounds: int = 3, parts: Sequence[str] = PARTS, sizes: Sizes = ORDINARY
) -> Bench:
    """Measure the parts of a bench that are asked for, all in this process.

    Parameters
    ----------
    case : Case
        Its days are simulated in the parts day and power; the other parts have plain cities.
    rounds : int
        Each runs all contenders one after the other.
    parts : sequence of str
        Of `PARTS`.
    sizes : Sizes
        `ORDINARY` or `FULL`, or smaller ones.
    """
    make_ready(case)
    facilities, tables, draw_us = case.task.facilities, *_days_of(case, rounds)
    for warm_up in (run_simpy, run_compiled):
        warm_up(facilities, [tables[0][:200]], 0, 1)
    return Bench(
        day=race_day("the day", facilities, tables) if "day" in parts else None,
        draw_us_per_vehicle=draw_us if "day" in parts else None,
        queueing=_race_all_queues(sizes, rounds) if "queueing" in parts else (),
        power=race_limits(facilities, tables) if "power" in parts else (),
        scaling=_scale_both(sizes, rounds) if "scaling" in parts else (),
    )


def _race_all_queues(sizes: Sizes, rounds: int) -> tuple[tuple[int, Race], ...]:
    return tuple(
        (sites, race_queues(sites, sizes.queueing_sessions, rounds))
        for sites in sizes.queueing_sites
    )


def _scale_both(sizes: Sizes, rounds: int) -> tuple[Scaling, Scaling]:
    return scale_sites(sizes.scaled_sites, sizes.scaled_sessions, rounds), scale_sessions(
        sizes.scaled_days, rounds
    )


def _days_of(case: Case, rounds: int) -> tuple[list[Table], float]:
    """Return a first day for each round, and the time of drawing [microseconds a vehicle]."""
    case.task.demand.day(0, 0)
    tables, costs = [], []
    for replication in range(rounds):
        begun = time.perf_counter()
        tables.append(case.task.demand.day(replication, 0))
        costs.append(1e6 * (time.perf_counter() - begun) / max(1, len(tables[-1])))
    return tables, statistics.median(costs)


def race_day(
    title: str, facilities: Facilities, tables: Sequence[Table], notes: tuple[str, ...] = ()
) -> Race:
    """Let the naive program, both engines and the floor run on the same days."""
    entries, events = heap_of_run(facilities, tables[0])
    said = (
        f"It is three pushes and pops a session at the compiled run's mean heap of "
        f"{entries:,.0f} events ({events:.1f} events a session)."
    )
    programs = {NAIVE: naive, SIMPY: simpy_engine, COMPILED: compiled_engine, FLOOR: floor(entries)}
    return run_race(
        title, programs, [(facilities, table) for table in tables], notes=(said, *notes)
    )


def race_limits(facilities: Facilities, tables: Sequence[Table]) -> tuple[Race, Race]:
    """Let them run where no limit of power binds, and where the limit of every site binds."""
    races = []
    for title, changed in (
        ("no limit binds", without_limits(facilities)),
        ("all limits bind", with_limits(facilities)),
    ):
        share, stations = slowed_share(changed, tables[0])
        said = (
            f"{100 * share:.0f} % of the vehicles at stations were slowed by shared power, "
            f"some at {100 * stations:.0f} % of the stations."
        )
        notes = (
            (said,)
            if share == 0
            else (f"Every connection gives {BINDING_KW:.0f} kW: {said}", NAIVE_NOTE)
        )
        races.append(race_day(title, changed, tables, notes))
    return races[0], races[1]


def race_queues(sites: int, sessions: int, rounds: int = 3) -> Race:
    """Let Ciw and both engines run on independent queues, until all vehicles have left."""
    grid = queueing_grid(sites, sessions)
    facilities = grid_facilities(grid)
    engines = {SIMPY: simpy_engine_to_the_end, COMPILED: compiled_engine_to_the_end}
    programs = {CIW: ciw, **engines} if has_ciw() else engines
    laps = [(facilities, grid_day(grid, seed=number)) for number in range(rounds)]
    return run_race(f"{sites} stations", programs, laps, absent={} if has_ciw() else {CIW: MISSING})
