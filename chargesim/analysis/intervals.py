"""Compute intervals, bounds and tests from replication values.

Every interval is Student-t over replication means, never over vehicles, and from ten replications
on it is corrected for their skewness: a rare loss has a long right tail, and an upper bound that
does not know it is too low. Hall's cubic transformation does so without a single random number;
`docs/coverage.md` has what it is worth. Its inverse gives the bounds and itself the p-values, so
that both always agree. Without skewness it is Student's t. The rules for odd values are the same
everywhere: NaN means that the KPI is not defined in a replication (0 of 0); it is dropped and n
shrinks. One infinite value makes the mean and both bounds infinite. With fewer than two values
nothing is known, so the bounds are minus and plus infinity. Equal values have no spread: both
bounds are the value itself and `equal` is set, so that a caller can say so.

Hall, P. (1992). On the removal of skewness by transformation. J. R. Statist. Soc. B 54, 221-228.
Zhou, X.-H. and Gao, S. (2000). One-sided confidence intervals for means of positively skewed
distributions. The American Statistician 54, 100-104.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from chargesim.analysis.result import Bools, Counts, Floats

FEWEST_FOR_SKEWNESS = 10
"""Replications below which no skewness is estimated: with fewer, its noise makes the intervals
longer than it mends them."""

MOST_SCALED_SKEWNESS = 0.3
"""Largest skewness over sqrt(n) that is corrected: the transformation stretches what lies beyond,
up to four times Student's width."""


@dataclass(frozen=True)
class Intervals:
    """Means and bounds of many quantities at once, in the shape of the quantities."""

    mean: Floats
    lower: Floats
    upper: Floats
    n: Counts
    """replications in which the quantity is defined"""
    equal: Bools
    """all replications gave the same value"""


@dataclass(frozen=True)
class Interval:
    """Mean and bounds of one quantity over replications, in the quantity's unit."""

    mean: float
    lower: float
    upper: float
    n: int
    equal: bool


def t_intervals(values: ArrayLike, *, level: float = 0.95) -> Intervals:
    """Return two-sided intervals along the first axis (the replications).

    Parameters
    ----------
    values : array of float, [R, ...]
        One value per replication and quantity, in the unit of the quantity.
    level : float
        Two-sided confidence [0..1].
    """
    return _intervals(np.asarray(values, dtype=np.float64), 0.5 + level / 2)


