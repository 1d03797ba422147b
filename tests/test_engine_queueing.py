"""The engine against closed forms of queueing theory, each within the simulation's own narrow interval."""

import numpy as np
import pytest
from engine_checks import run
from factories import demand, plant
from scipy import stats

from chargesim.analysis.queueing import mdc_wait_min, mgc_wait_min, mmc_wait_min
from chargesim.engine.accumulators import SERVED

SERVICE_MIN = 15.0
LEVEL = 0.99


def mean_waits(servers: int, load: float, draw_service, *, replications: int, days: int) -> list[float]:
    """Return the mean wait of each replication at one station with Poisson arrivals; the first day is lead-in."""
    rate = load * servers / SERVICE_MIN
    p = plant(guns=(servers,), drive_min=0.0)
    waits = []
    for replication in range(replications):
        rng = np.random.default_rng([servers, int(100 * load), replication])
        n = rng.poisson(rate * days * 1440.0)
        arrivals = np.sort(rng.uniform(0, days * 1440.0, n))
        battery = draw_service(rng, n) / 60.0 * 100.0 / 0.5  # minutes at the plug = kWh / kW
        _, log = run(p, demand(arrivals, battery_kwh=np.maximum(battery, 1e-3), soc=0.3, target_soc=0.8), days=days)
        settled = (log["outcome"] == SERVED) & (log["plug_min"] > 1440.0)
        waits.append(float(log["wait_min"][settled].mean()))
    return waits


def agrees(waits: list[float], exact: float) -> None:
    low, high = stats.t.interval(LEVEL, len(waits) - 1, np.mean(waits), stats.sem(waits))
    assert low <= exact <= high, f"{exact:.3f} min is outside {low:.3f}..{high:.3f}"
    assert high - low <= 2 * 0.05 * exact, f"half-width {(high - low) / 2:.3f} is above 5 % of {exact:.3f} min"


CASES = [(2, 0.5, 30, 75), (2, 0.65, 30, 75), (3, 0.75, 30, 90)]


@pytest.mark.stat
@pytest.mark.slow
@pytest.mark.parametrize(("servers", "load", "replications", "days"), CASES)
def test_exponential_service_agrees_with_erlang_c(servers, load, replications, days):
    waits = mean_waits(servers, load, lambda rng, n: rng.exponential(SERVICE_MIN, n), replications=replications, days=days)
    agrees(waits, mmc_wait_min(60 * load * servers / SERVICE_MIN, SERVICE_MIN, servers))


@pytest.mark.stat
@pytest.mark.slow
@pytest.mark.parametrize(("servers", "load", "replications", "days"), CASES)
def test_constant_service_agrees_with_kimura(servers, load, replications, days):
    waits = mean_waits(servers, load, lambda rng, n: np.full(n, SERVICE_MIN), replications=replications, days=days)
    agrees(waits, mdc_wait_min(60 * load * servers / SERVICE_MIN, SERVICE_MIN, servers))


@pytest.mark.stat
@pytest.mark.slow
@pytest.mark.parametrize(("servers", "load", "replications", "days"), CASES)
def test_gamma_service_agrees_with_kimura(servers, load, replications, days):
    waits = mean_waits(servers, load, lambda rng, n: rng.gamma(4.0, SERVICE_MIN / 4.0, n), replications=replications, days=days)
    agrees(waits, mgc_wait_min(60 * load * servers / SERVICE_MIN, SERVICE_MIN, servers, service_cv2=0.25))
