"""Fit arrivals and stays to a log: rates, levels, stays, day factor, goodness, error of the fit."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chargesim.calibration.arrival_rates import (
    AT_ONCE_MIN,
    WEEK_HOURS,
    Rates,
    WeeklyCounts,
    common_shape,
    count_weeks,
    estimate,
)
from chargesim.calibration.levels import Level, follow_all, seen_levels
from chargesim.calibration.log import (
    DAY_MIN,
    LEAST_DAYS,
    Log,
    Site,
    SiteLog,
    find_sites,
    read_log,
)
from chargesim.calibration.stays import (
    Fit,
    Stays,
    fit_stays,
    gaps_agree,
    stays_agree,
)
from chargesim.errors import InputError

Floats = NDArray[np.float64]

DRAWS = 200
"""Bootstrap draws that hold the error of the fit."""
SEED = 20_261
TREND_SD_PER_YEAR = 0.3
"""Prior of the trend of arrivals: within -45 and +80 % a year at 95 %; assumed."""
USUAL_STEP = 0.05
"""Prior mean of the weekly step of the log level; assumed."""


@dataclass(frozen=True)
class SiteFit:
    """What was fitted at one site."""

    site: Site
    log: SiteLog
    counts: WeeklyCounts
    rates: Rates
    level: Level
    """of the arrivals a day"""
    stays: Stays
    dispersion: float
    """variance of the arrivals of a day over their expected number; 1: Poisson"""
    stay_fit: Fit
    gap_fit: Fit
    gaps: Floats
    """expected arrivals between two arrivals; exponential with mean 1 if all is right"""

    @property
    def per_day(self) -> float:
        """Arrivals a day at the end of the log, those who left at once among them."""
        return float(np.exp(self.level.value))

    @property
    def all_busy(self) -> float:
        """Share of the open time with all guns busy."""
        return float(self.counts.busy_h.sum() / (self.counts.free_h + self.counts.busy_h).sum())

    @property
    def offered_over_served(self) -> float:
        """Arrivals over sessions in the log, by the fitted rates."""
        rate = np.nan_to_num(self.rates.level)[:, None] / 24 * self.rates.shape
        hours = self.counts.free_h + self.counts.busy_h
        return float((rate * hours).sum() / self.counts.starts.sum())


@dataclass(frozen=True)
class SiteDraws:
    """Draws of a site's parameters, which hold the error of the fit; a row each."""

    log_level: Floats
    slope_per_week: Floats
    step: Floats
    stay_min: Floats
    """mean stay at the end of the log"""
    stay_slope_per_week: Floats
    stay_step: Floats
    wait_share: Floats
    shape: Floats
    """[draw, hour of week]"""


