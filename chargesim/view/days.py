"""Show on which days a criterion fails: in words, as a table, and as a calendar of colours."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chargesim.analysis.days import ANY, CriterionDays, DaysVerdict
from chargesim.analysis.result import JudgedDay
from chargesim.view.style import INK, new_axes, new_figure, styled
from chargesim.view.wording import percent

STEPS = (0.0, 0.5, 0.8, 1.0, 1.25, 1.5, 2.0)
"""Edges of the colours of the used allowance; the last colour is for all above."""
_COLOURS = ("#eaf1f7", "#c3d9ea", "#92bbdb", "#fdd9a0", "#f4a259", "#d9542b", "#8c1c13")
"""Blue up to the threshold, from yellow to dark red beyond it."""
MOST_PANELS = 6
_HOLIDAY, _COLD = "#1b1b1b", "#0072B2"


def headline(days: DaysVerdict) -> str:
    """Return the sentence that says on how many days something fails."""
    found, count = days.any_criterion, len(days.days)
    bounds = f"{_number(found.lower)} to {_number(found.upper)}"
    text = f"On {_number(found.mean)} of {count} days ({bounds}) {ANY} fails"
    return f"{text}; most of them: {days.when}" if days.when else text


def print_days(console: Console, days: DaysVerdict) -> None:
    """Print on how many days which criterion fails, and the worst days of each."""
    console.print(Text(headline(days), style="bold"))
    table = Table(
        title=f"Failing days of {len(days.days)} (mean of {days.replications} simulations of the "
        f"same dates; {percent(days.level)} interval of the expected number)",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
    )
    table.add_column("criterion")
    for column in ("days", "interval"):
        table.add_column(column, justify="right")
    table.add_column("most of them")
    table.add_column("worst day (used part of the allowance)")
    for one in days.criteria:
        limits = f"{_number(one.lower)} to {_number(one.upper)}"
        table.add_row(
            one.name,
            _number(one.failing_days),
            limits,
            one.mostly,
            _worst(one),
        )
    console.print(table)
    notes = [f"{one.name}: {one.note}" for one in days.criteria if one.note]
    for note in (*notes, *days.notes):
        console.print(Text(f"  {note}", style="dim"))


def _worst(one: CriterionDays) -> str:
    """Return the worst day of a criterion in words."""
    return "; ".join(
        f"{day.day} {day.weekday[:3]}, {day.reason} ({100 * day.allowance_used:.0f} %)"
        for day in one.worst[:1]
    )


def _number(days: float) -> str:
    """Return a number of days in as many digits as one reads."""
    return f"{days:.0f}" if days >= 20 or days == round(days) else f"{days:.1f}"


@styled
def draw_calendar(days: DaysVerdict) -> Figure:
    """Draw a calendar for each criterion that fails on some day, at most `MOST_PANELS` of them.

    Where none fails, that of the criterion nearest to breaking.

    Parameters
    ----------
    days : DaysVerdict
    """
    shown = [one for one in days.criteria if one.fails.any()][:MOST_PANELS]
    shown = shown or [_nearest(days)]
    columns = 1 if len(shown) == 1 else 2
    rows, height = math.ceil(len(shown) / columns), 0.22 * len(_rows(days.days)) + 0.9
    figure = new_figure(7.2 * columns, height * rows + 1.5)
    axes = np.atleast_1d(np.array(figure.subplots(rows, columns))).ravel()
    for ax, one in zip(axes, shown, strict=False):
        draw_days(days, one, ax=ax)
    for ax in axes[len(shown) :]:
        ax.set_axis_off()
    _legend(figure, axes.tolist(), days.days)
    figure.suptitle("On which days does a criterion fail?", x=0.01, ha="left", fontsize=15)
    return figure


def draw_days(
    days: DaysVerdict, criterion: CriterionDays | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the used allowance of a criterion day by day, a row for each month.

    Parameters
    ----------
    days : DaysVerdict
    criterion : CriterionDays, optional
        By default the one that fails most often, or is nearest to it.
    ax : Axes, optional
        Where to draw; new axes by default.
    """
    ax, one = ax or new_axes(8.0, 3.6), criterion or _nearest(days)
    rows, used = _rows(days.days), one.used.mean(axis=0)
    cells = np.full((len(rows), 31), np.nan)
    for row, (_, numbers) in enumerate(rows):
        for number in numbers:
            cells[row, _column(days.days, number)] = used[number]
    ax.pcolormesh(cells, cmap=_map(), norm=_norm(), edgecolors="white", linewidth=0.6)
    for row, (_, numbers) in enumerate(rows):
        for number in numbers:
            _mark(ax, days.days[number], _column(days.days, number), row)
    ax.set(xlim=(0, 31), ylim=(len(rows), 0))
    named = [1, *range(5, 31, 5)]
    ax.set_xticks(np.array(named) - 0.5, [str(day) for day in named])
    ax.set_yticks(np.arange(len(rows)) + 0.5, [name for name, _ in rows])
    ax.tick_params(length=0, labelsize=9.5)
    ax.spines[:].set_visible(False)
    limits = f"{_number(one.lower)} to {_number(one.upper)}"
    ax.set_title(f"{one.name}: {_number(one.failing_days)} days ({limits})", fontsize=11.5)
    return ax


def _nearest(days: DaysVerdict) -> CriterionDays:
    """Return the criterion that fails most often; where none does, the one nearest to it."""
    return max(days.criteria, key=lambda one: (one.failing_days, float(one.used.max())))


def _rows(days: Sequence[JudgedDay]) -> list[tuple[str, list[int]]]:
    """Return the rows of a calendar: months, or four weeks where the days have no dates."""
    rows: dict[str, list[int]] = {}
    for number, day in enumerate(days):
        first = 28 * (number // 28) + 1
        name = f"day {first}" if day.date is None else day.date.strftime("%b %Y")
        rows.setdefault(name, []).append(number)
    return list(rows.items())


def _column(days: Sequence[JudgedDay], number: int) -> int:
    date = days[number].date
    return number % 28 if date is None else date.day - 1


def _mark(ax: Axes, day: JudgedDay, column: int, row: int) -> None:
    """Mark a weekend, a holiday and a cold spell in a cell."""
    if day.weekday >= 5:
        ax.plot(column + 0.5, row + 0.5, ".", color=INK, markersize=2.4)
    for named, colour, top in ((day.holiday, _HOLIDAY, 0.82), (day.cold_spell, _COLD, 0.0)):
        if named:
            ax.add_patch(Rectangle((column, row + top), 1, 0.18, color=colour, linewidth=0))


def _map() -> Colormap:
    return ListedColormap(_COLOURS[:-1]).with_extremes(over=_COLOURS[-1], bad="white")


def _norm() -> BoundaryNorm:
    return BoundaryNorm(STEPS, len(_COLOURS) - 1)


def _legend(figure: Figure, axes: list[Any], days: Sequence[JudgedDay]) -> None:
    """Draw the colour bar, and what the marks mean."""
    colours = ScalarMappable(_norm(), _map())
    bar = figure.colorbar(
        colours, ax=axes, extend="max", orientation="horizontal", aspect=45, pad=0.03, shrink=0.8
    )
    bar.set_ticks(STEPS, labels=[f"{100 * step:.0f}" for step in STEPS])
    marks = ["dot: weekend"]
    marks += ["black bar: public holiday"] if any(day.holiday for day in days) else []
    marks += ["blue bar: cold spell"] if any(day.cold_spell for day in days) else []
    bar.set_label(
        "failures over those allowed [%], mean of the simulations; above 100 the day fails   "
        f"({', '.join(marks)})"
    )
