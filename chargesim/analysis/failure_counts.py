"""Count the wishes of a criterion's scope and the failures among them.

Every judged measure becomes a share of failures against an allowance, so one rule judges all:
`served_within` 0.9 allows 0.1 of the wishes to wait longer or to leave; `unserved` at most 0.05
allows 0.05; a P95 wait of at most 20 min allows 0.05 of all who wished to wait above 20 min or to
leave. Exact counters give that share without any histogram.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargesim.analysis.histogram import quantile_min, share_at_most, time_at_min
from chargesim.analysis.intervals import t_intervals
from chargesim.analysis.result import Bools, Floats, RunResult
from chargesim.analysis.scope_totals import ratio
from chargesim.analysis.scopes import hour_name, session_mask, site_mask
from chargesim.engine.replication_totals import LOST, PARTIAL, STRANDED, UNFINISHED
from chargesim.scenario.standard import GIVEN, Criterion

P95_ALLOWANCE = 0.05
FEWEST_WISHES = 20
"""Mean wishes a replication that a district or an hour needs to be named as the worst."""


@dataclass(frozen=True)
class FailureCounts:
    """Wishes and failures of a criterion by replication, district and hour of day [R, D, 24]."""

    failed: Floats
    wishes: Floats

    def worst(self, names: tuple[str, ...], axis: int) -> str | None:
        """Return the name with the highest share of failures; None when nothing failed."""
        others = tuple(other for other in range(3) if other != axis)
        failed, wishes = self.failed.sum(axis=others), self.wishes.sum(axis=others)
        eligible = wishes >= FEWEST_WISHES * len(self.wishes)
        share = np.where(eligible, ratio(failed, wishes), -1.0)
        worst = int(share.argmax())
        return names[worst] if share[worst] > 0 else None

    def worst_hour(self) -> str | None:
        """Return the worst hour of day, for example ``17-18 h``."""
        return self.worst(tuple(hour_name(hour) for hour in range(24)), 2)


@dataclass(frozen=True)
class JudgedArea:
    """Districts that are judged together: all of a scope, one, or several pooled."""

    name: str
    districts: tuple[int, ...]
    shares: Floats
    """failures over wishes in each replication [R], NaN without wishes"""
    wishes: float
    """over all replications"""


def allowance(criterion: Criterion) -> float:
    """Return the share of failures that a criterion allows [0..1]."""
    if criterion.measure == "wait_p95":
        return P95_ALLOWANCE
    if criterion.at_most is not None:
        return criterion.at_most
    assert criterion.at_least is not None
    return 1.0 - criterion.at_least


def allowance_used(share: float, criterion: Criterion) -> float:
    """Return how much of its allowance a share of failures uses: 0 none, 1 at the threshold.

    Parameters
    ----------
    share : float
        Share of failures; a bound beyond 0 or 1 counts as 0 or 1.
    criterion : Criterion
        Gives the allowance.

    Returns
    -------
    float
        Infinite when the criterion allows no failure and some failed.
    """
    allowed, share = allowance(criterion), min(max(share, 0.0), 1.0)
    if allowed > 0:
        return share / allowed
    return math.inf if share > 0 else 0.0


def session_scope(criterion: Criterion) -> str:
    """Return the group of sessions of a criterion; in districts only cars are judged."""
    return "cars" if criterion.scope == "districts" else criterion.scope


def count_failures(result: RunResult, criterion: Criterion) -> FailureCounts:
    """Count the wishes of a criterion's scope and the failures among them.

    Parameters
    ----------
    result : RunResult
        The run.
    criterion : Criterion
        A criterion that is judged, not given by the plan.
    """
    if criterion.measure in GIVEN:
        raise ValueError(
            f"{criterion.name}: {criterion.measure} is given by the plan, there is nothing to count"
        )
    if criterion.measure == "pack_available":
        return _pack_counts(result, site_mask(result, criterion.scope))
    mask = session_mask(result, session_scope(criterion))
    outcomes = _stacked([run.outcomes[:, mask].sum(axis=1) for run in result.replications])
    wishes = outcomes.sum(axis=1) - outcomes[:, UNFINISHED]
    if criterion.measure == "unserved":
        return FailureCounts(outcomes[:, [PARTIAL, LOST, STRANDED]].sum(axis=1), wishes)
    assert criterion.minutes is not None
    index = result.threshold_index(criterion.minutes)
    within = _stacked([run.within[index][mask].sum(axis=0) for run in result.replications])
    return FailureCounts(wishes - within, wishes)


def judged_areas(
    result: RunResult, criterion: Criterion, counts: FailureCounts
) -> tuple[list[JudgedArea], str]:
    """Return the areas that a criterion judges, and a note on the districts with few wishes.

    Parameters
    ----------
    result : RunResult
        Gives the districts, and the fewest sessions that a district needs to be judged alone.
    criterion : Criterion
        Its scope says whether the districts are judged one by one.
    counts : FailureCounts
        The criterion's counts.

    Returns
    -------
    tuple of list of JudgedArea and str
        Without the areas in which nobody wished. Districts with few wishes are pooled by class.
    """
    names, classes = result.network.districts.name, result.network.districts.area_class
    if criterion.scope != "districts":
        whole = _area(counts, "", tuple(range(len(names))))
        return ([whole] if whole.wishes > 0 else []), ""
    mean_wishes = counts.wishes.sum(axis=(0, 2)) / len(counts.wishes)
    alone = mean_wishes >= result.standard.min_sessions_per_district
    areas = [_area(counts, name, (number,)) for number, name in enumerate(names) if alone[number]]
    notes = []
    for area_class in dict.fromkeys(classes):
        pool = tuple(
            number for number, one in enumerate(classes) if one == area_class and not alone[number]
        )
        if len(pool) > 1:
            areas.append(_area(counts, f"{area_class} pooled", pool))
            members = ", ".join(names[number] for number in pool)
            notes.append(f"few wishes, judged together ({area_class}): {members}")
        elif pool:
            areas.append(_area(counts, names[pool[0]], pool))
            notes.append(f"few wishes: {names[pool[0]]}")
    return [area for area in areas if area.wishes > 0], "; ".join(notes)


def p95_wait_min(
    result: RunResult, criterion: Criterion, districts: tuple[int, ...], *, confidence: float
) -> tuple[float, float, float]:
    """Return the P95 wait of all who wished in some districts, with one-sided bounds [min].

    The bounds are the times at which the bounds of the share served by then reach 0.95. They agree
    with the judgement, which tests that share; the upper one is infinite only where the share of
    the unserved may exceed 5 %.
    """
    mask, where = session_mask(result, session_scope(criterion)), list(districts)
    bins = np.stack(
        [run.wait_bins[mask][:, where].sum(axis=(0, 1, 2)) for run in result.replications]
    )
    unserved = np.array(
        [
            run.outcomes[[PARTIAL, LOST, STRANDED]][:, mask][:, :, where].sum()
            for run in result.replications
        ]
    )
    within = t_intervals(share_at_most(bins, unserved=unserved), level=2 * confidence - 1)
    lower, upper = (
        time_at_min(np.maximum.accumulate(np.clip(bound, 0, 1)), 0.95)
        for bound in (within.upper, within.lower)
    )
    estimate = float(quantile_min(bins.sum(axis=0), 0.95, unserved=unserved.sum()))
    return estimate, min(lower, estimate), max(upper, estimate)


def _stacked(counts: list[NDArray[Any]]) -> Floats:
    """Return the counts of all replications as one array, replications first."""
    return np.stack(counts).astype(np.float64)


def _area(counts: FailureCounts, name: str, districts: tuple[int, ...]) -> JudgedArea:
    """Return the share of failures of some districts by replication."""
    failed, wishes = (
        array[:, list(districts)].sum(axis=(1, 2)) for array in (counts.failed, counts.wishes)
    )
    return JudgedArea(name, districts, ratio(failed, wishes), float(wishes.sum()))


def _pack_counts(result: RunResult, sites: Bools) -> FailureCounts:
    """Count arrivals at swap sites, and those without a free charged pack, by district."""
    numbers = np.arange(len(result.network.districts.name))
    in_district = numbers[:, None] == result.network.sites.district[None, sites]
    found, arrivals = (
        np.stack(
            [
                in_district.astype(np.float64) @ getattr(run, name)[sites]
                for run in result.replications
            ]
        )
        for name in ("pack_found", "arrivals")
    )
    return FailureCounts(arrivals - found, arrivals)
