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


def mean_waits(servers: int, load: float, draw_service, *, replications: int, days: int):
    """Return, for each replication at one station with Poisson arrivals, the mean wait after a day of lead-in and two controls.

    The controls are the arrivals and the mean service over their expectations, less 1: their means are known to be 0.
    """
    rate = load * servers / SERVICE_MIN
    p = plant(guns=(servers,), drive_min=0.0)
    waits, controls = [], []
    for replication in range(replications):
        rng = np.random.default_rng([servers, int(100 * load), replication])
        n = rng.poisson(rate * days * 1440.0)
        arrivals = np.sort(rng.uniform(0, days * 1440.0, n))
        service = draw_service(rng, n)
        battery = service / 60.0 * 100.0 / 0.5  # minutes at the plug = kWh / kW
        _, log = run(p, demand(arrivals, battery_kwh=np.maximum(battery, 1e-3), soc=0.3, target_soc=0.8), days=days)
        settled = (log["outcome"] == SERVED) & (log["plug_min"] > 1440.0)
        waits.append(float(log["wait_min"][settled].mean()))
        controls.append((n / (rate * days * 1440.0) - 1, service.mean() / SERVICE_MIN - 1))
    return np.array(waits), np.array(controls)


def agrees(waits, controls, exact: float) -> None:
    """Compare with the simulation's interval, narrowed by the controls (Lavenberg and Welch 1981); the level is 99 %."""
    x = np.column_stack([np.ones(len(waits)), controls[:, controls.std(axis=0) > 1e-12]])
    beta, *_ = np.linalg.lstsq(x, waits, rcond=None)
    left = waits - x @ beta
    freedom = len(waits) - x.shape[1]
    error = np.sqrt(left @ left / freedom * np.linalg.inv(x.T @ x)[0, 0])
    half = stats.t.ppf(0.5 + LEVEL / 2, freedom) * error
    assert abs(beta[0] - exact) <= half, f"{exact:.3f} min is outside {beta[0]:.3f} +- {half:.3f}"
    assert half <= 0.05 * exact, f"half-width {half:.3f} is above 5 % of {exact:.3f} min"


CASES = [(2, 0.5, 30, 40), (2, 0.6, 30, 48), (3, 0.7, 30, 44)]


@pytest.mark.stat
@pytest.mark.slow
@pytest.mark.parametrize(("servers", "load", "replications", "days"), CASES)
def test_exponential_service_agrees_with_erlang_c(servers, load, replications, days):
    waits, controls = mean_waits(servers, load, lambda rng, n: rng.exponential(SERVICE_MIN, n), replications=replications, days=days)
    agrees(waits, controls, mmc_wait_min(60 * load * servers / SERVICE_MIN, SERVICE_MIN, servers))


@pytest.mark.stat
@pytest.mark.slow
@pytest.mark.parametrize(("servers", "load", "replications", "days"), CASES)
def test_constant_service_agrees_with_kimura(servers, load, replications, days):
    waits, controls = mean_waits(servers, load, lambda rng, n: np.full(n, SERVICE_MIN), replications=replications, days=days)
    agrees(waits, controls, mdc_wait_min(60 * load * servers / SERVICE_MIN, SERVICE_MIN, servers))


@pytest.mark.stat
@pytest.mark.slow
@pytest.mark.parametrize(("servers", "load", "replications", "days"), CASES)
def test_gamma_service_agrees_with_kimura(servers, load, replications, days):
    waits, controls = mean_waits(servers, load, lambda rng, n: rng.gamma(4.0, SERVICE_MIN / 4.0, n), replications=replications, days=days)
    agrees(waits, controls, mgc_wait_min(60 * load * servers / SERVICE_MIN, SERVICE_MIN, servers, service_cv2=0.25))
