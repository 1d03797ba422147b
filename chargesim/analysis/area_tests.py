"""Judge the failures of areas: a whole scope, or districts that must all meet.

The unit is the replication, or the day of a recorded log; nothing is counted over vehicles. The
share of failures of an area is the ratio of its totals over all units, with bounds by the delta
method and Student's t (`intervals.ratio_values`). Where failures were seen on fewer than
`FEWEST_BAD_DAYS` judged days their spread is not known, and the upper bound allows for days so bad
that nobody is served (`intervals.rare_loss_bound`). Fewer than `FEWEST_SAMPLES` units decide
nothing.

Districts are judged by intersection-union: the mean over the units comes first, then each must
meet at the full level, which needs no correction. The smallest of many noisy shares is never used.
A district fails only after Holm's correction over the districts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from chargesim.analysis.failure_counts import JudgedArea
from chargesim.analysis.intervals import (
    Interval,
    holm,
    more_replications,
    one_sided_bounds,
    p_above,
    rare_loss_bound,
    ratio_values,
    unseen_share,
)
from chargesim.analysis.result import Bools

FEWEST_SAMPLES = 10
"""Replications, or days of a recorded log, below which nothing is decided."""
FEWEST_BAD_DAYS = 5
"""Judged days with failures below which the spread of the failures counts as unknown."""
ROUNDING = 1e-12
"""Slack of comparisons with the allowance: 1 - 0.9 is not 0.1 in floating point."""


@dataclass(frozen=True)
class AreaTest:
    """The test of one area's failures against the allowance, without any correction."""

    bounds: Interval
    """of the share of failures, each one-sided; n is the number of units with wishes"""
    p_fail: float
    """p-value of the claim that it fails"""
    meets: bool
    rare: bool = False
    """few days with failures, or equal units: the bounds allow for unseen days without service"""


@dataclass(frozen=True)
class AreasTest:
    """The test of several areas that must all meet."""

    tests: tuple[AreaTest, ...]
    """of each area by itself"""
    meets: bool
    """whether every area meets, each at the full level"""
    p_fail: float
    """p-value of the claim that some area fails, corrected over the areas"""
    worst: int
    """the area with the highest share of failures"""
    beyond_threshold: Bools
    """areas beyond the allowance, each by itself without any correction"""
    beyond_after_holm: Bools
    """areas beyond it after Holm's correction over the areas"""


def judge_areas(
    areas: Sequence[JudgedArea], allowed: float, alpha: float, *, fewest: int = FEWEST_SAMPLES
) -> AreasTest:
    """Test whether every area meets: the rule for districts, and for a whole scope as one area.

    Parameters
    ----------
    areas : sequence of JudgedArea
        At least one.
    allowed : float
        Share of failures that the criterion allows [0..1].
    alpha : float
        One-sided error of each bound [0..1].
    fewest : int
        Units below which nothing is decided.
    """
    tests = tuple(judge_area(area, allowed, alpha, fewest=fewest) for area in areas)
    p_values = np.array([test.p_fail for test in tests])
    return AreasTest(
        tests,
        meets=all(test.meets for test in tests),
        p_fail=float(min(1.0, len(tests) * p_values.min())),
        worst=int(np.argmax([test.bounds.mean for test in tests])),
        beyond_threshold=np.asarray(p_values <= alpha),
        beyond_after_holm=holm(p_values, alpha=alpha),
    )


def judge_area(
    area: JudgedArea, allowed: float, alpha: float, *, fewest: int = FEWEST_SAMPLES
) -> AreaTest:
    """Test the failures of one area against the allowance.

    Parameters
    ----------
    area : JudgedArea
        A whole scope, a district, or districts pooled.
    allowed : float
        Share of failures that the criterion allows [0..1].
    alpha : float
        One-sided error of each bound [0..1].
    fewest : int
        Units below which nothing is decided.
    """
    values = ratio_values(*area.samples)
    bounds = one_sided_bounds(values, confidence=1 - alpha)
    if bounds.n < fewest:
        if area.recorded:  # what this log shows, with the noise of taste and outages alone
            played = one_sided_bounds(ratio_values(area.failed, area.wished), confidence=1 - alpha)
            bounds = replace(played, n=bounds.n)
        return AreaTest(bounds, 1.0, False)
    losses = area.losses_by_day
    rare = int(np.count_nonzero(losses)) < FEWEST_BAD_DAYS
    p_fail = p_above(values, allowed + ROUNDING)
    if rare:
        upper = rare_loss_bound(losses, confidence=1 - alpha)
        bounds = replace(bounds, upper=max(bounds.upper, upper))
    elif bounds.equal:
        unseen, mean = unseen_share(bounds.n, confidence=1 - alpha), bounds.mean
        bounds = replace(bounds, lower=mean * (1 - unseen), upper=mean + unseen * (1 - mean))
    if bounds.equal:
        p_fail = (allowed / bounds.mean) ** bounds.n if bounds.mean > allowed + ROUNDING else 1.0
    meets = bounds.upper <= allowed + ROUNDING
    return AreaTest(bounds, p_fail, meets, rare or bounds.equal)


def more_for_all(
    areas: Sequence[JudgedArea],
    tests: Sequence[AreaTest],
    allowed: float,
    alpha: float,
    judged: int,
) -> int | None:
    """Return about how many more replications decide: one area that fails is enough, else all.

    Parameters
    ----------
    areas, tests : sequence
        The areas that do not meet yet, and their tests.
    allowed, alpha : float
        As for `judge_areas`.
    judged : int
        Areas times criteria, over which a failure is corrected.
    """
    needed = [
        _more(area, test, allowed, alpha, judged) for area, test in zip(areas, tests, strict=True)
    ]
    known = [more for more in needed if more is not None]
    failing = [
        more
        for more, test in zip(needed, tests, strict=True)
        if more is not None and test.bounds.mean > allowed
    ]
    if failing:
        return min(failing)
    return max(known, default=None) if len(known) == len(needed) else None


def _more(
    area: JudgedArea, test: AreaTest, allowed: float, alpha: float, judged: int
) -> int | None:
    """Return about how many more replications would decide an area; None when unknown."""
    bounds = test.bounds
    if area.recorded:  # the same log again tells nothing new
        return None
    if math.isnan(bounds.mean) or abs(bounds.mean - allowed) < ROUNDING:
        return None
    fails = bounds.mean > allowed
    corrected = alpha / judged if fails else alpha
    count = len(area.failed)
    least = max(1, FEWEST_SAMPLES - count)
    if test.rare and not fails:  # the bound comes nearer to the mean as 1 / n
        needed = count * (bounds.upper - bounds.mean) / (allowed - bounds.mean)
        return max(least, math.ceil(needed) - count)
    if test.rare and bounds.equal:
        needed = math.log(corrected) / math.log(max(allowed, ROUNDING) / bounds.mean)
        return max(least, math.ceil(needed) - count)
    more = more_replications(ratio_values(*area.samples), allowed, confidence=1 - corrected)
    return None if more is None else max(least, more)
