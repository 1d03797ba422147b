"""Test the sentences on a criterion, where values are added, and paired differences, by hand."""

from dataclasses import replace

import numpy as np
import pytest
from factories_analysis import make_result

from chargesim.analysis.kpi_responses import KpiResponses, Response
from chargesim.analysis.kpis import kpi_frame
from chargesim.analysis.paired import paired_difference
from chargesim.analysis.series import (
    VariantResult,
    changes,
    common_label,
    criterion_trends,
    difference_frame,
)
from chargesim.analysis.trend_text import WHOLE, trend_by_line, trend_sentence
from chargesim.analysis.verdict import judge
from chargesim.scenario.series import between

M, F, U = "meets", "fails", "inconclusive"
RESULT = make_result()
NOTHING = KpiResponses((), np.empty((2, 0)))
KPIS, VERDICT = kpi_frame(RESULT), judge(RESULT)


def test_about_where_it_crosses_is_read_off_a_straight_line():
    months, states = ["2025-12", "2026-06", "2026-12"], [M, U, F]
    assert trend_sentence(months, states, [0.4, 0.8, 1.4]) == (
        "meets in 2025-12, inconclusive in 2026-06, fails from 2026-12 on; falls behind "
        "about 2026-08, surely between 2025-12 and 2026-12"
    )
    assert trend_sentence([0, 0.5, 1], [F, M, M], [1.2, 0.8, 0.1]) == (
        "fails at 0, meets from 0.5 on; crosses the threshold about 0.25, surely between 0 and 0.5"
    )
    assert "about" not in trend_sentence([0, 1], [M, F], [float("nan"), 2.0])


@pytest.mark.parametrize(
    ("values", "used", "about"),
    [
        ([1000, 2660], [0.5, 1.5], "1,830"),
        ([0, 2_000_000], [0.5, 1.5], "1,000,000"),
        ([999, 1001], [0.5, 1.5], "1,000"),
        ([2024, 2028], [0.5, 1.5], "2,026"),  # 2,030 would lie beyond the values
        ([0, 0.5], [0.8, 1.1], "0.333"),
    ],
)
def test_about_where_it_crosses_has_no_power_of_ten_and_lies_between(values, used, about):
    assert f" about {about}, surely between {values[0]} and {values[1]}" in trend_sentence(
        values, [M, F], used
    )


def variant(line, value, *states, shown=NOTHING):
    """Return a variant whose criteria have these states; the verdict is the worst of them."""
    whole = F if F in states else U if U in states else M
    criteria = tuple(
        replace(item, verdict=state) for item, state in zip(VERDICT.criteria, states, strict=False)
    )
    return VariantResult(
        line,
        value,
        f"{line}_{value}",
        KPIS,
        replace(VERDICT, verdict=whole, criteria=criteria),
        shown,
        np.zeros(96),
        {},
        "",
        "",
    )


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ([M, M, M, M], "meets throughout"),
        ([F, F, F, F], "fails throughout"),
        ([U, U, U, U], "inconclusive throughout"),
        ([M, M, F, F], "meets up to 0.25, fails from 0.5 on"),
        ([F, M, M, M], "fails at 0, meets from 0.25 on"),
        ([M, F, M, M], "meets at 0, fails at 0.25, meets from 0.5 on"),
        ([M, U, U, F], "meets at 0, inconclusive from 0.25 to 0.5, fails from 1 on"),
        (
            ["given", "short", "short", "short"],
            "reached by the plan at 0, not reached by the plan from 0.25 on",
        ),
    ],
)
def test_sentence_over_numbers(states, words):
    assert trend_sentence([0, 0.25, 0.5, 1], states) == words


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ([M, M, M, M], "meets throughout"),
        ([M, M, F, F], "meets up to 2026-03, fails from 2026-04 on; falls behind in 2026-04"),
        ([M, F, F, M], "meets in 2025-12, fails from 2026-03 to 2026-04, meets from 2026-06 on; "
         "falls behind between 2025-12 and 2026-03; catches up between 2026-04 and 2026-06"),
        ([F, U, M, M], "fails in 2025-12, inconclusive in 2026-03, meets from 2026-04 on; "
         "catches up between 2025-12 and 2026-04"),
        ([M, U, U, U], "meets in 2025-12, inconclusive from 2026-03 on"),
    ],
)  # fmt: skip
def test_sentence_over_months_says_when_the_network_falls_behind(states, words):
    assert trend_sentence(["2025-12", "2026-03", "2026-04", "2026-06"], states) == words


def test_sentence_over_the_turn_of_a_year():
    assert trend_sentence(["2025-12", "2026-01"], [F, M]).endswith("catches up in 2026-01")


