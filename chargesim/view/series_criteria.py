"""Draw how far each criterion is from its threshold in every variant of a series."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from chargesim.analysis.result import Floats
from chargesim.analysis.series import Outcome, states
from chargesim.scenario.series import Series
from chargesim.view.series_style import Look, legend_above, line_looks, look, positions, values_axis
from chargesim.view.style import GREEN, GREY, INK, VERMILION
from chargesim.view.wording import percent

_FLOOR, _CEILING = 3.0, 1000.0
"""Ends of the axis [% of the allowance]; what lies beyond is drawn at the end."""
_TICKS = (3, 5, 10, 20, 50, 100, 200, 500, 1000)
_LABEL = "failures, % of what the criterion\nallows (100: at the threshold)"


def draw_criteria_over_values(
    ax: Axes, series: Series, outcomes: Sequence[Outcome], *, title: str = ""
) -> None:
    """Draw each criterion's failures over its allowance along the values, named at the right end; hollow where undecided.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    series : Series
        Gives the axis.
    outcomes : sequence of Outcome
        Those of one line.
    title : str
        Name of the line, where there are several.
    """
    at = positions([outcome.value for outcome in outcomes])
    names = _names(outcomes)
    used = {name: np.stack([_used(outcome, name) for outcome in outcomes]) for name in names}
    bottom, top = _ends(list(used.values()))
    judged, ends = 0, []
    for name in names:
        given = all(
            item.verdict == "given"
            for outcome in outcomes
            for item in outcome.verdict.criteria
            if item.name == name
        )
        of_name = Look(GREY, ".", ":") if given else look(judged)
        judged += not given
        mean = np.clip(used[name][:, 0], bottom, top)
        ax.plot(at, mean, color=of_name.colour, linestyle=of_name.style)
        for decided, fill in ((True, of_name.colour), (False, "white")):
            chosen = np.array(
                [(states(outcome).get(name) != "inconclusive") == decided for outcome in outcomes]
            )
            ax.plot(
                at[chosen],
                mean[chosen],
                marker=of_name.marker,
                linestyle="none",
                color=of_name.colour,
                markerfacecolor=fill,
                markersize=7,
            )
        ends.append(
            (
                float(mean[np.isfinite(mean)][-1]) if np.isfinite(mean).any() else bottom,
                name,
                of_name.colour,
            )
        )
    _shade(ax.axhspan, bottom, top)
    ax.axhline(100, color=INK, linewidth=1.5)
    ax.set_yscale("log")
    ax.set(ylim=(bottom, top), ylabel=_LABEL)
    values_axis(ax, series, [outcome.value for outcome in outcomes], most_ticks=10)
    _write_ticks(ax.set_yticks, bottom, top)
    ax.minorticks_off()
    _write_names(ax, ends, bottom, top)
    ax.set_title("; ".join(filter(None, [title, "hollow: inconclusive"])))


def draw_criteria_by_line(ax: Axes, series: Series, outcomes: Sequence[Outcome]) -> None:
    """Draw each criterion's failures over its allowance as a point with bounds for each line."""
    names, looks = _names(outcomes), line_looks(series)
    bottom, top = _ends([_used(outcome, name) for outcome in outcomes for name in names])
    gap = 0.7 / len(outcomes)
    for number, outcome in enumerate(outcomes):
        of_line = looks[outcome.line]
        for row, name in enumerate(names):
            mean, low, high = np.clip(_used(outcome, name), bottom, top)
            y = row + (number - (len(outcomes) - 1) / 2) * gap
            fill = "white" if states(outcome).get(name) == "inconclusive" else of_line.colour
            label = outcome.line if row == 0 else None
            ax.plot(
                [low, high],
                [y, y],
                color=of_line.colour,
                linewidth=3,
                alpha=0.6,
                solid_capstyle="butt",
                label=label,
            )
            ax.plot(
                [mean],
                [y],
                marker=of_line.marker,
                color=of_line.colour,
                markersize=7,
                markerfacecolor=fill,
                clip_on=False,
            )
    _shade(ax.axvspan, bottom, top)
    ax.axvline(100, color=INK, linewidth=1.5)
    ax.set_xscale("log")
    bounds = f"bars: bounds one-sided at {percent(outcomes[0].verdict.confidence_of_a_look)}; hollow: inconclusive"
    ax.set(
        xlim=(bottom, top),
        xlabel=_LABEL.replace("\n", " ") + f"\n{bounds}",
        ylim=(len(names) - 0.4, -0.6),
    )
    _write_ticks(ax.set_xticks, bottom, top)
    ax.minorticks_off()
    ax.set_yticks(range(len(names)), names)
    ax.tick_params(axis="y", length=0, pad=9)  # beside the markers at the end of the axis
    legend_above(ax, columns=3)


