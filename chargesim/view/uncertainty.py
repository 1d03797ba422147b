"""Word and draw how sure a verdict is: Monte Carlo error, and the ranges of what is not known."""

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chargesim.analysis.result import Floats
from chargesim.analysis.sensitivity import EstimatedShare
from chargesim.experiment.judgement import WHOLE
from chargesim.experiment.ranges import DISTRIBUTION
from chargesim.experiment.uncertainty import CriterionUncertainty, UncertaintyRun
from chargesim.view.answer import Answer, AnswerTable, name_figure
from chargesim.view.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    VERMILION,
    Looks,
    new_figure,
    styled,
)

_BOTTOM, _TOP = 1.0, 1000.0
"""Ends of the axis [% of what is allowed]; what lies beyond is drawn at the end."""
_TICKS = (1, 3, 10, 30, 100, 300, 1000)
_LONGEST = 12
"""Rows of the panel of effects."""


def answer(run: UncertaintyRun) -> Answer:
    """Return the answer: how sure the verdict is, and what drives it."""
    noise = 0 if np.isnan(run.whole.noise) else 100 * run.whole.noise
    text = (
        f"One {run.day}. {DISTRIBUTION[0].upper()}{DISTRIBUTION[1:]} (assumed). The column "
        "scenario has Monte Carlo error alone. A draw meets where every judged criterion is, by "
        "its estimate, within what it allows; of the districts the worst counts, by means that are "
        "drawn together as far as their spread is noise. By bounds: by t bounds over its "
        f"{run.sizes.draw_replications} replications, every district by itself to meet, after "
        "Holm's correction to fail; so few of them are no verdict. Monte "
        f"Carlo error is {noise:.1f} % of the variance of the whole standard over the draws."
    )
    return Answer(
        title=run.title,
        headline=headline(run),
        text=text,
        tables=(_criteria_table(run), _ranges_table(run)),
        notes=[f"left out: {words}" for words in run.left_out],
        about=f"{run.about}; {run.label}",
        figures={"uncertainty": lambda: draw_uncertainty(run)},
        files="draws.csv, morris.csv, sobol.csv, uncertainty.json",
    )


def headline(run: UncertaintyRun) -> str:
    """Return in two sentences how sure the verdict is, and what drives it."""
    share = run.whole.meets
    draws = f"{share.count} of {share.of} draws: {_with_interval(share)}"
    one = run.whole
    sure = f"it meets in {one.meets_by_bounds} and fails in {one.fails_by_bounds}"
    sure = f"by bounds over {run.sizes.draw_replications} replications each {sure}"
    words = f"Over the ranges of {len(run.inputs)} inputs the plan meets in {draws}; {sure}."
    drivers = [
        f"{group} ({100 * total:.0f} +- {100 * half:.0f} % of the variance)"
        for group, total, half in run.drivers()
        if total > half
    ]
    if drivers:
        return f"{words} What drives it most: {', '.join(drivers[:3])}."
    return f"{words} Which input drives it most cannot be told."


def _with_interval(share: EstimatedShare) -> str:
    """Return a share with its interval, for example ``82 % (75 to 88)``."""
    lower, upper = (_percent(end).removesuffix(" %") for end in (share.lower, share.upper))
    return f"{_percent(share.value)} ({lower} to {upper})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if 0 < share < 0.1 else f"{100 * share:.0f} %"


def _span(low: float, high: float) -> str:
    return f"{100 * low:.0f} to {100 * high:.0f}"


def _criteria_table(run: UncertaintyRun) -> AnswerTable:
    layouts = len(run.whole.by_layout)
    by_layout = [f"{layouts} layouts"] if layouts else []
    numbers = ["scenario", "inputs, 90 %", *by_layout, "meets in", "by bounds: meets, fails"]
    rows = []
    for one in run.criteria:
        base = f"{100 * one.base.mean:.0f} ({_span(one.base.lower, one.base.upper)})"
        cells = [base, _span(one.quantile(0.05), one.quantile(0.95))]
        cells += [_span(one.by_layout.min(), one.by_layout.max())] if layouts else []
        driver = next((group.split(".")[-1] for group, _, _ in run.drivers(one.name)), "-")
        sure = f"{one.meets_by_bounds}, {one.fails_by_bounds}"
        rows.append([one.name, *cells, _with_interval(one.meets), sure, driver])
    title = (
        "Failures, % of what the criterion allows (100: at the threshold), and the draws that meet "
        "(95 % intervals)"
    )
    columns = ["criterion", *numbers, "driven most by"]
    return AnswerTable(title, columns, rows, right=numbers, bold=(len(rows) - 1,))


def _ranges_table(run: UncertaintyRun) -> AnswerTable:
    """Return the groups that survived the screening, with their shares of the variance."""
    screened = run.morris[run.morris["criterion"] == WHOLE].set_index("group")
    mine = run.sobol[run.sobol["criterion"] == WHOLE].sort_values("total", ascending=False)
    rows = []
    for row in mine.to_dict(orient="records"):
        shares = [
            f"{100 * row[name]:.0f} +- {100 * row[f'{name}_half']:.0f} %"
            for name in ("first", "total")
        ]
        effect, half = (float(screened.loc[row["group"], name]) for name in ("mu_star", "half"))
        rows.append([str(row["group"]), *shares, f"{100 * effect:.0f} +- {100 * half:.0f} points"])
    groups = run.morris["group"].nunique()
    title = (
        "What drives the whole standard: Sobol shares of the variance (95 %), of the inputs that "
        f"move most among {groups} groups screened"
    )
    columns = ("inputs", "by itself", "with interactions", "effect from end to end")
    return AnswerTable(title, columns, rows, right=columns[1:])


