"""Check the queueing formulas against known values and limits."""

import math

import numpy as np
import pytest

from chargesim.analysis.queueing import erlang_a, erlang_b, erlang_c, mdc_wait_min, mgc_wait_min, mmc_wait_min


def test_erlang_b_against_the_definition() -> None:
    for load, servers in ((0.5, 1), (3.0, 4), (20.0, 25)):
        terms = [load**k / math.factorial(k) for k in range(servers + 1)]
        assert erlang_b(load, servers) == pytest.approx(terms[-1] / sum(terms))
    assert erlang_b(900.0, 1000) < 1e-3


@pytest.mark.parametrize(
    ("servers", "rho", "share"), [(2, 0.3, 0.138), (2, 0.5, 0.333), (2, 0.7, 0.576), (10, 0.3, 0.001), (10, 0.7, 0.222)]
)
def test_erlang_c_against_published_values(servers: int, rho: float, share: float) -> None:
    assert erlang_c(rho * servers * 3, 20.0, servers) == pytest.approx(share, abs=0.001)


def test_mean_wait_of_six_piles() -> None:
    assert mmc_wait_min(20, 15, 6) == pytest.approx(8.81, abs=0.005)


def test_one_server_against_pollaczek_and_khinchin() -> None:
    rate_per_h, service_min = 2.0, 20.0
    rho = rate_per_h * service_min / 60
    for service_cv2 in (0.0, 0.25, 1.0, 2.0):
        exact_min = (1 + service_cv2) / 2 * rho / (1 - rho) * service_min
        assert mgc_wait_min(rate_per_h, service_min, 1, service_cv2=service_cv2) == pytest.approx(exact_min)


def test_general_service_lies_between_constant_and_exponential() -> None:
    arguments = (19.2, 20.0, 8)
    constant, exponential = mdc_wait_min(*arguments), mmc_wait_min(*arguments)
    assert mgc_wait_min(*arguments, service_cv2=0.0) == pytest.approx(constant)
    assert mgc_wait_min(*arguments, service_cv2=1.0) == pytest.approx(exponential)
    assert constant < mgc_wait_min(*arguments, service_cv2=0.25) < exponential


@pytest.mark.stat
def test_kimura_against_a_queue_of_constant_service() -> None:
    rng = np.random.default_rng(5)
    means = [_simulated_wait_min(rng, 5.6, 15.0, 2, 40_000) for _ in range(12)]
    half = 3.1 * np.std(means, ddof=1) / math.sqrt(len(means))
    assert abs(np.mean(means) - mgc_wait_min(5.6, 15.0, 2, service_cv2=0.0)) < half + 0.01 * np.mean(means)
    assert half < 0.05 * np.mean(means)


def _simulated_wait_min(rng: np.random.Generator, rate_per_h: float, service_min: float, servers: int, customers: int) -> float:
    """Return the mean wait by the recursion of Kiefer and Wolfowitz, constant service."""
    work = [0.0] * servers
    total = 0.0
    for gap in rng.exponential(60 / rate_per_h, customers):
        work = sorted(max(0.0, left - gap) for left in work)
        total += work[0]
        work[0] += service_min
    return total / customers


def test_overload_waits_for_ever() -> None:
    assert erlang_c(10, 15, 2) == 1.0
    assert mmc_wait_min(10, 15, 2) == mdc_wait_min(10, 15, 2) == mgc_wait_min(10, 15, 2, service_cv2=0.2) == math.inf


def test_no_arrivals_no_wait() -> None:
    assert mmc_wait_min(0, 15, 2) == mdc_wait_min(0, 15, 2) == mgc_wait_min(0, 15, 2, service_cv2=0.5) == 0.0
    assert erlang_a(0, 15, 2, patience_min=10).wait_min == 0.0


def test_erlang_a_between_its_limits() -> None:
    patient = erlang_a(20, 15, 6, patience_min=1e7)
    assert patient.wait_min == pytest.approx(mmc_wait_min(20, 15, 6), rel=1e-4)
    assert patient.wait_share == pytest.approx(erlang_c(20, 15, 6), rel=1e-4)
    hasty = erlang_a(20, 15, 6, patience_min=1e-7)
    assert hasty.abandon_share == pytest.approx(erlang_b(5.0, 6), rel=1e-5)


def test_erlang_a_with_patience_like_service_is_an_endless_hall() -> None:
    """With equal rates of service and of leaving, the number present is that of M/M/infinity: Poisson."""
    servers, load = 3, 5.0
    chance = [math.exp(-load) * load**n / math.factorial(n) for n in range(80)]
    queue = sum((n - servers) * chance[n] for n in range(servers, 80))
    overloaded = erlang_a(20, 15, servers, patience_min=15)
    assert overloaded.wait_min == pytest.approx(queue / (20 / 60))
    assert overloaded.abandon_share == pytest.approx(queue / load)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match=r"got -1, 15, 2"):
        mmc_wait_min(-1, 15, 2)
    with pytest.raises(ValueError, match=r"patience_min: got 0, needs more than 0"):
        erlang_a(1, 15, 2, patience_min=0)
    with pytest.raises(ValueError, match=r"service_cv2: got -1, needs at least 0"):
        mgc_wait_min(1, 15, 2, service_cv2=-1)
