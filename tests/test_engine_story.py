"""Small stories whose end is known by hand."""

from dataclasses import replace

import numpy as np
import pytest
from engine_checks import (
    check_conservation,
    check_little,
    check_patience,
    check_soc_is_a_share,
    check_tie_of_grant_and_patience,
    check_wait_over_a_drive,
    run,
    run_both,
)
from factories import demand, facilities, outages

from chargesim.engine.collector import session_measures
from chargesim.engine.replication_totals import LOST, SERVED, STRANDED, UNFINISHED
from chargesim.engine.simpy.engine import run_simpy


def test_one_vehicle_drives_charges_and_leaves():
    _, log = run(facilities(), demand([100.0]))
    assert log["outcome"][0] == SERVED
    assert log["drive_min"][0] == 5.0
    assert log["wait_min"][0] == 0.0
    assert log["plug_min"][0] == 105.0
    assert log["end_min"][0] == 105.0 + 60 * 0.5 * 50 / 100


def test_zero_demand_leaves_empty_statistics():
    world, log = run(facilities(guns=(2, 1), swap=(False, True)), demand([]))
    assert len(log) == 0
    assert (
        world.statistics.busy_min.sum()
        == world.statistics.energy_kwh.sum()
        == world.statistics.arrivals.sum()
        == 0
    )
    assert world.statistics.ready_min[1].sum() == pytest.approx(2 * 1440.0)


def test_patience_is_kept_to_the_tick():
    check_patience()


def test_gun_freed_in_the_last_instant_of_a_patience_is_taken():
    check_tie_of_grant_and_patience()


def test_driving_takes_energy_as_a_share_of_the_battery():
    check_soc_is_a_share()


def test_no_site_within_reach_strands():
    _, log = run(facilities(km=200.0), demand([0.0], soc=0.1))
    assert log["outcome"][0] == STRANDED
    assert log["site"][0] == -1


def test_no_site_at_all_strands():
    _, log = run(facilities(guns=()), demand([0.0]))
    assert log["outcome"][0] == STRANDED


def test_outside_option_is_taken_for_a_posted_queue_and_marked():
    table = demand([0.0, 20.0], guidance=1, battery_kwh=1000.0)
    _, log = run(facilities(guns=(1,), outside_drive_min=-1e6), table)
    assert log["outcome"].tolist() == [SERVED, LOST]
    assert log["chose_outside"].tolist() == [0, 1]
    _, blind = run(
        facilities(guns=(1,), outside_drive_min=-1e6),
        demand([0.0, 20.0], guidance=0, battery_kwh=100.0),
    )
    assert blind["outcome"].tolist() == [SERVED, SERVED]


def test_balks_at_a_long_queue_and_goes_on_to_the_other_site():
    table = demand(
        [0.0, 0.0, 1.0],
        tolerance_min=[100.0, 100.0, 1.0],
        battery_kwh=1000.0,
        key=[1, 2, 3],
        max_diversions=2,
    )
    p = facilities(guns=(1, 1))
    p.candidates["minutes"][0, 0, 1] = 6.0
    _, log = run(p, table)
    assert log["balks"].tolist() == [0, 0, 1]
    assert log["site"].tolist() == [0, 0, 1]
    assert log["outcome"][2] == SERVED
    assert log["diversions"][2] == 1


def test_the_wait_runs_from_the_first_arrival_over_the_drive_to_the_plug():
    check_wait_over_a_drive()
    table = demand(
        [0.0, 1.0, 4.0], battery_kwh=[1000.0, 50.0, 50.0], tolerance_min=[1e6, 20.0, 20.0],
        max_diversions=2, key=[1, 2, 3],
    )  # fmt: skip
    p = replace(facilities(guns=(1, 1)), service_min=np.array([60.0, 10.0]))
    world, log = run_both(p, table)
    assert log["site"].tolist() == [0, 1, 1]
    delay_min = session_measures(p, table, log)["delay_min"]
    assert delay_min.tolist() == [0.0, 5.0, 17.0], "plug-in - wish - the drive to the nearest site"
    check_little(world)


def test_after_a_failure_the_wait_runs_again_to_the_next_plug():
    """Plugged in at 5, cut off from 10 to 12 and at 14 for good, it drives 5 min to B."""
    calendar = outages((10.0, 12.0, 0, 0), (14.0, 1000.0, 0, 0))
    table = demand([0.0], battery_kwh=100.0, max_diversions=1)
    _, log = run_both(facilities(guns=(1, 1)), table, calendar)
    assert (log["outcome"][0], log["site"][0], log["interruptions"][0]) == (SERVED, 1, 2)
    assert (log["wait_min"][0], log["queue_min"][0]) == (7.0, 2.0)


def test_the_wait_of_the_unserved_ends_when_they_leave():
    """It balks at 9 at A, drives 5 min, and gives up in B's queue 7 min later."""
    table = demand(
        [0.0, 1.0, 4.0], battery_kwh=1000.0, tolerance_min=[1e6, 20.0, 20.0],
        patience_min=[1e6, 1e6, 7.0], max_diversions=1, key=[1, 2, 3],
    )  # fmt: skip
    p = replace(facilities(guns=(1, 1)), service_min=np.array([60.0, 10.0]))
    _, log = run_both(p, table)
    assert (log["outcome"][2], log["wait_min"][2], log["queue_min"][2]) == (LOST, 12.0, 7.0)


def test_lost_after_the_last_diversion():
    table = demand(
        [0.0, 0.0, 1.0], tolerance_min=[100.0, 100.0, 1.0], battery_kwh=1000.0, max_diversions=0
    )
    _, log = run(facilities(guns=(1, 1)), table)
    assert (log["outcome"][2], log["balks"][2], log["diversions"][2]) == (LOST, 1, 0)


