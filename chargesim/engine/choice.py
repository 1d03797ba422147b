"""Choose where a vehicle goes: the site of least cost among those it knows, or the outside option.

Compiled, and called by every engine. It reads the records `CITY`, `KNOWN_SITE` and `CANDIDATE`.
"""

from math import exp, inf, log, log1p

import numpy as np
from numba import from_dtype, njit, types
from numba.extending import register_jitable

from chargesim.demand.demand_table import WISH
from chargesim.engine._numba import kernel
from chargesim.engine.rules import (
    NOWHERE,
    OUTSIDE,
    charge_min,
    most_noise_of,
    noise_below,
    noise_hash,
    noise_of,
)

MAX_PERIODS = 4
MAX_TRIED = 16
"""Sites that one vehicle can try."""
CANDIDATE = np.dtype([("site", "i4"), ("km", "f8"), ("minutes", "f8", (MAX_PERIODS,))], align=True)
"""One entry of a candidate list: [list, origin, rank]."""
KNOWN_SITE = np.dtype(
    [
        ("hash", "u8"),
        ("swap", "i4"),
        ("outlet", "i4"),
        ("price_cny_kwh", "f8"),
        ("handling_min", "f8"),
        ("overstay_min", "f8"),
        ("swap_min", "f8"),
        ("hand_out_soc", "f8"),
        ("opens_min", "f8"),
    ],
    align=True,
)
"""What a vehicle knows of a site: stable hash of its id, kind, best outlet type, price, minutes
of handling at a gun, mean overstay there, swap, and when it opens."""
CITY = np.dtype(
    [
        ("noise_min", "f8"),
        ("outside_kw", "f8"),
        ("outside_price_cny_kwh", "f8"),
        ("period_of_hour", "i8", (24,)),
        ("tariff_cny_kwh", "f8", (24,)),
        ("outside_tariff_cny_kwh", "f8", (24,)),
    ],
    align=True,
)
"""Scale of the noise, power and price of the outside option, and by hour of day: the speed period
and what the tariff adds to the price, here and outside."""
NEVER_MIN = 1e6
"""In site of an endless wait: a site without power is the last choice, but one may drive there
[min]."""
OUTSIDE_HASH = np.uint64(0x6F75747369646521)

_wish, _candidate, _known, _city = (from_dtype(d) for d in (WISH, CANDIDATE, KNOWN_SITE, CITY))
_signature = types.Tuple((types.i8, types.f8, types.f8))(

    _wish[::1], types.i8, types.i8, types.f8, types.f8, types.i8[::1], types.i8,
    _candidate[:, :, ::1], _known[::1], types.f8[::1], _city[::1], types.f8[:, ::1], types.f8[:, :,
    ::1], types.f8[::1],
)  # fmt: skip


def origin_of_site(origins: int, sites: int, site: int) -> int:
    """Return the origin of a vehicle at a site: sites are the last of the origins."""
    return origins - sites + site


register_jitable(origin_of_site)


@njit("f8(f8, f8, f8)", cache=True)
def price_min(price_cny_kwh, energy_kwh, value_of_time_cny_h):
    """Return what energy costs, in minutes of the driver's time."""
    return 60.0 * price_cny_kwh * energy_kwh / value_of_time_cny_h


@njit(cache=True)
def _outside_cost_min(wish, soc, own, hour, outside_min):
    """Return what the outside option costs a vehicle, its noise left out [min]."""
    energy_kwh = (wish.target_soc - soc) * wish.battery_kwh
    money_min = price_min(
        own.outside_price_cny_kwh + own.outside_tariff_cny_kwh[hour],
        energy_kwh,
        wish.value_of_time_cny_h,
    )
    return outside_min + 60.0 * energy_kwh / own.outside_kw + money_min


@njit(cache=True)
def _outside_noise_min(wish, candidates, known, own, edge_soc, step_kw, outside_min):
    """Return the noise of the outside option, given that this network was chosen [min].

    At the wish the vehicle prices every site without a wait: the least of these costs with noise is
    the most that the outside option must cost. `docs/model.md` derives the formula.
    """
    now, noise_min, soc = wish.wish_min + wish.put_off_min, own.noise_min, wish.soc
    hour = int(now / 60.0) % 24
    period, tariff_cny_kwh = own.period_of_hour[hour], own.tariff_cny_kwh[hour]
    edges, least, plain, attraction = edge_soc[wish.curve], inf, inf, 0.0
    for way in range(2):
        which = wish.station_list if way == 0 else wish.swap_list
        if which < 0:
            continue
        for rank in range(candidates.shape[2]):
            there = candidates[which, wish.origin, rank]
            if there.site < 0:
                break
            site = known[there.site]
            soc_there = soc - there.km * wish.consumption_kwh_km / wish.battery_kwh
            if (
                there.km > soc * wish.battery_kwh / wish.consumption_kwh_km
                or site.opens_min > now
                or (site.swap and soc_there >= site.hand_out_soc)
            ):
                continue
            if site.swap:
                service_min, full_soc = site.swap_min, site.hand_out_soc
            else:
                powers = step_kw[site.outlet, wish.curve]
                service_min = site.handling_min + charge_min(
                    soc_there, wish.target_soc, wish.battery_kwh, edges, powers
                )
                full_soc = wish.target_soc
            money_min = price_min(
                site.price_cny_kwh + tariff_cny_kwh,
                (full_soc - soc_there) * wish.battery_kwh,
                wish.value_of_time_cny_h,
            )
            cost = there.minutes[period] + service_min + money_min
            noise = noise_of(noise_hash(wish.key, site.hash))
            least = min(least, cost - noise_min * noise)
            if noise_min > 0.0:  # the sum of exp(-cost / scale), over that of the least cost
                if cost < plain:
                    attraction *= exp((cost - plain) / noise_min)
                    plain = cost
                attraction += exp((plain - cost) / noise_min)
            plain = min(plain, cost)
    outside_cost = _outside_cost_min(wish, soc, own, hour, outside_min)
    if noise_min == 0.0:
        return min(0.0, outside_cost - least)
    ahead = (plain - outside_cost) / noise_min - log(attraction)
    shift = ahead + log1p(exp(-ahead)) if ahead > 0.0 else log1p(exp(ahead))
    most = (outside_cost - least) / noise_min + shift
    return noise_min * (noise_below(noise_hash(wish.key, OUTSIDE_HASH), most) - shift)


