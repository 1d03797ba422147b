"""Draw how far each criterion of the standard is from its threshold."""

import math

from matplotlib.axes import Axes

from chargesim.analysis.criteria import CriterionVerdict
from chargesim.analysis.verdict import Verdict
from chargesim.view.bands import Look, draw_point, mark_allowance
from chargesim.view.style import GREY, INK, VERDICT_COLOURS, VERDICT_MARKERS, new_axes, styled
from chargesim.view.wording import amount, bounds, percent, threshold

_WIDEST = 3.0
"""Largest part of the allowance that the axis shows; what lies beyond is marked by an arrow and its
number."""


@styled
def draw_margins(verdict: Verdict, *, ax: Axes | None = None) -> Axes:
    """Draw each criterion's failures over the failures that it allows, with its one-sided bounds.

    Parameters
    ----------
    verdict : Verdict
        From `analysis.verdict.judge`.
    ax : Axes, optional
        Where to draw; new axes by default.
    """
    ax = ax or new_axes(12.5, 1.9 + 0.62 * len(verdict.criteria))
    largest = max(
        (item.allowance_upper for item in verdict.criteria if math.isfinite(item.allowance_upper)),
        default=1.0,
    )
    right = 100 * min(_WIDEST, max(1.25, 1.08 * largest))
    for row, item in enumerate(verdict.criteria):
        _draw_criterion(ax, row, item, right)
    mark_allowance(ax, 0, right)
    ax.set(
        xlim=(0, right),
        ylim=(len(verdict.criteria) - 0.4, -0.75),
        xlabel="failures, % of what the criterion allows (100: at the threshold); "
        f"bars: bounds one-sided at {percent(verdict.confidence_of_a_look)}",
    )
    ax.set_yticks(
        range(len(verdict.criteria)),
        [f"{item.name}\n{threshold(item)}" for item in verdict.criteria],
        linespacing=1.25,
    )
    ax.tick_params(axis="y", length=0, pad=9)  # beside the markers at 0
    for state, marker in VERDICT_MARKERS.items():
        if any(item.verdict == state for item in verdict.criteria):
            ax.plot(
                [],
                [],
                marker=marker,
                markersize=9,
                color=VERDICT_COLOURS[state],
                linestyle="none",
                label=state,
            )
    ax.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, columnspacing=1.2, handletextpad=0.2
    )
    decided = verdict.verdict in ("meets", "fails")
    ax.set_title(
        verdict.verdict.upper()
        + (f" at {100 * verdict.confidence:g} % confidence" if decided else ""),
        pad=30,
    )
    return ax


def _draw_criterion(ax: Axes, row: int, item: CriterionVerdict, right: float) -> None:
    """Draw one criterion's point, its bounds and its estimate in words."""
    if math.isnan(item.allowance_used):
        ax.text(0.02 * right, row, "nothing to judge", va="center", color=GREY)
        return
    colour = VERDICT_COLOURS[item.verdict]
    used, low, high = (
        100 * value for value in (item.allowance_used, item.allowance_lower, item.allowance_upper)
    )
    beyond = used > right
    at = 0.985 * right if beyond else used
    marker = ">" if beyond else VERDICT_MARKERS[item.verdict]
    drawn = (at, max(low, 0), min(high, right))
    draw_point(ax, row, drawn, Look(colour, marker, "-"), clip_on=False)
    if beyond:
        ax.text(0.965 * right, row, f"{used:,.0f} %", va="center", ha="right", color=INK)
    _write_estimate(ax, row, item)


def _write_estimate(ax: Axes, row: int, item: CriterionVerdict) -> None:
    """Write a criterion's estimate and bounds beside the axes, where no line crosses them."""
    text = amount(item.estimate, item.unit)
    if item.verdict != "given" and item.lower != item.upper:
        text += f" ({bounds(item)})"
    if item.scope == "districts" and item.worst_district:
        text += f"\n{item.worst_district}"
    ax.text(
        1.015,
        row,
        text,
        transform=ax.get_yaxis_transform(),
        va="center",
        ha="left",
        color=INK,
        linespacing=1.25,
    )
