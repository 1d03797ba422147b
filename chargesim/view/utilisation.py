"""Draw how much the guns and bays are used, by hour and by district."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from chargesim.analysis.result import Floats
from chargesim.network.network import Districts
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
    hours = np.arange(25)
    for kpi, kind, name in (
        ("time_utilisation", "station", "guns of stations"),
        ("bay_utilisation", "swap", "bays of swap sites"),
    ):
        rows = kpis[(kpis["kpi"] == kpi) & (kpis["scope"] == "hour")]
        if rows["mean"].isna().all():
            continue
        mean, lower, upper = (
            100 * np.append(rows[column].to_numpy(), rows[column].iloc[-1])
            for column in ("mean", "lower", "upper")
        )
        colour = KIND_COLOURS[kind]
        ax.step(
            hours,
            mean,
            where="post",
            color=colour,
            linestyle="-" if kind == "station" else "--",
            label=name,
        )
        ax.fill_between(hours, lower, upper, step="post", color=colour, alpha=0.25, linewidth=0)
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
    image = ax.imshow(
        100 * use[order],
        aspect="auto",
        cmap=load_colours(),
        vmin=0,
        extent=(0, 24, len(order), 0),
        interpolation="nearest",
    )
    for row in np.flatnonzero(np.isnan(use[order]).all(axis=1)):
        ax.add_patch(
            Rectangle((0, int(row)), 24, 1, fill=False, hatch="///", edgecolor=GREY, linewidth=0)
        )
    label_districts(ax, districts, order, breaks)
    bar = ax.figure.colorbar(
        image, ax=ax, shrink=0.9 if len(order) < 12 else 0.6, pad=0.055, aspect=30
    )
    bar.set_label("guns busy [% of the time]")
    bar.outline.set_visible(False)
    ax.set_title("Use of the public guns by district and hour of day")
    return ax


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
