"""Plot a run in one call: `plot.utilisation(run)`, `plot.waiting(run)`, as `plot.figures()` lists.

`FIGURES` holds every figure of a run: what is decorated here as a run figure is what `chargesim
run` writes. A run is anything with the attributes `result`, `kpis` and `verdict`. Every function
draws on the axes given, or on new ones, and returns the axes; the caller shows or saves
`axes.figure`. `plot.compare_use_by_hour(compared)` and its like draw what `chargesim.compare`
returns, each plan in one colour, and return the figure.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar, cast

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chargesim.analysis.comparison import Comparison
from chargesim.analysis.days import DaysVerdict, judge_days
from chargesim.analysis.profiles import quarter_load, use_by_district_hour, use_by_site, wait_curves
from chargesim.analysis.result import RunResult
from chargesim.analysis.verdict import Verdict
from chargesim.view.comparison import draw_load_duration, draw_use_over_sites
from chargesim.view.comparison import draw_use_by_hour as draw_compared_use
from chargesim.view.comparison_maps import draw_difference_heat_map, draw_maps
from chargesim.view.days import draw_calendar, draw_days
from chargesim.view.load import draw_load
from chargesim.view.margins import draw_margins
from chargesim.view.site_map import core_extent, draw_site_map, draw_two_maps
from chargesim.view.utilisation import draw_heat_map, draw_use_by_hour
from chargesim.view.waiting import draw_waits, draw_waits_by_fleet_and_kind


class Run(Protocol):
    """What the plots need of a run."""

    @property
    def result(self) -> RunResult:
        """The network, the standard and the totals."""

    @property
    def kpis(self) -> pd.DataFrame:
        """The table of KPIs."""

    @property
    def verdict(self) -> Verdict:
        """The verdict."""


@dataclass(frozen=True)
class RunFigure:
    """A figure of every run."""

    file: str
    """name of its file, without the ending"""
    plot: str
    """name of its function here"""
    shows: str
    draw: Callable[[Run], Figure]
    """draws what the file shows"""
    applies: Callable[[Run], bool]
    """whether the run has what it shows"""


FIGURES: list[RunFigure] = []
"""In the order in which a report shows them."""
_Plot = TypeVar("_Plot", bound=Callable[..., Axes])


def _run_figure(
    file: str,
    page: Callable[[Run], Figure] | None = None,
    applies: Callable[[Run], bool] = lambda run: True,
) -> Callable[[_Plot], _Plot]:
    """Register a plot as a figure of every run to which it applies.

    `page` draws the file where it is not the plot.
    """

    def register(plot: _Plot) -> _Plot:
        shows = str(plot.__doc__).removeprefix("Plot ").split("\n")[0].rstrip(".")
        draw = page or (lambda run: cast(Figure, plot(run).figure))
        FIGURES.append(RunFigure(file, plot.__name__, shows, draw, applies))
        return plot

    return register


def figures() -> pd.DataFrame:
    """Return the list of the figures of a run: the function here, the file and what it shows."""
    columns = ["plot", "file", "shows"]
    return pd.DataFrame(
        [[getattr(one, name) for name in columns] for one in FIGURES], columns=columns
    )


@_run_figure("margins")
def margins(run: Run, ax: Axes | None = None) -> Axes:
    """Plot each criterion's failures over the failures that it allows [%]."""
    return draw_margins(run.verdict, ax=ax)


@_run_figure("utilisation_by_hour")
def utilisation(run: Run, ax: Axes | None = None) -> Axes:
    """Plot the time utilisation of guns and bays by hour of day [%], with its interval."""
    return draw_use_by_hour(run.kpis, level=run.result.interval_level, ax=ax)


@_run_figure("utilisation_heat_map")
def utilisation_heat_map(run: Run, ax: Axes | None = None) -> Axes:
    """Plot the time utilisation of the guns by district and hour of day [%]."""
    return draw_heat_map(use_by_district_hour(run.result), run.result.network.districts, ax=ax)


@_run_figure(
    "utilisation_map", lambda run: draw_two_maps(run.result.network, use_by_site(run.result))
)
def utilisation_map(run: Run, ax: Axes | None = None, *, core: bool = False) -> Axes:
    """Plot the sites over the roads, coloured by time utilisation [%]; `core`: the core alone."""
    network = run.result.network
    extent = core_extent(network) if core else None
    return draw_site_map(network, use_by_site(run.result), extent=extent, ax=ax)


@_run_figure(
    "waiting",
    lambda run: draw_waits_by_fleet_and_kind(
        wait_curves(run.result, "fleet"), wait_curves(run.result, "kind")
    ),
)
def waiting(run: Run, ax: Axes | None = None, *, by: Literal["fleet", "kind"] = "fleet") -> Axes:
    """Plot the distribution of the waits [min] by fleet or by kind, of all who wished."""
    return draw_waits(wait_curves(run.result, by), by=by, ax=ax)


@_run_figure("load")
def load(run: Run, ax: Axes | None = None) -> Axes:
    """Plot the power from the grid [MW] by quarter of an hour, stacked by kind of site."""
    return draw_load(quarter_load(run.result), level=run.result.interval_level, ax=ax)


def _days(run: Run) -> DaysVerdict:
    """Return the failing days of a run that judges days."""
    days = judge_days(run.result)
    if days is None:
        raise ValueError("calendar: the run judges less than four weeks, or a recorded log")
    return days


@_run_figure(
    "calendar",
    lambda run: draw_calendar(_days(run)),
    lambda run: judge_days(run.result) is not None,
)
def calendar(run: Run, ax: Axes | None = None, *, criterion: str | None = None) -> Axes:
    """Plot each day of four weeks or more by the used allowance of a criterion [%].

    By default that of the criterion which fails most often; the file shows each that fails.
    """
    days = _days(run)
    named = {one.name: one for one in days.criteria}
    return draw_days(days, named[criterion] if criterion is not None else None, ax=ax)


class Compared(Protocol):
    """What the plots need of compared plans."""

    @property
    def comparison(self) -> Comparison:
        """The plans and their differences."""


def compare_use_by_hour(compared: Compared) -> Figure:
    """Plot the time utilisation of guns and bays by hour of day [%] of every plan."""
    return draw_compared_use(compared.comparison.plans)


def compare_use_over_sites(compared: Compared) -> Figure:
    """Plot how the time utilisation [%] of every plan spreads over its sites."""
    return draw_use_over_sites(compared.comparison.plans)


def compare_heat_map(compared: Compared) -> Figure:
    """Plot the difference in use of the public guns by district and hour [points].

    A cell is hatched where the interval of its difference covers 0.
    """
    return draw_difference_heat_map(compared.comparison)


def compare_maps(compared: Compared) -> Figure:
    """Plot the sites of every plan by use [%], and differences in cars served in time [points]."""
    return draw_maps(compared.comparison)


def compare_load_duration(compared: Compared, ax: Axes | None = None) -> Axes:
    """Plot for how many of the judged hours the load of every plan reaches each level [MW]."""
    return draw_load_duration(compared.comparison.plans, ax=ax)


def __dir__() -> list[str]:
    """Return the names of the plots."""
    compared = [name for name in globals() if name.startswith("compare_")]
    return sorted([*(one.plot for one in FIGURES), *compared, "figures"])
