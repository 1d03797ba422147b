"""Tell the vehicles that follow the cloud what wait it foresees at the sites that they look at."""

from numba import njit

from chargesim.engine.compiled import arrays as m
from chargesim.engine.compiled import site
from chargesim.engine.event_order import HOUR_MIN
from chargesim.engine.rules import charge_min, exact_min, soc_after_drive


@njit
def foresee(w, v, origin):
    """Foresee the waits [min] by site, for a vehicle that sets out now."""
    wish, now = m.wishes(w)[v], m.clock(w)[0].now
    period = m.city(w)[0].period_of_hour[int(now // HOUR_MIN) % 24]
    for way in range(2):
        which = wish.station_list if way == 0 else wish.swap_list
        if which >= 0:
            for rank in range(m.candidates(w).shape[2]):
                there = m.candidates(w)[which, origin, rank]
                if there.site >= 0:
                    arrival_min = now + exact_min(there.minutes[period])
                    wait_min = site.foreseen_wait_min(w, there.site, arrival_min)
                    m.foreseen_min(w)[there.site] = wait_min


@njit
def send(w, v, s, km, arrival_min):
    """Note that a vehicle is on its way to a site, and how long it will stay there."""
    car, wish, known = m.cars(w)[v], m.wishes(w)[v], m.known(w)[s]
    if m.sites(w)[s].kind:
        car.known_min = exact_min(known.swap_min)
    else:
        soc = soc_after_drive(car.soc, km, wish.consumption_kwh_km, wish.battery_kwh)
        edges, powers = m.edge_soc(w)[wish.curve], m.step_kw(w)[known.outlet, wish.curve]
        minutes = charge_min(soc, max(soc, wish.target_soc), wish.battery_kwh, edges, powers)
        car.known_min = exact_min(known.handling_min + minutes + known.overstay_min)
    site.announce(w, s, v, arrival_min, m.foreseen_min(w)[s])
