"""Compare the naive program of the bench with the engine: the same vehicles, the same rules, the same outcome."""

import numpy as np
import pytest
from engine_checks import run
from factories import SCENARIOS, demand, plant

from chargesim.bench.naive import NaiveCity
from chargesim.bench.sessions import bench_case
from chargesim.engine.accumulators import OUTCOMES, SERVED
from chargesim.scenario.reading import load
from chargesim.study.case import build_case


@pytest.mark.parametrize("seed", range(5))
def test_the_naive_program_tells_the_same_stories_where_no_power_is_shared(seed):
    rng = np.random.default_rng(seed)
    n = 150
    p = plant(guns=(1, 2, 1, 1), swap=(False, False, True, False), noise_min=3.0, km=2.0, packs=4, slots=2, outside_drive_min=60.0)
    table = demand(
        rng.uniform(0, 900, n), battery_kwh=rng.uniform(30, 80, n), patience_min=12.0, tolerance_min=25.0, max_diversions=2,
        guidance=rng.integers(0, 2, n), swap_list=np.where(rng.random(n) < 0.3, 1, -1), key=rng.integers(1, 2**62, n),
    )  # fmt: skip
    _, log = run(p, table)
    city = NaiveCity(p, [table], 1440.0)
    city.run()
    ours = {name: int((log["outcome"] == number).sum()) for number, name in enumerate(OUTCOMES)}
    assert city.outcomes["served"] == ours["served"]
    assert city.outcomes["lost"] == ours["lost"]
    assert sorted(city.waits) == pytest.approx(sorted(log["wait_min"][log["outcome"] == SERVED]), abs=1e-4)


def test_the_bench_times_both_on_the_same_vehicles():
    measured = bench_case(build_case(load(SCENARIOS / "small_city.yaml")), rounds=1)
    naive, ours, compiled = measured.contenders
    assert naive.sessions == ours.sessions == compiled.sessions > 100
    assert (compiled.served_share, compiled.mean_wait_min) == (ours.served_share, ours.mean_wait_min)
    assert naive.served_share == pytest.approx(ours.served_share, abs=0.02)
    assert measured.ratios["SimPy engine"] == 1.0
    assert set(measured.to_dict()) == {"contenders", "draw_us_per_vehicle", "ratios"}
