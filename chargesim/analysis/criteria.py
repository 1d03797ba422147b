"""Judge one criterion of the standard from replication values.

A criterion meets when the one-sided upper bound of its failures is within the allowance. Districts
are judged by intersection-union: each must meet at the full level, which needs no correction; the
smallest of many noisy shares is never used. A district fails only after Holm's correction over the
districts, a criterion only after Holm's correction over the criteria (`verdict.judge`).
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import special

from chargesim.analysis.failure_counts import (
    JudgedArea,
    allowance,
    allowance_used,
    count_failures,
    judged_areas,
    p95_wait_min,
)
from chargesim.analysis.intervals import (
    Interval,
    binomial_bounds,
    holm,
    more_replications,
    one_sided_bounds,
    p_above,
    p_binomial_above,
)
from chargesim.analysis.result import Bools, RunResult
from chargesim.scenario.standard import GIVEN, Criterion

CriterionState = Literal["meets", "fails", "inconclusive", "incomplete", "given"]
_ROUNDING = 1e-12
"""Slack of comparisons with the allowance: 1 - 0.9 is not 0.1 in floating point."""


@dataclass(frozen=True)
class CriterionVerdict:
    """The verdict on one criterion. `estimate`, `lower`, `upper` and `threshold` are in `unit`."""

    name: str
    measure: str
    scope: str
    unit: str
    threshold: float
    sense: Literal["at least", "at most"]
    source: str
    estimate: float
    """mean over replications, of the worst district when districts are judged; a P95 of a wait is
    over all replications together"""
    lower: float
    """one-sided bound at the standard's confidence; of a P95 see `failure_counts.p95_wait_min`"""
    upper: float
    """one-sided bound at the standard's confidence"""
    verdict: CriterionState
    margin: float
    """unused part of the allowed failures by the upper bound: 1 nothing failed, 0 at the threshold,
    below 0 beyond it"""
    allowance_used: float
    """estimated failures over allowed failures"""
    allowance_lower: float
    allowance_upper: float
    """bounds of `allowance_used`; the upper one over all districts when districts are judged"""
    worst_district: str | None
    worst_hour: str | None
    n: int
    """replications in which the measure is defined; 0 when it is given"""
    more_replications: int | None
    """about how many more would decide an inconclusive criterion; None when decided or unknown"""
    note: str


@dataclass(frozen=True)
class CriterionTest:
    """The test of a criterion by itself, before Holm's correction over the criteria."""

    verdict: CriterionVerdict
    p_fail: float
    """p-value of the claim that it fails, corrected over its districts; NaN when it is not
    judged"""
    areas: int = 1
    """number of areas that are judged: 1, or that of the districts"""
    beyond_threshold: tuple[str, ...] = ()
    """areas beyond the threshold, each by itself without any correction; "" for a whole scope"""
    beyond_after_holm: tuple[str, ...] = ()
    """districts beyond it after Holm's correction over the districts"""


