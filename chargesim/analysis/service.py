"""Compute how the wishes fared: waits, delays and outcomes, from session totals.

The denominator of every share is the sessions of the scope that did not end unfinished. Quantiles of all that wished count
the unserved (partial, lost, stranded) as infinite; those of the served stand beside them, and are never a criterion,
because patience cuts them off.
"""

from typing import Literal

import numpy as np

from chargesim.analysis.histogram import quantile_min
from chargesim.analysis.result import Floats
from chargesim.analysis.tallies import SessionTallies, Tallies, Values, ratio
from chargesim.engine.accumulators import LOST, OUTCOMES, SERVED, UNFINISHED

Histogram = Literal["wait_bins", "delay_bins"]


def share_of_wishes(tallies: Tallies, name: str) -> Values:
    """Return the share of all that wished who balked, reneged, diverted, or left for the outside option."""
    return _share(tallies.sessions, tallies.sessions.cells[name])


def share_of_outcome(tallies: Tallies, outcome: str) -> Values:
    """Return the share of all that wished with an outcome; of the lost, those who chose the outside option are left out."""
    count = tallies.sessions.outcomes[:, OUTCOMES.index(outcome)]
    if OUTCOMES.index(outcome) == LOST:
        count = count - tallies.sessions.cells["outside"]
    return _share(tallies.sessions, count)


def share_unserved(tallies: Tallies) -> Values:
    """Return the share of all that wished who were lost (outside included), stranded or only partly served."""
    return _share(tallies.sessions, tallies.sessions.unserved)


def share_within(tallies: Tallies, minutes: float) -> Values:
    """Return the share of all that wished who were served after at most some minutes of waiting."""
    return _share(
        tallies.sessions, tallies.sessions.within[:, tallies.result.threshold_index(minutes)]
    )


def quantile(
    tallies: Tallies, histogram: Histogram, share: float, *, served_only: bool = False
) -> Values:
    """Return a quantile of the wait or the delay in each replication, and of all replications pooled [min]."""
    sessions = tallies.sessions
    bins: Floats = getattr(sessions, histogram)
    unserved = np.zeros_like(sessions.unserved) if served_only else sessions.unserved
    pooled = quantile_min(bins.sum(axis=0), share, unserved=unserved.sum(axis=0))
    return Values(sessions.keys, quantile_min(bins, share, unserved=unserved), pooled)


def mean_of_served(tallies: Tallies, name: str) -> Values:
    """Return a mean per served session, of minutes."""
    return Values(
        tallies.sessions.keys,
        ratio(tallies.sessions.cells[name], tallies.sessions.outcomes[:, SERVED]),
    )


def mean_wait(tallies: Tallies) -> Values:
    """Return the mean queue minutes of all that wished, the unserved with the minutes that they queued."""
    return Values(
        tallies.sessions.keys,
        ratio(tallies.sessions.cells["wait_all_min"], tallies.sessions.judged),
    )


def wishes_per_day(tallies: Tallies) -> Values:
    """Return the wishes per judged day, unfinished ones included."""
    return Values(tallies.sessions.keys, tallies.sessions.wished / tallies.result.days)


def unserved_kwh_per_day(tallies: Tallies) -> Values:
    """Return the energy that was wished and not taken, per judged day [kWh]."""
    return Values(
        tallies.sessions.keys, tallies.sessions.cells["unserved_kwh"] / tallies.result.days
    )


def unfinished(tallies: Tallies) -> Values:
    """Return the sessions that the end of the horizon cut off."""
    return Values(tallies.sessions.keys, tallies.sessions.outcomes[:, UNFINISHED])


def _share(sessions: SessionTallies, count: Floats) -> Values:
    """Return a count over the sessions that did not end unfinished."""
    return Values(sessions.keys, ratio(count, sessions.judged), trials=sessions.judged.sum(axis=0))
