"""Run the model as SimPy processes: the engine that one reads, and extends.

A vehicle is a process that reads like its story (`vehicle.py`). Demand and outages are drawn
beforehand, so nothing here is random.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

import simpy

from chargesim.demand.demand_table import Outages, Table, no_outages
from chargesim.engine.choice import origin_of_site
from chargesim.engine.day_statistics import DayStatistics, joined
from chargesim.engine.event_order import DAY_MIN, HOUR_MIN, EventClass, vehicle_key
from chargesim.engine.facilities import Facilities
from chargesim.engine.replication_totals import UNFINISHED
from chargesim.engine.rules import exact_min, left_min
from chargesim.engine.session_log import SessionLog, as_log
from chargesim.engine.simpy.audit import audit
from chargesim.engine.simpy.car import Car
from chargesim.engine.simpy.events import Process, ScheduledEvent, Story
from chargesim.engine.simpy.outages import OutageEvents
from chargesim.engine.simpy.state import City
from chargesim.engine.simpy.station import Station
from chargesim.engine.simpy.swap_site import SwapSite
from chargesim.engine.simpy.vehicle import log_session, story
from chargesim.errors import InputError
from chargesim.scenario.keys import known_keys_hint, nearest_name


class World(City):
    """A city while it is simulated: its sites, its vehicles and their log.

    Parameters
    ----------
    facilities : Facilities
    tables : iterable of demand tables
        One per day, in order; where a table ends changes no result.
    lead_in_days, days : int
        Whole days that are not judged, and days that are.
    run_out_days : int
        Days after them, at the most, until the last judged vehicle has left; the vehicles of these
        days are not judged.
    outages : table of `OUTAGE`
        Failures of guns and blackouts.
    extensions : sequence of callables
        Each is called with this world and returns a SimPy process that runs beside the vehicles.
    debug : bool
        Check conservation at every event, see `audit`; slow.
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
        super().__init__(facilities)
        self.lead_in_days, self.days, self.debug = lead_in_days, days, debug
        self.end_min = (lead_in_days + days) * DAY_MIN
        self.last_min = self.end_min + run_out_days * DAY_MIN
        self._refresh_min = exact_min(facilities.posted_refresh_min)
        self._demand = vehicles(tables)
        self._expect_wish()
        OutageEvents(self.env, self.sites, no_outages() if outages is None else outages)
        self._schedule(self._refresh_min, EventClass.REFRESH, self._refresh)
        hourly = facilities.operating_rules.smart or any(
            group.store is not None for group in self.groups.values()
        )
        if hourly:
            self._schedule(0.0, EventClass.HOUR, self._turn_hour)
        for extend in extensions:
            process = extend(self)
            if not isinstance(process, Generator):
                name = getattr(extend, "__qualname__", "a partial")
                words = "is no process; it needs to yield events, as a generator function does"
                raise InputError([f"extension {name}: {words}"])
            self.env.process(process)

    def run(self) -> tuple[DayStatistics, SessionLog]:
        """Run to the end; return the statistics of the judged days as one, and the session log."""
        self.statistics, log = joined(self.run_days(), self.statistics)
        return self.statistics, log

    def run_days(self) -> Iterator[tuple[DayStatistics | None, SessionLog]]:
        """Run day after day; give the statistics and the ended sessions of each judged day.

        A day of the lead-in has no statistics. The last time has none either: by then the judged
        vehicles have left, or stay unfinished.
        """
        for day in range(self.lead_in_days + self.days):
            ended = self._run_day()
            yield (ended if day >= self.lead_in_days else None), self._take_log()
        judged = set(self.under_way)
        while not judged.isdisjoint(self.under_way) and self.env.peek() < self.last_min:
            self.env.step()
        self._close()
        yield None, self._take_log()

    def station(self, site: str | int) -> Station:
        """Return a station by the id of its site, or by its number in the site table."""
        found = self.sites[self._number(site)]
        if not isinstance(found, Station):
            raise InputError([f"station: {site!r} is a swap site"])
        return found

    def drive_min(self, origin: str | int, to: str | int, hour: int | None = None) -> float:
        """Return the minutes of a drive between two sites, or between a zone and a site.

        Parameters
        ----------
        origin, to : str or int
            Id of a site or a zone, or number of a site.
        hour : int, optional
            Hour of day; without one the drive is that of the slowest hour.

        Raises
        ------
        InputError
            When there is no such site or zone, or no vehicle would look at the one from the other.
        """
        zones = self.facilities.zone_ids
        if to in zones:  # the candidate lists lead to sites
            origin, to = to, origin
        number, candidates = self._number(to), self.facilities.candidates
        if origin in zones:
            row = zones.index(str(origin))
        else:
            row = origin_of_site(candidates.shape[1], len(self.sites), self._number(origin))
        if row == origin_of_site(candidates.shape[1], len(self.sites), number):
            return 0.0
        there = candidates[:, row][candidates[:, row]["site"] == number]
        if not len(there):
            raise InputError([f"drive_min: {to!r} is not among the sites near {origin!r}"])
        minutes = there["minutes"].min(axis=0)
        if hour is None:
            return float(minutes.max())
        return float(minutes[self.facilities.city[0]["period_of_hour"][hour % 24]])

    def at(self, day: int = 0, hour: float = 0.0) -> simpy.Event:
        """Return the event at an hour of a judged day.

        Parameters
        ----------
        day : int
            0 is the first judged day, -1 the day of lead-in before it.
        hour : float
            Hour of that day, such as 18.5.

        Raises
        ------
        InputError
            When that instant is over.
        """
        minutes = (self.lead_in_days + day) * DAY_MIN + hour * HOUR_MIN - self.env.now
        if minutes < 0.0:
            raise InputError([f"at: hour {hour:g} of day {day} is over"])
        return self.env.timeout(left_min(minutes))

    def wait(self, minutes: float) -> simpy.Event:
        """Return the event some minutes from now, rounded to the exact time of the engine."""
        return self.env.timeout(exact_min(minutes))

    def _number(self, site: str | int) -> int:
        """Return the number of a site, by its id or number."""
        ids = self.facilities.site_ids
        if isinstance(site, str):
            if site in ids:
                return ids.index(site)
            known = list(dict.fromkeys([*ids, *self.facilities.zone_ids]))
            near = nearest_name(site, known)
            hint = f"; did you mean {near!r}?" if near else known_keys_hint(known)
            raise InputError([f"there is no site {site!r}{hint}"])
        if not 0 <= site < len(self.sites):
            raise InputError([f"there is no site {site}; needs 0 to {len(self.sites) - 1}"])
        return int(site)

    def _run_day(self) -> DayStatistics:
        """Run to the end of a day and return its statistics."""
        if self.debug:
            while self.env.peek() < self.statistics.end_min:
                self.env.step()
                audit(self.sites, self.statistics, self.env.now)
        self.env.run(until=self.statistics.end_min)
        self._end_day()
        return self.statistics.turn_day()

    def _take_log(self) -> SessionLog:
        """Return the sessions that have ended since the last time, by row."""
        log, self.rows = as_log(self.rows), []
        return log

    def _end_day(self) -> None:
        """Write to the day's statistics what goes on over its end; nothing else changes."""
        for group in self.groups.values():
            group.end_day()
        for site in self.sites:
            site.end_day()

    def _close(self) -> None:
        """Bring the vehicles up to now, at the end of the horizon, and log those under way."""
        for group in self.groups.values():
            group.settle_all()
        for site in self.sites:
            site.close()
        for car in self.under_way.values():
            log_session(self, car, UNFINISHED)

    def _refresh(self, _: ScheduledEvent) -> None:
        """Post the occupancy of all sites that have changed."""
        for number in self.changed:
            self.posted_wait_min[number] = self.sites[number].visible_wait_min()
        self.changed.clear()
        self._schedule(self._refresh_min, EventClass.REFRESH, self._refresh)

    def _turn_hour(self, _: ScheduledEvent) -> None:
        """Let stores and swap sites turn to the hour of the day that begins."""
        hour, rules = int(self.env.now // HOUR_MIN) % 24, self.facilities.operating_rules
        for group in self.groups.values():
            group.turn_store(rules.store_hours[hour])
        if rules.smart:
            for site in self.sites:
                if isinstance(site, SwapSite):
                    site.turn_hour(hour)
        self._schedule(HOUR_MIN, EventClass.HOUR, self._turn_hour)

    def _schedule(
        self, minutes: float, event: EventClass, then: Callable[[ScheduledEvent], None]
    ) -> None:
        """Schedule an event of the city, some minutes from now."""
        ScheduledEvent(self.env, minutes, vehicle_key(event, 0), None, then)

    def _expect_wish(self) -> None:
        """Schedule the wish of the next vehicle."""
        car = next(self._demand, None)
        if car is not None:
            key, minutes = vehicle_key(EventClass.WISH, car.row), car.wish_min - self.env.now
            ScheduledEvent(self.env, minutes, key, car, self._wish)

    def _wish(self, event: ScheduledEvent) -> None:
        """Let the next vehicle of the demand appear."""
        self._expect_wish()
        Story(story(self, event.value))  # type: ignore[arg-type]


def vehicles(tables: Iterable[Table]) -> Iterator[Car]:
    """Give every vehicle of the demand in turn."""
    first = 0
    for table in tables:
        for index, wish in enumerate(table.tolist()):
            yield Car(first + index, table, index, wish)
        first += len(table)


Extension = Callable[[World], Process]
"""A process of the user's own: a function that takes the world and yields SimPy events."""


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
