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
    rare_loss_bound,
    ratio_values,
    t_interval,
    t_intervals,
    unseen_share,
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


def test_an_event_that_was_not_seen_has_the_rule_of_three() -> None:
    assert unseen_share(1000) == pytest.approx(0.003, rel=0.004)
    assert (1 - unseen_share(140)) ** 140 == pytest.approx(0.05)
    assert 1 / unseen_share(140) == pytest.approx(47.2, abs=0.05)
    assert unseen_share(0) == 1.0


def test_the_bound_of_rare_losses_by_hand() -> None:
    """Clopper and Pearson's bounds of 0, 1 and 2 in 20 days; the larger loss comes first."""
    none, one, two = (stats.beta.isf(0.05, k + 1, 20 - k) for k in (0, 1, 2))
    assert rare_loss_bound(np.zeros(20)) == pytest.approx(none) == unseen_share(20)
    losses = np.r_[0.1, np.zeros(18), 0.4]
    by_hand = none + 0.4 * (one - none) + 0.1 * (two - one)
    assert rare_loss_bound(losses) == pytest.approx(by_hand)
    assert rare_loss_bound(np.ones(5)) == pytest.approx(1.0)
    assert rare_loss_bound([]) == 1.0


def test_the_bound_of_rare_losses_holds_whatever_the_losses_are() -> None:
    rng = np.random.default_rng(5)
    for chance, loss in ((0.005, 1.0), (0.05, 0.3), (0.02, None), (0.2, 1.0)):
        days = rng.random((1000, 40)) < chance
        losses = days * (rng.random(days.shape) if loss is None else loss)
        mean = chance * (0.5 if loss is None else loss)
        below = np.mean([rare_loss_bound(one) < mean for one in losses])
        assert below < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1000)


def test_the_values_of_a_ratio_have_its_mean_and_its_delta_method_error() -> None:
    part, whole = np.array([1.0, 0.0, 3.0, 2.0, 0.0]), np.array([10.0, 2.0, 12.0, 8.0, 0.0])
    values = ratio_values(part, whole)
    ratio = 6 / 32
    assert np.isnan(values[4])
    assert np.nanmean(values) == pytest.approx(ratio)
    assert np.nanmean(values) != pytest.approx(np.nanmean(part[:4] / whole[:4]))
    error = np.sqrt(((part - ratio * whole)[:4] ** 2).sum() / 3 / 4) / whole[:4].mean()
    assert np.nanstd(values, ddof=1) / 2 == pytest.approx(error)
    assert np.isnan(ratio_values(np.zeros(3), np.zeros(3))).all()


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
