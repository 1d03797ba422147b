"""Read quantiles and distributions from the histograms of the totals.

The rule, stated once: bin 0 holds exactly zero. Neighbouring edges of the logarithmic bins differ
by the factor `BIN_FACTOR` (1.154), so a quantile is right within that factor. Inside a logarithmic
bin the cumulative share is taken as linear in the logarithm of the time; inside bin 1, which begins
at zero, as linear in the time. A quantile that falls in the last bin (above 480 min) is reported as
480 min, which is then a lower bound. The unserved, when they are counted, wait for ever: a quantile
that falls among them is infinite.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargesim.analysis.result import Floats
from chargesim.engine.replication_totals import (
    BINS,
    HIGHEST_MIN,
    LOG_BINS,
    LOWEST_MIN,
    bin_edges_min,
)

BIN_FACTOR = (HIGHEST_MIN / LOWEST_MIN) ** (1 / LOG_BINS)
"""Ratio of neighbouring edges, the relative resolution of every quantile."""
_ROUNDING = 1e-9
"""Slack on the rank, so that 95 of 100 reaches a quantile of 0.95 whatever the rounding of the
product."""


def quantile_min(
    bins: NDArray[Any], share: float, *, unserved: NDArray[Any] | float = 0.0
) -> Floats:
    """Return the time below which a share of the vehicles lies.

    Parameters
    ----------
    bins : array of int, [..., BINS]
        Histogram of the served sessions.
    share : float
        The quantile [0..1], for example 0.95.
    unserved : array of float, [...]
        Sessions that count as infinite; 0 for the quantile of the served alone.

    Returns
    -------
    array of float, [...]
        Minutes; infinite among the unserved, NaN when there is no session at all.
    """
    counts = np.asarray(bins, dtype=np.float64)
    if counts.shape[-1] != BINS:
        raise ValueError(f"bins: got {counts.shape[-1]}, needs {BINS}")
    total_served = counts.sum(axis=-1)
    total = total_served + np.asarray(unserved, dtype=np.float64)
    rank = share * total - _ROUNDING * np.maximum(total, 1.0)
    cumulative = np.cumsum(counts, axis=-1)
    place = np.minimum((cumulative < rank[..., None]).sum(axis=-1), BINS - 1)
    below = np.take_along_axis(cumulative, place[..., None], -1)[..., 0]
    inside = np.take_along_axis(counts, place[..., None], -1)[..., 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.clip(np.where(inside > 0, (rank - (below - inside)) / inside, 0.0), 0.0, 1.0)
    minutes = _inside_bin(place, part)
    minutes = np.where(rank > total_served, np.inf, minutes)
    return np.where(total > 0, minutes, np.nan)


def share_at_most(bins: NDArray[Any], *, unserved: NDArray[Any] | float = 0.0) -> Floats:
    """Return the share of sessions at or below each finite upper edge of the bins.

    Parameters
    ----------
    bins : array of int, [..., BINS]
        Histogram of the served sessions.
    unserved : array of float, [...]
        Sessions that count as infinite.

    Returns
    -------
    array of float, [..., BINS - 1]
        Cumulative share [0..1] at the edges 0, 0.058, ..., 480 min; exact, since it is read at
        edges only.
    """
    counts = np.asarray(bins, dtype=np.float64)
    total = counts.sum(axis=-1) + np.asarray(unserved, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.cumsum(counts, axis=-1)[..., :-1] / total[..., None])


def time_at_min(cumulative: Floats, share: float) -> float:
    """Return the time at which cumulative shares reach a share.

    Parameters
    ----------
    cumulative : array of float, [BINS - 1]
        Rising shares at the edges, as from `share_at_most`.
    share : float
        For example 0.95.

    Returns
    -------
    float
        Minutes, by the rule above; infinite where the share is not reached.
    """
    place = int((cumulative < share - _ROUNDING).sum())
    if place == len(cumulative):
        return float("inf")
    below = cumulative[place - 1] if place else 0.0
    part = np.clip((share - below) / max(cumulative[place] - below, _ROUNDING), 0.0, 1.0)
    return float(_inside_bin(np.array(place), np.array(part)))


def _inside_bin(place: NDArray[np.int64], part: Floats) -> Floats:
    """Return the minutes at a part [0..1] of a bin."""
    upper = bin_edges_min()
    upper[-1] = HIGHEST_MIN
    lower = np.concatenate([[0.0], upper[:-1]])
    low, high = lower[place], upper[place]
    with np.errstate(invalid="ignore", divide="ignore"):
        logarithmic = low * (high / low) ** part
    return np.where(place <= 1, part * high, logarithmic)
