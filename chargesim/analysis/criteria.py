"""Judge one criterion of the standard from replication values.

A criterion meets when the one-sided upper bound of its failures is within the allowance. Districts are judged by
intersection-union: each must meet at the full level, which needs no correction, and the smallest of many noisy shares is
never looked at. That a district fails is claimed only after Holm's correction over the districts, and that a criterion
fails only after Holm's over the criteria (`verdict.judge`).
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import special

from chargesim.analysis.failure_counts import (
    Unit,
    allowance,
    allowance_used,
    gather,
    p95_wait_min,
    units,
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
from chargesim.analysis.result import RunResult
from chargesim.scenario.standard import GIVEN, Criterion

CriterionState = Literal["meets", "fails", "inconclusive", "incomplete", "given"]
_ROUNDING = 1e-12
"""Slack of comparisons with the allowance: 1 - 0.9 is not 0.1 in floating point."""


@dataclass(frozen=True)
class CriterionVerdict:
    """How one criterion came out. `estimate`, `lower`, `upper` and `threshold` are in `unit`."""

    name: str
    measure: str
    scope: str
    unit: str
    threshold: float
    sense: Literal["at least", "at most"]
    source: str
    estimate: float
    """mean over replications; of the worst district when districts are judged; the P95 of a wait over all of them together"""
    lower: float
    """one-sided bound at the standard's confidence; of a P95 where the bounds of the share that waits no longer reach 0.95"""
    upper: float
    """one-sided bound at the standard's confidence"""
    verdict: CriterionState
    margin: float
    """part of the allowed failures that is surely unused: 1 nothing failed, 0 the bound is at the threshold, below 0 beyond it"""
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
    """about how many more would decide an inconclusive criterion; None when decided, or when it cannot be told"""
    note: str


@dataclass(frozen=True)
class Judgement:
    """A criterion before Holm's correction over the criteria."""

    outcome: CriterionVerdict
    p_fail: float
    """p-value of the claim that it fails, already corrected over its districts; NaN when it is not judged"""
    parts: int = 1
    """what is judged at once: 1, or the number of districts"""
    beyond: tuple[str, ...] = ()
    """which of them are beyond the threshold, each taken by itself, without any correction; "" for a whole scope"""
    surely: tuple[str, ...] = ()
    """districts that are beyond it after Holm's correction over the districts"""


def judge_criterion(
    result: RunResult, criterion: Criterion, *, alpha: float, criteria: int = 1
) -> Judgement:
    """Judge one criterion by itself; whether it fails is left to `verdict.judge`.

    Parameters
    ----------
    result : RunResult
        The run.
    criterion : Criterion
        The criterion.
    alpha : float
        One-sided error of each bound [0..1].
    criteria : int
        Number of criteria judged together, used only for the guess of the replications still needed.

    Returns
    -------
    Judgement
        With the state meets, inconclusive or given.
    """
    if criterion.measure in GIVEN:
        return _given(result, criterion)
    evidence = gather(result, criterion)
    parts, pooled_note = units(result, criterion, evidence)
    if not parts:
        return _without_wishes(criterion)
    allowed = allowance(criterion)
    judged = [judge_unit(unit, allowed, alpha) for unit in parts]
    bounds, p_values = [one.bounds for one in judged], np.array([one.p_fail for one in judged])
    worst = int(np.argmax([bound.mean for bound in bounds]))
    unresolved = [index for index, one in enumerate(judged) if not one.meets]
    estimate, lower, upper = _shown(result, criterion, parts[worst], bounds[worst], alpha)
    used = (
        allowance_used(bounds[worst].mean, criterion),
        allowance_used(bounds[worst].lower, criterion),
        max(allowance_used(bound.upper, criterion) for bound in bounds),
    )
    by_district = criterion.scope == "districts"
    outcome = CriterionVerdict(
        **_stated(criterion),
        estimate=estimate,
        lower=lower,
        upper=upper,
        verdict="inconclusive" if unresolved else "meets",
        margin=1.0 - used[2],
        allowance_used=used[0],
        allowance_lower=used[1],
        allowance_upper=used[2],
        worst_district=parts[worst].name
        if by_district
        else evidence.worst(result.network.districts.name, 1),
        worst_hour=evidence.worst_hour(),
        n=bounds[worst].n,
        more_replications=_more_of_all(
            [(parts[i], bounds[i]) for i in unresolved], allowed, alpha, len(parts) * criteria
        ),
        note="; ".join(filter(None, [*_notes(criterion, bounds, worst), pooled_note])),
    )
    return Judgement(
        outcome,
        p_fail=float(min(1.0, len(parts) * p_values.min())),
        parts=len(parts),
        beyond=tuple(
            unit.name for unit, p_value in zip(parts, p_values, strict=True) if p_value <= alpha
        ),
        surely=tuple(
            unit.name
            for unit, rejected in zip(parts, holm(p_values, alpha=alpha), strict=True)
            if rejected and by_district
        ),
    )


@dataclass(frozen=True)
class UnitJudgement:
    """How the failures of one unit compare with the allowance, without any correction."""

    bounds: Interval
    """of the share of failures, each one-sided"""
    p_fail: float
    """p-value of the claim that it fails"""
    meets: bool


