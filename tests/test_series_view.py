"""Test the figure of a series: its panels, that nothing overlaps, same bytes for same series."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from factories_analysis import make_network, make_result, random_totals
from figure_layout import drawn
from matplotlib.text import Text

from chargesim.analysis.kpi_responses import kpi_responses
from chargesim.analysis.kpis import kpi_frame
from chargesim.analysis.profiles import quarter_load
from chargesim.analysis.series import VariantResult
from chargesim.analysis.verdict import judge
from chargesim.scenario.series import Series
from chargesim.view.bands import spread
from chargesim.view.figures import write_figure
from chargesim.view.series import draw_series
from chargesim.view.series_panels import line_looks, threshold_of
from chargesim.view.wording import kpi_name

NETWORK = make_network()
CARS = {"kpi": "share_served_within_10_min", "scope": "group", "key": "cars"}
SHOW = [CARS, {"kpi": "wait_p95_min", "scope": "group", "key": "cars"}, {"panel": "criteria"},
        {"panel": "load"}, {"panel": "hours", "kpi": "time_utilisation"}]  # fmt: skip
STANDARD = make_result(network=NETWORK).standard


def variant(line: str, value: object, fail: float) -> VariantResult:
    result = make_result(
        [random_totals(NETWORK, np.random.default_rng(seed), fail=fail) for seed in range(3)],
        network=NETWORK,
    )
    load = quarter_load(result).mean_mw.sum(axis=0)
    supply = {"stations": 10.0 + 100 * fail, "guns": 20.0, "swap sites": 0.0, "vehicles": 5000.0}
    return VariantResult(
        line,
        value,
        line,
        kpi_frame(result),
        judge(result),
        kpi_responses(result, []),
        load,
        supply,
        "small: 3 replications",
        "made-up places",
    )


def series(show: list[dict[str, str]], values: list[object]) -> Series:
    keys = ["fleet.stock"] if values else []
    return Series(
        question="Why?",
        axis="vehicles",
        keys=keys,
        values=values,
        lines={"plan": {}, "other": {"seed_": 1}},
        show=show,
    )


@pytest.fixture(scope="module")
def over_values() -> list[VariantResult]:
    return [
        variant(line, value, fail + 0.01 * value)
        for line, fail in (("plan", 0.0), ("other", 0.02))
        for value in (1, 2, 4)
    ]


@pytest.fixture(scope="module")
def by_line() -> list[VariantResult]:
    return [variant("plan", None, 0.02), variant("other", None, 0.3)]


def test_lines_and_bands_are_the_kpis(over_values: list[VariantResult]) -> None:
    described = series([CARS], [1, 2, 4])
    (ax,) = drawn(draw_series(described, over_values, STANDARD.criteria)).axes
    for line in ("plan", "other"):
        (curve,) = [one for one in ax.lines if one.get_label() == line]
        rows = [item.kpis for item in over_values if item.line == line]
        means = [
            kpis[(kpis["kpi"] == CARS["kpi"]) & (kpis["key"] == "cars")]["mean"].item()
            for kpis in rows
        ]
        assert list(curve.get_xdata()) == [1, 2, 4]
        assert np.asarray(curve.get_ydata()) == pytest.approx(100 * np.array(means))
        assert curve.get_color() == line_looks(described)[line].colour
    assert ax.get_xlabel() == "vehicles"
    assert ax.get_ylabel().endswith("[%]")


def test_the_title_is_the_question_and_the_label_of_the_network_stands_below(
    over_values: list[VariantResult],
) -> None:
    figure = draw_series(series([CARS], [1, 2, 4]), over_values, STANDARD.criteria)
    assert figure.get_suptitle() == "Why?"
    assert figure.get_supxlabel() == "small: 3 replications; 95 % intervals\nmade-up places"


def test_the_threshold_stands_where_the_panel_shows_what_it_judges() -> None:
    described = series([CARS, {"kpi": "share_unserved"}], [])
    criterion = next(
        one for one in STANDARD.criteria if (one.measure, one.scope) == ("served_within", "cars")
    )
    assert criterion.minutes == 10
    assert threshold_of(described.show[0], STANDARD.criteria) == (
        100 * criterion.at_least,
        f"at least {100 * criterion.at_least:g} %",
    )
    assert (
        threshold_of(described.show[1], STANDARD.criteria) is None
    )  # of the city, which no criterion judges


def test_an_endless_wait_is_marked_and_said(over_values: list[VariantResult]) -> None:
    lost = [variant("plan", 1, 0.0), variant("plan", 2, 0.9)]
    (ax,) = drawn(draw_series(series(SHOW[1:2], [1, 2]), lost, STANDARD.criteria)).axes
    assert [list(line.get_xdata()) for line in ax.lines if line.get_marker() == "^"] == [[2]]
    assert "endless in some replication" in [text.get_text() for text in ax.texts]


def test_criteria_are_drawn_as_parts_of_their_allowance(over_values: list[VariantResult]) -> None:
    axes = drawn(draw_series(series(SHOW[2:3], [1, 2, 4]), over_values, STANDARD.criteria)).axes
    assert [ax.get_title(loc="left") for ax in axes] == [
        "plan; hollow: inconclusive",
        "other; hollow: inconclusive",
    ]
    ax, members = axes[0], over_values[:3]
    low, high = ax.get_ylim()
    assert low < 100 < high
    expected = [
        np.clip([100 * item.verdict.criteria[place].allowance_used for item in members], low, high)
        for place in range(len(members[0].verdict.criteria))
    ]
    curves = [
        np.asarray(line.get_ydata())
        for line in ax.lines
        if line.get_linestyle() in ("-", "--", ":") and len(line.get_xdata()) == 3
    ]
    assert len(curves) == len(expected)
    for curve, values in zip(curves, expected, strict=True):
        assert curve == pytest.approx(values)


def test_names_at_the_end_of_the_lines_do_not_overlap(over_values: list[VariantResult]) -> None:
    figure = drawn(draw_series(series(SHOW[2:3], [1, 2, 4]), over_values, STANDARD.criteria))
    for ax in figure.axes:
        boxes = sorted((Text.get_window_extent(text) for text in ax.texts), key=lambda box: box.y0)
        assert len(boxes) == len(over_values[0].verdict.criteria)
        assert all(below.y1 <= above.y0 for below, above in pairwise(boxes))
        assert max(box.x1 for box in boxes) <= figure.bbox.x1


def test_lines_without_values_are_points_with_intervals(by_line: list[VariantResult]) -> None:
    figure = drawn(draw_series(series(SHOW, []), by_line, STANDARD.criteria))
    assert len(figure.axes) == 5
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["plan", "other"]
    assert "bounds one-sided at 95 %" in figure.axes[2].get_xlabel()
    load = figure.axes[3]
    for line, item in zip(load.lines, by_line, strict=True):
        assert np.asarray(line.get_ydata())[:96] == pytest.approx(item.load_mw)
    assert load.get_ylabel().endswith("[MW]")


@pytest.mark.parametrize("values", [[], [1, 2]])
def test_the_first_load_is_seen_below_another_that_coincides(values: list[object]) -> None:
    described = series([{"panel": "load"}], values)
    alike = [
        replace(variant(line, value, 0.1), line=line)
        for line in ("plan", "other")
        for value in values or [None]
    ]
    (ax,) = drawn(draw_series(described, alike, STANDARD.criteria)).axes
    first = [line for line in ax.lines if line.get_color() == line_looks(described)["plan"].colour]
    others = [line for line in ax.lines if line not in first]
    assert len(first) == len(others) == max(1, len(values))
    assert np.asarray(first[-1].get_ydata()) == pytest.approx(np.asarray(others[-1].get_ydata()))
    assert min(line.get_linewidth() for line in first) > 2 * max(
        line.get_linewidth() for line in others
    )
    order = sorted(
        ax.lines, key=lambda line: line.get_zorder()
    )  # what comes later is drawn above; equals keep their order
    assert order[: len(first)] == first


def test_supply_over_months(over_values: list[VariantResult]) -> None:
    months = ["2024-11", "2025-02", "2026-01"]
    variants = [
        replace(item, value=month) for item, month in zip(over_values[:3], months, strict=True)
    ]
    (ax,) = drawn(
        draw_series(series([{"panel": "supply"}], months), variants, STANDARD.criteria)
    ).axes
    stations = next(line for line in ax.lines if str(line.get_label()).startswith("stations"))
    assert stations.get_label() == "stations: 11 to 14"
    assert list(np.diff(stations.get_xdata())) == [3, 11]
    assert np.asarray(stations.get_ydata()) == pytest.approx([1100 / 14, 1200 / 14, 100])
    assert not any("swap" in str(line.get_label()) for line in ax.lines)  # there is none
    ticks = [label.get_text() for label in ax.get_xticklabels()]
    assert ticks == [
        "2024-11",
        "2025-01",
        "2025-03",
        "2025-05",
        "2025-07",
        "2025-09",
        "2025-11",
        "2026-01",
    ]
    assert [int(tick) for tick in ax.get_xticks()] == list(range(12 * 2024 + 10, 12 * 2026 + 1, 2))


def test_same_series_same_bytes(by_line: list[VariantResult], tmp_path: Path) -> None:
    once, again = (
        write_figure(
            draw_series(series(SHOW, []), by_line, STANDARD.criteria), tmp_path / name / "series"
        )
        for name in ("once", "again")
    )
    assert [path.name for path in once] == ["series.png", "series.svg"]
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in again]


def test_names_are_spread_as_little_as_needed() -> None:
    assert spread([0.1, 0.5, 0.9], 0.1) == [0.1, 0.5, 0.9]
    assert spread([0.0, 0.0, 0.5], 0.1) == pytest.approx([0.0, 0.1, 0.5])
    assert spread([0.95, 1.0, 1.0], 0.1) == pytest.approx([0.8, 0.9, 1.0])


def test_the_name_of_a_kpi_leaves_its_unit_to_the_brackets() -> None:
    assert kpi_name("wait_p95_min", "min") == "wait p95"
    assert kpi_name("energy_mwh_per_day", "MWh/day") == "energy"
    assert kpi_name("share_served_within_10_min", "share") == "share served within 10 min"
