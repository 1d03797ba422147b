"""Draw how much the guns and bays are used, by hour and by district."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from chargesim.analysis.result import Floats
from chargesim.network.network import Districts
from chargesim.view.bands import draw_band
from chargesim.view.style import (
    GREY,
    KIND_COLOURS,
    hours_axis,
    load_colours,
    new_axes,
    readable,
    styled,
)
from chargesim.view.wording import percent

USES = {
    "time_utilisation": ("station", "guns of stations"),
    "bay_utilisation": ("swap", "bays of swap sites"),
}
"""KPIs of use by hour: kind of site, and what is busy."""
_CLASS_ORDER = ("core", "west_ring", "northeast", "southeast")


@styled
def draw_use_by_hour(kpis: pd.DataFrame, *, level: float, ax: Axes | None = None) -> Axes:
    """Draw the time utilisation of guns and of swap bays by hour of day, with its interval.

    Parameters
    ----------
    kpis : DataFrame
        From `analysis.kpis.kpi_frame`.
    level : float
        Level of its intervals [0..1].
    ax : Axes, optional
        Where to draw; new axes by default.
    """
    ax = ax or new_axes()
    for kpi, (kind, name) in USES.items():
        if is_used(kpis, kpi):
            style = "-" if kind == "station" else "--"
            draw_hour_steps(ax, kpis, kpi, color=KIND_COLOURS[kind], linestyle=style, label=name)
    hours_axis(ax)
    ax.set(
        ylabel="busy [% of the time]",
        title=f"Use by hour of day; band: {percent(level)} interval of the mean",
    )
    ax.set_ylim(bottom=0)
    ax.grid(axis="y")
    if ax.lines:
        ax.legend(loc="upper left")
    return ax


def is_used(kpis: pd.DataFrame, kpi: str) -> bool:
    """Return whether a KPI of `USES` is defined in any hour."""
    rows = kpis[(kpis["kpi"] == kpi) & (kpis["scope"] == "hour")]
    return bool(rows["mean"].notna().any())


def draw_hour_steps(ax: Axes, kpis: pd.DataFrame, kpi: str, **line: Any) -> None:
    """Draw a share by hour of day in steps with its interval [%]; `line` is its look."""
    rows = kpis[(kpis["kpi"] == kpi) & (kpis["scope"] == "hour")]
    mean, lower, upper = (
        100 * np.append(rows[column].to_numpy(), rows[column].iloc[-1])
        for column in ("mean", "lower", "upper")
    )
    draw_band(ax, np.arange(25.0), (mean, lower, upper), step=True, **line)


@styled
def draw_heat_map(use: Floats, districts: Districts, *, ax: Axes | None = None) -> Axes:
    """Draw the utilisation of the guns by hour and district, ordered by class, then by load.

    Parameters
    ----------
    use : array of float, [D, 24]
        Share of the time that guns are busy [0..1], NaN without guns.
    districts : Districts
        Names and classes.
    ax : Axes, optional
        Where to draw; new axes by default.
    """
    order, breaks = ordered_districts(use, districts)
    ax = ax or new_axes(9.0, max(4.0, 2.2 + 0.255 * len(order)))
    image = draw_cells(ax, 100 * use[order], cmap=load_colours(), vmin=0)
    for row in np.flatnonzero(np.isnan(use[order]).all(axis=1)):
        ax.add_patch(
            Rectangle((0, int(row)), 24, 1, fill=False, hatch="///", edgecolor=GREY, linewidth=0)
        )
    label_districts(ax, districts, order, breaks)
    add_cell_bar(ax.figure, image, [ax], "guns busy [% of the time]", pad=0.055)
    ax.set_title("Use of the public guns by district and hour of day")
    return ax


def draw_cells(ax: Axes, cells: Floats, **colours: Any) -> AxesImage:
    """Draw a heat map of so many rows over the 24 hours of the day; `colours` as for `imshow`."""
    extent = (0, 24, len(cells), 0)
    return ax.imshow(cells, aspect="auto", extent=extent, interpolation="nearest", **colours)


def add_cell_bar(
    figure: Figure | SubFigure, image: AxesImage, axes: list[Axes], label: str, **style: Any
) -> None:
    """Add the bar of the colours of a heat map, shorter beside many rows."""
    shrink = 0.9 if image.get_array().shape[0] < 12 else 0.6  # type: ignore[union-attr]  # drawn
    bar = figure.colorbar(image, ax=axes, shrink=shrink, aspect=30, **style)
    bar.set_label(label)
    bar.outline.set_visible(False)


def label_districts(
    ax: Axes,
    districts: Districts,
    order: list[int],
    breaks: list[tuple[int, int, str]],
    *,
    classes: bool = True,
) -> None:
    """Label a heat map by district and hour, with gaps between classes; `classes` names them."""
    hours_axis(ax)
    ax.set_yticks(np.arange(len(order)) + 0.5, [districts.name[district] for district in order])
    ax.tick_params(axis="y", length=0)
    for start, end, name in breaks:
        if start:
            ax.axhline(start, color="white", linewidth=3)
        if classes:
            upright = 270 if end - start > 2 else 0  # a name is longer than two rows are high
            ax.text(
                24.3,
                (start + end) / 2,
                readable(name),
                rotation=upright,
                va="center",
                ha="left",
                color=GREY,
            )


def ordered_districts(
    use: Floats, districts: Districts
) -> tuple[list[int], list[tuple[int, int, str]]]:
    """Return the districts by class and falling load, and where each class begins and ends."""
    load = np.nan_to_num(use, nan=-1.0).mean(axis=1)
    known = [name for name in _CLASS_ORDER if name in districts.area_class]
    classes = known + sorted(set(districts.area_class) - set(known))
    order: list[int] = []
    breaks = []
    for name in classes:
        members = [district for district, one in enumerate(districts.area_class) if one == name]
        breaks.append((len(order), len(order) + len(members), name))
        order += sorted(members, key=lambda district: -load[district])
    return order, breaks
