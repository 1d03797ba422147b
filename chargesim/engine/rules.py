"""State durations, taste and the physics of charging, compiled once for both engines.

No fast-math, no vector library, scalar logarithms: the same arguments give the same bits. Arguments
are positional and in one order everywhere: who, where, how much. `queue_rules` and `store_rules` go
on.
"""

from math import ceil, exp, floor, inf, log, log1p

import numpy as np
from numba import njit

from chargesim.engine._numba import kernel

OUTSIDE, NOWHERE = -1, -2
"""What `choose_site` returns besides a site: the outside option, or that no site can be reached."""
NEVER_BINDS = 1_000_000
"""More charges than a connection can have: its limits never bind."""


@njit("f8(f8)", cache=True)
def exact_min(minutes):
    """Return a duration rounded to whole ticks of 2**-20 min, at least one tick."""
    return max(1.0, floor(minutes * 1048576.0 + 0.5)) / 1048576.0


@njit("f8(f8)", cache=True)
def left_min(minutes):
    """Return the rest of a duration rounded to whole ticks of 2**-20 min, perhaps 0."""
    return floor(minutes * 1048576.0 + 0.5) / 1048576.0


@njit("u8(u8, u8)", cache=True)
def noise_hash(key, site_hash):
    """Return the hash of one vehicle and one site, the same in every plan and engine.

    It is the finaliser of SplitMix64 (Steele, Lea and Flood 2014, doi 10.1145/2660193.2660195).
    """
    z = key ^ (site_hash * np.uint64(0x9E3779B97F4A7C15))
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit("f8(u8)", cache=True)
def noise_of(z):
    """Return the standard Gumbel noise of a hash; it rises with the hash."""
    uniform = (np.float64(z >> np.uint64(12)) + 0.5) * 2.0**-52
    return -log(-log(uniform))


_MOST_NOISE = -np.log(-np.log(np.append(np.arange(1, 256) / 256, 1 - 2.0**-53))) + 1e-9


@njit("f8(u8)", cache=True)
def most_noise_of(z):
    """Return an upper bound of `noise_of`: that of the highest hash with the same first byte."""
    return _MOST_NOISE[z >> np.uint64(56)]


@njit("f8(u8, f8)", cache=True)
def noise_below(z, most):
    """Return the standard Gumbel noise of a hash, given that it is at most `most`.

    By inverse cdf: u is the share of F(most) that F(noise) is, with F(x) = exp(-exp(-x)). Without a
    bound it is `noise_of`.
    """
    spread = -log((np.float64(z >> np.uint64(12)) + 0.5) * 2.0**-52)
    if most < 0.0:  # the same, where exp(-most) may overflow
        return most - log1p(spread * exp(most))
    return min(most, -log(exp(-most) + spread))


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
    """Return the state of charge after some minutes at a gun that nobody shares."""
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


@njit("f8(f8, f8, f8, f8)", cache=True)
def soc_after_drive(soc, km, consumption_kwh_km, battery_kwh):
    """Return the state of charge after a drive."""
    return soc - km * consumption_kwh_km / battery_kwh


@kernel("f8(f8, f8, f8, f8[::1], f8[::1], b1)")
def charge_alone_min(soc, target_soc, battery_kwh, edge_soc, step_kw, whole):
    """Return when a charge that nobody shares ends, from now [min].

    A `whole` charge takes a tick at least; what sharing has left of one may be over now.
    """
    minutes = charge_min(soc, target_soc, battery_kwh, edge_soc, step_kw)
    return exact_min(minutes) if whole else left_min(minutes)


@kernel("i8(f8, f8[::1])")
def step_at(soc, edge_soc):
    """Return the step of a curve at a state of charge; an edge belongs to the step on its right."""
    step = 0
    while step + 2 < len(edge_soc) and edge_soc[step + 1] <= soc:
        step += 1
    return step


@kernel("f8(i8, f8, f8[::1])")
def next_edge_soc(step, target_soc, edge_soc):
    """Return where the plan of a charge that shares power ends: at the next edge or the target."""
    return min(edge_soc[step + 1], target_soc)


@njit("f8(f8, f8, f8, f8)", cache=True)
def step_min(soc, edge_soc, battery_kwh, granted_kw):
    """Return the minutes up to an edge at a constant power, perhaps 0."""
    return left_min(60.0 * (edge_soc - soc) * battery_kwh / granted_kw)


