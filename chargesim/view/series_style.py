"""Set the look that the panels of a series share: a colour for each line, the axis of the values, the legend above."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from chargesim.analysis.result import Floats
from chargesim.scenario.buildup import month_number, month_text
from chargesim.scenario.series import Series, Shown, Value
from chargesim.view.style import (
    BLUE,
    GREEN,
    INK,
    LINE_STYLES,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    readable,
)

COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, INK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_MONTHS_A_TICK = (1, 2, 3, 6, 12, 24, 60, 120)


@dataclass(frozen=True)
class Look:
    """How one line is drawn, in all panels alike."""

    colour: str
    marker: str
    style: str


def look(place: int) -> Look:
    """Return the look of the line, or the criterion, at a place."""
    size = len(COLOURS)
    return Look(
        COLOURS[place % size], MARKERS[place % size], LINE_STYLES[place // size % len(LINE_STYLES)]
    )


def line_looks(series: Series) -> dict[str, Look]:
    """Return the look of each line of a series."""
    return {line: look(place) for place, line in enumerate(series.lines)}


def positions(values: Sequence[Value | None]) -> Floats:
    """Return where values stand on their axis: numbers themselves, months as months since year 0."""
    return np.array(
        [month_number(value) if isinstance(value, str) else value for value in values],
        dtype=np.float64,
    )


def values_axis(
    ax: Axes, series: Series, values: Sequence[Value | None], *, most_ticks: int = 8
) -> None:
    """Label the axis of the values."""
    at = positions(values)
    room = 0.03 * max(float(at.max() - at.min()), 1e-9)
    ax.set(xlim=(at.min() - room, at.max() + room), xlabel=series.axis or ", ".join(series.keys))
    if series.monthly:
        months = range(int(at.min()), int(at.max()) + 1)
        step = next(
            (step for step in _MONTHS_A_TICK if len(months) / step <= most_ticks),
            _MONTHS_A_TICK[-1],
        )
        ticks = [month for month in months if month % step == 0] or [months[0]]
        ax.set_xticks(ticks, [month_text(month) for month in ticks])
    elif len(at) <= most_ticks:
        ticks_at = np.unique(positions(series.values))
        ax.set_xticks(ticks_at, [f"{tick:,g}" for tick in ticks_at])


def legend_above(ax: Axes, *, columns: int = 3) -> None:
    """Put the legend above the axes, where it hides nothing, in as many columns as fit; none for a single entry."""
    names = ax.get_legend_handles_labels()[1]
    if len(names) > 1:
        fit = (
            ax.bbox.width / ax.figure.dpi / (0.7 + 0.085 * max(map(len, names)))
        )  # inch: a line, and a letter
        columns = max(1, min(columns, len(names), int(fit)))
        ax.legend(
            loc="lower left",
            bbox_to_anchor=(-0.02, 1.0),
            ncols=columns,
            columnspacing=1.2,
            handlelength=2.2,
            borderaxespad=0.2,
        )


def legend_below(ax: Axes, *, columns: int) -> None:
    """Put the legend below the axes and their label, where it hides nothing."""
    ax.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.13), ncols=columns)


def factor(unit: str) -> float:
    """Return what a value is multiplied with for its axis: shares are shown in per cent."""
    return 100.0 if unit.startswith("share") else 1.0


def axis_label(shown: Shown, unit: str, *, place: bool = True) -> str:
    """Return the label of a KPI's axis, with its unit."""
    if shown.label:
        return shown.label
    scope, key = shown.place
    of = f", {readable(key)}" if place and scope != "city" else ""
    return f"{kpi_name(shown.kpi or '', unit)}{of} [{'%' if unit.startswith('share') else unit}]"


def upright(label: str) -> str:
    """Return the label of an upright axis in lines that are shorter than the axis: the layout would shrink it otherwise."""
    return textwrap.fill(label, 30)


def kpi_name(kpi: str, unit: str) -> str:
    """Return the name of a KPI as one reads it, without the unit at its end."""
    return readable(kpi.removesuffix(f"_{unit.lower().replace('/', '_per_')}"))
