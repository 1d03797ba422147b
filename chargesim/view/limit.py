"""Print and draw where a plan breaks along the levels of an input."""

import math
import textwrap
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from chargesim.analysis.limit import Curve
from chargesim.analysis.trend_text import stretches
from chargesim.experiment.limit import LimitRun
from chargesim.view.figures import write_figure
from chargesim.view.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    VERDICT_COLOURS,
    VERDICT_MARKERS,
    VERMILION,
    new_figure,
    styled,
)
from chargesim.view.terminal import STYLES
from chargesim.view.wording import amount, threshold

_MOST = 300.0
"""Top of the axes [% of what is allowed]."""
_COLUMNS = 3


def headline(run: LimitRun) -> str:
    """Return the answer in a sentence: where the plan meets, where it fails and where neither is sure, and where it breaks."""
    day = f"one {run.day}"
    if run.idle:
        return f"{run.key} changes nothing: every criterion is the same at all {len(run.levels)} levels ({day})"
    text = f"{_name(run)}: {stretches([_level(run, level) for level in run.levels], run.states)} ({day})"
    if run.limit.breaks_first is not None:
        first = next(curve for curve in run.curves if curve.criterion == run.limit.breaks_first)
        how = "" if first.crossing is None else "breaks first by its fit: "
        text += f"; {how}{first.criterion}, {_breaks(run, first)}"
    return text


def _name(run: LimitRun) -> str:
    """Return the input with its unit."""
    return f"{run.key} [{run.unit}]" if run.unit else run.key


def _breaks(run: LimitRun, curve: Curve) -> str:
    """Return about where a criterion breaks, with its interval; its states along the levels where it has no such point."""
    crossing = curve.crossing
    if crossing is None:
        return stretches([_level(run, level) for level in run.levels], curve.states)
    low, high = crossing.low, crossing.high
    first, last = (_level(run, end) if math.isfinite(end) else None for end in (low, high))
    if math.isfinite(crossing.about):
        return f"about {_level(run, crossing.about)} ({first or 'below all levels'} to {last or 'above all levels'})"
    above = crossing.about > 0
    said = "at every level" if above == (curve.direction == "better") else "at no level"
    near = first if above else last
    if near is None:
        return said if low == high else f"{said} by its mean, and no level is sure"
    return f"{said} by its mean, not sure {'from' if above else 'up to'} {near}{' on' if above else ''}"


def _level(run: LimitRun, level: float) -> str:
    """Return a level as one reads it; shares in per cent."""
    if run.is_share:
        return f"{100 * level:.3g} %"
    short = float(f"{level:.3g}")
    return f"{short:,.0f}" if abs(short) >= 1000 else f"{short:g}"


def print_limit(console: Console, run: LimitRun) -> None:
    """Print the answer, a row per criterion, and a row per level.

    Parameters
    ----------
    console : Console
        Where to print.
    run : LimitRun
        From `run.limit.run_limit`.
    """
    console.print(Text(run.title, style="bold"))
    console.print(Text(headline(run), style="bold"))
    now = "" if run.value is None else f"; in the scenario {run.key} is {_level(run, run.value)}"
    alpha = (1 - run.confidence) / len(run.levels)
    console.print(
        f"{len(run.levels)} levels, {run.replications} replications at each{now}. What meets or fails holds with "
        f"{100 * run.confidence:g} % over all levels together: {100 * (1 - run.confidence):.2g} % over {len(run.levels)} levels "
        f"is {100 * alpha:.2g} % for each. Where a criterion breaks is told by a monotone fit, with a 95 % interval of that criterion "
        "by itself, so a level outside it may still be inconclusive.",
        highlight=False,
    )
    if run.note:
        console.print(f"Note: {run.note}", highlight=False, markup=False)
    console.print(_criteria_table(run))
    console.print(_levels_table(run))
    console.print(Text(f"{run.about}; {run.label}", style="dim"))


def _criteria_table(run: LimitRun) -> Table:
    table = Table(
        title="Where each criterion breaks",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
    )
    for column, side in (
        ("criterion", "left"),
        ("needs", "right"),
        (f"more {escape(run.key)} is", "left"),
        ("breaks (95 % by itself)", "left"),
    ):
        table.add_column(column, justify=side)  # type: ignore[arg-type]
    for place, curve in enumerate(run.curves):
        table.add_row(
            escape(curve.criterion),
            threshold(run.verdicts[0].criteria[place]),
            _direction(curve),
            _breaks(run, curve),
        )
    return table


