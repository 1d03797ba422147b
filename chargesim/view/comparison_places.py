"""Draw where and when plans differ: use by district and hour, maps before and after."""

import textwrap

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from chargesim.analysis.comparison import DISTRICTS, Comparison, Plan
from chargesim.analysis.paired import paired_differences
from chargesim.analysis.result import Bools, Floats
from chargesim.view.comparison_lines import plan_looks
from chargesim.view.series_style import upright
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
from chargesim.view.utilisation import label_districts, ordered_districts

_MOST_COLUMNS = 3
_AT_THE_ENDS = 0.98
"""Part of the cells of a heat map whose colour is told apart; the few beyond have the colour of the ends."""


def difference_colours() -> Colormap:
    """Return the colours of differences, brown below and green above zero; no plan has them."""
    return mpl.colormaps["BrBG"].with_extremes(bad=PALE)


@styled
def draw_difference_heat_map(comparison: Comparison) -> Figure:
    """Draw by how much the use of the public guns differs by district and hour of day, a panel for each plan beside the first.

    Cells whose paired 95 % interval covers zero are hatched. Each is an interval by itself, which the figure says, with
    the number of cells that would stay unhatched by chance.

    Parameters
    ----------
    comparison : Comparison
        From `analysis.comparison.compare_plans`.
    """
    first, others = comparison.plans[0], comparison.others
    districts = first.network.districts
    order, breaks = ordered_districts(first.use_by_district_hour.mean(axis=0), districts)
    paired = [
        paired_differences(plan.use_by_district_hour, first.use_by_district_hour) for plan in others
    ]
    sizes = np.abs(np.concatenate([one.mean.ravel() for one in paired]))
    sizes = sizes[~np.isnan(sizes)]
    limit = max(1e-4, float(np.quantile(sizes, _AT_THE_ENDS)) if len(sizes) else 0.0)
    figure = new_figure(3.6 + 5.2 * len(others), max(4.8, 3.0 + 0.245 * len(order)))
    axes = np.atleast_1d(figure.subplots(1, len(others), sharey=True))
    for ax, plan, one in zip(axes, others, paired, strict=True):
        shown = 100 * one.mean[order]
        image = ax.imshow(
            shown, aspect="auto", cmap=difference_colours(), vmin=-100 * limit, vmax=100 * limit, extent=(0, 24, len(order), 0),
            interpolation="nearest",
        )  # fmt: skip
        covered = (one.lower <= 0) & (one.upper >= 0)
        _hatch(ax, covered[order])
        label_districts(ax, districts, order, breaks, classes=ax is axes[-1])
        ax.set_title(
            _title(plan, f"less {readable(first.name)}", wide=52),
            color=plan_looks(comparison.plans)[plan.name].colour,
        )
    bar = figure.colorbar(
        image,
        ax=list(axes),
        shrink=0.9 if len(order) < 12 else 0.6,
        pad=0.03 if len(others) > 1 else 0.05,
        aspect=30,
        extend="both",
    )
    bar.set_label("guns busy, difference [points]")
    bar.outline.set_visible(False)
    cells = paired[0].mean.size
    missing = (
        " Grey: no public gun in one of the plans." if len(sizes) < cells * len(paired) else ""
    )
    figure.suptitle(
        f"Use of the public guns by district and hour of day, differences. Hatched: the paired\n95 % interval covers 0. "
        f"Cells are single intervals: of the {cells} of a panel about {0.05 * cells:.0f}\nwould be unhatched by chance.{missing}",
        x=0.01, ha="left", fontsize=12.5,
    )  # fmt: skip
    return figure


def _title(plan: Plan, then: str, *, wide: int = 42) -> str:
    """Return the name of a plan, and what its panel shows of it in the lines below; a panel is so many letters wide."""
    return "\n".join(textwrap.fill(words, wide) for words in (readable(plan.name), then))


def _hatch(ax: Axes, marked: Bools) -> None:
    """Hatch the marked cells of a heat map by row and hour."""
    cells = [
        [(hour, row), (hour + 1, row), (hour + 1, row + 1), (hour, row + 1)]
        for row, hour in np.argwhere(marked)
    ]
    ax.add_collection(
        PolyCollection(cells, facecolors="none", edgecolors=GREY, linewidths=0, hatch="////"),
        autolim=False,
    )