@kernel(_signature)
def choose_site(
    wishes,
    row,
    origin,
    soc,
    now,
    tried,
    n_tried,
    candidates,
    known,
    expected_wait_min,
    city,
    edge_soc,
    step_kw,
    outside_min,
):
    """Return the site that a vehicle chooses, the way there [km] and the drive [min].

    Parameters
    ----------
    wishes, row : table of `WISH`, int
        The vehicle.
    origin, soc : int, float
        Where it is, with what state of charge.
    now : float
        Instant of the choice [min]; its hour of day gives speed and tariff.
    tried, n_tried : array of int, int
        Sites where it has been in vain, the first `n_tried` entries.
    candidates, known, expected_wait_min : arrays
        Candidate lists, what is known of the sites, the wait that the driver expects there: by the
        posted occupancy, or what the cloud foresees [min]. Who knows distances only does not look
        at it.
    city : array of one `CITY`
    edge_soc, step_kw : arrays of float
        Edges of the curves [curve, step + 1] and power of each step [outlet type, curve, step] in
        kW.
    outside_min : array of float, [origin]
        Drive to the outside option and handling there [min]; infinite where there is none.

    Returns
    -------
    tuple of int, float, float
        The site, `OUTSIDE`, or `NOWHERE` when no site is within reach; km and minutes of the way (0
        for the two).

    Notes
    -----
    Cost in minutes = drive + expected wait + expected service + price x kWh / value of time -
    noise; the smallest wins, at equal cost the one that is nearer in free flow. With Gumbel noise
    this is a multinomial logit (McFadden 1974). Who is in the demand table has chosen this network,
    so the noise of the outside option is drawn given that at the wish the best site without waits
    is no worse: a truncated Gumbel. It can be chosen only because of waits, failures and diversions
    (`docs/model.md`).
    """
    wish, own = wishes[row], city[0]
    hour = int(now / 60.0) % 24
    period, tariff_cny_kwh, noise_min = (
        own.period_of_hour[hour],
        own.tariff_cny_kwh[hour],
        own.noise_min,
    )
    range_km = soc * wish.battery_kwh / wish.consumption_kwh_km
    best, best_km, best_min, best_cost, idle_cost = NOWHERE, 0.0, 0.0, inf, inf
    outlet, least_min, edges, powers = -1, 0.0, edge_soc[wish.curve], step_kw[0, wish.curve]
    for way in range(2):
        which = wish.station_list if way == 0 else wish.swap_list
        if which < 0:
            continue
        for rank in range(candidates.shape[2]):
            there = candidates[which, origin, rank]
            if there.site < 0:
                break
            site = known[there.site]
            soc_there = soc - there.km * wish.consumption_kwh_km / wish.battery_kwh
            useless = (
                there.km > range_km
                or site.opens_min > now
                or (site.swap and soc_there >= site.hand_out_soc)
            )
            for i in range(n_tried):
                useless = useless or tried[i] == there.site
            if useless:
                continue
            if site.swap:
                service_min, full_soc = site.swap_min, site.hand_out_soc
            else:
                if site.outlet != outlet:
                    outlet, powers = site.outlet, step_kw[site.outlet, wish.curve]
                    least_min = charge_min(soc, wish.target_soc, wish.battery_kwh, edges, powers)
                service_min, full_soc = site.handling_min + least_min, wish.target_soc
            money_min = price_min(
                site.price_cny_kwh + tariff_cny_kwh,
                (full_soc - soc_there) * wish.battery_kwh,
                wish.value_of_time_cny_h,
            )
            wait_min = min(expected_wait_min[there.site], NEVER_MIN) if wish.guidance > 0 else 0.0
            noise = noise_hash(wish.key, site.hash)
            cost = (
                there.minutes[period] + service_min + money_min - noise_min * most_noise_of(noise)
            )
            if cost >= idle_cost and cost + wait_min >= best_cost:
                continue
            if not site.swap:
                service_min = site.handling_min + charge_min(
                    soc_there, wish.target_soc, wish.battery_kwh, edges, powers
                )
            cost = there.minutes[period] + service_min + money_min - noise_min * noise_of(noise)
            idle_cost = min(idle_cost, cost)
            if cost + wait_min < best_cost:
                best, best_km, best_min, best_cost = (
                    there.site,
                    there.km,
                    there.minutes[period],
                    cost + wait_min,
                )
    if outside_min[origin] == inf or (n_tried == 0 and idle_cost == best_cost):
        return best, best_km, best_min
    outside_cost = _outside_cost_min(wish, soc, own, hour, outside_min[origin])
    outside_cost -= _outside_noise_min(
        wish, candidates, known, own, edge_soc, step_kw, outside_min[wish.origin]
    )
    if n_tried == 0:
        outside_cost = max(outside_cost, idle_cost)  # whatever the rounding
    if outside_cost < best_cost:
        return OUTSIDE, 0.0, 0.0
    return best, best_km, best_min
