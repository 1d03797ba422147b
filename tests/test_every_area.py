"""Test the rule for criteria that every district must meet: no worst of many noisy means."""

import numpy as np
import pytest
from factories import SCENARIOS

from chargesim.analysis.every_area import allowance_band, judge_shares, worst_share
from chargesim.scenario.reading import load

CRITERION = next(
    one
    for one in load(SCENARIOS / "chongqing_2025.yaml").scenario.standard.criteria
    if one.scope == "districts"
)
"""At least 80 % within 10 min in every district: a share of 0.2 may fail."""
WISHES = 60


def drawn(rng, shares, replications=4):
    """Return the failed shares of districts with 60 wishes a day, [district, replication]."""
    return rng.binomial(WISHES, np.repeat(shares[:, None], replications, axis=1)) / WISHES


def test_districts_that_all_meet_are_seen_to_meet_and_never_to_fail():
    """38 districts at .17 of .2: by the worst of their means 2 % of the draws meet."""
    rng, draws = np.random.default_rng(38), 400
    shares = [drawn(rng, np.full(38, 0.17)) for _ in range(draws)]
    assert np.mean([one.mean(axis=1).max() <= 0.2 for one in shares]) < 0.05
    assert np.mean([worst_share(one) <= 0.2 for one in shares]) > 0.95
    tests = [judge_shares(one, CRITERION, alpha=0.05) for one in shares]
    assert np.mean([one.p_fail <= 0.05 for one in tests]) <= 0.07  # 5 % and two standard errors
    assert not all(one.meets for one in tests)  # too few wishes to be sure of every one


def test_one_district_that_fails_is_found_among_many():
    rng, draws = np.random.default_rng(39), 200
    truth = np.append(np.full(37, 0.1), 0.4)
    shares = [drawn(rng, truth) for _ in range(draws)]
    assert np.mean([worst_share(one) > 0.2 for one in shares]) > 0.98
    assert 0.33 < np.mean([worst_share(one) for one in shares]) < 0.4  # drawn a little to the rest
    tests = [judge_shares(drawn(rng, truth, 20), CRITERION, alpha=0.05) for _ in shares]
    assert not any(one.meets for one in tests)
    assert np.mean([one.p_fail <= 0.05 for one in tests]) > 0.95


def test_the_band_holds_the_worst_district_as_often_as_it_says():
    rng, draws = np.random.default_rng(40), 300
    truth = np.linspace(0.05, 0.15, 38)
    bands = [
        allowance_band(drawn(rng, truth, 20), CRITERION, confidence=0.975) for _ in range(draws)
    ]
    worst = truth.max() / 0.2
    assert np.mean([one.lower <= worst for one in bands]) > 0.96
    assert np.mean([one.upper >= worst for one in bands]) > 0.96
    assert all(one.lower <= one.mean <= one.upper for one in bands)


def test_one_area_is_its_mean():
    shares = np.array([[0.1, 0.3, np.nan]])
    assert worst_share(shares) == pytest.approx(0.2)
    assert worst_share(shares[0]) == pytest.approx(0.2)
    assert np.isnan(worst_share(np.full((2, 3), np.nan)))
