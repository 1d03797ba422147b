"""Charge batteries behind shared limits; `engine.power` and `engine.store` say what and why."""

from numba import njit

from chargesim.engine.compiled import arrays as m
from chargesim.engine.compiled.schedule import DONE_KEY, STEP_KEY, new_stamp, outlet_key, schedule
from chargesim.engine.compiled.state import CHARGE_END, CHARGE_STEP, STORE_END
from chargesim.engine.day_statistics import QUARTER_MIN
from chargesim.engine.deposits import deposit_charge, deposit_level
from chargesim.engine.event_order import STORE
from chargesim.engine.operating_rules import CHARGE, IDLE, LEND
from chargesim.engine.rules import (
    charge_min,
    exact_min,
    fill_up,
    left_min,
    peak_kw_ahead,
    soc_after,
    step_at,
    total_kw,
)


@njit
def plug_in(w, o, soc, target_soc, battery_kwh, curve):
    """Begin to charge a battery at an outlet now."""
    charge = m.outlets(w)[o]
    group = m.groups(w)[charge.group]
    charge.taken, charge.curve, charge.step, charge.plan = 1, curve, 0, 0
    charge.soc, charge.target_soc, charge.battery_kwh = soc, target_soc, battery_kwh
    charge.begun_min = charge.since_min = charge.end_min = m.clock(w)[0].now
    charge.granted_kw = charge.peak_kw = -1.0
    if group.shared:
        charge.step = step_at(soc, m.edge_soc(w)[curve])
    group.count += 1
    if not reshare(w, charge.group):
        charge_alone(w, o)


@njit
def unplug(w, o):
    """End a charge now, before it has reached its target."""
    charge = m.outlets(w)[o]
    settle(w, o)
    charge.taken = charge.plan = 0
    m.groups(w)[charge.group].count -= 1
    reshare(w, charge.group)


@njit
def end_day(w, g):
    """Write to the day's statistics what is charged over its end; nothing else changes."""
    group, now = m.groups(w)[g], m.clock(w)[0].now
    for i in range(group.first, group.first + group.outlets):
        o = m.group_outlets(w)[i]
        charge = m.outlets(w)[o]
        if charge.taken and group.shared:
            deposit_shared(w, o, now)
        elif charge.taken:
            deposit_alone(w, o, charge.soc, charge.target_soc)
    if group.store >= 0:
        deposit_store(w, g)


@njit
def settle_all(w, g):
    """Bring SOC and statistics of all charges of a group up to now, and those of its store."""
    group = m.groups(w)[g]
    for i in range(group.first, group.first + group.outlets):
        if m.outlets(w)[m.group_outlets(w)[i]].taken:
            settle(w, m.group_outlets(w)[i])
    if group.store >= 0:
        settle_store(w, g)


@njit
def soc_now(w, o):
    """Return the SOC that a charge has reached by now."""
    charge = m.outlets(w)[o]
    minutes = m.clock(w)[0].now - charge.since_min
    if m.groups(w)[charge.group].shared:
        edge = min(m.edge_soc(w)[charge.curve, charge.step + 1], charge.target_soc)
        return min(edge, charge.soc + charge.granted_kw * minutes / (60.0 * charge.battery_kwh))
    return soc_after(
        charge.soc,
        charge.target_soc,
        minutes,
        charge.battery_kwh,
        m.edge_soc(w)[charge.curve],
        m.step_kw(w)[charge.type, charge.curve],
    )


@njit
def foreseen_end_min(w, o):
    """Return the instant at which a charge ends if nobody shares power from now on [min]."""
    charge = m.outlets(w)[o]
    if not m.groups(w)[charge.group].shared:
        return charge.end_min
    powers = m.step_kw(w)[charge.type, charge.curve]
    left = charge_min(
        soc_now(w, o), charge.target_soc, charge.battery_kwh, m.edge_soc(w)[charge.curve], powers
    )
    return m.clock(w)[0].now + exact_min(left)


