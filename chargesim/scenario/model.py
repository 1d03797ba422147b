"""Define the scenario: everything that a user can say about a case, with its checks."""

from typing import Self

from pydantic import Field, model_validator

from chargesim.scenario.area_classes import class_faults
from chargesim.scenario.arrivals import Arrivals
from chargesim.scenario.assumption import Section, TableName, raise_faults
from chargesim.scenario.buildup import Buildup
from chargesim.scenario.calendar import WEEKDAYS, Calendar, Weekday
from chargesim.scenario.city import City, Corridors, Layout, Traffic
from chargesim.scenario.common_causes import CommonCauses, cause_faults
from chargesim.scenario.days import DayFactor
from chargesim.scenario.disturbances import Blackout, Reliability
from chargesim.scenario.fleets import Adoption, Fleet, FleetTotal, Tables
from chargesim.scenario.observed import Observed
from chargesim.scenario.plan import Choice, Grid, Outside, Stations, Swap
from chargesim.scenario.plausible import plausible_faults
from chargesim.scenario.series import Series
from chargesim.scenario.standard import Standard
from chargesim.scenario.tariff import Tariff


class Horizon(Section):
    """The days that are simulated."""

    first_day: Weekday = Field(description="weekday of the first judged day")
    days: int = Field(ge=1, le=366, description="judged days")
    lead_in_days: int = Field(
        ge=0, le=14, description="whole days before them that fill the network; not judged"
    )


class Scenario(Section):
    """A checked scenario; `LoadedScenario.replace` returns a changed one."""

    name: str = Field(
        min_length=1,
        max_length=80,
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="short name, also of folders",
    )
    title: str = Field(description="the question, printed above the answer")
    seed: int = Field(ge=0, description="root seed of the run; the layout has its own")
    replications: int = Field(
        ge=2, le=10_000, description="independent replications of the first look"
    )
    looks: int = Field(
        default=1,
        ge=1,
        le=10,
        description="most looks of the verdict, each at twice the replications; "
        "the first look that decides ends the run",
    )
    horizon: Horizon = Field(description="simulated days")
    city: City = Field(description="tables that describe the city")
    layout: Layout | None = Field(
        default=None, description="how zones and local roads are laid out if no table gives them"
    )
    traffic: Traffic = Field(description="speeds by kind of road and period of the day")
    stations: Stations | None = Field(default=None, description="ultra-fast stations of the plan")
    grid: Grid = Field(description="the grid side of all sites")
    swap: Swap = Field(description="battery-swap sites")
    tariff: Tariff = Field(description="time-of-use tariff")
    reliability: Reliability = Field(description="failures of guns and of starts")
    blackouts: list[Blackout] = Field(
        default_factory=list, description="districts without power for some hours"
    )
    buildup: Buildup | None = Field(
        default=None, description="plan and stock month by month; null: the plan as it is"
    )
    outside: Outside = Field(description="other public piles of the city, as a cost")
    choice: Choice = Field(description="how a vehicle chooses among sites")
    fleet: FleetTotal = Field(description="values over all fleets together")
    day_factor: DayFactor | None = Field(
        default=None, description="how days differ; null: every day is as expected"
    )
    calendar: Calendar | None = Field(
        default=None, description="dates, seasons and holidays of the days; null: days of one kind"
    )
    adoption: Adoption | None = Field(
        default=None, description="how the stock is projected from a production series"
    )
    tables: Tables = Field(description="tables of vehicles and of their arrivals")
    fleets: dict[str, Fleet] = Field(min_length=1, description="fleets, by names of your own")
    corridors: Corridors | None = Field(
        default=None, description="through traffic on the expressways; null: none"
    )
    recorded: TableName | None = Field(
        default=None,
        description="CSV or Parquet of recorded wishes (docs/tables.md); replaces the drawn demand",
    )
    arrivals: Arrivals | None = Field(
        default=None,
        description="arrivals fitted to a log (`chargesim fit`); replace the drawn demand",
    )
    common_causes: CommonCauses = Field(
        default_factory=dict,
        description="assumptions that are one unknown, by a name of your own: keys, * is any name; "
        "studies of uncertain assumptions move them together",
    )
    observed: Observed = Field(
        default_factory=Observed, description="observed use, to hold the demand against"
    )
    standard: Standard = Field(description="service standard that the plan must meet")
    series: Series | None = Field(
        default=None, description="variants that meet the same vehicles, compared in one figure"
    )

    @property
    def log(self) -> str | None:
        """Table that replaces the demand of the ledger: of wishes, or of fitted arrivals."""
        return self.arrivals.sites if self.arrivals is not None else self.recorded

    @model_validator(mode="after")
    def _whole(self) -> Self:
        faults = []
        if self.city.districts is not None and (self.layout is None or self.stations is None):
            faults.append("city.districts: a synthetic city needs the sections layout and stations")
        if self.city.districts is None and self.city.sites is None:
            faults.append("city.sites: is missing; with a table of zones give one of sites too")
        if self.corridors is not None and self.corridors.fleet not in self.fleets:
            faults.append(
                f"corridors.fleet: {self.corridors.fleet!r} is not among fleets "
                f"({', '.join(self.fleets)})"
            )
        if self.fleet.stock_from != "given" and self.adoption is None:
            faults.append(
                f"fleet.stock_from: got {self.fleet.stock_from!r}, "
                "so the section adoption is needed"
            )
        if self.fleet.stock_from != "given" and self.fleet.stock is not None:
            faults.append(
                f"fleet.stock: is given, but stock_from is {self.fleet.stock_from!r}; "
                "give only one of them"
            )
        if (
            self.buildup is not None
            and self.buildup.enabled
            and (self.fleet.stock_from != "given" or self.fleet.stock is not None)
        ):
            faults.append(
                "buildup.enabled: the milestones give the stock, "
                "so fleet.stock must be null and stock_from given"
            )
        known = ", ".join(self.swap.pack_types)
        for name, fleet in self.fleets.items():
            if fleet.pack_type is not None and fleet.pack_type not in self.swap.pack_types:
                faults.append(
                    f"fleets.{name}.pack_type: {fleet.pack_type!r} is not among "
                    f"swap.pack_types ({known})"
                )
        if self.calendar is not None:
            weekday = WEEKDAYS[self.calendar.first.weekday()]
            if weekday != self.horizon.first_day:
                faults.append(
                    f"horizon.first_day: got {self.horizon.first_day!r}, but "
                    f"calendar.first_date, {self.calendar.first_date}, is a {weekday}"
                )
        if "corridor" in self.fleets:
            faults.append("fleets.corridor: this name is reserved for the corridor vehicles")
        if self.arrivals is not None and self.recorded is not None:
            faults.append("arrivals: is given beside recorded; give only one of them")
        faults += class_faults(self)
        faults += cause_faults(self, self.common_causes)
        faults += plausible_faults(self)
        raise_faults(faults)
        return self
