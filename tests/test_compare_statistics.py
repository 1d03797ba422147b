"""Test paired intervals, variance reduction, Holm and the words of a comparison by hand."""

import dataclasses
import math

import numpy as np
import pytest
from factories_analysis import make_network, make_result, random_totals
from figure_layout import cut, drawn, overlapping
from matplotlib.colors import to_hex
from matplotlib.text import Text
from scipy import stats

from chargesim.analysis.comparison import (
    DISTRICTS,
    GIVEN_BY_PLAN,
    TABLE,
    ComparedPlan,
    compare_plans,
    compared_plan,
)
from chargesim.analysis.comparison_text import change, first_sentence, plan_lines, rules
from chargesim.analysis.kpis import kpi_frame
from chargesim.analysis.paired import p_values, paired_differences, variance_reduction
from chargesim.analysis.verdict import judge
from chargesim.view.bands import COLOURS
from chargesim.view.comparison import draw_comparison, draw_use_by_hour
from chargesim.view.comparison_maps import plan_looks

REPLICATIONS = 8
NETWORK = make_network()
GOOD, BAD, WORSE = 0.05, 0.12, 0.25


def plan(name: str, fail: float, *, seed: int = 0) -> ComparedPlan:
    """Return a made-up plan; plans of one seed have the same wishes, of which a share fails."""
    runs = [
        random_totals(NETWORK, np.random.default_rng([seed, r]), wishes=1.5, fail=fail)
        for r in range(REPLICATIONS)
    ]
    result = make_result(runs, network=NETWORK)
    return compared_plan(name, result, kpi_frame(result), judge(result))


@pytest.fixture(scope="module")
def plans() -> list[ComparedPlan]:
    return [plan("first", BAD), plan("better", GOOD), plan("worse", WORSE)]


@pytest.fixture(scope="module")
def compared(plans):
    return compare_plans(plans)


def test_the_paired_interval_by_hand():
    before, after = np.array([10.0, 20.0, 30.0, 40.0]), np.array([11.0, 23.0, 32.0, 42.0])
    paired = paired_differences(after[:, None], before[:, None])
    error = np.std([1, 3, 2, 2], ddof=1) / 2
    half = 3.182446 * error  # t(3 degrees of freedom, 0.975)
    assert paired.mean[0] == 2.0
    assert (paired.lower[0], paired.upper[0]) == pytest.approx((2 - half, 2 + half), rel=1e-6)
    assert p_values(after[:, None], before[:, None])[0] == pytest.approx(
        stats.ttest_rel(after, before).pvalue
    )


def test_interval_and_p_value_tell_the_same_of_skewed_differences():
    """Both are corrected for skewness: 0 lies outside the interval just where p is below 5 %."""
    rng = np.random.default_rng(11)
    before = rng.normal(0.0, 1.0, (20, 400))
    after = before + rng.lognormal(0.0, 1.0, (20, 400)) - 1.1
    paired, p = paired_differences(after, before), p_values(after, before)
    outside = (paired.lower > 0) | (paired.upper < 0)
    assert 50 < outside.sum() < 350
    np.testing.assert_array_equal(p < 0.05, outside)


def test_equal_and_endless_differences_are_left_to_the_sign_test():
    before = np.array([[1.0, 1.0, 1.0, np.inf, 1.0, np.nan]] * 5)
    after = before + np.array([0.0, 2.0, np.inf, 0.0, 0.0, 0.0])
    after[0, 4] = np.inf
    paired = paired_differences(after, before)
    np.testing.assert_array_equal(
        p_values(after, before), [1.0, 2**-4, 2**-4, np.nan, np.nan, np.nan]
    )
    np.testing.assert_array_equal(paired.mean, [0, 2, np.inf, np.nan, np.inf, np.nan])
    np.testing.assert_array_equal(paired.n, [5, 5, 5, 0, 5, 0])
    turned = paired_differences(before, after)
    np.testing.assert_array_equal(turned.mean[:3], [0, -2, -np.inf])
    swaying = paired_differences(np.array([np.inf, 1.0, 2.0]), np.array([1.0, np.inf, 1.0]))
    assert np.isnan(swaying.mean) and swaying.n == 0


