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

from chargesim.analysis.histogram import quantile_min, time_at_min
from chargesim.analysis.intervals import ratio_values, t_intervals
from chargesim.analysis.result import Bools, Floats, RunResult
from chargesim.analysis.scope_totals import ratio
from chargesim.analysis.scopes import LOCAL_CARS, hour_name, session_mask, site_mask
from chargesim.engine.replication_totals import LOST, PARTIAL, STRANDED, UNFINISHED
from chargesim.scenario.standard import GIVEN, Criterion

P95_ALLOWANCE = 0.05
FEWEST_WISHES = 20
"""Mean wishes a replication that a district or an hour needs to be named as the worst."""


@dataclass(frozen=True)
class FailureCounts:
    """Wishes of a criterion and the failures among them."""

    failed: Floats
    wishes: Floats
    """by replication, district and hour of day [R, D, 24]"""
    failed_by_day: Floats
    wished_by_day: Floats
    """by replication, judged day and district [R, days, D]"""
    recorded: bool = False
    """whether all replications play one recorded log"""

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
    failed: Floats
    wished: Floats
    """in each replication [R]"""
    failed_by_day: Floats
    wished_by_day: Floats
    """on each judged day [R, days]"""
    recorded: bool = False
    """whether all replications play one recorded log"""

    @classmethod
    def of_days(
        cls, name: str, districts: tuple[int, ...], failed: Floats, wished: Floats
    ) -> "JudgedArea":
        """Return an area whose replications [R] have one judged day each."""
        return cls(name, districts, failed, wished, failed[:, None], wished[:, None])

    @property
    def shares(self) -> Floats:
        """Failures over wishes in each replication [R], NaN without wishes."""
        return ratio(self.failed, self.wished)

    @property
    def samples(self) -> tuple[Floats, Floats]:
        """Failures and wishes of each unit: replications, or the days of one recorded log."""
        if self.recorded:
            return self.failed_by_day.mean(axis=0), self.wished_by_day.mean(axis=0)
        return self.failed, self.wished

    @property
    def losses_by_day(self) -> Floats:
        """Failures on each judged day with wishes, over the wishes of a mean day; 1 at most."""
        failed, wished = self.failed_by_day, self.wished_by_day
        if self.recorded:
            failed, wished = self.samples
        known = wished > 0
        return np.minimum(failed[known] / wished[known].mean(), 1.0) if known.any() else np.empty(0)


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
    """Return the group of sessions of a criterion; districts are judged by their own cars."""
    return LOCAL_CARS if criterion.scope == "districts" else criterion.scope


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
    mask, runs = session_mask(result, session_scope(criterion)), result.replications
    outcomes = _stacked([run.outcomes[:, mask].sum(axis=1) for run in runs])
    wishes = outcomes.sum(axis=1) - outcomes[:, UNFINISHED]
    by_day = _stacked([run.ended_by_day[:, mask].sum(axis=1) for run in runs])
    if criterion.measure == "unserved":
        failed = outcomes[:, [PARTIAL, LOST, STRANDED]].sum(axis=1)
        failed_by_day = _stacked([run.unserved_by_day[:, mask].sum(axis=1) for run in runs])
    else:
        assert criterion.minutes is not None
        index = result.threshold_index(criterion.minutes)
        failed = wishes - _stacked([run.within[index][mask].sum(axis=0) for run in runs])
        within = _stacked([run.within_by_day[index][:, mask].sum(axis=1) for run in runs])
        failed_by_day = by_day - within
    return FailureCounts(failed, wishes, failed_by_day, by_day, result.recorded)


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
        return ([whole] if whole.wished.sum() > 0 else []), ""
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
    return [area for area in areas if area.wished.sum() > 0], "; ".join(notes)


def p95_wait_min(
    result: RunResult,
    criterion: Criterion,
    districts: tuple[int, ...],
    *,
    confidence: float,
    unseen: float = 0.0,
) -> tuple[float, float, float]:
    """Return the P95 wait of all who wished in some districts, with one-sided bounds [min].

    The bounds are the times at which the bounds of the share served by then reach 0.95. They agree
    with the judgement, which tests that share; the upper one is infinite only where the share of
    the unserved may exceed 5 %. `unseen` is the share of wishes that may fail on days not seen.
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
    wished = np.broadcast_to((bins.sum(axis=-1) + unserved)[:, None], bins[:, :-1].shape)
    served = np.cumsum(bins, axis=-1)[:, :-1]
    within = t_intervals(ratio_values(served, wished), level=2 * confidence - 1)
    surest = np.minimum(within.lower, within.mean - unseen)
    lower, upper = (
        time_at_min(np.maximum.accumulate(np.clip(bound, 0, 1)), 0.95)
        for bound in (within.upper, surest)
    )
    estimate = float(quantile_min(bins.sum(axis=0), 0.95, unserved=unserved.sum()))
    return estimate, min(lower, estimate), max(upper, estimate)


def _stacked(counts: list[NDArray[Any]]) -> Floats:
    """Return the counts of all replications as one array, replications first."""
    return np.stack(counts).astype(np.float64)


def _area(counts: FailureCounts, name: str, districts: tuple[int, ...]) -> JudgedArea:
    """Return the failures and wishes of some districts together."""
    where, by_day = list(districts), (counts.failed_by_day, counts.wished_by_day)
    failed, wished = (one[:, where].sum(axis=(1, 2)) for one in (counts.failed, counts.wishes))
    failed_by_day, wished_by_day = (one[:, :, where].sum(axis=2) for one in by_day)
    return JudgedArea(
        name, districts, failed, wished, failed_by_day, wished_by_day, counts.recorded
    )


def _pack_counts(result: RunResult, sites: Bools) -> FailureCounts:
    """Count arrivals at swap sites, and those without a free charged pack, by district."""
    numbers = np.arange(len(result.network.districts.name))
    members = (numbers[:, None] == result.network.sites.district[None, sites]).astype(np.float64)
    runs = result.replications
    found, arrivals = (
        np.stack([members @ getattr(run, name)[sites] for run in runs])
        for name in ("pack_found", "arrivals")
    )
    found_by_day, by_day = (
        np.stack([getattr(run, name)[:, sites] @ members.T for run in runs])
        for name in ("pack_found_by_day", "arrivals_by_day")
    )
    return FailureCounts(arrivals - found, arrivals, by_day - found_by_day, by_day, result.recorded)
