"""Read a cleaned log of sessions: hubs, their outlets, days on which they were closed."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chargesim.errors import InputError
from chargesim.scenario.file_paths import display_path

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DAY_MIN = 1440.0
NEEDED = {
    "start": "when the session began",
    "duration_min": "how long it was [min]",
    "site": "the site",
    "gun": "the gun",
}
LEAST_DAYS = 14
"""Days that a fit needs: each hour of the week twice."""
LEAST_SESSIONS = 100
"""Sessions that a site needs to be fitted."""
CLOSED_BELOW = 1e-4
"""Chance of a run of days without a session below which a site counts as closed on them."""
SEPARATE_ABOVE = 0.25
"""Connectors of a charge point serve one vehicle each where both are in use at the same time more
often than this share of what chance would give."""
_LEAST_EXPECTED_MIN = 240.0
_LEVEL_DAYS = 28


@dataclass(frozen=True)
class Site:
    """Outlets that any vehicle may use in place of each other: what a fit and a run call a site."""

    name: str
    hub: str
    """the log's site"""
    connectors: tuple[str, ...]
    """the log's connectors that belong to it; empty: all"""
    guns: int

    def holds(self, frame: pd.DataFrame) -> Bools:
        """Return which sessions of a log are at this site."""
        here: Bools = (frame["site"] == self.hub).to_numpy(bool)
        if self.connectors:
            here = here & frame["connector"].isin(list(self.connectors)).to_numpy(bool)
        return here


@dataclass(frozen=True)
class SiteLog:
    """The sessions of a site, in the order of their starts."""

    site: Site
    start_min: Floats
    """minutes since the midnight before the log's first day, by the clock on the wall"""
    stay_min: Floats
    closed: Bools
    """[day] days without service, and those beside them, which may be partly so"""

    @property
    def end_min(self) -> Floats:
        """When each vehicle left, on the same clock."""
        return self.start_min + self.stay_min

    def full_ends(self) -> Floats:
        """Return the ends of sessions before which no gun was free, in their order."""
        ends = np.sort(self.end_min)
        level = np.searchsorted(self.start_min, ends, side="left") - np.arange(len(ends))
        full: Floats = ends[level >= self.site.guns]
        return full

    def between(self, first: int, last: int) -> "SiteLog":
        """Return the sessions that begin on days `first` to `last` - 1; the clock stays."""
        kept = (self.start_min >= first * DAY_MIN) & (self.start_min < last * DAY_MIN)
        closed = self.closed.copy()
        closed[:first] = closed[last:] = True
        return SiteLog(self.site, self.start_min[kept], self.stay_min[kept], closed)


@dataclass(frozen=True)
class Log:
    """A log as a table, with its days."""

    name: str
    frame: pd.DataFrame
    """columns site, connector, unit, start_min, duration_min"""
    first: date
    """a Monday; day 0 of the clock"""
    days: int

    def day_of(self, when: date) -> int:
        """Return the number of a day on the log's clock."""
        return (when - self.first).days

    def date_of(self, day: int) -> date:
        """Return the date of a day of the log's clock."""
        return self.first + timedelta(days=day)

    def sessions(self, site: Site) -> SiteLog:
        """Return the sessions of a site over the whole log."""
        mine = self.frame[site.holds(self.frame)]
        start = mine["start_min"].to_numpy(float)
        counts = np.bincount((start // DAY_MIN).astype(int), minlength=self.days)
        return SiteLog(site, start, mine["duration_min"].to_numpy(float), closed_days(counts))


def read_log(path: Path) -> Log:
    """Read a log as `chargesim import sessions` writes it.

    Raises
    ------
    InputError
        For a file that is no such log, and for one that is empty.
    """
    name = display_path(path)
    if not path.is_file():
        raise InputError([f"{name}: no such file"])
    try:
        frame = pd.read_parquet(path)
    except (ValueError, OSError) as error:
        raise InputError([
            f"{name}: cannot be read as Parquet ({str(error).splitlines()[0]}); "
            "a log comes from `chargesim import sessions`"
        ]) from None  # fmt: skip
    missing = [f"{name}: {column}: this column is missing: {what}"
               for column, what in NEEDED.items() if column not in frame]  # fmt: skip
    if missing:
        raise InputError([*missing, f"{name}: `chargesim import sessions` makes such a log"])
    if frame.empty:
        raise InputError([f"{name}: has no sessions"])
    return _clean(name, frame)


def _clean(name: str, frame: pd.DataFrame) -> Log:
    """Return the log on one clock, that of the wall; a stay is a difference of instants."""
    start: Any = frame["start"]
    numeric = pd.api.types.is_numeric_dtype(frame["duration_min"])
    if not pd.api.types.is_datetime64_any_dtype(start) or not numeric:
        raise InputError([f"{name}: start needs to be a column of times, duration_min one of "
                          "numbers; `chargesim import sessions` makes such a log"])  # fmt: skip
    start = start.dt.tz_localize(None) if start.dt.tz is not None else start
    stay = frame["duration_min"].to_numpy(float)
    bad = start.isna().to_numpy(bool) | ~np.isfinite(stay) | (stay <= 0)
    if bad.any():
        row = int(np.argmax(bad)) + 1
        raise InputError([
            f"{name}: row {row}: has no start or no duration above 0 min "
            f"(and {int(bad.sum()) - 1} more rows)"
        ])  # fmt: skip
    first = start.min().date()
    first -= timedelta(days=first.weekday())
    gun = frame["gun"].fillna("").astype(str)
    minutes = (start - pd.Timestamp(first)).dt.total_seconds().to_numpy(float) / 60
    clean = pd.DataFrame(
        {
            "site": frame["site"].fillna("").astype(str).str.strip(),
            "unit": gun.str.rpartition("/")[0].where(gun.str.contains("/"), gun),
            "connector": gun.str.rpartition("/")[2].where(gun.str.contains("/"), ""),
            "start_min": minutes,
            "duration_min": stay,
        }
    )
    clean["site"] = clean["site"].where(clean["site"] != "", "site")
    clean = clean.sort_values("start_min", ignore_index=True)
    return Log(name, clean, first, int(minutes.max() // DAY_MIN) + 1)


def closed_days(counts: NDArray[np.int64]) -> Bools:
    """Return which days a site was closed, by its sessions a day.

    A run of days without a session counts as closed where its chance, by the mean of the nearest 28
    days with sessions on both sides, is below `CLOSED_BELOW`, and with it the day on either side.
    """
    closed = np.zeros(len(counts), dtype=bool)
    used = np.flatnonzero(counts > 0)
    if len(used) == 0:
        return np.ones(len(counts), dtype=bool)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], counts == 0, [0]])))
    for begin, end in edges.reshape(-1, 2):
        near = np.searchsorted(used, begin)
        around = counts[used[max(0, near - _LEVEL_DAYS) : near + _LEVEL_DAYS]]
        if np.exp(-float(around.mean()) * (end - begin)) < CLOSED_BELOW:
            closed[max(0, begin - 1) : end + 1] = True
    return closed


