"""Test what vehicles know and do.

Guidance is nested and keeps its shares, wishes are put off to cheaper hours, starts fail.
"""

from math import ceil, floor

import numpy as np
import pytest
from factories import SCENARIOS, TICK
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from chargesim.demand import behaviour as behaviour_module
from chargesim.demand import draw
from chargesim.demand.behaviour import Behaviour
from chargesim.demand.curves import read_curves
from chargesim.demand.demand_table import CLOUD, DISTANCE, POSTED, empty_table
from chargesim.demand.random_streams import generator
from chargesim.demand.tariff import put_off_min
from chargesim.runs.case import build_case
from chargesim.scenario.reading import load

SMALL = load(SCENARIOS / "small_city.yaml").replace({"fleet.stock": 150_000})
TARIFF = {"tariff.enabled": True}
CLOUDY = {"fleet.connected_share": 0.4}
FAILING = {"reliability.failed_start_share": 0.2}
STAYING = {f"fleets.{name}.overstay_share": 0.3 for name in SMALL.scenario.fleets}


def drawn(changes=None):
    demand = build_case(SMALL.replace(changes or {})).task.demand
    return demand, demand.day(1, 2)


def changed(a, b):
    """Return the columns in which two tables differ."""
    return {name for name in a.dtype.names if a[name].tobytes() != b[name].tobytes()}


@pytest.fixture(scope="module")
def plain():
    return drawn()[1]


@pytest.mark.parametrize(
    ("changes", "columns"),
    [
        (TARIFF, {"put_off_min"}),
        (CLOUDY, {"guidance"}),
        (FAILING, {"failed_starts"}),
        (STAYING, {"overstay_min"}),
        (
            {f"fleets.{name}.overstay_mean_min": 20.0 for name in SMALL.scenario.fleets},
            {"overstay_min"},
        ),
        ({**TARIFF, **CLOUDY, **FAILING}, {"put_off_min", "guidance", "failed_starts"}),
        ({**TARIFF, "tariff.energy_cny_kwh": 0.0}, set()),
        ({**TARIFF, "tariff.periods.peak.factor": 1.0, "tariff.periods.valley.factor": 1.0}, set()),
        (
            {**TARIFF, **{f"fleets.{name}.flexible_share": 0.0 for name in SMALL.scenario.fleets}},
            set(),
        ),
        (
            {**TARIFF, **{f"fleets.{name}.flexible_min": 0.0 for name in SMALL.scenario.fleets}},
            set(),
        ),
        ({"reliability.failed_start_min": 9.0, "reliability.failures": True}, set()),
    ],
)
def test_a_mechanism_moves_its_own_column_alone(plain, changes, columns):
    assert changed(plain, drawn(changes)[1]) == columns


def test_a_share_of_one_mechanism_leaves_those_of_the_others():
    every = {**TARIFF, **CLOUDY, **FAILING}
    usual = drawn(every)[1]
    assert changed(usual, drawn({**every, "fleet.connected_share": 0.6})[1]) == {"guidance"}
    assert changed(usual, drawn({**every, "reliability.failed_start_share": 0.3})[1]) == {
        "failed_starts"
    }
    assert changed(usual, drawn({**every, "fleets.private_car.flexible_min": 300.0})[1]) == {
        "put_off_min"
    }
    compliance = {f"fleets.{name}.compliance": 0.3 for name in SMALL.scenario.fleets}
    assert changed(usual, drawn({**every, **compliance})[1]) == {"guidance"}


def test_overstays_have_their_share_and_mean_and_move_no_other_draw():
    every = {**TARIFF, **CLOUDY, **FAILING}
    minutes = {f"fleets.{name}.overstay_mean_min": 20.0 for name in SMALL.scenario.fleets}
    usual, more = drawn(every)[1], drawn({**every, **STAYING, **minutes})[1]
    assert changed(usual, more) == {"overstay_min"}
    stays = more["overstay_min"] > 0
    low, high = stats.binomtest(int(stays.sum()), len(more)).proportion_ci(0.999)
    assert low <= 0.3 <= high
    minutes = more["overstay_min"][stays]
    assert abs(minutes.mean() - 20.0) < 4 * 20.0 / np.sqrt(len(minutes))
    assert minutes.std() == pytest.approx(20.0, rel=0.15), "exponential"
    assert set(np.flatnonzero(usual["overstay_min"])) <= set(np.flatnonzero(stays)), (
        "who overstays goes on to do so when the share rises"
    )


