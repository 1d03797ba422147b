"""Run the model as one compiled loop over arrays: for replications, series and searches."""

from collections.abc import Iterable, Iterator
from math import inf

import numpy as np
from numba import njit

from chargesim.demand.demand_table import WHOLE_SITE, WISH, Outages, Table, no_outages
from chargesim.engine.compiled import arrays as m
from chargesim.engine.compiled import power, vehicle
from chargesim.engine.compiled import site as at
from chargesim.engine.compiled.arrays import addresses
from chargesim.engine.compiled.prefetch import ask_for_event, ask_for_wish
from chargesim.engine.compiled.schedule import (
    FAILURE_KEY,
    HOUR_KEY,
    REFRESH_KEY,
    RESTORE_KEY,
    WISH_KEY,
    drop_first,
    outlet_key,
    schedule,
)
from chargesim.engine.compiled.state import (
    ARRIVAL,
    BAY_END,
    BEGIN,
    CHARGE_END,
    CHARGE_STEP,
    END,
    HOUR,
    LAPSE,
    NOBODY,
    PATIENCE,
    REFRESH,
    STORE_END,
    TRY_END,
    WAITED,
    City,
    build_city,
    grown,
)
from chargesim.engine.day_statistics import DayStatistics, joined
from chargesim.engine.event_order import DAY_MIN, HOUR_MIN, SITE
from chargesim.engine.facilities import Facilities
from chargesim.engine.session_log import SessionLog, by_row

OVER, NEXT_TABLE, LOG_FULL, NO_ROOM, SPENT = range(5)
"""Why `run` returned."""
FOR_EVER = 1 << 62
"""A budget of events that is never spent."""


class CompiledWorld:
    """A city while the compiled engine simulates it; the arguments are those of `simpy_engine.World`, without extensions."""

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
        self.statistics = DayStatistics(len(facilities))
        most = int(
            np.bincount(facilities.connection[_site_of_outlet(facilities)], minlength=1).max()
        )
        self._events = 4 * len(facilities.outlets.type) + 4 * most * most + 256
        self._rows = int(facilities.servers.max(initial=1)) + 64
        calendar = no_outages() if outages is None else outages
        self._following = _non_empty(tables)
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
        """Run day after day, as `simpy_engine.World.run_days`."""
        for day in range(self.lead_in_days + self.days):
            self.run_until(self.statistics.end_min, False)
            ended = self._end_day()
            yield (ended if day >= self.lead_in_days else None), self._take_log()
        judge_all(self._w)
        self.run_until(self.last_min, True)
        self._logs.append(self._logged().copy())
        while len(self._city.log) < self._city.clock["under_way"][0]:
            self._use(grown(self._city))
        close(self._w)
        yield None, self._take_log()

    def _end_day(self) -> DayStatistics:
        """Let a day end and return its statistics."""
        self._city.clock["now"] = self.statistics.end_min
        end_day(self._w)
        ended = self.statistics.turn_day()
        self._city.rules["start_min"], self._city.rules["end_min"] = (
            self.statistics.start_min,
            self.statistics.end_min,
        )
        return ended

    def run_until(self, until_min: float, judged_only: bool, budget: int = FOR_EVER) -> bool:
        """Run to an instant, or until the judged vehicles have left, at most `budget` events; return whether it is over."""
        while True:
            next_min = float(self._ahead[0]["wish_min"]) if self._ahead is not None else inf
            why = run(self._w, until_min, judged_only, next_min, self._events, self._rows, budget)
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
        wish = float(clock["wish_min"]), int(WISH_KEY + clock["first_row"] + clock["index"])
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


def _site_of_outlet(facilities: Facilities) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.repeat(np.arange(len(facilities)), np.diff(facilities.outlets.first))


def _non_empty(tables: Iterable[Table]) -> Iterator[Table]:
    """Give the tables that have rows, their records one after the other in memory."""
    return (np.ascontiguousarray(table) for table in tables if len(table))


@njit(cache=True)
def begin(w, first_min, hourly):
    """Put the first events into the schedule."""
    m.clock(w)[0].wish_min = first_min
    expect_outage(w)
    schedule(w, m.rules(w)[0].refresh_min, REFRESH_KEY, REFRESH, 0, 0)
    if hourly:
        schedule(w, 0.0, HOUR_KEY, HOUR, 0, 0)


@njit(cache=True)
def end_day(w):
    """Write to the day's statistics what goes on over its end."""
    vehicle.end_day(w)


@njit(cache=True)
def close(w):
    """Bring the vehicles up to now, at the end of the horizon, and log who is still under way."""
    vehicle.close(w)


