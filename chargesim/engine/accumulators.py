"""Hold what one replication leaves behind: totals by site and hour, session counts, histograms of wait and delay."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

KINDS: tuple[str, ...] = ("station", "swap", "none")
"""Kind of a session: of the site that served it, else of the first site that it set out for, else none."""
SERVED, PARTIAL, LOST, STRANDED, UNFINISHED = range(5)
OUTCOMES: tuple[str, ...] = ("served", "partial", "lost", "stranded", "unfinished")

LOWEST_MIN, HIGHEST_MIN, LOG_BINS = 0.05, 480.0, 64
BINS = LOG_BINS + 2
"""Bins of a histogram: exactly zero, `LOG_BINS` logarithmic bins, everything above."""


def bin_edges_min() -> Floats:
    """Return the upper edges of the bins [min]: 0, then logarithmic, then infinity.

    Bin 0 holds exactly zero, bin 1 everything above zero up to its edge (so what lies below `LOWEST_MIN` too), bin i
    what lies above edge i - 1 and not above edge i. Neighbouring edges differ by the factor
    (`HIGHEST_MIN` / `LOWEST_MIN`) ** (1 / `LOG_BINS`) = 1.154.
    """
    steps = np.arange(1, LOG_BINS + 1) / LOG_BINS
    return np.concatenate([[0.0], LOWEST_MIN * (HIGHEST_MIN / LOWEST_MIN) ** steps, [np.inf]])


@dataclass
class Accumulators:
    """Totals of one replication over its judged days; lead-in days are not in them.

    Axes: S sites, H judged hours (24 x days), Q judged quarters of an hour, C fleets (the corridor vehicles last),
    K `KINDS`, D districts (of the wish), 24 hours of day (of the wish), O `OUTCOMES`, T thresholds, B `BINS`.
    """

    busy_min: Floats
    """[S, H] gun-minutes (bay-minutes at a swap site) in use"""
    energy_kwh: Floats
    """[S, H] energy at the plug (at the pack for a swap site: what the slots charged)"""
    store_kwh: Floats
    """[S, H] energy that stores took from the plugs' side less what they gave"""
    down_min: Floats
    """[S, H] gun-minutes out of order, by failure or blackout"""
    arrivals: Counts
    """[S, H] vehicles that arrived, whatever they did then"""
    queue_min: Floats
    """[S, H] integral of the queue length over time"""
    peak_kw: Floats
    """[S, H] highest mean of a quarter of an hour on the grid side"""
    packs_ready: Floats
    """[S, H] time mean of charged packs in the rack; 0 at stations"""
    pack_found: Counts
    """[S, H] arrivals at swap sites that found a charged pack that no earlier vehicle was waiting for"""
    district_kw: Floats
    """[2, D, Q] mean power on the grid side by kind of site (station, swap) and district of the site"""
    outcomes: Counts
    """[O, C, K, D, 24] sessions by outcome"""
    outside: Counts
    """[C, K, D, 24] of the lost, those that left for the outside option by choice, without having queued anywhere"""
    balked: Counts
    """[C, K, D, 24] ended sessions that balked at least once"""
    reneged: Counts
    """[C, K, D, 24] ended sessions that reneged at least once"""
    diverted: Counts
    """[C, K, D, 24] ended sessions that went on to another site at least once"""
    interrupted: Counts
    """[C, K, D, 24] ended sessions of which a charge was cut off by a failure at least once"""
    put_off: Counts
    """[C, K, D, 24] ended sessions whose wish was put off for a cheaper hour"""
    within: Counts
    """[T, C, K, D, 24] served sessions whose wait is at most the threshold"""
    wait_min: Floats
    """[C, K, D, 24] queue minutes of the served sessions"""
    wait_all_min: Floats
    """[C, K, D, 24] queue minutes of the sessions that ended, served or not"""
    delay_min: Floats
    """[C, K, D, 24] delay of the served sessions"""
    detour_min: Floats
    """[C, K, D, 24] drive of the served sessions beyond the free drive to the nearest site"""
    service_min: Floats
    """[C, K, D, 24] minutes at the plug or in the bay of the served sessions"""
    session_kwh: Floats
    """[C, K, D, 24] energy that the sessions took (a swap: the difference of the two packs)"""
    unserved_kwh: Floats
    """[C, K, D, 24] energy that was wished and not taken, stranded, lost and partial sessions"""
    wait_bins: Counts
    """[C, K, D, 24, B] histogram of the wait of the served sessions"""
    delay_bins: Counts
    """[C, K, D, 24, B] histogram of the delay of the served sessions"""
    queue_check_min: Floats
    """[S, 2] whole horizon, lead-in included: integral of the queue length by the site's own clock, and sum of the
    waits that the vehicles noted; equal to the last bit by Little's law"""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
