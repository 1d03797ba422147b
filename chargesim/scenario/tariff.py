"""Describe the time-of-use tariff: the hours in which energy costs more or less."""

from typing import Self

from pydantic import Field, model_validator

from chargesim.scenario.assumption import NonNegative, Section, raise_faults


class TariffPeriod(Section):
    """Hours of day with a price of their own; all other hours have the factor 1 (flat)."""

    hours: list[int] = Field(description="its hours of day [0..23]")
    factor: NonNegative = Field(description="price of the energy as a factor of the flat price")


class Tariff(Section):
    """The price of energy by hour of day.

    A driver pays the site's price of flat hours plus `energy_cny_kwh` x (factor of the hour - 1).
    """

    enabled: bool = Field(default=False, description="true: prices follow the hour of day")
    energy_cny_kwh: NonNegative = Field(
        description="part of the price that follows the tariff, in flat hours [CNY/kWh]"
    )
    outside: bool = Field(
        default=True, description="true: the price of the outside option follows it too"
    )
    periods: dict[str, TariffPeriod] = Field(
        description="periods by names of your own, such as peak and valley"
    )

    @model_validator(mode="after")
    def _hours_once(self) -> Self:
        hours = [hour for period in self.periods.values() for hour in period.hours]
        faults = []
        if sorted(set(hours)) != sorted(hours):
            faults.append("periods: an hour of day is given twice")
        if any(not 0 <= hour <= 23 for hour in hours):
            faults.append("periods: an hour is not within 0..23")
        raise_faults(faults)
        return self

    def factors(self) -> tuple[float, ...]:
        """Return the factor of each hour of day, 1 for all hours when the tariff is off."""
        factor = [1.0] * 24
        for period in self.periods.values() if self.enabled else ():
            for hour in period.hours:
                factor[hour] = period.factor.value
        return tuple(factor)
