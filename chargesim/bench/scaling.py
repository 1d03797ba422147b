"""Measure how a session's cost in the compiled engine grows with the city and the run."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tqdm.auto import tqdm

from chargesim.bench.race import LEAST_S, MOST_TIMES
from chargesim.demand.demand_table import Table
from chargesim.engine.compiled.engine import CompiledWorld
from chargesim.synthetic.grids import Grid, city_grid, grid_day, grid_facilities

DAY_GRID = city_grid(100, 100)
"""10,000 sessions a day."""


@dataclass(frozen=True)
class Size:
    """The cost of a session at one size."""

    sites: int
    sessions: int
    us_per_session: float
    """least over the rounds, since other work on the machine only adds [microseconds]"""


@dataclass(frozen=True)
class Scaling:
    """The cost of a session as one thing grows."""

    title: str
    sizes: tuple[Size, ...]
    largest_over_smallest: float
    """cost at the largest size over that at the smallest"""
    dearest_over_cheapest: float
    """highest cost over lowest: 1 is flat"""

    def to_dict(self) -> dict[str, Any]:
        """Return the sizes and ratios as plain data."""
        return {**vars(self), "sizes": [vars(size) for size in self.sizes]}


class Days:
    """The days of a grid, each drawn when asked for; `seconds` is the time of drawing [s]."""

    def __init__(self, grid: Grid, days: int) -> None:
        self.grid, self.days, self.seconds = grid, days, 0.0

    def __iter__(self) -> Iterator[Table]:
        for day in range(self.days):
            begun = time.perf_counter()
            table = grid_day(self.grid, day)
            self.seconds += time.perf_counter() - begun
            yield table


def scale_sites(sites: Sequence[int], sessions: int, rounds: int = 3) -> Scaling:
    """Return the cost of a session in cities of different sizes.

    Sessions per site and day are the same, and so are sessions in all.
    """
    grids = [city_grid(number) for number in sites]
    return _scale(
        "sites", [(grid, max(1, sessions // grid.sessions_a_day)) for grid in grids], rounds
    )


def scale_sessions(days: Sequence[int], rounds: int = 3, grid: Grid = DAY_GRID) -> Scaling:
    """Return the cost of a session in runs of different lengths of the same city."""
    return _scale("sessions", [(grid, number) for number in days], rounds)


def _scale(title: str, runs: list[tuple[Grid, int]], rounds: int) -> Scaling:
    """Time runs in turn, round after round."""
    times = []
    with tqdm(
        total=rounds * sum(grid.sessions_a_day * days for grid, days in runs),
        desc=title,
        leave=False,
        disable=None,
    ) as bar:
        for _ in range(rounds):
            costs = []
            for grid, days in runs:
                costs.append(us_per_session(grid, days))
                bar.update(grid.sessions_a_day * days)
            times.append(costs)
    least = [min(costs) for costs in zip(*times, strict=True)]
    sizes = tuple(
        Size(grid.sites, grid.sessions_a_day * days, cost)
        for (grid, days), cost in zip(runs, least, strict=True)
    )
    return Scaling(title, sizes, least[-1] / least[0], max(least) / min(least))


def us_per_session(grid: Grid, days: int) -> float:
    """Return the cost of a session in a run [microseconds]; the least of a repeated short run."""
    took: list[float] = []
    while len(took) < MOST_TIMES and sum(took) < LEAST_S:
        took.append(run_days(grid, days))
    return 1e6 * min(took) / (grid.sessions_a_day * days)


def run_days(grid: Grid, days: int) -> float:
    """Return the compiled engine's time for a run of `days` days [s].

    Notes
    -----
    The time leaves out the layout of facilities and state, and the drawing of vehicles. A day's
    vehicles are drawn when the engine gets there, its statistics and log are dropped when it is
    over, so memory does not grow with the days.
    """
    feed = Days(grid, days)
    world = CompiledWorld(grid_facilities(grid), feed, 0, days)
    drawn, begun = feed.seconds, time.perf_counter()
    for _ in world.run_days():
        pass
    return time.perf_counter() - begun - (feed.seconds - drawn)
