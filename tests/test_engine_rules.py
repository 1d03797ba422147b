"""Each rule against its definition."""

import numpy as np
import pytest
from engine_checks import check_whole_curve
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from chargesim.engine import queue_rules, rules, store_rules
from chargesim.engine.operating_rules import CHARGE, IDLE, LEND
from chargesim.engine.replication_totals import LOST, PARTIAL, SERVED, STRANDED
from chargesim.exact_time import durations_min

EDGES = np.linspace(0, 1, 21)
KW = np.linspace(150, 10, 20)
socs = st.floats(0, 1)


def test_whole_curve_is_charged():
    check_whole_curve()


@given(soc=socs, middle=socs, target=socs)
def test_minutes_add_up(soc, middle, target):
    a, b, c = sorted((soc, middle, target))
    whole = rules.charge_min(a, c, 60.0, EDGES, KW)
    parts = rules.charge_min(a, b, 60.0, EDGES, KW) + rules.charge_min(b, c, 60.0, EDGES, KW)
    assert whole == pytest.approx(parts, abs=1e-9)


@given(soc=socs, target=socs, share=st.floats(0, 1))
def test_soc_after_is_the_inverse_of_charge_min(soc, target, share):
    soc, target = sorted((soc, target))
    minutes = share * rules.charge_min(soc, target, 60.0, EDGES, KW)
    reached = rules.soc_after(soc, target, minutes, 60.0, EDGES, KW)
    assert soc - 1e-12 <= reached <= target + 1e-12
    assert rules.charge_min(soc, reached, 60.0, EDGES, KW) == pytest.approx(minutes, abs=1e-6)


@given(minutes=st.floats(0, 1e5))
def test_durations_are_whole_ticks_and_never_zero(minutes):
    exact = rules.exact_min(minutes)
    assert exact > 0
    assert exact * 2**20 == int(exact * 2**20)
    assert abs(exact - minutes) <= 2.0**-20
    assert exact == durations_min(np.array([minutes]))[0], (
        "one rule, in the engine and in the demand table"
    )


def test_an_edge_belongs_to_the_step_on_its_right():
    assert [rules.step_at(s, EDGES) for s in (0.0, EDGES[1], 0.0499, EDGES[19], 1.0)] == [
        0,
        1,
        0,
        19,
        19,
    ]


@given(
    wanted=st.lists(st.floats(0.5, 600), min_size=1, max_size=12),
    per_cabinet=st.integers(1, 4),
    cabinet_kw=st.floats(10, 700),
    site_kw=st.floats(10, 2000),
    seed=st.integers(0, 99),
)
def test_shared_power_goes_by_rank_and_is_max_min_fair(
    wanted, per_cabinet, cabinet_kw, site_kw, seed
):
    want, n = np.array(wanted), len(wanted)
    cabinet, rank = np.arange(n) // per_cabinet, np.random.default_rng(seed).integers(0, 3, n)
    got = np.empty(n)
    rules.share_power(want, cabinet, rank, np.full(cabinet.max() + 1, cabinet_kw), site_kw, got)
    by_cabinet = np.bincount(cabinet, weights=got)
    assert (got <= want + 1e-6).all()
    assert (by_cabinet <= cabinet_kw + 1e-6).all()
    assert got.sum() <= site_kw + 1e-6
    for i in range(
        n
    ):  # who gets less than it wants is behind a full limit; its rank has no more, later ones 0
        if got[i] < want[i] - 1e-5:

            def binds(behind, full):
                equals, later = behind & (rank == rank[i]), behind & (rank > rank[i])
                return (
                    full
                    and got[i] >= got[equals].max() - 1e-5
                    and got[later].max(initial=0.0) <= 1e-5
                )

            assert binds(
                cabinet == cabinet[i], by_cabinet[cabinet[i]] >= cabinet_kw - 1e-5
            ) or binds(np.ones(n, dtype=bool), got.sum() >= site_kw - 1e-5)