@njit
def minutes_at(w, o, v):
    """Return the minutes that a vehicle needs at a gun that nobody shares [min]."""
    car, wish, gun = m.cars(w)[v], m.wishes(w)[v], m.outlets(w)[o]
    target_soc = max(wish.target_soc, car.soc)
    return charge_min(
        car.soc,
        target_soc,
        wish.battery_kwh,
        m.edge_soc(w)[wish.curve],
        m.step_kw(w)[gun.type, wish.curve],
    )


@njit
def cut(w, g):
    """Let a blackout of a connection begin."""
    m.groups(w)[g].dark += 1
    reshare(w, g)


@njit
def restore(w, g):
    """Let a blackout of a connection end."""
    m.groups(w)[g].dark -= 1
    reshare(w, g)


@njit
def turn_store(w, g, duty):
    """Let the store of a connection charge, rest or lend from now on."""
    store = m.groups(w)[g]
    if store.store < 0:
        return
    duty = duty if m.clock(w)[0].now >= store.opens_min else IDLE
    if store.duty != duty:
        settle_store(w, g)
        store.duty = duty
        reshare(w, g)


@njit
def binds(w, g):
    """Tell whether the charges of a group could together exceed a limit."""
    group = m.groups(w)[g]
    if group.count < group.least_to_bind:
        return False
    total, used, limits = 0.0, m.used_kw(w), m.cabinet_kw(w)
    for cabinet in range(group.first_cabinet, group.first_cabinet + group.cabinets):
        used[cabinet] = 0.0
    for i in range(group.first, group.first + group.outlets):
        charge = m.outlets(w)[m.group_outlets(w)[i]]
        if charge.taken:
            if charge.peak_kw < 0:
                charge.peak_kw = peak_kw_ahead(
                    charge.soc,
                    charge.target_soc,
                    m.edge_soc(w)[charge.curve],
                    m.step_kw(w)[charge.type, charge.curve],
                )
            total += charge.peak_kw
            cabinet = group.first_cabinet + charge.cabinet
            used[cabinet] += charge.peak_kw
            if used[cabinet] > limits[cabinet] or total > group.plug_kw:
                return True
    return False


@njit
def reshare(w, g):
    """Plan all charges of a group anew when a limit can bind, or could until now; return whether that was so."""
    group = m.groups(w)[g]
    if group.count < group.least_to_bind and not (group.shared or group.dark or group.store >= 0):
        return False
    bound = group.dark > 0 or (group.store >= 0 and store_works(w, g)) or binds(w, g)
    if not bound and not group.shared:
        return False
    if not bound:
        settle_all(w, g)
        group.shared = 0
        if group.store >= 0:
            run_store(w, g, 0.0, 0.0)
        for i in range(group.first, group.first + group.outlets):
            if m.outlets(w)[m.group_outlets(w)[i]].taken:
                charge_alone(w, m.group_outlets(w)[i])
        return True
    if not group.shared:
        settle_all(w, g)
        group.shared = 1
        for i in range(group.first, group.first + group.outlets):
            charge = m.outlets(w)[m.group_outlets(w)[i]]
            if charge.taken:
                charge.granted_kw, charge.step = (
                    -1.0,
                    step_at(charge.soc, m.edge_soc(w)[charge.curve]),
                )
    charge_shared(w, g)
    return True


@njit
def charge_alone(w, o):
    """Plan the end of a charge that nobody shares."""
    charge = m.outlets(w)[o]
    minutes = charge_min(
        charge.soc,
        charge.target_soc,
        charge.battery_kwh,
        m.edge_soc(w)[charge.curve],
        m.step_kw(w)[charge.type, charge.curve],
    )
    minutes = exact_min(minutes) if charge.begun_min == m.clock(w)[0].now else left_min(minutes)
    charge.end_min = m.clock(w)[0].now + minutes
    charge.plan = new_stamp(w)
    schedule(
        w, minutes, outlet_key(DONE_KEY, charge.site, charge.number), CHARGE_END, o, charge.plan
    )


