"""Hold the totals of one replication: by site and hour, sessions, histograms of wait and delay."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

KINDS: tuple[str, ...] = ("station", "swap", "none")
"""Kind of a session: of the site that served it, else of the first site that it set out for, else
none."""
NO_KIND = KINDS.index("none")
SERVED, PARTIAL, LOST, STRANDED, UNFINISHED = range(5)
OUTCOMES: tuple[str, ...] = ("served", "partial", "lost", "stranded", "unfinished")

LOWEST_MIN, HIGHEST_MIN, LOG_BINS = 0.05, 480.0, 64
BINS = LOG_BINS + 2
"""Bins of a histogram: exactly zero, `LOG_BINS` logarithmic bins, everything above."""


def bin_edges_min() -> Floats:
    """Return the upper edges of the bins [min]: 0, then logarithmic, then infinity.

    Bin 0 holds exactly zero, bin 1 everything above zero up to its edge (so what lies below
    `LOWEST_MIN` too), bin i what lies above edge i - 1 and not above edge i. Neighbouring edges
    differ by the factor (`HIGHEST_MIN` / `LOWEST_MIN`) ** (1 / `LOG_BINS`) = 1.154.
    """
    steps = np.arange(1, LOG_BINS + 1) / LOG_BINS
    return np.concatenate([[0.0], LOWEST_MIN * (HIGHEST_MIN / LOWEST_MIN) ** steps, [np.inf]])


@dataclass
class ReplicationTotals:
    """Totals of one replication over its judged days, as large as those of one day.

    Axes: S sites, G grid connections, Q judged quarters of an hour, C fleets (the corridor vehicles
    last), K `KINDS`, D districts (of the wish), O `OUTCOMES`, T thresholds, B `BINS`; 24 hours of
    day, of the clock at sites and of the wish of sessions.
    """

    busy_min: Floats
    """[S, 24] gun-minutes (bay-minutes at a swap site) in use"""
    energy_kwh: Floats
    """[S, 24] energy at the plug (at the pack for a swap site: what the slots charged)"""
    lent_kwh: Floats
    """[S, 24] energy that stores gave to the plugs, in the hours in which they gave more than they
    took"""
    down_min: Floats
    """[S, 24] gun-minutes out of order, by failure or blackout"""
    arrivals: Counts
    """[S, 24] vehicles that arrived, whatever they did then"""
    queue_min: Floats
    """[S, 24] integral of the queue length over time"""
    packs_ready_h: Floats
    """[S, 24] charged packs in the rack, in pack-hours; 0 at stations"""
    pack_found: Counts
    """[S, 24] arrivals at swap sites that found a charged pack that no earlier vehicle was waiting
    for"""
    losses: Counts
    """[S, 24] vehicles that went away unserved: they balked, or their patience ended"""
    longest_queue: Floats
    """[S] highest mean of the queue length over an hour of the clock"""
    peak_kw: Floats
    """[S] highest mean of a quarter of an hour on the grid side"""
    connection_peak_kw: Floats
    """[G] highest mean of a quarter of an hour of all sites behind a grid connection together"""
    district_kw: Floats
    """[2, D, Q] mean power on the grid side by kind of site (station, swap) and district of the
    site"""
    outcomes: Counts
    """[O, C, K, D, 24] sessions by outcome"""
    outside: Counts
    """[C, K, D, 24] of the lost, those that left for the outside option by choice, without having
    queued anywhere"""
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
    service_sq_min2: Floats
    """[C, K, D, 24] squares of these minutes"""
    session_kwh: Floats
    """[C, K, D, 24] energy that the sessions took (a swap: the difference of the two packs)"""
    unserved_kwh: Floats
    """[C, K, D, 24] energy that was wished and not taken, stranded, lost and partial sessions"""
    wait_bins: Counts
    """[C, K, D, 24, B] histogram of the wait of the served sessions"""
    delay_bins: Counts
    """[C, K, D, 24, B] histogram of the delay of the served sessions"""
    queue_check_min: Floats
    """[S, 2] whole horizon, lead-in included: integral of the queue length by the site's own clock,
    and sum of the waits that the vehicles noted; equal to the last bit by Little's law"""
    energy_check_kwh: Floats
    """[S, 2] whole horizon: energy in the statistics, and what the vehicles at the guns count
    themselves; NaN at swap sites"""
    wishes: Counts
    """[1] rows of the demand on the judged days; each ends in one session"""

    @classmethod
    def zeros(
        cls,
        *,
        sites: int,
        connections: int,
        fleets: int,
        districts: int,
        thresholds: int,
        quarters: int = 0,
    ) -> "ReplicationTotals":
        """Return the totals of a replication in which nothing has happened."""
        cells, by_hour = (fleets, len(KINDS), districts, 24), (sites, 24)
        shapes = {
            **dict.fromkeys((field.name for field in fields(cls)), cells),
            **dict.fromkeys(
                (
                    "busy_min",
                    "energy_kwh",
                    "lent_kwh",
                    "down_min",
                    "arrivals",
                    "queue_min",
                    "packs_ready_h",
                    "pack_found",
                    "losses",
                ),
                by_hour,
            ),
            **dict.fromkeys(("longest_queue", "peak_kw"), (sites,)),
            **dict.fromkeys(("wait_bins", "delay_bins"), (*cells, BINS)),
            "connection_peak_kw": (connections,),
            "district_kw": (2, districts, quarters),
            "outcomes": (len(OUTCOMES), *cells),
            "within": (thresholds, *cells),
            "queue_check_min": (sites, 2),
            "energy_check_kwh": (sites, 2),
            "wishes": (1,),
        }
        arrays: dict[str, Any] = {
            f.name: np.zeros(shapes[f.name], np.int64 if f.type == Counts else np.float64)
            for f in fields(cls)
        }
        return cls(**arrays)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
