"""Test that the check keeps each day its vehicles, and finds a lead-in that is too short alone."""

import json

import numpy as np
import pytest
from factories import SCENARIOS
from factories_analysis import make_result
from matplotlib.backends.backend_agg import FigureCanvasAgg
from rich.console import Console
from typer.testing import CliRunner

from chargesim.analysis.lead_in import between_days, hourly_mw, shifts
from chargesim.cli import app
from chargesim.engine.event_order import DAY_MIN
from chargesim.errors import InputError
from chargesim.experiment.lead_in import check_lead_in, days_alike, lead_in_text, with_lead_in
from chargesim.runs.case import build_case
from chargesim.scenario.reading import load
from chargesim.view.answer import print_answer
from chargesim.view.lead_in import answer, draw_lead_in

SMALL = SCENARIOS / "small_city.yaml"
BY_CLOCK = ("wish_min",)
"""Columns that count from the start of the run."""


def check(folder, *changes):
    return check_lead_in(load(SMALL, list(changes)), jobs=1, out=folder, progress=False)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    return check(tmp_path_factory.mktemp("quiet") / "run", "replications=4")


@pytest.mark.parametrize("days", [0, 2, 3])
def test_a_calendar_day_keeps_its_vehicles(days):
    case = build_case(load(SMALL, ["horizon.days=2"]))
    other = with_lead_in(case, days)
    for judged in range(2):
        here, there = case.task.demand.day(3, 1 + judged), other.task.demand.day(3, days + judged)
        assert len(here) == len(there) > 100
        for column in here.dtype.names:
            shift = (days - 1) * DAY_MIN if column in BY_CLOCK else 0
            np.testing.assert_allclose(
                there[column], here[column] + shift, rtol=0, atol=2e-6 if shift else 0
            )


def test_days_before_the_scenario_have_vehicles_of_their_own():
    longer = with_lead_in(build_case(load(SMALL)), 3).task.demand
    keys = [set(longer.day(0, day)["key"].tolist()) for day in range(4)]
    assert all(keys)
    assert sum(len(part) for part in keys) == len(set().union(*keys))


def test_guns_fail_when_they_did():
    case = build_case(
        load(SMALL, ["reliability.failures=true", "reliability.mtbf_h=30", "reliability.mttr_h=5"])
    )
    own = case.task.outages.draw(0, 3 * DAY_MIN)
    longer = with_lead_in(case, 2).task.outages.draw(0, 4 * DAY_MIN)
    shorter = with_lead_in(case, 0).task.outages.draw(0, 2 * DAY_MIN)
    assert len(longer) == len(own) > 5
    np.testing.assert_array_equal(np.sort(longer["begin_min"]), np.sort(own["begin_min"] + DAY_MIN))
    under_way = own[own["end_min"] > DAY_MIN]
    assert len(shorter) == len(under_way) > 2
    np.testing.assert_array_equal(
        np.sort(shorter["begin_min"]), np.sort(np.maximum(under_way["begin_min"] - DAY_MIN, 0))
    )


def test_days_alike_have_the_weekday_of_the_first_judged_day():
    case = build_case(load(SMALL))
    alike = days_alike(with_lead_in(case, 0), 3)
    wishes = {alike.task.demand.expected_wishes(day) for day in range(3)}
    assert wishes == {case.task.demand.expected_wishes(case.task.lead_in_days)}
    assert alike.task.days == 3


def test_a_lead_in_of_a_day_is_long_enough_for_the_small_city(quiet):
    assert quiet.moved == []
    assert len(quiet.shifts) > 80
    assert (quiet.own_days, quiet.longer_days, quiet.replications) == (1, 2, 4)
    assert np.abs(quiet.from_own.mean).max() < 1e-9
    assert quiet.from_empty.mean[0] < -0.01
    assert quiet.days_alike.mean.shape == (2, 24)


