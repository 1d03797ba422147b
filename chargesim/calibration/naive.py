"""Predict the hours of later days by simple rules, and measure the errors of any prediction."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

WEEK_HOURS = 168
HOUR_OF_WEEK = "mean of the hour of the week"
LAST_WEEK = "same hour a week before"
LAST_FITTED = "same hour of the last fitted week"
MEAN = "mean of the site"
NAMES = (HOUR_OF_WEEK, LAST_FITTED, LAST_WEEK, MEAN)
LOOKS_BACK = (LAST_WEEK,)
"""Rules that see the held-out days, but for the last week."""


def naive_predictions(values: Floats, is_open: Bools, first: int) -> dict[str, Floats]:
    """Return a prediction of each hour from hour `first` on, by each rule; nan where it has none.

    Parameters
    ----------
    values : array of float, [hour]
        What the log says, from a Monday's midnight on.
    is_open : array of bool, [hour]
        Hours of open days.
    first : int
        First predicted hour. Most rules look at the hours before it alone; `LAST_WEEK` looks a week
        back from each hour, so also at predicted days.
    """
    before, hour = is_open[:first], np.arange(len(values)) % WEEK_HOURS
    count = np.bincount(hour[:first], weights=before, minlength=WEEK_HOURS)
    total = np.bincount(hour[:first], weights=values[:first] * before, minlength=WEEK_HOURS)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_week = np.where(count > 0, total / count, np.nan)
        mean = total.sum() / count.sum() if count.sum() else np.nan
    later = np.arange(first, len(values))
    fitted = later - WEEK_HOURS * (1 + (later - first) // WEEK_HOURS)
    back = later - WEEK_HOURS
    known = (back >= 0) & is_open[np.maximum(back, 0)]
    return {
        HOUR_OF_WEEK: of_week[hour[first:]],
        LAST_FITTED: np.where((fitted >= 0) & is_open[fitted], values[fitted], np.nan),
        LAST_WEEK: np.where(known, values[np.maximum(back, 0)], np.nan),
        MEAN: np.full(len(values) - first, mean),
    }


@dataclass(frozen=True)
class Errors:
    """Errors of a prediction."""

    hours: int
    mae: float
    rmse: float
    """of single hours"""
    day_mae: float
    day_rmse: float
    """of the means of the 24 hours of the day"""


def errors(
    seen: Floats, predicted: Floats, counted: Bools, first: int, median: Floats | None = None
) -> Errors:
    """Return the errors over the counted hours, single and as means of the hours of the day.

    Parameters
    ----------
    seen, predicted : array of float, [hour]
    counted : array of bool, [hour]
    first : int
        Hour of the first, from a midnight on.
    median : array of float, [hour], optional
        Of the prediction, for the absolute error of single hours, which the median makes least as
        the mean makes the squared one (Gneiting 2011, JASA 106); else the prediction itself.
    """
    hour = (np.arange(len(seen)) + first) % 24
    miss = predicted[counted] - seen[counted]
    off = miss if median is None else median[counted] - seen[counted]
    count = np.bincount(hour[counted], minlength=24)
    by_day = np.bincount(hour[counted], weights=miss, minlength=24)[count > 0] / count[count > 0]
    return Errors(
        int(counted.sum()),
        float(np.abs(off).mean()),
        float(np.sqrt((miss**2).mean())),
        float(np.abs(by_day).mean()),
        float(np.sqrt((by_day**2).mean())),
    )
