"""Keep the statistics of one replication, a day at a time: what each site did in each hour.

What lasts over midnight is written twice, clipped to the day each time: at the end of the day, and
at its own end. The compiled functions are called by both engines.
"""

from collections.abc import Iterable
from math import floor

import numpy as np
from numpy.typing import NDArray

from chargesim.engine._numba import kernel
from chargesim.engine.event_order import DAY_MIN, HOUR_MIN
from chargesim.engine.replication_totals import first_levels
from chargesim.engine.session_log import SessionLog, by_row

QUARTER_MIN = 15.0
HOURLY: tuple[str, ...] = (
    "busy_min",
    "all_occupied_min",
    "charging_min",
    "down_min",
    "queue_min",
    "ready_min",
    "arrivals",
    "pack_found",
    "losses",
)
QUARTERLY: tuple[str, ...] = ("energy_kwh", "store_kwh")
DAILY: tuple[str, ...] = ("occupied_min",)
CHECKED: tuple[str, ...] = ("noted_kwh", "queue_check_min")
"""Names of the statistics: by hour, by quarter of an hour, by day, and from the start of the run
on."""
OF_A_DAY = (*HOURLY, *QUARTERLY, *DAILY)
STATISTICS = (*OF_A_DAY, *CHECKED)


@kernel("void(f8[:, ::1], i8, f8, f8, f8, f8, f8)")
def add_level(bins, row, begin_min, end_min, level, start_min, bin_min):
    """Add `level` x minutes between two instants to the bins of a row.

    Parameters
    ----------
    bins : array of float, [rows, bins]
        The first bin begins at `start_min`; what lies before or behind the bins is left out.
    row : int
    begin_min, end_min : float
        From when to when [min].
    level : float
        What to add for each minute.
    start_min, bin_min : float
        Begin of the first bin, and length of each bin [min].
    """
    first = max(0, floor((begin_min - start_min) / bin_min))
    for b in range(first, bins.shape[1]):
        low = start_min + b * bin_min
        if low >= end_min:
            break
        bins[row, b] += level * (min(end_min, low + bin_min) - max(begin_min, low))


@kernel("void(f8[:, ::1], i8, f8, f8, f8, f8, f8[::1], f8[::1], f8, f8)")
def add_charge(
    bins, row, begin_min, soc, soc_end, battery_kwh, edge_soc, step_kw, start_min, bin_min
):
    """Add the energy [kWh] of a charge along its curve to the bins of a row.

    The charge begins at `begin_min` with `soc` and ends with `soc_end`; the rest is as for
    `add_level`.
    """
    now = begin_min
    for i in range(len(step_kw)):
        if edge_soc[i] >= soc_end:
            break
        if edge_soc[i + 1] > soc:
            then = (
                now
                + 60.0
                * (min(edge_soc[i + 1], soc_end) - max(edge_soc[i], soc))
                * battery_kwh
                / step_kw[i]
            )
            add_level(bins, row, now, then, step_kw[i] / 60.0, start_min, bin_min)
            now = then