def test_the_variance_reduction_factor_by_hand():
    first = np.array([1.0, 2.0, 3.0, 4.0])
    other = np.array([2.0, 2.0, 4.0, 5.0])
    by_hand = (np.var(first, ddof=1) + np.var(other, ddof=1)) / np.var(other - first, ddof=1)
    assert by_hand == pytest.approx((5 / 3 + 2.25) / 0.25)
    columns = np.stack([first, first, np.ones(4), first], axis=1)
    others = np.stack([other, first + 1, np.ones(4), [2.0, np.inf, 4.0, 5.0]], axis=1)
    np.testing.assert_allclose(
        variance_reduction(others, columns)[0], [by_hand, np.inf, np.nan, np.inf]
    )  # the last without its endless one


def test_common_noise_is_worth_replications():
    rng = np.random.default_rng(4)
    common, noise = rng.normal(0, 3, 400), rng.normal(0, 1, (2, 400))
    factor, lower, upper = variance_reduction(common + noise[0], common + noise[1])
    assert factor == pytest.approx(10.0, rel=0.2)  # (2 x (9 + 1)) / (1 + 1)
    assert lower < factor < upper < 1.3 * factor
    assert variance_reduction(common + noise[0], -common + noise[1])[2] < 1


@pytest.mark.stat
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_interval_of_the_variance_reduction_factor_covers_it(scale):
    """Normal plans of correlation 0.9, and of unequal spread; 4,000 studies of 20 replications."""
    rng = np.random.default_rng(6)
    common, noise = rng.normal(0, 3, (20, 4000)), rng.normal(0, 1, (2, 20, 4000))
    _, lower, upper = variance_reduction(common + noise[0], scale * (common + noise[1]))
    truth = 10 * (1 + scale**2) / (9 * (1 - scale) ** 2 + 1 + scale**2)
    assert np.mean((lower <= truth) & (truth <= upper)) == pytest.approx(0.95, abs=0.011)


def test_few_replications_have_no_interval_of_the_factor():
    values, others = np.array([1.0, 2.0, 4.0]), np.array([1.5, 2.0, 3.0])
    factor, lower, upper = variance_reduction(values, others)
    assert np.isfinite(factor)
    assert np.isnan([lower, upper]).all()
    assert [float(one) for one in variance_reduction(values, values + 1)] == [np.inf] * 3


def test_the_frame_pairs_replication_by_replication(plans, compared):
    for name, scope, key in (
        ("share_unserved", "group", "cars"),
        ("wait_mean_served_min", "fleet", "taxi"),
        ("peak_mw", "city", "all"),
    ):
        a, b = (one.responses.of((name, scope, key)) for one in plans[:2])
        row = compared.differences.query(
            "plan == 'better' and kpi == @name and scope == @scope and key == @key"
        ).iloc[0]
        expected = stats.ttest_rel(b, a)
        low, high = expected.confidence_interval(0.95)
        assert (row["difference"], row["lower"], row["upper"]) == pytest.approx(
            ((b - a).mean(), low, high)
        )
        assert row["p"] == pytest.approx(expected.pvalue)
        assert row["vrf"] == pytest.approx((a.var(ddof=1) + b.var(ddof=1)) / (b - a).var(ddof=1))
        assert (row["mean_than"], row["mean"], row["n"]) == (
            pytest.approx(a.mean()),
            pytest.approx(b.mean()),
            REPLICATIONS,
        )


def test_every_kpi_of_the_plans_is_compared(plans, compared):
    keys = {(row.kpi, row.scope, row.key) for row in plans[0].kpis.itertuples()}
    for name in ("better", "worse"):
        rows = compared.differences[compared.differences["plan"] == name]
        assert {(row.kpi, row.scope, row.key) for row in rows.itertuples()} == keys
        assert len(rows) == len(keys)