def test_marks_are_thinned_with_their_vehicles():
    """The vehicles of a smaller stock have the same marks in a larger one."""
    every = {**TARIFF, **CLOUDY, **FAILING}
    few, many = (
        drawn({**every, "fleet.stock": 150_000})[1],
        drawn({**every, "fleet.stock": 151_000})[1],
    )
    common = many[np.isin(many["key"], few["key"])]
    assert len(few) < len(many)
    assert changed(few, common) == set()


def behaviour(**changes):
    values = {
        "posted_share": 0.7,
        "connected_share": 0.0,
        "compliance": 1.0,
        "flexible_share": 0.0,
        "flexible_min": 0.0,
        "factors": (1.0,) * 24,
        "failed_start_share": 0.0,
        "late_share": 0.0,
        "late_mean_min": 0.0,
        "overstay_share": 0.0,
        "overstay_mean_min": 0.0,
    }
    return Behaviour(**{**values, **changes})


def guidance(**changes):
    rng = np.random.default_rng(5)
    u_guidance, u = rng.random(40_000), rng.random((6, 40_000))
    return behaviour(**changes)._guidance(u_guidance, u)


@pytest.mark.parametrize(
    ("connected", "compliance"),
    [(0.0, 1.0), (0.25, 0.8), (0.5, 1.0), (0.9, 0.3), (1.0, 0.6), (1.0, 0.0)],
)
def test_guidance_has_its_shares(connected, compliance):
    """Cloud: connected x compliance; posted: the other connected, and a share of the rest.

    Within five standard errors.
    """
    level = guidance(connected_share=connected, compliance=compliance)
    cloud, posted = connected * compliance, connected * (1 - compliance) + (1 - connected) * 0.7
    for value, share in ((CLOUD, cloud), (POSTED, posted), (DISTANCE, 1 - cloud - posted)):
        assert (
            abs((level == value).mean() - share)
            <= 5 * np.sqrt(max(0.0, share * (1 - share)) / len(level)) + 1e-12
        )


def test_late_drivers_have_their_share_and_their_mean():
    """Exponential: the mean of n draws has a standard error of mean / sqrt(n); five of them."""
    on = {"fleet.connected_share": 1.0, "choice.reservation.enabled": True, "fleet.stock": 200_000}
    table = drawn({**on, "choice.reservation.late_share": 0.3, "choice.reservation.late_min": 8.0})[
        1
    ]
    late = table["late_min"] > 0
    assert abs(late.mean() - 0.3) < 5 * np.sqrt(0.21 / len(late))
    assert abs(table["late_min"][late].mean() - 8.0) < 5 * 8.0 / np.sqrt(late.sum())
    assert np.array_equal(table["late_min"] * 2**20, np.round(table["late_min"] * 2**20))
    assert (drawn({**on, "choice.reservation.enabled": False})[1]["late_min"] == 0).all()


def test_who_follows_the_cloud_stays_with_it_when_more_are_connected():
    before = guidance(connected_share=0.0, compliance=0.8)
    for connected in (0.1, 0.35, 0.7, 1.0):
        level = guidance(connected_share=connected, compliance=0.8)
        assert (level[before == CLOUD] == CLOUD).all()
        assert (level == CLOUD).sum() > (before == CLOUD).sum()
        before = level


def test_one_share_for_all_fleets_takes_the_place_of_their_own():
    table = drawn(
        {
            "fleet.connected_share": 1.0,
            **{f"fleets.{name}.compliance": 1.0 for name in SMALL.scenario.fleets},
        }
    )[1]
    assert (table["guidance"] == CLOUD).all()
    demand, table = drawn({"fleets.taxi.connected_share": 1.0, "fleets.taxi.compliance": 1.0})
    taxi = table["fleet"] == demand.names.index("taxi")
    assert np.array_equal(table["guidance"] == CLOUD, taxi)


