"""Charge batteries behind shared limits: gun < cabinet < grid connection."""

from numba import njit

from chargesim.engine._numba import inlined
from chargesim.engine.compiled import arrays as m
from chargesim.engine.compiled import store
from chargesim.engine.compiled.schedule import new_stamp, schedule
from chargesim.engine.compiled.state import CHARGE_ENDS, CHARGE_STEPS
from chargesim.engine.day_statistics import QUARTER_MIN, add_charge, add_level
from chargesim.engine.event_order import EventClass, outlet_key
from chargesim.engine.rules import (
    charge_alone_min,
    charge_min,
    exact_min,
    fill_up,
    lend_modules,
    next_edge_soc,
    peak_kw_ahead,
    soc_after,
    soc_at_power,
    step_at,
    step_min,
    total_kw,
    whole_modules_kw,
)
from chargesim.engine.store_rules import lendable_kw


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
    if not reshare(w, m.group_of_outlet(w, o)):
        charge_alone(w, o)


@njit
def unplug(w, o):
    """End a charge now, before it has reached its target."""
    charge = m.outlets(w)[o]
    settle(w, o)
    charge.taken = charge.plan = 0
    m.groups(w)[charge.group].count -= 1
    reshare(w, m.group_of_outlet(w, o))


@njit
def end_day(w, g):
    """Write to the day's statistics what is charged over its end; nothing else changes."""
    group = m.groups(w)[g]
    for i in range(group.first, group.first + group.outlets):
        o = m.group_outlets(w)[i]
        charge = m.outlets(w)[o]
        if charge.taken and group.shared:
            note_shared(w, o)
        elif charge.taken:
            note_alone(w, o, charge.soc, charge.target_soc)  # the day clips it
    if group.store >= 0:
        store.note(w, g)


@njit
def settle_all(w, g):
    """Bring SOC and statistics of all charges up to now, and those of the store."""
    group = m.groups(w)[g]
    for i in range(group.first, group.first + group.outlets):
        if m.outlets(w)[m.group_outlets(w)[i]].taken:
            settle(w, m.group_outlets(w)[i])
    if group.store >= 0:
        store.settle(w, g)


@njit
def soc_now(w, o):
    """Return the SOC that a charge has reached by now; to look changes nothing."""
    charge = m.outlets(w)[o]
    soc, target_soc, battery_kwh = charge.soc, charge.target_soc, charge.battery_kwh
    minutes, edges = m.clock(w)[0].now - charge.since_min, m.edge_soc(w)[charge.curve]
    if m.groups(w)[charge.group].shared:
        edge_soc = next_edge_soc(charge.step, target_soc, edges)
        return soc_at_power(soc, edge_soc, minutes, battery_kwh, charge.granted_kw)
    powers = m.step_kw(w)[charge.type, charge.curve]
    return soc_after(soc, target_soc, minutes, battery_kwh, edges, powers)


@njit
def foreseen_end_min(w, o):
    """Return when a charge ends if nobody shares power from now on [min]."""
    charge = m.outlets(w)[o]
    if not m.groups(w)[charge.group].shared:
        return charge.end_min
    edges, powers = m.edge_soc(w)[charge.curve], m.step_kw(w)[charge.type, charge.curve]
    left = charge_min(soc_now(w, o), charge.target_soc, charge.battery_kwh, edges, powers)
    return m.clock(w)[0].now + exact_min(left)


@njit
def cut_power(w, g):
    """Begin a blackout: nothing is charged until the power is back."""
    m.groups(w)[g].dark += 1
    reshare(w, g)


@njit
def restore_power(w, g):
    """End a blackout."""
    m.groups(w)[g].dark -= 1
    reshare(w, g)


@inlined
def turn_store(w, g, duty):
    """Let the store charge, rest or lend from now on."""
    if m.groups(w)[g].store >= 0 and store.turn(w, g, duty):
        reshare(w, g)


@inlined
def store_is_done(w, g):
    """Share power anew when the store has become empty or full."""
    reshare(w, g)


@njit
def binds(w, g):
    """Tell whether the charges could exceed a limit, by the most that each can still draw."""
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
            used[cabinet] += whole_modules_kw(charge.peak_kw, m.module_kw(w)[cabinet])
            if used[cabinet] > limits[cabinet] or total > group.plug_kw:
                return True
    return False


@njit
def reshare(w, g):
    """Plan all charges anew if a limit can bind, or could until now; return whether it is so."""
    group = m.groups(w)[g]
    if group.count < group.least_to_bind and not (group.shared or group.dark or group.store >= 0):
        return False  # most charges
    bound = group.dark > 0 or (group.store >= 0 and store.works(w, g)) or binds(w, g)
    if not bound and not group.shared:
        return False
    if not bound:
        settle_all(w, g)
        group.shared = 0
        if group.store >= 0:
            store.run(w, g, 0.0, 0.0)
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
                charge.granted_kw = -1.0
                charge.step = step_at(charge.soc, m.edge_soc(w)[charge.curve])
    charge_shared(w, g)
    return True


@njit
def charge_alone(w, o):
    """Plan the end of a charge that nobody shares."""
    charge, now = m.outlets(w)[o], m.clock(w)[0].now
    edges, powers = m.edge_soc(w)[charge.curve], m.step_kw(w)[charge.type, charge.curve]
    whole = charge.begun_min == now
    minutes = charge_alone_min(
        charge.soc, charge.target_soc, charge.battery_kwh, edges, powers, whole
    )
    charge.end_min = now + minutes
    charge.plan = new_stamp(w)
    key = outlet_key(EventClass.DONE, charge.site, charge.number)
    schedule(w, minutes, key, CHARGE_ENDS, o, charge.plan)


