"""Model a station: guns of one or two kinds behind cabinets, some of them perhaps out of order."""

from math import inf

import numpy as np
from numba import njit

from chargesim.engine.compiled import arrays as m
from chargesim.engine.compiled import day_statistics as statistics
from chargesim.engine.compiled import power, site
from chargesim.engine.compiled.schedule import new_stamp, schedule
from chargesim.engine.compiled.state import CHARGE_BEGINS, GUN_IS_LEFT, NOBODY
from chargesim.engine.compiled.steps import after_service
from chargesim.engine.event_order import EventClass, outlet_key
from chargesim.engine.queue_rules import foreseen_gun_wait_min, station_wait_min
from chargesim.engine.rules import charge_min, exact_min


@njit
def visible_wait_min(w, s):
    """Return the expected wait by the occupancy on sight [min]; endless when no gun works."""
    here = m.sites(w)[s]
    return station_wait_min(here.present, here.up, here.service_min)


@njit
def foreseen_wait_min(w, s, arrival_min):
    """Return the wait that the cloud foresees for an arrival at an instant [min]."""
    guns = m.server_count(w, s)
    if guns == 0:
        return inf
    arrivals, services = site.ahead(w, s)
    free = np.empty(guns)
    for gun in range(guns):
        free[gun] = free_min(w, s, gun)
    return foreseen_gun_wait_min(free, arrivals, services, len(arrivals), arrival_min)


@njit
def serve(w, s, v):
    """Let a vehicle occupy its gun: handling, tries that fail, charge, handling, overstay."""
    car, now = m.cars(w)[v], m.clock(w)[0].now
    m.servers(w)[m.sites(w)[s].first_server + car.server].car = v
    site.count_occupied(w, s, 1)
    minutes = m.rules(w)[0].handling_before_min
    if car.failed_starts:
        minutes += m.rules(w)[0].failed_start_min
    car.failed_starts, car.taken_min, car.starts_min = 0, now, now + minutes
    if minutes == 0.0:
        plug_in(w, s, v)
    else:
        car.turn = new_stamp(w)
        key = outlet_key(EventClass.DONE, s, car.server)
        schedule(w, minutes, key, CHARGE_BEGINS, v, car.turn)


@njit
def end_day(w, s):
    """Write to the day's statistics what goes on over its end, at guns in use and guns down."""
    site.end_day(w, s)
    here = m.sites(w)[s]
    for gun in range(m.server_count(w, s)):
        v = m.car_at_server(w, here.first_server + gun)
        if v >= 0:
            charge = m.outlets(w)[here.first_outlet + gun]
            if charge.taken:
                statistics.charging(w, s, charge.begun_min, m.clock(w)[0].now)
        if m.servers(w)[here.first_server + gun].down:
            note_down(w, s, gun)


@njit
def close(w, s):
    """Bring the vehicles up to now, at the end of the horizon."""
    site.close(w, s)
    here = m.sites(w)[s]
    for gun in range(m.server_count(w, s)):
        v = m.car_at_server(w, here.first_server + gun)
        if v >= 0:
            if m.outlets(w)[here.first_outlet + gun].taken:
                note_charge(w, s, gun, v)
            note_stay(w, s, v)


@njit
def fail(w, s, gun):
    """Let a gun be out of order until it is restored; the vehicle at it keeps its SOC."""
    here = m.sites(w)[s]
    server = m.servers(w)[here.first_server + gun]
    server.down += 1
    if server.down > 1:
        return
    server.down_since = m.clock(w)[0].now
    here.up -= 1
    here.changed = 1
    if server.free:
        server.free = 0
        here.free -= 1
        return
    v, o = m.car_at_server(w, here.first_server + gun), here.first_outlet + gun
    server.car = NOBODY
    if m.outlets(w)[o].taken:
        power.unplug(w, o)
        note_charge(w, s, gun, v)
    note_stay(w, s, v)
    car = m.cars(w)[v]
    car.server, car.turn = NOBODY, 0
    if car.full:
        here.present -= 1
    else:
        car.interruptions += 1
        if car.known_min >= 0:
            car.known_min = exact_min(stay_min(w, s, o - gun, v))
    after_service(w, v, car.full != 0)


@njit
def restore(w, s, gun):
    """Let a gun work again, unless another failure or a blackout goes on."""
    repair(w, s, gun)
    site.call_next(w, s, NOBODY)


@njit
def cut_power(w, s):
    """Begin a blackout."""
    here = m.sites(w)[s]
    here.dark += 1
    power.cut_power(w, m.group_of_site(w, s))
    for gun in range(m.server_count(w, s)):
        fail(w, s, gun)


@njit
def restore_power(w, s):
    """End a blackout."""
    here = m.sites(w)[s]
    here.dark -= 1
    power.restore_power(w, m.group_of_site(w, s))
    for gun in range(m.server_count(w, s)):
        repair(w, s, gun)
    site.call_next(w, s, NOBODY)


@njit
def repair(w, s, gun):
    """Free a gun, unless another failure or a blackout goes on."""
    here = m.sites(w)[s]
    server = m.servers(w)[here.first_server + gun]
    server.down -= 1
    if server.down:
        return
    note_down(w, s, gun)
    here.up += 1
    here.changed = 1
    server.free = 1
    here.free += 1


