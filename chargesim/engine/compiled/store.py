"""Run a battery store behind a grid connection."""

from numba import njit

from chargesim.engine.compiled import arrays as m
from chargesim.engine.compiled.schedule import new_stamp, schedule
from chargesim.engine.compiled.state import STORE_ENDS
from chargesim.engine.day_statistics import QUARTER_MIN, add_level
from chargesim.engine.event_order import STORE, EventClass, outlet_key
from chargesim.engine.operating_rules import IDLE
from chargesim.engine.store_rules import (
    store_energy_kwh,
    store_left_min,
    store_power_kw,
    store_works,
)


@njit
def works(w, g):
    """Tell whether a store can do what this hour asks."""
    store = m.groups(w)[g]
    return store_works(store.duty, store.energy_kwh, store.kwh)


@njit
def turn(w, g, duty):
    """Take another duty, none before the site opens; return whether it is another."""
    store = m.groups(w)[g]
    duty = duty if m.clock(w)[0].now >= store.opens_min else IDLE
    if duty == store.duty:
        return False
    settle(w, g)
    store.duty = duty
    return True


@njit
def run(w, g, used_kw, grid_kw):
    """Set a store's power for what the plugs use now and the grid connection allows [kW]."""
    store = m.groups(w)[g]
    power_kw = store_power_kw(
        store.duty, store.energy_kwh, store.kwh, store.kw, store.charge_kw, used_kw, grid_kw
    )
    if power_kw == store.power_kw:
        return
    settle(w, g)
    store.power_kw, store.plan = power_kw, 0
    if power_kw != 0.0:
        efficiency = m.rules(w)[0].store_efficiency
        minutes = store_left_min(store.energy_kwh, store.kwh, power_kw, efficiency)
        store.plan = new_stamp(w)
        key = outlet_key(EventClass.STEP, store.store, STORE)
        schedule(w, minutes, key, STORE_ENDS, g, store.plan)


@njit
def settle(w, g):
    """Bring a store's energy and the statistics up to now."""
    store = m.groups(w)[g]
    minutes = m.clock(w)[0].now - store.since_min
    if store.power_kw != 0.0 and minutes > 0:
        store.energy_kwh = store_energy_kwh(
            store.energy_kwh, store.kwh, store.power_kw, minutes, m.rules(w)[0].store_efficiency
        )
        note(w, g)
    store.since_min = m.clock(w)[0].now


@njit
def note(w, g):
    """Write to the statistics what a store took or gave since it was last settled."""
    store = m.groups(w)[g]
    add_level(
        m.store_kwh(w), store.store, store.since_min, m.clock(w)[0].now,
        -store.power_kw / 60.0, m.rules(w)[0].start_min, QUARTER_MIN,
    )  # fmt: skip


@njit
def end(w, g):
    """Be empty or full, exactly; the group shares the power anew."""
    store = m.groups(w)[g]
    giving = store.power_kw > 0
    settle(w, g)
    store.energy_kwh = 0.0 if giving else store.kwh
    store.power_kw, store.plan = 0.0, 0
