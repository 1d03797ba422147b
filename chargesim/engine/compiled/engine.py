"""Run the model as one compiled loop over arrays: for replications, series and searches."""

from collections.abc import Iterable, Iterator
from math import inf

import numpy as np
from numba import njit

from chargesim.demand.demand_table import WISH, Outages, Table, no_outages
from chargesim.engine.compiled import arrays as m
from chargesim.engine.compiled import (
    kinds,
    outages,
    power,
    site,
    station,
    store,
    swap_site,
    vehicle,
)
from chargesim.engine.compiled.arrays import addresses
from chargesim.engine.compiled.prefetch import ask_for_event, ask_for_wish
from chargesim.engine.compiled.schedule import drop_first, schedule
from chargesim.engine.compiled.state import (
    ARRIVES,
    CHARGE_BEGINS,
    CHARGE_ENDS,
    CHARGE_STEPS,
    GUN_IS_LEFT,
    HOUR_BEGINS,
    NOBODY,
    OCCUPANCY_POSTED,
    OUTAGE_BEGINS,
    OUTAGE_ENDS,
    RESERVATION_LAPSES,
    SETS_OUT,
    STORE_ENDS,
    SWAP_ENDS,
    TURN_ENDS,
    City,
    build_city,
    grown,
    site_of_outlet,
)
from chargesim.engine.day_statistics import DayStatistics, joined
from chargesim.engine.event_order import DAY_MIN, HOUR_MIN, EventClass, vehicle_key
from chargesim.engine.facilities import Facilities
from chargesim.engine.replication_totals import UNFINISHED
from chargesim.engine.session_log import SessionLog, by_row

OVER, NEXT_TABLE, LOG_FULL, NO_ROOM, SPENT = range(5)
"""Why `run_events` returned."""
FOR_EVER = 1 << 62
"""A budget of events that is never spent."""


class CompiledWorld:
    """A city while the compiled engine simulates it; the arguments are those of SimPy's `World`."""

    def __init__(
        self,
        facilities: Facilities,
        tables: Iterable[Table],
        lead_in_days: int,
        days: int,
        run_out_days: int = 0,
        *,
        outages: Outages | None = None,
    ) -> None:
        self.lead_in_days, self.days = lead_in_days, days
        self.end_min = (lead_in_days + days) * DAY_MIN
        self.last_min = self.end_min + run_out_days * DAY_MIN
        self.statistics = DayStatistics(facilities.servers)
        most = int(
            np.bincount(facilities.connection[site_of_outlet(facilities)], minlength=1).max()
        )
        self._events = 4 * len(facilities.outlets.type) + 4 * most * most + 256
        self._rows = int(facilities.servers.max(initial=1)) + 64
        calendar = no_outages() if outages is None else outages
        self._following = non_empty(tables)
        table = next(self._following, np.zeros(0, dtype=WISH))
        self._use(
            build_city(
                facilities,
                self.statistics,
                calendar,
                table,
                events=2 * self._events + (1 << 16),
                rows=self._rows + (1 << 16),
            )
        )
        self._logs: list[SessionLog] = []
        self._ahead = next(self._following, None)
        hourly = bool(facilities.operating_rules.smart or (self._city.groups["store"] >= 0).any())
        begin(self._w, float(table[0]["wish_min"]) if len(table) else inf, hourly)

    def run(self) -> tuple[DayStatistics, SessionLog]:
        """Run to the end; return the statistics of the judged days as one, and the session log."""
        return joined(self.run_days(), self.statistics)

    def run_days(self) -> Iterator[tuple[DayStatistics | None, SessionLog]]:
        """Run day after day, as SimPy's `World.run_days`."""
        for day in range(self.lead_in_days + self.days):
            ended = self._run_day()
            yield (ended if day >= self.lead_in_days else None), self._take_log()
        judge_all(self._w)
        self.run_until(self.last_min, True)
        self._logs.append(self._logged().copy())
        while len(self._city.log) < self._city.clock["under_way"][0]:
            self._use(grown(self._city))
        close(self._w)
        yield None, self._take_log()

    def _run_day(self) -> DayStatistics:
        """Run to the end of a day and return its statistics."""
        self.run_until(self.statistics.end_min, False)
        self._city.clock["now"] = self.statistics.end_min
        end_day(self._w)
        ended, rules = self.statistics.turn_day(), self._city.rules
        rules["start_min"], rules["end_min"] = self.statistics.start_min, self.statistics.end_min
        return ended

    def run_until(self, until_min: float, judged_only: bool, budget: int = FOR_EVER) -> bool:
        """Run to an instant, or until the judged vehicles have left; return whether it is over.

        It handles at most `budget` events.
        """
        while True:
            next_min = float(self._ahead[0]["wish_min"]) if self._ahead is not None else inf
            why = run_events(
                self._w, until_min, judged_only, next_min, self._events, self._rows, budget
            )
            if why == NEXT_TABLE:
                assert self._ahead is not None
                self._city.clock["first_row"] += len(self._city.table)
                self._city.clock["index"] = 0
                self._use(self._city._replace(table=self._ahead))
                self._ahead = next(self._following, None)
            elif why == LOG_FULL:
                self._logs.append(self._logged().copy())
            elif why == NO_ROOM:
                self._use(grown(self._city))
            else:
                return bool(why == OVER)
            if budget != FOR_EVER and why == NEXT_TABLE:
                return False

    def next_event(self) -> tuple[float, int] | None:
        """Return instant and key of the event that comes next."""
        clock, first = self._city.clock[0], self._city.heap[0]
        if not clock["events"]:
            return None
        wish = (
            float(clock["wish_min"]),
            vehicle_key(EventClass.WISH, int(clock["first_row"] + clock["index"])),
        )
        return min(wish, (float(first["time"]), int(first["key"])))

    def _take_log(self) -> SessionLog:
        """Return the sessions that have ended since the last time, by row."""
        logs, self._logs = [*self._logs, self._logged()], []
        return by_row(*logs)

    def _logged(self) -> SessionLog:
        """Return what the engine has logged, until it overwrites it: it begins its log anew."""
        count = int(self._city.clock["logged"][0])
        self._city.clock["logged"] = 0
        return self._city.log[:count]

    def _use(self, city: City) -> None:
        """Go on with the arrays of a city."""
        self._city, self._w = city, addresses(city)


