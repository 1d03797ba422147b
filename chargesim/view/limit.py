"""Word and draw where a plan breaks along the levels of a factor."""

import math
import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.text import Text

from chargesim.analysis.breaking_point import Curve
from chargesim.analysis.result import Floats
from chargesim.analysis.trend_text import stretches
from chargesim.experiment.limit import LimitRun
from chargesim.view.answer import Answer, AnswerTable, name_figure
from chargesim.view.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    VERDICT_COLOURS,
    VERDICT_MARKERS,
    VERMILION,
    Looks,
    new_figure,
    styled,
)
from chargesim.view.verdict import STYLES
from chargesim.view.wording import amount, threshold

_MOST = 300.0
"""Top of the axes [% of what is allowed]."""
_COLUMNS = 3
_APART = 0.06
"""Part of the axis that the number of an observed network takes."""
_SHOWN = (
    "line: monotone fit with its 95 % band, through the points where none fits; "
    "points: o meets, X fails, square inconclusive; "
    "upright line: where it breaks, with interval; triangle: the scenario"
)


def answer(run: LimitRun) -> Answer:
    """Return the answer: the headline, a row per criterion, and a row per level."""
    name, value = run.factor.name, run.factor.value
    now = "" if value is None else f"; in the scenario {name} is {_level(run, value)}"
    error, levels = 100 * (1 - run.confidence), len(run.levels)
    text = (
        f"{levels} levels, {run.replications} replications at each{now}. Meets and fails hold with "
        f"{100 * run.confidence:g} % over all levels together: the error of {error:.2g} % is "
        f"divided over {levels} levels, {100 * run.alpha_of_a_level:.2g} % for each. "
        "Where a criterion breaks comes from a monotone fit, with a 95 % interval of that "
        "criterion by itself, from the last level that meets to the first that fails, so a level "
        "outside it may still be inconclusive."
    )
    return Answer(
        title=run.title,
        headline=headline(run),
        text=text,
        tables=(_criteria_table(run), _levels_table(run)),
        notes=[*_notes(run), *_observed_lines(run)],
        about=f"{run.about}; {run.label}",
        figures={"limit": lambda: draw_limit(run)},
        files="levels.csv, limit.json",
    )


def _notes(run: LimitRun) -> list[str]:
    """Return what was not as asked, and what the other layouts add."""
    return [f"Note: {words}" for words in (run.note, _layouts_note(run)) if words]


def headline(run: LimitRun) -> str:
    """Return the answer in a sentence: where the plan meets, where it fails, where it breaks."""
    day, levels = f"one {run.day}", [_level(run, level) for level in run.levels]
    if run.changes_nothing:
        same = f"every criterion is the same at all {len(levels)} levels"
        return f"{run.factor.name} changes nothing: {same} ({day})"
    text = f"{_name(run)}: {stretches(levels, run.states)} ({day})"
    first = run.breaking_point.breaks_first
    if first is None:
        return text
    curve = next(curve for curve in run.curves if curve.criterion == first)
    how = "" if curve.crossing is None else "breaks first by its fit: "
    return f"{text}; {how}{first}, {_breaks(run, curve)}{_use_there(run, curve)}"


def _use_there(run: LimitRun, curve: Curve) -> str:
    """Return what is asked of a gun where a criterion breaks, as a clause; "" where unknown."""
    crossing = curve.crossing
    if crossing is None or not math.isfinite(crossing.about):
        return ""
    use = [run.use_at(level) for level in (crossing.about, crossing.low, crossing.high)]
    if any(one is None for one in use):
        return ""
    at, *ends = (one.sessions_per_gun_day for one in use if one is not None)
    kwh = [one.kwh_per_gun_day for one in use if one is not None]
    sides = ends if all(map(math.isfinite, (crossing.low, crossing.high))) else []
    between = f" ({min(sides):.1f} to {max(sides):.1f})" if sides else ""
    return f", where {at:.1f}{between} sessions and {kwh[0]:.0f} kWh are asked of a gun and day"


def _name(run: LimitRun) -> str:
    """Return the factor with its unit."""
    return f"{run.factor.name} [{run.factor.unit}]" if run.factor.unit else run.factor.name


def _level(run: LimitRun, level: float) -> str:
    """Return a level as one reads it; shares in per cent."""
    if run.factor.is_share:
        return f"{100 * level:.3g} %"
    short = float(f"{level:.3g}")
    return f"{short:,.0f}" if abs(short) >= 1000 else f"{short:g}"


