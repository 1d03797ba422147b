"""Conservation laws on random small scenarios, and what one pile more does."""

import numpy as np
import pytest
from engine_checks import check_conservation, check_little, check_waits, run
from factories import demand, facilities
from hypothesis import given, settings
from hypothesis import strategies as st
from random_scenarios import scenarios
from scipy import stats

from chargesim.engine.replication_totals import SERVED


@given(scenarios())
@settings(max_examples=300, deadline=None)
def test_nothing_is_made_and_nothing_is_lost(scenario):
    """Packs, places, SOC and energy are checked at every event, by `audit`, and once more at the
    end."""
    p, table, calendar = scenario
    world, log = run(p, table, outages=calendar)
    check_conservation(p, table, world, log)
    check_little(world)
    check_waits(log)


@given(scenarios())
@settings(max_examples=150, deadline=None)
def test_energy_never_exceeds_a_limit(scenario):
    p, table, calendar = scenario
    world, _ = run(p, table, outages=calendar)
    statistics, rounding_kw = (
        world.statistics,
        1e-4,
    )  # a charge ends on a whole tick, up to half a tick early
    cabinets = np.array(
        [1 + max(p.outlets.cabinet[o] for o in p.outlets.of(site)) for site in range(len(p))]
    )
    assert (statistics.energy_kwh * 4 - (p.cabinet_kw * cabinets)[:, None]).max(
        initial=-1
    ) <= rounding_kw
    grid_kw = np.zeros((len(p), statistics.energy_kwh.shape[1]))
    np.add.at(grid_kw, p.connection, 4 * (statistics.energy_kwh + statistics.store_kwh))
    assert grid_kw.max(initial=-1) <= p.plug_kw[0] + rounding_kw
    assert grid_kw.min(initial=0) >= -rounding_kw, "a store never feeds the grid"


@given(scenarios())
@settings(max_examples=100, deadline=None)
def test_a_store_gives_what_it_took_less_its_loss(scenario):
    p, table, calendar = scenario
    world, _ = run(p, table, outages=calendar)
    for group in world.groups.values():
        if group.store is not None:
            moved_kwh = world.statistics.store_kwh[group.store.site]
            taken, given_away = np.maximum(moved_kwh, 0).sum(), -np.minimum(moved_kwh, 0).sum()
            assert 0 <= group.store.energy_kwh <= group.store.kwh
            assert taken * 0.8 - given_away - group.store.energy_kwh == pytest.approx(0, abs=1e-3)


@given(seed=st.integers(0, 2**32), guns=st.integers(1, 4), n=st.integers(2, 80))
@settings(max_examples=80, deadline=None)
def test_one_pile_more_at_a_single_queue_makes_no_wait_longer(seed, guns, n):
    """Holds for first come, first served without balking and reneging (Kiefer and Wolfowitz
    1955)."""
    rng = np.random.default_rng(seed)
    table = demand(np.sort(rng.uniform(0, 200, n)), battery_kwh=rng.uniform(20, 90, n))
    _, fewer = run(facilities(guns=(guns,)), table, days=20)
    _, more = run(facilities(guns=(guns + 1,)), table, days=20)
    assert (fewer["outcome"] == SERVED).all()
    assert (more["wait_min"] <= fewer["wait_min"]).all()


@pytest.mark.stat
def test_more_piles_serve_more_in_a_network_with_choice():
    """With choice, balking and reneging a pile more can hurt one vehicle; over 30 seeds it must
    help on average."""
    gains = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        n = 150
        table = demand(
            np.sort(rng.uniform(0, 700, n)),
            patience_min=12.0,
            tolerance_min=25.0,
            max_diversions=1,
            key=rng.integers(1, 2**62, n),
            guidance=1,
        )
        served = [
            np.mean(run(facilities(guns=guns, noise_min=3.0), table)[1]["outcome"] == SERVED)
            for guns in ((1, 1), (2, 1))
        ]
        gains.append(served[1] - served[0])
    low, high = stats.t.interval(0.99, 29, np.mean(gains), stats.sem(gains))
    assert low > 0
    assert high - low < np.mean(gains)