def _direction(curve: Curve) -> str:
    """Return what more of the input does to a criterion."""
    return curve.direction or (
        "not one way" if curve.bent else "not told from noise" if np.ptp(curve.used) > 0 else "-"
    )


def _levels_table(run: LimitRun) -> Table:
    table = Table(title="Levels", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column(escape(_name(run)), justify="right")
    for column in ("verdict", "not met", "nearest to breaking, or broken furthest"):
        table.add_column(column)
    for level, verdict in zip(run.levels, run.verdicts, strict=True):
        judged = [item for item in verdict.criteria if item.verdict != "given"]
        worst = min(judged, key=lambda item: item.margin, default=None)
        open_ = sum(item.verdict != "meets" for item in judged)
        words = "-" if worst is None else f"{worst.name}: {amount(worst.estimate, worst.unit)}"
        table.add_row(
            _level(run, level),
            Text(verdict.verdict, style=STYLES[verdict.verdict]),
            str(open_),
            escape(words),
        )
    return table


@styled
def draw_limit(run: LimitRun) -> Figure:
    """Draw the failures of each criterion along the levels, over what it allows, with its fit and where it breaks.

    Parameters
    ----------
    run : LimitRun
        From `run.limit.run_limit`.
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
            bottom[-1].set_xlabel(f"{run.key} [%]" if run.is_share else _name(run))
            bottom[-1].tick_params(labelbottom=True)
    figure.suptitle("\n".join(title), x=0.01, ha="left", fontsize=15, fontweight="bold", color=INK)
    shown = (
        "line: monotone fit with its 95 % band, through the points where none fits; points: o meets, X fails, square inconclusive; "
        "upright line: where it breaks, with interval; triangle: the scenario"
    )
    figure.supxlabel(
        f"{shown}\n{run.about}\n{run.label}", fontsize=9.5, color=GREY, x=0.01, ha="left"
    )
    return figure


def _draw_curve(ax: Axes, run: LimitRun, curve: Curve, *, first: bool) -> None:
    """Draw one criterion."""
    factor = 100.0 if run.is_share else 1.0
    at, top = factor * np.array(run.levels), min(_MOST, max(130.0, 108 * float(curve.used.max())))
    ax.axhspan(0, 100, color=GREEN, alpha=0.07, linewidth=0)
    ax.axhspan(100, top, color=VERMILION, alpha=0.07, linewidth=0)
    ax.axhline(100, color=INK, linewidth=1.3)
    ax.fill_between(
        at,
        np.clip(100 * curve.fit_lower, 0, top),
        np.clip(100 * curve.fit_upper, 0, top),
        color=BLUE,
        alpha=0.2,
        linewidth=0,
    )
    ax.plot(at, np.clip(100 * curve.fit, 0, top), color=BLUE)
    for level, used, state in zip(at, np.clip(100 * curve.used, 0, top), curve.states, strict=True):
        ax.plot(
            [level],
            [used],
            marker=VERDICT_MARKERS.get(state, "D"),
            color=VERDICT_COLOURS.get(state, GREY),
            markersize=7,
            markeredgecolor="white",
            clip_on=False,
            zorder=3,
        )
    if curve.crossing is not None and math.isfinite(curve.crossing.about):
        ends = np.clip(factor * np.array([curve.crossing.low, curve.crossing.high]), at[0], at[-1])
        ax.axvspan(float(ends[0]), float(ends[1]), color=GREY, alpha=0.25, linewidth=0)
        ax.axvline(factor * curve.crossing.about, color=INK, linestyle="--", linewidth=1.3)
    if run.value is not None and at[0] <= factor * run.value <= at[-1]:
        ax.plot(
            [factor * run.value], [0], marker="^", color=INK, markersize=9, clip_on=False, zorder=4
        )
    item = next(item for item in run.verdicts[0].criteria if item.name == curve.criterion)
    ax.set_title(f"{curve.criterion}\n{threshold(item)}", fontsize=12)
    ax.set(ylim=(0, top), ylabel="failures, % of\nwhat is allowed" if first else "")


def draw_limit_files(run: LimitRun, folder: Path) -> list[Path]:
    """Draw the levels and write them as `limit.png` and `limit.svg`."""
    return write_figure(draw_limit(run), folder / "limit")