def judge_criterion(
    result: RunResult, criterion: Criterion, *, alpha: float, criteria: int = 1
) -> CriterionTest:
    """Judge one criterion by itself; `verdict.judge` decides whether it fails.

    Parameters
    ----------
    result : RunResult
        The run.
    criterion : Criterion
        The criterion.
    alpha : float
        One-sided error of each bound [0..1].
    criteria : int
        Number of criteria judged together, only to estimate the replications still needed.

    Returns
    -------
    CriterionTest
        With the state meets, inconclusive or given.
    """
    if criterion.measure in GIVEN:
        return _given(result, criterion)
    counts = count_failures(result, criterion)
    areas, pooled_note = judged_areas(result, criterion, counts)
    if not areas:
        return _without_wishes(criterion)
    allowed = allowance(criterion)
    tests = [judge_area(area, allowed, alpha) for area in areas]
    bounds, p_values = [test.bounds for test in tests], np.array([test.p_fail for test in tests])
    worst = int(np.argmax([bound.mean for bound in bounds]))
    open_areas = [(areas[i], bounds[i]) for i, test in enumerate(tests) if not test.meets]
    estimate, lower, upper = _in_unit(result, criterion, areas[worst], bounds[worst], alpha)
    highest_used = max(allowance_used(bound.upper, criterion) for bound in bounds)
    by_district = criterion.scope == "districts"
    districts = result.network.districts.name
    verdict = CriterionVerdict(
        **_fields_of_standard(criterion),
        estimate=estimate,
        lower=lower,
        upper=upper,
        verdict="inconclusive" if open_areas else "meets",
        margin=1.0 - highest_used,
        allowance_used=allowance_used(bounds[worst].mean, criterion),
        allowance_lower=allowance_used(bounds[worst].lower, criterion),
        allowance_upper=highest_used,
        worst_district=areas[worst].name if by_district else counts.worst(districts, 1),
        worst_hour=counts.worst_hour(),
        n=bounds[worst].n,
        more_replications=_more_for_all(open_areas, allowed, alpha, len(areas) * criteria),
        note="; ".join(filter(None, [*_notes(criterion, bounds, worst), pooled_note])),
    )
    return CriterionTest(
        verdict,
        p_fail=float(min(1.0, len(areas) * p_values.min())),
        areas=len(areas),
        beyond_threshold=_names(areas, p_values <= alpha),
        beyond_after_holm=_names(areas, holm(p_values, alpha=alpha)) if by_district else (),
    )


def _names(areas: list[JudgedArea], chosen: Bools) -> tuple[str, ...]:
    """Return the names of the chosen areas."""
    return tuple(area.name for area, one in zip(areas, chosen, strict=True) if one)


@dataclass(frozen=True)
class AreaTest:
    """The test of one area's failures against the allowance, without any correction."""

    bounds: Interval
    """of the share of failures, each one-sided"""
    p_fail: float
    """p-value of the claim that it fails"""
    meets: bool


def judge_area(area: JudgedArea, allowed: float, alpha: float) -> AreaTest:
    """Test the failures of one area against the allowance.

    Parameters
    ----------
    area : JudgedArea
        A whole scope, a district, or districts pooled.
    allowed : float
        Share of failures that the criterion allows [0..1].
    alpha : float
        One-sided error of each bound [0..1].
    """
    bounds = _bounds(area, alpha)
    return AreaTest(
        bounds,
        _p_fail(area, bounds, allowed),
        bounds.n >= 2 and bounds.upper <= allowed + _ROUNDING,
    )


def _bounds(area: JudgedArea, alpha: float) -> Interval:
    """Return the bounds of an area's failures; equal replications get binomial bounds."""
    bounds = one_sided_bounds(area.shares, confidence=1 - alpha)
    if not bounds.equal:
        return bounds
    lower, upper = binomial_bounds(bounds.mean * area.wishes, area.wishes, confidence=1 - alpha)
    return Interval(bounds.mean, lower, upper, bounds.n, True)


def _p_fail(area: JudgedArea, bounds: Interval, allowed: float) -> float:
    """Return the p-value of the claim that an area fails."""
    if not bounds.equal:
        return p_above(area.shares, allowed + _ROUNDING)
    return p_binomial_above(bounds.mean * area.wishes, area.wishes, allowed)


def _more_for_all(
    open_areas: list[tuple[JudgedArea, Interval]], allowed: float, alpha: float, tests: int
) -> int | None:
    """Return about how many more replications decide: one area that fails is enough, else all."""
    needed = [_more(area, bound, allowed, alpha, tests) for area, bound in open_areas]
    known = [more for more in needed if more is not None]
    failing = [
        more
        for more, (_, bound) in zip(needed, open_areas, strict=True)
        if more is not None and bound.mean > allowed
    ]
    if failing:
        return min(failing)
    return max(known, default=None) if len(known) == len(needed) else None


