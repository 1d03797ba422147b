"""Draw the panels of a series: KPIs, criteria, load and supply, over its values or line by line."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from chargesim.analysis.headlines import judged_headline
from chargesim.analysis.kpi_responses import Named
from chargesim.analysis.result import Floats
from chargesim.analysis.scopes import hour_name
from chargesim.analysis.series import VariantResult, by_line
from chargesim.analysis.trend_text import criterion_states
from chargesim.scenario.buildup import month_number, month_text
from chargesim.scenario.series import Series, Shown, Value
from chargesim.scenario.standard import Criterion
from chargesim.view.bands import (
    Band,
    Look,
    draw_band,
    draw_point,
    legend_above,
    look,
    mark_allowance,
    upright,
    write_names,
)
from chargesim.view.style import GREY, INK, hours_axis, readable
from chargesim.view.wording import amount, interval, kpi_name, percent

_FLAT = 0.35
"""Part of the highest value below which the lowest must lie for the axis to begin at 0."""
_FAINT = 0.45
"""Opacity of the first value beside the last."""
_WIDE, _NARROW = 4.5, 2.0
"""Widths of the first line, drawn below, and of the others: where they coincide both are seen."""
_FLOOR, _CEILING = 3.0, 1000.0
"""Ends of the axis [% of the allowance]; what lies beyond is drawn at the end."""
_TICKS = (3, 5, 10, 20, 50, 100, 200, 500, 1000)
_ALLOWANCE = "failures, % of what the criterion\nallows (100: at the threshold)"
_MONTHS_A_TICK = (1, 2, 3, 6, 12, 24, 60, 120)
Variants = Sequence[VariantResult]


def draw_kpi_over_values(
    ax: Axes, shown: Shown, series: Series, variants: Variants, criteria: Sequence[Criterion]
) -> None:
    """Draw a KPI over the values: a line with its 95 % interval for each line of the series.

    Where a wait is endless in some replication, an arrow marks the top of the axis.
    """
    looks, unit, endless = line_looks(series), "", list[tuple[Floats, Look]]()
    for line, members in by_line(variants).items():
        band, unit = _band(members, _named(shown))
        at = positions([one.value for one in members])
        draw_band(ax, at, band, **looks[line].marked, label=line)
        if np.isposinf(band[0]).any():
            endless.append((at[np.isposinf(band[0])], looks[line]))
    _values_axis(ax, series, variants, most_ticks=14 if series.monthly else 8)
    ax.set_ylabel(upright(axis_label(shown, unit)))
    ax.grid(axis="y")
    found = threshold_of(shown, criteria)
    if found is not None:
        words = f"standard:\n{found[1]}".replace(" most ", " most\n").replace(" least ", " least\n")
        ax.axhline(found[0], color=GREY, linestyle="--", linewidth=1.5)
        _write_right(ax, found[0], words, color=GREY, fontsize=10.5, gap=0.01)
    _set_limits(ax, unit)
    _mark_endless(ax, endless)
    legend_above(ax, columns=2)


def draw_kpi_by_line(
    ax: Axes, shown: Shown, series: Series, variants: Variants, criteria: Sequence[Criterion]
) -> None:
    """Draw a KPI of each line as a point with its 95 % interval and its number."""
    looks, unit = line_looks(series), ""
    for row, one in enumerate(variants):
        estimate = one.estimate(_named(shown))
        (mean, lower, upper), unit = _band([one], _named(shown))
        finite = bool(np.isfinite(mean[0]))
        if finite:
            draw_point(ax, row, (mean[0], lower[0], upper[0]), looks[one.line])
        words = amount(estimate["mean"], unit)  # an endless wait has words and no point
        if finite and lower[0] != upper[0]:
            words += f"\n({interval(estimate['lower'], estimate['upper'], unit)})"
        _write_right(ax, row, words, color=INK, fontsize=11, gap=0.02)
    _name_rows(ax, [one.line for one in variants], margin=0.5)
    ax.set_xlabel(axis_label(shown, unit))
    ax.grid(axis="x")
    found = threshold_of(shown, criteria)
    if found is not None:
        ax.axvline(found[0], color=GREY, linestyle="--", linewidth=1.5)
        ax.set_title(f"standard: {found[1]}", fontsize=10.5, color=GREY, loc="right")
    low, high = ax.get_xlim()
    room = 0.25 * (high - low)
    most = 100.6 if unit == "share" and high <= 101 else high + room  # no share is above 100 %
    ax.set_xlim(max(low - room, -0.02 * (high - low)), min(high + room, most))


def draw_hours(ax: Axes, shown: Shown, series: Series, variants: Variants) -> None:
    """Draw a KPI by hour with its 95 % interval, a line each; at the first and last value."""
    unit, kpi, looks = "", shown.kpi or "", line_looks(series)
    hours = [(kpi, "hour", hour_name(hour)) for hour in range(24)]
    for one, label, alpha, style in _at_ends(series, variants):
        band, unit = _band([one], *hours)
        line: dict[str, Any] = {"color": looks[one.line].colour, "linestyle": style}
        draw_band(ax, np.arange(24) + 0.5, band, alpha=alpha, label=label, **line)
    _finish_hours(ax, axis_label(shown, unit, scoped=False), columns=2)
    ax.set_ylim(bottom=0)


def draw_loads(ax: Axes, shown: Shown, series: Series, variants: Variants) -> None:
    """Draw the mean load of the city by quarter of an hour, a line each; at the ends of values."""
    highest, looks = 1e-6, line_looks(series)
    first = next(iter(series.lines)) if len(series.lines) > 1 else None
    for one, label, alpha, style in _at_ends(series, variants):
        ax.step(
            np.arange(97) / 4,
            np.append(one.load_mw, one.load_mw[-1]),
            where="post",
            color=looks[one.line].colour,
            alpha=alpha,
            linestyle=style,
            linewidth=_WIDE if one.line == first else _NARROW,
            label=label,
        )
        highest = max(highest, float(one.load_mw.max()))
    _finish_hours(ax, shown.label or "power from the grid, mean [MW]", columns=4)
    ax.set_ylim(0, 1.06 * highest)


def draw_supply(ax: Axes, shown: Shown, series: Series, variants: Variants) -> None:
    """Draw what is built, and the vehicles, over the values, each in % of its highest number."""
    at = positions([one.value for one in variants])
    names = [name for name in variants[0].supply if max(one.supply[name] for one in variants) > 0]
    for place, name in enumerate(names):
        numbers = np.array([one.supply[name] for one in variants])
        ends = dict.fromkeys(f"{number:,.0f}" for number in (numbers[0], numbers[-1]))
        line = {**look(place).marked, "linestyle": "--" if name == "vehicles" else "-"}
        line |= {"markersize": 6, "markeredgecolor": line["color"]}
        ax.plot(at, 100 * numbers / numbers.max(), **line, label=f"{name}: {' to '.join(ends)}")
    _values_axis(ax, series, variants)
    label = shown.label or "built, and vehicles on the road [% of the highest]"
    ax.set(ylabel=upright(label), ylim=(0, 106))
    ax.grid(axis="y")
    legend_above(ax, columns=2)


def draw_criteria_over_values(
    ax: Axes, series: Series, variants: Variants, *, title: str = ""
) -> None:
    """Draw each criterion's failures over its allowance along the values of one line.

    Names are at the right end; markers are hollow where a criterion is inconclusive.
    """
    at = positions([one.value for one in variants])
    states = [criterion_states(one.verdict) for one in variants]
    used = {
        name: np.stack([_allowance(one, name) for one in variants]) for name in _names(variants)
    }
    bottom, top = _ends(list(used.values()))
    judged, ends = 0, []
    for name, values in used.items():
        given = {known.get(name) for known in states} <= {"given", "short", "nothing", None}
        of_name = Look(GREY, ".", ":") if given else look(judged)
        judged += not given
        mean = np.clip(values[:, 0], bottom, top)
        ax.plot(at, mean, **of_name.line)
        hollow = np.array([known.get(name) == "inconclusive" for known in states])
        marker: dict[str, Any] = {"marker": of_name.marker, "markersize": 7, "linestyle": "none"}
        for chosen, fill in ((~hollow, of_name.colour), (hollow, "white")):
            colours: dict[str, Any] = {"color": of_name.colour, "markerfacecolor": fill}
            ax.plot(at[chosen], mean[chosen], **marker, **colours)
        known_mean = mean[np.isfinite(mean)]
        end = float(known_mean[-1]) if len(known_mean) else bottom
        height = float(np.log(end / bottom) / np.log(top / bottom))
        ends.append((height, name, of_name.colour))
    mark_allowance(ax, bottom, top, across=True)
    ax.set_yscale("log")
    ax.set(ylim=(bottom, top), ylabel=_ALLOWANCE)
    _values_axis(ax, series, variants, most_ticks=10)
    _write_ticks(ax.set_yticks, bottom, top)
    ax.minorticks_off()
    write_names(ax, ends)
    ax.set_title("; ".join(filter(None, [title, "hollow: inconclusive"])))


def draw_criteria_by_line(ax: Axes, series: Series, variants: Variants) -> None:
    """Draw each criterion's failures over its allowance as a point with bounds for each line."""
    names, looks = _names(variants), line_looks(series)
    bottom, top = _ends([_allowance(one, name) for one in variants for name in names])
    gap = 0.7 / len(variants)
    for number, one in enumerate(variants):
        states, of_line = criterion_states(one.verdict), looks[one.line]
        for row, name in enumerate(names):
            mean, low, high = np.clip(_allowance(one, name), bottom, top)
            draw_point(
                ax,
                row + (number - (len(variants) - 1) / 2) * gap,
                (mean, low, high),
                of_line,
                width=3,
                label=one.line if row == 0 else None,
                markersize=7,
                markeredgecolor=of_line.colour,
                markerfacecolor="white" if states.get(name) == "inconclusive" else of_line.colour,
                clip_on=False,
            )
    mark_allowance(ax, bottom, top)
    ax.set_xscale("log")
    level = percent(variants[0].verdict.confidence_of_a_look)
    label = _ALLOWANCE.replace("\n", " ")
    label += f"\nbars: bounds one-sided at {level}; hollow: inconclusive"
    ax.set(xlim=(bottom, top), xlabel=label)
    _write_ticks(ax.set_xticks, bottom, top)
    ax.minorticks_off()
    _name_rows(ax, names, margin=0.6)
    legend_above(ax, columns=3)


