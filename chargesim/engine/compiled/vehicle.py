"""Tell each vehicle's story, from event to event; `engine.simpy_engine` tells it in one piece."""

from numba import njit

from chargesim.demand.demand_table import CLOUD
from chargesim.engine.choice import choose_site
from chargesim.engine.compiled import arrays as m
from chargesim.engine.compiled import cloud, power
from chargesim.engine.compiled import site as at
from chargesim.engine.compiled.schedule import ARRIVAL_KEY, PATIENCE_KEY, WISH_KEY, schedule
from chargesim.engine.compiled.state import ARRIVAL, NOBODY, PATIENCE, WAITED
from chargesim.engine.deposits import deposit_level
from chargesim.engine.event_order import HOUR_MIN
from chargesim.engine.replication_totals import LOST, PARTIAL, SERVED, STRANDED, UNFINISHED
from chargesim.engine.rules import NOWHERE, OUTSIDE, charge_min, exact_min

_NONE = 2  # index of totals.KINDS
ENDLESS_MIN = 1e9
"""As in `simpy_engine`: no reservation helps against the wait at a site without power."""


@njit
def appear(w, index, row):
    """Let a vehicle appear at the instant of its wish."""
    clock = m.clock(w)[0]
    v = clock.free_car
    clock.free_car = m.cars(w)[v].next
    clock.under_way += 1
    m.wishes(w)[v] = m.table(w)[index]
    car, wish = m.cars(w)[v], m.wishes(w)[v]
    car.row, car.site, car.first_site, car.place, car.turn, car.judged = (
        row,
        NOBODY,
        NOBODY,
        NOBODY,
        0,
        0,
    )
    car.balks = car.reneges = car.diversions = car.interruptions = car.tries = 0
    car.failed_starts, car.late_min, car.held, car.known = (
        wish.failed_starts,
        wish.late_min,
        NOBODY,
        NOBODY,
    )
    car.joined_min = car.plug_min = car.promised_min = car.known_min = -1.0
    car.drive_min = car.wait_min = car.service_min = car.energy_kwh = 0.0
    car.soc = car.soc_in = wish.soc
    if wish.put_off_min > 0:
        schedule(w, wish.put_off_min, WISH_KEY + row, WAITED, v, 0)
    else:
        set_out_first(w, v)


@njit
def set_out_first(w, v):
    """Choose where to go first."""
    choice = choose(w, v, m.wishes(w)[v].origin)
    m.cars(w)[v].first_site = choice
    if choice < 0:
        leave(w, v, STRANDED if choice == NOWHERE else LOST, choice == OUTSIDE)


@njit
def go_on(w, v):
    """Go on to another site, or leave unserved."""
    car = m.cars(w)[v]
    if car.diversions == m.wishes(w)[v].max_diversions:
        leave(w, v, LOST, False)
        return
    m.tried(w)[v, car.tries] = car.site
    car.tries += 1
    choice = choose(w, v, m.candidates(w).shape[1] - len(m.sites(w)) + car.site)
    car.diversions += choice >= 0
    if choice < 0:
        leave(w, v, LOST, choice == OUTSIDE and car.reneges == 0)


@njit
def choose(w, v, origin):
    """Choose where the vehicle goes from here and set out; return the choice."""
    car, wish, now = m.cars(w)[v], m.wishes(w)[v], m.clock(w)[0].now
    follows = wish.guidance == CLOUD
    if follows:
        foresee(w, v, origin)
    wait_min = m.foreseen_min(w) if follows else m.posted_min(w)
    choice, km, minutes = choose_site(
        m.wishes(w), v, origin, car.soc, now, m.tried(w)[v], car.tries,
        m.candidates(w), m.known(w), wait_min, m.city(w), m.edge_soc(w), m.step_kw(w),
    )  # fmt: skip
    if choice < 0:
        return choice
    minutes = exact_min(minutes)
    if follows:
        send(w, v, choice, km, now + minutes)
        if m.rules(w)[0].reserve:
            minutes, car.late_min = minutes + car.late_min, 0.0
    car.site = choice
    car.drive_min += minutes
    car.soc -= km * wish.consumption_kwh_km / wish.battery_kwh
    schedule(w, minutes, ARRIVAL_KEY + car.row, ARRIVAL, v, 0)
    return choice


