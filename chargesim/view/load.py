"""Draw the power that the network takes from the grid."""

import numpy as np
from matplotlib.axes import Axes

from chargesim.analysis.profiles import QuarterLoad
from chargesim.view.style import INK, KIND_COLOURS, KIND_NAMES, hours_axis, new_axes, styled
from chargesim.view.wording import percent


@styled
def draw_load(load: QuarterLoad, *, level: float, ax: Axes | None = None) -> Axes:
    """Draw the load by quarter of an hour, stacked by kind of site, under the highest load seen.

    Parameters
    ----------
    load : QuarterLoad
        From `analysis.profiles.quarter_load`.
    level : float
        Level of the interval of its peak [0..1].
    ax : Axes, optional
        Where to draw; new axes by default.
    """
    ax = ax or new_axes()
    edges = np.arange(97) / 4
    base = np.zeros(97)
    for row, kind in enumerate(("station", "swap")):
        top = base + np.append(load.mean_mw[row], load.mean_mw[row, -1])
        ax.fill_between(
            edges,
            base,
            top,
            step="post",
            color=KIND_COLOURS[kind],
            alpha=0.85,
            linewidth=0,
            label=f"{KIND_NAMES[kind]}, mean",
        )
        base = top
    highest = np.append(load.highest_mw, load.highest_mw[-1])
    ax.step(
        edges,
        highest,
        where="post",
        color=INK,
        linewidth=1.3,
        label="city, highest of all days and replications",
    )
    hours_axis(ax)
    peak = load.peak_mw
    interval = (
        f" ({percent(level)}: {peak.lower:.1f} to {peak.upper:.1f})"
        if np.isfinite(peak.lower)
        else ""
    )
    ax.set(
        ylabel="power from the grid [MW]",
        title=f"Load by quarter of an hour; peak {peak.mean:.1f} MW{interval}",
    )
    ax.set_ylim(0, 1.30 * max(float(highest.max()), 1e-6))
    ax.grid(axis="y")
    ax.legend(loc="upper left", ncols=2)
    return ax