@njit
def charge_shared(w, g):
    """Share power among all charges of a group; whose power changes is settled and planned up to its next step or target."""
    group = m.groups(w)[g]
    n = group.count
    mine, cabinet, rank, rising = (
        m.sharing(w)[0][:n],
        m.sharing(w)[1][:n],
        m.sharing(w)[2][:n],
        m.sharing(w)[3][:n],
    )
    wanted, granted = m.sharing_kw(w)[0][:n], m.sharing_kw(w)[1][:n]
    n = 0
    for i in range(group.first, group.first + group.outlets):
        charge = m.outlets(w)[m.group_outlets(w)[i]]
        if charge.taken:
            mine[n], cabinet[n], rank[n] = m.group_outlets(w)[i], charge.cabinet, charge.rank
            wanted[n] = m.step_kw(w)[charge.type, charge.curve, charge.step]
            n += 1
    grid_kw = 0.0 if group.dark else group.plug_kw
    lent_kw = lendable_kw(w, g) if group.store >= 0 and not group.dark else 0.0
    first, end = group.first_cabinet, group.first_cabinet + group.cabinets
    limits, rising_in, used = (
        m.cabinet_kw(w)[first:end],
        m.rising_in(w)[first:end],
        m.used_kw(w)[first:end],
    )
    fill_up(wanted, cabinet, rank, limits, grid_kw + lent_kw, granted, rising, rising_in, used)
    for i in range(n):
        charge = m.outlets(w)[mine[i]]
        if granted[i] != charge.granted_kw:
            settle(w, mine[i])
            charge.granted_kw = granted[i]
            plan_step(w, mine[i])
    if group.store >= 0:
        run_store(w, g, total_kw(granted), grid_kw)


@njit
def plan_step(w, o):
    """Plan a charge up to its next step or its target; without power nothing is planned."""
    charge = m.outlets(w)[o]
    if charge.granted_kw == 0.0:
        charge.plan = 0
        return
    edge = min(m.edge_soc(w)[charge.curve, charge.step + 1], charge.target_soc)
    minutes = left_min(60.0 * (edge - charge.soc) * charge.battery_kwh / charge.granted_kw)
    charge.plan = new_stamp(w)
    if edge >= charge.target_soc:
        schedule(
            w, minutes, outlet_key(DONE_KEY, charge.site, charge.number), CHARGE_END, o, charge.plan
        )
    else:
        schedule(
            w,
            minutes,
            outlet_key(STEP_KEY, charge.site, charge.number),
            CHARGE_STEP,
            o,
            charge.plan,
        )


@njit
def settle(w, o):
    """Advance one charge to now and write its energy to the statistics."""
    charge = m.outlets(w)[o]
    now, soc = m.clock(w)[0].now, charge.soc
    if now == charge.since_min:
        return
    charge.soc = soc_now(w, o)
    if m.groups(w)[charge.group].shared:
        deposit_shared(w, o, now)
    else:
        deposit_alone(w, o, soc, charge.soc)
    charge.since_min = now


@njit
def step(w, o):
    """Set a charge to the edge that it has reached, exactly, and share anew."""
    charge = m.outlets(w)[o]
    now = m.clock(w)[0].now
    deposit_shared(w, o, now)
    charge.soc, charge.since_min = m.edge_soc(w)[charge.curve, charge.step + 1], now
    charge.step, charge.granted_kw = step_at(charge.soc, m.edge_soc(w)[charge.curve]), -1.0
    charge_shared(w, charge.group)


@njit
def finish(w, o):
    """End a charge that has reached its target; whose it is goes on is for the site to say."""
    charge = m.outlets(w)[o]
    if m.groups(w)[charge.group].shared:
        deposit_shared(w, o, m.clock(w)[0].now)
    else:
        deposit_alone(w, o, charge.soc, charge.target_soc)
    charge.soc = charge.target_soc
    charge.taken = charge.plan = 0
    m.groups(w)[charge.group].count -= 1
    reshare(w, charge.group)


