"""Compute how well the network serves the wishes: outcomes, waits and delays.

The denominator of every share is the sessions of the scope that did not end unfinished. Quantiles
of all who wished count the unserved (partial, lost, stranded) as infinite. Quantiles of the served
are shown too but never judged, because patience cuts them off.
"""

from typing import Literal

import numpy as np

from chargesim.analysis.histogram import quantile_min
from chargesim.analysis.result import Floats
from chargesim.analysis.scope_totals import KpiValues, ScopeTotals, ratio
from chargesim.engine.replication_totals import LOST, OUTCOMES, UNFINISHED

Histogram = Literal["wait_bins", "delay_bins"]


def share_of_wishes(totals: ScopeTotals, name: str) -> KpiValues:
    """Return a count of sessions over all who wished, for example of those who balked."""
    return _share(totals, totals[name])


def share_of_outcome(totals: ScopeTotals, outcome: str) -> KpiValues:
    """Return the share of all who wished with an outcome; `lost` without the outside option."""
    count = totals["outcomes"][:, OUTCOMES.index(outcome)]
    if OUTCOMES.index(outcome) == LOST:
        count = count - totals["outside"]
    return _share(totals, count)


def share_unserved(totals: ScopeTotals) -> KpiValues:
    """Return the share of all who wished: lost (outside included), stranded or partly served."""
    return _share(totals, totals.unserved)


def share_within(totals: ScopeTotals, minutes: float) -> KpiValues:
    """Return the share of all who wished that was served within these minutes of waiting."""
    return _share(totals, totals["within"][:, totals.result.threshold_index(minutes)])


def quantile(
    totals: ScopeTotals, histogram: Histogram, share: float, *, served_only: bool = False
) -> KpiValues:
    """Return a quantile of the wait or the delay by replication, and of all pooled [min]."""
    bins = totals[histogram]
    unserved = np.zeros_like(totals.unserved) if served_only else totals.unserved
    pooled = quantile_min(bins.sum(axis=0), share, unserved=unserved.sum(axis=0))
    return KpiValues(totals.sessions.keys, quantile_min(bins, share, unserved=unserved), pooled)


def mean_of_served(totals: ScopeTotals, name: str) -> KpiValues:
    """Return a mean per served session, of minutes."""
    return KpiValues(totals.sessions.keys, ratio(totals[name], totals.served))


def mean_wait(totals: ScopeTotals) -> KpiValues:
    """Return the mean queue minutes of all who wished, the unserved with what they queued."""
    return KpiValues(totals.sessions.keys, ratio(totals["wait_all_min"], totals.ended))


def wishes_per_day(totals: ScopeTotals) -> KpiValues:
    """Return the wishes per judged day, unfinished ones included."""
    return KpiValues(totals.sessions.keys, totals.wished / totals.result.days)


def unserved_kwh_per_day(totals: ScopeTotals) -> KpiValues:
    """Return the energy wished and not taken, per judged day [kWh]."""
    return KpiValues(totals.sessions.keys, totals["unserved_kwh"] / totals.result.days)


def unfinished(totals: ScopeTotals) -> KpiValues:
    """Return the sessions that the end of the horizon cut off."""
    return KpiValues(totals.sessions.keys, totals["outcomes"][:, UNFINISHED])


def _share(totals: ScopeTotals, count: Floats) -> KpiValues:
    """Return a count over the sessions that did not end unfinished."""
    ended = totals.ended
    return KpiValues(totals.sessions.keys, ratio(count, ended), whole=ended)