@styled
def draw_maps(comparison: Comparison) -> Figure:
    """Draw the sites of every plan, coloured by use on one scale, and the districts in which more or fewer cars are served.

    Parameters
    ----------
    comparison : Comparison
        From `analysis.comparison.compare_plans`.
    """
    plans, looks = comparison.plans, plan_looks(comparison.plans)
    panels = 2 * len(plans) - 1
    columns = min(_MOST_COLUMNS, len(plans))
    rows = -(-len(plans) // columns) + -(-(panels - len(plans)) // columns)
    titles = [_title(plan, f"use of {len(plan.network.sites):,} sites") for plan in plans]
    titles += [_title(plan, f"less {readable(plans[0].name)}") for plan in comparison.others]
    more_in = 1.0 + 0.26 * max(title.count("\n") for title in titles)
    figure = new_figure(
        1.5 + 5.4 * columns, 0.6 + (more_in + map_height_in(plans[0].network, 4.5)) * rows
    )
    grid = np.asarray(figure.subplots(rows, columns, squeeze=False))
    above, below = (
        grid[: -(-len(plans) // columns)].ravel(),
        grid[-(-len(plans) // columns) :].ravel(),
    )
    highest = max(highest_use(plan.use_by_site) for plan in plans)
    for ax, plan, title in zip(above, plans, titles, strict=False):
        draw_site_map(plan.network, plan.use_by_site, highest=highest, ax=ax)
        ax.set_title(title, color=looks[plan.name].colour)
    name_marks(above[0])
    add_colour_bar(
        figure, above[0].collections[-1], list(grid[: -(-len(plans) // columns)].ravel())
    )
    below = below[1:] if columns == len(plans) else below  # under its own map
    for ax, plan, title in zip(below, comparison.others, titles[len(plans) :], strict=False):
        points = _draw_districts(ax, comparison, plan)
        ax.set_title(title, color=looks[plan.name].colour)
    bar = figure.colorbar(
        points, ax=list(below[: len(comparison.others)]), shrink=0.75, aspect=30, pad=0.015
    )
    bar.set_label(
        upright(
            f"{comparison.headline.title}, difference in the district [points]; pale grey: not sure"
        )
    )
    for ax in grid.ravel():
        if not ax.has_data():
            ax.set_axis_off()
    if columns == len(plans):
        _explain(grid[-1, 0])
    return figure


def _draw_districts(ax: Axes, comparison: Comparison, plan: Plan) -> PathCollection:
    """Draw the zones in the colour of their district's difference; grey where it is not sure."""
    network = plan.network
    rows = comparison.differences[comparison.differences["family"] == DISTRICTS]
    limit = 100 * max(1e-4, float(rows["difference"].abs().max())) if len(rows) else 1.0
    mine = comparison.table(plan.name, DISTRICTS).set_index("key")
    points: Floats = 100 * mine["difference"].reindex(list(network.districts.name)).to_numpy(
        dtype=np.float64
    )
    sure = mine["sure"].reindex(list(network.districts.name)).fillna(False).to_numpy(dtype=np.bool_)
    west, east, south, north = whole_extent(network)
    draw_roads(ax, network, wide=1.0)
    where = network.zones.district
    told = sure[where]
    ax.scatter(
        network.zones.lon[~told],
        network.zones.lat[~told],
        s=9,
        color=PALE,
        linewidths=0,
        zorder=3,
        rasterized=True,
    )
    drawn = ax.scatter(
        network.zones.lon[told], network.zones.lat[told], c=points[where][told], cmap=difference_colours(), vmin=-limit, vmax=limit,
        s=15, edgecolors=INK, linewidths=0.2, zorder=4, rasterized=True,
    )  # fmt: skip
    ax.set(
        xlim=(west, east), ylim=(south, north), xlabel="longitude [° E]", ylabel="latitude [° N]"
    )
    ax.locator_params(nbins=6)
    ax.set_aspect(1 / np.cos(np.radians((south + north) / 2)), adjustable="box")
    return drawn


def _explain(ax: Axes) -> None:
    """Say in the empty panel under the first map what the panels beside it show."""
    ax.text(
        0.02, 0.95,
        "Above: the sites, coloured by the share of\nthe time that guns or bays are busy,\non one scale.\n\n"
        "Beside: the zones, coloured by how many\nmore (green) or fewer (brown) of the\ncars of their district are served in time.\n"
        "Pale grey: not sure after Holm's correction\nover all districts and plans.",
        transform=ax.transAxes, va="top", ha="left", fontsize=12, color=INK,
    )  # fmt: skip