def _breaks(run: LimitRun, curve: Curve) -> str:
    """Return about where a criterion breaks, with its interval; else its states by level."""
    crossing = curve.crossing
    if crossing is None:
        return stretches([_level(run, level) for level in run.levels], curve.states)
    low, high = crossing.low, crossing.high
    first, last = (_level(run, end) if math.isfinite(end) else None for end in (low, high))
    if math.isfinite(crossing.about):
        ends = f"{first or 'below all levels'} to {last or 'above all levels'}"
        return f"about {_level(run, crossing.about)} ({ends})"
    above = crossing.about > 0
    said = "at every level" if above == (curve.direction == "better") else "at no level"
    near = first if above else last
    if near is None:
        return said if low == high else f"{said} by its mean, and no level is sure"
    until = f"up to {near}" if above else f"from {near} on"
    return f"{said} by its mean, sure {until}"


def _direction(curve: Curve) -> str:
    """Return what more of the factor does to a criterion."""
    if curve.direction is not None:
        return curve.direction
    if curve.bent:
        return "not one way"
    return "no clear trend" if np.ptp(curve.used) > 0 else "-"


def _criteria_table(run: LimitRun) -> AnswerTable:
    rows: list[tuple[str, ...]] = [
        (curve.criterion, threshold(item), _direction(curve), _breaks(run, curve))
        for curve, item in zip(run.curves, run.verdicts[0].criteria, strict=True)
    ]
    more = f"more {run.factor.name} is"
    columns: tuple[str, ...] = ("criterion", "needs", more, "breaks (95 % by itself)")
    if run.over_layouts is not None:
        columns = (*columns, f"in {len(run.over_layouts.seeds)} layouts")
        rows = [
            (*row, _in_layouts(run, curve)) for row, curve in zip(rows, run.curves, strict=True)
        ]
    return AnswerTable("Where each criterion breaks", columns, rows, right=("needs",))


def _in_layouts(run: LimitRun, curve: Curve) -> str:
    """Return between which levels a criterion breaks in all layouts, by its means."""
    others = run.in_layouts(curve.criterion)
    if curve.crossing is None or not others:
        return "-"
    ends = min(curve.crossing.about, *others), max(curve.crossing.about, *others)
    low, high = (
        _level(run, end)
        if math.isfinite(end)
        else "below all levels"
        if end < 0
        else "above all levels"
        for end in ends
    )
    return low if low == high else f"{low} to {high}"


def _layouts_note(run: LimitRun) -> str:
    """Return what the other layouts add, in a sentence; "" without them."""
    over, first = run.over_layouts, run.breaking_point.breaks_first
    if over is None:
        return ""
    curve = next((one for one in run.curves if one.criterion == first), None)
    known = curve is not None and curve.crossing is not None and run.in_layouts(curve.criterion)
    where = f" {first} breaks at {_in_layouts(run, curve)} over them." if curve and known else ""
    return (
        f"The places are invented, so the levels were run in {len(over.seeds)} layouts "
        f"({over.replications} replications in each further one).{where}"
    )


def _observed_lines(run: LimitRun) -> list[str]:
    """Return a line for each observed network: its use, and the level that asks as much."""
    lines = []
    for number, one in enumerate(run.observed, 1):
        if math.isnan(one.level):
            where = ""
        elif math.isinf(one.level):
            where = ": below all levels" if one.level < 0 else ": above all levels"
        else:
            where = f": as much as at {_level(run, one.level)}"
        lines.append(
            f"observed {number}: {one.name}, {one.value:g} {one.unit} a gun and day{where}"
        )
    return lines


def _levels_table(run: LimitRun) -> AnswerTable:
    rows = []
    for level, verdict, use in zip(run.levels, run.verdicts, run.use, strict=True):
        judged = [item for item in verdict.criteria if item.verdict != "given"]
        worst = max(judged, key=lambda item: item.allowance_used, default=None)
        not_met = str(sum(item.verdict != "meets" for item in judged))
        words = "-" if worst is None else f"{worst.name}: {amount(worst.estimate, worst.unit)}"
        state = Text(verdict.verdict, style=STYLES[verdict.verdict])
        asked = f"{use.sessions_per_gun_day:.1f}, {use.kwh_per_gun_day:.0f} kWh"
        rows.append((_level(run, level), asked, state, not_met, words))
    columns = (
        _name(run),
        "sessions, energy a gun and day",
        "verdict",
        "not met",
        "nearest to breaking, or broken furthest",
    )
    return AnswerTable("Levels", columns, rows, right=columns[:2])