def naive_put_off(wish_min, u, window_min, factors):
    """Say the rule in plain words, hour by hour, for one vehicle."""

    def price(hour):
        return factors[hour % 24]

    end = wish_min + floor(window_min / TICK) * TICK
    first = floor(wish_min / 60)
    hours = [hour for hour in range(first, ceil(end / 60)) if 60 * hour < end]
    lowest = min([price(hour) for hour in hours], default=price(first))
    if lowest >= price(first):
        return 0.0
    begin = next(hour for hour in hours if price(hour) == lowest)
    run = begin
    while run in hours and price(run) == lowest:
        run += 1
    to = min(60.0 * run, end)
    return min(floor((60 * begin + u * (to - 60 * begin)) / TICK) * TICK, to - TICK) - wish_min


PRICES = st.lists(st.sampled_from([0.4, 0.7, 1.0, 1.6]), min_size=24, max_size=24).map(np.array)
TICKS = st.integers(0, 3 * 1440 * 2**20 - 1)
EDGES = st.sampled_from(
    [0, 60 * 2**20, 60 * 2**20 - 1, 1439 * 2**20, 1440 * 2**20, 1440 * 2**20 - 1]
)


@given(
    factors=PRICES,
    window_min=st.sampled_from([0.0, 0.001, 30.0, 60.0, 90.5, 120.0, 480.0, 1440.0, 4000.0]),
    ticks=st.lists(st.one_of(TICKS, EDGES), min_size=1, max_size=20),
    seed=st.integers(0, 99),
)
@settings(max_examples=150, deadline=None)
def test_putting_off_is_the_naive_rule(factors, window_min, ticks, seed):
    wish = np.array(ticks) * TICK
    u = np.random.default_rng(seed).random(len(wish))
    u[0] = 1.0 - 2.0**-53
    late = put_off_min(wish, u, window_min=window_min, factors=factors)
    assert late.tolist() == [
        naive_put_off(a, b, window_min, factors)
        for a, b in zip(wish.tolist(), u.tolist(), strict=True)
    ]
    assert (late >= 0).all()
    assert (late <= window_min).all()
    assert np.array_equal(late / TICK, np.round(late / TICK))
    before, after = (
        factors[(wish // 60).astype(int) % 24],
        factors[((wish + late) // 60).astype(int) % 24],
    )
    assert (after[late > 0] < before[late > 0]).all()


@given(
    window_min=st.floats(0, 5000),
    ticks=st.lists(TICKS, min_size=1, max_size=20),
    price=st.floats(0, 3),
)
@settings(max_examples=40, deadline=None)
def test_nobody_puts_off_when_prices_are_flat(window_min, ticks, price):
    late = put_off_min(
        np.array(ticks) * TICK,
        np.full(len(ticks), 0.5),
        window_min=window_min,
        factors=np.full(24, price),
    )
    assert (late == 0).all()


def test_putting_off_by_hand():
    """Peak 20 to 22, flat till midnight, valley 0 to 8.

    The cheap run begins at 22 within 2 h, at midnight within 6 h.
    """
    factors = np.ones(24)
    factors[[20, 21]], factors[:8] = 1.6, 0.4
    at = np.array([20.5 * 60])
    assert put_off_min(at, np.array([0.5]), window_min=120, factors=factors).tolist() == [
        22.25 * 60 - 20.5 * 60
    ]
    assert put_off_min(at, np.array([0.5]), window_min=360, factors=factors).tolist() == [
        25.25 * 60 - 20.5 * 60
    ]
    assert put_off_min(at, np.array([0.5]), window_min=60, factors=factors).tolist() == [
        0
    ]  # still peak at the end of the window
    assert put_off_min(
        np.array([60.0]), np.array([0.5]), window_min=600, factors=factors
    ).tolist() == [0]  # in the valley already


def test_flexible_vehicles_of_the_table_put_off():
    """Of the wishes from which the valley can be reached, the flexible share comes later.

    The wishes on corridors come at once.
    """
    demand, _ = drawn(
        {
            **TARIFF,
            "fleets.private_car.flexible_share": 0.3,
            "fleets.private_car.flexible_min": 120.0,
        }
    )
    table = np.concatenate([demand.day(1, day) for day in range(7)])
    late, day = table["put_off_min"] > 0, table["wish_min"] // 1440
    car, noon = (
        table["fleet"] == demand.names.index("private_car"),
        table["wish_min"] // 60 % 24 == 12,
    )
    assert (car & noon).any()
    assert not late[car & noon].any()  # nothing is cheaper before 17 h
    night = car & ((table["wish_min"] + 120) // 1440 > day)  # the valley begins at midnight
    assert night.sum() > 300
    assert abs(late[night].mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / night.sum())
    arrival = table["wish_min"] + table["put_off_min"]
    assert np.array_equal(
        arrival[night & late] // 1440, day[night & late] + 1
    )  # it crosses midnight
    corridor = table["fleet"] == demand.names.index("corridor")
    assert corridor.any()
    assert not late[corridor].any()


def test_no_stream_is_drawn_from_twice(monkeypatch):
    used = []

    def recording(seed, replication, *key):
        used.append((replication, *key))
        return generator(seed, replication, *key)

    for module in (draw, behaviour_module):
        monkeypatch.setattr(module, "generator", recording)
    drawn({**TARIFF, **CLOUDY, **FAILING})
    assert {key[1] for key in used} == {"wish", "conduct", "overstay"}
    assert len(set(used)) == len(used)


@pytest.mark.stat
def test_marks_are_independent_and_instants_uniform():
    """Each pair of marks occurs together as often as by chance (five standard errors).

    Those that come in the valley spread over all of it.
    """
    factors = np.ones(24)
    factors[:8] = 0.4
    which = behaviour(
        connected_share=1.0,
        compliance=0.5,
        flexible_share=0.5,
        flexible_min=1440.0,
        factors=tuple(factors),
        failed_start_share=0.5,
    )
    table = empty_table(20_000)
    table["wish_min"] = 600.0
    which.fill(
        table,
        np.full(len(table), 0.5),
        np.ascontiguousarray(which.draws(1, 0, "taxi", 0, 0, len(table)).T),
    )
    marks = np.stack(
        [table["guidance"] == CLOUD, table["put_off_min"] > 0, table["failed_starts"] > 0]
    )
    together = np.corrcoef(marks)
    assert np.abs(together[np.triu_indices(3, 1)]).max() < 5 / np.sqrt(len(table))
    late = table[table["put_off_min"] > 0]
    instant = (late["wish_min"] + late["put_off_min"] - 1440.0) / 480.0
    assert stats.kstest(instant, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(instant, late["failed_starts"])[0, 1]) < 5 / np.sqrt(len(late))


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_a_share_of_the_first_tries_fails(share):
    table = drawn({"reliability.failed_start_share": share})[1]
    failed = table["failed_starts"]
    assert set(np.unique(failed).tolist()) <= {0, 1}
    assert abs(failed.mean() - share) <= 4 * np.sqrt(share * (1 - share) / len(table))


def test_cold_batteries_take_a_factor_of_their_curves():
    usual, cold = (
        build_case(SMALL.replace({"fleet.curve_factor": factor})) for factor in (1.0, 0.6)
    )
    table = read_curves(SCENARIOS / "tables/charging_curves.csv")
    assert usual.curves.step_kw.tobytes() == table.step_kw.tobytes()
    np.testing.assert_allclose(cold.curves.step_kw, 0.6 * table.step_kw, rtol=1e-15)
    vehicles = len(table.id)
    assert (
        cold.task.facilities.step_kw[:, :vehicles] <= usual.task.facilities.step_kw[:, :vehicles]
    ).all()
    assert (
        cold.task.facilities.step_kw[:, :vehicles] < usual.task.facilities.step_kw[:, :vehicles]
    ).any()
    assert np.array_equal(
        cold.task.facilities.step_kw[:, vehicles:], usual.task.facilities.step_kw[:, vehicles:]
    )  # packs have limits of their own
