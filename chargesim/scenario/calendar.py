"""Describe the calendar of the simulated days: section `calendar`."""

import datetime
from itertools import pairwise
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from chargesim.scenario.assumption import Positive, Section, raise_faults

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
MonthName = Literal[
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
]  # fmt: skip
MONTHS: tuple[MonthName, ...] = get_args(MonthName)
LONGEST_DAYS = 366
"""Days from the first judged one within which holidays and cold spells lie."""


def _a_date(text: str) -> str:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"got {text!r}, needs a date such as 2025-01-28") from None
    return text


DateText = Annotated[str, AfterValidator(_a_date)]
"""A date as YYYY-MM-DD."""


class Stretch(Section):
    """Some days of the calendar, one after the other."""

    first: DateText = Field(description="first day, YYYY-MM-DD")
    last: DateText = Field(description="last day, YYYY-MM-DD")

    @property
    def begin(self) -> datetime.date:
        """The first day as a date."""
        return datetime.date.fromisoformat(self.first)

    @property
    def end(self) -> datetime.date:
        """The last day as a date."""
        return datetime.date.fromisoformat(self.last)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end < self.begin:
            raise ValueError(f"last: got {self.last}, needs {self.first}, its first day, or later")
        return self


class Holiday(Stretch):
    """A public holiday: who asks for energy on its days, and when."""

    cars_factor: Positive = Field(description="cars' wishes as a multiple of an ordinary day's")
    trucks_factor: Positive = Field(description="trucks' wishes as a multiple of an ordinary day's")
    through_factor: Positive = Field(
        description="through traffic as a multiple of that on an ordinary day"
    )
    profile_day: Weekday = Field(
        default="sunday", description="weekday whose hourly profile its days have"
    )


class ColdSpell(Stretch):
    """Days on which vehicles need more energy and batteries take it slower."""

    season_factor: Positive = Field(description="consumption as a multiple of its month's")
    curve_factor: Positive = Field(
        description="power that batteries take as a factor of their curves"
    )


class Calendar(Section):
    """Dates of the judged days: months, public holidays and cold spells.

    Its factors multiply the expected wishes of a day; the ledger is that of an ordinary day of the
    year's mean month.
    """

    first_date: DateText = Field(description="date of the first judged day, YYYY-MM-DD")
    months: dict[MonthName, Positive] = Field(
        default_factory=dict,
        description="consumption by month, relative to each other; divided by their mean over the "
        "year; all twelve or none",
    )
    holidays: dict[str, Holiday] = Field(
        default_factory=dict, description="public holidays, by names of your own"
    )
    cold_spells: dict[str, ColdSpell] = Field(
        default_factory=dict, description="cold spells, by names of your own"
    )

    @property
    def first(self) -> datetime.date:
        """The date of the first judged day."""
        return datetime.date.fromisoformat(self.first_date)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = []
        missing = [name for name in MONTHS if name not in self.months]
        if self.months and missing:
            faults.append(f"months: {', '.join(missing)} missing; give all twelve or none")
        for section in ("holidays", "cold_spells"):
            named: dict[str, Stretch] = getattr(self, section)
            stretches = sorted(named.items(), key=lambda pair: pair[1].begin)
            for (before, one), (after, other) in pairwise(stretches):
                if other.begin <= one.end:
                    faults.append(
                        f"{section}.{after}: begins on {other.first}, but {before} lasts until "
                        f"{one.last}; a day belongs to one of them"
                    )
            end = self.first + datetime.timedelta(LONGEST_DAYS - 1)
            faults += [
                f"{section}.{name}: {one.first} to {one.last} lies outside the year from "
                f"{self.first_date} to {end}"
                for name, one in stretches
                if one.begin < self.first or one.end > end
            ]
        raise_faults(faults)
        return self
