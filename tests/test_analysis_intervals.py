"""Check intervals, bounds and tests against SciPy and on seeds."""

import math

import numpy as np
import pytest
from scipy import stats

from chargesim.analysis.intervals import (
    holm,
    more_replications,
    one_sided_bounds,
    p_above,
    p_differs,
    rule_of_three,
    t_interval,
    t_intervals,
)

VALUES = np.array([0.91, 0.93, 0.92, 0.95, 0.90, 0.94])


def test_two_sided_interval_is_scipys() -> None:
    interval = t_interval(VALUES, level=0.9)
    low, high = stats.t.interval(0.9, len(VALUES) - 1, loc=VALUES.mean(), scale=stats.sem(VALUES))
    assert (interval.mean, interval.lower, interval.upper) == pytest.approx(
        (VALUES.mean(), low, high)
    )
    assert (interval.n, interval.equal) == (6, False)


def test_one_sided_bounds_are_ends_of_the_two_sided_interval_with_twice_the_error() -> None:
    bounds, interval = one_sided_bounds(VALUES, confidence=0.95), t_interval(VALUES, level=0.9)
    assert (bounds.lower, bounds.upper) == pytest.approx((interval.lower, interval.upper))


def test_interval_covers_the_mean_as_often_as_it_says() -> None:
    draws = np.random.default_rng(1).normal(3.0, 2.0, (8, 4000))
    intervals = t_intervals(draws, level=0.9)
    share = np.mean((intervals.lower <= 3.0) & (intervals.upper >= 3.0))
    assert abs(share - 0.9) < 4 * math.sqrt(0.9 * 0.1 / 4000)


def test_equal_values_are_exact() -> None:
    interval = t_interval([0.1 + 0.2] * 5)
    assert (interval.mean, interval.lower, interval.upper, interval.equal) == (
        0.1 + 0.2,
        0.1 + 0.2,
        0.1 + 0.2,
        True,
    )


def test_undefined_values_are_dropped() -> None:
    with_gap, without = t_interval([1.0, math.nan, 2.0, 4.0]), t_interval([1.0, 2.0, 4.0])
    assert with_gap == without
    assert with_gap.n == 3
    nothing = t_interval([math.nan, math.nan])
    assert nothing.n == 0
    assert math.isnan(nothing.mean)
    assert math.isnan(nothing.lower)


def test_one_value_says_nothing_about_the_spread() -> None:
    one = t_interval([0.7])
    assert (one.mean, one.lower, one.upper, one.n) == (0.7, -math.inf, math.inf, 1)


def test_one_infinite_value_makes_all_infinite() -> None:
    interval = t_interval([1.0, math.inf, 2.0])
    assert (interval.mean, interval.lower, interval.upper, interval.n) == (
        math.inf,
        math.inf,
        math.inf,
        3,
    )


def test_p_value_is_scipys() -> None:
    assert p_above(VALUES, 0.91) == pytest.approx(
        stats.ttest_1samp(VALUES, 0.91, alternative="greater").pvalue
    )
    assert p_above([0.2, 0.2, 0.2], 0.1) == 0.0
    assert p_above([0.1, 0.1, 0.1], 0.1) == 1.0
    assert p_above([0.5], 0.1) == 1.0


def test_rule_of_three() -> None:
    assert rule_of_three(1000) == pytest.approx(0.003, rel=0.002)
    assert (1 - rule_of_three(1000)) ** 1000 == pytest.approx(0.05, rel=0.01)
    assert rule_of_three(0) == 1.0


def test_holm_stops_at_the_first_that_does_not_pass() -> None:
    assert holm([0.012, 0.04, 0.02, 0.5], alpha=0.05).tolist() == [True, False, False, False]
    assert holm([0.012, 0.016, 0.02, 0.5], alpha=0.05).tolist() == [True, True, True, False]


