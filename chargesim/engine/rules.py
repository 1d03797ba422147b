"""State the decisions and the physics of the model as pure functions, compiled once and called by every engine.

No fast-math, no vector library, scalar logarithms: the same arguments give the same bits. Arguments are positional
and in one order everywhere: who, where, how much.
"""

from math import exp, floor, inf, log

import numpy as np
from numba import njit

from chargesim.engine._numba import kernel

OUTSIDE, NOWHERE = -1, -2
"""What `choose_site` returns besides a site: the outside option, or that no site can be reached."""


@njit("f8(f8)", cache=True)
def exact_min(minutes):
    """Return a duration rounded to whole ticks of 2**-20 min, at least one tick."""
    return max(1.0, floor(minutes * 1048576.0 + 0.5)) / 1048576.0


@njit("f8(f8)", cache=True)
def left_min(minutes):
    """Return what is left of a duration rounded to whole ticks of 2**-20 min; less than half a tick is over now."""
    return floor(minutes * 1048576.0 + 0.5) / 1048576.0


@njit("u8(u8, u8)", cache=True)
def noise_hash(key, site_hash):
    """Return the hash of one vehicle and one site from which its noise comes, the same in every plan and engine.

    It is the finaliser of SplitMix64 (Steele, Lea and Flood 2014, doi 10.1145/2660193.2660195).
    """
    z = key ^ (site_hash * np.uint64(0x9E3779B97F4A7C15))
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit("f8(u8)", cache=True)
def noise_of(z):
    """Return the standard Gumbel noise that a hash stands for; it rises with the hash."""
    uniform = (np.float64(z >> np.uint64(12)) + 0.5) * 2.0**-52
    return -log(-log(uniform))


_MOST_NOISE = -np.log(-np.log(np.append(np.arange(1, 256) / 256, 1 - 2.0**-53))) + 1e-9


@njit("f8(u8)", cache=True)
def most_noise_of(z):
    """Return what `noise_of` does not exceed, without a logarithm: the noise of the highest hash with the same first byte."""
    return _MOST_NOISE[z >> np.uint64(56)]


@njit("f8(u8, u8)", cache=True)
def gumbel_noise(key, site_hash):
    """Return standard Gumbel noise of one vehicle for one site: a hash, so the same in every plan and engine."""
    return noise_of(noise_hash(key, site_hash))


@kernel("f8(f8, f8, f8, f8[::1], f8[::1])")
def charge_min(soc, target_soc, battery_kwh, edge_soc, step_kw):
    """Return the minutes from one state of charge to another at a gun that nobody shares.

    Parameters
    ----------
    soc, target_soc : float
        State of charge before and after [0..1].
    battery_kwh : float
        Usable energy of the battery [kWh].
    edge_soc, step_kw : arrays of float
        Edges of the curve's n steps [0..1], n + 1 values; power on each step [kW], above 0.

    Returns
    -------
    float
        Minutes at the plug; 0 when the target is already reached.

    Notes
    -----
    Exact, since power is constant on a step: step i has the power of its left point.
    """
    minutes = 0.0
    for i in range(len(step_kw)):
        if edge_soc[i] >= target_soc:
            break
        if edge_soc[i + 1] > soc:
            minutes += (
                60.0
                * (min(edge_soc[i + 1], target_soc) - max(edge_soc[i], soc))
                * battery_kwh
                / step_kw[i]
            )
    return minutes


@kernel("f8(f8, f8, f8, f8, f8[::1], f8[::1])")
def soc_after(soc, target_soc, minutes, battery_kwh, edge_soc, step_kw):
    """Return the state of charge after `minutes` at a gun that nobody shares, at most `target_soc`."""
    for i in range(len(step_kw)):
        if edge_soc[i] >= target_soc:
            break
        if edge_soc[i + 1] > soc:
            edge = min(edge_soc[i + 1], target_soc)
            step_min = 60.0 * (edge - soc) * battery_kwh / step_kw[i]
            if minutes < step_min:
                return min(edge, soc + step_kw[i] * minutes / (60.0 * battery_kwh))
            minutes -= step_min
            soc = edge
    return min(soc, target_soc)


@kernel("f8(f8, f8, f8[::1], f8[::1])")
def peak_kw_ahead(soc, target_soc, edge_soc, step_kw):
    """Return the highest power that a charge can draw between two states of charge [kW]."""
    peak = 0.0
    for i in range(len(step_kw)):
        if edge_soc[i] >= target_soc:
            break
        if edge_soc[i + 1] > soc:
            peak = max(peak, step_kw[i])
    return peak


@kernel("i8(f8, f8[::1])")
def step_at(soc, edge_soc):
    """Return the step of a curve on which a charge at `soc` goes on; an edge belongs to the step on its right."""
    step = 0
    while step + 2 < len(edge_soc) and edge_soc[step + 1] <= soc:
        step += 1
    return step


