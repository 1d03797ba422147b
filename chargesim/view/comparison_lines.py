"""Draw plans over each other on shared axes: use by hour, use over the sites, load duration."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chargesim.analysis.comparison import Plan
from chargesim.analysis.intervals import t_intervals
from chargesim.analysis.looks import level_of_a_look
from chargesim.analysis.result import Floats
from chargesim.network.network import STATION, SWAP
from chargesim.view.series_style import Look, legend_above, legend_below, look
from chargesim.view.style import hours_axis, new_axes, new_figure, readable, styled
from chargesim.view.wording import percent

_WIDE, _NARROW = 3.8, 1.8
"""Widths of the first plan's line, drawn below the others, and of those: where they coincide both are seen."""
_USES = (
    ("time_utilisation", STATION, "guns of stations"),
    ("bay_utilisation", SWAP, "bays of swap sites"),
)


def plan_looks(plans: Sequence[Plan]) -> dict[str, Look]:
    """Return the colour and the line of each plan, the same in every figure of a comparison."""
    return {plan.name: look(place) for place, plan in enumerate(plans)}


def _line(plans: Sequence[Plan], plan: Plan) -> dict[str, Any]:
    """Return how the line of a plan is drawn."""
    of_plan = plan_looks(plans)[plan.name]
    return {
        "color": of_plan.colour,
        "linestyle": of_plan.style,
        "linewidth": _WIDE if plan is plans[0] else _NARROW,
    }


@styled
def draw_use_by_hour(plans: Sequence[Plan]) -> Figure:
    """Draw the use of guns and of swap bays by hour of day, each plan with its interval.

    Parameters
    ----------
    plans : sequence of Plan
        From `analysis.comparison.plan_of`.
    """
    drawn = [
        use for use in _USES if any(np.isfinite(_by_hour(plan, use[0])[0]).any() for plan in plans)
    ]
    figure = new_figure(8.6, 0.7 + 0.25 * len(plans) + 3.4 * max(len(drawn), 1))
    axes = np.atleast_1d(figure.subplots(max(len(drawn), 1), 1, sharex=True))
    for ax, (kpi, _, name) in zip(axes, drawn, strict=False):
        for plan in plans:
            mean, lower, upper = _by_hour(plan, kpi)
            hours = np.arange(25)
            ax.step(hours, mean, where="post", **_line(plans, plan), label=readable(plan.name))
            ax.fill_between(
                hours,
                lower,
                upper,
                step="post",
                color=plan_looks(plans)[plan.name].colour,
                alpha=0.25,
                linewidth=0,
            )
        hours_axis(ax)
        ax.set(ylabel=f"{name} busy\n[% of the time]")
        ax.set_ylim(bottom=0)
        ax.grid(axis="y")
    for ax in axes[:-1]:
        ax.set_xlabel("")
    legend_above(axes[0])
    levels = " or ".join(
        dict.fromkeys(percent(level_of_a_look(plan.verdict.looks)) for plan in plans)
    )
    figure.suptitle(
        f"Use by hour of day; bands: {levels} interval of each mean", x=0.01, ha="left", fontsize=13
    )
    return figure


def _by_hour(plan: Plan, kpi: str) -> tuple[Floats, Floats, Floats]:
    """Return mean and bounds of a KPI by hour of day [%], the last hour twice for the steps."""
    rows = plan.kpis[(plan.kpis["kpi"] == kpi) & (plan.kpis["scope"] == "hour")]
    mean, lower, upper = (
        100 * np.append(rows[name].to_numpy(), rows[name].iloc[-1])
        for name in ("mean", "lower", "upper")
    )
    return mean, lower, upper


@styled
def draw_use_over_sites(plans: Sequence[Plan]) -> Figure:
    """Draw which share of the stations, and of the swap sites, is used at most so much: empirical distribution functions.

    Parameters
    ----------
    plans : sequence of Plan
        From `analysis.comparison.plan_of`; the use of a site is its mean over the judged days and the replications.
    """
    kinds = [(STATION, "stations"), (SWAP, "swap sites")]
    drawn = [kind for kind in kinds if any(len(_uses(plan, kind[0])) for plan in plans)]
    figure = new_figure(1.2 + 5.6 * max(len(drawn), 1), 4.4 + 0.45 * len(plans))
    axes = np.atleast_1d(figure.subplots(1, max(len(drawn), 1), sharey=True, squeeze=True))
    for ax, (kind, name) in zip(axes, drawn, strict=False):
        for plan in plans:
            uses = 100 * np.sort(_uses(plan, kind))
            if len(uses):
                label = textwrap.fill(
                    f"{readable(plan.name)}: {len(uses):,}, median {np.median(uses):.1f} %", 48
                )
                ax.ecdf(uses, **_line(plans, plan), label=label)
        ax.set(xlabel=f"{name} busy at most [% of the time]", ylim=(0, 1))
        ax.set_xlim(left=0)
        ax.set_yticks(np.linspace(0, 1, 6), [f"{tick:.0f}" for tick in np.linspace(0, 100, 6)])
        ax.grid(axis="both")
        legend_above(ax, columns=1)
    axes[0].set_ylabel("share of the sites [%]")
    figure.suptitle("How use is spread over the sites", x=0.01, ha="left", fontsize=13)
    return figure


def _uses(plan: Plan, kind: int) -> Floats:
    """Return the use of the sites of a kind that have a gun or bay [0..1]."""
    uses = plan.use_by_site[plan.network.sites.kind == kind]
    return np.asarray(uses[~np.isnan(uses)])


@styled
def draw_load_duration(plans: Sequence[Plan], *, ax: Axes | None = None) -> Axes:
    """Draw for how many of the judged hours the load of the city is at least so high, with the 95 % interval of the mean.

    Parameters
    ----------
    plans : sequence of Plan
        From `analysis.comparison.plan_of`; the quarters of an hour of each replication are sorted by themselves.
    ax : Axes, optional
        Where to draw; new axes by default.
    """
    ax = ax or new_axes(8.6, 5.0 + 0.25 * len(plans))
    for plan in plans:
        falling = t_intervals(-np.sort(-plan.load_mw, axis=1))
        hours = (np.arange(len(falling.mean)) + 0.5) / 4
        peak = f"{readable(plan.name)}: peak {falling.mean[0]:.1f} MW, mean {falling.mean.mean():.1f} MW"
        ax.plot(hours, falling.mean, **_line(plans, plan), label=peak)
        ax.fill_between(
            hours,
            falling.lower,
            falling.upper,
            color=plan_looks(plans)[plan.name].colour,
            alpha=0.25,
            linewidth=0,
        )
    ax.set(
        xlim=(0, 24 * plans[0].days),
        xlabel=f"hours of the {24 * plans[0].days} judged",
        ylabel="load of the city at least [MW]",
    )
    ax.set_ylim(bottom=0)
    ax.grid(axis="both")
    legend_below(ax, columns=1)
    ax.set_title("Load duration; bands: 95 % interval of the mean")
    return ax
