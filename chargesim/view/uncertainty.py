"""Print and draw how sure a verdict is: Monte Carlo error and input uncertainty apart, and what it hangs on."""

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

from chargesim.analysis.outcomes import WHOLE
from chargesim.analysis.sensitivity import EstimatedShare
from chargesim.experiment.uncertainty import CriterionUncertainty, UncertaintyRun
from chargesim.view.figures import write_figure
from chargesim.view.style import BLUE, GREEN, GREY, INK, ORANGE, VERMILION, new_figure, styled

_BOTTOM, _TOP = 1.0, 1000.0
"""Ends of the axis [% of what is allowed]; what lies beyond is drawn at the end."""
_TICKS = (1, 3, 10, 30, 100, 300, 1000)


def headline(run: UncertaintyRun) -> str:
    """Return in two sentences how sure the verdict is, and what it hangs on."""
    share = run.whole.meets
    words = f"Over the ranges of {len(run.inputs)} inputs the plan meets in {share.count} of {share.of} draws: {_with_interval(share)}."
    hangs = [
        f"{group} ({100 * total:.0f} +- {100 * half:.0f} % of the variance)"
        for group, total, half in run.hangs_on()
        if total > half
    ]
    return (
        f"{words} It hangs on {', '.join(hangs[:3])}."
        if hangs
        else f"{words} On which input it hangs most cannot be told apart."
    )


def _with_interval(share: EstimatedShare) -> str:
    """Return a share with its interval, for example ``82 % (75 to 88)``."""
    lower, upper = (_per_cent(end).removesuffix(" %") for end in (share.lower, share.upper))
    return f"{_per_cent(share.value)} ({lower} to {upper})"


def _per_cent(share: float) -> str:
    return f"{100 * share:.1f} %" if 0 < share < 0.1 else f"{100 * share:.0f} %"


def print_uncertainty(console: Console, run: UncertaintyRun) -> None:
    """Print how sure the verdict is, both uncertainties of every criterion, and the inputs that matter.

    Parameters
    ----------
    console : Console
        Where to print.
    run : UncertaintyRun
        From `run.uncertainty.run_uncertainty`.
    """
    console.print(Text(run.title, style="bold"))
    console.print(Text(headline(run), style="bold"))
    console.print(
        f"One {run.day}. Each input is triangular between its low and high end with its peak at the scenario's value (assumed), "
        "independent of the others. The scenario stands with its Monte Carlo error alone. A draw meets where every judged criterion is "
        "within what it allows; of the districts the worst counts. Monte Carlo error is "
        f"{0 if np.isnan(run.whole.noise) else 100 * run.whole.noise:.1f} % of the variance of the whole standard over the draws.",
        highlight=False,
    )
    console.print(_outcomes_table(run))
    console.print(_inputs_table(run))
    for words in run.left_out:
        console.print(Text(f"  left out: {words}", style="dim"))
    console.print(Text(f"{run.about}; {run.label}", style="dim"))


def _outcomes_table(run: UncertaintyRun) -> Table:
    title = "Failures, % of what the criterion allows (100: at the threshold), and the draws that meet (95 % intervals)"
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column("criterion")
    layouts = len(run.whole.by_layout)
    for column in ("scenario", "inputs, 90 %", f"{layouts} layouts", "meets in"):
        if layouts or "layouts" not in column:
            table.add_column(column, justify="right")
    table.add_column("hangs most on")
    for one in run.outcomes:
        share = one.meets
        cells = [
            f"{100 * one.base.mean:.0f} ({100 * one.base.lower:.0f} to {100 * one.base.upper:.0f})",
            f"{100 * one.quantile(0.05):.0f} to {100 * one.quantile(0.95):.0f}",
            *(
                [f"{100 * one.by_layout.min():.0f} to {100 * one.by_layout.max():.0f}"]
                if layouts
                else []
            ),
            _with_interval(share),
            next((group.split(".")[-1] for group, _, _ in run.hangs_on(one.name)), "-"),
        ]
        table.add_row(escape(one.name), *cells, style="bold" if one.name == WHOLE else "")
    return table


def _inputs_table(run: UncertaintyRun) -> Table:
    """Return the inputs that survived the screening, with their shares of the variance of the whole standard."""
    screened_groups = run.morris["group"].nunique()
    title = f"What the whole standard hangs on: Sobol shares of the variance that these make (95 %), of {screened_groups} groups screened"
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for column, side in (
        ("inputs", "left"),
        ("by itself", "right"),
        ("with interactions", "right"),
        ("effect from end to end", "right"),
    ):
        table.add_column(column, justify=side)  # type: ignore[arg-type]
    screened = run.morris[run.morris["criterion"] == WHOLE].set_index("group")
    mine = run.sobol[run.sobol["criterion"] == WHOLE].sort_values("total", ascending=False)
    for row in mine.to_dict(orient="records"):
        shares = [
            f"{100 * row[name]:.0f} +- {100 * row[f'{name}_half']:.0f} %"
            for name in ("first", "total")
        ]
        effect = screened.loc[row["group"]]
        cells = [
            f"{100 * float(effect['mu_star']):.0f} +- {100 * float(effect['half']):.0f} points"
        ]
        table.add_row(escape(str(row["group"])), *shares, *cells)
    return table