@kernel("void(f8[::1], i8[::1], i8[::1], f8[::1], f8, f8[::1], i8[::1], i8[::1], f8[::1])")
def fill_up(
    wanted_kw, cabinet, rank, cabinet_kw, site_kw, granted_kw, rising, rising_in, cabinet_used
):
    """Share power over the tree gun < cabinet < site: the lower rank first, max-min fair inside a rank.

    Parameters
    ----------
    wanted_kw : array of float
        What each charge can take by its curve and its gun [kW].
    cabinet, rank : arrays of int
        Cabinet and rank of each charge, 0, 1, ...; rank 0 is served first.
    cabinet_kw : array of float
        Limit of each cabinet [kW at the plug].
    site_kw : float
        Limit of the site [kW at the plug].
    granted_kw : array of float
        Filled with the power of each charge [kW].
    rising, rising_in, cabinet_used : arrays
        Room to count in, by charge, by cabinet and by cabinet.

    Notes
    -----
    Progressive filling: all charges of a rank rise together; one stops when it has what it wants, those behind a full
    limit stop with it (Bertsekas and Gallager, Data Networks, 1992, section 6.5.2). What is left goes to the next rank.
    """
    n = len(wanted_kw)
    cabinet_used[:] = 0.0
    site_used, highest = 0.0, 0
    for i in range(n):
        granted_kw[i] = 0.0
        highest = max(highest, rank[i])
    for turn in range(highest + 1):
        left = 0
        rising_in[:] = 0
        for i in range(n):
            rising[i] = rank[i] == turn
            if rising[i]:
                left += 1
                rising_in[cabinet[i]] += 1
        while left > 0:
            level = (site_kw - site_used) / left
            for i in range(n):
                if rising[i]:
                    level = min(level, wanted_kw[i] - granted_kw[i])
                    level = min(
                        level,
                        (cabinet_kw[cabinet[i]] - cabinet_used[cabinet[i]]) / rising_in[cabinet[i]],
                    )
            level = max(0.0, level)
            for i in range(n):
                if rising[i]:
                    granted_kw[i] += level
                    cabinet_used[cabinet[i]] += level
                    site_used += level
            for i in range(n):
                limit_kw = cabinet_kw[cabinet[i]]
                full = (
                    site_used >= site_kw * (1 - 1e-12) - 1e-9
                    or cabinet_used[cabinet[i]] >= limit_kw * (1 - 1e-12) - 1e-9
                )
                if rising[i] and (full or granted_kw[i] >= wanted_kw[i] - 1e-9):
                    rising[i] = False
                    left -= 1
                    rising_in[cabinet[i]] -= 1
    for i in range(n):
        if granted_kw[i] < 1e-6:  # what rounding leaves to a lower rank is nothing
            granted_kw[i] = 0.0


@njit("void(f8[::1], i8[::1], i8[::1], f8[::1], f8, f8[::1])", cache=True)
def share_power(wanted_kw, cabinet, rank, cabinet_kw, site_kw, granted_kw):
    """Share power as `fill_up` does, which does without new arrays."""
    cabinets = len(cabinet_kw)
    rising, rising_in, used_kw = (
        np.empty(len(wanted_kw), np.int64),
        np.empty(cabinets, np.int64),
        np.empty(cabinets),
    )
    fill_up(wanted_kw, cabinet, rank, cabinet_kw, site_kw, granted_kw, rising, rising_in, used_kw)


@kernel("f8(f8[::1])")
def total_kw(granted_kw):
    """Return the sum of powers, added one after the other (numpy's own sum goes by blocks)."""
    total = 0.0
    for kw in granted_kw:
        total += kw
    return total


@njit("f8(i8, i8, f8)", cache=True)
def station_wait_min(present, guns, service_min):
    """Return the wait that a station's occupancy lets expect [min].

    Parameters
    ----------
    present : int
        Vehicles at the station, plugged in or waiting.
    guns : int
        Its guns.
    service_min : float
        Mean minutes at the plug.

    Notes
    -----
    The mean wait of an M/M/c queue given the state (Gross and Harris, Fundamentals of Queueing Theory, section 2.3):
    n - c + 1 services must end, c at a time. One rule for all drivers; guidance alters only when it was looked at.
    """
    if present < guns:
        return 0.0
    return (present - guns + 1) * service_min / guns


@njit("f8(i8, i8, f8, i8, f8)", cache=True)
def swap_wait_min(present, bays, swap_min, packs_ready, pack_interval_min):
    """Return the wait that a swap site's occupancy lets expect [min]: for the bay or for a charged pack, the longer.

    `present` counts the vehicles at the site, of which some are in a bay and hold a pack already; `packs_ready` are
    free charged packs; `pack_interval_min` is the mean time between two packs that become ready when all slots work.
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
        Instant at which each gun is free, in the past for a free one, infinite for one that is down [min].
    arrival_min, service_min : arrays of float
        Arrival and minutes at the plug of the vehicles that are served before, in the order of their arrival; those
        in the queue and those on their way. The first `ahead` entries count; who arrives later than `arrival` does not.
    arrival : float
        Instant at which the vehicle arrives [min].

    Notes
    -----
    Each vehicle in turn takes the gun that is free first (Kiefer and Wolfowitz 1955); exact when all services are known.
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
        Instants at which its packs are charged, in rising order, in the past for a charged one [min].
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
    """Return what is left of a value after some minutes, e-fold in `memory_min`: an exponential moving average."""
    return value * exp(-minutes / memory_min)


@njit("i8(f8, f8)", cache=True)
def base_stock(mean, promised):
    """Return the least stock that a Poisson demand of some mean exceeds with a chance of at most 1 - `promised`.

    The base-stock level of a spare-parts system (Sherbrooke, Optimal Inventory Modeling of Systems, 2004, chapter 2).
    """
    term = exp(-mean)
    total, stock = term, 0
    while total < promised and stock < 1000:
        stock += 1
        term *= mean / stock
        total += term
    return stock