def test_replications_still_needed_part_the_mean_from_the_limit() -> None:
    values = np.random.default_rng(2).normal(0.895, 0.01, 20)
    more = more_replications(values, 0.9, confidence=0.95)
    assert more is not None
    enough = len(values) + more
    half = stats.norm.ppf(0.95) * values.std(ddof=1)
    assert half / math.sqrt(enough) <= abs(values.mean() - 0.9) or more == 1
    assert more_replications([0.9, 0.9], 0.9, confidence=0.95) is None
    assert more_replications([0.9], 0.8, confidence=0.95) is None


SKEWED = np.random.default_rng(4).lognormal(0.0, 0.4, 24)


def test_a_long_right_tail_moves_both_bounds_to_the_right() -> None:
    plain_low, plain_high = stats.t.interval(
        0.95, len(SKEWED) - 1, loc=SKEWED.mean(), scale=stats.sem(SKEWED)
    )
    interval, turned = t_interval(SKEWED), t_interval(-SKEWED)
    assert interval.lower > plain_low
    assert interval.upper > plain_high
    assert (turned.lower, turned.upper) == pytest.approx((-interval.upper, -interval.lower))


def test_bounds_are_halls_transformation_of_the_quantile() -> None:
    """The transformation, written out with SciPy's unbiased skewness, of the bound is Student's t
    quantile."""
    count, skewness = len(SKEWED), stats.skew(SKEWED, bias=False)
    for bound, quantile in (
        (one_sided_bounds(SKEWED).lower, 0.95),
        (one_sided_bounds(SKEWED).upper, 0.05),
    ):
        t = (SKEWED.mean() - bound) / stats.sem(SKEWED)
        turned = (
            t
            + skewness * t**2 / (3 * count**0.5)
            + skewness**2 * t**3 / (27 * count)
            + skewness / (6 * count**0.5)
        )
        assert turned == pytest.approx(stats.t.ppf(quantile, count - 1))


@pytest.mark.parametrize("level", [0.9, 0.99])
def test_p_values_and_bounds_agree(level: float) -> None:
    limit = one_sided_bounds(SKEWED, confidence=level).lower
    assert p_above(SKEWED, limit) == pytest.approx(1 - level)
    assert p_above(-SKEWED, -one_sided_bounds(SKEWED, confidence=level).upper) == pytest.approx(
        1 - level
    )


def test_one_far_value_stretches_no_interval_beyond_reason() -> None:
    """Nine replications alike and one far away: skewness 3.2, of which 0.3 x sqrt(10) is
    corrected."""
    far = np.array([29.0, 30.0, 28.0, 31.0, 29.5, 30.5, 29.0, 30.0, 31.0, 5.0])
    plain = stats.t.interval(0.95, 9, loc=far.mean(), scale=stats.sem(far))
    interval = t_interval(far)
    assert far.mean() - interval.lower < 1.5 * (far.mean() - plain[0])
    assert interval.lower < plain[0] < plain[1] > interval.upper
    assert p_above(far, interval.lower) == pytest.approx(0.025)


def test_without_skewness_and_with_few_values_it_is_students_t() -> None:
    even = np.concatenate([VALUES, 2 * VALUES.mean() - VALUES])
    for values in (even, SKEWED[:9]):
        interval = t_interval(values)
        expected = stats.t.interval(
            0.95, len(values) - 1, loc=values.mean(), scale=stats.sem(values)
        )
        assert (interval.lower, interval.upper) == pytest.approx(expected, rel=1e-9)


def test_a_difference_is_judged_on_both_sides() -> None:
    assert p_differs(VALUES - 0.91) == pytest.approx(stats.ttest_1samp(VALUES, 0.91).pvalue)
    assert p_differs(0.91 - VALUES) == pytest.approx(stats.ttest_1samp(VALUES, 0.91).pvalue)
    assert p_differs([0.0, 0.0, 0.0]) == 1.0
    assert p_differs([0.1, 0.1, 0.1]) == 0.0