def judge_unit(unit: Unit, allowed: float, alpha: float) -> UnitJudgement:
    """Compare the failures of one unit with the allowance.

    Parameters
    ----------
    unit : Unit
        A whole scope, a district, or districts pooled.
    allowed : float
        Share of failures that the criterion allows [0..1].
    alpha : float
        One-sided error of each bound [0..1].
    """
    bounds = _bounds(unit, alpha)
    return UnitJudgement(
        bounds,
        _p_fail(unit, bounds, allowed),
        bounds.n >= 2 and bounds.upper <= allowed + _ROUNDING,
    )


def _bounds(unit: Unit, alpha: float) -> Interval:
    """Return the bounds of a unit's failures; of those that are the same in all replications by the binomial law, over the wishes."""
    bounds = one_sided_bounds(unit.shares, confidence=1 - alpha)
    if not bounds.equal:
        return bounds
    lower, upper = binomial_bounds(bounds.mean * unit.wishes, unit.wishes, confidence=1 - alpha)
    return Interval(bounds.mean, lower, upper, bounds.n, True)


def _p_fail(unit: Unit, bounds: Interval, allowed: float) -> float:
    """Return the p-value of the claim that a unit fails."""
    if not bounds.equal:
        return p_above(unit.shares, allowed + _ROUNDING)
    return p_binomial_above(bounds.mean * unit.wishes, unit.wishes, allowed)


def _more_of_all(
    unresolved: list[tuple[Unit, Interval]], allowed: float, alpha: float, tests: int
) -> int | None:
    """Return about how many more replications would decide: one unit that fails is enough, else all must be decided."""
    needed = [_more(unit, bound, allowed, alpha, tests) for unit, bound in unresolved]
    failing = [
        more
        for more, (_, bound) in zip(needed, unresolved, strict=True)
        if more is not None and bound.mean > allowed
    ]
    if failing:
        return min(failing)
    return (
        max((more for more in needed if more is not None), default=None)
        if None not in needed
        else None
    )


def _more(unit: Unit, bounds: Interval, allowed: float, alpha: float, tests: int) -> int | None:
    """Return about how many more replications would decide a unit."""
    corrected = alpha / tests if bounds.mean > allowed else alpha
    if bounds.equal and allowed > 0:  # without spread the wishes tell how many it takes
        distance = abs(bounds.mean - allowed)
        if distance < _ROUNDING:
            return None
        by_normal = special.ndtri(corrected) ** 2 * bounds.mean * (1 - bounds.mean) / distance**2
        wishes_needed = by_normal if bounds.mean > 0 else -math.log(alpha) / allowed
        return max(
            1, math.ceil(wishes_needed / (unit.wishes / len(unit.shares))) - len(unit.shares)
        )
    return more_replications(unit.shares, allowed, confidence=1 - corrected)


def _shown(
    result: RunResult, criterion: Criterion, unit: Unit, bounds: Interval, alpha: float
) -> tuple[float, float, float]:
    """Return estimate, lower and upper bound as the criterion words them."""
    if criterion.measure == "wait_p95":
        return p95_wait_min(result, criterion, unit.districts, confidence=1 - alpha)
    lower, upper = max(bounds.lower, 0.0), min(bounds.upper, 1.0)
    if criterion.measure == "unserved":
        return bounds.mean, lower, upper
    return 1.0 - bounds.mean, 1.0 - upper, 1.0 - lower


def _notes(criterion: Criterion, bounds: list[Interval], worst: int) -> list[str]:
    """Return what a reader must know beside the numbers."""
    notes = []
    shown = bounds[worst]
    if criterion.measure == "wait_p95":
        notes.append(
            f"decided by the share that waits at most {criterion.minutes:g} min: {1 - shown.mean:.4f} "
            f"({1 - min(shown.upper, 1.0):.4f} to {1 - max(shown.lower, 0.0):.4f}), needs 0.95"
        )
    if all(bound.equal for bound in bounds):
        notes.append("equal in all replications; bounds by the binomial law over the wishes")
    if shown.n < 2:
        notes.append("fewer than two replications have wishes here, nothing can be said")
    return notes


def _stated(criterion: Criterion) -> dict[str, Any]:
    """Return what the standard says about a criterion."""
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


def _given(result: RunResult, criterion: Criterion) -> Judgement:
    """Return a criterion that the plan itself answers: shown beside its threshold, and no evidence."""
    value = result.given.get(criterion.measure, math.nan)
    if math.isnan(value):
        return _unjudged(criterion, value, math.nan, "given by the plan, and not known in this run")
    used = allowance_used(1.0 - value, criterion)
    note = (
        "given by the plan, reaches the threshold"
        if used <= 1 + _ROUNDING
        else "given by the plan, BELOW the threshold"
    )
    if result.blackouts and criterion.measure == "guns_available":
        note += "; without blackouts; the KPI gun_availability counts them"
    return _unjudged(criterion, value, used, note)


def _without_wishes(criterion: Criterion) -> Judgement:
    """Return a criterion in whose scope nobody wished: nothing to judge, and no evidence."""
    return _unjudged(
        criterion, math.nan, math.nan, "nobody wished in this scope, so there is nothing to judge"
    )


def _unjudged(criterion: Criterion, value: float, used: float, note: str) -> Judgement:
    outcome = CriterionVerdict(
        **_stated(criterion),
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
    return Judgement(outcome, math.nan)
