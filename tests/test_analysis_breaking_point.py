"""Test where criteria break on made-up numbers: fit, crossing, direction, whole standard."""

import math

import numpy as np
import pytest

from chargesim.analysis.breaking_point import (
    Band,
    Crossing,
    Curve,
    band_of,
    breaking_point_of,
    crossing_of,
    curve_of,
    direction_of,
    monotone,
)
from chargesim.scenario.standard import Criterion

LEVELS = [1.0, 2.0, 3.0, 4.0]


def test_the_fit_pools_neighbours_that_are_out_of_order():
    assert monotone(np.array([0.2, 0.6, 0.4, 0.9]), "worse") == pytest.approx([0.2, 0.5, 0.5, 0.9])
    assert monotone(np.array([0.9, 0.4, 0.6, 0.2]), "better") == pytest.approx([0.9, 0.5, 0.5, 0.2])
    assert np.isfinite(monotone(np.array([0.2, math.inf]), "worse")).all()


def test_the_direction_is_that_of_the_trend_within_the_replications():
    noise, slight = (
        np.array([-0.1, 0.0, 0.1]),
        np.array([[-0.001, 0.002, 0.001], [0.0, 0.001, 0.0], [0.002, -0.001, 0.0]]),
    )
    rising = np.array([[0.50], [0.52], [0.54]])
    assert (
        direction_of(rising + noise) == "worse"
    )  # the replications differ more than the levels, but each of them rises
    assert direction_of(rising[::-1] + noise + slight) == "better"
    assert direction_of(0.5 + noise + slight) is None


@pytest.mark.parametrize(
    ("fit", "direction", "at"),
    [
        ([0.5, 0.8, 1.2, 1.5], "worse", 2.5),
        ([0.5, 0.6, 0.7, 0.8], "worse", math.inf),
        ([1.1, 1.2, 1.3, 1.4], "worse", -math.inf),
        ([1.5, 1.2, 0.8, 0.5], "better", 2.5),
        ([1.5, 1.4, 1.3, 1.2], "better", math.inf),
        ([0.9, 0.8, 0.7, 0.6], "better", -math.inf),
        ([0.5, 1.0, 1.0, 1.5], "worse", 3.0),
    ],
)
def test_the_crossing_lies_on_a_straight_line_between_neighbours(fit, direction, at):
    assert crossing_of(LEVELS, np.array(fit), direction) == pytest.approx(at)


class _Verdicts:
    """Stands for the verdicts of the levels: no criterion in them."""

    criteria = ()


def curve(name, used, half=0.1, told=None, sway=0.0):
    """Return a curve whose replications sway by so much from the first level to the last."""
    swaying = [sway * np.array([-1.0, 0.0, 1.0]) * place for place in range(len(used))]
    bands = [
        Band(value, value - half, value + half, value + noise)
        for value, noise in zip(used, swaying, strict=True)
    ]
    return curve_of(name, LEVELS, bands, [_Verdicts] * len(used), told)


def test_the_interval_goes_from_the_last_level_that_meets_to_the_first_that_fails():
    found = curve("a", [0.6, 0.85, 1.2, 1.5])
    assert found.crossing.about == pytest.approx(2 + 0.15 / 0.35)
    assert (found.crossing.low, found.crossing.high) == (2.0, 3.0)
    open_at_2 = curve("a", [0.6, 0.95, 1.2, 1.5])
    assert (open_at_2.crossing.low, open_at_2.crossing.high) == (1.0, 3.0)
    falling = curve("a", [1.5, 1.2, 0.85, 0.6])
    assert falling.direction == "better"
    assert (falling.crossing.low, falling.crossing.high) == (2.0, 3.0)
    within, beyond = curve("a", [0.1, 0.2, 0.3, 0.4]), curve("a", [1.5, 1.6, 1.7, 1.8])
    assert within.crossing == Crossing(math.inf, math.inf, math.inf)
    assert beyond.crossing == Crossing(-math.inf, -math.inf, -math.inf)
    assert curve("a", [0.6, 0.7, 0.8, 0.95]).crossing == Crossing(math.inf, 3.0, math.inf)