@given(
    st.lists(st.floats(0.0, 150.0), min_size=1, max_size=9),
    st.integers(1, 12),
    st.sampled_from([20.0, 37.5, 60.0]),
    st.integers(0, 2**32 - 1),
)
def test_modules_are_whole_all_used_and_max_min_fair(wanted, count, module_kw, seed):
    """Beside them two charges of a cabinet without modules, which nothing cuts."""
    n, rng = len(wanted), np.random.default_rng(seed)
    want, begun = np.array([*wanted, 80.0, 90.0]), rng.integers(0, 3, n + 2).astype(float)
    cabinet, limits = np.array([0] * n + [1, 1]), np.array([count * module_kw, 10.0])
    kept, modules, order = want.copy(), np.zeros(n + 2, np.int64), np.zeros(n + 2, np.int64)
    rules.lend_modules(kept, begun, cabinet, np.array([module_kw, 0.0]), limits, modules, order)
    needs = np.ceil(want[:n] / module_kw - 1e-9).astype(int)
    got = modules[:n]
    assert kept[n:].tolist() == [80.0, 90.0]
    assert (got <= needs).all()
    assert got.sum() == min(count, needs.sum())
    assert kept[:n] == pytest.approx(np.minimum(want[:n], got * module_kw))
    short = got < needs
    assert (got[short].max(initial=0) - got[short].min(initial=99)) <= 1
    for i in np.flatnonzero(short):
        assert got[i] >= got.max() - 1, "nobody has two more than who lacks one"
        later = (begun[:n] > begun[i]) | ((begun[:n] == begun[i]) & (np.arange(n) > i))
        assert (got[later] <= got[i]).all(), "who began first comes first"


def shared(want, rank, cabinet_kw, site_kw, cabinet=None):
    got = np.empty(len(want))
    cabinet = np.zeros(len(want), dtype=np.int64) if cabinet is None else np.array(cabinet)
    rules.share_power(
        np.array(want, dtype=float),
        cabinet,
        np.array(rank),
        np.full(cabinet.max() + 1, cabinet_kw),
        site_kw,
        got,
    )
    return got.tolist()


def test_unlimited_power_is_not_shared():
    assert shared([480.0, 240.0, 90.0], [0, 0, 1], 1e9, 1e9) == [480.0, 240.0, 90.0]


def test_ultra_fast_guns_come_first_behind_the_600_kw_of_the_municipal_guide():
    assert shared([480, 240, 100, 100], [0, 0, 1, 1], 600.0, 630.0) == pytest.approx(
        [360, 240, 0, 0]
    )
    assert shared([240, 240, 100, 100], [0, 0, 1, 1], 600.0, 630.0) == pytest.approx(
        [240, 240, 60, 60]
    )


def test_without_a_grid_connection_nothing_flows():
    assert shared([100.0, 50.0], [0, 1], 600.0, 0.0) == [0.0, 0.0]


def test_cloud_foresees_the_gun_that_is_free_first():
    """Guns free at 10 and 20; one comes at 5 and stays 10 min (10 to 20), so who comes at 12 waits
    until 20."""
    free, arrivals, services = np.array([10.0, 20.0]), np.array([5.0, 30.0]), np.array([10.0, 99.0])
    assert queue_rules.foreseen_gun_wait_min(free, arrivals, services, 2, 12.0) == 8.0
    assert queue_rules.foreseen_gun_wait_min(free, arrivals, services, 0, 12.0) == 0.0
    assert (
        queue_rules.foreseen_gun_wait_min(np.array([np.inf]), arrivals, services, 1, 12.0) == np.inf
    )


def test_cloud_foresees_bay_and_pack():
    """One bay free at 0; packs ready at 0, 30 and then every 20 min; a swap takes 5 min."""
    bay, packs, ahead = np.array([0.0]), np.array([0.0, 30.0]), np.array([1.0, 2.0])
    waits = [
        queue_rules.foreseen_swap_wait_min(bay, packs, 20.0, 5.0, ahead, n, 3.0) for n in range(3)
    ]
    assert waits == [0.0, 27.0, 47.0], "the first pack, the second, then 20 min after it"
    assert queue_rules.foreseen_swap_wait_min(bay, np.zeros(9), 20.0, 5.0, ahead, 2, 3.0) == 8.0, (
        "the bay: 1 to 6, 6 to 11"
    )


