"""Model a swap site: vehicles take a charged pack in a bay; slots charge theirs."""

from math import inf

import numpy as np
from numba import njit

from chargesim.engine.compiled import arrays as m
from chargesim.engine.compiled import day_statistics as statistics
from chargesim.engine.compiled import power, site
from chargesim.engine.compiled.schedule import schedule
from chargesim.engine.compiled.state import NOBODY, SWAP_ENDS
from chargesim.engine.compiled.steps import after_service
from chargesim.engine.event_order import EventClass, outlet_key
from chargesim.engine.queue_rules import faded, foreseen_swap_wait_min, swap_wait_min
from chargesim.engine.queue_rules import packs_to_keep as packs_to_keep_of


@njit
def visible_wait_min(w, s):
    """Return the expected wait by the occupancy on sight [min]; endless without power."""
    here = m.sites(w)[s]
    if here.dark:
        return inf
    return swap_wait_min(here.present, here.servers, here.swap_min, here.ready, here.interval_min)


@njit
def foreseen_wait_min(w, s, arrival_min):
    """Return the wait that the cloud foresees for an arrival at an instant [min]."""
    here = m.sites(w)[s]
    if here.dark or here.servers == 0:
        return inf
    bays = np.zeros(here.servers)
    for bay in range(here.servers):
        server = m.servers(w)[here.first_server + bay]
        if server.car >= 0:
            bays[bay] = server.begun_min + here.swap_min
    packs = np.zeros(here.ready + here.charging)
    n = here.ready
    for o in range(here.first_outlet, here.first_outlet + here.outlets):
        if m.outlets(w)[o].taken:
            packs[n] = power.foreseen_end_min(w, o)
            n += 1
    packs.sort()
    arrivals, _ = site.ahead(w, s)
    return foreseen_swap_wait_min(
        bays, packs, here.interval_min, here.swap_min, arrivals, len(arrivals), arrival_min
    )


@njit
def arrive(w, s, v):
    """Count an arrival, and whether there was a pack for it."""
    here = m.sites(w)[s]
    site.arrive(w, s, v, here.ready > here.queued)
    rules = m.rules(w)[0]
    if rules.smart:
        now = m.clock(w)[0].now
        here.arrivals = 1.0 + faded(here.arrivals, now - here.arrivals_min, rules.memory_min)
        here.arrivals_min = now


@njit
def serve(w, s, v):
    """Begin to swap the pack of a vehicle."""
    here, server = m.sites(w)[s], m.cars(w)[v].server
    bay = m.servers(w)[here.first_server + server]
    bay.car, bay.begun_min = v, m.clock(w)[0].now
    site.count_occupied(w, s, 1)
    schedule(w, here.swap_min, outlet_key(EventClass.DONE, s, server), SWAP_ENDS, v, 0)


@njit
def end_day(w, s):
    """Write to the day's statistics what goes on over its end, also in the rack."""
    site.end_day(w, s)
    here = m.sites(w)[s]
    statistics.ready(w, s, here.ready_since, m.clock(w)[0].now, here.ready)


@njit
def close(w, s):
    """Bring the vehicles up to now, at the end of the horizon."""
    site.close(w, s)
    here = m.sites(w)[s]
    for bay in range(here.servers):
        server = m.servers(w)[here.first_server + bay]
        if server.car >= 0:
            m.cars(w)[server.car].service_min += m.clock(w)[0].now - server.begun_min


@njit
def cut_power(w, s):
    """Begin a blackout: swaps under way end, no other begins, packs are not charged."""
    here = m.sites(w)[s]
    here.dark += 1
    power.cut_power(w, m.group_of_site(w, s))
    here.changed = 1


@njit
def restore_power(w, s):
    """End a blackout."""
    here = m.sites(w)[s]
    here.dark -= 1
    power.restore_power(w, m.group_of_site(w, s))
    here.changed = 1
    site.call_next(w, s, NOBODY)


@njit
def turn_hour(w, s, hour):
    """Let packs wait for a cheaper hour, or charge those that did."""
    m.sites(w)[s].holding = m.rules(w)[0].hold_packs[hour]
    fill_slots(w, s)


@njit
def packs_to_keep(w, s):
    """Return how many packs must be charged or charging, by recent arrivals."""
    here, rules = m.sites(w)[s], m.rules(w)[0]
    since_min = m.clock(w)[0].now - here.arrivals_min
    return packs_to_keep_of(
        here.arrivals, since_min, rules.memory_min, here.interval_min, here.outlets, rules.promised
    )


@njit
def servers_free(w, s):
    """Return how many vehicles could be served now: the bays that are free, or fewer packs."""
    here = m.sites(w)[s]
    bays = 0 if here.dark else here.free
    return min(bays, here.ready)


@njit
def take_server(w, s, v):
    """Give a free bay and a charged pack to a vehicle."""
    site.take_lowest(w, s, v)
    count_ready(w, s, -1)
    if m.sites(w)[s].holding:
        fill_slots(w, s)


@njit
def queue_grew(w, s):
    """Charge packs for one more vehicle, if they wait for a cheaper hour."""
    if m.sites(w)[s].holding:
        fill_slots(w, s)


@njit
def leave_bay(w, s, v):
    """Let a vehicle leave with a charged pack; its own goes to a slot."""
    here, car, now = m.sites(w)[s], m.cars(w)[v], m.clock(w)[0].now
    battery_kwh, bay = m.wishes(w)[v].battery_kwh, car.server
    last = here.first_pack + (here.empty_at + here.empty) % here.packs
    m.empty(w)[last, 0], m.empty(w)[last, 1] = car.soc, battery_kwh
    here.empty += 1
    car.energy_kwh += max(0.0, here.hand_out_soc - car.soc) * battery_kwh
    car.soc = max(car.soc, here.hand_out_soc)
    begun_min = m.servers(w)[here.first_server + bay].begun_min
    car.service_min += now - begun_min
    site.count_occupied(w, s, -1)
    site.give_back(w, s, bay)
    fill_slots(w, s)
    after_service(w, v, True)
    site.call_next(w, s, NOBODY)


@njit
def fill_slots(w, s):
    """Charge waiting packs in free slots; in a dear hour only as many as the promise needs."""
    here = m.sites(w)[s]
    while here.empty > 0 and here.charging < here.outlets:
        stock = here.ready + here.charging - here.queued
        if here.holding and stock >= packs_to_keep(w, s):
            return
        first, o = here.first_pack + here.empty_at, here.first_outlet
        soc, battery_kwh = m.empty(w)[first, 0], m.empty(w)[first, 1]
        here.empty_at = (here.empty_at + 1) % here.packs
        here.empty -= 1
        while m.outlets(w)[o].taken:
            o += 1
        here.charging += 1
        power.plug_in(w, o, soc, max(soc, here.hand_out_soc), battery_kwh, here.curve)


@njit
def pack_ready(w, s):
    """Put a charged pack into the rack, charge the next one and call who waits for it."""
    m.sites(w)[s].charging -= 1
    count_ready(w, s, 1)
    fill_slots(w, s)
    site.call_next(w, s, NOBODY)


@njit
def count_ready(w, s, change):
    """Count charged packs, and write how long so many were in the rack."""
    here, now = m.sites(w)[s], m.clock(w)[0].now
    statistics.ready(w, s, here.ready_since, now, here.ready)
    here.ready_since = now
    here.ready += change
    here.changed = 1
