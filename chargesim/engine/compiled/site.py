"""Model what stations and swap sites share: queue, reservations, expected arrivals."""

from math import inf

import numpy as np
from numba import njit

from chargesim.engine._numba import inlined
from chargesim.engine.compiled import arrays as m
from chargesim.engine.compiled import day_statistics as statistics
from chargesim.engine.compiled.linked_list import (
    forget,
    hold,
    insert_queued,
    know,
    promised_before,
    release,
    remove_queued,
)
from chargesim.engine.compiled.schedule import new_stamp, schedule
from chargesim.engine.compiled.state import NOBODY, RESERVATION_LAPSES, TURN_ENDS
from chargesim.engine.compiled.steps import after_turn
from chargesim.engine.event_order import EventClass, vehicle_key
from chargesim.engine.rules import left_min

INTERRUPTED, ORDINARY = np.int64(0), np.int64(1)
"""Ranks in a queue; not plain numbers, for the reason of `NOBODY`."""


def visible_wait_min(w, s):
    """Return the wait that a vehicle expects on sight [min]; `kinds` overloads it."""


def foreseen_wait_min(w, s, arrival_min):
    """Return the wait that the cloud foresees for an arrival at an instant [min]; so too."""


def serve(w, s, v):
    """Serve a vehicle at its server; so too."""


@njit
def end_day(w, s):
    """Write to the day's statistics what goes on over its end; nothing else changes."""
    site = m.sites(w)[s]
    statistics.queued(w, s, site.queue_since, m.clock(w)[0].now, site.queued)
    statistics.occupied(w, s, site.occupied_since, m.clock(w)[0].now, site.occupied)


@njit
def close(w, s):
    """Bring the vehicles up to now, at the end of the horizon."""
    tick(w, s)
    v = m.sites(w)[s].head
    while v >= 0:
        note_queued(w, s, v)
        v = m.cars(w)[v].next


@njit
def announce(w, s, v, arrival_min, wait_min):
    """Let the cloud know that a vehicle is on its way; it reserves where that is possible."""
    car, rules = m.cars(w)[v], m.rules(w)[0]
    know(w, s, v, arrival_min)
    if rules.reserve and wait_min < inf:  # else nobody can promise anything
        car.promised_min = arrival_min + left_min(wait_min)
        hold(w, s, v)
        lapse_min = car.promised_min + rules.grace_min - m.clock(w)[0].now
        key = vehicle_key(EventClass.LAPSE, car.row)
        schedule(w, lapse_min, key, RESERVATION_LAPSES, s, car.row)


@njit
def arrive(w, s, v, pack_found):
    """Count an arrival; the vehicle takes up its reservation if that has not lapsed."""
    statistics.arrived(w, s, m.clock(w)[0].now, pack_found)
    if m.rules(w)[0].cloud:
        forget(w, v)
        if not release(w, v):
            m.cars(w)[v].promised_min = -1.0


@inlined
def join(w, s, v):
    """Give a vehicle a server now, or put it into the queue; return whether it waits."""
    site = m.sites(w)[s]
    site.present += 1
    site.changed = 1
    if site.queued == 0 and site.held < 0 and servers_free(w, s) > 0:
        take_server(w, s, v)
        return False
    return wait(w, s, v, ORDINARY)


@inlined
def rejoin(w, s, v):
    """Put a vehicle whose gun has failed first in the queue; the second time it must go on."""
    if m.cars(w)[v].interruptions > 1:
        m.sites(w)[s].present -= 1
        m.sites(w)[s].changed = 1
        return False
    return wait(w, s, v, INTERRUPTED)


def servers_free(w, s):
    """Return how many vehicles could be served now; `kinds` overloads it."""


def take_server(w, s, v):
    """Give a free gun or bay to a vehicle; so too."""


@njit
def wait(w, s, v, rank):
    """Queue a vehicle by its rank and call who can be served; return whether it waits."""
    car, now = m.cars(w)[v], m.clock(w)[0].now
    car.joined_min, car.turn, car.rank, car.rank_min = now, new_stamp(w), rank, now
    tick(w, s)
    insert_queued(w, s, v)
    m.sites(w)[s].queued += 1
    if m.rules(w)[0].cloud:
        know(w, s, v, now)
    call_next(w, s, v)
    if car.server >= 0:
        return False
    queue_grew(w, s)
    key = vehicle_key(EventClass.PATIENCE, car.row)
    schedule(w, m.wishes(w)[v].patience_min, key, TURN_ENDS, v, car.turn)
    return True


def queue_grew(w, s):
    """Take note that one more vehicle waits; `kinds` overloads it."""


@njit
def call_next(w, s, comer):
    """Call waiting vehicles to free servers, first come, first served.

    The `comer`, who has just joined the queue, goes on after the others.
    """
    while m.sites(w)[s].queued > 0 and servers_free(w, s) > 0:
        v = first_in_turn(w, s) if m.rules(w)[0].reserve else m.sites(w)[s].head
        if v < 0:
            return
        leave_queue(w, s, v)
        take_server(w, s, v)
        if v != comer:
            after_turn(w, v)


