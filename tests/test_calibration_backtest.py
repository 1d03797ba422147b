"""Test the back-test: naive rules and occupancy by hand, bands on logs drawn from a known model."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from import_files import shared
from log_files import Truth, sessions, write_log
from typer.testing import CliRunner

from chargesim.calibration.backtest import run_backtest
from chargesim.calibration.fit import fit_log
from chargesim.calibration.folder import write_fit
from chargesim.calibration.naive import (
    HOUR_OF_WEEK,
    LAST_FITTED,
    LAST_WEEK,
    MEAN,
    errors,
    naive_predictions,
)
from chargesim.calibration.occupancy import by_hour, hub_use
from chargesim.cli import app
from chargesim.errors import InputError
from chargesim.importers.sessions import import_sessions
from chargesim.scenario.reading import load

UNTIL = date(2024, 4, 22)  # 16 weeks


def test_naive_rules_by_hand():
    """Two weeks are known, of which one Monday was closed; a third and a fourth are predicted."""
    values = np.zeros(4 * 168)
    values[[10, 178, 346, 514]] = 4, 6, 9, 1  # Mondays at 10
    is_open = np.ones(len(values), dtype=bool)
    is_open[:24] = False
    found = naive_predictions(values, is_open, 336)
    at = [10, 178]
    assert found[HOUR_OF_WEEK][at].tolist() == [6, 6]
    assert found[LAST_FITTED][at].tolist() == [6, 6]
    assert found[LAST_WEEK][at].tolist() == [6, 9]
    assert found[MEAN] == pytest.approx(6 / 312)
    early = naive_predictions(values, is_open, 168)
    assert np.isnan(early[LAST_WEEK][10])  # a closed day tells nothing
    assert np.isnan(early[HOUR_OF_WEEK][10])


def test_errors_by_hand():
    seen = np.array([1.0, 3.0] + [0.0] * 46)
    predicted, counted = np.full(48, 1.0), np.zeros(48, dtype=bool)
    counted[[0, 1, 24]] = True
    found = errors(seen, predicted, counted, 0)
    assert (found.hours, found.mae, found.rmse) == (3, 1.0, pytest.approx(np.sqrt(5 / 3)))
    assert found.day_mae == pytest.approx((0.5 + 2) / 2)  # hour 0: mean of 0 and 1, hour 1: -2
    assert errors(seen, predicted, counted, 0, np.zeros(48)).mae == pytest.approx(4 / 3)


def test_occupancy_by_hand():
    """One vehicle since the night before, two in the morning, one on a closed day."""
    start, stay = np.array([-30.0, 600.0, 630.0, 1500.0]), np.array([60.0, 60.0, 60.0, 30.0])
    use = hub_use(start, stay, 2, np.array([True, False]))
    assert (use.starts, use.open_days) == (2, 1)
    assert use.mean_stay_min == 60.0
    assert use.busy_share == pytest.approx(np.array([1440 - 120, 90, 30]) / 1440)
    assert use.use == pytest.approx(150 / 2880)
    assert use.worst_hour_all_busy == 0.5
    starts, busy = by_hour(start, stay, 2)
    assert starts[[0, 10, 11, 25]].tolist() == [0, 2, 0, 1]
    assert busy[[0, 10, 11, 25]].tolist() == [0.5, 1.5, 0.5, 0.5]


@pytest.fixture(scope="module")
def tested(tmp_path_factory):
    """Return a log, the folder of its fit, and its back-test."""
    folder = tmp_path_factory.mktemp("backtest")
    one, _ = sessions(Truth(per_day=45, guns=3, wait_share=0.2), 154, 11, "North")
    two, _ = sessions(Truth(per_day=10, guns=1), 154, 12, "South")
    log = write_log(folder / "log.parquet", one, two)
    written = write_fit(fit_log(log, UNTIL, by_site=True, draws=40), folder / "hubs")
    loaded = load(written.scenario)
    found = run_backtest(loaded, log, UNTIL, folder / "out", replications=20, engine="simpy")
    return log, written, found


def test_a_log_of_a_known_model_lies_in_its_bands(tested):
    found = tested[2]
    assert len(found.figures) == 8 + 4
    assert found.inside >= 9  # binomial: below 9 of 12 at 90 % once in 40; they go together
    seen = {(one.site, one.figure): one for one in found.figures}
    assert seen["North", "sessions"].seen == pytest.approx(42, abs=5)
    width = seen["North", "sessions"].high / seen["North", "sessions"].low
    assert 1.05 < width < 1.6
    assert found.days == 42
    shares = sum(seen["North", f"{n} of 3 busy"].seen for n in range(4))
    assert shares == pytest.approx(1.0)


def test_its_errors_are_no_larger_than_those_of_naive_rules(tested):
    table = pd.read_csv(tested[2].folder / "errors.csv")
    both = table[table["site"] == "all sites"].set_index(["what", "predictor"])["rmse"]
    for what in ("sessions begun", "guns busy"):
        assert both[what].idxmin() in ("chargesim", HOUR_OF_WEEK)
        assert both[what]["chargesim"] < both[what][LAST_WEEK] / 1.2


def test_files_hold_what_is_printed(tested):
    found = tested[2]
    data = json.loads((found.folder / "backtest.json").read_text())
    assert data["inside"] == found.inside
    assert len(pd.read_csv(found.folder / "figures.csv")) == len(data["figures"])


def test_days_that_the_fit_has_seen_and_other_scenarios_are_refused(tested, tmp_path):
    log, written, _ = tested
    loaded = load(written.scenario)
    with pytest.raises(InputError, match="the fit has seen days up to 2024-04-21"):
        run_backtest(loaded, log, date(2024, 4, 1), tmp_path)
    with pytest.raises(InputError, match="has no day from 2025-01-01 on"):
        run_backtest(loaded, log, date(2025, 1, 1), tmp_path)
    with pytest.raises(InputError, match="has no section arrivals"):
        run_backtest(load("small_city"), log, UNTIL, tmp_path)


def test_the_commands_print_what_they_found(tested, tmp_path):
    log, written, _ = tested
    runner = CliRunner()
    out = tmp_path / "again"
    done = runner.invoke(app, ["fit", str(log), "--until", "2024-04-22", "--out", str(out),
                               "--no-figures"])  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "2 sites fitted" in done.output
    again = runner.invoke(app, ["fit", str(log), "--until", "2024-04-22", "--out", str(out)])
    assert again.exit_code == 1
    assert "is there already" in again.output
    done = runner.invoke(app, ["backtest", str(written.scenario), str(log), "--from", "2024-05-20",
                               "--out", str(tmp_path / "bt"), "--replications", "20", "--engine",
                               "simpy", "--jobs", "1"])  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "figures lie inside" in done.output
    assert (tmp_path / "bt" / "figures" / "days.png").is_file()


@pytest.mark.slow
def test_bands_hold_the_truth_about_nine_times_in_ten(tmp_path):
    """Eight logs whose level walks: of the figures of their sites 82 to 98 % lie inside."""
    inside = total = 0
    for seed in range(8):
        folder = tmp_path / str(seed)
        folder.mkdir()
        frames = [
            sessions(Truth(per_day=rate, guns=guns, step=0.06, wait_share=0.2), 154,
                     100 * seed + guns, f"Hub {guns}")[0]
            for rate, guns in ((12.0, 1), (30.0, 2), (60.0, 4))
        ]  # fmt: skip
        log = write_log(folder / "log.parquet", *frames)
        written = write_fit(fit_log(log, UNTIL, by_site=True, draws=60), folder / "hubs")
        found = run_backtest(load(written.scenario), log, UNTIL, folder / "out", replications=60)
        inside, total = inside + found.inside, total + len(found.figures)
    assert 0.82 <= inside / total <= 0.98, f"{inside} of {total}"


@pytest.mark.slow
def test_dundee_as_docs_backtest_says(tmp_path):
    """Needs ../shared/data; `docs/backtest.md` has the whole table."""
    maps = Path(__file__).parent.parent / "docs" / "maps"
    log = tmp_path / "dundee.parquet"
    import_sessions(shared("sessions/dundee_rapid_50kw.csv"), maps / "dundee.yaml", log)
    first = date(2018, 5, 17)
    written = write_fit(fit_log(log, first, by_site=True), tmp_path / "dundee")
    found = run_backtest(load(written.scenario), log, first, tmp_path / "out", replications=60)
    assert found.inside / len(found.figures) >= 0.75
    lochee = {one.figure: one for one in found.figures if one.site.startswith("Lochee")}
    assert lochee["4 of 4 busy"].inside
    assert lochee["use"].inside
