"""State what must hold of any run of the engine, as checks that tests call and planted faults must
break."""

from dataclasses import replace
from typing import Any

import numpy as np
from factories import demand, facilities

from chargesim.engine.compiled.engine import run_compiled
from chargesim.engine.day_statistics import STATISTICS
from chargesim.engine.event_order import DAY_MIN
from chargesim.engine.facilities import Facilities
from chargesim.engine.operating_rules import OperatingRules
from chargesim.engine.replication_totals import (
    LOST,
    PARTIAL,
    SERVED,
    STRANDED,
    UNFINISHED,
    first_levels,
)
from chargesim.engine.rules import charge_min, exact_min
from chargesim.engine.simpy.engine import World, run_simpy


def run(
    p: Facilities, table: Any, days: int = 1, lead_in_days: int = 0, **more: Any
) -> tuple[World, Any]:
    """Run a table through the SimPy engine, checked at every event; return the world after the end
    and its log."""
    world = World(p, [table], lead_in_days, days, debug=True, **more)
    _, log = world.run()
    return world, log


def differences(
    p: Facilities,
    tables: list[Any],
    days: int = 1,
    lead_in_days: int = 0,
    run_out_days: int = 0,
    calendar: Any = None,
) -> list[str]:
    """Return what differs between the engines, in words."""
    statistics, log = run_simpy(p, tables, lead_in_days, days, run_out_days, outages=calendar)
    own_statistics, own_log = run_compiled(
        p, tables, lead_in_days, days, run_out_days, outages=calendar
    )
    if len(log) != len(own_log):
        return [f"{len(log)} sessions, compiled {len(own_log)}"]
    found = [
        f"statistic {name}"
        for name in STATISTICS
        if getattr(statistics, name).tobytes() != getattr(own_statistics, name).tobytes()
    ]
    for name in log.dtype.names:
        rows = np.flatnonzero(log[name] != own_log[name])
        if len(rows):
            found.append(
                f"{name} of row {rows[0]}: {log[name][rows[0]]}, compiled {own_log[name][rows[0]]}"
            )
    return found


def run_both(p: Facilities, table: Any, calendar: Any = None, **more: Any) -> tuple[World, Any]:
    """Run a table as `run` does, and see that the compiled engine gives the same."""
    assert differences(p, [table], calendar=calendar, **more) == []
    return run(p, table, outages=calendar, **more)


def check_conservation(p: Facilities, table: Any, world: World, log: Any) -> None:
    """Vehicles, guns, packs and energy: none is made and none is lost."""
    begun = table[table["wish_min"] < world.statistics.end_min]
    assert len(log) == len(begun), "every wish ends in one session"
    assert len(np.unique(log["row"])) == len(log)
    assert set(np.unique(log["outcome"])) <= {SERVED, PARTIAL, LOST, STRANDED, UNFINISHED}
    for number, site in enumerate(world.sites):
        busy = site.servers - len(site.free) - sum(map(bool, getattr(site, "down", [])))
        in_service = len(site.in_bay) if p.kind[number] else len(site.in_service)
        assert busy == in_service, (
            f"site {number}: {busy} servers taken, {in_service} vehicles in service"
        )
        assert site.present == in_service + len(site.queue)
        if p.kind[number]:
            assert site.packs == p.packs[number], (
                f"site {number}: {site.packs} packs, {p.packs[number]} at the start"
            )
    served = log["outcome"] == SERVED
    cars = table[log["row"]]
    whole = served & (log["kind"] == 0) & (log["interruptions"] == 0)
    assert (log["soc_out"][whole] == np.maximum(cars["target_soc"], log["soc_in"])[whole]).all()
    gained = (log["soc_out"] - log["soc_in"]) * cars["battery_kwh"]
    once = (log["plug_min"] >= 0) & (log["interruptions"] == 0) & (log["diversions"] == 0)
    assert np.allclose(gained[once & served], log["energy_kwh"][once & served], atol=1e-9)
    partial = log["outcome"] == PARTIAL
    assert (log["energy_kwh"][partial] > 0).all()
    at_guns = log["energy_kwh"].sum() - sum(site.pack_kwh for site in world.sites if site.kind == 1)
    statistics = world.statistics.energy_kwh[p.kind == 0].sum()
    assert abs(at_guns - statistics) <= 1e-5 + 1e-6 * log["energy_kwh"].sum(), (
        f"sessions took {at_guns} kWh, the statistics have {statistics} kWh"
    )
    busy_min, service_min = world.statistics.busy_min.sum(), log["service_min"].sum()
    assert abs(busy_min - service_min) <= 1e-6 * max(1.0, service_min), (
        f"{service_min} min of service, {busy_min} busy"
    )
    check_occupancy(p, world)
    assert (log["charging_min"] <= log["service_min"]).all()
    charging_min, charged_min = world.statistics.charging_min.sum(), log["charging_min"].sum()
    assert abs(charging_min - charged_min) <= 1e-6 * max(1.0, charged_min), (
        f"{charged_min} min of charges, {charging_min} in the statistics"
    )


