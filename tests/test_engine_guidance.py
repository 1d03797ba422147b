"""Guidance: what drivers know. Perfect information equals a joint queue, old information herds, a place may be reserved."""

import dataclasses

import numpy as np
import pytest
from engine_checks import check_conservation, check_little, run
from factories import demand, plant
from hypothesis import given, settings
from hypothesis import strategies as st

from chargesim.demand.table import CLOUD, DISTANCE, POSTED
from chargesim.engine.accumulators import LOST, SERVED
from chargesim.engine.control import Control
from chargesim.engine.moments import Moment
from chargesim.engine.order import EventClass, vehicle_key

LIVE = Control(cloud=True)


def reserving(hold_min=5.0, grace_min=10.0):
    return Control(cloud=True, reserve=True, hold_min=hold_min, grace_min=grace_min)


@given(seed=st.integers(0, 2**32), guns=st.integers(1, 3), n=st.integers(2, 60))
@settings(max_examples=150, deadline=None)
def test_all_following_the_cloud_to_two_like_sites_wait_as_in_one_joint_queue(seed, guns, n):
    """No drive difference, price, noise, balking or reneging; services are known, so each goes where it is served first."""
    rng = np.random.default_rng(seed)
    table = demand(np.sort(rng.uniform(0, 120, n)), battery_kwh=rng.uniform(20, 90, n), guidance=CLOUD)
    _, apart = run(plant(guns=(guns, guns), control=LIVE), table, days=20)
    _, joint = run(plant(guns=(2 * guns,)), table, days=20)
    assert (apart["outcome"] == SERVED).all()
    assert apart["wait_min"].tolist() == joint["wait_min"].tolist()
    assert apart["end_min"].tolist() == joint["end_min"].tolist()


def test_without_guidance_all_go_to_the_first_site_and_wait_longer():
    table = demand(np.arange(0.0, 60.0, 5.0), guidance=DISTANCE)
    _, blind = run(plant(guns=(1, 1)), table)
    _, led = run(plant(guns=(1, 1), control=LIVE), demand(np.arange(0.0, 60.0, 5.0), guidance=CLOUD))
    assert set(blind["site"]) == {0}
    assert led["wait_min"].sum() < 0.5 * blind["wait_min"].sum()


def test_old_posted_occupancy_herds():
    """All choose the site that was empty at the last refresh; the cloud, which sees them on their way, sends every second elsewhere."""
    wishes = np.concatenate([[0.0, 0.5], 61.0 + 0.1 * np.arange(8)])
    battery = [400.0, 60.0, *[60.0] * 8]  # site 0 is busy for hours when the occupancy is posted at 60
    posted = demand(wishes, battery_kwh=battery, guidance=POSTED)
    p = plant(guns=(1, 1, 1), posted_refresh_min=60.0)
    _, herd = run(p, posted)
    assert len(set(herd["site"][2:])) == 1
    live = dataclasses.replace(p, control=LIVE)
    _, led = run(live, demand(wishes, battery_kwh=battery, guidance=CLOUD))
    assert set(led["site"][2:]) == {1, 2}
    assert led["wait_min"][2:].mean() < 0.6 * herd["wait_min"][2:].mean()


def test_fresher_posted_occupancy_herds_less():
    wishes = np.arange(0.0, 90.0, 2.0)
    waits = [
        run(plant(guns=(1, 1, 1), posted_refresh_min=refresh), demand(wishes, guidance=POSTED))[1]["wait_min"].mean()
        for refresh in (30.0, 1.0)
    ]
    assert waits[1] < 0.8 * waits[0]


def test_the_cloud_knows_who_is_on_the_way():
    """Two set out at the same time to two free guns; the second is sent to the other site though nobody is there yet."""
    _, led = run(plant(guns=(1, 1), control=LIVE, drive_min=30.0), demand([0.0, 1.0], guidance=CLOUD))
    assert led["site"].tolist() == [0, 1]
    _, posted = run(plant(guns=(1, 1), drive_min=30.0), demand([0.0, 1.0], guidance=POSTED))
    assert posted["site"].tolist() == [0, 0]


