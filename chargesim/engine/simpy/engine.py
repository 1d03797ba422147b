"""Run the model as SimPy processes: the engine that one reads, and extends.

A vehicle is a process that reads like its story. Demand and outages are drawn beforehand, so nothing here is random.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import simpy

from chargesim.demand.demand_table import CLOUD, Outages, Table, no_outages
from chargesim.engine.choice import choose_site
from chargesim.engine.day_statistics import DayStatistics, joined
from chargesim.engine.event_order import DAY_MIN, HOUR_MIN, EventClass, vehicle_key
from chargesim.engine.facilities import Facilities
from chargesim.engine.replication_totals import LOST, PARTIAL, SERVED, STRANDED, UNFINISHED
from chargesim.engine.rules import NOWHERE, OUTSIDE, exact_min
from chargesim.engine.session_log import SessionLog, as_log
from chargesim.engine.simpy.audit import audit
from chargesim.engine.simpy.car import Car
from chargesim.engine.simpy.cloud import Cloud
from chargesim.engine.simpy.events import Process, ScheduledEvent, Story
from chargesim.engine.simpy.outages import OutageEvents
from chargesim.engine.simpy.power import PowerGroup, Rows
from chargesim.engine.simpy.station import Station
from chargesim.engine.simpy.swap_site import SwapSite
from chargesim.network.network import SWAP

_MAX_TRIED, _ENDLESS_MIN = 16, 1e9
"""Sites that a vehicle can try, and a wait that no reservation helps against: that of a site without power."""
_NONE = 2  # index of totals.KINDS


class World:
    """A city while it is simulated: its sites, its vehicles and their log.

    Parameters
    ----------
    facilities : Facilities
    tables : iterable of demand tables
        One per day, in order; where a table ends changes no result.
    lead_in_days, days : int
        Whole days that are not judged, and days that are.
    run_out_days : int
        Days after them, at the most, until the last judged vehicle has left; their own vehicles are not judged.
    outages : table of `OUTAGE`
        Failures of guns and blackouts.
    extensions : sequence of callables
        Each is called with this world and returns a SimPy process that runs beside the vehicles.
    debug : bool
        Check conservation at every event, see `audit`; slow.

    Attributes
    ----------
    env : simpy.Environment
        Its clock counts minutes.
    sites : list of Station and SwapSite
        In the order of the site table.
    under_way : dict of int to Car
        Vehicles between wish and end, by row.
    """

    def __init__(
        self,
        facilities: Facilities,
        tables: Iterable[Table],
        lead_in_days: int,
        days: int,
        run_out_days: int = 0,
        *,
        outages: Outages | None = None,
        extensions: "Sequence[Extension]" = (),
        debug: bool = False,
    ) -> None:
        self.lead_in_days, self.days = lead_in_days, days
        self.end_min = (lead_in_days + days) * DAY_MIN
        self.last_min = self.end_min + run_out_days * DAY_MIN
        self.env = simpy.Environment()
        self.facilities, self.debug = facilities, debug
        self.statistics = DayStatistics(len(facilities))
        self.changed: set[int] = set()
        self.groups: dict[int, PowerGroup] = {}
        self._rows = Rows(facilities)
        self.sites: list[Station | SwapSite] = [
            self._build_site(number) for number in range(len(facilities))
        ]
        self.rows: list[tuple[object, ...]] = []
        self.under_way: dict[int, Car] = {}
        self.posted_wait_min = np.zeros(len(facilities))
        self.cloud = Cloud(facilities, self.sites)
        self._map = (facilities.candidates, facilities.places)
        self._known = (facilities.city, facilities.edge_soc, facilities.step_kw)
        self._tried = np.zeros(_MAX_TRIED, dtype=np.int64)
        self._refresh_min = exact_min(facilities.posted_refresh_min)
        self._demand = self.wishes(tables)
        self._expect_next()
        self.calendar = OutageEvents(
            self.env, self.sites, no_outages() if outages is None else outages
        )
        ScheduledEvent(
            self.env, self._refresh_min, vehicle_key(EventClass.REFRESH, 0), None, self._refresh
        )
        if facilities.operating_rules.smart or any(
            group.store is not None for group in self.groups.values()
        ):
            ScheduledEvent(self.env, 0.0, vehicle_key(EventClass.HOUR, 0), None, self._turn_hour)
        for extend in extensions:
            self.env.process(extend(self))

    def run(self) -> tuple[DayStatistics, SessionLog]:
        """Run to the end; return the statistics of the judged days as one, and the session log."""
        self.statistics, log = joined(self.run_days(), self.statistics)
        return self.statistics, log

    def run_days(self) -> Iterator[tuple[DayStatistics | None, SessionLog]]:
        """Run day after day; give the statistics of each judged day, and the sessions that have ended since the day before, by row.

        A day of the lead-in has no statistics, nor has the last time: the judged vehicles have left, or stay unfinished then.
        """
        for day in range(self.lead_in_days + self.days):
            ended = self._run_day()
            yield (ended if day >= self.lead_in_days else None), self._take_log()
        judged = set(self.under_way)
        while not judged.isdisjoint(self.under_way) and self.env.peek() < self.last_min:
            self.env.step()
        for group in self.groups.values():
            group.settle_all()
        for site in self.sites:
            site.close()
        for car in self.under_way.values():
            self._log(car, UNFINISHED)
        yield None, self._take_log()

    def _run_day(self) -> DayStatistics:
        """Run to the end of a day and return its statistics."""
        if self.debug:
            while self.env.peek() < self.statistics.end_min:
                self.env.step()
                audit(self.sites, self.statistics, self.env.now)
        self.env.run(until=self.statistics.end_min)
        for group in self.groups.values():
            group.end_day()
        for site in self.sites:
            site.end_day()
        return self.statistics.turn_day()

    def _take_log(self) -> SessionLog:
        """Return the sessions that have ended since the last time, by row."""
        log, self.rows = as_log(self.rows), []
        return log

    def wishes(self, tables: Iterable[Table]) -> Iterator[tuple[Car, Table, int]]:
        """Give every vehicle of the demand in turn, with its table and its origin."""
        first = 0
        for table in tables:
            for index, wish in enumerate(table.tolist()):
                yield Car(first + index, index, wish), table, wish[1]
            first += len(table)

    def vehicle(self, car: Car, table: Table, origin: int) -> Process:
        """One vehicle: choose, drive, queue, charge or swap, leave."""
        self.under_way[car.row] = car
        if car.put_off_min > 0:
            yield ScheduledEvent(self.env, car.put_off_min, vehicle_key(EventClass.WISH, car.row))
        choice, km, minutes = self.choose(car, table, origin)
        car.first_site = choice
        while choice >= 0:
            site = self.sites[choice]
            yield self.drive(car, choice, km, minutes)
            site.arrive(car)
            if site.visible_wait_min() > (
                car.tolerance_min if car.promised_min < 0 else _ENDLESS_MIN
            ):
                car.balks += 1
                self.statistics.lost(choice, self.env.now)
            else:
                turn = site.join(car)
                if turn is not None:
                    yield turn
                while car.place >= 0:  # once, or again after a failure of the gun
                    if car.plug_min < 0:
                        car.plug_min, car.soc_in = self.env.now, car.soc
                    yield site.serve(car)
                    if car.full:
                        return self._leave(car, SERVED)
                    turn = site.rejoin(car)
                    if turn is not None:
                        yield turn
            if car.diversions == car.max_diversions:
                return self._leave(car, LOST)
            car.tried.append(choice)
            choice, km, minutes = self.choose(car, table, self.origin_of_site(choice))
            car.diversions += choice >= 0
        self._leave(
            car,
            STRANDED if choice == NOWHERE and not car.tried else LOST,
            outside=choice == OUTSIDE and car.reneges == 0,
        )

    def choose(self, car: Car, table: Table, origin: int) -> tuple[int, float, float]:
        """Return where the vehicle goes from here, the way [km] and the drive [min]."""
        tried, now = self._tried, self.env.now
        for i, site in enumerate(car.tried):
            tried[i] = site
        follows = car.guidance == CLOUD
        wait_min = (
            self.cloud.foresee(table[car.index], origin, now) if follows else self.posted_wait_min
        )
        choice, km, minutes = choose_site(
            table, car.index, origin, car.soc, now, tried, len(car.tried), *self._map, wait_min, *self._known
        )  # fmt: skip
        if follows and choice >= 0:
            self.cloud.send(car, choice, km, now + exact_min(minutes))
        return choice, km, minutes

    def drive(self, car: Car, site: int, km: float, minutes: float) -> ScheduledEvent:
        """Drive to a site; the way takes energy."""
        minutes = exact_min(minutes)
        if car.late_min and self.facilities.operating_rules.reserve and car.guidance == CLOUD:
            minutes, car.late_min = (
                minutes + car.late_min,
                0.0,
            )  # what it did not foresee when it reserved
        car.site = site
        car.drive_min += minutes
        car.soc -= km * car.consumption_kwh_km / car.battery_kwh
        return ScheduledEvent(self.env, minutes, vehicle_key(EventClass.ARRIVAL, car.row))

    def origin_of_site(self, site: int) -> int:
        """Return the origin, in the candidate lists, of a vehicle that stands at a site."""
        return int(self.facilities.candidates.shape[1]) - len(self.sites) + site

    def _build_site(self, number: int) -> Station | SwapSite:
        """Build a site behind its grid connection."""
        facilities, connection = self.facilities, int(self.facilities.connection[number])
        if connection not in self.groups:
            store = (
                number
                if facilities.store_kwh[number] > 0 and facilities.store_kw[number] > 0
                else None
            )
            self.groups[connection] = PowerGroup(
                self.env,
                facilities,
                self.statistics,
                self._rows,
                float(facilities.plug_kw[number]),
                store,
            )
        kind = SwapSite if facilities.kind[number] == SWAP else Station
        return kind(
            self.env, facilities, self.statistics, number, self.changed, self.groups[connection]
        )

    def _expect_next(self) -> None:
        """Let the next vehicle appear at the instant of its wish."""
        following = next(self._demand, None)
        if following is not None:
            car = following[0]
            ScheduledEvent(
                self.env,
                car.wish_min - self.env.now,
                vehicle_key(EventClass.WISH, car.row),
                following,
                self._appear,
            )

    def _appear(self, moment: ScheduledEvent) -> None:
        car, table, origin = moment.value  # type: ignore[misc]
        self._expect_next()
        Story(self.vehicle(car, table, origin))

    def _refresh(self, _: ScheduledEvent) -> None:
        """Post the occupancy of all sites; those that have not changed are posted already."""
        for number in self.changed:
            self.posted_wait_min[number] = self.sites[number].visible_wait_min()
        self.changed.clear()
        ScheduledEvent(
            self.env, self._refresh_min, vehicle_key(EventClass.REFRESH, 0), None, self._refresh
        )

    def _turn_hour(self, _: ScheduledEvent) -> None:
        """Let stores and swap sites turn to the hour of the day that begins."""
        hour = int(self.env.now // HOUR_MIN) % 24
        for group in self.groups.values():
            group.turn_store(self.facilities.operating_rules.store_hours[hour])
        if self.facilities.operating_rules.smart:
            for site in self.sites:
                if isinstance(site, SwapSite):
                    site.turn_hour(hour)
        ScheduledEvent(self.env, HOUR_MIN, vehicle_key(EventClass.HOUR, 0), None, self._turn_hour)

    def _leave(self, car: Car, outcome: int, outside: bool = False) -> None:
        del self.under_way[car.row]
        self._log(car, PARTIAL if outcome == LOST and car.energy_kwh > 0 else outcome, outside)

    def _log(self, car: Car, outcome: int, outside: bool = False) -> None:
        place = car.site if outcome == SERVED else car.first_site
        kind = self.sites[place].kind if place >= 0 else _NONE
        soc_in = car.soc_in if car.plug_min >= 0 else car.soc
        self.rows.append(
            (car.row, car.site, kind, outcome, outside and outcome == LOST, car.balks, car.reneges, car.diversions, car.interruptions,
             car.drive_min, car.wait_min, car.plug_min, self.env.now, car.service_min, car.energy_kwh, soc_in, car.soc)
        )  # fmt: skip


Extension = Callable[[World], Process]
"""What a user adds: a function that takes the world and yields SimPy events, such as a mobile charger's rounds."""


def run_simpy(
    facilities: Facilities,
    tables: Iterable[Table],
    lead_in_days: int,
    days: int,
    run_out_days: int = 0,
    *,
    outages: Outages | None = None,
    extensions: Sequence[Extension] = (),
    debug: bool = False,
) -> tuple[DayStatistics, SessionLog]:
    """Run one replication in the SimPy engine; the arguments are those of `World`."""
    return World(
        facilities,
        tables,
        lead_in_days,
        days,
        run_out_days,
        outages=outages,
        extensions=extensions,
        debug=debug,
    ).run()
