"""Test what a limit says of the use of the guns, and where observed networks lie on the levels."""

import math

import numpy as np
import pytest

from chargesim.experiment.use_of_guns import observed_on, use_at
from chargesim.scenario.observed import Anchor, GunUse

LEVELS = [0.1, 0.2, 0.4]
USE = [GunUse(2.0, 60.0), GunUse(4.0, 120.0), GunUse(8.0, 240.0)]


def test_what_is_asked_of_a_gun_lies_between_the_levels():
    between = use_at(0.3, LEVELS, USE)
    assert (between.sessions_per_gun_day, between.kwh_per_gun_day) == pytest.approx((6.0, 180.0))
    assert use_at(math.inf, LEVELS, USE) == USE[-1]
    assert use_at(0.3, LEVELS, [USE[0]] * 3) is None  # the factor changes no demand
    assert use_at(0.3, LEVELS, [GunUse(math.nan, math.nan)] * 3) is None  # no gun


@pytest.mark.parametrize("more", ["asks more", "asks less"])
def test_an_observed_network_lies_where_as_much_is_asked(more):
    anchors = [
        Anchor(name="between", sessions_per_gun_day=3.0, kwh_per_gun_day=1.0, source="s"),
        Anchor(name="energy", kwh_per_gun_day=180.0, source="s"),
        Anchor(name="less", sessions_per_gun_day=1.0, source="s"),
        Anchor(name="more", sessions_per_gun_day=9.0, source="s"),
        Anchor(name="time", busy_share=0.16, source="s"),
    ]
    use = USE if more == "asks more" else USE[::-1]
    levels = LEVELS if more == "asks more" else [-level for level in LEVELS[::-1]]
    found = observed_on(anchors, levels, use)
    sign = 1 if more == "asks more" else -1
    assert [(one.name, one.unit) for one in found] == [
        ("between", "sessions"), ("energy", "kWh"), ("less", "sessions"), ("more", "sessions"),
    ]  # fmt: skip
    assert [sign * one.level for one in found] == pytest.approx([0.15, 0.3, -math.inf, math.inf])
    still = observed_on(anchors, LEVELS, [USE[0]] * 3)
    assert np.isnan([one.level for one in still]).all()
