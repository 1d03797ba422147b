"""Draw a KPI over the values of a series or line by line, and what is built over the values."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from chargesim.analysis.headlines import judged_headline
from chargesim.analysis.result import Floats
from chargesim.analysis.series import Outcome, by_line
from chargesim.experiment.series import shown_row
from chargesim.scenario.series import Series, Shown
from chargesim.scenario.standard import Criterion
from chargesim.view.series_style import (
    Look,
    axis_label,
    factor,
    legend_above,
    line_looks,
    look,
    positions,
    upright,
    values_axis,
)
from chargesim.view.style import GREY, INK
from chargesim.view.wording import amount, interval

_FLAT = 0.35
"""Part of the highest value below which the lowest must lie for the axis to begin at 0."""
Band = tuple[Floats, Floats, Floats]


def draw_kpi_over_values(
    ax: Axes,
    shown: Shown,
    series: Series,
    outcomes: Sequence[Outcome],
    criteria: Sequence[Criterion],
) -> None:
    """Draw a KPI over the values: a line with its 95 % interval for each line of the series.

    A wait that is endless in some replication stands as an arrow at the top of the axis.
    """
    looks, unit = line_looks(series), ""
    endless = []
    for line, members in by_line(outcomes).items():
        rows = [shown_row(outcome, (shown.kpi or "", *shown.place)) for outcome in members]
        unit = str(rows[0]["unit"])
        mean, lower, upper = (
            factor(unit) * np.array([row[name] for row in rows])
            for name in ("mean", "lower", "upper")
        )
        at = positions([outcome.value for outcome in members])
        _draw_band(ax, at, (mean, lower, upper), looks[line], line)
        if np.isposinf(
            mean
        ).any():  # an empty line that is not clipped would lie at the figure's corner
            endless.append((at[np.isposinf(mean)], looks[line]))
    values_axis(
        ax, series, [outcome.value for outcome in outcomes], most_ticks=14 if series.monthly else 8
    )
    ax.set_ylabel(upright(axis_label(shown, unit)))
    ax.grid(axis="y")
    _draw_threshold(ax, shown, criteria, across=True)
    _set_limits(ax, unit)
    _draw_endless(ax, endless)
    legend_above(ax, columns=2)


def _draw_band(ax: Axes, at: Floats, band: Band, look_of: Look, line: str) -> None:
    """Draw one line and its interval; what is not finite is left out."""
    mean, lower, upper = (np.where(np.isfinite(part), part, np.nan) for part in band)
    ax.plot(
        at,
        mean,
        color=look_of.colour,
        marker=look_of.marker,
        linestyle=look_of.style,
        markersize=7,
        markeredgecolor="white",
        label=line,
    )
    ax.fill_between(at, lower, upper, color=look_of.colour, alpha=0.22, linewidth=0)


def _draw_endless(ax: Axes, endless: list[tuple[Floats, Look]]) -> None:
    """Mark the values at which a KPI is endless."""
    above, step = ax.get_xaxis_transform(), 0.06
    for row, (at, look_of) in enumerate(endless):  # a row for each line, so that none hides another
        heights = np.full(len(at), 0.97 - step * row)
        ax.plot(
            at,
            heights,
            marker="^",
            linestyle="none",
            color=look_of.colour,
            markersize=9,
            transform=above,
            clip_on=False,
        )
    if endless:
        ax.text(
            0.02,
            0.97 - step * len(endless),
            "endless in some replication",
            transform=ax.transAxes,
            color=INK,
            fontsize=11,
            va="center",
        )


def draw_kpi_by_line(
    ax: Axes,
    shown: Shown,
    series: Series,
    outcomes: Sequence[Outcome],
    criteria: Sequence[Criterion],
) -> None:
    """Draw a KPI of each line as a point with its 95 % interval and its number."""
    looks, unit = line_looks(series), ""
    for place, outcome in enumerate(outcomes):
        row = shown_row(outcome, (shown.kpi or "", *shown.place))
        unit, of_line = str(row["unit"]), looks[outcome.line]
        mean, lower, upper = (
            factor(unit) * float(row[name]) for name in ("mean", "lower", "upper")
        )
        if np.isfinite(mean):
            ax.plot(
                [lower, upper],
                [place, place],
                color=of_line.colour,
                linewidth=4,
                alpha=0.6,
                solid_capstyle="butt",
            )
            ax.plot(
                [mean],
                [place],
                marker=of_line.marker,
                color=of_line.colour,
                markersize=10,
                markeredgecolor="white",
            )
        words = amount(row["mean"], unit)  # an endless wait has words and no point
        if row["lower"] != row["upper"] and np.isfinite(mean):
            words += f"\n({interval(row['lower'], row['upper'], unit)})"
        ax.text(
            1.02,
            place,
            words,
            transform=ax.get_yaxis_transform(),
            va="center",
            ha="left",
            color=INK,
            fontsize=11,
        )
    ax.set_yticks(range(len(outcomes)), [outcome.line for outcome in outcomes])
    ax.set(ylim=(len(outcomes) - 0.5, -0.5), xlabel=axis_label(shown, unit))
    ax.tick_params(axis="y", length=0, pad=9)  # beside the markers at 0
    ax.grid(axis="x")
    _draw_threshold(ax, shown, criteria, across=False)
    low, high = ax.get_xlim()
    room = 0.25 * (high - low)
    least = -0.02 * (high - low)  # no share and no number of minutes is below 0; half a marker is
    most = (
        100.6 if unit == "share" and high <= 101 else high + room
    )  # no share is above 100 %; half a marker is
    ax.set_xlim(max(low - room, least), min(high + room, most))


def draw_supply(ax: Axes, shown: Shown, series: Series, outcomes: Sequence[Outcome]) -> None:
    """Draw what is built, and the vehicles, over the values, each as a part of its highest number."""
    at = positions([outcome.value for outcome in outcomes])
    names = [
        name for name in outcomes[0].supply if max(outcome.supply[name] for outcome in outcomes) > 0
    ]
    for place, name in enumerate(names):
        numbers = np.array([outcome.supply[name] for outcome in outcomes])
        words = (
            f"{name}: {numbers[0]:,.0f} to {numbers[-1]:,.0f}"
            if numbers[0] != numbers[-1]
            else f"{name}: {numbers[0]:,.0f}"
        )
        of_name = look(place)
        style = "--" if name == "vehicles" else "-"
        ax.plot(
            at,
            100 * numbers / numbers.max(),
            color=of_name.colour,
            marker=of_name.marker,
            linestyle=style,
            markersize=6,
            label=words,
        )
    values_axis(ax, series, [outcome.value for outcome in outcomes])
    ax.set(
        ylabel=upright(shown.label or "built, and vehicles on the road [% of the highest]"),
        ylim=(0, 106),
    )
    ax.grid(axis="y")
    legend_above(ax, columns=2)


def threshold_of(shown: Shown, criteria: Sequence[Criterion]) -> tuple[float, str] | None:
    """Return the threshold of the criterion that judges what a panel shows, in the unit of its axis, and its words.

    Parameters
    ----------
    shown : Shown
        A panel of a KPI.
    criteria : sequence of Criterion
        Those of the standard.
    """
    for criterion in criteria:
        judged = judged_headline(criterion)
        if judged is None or (shown.kpi, *shown.place) != judged.row_key:
            continue
        if criterion.measure == "wait_p95" and criterion.minutes is not None:
            return criterion.minutes, f"at most {criterion.minutes:g} min"
        if criterion.at_most is not None:
            return 100 * criterion.at_most, f"at most {100 * criterion.at_most:g} %"
        if criterion.at_least is not None:
            return 100 * criterion.at_least, f"at least {100 * criterion.at_least:g} %"
    return None


def _draw_threshold(ax: Axes, shown: Shown, criteria: Sequence[Criterion], *, across: bool) -> None:
    """Draw the threshold of the standard across the axis of the KPI."""
    found = threshold_of(shown, criteria)
    if found is None:
        return
    at, words = found
    if across:
        ax.axhline(at, color=GREY, linestyle="--", linewidth=1.5)
        beside = f"standard:\n{words}".replace(" most ", " most\n").replace(" least ", " least\n")
        ax.text(
            1.01,
            at,
            beside,
            transform=ax.get_yaxis_transform(),
            va="center",
            color=GREY,
            fontsize=10.5,
        )
    else:
        ax.axvline(at, color=GREY, linestyle="--", linewidth=1.5)
        ax.set_title(f"standard: {words}", fontsize=10.5, color=GREY, loc="right")


def _set_limits(ax: Axes, unit: str) -> None:
    """Begin the axis at 0 where the values spread widely, and leave room above."""
    low, high = ax.dataLim.y0, ax.dataLim.y1
    if not np.isfinite([low, high]).all():
        ax.set(ylim=(0, 1), yticks=[])
        return
    spread = max(high - low, 0.1 * max(abs(high), 1e-3))
    bottom = 0.0 if 0 <= low < _FLAT * high else low - 0.12 * spread
    top = high + 0.16 * spread
    ax.set_ylim(max(bottom, 0.0), min(top, 100.3) if unit == "share" and high <= 100 else top)