def line_looks(series: Series) -> dict[str, Look]:
    """Return the look of each line of a series."""
    return {line: look(place) for place, line in enumerate(series.lines)}


def positions(values: Sequence[Value | None]) -> Floats:
    """Return where values are on their axis: numbers themselves, months counted from year 0."""
    numbers = [month_number(value) if isinstance(value, str) else value for value in values]
    return np.array(numbers, dtype=np.float64)


def axis_label(shown: Shown, unit: str, *, scoped: bool = True) -> str:
    """Return the label of a KPI's axis, with its unit; `scoped` names the scope too."""
    if shown.label:
        return shown.label
    scope, key = shown.place
    of = f", {readable(key)}" if scoped and scope != "city" else ""
    return f"{kpi_name(shown.kpi or '', unit)}{of} [{'%' if unit.startswith('share') else unit}]"


def threshold_of(shown: Shown, criteria: Sequence[Criterion]) -> tuple[float, str] | None:
    """Return the threshold of the criterion that judges the KPI of a panel, and its words.

    Parameters
    ----------
    shown : Shown
        A panel of a KPI; the threshold is in the unit of its axis.
    criteria : sequence of Criterion
        Those of the standard.
    """
    for criterion in criteria:
        judged = judged_headline(criterion)
        if judged is None or (shown.kpi, *shown.place) != judged.row_key:
            continue
        if criterion.measure == "wait_p95" and criterion.minutes is not None:
            return criterion.minutes, f"at most {criterion.minutes:g} min"
        for sense, limit in (("most", criterion.at_most), ("least", criterion.at_least)):
            if limit is not None:
                return 100 * limit, f"at {sense} {100 * limit:g} %"
    return None


