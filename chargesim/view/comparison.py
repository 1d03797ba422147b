"""Draw plans over each other on shared axes, and gather all figures of a comparison."""

import textwrap
from collections.abc import Sequence
from typing import Any, cast

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chargesim.analysis.comparison import ComparedPlan, Comparison
from chargesim.analysis.intervals import t_intervals
from chargesim.analysis.looks import level_of_a_look
from chargesim.analysis.result import Floats
from chargesim.analysis.series import common_label
from chargesim.network.network import STATION, SWAP
from chargesim.view.bands import draw_band, legend_above, legend_below, note_below
from chargesim.view.comparison_maps import draw_difference_heat_map, draw_maps, plan_looks
from chargesim.view.style import RC, hours_axis, new_axes, new_figure, readable, styled
from chargesim.view.utilisation import USES, draw_hour_steps, is_used
from chargesim.view.wording import percent

_WIDE, _NARROW = 3.8, 1.8
"""Widths of the first plan's line, drawn below, and of the others: coinciding lines are seen."""
Plans = Sequence[ComparedPlan]


def draw_comparison(comparison: Comparison) -> dict[str, Figure]:
    """Draw every figure of a comparison.

    Parameters
    ----------
    comparison : Comparison
        From `analysis.comparison.compare_plans`.

    Returns
    -------
    dict of str to Figure
        By the name of the file without its ending; each plan has one colour in all of them.
    """
    plans = comparison.plans
    figures = {
        "use_by_hour": draw_use_by_hour(plans),
        "use_over_sites": draw_use_over_sites(plans),
        "use_difference_heat_map": draw_difference_heat_map(comparison),
        "maps": draw_maps(comparison),
        "load_duration": cast(Figure, draw_load_duration(plans).figure),
    }
    label = common_label(plan.network.label for plan in plans)
    with mpl.rc_context(RC):
        for figure in figures.values():
            note_below(figure, f"{plans[0].about}, of each plan on the same vehicles\n{label}")
    return figures


@styled
def draw_use_by_hour(plans: Plans) -> Figure:
    """Draw the use of guns and of swap bays by hour of day, each plan with its interval.

    Parameters
    ----------
    plans : sequence of ComparedPlan
        From `analysis.comparison.compared_plan`.
    """
    drawn = [kpi for kpi in USES if any(is_used(plan.kpis, kpi) for plan in plans)]
    count = max(len(drawn), 1)
    figure = new_figure(8.6, 0.7 + 0.25 * len(plans) + 3.4 * count)
    axes = np.atleast_1d(figure.subplots(count, 1, sharex=True))
    for ax, kpi in zip(axes, drawn, strict=False):
        for plan, line in _lines(plans):
            draw_hour_steps(ax, plan.kpis, kpi, **line, label=readable(plan.name))
        hours_axis(ax)
        ax.set(ylabel=f"{USES[kpi][1]} busy\n[% of the time]")
        ax.set_ylim(bottom=0)
        ax.grid(axis="y")
    for ax in axes[:-1]:
        ax.set_xlabel("")
    legend_above(axes[0])
    levels = dict.fromkeys(percent(level_of_a_look(plan.verdict.looks)) for plan in plans)
    title = f"Use by hour of day; bands: {' or '.join(levels)} interval of each mean"
    figure.suptitle(title, x=0.01, ha="left", fontsize=13)
    return figure


@styled
def draw_use_over_sites(plans: Plans) -> Figure:
    """Draw which share of the stations, and of the swap sites, is busy for at most so long.

    Parameters
    ----------
    plans : sequence of ComparedPlan
        From `analysis.comparison.compared_plan`; the use of a site is its mean over the judged
        days and the replications.
    """
    kinds = [(STATION, "stations"), (SWAP, "swap sites")]
    drawn = [kind for kind in kinds if any(len(_uses(plan, kind[0])) for plan in plans)]
    count = max(len(drawn), 1)
    figure = new_figure(1.2 + 5.6 * count, 4.4 + 0.45 * len(plans))
    axes = np.atleast_1d(figure.subplots(1, count, sharey=True, squeeze=True))
    for ax, (kind, name) in zip(axes, drawn, strict=False):
        for plan, line in _lines(plans):
            uses = 100 * np.sort(_uses(plan, kind))
            if len(uses):
                words = f"{readable(plan.name)}: {len(uses):,}, median {np.median(uses):.1f} %"
                ax.ecdf(uses, **line, label=textwrap.fill(words, 48))
        ax.set(xlabel=f"{name} busy at most [% of the time]", ylim=(0, 1))
        ax.set_xlim(left=0)
        ax.set_yticks(np.linspace(0, 1, 6), [f"{tick:.0f}" for tick in np.linspace(0, 100, 6)])
        ax.grid(axis="both")
        legend_above(ax, columns=1)
    axes[0].set_ylabel("share of the sites [%]")
    figure.suptitle("How use is spread over the sites", x=0.01, ha="left", fontsize=13)
    return figure


@styled
def draw_load_duration(plans: Plans, *, ax: Axes | None = None) -> Axes:
    """Draw for how many of the judged hours the load of the city is at least so high.

    Parameters
    ----------
    plans : sequence of ComparedPlan
        From `analysis.comparison.compared_plan`; the quarters of an hour of each replication are
        sorted by themselves, and the bands are the 95 % intervals of the mean.
    ax : Axes, optional
        Where to draw; new axes by default.
    """
    ax = ax or new_axes(8.6, 5.0 + 0.25 * len(plans))
    for plan, line in _lines(plans):
        load = t_intervals(-np.sort(-plan.load_mw, axis=1))
        words = f"peak {load.mean[0]:.1f} MW, mean {load.mean.mean():.1f} MW"
        hours, band = (np.arange(len(load.mean)) + 0.5) / 4, (load.mean, load.lower, load.upper)
        draw_band(ax, hours, band, **line, label=f"{readable(plan.name)}: {words}")
    judged = 24 * plans[0].days
    ax.set(xlim=(0, judged), xlabel=f"hours of the {judged} judged")
    ax.set_ylabel("load of the city at least [MW]")
    ax.set_ylim(bottom=0)
    ax.grid(axis="both")
    legend_below(ax, columns=1)
    ax.set_title("Load duration; bands: 95 % interval of the mean")
    return ax


def _lines(plans: Plans) -> list[tuple[ComparedPlan, dict[str, Any]]]:
    """Return each plan with how its line is drawn."""
    looks = plan_looks(plans)
    return [
        (plan, looks[plan.name].line | {"linewidth": _NARROW if place else _WIDE})
        for place, plan in enumerate(plans)
    ]


def _uses(plan: ComparedPlan, kind: int) -> Floats:
    """Return the use of the sites of a kind that have a gun or bay [0..1]."""
    uses = plan.use_by_site[plan.network.sites.kind == kind]
    return np.asarray(uses[~np.isnan(uses)])