def check_occupancy(p: Facilities, world: World) -> None:
    """Minutes with n servers occupied: they fill each day, n times them is what `busy_min` has, and
    those with all servers are those by hour; all exactly, by whole ticks."""
    statistics, first = world.statistics, first_levels(p.servers)
    days = statistics.occupied_min.shape[1]
    for s, servers in enumerate(p.servers):
        minutes = statistics.occupied_min[first[s] : first[s + 1]]
        assert (minutes.sum(axis=0) == DAY_MIN).all(), f"site {s}: {minutes.sum(axis=0)} min a day"
        by_day = statistics.busy_min[s].reshape(days, 24).sum(axis=1)
        if world.sites[s].servers == servers:  # no extension has added a gun
            assert (np.arange(servers + 1) @ minutes == by_day).all(), f"site {s}: {by_day} busy"
        every = statistics.all_occupied_min[s].reshape(days, 24).sum(axis=1)
        assert (every == (minutes[-1] if servers else 0.0)).all(), f"site {s}: {every} all occupied"


def check_waits(log: Any) -> None:
    """A wait holds the minutes in queues; who neither drives on nor is cut off has no other."""
    assert (log["wait_min"] >= log["queue_min"]).all()
    simple = (log["diversions"] == 0) & (log["interruptions"] == 0) & (log["outcome"] == SERVED)
    assert (log["wait_min"] == log["queue_min"])[simple].all()


def check_wait_over_a_drive() -> None:
    """A's gun is taken for hours, so it balks there at 9, drives 5 min and queues at B from 14 to
    26, when the vehicle before it is full: it waits 17 min, 12 of them in the queue."""
    table = demand(
        [0.0, 1.0, 4.0],
        battery_kwh=[1000.0, 50.0, 50.0],
        tolerance_min=[1e6, 20.0, 20.0],
        max_diversions=2,
        key=[1, 2, 3],
    )
    p = replace(facilities(guns=(1, 1)), service_min=np.array([60.0, 10.0]))
    _, log = run(p, table)
    assert log["plug_min"].tolist() == [5.0, 11.0, 26.0]
    assert log["queue_min"].tolist() == [0.0, 0.0, 12.0]
    assert log["wait_min"].tolist() == [0.0, 5.0, 17.0]


def check_no_power_in_handling() -> None:
    """At the gun from 105 to 178.5, it has power from 112 to 127 alone: 8 and 7 min of quarters."""
    rules = OperatingRules(handling_before_min=7.0, handling_after_min=1.5)
    world, log = run(facilities(operating_rules=rules), demand([100.0], overstay_min=50.0))
    kwh = world.statistics.energy_kwh[0]
    assert np.allclose(kwh[[7, 8]], [8 / 60 * 100, 7 / 60 * 100])
    assert abs(kwh.sum() - 25.0) < 1e-6
    assert log["end_min"][0] == 178.5


def check_lent_modules() -> None:
    """Two packs of 30 kWh, at 10 and at 20, share three modules of 30 kW, two at most for a pack:
    the first has two up to 40, the second one until then and two up to 60."""
    p = facilities(guns=(2,), swap=(True,), packs=4, slots=4, modules=3, module_kw=30.0)
    world, _ = run(p, demand([0.0, 10.0], swap_list=1, station_list=-1))
    assert np.allclose(world.statistics.energy_kwh[0, :5], [5.0, 20.0, 20.0, 15.0, 0.0], atol=1e-4)


def check_little(world: World) -> None:
    """Little's law on every site, exactly: the integral of the queue equals the sum of the
    waits."""
    check = world.statistics.queue_check_min
    assert (check[:, 0] == check[:, 1]).all(), check


def check_whole_curve() -> None:
    """A charge over all steps of a curve takes the minutes that its steps add up to."""
    edges, powers = (0.0, 0.25, 0.5, 0.75, 1.0), (200.0, 100.0, 50.0, 25.0)
    p = facilities(guns=(1,), kw=1e9, curve=(edges, powers))
    _, log = run(p, demand([10.0], soc=0.0, target_soc=1.0, battery_kwh=60.0))
    by_hand = sum(60.0 * 0.25 * 60.0 / kw for kw in powers)
    assert log["end_min"][0] - log["plug_min"][0] == exact_min(by_hand)


def check_patience() -> None:
    """A vehicle waits exactly as long as its patience, then leaves."""
    p = facilities(guns=(1,))
    table = demand(
        [0.0, 1.0], battery_kwh=[1000.0, 50.0], patience_min=[100.0, 7.5], max_diversions=0
    )
    _, log = run(p, table)
    assert log["outcome"].tolist() == [SERVED, LOST]
    assert log["wait_min"][1] == 7.5
    assert log["end_min"][1] == 1.0 + 5.0 + 7.5


def check_tie_of_grant_and_patience() -> None:
    """A gun that is freed in the instant in which a patience ends is taken."""
    p = facilities(guns=(1,))
    charge = charge_min(0.3, 0.8, 50.0, p.edge_soc[0], p.step_kw[0, 0].copy())
    assert charge == 15.0
    _, log = run(p, demand([0.0, 1.0], patience_min=[100.0, 14.0], max_diversions=0))
    assert log["outcome"].tolist() == [SERVED, SERVED], (
        "the gun was free at the last instant of the patience"
    )
    assert log["wait_min"][1] == 14.0


def check_soc_is_a_share() -> None:
    """Driving takes energy over battery: 10 km at 0.15 kWh/km from a 50 kWh battery are 0.03 of
    it."""
    p = facilities(guns=(1,), km=10.0)
    _, log = run(p, demand([0.0]))
    assert abs(log["soc_in"][0] - (0.3 - 10.0 * 0.15 / 50.0)) < 1e-12
    assert log["soc_out"][0] == 0.8
