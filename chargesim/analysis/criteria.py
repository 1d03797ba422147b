"""Judge one criterion of the standard from the failures of its replications.

A criterion meets when the one-sided upper bound of its failures is within the allowance, in every
area that it judges (`area_tests`). It fails only after Holm's correction over the criteria
(`verdict.judge`).
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

from chargesim.analysis.area_tests import (
    FEWEST_BAD_DAYS,
    FEWEST_SAMPLES,
    ROUNDING,
    AreasTest,
    AreaTest,
    judge_areas,
    more_for_all,
)
from chargesim.analysis.failure_counts import (
    JudgedArea,
    allowance,
    allowance_used,
    count_failures,
    judged_areas,
    p95_wait_min,
)
from chargesim.analysis.result import Bools, RunResult
from chargesim.scenario.standard import GIVEN, Criterion

CriterionState = Literal["meets", "fails", "inconclusive", "incomplete", "given"]


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
    """ratio of the totals over all replications, of the worst district when districts are judged; a
    P95 of a wait is over all replications together"""
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
    """replications, or days of a recorded log, in which somebody wished; 0 when it is given"""
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
    found = judge_areas(areas, allowed, alpha)
    open_areas = [place for place, test in enumerate(found.tests) if not test.meets]
    by_district, districts = criterion.scope == "districts", result.network.districts.name
    verdict = CriterionVerdict(
        **_fields_of_standard(criterion),
        **_estimated(result, criterion, areas[found.worst], found, alpha),
        verdict="meets" if found.meets else "inconclusive",
        worst_district=areas[found.worst].name if by_district else counts.worst(districts, 1),
        worst_hour=counts.worst_hour(),
        more_replications=more_for_all(
            [areas[place] for place in open_areas],
            [found.tests[place] for place in open_areas],
            allowed,
            alpha,
            len(areas) * criteria,
        ),
        note="; ".join(filter(None, [*_notes(criterion, found, result.recorded), pooled_note])),
    )
    return CriterionTest(
        verdict,
        p_fail=found.p_fail,
        areas=len(areas),
        beyond_threshold=_names(areas, found.beyond_threshold),
        beyond_after_holm=_names(areas, found.beyond_after_holm) if by_district else (),
    )


def _names(areas: list[JudgedArea], chosen: Bools) -> tuple[str, ...]:
    """Return the names of the chosen areas."""
    return tuple(area.name for area, one in zip(areas, chosen, strict=True) if one)


def _estimated(
    result: RunResult, criterion: Criterion, worst: JudgedArea, found: AreasTest, alpha: float
) -> dict[str, Any]:
    """Return the estimate of the worst area with its bounds, and the part of the allowance used."""
    test = found.tests[found.worst]
    highest_used = max(allowance_used(one.bounds.upper, criterion) for one in found.tests)
    estimate, lower, upper = _in_unit(result, criterion, worst, test, alpha)
    return {
        "estimate": estimate,
        "lower": lower,
        "upper": upper,
        "margin": 1.0 - highest_used,
        "allowance_used": allowance_used(test.bounds.mean, criterion),
        "allowance_lower": allowance_used(test.bounds.lower, criterion),
        "allowance_upper": highest_used,
        "n": test.bounds.n,
    }


def _in_unit(
    result: RunResult, criterion: Criterion, area: JudgedArea, test: AreaTest, alpha: float
) -> tuple[float, float, float]:
    """Return estimate, lower and upper bound in the unit of the criterion."""
    bounds = test.bounds
    if criterion.measure == "wait_p95":
        unseen = bounds.upper - bounds.mean if test.rare else 0.0
        return p95_wait_min(result, criterion, area.districts, confidence=1 - alpha, unseen=unseen)
    lower, upper = max(bounds.lower, 0.0), min(bounds.upper, 1.0)
    if criterion.measure == "unserved":
        return bounds.mean, lower, upper
    return 1.0 - bounds.mean, 1.0 - upper, 1.0 - lower


def _notes(criterion: Criterion, found: AreasTest, recorded: bool) -> list[str]:
    """Return what a reader must know besides the numbers."""
    notes, worst = [], found.tests[found.worst]
    bound = worst.bounds
    if criterion.measure == "wait_p95":
        notes.append(
            f"decided by the share that waits at most {criterion.minutes:g} min: "
            f"{1 - bound.mean:.4f} ({1 - min(bound.upper, 1.0):.4f} to "
            f"{1 - max(bound.lower, 0.0):.4f}), needs 0.95"
        )
    unsure = [one for one in found.tests if one.rare and not one.meets]
    if worst.rare or (unsure and not found.beyond_threshold.any()):
        notes.append(
            f"failures on fewer than {FEWEST_BAD_DAYS} of the judged days, or the same in all "
            "replications; the bound allows for days that were not seen, on which nobody is served"
        )
    if min(one.bounds.n for one in found.tests) < FEWEST_SAMPLES:
        unit = "days in the log" if recorded else "replications with wishes here"
        notes.append(f"fewer than {FEWEST_SAMPLES} {unit} give no verdict")
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
        if used <= 1 + ROUNDING
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
