"""Describe how long vehicles stay: empirical quantiles, and the mean from week to week."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from chargesim.calibration.levels import Level, Series, follow_all
from chargesim.calibration.log import DAY_MIN, SiteLog

Floats = NDArray[np.float64]

LEAST_OWN = 200
"""Sessions from which a site has quantiles of its own; with fewer it has those of all sites."""
RECENT = 1000
"""Sessions at most that give the shape: the last ones."""
QUANTILES = np.concatenate([[0.0], (np.arange(100) + 0.5) / 100, [1.0]])
ROUNDED_MIN = 1.0
"""Step of the times of a log: the least spread of its stays comes from it."""
TREND_SD_PER_YEAR = 0.1
USUAL_STEP = 0.02


@dataclass(frozen=True)
class Stays:
    """How long vehicles stay at a site."""

    minutes: Floats
    """[quantile] of `QUANTILES`; their mean is that of the level [min]"""
    level: Level
    """of the mean stay: its log, by week"""
    own: bool
    """whether the shape is the site's own"""
    sessions: int


def recent_shape(stay_min: Floats) -> Floats:
    """Return quantiles of the last stays, over their mean."""
    recent = stay_min[-RECENT:]
    found: Floats = np.quantile(recent, QUANTILES)
    shape: Floats = found / mean_of(found)
    return shape


def mean_of(minutes: Floats) -> float:
    """Return the mean of a table of quantiles, drawn by interpolation."""
    return float((np.diff(QUANTILES) * (minutes[1:] + minutes[:-1]) / 2).sum())


def fit_stays(logs: list[SiteLog], weeks: int) -> list[Stays]:
    """Return the stays of each site, from their logs before the date of the fit."""
    pooled = recent_shape(np.concatenate([log.stay_min for log in logs]))
    levels = follow_all(
        [_mean_stays(log, weeks) for log in logs],
        trend_sd_per_year=TREND_SD_PER_YEAR,
        usual_step=USUAL_STEP,
    )
    found = []
    for log, level in zip(logs, levels, strict=True):
        own = len(log.stay_min) >= LEAST_OWN
        shape = recent_shape(log.stay_min) if own else pooled
        found.append(Stays(shape * np.exp(level.value), level, own, len(log.stay_min)))
    return found


def _mean_stays(log: SiteLog, weeks: int) -> Series:
    """Return the log of the mean stay of each week, and its variance."""
    week = (log.start_min // (7 * DAY_MIN)).astype(int)
    count = np.bincount(week, minlength=weeks).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(week, weights=log.stay_min, minlength=weeks) / count
        spread = max(log.stay_min.var(), ROUNDED_MIN**2 / 12)  # stays that are all alike
        variance = spread / log.stay_min.mean() ** 2 / count
        # the log of a mean is low by half its variance
        seen = np.where(count > 0, np.log(mean) + variance / 2, np.nan)
        return seen, np.where(count > 0, variance, np.nan)


@dataclass(frozen=True)
class Fit:
    """How well a fitted distribution agrees with what was seen: Kolmogorov and Smirnov."""

    distance: float
    p_value: float
    count: int


def stays_agree(log: SiteLog, minutes: Floats) -> Fit:
    """Return how well the fitted quantiles agree with the stays of the last quarter of the log.

    The log's minutes are whole, so both are compared after spreading it by up to half a minute.
    """
    last = log.stay_min[3 * len(log.stay_min) // 4 :]
    spread = last + ((np.arange(len(last)) * 0.618034) % 1 - 0.5)
    found = stats.kstest(spread, lambda x: np.interp(x, minutes, QUANTILES))
    return Fit(float(found.statistic), float(found.pvalue), len(last))


def gaps_agree(log: SiteLog, rate: Floats, free: NDArray[np.bool_]) -> tuple[Fit, Floats]:
    """Return how well arrivals agree with a Poisson process of the fitted rate, and the gaps.

    Between arrivals the expected number of arrivals, counted while a gun is free, is exponential
    with mean 1 (time rescaling, Brown et al. 2002, Neural Computation 14).

    Parameters
    ----------
    log : SiteLog
    rate : array of float, [minute]
        Expected arrivals in each minute.
    free : array of bool, [minute]
        Whether a gun is free and the site open.
    """
    expected = np.concatenate([[0.0], np.cumsum(np.where(free, rate, 0.0))])
    before = np.clip(np.ceil(log.start_min).astype(int) - 1, 0, len(free) - 1)
    start = log.start_min[free[before]]
    spread = np.sort(start - (np.arange(len(start)) * 0.618034) % 1)
    gaps = np.diff(np.interp(spread, np.arange(len(expected)), expected))
    found = stats.kstest(gaps, "expon")
    return Fit(float(found.statistic), float(found.pvalue), len(gaps)), gaps