@njit
def first_in_turn(w, s):
    """Return the first in the queue for whom a server is free that is not held for others."""
    site, now = m.sites(w)[s], m.clock(w)[0].now
    hold_min, free = m.rules(w)[0].hold_min, servers_free(w, s)
    held, one = 0, site.held
    while one >= 0:
        held += m.cars(w)[one].promised_min - hold_min <= now
        one = m.cars(w)[one].held_next
    ordinary, reserved, v = NOBODY, NOBODY, site.head
    while v >= 0:
        car = m.cars(w)[v]
        if car.rank == INTERRUPTED:
            return v
        if car.promised_min < 0 or car.promised_min - hold_min > now:
            if ordinary < 0:
                ordinary = v
        elif reserved < 0 or promised_before(car, m.cars(w)[reserved]):
            reserved = v
        v = car.next
    if reserved >= 0:
        before, one = 0, site.held
        while one >= 0:
            other = m.cars(w)[one]
            before += other.promised_min - hold_min <= now and promised_before(
                other, m.cars(w)[reserved]
            )
            one = other.held_next
        if free > before:
            return reserved
    return ordinary if free > held else NOBODY


@njit
def lapse(w, s, row):
    """Give up a reservation whose vehicle has not come in time."""
    v = m.sites(w)[s].held
    while v >= 0 and m.cars(w)[v].row != row:
        v = m.cars(w)[v].held_next
    if v >= 0:
        release(w, v)
        m.cars(w)[v].promised_min = -1.0
        call_next(w, s, NOBODY)


@njit
def lose_patience(w, s, v):
    """Let a vehicle leave the queue when its patience ends."""
    leave_queue(w, s, v)
    m.sites(w)[s].present -= 1
    m.sites(w)[s].changed = 1
    m.cars(w)[v].reneges += 1
    statistics.lost(w, s, m.clock(w)[0].now)
    after_turn(w, v)


@njit
def leave_queue(w, s, v):
    """Take a vehicle out of the queue."""
    tick(w, s)
    remove_queued(w, s, v)
    m.sites(w)[s].queued -= 1
    m.cars(w)[v].turn = 0
    note_queued(w, s, v)
    if m.rules(w)[0].cloud:
        forget(w, v)


@njit
def note_queued(w, s, v):
    """Write how long a vehicle was in the queue to the statistics and to the vehicle."""
    minutes = m.clock(w)[0].now - m.cars(w)[v].joined_min
    m.cars(w)[v].queue_min += minutes
    m.queue_check_min(w)[s, 1] += minutes


@njit
def tick(w, s):
    """Advance the queue's clock."""
    site, now = m.sites(w)[s], m.clock(w)[0].now
    if site.queued and now > site.queue_since:
        statistics.queued(w, s, site.queue_since, now, site.queued)
        m.queue_check_min(w)[s, 0] += site.queued * (now - site.queue_since)
    site.queue_since = now


@inlined
def take(w, s, v, number):
    """Give a free gun or bay to a vehicle."""
    site = m.sites(w)[s]
    m.servers(w)[site.first_server + number].free = 0
    site.free -= 1
    m.cars(w)[v].server = number


@njit
def take_lowest(w, s, v):
    """Give the free gun or bay with the lowest number to a vehicle."""
    site = m.sites(w)[s]
    for number in range(m.server_count(w, s)):
        if m.servers(w)[site.first_server + number].free:
            take(w, s, v, number)
            return


@njit
def count_occupied(w, s, change):
    """Count occupied guns or bays, and write how long so many were."""
    site, now = m.sites(w)[s], m.clock(w)[0].now
    statistics.occupied(w, s, site.occupied_since, now, site.occupied)
    site.occupied_since = now
    site.occupied += change


@njit
def give_back(w, s, number):
    """Free a gun or bay that a vehicle leaves."""
    site, server = m.sites(w)[s], m.servers(w)[m.sites(w)[s].first_server + number]
    server.free, server.car = 1, NOBODY
    site.free += 1
    site.present -= 1
    site.changed = 1


@njit
def ahead(w, s):
    """Return arrival and minutes of service of the expected vehicles, by their arrival."""
    n, v = 0, m.sites(w)[s].known
    while v >= 0:
        n, v = n + 1, m.cars(w)[v].known_next
    arrivals, services = np.empty(n), np.empty(n)
    n, v = 0, m.sites(w)[s].known
    while v >= 0:
        car = m.cars(w)[v]
        arrivals[n] = car.expected_min
        services[n] = car.known_min if car.known_min >= 0 else m.sites(w)[s].service_min
        n, v = n + 1, car.known_next
    return arrivals, services
