"""Test that a fit finds what a log was drawn from, and says what a log cannot tell."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from log_files import FIRST, SHAPE, Truth, sessions, write_log

from chargesim.calibration.fit import fit_log
from chargesim.calibration.levels import follow_all, seen_levels
from chargesim.calibration.log import closed_days, find_sites, read_log
from chargesim.calibration.stays import mean_of
from chargesim.errors import InputError

UNTIL = date(2024, 5, 20)  # 20 weeks
DAYS = 140
LEAVING = Truth(per_day=60.0, guns=2)
WAITING = Truth(per_day=60.0, guns=2, wait_share=0.4)


@pytest.fixture(scope="module")
def fits(tmp_path_factory):
    """Return the fit of a log with a hub whose drivers leave at once, and one where some wait."""
    leaving, arrivals = sessions(LEAVING, DAYS, 1, "leaving")
    waiting, _ = sessions(WAITING, DAYS, 2, "waiting")
    path = write_log(tmp_path_factory.mktemp("log") / "log.parquet", leaving, waiting)
    fit = fit_log(path, UNTIL, by_site=True, draws=60)
    return dict(zip((one.site.hub for one in fit.sites), zip(fit.sites, fit.draws, strict=True),
                    strict=True)), len(arrivals)  # fmt: skip


def inside(draws, truth, name=""):
    low, high = np.quantile(draws, [0.005, 0.995])
    assert low <= truth <= high, f"{name}: {truth} is not within {low:.3f} to {high:.3f}"


def test_the_offered_rate_holds_those_who_left(fits):
    sites, arrived = fits
    site, draws = sites["leaving"]
    served = len(site.log.start_min)
    assert arrived / served > 1.15  # or the test tests nothing
    assert site.offered_over_served == pytest.approx(arrived / served, rel=0.03)
    inside(np.exp(draws.log_level), LEAVING.per_day, "arrivals a day")
    assert site.rates.wait_share < 0.05


def test_the_share_that_waits_is_found(fits):
    site, draws = fits[0]["waiting"]
    assert site.rates.wait_share == pytest.approx(WAITING.wait_share, abs=0.08)
    inside(np.exp(draws.log_level), WAITING.per_day, "arrivals a day")


def test_guns_stays_and_hours_are_found(fits):
    for hub in ("leaving", "waiting"):
        site, draws = fits[0][hub]
        assert site.site.guns == 2
        inside(draws.stay_min, 30.0, "stay")
        assert mean_of(site.stays.minutes) == pytest.approx(30.0, rel=0.03)
        assert np.corrcoef(site.rates.shape, SHAPE)[0, 1] > 0.97
        low, high = np.quantile(draws.shape, [0.005, 0.995], axis=0)
        assert ((low <= SHAPE) & (high >= SHAPE)).mean() > 0.8  # they lean on each other
        assert site.gap_fit.p_value > 0.001
        assert 0.8 < site.dispersion < 1.25


def test_one_profile_is_that_of_all_sites(tmp_path):
    one, _ = sessions(Truth(per_day=20), 40, 21, "one")
    two, _ = sessions(Truth(per_day=30), 40, 22, "two")
    path = write_log(tmp_path / "log.parquet", one, two)
    fit = fit_log(path, date(2024, 2, 10), by_site=False, draws=3)
    first, second = (site.rates.shape for site in fit.sites)
    assert (first == second).all()
    assert (fit.draws[0].shape == first).all()
    own = fit_log(path, date(2024, 2, 10), by_site=True, draws=3)
    assert (own.sites[0].rates.shape != own.sites[1].rates.shape).any()


def test_levels_come_back_with_honest_errors():
    """Of 60 walks with a known trend and step, 90 % of the ends lie in the 90 % interval."""
    rng = np.random.default_rng(3)
    walks = np.cumsum(0.005 + 0.08 * rng.standard_normal((60, 60)), axis=1)
    counts = rng.poisson(70 * np.exp(walks))
    series = [seen_levels(one.astype(float), np.full(60, 70.0)) for one in counts]
    levels = follow_all(series, trend_sd_per_year=0.3, usual_step=0.05)
    z = [(one.value - walk[-1]) / np.sqrt(one.weight @ one.cov[:, 0, 0])
         for one, walk in zip(levels, walks, strict=True)]  # fmt: skip
    assert 0.80 <= np.mean(np.abs(z) < 1.645) <= 0.98
    assert abs(np.mean(z)) < 0.4
    assert np.mean([one.step for one in levels]) == pytest.approx(0.08, abs=0.02)
    assert np.mean([one.slope_per_week for one in levels]) == pytest.approx(0.005, abs=0.006)


@pytest.mark.parametrize("days", [15, 28])
def test_a_short_log_is_fitted_with_wide_bands(tmp_path, days):
    frame, _ = sessions(Truth(per_day=30), days, 23)
    until = date(2024, 1, 1) + timedelta(days=days)
    fit = fit_log(write_log(tmp_path / "log.parquet", frame), until, draws=50)
    inside(np.exp(fit.draws[0].log_level), 30.0, "arrivals a day")


def test_closed_days_are_runs_that_chance_does_not_give():
    counts = np.full(60, 8)
    counts[20:30] = 0
    counts[40] = 0
    closed = closed_days(counts)
    assert closed[19:31].all()
    assert not closed[:19].any()
    assert not closed[31:40].any()
    assert closed[39:42].sum() == 0  # e^-8 is more than 1 in 10,000
    rare = np.ones(60, dtype=int)
    rare[::2] = 0
    assert not closed_days(rare).any()


def test_connectors_in_use_at_once_are_sites_of_their_own(tmp_path):
    fast, _ = sessions(Truth(per_day=20, guns=1), 60, 4, "Hub", "2")
    slow, _ = sessions(Truth(per_day=6, guns=1, stay_min=90), 60, 5, "Hub", "1")
    log = read_log(write_log(tmp_path / "log.parquet", fast, slow))
    sites, notes = find_sites(log, log.days)
    assert [(one.name, one.connectors, one.guns) for one in sites] == [
        ("Hub", ("2",), 1), ("Hub, connector 1", ("1",), 1)]  # fmt: skip
    assert notes == []


def test_connectors_that_exclude_each_other_are_one_gun(tmp_path):
    frame, _ = sessions(Truth(per_day=25, guns=1), 60, 6)
    frame["gun"] = [f"Hub-0/{1 + number % 2}" for number in range(len(frame))]
    log = read_log(write_log(tmp_path / "log.parquet", frame))
    sites, _ = find_sites(log, log.days)
    assert [(one.name, one.connectors, one.guns) for one in sites] == [("Hub", (), 1)]


def test_a_log_without_guns_counts_who_is_there_at_once(tmp_path):
    frame, _ = sessions(Truth(per_day=70, guns=3), 60, 7)
    frame["gun"] = ""
    log = read_log(write_log(tmp_path / "log.parquet", frame))
    assert [one.guns for one in find_sites(log, log.days)[0]] == [3]


def one_day():
    return pd.DataFrame({"start": [FIRST.tz_localize("UTC")] * 3, "duration_min": [20.0] * 3,
                         "site": "S", "gun": "g/1"})  # fmt: skip


@pytest.mark.parametrize(
    ("frame", "until", "said"),
    [
        (one_day(), date(2024, 1, 2), "has 1 days before 2024-01-02"),
        (one_day(), date(2023, 1, 2), "has 0 days before 2023-01-02"),
        (one_day(), date(2025, 1, 2), "is after the day that follows the log's last, 2024-01-01"),
        (one_day().iloc[:0], date(2024, 3, 1), "has no sessions"),
        (one_day().drop(columns="start"), date(2024, 3, 1), "start: this column is missing"),
        (one_day().assign(start="soon"), date(2024, 3, 1), "needs to be a column of times"),
        (one_day().assign(duration_min=0.0), date(2024, 3, 1), "no duration above 0 min"),
    ],
)
def test_a_log_that_cannot_be_fitted_is_refused_in_a_sentence(tmp_path, frame, until, said):
    path = tmp_path / "log.parquet"
    frame.to_parquet(path)
    with pytest.raises(InputError) as refused:
        fit_log(path, until)
    assert said in " ".join(refused.value.faults)


def test_too_few_sessions_and_closed_sites_are_named(tmp_path):
    rare, _ = sessions(Truth(per_day=1.2), 60, 8, "rare")
    ended, _ = sessions(Truth(per_day=30), 20, 9, "ended")
    path = write_log(tmp_path / "log.parquet", rare, ended)
    with pytest.raises(InputError) as refused:
        fit_log(path, date(2024, 2, 28))
    said = "\n".join(refused.value.faults)
    assert "rare: left out" in said and "at least 100 are needed" in said
    assert "ended: left out: its last session before the date is of 2024-01-2" in said
    with pytest.raises(InputError, match="no such file"):
        read_log(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("start\n")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_log(tmp_path / "text.parquet")


def test_stays_that_are_all_alike_are_fitted(tmp_path):
    """Half an hour each, as where slots are booked: no spread of a week's mean in the log."""
    frame, _ = sessions(LEAVING, 28, 3, "slots")
    alike = frame[frame.index % 3 == 0]
    alike = alike.assign(end=alike["start"] + pd.Timedelta("30min"))
    path = write_log(tmp_path / "log.parquet", alike)
    fit = fit_log(path, date(2024, 1, 29), by_site=True, draws=20)
    assert mean_of(fit.sites[0].stays.minutes) == pytest.approx(30.0, rel=0.02)
    assert np.isfinite(fit.draws[0].stay_min).all()