@njit(cache=True)
def judge_all(w):
    """Mark the vehicles under way at the end of the judged days."""
    for v in range(len(m.cars(w))):
        m.cars(w)[v].judged = m.cars(w)[v].row >= 0
    m.clock(w)[0].judged = m.clock(w)[0].under_way


@njit
def expect_outage(w):
    """Schedule the next outage of the calendar."""
    clock = m.clock(w)[0]
    if clock.outage < len(m.outages(w)):
        row = m.outages(w)[clock.outage]
        key = outlet_key(FAILURE_KEY, row.site, SITE if row.gun == WHOLE_SITE else row.gun)
        schedule(w, row.begin_min - clock.now, key, BEGIN, clock.outage, 0)
        clock.outage += 1


@njit
def begin_outage(w, number):
    """Let an outage begin, and its end be scheduled."""
    expect_outage(w)
    row = m.outages(w)[number]
    key = outlet_key(RESTORE_KEY, row.site, SITE if row.gun == WHOLE_SITE else row.gun)
    schedule(w, row.end_min - m.clock(w)[0].now, key, END, number, 0)
    if row.gun == WHOLE_SITE:
        vehicle.cut(w, row.site)
    elif not m.sites(w)[row.site].kind:
        vehicle.fail(w, row.site, row.gun)


@njit
def end_outage(w, number):
    """Let an outage end."""
    row = m.outages(w)[number]
    if row.gun == WHOLE_SITE:
        vehicle.light(w, row.site)
    elif not m.sites(w)[row.site].kind:
        vehicle.restore(w, row.site, row.gun)


@njit
def refresh(w):
    """Post the occupancy of all sites that have changed."""
    for s in range(len(m.sites(w))):
        if m.sites(w)[s].changed:
            m.posted_min(w)[s] = at.visible_wait_min(w, s)
            m.sites(w)[s].changed = 0
    schedule(w, m.rules(w)[0].refresh_min, REFRESH_KEY, REFRESH, 0, 0)


@njit
def turn_hour(w):
    """Let stores and swap sites turn to the hour of the day that begins."""
    rules = m.rules(w)[0]
    hour = int(m.clock(w)[0].now // HOUR_MIN) % 24
    for g in range(len(m.groups(w))):
        power.turn_store(w, g, rules.store_hours[hour])
    if rules.smart:
        for s in range(len(m.sites(w))):
            if m.sites(w)[s].kind:
                m.sites(w)[s].holding = rules.hold_packs[hour]
                at.fill_slots(w, s)
    schedule(w, HOUR_MIN, HOUR_KEY, HOUR, 0, 0)


@njit
def wish_comes_first(w):
    """Tell whether the next wish comes before all that is scheduled: wishes are in order already, so they do without a schedule."""
    clock, first = m.clock(w)[0], m.heap(w)[0]
    if clock.wish_min != first.time:
        return clock.wish_min < first.time
    return WISH_KEY + clock.first_row + clock.index < first.key


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
def run(w, until_min, judged_only, next_min, events, rows, budget):
    """Run event after event, until a table is used up, no room or no budget is left, or the run is over."""
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
            what, who, stamp = first.what, first.who, first.stamp
            drop_first(w)
            ask_for_event(w)
            handle(w, what, who, stamp)
    return OVER


@njit
def handle(w, what, who, stamp):
    """Do what happens at an event, unless its plan no longer holds."""
    if what == ARRIVAL:
        vehicle.arrived(w, who)
    elif what == CHARGE_END:
        if m.outlets(w)[who].plan == stamp:
            vehicle.charged(w, who)
    elif what == BAY_END:
        vehicle.leave_bay(w, who)
    elif what == PATIENCE:
        if m.cars(w)[who].turn == stamp:
            vehicle.lose_patience(w, who)
    elif what == CHARGE_STEP:
        if m.outlets(w)[who].plan == stamp:
            power.step(w, who)
    elif what == REFRESH:
        refresh(w)
    elif what == WAITED:
        vehicle.set_out_first(w, who)
    elif what == TRY_END:
        if m.cars(w)[who].turn == stamp:
            vehicle.end_try(w, who)
    elif what == STORE_END:
        if m.groups(w)[who].plan == stamp:
            power.end_store(w, who)
    elif what == HOUR:
        turn_hour(w)
    elif what == BEGIN:
        begin_outage(w, who)
    elif what == END:
        end_outage(w, who)
    elif what == LAPSE:
        vehicle.lapse(w, who, stamp)
