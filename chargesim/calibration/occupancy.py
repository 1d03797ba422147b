"""Measure how many guns are busy, exactly, from plug-in and leaving times: log and simulation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chargesim.calibration.log import DAY_MIN

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HubUse:
    """Use of a site over some open days."""

    minutes: Floats
    """[hour of day, guns busy] minutes; the last column is all guns, or more"""
    starts: int
    stay_sum_min: float
    """of the sessions that began"""
    open_days: int

    @property
    def sessions_per_day(self) -> float:
        """Sessions that began, a day."""
        return self.starts / self.open_days

    @property
    def mean_stay_min(self) -> float:
        """Mean minutes from plug-in to leaving."""
        return self.stay_sum_min / self.starts if self.starts else float("nan")

    @property
    def busy_share(self) -> Floats:
        """[guns busy] share of the time."""
        share: Floats = self.minutes.sum(axis=0) / self.minutes.sum()
        return share

    @property
    def use(self) -> float:
        """Share of gun time that is occupied."""
        guns = len(self.busy_share) - 1
        return float(np.average(np.arange(guns + 1), weights=self.busy_share)) / guns

    @property
    def all_busy_by_hour(self) -> Floats:
        """[hour of day] share of the time with all guns busy."""
        total = self.minutes.sum(axis=1)
        share: Floats = np.where(total > 0, self.minutes[:, -1] / np.maximum(total, 1e-9), 0.0)
        return share

    @property
    def worst_hour_all_busy(self) -> float:
        """Share of the time with all guns busy in the worst hour of the day."""
        return float(self.all_busy_by_hour.max())


def hub_use(start_min: Floats, stay_min: Floats, guns: int, is_open: NDArray[np.bool_]) -> HubUse:
    """Return the use of a site.

    Parameters
    ----------
    start_min, stay_min : array of float
        Plug-in from midnight of day 0 on, and minutes until leaving.
    guns : int
        Guns of the site; more vehicles at once count as all busy.
    is_open : array of bool, [day]
        Days that count.
    """
    began = (start_min >= 0) & (start_min < len(is_open) * DAY_MIN)
    began &= is_open[np.clip((start_min // DAY_MIN).astype(int), 0, len(is_open) - 1)]
    hours = np.arange(len(is_open) * 24 + 1) * 60.0
    times = np.concatenate([start_min, start_min + stay_min, hours])
    steps = np.concatenate(
        [np.ones(len(start_min)), -np.ones(len(start_min)), np.zeros(len(hours))]
    )
    order = np.argsort(times, kind="stable")
    times, level = times[order], np.cumsum(steps[order]).astype(int)
    begin, lasts = times[:-1], np.diff(times)
    here = (lasts > 0) & (begin >= 0) & (begin < hours[-1])
    begin, lasts, level = begin[here], lasts[here], np.clip(level[:-1][here], 0, guns)
    hour = (begin // 60).astype(int)
    lasts = lasts * is_open[hour // 24]
    cells = (hour % 24) * (guns + 1) + level
    minutes = np.bincount(cells, weights=lasts, minlength=24 * (guns + 1))
    return HubUse(
        minutes.reshape(24, guns + 1).astype(float),
        int(began.sum()),
        float(stay_min[began].sum()),
        int(is_open.sum()),
    )


def by_hour(start_min: Floats, stay_min: Floats, days: int) -> tuple[Floats, Floats]:
    """Return by hour of the days the sessions that began and the mean number of busy guns."""
    hours = days * 24
    hour = (start_min // 60).astype(int)
    starts = np.bincount(hour[(hour >= 0) & (hour < hours)], minlength=hours).astype(float)
    edges = np.arange(hours + 1) * 60.0
    end = start_min + stay_min

    def before(moments: Floats) -> Floats:
        """Return the minutes up to each edge since these moments, summed."""
        ordered = np.sort(moments)
        count = np.searchsorted(ordered, edges)
        summed = np.concatenate([[0.0], np.cumsum(ordered)])
        total: Floats = count * edges - summed[count]
        return total

    return starts, np.diff(before(start_min) - before(end)) / 60
