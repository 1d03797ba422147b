"""Test comparing plans over layouts: when, and what a difference must be to be called sure."""

import numpy as np
import pandas as pd
import pytest
from factories import SCENARIOS
from factories_analysis import make_network, make_result, random_totals
from scipy import stats

from chargesim.analysis.breaking_point import Curve
from chargesim.analysis.comparison import compare_plans, compared_plan
from chargesim.analysis.comparison_text import first_sentence, plan_lines, rules
from chargesim.analysis.kpis import kpi_frame
from chargesim.analysis.over_layouts import NAMED, OverLayouts, layout_differences
from chargesim.analysis.verdict import judge
from chargesim.errors import InputError
from chargesim.experiment.layouts import (
    DEFAULT_LAYOUTS,
    layouts_of_levels,
    layouts_to_compare,
    levels_over_layouts,
)
from chargesim.scenario.reading import load

NETWORK = make_network()
PLAN = load(SCENARIOS / "chongqing_2025.yaml")
SMALL = load(SCENARIOS / "small_city.yaml")


def plan(name, fail):
    runs = [
        random_totals(NETWORK, np.random.default_rng([0, r]), wishes=1.5, fail=fail)
        for r in range(12)
    ]
    result = make_result(runs, network=NETWORK)
    return compared_plan(name, result, kpi_frame(result), judge(result))


@pytest.fixture(scope="module")
def plans():
    return [plan("first", 0.25), plan("better", 0.05)]


def over(plans, factors):
    """Return further layouts in which each difference is so many times that of the runs."""
    own = compare_plans(plans).differences.set_index(NAMED)["difference"]
    columns = {str(seed): factor * own for seed, factor in enumerate(factors, start=2)}
    return OverLayouts(tuple(range(1, len(factors) + 2)), 10, pd.DataFrame(columns))


def test_a_difference_is_sure_only_if_it_holds_over_the_layouts(plans):
    alone = compare_plans(plans)
    like = compare_plans(plans, over=over(plans, (1.02, 0.98, 1.01, 0.99)))
    turns = compare_plans(plans, over=over(plans, (-1.1, 0.9, -0.8, 0.3)))
    assert alone.table("better")["sure"].sum() > 3
    assert like.table("better")["sure"].sum() > 3
    assert not turns.differences["sure"].any()
    assert "no sure difference" in first_sentence(turns)
    assert "over 5 layouts)" in first_sentence(like)
    (line,) = [line for line in plan_lines(turns, "better") if line.startswith("over 5 layouts")]
    assert "by layout -" in line and " to +" in line
    assert any("layout seeds 2 to 5, 10 replications each" in rule for rule in rules(turns))
    assert rules(alone) == [rule for rule in rules(turns) if "Places are invented" not in rule]


def test_the_spread_between_layouts_by_hand(plans):
    factors = (0.5, 1.5, 2.0)
    own = compare_plans(plans).differences
    own = own[own["kpi"].eq("share_served") & own["scope"].eq("group") & own["key"].eq("cars")]
    row = over(plans, factors).table(own).iloc[0]
    values = float(own["difference"].iloc[0]) * np.array([1.0, *factors])
    assert row[[f"layout_{seed}" for seed in range(1, 5)]].tolist() == pytest.approx(values)
    assert row["spread"] == pytest.approx(values.std(ddof=1))
    assert row["mean"] == pytest.approx(values.mean())
    assert row["p"] == pytest.approx(stats.ttest_1samp(values, 0).pvalue)


def test_differences_are_paired_within_a_layout(plans):
    first, better = (one.responses for one in plans)
    column = layout_differences("better", 7, better, first, first.names)["7"]
    named = ("better", "share_served", "group", "cars")
    values = better.of(named[1:]) - first.of(named[1:])
    assert column[named] == pytest.approx(values.mean())


def test_counts_of_invented_places_are_compared_over_layouts():
    base = PLAN.scenario
    for changes in ({"stations.counts.core": 1341}, {"swap.kinds.taxi.sites": 160}):
        assert layouts_to_compare([base, PLAN.replace(changes).scenario], None) == DEFAULT_LAYOUTS
    other = PLAN.replace({"fleet.stock": 500_000}).scenario
    assert layouts_to_compare([base, other], None) == 1
    assert layouts_to_compare([base, other], 3) == 3


def test_places_of_a_table_have_one_layout():
    scenarios = [SMALL.scenario, SMALL.replace({"swap.enabled": False}).scenario]
    assert layouts_to_compare(scenarios, None) == 1
    with pytest.raises(
        InputError, match=r"--layouts: got 4; the places of a plan come from a table"
    ):
        layouts_to_compare(scenarios, 4)


class PlayedByHand:
    """A runner whose losses follow from level and layout; no city is simulated."""

    def results(self, design, *, what):
        self.seen = [*getattr(self, "seen", []), (what, design.replications)]
        return [self._result(point.loaded.scenario) for point in design.points]

    @staticmethod
    def _result(scenario):
        """Fail on 5 % of the wishes at 3,000 piles more than 1,000 a layout beyond the first."""
        level = scenario.stations.piles - 1000 * (scenario.layout.seed - 1)
        fail = float(np.interp(level, [2000, 4000], [0.10, 0.0]))
        runs = [
            random_totals(NETWORK, np.random.default_rng([3, r]), wishes=30.0, fail=fail)
            for r in range(4)
        ]
        return make_result(runs, network=NETWORK)


def test_levels_of_invented_places_break_elsewhere_in_other_layouts():
    assert layouts_of_levels(PLAN.scenario, {1.0: {"stations.piles": 1}}, None) == DEFAULT_LAYOUTS
    assert layouts_of_levels(PLAN.scenario, {1.0: {"fleet.stock": 1}}, None) == 1
    assert layouts_of_levels(SMALL.scenario, {1.0: {"stations.piles": 1}}, None) == 1
    base, runner = PLAN.replace({"layout.seed": 1, "replications": 30}), PlayedByHand()
    changes = {float(piles): {"stations.piles": piles} for piles in range(2500, 8001, 500)}
    name = "cars lost or stranded"
    curve = Curve(name, (), *[np.empty(0)] * 6, "better", False, None)
    found = levels_over_layouts(base, changes, [curve], 3, runner)
    assert runner.seen == [("layout 2", 10), ("layout 3", 10)]
    assert found.seeds == (1, 2, 3)
    assert found.breaks[name] == pytest.approx((4000.0, 5000.0), abs=250)
