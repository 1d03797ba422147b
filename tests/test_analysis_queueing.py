"""Check the queueing formulas against known values and limits."""

import math

import numpy as np
import pytest
from chains import stationary
from scipy import stats

from chargesim.analysis.queueing import (
    erlang_a,
    erlang_b,
    erlang_c,
    mdc_exact_wait_min,
    mdc_wait_min,
    mgc_wait_min,
    mmc_wait_min,
    pack_wait_min,
    rack_empty_share,
    shared_service_min,
)
from chargesim.verify.cases import KIMURA_TOLERANCE, all_cases


def test_erlang_b_against_the_definition() -> None:
    for load, servers in ((0.5, 1), (3.0, 4), (20.0, 25)):
        terms = [load**k / math.factorial(k) for k in range(servers + 1)]
        assert erlang_b(load, servers) == pytest.approx(terms[-1] / sum(terms))
    assert erlang_b(900.0, 1000) < 1e-3


@pytest.mark.parametrize(
    ("servers", "rho", "share"),
    [(2, 0.3, 0.138), (2, 0.5, 0.333), (2, 0.7, 0.576), (10, 0.3, 0.001), (10, 0.7, 0.222)],
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
        assert mgc_wait_min(rate_per_h, service_min, 1, service_cv2=service_cv2) == pytest.approx(
            exact_min
        )


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
    assert abs(
        np.mean(means) - mgc_wait_min(5.6, 15.0, 2, service_cv2=0.0)
    ) < half + 0.01 * np.mean(means)
    assert half < 0.05 * np.mean(means)


def _simulated_wait_min(
    rng: np.random.Generator, rate_per_h: float, service_min: float, servers: int, customers: int
) -> float:
    """Return the mean wait by the recursion of Kiefer and Wolfowitz, constant service."""
    work = [0.0] * servers
    total = 0.0
    for gap in rng.exponential(60 / rate_per_h, customers):
        work = sorted(max(0.0, left - gap) for left in work)
        total += work[0]
        work[0] += service_min
    return total / customers


@pytest.mark.parametrize(("servers", "rho"), [(1, 0.6), (3, 0.7), (8, 0.9)])
def test_constant_service_against_the_chain_of_crommelin(servers: int, rho: float) -> None:
    """Who is there at t + D: those who waited at t, and the Poisson arrivals since; iterated until
    it no longer changes."""
    load, most = rho * servers, 400
    arrived = stats.poisson.pmf(np.arange(most), load)
    there = arrived.copy()
    for _ in range(3000):
        waiting = np.concatenate([[there[: servers + 1].sum()], there[servers + 1 :]])
        before, there = there, np.convolve(waiting, arrived)[:most]
        if np.abs(there - before).max() < 1e-15:
            break
    queue = float((np.maximum(np.arange(most) - servers, 0) * there).sum())
    assert mdc_exact_wait_min(load * 4, 15.0, servers) == pytest.approx(queue * 15 / load, rel=1e-8)
    assert mdc_wait_min(load * 4, 15.0, servers) == pytest.approx(queue * 15 / load, rel=0.01)


def test_kimura_is_within_its_tolerance_of_the_chain_where_the_ladder_uses_it() -> None:
    """Erlang's law of four stages: a state is the queue and the number of busy servers in each
    stage."""
    case = next(case for case in all_cases() if case.tolerance)
    servers, stages, rate = (
        int(case.facilities.servers[0]),
        round(case.flow.service.shape),
        case.flow.rate_per_h / 60,
    )
    stage_rate = stages / case.flow.service.mean_min

    def moves(state):
        queue, busy = state
        free = sum(busy) < servers
        if free or queue < 150:
            yield ((0, (busy[0] + 1, *busy[1:])) if free else (queue + 1, busy)), rate
        for stage, at in enumerate(busy):
            if at:
                after = list(busy)
                after[stage] -= 1
                called = stage + 1 == stages and queue > 0
                if stage + 1 < stages:
                    after[stage + 1] += 1
                elif called:
                    after[0] += 1
                yield (queue - called, tuple(after)), at * stage_rate

    chance = stationary((0, (0,) * stages), moves)
    exact_min = sum(queue * share for (queue, _), share in chance.items()) / rate
    assert case.exact == pytest.approx(exact_min, rel=KIMURA_TOLERANCE)
    assert case.exact != pytest.approx(exact_min, rel=1e-4), "an approximation, and named so"


@pytest.mark.parametrize(
    ("packs", "slots", "swap_min"), [(6, 3, 5.0), (2, 1, 10.0), (4, 6, 0.0), (1, 1, 5.0)]
)
def test_the_empty_rack_against_the_chain_of_packs(packs: int, slots: int, swap_min: float) -> None:
    """Swaps of two exponential stages: a state is the packs in the bays' two stages and in the
    slots."""
    rate, charge_rate, stage_rate = 5.0 / 60, 1 / 30.0, 2 / swap_min if swap_min else 0.0

    def moves(state):
        first, second, slot = state
        if first + second + slot < packs:
            yield ((first + 1, second, slot) if swap_min else (0, 0, slot + 1)), rate
        if first:
            yield (first - 1, second + 1, slot), first * stage_rate
        if second:
            yield (first, second - 1, slot + 1), second * stage_rate
        if slot:
            yield (first, second, slot - 1), min(slot, slots) * charge_rate

    empty = sum(
        share for state, share in stationary((0, 0, 0), moves).items() if sum(state) == packs
    )
    assert rack_empty_share(5.0, 30.0, slots, packs, swap_min=swap_min) == pytest.approx(
        empty, rel=1e-9
    )
    if slots >= packs:
        assert empty == pytest.approx(erlang_b(5.0 * (30.0 + swap_min) / 60, packs)), (
            "without a queue for slots it is Erlang's loss"
        )


@pytest.mark.parametrize(("packs", "slots"), [(4, 3), (3, 5), (7, 2), (3, 3)])
def test_the_wait_for_a_pack_against_its_chain(packs: int, slots: int) -> None:
    """A state is charged packs, packs that are not, and waiting vehicles, none of it summed up."""
    rate, charge_rate = 3.0 / 60, 1 / 30.0

    def moves(state):
        ready, empty, waiting = state
        if ready:
            yield (ready - 1, empty + 1, waiting), rate
        elif waiting < 400:
            yield (ready, empty, waiting + 1), rate
        if empty:  # the pack that is ready goes to who waits, whose own is empty
            yield (
                ((ready, empty, waiting - 1) if waiting else (ready + 1, empty - 1, 0)),
                min(empty, slots) * charge_rate,
            )

    queue = sum(
        waiting * share for (_, _, waiting), share in stationary((packs, 0, 0), moves).items()
    )
    assert pack_wait_min(3.0, 30.0, slots, packs) == pytest.approx(queue / rate, rel=1e-8)


def test_shared_power_against_its_chain() -> None:
    """Exponential service: each of n vehicles has a rate of 1 / n of the whole, and Little's law
    gives the minutes."""
    rate, mu = 2.4 / 60, 1 / 15.0

    def moves(n):
        if n < 300:
            yield n + 1, rate
        if n:
            yield n - 1, n * (mu / n)

    chance = stationary(0, moves)
    assert shared_service_min(2.4, 15.0) == pytest.approx(
        sum(n * share for n, share in chance.items()) / rate
    )
    assert shared_service_min(4.0, 15.0) == math.inf


def test_overload_waits_for_ever() -> None:
    assert erlang_c(10, 15, 2) == 1.0
    assert (
        mmc_wait_min(10, 15, 2)
        == mdc_wait_min(10, 15, 2)
        == mgc_wait_min(10, 15, 2, service_cv2=0.2)
        == math.inf
    )
    assert mdc_exact_wait_min(8, 15, 2) == pack_wait_min(10, 15, 2, 4) == math.inf


def test_no_arrivals_no_wait() -> None:
    assert (
        mmc_wait_min(0, 15, 2)
        == mdc_wait_min(0, 15, 2)
        == mgc_wait_min(0, 15, 2, service_cv2=0.5)
        == 0.0
    )
    assert (
        mdc_exact_wait_min(0, 15, 2)
        == pack_wait_min(0, 15, 2, 4)
        == rack_empty_share(0, 15, 2, 4, swap_min=5.0)
        == 0.0
    )
    assert erlang_a(0, 15, 2, patience_min=10).wait_min == 0.0


def test_erlang_a_between_its_limits() -> None:
    patient = erlang_a(20, 15, 6, patience_min=1e7)
    assert patient.wait_min == pytest.approx(mmc_wait_min(20, 15, 6), rel=1e-4)
    assert patient.wait_share == pytest.approx(erlang_c(20, 15, 6), rel=1e-4)
    hasty = erlang_a(20, 15, 6, patience_min=1e-7)
    assert hasty.abandon_share == pytest.approx(erlang_b(5.0, 6), rel=1e-5)


def test_erlang_a_with_patience_like_service_is_an_endless_hall() -> None:
    """With equal rates of service and of leaving, the number present is that of M/M/infinity:
    Poisson."""
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