def test_a_reserved_gun_waits_for_its_vehicle():
    """The first reserves and drives 30 min; the other stands beside the station at 27 and finds the only gun held from 25 on."""
    p = plant(guns=(1,), drive_min=30.0, control=reserving(hold_min=5.0), origins=2)
    p.candidates["minutes"][:, 1] = 2.0
    table = demand([0.0, 25.0], origin=[0, 1], guidance=[CLOUD, DISTANCE])
    _, log = run(p, table)
    assert log["plug_min"].tolist() == [30.0, 45.0]
    assert log["wait_min"].tolist() == [0.0, 18.0]
    _, free = run(dataclasses.replace(p, control=LIVE), table)
    assert free["plug_min"].tolist() == [42.0, 27.0], "without reservation who comes first is served first"


def test_before_the_hold_the_gun_is_given_away():
    """Promised at 30 and held from 29 on: who comes at 27 takes the gun, and the promise is kept late."""
    p = plant(guns=(1,), drive_min=30.0, control=reserving(hold_min=1.0), origins=2)
    p.candidates["minutes"][:, 1] = 2.0
    _, log = run(p, demand([0.0, 25.0], origin=[0, 1], guidance=[CLOUD, DISTANCE]))
    assert log["plug_min"].tolist() == [42.0, 27.0]


def test_a_reservation_lapses_after_its_grace():
    """Sent out at 0 on an ordinary hour's way of 30 min, it comes at 30; a promise of 10, made for another way, has lapsed at 12."""
    p = plant(guns=(1,), drive_min=30.0, control=reserving(hold_min=30.0, grace_min=2.0), origins=2)
    p.candidates["minutes"][:, 1] = 2.0
    table = demand([0.0, 1.0], origin=[0, 1], guidance=[CLOUD, DISTANCE])
    _, kept = run(p, table)
    assert kept["plug_min"].tolist() == [30.0, 3.0 + 42.0], "the gun is held for 27 min, though a vehicle waits"

    def early(world):
        yield world.env.timeout(0.5)
        site = world.sites[0]
        site.holds[0] = 10.0
        Moment(world.env, 10.0 + 2.0 - 0.5, vehicle_key(EventClass.LAPSE, 7), 0, site._lapse)

    _, lapsed = run(p, table, extensions=[early])
    assert lapsed["plug_min"].tolist() == [30.0, 12.0], "served when the promise lapses; the late one waits its turn, 27 to 30"


def test_promised_places_are_ordered_by_promised_time():
    """Both reserve while the gun is busy until 20: the earlier promise is served first, though the later one arrives first."""
    p = plant(guns=(1,), drive_min=1.0, control=reserving(hold_min=60.0, grace_min=60.0), origins=2)
    p.candidates["minutes"][:, 1] = 15.0
    table = demand([0.0, 2.0, 3.0], origin=[0, 1, 0], guidance=[DISTANCE, CLOUD, CLOUD], battery_kwh=[60.0, 50.0, 50.0])
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
        np.sort(rng.uniform(0, 200, n)), guidance=np.where(rng.random(n) < share, CLOUD, POSTED), patience_min=rng.choice([5.0, 30.0], n),
        tolerance_min=20.0, max_diversions=2, key=rng.integers(1, 2**62, n),
    )  # fmt: skip
    p = plant(guns=(2, 1, 1), swap=(False, False, False), control=reserving(), noise_min=3.0)
    world, log = run(p, table)
    check_conservation(p, table, world, log)
    check_little(world)
    assert all(not site.holds and not site.expected for site in world.sites)


def test_a_gun_is_never_idle_for_ever_after_a_lapse():
    """A vehicle that never comes, since it is stranded on the way: nothing of the kind exists, a reservation ends at arrival or lapse."""
    p = plant(guns=(1,), drive_min=30.0, control=reserving(hold_min=60.0, grace_min=1.0), origins=2)
    p.candidates["minutes"][:, 1] = 2.0
    table = demand(
        [0.0, 20.0], origin=[0, 1], guidance=[CLOUD, DISTANCE], tolerance_min=[1e6, 1e6], patience_min=[1e6, 5.0], max_diversions=0
    )
    _, log = run(p, table)
    assert log["outcome"].tolist() == [SERVED, LOST], "the held gun is not given to the second, whose patience ends at 27"


@pytest.mark.parametrize("level", [DISTANCE, POSTED])
def test_a_cloud_that_nobody_follows_changes_nothing(level):
    table = demand(np.arange(0.0, 300.0, 4.0), guidance=level, patience_min=12.0, tolerance_min=20.0, max_diversions=1)
    plain = run(plant(guns=(1, 2), noise_min=2.0), table)[1]
    beside = run(plant(guns=(1, 2), noise_min=2.0, control=reserving()), table)[1]
    assert plain.tobytes() == beside.tobytes()
