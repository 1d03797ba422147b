"""Draw how long the vehicles wait."""

from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chargesim.analysis.profiles import WaitCurve
from chargesim.view.style import (
    GREY,
    KIND_COLOURS,
    KIND_NAMES,
    LINE_STYLES,
    fleet_colour,
    new_axes,
    new_figure,
    readable,
    styled,
)

_FIRST_MIN, _LAST_MIN = 0.5, 240.0


@styled
def draw_waits(
    curves: Sequence[WaitCurve], *, by: Literal["fleet", "kind"] = "fleet", ax: Axes | None = None
) -> Axes:
    """Draw the share of all that wished who were served after at most so many minutes of waiting.

    The gap between the end of a curve and 100 % is the unserved.

    Parameters
    ----------
    curves : sequence of WaitCurve
        From `analysis.profiles.wait_curves`.
    by : "fleet" or "kind"
        One curve for each; gives the colours.
    ax : Axes, optional
        Where to draw; new axes by default.
    """
    ax = ax or new_axes(8.0, 5.4)
    lowest = 1.0
    for index, curve in enumerate(curves):
        colour = (
            fleet_colour(curve.name, index) if by == "fleet" else KIND_COLOURS.get(curve.name, GREY)
        )
        chosen = (curve.minutes >= _FIRST_MIN) & (curve.minutes <= _LAST_MIN)
        name = readable(curve.name) if by == "fleet" else KIND_NAMES.get(curve.name, curve.name)
        if curve.share_unserved == 1:
            ax.plot(
                [],
                [],
                color=colour,
                linestyle="none",
                label=f"{name}: none served, {curve.wishes_per_day:,.0f} wishes a day",
            )
            continue
        text = (
            f"{name}: {100 * curve.share_at_zero:.1f} % at once, "
            f"{100 * curve.share_unserved:.1f} % unserved"
        )
        style = LINE_STYLES[index % len(LINE_STYLES)]
        ax.plot(
            curve.minutes[chosen],
            100 * curve.share[chosen],
            color=colour,
            linestyle=style,
            label=text,
        )
        lowest = min(lowest, float(curve.share[chosen].min()))
    _set_axes(ax, lowest)
    ax.set_title(f"Waits by {by}; the gap to 100 % is the unserved", pad=8)
    if ax.lines[:-1]:  # the last line is the rim at 100 %
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), handlelength=3)
    return ax


def _set_axes(ax: Axes, lowest: float) -> None:
    """Set a logarithmic axis of minutes, and an axis of shares from the lowest one to 100 %."""
    bottom = max(0.0, 100 - 1.12 * max(100 - 100 * lowest, 2.0))
    ax.set_xscale("log")
    ax.set(
        xlim=(_FIRST_MIN, _LAST_MIN),
        ylim=(bottom, 100 + 0.02 * (100 - bottom)),
        xlabel="wait [min]",
        ylabel="served within, of all that wished [%]",
    )
    ticks = (0.5, 1, 2, 5, 10, 20, 60, 120, 240)
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.axhline(100, color=GREY, linewidth=1)
    ax.grid(axis="both")


@styled
def draw_waits_by_fleet_and_kind(
    by_fleet: Sequence[WaitCurve], by_kind: Sequence[WaitCurve]
) -> Figure:
    """Draw the waits by fleet beside the waits by kind, on the same scale.

    Parameters
    ----------
    by_fleet, by_kind : sequence of WaitCurve
        From `analysis.profiles.wait_curves`.
    """
    figure = new_figure(13.5, 7.0)
    left, right = figure.subplots(1, 2, sharey=True)
    draw_waits(by_fleet, by="fleet", ax=left)
    lowest = left.get_ylim()
    draw_waits(by_kind, by="kind", ax=right)
    right.set(ylabel="", ylim=(min(lowest[0], right.get_ylim()[0]), lowest[1]))
    return figure
