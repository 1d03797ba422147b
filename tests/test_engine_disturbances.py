"""Disturbances: guns fail and are repaired, tries fail, districts lose their power, sites open
later."""

import numpy as np
import pytest
from engine_checks import check_conservation, check_little, run, run_both
from factories import demand, facilities, outages

from chargesim.demand.demand_table import POSTED, WHOLE_SITE
from chargesim.engine.operating_rules import OperatingRules
from chargesim.engine.replication_totals import LOST, PARTIAL, SERVED, UNFINISHED
from chargesim.engine.simpy.engine import run_simpy

BUSY = {
    "wish_min": np.arange(0.0, 400.0, 6.0),
    "patience_min": 15.0,
    "tolerance_min": 25.0,
    "max_diversions": 1,
}


def test_a_failed_gun_hands_its_vehicle_to_a_free_one_with_its_soc():
    """Plugged in at 5 with 0.3, cut off at 11 with 0.3 + 10 kWh / 50 kWh = 0.5, goes on at once at
    the other gun: 15 min in all."""
    world, log = run(facilities(guns=(2,)), demand([0.0]), outages=outages((11.0, 100.0, 0, 0)))
    assert log["outcome"][0] == SERVED
    assert log["interruptions"][0] == 1
    assert log["end_min"][0] == pytest.approx(20.0, abs=1e-5)
    assert log["service_min"][0] == pytest.approx(15.0, abs=1e-5)
    assert log["energy_kwh"][0] == pytest.approx(25.0, abs=1e-6)
    assert world.statistics.down_min.sum() == 89.0


def test_the_interrupted_goes_first_and_its_patience_starts_anew():
    """One gun: cut off at 10, repaired at 22; the second waits since 6, but the interrupted goes
    before it."""
    table = demand([0.0, 1.0], patience_min=[14.0, 1e6], tolerance_min=1e6)
    _, log = run(facilities(guns=(1,)), table, outages=outages((10.0, 22.0, 0, 0)))
    assert log["outcome"].tolist() == [SERVED, SERVED]
    assert log["wait_min"][0] == 12.0
    assert log["plug_min"][1] == log["end_min"][0] == pytest.approx(32.0, abs=1e-5)


def test_whose_new_patience_ends_leaves_with_part_of_its_energy():
    """The repair comes after 14.5 min, the patience is 14; nowhere else to go."""
    table = demand([0.0], patience_min=14.0, max_diversions=0)
    _, log = run(facilities(guns=(1,)), table, outages=outages((10.0, 24.5, 0, 0)))
    assert log["outcome"][0] == PARTIAL
    assert log["energy_kwh"][0] == pytest.approx(5 / 60 * 100)
    assert log["end_min"][0] == 24.0
    assert log["reneges"][0] == 1


def test_a_repair_in_the_last_instant_of_a_patience_is_taken():
    table = demand([0.0], patience_min=14.0, max_diversions=0)
    _, log = run(facilities(guns=(1,)), table, outages=outages((10.0, 24.0, 0, 0)))
    assert log["outcome"][0] == SERVED


def test_a_charge_that_ends_in_the_instant_of_the_failure_has_ended():
    _, log = run(facilities(guns=(1,)), demand([0.0]), outages=outages((20.0, 50.0, 0, 0)))
    assert (log["outcome"][0], log["end_min"][0], log["interruptions"][0]) == (SERVED, 20.0, 0)


def test_the_second_interruption_drives_on_and_may_be_served_elsewhere():
    p = facilities(guns=(1, 1))
    calendar = outages((8.0, 9.0, 0, 0), (12.0, 500.0, 0, 0))
    _, log = run(p, demand([0.0], max_diversions=1), outages=calendar)
    assert log["interruptions"][0] == 2
    assert (log["outcome"][0], log["site"][0], log["diversions"][0]) == (SERVED, 1, 1)
    assert log["energy_kwh"][0] == pytest.approx(25.0, abs=1e-5), (
        "3 min and 3 min at the first site, the rest at the second"
    )
    assert log["service_min"][0] == pytest.approx(15.0, abs=1e-4)
    assert log["end_min"][0] == pytest.approx(12.0 + 5.0 + 9.0, abs=1e-4)
    _, end = run(p, demand([0.0], max_diversions=0), outages=calendar)
    assert end["outcome"][0] == PARTIAL


def test_no_outage_and_an_outage_that_nobody_meets_change_nothing():
    table = demand(**BUSY)
    plain = run(facilities(guns=(1, 2)), table)[1]
    assert run(facilities(guns=(1, 2)), table, outages=outages())[1].tobytes() == plain.tobytes()
    assert (
        run(facilities(guns=(1, 2)), table, outages=outages((1400.0, 1410.0, 1, 1)))[1].tobytes()
        == plain.tobytes()
    )
    assert (
        run(facilities(guns=(1, 2)), table, outages=outages((50.0, 1410.0, 1, 1)))[1].tobytes()
        != plain.tobytes()
    )


