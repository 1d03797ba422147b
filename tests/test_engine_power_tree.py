"""Power: companions, priority, a shared connection, a store that charges off-peak and lends at
peaks."""

import dataclasses

import numpy as np
import pytest
from engine_checks import check_conservation, run, run_both
from factories import demand, facilities, outages
from hypothesis import given, settings
from hypothesis import strategies as st

from chargesim.engine.operating_rules import CHARGE, IDLE, LEND, OperatingRules
from chargesim.engine.replication_totals import SERVED

TABLE = {
    "wish_min": np.arange(0.0, 500.0, 5.0),
    "patience_min": 15.0,
    "tolerance_min": 25.0,
    "max_diversions": 1,
}


def with_store(kwh, kw, duties, **more):
    """Return a station of two guns at 100 kW behind 120 kW, with a store of the given duties in the
    first hours of the day."""
    hours = tuple(duties) + (IDLE,) * (24 - len(duties))
    return facilities(
        guns=(2,),
        plug_kw=120.0,
        store_kwh=kwh,
        store_kw=kw,
        operating_rules=OperatingRules(store_hours=hours, store_efficiency=0.8),
        **more,
    )


def test_unlimited_power_is_no_sharing():
    """Behind limits that never bind and behind limits that could bind but are wide, each charges as
    if alone."""
    table = demand(**TABLE)
    free = run(facilities(guns=(2, 3)), table)[1]
    wide = run(facilities(guns=(2, 3), cabinet_kw=350.0, plug_kw=400.0, per_cabinet=2), table)[1]
    tight = run(facilities(guns=(2, 3), cabinet_kw=120.0, per_cabinet=3), table)[1]
    assert wide.tobytes() == free.tobytes()
    assert tight.tobytes() != free.tobytes()


def test_a_slow_car_leaves_the_ultra_fast_gun_to_those_that_need_it():
    """Both kinds serve a 50 kW car alike: it takes the companion; a 100 kW car then has the
    ultra-fast gun."""
    p = facilities(guns=(2,), companions=1, companion_kw=50.0, curve=((0.0, 1.0), (100.0,)))
    slow = dataclasses.replace(p, step_kw=np.minimum(p.step_kw, 50.0))
    world, _ = run(slow, demand([0.0], target_soc=1.0, battery_kwh=5000.0))
    assert list(world.sites[0].in_service) == [1]
    world, _ = run(p, demand([0.0], target_soc=1.0, battery_kwh=5000.0))
    assert list(world.sites[0].in_service) == [0]


def test_a_fast_car_takes_a_companion_when_that_is_sooner():
    p = facilities(guns=(2,), companions=1, companion_kw=50.0)
    _, log = run(p, demand([0.0, 1.0]))
    assert log["service_min"].tolist() == [15.0, 30.0]
    assert log["wait_min"].tolist() == [0.0, 0.0]


def test_the_ultra_fast_gun_has_the_cabinet_first():
    """100 kW behind one cabinet: the ultra-fast gun takes all of it, the companion gets 50 kW after
    it has gone."""
    p = facilities(guns=(2,), companions=1, companion_kw=50.0, cabinet_kw=100.0)
    _, log = run(p, demand([0.0, 1.0]))
    assert log["service_min"] == pytest.approx([15.0, 14.0 + 30.0], abs=1e-5)
    fair = dataclasses.replace(
        p, outlets=dataclasses.replace(p.outlets, rank=np.zeros(2, dtype=np.int64))
    )
    _, log = run(fair, demand([0.0, 1.0]))
    assert log["service_min"][0] > 20.0, "without priority both slow down"


def test_no_companions_equals_guns_alone_and_companions_shorten_waits():
    """None, when all of them are out of order for ever, or when they stand at no site."""
    table = demand(**TABLE)
    alone = run(facilities(guns=(2, 1)), table)[1]
    beside = facilities(guns=(3, 2), companions=1)
    broken = run_both(beside, table, outages((0.0, 1e5, 0, 2), (0.0, 1e5, 1, 1)))[1]
    nowhere = run_both(dataclasses.replace(facilities(guns=(2, 1)), step_kw=beside.step_kw), table)[
        1
    ]
    more = run(facilities(guns=(5, 4), companions=3), table)[1]
    assert broken.tobytes() == nowhere.tobytes() == alone.tobytes()
    assert run(beside, table)[1].tobytes() != alone.tobytes()
    assert more["wait_min"].sum() < 0.5 * alone["wait_min"].sum()


