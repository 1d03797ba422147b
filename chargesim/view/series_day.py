"""Draw the variants of a series over the hours of a day: the load of the city, and a KPI by hour."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from chargesim.analysis.scopes import hour_name
from chargesim.analysis.series import Outcome, by_line
from chargesim.experiment.series import shown_row
from chargesim.scenario.series import Series, Shown
from chargesim.view.series_style import axis_label, factor, legend_above, line_looks, upright
from chargesim.view.style import hours_axis

_FAINT = 0.45
_WIDE, _NARROW = 4.5, 2.0
"""Widths of the first line, drawn below the others, and of those: where they coincide both are seen."""


def draw_loads(ax: Axes, shown: Shown, series: Series, outcomes: Sequence[Outcome]) -> None:
    """Draw the mean load of the city by quarter of an hour for each line; at its first (faint) and last value."""
    edges, highest, looks = np.arange(97) / 4, 1e-6, line_looks(series)
    first = next(iter(series.lines)) if len(series.lines) > 1 else None
    for outcome, label, alpha, style in _at_ends(series, outcomes):
        load = np.append(outcome.load_mw, outcome.load_mw[-1])
        width = _WIDE if outcome.line == first else _NARROW
        ax.step(
            edges,
            load,
            where="post",
            color=looks[outcome.line].colour,
            alpha=alpha,
            linestyle=style,
            linewidth=width,
            label=label,
        )
        highest = max(highest, float(load.max()))
    hours_axis(ax)
    ax.set(
        ylabel=upright(shown.label or "power from the grid, mean [MW]"), ylim=(0, 1.06 * highest)
    )
    ax.grid(axis="y")
    legend_above(ax, columns=4)


def draw_hours(ax: Axes, shown: Shown, series: Series, outcomes: Sequence[Outcome]) -> None:
    """Draw a KPI by hour of day with its 95 % interval for each line; at its first (faint) and last value."""
    unit, middles = "", np.arange(24) + 0.5
    for outcome, label, alpha, style in _at_ends(series, outcomes):
        rows = [
            shown_row(outcome, (shown.kpi or "", "hour", hour_name(hour))) for hour in range(24)
        ]
        unit = str(rows[0]["unit"])
        mean, lower, upper = (
            factor(unit) * np.array([row[name] for row in rows])
            for name in ("mean", "lower", "upper")
        )
        mean, lower, upper = (
            np.where(np.isfinite(part), part, np.nan) for part in (mean, lower, upper)
        )
        colour = line_looks(series)[outcome.line].colour
        ax.plot(middles, mean, color=colour, alpha=alpha, linestyle=style, label=label)
        ax.fill_between(middles, lower, upper, color=colour, alpha=0.2 * alpha, linewidth=0)
    hours_axis(ax)
    ax.set_ylabel(upright(axis_label(shown, unit, place=False)))
    ax.set_ylim(bottom=0)
    ax.grid(axis="y")
    legend_above(ax, columns=2)


def _at_ends(series: Series, outcomes: Sequence[Outcome]) -> list[tuple[Outcome, str, float, str]]:
    """Return the variants of each line that are drawn, with label, opacity and style: all, or those at the ends of the values."""
    if not series.values:
        return [
            (outcome, outcome.line, 1.0, line_looks(series)[outcome.line].style)
            for outcome in outcomes
        ]
    drawn = []
    for members in by_line(outcomes).values():
        drawn += [(members[0], members[0].name, _FAINT, "--")] if len(members) > 1 else []
        drawn += [(members[-1], members[-1].name, 1.0, "-")]
    return drawn
