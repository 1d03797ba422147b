"""Declare the totals of one replication: counts and sums by site, by session and in histograms."""

from dataclasses import dataclass, fields
from typing import Annotated, Any, get_args

import numpy as np
from numpy.typing import NDArray

from chargesim.network.network import SITE_KINDS

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

KINDS: tuple[str, ...] = (*(kind.name for kind in SITE_KINDS), "none")
"""Kind of a session: of the site that served it, else of the first it set out for, else none."""
NO_KIND = KINDS.index("none")
SERVED, PARTIAL, LOST, STRANDED, UNFINISHED = range(5)
OUTCOMES: tuple[str, ...] = ("served", "partial", "lost", "stranded", "unfinished")

LOWEST_MIN, HIGHEST_MIN, LOG_BINS = 0.05, 480.0, 64
BINS = LOG_BINS + 2
"""Bins of a histogram: exactly zero, `LOG_BINS` logarithmic bins, everything above."""

FIXED_LENGTHS = {
    "hour": 24,
    "kind": len(KINDS),
    "outcome": len(OUTCOMES),
    "bin": BINS,
    "site_kind": 2,
    "record": 2,
    "once": 1,
}
"""Length of the axes that are the same in every run.

`hour` is the hour of day: of the clock at sites, of the wish for sessions. `kind` is one of
`KINDS`, `outcome` one of `OUTCOMES`, `site_kind` station or swap site, `record` one of two
independent records of the same quantity. The other axes are `site`, `level` (0, 1, ... and all
servers of a site occupied, site after site), `connection` (grid connection), `quarter` (judged
quarter of an hour), `fleet` (the corridor vehicles last), `district` (of the wish in sessions, of
the site in `district_kw`), `threshold` (of waiting) and `day` (judged day: of the wish in sessions,
of the clock at sites).
"""
SITE_HOUR = ("site", "hour")
SESSION_AXES = ("fleet", "kind", "district", "hour")
DAY_AXES = ("day", "fleet", "kind", "district")


def bin_edges_min() -> Floats:
    """Return the upper edges of the bins [min]: 0, then logarithmic, then infinity.

    Bin 0 holds exactly zero, bin 1 everything above zero up to its edge (so what lies below
    `LOWEST_MIN` too), bin i what lies above edge i - 1 and not above edge i. Neighbouring edges
    differ by the factor (`HIGHEST_MIN` / `LOWEST_MIN`) ** (1 / `LOG_BINS`) = 1.154.
    """
    steps = np.arange(1, LOG_BINS + 1) / LOG_BINS
    return np.concatenate([[0.0], LOWEST_MIN * (HIGHEST_MIN / LOWEST_MIN) ** steps, [np.inf]])


def first_levels(servers: Counts) -> Counts:
    """Return the row of each site's level 0 in `occupied_min`, and the number of all rows [S + 1].

    A site has a level for each number of occupied servers: 0, 1, ... and all of them.
    """
    return np.concatenate([[0], np.cumsum(servers + 1)]).astype(np.int64)


