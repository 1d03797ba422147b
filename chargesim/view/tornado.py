"""Word and draw what each assumption of the demand ledger does to the criteria."""

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.text import Text

from chargesim.analysis.failure_counts import allowance
from chargesim.analysis.intervals import FEWEST_FOR_SKEWNESS
from chargesim.experiment.tornado import TornadoRun
from chargesim.scenario.standard import Criterion
from chargesim.view.answer import Answer, AnswerTable, Cell, name_figure
from chargesim.view.style import BLUE, INK, ORANGE, VERMILION, Looks, new_figure, styled

_IN_TABLE, _LEAST, _MOST = 3, 4, 8
"""Rows of a criterion in the table; fewest and most rows of a panel."""
_END_COLOURS = {"low": BLUE, "high": ORANGE}
_END_SHIFTS = {"low": -0.22, "high": 0.22}
_SHOWN = (
    "bars: change at the low (blue) and high (orange) end, whose values are at the right; "
    "whisker: paired 95 % interval; red line: threshold of the criterion"
)


def answer(run: TornadoRun) -> Answer:
    """Return the answer: which assumptions move each criterion most, and which ends turn it."""
    sure = run.turning("for sure")
    likely = run.turning("on average") - sure
    bring = "brings" if len(sure) == 1 else "bring"
    headline = (
        f"{len(sure)} of {len(run.inputs)} assumptions alone {bring} a criterion to the other side "
        f"of its threshold for sure, {len(likely)} more on average but not for sure"
    )
    text = (
        f"Each assumption of the demand ledger with a range is set to both ends by itself, those "
        "of a common cause together, "
        f"{run.replications} replications of one {run.day}, on the same vehicles. For sure: both "
        "sides at one-sided 95 %, each assumption by itself."
    )
    return Answer(
        title=run.title,
        headline=headline,
        text=text,
        tables=(_table(run),),
        notes=[f"left out: {words}" for words in run.left_out],
        about=f"{run.about}; {run.label}",
        figures={"tornado": lambda: draw_tornado(run)},
        files="tornado.csv, tornado.json",
    )


def _table(run: TornadoRun) -> AnswerTable:
    rows: list[tuple[Cell, ...]] = []
    for criterion in run.criteria:
        ranked = run.ranked(criterion.name)[:_IN_TABLE]
        none = [] if ranked else ["nothing moves it"]
        rows.append((Text(criterion.name, style="bold"), *none))
        for key, ends in ranked:
            words = {str(one.end): change_words(one) for one in ends.itertuples()}
            turned = [f"{at_words(one)} {one.turns!s}" for one in ends.itertuples() if one.turns]
            cells = [words.get(end, "-") for end in ("low", "high")]
            rows.append((f"  {key}", *cells, ", ".join(turned) or "-"))
    title = (
        "What moves each criterion most: change of the failed share, in percentage points "
        "(paired 95 % interval)"
    )
    columns = ("assumption", "low", "high", "turns it at")
    return AnswerTable(title, columns, rows, right=("low", "high"))


def at_words(end: Any, comma: str = "") -> str:
    """Return the value at an end; its name where a common cause sets several values."""
    return str(end.end) if math.isnan(end.at) else f"{end.at:{comma}g}"


def change_words(end: Any) -> str:
    """Return the change at one end with its interval, a row of `judgement.effects_of`."""
    mean, lower, upper = 100 * end.change, 100 * end.lower, 100 * end.upper
    if end.n < FEWEST_FOR_SKEWNESS:
        return f"{end.at:g}: {mean:+.2f} +- {upper - mean:.2f}"
    return f"{end.at:g}: {mean:+.2f}\n({lower:+.2f} to {upper:+.2f})"


@styled
def draw_tornado(run: TornadoRun) -> Figure:
    """Draw for each criterion the assumptions that move it most, by size.

    Parameters
    ----------
    run : TornadoRun
        From `experiment.tornado.run_tornado`.
    """
    criteria = [one for one in run.criteria if run.ranked(one.name)]
    rows = max(1, math.ceil(len(criteria) / 2))
    figure = new_figure(15.5, 4.2 * rows + 1.2)
    grid = figure.subplots(rows, 2, squeeze=False).ravel()
    for ax in grid[len(criteria) :]:
        ax.set_axis_off()
    for ax, criterion in zip(grid, criteria, strict=False):
        _draw_criterion(ax, run, criterion)
    title = "What each assumption of the demand ledger does, from its low to its high end"
    name_figure(figure, title, shown=_SHOWN, about=f"{run.about}\n{run.label}")
    return figure


def _draw_criterion(ax: Axes, run: TornadoRun, criterion: Criterion) -> None:
    """Draw the bars of one criterion; the threshold where the axis reaches it."""
    ranked = run.ranked(criterion.name)[:_MOST]
    for row, (_, ends) in enumerate(ranked):
        for end in ends.itertuples():
            _draw_bar(ax, row + _END_SHIFTS[str(end.end)], end)
    ax.axvline(0, color=INK, linewidth=1.2)
    used = run.used[criterion.name]
    margin = 100 * allowance(criterion) * (1 - used)
    low, high = ax.get_xlim()
    room = 0.16 * (high - low)
    low, high = low - room, high + room
    if low < margin < high:
        ax.axvline(margin, color=VERMILION, linestyle="--", linewidth=1.5)
    ax.set(xlim=(low, high), ylim=(max(len(ranked), _LEAST) - 0.4, -0.6))
    ax.set_yticks(range(len(ranked)), [key for key, _ in ranked], fontsize=10.5)
    ax.tick_params(axis="y", length=0)
    ax.locator_params(axis="x", nbins=6)
    ax.grid(axis="x")
    ax.set_title(f"{criterion.name}: {100 * used:.0f} % of what is allowed", fontsize=12)
    ax.set_xlabel("change of the failed share [percentage points]", fontsize=10.5)


def _draw_bar(ax: Axes, y: float, end: Any) -> None:
    """Draw the change at one end with its interval, and the value of the end at the right."""
    change, lower, upper = 100 * end.change, 100 * end.lower, 100 * end.upper
    ax.barh([y], [change], height=0.4, color=_END_COLOURS[end.end], alpha=0.85)
    span = [[change - lower], [upper - change]]
    ax.errorbar([change], [y], xerr=span, color=INK, linewidth=1.2, capsize=2)
    beside: Looks = {"va": "center", "fontsize": 9.5, "color": INK}
    ax.text(1.01, y, at_words(end, ","), transform=ax.get_yaxis_transform(), **beside)
