"""Gather the totals of all replications into totals by scope, from which every KPI is a ratio."""

from dataclasses import dataclass, fields

import numpy as np

from chargesim.analysis.result import Floats, RunResult
from chargesim.analysis.scopes import Key, SessionScopes, SiteScopes
from chargesim.engine.replication_totals import (
    LOST,
    PARTIAL,
    SERVED,
    STRANDED,
    UNFINISHED,
    ReplicationTotals,
)
from chargesim.network.network import STATION, SWAP

_CELLS = (
    "outside",
    "balked",
    "reneged",
    "diverted",
    "interrupted",
    "put_off",
    "wait_min",
    "wait_all_min",
    "delay_min",
    "detour_min",
    "session_kwh",
    "unserved_kwh",
)


@dataclass(frozen=True)
class Values:
    """One KPI: its value in each replication for each scope."""

    keys: tuple[Key, ...]
    by_replication: Floats
    """[R, len(keys)]"""
    pooled: Floats | None = None
    """[len(keys)] of quantiles: the quantile of all replications' sessions together"""
    trials: Floats | None = None
    """[len(keys)] of shares of vehicles: how many there are in all replications"""


@dataclass(frozen=True)
class SessionTallies:
    """Sessions, minutes and energy by replication and scope."""

    keys: tuple[Key, ...]
    cells: dict[str, Floats]
    """the totals by name, each [R, scopes]"""
    outcomes: Floats
    """[R, O, scopes]"""
    within: Floats
    """[R, T, scopes]"""
    kind_kwh: Floats
    """[R, 2, scopes] energy taken in sessions of kind station and swap"""
    wait_bins: Floats
    """[R, scopes, BINS]"""
    delay_bins: Floats
    """[R, scopes, BINS]"""

    @property
    def wished(self) -> Floats:
        """All wishes [R, scopes]."""
        return np.asarray(self.outcomes.sum(axis=1))

    @property
    def judged(self) -> Floats:
        """Sessions that did not end unfinished, the denominator of every share [R, scopes]."""
        return self.wished - self.outcomes[:, UNFINISHED]

    @property
    def served(self) -> Floats:
        """Served sessions [R, scopes]."""
        return np.asarray(self.outcomes[:, SERVED])

    @property
    def unserved(self) -> Floats:
        """Partial, lost and stranded sessions [R, scopes]."""
        return np.asarray(self.outcomes[:, [PARTIAL, LOST, STRANDED]].sum(axis=1))


@dataclass(frozen=True)
class SiteTallies:
    """Site totals by replication, site and hour of day, summed over the judged days."""

    busy_min: Floats
    """[R, S, 24]"""
    energy_kwh: Floats
    lent_kwh: Floats
    """what stores gave, hour by hour net"""
    down_min: Floats
    arrivals: Floats
    queue_min: Floats
    packs_ready_h: Floats
    """pack-hours"""
    pack_found: Floats
    longest_queue: Floats
    """[R, S] highest hourly mean of the queue length"""
    peak_kw: Floats
    """[R, S] highest quarter of an hour"""
    connection_peak_kw: Floats
    """[R, G] highest quarter of an hour of all sites behind a grid connection together"""
    scopes: dict[int, SiteScopes]
    """by kind of site"""


@dataclass(frozen=True)
class ScopeTotals:
    """A result with everything that KPIs are made of."""

    result: RunResult
    sessions: SessionTallies
    sites: SiteTallies
    district_kw: Floats
    """[R, 2, D, Q]"""


def scope_totals_of(result: RunResult) -> ScopeTotals:
    """Sum the totals of all replications over the scopes of sessions and of sites.

    Parameters
    ----------
    result : RunResult
        A run; nothing of it is changed.
    """
    district_kw = np.stack([replication.district_kw for replication in result.replications])
    return ScopeTotals(result, _tally_sessions(result), _tally_sites(result), district_kw)


def _tally_sessions(result: RunResult) -> SessionTallies:
    scopes, runs = SessionScopes.of(result), result.replications

    def stacked(arrays: list[Floats]) -> Floats:
        return np.stack([scopes.total(array) for array in arrays]).astype(np.float64)

    def stacked_axes(groups: list[Floats]) -> Floats:
        return np.stack(
            [np.stack([scopes.total(array) for array in group]) for group in groups]
        ).astype(np.float64)

    return SessionTallies(
        keys=scopes.keys,
        cells={name: stacked([getattr(run, name) for run in runs]) for name in _CELLS},
        outcomes=stacked_axes([np.asarray(run.outcomes) for run in runs]),
        within=stacked_axes([np.asarray(run.within) for run in runs]),
        kind_kwh=stacked_axes([_energy_by_kind(run) for run in runs]),
        wait_bins=stacked([np.asarray(run.wait_bins) for run in runs]),
        delay_bins=stacked([np.asarray(run.delay_bins) for run in runs]),
    )


def _energy_by_kind(run: ReplicationTotals) -> Floats:
    """Return the energy of the sessions, apart for the kinds station and swap [2, C, K, D, 24]."""
    apart = np.zeros((2, *run.session_kwh.shape))
    for kind in (STATION, SWAP):
        apart[kind, :, kind] = run.session_kwh[:, kind]
    return apart


def _tally_sites(result: RunResult) -> SiteTallies:
    def stacked(name: str) -> Floats:
        return np.stack([getattr(run, name) for run in result.replications]).astype(np.float64)

    names = [field.name for field in fields(SiteTallies) if field.name != "scopes"]
    return SiteTallies(
        **{name: stacked(name) for name in names},
        scopes={kind: SiteScopes.of(result, kind) for kind in (STATION, SWAP)},
    )


def ratio(part: Floats, whole: Floats) -> Floats:
    """Divide, with NaN (not defined) where the whole is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, part / whole, np.nan)
