"""Read the times of a log: the order of day, month and year, exchanged ones, and the zone."""

import re
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from chargesim.importers.records import RecordFaultError

_PATTERN = (
    r"^\s*(?P<a>\d{1,4})[-/.](?P<b>\d{1,2})[-/.](?P<c>\d{1,4})"
    r"(?:[ T,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?\s*(?P<offset>Z|UTC|[+-]\d{2}:?\d{2})?\s*$"
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_NAMED_MONTH = re.compile(
    rf"^\s*(\d{{1,2}})[-/. ]+({'|'.join(_MONTHS)})[a-z]*[-/., ]+(\d{{4}}|\d{{2}})\b", re.IGNORECASE
)
_NEIGHBOURS = 11
_FAR_DAYS, _NEAR_DAYS = 5.0, 2.0
_MOSTLY = 0.95
"""Share of the rows that must follow the one before in time for a log to be in order."""


@dataclass(frozen=True)
class ReadTimes:
    """The times of a column without a zone, and the same with day and month exchanged.

    Attributes
    ----------
    time : Series of Timestamp
        NaT where there is none; with an offset in the file, in UTC.
    exchanged : Series of Timestamp
        The same with day and month exchanged, NaT where that is no date.
    has_offset : Series of bool
        Whether the file gives the offset from UTC.
    turned : Series of bool
        Day and month had to be exchanged, since there is no 13th month.
    """

    time: Any
    exchanged: Any
    has_offset: Any
    turned: Any


def _parts(texts: list[str]) -> Any:
    """Return the parts of times; a month given by its name makes a date with the year first."""
    named = pd.Series(texts, dtype="str").str.replace(_NAMED_MONTH, _by_number, regex=True)
    return named.str.extract(_PATTERN)


def _by_number(found: re.Match[str]) -> str:
    day, name, year = found.groups()
    month = _MONTHS.index(name[:3].lower()) + 1
    return f"{year if len(year) == 4 else f'20{year}'}-{month:02}-{day}"


def date_order(texts: list[str]) -> str:
    """Return the order of day, month and year that most times of a log tell.

    Raises
    ------
    RecordFaultError
        When none says which is the day and which the month.
    """
    parts = _parts(texts)
    short = (parts["a"].str.len() != 4) & parts["a"].notna()
    if not short.any():
        return "year_first"
    days, months = ((pd.to_numeric(parts[name][short]) > 12).sum() for name in ("a", "b"))
    if days == months == 0:
        raise RecordFaultError(
            "no time says which is the day and which the month; "
            "give dates: day_first or month_first in the map"
        )
    return "day_first" if days >= months else "month_first"


def read_times(texts: list[str], order: str) -> ReadTimes:
    """Read a column of times.

    Parameters
    ----------
    texts : list of str
        The column.
    order : str
        `year_first`, `day_first` or `month_first`; a year of four digits in front goes first in any
        case.
    """
    parts = _parts(texts)
    number = parts[["a", "b", "c", "hour", "minute", "second"]].apply(pd.to_numeric)
    first, middle, last = number["a"], number["b"], number["c"]
    year_first = parts["a"].str.len() == 4
    year = last.where(~year_first, first)
    year = year.where(year > 99, year + 2000)
    day_first = order == "day_first"
    month = (middle if day_first else first).where(~year_first, middle)
    day = (first if day_first else middle).where(~year_first, last)
    turned = (month > 12) & (day <= 12)
    month, day = month.where(~turned, day), day.where(~turned, month)
    after = pd.to_timedelta(_minutes(parts, number) - _offset_min(parts["offset"]), unit="min")
    time, exchanged = (
        (_date(year, *pair) + after).astype("datetime64[us]")
        for pair in ((month, day), (day, month))
    )
    return ReadTimes(time, exchanged.where(~turned), parts["offset"].notna(), turned)


def _minutes(parts: Any, number: Any) -> Any:
    """Return the minutes since midnight."""
    hour = number["hour"].fillna(0)
    half = parts["half"].str[0].str.lower()
    hour = hour.where(half.isna(), hour % 12) + np.where(half == "p", 12, 0)
    minutes = hour * 60 + number["minute"].fillna(0) + number["second"].fillna(0) / 60
    return minutes.where((hour < 24) & ~(number["minute"] > 59) & ~(number["second"] > 59))


def _offset_min(offset: Any) -> Any:
    """Return the minutes ahead of UTC, 0 where none is given."""
    digits = offset.str.replace(":", "").where(offset.str[0].isin(["+", "-"]))
    value = pd.to_numeric(digits.str[1:3]) * 60 + pd.to_numeric(digits.str[3:5])
    return value.where(digits.str[0] != "-", -value).fillna(0)


def _date(year: Any, month: Any, day: Any) -> Any:
    """Return dates, NaT for those that do not exist."""
    frame = pd.DataFrame({"year": year, "month": month, "day": day})
    frame = frame.where((year >= 1990) & (year <= 2100))
    return pd.to_datetime(frame, errors="coerce").astype("datetime64[us]")


def exchange_out_of_order(start: ReadTimes) -> Any:
    """Return which rows of a log in the order of time fit only with day and month exchanged."""
    days = start.time.astype("int64").where(start.time.notna()) / 86.4e9
    steps = days.dropna().diff().dropna()
    if len(steps) < _NEIGHBOURS or (steps >= 0).mean() < _MOSTLY:
        return pd.Series(False, index=days.index)
    middle = days.rolling(_NEIGHBOURS, center=True, min_periods=3).median()
    exchanged = start.exchanged.astype("int64").where(start.exchanged.notna()) / 86.4e9
    far = (days - middle).abs() > _FAR_DAYS
    return far & ((exchanged - middle).abs() <= _NEAR_DAYS)


def in_zone(time: Any, has_offset: Any, zone: ZoneInfo, *, second: Any = False) -> Any:
    """Return times in UTC.

    Parameters
    ----------
    time : Series of Timestamp
        In the zone, or in UTC where the file gives an offset.
    has_offset : Series of bool
        Where it does.
    zone : ZoneInfo
        The zone.
    second : Series of bool
        Which times lie in the second of the hours that are there twice in autumn.
    """
    first = np.broadcast_to(~np.asarray(second, dtype=bool), len(time))
    local = time.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
    utc = local.dt.tz_convert("UTC")
    return utc.where(~has_offset, time.dt.tz_localize("UTC"))


def is_twice(time: Any, zone: ZoneInfo) -> Any:
    """Return which times lie in an hour that is there twice."""
    marked = time.dt.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward")
    return marked.isna() & time.notna()


def is_never(time: Any, zone: ZoneInfo) -> Any:
    """Return which times lie in an hour that the change to summer time leaves out."""
    first = np.ones(len(time), dtype=bool)
    return time.dt.tz_localize(zone, ambiguous=first, nonexistent="NaT").isna() & time.notna()
