"""Conservation laws on random small scenarios, and what one pile more does."""

import numpy as np
import pytest
from engine_checks import check_conservation, check_little, run
from factories import demand, plant
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from chargesim.engine.accumulators import SERVED


@st.composite
def scenarios(draw):
    sites = draw(st.integers(1, 4))
    guns = tuple(draw(st.integers(1, 3)) for _ in range(sites))
    swap = tuple(draw(st.booleans()) for _ in range(sites))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    whole = draw(st.booleans())
    n = draw(st.integers(0, 60))
    times = np.sort(rng.uniform(0, draw(st.sampled_from([30, 300, 1400])), n))
    p = plant(
        guns=guns, swap=swap, km=draw(st.sampled_from([0.0, 3.0, 60.0])), drive_min=draw(st.sampled_from([0.0, 2.0, 7.5])),
        cabinet_kw=draw(st.sampled_from([60.0, 150.0, 1e9])), plug_kw=draw(st.sampled_from([90.0, 1e9])),
        per_cabinet=draw(st.integers(1, 3)),
        packs=draw(st.integers(1, 4)), slots=draw(st.integers(1, 3)), noise_min=0.0 if whole else 4.0,
        outside_drive_min=draw(st.sampled_from([np.inf, 20.0])), curve=((0.0, 0.5, 0.8, 1.0), (100.0, 60.0, 20.0)),
    )  # fmt: skip
    table = demand(
        np.floor(times) if whole else times,
        soc=rng.uniform(0.05, 0.6, n), target_soc=rng.uniform(0.65, 1.0, n), battery_kwh=rng.choice([20.0, 60.0], n),
        swap_list=np.where(rng.random(n) < 0.4, 1, -1), patience_min=rng.choice([3.0, 10.0, 40.0], n),
        tolerance_min=rng.choice([5.0, 60.0], n),
        max_diversions=rng.integers(0, 3, n), guidance=rng.integers(0, 2, n), key=rng.integers(1, 2**62, n),
    )  # fmt: skip
    return p, table


@given(scenarios())
@settings(max_examples=150, deadline=None)
def test_nothing_is_made_and_nothing_is_lost(scenario):
    p, table = scenario
    world, log = run(p, table)
    check_conservation(p, table, world, log)
    check_little(world)


@given(scenarios())
@settings(max_examples=60, deadline=None)
def test_energy_never_exceeds_a_limit(scenario):
    p, table = scenario
    world, _ = run(p, table)
    highest = world.books.energy_kwh * 4
    limit = np.minimum(p.plug_kw, p.cabinet_kw * np.ceil(p.outlets / p.per_cabinet))[:, None]
    assert (highest - limit).max(initial=-1) <= 1e-4  # a charge ends on a whole tick, up to half a tick early


@given(seed=st.integers(0, 2**32), guns=st.integers(1, 4), n=st.integers(2, 80))
@settings(max_examples=80, deadline=None)
def test_one_pile_more_at_a_single_queue_makes_no_wait_longer(seed, guns, n):
    """Holds for first come, first served without balking and reneging (Kiefer and Wolfowitz 1955)."""
    rng = np.random.default_rng(seed)
    table = demand(np.sort(rng.uniform(0, 200, n)), battery_kwh=rng.uniform(20, 90, n))
    _, fewer = run(plant(guns=(guns,)), table, days=20)
    _, more = run(plant(guns=(guns + 1,)), table, days=20)
    assert (fewer["outcome"] == SERVED).all()
    assert (more["wait_min"] <= fewer["wait_min"]).all()


@pytest.mark.stat
def test_more_piles_serve_more_in_a_network_with_choice():
    """With choice, balking and reneging a pile more can hurt one vehicle; over 30 seeds it must help on average."""
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
        served = [np.mean(run(plant(guns=guns, noise_min=3.0), table)[1]["outcome"] == SERVED) for guns in ((1, 1), (2, 1))]
        gains.append(served[1] - served[0])
    low, high = stats.t.interval(0.99, 29, np.mean(gains), stats.sem(gains))
    assert low > 0
    assert high - low < np.mean(gains)
