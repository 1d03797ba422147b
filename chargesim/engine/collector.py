"""Collect the totals of a replication day by day, from its statistics and its ended sessions."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargesim.demand.demand_table import Table
from chargesim.engine.day_statistics import HOURLY, DayStatistics
from chargesim.engine.event_order import DAY_MIN, HOUR_MIN
from chargesim.engine.facilities import Facilities
from chargesim.engine.replication_totals import (
    BINS,
    LOST,
    OUTCOMES,
    PARTIAL,
    SERVED,
    STRANDED,
    UNFINISHED,
    ReplicationTotals,
    bin_edges_min,
)
from chargesim.engine.session_log import SessionLog
from chargesim.network.network import SWAP

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def session_measures(facilities: Facilities, table: Table, log: SessionLog) -> dict[str, Floats]:
    """Return the minutes and energies of sessions that follow from their log and their demand.

    Parameters
    ----------
    facilities : Facilities
    table : table of `WISH`
        The demand rows of the sessions, in the same order.
    log : session log

    Returns
    -------
    dict of arrays
        One value per session: `delay_min` = plug-in - wish (once put off) - free drive to the
        nearest site that it may use (infinite when never plugged in), `detour_min` = drive - that
        free drive, `service_min`, `energy_kwh` taken, `unserved_kwh` wished and not taken.
    """
    stations = facilities.free_min[table["station_list"], table["origin"]]
    swaps = np.where(
        table["swap_list"] >= 0, facilities.free_min[table["swap_list"], table["origin"]], np.inf
    )
    nearest = np.minimum(stations, swaps)
    plugged = log["plug_min"] >= 0
    ready_min = table["wish_min"] + table["put_off_min"]
    with np.errstate(invalid="ignore"):
        delay = np.where(plugged, np.maximum(0.0, log["plug_min"] - ready_min - nearest), np.inf)
        detour = np.where(plugged, np.maximum(0.0, log["drive_min"] - nearest), 0.0)
    taken = log["energy_kwh"]
    wished = (table["target_soc"] - table["soc"]) * table["battery_kwh"]
    missed = np.isin(log["outcome"], (PARTIAL, LOST, STRANDED))
    return {
        "delay_min": delay,
        "detour_min": detour,
        "service_min": log["service_min"],
        "energy_kwh": taken,
        "unserved_kwh": np.where(missed, np.maximum(0.0, wished - taken), 0.0),
    }


class Collector:
    """Sum the totals of a replication while it runs.

    Parameters
    ----------
    facilities : Facilities
    fleets, districts : int
    district_of_origin : array of int, [origins]
    thresholds_min : tuple of float
        Waits at which served sessions are counted exactly [min].
    start_min, end_min : float
        The judged days; sessions whose wish lies outside are not counted [min].
    """

    def __init__(
        self,
        facilities: Facilities,
        *,
        fleets: int,
        districts: int,
        district_of_origin: Ints,
        thresholds_min: tuple[float, ...],
        start_min: float,
        end_min: float,
    ) -> None:
        self.facilities, self.thresholds_min = facilities, thresholds_min
        self.district_of_origin = district_of_origin
        self.start_min, self.end_min = start_min, end_min
        self._totals = ReplicationTotals.zeros(
            sites=len(facilities),
            servers=int(facilities.servers.sum()),
            connections=int(facilities.connection.max(initial=-1)) + 1,
            fleets=fleets,
            districts=districts,
            thresholds=len(thresholds_min),
            days=round((end_min - start_min) / DAY_MIN),
        )
        self._shape, self._days = self._totals.chose_outside.shape, 0
        self._district_kw = [self._totals.district_kw]

    def add_day(self, statistics: DayStatistics) -> None:
        """Add the statistics of a judged day."""
        total, quarters = self._totals, grid_kw(self.facilities, statistics)
        for name in set(HOURLY) & set(total.arrays()):
            getattr(total, name)[:] += getattr(statistics, name)
        total.occupied_min += statistics.occupied_min[:, 0]
        total.packs_ready_h += statistics.ready_min / HOUR_MIN
        total.energy_kwh += by_hour(statistics.energy_kwh)
        total.lent_kwh += np.maximum(0.0, -by_hour(statistics.store_kwh))
        together = np.zeros((len(total.connection_peak_kw), quarters.shape[1]))
        np.add.at(together, self.facilities.connection, quarters)
        for highest, of_day in (
            (total.longest_queue, statistics.queue_min / HOUR_MIN),
            (total.peak_kw, quarters),
            (total.connection_peak_kw, together),
        ):
            np.maximum(highest, of_day.max(axis=1, initial=0.0), out=highest)
        of_district = np.zeros((*total.district_kw.shape[:2], quarters.shape[1]))
        np.add.at(of_district, (self.facilities.kind, self.facilities.district), quarters)
        self._district_kw.append(of_district)
        total.arrivals_by_day[self._days] = statistics.arrivals.sum(axis=1)
        total.pack_found_by_day[self._days] = statistics.pack_found.sum(axis=1)
        self._days += 1

    def add_sessions(self, table: Table, log: SessionLog) -> None:
        """Add sessions that have ended; `table` holds their demand rows, in the same order."""
        judged = (table["wish_min"] >= self.start_min) & (table["wish_min"] < self.end_min)
        table, log = table[judged], log[judged]
        measures = session_measures(self.facilities, table, log)
        hour = (table["wish_min"] // HOUR_MIN).astype(np.int64) % 24
        cell = np.ravel_multi_index(
            (table["fleet"], log["kind"], self.district_of_origin[table["origin"]], hour),
            self._shape,
        )
        size = int(np.prod(self._shape))
        served, ended = log["outcome"] == SERVED, log["outcome"] != UNFINISHED
        everyone = np.ones(len(log), dtype=bool)

        def count(into: Ints, chosen: NDArray[Any]) -> None:
            into += np.bincount(cell[chosen], minlength=size).reshape(self._shape)

        def add(into: Floats, values: Floats, chosen: NDArray[Any]) -> None:
            sums = np.bincount(cell[chosen], weights=values[chosen], minlength=size)
            into += sums.reshape(self._shape)

        def bin_served(into: Ints, values: Floats) -> None:
            bins = np.searchsorted(bin_edges_min(), values[served], side="left")
            np.add.at(into.reshape(-1), cell[served] * BINS + bins, 1)

        total = self._totals
        for outcome in range(len(OUTCOMES)):
            count(total.outcomes[outcome], log["outcome"] == outcome)
        for index, threshold_min in enumerate(self.thresholds_min):
            count(total.within[index], served & (log["wait_min"] <= threshold_min))
        count(total.chose_outside, log["chose_outside"] > 0)
        count(total.balked, ended & (log["balks"] > 0))
        count(total.reneged, ended & (log["reneges"] > 0))
        count(total.diverted, ended & (log["diversions"] > 0))
        count(total.interrupted, ended & (log["interruptions"] > 0))
        count(total.put_off, ended & (table["put_off_min"] > 0))
        add(total.wait_min, log["wait_min"], served)
        add(total.queued_min, log["queue_min"], served)
        add(total.wait_all_min, log["wait_min"], ended)
        add(total.delay_min, measures["delay_min"], served)
        add(total.detour_min, measures["detour_min"], served)
        add(total.service_min, measures["service_min"], served)
        add(total.service_sq_min2, measures["service_min"] ** 2, served)
        add(total.session_kwh, measures["energy_kwh"], everyone)
        add(total.unserved_kwh, measures["unserved_kwh"], everyone)
        bin_served(total.wait_bins, log["wait_min"])
        bin_served(total.delay_bins, measures["delay_min"])
        self._add_by_day(table, log)

    def _add_by_day(self, table: Table, log: SessionLog) -> None:
        """Count judged sessions and their failures by the day of the wish."""
        total = self._totals
        shape = total.ended_by_day.shape
        day = ((table["wish_min"] - self.start_min) // DAY_MIN).astype(np.int64)
        district = self.district_of_origin[table["origin"]]
        cell = np.ravel_multi_index((day, table["fleet"], log["kind"], district), shape)
        served = log["outcome"] == SERVED
        chosen = [
            (total.ended_by_day, log["outcome"] != UNFINISHED),
            (total.unserved_by_day, np.isin(log["outcome"], (PARTIAL, LOST, STRANDED))),
        ]
        chosen += [
            (total.within_by_day[index], served & (log["wait_min"] <= threshold_min))
            for index, threshold_min in enumerate(self.thresholds_min)
        ]
        for into, sessions in chosen:
            into[:] += np.bincount(cell[sessions], minlength=into.size).reshape(shape)

    def totals(self, last: DayStatistics, wishes: int) -> ReplicationTotals:
        """Return the totals, with the statistics at the end and the number of judged wishes."""
        energy = np.stack([last.past_kwh + last.energy_kwh.sum(axis=1), last.noted_kwh], axis=1)
        energy[self.facilities.kind == SWAP] = np.nan
        return replace(
            self._totals,
            district_kw=np.concatenate(self._district_kw, axis=2),
            queue_check_min=last.queue_check_min,
            energy_check_kwh=energy,
            wishes=np.array([wishes]),
        )


def by_hour(by_quarter: Floats) -> Floats:
    """Sum an array by site and quarter of an hour [S, 4 x H] over each hour, to [S, H]."""
    return np.asarray(by_quarter.reshape(len(by_quarter), -1, 4).sum(axis=2))


def grid_kw(facilities: Facilities, statistics: DayStatistics) -> Floats:
    """Return the mean grid power of plugs and stores, by site and quarter of an hour."""
    kw: Floats = (statistics.energy_kwh + statistics.store_kwh) * 4.0 / facilities.efficiency
    return kw
