"""Tell each vehicle's story, cut at its events: choose, drive, queue, charge or swap, leave."""

from numba import njit
from numba.extending import overload

from chargesim.demand.demand_table import CLOUD
from chargesim.engine._numba import inlined
from chargesim.engine.choice import choose_site, origin_of_site
from chargesim.engine.compiled import arrays as m
from chargesim.engine.compiled import cloud, kinds, site, steps
from chargesim.engine.compiled import day_statistics as statistics
from chargesim.engine.compiled.schedule import schedule
from chargesim.engine.compiled.state import ARRIVES, NOBODY, SETS_OUT
from chargesim.engine.event_order import EventClass, vehicle_key
from chargesim.engine.queue_rules import balks, outcome_of
from chargesim.engine.replication_totals import LOST, NO_KIND, SERVED, STRANDED
from chargesim.engine.rules import NOWHERE, OUTSIDE, exact_min, soc_after_drive


@njit
def appear(w, index, row):
    """Begin the story of a vehicle, at the instant of its wish."""
    clock = m.clock(w)[0]
    v = clock.free_car
    clock.free_car = m.cars(w)[v].next
    clock.under_way += 1
    m.wishes(w)[v] = m.table(w)[index]
    car, wish = m.cars(w)[v], m.wishes(w)[v]
    car.row, car.turn, car.judged, car.tries, car.full = row, 0, 0, 0, 0
    car.site = car.first_site = car.server = car.held = car.known = NOBODY
    car.balks = car.reneges = car.diversions = car.interruptions = 0
    car.failed_starts, car.late_min = wish.failed_starts, wish.late_min
    car.joined_min = car.plug_min = car.promised_min = car.known_min = car.waits_since_min = -1.0
    car.drive_min = car.wait_min = car.queue_min = 0.0
    car.service_min = car.charging_min = car.energy_kwh = 0.0
    car.taken_min = car.starts_min = car.full_min = -1.0
    car.soc = car.soc_in = wish.soc
    if wish.put_off_min > 0:
        schedule(w, wish.put_off_min, vehicle_key(EventClass.WISH, row), SETS_OUT, v, 0)
    else:
        set_out(w, v)


@njit
def set_out(w, v):
    """Choose the first site and drive there, or leave."""
    choice, km, minutes = choose(w, v, m.wishes(w)[v].origin)
    m.cars(w)[v].first_site = choice
    if choice >= 0:
        drive(w, v, choice, km, minutes)
    else:
        leave(w, v, STRANDED if choice == NOWHERE else LOST, choice == OUTSIDE)


@njit
def arrive(w, v):
    """Arrive at a site: balk, be served at once, or wait."""
    s = m.site_of_car(w, v)
    begin_wait(w, v)
    kinds.arrive(w, s, v)
    if balks_at(w, s, v):
        m.cars(w)[v].balks += 1
        statistics.lost(w, s, m.clock(w)[0].now)
        go_on(w, v)
    elif not site.join(w, s, v):
        steps.after_turn(w, v)


@overload(steps.after_turn)
def _after_turn(w, v):
    """Be served at the gun or bay that is given, or go on unserved."""

    def after_turn(w, v):
        car = m.cars(w)[v]
        if car.server < 0:
            go_on(w, v)
            return
        end_wait(w, v)
        if car.plug_min < 0:
            car.plug_min, car.soc_in = m.clock(w)[0].now, car.soc
        site.serve(w, m.site_of_car(w, v), v)

    return after_turn


@overload(steps.after_service)
def _after_service(w, v, full):
    """Leave when full; after a failure of the gun wait again, or go on."""

    def after_service(w, v, full):
        if full:
            leave(w, v, SERVED, False)
            return
        begin_wait(w, v)
        if not site.rejoin(w, m.site_of_car(w, v), v):
            steps.after_turn(w, v)

    return after_service


@njit
def go_on(w, v):
    """Go on to another site, or leave unserved."""
    if not may_divert(w, v):
        leave(w, v, LOST, False)
        return
    car = m.cars(w)[v]
    m.tried(w)[v, car.tries] = car.site
    car.tries += 1
    origin = origin_of_site(m.candidates(w).shape[1], len(m.sites(w)), car.site)
    choice, km, minutes = choose(w, v, origin)
    if choice >= 0:
        car.diversions += 1
        drive(w, v, choice, km, minutes)
    else:
        leave(w, v, LOST, choice == OUTSIDE)