def test_two_arrive_at_once_the_lower_row_is_served_first():
    _, log = run(facilities(guns=(1,)), demand([0.0, 0.0]))
    assert log["wait_min"].tolist() == [0.0, 15.0]


def test_horizon_ends_first():
    world, log = run(facilities(guns=(1,)), demand([1430.0, 1431.0]))
    assert log["outcome"].tolist() == [UNFINISHED, UNFINISHED]
    assert log["soc_out"][0] == pytest.approx(0.3 + 5 * 100 / 60 / 50)
    assert log["wait_min"][1] == 4.0
    check_little(world)


def test_the_run_goes_on_until_the_judged_have_left():
    """Who wishes at 1430 of the only judged day charges from 1435 to 1450; who wishes at 1445 keeps
    nobody waiting."""
    table = demand([1430.0, 1445.0])
    world, log = run_both(facilities(), table, run_out_days=1)
    assert (log["outcome"][0], log["end_min"][0]) == (SERVED, 1450.0)
    assert log["outcome"][1:].tolist() == [UNFINISHED]
    assert world.env.now == 1450.0
    assert world.statistics.busy_min.sum() == 5.0
    _, cut_off = run_both(facilities(), table)
    assert cut_off["outcome"].tolist() == [UNFINISHED]
    assert cut_off["end_min"].tolist() == [1440.0]


def test_the_run_goes_on_for_the_days_of_its_run_out_at_the_most():
    for run_out_days in (1, 2):
        _, log = run_both(
            facilities(), demand([1430.0], battery_kwh=1e5), run_out_days=run_out_days
        )
        assert log["outcome"].tolist() == [UNFINISHED]
        assert run_out_days * 1440.0 < log["end_min"][0] <= (run_out_days + 1) * 1440.0


def test_swap_takes_a_pack_and_charges_the_old_one():
    p = facilities(guns=(1,), swap=(True,), packs=1, slots=1, swap_min=5.0)
    world, log = run(p, demand([0.0, 1.0], swap_list=1))
    assert log["soc_out"].tolist() == [0.9, 0.9]
    assert log["end_min"][0] == 10.0
    charge = 60 * 0.6 * 50 / 60
    assert log["plug_min"][1] == pytest.approx(10.0 + charge, abs=1e-5)
    assert world.statistics.pack_found.sum() == 1
    assert world.statistics.energy_kwh.sum() == pytest.approx(2 * 0.6 * 50, rel=1e-6)
    check_conservation(p, demand([0.0, 1.0], swap_list=1), world, log)


def test_two_cars_share_a_cabinet():
    _, log = run(facilities(guns=(2,), cabinet_kw=100.0), demand([0.0, 0.0]))
    assert (log["end_min"] - log["plug_min"]) == pytest.approx([30.0, 30.0], abs=1e-5)


def test_the_one_that_stays_gets_the_whole_cabinet():
    _, log = run(
        facilities(guns=(2,), cabinet_kw=100.0), demand([0.0, 0.0], target_soc=[0.55, 0.8])
    )
    assert (log["end_min"] - log["plug_min"]) == pytest.approx([15.0, 22.5], abs=1e-5)


def test_steps_of_a_curve_under_a_limit():
    curve = ((0.0, 0.5, 1.0), (100.0, 40.0))
    _, log = run(
        facilities(guns=(2,), cabinet_kw=100.0, curve=curve),
        demand([0.0, 0.0], soc=0.4, target_soc=0.6),
    )
    assert (log["end_min"] - log["plug_min"]) == pytest.approx(
        np.full(2, 60 * 5 / 50 + 60 * 5 / 40), abs=1e-5
    )


def test_guns_are_taken_from_the_emptier_cabinet():
    _, log = run(facilities(guns=(4,), per_cabinet=2, cabinet_kw=100.0), demand([0.0, 0.0]))
    assert (log["end_min"] - log["plug_min"]) == pytest.approx([15.0, 15.0], abs=1e-5)


def test_posted_occupancy_is_as_old_as_its_refresh():
    p = facilities(guns=(1, 1), posted_refresh_min=60.0)
    p.candidates["minutes"][:, 0, 1] = 8.0
    table = demand([0.0, 10.0, 61.0], guidance=1, battery_kwh=1000.0)
    _, log = run(p, table)
    assert log["site"].tolist() == [0, 0, 1]
    _, blind = run(p, demand([0.0, 10.0, 61.0], guidance=0, battery_kwh=1000.0))
    assert blind["site"].tolist() == [0, 0, 0]


@pytest.mark.parametrize("cut", [1, 7, 23, 49])
def test_where_a_chunk_ends_changes_nothing(cut):
    rng = np.random.default_rng(5)
    p = facilities(
        guns=(1, 2, 1),
        swap=(False, False, True),
        noise_min=3.0,
        outside_drive_min=40.0,
        cabinet_kw=120.0,
    )
    table = demand(
        np.sort(rng.uniform(0, 600, 50)), swap_list=rng.integers(0, 2, 50) * 2 - 1,
        patience_min=20.0, tolerance_min=30.0,
        max_diversions=2, key=rng.integers(1, 2**62, 50), guidance=1,
    )  # fmt: skip
    whole_statistics, whole = run_simpy(p, [table], 0, 1)
    statistics, parts = run_simpy(p, [table[:cut], table[cut:]], 0, 1)
    assert whole.tobytes() == parts.tobytes()
    for name in ("busy_min", "energy_kwh", "queue_min", "arrivals", "ready_min"):
        assert (getattr(statistics, name) == getattr(whole_statistics, name)).all(), name
