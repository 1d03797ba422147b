"""Guidance: what drivers know. Perfect information equals a joint queue, old information herds, a
place may be reserved."""

import dataclasses

import numpy as np
import pytest
from engine_checks import check_conservation, check_little, differences, run, run_both
from factories import TICK, demand, facilities, outages
from hypothesis import given, settings
from hypothesis import strategies as st

from chargesim.demand.demand_table import CLOUD, DISTANCE, POSTED, WHOLE_SITE
from chargesim.engine.operating_rules import OperatingRules
from chargesim.engine.replication_totals import LOST, SERVED
from chargesim.engine.simpy.engine import World

LIVE = OperatingRules(cloud=True)


def reserving(hold_min=5.0, grace_min=10.0):
    return OperatingRules(cloud=True, reserve=True, hold_min=hold_min, grace_min=grace_min)


@given(seed=st.integers(0, 2**32), guns=st.integers(1, 3), n=st.integers(2, 60))
@settings(max_examples=150, deadline=None)
def test_all_following_the_cloud_to_two_like_sites_wait_as_in_one_joint_queue(seed, guns, n):
    """No drive difference, price, noise, balking or reneging; services are known, so each goes
    where it is served first."""
    rng = np.random.default_rng(seed)
    table = demand(
        np.sort(rng.uniform(0, 120, n)), battery_kwh=rng.uniform(20, 90, n), guidance=CLOUD
    )
    _, apart = run(facilities(guns=(guns, guns), operating_rules=LIVE), table, days=20)
    _, joint = run(facilities(guns=(2 * guns,)), table, days=20)
    assert (apart["outcome"] == SERVED).all()
    assert apart["wait_min"].tolist() == joint["wait_min"].tolist()
    assert apart["end_min"].tolist() == joint["end_min"].tolist()


def test_without_guidance_all_go_to_the_first_site_and_wait_longer():
    table = demand(np.arange(0.0, 60.0, 5.0), guidance=DISTANCE)
    _, blind = run(facilities(guns=(1, 1)), table)
    _, led = run(
        facilities(guns=(1, 1), operating_rules=LIVE),
        demand(np.arange(0.0, 60.0, 5.0), guidance=CLOUD),
    )
    assert set(blind["site"]) == {0}
    assert led["wait_min"].sum() < 0.5 * blind["wait_min"].sum()


def test_old_posted_occupancy_herds():
    """All choose the site that was empty at the last refresh; the cloud, which sees them on their
    way, sends every second elsewhere."""
    wishes = np.concatenate([[0.0, 0.5], 61.0 + 0.1 * np.arange(8)])
    battery = [
        400.0,
        60.0,
        *[60.0] * 8,
    ]  # site 0 is busy for hours when the occupancy is posted at 60
    posted = demand(wishes, battery_kwh=battery, guidance=POSTED)
    p = facilities(guns=(1, 1, 1), posted_refresh_min=60.0)
    _, herd = run(p, posted)
    assert len(set(herd["site"][2:])) == 1
    live = dataclasses.replace(p, operating_rules=LIVE)
    _, led = run(live, demand(wishes, battery_kwh=battery, guidance=CLOUD))
    assert set(led["site"][2:]) == {1, 2}
    assert led["wait_min"][2:].mean() < 0.6 * herd["wait_min"][2:].mean()


def test_fresher_posted_occupancy_herds_less():
    wishes = np.arange(0.0, 90.0, 2.0)
    waits = [
        run(
            facilities(guns=(1, 1, 1), posted_refresh_min=refresh), demand(wishes, guidance=POSTED)
        )[1]["wait_min"].mean()
        for refresh in (30.0, 1.0)
    ]
    assert waits[1] < 0.8 * waits[0]


