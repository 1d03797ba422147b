"""Compute how the wishes fared: waits, delays and outcomes, from session totals.

The denominator of every share is the sessions of the scope that did not end unfinished. Quantiles of all that wished count
the unserved (partial, lost, stranded) as infinite; those of the served stand beside them, and are never a criterion,
because patience cuts them off.
"""

from typing import Literal

import numpy as np

from chargesim.analysis.histogram import quantile_min
from chargesim.analysis.result import Floats
from chargesim.analysis.scope_totals import ScopeTotals, SessionTallies, Values, ratio
from chargesim.engine.replication_totals import LOST, OUTCOMES, SERVED, UNFINISHED

Histogram = Literal["wait_bins", "delay_bins"]


def share_of_wishes(scope_totals: ScopeTotals, name: str) -> Values:
    """Return the share of all that wished who balked, reneged, diverted, or left for the outside option."""
    return _share(scope_totals.sessions, scope_totals.sessions.cells[name])


def share_of_outcome(scope_totals: ScopeTotals, outcome: str) -> Values:
    """Return the share of all that wished with an outcome; of the lost, those who chose the outside option are left out."""
    count = scope_totals.sessions.outcomes[:, OUTCOMES.index(outcome)]
    if OUTCOMES.index(outcome) == LOST:
        count = count - scope_totals.sessions.cells["outside"]
    return _share(scope_totals.sessions, count)


def share_unserved(scope_totals: ScopeTotals) -> Values:
    """Return the share of all that wished who were lost (outside included), stranded or only partly served."""
    return _share(scope_totals.sessions, scope_totals.sessions.unserved)


def share_within(scope_totals: ScopeTotals, minutes: float) -> Values:
    """Return the share of all that wished who were served after at most some minutes of waiting."""
    return _share(
        scope_totals.sessions,
        scope_totals.sessions.within[:, scope_totals.result.threshold_index(minutes)],
    )


def quantile(
    scope_totals: ScopeTotals, histogram: Histogram, share: float, *, served_only: bool = False
) -> Values:
    """Return a quantile of the wait or the delay in each replication, and of all replications pooled [min]."""
    sessions = scope_totals.sessions
    bins: Floats = getattr(sessions, histogram)
    unserved = np.zeros_like(sessions.unserved) if served_only else sessions.unserved
    pooled = quantile_min(bins.sum(axis=0), share, unserved=unserved.sum(axis=0))
    return Values(sessions.keys, quantile_min(bins, share, unserved=unserved), pooled)


def mean_of_served(scope_totals: ScopeTotals, name: str) -> Values:
    """Return a mean per served session, of minutes."""
    return Values(
        scope_totals.sessions.keys,
        ratio(scope_totals.sessions.cells[name], scope_totals.sessions.outcomes[:, SERVED]),
    )


def mean_wait(scope_totals: ScopeTotals) -> Values:
    """Return the mean queue minutes of all that wished, the unserved with the minutes that they queued."""
    return Values(
        scope_totals.sessions.keys,
        ratio(scope_totals.sessions.cells["wait_all_min"], scope_totals.sessions.judged),
    )


def wishes_per_day(scope_totals: ScopeTotals) -> Values:
    """Return the wishes per judged day, unfinished ones included."""
    return Values(
        scope_totals.sessions.keys, scope_totals.sessions.wished / scope_totals.result.days
    )


def unserved_kwh_per_day(scope_totals: ScopeTotals) -> Values:
    """Return the energy that was wished and not taken, per judged day [kWh]."""
    return Values(
        scope_totals.sessions.keys,
        scope_totals.sessions.cells["unserved_kwh"] / scope_totals.result.days,
    )


def unfinished(scope_totals: ScopeTotals) -> Values:
    """Return the sessions that the end of the horizon cut off."""
    return Values(scope_totals.sessions.keys, scope_totals.sessions.outcomes[:, UNFINISHED])


def _share(sessions: SessionTallies, count: Floats) -> Values:
    """Return a count over the sessions that did not end unfinished."""
    return Values(sessions.keys, ratio(count, sessions.judged), trials=sessions.judged.sum(axis=0))
