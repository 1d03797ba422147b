"""Queue vehicles, give them places and serve them; `engine.site`, `station` and `swap_site` say what and why.

What follows when a vehicle is called stands in `story`.
"""

from math import inf

from numba import njit

from chargesim.engine.compiled import arrays as m
from chargesim.engine.compiled.cloud import forget, know, release
from chargesim.engine.compiled.linked_list import inserter, remover
from chargesim.engine.compiled.power import minutes_at, plug_in
from chargesim.engine.compiled.schedule import DONE_KEY, new_stamp, outlet_key, schedule
from chargesim.engine.compiled.state import BAY_END, NOBODY, TRY_END
from chargesim.engine.deposits import deposit_level
from chargesim.engine.event_order import HOUR_MIN
from chargesim.engine.rules import (
    base_stock,
    faded,
    station_wait_min,
    swap_wait_min,
)

INTERRUPTED, ORDINARY = range(2)


@njit
def visible_wait_min(w, s):
    """Return the wait that a vehicle expects on sight [min]."""
    site = m.sites(w)[s]
    if site.kind:
        if site.dark:
            return inf
        return swap_wait_min(
            site.present, site.servers, site.swap_min, site.ready, site.interval_min
        )
    if site.present < site.up:
        return 0.0
    return station_wait_min(site.present, site.up, site.service_min) if site.up else inf


@njit
def arrive(w, s, v):
    """Count an arrival; a reservation that has not lapsed becomes a place in the queue."""
    site, now, rules = m.sites(w)[s], m.clock(w)[0].now, m.rules(w)[0]
    if now < rules.end_min:
        hour = int((now - rules.start_min) / HOUR_MIN)
        m.arrivals(w)[s, hour] += 1
        if site.kind and site.ready > site.queued:
            m.pack_found(w)[s, hour] += 1
    if rules.cloud:
        forget(w, v)
        if not release(w, v):
            m.cars(w)[v].promised_min = -1.0
    if site.kind and rules.smart:
        site.arrivals = 1.0 + faded(site.arrivals, now - site.arrivals_min, rules.memory_min)
        site.arrivals_min = now


@njit
def lost(w, s):
    """Count a vehicle that goes away unserved: it balked, or its patience ended."""
    now, rules = m.clock(w)[0].now, m.rules(w)[0]
    if now < rules.end_min:
        m.losses(w)[s, int((now - rules.start_min) / HOUR_MIN)] += 1


@njit
def places_free(w, s):
    """Return how many vehicles could be served now."""
    site = m.sites(w)[s]
    free = 0 if site.dark else site.free
    return min(free, site.ready) if site.kind else free


@njit
def lowest_free(w, s):
    """Return the free gun or bay with the lowest number."""
    site = m.sites(w)[s]
    for place in range(site.servers):
        if m.places(w)[site.first_place + place].free:
            return place
    return NOBODY


@njit
def best_gun(w, s, v):
    """Return, of the free guns, one at which the vehicle is full soonest; see `Station._take_place`."""
    site = m.sites(w)[s]
    best, best_min, best_rank, best_used = NOBODY, inf, 0, 0
    for number in range(site.servers):
        if not m.places(w)[site.first_place + number].free:
            continue
        gun = m.outlets(w)[site.first_outlet + number]
        minutes = minutes_at(w, site.first_outlet + number, v) if site.types > 1 else 0.0
        rank = -gun.rank if site.types > 1 else 0
        used = 0
        for other in range(site.servers):
            taken = m.places(w)[site.first_place + other].car >= 0
            used += taken and m.outlets(w)[site.first_outlet + other].cabinet == gun.cabinet
        closer = minutes == best_min and (
            rank < best_rank or (rank == best_rank and used < best_used)
        )
        if best < 0 or minutes < best_min or closer:
            best, best_min, best_rank, best_used = number, minutes, rank, used
    return best


@njit
def take_place(w, s, v):
    """Give a free gun or bay to a vehicle."""
    site = m.sites(w)[s]
    simple = site.kind != 0 or (site.types == 1 and site.cabinets == 1)
    place = lowest_free(w, s) if simple else best_gun(w, s, v)
    m.places(w)[site.first_place + place].free = 0
    site.free -= 1
    m.cars(w)[v].place = place
    if site.kind:
        count_ready(w, s, -1)
        if site.holding:
            fill_slots(w, s)