def test_the_cloud_knows_who_is_on_the_way():
    """Two set out at the same time to two free guns; the second is sent to the other site though
    nobody is there yet."""
    _, led = run(
        facilities(guns=(1, 1), operating_rules=LIVE, drive_min=30.0),
        demand([0.0, 1.0], guidance=CLOUD),
    )
    assert led["site"].tolist() == [0, 1]
    _, posted = run(facilities(guns=(1, 1), drive_min=30.0), demand([0.0, 1.0], guidance=POSTED))
    assert posted["site"].tolist() == [0, 0]


def test_a_reserved_gun_waits_for_its_vehicle():
    """The first reserves and drives 30 min; the other is at the station at 27 and finds the
    only gun held from 25 on."""
    p = facilities(guns=(1,), drive_min=30.0, operating_rules=reserving(hold_min=5.0), origins=2)
    p.candidates["minutes"][:, 1] = 2.0
    table = demand([0.0, 25.0], origin=[0, 1], guidance=[CLOUD, DISTANCE])
    _, log = run(p, table)
    assert log["plug_min"].tolist() == [30.0, 45.0]
    assert log["wait_min"].tolist() == [0.0, 18.0]
    _, free = run(dataclasses.replace(p, operating_rules=LIVE), table)
    assert free["plug_min"].tolist() == [42.0, 27.0], (
        "without reservation who comes first is served first"
    )


def test_before_the_hold_the_gun_is_given_away():
    """Promised at 30 and held from 29 on: who comes at 27 takes the gun, and the promise is kept
    late."""
    p = facilities(guns=(1,), drive_min=30.0, operating_rules=reserving(hold_min=1.0), origins=2)
    p.candidates["minutes"][:, 1] = 2.0
    _, log = run(p, demand([0.0, 25.0], origin=[0, 1], guidance=[CLOUD, DISTANCE]))
    assert log["plug_min"].tolist() == [42.0, 27.0]


@pytest.mark.parametrize(
    ("late_min", "grace_min", "plug_min"),
    [
        (0.0, 10.0, [30.0, 45.0]),
        (8.0, 10.0, [38.0, 53.0]),
        (10.0, 10.0, [40.0, 55.0]),
        (12.0, 10.0, [55.0, 40.0]),
        (12.0, 15.0, [42.0, 57.0]),
        (500.0, 10.0, [530.0, 40.0]),
    ],
)
def test_who_is_later_than_the_grace_loses_the_place(late_min, grace_min, plug_min):
    """Promised at 30 and held from 25 on, while another waits there since 27; a charge takes 15
    min."""
    p = facilities(
        guns=(1,), drive_min=30.0, operating_rules=reserving(grace_min=grace_min), origins=2
    )
    p.candidates["minutes"][:, 1] = 2.0
    _, log = run_both(
        p, demand([0.0, 25.0], origin=[0, 1], guidance=[CLOUD, DISTANCE], late_min=[late_min, 0.0])
    )
    assert log["plug_min"].tolist() == plug_min
    assert log["drive_min"].tolist() == [30.0 + late_min, 2.0]


@pytest.mark.parametrize(
    ("control", "guidance"), [(LIVE, CLOUD), (reserving(), POSTED), (reserving(), DISTANCE)]
)
def test_who_has_not_reserved_is_never_late(control, guidance):
    _, log = run_both(
        facilities(guns=(1,), operating_rules=control),
        demand([0.0], guidance=guidance, late_min=8.0),
    )
    assert log["drive_min"].tolist() == [5.0]


def test_only_the_first_way_takes_longer_than_foreseen():
    """13 min to a site that lost its power on the way, then 10 to the other."""
    p = facilities(guns=(1, 1), drive_min=10.0, operating_rules=reserving())
    _, log = run_both(
        p,
        demand([0.0], guidance=CLOUD, late_min=3.0, max_diversions=1),
        outages((5.0, 500.0, 0, WHOLE_SITE)),
    )
    assert (log["site"][0], log["drive_min"][0], log["plug_min"][0]) == (1, 23.0, 23.0)


