"""Tell each vehicle's story: choose, drive, queue, charge or swap, leave."""

from chargesim.demand.demand_table import CLOUD
from chargesim.engine.choice import choose_site, origin_of_site
from chargesim.engine.event_order import EventClass, vehicle_key
from chargesim.engine.queue_rules import balks, outcome_of
from chargesim.engine.replication_totals import LOST, NO_KIND, SERVED, STRANDED
from chargesim.engine.rules import NOWHERE, OUTSIDE, exact_min, soc_after_drive
from chargesim.engine.simpy.car import Car
from chargesim.engine.simpy.events import Process, ScheduledEvent
from chargesim.engine.simpy.site import Site
from chargesim.engine.simpy.state import City


def story(city: City, car: Car) -> Process:
    """One vehicle: choose, drive, queue, charge or swap, leave."""
    city.under_way[car.row] = car
    if car.put_off_min > 0:
        yield ScheduledEvent(city.env, car.put_off_min, vehicle_key(EventClass.WISH, car.row))
    choice, km, minutes = choose(city, car)
    car.first_site = choice
    while choice >= 0:
        yield drive(city, car, choice, km, minutes)
        site = city.sites[choice]
        begin_wait(city, car)
        site.arrive(car)
        if balks_at(site, car):
            car.balks += 1
            city.statistics.lost(choice, city.env.now)
        else:
            turn = site.join(car)
            if turn is not None:
                yield turn
            while car.server >= 0:  # once, or again after a failure of the gun
                end_wait(city, car)
                if car.plug_min < 0:
                    car.plug_min, car.soc_in = city.env.now, car.soc
                yield site.serve(car)
                if car.full:
                    return leave(city, car, SERVED)
                begin_wait(city, car)
                turn = site.rejoin(car)
                if turn is not None:
                    yield turn
        if not may_divert(car):
            return leave(city, car, LOST)
        car.tried.append(choice)
        car.origin = origin_of_site(city.facilities.candidates.shape[1], len(city.sites), choice)
        choice, km, minutes = choose(city, car)
        car.diversions += choice >= 0
    stranded = choice == NOWHERE and not car.tried
    leave(city, car, STRANDED if stranded else LOST, choice == OUTSIDE)


def choose(city: City, car: Car) -> tuple[int, float, float]:
    """Return where the vehicle goes from where it is, the way [km] and the drive [min]."""
    facilities, now = city.facilities, city.env.now
    for i, site in enumerate(car.tried):
        city.tried[i] = site
    follows = car.guidance == CLOUD
    wait_min = city.cloud.foresee(car, now) if follows else city.posted_wait_min
    choice, km, minutes = choose_site(
        car.table, car.index, car.origin, car.soc, now, city.tried, len(car.tried),
        facilities.candidates, facilities.known, wait_min,
        facilities.city, facilities.edge_soc, facilities.step_kw,
        facilities.outside_min,
    )  # fmt: skip
    if follows and choice >= 0:
        city.cloud.send(car, choice, km, now + exact_min(minutes))
    return choice, km, minutes


def drive(city: City, car: Car, site: int, km: float, minutes: float) -> ScheduledEvent:
    """Drive to a site, which takes energy; who has a reservation may be late."""
    minutes = exact_min(minutes)
    if car.guidance == CLOUD and city.facilities.operating_rules.reserve:
        minutes, car.late_min = minutes + car.late_min, 0.0
    car.site = site
    car.drive_min += minutes
    car.soc = soc_after_drive(car.soc, km, car.consumption_kwh_km, car.battery_kwh)
    return ScheduledEvent(city.env, minutes, vehicle_key(EventClass.ARRIVAL, car.row))


def balks_at(site: Site, car: Car) -> bool:
    """Tell whether the vehicle refuses to queue at a site."""
    return bool(balks(site.visible_wait_min(), car.tolerance_min, car.promised_min))


def begin_wait(city: City, car: Car) -> None:
    """Let the wait run from now on, unless it runs already."""
    if car.waits_since_min < 0:
        car.waits_since_min = city.env.now


def end_wait(city: City, car: Car) -> None:
    """Let the wait rest: the vehicle has a gun or bay, or leaves."""
    if car.waits_since_min >= 0:
        car.wait_min += city.env.now - car.waits_since_min
        car.waits_since_min = -1.0


def may_divert(car: Car) -> bool:
    """Tell whether the vehicle may go on to another site."""
    return bool(car.diversions != car.max_diversions)


def leave(city: City, car: Car, outcome: int, outside: bool = False) -> None:
    """Let the vehicle go and log its session."""
    del city.under_way[car.row]
    log_session(city, car, outcome_of(outcome, car.energy_kwh), outside)


def log_session(city: City, car: Car, outcome: int, outside: bool = False) -> None:
    """Write a row of the session log."""
    end_wait(city, car)
    number = car.site if outcome == SERVED else car.first_site
    kind = city.sites[number].kind if number >= 0 else NO_KIND
    soc_in = car.soc_in if car.plug_min >= 0 else car.soc
    city.rows.append(
        (car.row, car.site, kind, outcome, outside and outcome == LOST,
         car.balks, car.reneges, car.diversions, car.interruptions,
         car.drive_min, car.wait_min, car.queue_min, car.plug_min, city.env.now, car.service_min,
         car.charging_min, car.energy_kwh, soc_in, car.soc)
    )  # fmt: skip
