"""Judge responses by the standard: what part of its allowance a criterion uses."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from chargesim.analysis.every_area import allowance_band, worst_share
from chargesim.analysis.failure_counts import allowance_used
from chargesim.analysis.intervals import Interval
from chargesim.analysis.paired import paired_difference
from chargesim.analysis.result import Floats
from chargesim.analysis.scope_totals import ratio
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


def used_by_criterion(
    failed: Mapping[str, Floats], criteria: Sequence[Criterion]
) -> dict[str, float]:
    """Return the part of its allowance that each criterion uses, and the most as `WHOLE`.

    Parameters
    ----------
    failed : mapping of str to array, [unit, replication]
        Failed shares; of several units the worst counts, see `analysis.every_area`.
    criteria : sequence of Criterion
        A criterion without wishes uses nothing.
    """
    used = {
        one.name: allowance_used(worst_share(failed[one.name]), one) if one.name in failed else 0.0
        for one in criteria
    }
    return used | {WHOLE: max(used.values(), default=math.nan)}


def effects_of(
    changed: Mapping[str, Floats], base: Mapping[str, Floats], criteria: Sequence[Criterion]
) -> pd.DataFrame:
    """Return what a change does to every criterion that is judged at both points.

    Parameters
    ----------
    changed, base : mapping of str to array, [unit, replication]
        Failed shares, on the same vehicles.
    criteria : sequence of Criterion

    Returns
    -------
    DataFrame
        criterion; change, lower, upper, n: of the failed share, paired, two-sided 95 %, of the
        worst unit; allowance_used, allowance_lower, allowance_upper: the part of the allowance
        after the change, with one-sided 95 % bounds over all units; turns: whether the criterion is
        on the other side of its threshold, for sure where the bounds of both sides say so.
    """
    rows = []
    for one in criteria:
        if one.name in changed and one.name in base:
            both = changed[one.name], base[one.name]
            after, before = (allowance_band(shares, one, confidence=0.95) for shares in both)
            change = paired_difference(*_worst_of_both(*both))
            numbers = change.mean, change.lower, change.upper, change.n
            part = after.mean, after.lower, after.upper
            rows.append((one.name, *numbers, *part, _turns(after, before)))
    return pd.DataFrame(rows, columns=list(_EFFECT))


def _worst_of_both(changed: Floats, base: Floats) -> tuple[Floats, Floats]:
    """Return the shares of the unit that fails most at both points; of each, where units differ."""
    if changed.shape != base.shape:
        return worst_unit(changed), worst_unit(base)
    both = changed + base
    means = ratio(np.nansum(both, axis=1), (~np.isnan(both)).sum(axis=1))
    worst = int(np.argmax(np.nan_to_num(means, nan=-1.0)))
    return changed[worst], base[worst]


def _turns(after: Interval, before: Interval) -> str:
    """Return whether the two are on both sides of the threshold, by their bounds or their means."""
    if min(after.upper, before.upper) <= 1 < max(after.lower, before.lower):
        return "for sure"
    return "on average" if (after.mean > 1) != (before.mean > 1) else ""