def test_a_plan_against_itself_is_exactly_nothing(plans):
    compared = compare_plans([plans[0], dataclasses.replace(plans[0], name="again")])
    rows = compared.differences
    known = (rows["n"] >= 2) | (rows["family"] == GIVEN_BY_PLAN)
    assert known.mean() > 0.8
    assert (rows.loc[known, ["difference", "lower", "upper"]] == 0).all(axis=None)
    assert not rows["sure"].any()
    assert set(rows.loc[known & (rows["n"] > 0), "p"]) == {1.0}
    same = (
        "again and first serve the same share of the cars within 10 min in every replication, "
        "and nothing else differs."
    )
    assert first_sentence(compared) == same
    size = compared.size(TABLE)
    line = f"the same in every replication: {size} of {size} figures"
    assert plan_lines(compared, "again")[0] == line


def test_holm_is_over_all_plans_and_figures_of_the_table(compared):
    rows = compared.differences
    for family in (TABLE, DISTRICTS):
        chosen = rows[rows["family"] == family].sort_values("p", kind="stable")
        count = len(chosen)
        assert count == compared.size(family)
        assert set(chosen["plan"]) == {"better", "worse"}
        still = True
        for place, row in enumerate(chosen.itertuples()):
            p = 1.0 if math.isnan(row.p) else row.p
            still = still and p <= 0.05 / (count - place)
            assert row.sure == still
    table = rows[rows["family"] == TABLE]
    assert 0 < table["sure"].sum() < (table["p"] < 0.05).sum()  # the correction takes some away
    assert not rows.loc[~rows["family"].isin([TABLE, DISTRICTS]), "sure"].any()
    assert f"Holm's correction over the {len(table)} comparisons" in " ".join(rules(compared))


def test_of_one_recorded_log_no_difference_is_sure(plans, compared):
    """One sample, however often it is played: 20 replications of a day called all of it sure."""
    logs = compare_plans([dataclasses.replace(one, recorded=True) for one in plans])
    assert compared.differences["sure"].any()
    assert not logs.differences["sure"].any()
    assert logs.differences["difference"].equals(compared.differences["difference"])
    said = first_sentence(logs)
    assert "no sure difference" in said
    assert "one recorded log" in said
    *figures, districts = plan_lines(logs, "better")
    assert not any("for sure" in line for line in figures)
    assert "0 better for sure, 0 worse" in districts


def test_what_matters_comes_first(compared):
    table = compared.table("better")
    assert table["title"].iloc[0] == "cars served within 10 min"
    judged = table[table["family"] == TABLE]
    sure_anywhere = compared.differences.groupby("title")["sure"].any()
    told = judged["title"].map(sure_anywhere).to_list()
    assert told == sorted(told, reverse=True)
    assert compared.differences["family"].ne("").to_list() == sorted(
        compared.differences["family"].ne(""), reverse=True
    )


def test_the_sentence_says_which_is_better_by_how_much(compared):
    sentence = first_sentence(compared)
    row = compared.differences.query(
        "plan == 'better' and title == 'cars served within 10 min'"
    ).iloc[0]
    assert row["sure"] and row["difference"] > 0
    begin, end = sentence.split("; ", 1)
    size = float(
        begin.split(" serves ")[1].split(" points more of the cars within 10 min than first (")[0]
    )
    assert size == pytest.approx(100 * row["difference"], abs=0.06)
    assert "worse serves " in end and " points fewer of the cars within 10 min than first (" in end
    assert "all sure after Holm's correction" in end
    lines = plan_lines(compared, "worse")
    assert any(
        line.startswith("worse for sure: ") and "cars lost or stranded +" in line for line in lines
    )
    assert any(
        line.startswith("districts, cars served within 10 min: 0 better for sure, ")
        for line in lines
    )


def test_numbers_have_the_digits_that_their_interval_allows():
    row = {
        "difference": 0.031,
        "lower": 0.029,
        "upper": 0.033,
        "unit": "share",
        "endless": 0,
        "endless_than": 0,
    }
    assert change(row) == "+3.1 points (+2.9 to +3.3)"
    assert change({**row, "lower": -0.0001, "upper": 0.0621}) == "+3 points (0 to +6)"
    assert change(
        {**row, "difference": -1200.0, "lower": -1300.0, "upper": -1100.0, "unit": "kWh/day"}
    ) == ("-1,200 kWh a day (-1,300 to -1,100)")
    assert (
        change({**row, "difference": math.inf, "endless": 3}) == "endless in 3, not 0 replications"
    )
    assert change({**row, "difference": 0.0, "lower": 0.0, "upper": 0.0}) == "0 points"