def _named(shown: Shown) -> Named:
    """Return the KPI of a panel with its scope and key."""
    return shown.kpi or "", *shown.place


def _band(variants: Variants, *named: Named) -> tuple[Band, str]:
    """Return mean and bounds of KPIs of variants, and the unit; shares are in per cent."""
    rows = [one.estimate(kpi) for one in variants for kpi in named]
    unit = str(rows[0]["unit"])
    factor = 100.0 if unit.startswith("share") else 1.0
    mean, lower, upper = (
        factor * np.array([row[part] for row in rows]) for part in ("mean", "lower", "upper")
    )
    return (mean, lower, upper), unit


def _at_ends(series: Series, variants: Variants) -> list[tuple[VariantResult, str, float, str]]:
    """Return the variants to draw with label, opacity and style: all, or the ends of the values."""
    if not series.values:
        looks = line_looks(series)
        return [(one, one.line, 1.0, looks[one.line].style) for one in variants]
    drawn = []
    for members in by_line(variants).values():
        drawn += [(members[0], members[0].name, _FAINT, "--")] if len(members) > 1 else []
        drawn += [(members[-1], members[-1].name, 1.0, "-")]
    return drawn


def _finish_hours(ax: Axes, label: str, *, columns: int) -> None:
    """Label the axes of a panel over the hours of the day."""
    hours_axis(ax)
    ax.set_ylabel(upright(label))
    ax.grid(axis="y")
    legend_above(ax, columns=columns)