def non_empty(tables: Iterable[Table]) -> Iterator[Table]:
    """Give the tables that have rows, their records one after the other in memory."""
    return (np.ascontiguousarray(table) for table in tables if len(table))


@njit(cache=True)
def begin(w, first_min, hourly):
    """Put the first events into the schedule."""
    m.clock(w)[0].wish_min = first_min
    outages.expect_outage(w)
    key = vehicle_key(EventClass.REFRESH, 0)
    schedule(w, m.rules(w)[0].refresh_min, key, OCCUPANCY_POSTED, 0, 0)
    if hourly:
        schedule(w, 0.0, vehicle_key(EventClass.HOUR, 0), HOUR_BEGINS, 0, 0)


@njit(cache=True)
def judge_all(w):
    """Mark the vehicles under way at the end of the judged days."""
    for v in range(len(m.cars(w))):
        m.cars(w)[v].judged = m.cars(w)[v].row >= 0
    m.clock(w)[0].judged = m.clock(w)[0].under_way


@njit(cache=True)
def end_day(w):
    """Write to the day's statistics what goes on over its end; nothing else changes."""
    for g in range(len(m.groups(w))):
        power.end_day(w, g)
    for s in range(len(m.sites(w))):
        kinds.end_day(w, s)


@njit(cache=True)
def close(w):
    """Bring the vehicles up to now, at the end of the horizon, and log those under way."""
    for g in range(len(m.groups(w))):
        power.settle_all(w, g)
    for s in range(len(m.sites(w))):
        kinds.close(w, s)
    for v in range(len(m.cars(w))):
        if m.cars(w)[v].row >= 0:
            vehicle.log_session(w, v, UNFINISHED, False)


@njit
def refresh(w):
    """Post the occupancy of all sites that have changed."""
    for s in range(len(m.sites(w))):
        if m.sites(w)[s].changed:
            m.posted_min(w)[s] = site.visible_wait_min(w, s)
            m.sites(w)[s].changed = 0
    key = vehicle_key(EventClass.REFRESH, 0)
    schedule(w, m.rules(w)[0].refresh_min, key, OCCUPANCY_POSTED, 0, 0)