@njit("f8(f8, f8, f8, f8, f8)", cache=True)
def soc_at_power(soc, edge_soc, minutes, battery_kwh, granted_kw):
    """Return the state of charge after `minutes` at a constant power, at most `edge_soc`."""
    return min(edge_soc, soc + granted_kw * minutes / (60.0 * battery_kwh))


@njit("i8(f8, f8)", cache=True)
def least_to_bind(room_kw, most_kw):
    """Return the number of charges below which no limit can bind.

    Parameters
    ----------
    room_kw : float
        The lowest limit: of the connection or of a cabinet [kW].
    most_kw : float
        The most that one charge draws [kW].
    """
    if most_kw <= 0.0 or room_kw == inf:
        return NEVER_BINDS
    return 1 + np.int64(min(room_kw // most_kw, NEVER_BINDS - 1.0))


@kernel("void(f8[::1], i8[::1], i8[::1], f8[::1], f8, f8[::1], i8[::1], i8[::1], f8[::1])")
def fill_up(
    wanted_kw, cabinet, rank, cabinet_kw, site_kw, granted_kw, rising, rising_in, cabinet_used
):
    """Share power over gun < cabinet < site: lower ranks first, max-min fair inside a rank.

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
    Progressive filling: all charges of a rank rise together; one stops when it has what it wants,
    and those behind a full limit stop with it (Bertsekas and Gallager, Data Networks, 1992, section
    6.5.2). The rest goes to the next rank.
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
        if granted_kw[i] < 1e-6:  # rounding errors that a lower rank would get
            granted_kw[i] = 0.0


@njit("void(f8[::1], i8[::1], i8[::1], f8[::1], f8, f8[::1])", cache=True)
def share_power(wanted_kw, cabinet, rank, cabinet_kw, site_kw, granted_kw):
    """Share power as `fill_up` does, with arrays of its own to count in."""
    cabinets = len(cabinet_kw)
    rising, rising_in, used_kw = (
        np.empty(len(wanted_kw), np.int64),
        np.empty(cabinets, np.int64),
        np.empty(cabinets),
    )
    fill_up(wanted_kw, cabinet, rank, cabinet_kw, site_kw, granted_kw, rising, rising_in, used_kw)


@njit("f8(f8, f8)", cache=True)
def whole_modules_kw(kw, module_kw):
    """Return the power of the fewest whole modules that give some kW; as it is without modules."""
    return kw if module_kw == 0.0 else ceil(kw / module_kw - 1e-9) * module_kw


@kernel("void(f8[::1], f8[::1], i8[::1], f8[::1], f8[::1], i8[::1], i8[::1])")
def lend_modules(wanted_kw, begun_min, cabinet, module_kw, cabinet_kw, modules, order):
    """Cut what charges want to the whole modules that their cabinets have for them.

    Parameters
    ----------
    wanted_kw : array of float
        What each charge can take by its curve and its outlet [kW]; cut in place.
    begun_min : array of float
        When each charge began [min].
    cabinet : array of int
        Cabinet of each charge.
    module_kw, cabinet_kw : arrays of float
        Power of a module of each cabinet, 0 where there are none, and of the cabinet [kW].
    modules, order : arrays of int
        Room to count in, by charge.

    Notes
    -----
    Max-min fair in whole modules: by turns each charge takes one more until it has what it wants or
    no module is left. In a turn, who began first comes first, so no charge loses its first module
    to a later one.
    """
    n = len(wanted_kw)
    for i in range(n):
        modules[i], place = 0, i
        while place > 0 and begun_min[order[place - 1]] > begun_min[i]:
            order[place] = order[place - 1]
            place -= 1
        order[place] = i
    for c in range(len(module_kw)):
        if module_kw[c] == 0.0:
            continue
        left, given = np.int64(floor(cabinet_kw[c] / module_kw[c] + 1e-9)), True
        while left > 0 and given:
            given = False
            for i in order[:n]:
                lacks = modules[i] * module_kw[c] < wanted_kw[i] - 1e-9
                if cabinet[i] == c and lacks and left > 0:
                    modules[i] += 1
                    left -= 1
                    given = True
    for i in range(n):
        if module_kw[cabinet[i]] > 0.0:
            wanted_kw[i] = min(wanted_kw[i], modules[i] * module_kw[cabinet[i]])


@kernel("f8(f8[::1])")
def total_kw(granted_kw):
    """Return the sum of powers, added one after the other (numpy's own sum goes by blocks)."""
    total = 0.0
    for kw in granted_kw:
        total += kw
    return total