def test_a_gun_that_is_always_down_equals_a_gun_less():
    table = demand(**BUSY)
    less = run(facilities(guns=(1, 1)), table)[1]
    down = run(facilities(guns=(1, 2)), table, outages=outages((0.0, 1e5, 1, 1)))[1]
    assert down.tobytes() == less.tobytes()


def test_more_failures_serve_fewer_on_average():
    served = []
    for hours_up in (2.0, 12.0):
        rng = np.random.default_rng(4)
        rows = []
        for site in range(2):
            now = 0.0
            while now < 1400:
                now += np.ceil(rng.exponential(60 * hours_up))
                rows.append((now, now + 45.0, site, 0))
                now += 46.0
        table = demand(
            np.arange(0.0, 1300.0, 9.0), patience_min=10.0, tolerance_min=15.0, max_diversions=1
        )
        served.append(
            (
                run(facilities(guns=(1, 1)), table, outages=outages(*rows))[1]["outcome"] == SERVED
            ).mean()
        )
    assert served[0] < served[1] - 0.1


def test_a_failed_try_costs_its_minutes_at_the_gun():
    p = facilities(guns=(1,), operating_rules=OperatingRules(failed_start_min=4.0))
    _, log = run(p, demand([0.0, 0.0], failed_starts=[1, 0]))
    assert log["plug_min"].tolist() == [5.0, 24.0]
    assert log["service_min"].tolist() == [19.0, 15.0]
    _, none = run(p, demand([0.0, 0.0]))
    assert none["plug_min"].tolist() == [5.0, 20.0]


def test_a_gun_may_fail_during_a_failed_try():
    p = facilities(guns=(1,), operating_rules=OperatingRules(failed_start_min=4.0))
    world, log = run(
        p, demand([0.0], failed_starts=1, patience_min=30.0), outages=outages((7.0, 10.0, 0, 0))
    )
    assert (log["outcome"][0], log["interruptions"][0]) == (SERVED, 1)
    assert log["end_min"][0] == 25.0, "2 min of the try, 3 of repair, then 15 of charging"
    assert world.statistics.busy_min.sum() == pytest.approx(17.0)


def test_a_blackout_stops_a_site_and_all_that_arrive_turn_away():
    p = facilities(guns=(2, 1))
    table = demand([0.0, 20.0], patience_min=10.0, tolerance_min=60.0, max_diversions=1)
    world, log = run(p, table, outages=outages((10.0, 130.0, 0, WHOLE_SITE)))
    assert log["interruptions"].tolist() == [1, 0]
    assert log["balks"].tolist() == [0, 1], "a dark site is seen from the road"
    assert log["site"].tolist() == [1, 1]
    assert log["wait_min"][0] >= 10.0
    assert world.statistics.energy_kwh[0].sum() == pytest.approx(5 / 60 * 100, abs=1e-5)
    assert world.statistics.down_min[0].sum() == 240.0
    check_little(world)


def test_after_a_blackout_who_waited_goes_on():
    _, log = run(
        facilities(guns=(1,)),
        demand([0.0], patience_min=60.0),
        outages=outages((10.0, 40.0, 0, WHOLE_SITE)),
    )
    assert (log["outcome"][0], log["wait_min"][0]) == (SERVED, 30.0)


def test_a_blackout_outlives_a_repair_and_a_failure_outlives_a_blackout():
    table = demand([0.0], patience_min=500.0)
    for calendar, works in (
        (outages((8.0, 20.0, 0, 0), (10.0, 60.0, 0, WHOLE_SITE)), 60.0),
        (outages((8.0, 90.0, 0, 0), (10.0, 60.0, 0, WHOLE_SITE)), 90.0),
    ):
        _, log = run(facilities(guns=(1,)), table, outages=calendar)
        assert log["end_min"][0] == pytest.approx(works + 12.0, abs=1e-5)


def test_after_a_blackout_all_guns_are_back_before_anyone_is_called():
    """Two cars had a cabinet each for 1 min; after the blackout they have so again, 29 min of 100
    kW."""
    p = facilities(guns=(4,), per_cabinet=2, cabinet_kw=100.0)
    table = demand([0.0, 0.0], battery_kwh=100.0)
    _, log = run_both(p, table, outages((6.0, 40.0, 0, WHOLE_SITE)))
    assert log["end_min"] == pytest.approx([69.0, 69.0], abs=1e-5)
    assert log["service_min"] == pytest.approx([30.0, 30.0], abs=1e-5)


