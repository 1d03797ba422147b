"""Packs: endless packs leave the bays alone, smart charging waits for cheap hours and keeps its
promise."""

import dataclasses

import numpy as np
import pytest
from engine_checks import check_conservation, run, run_both
from factories import SCENARIOS, demand, facilities

from chargesim.engine.operating_rules import OperatingRules, held_hours
from chargesim.engine.replication_totals import SERVED
from chargesim.runs.case import build_case
from chargesim.scenario.reading import load

SWAP = {"guns": (2,), "swap": (True,), "swap_min": 5.0}
NIGHT = tuple(hour >= 8 for hour in range(24))
"""Only the first eight hours of the day are cheap."""


def smart(promised=0.9):
    return OperatingRules(smart=True, hold_packs=NIGHT, promised=promised, memory_min=180.0)


def swaps(every_min, begin_min=0.0, end_min=1400.0):
    return demand(np.arange(begin_min, end_min, every_min), swap_list=1, station_list=-1)


def test_with_endless_packs_a_swap_site_is_its_bays_alone():
    """Wait as of a queue of two servers with constant service, by the recursion of Kiefer and
    Wolfowitz (1955)."""
    rng = np.random.default_rng(3)
    table = demand(np.sort(rng.uniform(0, 1000, 300)), swap_list=1, station_list=-1)
    _, log = run(facilities(**SWAP, packs=1000, slots=1), table)
    free, waits = [0.0, 0.0], []
    for arrival in table["wish_min"] + 5.0:
        start = max(arrival, min(free))
        free[free.index(min(free))] = start + 5.0
        waits.append(start - arrival)
    assert log["wait_min"].tolist() == waits
    assert max(waits) > 5.0
    _, few = run(facilities(**SWAP, packs=2, slots=1), table)
    assert few["wait_min"].mean() > 5 * np.mean(waits)


def test_smart_charging_waits_for_the_cheap_hours():
    """Four swaps at noon from twenty packs: the promise needs no pack, so all four are charged
    after midnight."""
    table = swaps(30.0, 720.0, 840.0)
    p = facilities(**SWAP, packs=20, slots=20)
    plain, _ = run(p, table, days=2)
    held, log = run(dataclasses.replace(p, operating_rules=smart()), table, days=2)
    assert (log["outcome"] == SERVED).all()
    assert plain.statistics.energy_kwh[0][: 4 * 24].sum() == pytest.approx(4 * 30.0, abs=1e-3)
    assert held.statistics.energy_kwh[0][: 4 * 24].sum() == 0.0
    assert held.statistics.energy_kwh[0][4 * 24 : 4 * 32].sum() == pytest.approx(4 * 30.0, abs=1e-3)
    check_conservation(p, table, held, log)


def test_smart_charging_keeps_its_promise_where_packs_are_few():
    """A swap every 6 min from sixteen packs that charge 30 min: without care the rack would be
    empty after two hours."""
    table = swaps(6.0, 500.0, 1300.0)
    p = facilities(**SWAP, packs=16, slots=16)
    world, log = run(dataclasses.replace(p, operating_rules=smart(0.99)), table)
    assert log["wait_min"].max() == 0.0
    assert world.statistics.pack_found.sum() / world.statistics.arrivals.sum() >= 0.99
    plain, _ = run(p, table)
    dear = slice(4 * 8, 4 * 24)
    assert (
        world.statistics.energy_kwh[0][dear].sum()
        <= plain.statistics.energy_kwh[0][dear].sum() - 30.0
    ), "some packs still wait"


def test_a_higher_promise_keeps_more_packs():
    kept = []
    for promised in (0.5, 0.99):
        world, _ = run(
            dataclasses.replace(
                facilities(**SWAP, packs=16, slots=16), operating_rules=smart(promised)
            ),
            swaps(6.0, 500.0, 1300.0),
        )
        kept.append(world.statistics.ready_min[0][10:20].mean())
    assert kept[1] > kept[0] + 60


def test_smart_charging_without_a_cheaper_hour_equals_none():
    table = swaps(25.0)
    p = facilities(**SWAP, packs=9, slots=9)
    flat = OperatingRules(smart=True, hold_packs=held_hours((1.0,) * 24, 6))
    assert (
        run(dataclasses.replace(p, operating_rules=flat), table)[1].tobytes()
        == run(p, table)[1].tobytes()
    )
    same, plain = (
        run(dataclasses.replace(p, operating_rules=control), table)[0].statistics.energy_kwh
        for control in (flat, OperatingRules())
    )
    assert same.tobytes() == plain.tobytes()
    assert (
        run(dataclasses.replace(p, operating_rules=smart(0.5)), table)[
            0
        ].statistics.energy_kwh.tobytes()
        != plain.tobytes()
    )


FEW = OperatingRules(smart=True, hold_packs=(True,) * 24, promised=0.5, memory_min=1e6)
"""Packs wait in every hour; arrivals are so few by their long mean that one pack is to be kept. A
pack charges 30 min."""


def test_a_pack_is_charged_for_everyone_who_waits():
    """Two bays hand out both packs at 5; the two that wait get those handed in at 10, both charged
    at once."""
    table = demand([0.0] * 4, swap_list=1, station_list=-1)
    _, log = run_both(
        facilities(guns=(3,), swap=(True,), packs=2, slots=2, operating_rules=FEW), table
    )
    assert log["plug_min"].tolist() == [5.0, 5.0, 40.0, 40.0]


