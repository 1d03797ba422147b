"""Run the model as SimPy processes: the engine that one reads, and extends.

A vehicle is a process that reads like its story (`vehicle.py`). Demand and outages are drawn beforehand, so
nothing here is random.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from chargesim.demand.demand_table import Outages, Table, no_outages
from chargesim.engine.day_statistics import DayStatistics, joined
from chargesim.engine.event_order import DAY_MIN, HOUR_MIN, EventClass, vehicle_key
from chargesim.engine.facilities import Facilities
from chargesim.engine.replication_totals import UNFINISHED
from chargesim.engine.rules import exact_min
from chargesim.engine.session_log import SessionLog, as_log
from chargesim.engine.simpy.audit import audit
from chargesim.engine.simpy.car import Car
from chargesim.engine.simpy.events import Process, ScheduledEvent, Story
from chargesim.engine.simpy.outages import OutageEvents
from chargesim.engine.simpy.state import City
from chargesim.engine.simpy.swap_site import SwapSite
from chargesim.engine.simpy.vehicle import log_session, story


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
        Days after them, at the most, until the last judged vehicle has left; the vehicles of these days are
        not judged.
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
            self.env.process(extend(self))

    def run(self) -> tuple[DayStatistics, SessionLog]:
        """Run to the end; return the statistics of the judged days as one, and the session log."""
        self.statistics, log = joined(self.run_days(), self.statistics)
        return self.statistics, log

    def run_days(self) -> Iterator[tuple[DayStatistics | None, SessionLog]]:
        """Run day after day; give the statistics of each judged day, and the sessions that ended in it.

        A day of the lead-in has no statistics. The last time has none either: by then the judged vehicles
        have left, or stay unfinished.
        """
        for day in range(self.lead_in_days + self.days):
            ended = self._run_day()
            yield (ended if day >= self.lead_in_days else None), self._take_log()
        judged = set(self.under_way)
        while not judged.isdisjoint(self.under_way) and self.env.peek() < self.last_min:
            self.env.step()
        self._close()
        yield None, self._take_log()

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
        """Bring the vehicles up to now, at the end of the horizon, and log who is still under way."""
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
