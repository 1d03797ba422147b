"""Share whole numbers out in proportion to weights, and spread them evenly over the map."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def order_along_curve(xy: Floats) -> NDArray[np.int64]:
    """Return the order of points along a Z-order curve (Morton 1966).

    Neighbours on the curve are mostly neighbours on the map.
    """
    if len(xy) == 0:
        return np.zeros(0, dtype=np.int64)
    span = max(float(np.ptp(xy, axis=0).max()), 1e-9)
    cell = ((xy - xy.min(axis=0)) / span * 65535).astype(np.uint64)
    code = np.zeros(len(xy), dtype=np.uint64)
    for bit in range(16):
        for axis in range(2):
            code |= ((cell[:, axis] >> np.uint64(bit)) & np.uint64(1)) << np.uint64(2 * bit + axis)
    return np.argsort(code, kind="stable")


def systematic_sample(
    weights: Floats, order: NDArray[np.int64], count: int, start: float
) -> NDArray[np.int64]:
    """Return `count` zones in proportion to their weights, at even steps along an order.

    Parameters
    ----------
    weights : array
        Weight of each zone.
    order : array of int
        The zones in the order of the steps.
    count : int
    start : float
        Where the first step lies in its interval [0..1].
    """
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    total = np.cumsum(weights[order])
    marks = (np.arange(count) + start) / count * total[-1]
    chosen: NDArray[np.int64] = order[
        np.minimum(np.searchsorted(total, marks, side="right"), len(order) - 1)
    ]
    return chosen


def largest_remainder(weights: Floats, count: int, least: int = 0) -> NDArray[np.int64]:
    """Return `count` shared out in proportion to weights, at least `least` (0 or 1) to each.

    When `count` is too small for that, the largest weights come first.
    """
    n = len(weights)
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    if count < least * n:
        counts: NDArray[np.int64] = np.zeros(n, dtype=np.int64)
        counts[np.argsort(-weights, kind="stable")[:count]] = 1
        return counts
    rest = count - least * n
    exact = rest * weights / weights.sum() if weights.sum() > 0 else np.full(n, rest / n)
    counts = np.floor(exact).astype(np.int64)
    counts[np.argsort(counts - exact, kind="stable")[: rest - int(counts.sum())]] += 1
    counts += least
    return counts
