"""Print and draw what each assumption of the demand ledger does to the criteria, from its low to its high end."""

import math
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from chargesim.analysis.failure_counts import allowance
from chargesim.analysis.intervals import FEWEST_FOR_SKEWNESS
from chargesim.analysis.outcomes import Bar
from chargesim.experiment.tornado import TornadoRun
from chargesim.scenario.standard import Criterion
from chargesim.view.figures import write_figure
from chargesim.view.style import BLUE, GREY, INK, ORANGE, VERMILION, new_figure, styled

_LEAST, _MOST = 4, 8
"""Rows of a panel."""
_END_COLOURS = {"low": BLUE, "high": ORANGE}
_END_SHIFTS = {"low": -0.22, "high": 0.22}


def print_tornado(console: Console, run: TornadoRun) -> None:
    """Print which assumptions move each criterion most, and which ends turn it.

    Parameters
    ----------
    console : Console
        Where to print.
    run : TornadoRun
        From `run.tornado.run_tornado`.
    """
    console.print(Text(run.title, style="bold"))
    sure = run.turning("for sure")
    console.print(
        f"{len(run.inputs)} assumptions of the demand ledger with a range, each at both ends by itself, {run.replications} replications "
        f"of one {run.day}, on the same vehicles. {len(sure)} of them alone bring a criterion to the other side of its threshold for sure "
        f"(both sides at one-sided 95 %, each input by itself), {len(run.turning('on average') - sure)} more on average but not for sure.",
        highlight=False,
    )
    console.print(_table(run))
    for words in run.left_out:
        console.print(Text(f"  left out: {words}", style="dim"))
    console.print(Text(f"{run.about}; {run.label}", style="dim"))


def _table(run: TornadoRun) -> Table:
    title = "What moves each criterion most: change of the share of failures, in percentage points (paired 95 % interval)"
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for column, side in (
        ("assumption", "left"),
        ("low", "right"),
        ("high", "right"),
        ("turns it at", "left"),
    ):
        table.add_column(column, justify=side, no_wrap=True)  # type: ignore[arg-type]
    for criterion in run.criteria:
        table.add_row(
            f"[bold]{escape(criterion.name)}[/bold]",
            *([] if run.ranked(criterion.name) else ["nothing moves it"]),
        )
        for key, bars in run.ranked(criterion.name)[:3]:
            ends = {bar.end: bar for bar in bars}
            turned = ", ".join(f"{bar.at:g} {bar.turns}" for bar in bars if bar.turns)
            cells = [_words(ends.get(end)) for end in ("low", "high")]
            table.add_row(f"  {escape(key)}", *cells, turned or "-")
    return table


def _words(bar: Bar | None) -> str:
    """Return the change at one end of an input."""
    if bar is None:
        return "-"
    mean, lower, upper = (100 * getattr(bar.change, name) for name in ("mean", "lower", "upper"))
    limits = (
        f" +- {upper - mean:.2f}"
        if bar.change.n < FEWEST_FOR_SKEWNESS
        else f"\n({lower:+.2f} to {upper:+.2f})"
    )
    return f"{bar.at:g}: {mean:+.2f}{limits}"


@styled
def draw_tornado(run: TornadoRun) -> Figure:
    """Draw for each criterion the assumptions that move it most, by size; the threshold is drawn where the axis reaches it.

    Parameters
    ----------
    run : TornadoRun
        From `run.tornado.run_tornado`.
    """
    criteria = [one for one in run.criteria if run.ranked(one.name)]
    rows = max(1, math.ceil(len(criteria) / 2))
    figure = new_figure(15.5, 4.2 * rows + 1.2)
    grid = figure.subplots(rows, 2, squeeze=False).ravel()
    for ax in grid[len(criteria) :]:
        ax.set_axis_off()
    for ax, criterion in zip(grid, criteria, strict=False):
        _draw_criterion(ax, run, criterion)
    figure.suptitle(
        "What each assumption of the demand ledger does, from its low to its high end",
        x=0.01,
        ha="left",
        fontsize=15,
        fontweight="bold",
    )
    shown = (
        "bars: change at the low (blue) and high (orange) end, which stand at the right; whisker: paired 95 % interval; "
        "red line: threshold of the criterion"
    )
    figure.supxlabel(
        f"{shown}\n{run.about}\n{run.label}", fontsize=9.5, color=GREY, x=0.01, ha="left"
    )
    return figure


def _draw_criterion(ax: Axes, run: TornadoRun, criterion: Criterion) -> None:
    """Draw the bars of one criterion."""
    ranked = run.ranked(criterion.name)[:_MOST]
    for row, (_, bars) in enumerate(ranked):
        for bar in bars:
            change, lower, upper = (
                100 * getattr(bar.change, name) for name in ("mean", "lower", "upper")
            )
            y = row + _END_SHIFTS[bar.end]
            ax.barh([y], [change], height=0.4, color=_END_COLOURS[bar.end], alpha=0.85)
            ax.errorbar(
                [change],
                [y],
                xerr=[[change - lower], [upper - change]],
                color=INK,
                linewidth=1.2,
                capsize=2,
            )
            ax.text(
                1.01,
                y,
                f"{bar.at:,g}",
                transform=ax.get_yaxis_transform(),
                va="center",
                fontsize=9.5,
                color=INK,
            )
    ax.axvline(0, color=INK, linewidth=1.2)
    used = run.base.used(run.criteria)[criterion.name]
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
    ax.set_xlabel("change of the share of failures [percentage points]", fontsize=10.5)


def draw_tornado_files(run: TornadoRun, folder: Path) -> list[Path]:
    """Draw the tornado and write it as `tornado.png` and `tornado.svg`."""
    return write_figure(draw_tornado(run), folder / "tornado")