@njit
def turn_hour(w):
    """Let stores and swap sites turn to the hour of the day that begins."""
    hour, rules = int(m.clock(w)[0].now // HOUR_MIN) % 24, m.rules(w)[0]
    for g in range(len(m.groups(w))):
        power.turn_store(w, g, rules.store_hours[hour])
    if rules.smart:
        for s in range(len(m.sites(w))):
            if m.sites(w)[s].kind:
                swap_site.turn_hour(w, s, hour)
    schedule(w, HOUR_MIN, vehicle_key(EventClass.HOUR, 0), HOUR_BEGINS, 0, 0)


@njit
def wish_comes_first(w):
    """Tell whether the next wish comes before all on the schedule; wishes are in order already."""
    clock, first = m.clock(w)[0], m.heap(w)[0]
    if clock.wish_min != first.time:
        return clock.wish_min < first.time
    return vehicle_key(EventClass.WISH, clock.first_row + clock.index) < first.key


@njit
def wish(w, next_min):
    """Let the next vehicle of the demand appear; return whether a table is used up."""
    clock = m.clock(w)[0]
    index = clock.index
    clock.index += 1
    used_up = clock.index == len(m.table(w))
    clock.wish_min = next_min if used_up else m.table(w)[clock.index].wish_min
    if not used_up:
        ask_for_wish(w)
    vehicle.appear(w, index, clock.first_row + index)
    return used_up and next_min < inf


@njit(cache=True)
def run_events(w, until_min, judged_only, next_min, events, rows, budget):
    """Handle events until a table, the room or the budget is used up, or the run is over."""
    clock = m.clock(w)[0]
    while clock.events > 0:
        if budget == 0:
            return SPENT
        budget -= 1
        first, wished = m.heap(w)[0], wish_comes_first(w)
        time = clock.wish_min if wished else first.time
        if time >= until_min or (judged_only and clock.judged == 0):
            return OVER
        if clock.logged + rows > len(m.log(w)):
            return LOG_FULL
        if clock.events + events > len(m.heap(w)) or clock.free_car == NOBODY:
            return NO_ROOM
        clock.now = time
        if wished:
            if wish(w, next_min):
                return NEXT_TABLE
        else:
            what, who, stamp = first.what, np.int64(first.who), first.stamp
            drop_first(w)
            ask_for_event(w)
            handle(w, what, who, stamp)
    return OVER


@njit
def handle(w, what, who, stamp):
    """Do what happens at an event, unless it is no longer planned."""
    if what == ARRIVES:
        vehicle.arrive(w, who)
    elif what == CHARGE_ENDS:
        if m.outlets(w)[who].plan == stamp:
            power.finish(w, who)
            kinds.charged(w, who)
    elif what == CHARGE_BEGINS:
        if m.cars(w)[who].turn == stamp:
            station.start(w, m.site_of_car(w, who), who)
    elif what == GUN_IS_LEFT:
        if m.cars(w)[who].turn == stamp:
            station.leave_gun(w, m.site_of_car(w, who), who)
    elif what == SWAP_ENDS:
        swap_site.leave_bay(w, m.site_of_car(w, who), who)
    elif what == TURN_ENDS:
        if m.cars(w)[who].turn == stamp:
            site.lose_patience(w, m.site_of_car(w, who), who)
    elif what == CHARGE_STEPS:
        if m.outlets(w)[who].plan == stamp:
            power.step(w, who)
    elif what == OCCUPANCY_POSTED:
        refresh(w)
    elif what == SETS_OUT:
        vehicle.set_out(w, who)
    elif what == STORE_ENDS:
        if m.groups(w)[who].plan == stamp:
            store.end(w, who)
            power.store_is_done(w, who)
    elif what == HOUR_BEGINS:
        turn_hour(w)
    elif what == OUTAGE_BEGINS:
        outages.begin_outage(w, who)
    elif what == OUTAGE_ENDS:
        outages.end_outage(w, who)
    elif what == RESERVATION_LAPSES:
        site.lapse(w, who, stamp)


def run_compiled(
    facilities: Facilities,
    tables: Iterable[Table],
    lead_in_days: int,
    days: int,
    run_out_days: int = 0,
    *,
    outages: Outages | None = None,
) -> tuple[DayStatistics, SessionLog]:
    """Run one replication in the compiled engine; the arguments are those of `CompiledWorld`."""
    return CompiledWorld(
        facilities, tables, lead_in_days, days, run_out_days, outages=outages
    ).run()