def test_the_check_says_how_large_a_shift_it_leaves_open(quiet):
    least = quiet.least_sure
    assert all(shift.not_excluded <= least.not_excluded for shift in quiet.shifts)
    half_width = (least.before.upper - least.before.lower) / 2
    assert max(abs(least.difference.lower), abs(least.difference.upper)) == pytest.approx(
        least.not_excluded * half_width
    )
    console = Console(width=110, record=True)
    print_answer(console, answer(quiet))
    said = " ".join(console.export_text().split())
    assert (
        "Every KPI is the same in each replication" in said
        or f"the least sure is {least.kpi} of {least.key}" in said
    )


def test_no_lead_in_is_too_short_and_the_check_says_what_moves(tmp_path):
    """The night's vehicles of the day before are missing: less energy, more charged packs."""
    checked = check(tmp_path / "run", "replications=20", "horizon.lead_in_days=0")
    assert checked.longer_days == 1
    moved = {shift.kpi: shift.difference.mean for shift in checked.moved if shift.scope == "city"}
    assert moved["energy_mwh_per_day"] > 0
    assert moved["packs_ready"] < 0
    assert all(shift.difference.lower * shift.difference.upper > 0 for shift in checked.moved)
    assert (
        checked.from_empty.mean[0] == checked.from_own.mean[0] < 0
    )  # without a lead-in both are the same run


def test_the_check_uses_the_replications_of_a_run_beside_and_the_run_says_so(tmp_path):
    def go(command, *words):
        folder = str(tmp_path / command)
        words = [command, str(SMALL), "--no-figures", "--out", folder, *words]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0
        return done.stdout

    assert "Lead-in of 1 day: not checked" in go("run", "--verbose", "--set", "replications=2")
    go("lead-in", "--replications", "2")
    run = tmp_path / "run" / "replications"
    own = [
        path
        for path in (tmp_path / "lead-in" / "points").iterdir()
        if (path / "001.parquet").samefile(run / "001.parquet")
    ]
    assert len(own) == 1
    said = go("run", "--verbose", "--set", "replications=2")
    assert "Lead-in of 1 day: checked, 2 days move none of " in said


def test_a_check_of_another_scenario_is_not_taken(quiet, tmp_path):
    assert "not checked" in lead_in_text(tmp_path, 0)
    for name, content in (("run", "this"), ("check", "another")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(
            json.dumps({"content": content}), encoding="utf-8"
        )
    (tmp_path / "check" / "lead-in.json").write_text("{}", encoding="utf-8")
    assert "not checked" in lead_in_text(tmp_path / "run", 0)


def test_the_figure_draws(quiet):
    figure = draw_lead_in(quiet)
    FigureCanvasAgg(figure).draw()
    left, right = figure.axes
    assert all(
        ax.get_legend().get_window_extent().y1 < ax.bbox.y0 for ax in figure.axes
    )  # not on the bands
    assert [text.get_text() for text in left.get_legend().get_texts()] == [
        "no lead-in",
        "1 day, as the scenario has it",
    ]
    assert [text.get_text() for text in right.get_legend().get_texts()] == [
        "day 1 less day 3",
        "day 2 less day 3",
    ]


def test_recorded_wishes_and_series_are_refused(tmp_path):
    with pytest.raises(InputError, match="recorded"):
        check(tmp_path / "run", "recorded=log.csv")
    with pytest.raises(InputError, match="not for a series"):
        check_lead_in(load(SCENARIOS / "availability.yaml"))


def test_rounding_is_no_shift():
    result = make_result()
    assert not any(shift.moved for shift in shifts(result, result))
    for run in result.replications:
        run.session_kwh *= 1 + 1e-15
    assert not any(shift.moved for shift in shifts(make_result(), result))


def test_hours_are_means_of_quarters_and_days_are_compared_with_the_last():
    result = make_result(days=3)
    for run in result.replications:
        run.district_kw[:] = 0.0
        run.district_kw[0, 0] = np.repeat(1000.0 * np.arange(72), 4)
    assert hourly_mw(result.replications)[0].tolist() == list(range(72))
    days = between_days(result.replications)
    assert days.mean[:, 5].tolist() == [-48.0, -24.0]
    assert days.equal.all()
