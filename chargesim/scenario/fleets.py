"""Describe the demand side of a scenario: vehicle stock, fleets and the behaviour of drivers."""

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
    production_scope: str = Field(description="scope of the series that is fitted")
    first_year: int = Field(description="first year of the series that is fitted")
    last_year: int = Field(description="last year of the series that is fitted")
    stock_year: int = Field(description="year at whose end the projected stock holds")
    local_share: Share = Field(
        description="share of the cumulative national production that drives in this city"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.first_year < self.last_year:
            raise ValueError(
                f"last_year: got {self.last_year}, needs more than first_year, {self.first_year}"
            )
        return self


class Fleet(Section):
    """One fleet: its vehicles, how far they drive, where and how they take energy."""

    group: Literal["cars", "trucks"] = Field(
        description="verdict to which it counts; that of trucks is apart from the cars'"
    )
    stock: NonNegative = Field(description="licensed electric vehicles")
    vehicles: NonNegative | None = Field(
        default=None, description="vehicles of the fleet, electric or not; for electrification"
    )
    electrification: Share | None = Field(
        default=None,
        description="electric share of `vehicles`, gives the stock; null: `stock` holds",
    )
    active_share: Share = Field(description="share of the stock that drives on a given day")
    km_per_day: NonNegative = Field(description="electric km a day of an active vehicle [km]")
    consumption_kwh_km: Positive = Field(description="consumption at the battery [kWh/km]")
    public_share: Share = Field(description="share of the energy that it takes in public")
    fast_share: Share = Field(
        description="share of the public energy that it asks of ultra-fast guns"
    )
    swap_share: Share = Field(
        description="share of the public energy that it asks of swap sites; a calibration target"
    )
    swap_capable_share: Share = Field(description="share of the stock that can swap its battery")
    pack_type: str | None = Field(
        default=None, description="pack type of the swap-capable vehicles"
    )
    access: list[Access] = Field(min_length=1, description="kinds of sites that it may use")
    soc_mean: Share = Field(description="mean SOC at the wish")
    soc_sd: Positive = Field(description="standard deviation of the SOC at the wish")
    target_soc_mean: Share = Field(description="mean SOC at which it unplugs")
    target_soc_sd: Positive = Field(description="standard deviation of the target SOC")
    patience_min: Positive = Field(
        description="mean patience in a queue before it reneges, lognormal [min]"
    )
    patience_cv: NonNegative = Field(
        description="coefficient of variation of the patience; 0: constant"
    )
    max_diversions: int = Field(
        ge=0,
        le=8,
        description="most times that it diverts to another site after balking or reneging",
    )
    value_of_time_cny_h: Positive = Field(description="mean value of an hour, lognormal [CNY/h]")
    value_of_time_cv: NonNegative = Field(
        description="coefficient of variation of the value of time; 0: constant"
    )
    posted_share: Share = Field(
        description="share of the drivers who see posted occupancy; the others know distance only"
    )
    connected_share: Share = Field(
        description="share of the drivers connected to the cloud; posted_share is of the others"
    )
    compliance: Share = Field(
        description="share of the connected who follow the cloud; the others use posted occupancy"
    )
    flexible_share: Share = Field(
        description="share of the drivers who can put off their wish for a cheaper hour"
    )
    flexible_min: NonNegative = Field(description="how long they can put it off [min]")
    overstay_share: Share = Field(
        description="share of the drivers who stay at the gun when their charge is done"
    )
    overstay_mean_min: NonNegative = Field(
        description="mean overstay of these drivers, exponential [min]"
    )
    curves: Annotated[dict[str, Share], REPLACED_WHOLE] = Field(
        min_length=1,
        description="mix of charging curves with their batteries, sums to 1; "
        "a child scenario replaces it whole",
    )
    profile: str = Field(description="hour-of-week profile of the wishes")
    area_weights: Annotated[dict[AreaClass, NonNegative], REPLACED_WHOLE] = Field(
        min_length=1,
        description="weight of the fleet by class of district, by urban population within a class; "
        "a child scenario replaces it whole",
    )

    @property
    def electric(self) -> float:
        """Electric vehicles: `vehicles` x `electrification` if given, else `stock`."""
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
                "fast_share and swap_share are "
                f"{self.fast_share.value + self.swap_share.value:g} together, needs at most 1"
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
    """Values over all fleets together; they keep the mix of the fleets."""

    stock: NonNegative | None = Field(
        default=None, description="vehicles of all fleets together; null: the sum of the fleets"
    )
    stock_from: StockFrom = Field(
        default="given", description="given, or the adoption model that projects the stock"
    )
    share_at_network: Share | None = Field(
        default=None,
        description="share of all public energy that this network is asked for, guns and swap "
        "sites together; null: by the fleets' own shares",
    )
    public_energy_factor: Positive = Field(
        description="calibration: all fleets' public energy as a factor of what stock, km and "
        "public share give; see observed",
    )
    season_factor: Positive = Field(description="consumption as a factor of the year's mean")
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
        description="vehicles per rural inhabitant over those per urban one"
    )
    soc_low: Share = Field(description="lowest SOC at the wish")
    soc_high: Share = Field(description="highest SOC at the wish")
    target_low: Share = Field(description="lowest target SOC")
    least_gain: Share = Field(description="least SOC gain for which a vehicle comes")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.soc_low.value < self.soc_high.value:
            raise ValueError(
                f"soc_low: got {self.soc_low.value:g}, "
                f"needs less than soc_high, {self.soc_high.value:g}"
            )
        return self


def fleet_value(over_all: Assumption | None, own: Assumption) -> float:
    """Return the value that holds for a fleet: that over all fleets if given, else its own."""
    return (own if over_all is None else over_all).value


class Tables(Section):
    """The tables of vehicles and of their arrivals."""

    curves: TableName = Field(description="CSV: curve_id, soc, power_kw, usable_kwh, volt")
    profiles: TableName = Field(
        description="CSV: profile, day (weekday, saturday, sunday), hour, weight"
    )