@njit
def charge_shared(w, g):
    """Share power among all charges; settle and plan anew those whose power changes."""
    group = m.groups(w)[g]
    n = group.count
    mine, cabinet = m.sharing(w)[0][:n], m.sharing(w)[1][:n]
    rank, rising = m.sharing(w)[2][:n], m.sharing(w)[3][:n]
    wanted, granted = m.sharing_kw(w)[0][:n], m.sharing_kw(w)[1][:n]
    begun = m.sharing_kw(w)[2][:n]
    n = 0
    for i in range(group.first, group.first + group.outlets):
        charge = m.outlets(w)[m.group_outlets(w)[i]]
        if charge.taken:
            mine[n], cabinet[n], rank[n] = m.group_outlets(w)[i], charge.cabinet, charge.rank
            wanted[n] = m.step_kw(w)[charge.type, charge.curve, charge.step]
            begun[n] = charge.begun_min
            n += 1
    grid_kw, lent_kw = 0.0 if group.dark else group.plug_kw, 0.0
    if group.store >= 0 and not group.dark:
        lent_kw = lendable_kw(group.duty, group.energy_kwh, group.kw)
    first, end = group.first_cabinet, group.first_cabinet + group.cabinets
    limits, used = m.cabinet_kw(w)[first:end], m.used_kw(w)[first:end]
    rising_in = m.rising_in(w)[first:end]
    if group.lends:
        module_kw, modules, order = m.module_kw(w)[first:end], m.sharing(w)[4], m.sharing(w)[5]
        lend_modules(wanted, begun, cabinet, module_kw, limits, modules, order)
    fill_up(wanted, cabinet, rank, limits, grid_kw + lent_kw, granted, rising, rising_in, used)
    for i in range(n):
        charge = m.outlets(w)[mine[i]]
        if granted[i] != charge.granted_kw:
            settle(w, mine[i])
            charge.granted_kw = granted[i]
            plan_step(w, mine[i])
    if group.store >= 0:
        store.run(w, g, total_kw(granted), grid_kw)


@njit
def plan_step(w, o):
    """Plan a charge up to its next step or its target; without power plan nothing."""
    charge = m.outlets(w)[o]
    if charge.granted_kw == 0.0:
        charge.plan = 0
        return
    edge_soc = next_edge_soc(charge.step, charge.target_soc, m.edge_soc(w)[charge.curve])
    minutes = step_min(charge.soc, edge_soc, charge.battery_kwh, charge.granted_kw)
    charge.plan = new_stamp(w)
    if edge_soc >= charge.target_soc:
        key = outlet_key(EventClass.DONE, charge.site, charge.number)
        schedule(w, minutes, key, CHARGE_ENDS, o, charge.plan)
    else:
        key = outlet_key(EventClass.STEP, charge.site, charge.number)
        schedule(w, minutes, key, CHARGE_STEPS, o, charge.plan)


@njit
def settle(w, o):
    """Advance one charge to now and write its energy to the statistics."""
    charge = m.outlets(w)[o]
    now, soc = m.clock(w)[0].now, charge.soc
    if now == charge.since_min:
        return
    charge.soc = soc_now(w, o)
    if m.groups(w)[charge.group].shared:
        note_shared(w, o)
    else:
        note_alone(w, o, soc, charge.soc)
    charge.since_min = now


@njit
def step(w, o):
    """Set a charge to the edge that it has reached, exactly, and share anew."""
    charge, edges = m.outlets(w)[o], m.edge_soc(w)[m.outlets(w)[o].curve]
    note_shared(w, o)
    charge.soc, charge.since_min = edges[charge.step + 1], m.clock(w)[0].now
    charge.step, charge.granted_kw = step_at(charge.soc, edges), -1.0
    charge_shared(w, m.group_of_outlet(w, o))


@njit
def finish(w, o):
    """End a charge that has reached its target; its site goes on from there."""
    charge = m.outlets(w)[o]
    if m.groups(w)[charge.group].shared:
        note_shared(w, o)
    else:
        note_alone(w, o, charge.soc, charge.target_soc)
    charge.soc = charge.target_soc
    charge.taken = charge.plan = 0
    m.groups(w)[charge.group].count -= 1
    reshare(w, m.group_of_outlet(w, o))


@njit
def note_alone(w, o, soc, soc_end):
    """Write the energy of a charge along its curve to the statistics."""
    charge = m.outlets(w)[o]
    edges, powers = m.edge_soc(w)[charge.curve], m.step_kw(w)[charge.type, charge.curve]
    add_charge(
        m.energy_kwh(w), charge.site, charge.since_min, soc, soc_end,
        charge.battery_kwh, edges, powers, m.rules(w)[0].start_min, QUARTER_MIN,
    )  # fmt: skip


@njit
def note_shared(w, o):
    """Write the energy of a charge at constant power, up to now, to the statistics."""
    charge, per_min = m.outlets(w)[o], m.outlets(w)[o].granted_kw / 60.0
    add_level(
        m.energy_kwh(w), charge.site, charge.since_min, m.clock(w)[0].now, per_min,
        m.rules(w)[0].start_min, QUARTER_MIN,
    )  # fmt: skip
