"""Describe the city of a scenario: its districts, roads, traffic and layout."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from chargesim.scenario.assumption import NonNegative, Positive, Section, Share, TableName

AreaClass = Annotated[str, Field(pattern=r"^[\w-]+$")]
"""A class of districts: any name; `outside.drive_min` has them all."""
PLAN_CLASSES = ("core", "west_ring", "northeast", "southeast")
"""Classes to which the counts of a plan refer, where the plan places the sites."""


class City(Section):
    """The tables that describe the city.

    Give `districts` and `links` for a synthetic layout of zones, local roads and sites with the
    real totals, or `zones`, `roads` and `sites` as tables of your own.
    """

    name: str = Field(description="name of the city, printed in titles")
    districts: TableName | None = Field(
        default=None,
        description="CSV: district, class, lat, lon, area_km2, population_2020, urban_share",
    )
    links: TableName | None = Field(
        default=None,
        description="CSV: from_district, to_district, kind, km, free_kmh, service_areas",
    )
    gateways: TableName | None = Field(
        default=None, description="CSV of towns beyond the border: district, place, population, km"
    )
    zones: TableName | None = Field(
        default=None, description="CSV: zone_id, lat, lon, district, population, urban"
    )
    roads: TableName | None = Field(
        default=None,
        description="CSV: from_id, to_id, km, free_kmh, kind (urban, trunk, expressway), oneway",
    )
    nodes: TableName | None = Field(
        default=None,
        description="CSV: node, lat, lon; where the junctions of `roads` are",
    )
    sites: TableName | None = Field(
        default=None,
        description="CSV: one row per site (see docs/tables.md); replaces the plan's layout",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        synthetic = self.districts is not None and self.links is not None
        tables = self.zones is not None and self.roads is not None
        if synthetic == tables:
            raise ValueError(
                "give either districts and links (synthetic layout), "
                "or zones and roads (tables of your own)"
            )
        if self.nodes is not None and self.roads is None:
            raise ValueError("nodes: are the junctions of roads; give roads, too")
        return self


class Layout(Section):
    """How zones and local roads are laid out if no table gives them."""

    seed: int = Field(
        default=1, ge=0, description="seed of the synthetic layout; the run has its own"
    )
    core_built_up_km2: Positive = Field(
        description="built-up area of all core districts together [km2]"
    )
    core_zone_km2: Positive = Field(description="area of a demand zone in the built-up core [km2]")
    town_density_per_km2: Positive = Field(
        description="urban inhabitants per built-up km2 outside the core [1/km2]"
    )
    town_zone_km2: Positive = Field(description="area of an urban zone outside the core [km2]")
    rural_zone_km2: Positive = Field(description="area of a rural zone [km2]")
    density_scale_km: Positive = Field(
        description="distance from a district's seat at which its density is 1/e of that there [km]"
    )
    urban_share: dict[AreaClass, Share] = Field(
        description="urban share of the inhabitants, by class of district, if the table gives none"
    )
    detour_factor: Positive = Field(description="road km per straight-line km on local roads")
    rural_weight: Share = Field(
        description="what a rural inhabitant counts where sites are placed; an urban one counts 1"
    )
    observed_share: dict[AreaClass, Share] = Field(
        default_factory=dict,
        description="share of real stations by class of district, printed beside the layout's",
    )


class Period(Section):
    """A speed period of the day."""

    hours: list[int] = Field(description="its hours of day [0..23]")
    local: Positive = Field(description="speed on local and urban roads as a factor of free flow")
    trunk: Positive = Field(
        description="speed on trunk roads, also between core and ring, as a factor of free flow"
    )
    expressway: Positive = Field(description="speed on expressways as a factor of free flow")


class Traffic(Section):
    """Speeds by kind of road and period of the day; other hours run at free flow."""

    core_kmh: Positive = Field(description="free-flow speed of local roads in the core [km/h]")
    town_kmh: Positive = Field(description="free-flow speed of local roads in other towns [km/h]")
    rural_kmh: Positive = Field(description="free-flow speed of rural roads [km/h]")
    periods: dict[str, Period] = Field(
        default_factory=dict, description="up to three periods besides free flow"
    )

    @model_validator(mode="after")
    def _hours_once(self) -> Self:
        if len(self.periods) > 3:
            raise ValueError(f"got {len(self.periods)} periods, at most 3 besides free flow")
        hours = [hour for period in self.periods.values() for hour in period.hours]
        if sorted(set(hours)) != sorted(hours) or any(not 0 <= hour <= 23 for hour in hours):
            raise ValueError("periods: an hour of day is given twice, or is not within 0..23")
        return self


class Corridors(Section):
    """Through traffic on the expressways, of which some vehicles charge on their way."""

    vehicles_at_service_areas_per_day: NonNegative = Field(
        description="vehicles of all kinds at service areas on an ordinary day [1/day]"
    )
    nev_share_of_traffic: Share = Field(description="share of NEVs in that traffic")
    charge_share: Share = Field(description="share of those NEVs that charge")
    share_at_network: Share = Field(description="share of those charges that come to this network")
    local_share: Share = Field(
        description="share of those charges by vehicles of the city's own `fleet`, whose public "
        "energy in the ledger holds them already, so they are taken out of it"
    )
    holiday_factor: Positive = Field(description="traffic as a multiple of that on an ordinary day")
    gravity_exponent: Positive = Field(
        description="exponent of travel time in the gravity model of trips"
    )
    fleet: str = Field(
        description="fleet that lends its curves, SOC, patience and choice to the corridor vehicles"
    )
    soc_mean: Share = Field(description="mean SOC at the wish")
    soc_low: Share = Field(
        description="lowest SOC at the wish; drivers on an expressway keep a reserve"
    )
    profile: str = Field(description="hour-of-week profile of the wishes")
    consumption_factor: Positive = Field(
        description="consumption at expressway speed as a factor of the fleet's own"
    )