class DayStatistics:
    """Totals by site and hour (energies by quarter) of some days; what lies outside is left out.

    Parameters
    ----------
    servers : array of int, [sites]
        Guns or bays of each site.
    start_min : float
        Where they begin, at the beginning of a day [min].
    days : int
        Days that they cover; an engine keeps those of one day.
    """

    def __init__(self, servers: NDArray[np.int64], start_min: float = 0.0, days: int = 1) -> None:
        sites, hours = len(servers), 24 * days
        self.servers, self.first_level = servers, first_levels(servers)
        self.start_min, self.end_min = start_min, start_min + days * DAY_MIN
        self.busy_min = np.zeros((sites, hours))
        self.all_occupied_min = np.zeros((sites, hours))
        self.occupied_min = np.zeros((int(self.first_level[-1]), days))
        """[level, day] minutes with 0, 1, ... and all servers occupied, site after site"""
        self.charging_min = np.zeros((sites, hours))
        self.energy_kwh = np.zeros((sites, 4 * hours))
        self.store_kwh = np.zeros((sites, 4 * hours))
        self.down_min = np.zeros((sites, hours))
        self.queue_min = np.zeros((sites, hours))
        self.ready_min = np.zeros((sites, hours))
        self.arrivals = np.zeros((sites, hours), dtype=np.int64)
        self.pack_found = np.zeros((sites, hours), dtype=np.int64)
        self.losses = np.zeros((sites, hours), dtype=np.int64)
        self.queue_check_min = np.zeros((sites, 2))
        """[S, 2] from the start of the run on: integral of the queue length, and the minutes in it
        of those who have left it"""
        self.past_kwh = np.zeros(sites)
        """[S] energy at the plug on the days before"""
        self.noted_kwh = np.zeros(sites)
        """[S] energy that vehicles took at the guns by their own count, from the start of the run
        on"""

    def turn_day(self) -> "DayStatistics":
        """Return the statistics of the day that ends, and begin those of the next."""
        ended = DayStatistics(self.servers, self.start_min)
        self.past_kwh += self.energy_kwh.sum(axis=1)
        for name in OF_A_DAY:
            getattr(ended, name)[:] = getattr(self, name)
            getattr(self, name)[:] = 0
        self.start_min, self.end_min = self.end_min, self.end_min + DAY_MIN
        return ended

    def occupied(self, site: int, begin_min: float, end_min: float, servers: int) -> None:
        """Note that so many guns or bays were occupied between two instants."""
        start_min, planned = self.start_min, int(self.servers[site])
        level = min(servers, planned)  # all, with guns that were added
        row = int(self.first_level[site]) + level
        add_level(self.occupied_min, row, begin_min, end_min, 1.0, start_min, DAY_MIN)
        if servers > 0:
            add_level(self.busy_min, site, begin_min, end_min, float(servers), start_min, HOUR_MIN)
        if 0 < planned == level:
            add_level(self.all_occupied_min, site, begin_min, end_min, 1.0, start_min, HOUR_MIN)

    def charging(self, site: int, begin_min: float, end_min: float) -> None:
        """Note that a charge was under way at a gun between two instants."""
        add_level(self.charging_min, site, begin_min, end_min, 1.0, self.start_min, HOUR_MIN)

    def down(self, site: int, begin_min: float, end_min: float) -> None:
        """Note that a gun was out of order between two instants."""
        add_level(self.down_min, site, begin_min, end_min, 1.0, self.start_min, HOUR_MIN)

    def queued(self, site: int, begin_min: float, end_min: float, vehicles: int) -> None:
        """Note that so many vehicles waited between two instants."""
        add_level(
            self.queue_min, site, begin_min, end_min, float(vehicles), self.start_min, HOUR_MIN
        )

    def ready(self, site: int, begin_min: float, end_min: float, packs: int) -> None:
        """Note that so many charged packs were in the rack between two instants."""
        add_level(self.ready_min, site, begin_min, end_min, float(packs), self.start_min, HOUR_MIN)

    def arrived(self, site: int, now: float, pack_found: bool = False) -> None:
        """Count an arrival, and whether it found a charged pack that nobody was waiting for."""
        if now < self.end_min:
            hour = int((now - self.start_min) / HOUR_MIN)
            self.arrivals[site, hour] += 1
            if pack_found:
                self.pack_found[site, hour] += 1

    def lost(self, site: int, now: float) -> None:
        """Count a vehicle that goes away unserved: it balked, or its patience ended."""
        if now < self.end_min:
            self.losses[site, int((now - self.start_min) / HOUR_MIN)] += 1


def joined(
    days: Iterable[tuple[DayStatistics | None, SessionLog]], last: DayStatistics
) -> tuple[DayStatistics, SessionLog]:
    """Return the statistics of a run's judged days as one, and its whole session log.

    Parameters
    ----------
    days : iterable of (DayStatistics or None, session log)
        What an engine gives day by day.
    last : DayStatistics
        The engine's statistics at the end.
    """
    statistics, logs = zip(*days, strict=True)
    judged = [day for day in statistics if day is not None]
    whole = DayStatistics(
        last.servers, judged[0].start_min if judged else last.start_min, len(judged)
    )
    for name in OF_A_DAY:
        for day, bins in zip(
            judged, np.split(getattr(whole, name), max(1, len(judged)), axis=1), strict=False
        ):
            bins[:] = getattr(day, name)
    whole.queue_check_min[:], whole.noted_kwh[:] = last.queue_check_min, last.noted_kwh
    return whole, by_row(*logs)