def test_trend_by_line():
    assert trend_by_line(["day", "tariff", "store"], [M, M, M]) == "meets in every line"
    assert (
        trend_by_line(["day", "tariff", "store"], [F, M, M])
        == "fails in day; meets in tariff and store"
    )


def test_trends_of_each_line_begin_with_the_whole():
    told = criterion_trends(
        [variant("a", 1, M, M), variant("a", 2, M, F), variant("b", 1, U, M), variant("b", 2, M, M)]
    )
    first, second = (item.name for item in VERDICT.criteria[:2])
    assert [(one.line, one.sentence) for one in told] == [
        ("a", f"{WHOLE}: meets at 1, fails from 2 on"),
        ("a", f"{first}: meets throughout"),
        ("a", f"{second}: meets at 1, fails from 2 on"),
        ("b", f"{WHOLE}: inconclusive at 1, meets from 2 on"),
        ("b", f"{first}: inconclusive at 1, meets from 2 on"),
        ("b", f"{second}: meets throughout"),
    ]


def test_changes_are_sought_within_a_line_and_the_verdict_weighs_most():
    found = changes(
        [
            variant("a", 1, F, M, M),
            variant("a", 2, F, U, U),
            variant("a", 3, M, M, M),
            variant("b", 1, F, F, F),
            variant("b", 2, F, F, F),
        ]
    )
    assert found == [("a", 2, 3), ("a", 1, 2)]


def test_a_change_from_meets_to_fails_weighs_more_than_inconclusive_ones():
    found = changes(
        [variant("a", 1, F, M, M, M), variant("a", 2, F, U, U, M), variant("a", 3, F, U, U, F)]
    )
    assert found == [("a", 2, 3), ("a", 1, 2)]


def test_the_label_is_what_all_variants_have_in_common():
    labels = [
        "Chongqing, synthetic layout, as built in 2024-06",
        "Chongqing, synthetic layout, as built in 2024-07",
    ]
    assert common_label(labels) == "Chongqing, synthetic layout"


def test_months_are_halved_down_to_neighbours():
    assert between("2025-11", "2026-02", []) == "2025-12"
    assert between("2025-12", "2026-02", []) == "2026-01"
    assert between("2026-01", "2026-02", []) is None


def test_numbers_are_halved_down_to_a_quarter_of_their_spacing():
    values = [0.0, 1.0, 5.0]
    assert between(0.0, 1.0, values) == 0.5
    assert between(0.5, 1.0, values) == 0.75
    assert between(0.5, 0.75, values) is None
    assert between(1.0, 5.0, values) == 3.0
    assert between(4.0, 5.0, values) is None


def test_whole_numbers_stay_whole():
    assert between(2, 5, [2, 5]) == 3
    assert between(2, 3, [2, 3]) is None


def test_paired_difference_by_hand():
    """Differences 1, 2, 3: mean 2, standard deviation 1, t(2) = 4.303."""
    interval = paired_difference(np.array([11.0, 22.0, 33.0]), np.array([10.0, 20.0, 30.0]))
    assert (interval.mean, interval.n) == (2.0, 3)
    assert interval.upper - 2 == pytest.approx(4.30265 / np.sqrt(3), rel=1e-5)


def test_endless_waits_have_a_sign():
    endless, finite = np.array([np.inf, 5.0]), np.array([4.0, 4.0])
    assert paired_difference(endless, finite).mean == np.inf
    assert paired_difference(finite, endless).mean == -np.inf
    both = paired_difference(np.array([np.inf, 5.0, 6.0]), np.array([np.inf, 4.0, 4.0]))
    assert (both.mean, both.n) == (1.5, 2)


def test_lines_are_compared_at_the_same_value_too():
    kpi = Response("wishes_per_day", "city", "all", "1/day", reported=True)
    variants = [
        variant(line, value, M, shown=KpiResponses((kpi,), np.array([values]).T))
        for line, value, values in (
            ("a", 1, [1.0, 2.0]),
            ("a", 2, [5.0, 6.0]),
            ("b", 1, [2.0, 4.0]),
            ("b", 2, [9.0, 8.0]),
        )
    ]
    frame = difference_frame(variants)
    assert frame[
        ["line", "value", "than_line", "than_value", "mean", "unit"]
    ].to_numpy().tolist() == [
        ["a", 2, "a", 1, 4.0, "1/day"],
        ["b", 1, "a", 1, 1.5, "1/day"],
        ["b", 2, "a", 1, 7.0, "1/day"],
        ["b", 2, "a", 2, 3.0, "1/day"],
    ]