@styled
def draw_uncertainty(run: UncertaintyRun) -> Figure:
    """Draw both bands of every criterion, and the inputs with the largest effects.

    Parameters
    ----------
    run : UncertaintyRun
        From `experiment.uncertainty.run_uncertainty`.
    """
    figure = new_figure(15.5, 2.2 + 0.72 * len(run.criteria))
    left, right = figure.subplots(1, 2, width_ratios=(1.5, 1))
    _draw_bands(left, run)
    _draw_effects(right, run)
    title = "\n".join(textwrap.wrap(headline(run).replace(" %", "\N{NO-BREAK SPACE}%"), 120))
    shown = (
        f"at the left edge: {_BOTTOM:g} % or less; "
        "Sobol shares are computed for the inputs that move all criteria together most"
    )
    name_figure(figure, title, shown=shown, about=f"{run.about}\n{run.label}", size=14)
    return figure


def _draw_bands(ax: Axes, run: UncertaintyRun) -> None:
    """Draw a row per criterion: the draws with their band, the layouts, the Monte Carlo error."""
    jitter = np.random.default_rng(1)
    for row, one in enumerate(run.criteria):
        _draw_row(ax, row, one, jitter.uniform(-0.16, 0.16, len(one.draws)))
    ax.axvspan(_BOTTOM, 100, color=GREEN, alpha=0.07, linewidth=0)
    ax.axvspan(100, _TOP, color=VERMILION, alpha=0.07, linewidth=0)
    ax.axvline(100, color=INK, linewidth=1.4)
    ax.set_xscale("log")
    label = "failures, % of what the criterion allows (100: at the threshold)"
    ax.set(xlim=(_BOTTOM, _TOP), ylim=(len(run.criteria) - 0.4, -0.7), xlabel=label)
    ax.set_xticks(_TICKS, [f"{tick:,} %" for tick in _TICKS])
    ax.minorticks_off()
    names = [f"{one.name}\nmeets in {_percent(one.meets.value)} of draws" for one in run.criteria]
    ax.set_yticks(range(len(run.criteria)), names)
    ax.tick_params(axis="y", length=0, pad=9)  # beside the markers at the end of the axis
    above: Looks = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1.0), "ncols": 2}
    ax.legend(**above, columnspacing=1.2, handletextpad=0.5)


def _draw_row(ax: Axes, row: int, one: CriterionUncertainty, shift: Floats) -> None:
    """Draw one criterion; the first row names what is drawn."""

    def at(*values: float | Floats) -> Floats:
        return np.asarray(np.clip(100 * np.hstack(values), _BOTTOM, _TOP))

    def label(text: str) -> str | None:
        return text if row == 0 else None

    flat: Looks = {"solid_capstyle": "butt"}
    inputs = at(one.quantile(0.05), one.quantile(0.95))
    wide: Looks = {"linewidth": 13, "alpha": 0.45, **flat}
    ax.plot(inputs, [row, row], color=ORANGE, label=label("inputs, 5 to 95 %"), **wide)
    small: Looks = {"markersize": 4, "alpha": 0.6, "label": label("a draw of all inputs")}
    ax.plot(at(one.draws), row + shift, ".", color=GREY, **small)
    if len(one.by_layout):
        tall = np.full(len(one.by_layout), row + 0.28)
        thin: Looks = {"markersize": 8, "label": label("a synthetic layout")}
        ax.plot(at(one.by_layout), tall, "|", color=INK, **thin)
    error = at(one.base.lower, one.base.upper)
    narrow: Looks = {"linewidth": 6, "label": label("Monte Carlo error, 95 %"), **flat}
    ax.plot(error, [row, row], color=BLUE, **narrow)
    ax.plot(at(one.base.mean), [row], "o", color=BLUE, markeredgecolor="white", markersize=8)


def _draw_effects(ax: Axes, run: UncertaintyRun) -> None:
    """Draw the largest effects of the screening on the whole standard, with the Sobol shares."""
    screened = run.morris[run.morris["criterion"] == WHOLE]
    effects = screened.sort_values("mu_star", ascending=False).head(_LONGEST)
    shares = {group: total for group, total, _ in run.drivers()}
    rows, groups = np.arange(len(effects)), list(effects["group"])
    mean, half = 100 * effects["mu_star"].to_numpy(float), 100 * effects["half"].to_numpy(float)
    colours = [BLUE if group in shares else GREY for group in groups]
    ax.barh(rows, mean, height=0.6, color=colours, alpha=0.85)
    ax.errorbar(mean, rows, xerr=half, linestyle="none", color=INK, linewidth=1.2, capsize=2)
    for row, group in enumerate(groups):
        if group in shares:
            beside: Looks = {"textcoords": "offset points", "xytext": (5, 0), "va": "center"}
            end = (mean[row] + half[row], row)
            text = f"{100 * shares[group]:.0f} %"
            ax.annotate(text, end, color=INK, **beside)
    ax.set_yticks(rows, groups, fontsize=10.5)
    label = "effect on the worst criterion, end to end\n[percentage points of what it allows]"
    ax.set(ylim=(len(effects) - 0.4, -0.7), xlabel=label)
    ax.set_xlim(0, 1.15 * float((mean + half).max(initial=1e-9)))
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x")
    title = "Morris screening; blue: with the total Sobol\nshare of the variance"
    ax.set_title(title, fontsize=12)
