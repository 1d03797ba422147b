"""Measure a setting of the inputs by each criterion: failures by replication, and over what the criterion allows."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from chargesim.analysis.failure_counts import allowance, count_failures, judged_areas
from chargesim.analysis.intervals import Interval, t_interval
from chargesim.analysis.paired import paired_difference
from chargesim.analysis.result import Floats, RunResult
from chargesim.scenario.standard import GIVEN, Criterion

WHOLE = "whole standard"
"""Name beside the criteria: what is nearest to breaking, or broken furthest, among them."""
_ENDLESS = 1e9


@dataclass(frozen=True)
class Outcome:
    """What one setting of the inputs gave."""

    failed: dict[str, Floats]
    """[R] share of failures of each judged criterion in each replication, of the worst district where districts are judged; NaN
    where nobody wished"""

    def used(self, criteria: Sequence[Criterion]) -> dict[str, float]:
        """Return the mean failures over allowed ones of each criterion, 0 where nobody wished, and their highest as the whole standard."""
        means = {name: float(np.nanmean(values)) for name, values in self.failed.items()}
        found = {one.name: used(means.get(one.name, 0.0), one) for one in criteria}
        return found | {WHOLE: max(found.values(), default=math.nan)}

    def to_dict(self) -> dict[str, list[float]]:
        """Return the outcome as plain data."""
        return {name: values.tolist() for name, values in self.failed.items()}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Outcome":
        """Return the outcome of plain data."""
        return cls({name: np.array(values, dtype=np.float64) for name, values in data.items()})


def outcome_of(result: RunResult) -> Outcome:
    """Return the failures of each judged criterion; of districts those of the one with most over all replications."""
    failed = {}
    for criterion in result.standard.criteria:
        if criterion.measure in GIVEN:
            continue
        parts = judged_areas(result, criterion, count_failures(result, criterion))[0]
        if parts:
            failed[criterion.name] = max(
                (part.shares for part in parts), key=lambda values: float(np.nanmean(values))
            )
    return Outcome(failed)


def used(failed: float, criterion: Criterion) -> float:
    """Return failures over allowed ones: 1 is at the threshold."""
    allowed = allowance(criterion)
    return failed / allowed if allowed > 0 else (_ENDLESS if failed > 0 else 0.0)


def band(values: Floats, criterion: Criterion, *, level: float = 0.95) -> Interval:
    """Return the two-sided interval of failures over allowed ones: the Monte Carlo error."""
    interval = t_interval(values, level=level)
    mean, lower, upper = (
        used(end, criterion) for end in (interval.mean, max(interval.lower, 0.0), interval.upper)
    )
    return Interval(mean, lower, upper, interval.n, interval.equal)


@dataclass(frozen=True)
class Bar:
    """What one end of one input does to one criterion, on the same vehicles."""

    key: str
    end: str
    """low or high"""
    at: float
    criterion: str
    change: Interval
    """of the share of failures, paired, two-sided 95 %"""
    used: Interval
    """failures over allowed ones at this end, with one-sided 95 % bounds"""
    turns: Literal["", "on average", "for sure"]
    """whether it brings the criterion to the other side of its threshold: for sure where the bounds here and of the base say so"""


def bars_of(
    key: str, end: str, at: float, outcome: Outcome, base: Outcome, criteria: Sequence[Criterion]
) -> list[Bar]:
    """Return the change of every criterion from the base to one end of an input."""
    bars = []
    for one in criteria:
        if one.name in outcome.failed and one.name in base.failed:
            here, there = (
                band(values.failed[one.name], one, level=0.9) for values in (outcome, base)
            )
            change = paired_difference(outcome.failed[one.name], base.failed[one.name])
            bars.append(Bar(key, end, at, one.name, change, here, _turns(here, there)))
    return bars


def _turns(here: Interval, there: Interval) -> Literal["", "on average", "for sure"]:
    """Return whether failures over allowed ones are on both sides of the threshold, by their bounds or by their means."""
    if min(here.upper, there.upper) <= 1 < max(here.lower, there.lower):
        return "for sure"
    return "on average" if (here.mean > 1) != (there.mean > 1) else ""