def test_guns_and_packs_share_one_connection():
    """A gun at 100 kW and a pack at 60 kW behind 110 kW: packs come last, so the pack gets 10 kW
    for 15 min, then 60 kW."""
    kind = {
        "guns": (1, 1),
        "swap": (False, True),
        "packs": 1,
        "slots": 1,
        "swap_min": 5.0,
        "plug_kw": 110.0,
    }
    shared = facilities(**kind, connection=(0, 0))
    table = demand([0.0, 5.0], swap_list=[1, -1], station_list=[0, 0])
    table["station_list"][0] = -1
    world, log = run(shared, table)
    assert log["site"].tolist() == [1, 0]
    assert log["service_min"][1] == pytest.approx(15.0, abs=1e-5)
    pack = world.statistics.energy_kwh[1]
    assert pack[:1].sum() == pytest.approx(10 / 60 * 5, abs=1e-4), "10 to 15 min: 10 kW"
    assert pack[1] == pytest.approx(10 / 60 * 10 + 60 / 60 * 5, abs=1e-4), (
        "15 to 25 at 10 kW, then 60 kW"
    )
    check_conservation(shared, table, world, log)
    apart, _ = run(facilities(**kind), table)
    assert apart.statistics.energy_kwh[1][0] == pytest.approx(5.0, abs=1e-4), (
        "with connections of their own it has 60 kW"
    )


def test_a_store_raises_the_limit_while_it_lends():
    """Filled in hour 0, it lends in hour 1: two cars have 100 kW each behind 120 kW; without it
    they have 60 kW."""
    table = demand([60.0, 60.0])
    _, helped = run(with_store(80.0, 80.0, (CHARGE, LEND)), table)
    _, alone = run(with_store(0.0, 80.0, (CHARGE, LEND)), table)
    assert helped["service_min"] == pytest.approx([15.0, 15.0], abs=1e-5)
    assert alone["service_min"] == pytest.approx([25.0, 25.0], abs=1e-5)


def test_a_store_charges_off_peak_and_the_grid_sees_less_at_peak():
    world, _ = run(with_store(40.0, 80.0, (CHARGE, LEND)), demand([60.0]))
    moved = world.statistics.store_kwh[0]
    assert moved[:4].sum() == pytest.approx(50.0), "40 kWh and a quarter more for the loss"
    assert moved[0] == pytest.approx(20.0), "80 kW for a quarter of an hour"
    assert moved[4:8].sum() == pytest.approx(-20.0, abs=1e-4), "80 of the 100 kW for 15 min"
    assert (4 * (world.statistics.energy_kwh[0] + moved)).max() == pytest.approx(80.0)


def test_a_store_charges_slowly_where_it_shall():
    slow = with_store(40.0, 80.0, (CHARGE, CHARGE, LEND))
    slow = dataclasses.replace(
        slow, operating_rules=dataclasses.replace(slow.operating_rules, store_charge_kw=25.0)
    )
    world, _ = run(slow, demand([]))
    assert world.statistics.store_kwh[0][:8].tolist() == pytest.approx([25 / 4] * 8), (
        "50 kWh at 25 kW take the two hours"
    )


def test_an_empty_store_gives_back_the_limit():
    """10 kWh at 80 kW last 7.5 min: then both cars share 120 kW."""
    world, log = run(with_store(10.0, 80.0, (CHARGE, LEND)), demand([60.0, 60.0], target_soc=0.8))
    first_kwh = 2 * 100 * 7.5 / 60
    rest_min = (50.0 - first_kwh) / 120 * 60
    assert log["service_min"] == pytest.approx([7.5 + rest_min] * 2, abs=1e-4)
    assert world.groups[0].store.energy_kwh == 0.0


@pytest.mark.parametrize(
    ("kwh", "kw", "duties"),
    [(0.0, 80.0, (CHARGE, LEND)), (80.0, 0.0, (CHARGE, LEND)), (80.0, 80.0, (IDLE, LEND))],
)
def test_a_store_without_energy_power_or_charging_equals_no_store(kwh, kw, duties):
    table = demand(**TABLE)
    none = run(facilities(guns=(2,), plug_kw=120.0), table)[1]
    assert run(with_store(kwh, kw, duties), table)[1].tobytes() == none.tobytes()
    assert run(with_store(80.0, 80.0, (CHARGE, LEND, LEND)), table)[1].tobytes() != none.tobytes()


def test_a_store_lends_what_it_charged_in_the_hour_before():
    """20 kW for an hour make 16 kWh after the loss, which one car of 100 kW has at 80 kW in the
    first 12 min of the next hour."""
    p = with_store(500.0, 80.0, (CHARGE, LEND, LEND))
    p = dataclasses.replace(
        p, operating_rules=dataclasses.replace(p.operating_rules, store_charge_kw=20.0)
    )
    world, _ = run_both(p, demand([0.0], battery_kwh=400.0, soc=0.1, target_soc=0.9))
    assert world.statistics.store_kwh[0][:12] == pytest.approx(
        [5.0] * 4 + [-16.0] + [0.0] * 7, abs=1e-4
    )


