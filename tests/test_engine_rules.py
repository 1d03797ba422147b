"""Each rule against its definition."""

import numpy as np
import pytest
from engine_checks import check_whole_curve
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from chargesim.engine import rules
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
    ):  # who gets less than it wants is behind a full limit, where its rank has no more and later ones have nothing
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
    """Guns free at 10 and 20; one comes at 5 and stays 10 min (10 to 20), so who comes at 12 waits until 20."""
    free, arrivals, services = np.array([10.0, 20.0]), np.array([5.0, 30.0]), np.array([10.0, 99.0])
    assert rules.foreseen_gun_wait_min(free, arrivals, services, 2, 12.0) == 8.0
    assert rules.foreseen_gun_wait_min(free, arrivals, services, 0, 12.0) == 0.0
    assert rules.foreseen_gun_wait_min(np.array([np.inf]), arrivals, services, 1, 12.0) == np.inf


def test_cloud_foresees_bay_and_pack():
    """One bay free at 0; packs ready at 0, 30 and then every 20 min; a swap takes 5 min."""
    bay, packs, ahead = np.array([0.0]), np.array([0.0, 30.0]), np.array([1.0, 2.0])
    waits = [rules.foreseen_swap_wait_min(bay, packs, 20.0, 5.0, ahead, n, 3.0) for n in range(3)]
    assert waits == [0.0, 27.0, 47.0], "the first pack, the second, then 20 min after it"
    assert rules.foreseen_swap_wait_min(bay, np.zeros(9), 20.0, 5.0, ahead, 2, 3.0) == 8.0, (
        "the bay: 1 to 6, 6 to 11"
    )


@pytest.mark.parametrize("mean", [0.0, 0.3, 2.0, 11.5])
def test_base_stock_is_the_poisson_quantile(mean):
    for promised in (0.9, 0.95, 0.99):
        assert rules.base_stock(mean, promised) == int(stats.poisson.ppf(promised, mean)) * (
            mean > 0
        )


def test_noise_is_standard_gumbel_and_belongs_to_the_pair():
    noise = np.array([rules.gumbel_noise(np.uint64(k), np.uint64(7)) for k in range(40_000)])
    standard_error = np.pi / np.sqrt(6) / np.sqrt(len(noise))
    assert abs(noise.mean() - 0.5772156649) < 4 * standard_error
    assert noise.std() == pytest.approx(np.pi / np.sqrt(6), rel=0.02)
    assert rules.gumbel_noise(np.uint64(1), np.uint64(2)) != rules.gumbel_noise(
        np.uint64(2), np.uint64(1)
    )


def test_no_noise_exceeds_the_bound_that_is_read_off_its_first_byte():
    edges = np.arange(256, dtype=np.uint64) << np.uint64(56)
    drawn = np.random.default_rng(1).integers(0, 2**64, 20_000, dtype=np.uint64)
    for z in np.concatenate([edges, edges - np.uint64(1), drawn]):
        assert rules.noise_of(z) <= rules.most_noise_of(z)


@pytest.mark.parametrize(("present", "expected"), [(0, 0.0), (1, 0.0), (2, 15.0), (3, 30.0)])
def test_expected_wait_at_a_station(present, expected):
    assert rules.station_wait_min(present, 2, 30.0) == expected


@pytest.mark.parametrize(
    ("present", "ready", "expected"), [(0, 1, 0.0), (0, 0, 20.0), (1, 5, 4.0), (2, 0, 40.0)]
)
def test_expected_wait_at_a_swap_site(present, ready, expected):
    assert rules.swap_wait_min(present, 1, 4.0, ready, 20.0) == expected