def test_a_pack_that_waits_is_charged_when_the_last_is_taken():
    """The pack of 10 waits while two are charged; both are taken at 25, so it is ready at 55 for
    who comes at 26."""
    table = demand([0.0, 20.0, 20.0, 21.0], swap_list=1, station_list=-1)
    _, log = run_both(
        facilities(guns=(3,), swap=(True,), packs=3, slots=3, operating_rules=FEW), table
    )
    assert log["plug_min"].tolist() == [5.0, 25.0, 25.0, 55.0]


def test_a_pack_that_waits_is_charged_when_one_more_waits():
    """One bay: the pack of 10 waits while one is charged; at 26 one vehicle waits for that one, so
    it is charged, at 60 kW."""
    table = demand([0.0, 20.0, 21.0], swap_list=1, station_list=-1)
    world, _ = run_both(
        facilities(guns=(1,), swap=(True,), packs=3, slots=3, operating_rules=FEW), table
    )
    assert world.statistics.energy_kwh[0][:3].tolist() == pytest.approx([0.0, 4.0, 15.0])


def test_packs_wait_only_before_a_cheaper_hour():
    """Dear at 10 and 11, cheap at 13: two hours ahead, the hours 10 to 12 see a cheaper one, 9 does
    not."""
    factors = tuple(1.6 if hour in (10, 11) else 0.4 if hour == 13 else 1.0 for hour in range(24))
    assert [hour for hour, held in enumerate(held_hours(factors, 2)) if held] == [10, 11, 12]
    assert not any(held_hours((1.0,) * 24, 24))


def lending(**more):
    """Return a site of four slots with three modules of 30 kW; a pack takes two at most."""
    return facilities(**{**SWAP, "packs": 4, "slots": 4, "modules": 3, "module_kw": 30.0, **more})


def test_two_packs_share_three_modules_by_hand():
    """Packs that need 30 kWh come at 10 and at 20. The first has two modules up to 40, and the
    second one; then it has two, up to 60."""
    world, _ = run_both(lending(), demand([0.0, 10.0], swap_list=1, station_list=-1))
    assert world.statistics.energy_kwh[0, :5] == pytest.approx(
        [5.0, 20.0, 20.0, 15.0, 0.0], abs=1e-4
    )
    ready = 4 * 60.0 - (60.0 - 5.0) - (60.0 - 15.0) + (60.0 - 40.0)
    assert world.statistics.ready_min[0, 0] == pytest.approx(ready, abs=1e-4)


def test_three_packs_and_one_module_charge_one_after_the_other():
    """Three packs come at once; a module of 60 kW takes 30 min for each, the lowest slot first."""
    p = lending(guns=(3,), modules=1, module_kw=60.0)
    world, _ = run_both(p, demand([0.0] * 3, swap_list=1, station_list=-1))
    assert world.statistics.energy_kwh[0, :8].sum() == pytest.approx(90.0, abs=1e-3)
    ready = 4 * 5.0 + 1 * 35.0 + 2 * 30.0 + 3 * 30.0 + 4 * 20.0
    assert world.statistics.ready_min[0, :2].sum() == pytest.approx(ready, abs=1e-3)


def test_one_module_a_pack_as_strong_as_its_slot_equals_own_chargers():
    table = swaps(7.0)
    own, lent = facilities(**SWAP, packs=6, slots=4), lending(packs=6, modules=4, module_kw=60.0)
    plain, log = run(own, table)
    world, same = run_both(lent, table)
    assert log.tobytes() == same.tobytes()
    assert world.statistics.energy_kwh.tobytes() == plain.statistics.energy_kwh.tobytes()


def test_a_second_module_makes_a_pack_ready_sooner():
    """Slots of 30 kW: alone a pack takes an hour, with a second module half an hour."""
    table = demand([0.0], swap_list=1, station_list=-1)
    own = facilities(**SWAP, packs=4, slots=4, kw=30.0)
    ready = [run(p, table)[0].statistics.ready_min[0, :2].sum() for p in (own, lending(modules=4))]
    assert ready[1] - ready[0] == pytest.approx(30.0, abs=1e-4)


def test_a_scenario_switches_lending_on_and_off():
    on = ["swap.lending.enabled=true", "swap.lending.modules_per_pack=3"]
    plain, lent = (
        build_case(load(SCENARIOS / "small_city.yaml", change)).task.facilities
        for change in ([], on)
    )
    swap = plain.kind == 1
    assert (plain.module_kw == 0.0).all()
    assert np.isinf(plain.cabinet_kw[swap]).all()
    assert lent.module_kw[swap].tolist() == [30.0, 60.0, 200.0]
    assert lent.cabinet_kw[swap].tolist() == [21 * 30.0, 20 * 62.5, 7 * 300.0]
    assert lent.pack_interval_min.tolist() == plain.pack_interval_min.tolist()
    first = lent.outlets.first[:-1][swap]
    most = lent.step_kw[lent.outlets.type[first]].max(axis=(1, 2))
    assert (most <= [90.0, 180.0, 600.0]).all()
    assert (most[:2] > [30.0, 62.5]).all()