@pytest.mark.parametrize("mean", [0.0, 0.3, 2.0, 11.5])
def test_base_stock_is_the_poisson_quantile(mean):
    for promised in (0.9, 0.95, 0.99):
        assert queue_rules.base_stock(mean, promised) == int(stats.poisson.ppf(promised, mean)) * (
            mean > 0
        )


def test_noise_is_standard_gumbel_and_belongs_to_the_pair():
    noise = np.array(
        [rules.noise_of(rules.noise_hash(np.uint64(k), np.uint64(7))) for k in range(40_000)]
    )
    standard_error = np.pi / np.sqrt(6) / np.sqrt(len(noise))
    assert abs(noise.mean() - 0.5772156649) < 4 * standard_error
    assert noise.std() == pytest.approx(np.pi / np.sqrt(6), rel=0.02)
    assert rules.noise_hash(np.uint64(1), np.uint64(2)) != rules.noise_hash(
        np.uint64(2), np.uint64(1)
    )


@pytest.mark.parametrize("most", [-800.0, -3.0, 0.0, 2.0, np.inf])
def test_noise_below_a_bound_is_a_truncated_gumbel(most):
    """Its share of F(most) is the uniform of the hash."""
    hashes = [rules.noise_hash(np.uint64(k), np.uint64(7)) for k in range(4000)]
    noise = np.array([rules.noise_below(z, most) for z in hashes])
    assert (noise <= most).all()
    if most == np.inf:
        assert noise.tolist() == [rules.noise_of(z) for z in hashes]
    uniform = np.array([(float(int(z) >> 12) + 0.5) * 2.0**-52 for z in hashes])
    if most > -700:
        assert np.exp(-np.exp(-noise) + np.exp(-most)) == pytest.approx(uniform, rel=1e-9)


def test_no_noise_exceeds_the_bound_that_is_read_off_its_first_byte():
    edges = np.arange(256, dtype=np.uint64) << np.uint64(56)
    drawn = np.random.default_rng(1).integers(0, 2**64, 20_000, dtype=np.uint64)
    for z in np.concatenate([edges, edges - np.uint64(1), drawn]):
        assert rules.noise_of(z) <= rules.most_noise_of(z)


@pytest.mark.parametrize(("present", "expected"), [(0, 0.0), (1, 0.0), (2, 15.0), (3, 30.0)])
def test_expected_wait_at_a_station(present, expected):
    assert queue_rules.station_wait_min(present, 2, 30.0) == expected
    assert queue_rules.station_wait_min(present, 0, 30.0) == np.inf, "no gun works"


@pytest.mark.parametrize(
    ("present", "ready", "expected"), [(0, 1, 0.0), (0, 0, 20.0), (1, 5, 4.0), (2, 0, 40.0)]
)
def test_expected_wait_at_a_swap_site(present, ready, expected):
    assert queue_rules.swap_wait_min(present, 1, 4.0, ready, 20.0) == expected


def test_who_has_a_reservation_balks_only_without_power():
    assert queue_rules.balks(10.1, 10.0, -1.0)
    assert not queue_rules.balks(10.0, 10.0, -1.0)
    assert not queue_rules.balks(99.0, 10.0, 0.0), "promised at the start of the run"
    assert queue_rules.balks(np.inf, 10.0, 500.0)


def test_who_is_lost_with_some_energy_had_a_part_of_it():
    assert queue_rules.outcome_of(LOST, 0.1) == PARTIAL
    assert queue_rules.outcome_of(LOST, 0.0) == LOST
    assert [queue_rules.outcome_of(each, 5.0) for each in (SERVED, STRANDED)] == [SERVED, STRANDED]


