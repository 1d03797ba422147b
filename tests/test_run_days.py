"""Test forty days of the small city from the command line: what is told, written and drawn."""

import json

import pandas as pd
import pytest
from factories import SCENARIOS
from typer.testing import CliRunner

from chargesim.cli import app
from chargesim.runs.open_run import open_run
from chargesim.view import plot
from chargesim.view.days import draw_calendar
from chargesim.view.style import new_axes

CHANGES = {
    "horizon": "{first_day: friday, days: 40, lead_in_days: 1}",
    "calendar": "{first_date: 2025-01-10, holidays: {spring_festival: {first: 2025-01-28, "
    "last: 2025-02-04, cars_factor: 4, trucks_factor: 1, through_factor: 4}}, "
    "cold_spells: {frost: {first: 2025-02-07, last: 2025-02-08, season_factor: 1.1, "
    "curve_factor: 0.6}}}",
    "corridors.vehicles_at_service_areas_per_day": "100",
    "day_factor.tail_share": "0",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Return the folder of a run of forty days in two replications, and what it printed."""
    folder = tmp_path_factory.mktemp("days") / "run"
    words = [word for key, value in CHANGES.items() for word in ("--set", f"{key}={value}")]
    words += ["--replications", "2", "--sessions", "none", "--no-figures", "--jobs", "1"]
    command = ["run", str(SCENARIOS / "small_city.yaml"), *words, "--out", str(folder)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    return folder, done.output


def test_the_holidays_are_the_failing_days(told):
    folder, text = told
    days = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))["days"]
    cars = days["criteria"][0]
    assert (days["judged_days"], days["replications"]) == (40, 2)
    assert cars["lower"] <= cars["failing_days"] <= cars["upper"] <= 40
    assert {day["day"] for day in cars["worst"]} <= {f"2025-{day}" for day in FESTIVAL}
    assert "spring festival" in days["mostly"] and "of 40 days" in text
    table = pd.read_csv(folder / "days.csv")
    assert len(table) == 40 * len(days["criteria"])
    first = table[table["criterion"] == cars["name"]]
    assert first["fails_in"].sum() / 2 == cars["failing_days"]
    assert set(first.loc[first["occasion"] == "frost", "date"]) == {"2025-02-07", "2025-02-08"}
    feast = first["occasion"] == "spring festival"
    assert first.loc[feast, "wished"].mean() > 2.5 * first.loc[~feast, "wished"].mean()


FESTIVAL = ("01-28", "01-29", "01-30", "01-31", "02-01", "02-02", "02-03", "02-04")


def test_a_year_is_drawn_as_calendars(told):
    run = open_run(told[0])
    figure = draw_calendar(run.days)
    titles = [title for ax in figure.axes if (title := ax.get_title(loc="left"))]
    failing = [one.name for one in run.days.criteria if one.fails.any()]
    assert [title.split(":")[0] for title in titles] == failing[:6]
    ax = new_axes()
    one = plot.calendar(run, ax, criterion=failing[0])
    assert one is ax
    rows = [label.get_text() for label in one.get_yticklabels()]
    assert rows == ["Jan 2025", "Feb 2025"]
