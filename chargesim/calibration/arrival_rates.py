"""Estimate when vehicles come to a site, those among them who found all guns busy and left.

A log holds the served only. Vehicles that come while all guns are busy leave or wait, so the rate
is seen in the minutes with a free gun alone: arrivals there over free minutes. A start right after
the end of a session that left no gun free is, beyond what chance gives, somebody who waited.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from chargesim.calibration.log import DAY_MIN, SiteLog

Floats = NDArray[np.float64]

WEEK_HOURS = 168
AT_ONCE_MIN = 2.0
"""A start this soon after an end with no free gun may be of somebody who waited [min]."""
_STRENGTHS = np.array([1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1e3, 1e4, 1e6])
_ROUNDS = 6
_SPAN_H = (AT_ONCE_MIN + 0.5) / 60
"""The same, since times in a log are whole minutes [h]."""
_LEAST_EXPOSURE = 0.3
"""Arrivals expected in a week at one a day below which the week says nothing of the level."""


@dataclass(frozen=True)
class WeeklyCounts:
    """What a site's log holds by week and hour of the week."""

    starts: Floats
    """[week, hour of week] sessions that began"""
    after_full: Floats
    """[week, hour of week] of these, right after an end before which no gun was free"""
    full_ends: Floats
    """[week, hour of week] ends before which no gun was free"""
    free_h: Floats
    """[week, hour of week] hours with a free gun, on open days"""
    busy_h: Floats
    """[week, hour of week] hours with all guns busy, on open days"""