def test_what_the_plans_give_is_told_where_it_differs(plans):
    responses = plans[0].responses
    values = responses.values.copy(order="F")
    values[:, [one.given for one in responses.responses].index(True)] -= 0.25
    poorer = dataclasses.replace(
        plans[0], name="poorer", responses=dataclasses.replace(responses, values=values)
    )
    lines = plan_lines(compare_plans([plans[0], poorer]), "poorer")
    (line,) = [line for line in lines if line.startswith("given by the plan: ")]
    assert line.endswith("-25.0 points")


def test_each_plan_has_one_colour_in_all_figures(plans, compared):
    looks = plan_looks(plans)
    assert [looks[one.name].colour for one in plans] == list(COLOURS[:3])
    figures = draw_comparison(compared)
    assert set(figures) == {
        "use_by_hour",
        "use_over_sites",
        "use_difference_heat_map",
        "maps",
        "load_duration",
    }
    for name in ("use_by_hour", "use_over_sites", "load_duration"):
        for ax in figures[name].axes:
            lines = [line for line in ax.get_lines() if len(line.get_xdata()) > 2]
            assert [to_hex(line.get_color()).upper() for line in lines] == list(COLOURS[:3]), name
    for name, count in (("use_difference_heat_map", 2), ("maps", 5)):
        titles = [
            text
            for ax in figures[name].axes
            for text in ax.get_children()
            if isinstance(text, Text) and text.get_text()
        ]
        named = {
            text: one.name
            for text in titles
            for one in plans
            if text.get_text().startswith(one.name)
        }
        assert len(named) == count
        assert all(
            to_hex(text.get_color()).upper() == looks[plan].colour for text, plan in named.items()
        )
    assert all("on the same vehicles" in figure.get_supxlabel() for figure in figures.values())


@pytest.mark.parametrize("count", [2, 3, 4])
def test_long_names_of_plans_are_neither_cut_nor_over_each_other(plans, count):
    names = [f"plan_{letter}_with_a_name_as_long_as_those_of_our_scenarios" for letter in "abcd"]
    named = [
        dataclasses.replace(one, name=name)
        for one, name in zip([*plans, plans[1]], names, strict=True)
    ][:count]
    for name, figure in draw_comparison(compare_plans(named)).items():
        assert cut(drawn(figure)) == [], name
        titles = [
            text
            for ax in figure.axes
            for text in (ax._left_title, ax.xaxis.label)
            if text.get_text() and ax.axison
        ]
        assert overlapping(titles) == [], name


def test_the_level_of_each_plan_is_stated(plans):
    looking = [
        dataclasses.replace(one, verdict=dataclasses.replace(one.verdict, looks=4)) for one in plans
    ]
    assert "bands: 98.75 % interval" in draw_use_by_hour(looking).get_suptitle()
    assert (
        "bands: 95 % or 98.75 % interval" in draw_use_by_hour([plans[0], looking[1]]).get_suptitle()
    )


def test_cells_are_hatched_where_their_interval_covers_zero(plans):
    first = plans[0].use_by_district_hour
    noise = np.random.default_rng(3).normal(0, 0.001, first.shape)
    shift = np.zeros(first.shape[1:])
    shift[1, 5], shift[2] = 0.3, -0.2
    other = dataclasses.replace(
        plans[1], use_by_district_hour=first + noise - noise.mean(axis=0) + shift
    )
    figure = draw_comparison(compare_plans([plans[0], other]))["use_difference_heat_map"]
    hatched = figure.axes[0].collections[0]
    corners = {tuple(path.vertices.min(axis=0).astype(int)) for path in hatched.get_paths()}
    order = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    rows = [NETWORK.districts.name.index(name) for name in order]
    assert hatched.get_hatch()
    assert corners == {
        (hour, row) for row in range(len(rows)) for hour in range(24) if shift[rows[row], hour] == 0
    }
    assert "single intervals: of the 96 of a panel about 5" in " ".join(
        figure.get_suptitle().split()
    )
