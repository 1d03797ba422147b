"""Each rule against its definition."""

import numpy as np
import pytest
from engine_checks import check_whole_curve
from hypothesis import given
from hypothesis import strategies as st

from chargesim.engine import rules
from chargesim.ticks import durations_min

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
    assert exact == durations_min(np.array([minutes]))[0], "one rule, in the engine and in the demand table"


def test_an_edge_belongs_to_the_step_on_its_right():
    assert [rules.step_at(s, EDGES) for s in (0.0, EDGES[1], 0.0499, EDGES[19], 1.0)] == [0, 1, 0, 19, 19]


@given(
    wanted=st.lists(st.floats(0.5, 600), min_size=1, max_size=12),
    per_cabinet=st.integers(1, 4),
    cabinet_kw=st.floats(10, 700),
    site_kw=st.floats(10, 2000),
)
def test_shared_power_is_feasible_and_max_min_fair(wanted, per_cabinet, cabinet_kw, site_kw):
    want = np.array(wanted)
    cabinet = np.arange(len(want)) // per_cabinet
    got = np.empty(len(want))
    rules.share_power(want, cabinet, cabinet_kw, site_kw, got)
    by_cabinet = np.bincount(cabinet, weights=got)
    assert (got <= want + 1e-6).all()
    assert (by_cabinet <= cabinet_kw + 1e-6).all()
    assert got.sum() <= site_kw + 1e-6
    for i in range(len(want)):  # who gets less than it wants is behind a full limit, and nobody there has more
        if got[i] < want[i] - 1e-6:
            in_cabinet = by_cabinet[cabinet[i]] >= cabinet_kw - 1e-6 and got[i] >= got[cabinet == cabinet[i]].max() - 1e-6
            at_site = got.sum() >= site_kw - 1e-6 and got[i] >= got.max() - 1e-6
            assert in_cabinet or at_site


def test_unlimited_power_is_not_shared():
    want, got = np.array([480.0, 240.0, 90.0]), np.empty(3)
    rules.share_power(want, np.zeros(3, dtype=np.int64), 1e9, 1e9, got)
    assert got.tolist() == want.tolist()


def test_noise_is_standard_gumbel_and_belongs_to_the_pair():
    noise = np.array([rules.gumbel_noise(np.uint64(k), np.uint64(7)) for k in range(40_000)])
    standard_error = np.pi / np.sqrt(6) / np.sqrt(len(noise))
    assert abs(noise.mean() - 0.5772156649) < 4 * standard_error
    assert noise.std() == pytest.approx(np.pi / np.sqrt(6), rel=0.02)
    assert rules.gumbel_noise(np.uint64(1), np.uint64(2)) != rules.gumbel_noise(np.uint64(2), np.uint64(1))


@pytest.mark.parametrize(("present", "expected"), [(0, 0.0), (1, 0.0), (2, 15.0), (3, 30.0)])
def test_expected_wait_at_a_station(present, expected):
    assert rules.station_wait_min(present, 2, 30.0) == expected


@pytest.mark.parametrize(("present", "ready", "expected"), [(0, 1, 0.0), (0, 0, 20.0), (1, 5, 4.0), (2, 0, 40.0)])
def test_expected_wait_at_a_swap_site(present, ready, expected):
    assert rules.swap_wait_min(present, 1, 4.0, ready, 20.0) == expected
