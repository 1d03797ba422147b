"""Describe how days differ: section `day_factor`."""

from pydantic import Field

from chargesim.scenario.assumption import NonNegative, Section, Share


class DayFactor(Section):
    """A common factor of the wishes of a day: ordinary days calm, tails heavy.

    The mean is 1. Each day is a tail day with probability `tail_share`, else a calm one; the factor
    of either kind of day is lognormal.
    """

    enabled: bool = Field(default=True, description="days differ; false: every day is as expected")
    tail_share: Share = Field(
        description="share of the days that are out of the ordinary: storms, festivals, returns"
    )
    calm_cv: NonNegative = Field(
        description="coefficient of variation of the factor on ordinary days"
    )
    tail_cv: NonNegative = Field(description="coefficient of variation on days out of the ordinary")
    correlation: Share = Field(
        description="what cars, trucks and through traffic share of a day: 0 none, 1 all; "
        "correlation of the normal scores behind kind of day and factor"
    )