def _names(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the names of all criteria in the order of the standard."""
    return list(
        dict.fromkeys(item.name for outcome in outcomes for item in outcome.verdict.criteria)
    )


def _used(outcome: Outcome, name: str) -> Floats:
    """Return the used part of a criterion's allowance in a variant, and its bounds [%]."""
    item = next((item for item in outcome.verdict.criteria if item.name == name), None)
    if item is None:
        return np.full(3, math.nan)
    return 100 * np.array([item.allowance_used, item.allowance_lower, item.allowance_upper])


def _ends(used: list[Floats]) -> tuple[float, float]:
    """Return the ends of the axis: all values, the threshold, and no more than can be read."""
    known = np.concatenate([part.ravel() for part in used]) if used else np.array([100.0])
    known = known[np.isfinite(known) & (known > 0)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (100.0, 100.0)
    return max(_FLOOR, min(0.8 * low, 50.0)), min(_CEILING, max(1.25 * high, 200.0))


def _shade(span: Callable[..., object], bottom: float, top: float) -> None:
    """Shade what the standard allows and what it does not."""
    span(bottom, 100, color=GREEN, alpha=0.07, linewidth=0)
    span(100, top, color=VERMILION, alpha=0.07, linewidth=0)


def _write_ticks(set_ticks: Callable[..., object], bottom: float, top: float) -> None:
    """Write round percentages on a logarithmic axis."""
    ticks = [tick for tick in _TICKS if bottom <= tick <= top]
    set_ticks(ticks, [f"{tick:g} %" for tick in ticks])


def _write_names(ax: Axes, ends: list[tuple[float, str, str]], bottom: float, top: float) -> None:
    """Write the names at the right end of their lines, moved apart so that none lies over another."""
    ends = sorted(ends)
    height = np.log(top / bottom)
    at = [np.log(value / bottom) / height for value, _, _ in ends]
    for place, (y, (_, name, colour)) in enumerate(
        zip(spread(at, 1 / max(len(ends) + 1, 12)), ends, strict=True)
    ):
        leader = {
            "arrowstyle": "-",
            "color": colour,
            "linewidth": 0.8,
            "shrinkA": 2,
            "shrinkB": 0,
            "relpos": (0, 0.5),
        }
        end, beside = (1.0, float(at[place])), (1.03, y)
        style: dict[str, Any] = {
            "xycoords": "axes fraction",
            "textcoords": "axes fraction",
            "va": "center",
            "fontsize": 11,
            "color": colour,
        }
        ax.annotate(name, end, xytext=beside, arrowprops=leader, **style)


def spread(at: Sequence[float], apart: float) -> list[float]:
    """Move rising places apart as little as needed, within 0 to 1.

    Parameters
    ----------
    at : sequence of float
        Places in rising order [0..1].
    apart : float
        Least distance between two neighbours [0..1].
    """
    places = list(at)
    for number in range(1, len(places)):
        places[number] = max(places[number], places[number - 1] + apart)
    limit = 1.0
    for number in reversed(range(len(places))):
        places[number] = min(places[number], limit)
        limit = places[number] - apart
    return places