def _values_axis(ax: Axes, series: Series, variants: Variants, *, most_ticks: int = 8) -> None:
    """Label the axis of the values."""
    at = positions([one.value for one in variants])
    room = 0.03 * max(float(at.max() - at.min()), 1e-9)
    ax.set(xlim=(at.min() - room, at.max() + room), xlabel=series.axis or ", ".join(series.keys))
    if series.monthly:
        months = range(int(at.min()), int(at.max()) + 1)
        steps = [step for step in _MONTHS_A_TICK if len(months) / step <= most_ticks]
        step = steps[0] if steps else _MONTHS_A_TICK[-1]
        ticks = [month for month in months if month % step == 0] or [months[0]]
        ax.set_xticks(ticks, [month_text(month) for month in ticks])
    elif len(at) <= most_ticks:
        ticks_at = np.unique(positions(series.values))
        ax.set_xticks(ticks_at, [f"{tick:,g}" for tick in ticks_at])


def _name_rows(ax: Axes, names: Sequence[str], *, margin: float) -> None:
    """Name the rows of a panel at its left, from the top down."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 1 + margin, -margin)
    ax.tick_params(axis="y", length=0, pad=9)  # beside the markers at the end of the axis


def _write_right(ax: Axes, y: float, words: str, *, gap: float, **style: Any) -> None:
    """Write words at the right of the axes."""
    along = ax.get_yaxis_transform()
    ax.text(1 + gap, y, words, transform=along, va="center", ha="left", **style)


def _set_limits(ax: Axes, unit: str) -> None:
    """Begin the axis at 0 where the values spread widely, and leave room above."""
    low, high = ax.dataLim.y0, ax.dataLim.y1
    if not np.isfinite([low, high]).all():
        ax.set(ylim=(0, 1), yticks=[])
        return
    width = max(high - low, 0.1 * max(abs(high), 1e-3))
    bottom = 0.0 if 0 <= low < _FLAT * high else low - 0.12 * width
    top = high + 0.16 * width
    ax.set_ylim(max(bottom, 0.0), min(top, 100.3) if unit == "share" and high <= 100 else top)


def _mark_endless(ax: Axes, endless: list[tuple[Floats, Look]]) -> None:
    """Mark the values at which a KPI is endless, a row for each line so that none hides another."""
    above, step = ax.get_xaxis_transform(), 0.06
    arrow: dict[str, Any] = {"marker": "^", "linestyle": "none", "markersize": 9, "clip_on": False}
    for row, (at, of_line) in enumerate(endless):
        heights = np.full(len(at), 0.97 - step * row)
        ax.plot(at, heights, color=of_line.colour, transform=above, **arrow)
    if endless:
        style: dict[str, Any] = {"color": INK, "fontsize": 11, "va": "center"}
        y = 0.97 - step * len(endless)
        ax.text(0.02, y, "endless in some replication", transform=ax.transAxes, **style)


def _names(variants: Variants) -> list[str]:
    """Return the names of all criteria in the order of the standard."""
    return list(dict.fromkeys(item.name for one in variants for item in one.verdict.criteria))


def _allowance(one: VariantResult, name: str) -> Floats:
    """Return the used part of a criterion's allowance in a variant, and its bounds [%]."""
    item = next((item for item in one.verdict.criteria if item.name == name), None)
    if item is None:
        return np.full(3, math.nan)
    return 100 * np.array([item.allowance_used, item.allowance_lower, item.allowance_upper])


def _ends(used: list[Floats]) -> tuple[float, float]:
    """Return the ends of the axis: all values, the threshold, and no more than can be read."""
    known = np.concatenate([part.ravel() for part in used]) if used else np.array([100.0])
    known = known[np.isfinite(known) & (known > 0)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (100.0, 100.0)
    return max(_FLOOR, min(0.8 * low, 50.0)), min(_CEILING, max(1.25 * high, 200.0))


def _write_ticks(set_ticks: Callable[..., object], bottom: float, top: float) -> None:
    """Write round percentages on a logarithmic axis."""
    ticks = [tick for tick in _TICKS if bottom <= tick <= top]
    set_ticks(ticks, [f"{tick:g} %" for tick in ticks])
