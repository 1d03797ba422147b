"""Draw where and when plans differ: use by district and hour of day, maps before and after."""

import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from chargesim.analysis.comparison import DISTRICTS, ComparedPlan, Comparison
from chargesim.analysis.paired import paired_differences
from chargesim.analysis.result import Bools, Floats
from chargesim.network.network import Network
from chargesim.view.bands import Look, look, upright
from chargesim.view.site_map import (
    add_colour_bar,
    draw_roads,
    draw_site_map,
    highest_use,
    map_height_in,
    name_marks,
    whole_extent,
)
from chargesim.view.style import GREY, INK, PALE, new_figure, readable, styled
from chargesim.view.utilisation import add_cell_bar, draw_cells, label_districts, ordered_districts

_MOST_COLUMNS = 3
_WITHIN_COLOURS = 0.98
"""Part of the cells of a heat map within the range of colours; the others have the end colours."""


def plan_looks(plans: Sequence[ComparedPlan]) -> dict[str, Look]:
    """Return the colour and the line of each plan, the same in every figure of a comparison."""
    return {plan.name: look(place) for place, plan in enumerate(plans)}


def difference_colours() -> Colormap:
    """Return the colours of differences, brown below and green above zero; no plan has them."""
    return mpl.colormaps["BrBG"].with_extremes(bad=PALE)


@styled
def draw_difference_heat_map(comparison: Comparison) -> Figure:
    """Draw the difference in use of the public guns by district and hour, a panel for each plan.

    Cells whose paired 95 % interval covers zero are hatched. Each is an interval by itself, which
    the figure says, with the number of cells that would stay unhatched by chance.

    Parameters
    ----------
    comparison : Comparison
        From `analysis.comparison.compare_plans`.
    """
    first, others = comparison.plans[0], comparison.others
    use, districts = first.use_by_district_hour, first.network.districts
    order, breaks = ordered_districts(use.mean(axis=0), districts)
    paired = [paired_differences(plan.use_by_district_hour, use) for plan in others]
    sizes = np.abs(np.concatenate([one.mean.ravel() for one in paired]))
    known = sizes[~np.isnan(sizes)]
    highest = 100 * max(1e-4, float(np.quantile(known, _WITHIN_COLOURS)) if len(known) else 0.0)
    figure = new_figure(3.6 + 5.2 * len(others), max(4.8, 3.0 + 0.245 * len(order)))
    axes = np.atleast_1d(figure.subplots(1, len(others), sharey=True))
    for ax, plan, one in zip(axes, others, paired, strict=True):
        colours: dict[str, Any] = {"cmap": difference_colours(), "vmin": -highest, "vmax": highest}
        image = draw_cells(ax, 100 * one.mean[order], **colours)
        _hatch(ax, ((one.lower <= 0) & (one.upper >= 0))[order])
        label_districts(ax, districts, order, breaks, classes=ax is axes[-1])
        title = _title(plan, f"less {readable(first.name)}", wide=52)
        ax.set_title(title, color=plan_looks(comparison.plans)[plan.name].colour)
    label, pad = "guns busy, difference [points]", 0.03 if len(others) > 1 else 0.05
    add_cell_bar(figure, image, list(axes), label, pad=pad, extend="both")
    cells = paired[0].mean.size
    missing = " Grey: no public gun in one of the plans." if len(known) < len(sizes) else ""
    title = (
        "Use of the public guns by district and hour of day, differences. Hatched: the paired\n"
        f"95 % interval covers 0. Cells are single intervals: of the {cells} of a panel about "
        f"{0.05 * cells:.0f}\nwould be unhatched by chance.{missing}"
    )
    figure.suptitle(title, x=0.01, ha="left", fontsize=12.5)
    return figure


def _title(plan: ComparedPlan, then: str, *, wide: int = 42) -> str:
    """Return the name of a plan, and below what its panel shows, in lines of so many letters."""
    return "\n".join(textwrap.fill(words, wide) for words in (readable(plan.name), then))


def _hatch(ax: Axes, marked: Bools) -> None:
    """Hatch the marked cells of a heat map by row and hour."""
    cells = [
        [(hour, row), (hour + 1, row), (hour + 1, row + 1), (hour, row + 1)]
        for row, hour in np.argwhere(marked)
    ]
    hatched = PolyCollection(cells, facecolors="none", edgecolors=GREY, linewidths=0, hatch="////")
    ax.add_collection(hatched, autolim=False)