@njit
def give_back(w, s, place):
    """Free a gun or bay that a vehicle leaves."""
    site = m.sites(w)[s]
    m.places(w)[site.first_place + place].free, m.places(w)[site.first_place + place].car = (
        1,
        NOBODY,
    )
    site.free += 1
    site.present -= 1
    site.changed = 1


@njit
def goes_before(one, other):
    """Tell whether a vehicle stands before another by rank."""
    if one.rank != other.rank:
        return one.rank < other.rank
    if one.rank_min != other.rank_min:
        return one.rank_min < other.rank_min
    return one.row < other.row


insert_queued, remove_queued = inserter("head", "next", goes_before), remover("head", "next")


@njit
def enqueue(w, s, v, rank, rank_min):
    """Put a vehicle into a queue by its rank."""
    car, site = m.cars(w)[v], m.sites(w)[s]
    car.joined_min, car.turn, car.rank, car.rank_min = (
        m.clock(w)[0].now,
        new_stamp(w),
        rank,
        rank_min,
    )
    tick(w, s)
    insert_queued(w, s, v)
    site.queued += 1
    if m.rules(w)[0].cloud:
        know(w, s, v, m.clock(w)[0].now)


@njit
def first_in_turn(w, s):
    """Return the first in a queue for whom a place is left when those that are held for others are not counted."""
    site, now, hold_min, places = (
        m.sites(w)[s],
        m.clock(w)[0].now,
        m.rules(w)[0].hold_min,
        places_free(w, s),
    )
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
        if places > before:
            return reserved
    return ordinary if places > held else NOBODY


@njit
def promised_before(one, other):
    """Tell whether a vehicle has an earlier promise than another."""
    return one.promised_min < other.promised_min or (
        one.promised_min == other.promised_min and one.row < other.row
    )


@njit
def leave_queue(w, s, v):
    """Take a vehicle out of a queue."""
    site, car = m.sites(w)[s], m.cars(w)[v]
    tick(w, s)
    remove_queued(w, s, v)
    site.queued -= 1
    car.turn = 0
    note_wait(w, s, v)
    if m.rules(w)[0].cloud:
        forget(w, v)


@njit
def note_wait(w, s, v):
    """Write what a vehicle waited to the statistics and to the vehicle."""
    minutes = m.clock(w)[0].now - m.cars(w)[v].joined_min
    m.cars(w)[v].wait_min += minutes
    m.queue_check_min(w)[s, 1] += minutes


@njit
def tick(w, s):
    """Advance a queue's clock."""
    site, now = m.sites(w)[s], m.clock(w)[0].now
    if site.queued and now > site.queue_since:
        deposit_level(
            m.queue_min(w),
            s,
            site.queue_since,
            now,
            float(site.queued),
            m.rules(w)[0].start_min,
            HOUR_MIN,
        )
        m.queue_check_min(w)[s, 0] += site.queued * (now - site.queue_since)
    site.queue_since = now


@njit
def serve(w, s, v):
    """Plug a vehicle in, after the tries that fail, or begin to swap its pack."""
    site, car, now = m.sites(w)[s], m.cars(w)[v], m.clock(w)[0].now
    place = m.places(w)[site.first_place + car.place]
    place.car = v
    if site.kind:
        place.begun_min = now
        schedule(w, site.swap_min, outlet_key(DONE_KEY, s, car.place), BAY_END, v, 0)
    elif not car.failed_starts:
        plug_car_in(w, s, v)
    else:
        minutes = m.rules(w)[0].failed_start_min
        car.failed_starts, car.joined_min, car.turn = 0, now, new_stamp(w)
        schedule(w, minutes, outlet_key(DONE_KEY, s, car.place), TRY_END, v, car.turn)


