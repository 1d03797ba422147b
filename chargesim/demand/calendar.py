"""Tell of each simulated day its date, its weekday, and what the calendar does to its demand."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from chargesim.scenario.calendar import (
    MONTHS,
    WEEKDAYS,
    Calendar,
    ColdSpell,
    Holiday,
    Stretch,
)
from chargesim.scenario.model import Scenario

THROUGH = "corridor"
"""Group of the through traffic; the others are `cars` and `trucks`."""
Some = TypeVar("Some", bound=Stretch)
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True)
class CalendarDay:
    """A simulated day."""

    weekday: int
    """Monday is 0"""
    profile_weekday: int
    """weekday whose hourly profile it has"""
    date: datetime.date | None = None
    """None without a calendar"""
    holiday: str = ""
    cold_spell: str = ""
    factors: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """expected wishes by group as a multiple of an ordinary day's; 1 where none is given"""
    consumption_factor: float = 1.0
    """consumption as a multiple of the year's mean"""
    curve_shift: int = 0
    """rows from a charging curve to its cold copy; 0 on a mild day"""


@dataclass(frozen=True)
class DayCalendar:
    """The calendar of a scenario, counted from its first lead-in day."""

    begin: datetime.date
    """date of the first lead-in day"""
    of_month: tuple[float, ...]
    """consumption by month as a multiple of the year's mean"""
    holidays: tuple[tuple[str, Holiday], ...]
    cold_spells: tuple[tuple[str, ColdSpell], ...]
    curves: int
    """charging curves of a mild day; behind them is a cold copy of all for each curve factor"""

    @classmethod
    def of(cls, scenario: Scenario, curves: int) -> "DayCalendar | None":
        """Return the calendar of a scenario; None where it has none.

        Parameters
        ----------
        scenario : Scenario
        curves : int
            Charging curves of its table.
        """
        given = scenario.calendar
        if given is None:
            return None
        return cls(
            given.first - datetime.timedelta(scenario.horizon.lead_in_days),
            month_factors(given),
            tuple((_in_words(name), one) for name, one in given.holidays.items()),
            tuple((_in_words(name), one) for name, one in given.cold_spells.items()),
            curves,
        )

    def day(self, number: int) -> CalendarDay:
        """Return a day, counted from the first lead-in day."""
        date = self.begin + datetime.timedelta(number)
        weekday, season = date.weekday(), self.of_month[date.month - 1]
        name, holiday = _stretch_of(date, self.holidays)
        cold_name, cold = _stretch_of(date, self.cold_spells)
        consumption = season * (1.0 if cold is None else cold.season_factor.value)
        shift = 0 if cold is None else self._shift(cold.curve_factor.value)
        factors = {"cars": consumption, "trucks": consumption, THROUGH: 1.0}
        if holiday is not None:
            factors["cars"] *= holiday.cars_factor.value
            factors["trucks"] *= holiday.trucks_factor.value
            factors[THROUGH] = holiday.through_factor.value
        profile = weekday if holiday is None else WEEKDAYS.index(holiday.profile_day)
        return CalendarDay(
            weekday, profile, date, name, cold_name, factors, consumption, shift
        )  # fmt: skip

    def _shift(self, factor: float) -> int:
        """Return the rows from a curve to its copy with a factor of the power."""
        factors = _curve_factors(one for _, one in self.cold_spells)
        return self.curves * (1 + factors.index(factor))


def cold_curve_factors(scenario: Scenario) -> list[float]:
    """Return the factors of the curves of the cold spells, each once, in their order."""
    given = scenario.calendar
    return [] if given is None else _curve_factors(given.cold_spells.values())


def _curve_factors(spells: Iterable[ColdSpell]) -> list[float]:
    return list(dict.fromkeys(one.curve_factor.value for one in spells))


def month_factors(calendar: Calendar) -> tuple[float, ...]:
    """Return the consumption of the twelve months over its mean over the days of a year."""
    given = [calendar.months[name].value if calendar.months else 1.0 for name in MONTHS]
    mean = sum(value * days for value, days in zip(given, _MONTH_DAYS, strict=True)) / 365
    return tuple(value / mean for value in given)


def _stretch_of(
    date: datetime.date, stretches: tuple[tuple[str, Some], ...]
) -> tuple[str, Some | None]:
    """Return name and stretch of a day; "" and None on an ordinary one."""
    found = [pair for pair in stretches if pair[1].begin <= date <= pair[1].end]
    return found[0] if found else ("", None)


def _in_words(name: str) -> str:
    return name.replace("_", " ")