@njit
def free_min(w, s, gun):
    """Return when the cloud foresees a gun to be free [min].

    In the past for a free one, never for one that is down.
    """
    number, o = m.sites(w)[s].first_server + gun, m.sites(w)[s].first_outlet + gun
    v = m.car_at_server(w, number)
    if m.servers(w)[number].down:
        return inf
    if v < 0:
        return 0.0
    car, after_min = m.cars(w)[v], m.rules(w)[0].handling_after_min + m.known(w)[s].overstay_min
    if car.full:  # perhaps longer than foreseen
        return max(m.clock(w)[0].now, car.full_min + after_min)
    if not m.outlets(w)[o].taken:
        return car.starts_min + exact_min(minutes_at(w, o, v)) + after_min
    return power.foreseen_end_min(w, o) + after_min


@njit
def note_down(w, s, gun):
    """Write to the statistics how long a gun has been out of order."""
    server = m.servers(w)[m.sites(w)[s].first_server + gun]
    statistics.down(w, s, server.down_since, m.clock(w)[0].now)


@njit
def plug_in(w, s, v):
    """Begin to charge a vehicle at its gun."""
    car, wish = m.cars(w)[v], m.wishes(w)[v]
    o, target_soc = m.sites(w)[s].first_outlet + car.server, max(wish.target_soc, car.soc)
    power.plug_in(w, o, car.soc, target_soc, wish.battery_kwh, wish.curve)


@njit
def start(w, s, v):
    """Begin to charge after handling and failed tries."""
    m.cars(w)[v].turn = 0
    plug_in(w, s, v)


@njit
def minutes_at(w, o, v):
    """Return the minutes that a vehicle needs at a gun that nobody shares [min]."""
    car, wish = m.cars(w)[v], m.wishes(w)[v]
    target_soc = max(wish.target_soc, car.soc)
    edges, powers = m.edge_soc(w)[wish.curve], m.step_kw(w)[m.outlets(w)[o].type, wish.curve]
    return charge_min(car.soc, target_soc, wish.battery_kwh, edges, powers)


@njit
def stay_min(w, s, o, v):
    """Return the minutes that a vehicle is expected to occupy a gun that nobody shares [min]."""
    known = m.known(w)[s]
    return known.handling_min + minutes_at(w, o, v) + known.overstay_min


@njit
def servers_free(w, s):
    """Return how many vehicles could be served now."""
    return 0 if m.sites(w)[s].dark else m.sites(w)[s].free


@njit
def take_server(w, s, v):
    """Give a vehicle the best of the free guns, as the SimPy engine says which."""
    here = m.sites(w)[s]
    if here.types == 1 and here.cabinets == 1:
        site.take_lowest(w, s, v)
        return
    best, best_min, best_rank, best_used = NOBODY, inf, 0, 0
    for gun in range(m.server_count(w, s)):
        if not m.servers(w)[here.first_server + gun].free:
            continue
        outlet = m.outlets(w)[here.first_outlet + gun]
        minutes = minutes_at(w, here.first_outlet + gun, v) if here.types > 1 else 0.0
        rank = -outlet.rank if here.types > 1 else 0
        used = used_at_cabinet(w, s, outlet.cabinet)
        closer = minutes == best_min and (
            rank < best_rank or (rank == best_rank and used < best_used)
        )
        if best < 0 or minutes < best_min or closer:
            best, best_min, best_rank, best_used = gun, minutes, rank, used
    site.take(w, s, v, best)


@njit
def used_at_cabinet(w, s, cabinet):
    """Return how many guns of a cabinet are in use."""
    here, used = m.sites(w)[s], 0
    for gun in range(m.server_count(w, s)):
        taken = m.servers(w)[here.first_server + gun].car >= 0
        used += taken and m.outlets(w)[here.first_outlet + gun].cabinet == cabinet
    return used


@njit
def charged(w, s, gun):
    """End the charge of a vehicle that is full; it leaves after handling and overstay."""
    v = m.car_at_server(w, m.sites(w)[s].first_server + gun)
    note_charge(w, s, gun, v)
    car = m.cars(w)[v]
    car.full, car.full_min = 1, m.clock(w)[0].now
    minutes = m.rules(w)[0].handling_after_min + m.wishes(w)[v].overstay_min
    if minutes == 0.0:
        vacate(w, s, gun)
    else:
        car.turn = new_stamp(w)
        schedule(w, minutes, outlet_key(EventClass.DONE, s, gun), GUN_IS_LEFT, v, car.turn)


@njit
def leave_gun(w, s, v):
    """Let a vehicle leave its gun."""
    m.cars(w)[v].turn = 0
    vacate(w, s, np.int64(m.cars(w)[v].server))


@njit
def vacate(w, s, gun):
    """Let a vehicle that is full go, and call the next."""
    v = m.car_at_server(w, m.sites(w)[s].first_server + gun)
    note_stay(w, s, v)
    site.give_back(w, s, gun)
    after_service(w, v, True)
    site.call_next(w, s, NOBODY)


@njit
def note_charge(w, s, gun, v):
    """Write what a vehicle was charged to the statistics and to the vehicle."""
    car, now = m.cars(w)[v], m.clock(w)[0].now
    charge = m.outlets(w)[m.sites(w)[s].first_outlet + gun]
    statistics.charging(w, s, charge.begun_min, now)
    car.charging_min += now - charge.begun_min
    energy_kwh = (charge.soc - car.soc) * m.wishes(w)[v].battery_kwh
    car.energy_kwh += energy_kwh
    m.noted_kwh(w)[s] += energy_kwh
    car.soc = charge.soc


@njit
def note_stay(w, s, v):
    """Write how long a vehicle occupied its gun to the statistics and to the vehicle."""
    car, now = m.cars(w)[v], m.clock(w)[0].now
    site.count_occupied(w, s, -1)
    car.service_min += now - car.taken_min