@styled
def draw_limit(run: LimitRun) -> Figure:
    """Draw the part of its allowance that each criterion uses along the levels.

    Parameters
    ----------
    run : LimitRun
        From `experiment.limit.run_limit`.
    """
    curves = [curve for curve in run.curves if np.isfinite(curve.used).all()]
    rows = max(1, math.ceil(len(curves) / _COLUMNS))
    title = textwrap.wrap(headline(run), 100)
    figure = new_figure(13.0, 3.3 * rows + 1.0 + 0.3 * len(title))
    grid = figure.subplots(rows, _COLUMNS, squeeze=False, sharex=True)
    for ax in grid.ravel()[len(curves) :]:
        ax.set_axis_off()
    for place, curve in enumerate(curves):
        _draw_curve(grid.ravel()[place], run, curve, first=place % _COLUMNS == 0)
    for column in range(_COLUMNS):
        bottom = [ax for ax in grid[:, column] if ax.axison]
        if bottom:
            bottom[-1].set_xlabel(f"{run.factor.name} [%]" if run.factor.is_share else _name(run))
            bottom[-1].tick_params(labelbottom=True)
    seen = [line for line in _observed_lines(run) if "level" not in line and ": as" in line]
    numbers = "; ".join(line.removeprefix("observed ") for line in seen)
    short = "short upright lines: where it breaks in other layouts"
    layouts = [short] if run.over_layouts is not None else []
    shown = [_SHOWN, *layouts, *textwrap.wrap(f"dotted, observed: {numbers}" if seen else "", 175)]
    about = f"{run.about}\n{run.label}"
    name_figure(figure, "\n".join(title), shown="\n".join(shown), about=about)
    return figure


def _draw_curve(ax: Axes, run: LimitRun, curve: Curve, *, first: bool) -> None:
    """Draw one criterion."""
    factor, value = 100.0 if run.factor.is_share else 1.0, run.factor.value
    at, top = factor * np.array(run.levels), min(_MOST, max(130.0, 108 * float(curve.used.max())))

    def percent(values: Floats) -> Floats:
        return np.asarray(np.clip(100 * values, 0, top))

    ax.axhspan(0, 100, color=GREEN, alpha=0.07, linewidth=0)
    ax.axhspan(100, top, color=VERMILION, alpha=0.07, linewidth=0)
    ax.axhline(100, color=INK, linewidth=1.3)
    band = percent(curve.fit_lower), percent(curve.fit_upper)
    ax.fill_between(at, *band, color=BLUE, alpha=0.2, linewidth=0)
    ax.plot(at, percent(curve.fit), color=BLUE)
    for level, used, state in zip(at, percent(curve.used), curve.states, strict=True):
        marker, colour = VERDICT_MARKERS.get(state, "D"), VERDICT_COLOURS.get(state, GREY)
        look: Looks = {"markersize": 7, "markeredgecolor": "white", "clip_on": False, "zorder": 3}
        ax.plot([level], [used], marker=marker, color=colour, **look)
    if curve.crossing is not None and math.isfinite(curve.crossing.about):
        ends = np.clip(factor * np.array([curve.crossing.low, curve.crossing.high]), at[0], at[-1])
        ax.axvspan(float(ends[0]), float(ends[1]), color=GREY, alpha=0.25, linewidth=0)
        ax.axvline(factor * curve.crossing.about, color=INK, linestyle="--", linewidth=1.3)
    _mark_observed(ax, run, factor)
    inside = [one for one in run.in_layouts(curve.criterion) if math.isfinite(one)]
    tick: Looks = {"markersize": 9, "markeredgewidth": 1.5, "linestyle": "none", "zorder": 3}
    ax.plot(factor * np.array(inside), [100.0] * len(inside), marker="|", color=INK, **tick)
    if value is not None and at[0] <= factor * value <= at[-1]:
        triangle: Looks = {"markersize": 9, "clip_on": False, "zorder": 4}
        ax.plot([factor * value], [0], marker="^", color=INK, **triangle)
    item = run.verdicts[0].criterion(curve.criterion)
    ax.set_title(f"{curve.criterion}\n{threshold(item)}", fontsize=12)
    ax.set(ylim=(0, top), ylabel="failures, % of\nwhat is allowed" if first else "")


def _mark_observed(ax: Axes, run: LimitRun, factor: float) -> None:
    """Draw a dotted line with its number where the ledger asks what a network is observed to give.

    Numbers that would lie on each other are written as one.
    """
    seen = [(one.level, str(number)) for number, one in enumerate(run.observed, 1)]
    marks: list[tuple[float, str]] = []
    room = _APART * (run.levels[-1] - run.levels[0])
    for level, number in sorted(one for one in seen if math.isfinite(one[0])):
        ax.axvline(factor * level, color=GREY, linestyle=":", linewidth=1.5)
        if marks and level - marks[-1][0] < room:
            marks[-1] = (marks[-1][0], f"{marks[-1][1]}, {number}")
        else:
            marks.append((level, number))
    for level, text in marks:
        beside: Looks = {"xytext": (3, -3), "textcoords": "offset points", "va": "top"}
        top = (factor * level, 1.0)
        ax.annotate(text, top, xycoords=ax.get_xaxis_transform(), color=INK, fontsize=10, **beside)