def test_packs_to_keep_are_one_more_than_the_base_stock_of_recent_arrivals():
    """6 arrivals fade e-fold in 60 min to 2.2: with a pack each 5 min from 4 slots 0.74 a
    charge."""
    mean = 6.0 * np.exp(-1.0) / 60.0 * 5.0 * 4
    assert queue_rules.packs_to_keep(6.0, 60.0, 60.0, 5.0, 4, 0.9) == 1 + stats.poisson.ppf(
        0.9, mean
    )
    assert queue_rules.packs_to_keep(0.0, 60.0, 60.0, 5.0, 4, 0.9) == 1


@pytest.mark.parametrize(
    ("duty", "energy_kwh", "used_kw", "grid_kw", "power_kw"),
    [
        (LEND, 50.0, 30.0, 100.0, 30.0),
        (LEND, 50.0, 300.0, 100.0, 80.0),
        (LEND, 0.0, 30.0, 100.0, 0.0),
        (LEND, 50.0, 30.0, 0.0, 0.0),
        (CHARGE, 50.0, 30.0, 100.0, -40.0),
        (CHARGE, 50.0, 90.0, 100.0, -10.0),
        (CHARGE, 50.0, 120.0, 100.0, 0.0),
        (CHARGE, 100.0, 30.0, 100.0, 0.0),
        (IDLE, 50.0, 30.0, 100.0, 0.0),
    ],
)
def test_a_store_lends_what_is_used_and_takes_what_is_left(
    duty, energy_kwh, used_kw, grid_kw, power_kw
):
    """100 kWh, gives 80 kW and takes 40 kW at most."""
    power = store_rules.store_power_kw(duty, energy_kwh, 100.0, 80.0, 40.0, used_kw, grid_kw)
    assert power == power_kw
    assert store_rules.store_works(duty, energy_kwh, 100.0) or power == 0.0
    assert store_rules.lendable_kw(duty, energy_kwh, 80.0) == 80.0 * (
        duty == LEND and energy_kwh > 0
    )


def test_the_loss_of_a_store_is_on_the_way_in():
    assert store_rules.store_energy_kwh(50.0, 100.0, 60.0, 30.0, 0.8) == 20.0
    assert store_rules.store_energy_kwh(50.0, 100.0, -60.0, 30.0, 0.8) == 74.0
    assert store_rules.store_energy_kwh(50.0, 60.0, -60.0, 30.0, 0.8) == 60.0
    assert store_rules.store_left_min(50.0, 100.0, 60.0, 0.8) == 50.0
    assert store_rules.store_left_min(60.0, 100.0, -50.0, 0.8) == 60.0


@pytest.mark.parametrize(
    ("room_kw", "most_kw", "charges"),
    [(600.0, 480.0, 2), (960.0, 480.0, 3), (959.0, 480.0, 2), (100.0, 480.0, 1)],
)
def test_fewer_charges_than_fill_a_limit_never_bind(room_kw, most_kw, charges):
    assert rules.least_to_bind(room_kw, most_kw) == charges
    assert (charges - 1) * most_kw <= room_kw < charges * most_kw
    assert rules.least_to_bind(np.inf, most_kw) == rules.least_to_bind(room_kw, 0.0) == 1_000_000


def test_a_step_at_a_shared_power():
    """50 kWh at 30 kW gain 0.1 in 10 min; a step ends at its edge or at the target."""
    assert rules.soc_at_power(0.2, 0.5, 10.0, 50.0, 30.0) == pytest.approx(0.3)
    assert rules.soc_at_power(0.2, 0.25, 10.0, 50.0, 30.0) == 0.25
    assert rules.step_min(0.2, 0.5, 50.0, 30.0) == pytest.approx(30.0, abs=1e-6)
    assert rules.step_min(0.5, 0.5, 50.0, 30.0) == 0.0
    assert rules.next_edge_soc(3, 0.8, EDGES) == EDGES[4]
    assert rules.next_edge_soc(3, 0.17, EDGES) == 0.17


def test_a_whole_charge_takes_a_tick_and_the_rest_of_one_perhaps_none():
    assert rules.charge_alone_min(0.5, 0.5, 60.0, EDGES, KW, True) == 2.0**-20
    assert rules.charge_alone_min(0.5, 0.5, 60.0, EDGES, KW, False) == 0.0