@styled
def draw_uncertainty(run: UncertaintyRun) -> Figure:
    """Draw both bands of every criterion, Monte Carlo error and input uncertainty, and the inputs with the largest effects.

    Parameters
    ----------
    run : UncertaintyRun
        From `run.uncertainty.run_uncertainty`.
    """
    rows = len(run.outcomes)
    figure = new_figure(15.5, 2.2 + 0.72 * rows)
    left, right = figure.subplots(1, 2, width_ratios=(1.5, 1))
    _draw_bands(left, run)
    _draw_effects(right, run)
    title = textwrap.wrap(headline(run).replace(" %", "\N{NO-BREAK SPACE}%"), 120)
    figure.suptitle("\n".join(title), x=0.01, ha="left", fontsize=14, fontweight="bold", color=INK)
    edge = f"at the left edge: {_BOTTOM:g} % or less; Sobol shares are reckoned for what moves all criteria together most"
    figure.supxlabel(
        f"{edge}\n{run.about}\n{run.label}", fontsize=9.5, color=GREY, x=0.01, ha="left"
    )
    return figure


def _draw_bands(ax: Axes, run: UncertaintyRun) -> None:
    """Draw a row per criterion: the draws with their 5 to 95 % band, the layouts, and the scenario with its Monte Carlo error."""
    jitter = np.random.default_rng(1)
    for row, one in enumerate(run.outcomes):
        _draw_row(ax, row, one, jitter.uniform(-0.16, 0.16, len(one.draws)), first=row == 0)
    ax.axvspan(_BOTTOM, 100, color=GREEN, alpha=0.07, linewidth=0)
    ax.axvspan(100, _TOP, color=VERMILION, alpha=0.07, linewidth=0)
    ax.axvline(100, color=INK, linewidth=1.4)
    ax.set_xscale("log")
    ax.set(
        xlim=(_BOTTOM, _TOP),
        ylim=(len(run.outcomes) - 0.4, -0.7),
        xlabel="failures, % of what the criterion allows (100: at the threshold)",
    )
    ax.set_xticks(_TICKS, [f"{tick:,} %" for tick in _TICKS])
    ax.minorticks_off()
    ax.set_yticks(
        range(len(run.outcomes)),
        [f"{one.name}\nmeets in {_per_cent(one.meets.value)} of draws" for one in run.outcomes],
    )
    ax.tick_params(axis="y", length=0, pad=9)  # beside the markers at the end of the axis
    ax.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, columnspacing=1.2, handletextpad=0.5
    )


def _draw_row(
    ax: Axes, row: int, one: CriterionUncertainty, shift: np.ndarray, *, first: bool
) -> None:
    def at(values: object) -> np.ndarray:
        return np.clip(100 * np.asarray(values, dtype=np.float64), _BOTTOM, _TOP)

    def name(text: str) -> str | None:
        return text if first else None

    inputs, error = (
        at([one.quantile(0.05), one.quantile(0.95)]),
        at([one.base.lower, one.base.upper]),
    )
    ax.plot(
        inputs,
        [row, row],
        color=ORANGE,
        linewidth=13,
        alpha=0.45,
        solid_capstyle="butt",
        label=name("inputs, 5 to 95 %"),
    )
    ax.plot(
        at(one.draws),
        row + shift,
        ".",
        color=GREY,
        markersize=4,
        alpha=0.6,
        label=name("a draw of all inputs"),
    )
    if len(one.by_layout):
        tall = np.full(len(one.by_layout), row + 0.28)
        ax.plot(
            at(one.by_layout), tall, "|", color=INK, markersize=8, label=name("a synthetic layout")
        )
    ax.plot(
        error,
        [row, row],
        color=BLUE,
        linewidth=6,
        solid_capstyle="butt",
        label=name("Monte Carlo error, 95 %"),
    )
    ax.plot(at([one.base.mean]), [row], "o", color=BLUE, markeredgecolor="white", markersize=8)


def _draw_effects(ax: Axes, run: UncertaintyRun, most: int = 12) -> None:
    """Draw the largest effects of the screening on the whole standard, with the Sobol share where it is told from 0."""
    effects = (
        run.morris[run.morris["criterion"] == WHOLE]
        .sort_values("mu_star", ascending=False)
        .head(most)
    )
    totals = {group: total for group, total, _ in run.hangs_on()}
    rows = np.arange(len(effects))
    mean, half = 100 * effects["mu_star"].to_numpy(float), 100 * effects["half"].to_numpy(float)
    ax.barh(
        rows,
        mean,
        height=0.6,
        color=[BLUE if group in totals else GREY for group in effects["group"]],
        alpha=0.85,
    )
    ax.errorbar(mean, rows, xerr=half, linestyle="none", color=INK, linewidth=1.2, capsize=2)
    for row, group in enumerate(effects["group"]):
        if group in totals:
            ax.annotate(
                f"{100 * totals[group]:.0f} %",
                (mean[row] + half[row], row),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                color=INK,
            )
    ax.set_yticks(rows, effects["group"], fontsize=10.5)
    ax.set(
        ylim=(len(effects) - 0.4, -0.7),
        xlabel="effect on the worst criterion, end to end\n[percentage points of what it allows]",
    )
    ax.set_xlim(0, 1.15 * float((mean + half).max(initial=1e-9)))
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x")
    ax.set_title(
        "Morris screening; blue: with the total Sobol\nshare of the variance, where it is told from 0",
        fontsize=12,
    )


def draw_uncertainty_files(run: UncertaintyRun, folder: Path) -> list[Path]:
    """Draw both bands and write them as `uncertainty.png` and `uncertainty.svg`."""
    return write_figure(draw_uncertainty(run), folder / "uncertainty")
