"""Plot a run in one call each: `plot.utilisation(run)`, `plot.waiting(run)`.

A run is anything with the attributes `result`, `kpis` and `verdict`. Every function draws on the axes given, or on new
ones, and returns the axes; the caller shows or saves `axes.figure`. `plot.compare_use_by_hour(compared)` and its like draw
what `chargesim.compare` returns, each plan in one colour, and return the figure.
"""

from typing import Literal, Protocol

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chargesim.analysis.comparison import Comparison
from chargesim.analysis.profiles import quarter_load, use_by_district_hour, use_by_site, wait_curves
from chargesim.analysis.result import RunResult
from chargesim.analysis.verdict import Verdict
from chargesim.view.comparison import draw_load_duration, draw_use_over_sites
from chargesim.view.comparison import draw_use_by_hour as draw_compared_use
from chargesim.view.comparison_maps import draw_difference_heat_map, draw_maps
from chargesim.view.load import draw_load
from chargesim.view.margins import draw_margins
from chargesim.view.site_map import core_extent, draw_site_map
from chargesim.view.utilisation import draw_heat_map, draw_use_by_hour
from chargesim.view.waiting import draw_waits


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


def utilisation(run: Run, ax: Axes | None = None) -> Axes:
    """Plot the time utilisation of guns and bays by hour of day [%], with its interval."""
    return draw_use_by_hour(run.kpis, level=run.result.interval_level, ax=ax)


def heat_map(run: Run, ax: Axes | None = None) -> Axes:
    """Plot the time utilisation of the guns by district and hour of day [%]."""
    return draw_heat_map(use_by_district_hour(run.result), run.result.network.districts, ax=ax)


def utilisation_map(run: Run, ax: Axes | None = None, *, core: bool = False) -> Axes:
    """Plot the sites over the roads, coloured by time utilisation [%]; with `core` the core alone."""
    network = run.result.network
    return draw_site_map(
        network, use_by_site(run.result), extent=core_extent(network) if core else None, ax=ax
    )


def waiting(run: Run, ax: Axes | None = None, *, by: Literal["fleet", "kind"] = "fleet") -> Axes:
    """Plot the distribution of the waits [min] by fleet or by kind, of all that wished."""
    return draw_waits(wait_curves(run.result, by), by=by, ax=ax)


def load(run: Run, ax: Axes | None = None) -> Axes:
    """Plot the power from the grid [MW] by quarter of an hour, stacked by kind of site."""
    return draw_load(quarter_load(run.result), level=run.result.interval_level, ax=ax)


def margins(run: Run, ax: Axes | None = None) -> Axes:
    """Plot each criterion's failures over the failures that it allows [%]."""
    return draw_margins(run.verdict, ax=ax)


class Compared(Protocol):
    """What the plots need of compared plans."""

    @property
    def comparison(self) -> Comparison:
        """The plans and their differences."""


def compare_use_by_hour(compared: Compared) -> Figure:
    """Plot the time utilisation of guns and bays by hour of day [%] of every plan, with its interval."""
    return draw_compared_use(compared.comparison.plans)


def compare_use_over_sites(compared: Compared) -> Figure:
    """Plot how the time utilisation [%] of every plan is spread over its sites."""
    return draw_use_over_sites(compared.comparison.plans)


def compare_heat_map(compared: Compared) -> Figure:
    """Plot the difference in the use of the public guns by district and hour [points]; hatched where its interval covers 0."""
    return draw_difference_heat_map(compared.comparison)


def compare_maps(compared: Compared) -> Figure:
    """Plot the sites of every plan on one scale of use [%], and where more or fewer cars are served in time [points]."""
    return draw_maps(compared.comparison)


def compare_load_duration(compared: Compared, ax: Axes | None = None) -> Axes:
    """Plot for how many of the judged hours the load [MW] of every plan is at least so high."""
    return draw_load_duration(compared.comparison.plans, ax=ax)