@pytest.mark.parametrize("control", [LIVE, reserving()])
def test_nobody_waits_at_a_site_without_power(control):
    """Neither who set out when it was dark already, and was promised nothing, nor whose place was
    reserved before."""
    p = facilities(guns=(1,), drive_min=30.0, operating_rules=control)
    table = demand(
        [0.0, 20.0], guidance=CLOUD, tolerance_min=20.0, patience_min=40.0, max_diversions=0
    )
    _, log = run_both(p, table, outages((10.0, 500.0, 0, WHOLE_SITE)))
    assert log["outcome"].tolist() == [LOST, LOST]
    assert log["balks"].tolist() == [1, 1]
    assert log["end_min"].tolist() == [30.0, 50.0]


@pytest.mark.parametrize("control", [LIVE, reserving()])
def test_what_nobody_foresees_is_not_promised(control):
    """Who sets out while the only gun is out of order is served in order of arrival, whoever comes
    after."""
    p = facilities(guns=(1,), drive_min=10.0, operating_rules=control)
    table = demand([0.0, 1.0, 2.5, 4.0], guidance=[DISTANCE, CLOUD, DISTANCE, DISTANCE])
    _, log = run_both(p, table, outages((0.0, 5.0, 0, 0)))
    assert log["plug_min"].tolist() == [10.0, 25.0, 40.0, 55.0]
    _, log = run_both(
        p,
        demand([0.0, 1.0], guidance=[DISTANCE, CLOUD], tolerance_min=5.0),
        outages((0.0, 5.0, 0, 0)),
    )
    assert (log["outcome"][1], log["balks"][1]) == (LOST, 1), (
        "without a promise it turns away from a queue like any other"
    )


@pytest.mark.parametrize("control", [LIVE, reserving()])
def test_a_reservation_is_never_worse_than_the_order_of_arrival(control):
    """Promised at 70, when the long charge ends; but the broken gun is repaired at 40, and it was
    there first."""
    p = facilities(guns=(2,), drive_min=10.0, operating_rules=control)
    table = demand(
        [0.0, 12.0, 20.0], guidance=[DISTANCE, CLOUD, DISTANCE], battery_kwh=[200.0, 50.0, 50.0]
    )
    _, log = run_both(p, table, outages((0.0, 40.0, 0, 1)))
    assert log["plug_min"].tolist() == [10.0, 40.0, 55.0]


def test_a_free_place_is_kept_for_the_earlier_promise():
    """Two promises of 19, the lower row's first: it comes at 22 and is served, though the other
    waits there since 4."""
    p = facilities(
        guns=(1,),
        drive_min=1.0,
        operating_rules=reserving(hold_min=60.0, grace_min=60.0),
        origins=2,
    )
    p.candidates["minutes"][:, 1] = 15.0
    late = {"origin": [0, 1, 0], "guidance": [DISTANCE, CLOUD, CLOUD], "late_min": [0.0, 5.0, 0.0]}
    _, log = run_both(p, demand([0.0, 2.0, 3.0], battery_kwh=[60.0, 50.0, 50.0], **late))
    assert log["plug_min"].tolist() == [1.0, 22.0, 37.0]


def test_every_instant_of_a_promise_is_a_whole_tick():
    """The mean service by which the cloud foresees is none."""
    p = facilities(guns=(1,), drive_min=10.0, service_min=100.0 / 3.0, operating_rules=reserving())
    table = demand(
        [0.0, 0.5, 1.0, 11.0, 12.0],
        guidance=[POSTED, POSTED, CLOUD, CLOUD, CLOUD],
        battery_kwh=[50, 33.3, 44.4, 41.7, 33.0],
    )
    world = World(p, [table], 0, 1)
    while world.env.peek() < 1440.0:
        world.env.step()
        assert world.env.now % TICK == 0
    assert differences(p, [table]) == []