def _more(
    area: JudgedArea, bounds: Interval, allowed: float, alpha: float, tests: int
) -> int | None:
    """Return about how many more replications would decide an area."""
    corrected = alpha / tests if bounds.mean > allowed else alpha
    if bounds.equal and allowed > 0:  # no spread over replications: count wishes
        distance = abs(bounds.mean - allowed)
        if distance < _ROUNDING:
            return None
        by_normal = special.ndtri(corrected) ** 2 * bounds.mean * (1 - bounds.mean) / distance**2
        wishes_needed = by_normal if bounds.mean > 0 else -math.log(alpha) / allowed
        return max(
            1, math.ceil(wishes_needed / (area.wishes / len(area.shares))) - len(area.shares)
        )
    return more_replications(area.shares, allowed, confidence=1 - corrected)


def _in_unit(
    result: RunResult, criterion: Criterion, area: JudgedArea, bounds: Interval, alpha: float
) -> tuple[float, float, float]:
    """Return estimate, lower and upper bound in the unit of the criterion."""
    if criterion.measure == "wait_p95":
        return p95_wait_min(result, criterion, area.districts, confidence=1 - alpha)
    lower, upper = max(bounds.lower, 0.0), min(bounds.upper, 1.0)
    if criterion.measure == "unserved":
        return bounds.mean, lower, upper
    return 1.0 - bounds.mean, 1.0 - upper, 1.0 - lower


def _notes(criterion: Criterion, bounds: list[Interval], worst: int) -> list[str]:
    """Return what a reader must know besides the numbers."""
    notes = []
    bound = bounds[worst]
    if criterion.measure == "wait_p95":
        notes.append(
            f"decided by the share that waits at most {criterion.minutes:g} min: "
            f"{1 - bound.mean:.4f} ({1 - min(bound.upper, 1.0):.4f} to "
            f"{1 - max(bound.lower, 0.0):.4f}), needs 0.95"
        )
    if all(one.equal for one in bounds):
        notes.append("equal in all replications; bounds by the binomial law over the wishes")
    if bound.n < 2:
        notes.append("fewer than two replications have wishes here, too few to judge")
    return notes


def _fields_of_standard(criterion: Criterion) -> dict[str, Any]:
    """Return the fields of a verdict that come from the standard."""
    timed = criterion.measure == "wait_p95"
    at_most = timed or criterion.at_most is not None
    threshold = criterion.minutes if timed else criterion.at_most if at_most else criterion.at_least
    return {
        "name": criterion.name,
        "measure": criterion.measure,
        "scope": criterion.scope,
        "unit": "min" if timed else "share",
        "threshold": threshold,
        "sense": "at most" if at_most else "at least",
        "source": criterion.source,
    }


def _given(result: RunResult, criterion: Criterion) -> CriterionTest:
    """Return a criterion whose value the plan itself gives: shown, but not tested."""
    value = result.given.get(criterion.measure, math.nan)
    if math.isnan(value):
        return _unjudged(criterion, value, math.nan, "given by the plan, but not known in this run")
    used = allowance_used(1.0 - value, criterion)
    note = (
        "given by the plan, reaches the threshold"
        if used <= 1 + _ROUNDING
        else "given by the plan, BELOW the threshold"
    )
    if result.blackouts and criterion.measure == "guns_available":
        note += "; without blackouts; the KPI gun_availability counts them"
    return _unjudged(criterion, value, used, note)


def _without_wishes(criterion: Criterion) -> CriterionTest:
    """Return a criterion in whose scope nobody wished: nothing to judge."""
    return _unjudged(
        criterion, math.nan, math.nan, "nobody wished in this scope, so there is nothing to judge"
    )


def _unjudged(criterion: Criterion, value: float, used: float, note: str) -> CriterionTest:
    """Return a criterion with a value but no test."""
    verdict = CriterionVerdict(
        **_fields_of_standard(criterion),
        estimate=value,
        lower=value,
        upper=value,
        verdict="given",
        margin=1.0 - used,
        allowance_used=used,
        allowance_lower=used,
        allowance_upper=used,
        worst_district=None,
        worst_hour=None,
        n=0,
        more_replications=None,
        note=note,
    )
    return CriterionTest(verdict, math.nan)
