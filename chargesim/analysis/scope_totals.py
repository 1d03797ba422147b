"""Sum the totals of all replications over the scopes of a run; KPIs are ratios of these sums."""

from dataclasses import dataclass

import numpy as np

from chargesim.analysis.intervals import ratio_values
from chargesim.analysis.result import Floats, RunResult
from chargesim.analysis.scopes import Key, SessionScopes, SiteScopes
from chargesim.engine.replication_totals import (
    LOST,
    PARTIAL,
    SERVED,
    SESSION_AXES,
    STRANDED,
    UNFINISHED,
    ReplicationTotals,
)
from chargesim.network.network import STATION, SWAP


@dataclass(frozen=True)
class KpiValues:
    """One KPI: its value in each replication for each scope."""

    keys: tuple[Key, ...]
    by_replication: Floats
    """[R, len(keys)]"""
    pooled: Floats | None = None
    """[len(keys)] of quantiles: the quantile of all replications' sessions together"""
    whole: Floats | None = None
    """[R, len(keys)] of shares of vehicles: those of whom it is the share"""

    @property
    def for_intervals(self) -> Floats:
        """Values whose mean is the KPI over all replications: of a share, the ratio of totals."""
        if self.whole is None:
            return self.by_replication
        part = np.where(self.whole > 0, self.by_replication * self.whole, 0.0)
        return ratio_values(part, self.whole)


class ScopeTotals:
    """The totals of all replications, those of sessions summed over scopes.

    `totals["busy_min"]` is the array of that name in `ReplicationTotals` with the replications as
    its first axis. In an array over sessions, one axis of scopes (`sessions.keys`) replaces the
    axes fleet, kind, district and hour. Nothing is summed before it is asked for.

    Parameters
    ----------
    result : RunResult
        A run; nothing of it is changed.
    """

    def __init__(self, result: RunResult) -> None:
        self.result = result
        self.sessions = SessionScopes.of(result)
        self.stations, self.swap_sites = (SiteScopes.of(result, kind) for kind in (STATION, SWAP))
        self._arrays: dict[str, Floats] = {}

    def __getitem__(self, name: str) -> Floats:
        if name not in self._arrays:
            arrays = [getattr(run, name) for run in self.result.replications]
            axes = ReplicationTotals.axes()[name]
            if axes[: len(SESSION_AXES)] == SESSION_AXES:
                arrays = [self.sessions.total(array) for array in arrays]
            elif axes[1:] == SESSION_AXES:  # by outcome or by threshold
                arrays = [np.stack([self.sessions.total(part) for part in one]) for one in arrays]
            self._arrays[name] = np.stack(arrays).astype(np.float64)
        return self._arrays[name]

    @property
    def wished(self) -> Floats:
        """All wishes [R, scopes]."""
        return np.asarray(self["outcomes"].sum(axis=1))

    @property
    def ended(self) -> Floats:
        """Sessions that did not end unfinished, the denominator of every share [R, scopes]."""
        return self.wished - self["outcomes"][:, UNFINISHED]

    @property
    def served(self) -> Floats:
        """Served sessions [R, scopes]."""
        return np.asarray(self["outcomes"][:, SERVED])

    @property
    def unserved(self) -> Floats:
        """Partial, lost and stranded sessions [R, scopes]."""
        return np.asarray(self["outcomes"][:, [PARTIAL, LOST, STRANDED]].sum(axis=1))


def ratio(part: Floats, whole: Floats) -> Floats:
    """Divide, with NaN (not defined) where the whole is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, part / whole, np.nan)