def count_weeks(log: SiteLog, weeks: int) -> WeeklyCounts:
    """Count the sessions and minutes of a site by week and hour of the week.

    The first week begins with day 0 of the log's clock, a Monday. Minutes are whole: a minute is
    busy when all guns are in use in its middle.
    """
    hours = weeks * WEEK_HOURS
    is_open = np.zeros(weeks * 7, dtype=bool)
    is_open[: len(log.closed)] = ~log.closed[: weeks * 7]
    kept = log.start_min < weeks * 7 * DAY_MIN
    start, end = log.start_min[kept], log.end_min[kept]
    full_ends = log.full_ends()
    before = np.searchsorted(full_ends, start, side="right") - 1
    gap = (
        np.where(before >= 0, start - full_ends[before], np.inf)
        if len(full_ends)
        else start + np.inf
    )
    first = np.concatenate([[True], before[1:] != before[:-1]])  # one start an end
    change = np.zeros(hours * 60 + 1)
    for times, step in ((start, 1), (end, -1)):
        minute = np.minimum(np.ceil(times - 0.5).astype(int), hours * 60)
        np.add.at(change, minute, step)
    busy = (np.cumsum(change)[:-1] >= log.site.guns).reshape(hours, 60).mean(axis=1)
    open_h = np.repeat(is_open, 24)

    def by_hour(times: Floats) -> Floats:
        hour = (times[times < hours * 60] // 60).astype(int)
        counts = np.bincount(hour, minlength=hours) * open_h
        table: Floats = counts.reshape(weeks, WEEK_HOURS).astype(float)
        return table

    return WeeklyCounts(
        by_hour(start),
        by_hour(start[(gap <= AT_ONCE_MIN) & first]),
        by_hour(full_ends),
        np.where(open_h, 1 - busy, 0.0).reshape(weeks, WEEK_HOURS),
        np.where(open_h, busy, 0.0).reshape(weeks, WEEK_HOURS),
    )


@dataclass(frozen=True)
class Rates:
    """When vehicles come to a site."""

    shape: Floats
    """[hour of week] with mean 1"""
    level: Floats
    """[week] arrivals a day, as seen; nan where the site was closed"""
    exposure: Floats
    """[week] arrivals expected at one a day"""
    seen: Floats
    """[week] arrivals with a free gun"""
    wait_share: float
    """share of those who find all guns busy and wait until one is free"""
    queued_part: float
    """share of the starts right after an end with no free gun that are of those who waited"""


def estimate(
    counts: WeeklyCounts,
    prior: Floats,
    weights: Floats | None = None,
    *,
    start: Rates | None = None,
    rounds: int = _ROUNDS,
    own_shape: bool = True,
) -> Rates:
    """Return the rates of a site: shape and level in turn, until they agree.

    Parameters
    ----------
    counts : WeeklyCounts
    prior : array of float, [hour of week]
        Shape of other sites, on which hours with few sessions lean.
    weights : array of float, [week], optional
        How often each week counts, in a bootstrap; once if not given.
    start : Rates, optional
        Where to begin; else with the prior, and with nobody who waits.
    rounds : int
    own_shape : bool
        Whether the site has a shape of its own; else its shape is the prior.
    """
    weight = (np.ones(len(counts.starts)) if weights is None else weights)[:, None]
    shape, wait_share, arrivals = prior, 0.0, counts.starts
    if start is not None:
        shape, arrivals = start.shape, counts.starts - start.queued_part * counts.after_full
    for _ in range(rounds):
        exposure, seen = counts.free_h @ shape / 24, arrivals.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            level = np.where(exposure > _LEAST_EXPOSURE, seen / exposure, np.nan)
        scale = weight * np.nan_to_num(level)[:, None] / 24
        after_full, rate = float((weight * counts.after_full).sum()), scale * shape
        chance = 1 - np.exp(-np.nan_to_num(level)[:, None] / 24 * shape * _SPAN_H)
        ends, by_chance = (float((weight * counts.full_ends * part).sum()) for part in (1, chance))
        # only an end for which nobody waited leaves room for a start by chance
        share = by_chance / ends if ends else 0.0
        queued = max(0.0, (after_full - by_chance) / (1 - share))
        came = float((rate * counts.busy_h).sum())
        wait_share = min(0.95, queued / came) if came > 0 else 0.0
        part = queued / after_full if after_full else 0.0
        arrivals = counts.starts - part * counts.after_full
        if own_shape:
            exposed = (scale * counts.free_h).sum(axis=0)
            shape = _shape((weight * arrivals).sum(axis=0), exposed, prior)
    return Rates(shape, level, exposure, seen, wait_share, part)


def common_shape(sites: list[WeeklyCounts]) -> Floats:
    """Return the shape of all sites of a log together, each hour of the week by itself."""
    flat = np.ones(WEEK_HOURS)
    arrivals, exposed = np.zeros(WEEK_HOURS), np.zeros(WEEK_HOURS)
    for counts in sites:
        level = np.nan_to_num(estimate(counts, flat, rounds=2).level)[:, None] / 24
        arrivals += counts.starts.sum(axis=0)
        exposed += (level * counts.free_h).sum(axis=0)
    return _shape(arrivals, exposed, flat)


def _shape(arrivals: Floats, exposed: Floats, prior: Floats) -> Floats:
    """Return a shape with mean 1: by hour of day, then working days and weekends, then all hours.

    Each leans on the one before as far as its own counts do not say otherwise.
    """
    hour, weekend = np.arange(WEEK_HOURS) % 24, np.arange(WEEK_HOURS) >= 120
    shape = prior
    for cell in (hour, hour + 24 * weekend, np.arange(WEEK_HOURS) // 24, np.arange(WEEK_HOURS)):
        expected = np.bincount(cell, weights=exposed * shape).astype(float)
        ratio = _leaning(np.bincount(cell, weights=arrivals).astype(float), expected)
        shape = shape * ratio[cell]
    mean_one: Floats = shape / shape.mean()
    return mean_one


def _leaning(count: Floats, expected: Floats) -> Floats:
    """Return count over expected in each cell, pulled to the ratio of all cells.

    The ratios are gamma distributed around it, so counts are negative binomial; the strength of the
    pull is the one under which the counts are most likely (empirical Bayes).
    """
    total = count.sum() / expected.sum() if expected.sum() > 0 else 1.0
    mean = np.maximum(expected * total, 1e-12)
    a = _STRENGTHS[:, None]
    likely = gammaln(count + a) - gammaln(a) + a * np.log(a) - (count + a) * np.log(a + mean)
    likely += count * np.log(mean)
    best = _STRENGTHS[int(np.argmax(likely.sum(axis=1)))]
    ratio: Floats = total * (count + best) / (mean + best)
    return ratio