def t_interval(values: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return the two-sided interval of one quantity.

    Parameters
    ----------
    values : array of float, [R]
        One value per replication, in the unit of the quantity.
    level : float
        Two-sided confidence [0..1].
    """
    return _single(_intervals(np.asarray(values, dtype=np.float64), 0.5 + level / 2))


def one_sided_bounds(values: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Return a lower and an upper bound, each of which holds alone at the confidence.

    Parameters
    ----------
    values : array of float, [R]
        One value per replication, in the unit of the quantity.
    confidence : float
        One-sided confidence of each bound [0..1].
    """
    return _single(_intervals(np.asarray(values, dtype=np.float64), confidence))


def p_above(values: ArrayLike, threshold: float) -> float:
    """Return the one-sided p-value for the claim that the mean lies above a threshold.

    Parameters
    ----------
    values : array of float, [R]
        One value per replication.
    threshold : float
        The threshold, in the unit of the values.

    Returns
    -------
    float
        Small when the replications speak for a mean above the threshold; 0 or 1 when they are all
        equal; 1 with fewer than two.
    """
    known = _defined(values)
    if len(known) < 2:
        return 1.0
    if np.ptp(known) == 0:
        return 0.0 if known[0] > threshold else 1.0
    count = len(known)
    statistic = (float(known.mean()) - threshold) / (float(known.std(ddof=1)) / math.sqrt(count))
    tilt = float(_scaled_skewness(known - known.mean(), np.asarray(count)))
    return float(special.stdtr(count - 1, -_without_skewness(statistic, tilt)))


def p_differs(values: ArrayLike) -> float:
    """Return the two-sided p-value for the claim that the mean is not 0.

    Parameters
    ----------
    values : array of float, [R]
        One value per replication, for example the difference of two plans on the same vehicles.
    """
    known = np.asarray(values, dtype=np.float64)
    return min(1.0, 2.0 * min(p_above(known, 0.0), p_above(-known, 0.0)))


def ratio_values(part: ArrayLike, whole: ArrayLike) -> Floats:
    """Return one value per replication, whose mean is the ratio of the totals and spread its own.

    Parameters
    ----------
    part, whole : array of float, [R, ...]
        Counts or sums of each replication.

    Returns
    -------
    array of float, [R, ...]
        R + (part_r - R whole_r) / mean(whole), with R the ratio of the totals; NaN where a whole
        is 0. An interval of their mean is that of the ratio by the delta method. The mean of the
        replications' ratios would weigh a replication with few wishes as much as one with many.
        Source: Cochran, Sampling Techniques (1977), ch. 6.
    """
    parts, wholes = (np.asarray(one, dtype=np.float64) for one in (part, whole))
    known = wholes > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.where(known, wholes, 0.0).sum(axis=0)
        ratio = np.where(known, parts, 0.0).sum(axis=0) / total
        mean = total / known.sum(axis=0)
        return np.where(known, ratio + (parts - ratio * wholes) / mean, np.nan)


def unseen_share(units: float, *, confidence: float = 0.95) -> float:
    """Return how often an event may come and still, at the confidence, not be seen in some units.

    Parameters
    ----------
    units : float
        Days or replications in which it was not seen.
    confidence : float
        One-sided confidence [0..1].

    Returns
    -------
    float
        Share of units [0..1], exact by the binomial law: 1 - (1 - confidence) ** (1 / units). At
        95 % about 3 / units, the rule of three; 1 without units.
    """
    return float(1.0 - (1.0 - confidence) ** (1.0 / units)) if units > 0 else 1.0


def rare_loss_bound(losses: ArrayLike, *, confidence: float = 0.95) -> float:
    """Return an upper bound of the mean loss of a day where few days lost anything.

    Parameters
    ----------
    losses : array of float, [days]
        Share lost on each day [0..1]; 1 where nobody was served.
    confidence : float
        One-sided confidence [0..1].

    Returns
    -------
    float
        Stringer's bound: each day that lost something counts with its loss, and a day that was not
        seen with 1. Without any loss it is `unseen_share`. Auditors use it for rare errors; it is
        on the safe side. Source: Bickel (1992), Inference and auditing: the Stringer bound,
        Int. Statist. Review 60, 197-209.
    """
    values = np.sort(np.clip(np.asarray(losses, dtype=np.float64), 0.0, 1.0))[::-1]
    some, count = values[values > 0], len(values)
    if count == 0:
        return 1.0
    steps = np.arange(len(some) + 1)
    left = np.maximum(count - steps, 1)
    share = np.where(steps < count, special.betaincinv(steps + 1.0, left, confidence), 1.0)
    return float(share[0] + (np.diff(share) * some).sum())


def holm(p_values: ArrayLike, *, alpha: float) -> Bools:
    """Return which hypotheses Holm's step-down procedure rejects.

    Parameters
    ----------
    p_values : array of float, [m]
        One p-value per hypothesis.
    alpha : float
        Chance of at least one false rejection [0..1].
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    passed = values[order] <= alpha / (len(values) - np.arange(len(values)))
    rejected = np.zeros(len(values), dtype=np.bool_)
    rejected[order] = np.logical_and.accumulate(passed)
    return rejected


def more_replications(values: ArrayLike, threshold: float, *, confidence: float) -> int | None:
    """Return about how many more replications would separate the mean from a threshold.

    Parameters
    ----------
    values : array of float, [R]
        One value per replication so far.
    threshold : float
        The threshold, in the unit of the values.
    confidence : float
        One-sided confidence of the bound [0..1].

    Returns
    -------
    int or None
        At least 1; None when unknown (fewer than two values, or the mean lies on the
        threshold).

    Notes
    -----
    Normal approximation with the current mean and standard deviation, so it is a guess, not a
    promise.
    """
    known = _defined(values)
    if len(known) < 2 or not np.isfinite(known).all():
        return None
    distance = abs(float(known.mean()) - threshold)
    if distance < 1e-12:
        return None
    needed = (float(special.ndtri(confidence)) * float(known.std(ddof=1)) / distance) ** 2
    return max(1, math.ceil(needed) - len(known))


def _defined(values: ArrayLike) -> Floats:
    """Return the values that are defined; values equal but for rounding become one value."""
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    if len(known) and np.isfinite(known).all() and np.ptp(known) <= _rounding(known.max()):
        known = np.full(len(known), known[0])
    return known


def _rounding(magnitude: Floats | float) -> Floats:
    """Return the spread below which values count as equal: a few units in the last place."""
    return np.asarray(1e-14 * np.maximum(1.0, np.abs(magnitude)))


def _scaled_skewness(spread: Floats, n: Counts) -> Floats:
    """Return the skewness over sqrt(n) of deviations along axis 0, within its bound; 0 if unknown.

    The skewness is G1 of Joanes and Gill (1998), which is less biased in small samples than the
    plain moment ratio.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        second, third = (spread**2).sum(axis=0) / n, (spread**3).sum(axis=0) / n
        tilt = third / second**1.5 * np.sqrt(n - 1.0) / (n - 2.0)
    return np.where(
        (n >= FEWEST_FOR_SKEWNESS) & np.isfinite(tilt),
        np.clip(tilt, -MOST_SCALED_SKEWNESS, MOST_SCALED_SKEWNESS),
        0.0,
    )


def _without_skewness(statistic: float, tilt: float) -> float:
    """Return Hall's transformation of a t statistic, which is nearer to Student's t."""
    return statistic + tilt * statistic**2 / 3 + tilt**2 * statistic**3 / 27 + tilt / 6


def _with_skewness(quantile: Floats, tilt: Floats) -> Floats:
    """Return the t statistic of which Hall's transformation is the quantile."""
    slight = np.abs(tilt) < 1e-6
    safe = np.where(slight, 1.0, tilt)
    turned = 3 / safe * (np.cbrt(1 + safe * (quantile - safe / 6)) - 1)
    return np.where(slight, quantile - tilt / 6 - tilt * quantile**2 / 3, turned)


def _intervals(values: Floats, quantile: float) -> Intervals:
    """Return mean less the turned t quantiles times the standard error, along axis 0."""
    defined = ~np.isnan(values)
    endless = np.isinf(values).any(axis=0)
    n = defined.sum(axis=0)
    clean = np.where(defined & np.isfinite(values), values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(n > 0, clean.sum(axis=0) / n, np.nan)
        spread = np.where(defined & ~endless, clean - mean, 0.0)
        error = np.sqrt((spread**2).sum(axis=0) / (n - 1) / n)
        high = special.stdtrit(np.maximum(n - 1, 1), quantile)
        tilt = _scaled_skewness(spread, n)
        below, above = _with_skewness(high, tilt) * error, -_with_skewness(-high, tilt) * error
    highest = np.where(defined, values, -np.inf).max(axis=0)
    lowest = np.where(defined, values, np.inf).min(axis=0)
    with np.errstate(invalid="ignore"):
        equal = (
            (n >= 2)
            & ~endless
            & (highest - lowest <= _rounding(np.where(np.isfinite(highest), highest, 0.0)))
        )
    mean = np.where(equal, highest, mean)
    below, above = (np.where(equal, 0.0, np.where(n >= 2, half, np.inf)) for half in (below, above))
    lower, upper = np.where(n > 0, mean - below, np.nan), np.where(n > 0, mean + above, np.nan)
    return Intervals(
        np.where(endless, np.inf, mean),
        np.where(endless, np.inf, lower),
        np.where(endless, np.inf, upper),
        n,
        equal,
    )


def _single(intervals: Intervals) -> Interval:
    """Return the only interval of a set."""
    return Interval(
        float(intervals.mean),
        float(intervals.lower),
        float(intervals.upper),
        int(intervals.n),
        bool(intervals.equal),
    )