def find_sites(log: Log, until_day: int) -> tuple[list[Site], list[str]]:
    """Return the sites of a log before a day, with a note for each that is left out.

    A hub is split where its charge points serve two vehicles at once over different connectors: a
    vehicle fits one of them, so they do not stand in for each other.
    """
    frame = log.frame[log.frame["start_min"] < until_day * DAY_MIN]
    sites, notes = [], []
    for hub, mine in frame.groupby("site", sort=True):
        groups = _connector_groups(mine)
        for number, group in enumerate(groups):
            of_group = mine[mine["connector"].isin(group)]
            name = str(hub) if number == 0 else f"{hub}, connector {'+'.join(group)}"
            site = Site(
                name, str(hub), group if len(groups) > 1 else (), _guns(of_group, until_day)
            )
            if len(of_group) < LEAST_SESSIONS:
                notes.append(f"{name}: left out: {len(of_group)} sessions before the date, "
                             f"at least {LEAST_SESSIONS} are needed")  # fmt: skip
            elif site.guns == 0:
                last = log.date_of(int(of_group["start_min"].max() // DAY_MIN))
                notes.append(f"{name}: left out: its last session before the date is of {last}")
            else:
                sites.append(site)
    return sites, notes


def _guns(mine: pd.DataFrame, until_day: int) -> int:
    """Return how many vehicles a site serves at once: its charge points that are still in use.

    In use is who had a session in the last 28 days, or in the time in which it has ten on average.
    Without names of guns it is the most vehicles at once for a thousandth of the time in use.
    """
    until, last = until_day * DAY_MIN, mine["start_min"].max()
    if (mine["unit"] != "").all():
        found = 0
        for _, unit in mine.groupby("unit"):
            begun, ended = unit["start_min"].min(), unit["start_min"].max()
            patient = max(_LEVEL_DAYS * DAY_MIN, 10 * (ended - begun) / len(unit))
            found += bool(until - ended <= min(patient, 90 * DAY_MIN))
        return found
    if until - last > _LEVEL_DAYS * DAY_MIN:
        return 0
    start, stay = mine["start_min"].to_numpy(float), mine["duration_min"].to_numpy(float)
    times = np.concatenate([start, start + stay])
    steps = np.concatenate([np.ones(len(start)), -np.ones(len(start))])
    order = np.lexsort((steps, times))
    level, lasts = np.cumsum(steps[order])[:-1].astype(int), np.diff(times[order])
    minutes = np.bincount(level, weights=lasts)
    minutes[0] = 0.0
    above = minutes[::-1].cumsum()[::-1] / minutes.sum()
    return int(np.flatnonzero(above >= 1e-3).max())


def _connector_groups(mine: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the connectors that stand in for each other, the most used group first."""
    names = [str(name) for name in mine["connector"].value_counts().index]
    groups: list[list[str]] = []
    for name in names:
        for group in groups:
            if not any(_in_use_together(mine, name, other) for other in group):
                group.append(name)
                break
        else:
            groups.append([name])
    return [tuple(sorted(group)) for group in groups]


def _in_use_together(mine: pd.DataFrame, one: str, other: str) -> bool:
    """Tell whether two connectors of the same charge points serve two vehicles at once."""
    together = expected = 0.0
    for _, unit in mine.groupby("unit"):
        both = [unit[unit["connector"] == name] for name in (one, other)]
        if both[0].empty or both[1].empty:
            continue
        first, second = (_minutes_in_use(part) for part in both)
        length = min(len(first), len(second))
        first, second = first[:length], second[:length]
        together += float((first * second).sum())
        hours = (np.arange(length) // 60) % 24
        days = max(1.0, float(np.unique(np.flatnonzero(first + second) // int(DAY_MIN)).size))
        by_hour = [np.bincount(hours, weights=part, minlength=24) for part in (first, second)]
        expected += float((by_hour[0] * by_hour[1] / (60 * days)).sum())
    return expected >= _LEAST_EXPECTED_MIN and together > SEPARATE_ABOVE * expected


def _minutes_in_use(part: pd.DataFrame) -> Floats:
    """Return for each minute of the clock whether a connector is in use."""
    start = part["start_min"].to_numpy(float)
    end = start + part["duration_min"].to_numpy(float)
    change = np.zeros(int(end.max()) + 2)
    np.add.at(change, np.ceil(start).astype(int), 1)
    np.add.at(change, np.ceil(end).astype(int), -1)
    return np.minimum(np.cumsum(change), 1.0)