def test_promised_guns_are_ordered_by_promised_time():
    """Both reserve while the gun is busy until 20: the earlier promise is served first, though the
    later one arrives first."""
    p = facilities(
        guns=(1,),
        drive_min=1.0,
        operating_rules=reserving(hold_min=60.0, grace_min=60.0),
        origins=2,
    )
    p.candidates["minutes"][:, 1] = 15.0
    table = demand(
        [0.0, 2.0, 3.0],
        origin=[0, 1, 0],
        guidance=[DISTANCE, CLOUD, CLOUD],
        battery_kwh=[60.0, 50.0, 50.0],
    )
    _, log = run(p, table)
    assert log["plug_min"][0] == 1.0
    assert log["plug_min"][1] < log["plug_min"][2], "who ordered first has the earlier promise"
    assert log["plug_min"][1] == log["end_min"][0]


@given(seed=st.integers(0, 2**32), share=st.sampled_from([0.0, 0.5, 1.0]))
@settings(max_examples=60, deadline=None)
def test_nobody_is_forgotten_by_reservations(seed, share):
    rng = np.random.default_rng(seed)
    n = 50
    table = demand(
        np.sort(rng.uniform(0, 200, n)), guidance=np.where(rng.random(n) < share, CLOUD, POSTED),
        patience_min=rng.choice([5.0, 30.0], n),
        tolerance_min=20.0, max_diversions=2, key=rng.integers(1, 2**62, n),
    )  # fmt: skip
    p = facilities(
        guns=(2, 1, 1), swap=(False, False, False), operating_rules=reserving(), noise_min=3.0
    )
    world, log = run(p, table)
    check_conservation(p, table, world, log)
    check_little(world)
    assert all(not site.holds and not site.expected for site in world.sites)


def test_a_gun_is_never_idle_for_ever_after_a_lapse():
    """Promised at 30, lapsed at 31: until then the gun is held, though one gives up at 27; who
    still waits has it at 31."""
    p = facilities(
        guns=(1,),
        drive_min=30.0,
        operating_rules=reserving(hold_min=60.0, grace_min=1.0),
        origins=2,
    )
    p.candidates["minutes"][:, 1] = 2.0
    table = demand(
        [0.0, 20.0, 21.0], origin=[0, 1, 1], guidance=[CLOUD, DISTANCE, DISTANCE], late_min=[900.0,
        0.0, 0.0],
        patience_min=[1e6, 5.0, 1e6], max_diversions=0,
    )  # fmt: skip
    world, log = run_both(p, table)
    assert log["outcome"].tolist() == [SERVED, LOST, SERVED]
    assert log["plug_min"].tolist() == [930.0, -1.0, 31.0]
    assert not world.sites[0].holds


@pytest.mark.parametrize("level", [DISTANCE, POSTED])
def test_a_cloud_that_nobody_follows_changes_nothing(level):
    table = demand(
        np.arange(0.0, 300.0, 4.0),
        guidance=level,
        patience_min=12.0,
        tolerance_min=20.0,
        max_diversions=1,
    )
    plain = run(facilities(guns=(1, 2), noise_min=2.0), table)[1]
    beside = run(facilities(guns=(1, 2), noise_min=2.0, operating_rules=reserving()), table)[1]
    assert plain.tobytes() == beside.tobytes()


def check_foreseen(p, table, wait_min, calendar=None):
    """The last vehicle foresees so long a wait at the first site, 5 min away: it takes a second one
    that is nearer than that in all."""
    chosen = []
    for minutes in (5.0 + wait_min - 0.25, 5.0 + wait_min + 0.25):
        p.candidates["minutes"][:, 0, 1] = minutes
        chosen.append(run_both(p, table, calendar)[1]["site"][-1])
    assert chosen == [1, 0]


def test_the_cloud_foresees_packs_that_a_blackout_stopped():
    """Handed in at 10 and 2 min charged when the light goes at 12; from 80 on 28 min are left:
    ready at 108, for who arrives at 86."""
    p = facilities(guns=(1, 1), swap=(True, True), packs=1, slots=1, operating_rules=LIVE)
    table = demand([0.0, 81.0], swap_list=1, station_list=-1, guidance=[DISTANCE, CLOUD])
    check_foreseen(p, table, 108.0 - 86.0, outages((12.0, 80.0, 0, WHOLE_SITE)))


