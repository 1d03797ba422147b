"""Draw means with their intervals, in looks that the lines of a figure keep in all its panels."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from chargesim.analysis.result import Floats
from chargesim.view.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LINE_STYLES,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
)

COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, INK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
SHADE = 0.25
"""Opacity of an interval beside its mean."""
Band = tuple[Floats, Floats, Floats]
"""Mean, lower and upper bound."""


@dataclass(frozen=True)
class Look:
    """How one line is drawn, in all panels alike."""

    colour: str
    marker: str
    style: str

    @property
    def line(self) -> dict[str, Any]:
        """Colour and style of the line."""
        return {"color": self.colour, "linestyle": self.style}

    @property
    def marked(self) -> dict[str, Any]:
        """Colour, style and markers of the line."""
        return {**self.line, "marker": self.marker, "markersize": 7, "markeredgecolor": "white"}


def look(place: int) -> Look:
    """Return the look of the line, or the criterion, at a place."""
    size, styles = len(COLOURS), len(LINE_STYLES)
    turn = place % size
    return Look(COLOURS[turn], MARKERS[turn], LINE_STYLES[place // size % styles])


def draw_band(ax: Axes, at: ArrayLike, band: Band, *, step: bool = False, **line: Any) -> None:
    """Draw a mean and its interval; what is not finite is left out.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    at : array-like of float, [n]
        Positions on the horizontal axis.
    band : tuple of array of float, [n]
        Mean, lower and upper bound.
    step : bool
        Hold each value until the next position.
    **line
        Look of the line; `color` is that of the interval too.
    """
    mean, lower, upper = (np.where(np.isfinite(part), part, np.nan) for part in band)
    ax.plot(at, mean, drawstyle="steps-post" if step else "default", **line)
    shade: dict[str, Any] = {"color": line["color"], "alpha": SHADE * line.get("alpha", 1.0)}
    ax.fill_between(at, lower, upper, step="post" if step else None, linewidth=0, **shade)


def draw_point(
    ax: Axes,
    row: float,
    band: tuple[float, float, float],
    look_of: Look,
    *,
    width: float = 4,
    label: str | None = None,
    **marker: Any,
) -> None:
    """Draw a mean as a marker on the bar of its interval, in one row of a panel.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    row : float
        Position on the vertical axis.
    band : tuple of float
        Mean, lower and upper bound.
    look_of : Look
        Colour and marker.
    width : float
        Width of the bar [pt].
    label : str, optional
        Entry of the legend.
    **marker
        Further properties of the marker.
    """
    mean, lower, upper = band
    bar: dict[str, Any] = {"linewidth": width, "alpha": 0.6, "solid_capstyle": "butt"}
    ax.plot([lower, upper], [row, row], color=look_of.colour, label=label, **bar)
    kept: dict[str, Any] = {"markersize": 10, "markeredgecolor": "white", **marker}
    ax.plot([mean], [row], marker=look_of.marker, color=look_of.colour, **kept)


def mark_allowance(ax: Axes, low: float, high: float, *, across: bool = False) -> None:
    """Shade what a criterion allows, up to 100 % of its allowance, and what it does not.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    low, high : float
        Ends of the axis [% of the allowance].
    across : bool
        Along the vertical axis; by default along the horizontal one.
    """
    span, line = (ax.axhspan, ax.axhline) if across else (ax.axvspan, ax.axvline)
    span(low, 100, color=GREEN, alpha=0.08, linewidth=0)
    span(100, high, color=VERMILION, alpha=0.08, linewidth=0)
    line(100, color=INK, linewidth=1.5)


def write_names(ax: Axes, ends: list[tuple[float, str, str]]) -> None:
    """Write names at the right end of their lines, apart so that none is over another.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    ends : list of (height, name, colour)
        Where each line ends, as a part of the height of the axes [0..1].
    """
    ends = sorted(ends)
    at = [height for height, _, _ in ends]
    apart = spread(at, 1 / max(len(ends) + 1, 12))
    within = "axes fraction"
    text: dict[str, Any] = {"xycoords": within, "textcoords": within, "va": "center"}
    leader = {"arrowstyle": "-", "linewidth": 0.8, "shrinkA": 2, "shrinkB": 0, "relpos": (0, 0.5)}
    for end, y, (_, name, colour) in zip(at, apart, ends, strict=True):
        arrow = {**leader, "color": colour}
        style = {**text, "fontsize": 11, "color": colour, "arrowprops": arrow}
        ax.annotate(name, (1.0, end), xytext=(1.03, y), **style)


def spread(at: Sequence[float], apart: float) -> list[float]:
    """Move rising positions apart as little as needed, within 0 to 1.

    Parameters
    ----------
    at : sequence of float
        Positions in rising order [0..1].
    apart : float
        Least distance between two neighbours [0..1].
    """
    moved = list(at)
    for number in range(1, len(moved)):
        moved[number] = max(moved[number], moved[number - 1] + apart)
    highest = 1.0
    for number in reversed(range(len(moved))):
        moved[number] = min(moved[number], highest)
        highest = moved[number] - apart
    return moved


def legend_above(ax: Axes, *, columns: int = 3) -> None:
    """Put the legend above the axes in as many columns as fit; none for a single entry."""
    names = ax.get_legend_handles_labels()[1]
    if len(names) > 1:
        width_in = ax.bbox.width / ax.figure.dpi
        fit = width_in / (0.7 + 0.085 * max(map(len, names)))  # a line, and a letter [inch]
        ax.legend(
            loc="lower left",
            bbox_to_anchor=(-0.02, 1.0),
            ncols=max(1, min(columns, len(names), int(fit))),
            columnspacing=1.2,
            handlelength=2.2,
            borderaxespad=0.2,
        )


def legend_below(ax: Axes, *, columns: int) -> None:
    """Put the legend below the axes and their label, where it hides nothing."""
    ax.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.13), ncols=columns)


def upright(label: str) -> str:
    """Return the label of an upright axis in lines shorter than the axis, which else shrinks."""
    return textwrap.fill(label, 30)


def note_below(figure: Figure, text: str) -> None:
    """Write below a figure what was simulated."""
    figure.supxlabel(text, fontsize=9.5, color=GREY, x=0.01, ha="left")
