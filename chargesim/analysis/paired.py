"""Compare two plans replication by replication: differences with their intervals, and what the pairing is worth."""

import numpy as np
from numpy.typing import ArrayLike

from chargesim.analysis.intervals import Interval, Intervals, p_differs, t_intervals
from chargesim.analysis.result import Floats

LEVEL = 0.95
"""Two-sided confidence of every paired interval."""


def paired_differences(values: ArrayLike, others: ArrayLike) -> Intervals:
    """Return the means of the differences, values less others, with their two-sided 95 % intervals.

    Parameters
    ----------
    values, others : array of float, [R, ...]
        The same quantities in the same replications of two plans.

    Returns
    -------
    Intervals
        Student-t over the differences. Infinite waits on both sides have no difference and are left out; infinite on one
        side make it infinite, and on either side in turn make it not defined.
    """
    differences = _differences(values, others)
    below, above = np.isneginf(differences).any(axis=0), np.isposinf(differences).any(axis=0)
    turned = t_intervals(np.where(below, -differences, differences), level=LEVEL)
    unknown, endless = (
        below & above,
        (np.isinf(differences) | np.isnan(differences)).all(axis=0) & (turned.n > 0),
    )
    mean, lower, upper = (
        np.where(unknown, np.nan, np.where(below, -part, other))
        for part, other in (
            (turned.mean, turned.mean),
            (turned.upper, turned.lower),
            (turned.lower, turned.upper),
        )
    )
    return Intervals(
        mean, lower, upper, np.where(unknown, 0, turned.n), (turned.equal | endless) & ~unknown
    )


def paired_difference(values: Floats, others: Floats) -> Interval:
    """Return the mean of the differences of one quantity, as `paired_differences` does.

    Parameters
    ----------
    values, others : array of float, [R]
        The same KPI in the same replications of two plans.
    """
    many = paired_differences(values, others)
    return Interval(
        float(many.mean), float(many.lower), float(many.upper), int(many.n), bool(many.equal)
    )


def p_values(values: ArrayLike, others: ArrayLike) -> Floats:
    """Return the two-sided p-values for the claim that a mean difference is not 0.

    Parameters
    ----------
    values, others : array of float, [R, ...]
        The same quantities in the same replications of two plans.

    Returns
    -------
    array of float
        Of the test to which the intervals of `paired_differences` belong. Differences that are all the same and not 0, or
        all infinite, have no spread for it: the sign test speaks, with 2 ** (1 - n). 1 where all are 0; NaN where fewer
        than two are known or some of them are infinite.
    """
    paired, differences = paired_differences(values, others), _differences(values, others)
    p = np.where(paired.equal, np.where(paired.mean == 0, 1.0, 2.0 ** (1 - paired.n)), np.nan)
    for place in np.argwhere(np.isfinite(paired.mean) & ~paired.equal):
        p[tuple(place)] = p_differs(differences[(slice(None), *place)])
    return np.where(paired.n < 2, np.nan, p)


def variance_reduction(values: ArrayLike, others: ArrayLike) -> Floats:
    """Return the variance-reduction factor of the pairing, (var A + var B) / var (A - B).

    Parameters
    ----------
    values, others : array of float, [R, ...]
        The same quantities in the same replications of two plans.

    Returns
    -------
    array of float
        How many times the replications independent runs would need for an interval as narrow: above 1 where common
        vehicles make both plans rise and fall together, infinite where only the difference never varies, NaN where nothing
        varies or fewer than two replications are finite in both. Source: Law, Simulation Modeling and Analysis, ch. 11.2.
    """
    one, other = np.asarray(values, dtype=np.float64), np.asarray(others, dtype=np.float64)
    known = np.isfinite(one) & np.isfinite(other)
    one, other = (np.where(known, part, 0.0) for part in (one, other))
    n = known.sum(axis=0)

    def variance(part: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            deviation = np.where(known, part - part.sum(axis=0) / n, 0.0)
            spread = (deviation**2).sum(axis=0) / (n - 1)
        rounding = 1e-14 * np.maximum(
            1.0, np.maximum(np.abs(one).max(axis=0), np.abs(other).max(axis=0))
        )
        return np.where(np.sqrt(spread) <= rounding, 0.0, spread)

    with np.errstate(invalid="ignore", divide="ignore"):
        factor = (variance(one) + variance(other)) / variance(one - other)
    return np.where(n >= 2, factor, np.nan)


def _differences(values: ArrayLike, others: ArrayLike) -> Floats:
    with np.errstate(invalid="ignore"):
        return np.asarray(values, dtype=np.float64) - np.asarray(others, dtype=np.float64)
