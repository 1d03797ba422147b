"""Describe how plan and stock grow month by month, between milestones."""

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from chargesim.scenario.assumption import NonNegative, Section, Share, raise_faults

Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
"""A month as YYYY-MM."""


def month_number(month: str) -> int:
    """Return the months since year 0: 12 x year + month - 1."""
    year, number = month.split("-")
    return 12 * int(year) + int(number) - 1


def month_text(number: int) -> str:
    """Return a month as YYYY-MM; the inverse of `month_number`."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


class Milestone(Section):
    """What is built and driven at the end of a month."""

    month: Month = Field(description="month, YYYY-MM")
    built: Share = Field(description="share of the plan's sites that are open")
    stock: NonNegative = Field(description="vehicles of all fleets together")


class Buildup(Section):
    """The plan under construction, as built at the end of `month`.

    Between milestones the open share grows linearly and the stock geometrically. `layout.seed`
    fixes the order in which the sites of an area open, so every later month has all sites of a
    month. A column `opens` in a table of sites overrides this order.
    """

    enabled: bool = Field(default=False, description="true: network and stock are those of `month`")
    month: Month = Field(description="simulated month, YYYY-MM")
    milestones: list[Milestone] = Field(
        min_length=2, description="milestones in the order of their months"
    )
    share_exponent: NonNegative = Field(
        description="a fleet's share at the guns is fast_share x (built share) ** exponent"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        faults = []
        for before, after in pairwise(self.milestones):
            if month_number(before.month) >= month_number(after.month):
                faults.append(
                    f"milestones: {after.month} comes after {before.month}; "
                    "give them in the order of their months"
                )
            if before.built.value > after.built.value:
                faults.append(
                    f"milestones: built falls from {before.month} to {after.month}; "
                    "a site that is open stays open"
                )
        first, last = self.milestones[0].month, self.milestones[-1].month
        if not month_number(first) <= month_number(self.month) <= month_number(last):
            faults.append(
                f"month: got {self.month}, needs a month from {first} to {last}, "
                "the first and the last milestone"
            )
        if any(milestone.stock.value <= 0 for milestone in self.milestones):
            faults.append("milestones: stock: needs more than 0")
        raise_faults(faults)
        return self

    def _between(self, number: int) -> tuple[Milestone, Milestone, float]:
        """Return the milestones around a month and the share of the way between them [0..1]."""
        for before, after in pairwise(self.milestones):
            start, end = month_number(before.month), month_number(after.month)
            if number <= end:
                return before, after, (number - start) / (end - start)
        return self.milestones[-1], self.milestones[-1], 0.0

    def built_share(self, number: int) -> float:
        """Return the share of the plan's sites that are open at the end of a `month_number`."""
        before, after, part = self._between(number)
        return before.built.value + part * (after.built.value - before.built.value)

    def stock(self, number: int) -> float:
        """Return the vehicles of all fleets together at the end of a `month_number`."""
        before, after, part = self._between(number)
        return float(before.stock.value * (after.stock.value / before.stock.value) ** part)