def test_the_cloud_foresees_when_a_bay_is_free():
    """Swaps take 20 min; the bay is in use from 5 to 25, and who sets out at 6 arrives at 11."""
    p = facilities(guns=(1, 1), swap=(True, True), swap_min=20.0, operating_rules=LIVE)
    check_foreseen(
        p, demand([0.0, 6.0], swap_list=1, station_list=-1, guidance=[DISTANCE, CLOUD]), 25.0 - 11.0
    )


def test_the_cloud_sends_nobody_to_a_swap_site_without_power():
    p = facilities(guns=(1, 1), swap=(True, True), operating_rules=LIVE)
    p.candidates["minutes"][:, 0, 1] = 200.0
    table = demand([70.0], swap_list=1, station_list=-1, guidance=CLOUD)
    assert run_both(p, table, outages((50.0, 100.0, 0, WHOLE_SITE)))[1]["site"].tolist() == [1]
    assert run_both(p, table, outages((50.0, 70.0, 0, WHOLE_SITE)))[1]["site"].tolist() == [0]


def test_the_cloud_foresees_guns_that_share_power():
    """Two at 25 kW since 5: at 30 each lacks 25 - 125 / 12 kWh, 8.75 min at 100 kW, if nobody
    shared from now on."""
    p = facilities(guns=(2, 2), plug_kw=50.0, operating_rules=LIVE)
    check_foreseen(
        p, demand([0.0, 0.0, 30.0], guidance=[DISTANCE, DISTANCE, CLOUD]), 30.0 + 8.75 - 35.0
    )


def test_an_occupied_gun_is_never_foreseen_free_in_the_past():
    """At 25 kW since 5; alone it would have ended at 20. At 36 it still lacks 12.08 kWh, 7.25 min
    at 100 kW."""
    seen = []

    def look(world):
        yield world.env.timeout(36.0)
        site = world.sites[0]
        seen.extend(site.foreseen_wait_min(now) for now in (36.0, 40.0))

    run(
        facilities(guns=(2,), plug_kw=50.0, operating_rules=LIVE),
        demand([0.0, 0.0]),
        extensions=[look],
    )
    assert seen == pytest.approx([7.25, 3.25], abs=1e-5)


def test_the_interrupted_tells_the_cloud_what_is_left():
    """Cut off at 34 with 1 min to go, it waits for the other gun, which is free at 65: then free at
    66, for who arrives at 41."""
    p = facilities(guns=(2, 1), operating_rules=LIVE)
    table = demand(
        [0.0, 0.0, 36.0], guidance=[CLOUD, DISTANCE, CLOUD], battery_kwh=[100.0, 200.0, 50.0]
    )
    check_foreseen(p, table, 66.0 - 41.0, outages((34.0, 500.0, 0, 0)))


def test_the_cloud_knows_of_a_try_that_fails():
    """Plugged in at 5, 4 min of a failed try, 15 of charging: free at 24, for who arrives at 11."""
    p = facilities(guns=(1, 1), operating_rules=OperatingRules(cloud=True, failed_start_min=4.0))
    check_foreseen(
        p, demand([0.0, 6.0], failed_starts=[1, 0], guidance=[DISTANCE, CLOUD]), 24.0 - 11.0
    )


def test_the_cloud_foresees_the_arrival_at_the_speed_of_the_hour():
    """From 60 on the way takes 20 min: the gun that is busy until 75 is free at 80, so the other,
    25 min away, is no better."""
    p = facilities(guns=(1, 1), operating_rules=LIVE)
    p.city["period_of_hour"][0, 1:] = 1
    p.candidates["minutes"][:, 0, 0, 1], p.candidates["minutes"][:, 0, 1, 1] = 20.0, 25.0
    _, log = run_both(p, demand([55.0, 60.0], guidance=[DISTANCE, CLOUD]))
    assert log["plug_min"].tolist() == [60.0, 80.0]
    assert log["site"].tolist() == [0, 0]
