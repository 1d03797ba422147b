"""Share whole numbers out and spread places over the map, so that one more moves none before it."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GOLDEN = 0.5 * (5.0**0.5 - 1.0)
_BITS = 16
"""Bits of a coordinate on the curve"""


def order_along_curve(xy: Floats) -> Ints:
    """Return the order of points along a Hilbert curve (Hilbert 1891).

    Neighbours on the curve are neighbours on the map.
    """
    if len(xy) == 0:
        return np.zeros(0, dtype=np.int64)
    span = max(float(np.ptp(xy, axis=0).max()), 1e-9)
    x, y = ((xy - xy.min(axis=0)) / span * (2**_BITS - 1)).astype(np.int64).T
    along = np.zeros(len(xy), dtype=np.int64)
    for bit in range(_BITS - 1, -1, -1):
        right, upper = (x >> bit) & 1, (y >> bit) & 1
        along = 4 * along + ((3 * right) ^ upper)
        flip = (upper == 0) & (right == 1)  # turn each quarter so that the curve goes on
        x, y = np.where(flip, ~x, x), np.where(flip, ~y, y)
        x, y = np.where(upper == 0, y, x), np.where(upper == 0, x, y)
    return np.argsort(along, kind="stable")


def golden_marks(count: int, start: float) -> Floats:
    """Return the first points of a golden-ratio sequence on [0, 1): frac(start + n / 1.618).

    Any first points of it are spread evenly: gaps have at most three lengths (Sós 1958). A
    further point moves none before it.
    """
    marks: Floats = np.mod(start + np.arange(count) * GOLDEN, 1.0)
    return marks


def zones_at(weights: Floats, order: Ints, marks: Floats) -> Ints:
    """Return the zones at marks [0..1) of the weights, cumulated along an order of the zones."""
    total = np.cumsum(weights[order])
    place = np.searchsorted(total, marks * total[-1], side="right")
    chosen: Ints = order[np.minimum(place, len(order) - 1)]
    return chosen


def shares_of(weights: Floats, count: int, least: int = 0) -> Ints:
    """Return `count` shared out in proportion to weights, at least `least` (0 or 1) to each.

    First comes the least of each, largest weights first, then one after the other goes where
    weight / (2 x what it has beyond its least + 1) is largest (Sainte-Laguë, Webster). So one more
    of the count gives one share one more and none fewer, which the largest remainder does not.
    """
    counts: Ints = np.zeros(len(weights), dtype=np.int64)
    if len(weights) == 0:
        return counts
    first = min(count, least * len(weights))
    counts[np.argsort(-weights, kind="stable")[:first]] = 1
    weights = weights if weights.sum() > 0 else np.ones(len(weights))
    quotient = weights.astype(float)
    beyond = np.zeros(len(weights), dtype=np.int64)
    for _ in range(count - first):
        best = int(np.argmax(quotient))
        beyond[best] += 1
        quotient[best] = weights[best] / (2 * beyond[best] + 1)
    return counts + beyond
