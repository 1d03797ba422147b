"""Test how days differ: the laws of the factor, its streams, and what it does to the demand."""

from itertools import pairwise

import numpy as np
import pytest
from factories import SCENARIOS
from scipy.stats import chi2, norm

from chargesim.demand.common_vehicles import common_vehicles
from chargesim.demand.days import DayFactors
from chargesim.demand.thinning import alike, days_of_all
from chargesim.runs.case import build_case
from chargesim.runs.mechanisms.registry import inert_mechanisms
from chargesim.scenario.reading import load

SMALL = load(SCENARIOS / "small_city.yaml")
DAYS = DayFactors(tail_share=0.03, calm_cv=0.04, tail_cv=0.4, correlation=0.5)
GROUPS = ("cars", "trucks", "corridor")


def factors(days, group="cars", count=20_000, replication=0):
    return np.array([days.factor(1, replication, group, day) for day in range(count)])


def case(changes=None):
    return build_case(SMALL.replace(changes or {}))


@pytest.mark.stat
@pytest.mark.parametrize("correlation", [0.0, 0.5, 1.0])
def test_the_factor_has_its_mean_and_spread(correlation):
    """Within four standard errors of mean 1, of the CV, and of the share of tail days."""
    days = DayFactors(0.1, 0.05, 0.3, correlation)
    found = factors(days)
    assert abs(found.mean() - 1) < 4 * days.cv / np.sqrt(len(found))
    squares = (found - 1) ** 2
    assert abs(squares.mean() - days.cv**2) < 4 * squares.std() / np.sqrt(len(found))
    assert days.cv == pytest.approx(np.sqrt(0.9 * 0.05**2 + 0.1 * 0.3**2))
    # a calm day is within 5 of its standard deviations; most tail days are not
    beyond = np.mean(np.abs(np.log(found)) > 5 * 0.05)
    spread = np.sqrt(np.log1p(0.3**2))
    sides = norm.cdf((np.array([-0.25, 0.25]) + spread**2 / 2) / spread)
    expected = 0.1 * (sides[0] + 1 - sides[1])
    assert abs(beyond - expected) < 4 * np.sqrt(expected / len(found))


@pytest.mark.stat
def test_groups_share_what_the_correlation_says():
    def scores(correlation):
        days = DayFactors(0.0, 0.2, 0.0, correlation)
        return np.log([factors(days, group, 4_000) for group in GROUPS])

    for correlation in (0.0, 0.5):
        off = np.corrcoef(scores(correlation))[np.triu_indices(3, 1)]
        assert np.abs(off - correlation).max() < 4 / np.sqrt(4_000)
    one, *others = scores(1.0)
    assert all(np.array_equal(one, other) for other in others)


def test_a_factor_is_that_of_its_seed_replication_group_and_day_alone():
    found = {
        DAYS.factor(seed, replication, group, day)
        for seed in (1, 2)
        for replication in (0, 1)
        for group in GROUPS
        for day in (0, 1, 365)
    }
    assert len(found) == 36
    short, long = (
        case({"horizon.days": days, "horizon.lead_in_days": 1}).task.demand for days in (1, 300)
    )
    assert short.layers(0, 1) == long.layers(0, 1)


def test_no_spread_is_the_draw_without_factors():
    plain = case({"day_factor": None}).task.demand
    for changes in (
        {"day_factor.enabled": False},
        {"day_factor.calm_cv": 0, "day_factor.tail_cv": 0},
        {"day_factor.calm_cv": 0, "day_factor.tail_share": 0},
    ):
        other = case(changes)
        assert not other.task.demand.day_factors.spread
        for day in range(3):
            assert alike(plain.day(2, day), other.task.demand.day(2, day))
    (line,) = inert_mechanisms(case({"day_factor.calm_cv": 0, "day_factor.tail_cv": 0}))
    assert line == "day_factor: is on, but no day has a spread; it changes nothing"


def test_another_group_leaves_the_days_of_the_others_alone():
    """Without trucks, or without corridors, the cars' tables are byte for byte what they were."""
    usual = case({"fleet.stock": None})
    table = usual.task.demand.day(0, 1)
    without = {name: v for name, v in SMALL.resolved["fleets"].items() if name != "heavy_truck"}
    for changes in ({"corridors": None}, {"fleets": without}):
        loaded = SMALL.replace({"fleet.stock": None, **changes})
        other = build_case(loaded)
        beside = other.task.demand.day(0, 1)
        for name in ("private_car", "taxi"):
            mine, theirs = (
                one[one["fleet"] == which.task.fleets.index(name)]
                for which, one in ((usual, table), (other, beside))
            )
            assert np.array_equal(mine["key"], theirs["key"]), name
            assert np.array_equal(mine["wish_min"], theirs["wish_min"]), name


@pytest.mark.parametrize("day", range(4))
def test_larger_stocks_keep_the_vehicles_of_smaller_ones_on_every_kind_of_day(day):
    wild = {"day_factor.tail_share": 0.5, "day_factor.tail_cv": 0.6}
    models = [
        case({**wild, "fleet.stock": stock}).task.demand for stock in (50_000, 60_000, 90_000)
    ]
    tables = [model.day(0, day) for model in models]
    for few, many in pairwise(tables):
        shared = common_vehicles(few, many)
        assert shared.common == shared.first < shared.other
        assert not shared.changed
    for thinned, own in zip(days_of_all(models, 0, 4), tables, strict=True):
        assert alike(thinned[day], own)


@pytest.mark.stat
def test_a_day_s_wishes_have_the_factor_s_spread_and_the_ledger_s_mean():
    """Cars' wishes on 400 Wednesdays: mean of the ledger, variance of a mixed Poisson.

    With calm days of one CV alone the count's variance is m + (cv m)^2; its ratio to that found
    follows chi-square, wider by the factor's own tails, so the interval is that of 99.99 %.
    """
    drawn = case(
        {
            "fleet.stock": 30_000, "corridors": None, "day_factor.tail_share": 0.0,
            "day_factor.calm_cv": 0.1, "day_factor.correlation": 0.0,
        }
    )  # fmt: skip
    demand, ledger = drawn.task.demand, drawn.ledger
    cars = [row.fleet for row in ledger.rows if row.group == "cars"]
    numbers = [drawn.task.fleets.index(name) for name in cars]
    day = 7  # the weekday of day 0
    mean = sum(
        fleet.wishes_per_day * fleet.weights[demand.first_weekday].mean()
        for fleet in demand.fleets
        if fleet.name in cars
    )
    counts = np.array(
        [
            np.isin(demand.day(replication, day)["fleet"], numbers).sum()
            for replication in range(400)
        ]
    )
    variance = mean + (0.1 * mean) ** 2
    assert abs(counts.mean() - mean) < 4 * np.sqrt(variance / len(counts))
    low, high = chi2.ppf([0.00005, 0.99995], len(counts) - 1) / (len(counts) - 1)
    assert low < counts.var(ddof=1) / variance < high
    assert variance > 5 * mean  # without the factor the test would fail