def test_after_a_blackout_a_slow_car_leaves_the_ultra_fast_gun():
    """A car of 60 kW at a companion of 60 kW, before and after; who comes then has the ultra-fast
    gun: 15 min, not 25."""
    p = facilities(guns=(2,), companions=1, companion_kw=60.0)
    table = demand([0.0, 45.0], curve=[1, 0], battery_kwh=[200.0, 50.0])
    _, log = run_both(p, table, outages((6.0, 40.0, 0, WHOLE_SITE)))
    assert log["service_min"] == pytest.approx([100.0, 15.0], abs=1e-5)


def test_a_gun_that_fails_as_the_light_goes_fails_first():
    """Its vehicle goes to the other gun and is interrupted there once more, at the same instant: it
    must go on, and has nowhere to go."""
    table = demand([0.0], max_diversions=0)
    _, log = run_both(
        facilities(guns=(2,)), table, outages((10.0, 60.0, 0, WHOLE_SITE), (10.0, 60.0, 0, 0))
    )
    assert (log["interruptions"][0], log["outcome"][0], log["end_min"][0]) == (2, PARTIAL, 10.0)
    _, alone = run_both(facilities(guns=(2,)), table, outages((10.0, 60.0, 0, WHOLE_SITE)))
    assert (alone["interruptions"][0], alone["outcome"][0], alone["end_min"][0]) == (
        1,
        SERVED,
        70.0,
    )


def test_a_swap_site_without_power_charges_no_pack_and_hands_out_none():
    p = facilities(guns=(1,), swap=(True,), packs=2, slots=2, swap_min=5.0)
    table = demand([0.0, 20.0], swap_list=1, patience_min=200.0, tolerance_min=1e6)
    world, log = run(p, table, outages=outages((15.0, 75.0, 0, WHOLE_SITE)))
    assert log["outcome"].tolist() == [SERVED, LOST], "who arrives at a dark site turns away"
    _, plain = run(p, table)
    assert plain["outcome"].tolist() == [SERVED, SERVED]
    charged = world.statistics.energy_kwh[0]
    assert charged[0] > 0
    assert charged[1:5].sum() < 1e-9, "from 15 to 75 min nothing is charged"
    assert charged.sum() == pytest.approx(0.6 * 50)


def test_posted_occupancy_shows_a_dark_site():
    table = demand([70.0], guidance=POSTED)
    calendar = outages((50.0, 200.0, 0, WHOLE_SITE))
    _, log = run(facilities(guns=(1, 1), posted_refresh_min=60.0), table, outages=calendar)
    assert log["site"].tolist() == [1]
    _, alone = run(
        facilities(guns=(1,), posted_refresh_min=60.0),
        demand([70.0], guidance=POSTED, max_diversions=0),
        outages=calendar,
    )
    assert (alone["outcome"][0], alone["balks"][0]) == (LOST, 1), (
        "where there is no other, one drives there in vain"
    )


def test_a_site_is_used_from_its_opening_on():
    p = facilities(guns=(1, 1))
    p.known["opens_min"][0] = 60.0
    _, log = run(p, demand([59.0, 60.0]))
    assert log["site"].tolist() == [1, 0]


def test_a_wish_that_is_put_off_has_no_delay_for_it():
    _, log = run(facilities(guns=(1,)), demand([100.0], put_off_min=45.0))
    assert log["plug_min"][0] == 150.0
    assert log["wait_min"][0] == 0.0


@pytest.mark.parametrize("cut", [1, 9, 30])
def test_where_a_chunk_ends_changes_nothing_with_disturbances(cut):
    table = demand(**BUSY, put_off_min=np.arange(67) % 3 * 20.0, failed_starts=np.arange(67) % 2)
    calendar = outages((40.0, 90.0, 0, 0), (100.0, 160.0, 1, WHOLE_SITE), (200.0, 260.0, 1, 1))
    p = facilities(guns=(1, 2), operating_rules=OperatingRules(failed_start_min=2.0))
    _, whole = run_simpy(p, [table], 0, 1, outages=calendar)
    _, parts = run_simpy(p, [table[:cut], table[cut:]], 0, 1, outages=calendar)
    assert whole.tobytes() == parts.tobytes()
    world, log = run(p, table, outages=calendar)
    check_conservation(p, table, world, log)
    assert log.tobytes() == whole.tobytes(), "checking at every event changes no result"


def test_unfinished_and_interrupted_is_unfinished():
    _, log = run(
        facilities(guns=(1,)),
        demand([1420.0], patience_min=100.0),
        outages=outages((1430.0, 1500.0, 0, 0)),
    )
    assert (log["outcome"][0], log["wait_min"][0]) == (UNFINISHED, 10.0)
