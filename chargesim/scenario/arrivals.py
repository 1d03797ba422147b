"""Describe arrivals and stays that were fitted to a log: section `arrivals`."""

import datetime

from pydantic import Field

from chargesim.scenario.assumption import NonNegative, Positive, Section, TableName
from chargesim.scenario.calendar import DateText


class Arrivals(Section):
    """Arrivals by site and hour of the week, and stays, in place of the demand of the ledger."""

    sites: TableName = Field(
        description="CSV with a row per site: level, trend, share that waits (docs/tables.md)"
    )
    rates: TableName = Field(description="CSV with the arrivals of each hour of the week, by site")
    stays: TableName = Field(description="CSV with quantiles of the stays, by site")
    draws: TableName | None = Field(
        default=None,
        description="Parquet of draws of all that is fitted, one for each replication in turn; "
        "null: the fitted values themselves",
    )
    first_date: DateText = Field(description="date of the first judged day, YYYY-MM-DD")
    level_week: DateText = Field(
        description="Monday of the week for which the levels hold; they move from there on"
    )
    fleet: str = Field(description="fleet whose vehicles come")
    level_factor: Positive = Field(description="arrivals as a multiple of the fitted ones")
    stay_factor: Positive = Field(description="stays as a multiple of the fitted ones")
    wait_factor: NonNegative = Field(
        description="share of those who wait where all guns are busy, as a multiple of the fitted"
    )
    patience_min: Positive = Field(
        description="how long those wait who wait where all guns are busy"
    )

    @property
    def first(self) -> datetime.date:
        """The first judged day."""
        return datetime.date.fromisoformat(self.first_date)

    @property
    def level_monday(self) -> datetime.date:
        """The Monday of the week for which the levels hold."""
        return datetime.date.fromisoformat(self.level_week)