@pytest.mark.parametrize("shape", ["straight", "bent", "jump"])
def test_the_interval_holds_the_breaking_point_as_often_as_it_says(shape):
    """Curves whose breaking point is known; 300 times each, 20 replications on common vehicles."""
    rng, levels = np.random.default_rng(14), np.arange(1.0, 10.0)
    criterion = Criterion(name="a", measure="unserved", scope="cars", at_most=0.1, source="assumed")

    def shares(at, breaks):
        if shape == "straight":
            return 0.1 + 0.01 * (at - breaks)
        if shape == "bent":
            return 0.1 * np.exp(0.5 * (at - breaks))
        return np.where(at <= breaks, 0.04, 0.3)

    held = 0
    for breaks in rng.uniform(2.0, 8.0, 300):
        common = rng.normal(0.0, 0.015, 20)
        failed = [shares(level, breaks) + common + rng.normal(0.0, 0.01, 20) for level in levels]
        bands = [band_of(one[None], criterion) for one in failed]
        crossing = curve_of("a", levels, bands, [_Verdicts] * len(levels), "worse").crossing
        held += crossing.low <= breaks <= crossing.high
    assert held >= 0.93 * 300  # 95 % less two standard errors


def test_what_never_changes_has_no_direction_and_breaks_nowhere():
    still = curve("a", [0.5] * 4)
    assert (still.direction, still.crossing) == (None, None)
    assert breaking_point_of(LEVELS, ["meets"] * 4, [still]).direction is None


def test_the_whole_standard_breaks_where_its_first_criterion_does():
    late, early = curve("late", [0.1, 0.4, 0.9, 1.4]), curve("early", [0.8, 1.2, 1.6, 2.0])
    found = breaking_point_of(LEVELS, ["meets", "inconclusive", "fails", "fails"], [late, early])
    assert (found.direction, found.meets, found.fails, found.breaks_first) == (
        "worse",
        1.0,
        3.0,
        "early",
    )
    assert found.crossing == early.crossing
    assert found.odd == ()


def test_more_that_is_better_is_read_from_the_other_end():
    found = breaking_point_of(
        LEVELS, ["fails", "fails", "inconclusive", "meets"], [curve("a", [1.6, 1.3, 1.0, 0.5])]
    )
    assert (found.direction, found.meets, found.fails) == ("better", 4.0, 2.0)


def test_a_level_that_meets_beyond_one_that_fails_is_told():
    found = breaking_point_of(
        LEVELS, ["meets", "fails", "meets", "fails"], [curve("a", [0.8, 1.1, 0.9, 1.5])]
    )
    assert (found.meets, found.fails, found.odd) == (1.0, 2.0, (3.0,))


def test_of_criteria_that_are_broken_at_all_levels_the_one_broken_furthest_is_named():
    found = breaking_point_of(
        LEVELS, ["fails"] * 4, [curve("a", [1.2, 1.3, 1.4, 1.5]), curve("b", [2.2, 2.3, 2.4, 2.5])]
    )
    assert (found.meets, found.fails, found.breaks_first) == (None, 1.0, "b")
    assert found.crossing == Crossing(-math.inf, -math.inf, -math.inf)


def test_a_criterion_that_nothing_moves_and_that_is_broken_breaks_at_every_level():
    found = breaking_point_of(
        LEVELS, ["fails"] * 4, [curve("still", [1.5] * 4), curve("a", [0.2, 0.5, 0.8, 1.1])]
    )
    assert isinstance(curve("still", [1.5] * 4), Curve)
    assert (found.breaks_first, found.crossing) == ("still", None)


def test_a_trend_that_noise_explains_has_no_direction_unless_it_is_told():
    noise = curve("a", [0.9, 0.85, 0.95, 0.85], sway=0.1)
    assert (noise.direction, noise.crossing) == (None, None)
    assert (noise.fit == noise.used).all()
    assert curve("a", [0.9, 0.85, 0.95, 0.85], told="worse").direction == "worse"


def test_what_falls_and_rises_again_has_no_direction():
    """At few vehicles the traffic from outside weighs most, at many the queues: a fit in one
    direction would hide one end."""
    valley = curve("a", [1.5, 0.8, 0.8, 1.2])
    assert (valley.direction, valley.bent, valley.crossing) == (None, True, None)
    assert not curve("a", [1.5, 0.8, 0.85, 0.7]).bent
    assert curve("a", [1.5, 0.8, 0.8, 1.2], told="better").direction == "better"