@njit
def plug_car_in(w, s, v):
    """Begin to charge a vehicle at the gun that it was given."""
    site, car, wish = m.sites(w)[s], m.cars(w)[v], m.wishes(w)[v]
    o = site.first_outlet + car.place
    plug_in(w, o, car.soc, max(wish.target_soc, car.soc), wish.battery_kwh, wish.curve)


@njit
def note_service(w, s, v, place, charged):
    """Write what a vehicle had at a gun to the statistics and to the vehicle."""
    site, car, now = m.sites(w)[s], m.cars(w)[v], m.clock(w)[0].now
    charge = m.outlets(w)[site.first_outlet + place]
    begun_min = charge.begun_min if charged else car.joined_min
    deposit_level(m.busy_min(w), s, begun_min, now, 1.0, m.rules(w)[0].start_min, HOUR_MIN)
    car.service_min += now - begun_min
    if charged:
        energy_kwh = (charge.soc - car.soc) * m.wishes(w)[v].battery_kwh
        car.energy_kwh += energy_kwh
        m.noted_kwh(w)[s] += energy_kwh
        car.soc = charge.soc


@njit
def note_down(w, s, gun):
    """Write to the statistics how long a gun has been out of order."""
    place = m.places(w)[m.sites(w)[s].first_place + gun]
    deposit_level(
        m.down_min(w),
        s,
        place.down_since,
        m.clock(w)[0].now,
        1.0,
        m.rules(w)[0].start_min,
        HOUR_MIN,
    )


@njit
def begun_min(w, s, v, place):
    """Return when a vehicle's charge, its try that fails, or its swap began [min]."""
    site = m.sites(w)[s]
    if site.kind:
        return m.places(w)[site.first_place + place].begun_min
    charge = m.outlets(w)[site.first_outlet + place]
    return charge.begun_min if charge.taken else m.cars(w)[v].joined_min


@njit
def end_day(w, s):
    """Write to the day's statistics what goes on over its end: in the queue, in the rack, at guns and in bays."""
    site, now, start_min = m.sites(w)[s], m.clock(w)[0].now, m.rules(w)[0].start_min
    deposit_level(m.queue_min(w), s, site.queue_since, now, float(site.queued), start_min, HOUR_MIN)
    if site.kind:
        deposit_level(
            m.ready_min(w), s, site.ready_since, now, float(site.ready), start_min, HOUR_MIN
        )
    for number in range(site.servers):
        place = m.places(w)[site.first_place + number]
        if place.car >= 0:
            deposit_level(
                m.busy_min(w), s, begun_min(w, s, place.car, number), now, 1.0, start_min, HOUR_MIN
            )
        if place.down:
            note_down(w, s, number)


@njit
def packs_to_keep(w, s):
    """Return how many packs must be charged or charging."""
    site, rules = m.sites(w)[s], m.rules(w)[0]
    per_min = (
        faded(site.arrivals, m.clock(w)[0].now - site.arrivals_min, rules.memory_min)
        / rules.memory_min
    )
    return 1 + base_stock(per_min * site.interval_min * site.outlets, rules.promised)


@njit
def fill_slots(w, s):
    """Charge waiting packs in free slots; in a dear hour only as many as the promise needs."""
    site = m.sites(w)[s]
    while site.empty > 0 and site.charging < site.outlets:
        if site.holding and site.ready + site.charging - site.queued >= packs_to_keep(w, s):
            return
        at = site.first_pack + site.empty_at
        soc, battery_kwh = m.empty(w)[at, 0], m.empty(w)[at, 1]
        site.empty_at = (site.empty_at + 1) % site.packs
        site.empty -= 1
        o = site.first_outlet
        while m.outlets(w)[o].taken:
            o += 1
        site.charging += 1
        plug_in(w, o, soc, max(soc, site.hand_out_soc), battery_kwh, site.curve)


@njit
def count_ready(w, s, change):
    """Count charged packs, and write how long so many stood in the rack."""
    site, now = m.sites(w)[s], m.clock(w)[0].now
    deposit_level(
        m.ready_min(w),
        s,
        site.ready_since,
        now,
        float(site.ready),
        m.rules(w)[0].start_min,
        HOUR_MIN,
    )
    site.ready_since = now
    site.ready += change
    site.changed = 1