def test_what_a_store_took_is_in_the_statistics_without_any_vehicle():
    """80 kW all day, and still not full at the end."""
    world, _ = run_both(with_store(5000.0, 80.0, (CHARGE,) * 24), demand([]))
    assert world.statistics.store_kwh[0].tolist() == pytest.approx([20.0] * 96)
    assert world.groups[0].store.energy_kwh == pytest.approx(0.8 * 80.0 * 24)


def test_a_store_does_nothing_before_its_site_opens():
    p = with_store(5000.0, 80.0, (CHARGE,) * 24)
    p.known["opens_min"] = 120.0
    world, _ = run_both(p, demand([]))
    assert world.statistics.store_kwh[0].tolist() == pytest.approx([0.0] * 8 + [20.0] * 88)


def test_a_store_lends_nothing_in_the_dark():
    """Beside it a pack charges at 60 kW from 60 on, a third from the store; from 70 to 100 both are
    dark; 20 min are left."""
    p = facilities(
        guns=(1, 1), swap=(False, True), packs=1, slots=1, connection=(0, 0), plug_kw=40.0,
        store_kwh=500.0, store_kw=20.0,
        operating_rules=OperatingRules(store_hours=(CHARGE,) + (LEND,) * 23),
    )  # fmt: skip
    calendar = outages((70.0, 100.0, 0, -1), (70.0, 100.0, 1, -1))
    world, _ = run_both(p, demand([50.0], swap_list=1, station_list=-1), calendar)
    assert world.statistics.energy_kwh[1][:9].tolist() == pytest.approx(
        [0.0] * 4 + [10.0, 0.0, 5.0, 15.0, 0.0], abs=1e-4
    )
    assert world.statistics.store_kwh[0][5] == 0.0


def test_like_charges_under_a_limit_end_at_one_instant():
    """Three at 50 kW each for 30 min, though a third of 150 kW is no whole number of ticks for
    each."""
    _, log = run_both(facilities(guns=(3,), plug_kw=150.0), demand([0.0] * 3))
    assert log["end_min"].tolist() == [35.0] * 3


def test_both_guns_of_the_last_instant_of_a_patience_are_taken():
    """75 kW each from 5 to 25; who comes at 6 with 19 min of patience is served."""
    table = demand([0.0, 0.0, 1.0, 1.0], patience_min=[1e6, 1e6, 19.0, 19.0], max_diversions=0)
    _, log = run_both(facilities(guns=(2,), plug_kw=150.0), table)
    assert (log["outcome"] == SERVED).all()
    assert log["plug_min"].tolist() == [5.0, 5.0, 25.0, 25.0]


def test_a_store_takes_only_what_the_guns_leave():
    world, log = run(with_store(500.0, 200.0, (CHARGE,)), demand([0.0, 0.0], battery_kwh=400.0))
    grid = 4 * (world.statistics.energy_kwh[0] + world.statistics.store_kwh[0])
    assert grid[:4] == pytest.approx([120.0] * 4)
    assert 4 * world.statistics.store_kwh[0][1] == pytest.approx(0.0, abs=1e-4)
    assert log["service_min"] == pytest.approx([200 / 60 * 60] * 2, abs=1e-4)


def test_an_added_gun_has_a_supply_of_its_own():
    def bring(world):
        yield world.env.timeout(10.0)
        gun = world.sites[0].add_gun()
        yield world.env.timeout(30.0)
        gun.remove()

    p = facilities(guns=(1,), plug_kw=100.0)
    table = demand([0.0, 1.0, 30.0], battery_kwh=[100.0, 50.0, 50.0])
    _, plain = run(p, table)
    _, helped = run(p, table, extensions=[bring])
    assert plain["plug_min"].tolist() == [5.0, 35.0, 50.0]
    assert helped["plug_min"].tolist() == [5.0, 10.0, 35.0]
    assert helped["service_min"].tolist() == [30.0, 15.0, 15.0], (
        "the 100 kW of the connection are not shared with it"
    )
    assert (helped["outcome"] == SERVED).all()


@given(seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_more_power_serves_no_single_queue_later(seed):
    """Without impatience, a wider connection of a single station makes neither the last charge end
    later nor the waits longer in all."""
    rng = np.random.default_rng(seed)
    n = 25
    table = demand(np.sort(rng.uniform(0, 200, n)), battery_kwh=rng.uniform(20, 90, n))
    tight = run(facilities(guns=(2,), plug_kw=110.0), table, days=5)[1]
    wide = run(facilities(guns=(2,), plug_kw=150.0), table, days=5)[1]
    assert (tight["outcome"] == SERVED).all()
    assert wide["end_min"].max() <= tight["end_min"].max() + 1e-4
    assert wide["wait_min"].sum() <= tight["wait_min"].sum() + 1e-3