@njit
def choose(w, v, origin):
    """Return where the vehicle goes from where it is, the way [km] and the drive [min]."""
    car, now = m.cars(w)[v], m.clock(w)[0].now
    follows = m.wishes(w)[v].guidance == CLOUD
    if follows:
        cloud.foresee(w, v, origin)
    wait_min = m.foreseen_min(w) if follows else m.posted_min(w)
    choice, km, minutes = choose_site(
        m.wishes(w), v, origin, car.soc, now, m.tried(w)[v], car.tries,
        m.candidates(w), m.known(w), wait_min, m.city(w), m.edge_soc(w), m.step_kw(w),
        m.outside_min(w),
    )  # fmt: skip
    if follows and choice >= 0:
        cloud.send(w, v, choice, km, now + exact_min(minutes))
    return choice, km, minutes


@njit
def drive(w, v, s, km, minutes):
    """Drive to a site, which takes energy; who has a reservation may be late."""
    car, wish = m.cars(w)[v], m.wishes(w)[v]
    minutes = exact_min(minutes)
    if wish.guidance == CLOUD and m.rules(w)[0].reserve:
        minutes, car.late_min = minutes + car.late_min, 0.0
    car.site = s
    car.drive_min += minutes
    car.soc = soc_after_drive(car.soc, km, wish.consumption_kwh_km, wish.battery_kwh)
    schedule(w, minutes, vehicle_key(EventClass.ARRIVAL, car.row), ARRIVES, v, 0)


@inlined
def balks_at(w, s, v):
    """Tell whether the vehicle refuses to queue at a site."""
    tolerance_min, promised_min = m.wishes(w)[v].tolerance_min, m.cars(w)[v].promised_min
    return balks(site.visible_wait_min(w, s), tolerance_min, promised_min)


@inlined
def begin_wait(w, v):
    """Let the wait run from now on, unless it runs already."""
    if m.cars(w)[v].waits_since_min < 0:
        m.cars(w)[v].waits_since_min = m.clock(w)[0].now


@inlined
def end_wait(w, v):
    """Let the wait rest: the vehicle has a gun or bay, or leaves."""
    car = m.cars(w)[v]
    if car.waits_since_min >= 0:
        car.wait_min += m.clock(w)[0].now - car.waits_since_min
        car.waits_since_min = -1.0


@inlined
def may_divert(w, v):
    """Tell whether the vehicle may go on to another site."""
    return m.cars(w)[v].diversions != m.wishes(w)[v].max_diversions


@njit
def leave(w, v, outcome, outside):
    """Let the vehicle go and log its session."""
    clock, car = m.clock(w)[0], m.cars(w)[v]
    log_session(w, v, outcome_of(outcome, car.energy_kwh), outside)
    clock.under_way -= 1
    clock.judged -= car.judged
    car.row, car.next = NOBODY, clock.free_car
    clock.free_car = v


@njit
def log_session(w, v, outcome, outside):
    """Write a row of the session log."""
    clock, car = m.clock(w)[0], m.cars(w)[v]
    end_wait(w, v)
    s = car.site if outcome == SERVED else car.first_site
    row = m.log(w)[clock.logged]
    clock.logged += 1
    row.row, row.site, row.kind = car.row, car.site, m.sites(w)[s].kind if s >= 0 else NO_KIND
    row.outcome, row.chose_outside = outcome, 1 if outside and outcome == LOST else 0
    row.balks, row.reneges, row.diversions = car.balks, car.reneges, car.diversions
    row.interruptions, row.drive_min, row.wait_min = car.interruptions, car.drive_min, car.wait_min
    row.queue_min = car.queue_min
    row.plug_min, row.end_min, row.service_min = car.plug_min, clock.now, car.service_min
    row.charging_min = car.charging_min
    row.energy_kwh, row.soc_out = car.energy_kwh, car.soc
    row.soc_in = car.soc_in if car.plug_min >= 0 else car.soc
