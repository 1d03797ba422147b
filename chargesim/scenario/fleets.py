"""Describe the demand side of a scenario: the vehicle stock, the fleets and their habits."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from chargesim.scenario.assumption import (
    REPLACED_WHOLE,
    Assumption,
    NonNegative,
    Positive,
    Section,
    Share,
    TableName,
    raise_faults,
)
from chargesim.scenario.city import AreaClass
from chargesim.scenario.plan import Access

StockFrom = Literal["given", "bass", "logistic"]


class Adoption(Section):
    """How the stock of NEVs is projected from a production series."""

    series: TableName = Field(description="CSV: year, scope, value, unit, source, note")
    production_scope: str = Field(description="scope of the series to which the model is fitted")
    first_year: int = Field(description="first year of the series that is fitted")
    last_year: int = Field(description="last year of the series that is fitted")
    stock_year: int = Field(description="end of the year for which the stock is projected")
    local_share: Share = Field(
        description="share of the national cumulative production that runs in this city"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.first_year < self.last_year:
            raise ValueError(
                f"last_year: got {self.last_year}, needs more than first_year, {self.first_year}"
            )
        return self


class Fleet(Section):
    """One fleet: how many vehicles, how far they drive, where and how they take energy."""

    group: Literal["cars", "trucks"] = Field(
        description="whose verdict it enters; trucks are never merged into the cars'"
    )
    stock: NonNegative = Field(description="electric vehicles licensed")
    vehicles: NonNegative | None = Field(
        default=None, description="vehicles of the fleet with any drive, for electrification"
    )
    electrification: Share | None = Field(
        default=None,
        description="electric share of `vehicles`, which gives the stock; null: `stock` holds",
    )
    active_share: Share = Field(description="share of the stock that drives on a day")
    km_per_day: NonNegative = Field(description="electric km of an active vehicle on a day [km]")
    consumption_kwh_km: Positive = Field(description="consumption at the battery [kWh/km]")
    public_share: Share = Field(description="share of the energy that is taken in public")
    fast_share: Share = Field(
        description="share of the public energy that ultra-fast guns are asked for"
    )
    swap_share: Share = Field(
        description="share of the public energy that swap sites are asked for; a calibration target"
    )
    swap_capable_share: Share = Field(description="share of the stock that can swap its battery")
    pack_type: str | None = Field(
        default=None, description="pack type of the swap-capable vehicles"
    )
    access: list[Access] = Field(min_length=1, description="sites that it may use")
    soc_mean: Share = Field(description="mean SOC at the wish")
    soc_sd: Positive = Field(description="standard deviation of the SOC at the wish")
    target_soc_mean: Share = Field(description="mean SOC at which it unplugs")
    target_soc_sd: Positive = Field(description="standard deviation of the target SOC")
    patience_min: Positive = Field(
        description="mean queue minutes before it reneges, lognormal [min]"
    )
    patience_cv: NonNegative = Field(
        description="coefficient of variation of the patience; 0 for a constant"
    )
    max_diversions: int = Field(
        ge=0, le=8, description="how often it goes on to another site after balking or reneging"
    )
    value_of_time_cny_h: Positive = Field(description="mean value of an hour, lognormal [CNY/h]")
    value_of_time_cv: NonNegative = Field(
        description="coefficient of variation of the value of time; 0 for a constant"
    )
    posted_share: Share = Field(
        description="share of the drivers who see the posted occupancy when they choose; the others know distance only"
    )
    connected_share: Share = Field(
        description="share of the drivers who are connected to the cloud; the posted share is of the others"
    )
    compliance: Share = Field(
        description="share of the connected who follow the cloud; the others use the posted occupancy"
    )
    flexible_share: Share = Field(
        description="share of the drivers who can put off the wish for a cheaper hour"
    )
    flexible_min: NonNegative = Field(description="how long they can put it off [min]")
    curves: Annotated[dict[str, Share], REPLACED_WHOLE] = Field(
        min_length=1,
        description="mix of charging curves, sums to 1; the battery comes from the curve; a child scenario replaces it whole",
    )
    profile: str = Field(description="hour-of-week profile of the wishes")
    area_weights: Annotated[dict[AreaClass, NonNegative], REPLACED_WHOLE] = Field(
        min_length=1,
        description="share of the fleet by class of district; within a class by urban population; a child scenario replaces it whole",
    )

    @property
    def electric(self) -> float:
        """Electric vehicles: `vehicles` x `electrification` where that is given, else `stock`."""
        if self.electrification is not None and self.vehicles is not None:
            return self.vehicles.value * self.electrification.value
        return self.stock.value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = []
        mix = sum(share.value for share in self.curves.values())
        if abs(mix - 1) > 1e-6:
            faults.append(f"curves: the shares add up to {mix:g}, they must add up to 1")
        if self.fast_share.value + self.swap_share.value > 1 + 1e-9:
            faults.append(
                f"fast_share and swap_share are {self.fast_share.value + self.swap_share.value:g} together, needs at most 1"
            )
        if (
            self.swap_share.value > 0 or self.swap_capable_share.value > 0
        ) and self.pack_type is None:
            faults.append("swap_share or swap_capable_share is above 0, so it needs a pack_type")
        if self.electrification is not None and self.vehicles is None:
            faults.append("electrification is given, so vehicles is needed")
        if sum(weight.value for weight in self.area_weights.values()) <= 0:
            faults.append("area_weights: at least one must be above 0")
        raise_faults(faults)
        return self


class FleetTotal(Section):
    """Levers over all fleets together, with a constant mix."""

    stock: NonNegative | None = Field(
        default=None, description="vehicles of all fleets together; null: the sum of the fleets"
    )
    stock_from: StockFrom = Field(
        default="given", description="given, or projected by an adoption model"
    )
    share_at_network: Share | None = Field(
        default=None,
        description="share of all public energy asked of this network, ultra-fast and swap together; null: what the fleets' shares give",
    )
    season_factor: Positive = Field(
        description="consumption in the season as a factor of the year's mean"
    )
    curve_factor: Positive = Field(
        description="power that batteries take in the season as a factor of their curves"
    )
    posted_share: Share | None = Field(
        default=None, description="posted share of every fleet; null: each fleet's own"
    )
    connected_share: Share | None = Field(
        default=None, description="connected share of every fleet; null: each fleet's own"
    )
    compliance: Share | None = Field(
        default=None, description="compliance of every fleet; null: each fleet's own"
    )
    rural_weight: Share = Field(
        description="vehicles of a rural inhabitant over those of an urban one"
    )
    soc_low: Share = Field(description="the SOC at the wish is cut off below this")
    soc_high: Share = Field(description="the SOC at the wish is cut off above this")
    target_low: Share = Field(description="the target SOC is cut off below this")
    least_gain: Share = Field(description="least gain of SOC for which a vehicle comes")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.soc_low.value < self.soc_high.value:
            raise ValueError(
                f"soc_low: got {self.soc_low.value:g}, needs less than soc_high, {self.soc_high.value:g}"
            )
        return self


def fleet_value(total: Assumption | None, own: Assumption) -> float:
    """Return the value that holds for a fleet: that over all fleets, where it is given, else its own."""
    return (own if total is None else total).value


class Tables(Section):
    """The tables of vehicles and habits."""

    curves: TableName = Field(description="CSV: curve_id, soc, power_kw, usable_kwh, volt")
    profiles: TableName = Field(
        description="CSV: profile, day (weekday, saturday, sunday), hour, weight"
    )
