"""Predict the hours of later days by simple rules, and measure the errors of any prediction."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

WEEK_HOURS = 168
HOUR_OF_WEEK = "mean of the hour of the week"
LAST_WEEK = "same hour a week before"
MEAN = "mean of the site"
NAMES = (HOUR_OF_WEEK, LAST_WEEK, MEAN)


def naive_predictions(values: Floats, is_open: Bools, first: int) -> dict[str, Floats]:
    """Return a prediction of each hour from hour `first` on, by each rule; nan where it has none.

    Parameters
    ----------
    values : array of float, [hour]
        What the log says, from a Monday's midnight on.
    is_open : array of bool, [hour]
        Hours of open days.
    first : int
        First predicted hour. `HOUR_OF_WEEK` and `MEAN` look at the hours before it alone;
        `LAST_WEEK` looks a week back from each hour, so also at predicted days.
    """
    before, hour = is_open[:first], np.arange(len(values)) % WEEK_HOURS
    count = np.bincount(hour[:first], weights=before, minlength=WEEK_HOURS)
    total = np.bincount(hour[:first], weights=values[:first] * before, minlength=WEEK_HOURS)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_week = np.where(count > 0, total / count, np.nan)
        mean = total.sum() / count.sum() if count.sum() else np.nan
    back = np.arange(first, len(values)) - WEEK_HOURS
    known = (back >= 0) & is_open[np.maximum(back, 0)]
    return {
        HOUR_OF_WEEK: of_week[hour[first:]],
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


def errors(seen: Floats, predicted: Floats, counted: Bools, first: int) -> Errors:
    """Return the errors over the counted hours, single and as means of the hours of the day."""
    hour = (np.arange(len(seen)) + first) % 24
    miss = predicted[counted] - seen[counted]
    count = np.bincount(hour[counted], minlength=24)
    by_day = np.bincount(hour[counted], weights=miss, minlength=24)[count > 0] / count[count > 0]
    return Errors(
        int(counted.sum()),
        float(np.abs(miss).mean()),
        float(np.sqrt((miss**2).mean())),
        float(np.abs(by_day).mean()),
        float(np.sqrt((by_day**2).mean())),
    )