@njit
def deposit_alone(w, o, soc, soc_end):
    """Write the energy of a charge along its curve to the statistics."""
    charge = m.outlets(w)[o]
    deposit_charge(
        m.energy_kwh(w), charge.site, charge.since_min, soc, soc_end, charge.battery_kwh,
        m.edge_soc(w)[charge.curve], m.step_kw(w)[charge.type, charge.curve], m.rules(w)[0].start_min, QUARTER_MIN,
    )  # fmt: skip


@njit
def deposit_shared(w, o, now):
    """Write the energy of a charge at constant power to the statistics."""
    charge = m.outlets(w)[o]
    deposit_level(
        m.energy_kwh(w),
        charge.site,
        charge.since_min,
        now,
        charge.granted_kw / 60.0,
        m.rules(w)[0].start_min,
        QUARTER_MIN,
    )


@njit
def store_works(w, g):
    """Tell whether a store has something to do in this hour."""
    store = m.groups(w)[g]
    return (store.duty == LEND and store.energy_kwh > 0) or (
        store.duty == CHARGE and store.energy_kwh < store.kwh
    )


@njit
def lendable_kw(w, g):
    """Return the power that a store can lend now, on the plugs' side [kW]."""
    store = m.groups(w)[g]
    return store.kw if store.duty == LEND and store.energy_kwh > 0 else 0.0


@njit
def run_store(w, g, used_kw, grid_kw):
    """Set a store's power for what the plugs use now and the grid connection allows [kW]."""
    store = m.groups(w)[g]
    if grid_kw <= 0 or not store_works(w, g):
        power_kw = 0.0
    elif store.duty == LEND:
        power_kw = min(store.kw, used_kw)
    else:
        power_kw = -min(store.charge_kw, max(0.0, grid_kw - used_kw))
    if power_kw == store.power_kw:
        return
    settle_store(w, g)
    store.power_kw = power_kw
    store.plan = 0
    if power_kw != 0.0:
        left_kwh = (
            store.energy_kwh
            if power_kw > 0
            else (store.kwh - store.energy_kwh) / m.rules(w)[0].store_efficiency
        )
        store.plan = new_stamp(w)
        minutes = exact_min(60.0 * left_kwh / abs(power_kw))
        schedule(w, minutes, outlet_key(STEP_KEY, store.store, STORE), STORE_END, g, store.plan)


@njit
def settle_store(w, g):
    """Bring a store's energy and the statistics up to now."""
    store = m.groups(w)[g]
    now = m.clock(w)[0].now
    if store.power_kw != 0.0 and now > store.since_min:
        moved_kwh = store.power_kw * (now - store.since_min) / 60.0
        store.energy_kwh -= (
            moved_kwh if moved_kwh > 0 else moved_kwh * m.rules(w)[0].store_efficiency
        )
        store.energy_kwh = min(store.kwh, max(0.0, store.energy_kwh))
        deposit_store(w, g)
    store.since_min = now


@njit
def deposit_store(w, g):
    """Write to the statistics what a store took or gave since it was last settled."""
    store, now = m.groups(w)[g], m.clock(w)[0].now
    deposit_level(
        m.store_kwh(w),
        store.store,
        store.since_min,
        now,
        -store.power_kw / 60.0,
        m.rules(w)[0].start_min,
        QUARTER_MIN,
    )


@njit
def end_store(w, g):
    """Let a store be empty or full, exactly, and the power be shared anew."""
    store = m.groups(w)[g]
    giving = store.power_kw > 0
    settle_store(w, g)
    store.energy_kwh = 0.0 if giving else store.kwh
    store.power_kw, store.plan = 0.0, 0
    reshare(w, g)
