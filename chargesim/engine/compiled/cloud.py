"""Keep what the cloud knows: who comes when, which places are held, what wait it foresees; `engine.cloud` says why."""

from math import inf

import numpy as np
from numba import njit

from chargesim.engine.compiled import arrays as m
from chargesim.engine.compiled.linked_list import inserter, remover
from chargesim.engine.compiled.power import foreseen_end_min, minutes_at
from chargesim.engine.compiled.schedule import LAPSE_KEY, schedule
from chargesim.engine.compiled.state import LAPSE, NOBODY
from chargesim.engine.rules import (
    exact_min,
    foreseen_gun_wait_min,
    foreseen_swap_wait_min,
    left_min,
)


@njit
def foreseen_wait_min(w, s, arrival_min):
    """Return the wait that the cloud foresees for a vehicle that arrives at an instant [min]."""
    site = m.sites(w)[s]
    if site.servers == 0 or (site.kind and site.dark):
        return inf
    ahead, v = 0, site.known
    while v >= 0:
        ahead, v = ahead + 1, m.cars(w)[v].known_next
    arrivals, services = np.empty(ahead), np.empty(ahead)
    ahead, v = 0, site.known
    while v >= 0:
        arrivals[ahead], services[ahead] = m.cars(w)[v].expected_min, m.cars(w)[v].known_min
        if m.cars(w)[v].known_min < 0:
            services[ahead] = site.service_min
        ahead, v = ahead + 1, m.cars(w)[v].known_next
    free = np.empty(site.servers)
    if not site.kind:
        for place in range(site.servers):
            free[place] = free_min(w, s, place)
        return foreseen_gun_wait_min(free, arrivals, services, ahead, arrival_min)
    for place in range(site.servers):
        bay = m.places(w)[site.first_place + place]
        free[place] = bay.begun_min + site.swap_min if bay.car >= 0 else 0.0
    packs = np.zeros(site.ready + site.charging)
    n = site.ready
    for o in range(site.first_outlet, site.first_outlet + site.outlets):
        if m.outlets(w)[o].taken:
            packs[n] = foreseen_end_min(w, o)
            n += 1
    packs.sort()
    return foreseen_swap_wait_min(
        free, packs, site.interval_min, site.swap_min, arrivals, ahead, arrival_min
    )


@njit
def free_min(w, s, gun):
    """Return when the cloud foresees a gun to be free: in the past for a free one, never for one that is down [min]."""
    site, place = m.sites(w)[s], m.places(w)[m.sites(w)[s].first_place + gun]
    if place.down:
        return inf
    if place.car < 0:
        return 0.0
    o = site.first_outlet + gun
    if m.outlets(w)[o].taken:
        return foreseen_end_min(w, o)
    return (
        m.cars(w)[place.car].joined_min
        + m.rules(w)[0].failed_start_min
        + exact_min(minutes_at(w, o, place.car))
    )


@njit
def comes_before(one, other):
    """Tell whether the cloud expects a vehicle before another."""
    return one.expected_min < other.expected_min or (
        one.expected_min == other.expected_min and one.row < other.row
    )


insert_known, remove_known = (
    inserter("known", "known_next", comes_before),
    remover("known", "known_next"),
)
remove_held = remover("held", "held_next")


@njit
def know(w, s, v, arrival_min):
    """Put a vehicle among those that the cloud expects at a site, in the order of their arrival."""
    car = m.cars(w)[v]
    car.expected_min, car.known = arrival_min, s
    insert_known(w, s, v)


@njit
def forget(w, v):
    """Take a vehicle from among those that the cloud expects."""
    s = m.cars(w)[v].known
    if s < 0:
        return
    remove_known(w, s, v)
    m.cars(w)[v].known = NOBODY


@njit
def release(w, v):
    """Take back the place that is held for a vehicle; return whether there was one."""
    s = m.cars(w)[v].held
    if s < 0:
        return False
    remove_held(w, s, v)
    m.cars(w)[v].held = NOBODY
    return True


@njit
def announce(w, s, v, arrival_min, wait_min):
    """Let the cloud know that a vehicle is on its way; it reserves a place where that is possible."""
    car, rules = m.cars(w)[v], m.rules(w)[0]
    know(w, s, v, arrival_min)
    if rules.reserve and wait_min < inf:
        car.promised_min = arrival_min + left_min(wait_min)
        car.held, car.held_next = s, m.sites(w)[s].held
        m.sites(w)[s].held = v
        schedule(
            w,
            car.promised_min + rules.grace_min - m.clock(w)[0].now,
            LAPSE_KEY + car.row,
            LAPSE,
            s,
            car.row,
        )
