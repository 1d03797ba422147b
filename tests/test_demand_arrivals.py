"""Test the draw of arrivals that were fitted to a log, and the messages on its tables."""

import shutil
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from log_files import SHAPE, Truth, sessions, write_log

from chargesim.calibration.fit import fit_log
from chargesim.calibration.folder import write_fit
from chargesim.demand.recorded import is_stay
from chargesim.errors import InputError
from chargesim.runs.case import build_case
from chargesim.runs.replication import simulate
from chargesim.runs.scenario_check import check_case
from chargesim.scenario.reading import load

FIXED = {"arrivals.draws": None, "horizon.days": 14}


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """Return the folder of a fit to two hubs, and the fit."""
    folder = tmp_path_factory.mktemp("fit")
    one, _ = sessions(Truth(per_day=50, guns=3, wait_share=0.3), 84, 1, "North St, 1")
    two, _ = sessions(Truth(per_day=12, guns=1, stay_min=25), 84, 2, "South")
    fit = fit_log(write_log(folder / "log.parquet", one, two), date(2024, 3, 25), draws=20)
    return write_fit(fit, folder / "hubs"), fit


@pytest.fixture(scope="module")
def loaded(fitted):
    return load(fitted[0].scenario)


def demand_of(loaded, **changes):
    changes = {key.replace("__", "."): value for key, value in changes.items()}
    return build_case(loaded.replace(FIXED | changes)).task.demand


def test_the_draw_has_the_fitted_means(fitted, loaded):
    """Sessions, hours and stays of 60 replications of a week are those of the tables."""
    demand, fit = demand_of(loaded, day_factor=None), fitted[1]
    north = fit.sites[0]
    steps = {"slope": np.zeros(2), "step": np.zeros(2), "stay_slope": np.zeros(2),
             "stay_step": np.zeros(2)}  # fmt: skip
    still = replace(demand.fitted, **steps)
    demand = replace(demand, fitted=still)
    days = [demand.day(r, day) for r in range(60) for day in range(1, 8)]
    table = np.concatenate(days)
    mine = table[table["origin"] == demand.template["origin"][0]]
    expected = north.per_day * len(days)
    assert len(mine) == pytest.approx(expected, abs=4 * np.sqrt(expected))
    hour = (mine["wish_min"] // 60 % 24).astype(int)
    share = np.bincount(hour, minlength=24) / len(mine)
    by_day = north.rates.shape.reshape(7, 24).sum(axis=0) / 168
    assert np.abs(share - by_day).max() < 0.01
    assert mine["overstay_min"].mean() == pytest.approx(demand.fitted.stay_min[0], rel=0.03)
    assert is_stay(mine).all()
    waits = (mine["tolerance_min"] > 1).mean()
    assert waits == pytest.approx(demand.fitted.wait_share[0], abs=0.02)
    assert np.corrcoef(share, SHAPE.reshape(7, 24).sum(axis=0))[0, 1] > 0.98


def test_levels_walk_and_keep_the_week_of_the_fit(loaded):
    demand = demand_of(loaded, day_factor=None)
    week = (demand.begin - demand.level_week).days // 7
    assert week in (-1, 0)
    assert demand._walk(3, "South", 0).tolist() == [0.0, 0.0]
    ends = np.array([demand._walk(r, "South", 9) for r in range(400)])
    assert ends.std(axis=0) == pytest.approx(3.0, abs=0.4)  # nine steps of 1
    assert demand._walk(7, "South", 9).tolist() == ends[7].tolist()


def test_a_calendar_day_keeps_its_vehicles_whatever_day_a_scenario_begins_with(loaded):
    first = demand_of(loaded, horizon__lead_in_days=0)
    later = demand_of(loaded, horizon__lead_in_days=0, horizon__first_day="friday",
                      arrivals__first_date="2024-03-29")  # fmt: skip
    one, other = first.day(5, 6), later.day(5, 2)
    assert len(one) > 0
    assert (one["key"] == other["key"]).all()
    assert (one["wish_min"] - other["wish_min"] == 4 * 1440).all()


def test_each_replication_has_a_draw_of_the_fit(loaded):
    demand = build_case(loaded).task.demand
    assert len(demand.draws) == 20
    assert demand.draws[0].per_day[0] != demand.draws[1].per_day[0]
    means = [one.per_day[0] for one in demand.draws]
    assert np.mean(means) == pytest.approx(demand.fitted.per_day[0], rel=0.1)


def test_who_finds_all_guns_busy_leaves_or_waits(loaded):
    """Nobody but the waiting waits, and each stays as long as drawn."""
    changes = FIXED | {"arrivals.level_factor": 3.0, "horizon.days": 2}
    for factor, waited in ((0.0, False), (1.0, True)):
        case = build_case(loaded.replace(changes | {"arrivals.wait_factor": factor}))
        _, played = simulate(case.task, 0)
        assert (played["outcome"] == "lost").sum() > 5
        assert set(played["outcome"]) <= {"served", "lost", "unfinished"}
        assert bool((played["wait_min"] > 0).any()) == waited
        served = played[played["outcome"] == "served"]
        assert served["service_min"].mean() == pytest.approx(29, abs=4)


def test_patience_ends_a_wait(loaded):
    changes = FIXED | {"arrivals.level_factor": 3.0, "horizon.days": 2}
    waits = []
    for patience in (2.0, 60.0):
        case = build_case(loaded.replace(changes | {"arrivals.patience_min": patience}))
        waits.append(simulate(case.task, 0)[1]["wait_min"].max())
    assert 0 < waits[0] <= 2.0 < waits[1]


def test_check_says_that_a_log_replaces_the_ledger(loaded):
    checked = check_case(build_case(loaded))
    assert "arrivals_sites.csv" in checked.recorded
    assert checked.sessions_per_day == pytest.approx(62, rel=0.25)


def test_factors_change_level_and_stay(loaded):
    usual, more = demand_of(loaded), demand_of(loaded, arrivals__level_factor=2.0)
    assert more.expected_wishes(3) == pytest.approx(2 * usual.expected_wishes(3))
    longer = demand_of(loaded, arrivals__stay_factor=2.0)
    ratio = longer.day(0, 3)["overstay_min"].sum() / usual.day(0, 3)["overstay_min"].sum()
    assert ratio == pytest.approx(2.0, rel=1e-3)


@pytest.mark.parametrize(
    ("table", "old", "new", "said"),
    [
        ("arrivals_sites.csv", "South", "Souht", "arrivals_sites.csv:3: site_id: got 'Souht'"),
        ("arrivals_rates.csv", "South,167,", "South,167.5,", "hour_of_week"),
        ("arrivals_stays.csv", "South", "Nowhere", "South: needs two rows or more"),
        ("arrivals_draws.parquet", None, None, "arrivals_draws.parquet"),
    ],
)
def test_faults_of_the_tables_are_named(fitted, tmp_path, table, old, new, said):
    folder = tmp_path / "hubs"
    shutil.copytree(fitted[0].folder, folder)
    path = folder / "tables" / table
    text = "x" if old is None else path.read_text().replace(old, new)
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        build_case(load(folder / "hubs.yaml"))
    assert said in " ".join(refused.value.faults)


def test_arrivals_and_recorded_exclude_each_other_and_the_fleet_must_be_known(loaded):
    with pytest.raises(InputError, match="only one of them"):
        loaded.replace({"recorded": "log.csv"})
    with pytest.raises(InputError, match="needs one of private_car"):
        build_case(loaded.replace({"arrivals.fleet": "tram"}))