@dataclass(frozen=True)
class LogFit:
    """A fit to a log."""

    log: Log
    until: date
    by_site: bool
    sites: tuple[SiteFit, ...]
    draws: tuple[SiteDraws, ...]
    day_cv: float
    """coefficient of variation of the factor of a day"""
    day_correlation: float
    notes: tuple[str, ...]

    @property
    def level_week(self) -> date:
        """The Monday of the last week of the fit: where the levels are."""
        return self.log.date_of((self.log.day_of(self.until) - 1) // 7 * 7)


def fit_log(path: Path, until: date, by_site: bool = False, draws: int = DRAWS) -> LogFit:
    """Fit a log up to a date.

    Parameters
    ----------
    path : Path
        As `chargesim import sessions` writes it.
    until : date
        The first day that is left out.
    by_site : bool
        Whether each site has an hour-of-week profile of its own, which leans on the common one.
    draws : int
        Bootstrap draws.

    Raises
    ------
    InputError
        Where the log is too short, or no site has enough sessions.
    """
    log = read_log(path)
    until_day = log.day_of(until)
    _check_length(log, until, until_day)
    sites, notes = find_sites(log, until_day)
    if not sites:
        raise InputError([f"{log.name}: no site can be fitted up to {until}", *notes])
    weeks = -(-until_day // 7)
    logs = [log.sessions(site).between(0, until_day) for site in sites]
    counts = [count_weeks(one, weeks) for one in logs]
    kept = [i for i, one in enumerate(counts) if (one.starts.sum(axis=1) > 0).sum() >= 2]
    notes += [f"{sites[i].name}: left out: has sessions in one week alone"
              for i in range(len(sites)) if i not in kept]  # fmt: skip
    if not kept:
        raise InputError([f"{log.name}: no site has sessions in two weeks before {until}"])
    logs, counts = [logs[i] for i in kept], [counts[i] for i in kept]
    prior = common_shape(counts)
    fits = _fit_sites(logs, counts, prior, by_site)
    rng = np.random.default_rng(SEED)
    found = [_draw_site(one, prior, by_site, rng, draws) for one in fits]
    cv, correlation = _day_spread(fits)
    return LogFit(log, until, by_site, tuple(fits), tuple(found), cv, correlation, tuple(notes))


def _check_length(log: Log, until: date, until_day: int) -> None:
    """Refuse a date outside the log, and a log that is too short before it."""
    first = int(log.frame["start_min"].min() // DAY_MIN)
    last = log.date_of(log.days - 1)
    days = min(until_day, log.days) - first
    if until_day > log.days:
        raise InputError([f"{log.name}: --until {until} is after the day that follows the log's "
                          f"last, {last}"])  # fmt: skip
    if days < LEAST_DAYS:
        raise InputError([
            f"{log.name}: has {max(0, days)} days before {until} (it begins on "
            f"{log.date_of(first)}); a fit needs at least {LEAST_DAYS}, each hour of the week twice"
        ])  # fmt: skip


def _fit_sites(
    logs: list[SiteLog], counts: list[WeeklyCounts], prior: Floats, by_site: bool
) -> list[SiteFit]:
    """Fit all sites; their levels lean on each other."""
    rates = [estimate(one, prior, own_shape=by_site) for one in counts]
    levels = follow_all(
        [seen_levels(one.seen, np.where(np.isfinite(one.level), one.exposure, 0.0))
         for one in rates],
        trend_sd_per_year=TREND_SD_PER_YEAR, usual_step=USUAL_STEP,
    )  # fmt: skip
    stays = fit_stays(logs, len(counts[0].starts))
    return [_site_fit(*one) for one in zip(logs, counts, rates, levels, stays, strict=True)]


def _site_fit(
    log: SiteLog, counts: WeeklyCounts, rates: Rates, level: Level, stays: Stays
) -> SiteFit:
    """Return the fit of a site, with its goodness."""
    miss, expected = _by_day(counts, rates)
    dispersion = float((miss**2).sum() / expected.sum())
    minutes = np.repeat((np.nan_to_num(rates.level)[:, None] / 24 * rates.shape).ravel() / 60, 60)
    gap_fit, gaps = gaps_agree(log, minutes, _free_minutes(log, len(minutes)))
    return SiteFit(log.site, log, counts, rates, level, stays, dispersion,
                   stays_agree(log, stays.minutes), gap_fit, gaps)  # fmt: skip


def _free_minutes(log: SiteLog, minutes: int) -> NDArray[np.bool_]:
    """Return in which minutes arrivals are seen: the site is open, and a gun is free.

    The minutes right after an end before which none was free are left out: those who waited start
    in them.
    """
    change = np.zeros(minutes + 1)
    for times, step in ((log.start_min, 1), (log.end_min, -1)):
        np.add.at(change, np.minimum(np.ceil(times - 0.5).astype(int), minutes), step)
    is_open = np.zeros(minutes, dtype=bool)
    days = np.repeat(~log.closed, int(DAY_MIN))[:minutes]
    is_open[: len(days)] = days
    free: NDArray[np.bool_] = is_open & (np.cumsum(change)[:-1] < log.site.guns)
    for after in range(int(AT_ONCE_MIN) + 1):
        minute = np.floor(log.full_ends() + 0.5).astype(int) + after
        free[minute[minute < minutes]] = False
    return free


def _by_day(counts: WeeklyCounts, rates: Rates) -> tuple[Floats, Floats]:
    """Return by how much the sessions of each open day miss the expected ones, and these.

    Expected are the arrivals with a free gun, and those who waited for one.

    The level of a week is fitted to its own days, which takes one degree of freedom of each week.
    """
    scale = np.nan_to_num(rates.level)[:, None] / 24
    hours = counts.free_h + rates.wait_share * counts.busy_h
    expected = (scale * rates.shape * hours).reshape(-1, 7, 24).sum(axis=2)
    seen = counts.starts.reshape(-1, 7, 24).sum(axis=2)
    weekly = expected.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.sqrt(np.where(weekly > 0, 1 - expected / weekly, 0.0))
    open_ = (expected > 0.2) & (left > 0.3)
    miss = np.where(open_, (seen - expected) / np.where(left > 0, left, 1.0), 0.0)
    return miss.ravel(), np.where(open_, expected, 0.0).ravel()


def _day_spread(fits: list[SiteFit]) -> tuple[float, float]:
    """Return the coefficient of variation of the factor of a day, and what sites share of it.

    Beyond Poisson: Var(N) = m + (cv m)^2, and Cov(N1, N2) = r cv^2 m1 m2, over all days.
    """
    parts = [_by_day(one.counts, one.rates) for one in fits]
    own = sum(float((miss**2 - expected).sum()) for miss, expected in parts)
    squares = sum(float((expected**2).sum()) for _, expected in parts)
    variance = max(0.0, own / squares) if squares else 0.0
    both = products = 0.0
    for i, (miss, expected) in enumerate(parts):
        for other, also in parts[:i]:
            both += float((miss * other).sum())
            products += float((expected * also).sum())
    shared = both / products / variance if products > 0 and variance > 0 else 0.0
    return float(np.sqrt(variance)), float(np.clip(shared, 0.0, 1.0))


def _draw_site(
    fit: SiteFit, prior: Floats, by_site: bool, rng: np.random.Generator, draws: int
) -> SiteDraws:
    """Draw a site's parameters: levels from what the filter knows, the rest by weeks drawn anew."""
    weeks = len(fit.counts.starts)
    level, stay = fit.level.draw(rng, draws), fit.stays.level.draw(rng, draws)
    shape, wait_share = np.empty((draws, WEEK_HOURS)), np.empty(draws)
    used = np.flatnonzero(np.isfinite(fit.rates.level))
    for i in range(draws):
        weights = np.zeros(weeks)
        np.add.at(weights, rng.choice(used, len(used)), 1.0)
        rates = estimate(fit.counts, prior, weights, start=fit.rates, rounds=2, own_shape=by_site)
        shape[i], wait_share[i] = rates.shape, rates.wait_share
    return SiteDraws(
        level[:, 0], level[:, 1], level[:, 2],
        np.exp(stay[:, 0]), stay[:, 1], stay[:, 2],
        wait_share, shape,
    )  # fmt: skip


def last_day(fit: LogFit) -> date:
    """Return the last day that was fitted."""
    return fit.until - timedelta(days=1)
