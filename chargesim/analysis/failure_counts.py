"""Count, for a criterion, the wishes and those of them that it counts as failed.

Every judged measure is put as a share of failures against an allowance, so that one rule judges all: `served_within` 0.9
allows 0.1 of the wishes to wait longer or to leave; `unserved` at most 0.05 allows 0.05; a P95 of the wait of at most
20 min allows 0.05 of all that wished to wait above 20 min or to leave, which the exact counters tell without any bin.
"""

import math
from dataclasses import dataclass

import numpy as np

from chargesim.analysis.histogram import quantile_min, share_at_most, time_at_min
from chargesim.analysis.intervals import t_intervals
from chargesim.analysis.result import Bools, Floats, RunResult
from chargesim.analysis.scope_totals import ratio
from chargesim.analysis.scopes import hour_name, session_mask, site_mask
from chargesim.engine.replication_totals import LOST, PARTIAL, STRANDED, UNFINISHED
from chargesim.scenario.standard import GIVEN, Criterion

P95_ALLOWANCE = 0.05
FEWEST_WISHES = 20
"""Wishes a replication, on average, that a district or an hour needs before it is named as the worst."""


@dataclass(frozen=True)
class FailureCounts:
    """Wishes and failures of a criterion's scope by replication, district and hour of day [R, D, 24]."""

    failed: Floats
    wishes: Floats

    def worst(self, names: tuple[str, ...], axis: int) -> str | None:
        """Return the name of the district or hour with the highest share of failures, None when nothing failed."""
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
class Unit:
    """What is judged at once: a whole scope, a district, or districts pooled."""

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
    """Return which part of its allowance a share of failures uses: 1 at the threshold, 0 when nothing failed.

    Parameters
    ----------
    share : float
        Share of failures; a bound beyond 0 or 1 counts as 0 or 1.
    criterion : Criterion
        Gives the allowance.

    Returns
    -------
    float
        Infinite when the criterion allows no failure and some failed; NaN when `share` is NaN and failures are allowed.
    """
    allowed, share = allowance(criterion), min(max(share, 0.0), 1.0)
    if allowed > 0:
        return share / allowed
    return math.inf if share > 0 else 0.0


def session_scope(criterion: Criterion) -> str:
    """Return the group of sessions of a criterion; districts are judged by their cars, never merged with trucks."""
    return "cars" if criterion.scope == "districts" else criterion.scope


def gather(result: RunResult, criterion: Criterion) -> FailureCounts:
    """Count the wishes of a criterion's scope and those that failed it.

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
        return _pack_evidence(result, site_mask(result, criterion.scope))
    mask = session_mask(result, session_scope(criterion))
    outcomes = np.stack([run.outcomes[:, mask].sum(axis=1) for run in result.replications]).astype(
        np.float64
    )
    wishes = outcomes.sum(axis=1) - outcomes[:, UNFINISHED]
    if criterion.measure == "unserved":
        return FailureCounts(outcomes[:, [PARTIAL, LOST, STRANDED]].sum(axis=1), wishes)
    assert criterion.minutes is not None
    place = result.threshold_index(criterion.minutes)
    within = np.stack([run.within[place][mask].sum(axis=0) for run in result.replications]).astype(
        np.float64
    )
    return FailureCounts(wishes - within, wishes)


def units(
    result: RunResult, criterion: Criterion, evidence: FailureCounts
) -> tuple[list[Unit], str]:
    """Return what a criterion judges at once, and a note that names the districts that are pooled or left out.

    Parameters
    ----------
    result : RunResult
        Gives the districts and the fewest sessions that a district needs to stand alone.
    criterion : Criterion
        Its scope says whether the districts are judged one by one.
    evidence : FailureCounts
        The criterion's counts.
    """
    names, classes = result.network.districts.name, result.network.districts.area_class
    if criterion.scope != "districts":
        whole = _unit(evidence, "", tuple(range(len(names))))
        return ([whole] if whole.wishes > 0 else []), ""
    a_replication = evidence.wishes.sum(axis=(0, 2)) / len(evidence.wishes)
    alone = a_replication >= result.standard.min_sessions_per_district
    judged = [
        _unit(evidence, names[district], (district,))
        for district in range(len(names))
        if alone[district]
    ]
    notes = []
    for area_class in dict.fromkeys(classes):
        pool = tuple(
            district
            for district, one in enumerate(classes)
            if one == area_class and not alone[district]
        )
        if pool:
            members = ", ".join(names[district] for district in pool)
            judged.append(
                _unit(evidence, f"{area_class} pooled" if len(pool) > 1 else names[pool[0]], pool)
            )
            notes.append(
                f"few wishes, judged together ({area_class}): {members}"
                if len(pool) > 1
                else f"few wishes: {members}"
            )
    return [unit for unit in judged if unit.wishes > 0], "; ".join(notes)


def p95_wait_min(
    result: RunResult, criterion: Criterion, districts: tuple[int, ...], *, confidence: float
) -> tuple[float, float, float]:
    """Return the P95 of the wait of all that wished, over all replications, with one-sided bounds, for some districts [min].

    The bounds are where those of the share that waits no longer reach 0.95. So they hang together with the judgement, which
    looks at that share, and an upper one is endless only where the share of the unserved may exceed 5 %.
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


def _unit(evidence: FailureCounts, name: str, districts: tuple[int, ...]) -> Unit:
    """Return one unit's failure share by replication."""
    failed, wishes = (
        counts[:, list(districts)].sum(axis=(1, 2)) for counts in (evidence.failed, evidence.wishes)
    )
    return Unit(name, districts, ratio(failed, wishes), float(wishes.sum()))


def _pack_evidence(result: RunResult, sites: Bools) -> FailureCounts:
    """Count arrivals at swap sites, and those that found no free charged pack, by district of the site."""
    count = len(result.network.districts.name)
    district = (np.arange(count)[:, None] == result.network.sites.district[None, sites]).astype(
        np.float64
    )
    found, arrivals = (
        np.stack([district @ getattr(run, name)[sites] for run in result.replications])
        for name in ("pack_found", "arrivals")
    )
    return FailureCounts(arrivals - found, arrivals)