@dataclass
class ReplicationTotals:
    """Totals of one replication over its judged days, without its lead-in days.

    This table alone knows the axes and the type (`Floats` or `Counts`) of each array. Empty totals,
    files, shape checks and totals by scope follow from it, so a new counter is one line here and
    one where it is counted.
    """

    busy_min: Annotated[Floats, SITE_HOUR]
    """gun-minutes occupied, bay-minutes at a swap site"""
    all_occupied_min: Annotated[Floats, SITE_HOUR]
    """minutes with all guns or bays occupied; 0 at a site without any"""
    occupied_min: Annotated[Floats, ("level",)]
    """minutes with so many guns or bays occupied"""
    charging_min: Annotated[Floats, SITE_HOUR]
    """gun-minutes with a charge under way; 0 at swap sites"""
    energy_kwh: Annotated[Floats, SITE_HOUR]
    """energy at the plug; at a swap site, what the slots charged"""
    lent_kwh: Annotated[Floats, SITE_HOUR]
    """energy from battery stores to plugs, in hours when they gave more than they took"""
    down_min: Annotated[Floats, SITE_HOUR]
    """gun-minutes out of order, by failure or blackout"""
    arrivals: Annotated[Counts, SITE_HOUR]
    """vehicles that arrived, whatever they did then"""
    queue_min: Annotated[Floats, SITE_HOUR]
    """integral of the queue length over time"""
    packs_ready_h: Annotated[Floats, SITE_HOUR]
    """pack-hours of charged packs in the rack; 0 at stations"""
    pack_found: Annotated[Counts, SITE_HOUR]
    """arrivals at swap sites with a charged pack that no earlier vehicle waited for"""
    losses: Annotated[Counts, SITE_HOUR]
    """vehicles that left unserved: they balked, or their patience ended"""
    longest_queue: Annotated[Floats, ("site",)]
    """highest mean queue length of a clock hour"""
    peak_kw: Annotated[Floats, ("site",)]
    """highest mean grid power of a quarter of an hour"""
    connection_peak_kw: Annotated[Floats, ("connection",)]
    """the same of all sites behind a grid connection together"""
    district_kw: Annotated[Floats, ("site_kind", "district", "quarter")]
    """mean grid power"""
    outcomes: Annotated[Counts, ("outcome", *SESSION_AXES)]
    """sessions by outcome"""
    chose_outside: Annotated[Counts, SESSION_AXES]
    """lost sessions that chose the outside option, at the wish or after they tried a site"""
    balked: Annotated[Counts, SESSION_AXES]
    """ended sessions that balked at least once"""
    reneged: Annotated[Counts, SESSION_AXES]
    """ended sessions that reneged at least once"""
    diverted: Annotated[Counts, SESSION_AXES]
    """ended sessions that went on to another site at least once"""
    interrupted: Annotated[Counts, SESSION_AXES]
    """ended sessions whose charge a failure cut off at least once"""
    put_off: Annotated[Counts, SESSION_AXES]
    """ended sessions whose wish was put off for a cheaper hour"""
    within: Annotated[Counts, ("threshold", *SESSION_AXES)]
    """served sessions that waited at most the threshold"""
    wait_min: Annotated[Floats, SESSION_AXES]
    """minutes without a gun or bay of the served sessions, from their first arrival on"""
    queued_min: Annotated[Floats, SESSION_AXES]
    """minutes of the served sessions in queues"""
    wait_all_min: Annotated[Floats, SESSION_AXES]
    """wait of the ended sessions, that of the unserved until they left"""
    delay_min: Annotated[Floats, SESSION_AXES]
    """delay of the served sessions"""
    detour_min: Annotated[Floats, SESSION_AXES]
    """drive of the served sessions beyond the free drive to the nearest site"""
    service_min: Annotated[Floats, SESSION_AXES]
    """minutes for which the served sessions occupied a gun or bay"""
    service_sq_min2: Annotated[Floats, SESSION_AXES]
    """squares of these minutes"""
    session_kwh: Annotated[Floats, SESSION_AXES]
    """energy taken; of a swap, the difference of the two packs"""
    unserved_kwh: Annotated[Floats, SESSION_AXES]
    """energy wished and not taken by stranded, lost and partial sessions"""
    wait_bins: Annotated[Counts, (*SESSION_AXES, "bin")]
    """histogram of the wait of the served sessions"""
    delay_bins: Annotated[Counts, (*SESSION_AXES, "bin")]
    """histogram of the delay of the served sessions"""
    ended_by_day: Annotated[Counts, DAY_AXES]
    """sessions that did not end unfinished"""
    unserved_by_day: Annotated[Counts, DAY_AXES]
    """partial, lost and stranded sessions"""
    within_by_day: Annotated[Counts, ("threshold", *DAY_AXES)]
    """served sessions that waited at most the threshold"""
    arrivals_by_day: Annotated[Counts, ("day", "site")]
    """vehicles that arrived"""
    pack_found_by_day: Annotated[Counts, ("day", "site")]
    """arrivals with a charged pack that no earlier vehicle waited for"""
    queue_check_min: Annotated[Floats, ("site", "record")]
    """whole horizon, lead-in included: integral of the queue length by the site's clock, and sum
    of the minutes in its queue that the vehicles noted; equal to the last bit by Little's law"""
    energy_check_kwh: Annotated[Floats, ("site", "record")]
    """whole horizon: energy by statistics, and by vehicles; NaN at swap sites"""
    wishes: Annotated[Counts, ("once",)]
    """rows of the demand on the judged days; each ends in one session"""

    @classmethod
    def axes(cls) -> dict[str, tuple[str, ...]]:
        """Return the axes of every array by its name."""
        return {one.name: get_args(one.type)[1] for one in fields(cls)}

    @classmethod
    def shapes(
        cls,
        *,
        sites: int,
        servers: int,
        connections: int,
        fleets: int,
        districts: int,
        thresholds: int,
        days: int,
        quarters: int = 0,
    ) -> dict[str, tuple[int, ...]]:
        """Return the shape of each array by its name, from the lengths that differ between runs."""
        lengths = FIXED_LENGTHS | {
            "site": sites,
            "level": sites + servers,
            "connection": connections,
            "fleet": fleets,
            "district": districts,
            "threshold": thresholds,
            "day": days,
            "quarter": quarters,
        }
        return {name: tuple(lengths[axis] for axis in axes) for name, axes in cls.axes().items()}

    @classmethod
    def zeros(cls, **lengths: int) -> "ReplicationTotals":
        """Return totals in which nothing has happened; `lengths` as for `shapes`."""
        shapes = cls.shapes(**lengths)
        arrays: dict[str, Any] = {
            one.name: np.zeros(
                shapes[one.name], np.int64 if get_args(one.type)[0] == Counts else np.float64
            )
            for one in fields(cls)
        }
        return cls(**arrays)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all arrays by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}
