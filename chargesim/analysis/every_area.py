"""Judge a criterion that every area must meet: the worst of many noisy means is no estimate.

The means over replications come first. The criterion meets when each area does, at the full level
(intersection-union). It fails when some area does after Holm's correction over the areas. How much
the worst area fails is estimated from means that are drawn together as far as their spread is
noise (positive-part James-Stein; Efron and Morris 1975, doi 10.1080/01621459.1975.10479864): the
highest of 38 means at 60 wishes a day lies far above every true share.
"""

import math
from dataclasses import dataclass

import numpy as np

from chargesim.analysis.failure_counts import allowance, allowance_used
from chargesim.analysis.intervals import Interval, one_sided_bounds, p_above
from chargesim.analysis.result import Floats
from chargesim.scenario.standard import Criterion

_ROUNDING = 1e-12
_FEWEST = 4
"""Areas below which no mean is drawn to the others: James-Stein needs as many."""


@dataclass(frozen=True)
class SharesTest:
    """The test of a criterion over all its areas."""

    meets: bool
    """every area meets"""
    p_fail: float
    """p-value of the claim that some area fails, corrected over the areas (Holm's first step)"""


def judge_shares(shares: Floats, criterion: Criterion, *, alpha: float) -> SharesTest:
    """Test whether every area meets, and whether some area fails, by t bounds of the shares.

    For points of a study, at a few replications each: what `analysis.area_tests` asks of a verdict,
    ten replications and room for unseen bad days, no point of them has.

    Parameters
    ----------
    shares : array of float, [area, replication]
        Failed shares, NaN where nobody wished.
    criterion : Criterion
        Gives the allowance.
    alpha : float
        One-sided error of each bound [0..1].
    """
    allowed = allowance(criterion) + _ROUNDING
    bounds = [one_sided_bounds(area, confidence=1 - alpha) for area in np.atleast_2d(shares)]
    p_values = [p_above(area, allowed) for area in np.atleast_2d(shares)]
    meets = all(one.n >= 2 and one.upper <= allowed for one in bounds)
    return SharesTest(meets, min(1.0, len(p_values) * min(p_values)))


def worst_share(shares: Floats) -> float:
    """Return an estimate of the largest true share among some areas.

    Parameters
    ----------
    shares : array of float, [area, replication]
        Failed shares, NaN where nobody wished.
    """
    shares = np.atleast_2d(shares)
    known = ~np.isnan(shares).all(axis=1)
    if not known.any():
        return math.nan
    shares = shares[known]
    means, count = np.nanmean(shares, axis=1), (~np.isnan(shares)).sum(axis=1)
    if len(means) < _FEWEST or not (count >= 2).all():
        return float(means.max())
    noise = float((np.nanvar(shares, axis=1, ddof=1) / count).mean())
    spread = float(means.var(ddof=1))
    degrees = len(means) - 1
    kept = max(0.0, 1 - (degrees - 2) / degrees * noise / spread) if spread > 0 else 1.0
    return float(means.mean() + kept * (means.max() - means.mean()))


def allowance_band(shares: Floats, criterion: Criterion, *, confidence: float) -> Interval:
    """Return the part of its allowance that the worst area uses, with one-sided bounds.

    The worst area is at most the highest upper bound, and at least the highest lower bound at an
    error that is divided by the number of areas.

    Parameters
    ----------
    shares : array of float, [area, replication]
        Failed shares.
    criterion : Criterion
        Gives the allowance.
    confidence : float
        Of each bound [0..1].
    """
    shares = np.atleast_2d(shares)
    above = [one_sided_bounds(area, confidence=confidence) for area in shares]
    apart = 1 - (1 - confidence) / len(shares)
    lower = max(one_sided_bounds(area, confidence=apart).lower for area in shares)
    upper, worst = max(one.upper for one in above), worst_share(shares)
    n, equal = min(one.n for one in above), all(one.equal for one in above)
    mean, low, high = (
        allowance_used(share, criterion) for share in (worst, min(lower, worst), max(upper, worst))
    )
    return Interval(mean, low, high, n, equal)