@styled
def draw_maps(comparison: Comparison) -> Figure:
    """Draw the sites of every plan by use, and the districts in which more or fewer are served.

    Parameters
    ----------
    comparison : Comparison
        From `analysis.comparison.compare_plans`.
    """
    plans, others, looks = comparison.plans, comparison.others, plan_looks(comparison.plans)
    columns = min(_MOST_COLUMNS, len(plans))
    rows_above, rows_below = -(-len(plans) // columns), -(-len(others) // columns)
    titles = [_title(plan, f"use of {len(plan.network.sites):,} sites") for plan in plans]
    titles += [_title(plan, f"less {readable(plans[0].name)}") for plan in others]
    title_in = 1.0 + 0.26 * max(title.count("\n") for title in titles)
    rows_in = (title_in + map_height_in(plans[0].network, 4.5)) * (rows_above + rows_below)
    figure = new_figure(1.5 + 5.4 * columns, 0.6 + rows_in)
    grid = np.asarray(figure.subplots(rows_above + rows_below, columns, squeeze=False))
    above, below = grid[:rows_above].ravel(), grid[rows_above:].ravel()
    highest = max(highest_use(plan.use_by_site) for plan in plans)
    for ax, plan, title in zip(above, plans, titles, strict=False):
        draw_site_map(plan.network, plan.use_by_site, highest=highest, ax=ax)
        ax.set_title(title, color=looks[plan.name].colour)
    name_marks(above[0])
    add_colour_bar(figure, above[0].collections[-1], list(above))
    below = below[1:] if columns == len(plans) else below  # under its own map
    for ax, plan, title in zip(below, others, titles[len(plans) :], strict=False):
        points = _draw_districts(ax, comparison, plan)
        ax.set_title(title, color=looks[plan.name].colour)
    drawn = list(below[: len(others)])
    bar = figure.colorbar(points, ax=drawn, shrink=0.75, aspect=30, pad=0.015)
    words = "difference in the district [points]; pale grey: not sure"
    bar.set_label(upright(f"{comparison.headline.title}, {words}"))
    for ax in grid.ravel():
        if not ax.has_data():
            ax.set_axis_off()
    if columns == len(plans):
        _explain(grid[-1, 0])
    return figure


def _draw_districts(ax: Axes, comparison: Comparison, plan: ComparedPlan) -> PathCollection:
    """Draw the zones in the colour of their district's difference; grey where it is not sure."""
    network = plan.network
    rows = comparison.differences[comparison.differences["family"] == DISTRICTS]
    highest = 100 * max(1e-4, float(rows["difference"].abs().max())) if len(rows) else 1.0
    mine = comparison.table(plan.name, DISTRICTS).set_index("key")
    mine = mine.reindex(list(network.districts.name))
    points: Floats = 100 * mine["difference"].to_numpy(dtype=np.float64)
    sure = mine["sure"].eq(True).to_numpy(dtype=np.bool_)[network.zones.district]
    draw_roads(ax, network, wide=1.0)
    _scatter_zones(ax, network, ~sure, s=9, color=PALE, linewidths=0, zorder=3)
    scale: dict[str, Any] = {"cmap": difference_colours(), "vmin": -highest, "vmax": highest}
    edge: dict[str, Any] = {"edgecolors": INK, "linewidths": 0.2}
    shown = points[network.zones.district][sure]
    drawn = _scatter_zones(ax, network, sure, c=shown, s=15, zorder=4, **scale, **edge)
    west, east, south, north = whole_extent(network)
    ax.set(xlim=(west, east), ylim=(south, north))
    ax.set(xlabel="longitude [° E]", ylabel="latitude [° N]")
    ax.locator_params(nbins=6)
    ax.set_aspect(1 / np.cos(np.radians((south + north) / 2)), adjustable="box")
    return drawn


def _scatter_zones(ax: Axes, network: Network, chosen: Bools, **marks: Any) -> PathCollection:
    """Draw some zones as points."""
    lon, lat = network.zones.lon[chosen], network.zones.lat[chosen]
    return ax.scatter(lon, lat, rasterized=True, **marks)


def _explain(ax: Axes) -> None:
    """Say in the empty panel under the first map what the panels beside it show."""
    words = (
        "Above: the sites, coloured by the share of\nthe time that guns or bays are busy,\n"
        "on one scale.\n\nBeside: the zones, coloured by how many\nmore (green) or fewer (brown) "
        "of the\ncars of their district are served in time.\nPale grey: not sure after Holm's "
        "correction\nover all districts and plans."
    )
    style: dict[str, Any] = {"va": "top", "ha": "left", "fontsize": 12, "color": INK}
    ax.text(0.02, 0.95, words, transform=ax.transAxes, **style)
