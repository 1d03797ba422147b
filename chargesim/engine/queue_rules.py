"""State the rules of waiting, giving up and keeping stock, compiled once for both engines."""

from math import exp, inf

import numpy as np
from numba import njit

from chargesim.engine.replication_totals import LOST, PARTIAL

ENDLESS_MIN = 1e9
"""No reservation helps against a longer wait: that at a site without power."""


@njit("f8(i8, i8, f8)", cache=True)
def station_wait_min(present, guns, service_min):
    """Return the wait to expect from a station's occupancy [min]; endless without guns.

    Parameters
    ----------
    present : int
        Vehicles at the station, plugged in or waiting.
    guns : int
        Its guns that work.
    service_min : float
        Mean minutes at the plug.

    Notes
    -----
    The mean wait of an M/M/c queue given the state (Gross and Harris, Fundamentals of Queueing
    Theory, section 2.3): n - c + 1 services must end, c at a time. One rule for all drivers;
    guidance changes only when the driver looks.
    """
    if present < guns:
        return 0.0
    if guns == 0:
        return inf
    return (present - guns + 1) * service_min / guns


@njit("f8(i8, i8, f8, i8, f8)", cache=True)
def swap_wait_min(present, bays, swap_min, packs_ready, pack_interval_min):
    """Return the wait to expect from a swap site's occupancy, for a bay and a charged pack [min].

    Parameters
    ----------
    present : int
        Vehicles at the site; those in a bay have a pack already.
    bays : int
    swap_min : float
        Minutes of a swap.
    packs_ready : int
        Charged packs that nobody has.
    pack_interval_min : float
        Mean time between two packs that become ready when all slots work [min].
    """
    waiting = max(0, present - bays)
    for_bay = 0.0 if present < bays else (present - bays + 1) * swap_min / bays
    short = waiting + 1 - packs_ready
    return max(for_bay, short * pack_interval_min if short > 0 else 0.0)


@njit("f8(f8[::1], f8[::1], f8[::1], i8, f8)", cache=True)
def foreseen_gun_wait_min(free_min, arrival_min, service_min, ahead, arrival):
    """Return the wait that the cloud foresees for a vehicle at a station [min].

    Parameters
    ----------
    free_min : array of float
        Instant at which each gun is free: in the past for a free one, infinite for one that is down
        [min].
    arrival_min, service_min : arrays of float
        Arrival and minutes at the plug of the vehicles ahead, in the queue or on their way, in the
        order of their arrival. Who arrives later than `arrival` does not count.
    ahead : int
        How many entries of these count.
    arrival : float
        Instant at which the vehicle arrives [min].

    Notes
    -----
    Each vehicle in turn takes the gun that is free first (Kiefer and Wolfowitz 1955); exact when
    all services are known.
    """
    free = free_min.copy()
    for i in range(ahead):
        if arrival_min[i] > arrival:
            break
        first = np.argmin(free)
        free[first] = max(free[first], arrival_min[i]) + service_min[i]
    return max(0.0, free.min() - arrival)


@njit("f8(f8[::1], f8[::1], f8, f8, f8[::1], i8, f8)", cache=True)
def foreseen_swap_wait_min(
    free_min, ready_min, interval_min, swap_min, arrival_min, ahead, arrival
):
    """Return the wait that the cloud foresees for a vehicle at a swap site [min].

    Parameters
    ----------
    free_min : array of float
        Instant at which each bay is free [min].
    ready_min : array of float
        Instants at which its packs are charged, in rising order; in the past for a charged one
        [min].
    interval_min : float
        Mean time between two packs that become ready, for packs beyond these [min].
    swap_min : float
        Minutes of a swap [min].
    arrival_min, ahead, arrival
        As for `foreseen_gun_wait_min`.
    """
    free = free_min.copy()
    packs = len(ready_min)
    last = ready_min[packs - 1] if packs > 0 else arrival
    for i in range(ahead + 1):
        mine = i == ahead or arrival_min[i] > arrival
        here = arrival if mine else arrival_min[i]
        pack = ready_min[i] if i < packs else max(last, here) + (i - packs + 1) * interval_min
        first = np.argmin(free)
        start = max(free[first], pack, here)
        if mine:
            return start - arrival
        free[first] = start + swap_min
    return inf


@njit("f8(f8, f8, f8)", cache=True)
def faded(value, minutes, memory_min):
    """Return a value after some minutes of exponential fading, e-fold in `memory_min`."""
    return value * exp(-minutes / memory_min)


@njit("i8(f8, f8)", cache=True)
def base_stock(mean, promised):
    """Return the least stock that a Poisson demand exceeds with a chance of at most 1 - `promised`.

    The base-stock level of a spare-parts system (Sherbrooke, Optimal Inventory Modeling of Systems,
    2004, chapter 2).
    """
    term = exp(-mean)
    total, stock = term, 0
    while total < promised and stock < 1000:
        stock += 1
        term *= mean / stock
        total += term
    return stock


@njit("b1(f8, f8, f8)", cache=True)
def balks(visible_wait_min, tolerance_min, promised_min):
    """Tell whether a vehicle refuses to join a queue.

    Parameters
    ----------
    visible_wait_min : float
        Wait by the occupancy on sight [min].
    tolerance_min : float
        The most that the driver accepts [min].
    promised_min : float
        Instant of the vehicle's reservation, below 0 without one [min]; who has one trusts it.
    """
    return visible_wait_min > (tolerance_min if promised_min < 0.0 else ENDLESS_MIN)


@njit("i8(i8, f8)", cache=True)
def outcome_of(outcome, energy_kwh):
    """Return how a session ends: who is lost with some energy has had a part of it."""
    return PARTIAL if outcome == LOST and energy_kwh > 0.0 else outcome


@njit("i8(f8, f8, f8, f8, i8, f8)", cache=True)
def packs_to_keep(arrivals, since_min, memory_min, interval_min, slots, promised):
    """Return how many packs a swap site keeps charged or charging in a dear hour.

    As many as arrive while a pack is charged, by the recent arrivals, and one.

    Parameters
    ----------
    arrivals, since_min : float
        Exponential moving sum of the arrivals, and the time since it was written [min].
    memory_min : float
        Time over which the site averages [min].
    interval_min, slots : float, int
        Mean time between two packs that become ready when all slots work [min]; number of slots.
    promised : float
        Share of arrivals that shall find a charged pack.
    """
    per_min = faded(arrivals, since_min, memory_min) / memory_min
    return 1 + base_stock(per_min * interval_min * slots, promised)