@njit
def foresee(w, v, origin):
    """Foresee the waits at the sites that a vehicle looks at."""
    wish, now = m.wishes(w)[v], m.clock(w)[0].now
    period = m.city(w)[0].period_of_hour[int(now // 60.0) % 24]
    for way in range(2):
        which = wish.station_list if way == 0 else wish.swap_list
        if which >= 0:
            for rank in range(m.candidates(w).shape[2]):
                there = m.candidates(w)[which, origin, rank]
                if there.site >= 0:
                    m.foreseen_min(w)[there.site] = cloud.foreseen_wait_min(
                        w, there.site, now + exact_min(there.minutes[period])
                    )


@njit
def send(w, v, s, km, arrival_min):
    """Note that a vehicle is on its way to a site, which it tells how long it will stay there."""
    car, wish, place = m.cars(w)[v], m.wishes(w)[v], m.known(w)[s]
    if m.sites(w)[s].kind:
        car.known_min = exact_min(place.swap_min)
    else:
        soc = car.soc - km * wish.consumption_kwh_km / wish.battery_kwh
        powers = m.step_kw(w)[place.outlet, wish.curve]
        car.known_min = exact_min(
            charge_min(
                soc, max(soc, wish.target_soc), wish.battery_kwh, m.edge_soc(w)[wish.curve], powers
            )
        )
    cloud.announce(w, s, v, arrival_min, m.foreseen_min(w)[s])


@njit
def arrived(w, v):
    """Arrive at a site: balk, be served at once, or wait."""
    car = m.cars(w)[v]
    s = car.site
    at.arrive(w, s, v)
    if at.visible_wait_min(w, s) > (
        m.wishes(w)[v].tolerance_min if car.promised_min < 0 else ENDLESS_MIN
    ):
        car.balks += 1
        at.lost(w, s)
        go_on(w, v)
        return
    here = m.sites(w)[s]
    here.present += 1
    here.changed = 1
    if here.queued == 0 and here.held < 0 and at.places_free(w, s) > 0:
        at.take_place(w, s, v)
        begin(w, v)
    else:
        wait(w, s, v, at.ORDINARY, m.clock(w)[0].now)


@njit
def wait(w, s, v, rank, rank_min):
    """Stand in a queue; who is called at once is served after the others that are called with it."""
    at.enqueue(w, s, v, rank, rank_min)
    turn = m.cars(w)[v].turn
    call_next(w, s, v)
    if m.cars(w)[v].place >= 0:
        begin(w, v)
    else:
        if m.sites(w)[s].holding:
            at.fill_slots(w, s)
        schedule(w, m.wishes(w)[v].patience_min, PATIENCE_KEY + m.cars(w)[v].row, PATIENCE, v, turn)


@njit
def call_next(w, s, me):
    """Call waiting vehicles to places that are free; `me` is the one that has just come and begins last."""
    while m.sites(w)[s].queued > 0 and at.places_free(w, s) > 0:
        v = at.first_in_turn(w, s) if m.rules(w)[0].reserve else m.sites(w)[s].head
        if v < 0:
            return
        at.leave_queue(w, s, v)
        at.take_place(w, s, v)
        if v != me:
            begin(w, v)


@njit
def begin(w, v):
    """Be served at the place that was given."""
    car = m.cars(w)[v]
    if car.plug_min < 0:
        car.plug_min, car.soc_in = m.clock(w)[0].now, car.soc
    at.serve(w, car.site, v)


@njit
def lose_patience(w, v):
    """Leave a queue when patience ends."""
    s = m.cars(w)[v].site
    at.leave_queue(w, s, v)
    m.sites(w)[s].present -= 1
    m.sites(w)[s].changed = 1
    m.cars(w)[v].reneges += 1
    at.lost(w, s)
    go_on(w, v)


@njit
def end_try(w, v):
    """Begin to charge after a failed try."""
    car, now = m.cars(w)[v], m.clock(w)[0].now
    deposit_level(
        m.busy_min(w), car.site, car.joined_min, now, 1.0, m.rules(w)[0].start_min, HOUR_MIN
    )
    car.service_min += now - car.joined_min
    car.turn = 0
    at.plug_car_in(w, car.site, v)


@njit
def charged(w, o):
    """End a charge: of a vehicle that leaves, or of a pack that is ready."""
    power.finish(w, o)
    s = m.outlets(w)[o].site
    here = m.sites(w)[s]
    if here.kind:
        here.charging -= 1
        at.count_ready(w, s, 1)
        at.fill_slots(w, s)
    else:
        gun = o - here.first_outlet
        place = m.places(w)[here.first_place + gun]
        v = place.car
        at.note_service(w, s, v, gun, True)
        at.give_back(w, s, gun)
        leave(w, v, SERVED, False)
    call_next(w, s, NOBODY)


@njit
def leave_bay(w, v):
    """Leave a swap site with a charged pack; the other goes to a slot."""
    car, battery_kwh = m.cars(w)[v], m.wishes(w)[v].battery_kwh
    s = car.site
    here, now = m.sites(w)[s], m.clock(w)[0].now
    last = here.first_pack + (here.empty_at + here.empty) % here.packs
    m.empty(w)[last, 0], m.empty(w)[last, 1] = car.soc, battery_kwh
    here.empty += 1
    car.energy_kwh += max(0.0, here.hand_out_soc - car.soc) * battery_kwh
    car.soc = max(car.soc, here.hand_out_soc)
    begun_min = m.places(w)[here.first_place + car.place].begun_min
    car.service_min += now - begun_min
    deposit_level(m.busy_min(w), s, begun_min, now, 1.0, m.rules(w)[0].start_min, HOUR_MIN)
    at.give_back(w, s, car.place)
    at.fill_slots(w, s)
    leave(w, v, SERVED, False)
    call_next(w, s, NOBODY)


@njit
def fail(w, s, gun):
    """Let a gun be out of order until it is restored; the vehicle at it keeps its SOC and goes first in the queue, once."""
    here = m.sites(w)[s]
    place = m.places(w)[here.first_place + gun]
    place.down += 1
    if place.down > 1:
        return
    place.down_since = m.clock(w)[0].now
    here.up -= 1
    here.changed = 1
    if place.free:
        place.free = 0
        here.free -= 1
        return
    v, o = place.car, here.first_outlet + gun
    place.car = NOBODY
    charging = m.outlets(w)[o].taken != 0
    if charging:
        power.unplug(w, o)
    at.note_service(w, s, v, gun, charging)
    car = m.cars(w)[v]
    car.place, car.turn = NOBODY, 0
    car.interruptions += 1
    if car.known_min >= 0:
        car.known_min = exact_min(power.minutes_at(w, here.first_outlet, v))
    if car.interruptions > 1:
        here.present -= 1
        here.changed = 1
        go_on(w, v)
    else:
        wait(w, s, v, at.INTERRUPTED, m.clock(w)[0].now)


@njit
def restore(w, s, gun):
    """Let a gun work again, unless another failure or a blackout still holds."""
    repair(w, s, gun)
    call_next(w, s, NOBODY)


@njit
def repair(w, s, gun):
    """Let a gun be free again, unless another failure or a blackout still holds."""
    here = m.sites(w)[s]
    place = m.places(w)[here.first_place + gun]
    place.down -= 1
    if place.down:
        return
    at.note_down(w, s, gun)
    here.up += 1
    here.changed = 1
    place.free = 1
    here.free += 1


@njit
def cut(w, s):
    """Let a blackout of a site begin."""
    here = m.sites(w)[s]
    here.dark += 1
    power.cut(w, here.group)
    if here.kind:
        here.changed = 1
    else:
        for gun in range(here.servers):
            fail(w, s, gun)


@njit
def light(w, s):
    """Let a blackout of a site end."""
    here = m.sites(w)[s]
    here.dark -= 1
    power.restore(w, here.group)
    if here.kind:
        here.changed = 1
    else:
        for gun in range(here.servers):
            repair(w, s, gun)
    call_next(w, s, NOBODY)


@njit
def lapse(w, s, row):
    """Give up a reservation whose vehicle has not come in time."""
    v = m.sites(w)[s].held
    while v >= 0 and m.cars(w)[v].row != row:
        v = m.cars(w)[v].held_next
    if v >= 0:
        cloud.release(w, v)
        m.cars(w)[v].promised_min = -1.0
        call_next(w, s, NOBODY)


@njit
def leave(w, v, outcome, outside):
    """Write a vehicle's session to the log and let it go."""
    clock, car = m.clock(w)[0], m.cars(w)[v]
    if outcome == LOST and car.energy_kwh > 0:
        outcome = PARTIAL
    write_session(w, v, outcome, outside)
    clock.under_way -= 1
    clock.judged -= car.judged
    car.row = NOBODY
    car.next = clock.free_car
    clock.free_car = v


@njit
def write_session(w, v, outcome, outside):
    """Write a row of the session log."""
    clock, car = m.clock(w)[0], m.cars(w)[v]
    place = car.site if outcome == SERVED else car.first_site
    row = m.log(w)[clock.logged]
    clock.logged += 1
    row.row, row.site, row.kind = car.row, car.site, m.sites(w)[place].kind if place >= 0 else _NONE
    row.outcome, row.outside = outcome, 1 if outside and outcome == LOST else 0
    row.balks, row.reneges, row.diversions, row.interruptions = (
        car.balks,
        car.reneges,
        car.diversions,
        car.interruptions,
    )
    row.drive_min, row.wait_min, row.plug_min, row.end_min = (
        car.drive_min,
        car.wait_min,
        car.plug_min,
        clock.now,
    )
    row.service_min, row.energy_kwh = car.service_min, car.energy_kwh
    row.soc_in, row.soc_out = car.soc_in if car.plug_min >= 0 else car.soc, car.soc


@njit
def end_day(w):
    """Write to the day's statistics what goes on over its end; nothing else changes."""
    for g in range(len(m.groups(w))):
        power.end_day(w, g)
    for s in range(len(m.sites(w))):
        at.end_day(w, s)


@njit
def close(w):
    """Bring the vehicles up to now, at the end of the horizon, and log who is still under way."""
    now = m.clock(w)[0].now
    for g in range(len(m.groups(w))):
        power.settle_all(w, g)
    for s in range(len(m.sites(w))):
        here = m.sites(w)[s]
        at.tick(w, s)
        v = here.head
        while v >= 0:
            at.note_wait(w, s, v)
            v = m.cars(w)[v].next
        for number in range(here.servers):
            place = m.places(w)[here.first_place + number]
            if place.car < 0:
                continue
            if here.kind:
                m.cars(w)[place.car].service_min += now - place.begun_min
            else:
                charging = m.outlets(w)[here.first_outlet + number].taken != 0
                at.note_service(w, s, place.car, number, charging)
    for v in range(len(m.cars(w))):
        if m.cars(w)[v].row >= 0:
            write_session(w, v, UNFINISHED, False)
