"""Judge responses by the standard: how much of its allowance a criterion uses, and what changes it."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from chargesim.analysis.failure_counts import allowance_used
from chargesim.analysis.intervals import Interval, t_interval
from chargesim.analysis.paired import paired_difference
from chargesim.analysis.result import Floats
from chargesim.scenario.standard import Criterion

WHOLE = "whole standard"
"""Name beside the criteria: the one that is nearest to breaking, or broken furthest."""
_EFFECT = (
    "criterion", "change", "lower", "upper", "n",
    "allowance_used", "allowance_lower", "allowance_upper", "turns",
)  # fmt: skip


def worst_unit(shares: Floats) -> Floats:
    """Return the failed shares by replication of the unit (district) with most failures.

    Parameters
    ----------
    shares : array of float, [unit, replication]
        NaN where nobody wished.
    """
    return np.asarray(max(shares, key=lambda values: float(np.nanmean(values))))


def worst_units(responses: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return the failed shares by replication of the worst unit of each response of a point."""
    return {response: worst_unit(shares) for response, shares in responses.items()}


def used_by_criterion(
    failed: Mapping[str, Floats], criteria: Sequence[Criterion]
) -> dict[str, float]:
    """Return the mean part of its allowance that each criterion uses, and the most as `WHOLE`.

    Parameters
    ----------
    failed : mapping of str to array
        Failed shares by replication, from `worst_units`.
    criteria : sequence of Criterion
        A criterion without wishes uses nothing.
    """
    means = {name: float(np.nanmean(values)) for name, values in failed.items()}
    used = {one.name: allowance_used(means.get(one.name, 0.0), one) for one in criteria}
    return used | {WHOLE: max(used.values(), default=math.nan)}


def used_interval(values: Floats, criterion: Criterion, *, level: float = 0.95) -> Interval:
    """Return the two-sided interval of the part of the allowance: the Monte Carlo error."""
    interval = t_interval(values, level=level)
    mean, lower, upper = (
        allowance_used(end, criterion) for end in (interval.mean, interval.lower, interval.upper)
    )
    return Interval(mean, lower, upper, interval.n, interval.equal)


def effects_of(
    changed: Mapping[str, Floats], base: Mapping[str, Floats], criteria: Sequence[Criterion]
) -> pd.DataFrame:
    """Return what a change does to every criterion that is judged at both points.

    Parameters
    ----------
    changed, base : mapping of str to array
        Failed shares by replication, from `worst_units`; on the same vehicles.
    criteria : sequence of Criterion

    Returns
    -------
    DataFrame
        criterion; change, lower, upper, n: of the failed share, paired, two-sided 95 %;
        allowance_used, allowance_lower, allowance_upper: the part of the allowance after the
        change, with one-sided 95 % bounds; turns: whether the criterion is on the other side of
        its threshold, for sure where the bounds of both sides say so.
    """
    rows = []
    for one in criteria:
        if one.name in changed and one.name in base:
            after, before = (
                used_interval(shares[one.name], one, level=0.9) for shares in (changed, base)
            )
            change = paired_difference(changed[one.name], base[one.name])
            numbers = change.mean, change.lower, change.upper, change.n
            part = after.mean, after.lower, after.upper
            rows.append((one.name, *numbers, *part, _turns(after, before)))
    return pd.DataFrame(rows, columns=list(_EFFECT))


def _turns(after: Interval, before: Interval) -> str:
    """Return whether the two are on both sides of the threshold, by their bounds or their means."""
    if min(after.upper, before.upper) <= 1 < max(after.lower, before.lower):
        return "for sure"
    return "on average" if (after.mean > 1) != (before.mean > 1) else ""
