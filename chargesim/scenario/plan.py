"""Describe the supply side of a scenario: stations, swap sites, and how vehicles choose."""

from typing import Literal, Self

from pydantic import Field, model_validator

from chargesim.scenario.assumption import (
    NonNegative,
    Positive,
    Section,
    Share,
    TableName,
    raise_faults,
)
from chargesim.scenario.city import AreaClass

Access = Literal["public", "expressway", "taxi", "truck"]
ACCESS: tuple[Access, ...] = ("public", "expressway", "taxi", "truck")


class StationCounts(Section):
    """Numbers of stations by area, as the plan gives them."""

    core: int = Field(ge=0, description="stations in the districts of class core")
    main_new_area: int = Field(ge=0, description="stations in the west ring and in Wanzhou")
    northeast_southeast: int = Field(
        ge=0, description="stations in the other districts of north-east and south-east"
    )
    expressway: int = Field(
        ge=0, description="stations at expressway service areas, one for each direction"
    )

    @property
    def total(self) -> int:
        """Stations in all."""
        return self.core + self.main_new_area + self.northeast_southeast + self.expressway


class Companions(Section):
    """Other guns of an ultra-fast station; behind a cabinet ultra-fast guns have power first."""

    per_ultra_fast_gun: int = Field(
        ge=0,
        le=20,
        description="companion guns per ultra-fast gun; 0: none",
    )
    gun_kw: Positive = Field(description="rated power of a companion gun [kW at the plug]")
    gun_a: Positive = Field(description="rated current of a companion gun [A]")
    at: list[Access] = Field(description="access of the stations that have them")


class Store(Section):
    """A battery at every station, which charges in some hours and lends power in others."""

    enabled: bool = Field(default=False, description="true: stations have a store")
    kwh: NonNegative = Field(description="usable energy of a station's store [kWh]")
    kw: NonNegative = Field(description="highest power that it lends, at the plugs [kW]")
    charge_kw: NonNegative = Field(
        description="highest power at which it charges, at the plugs [kW]"
    )
    efficiency: Share = Field(description="energy out over energy in")
    charge_hours: list[int] = Field(
        description="hours of day [0..23] in which it charges with the power that guns leave"
    )
    lend_hours: list[int] = Field(
        description="hours of day [0..23] in which it lends power before the grid does"
    )

    @model_validator(mode="after")
    def _apart(self) -> Self:
        faults = []
        if set(self.charge_hours) & set(self.lend_hours):
            faults.append("charge_hours and lend_hours have an hour in common")
        if any(not 0 <= hour <= 23 for hour in [*self.charge_hours, *self.lend_hours]):
            faults.append("charge_hours, lend_hours: an hour is not within 0..23")
        if self.efficiency.value == 0:
            faults.append("efficiency: got 0, needs more than 0")
        raise_faults(faults)
        return self


class Stations(Section):
    """The ultra-fast stations of the plan."""

    reading: str = Field(
        description="what the plan's piles are taken for, printed with the verdict"
    )
    counts: StationCounts = Field(description="stations by area")
    piles: int = Field(ge=0, description="all guns of at least 480 kW at the stations of `counts`")
    expressway_piles_per_station: int = Field(
        ge=1, description="guns per service-area station; the other stations share the rest"
    )
    truck_stations: NonNegative = Field(
        description="stations for trucks (access truck), beside those of `counts`; rounded"
    )
    truck_piles_per_station: int = Field(ge=1, description="guns per truck station, beside `piles`")
    gun_kw: Positive = Field(description="rated power of a gun [kW at the plug]")
    gun_a: Positive = Field(description="rated current of a gun [A]")
    guns_per_cabinet: int = Field(ge=1, description="guns behind one power cabinet")
    cabinet_kw: Positive = Field(
        description="power of a cabinet, which its guns share [kW at the plug]"
    )
    site_kw: Positive = Field(
        description="grid connection of a station, per cabinet [kW on the grid side]"
    )
    handling_before_min: NonNegative = Field(
        description="time at the gun before power flows: parking, plugging in, authorising [min]"
    )
    handling_after_min: NonNegative = Field(
        description="time at the gun after the charge: unplugging, leaving [min]"
    )
    price_cny_kwh: NonNegative = Field(
        description="price for the driver in flat hours of the tariff [CNY/kWh]"
    )
    companions: Companions = Field(description="guns beside the ultra-fast ones")
    store: Store = Field(description="battery store at every station")

    @model_validator(mode="after")
    def _feasible(self) -> Self:
        faults = []
        ordinary = self.counts.total - self.counts.expressway
        at_expressways = self.counts.expressway * self.expressway_piles_per_station
        if self.piles < self.counts.total:
            faults.append(
                f"piles: {self.piles} piles are fewer than {self.counts.total} stations; "
                "each station needs one pile"
            )
        elif ordinary == 0 and self.piles != at_expressways:
            faults.append(
                f"piles: expressway stations take {at_expressways} of {self.piles}, "
                "and no other station can take the rest"
            )
        elif self.piles - at_expressways < ordinary:
            faults.append(
                f"piles: expressway stations take {at_expressways} of {self.piles}; "
                f"{ordinary} other stations need one each"
            )
        raise_faults(faults)
        return self


class Grid(Section):
    """The grid side of all sites."""

    efficiency: Share = Field(description="energy at plug or pack over energy from the grid")

    @model_validator(mode="after")
    def _not_nothing(self) -> Self:
        if self.efficiency.value == 0:
            raise ValueError("efficiency: got 0, needs more than 0")
        return self


class PackType(Section):
    """A kind of battery that swap sites hand out."""

    kwh: Positive = Field(description="usable energy [kWh]")
    limits: str = Field(
        description="pack of the table of charge limits; its limits are scaled to this pack"
    )


class SwapKind(Section):
    """Swap sites of one kind."""

    sites: int = Field(ge=0, description="number of sites")
    access: Access = Field(description="vehicles that may use them")
    pack_type: str = Field(description="pack type that they hold")
    packs: int = Field(ge=1, description="packs per site")
    slots: int = Field(ge=1, description="slots per site, each charges one pack")
    slot_kw: Positive = Field(description="power of a slot [kW at the pack]")
    module_kw: Positive | None = Field(
        default=None,
        description="power of a module of its chargers, where slots lend it [kW at the pack]",
    )
    site_kw: Positive = Field(description="grid connection of a site [kW on the grid side]")
    bays: int = Field(ge=1, description="swap lanes per site")
    swap_min: Positive = Field(description="time from drive-in to drive-out [min]")
    hand_out_soc: Share = Field(description="lowest SOC at which a pack is handed out")
    price_cny_kwh: NonNegative = Field(
        description="price for the driver in flat hours of the tariff [CNY/kWh]"
    )
    guns: int = Field(
        default=0,
        ge=0,
        le=64,
        description="guns per site, on the grid connection of the slots; 0: none",
    )
    gun_kw: Positive | None = Field(
        default=None, description="rated power of these guns [kW at the plug]"
    )
    gun_a: Positive | None = Field(default=None, description="rated current of these guns [A]")

    @model_validator(mode="after")
    def _guns_whole(self) -> Self:
        if self.guns and (self.gun_kw is None or self.gun_a is None):
            raise ValueError(f"guns: got {self.guns}, so gun_kw and gun_a are needed")
        return self


class Lending(Section):
    """Chargers of a swap site that lend power to neighbouring slots, by whole modules.

    A site has as many modules as the power of all its slots gives. One that its slot does not need
    serves another.
    """

    enabled: bool = Field(default=False, description="true: slots lend each other power")
    modules_per_pack: int = Field(
        default=2, ge=1, le=64, description="most modules that charge one pack"
    )


class SmartCharging(Section):
    """Packs wait for cheaper hours while enough of them are charged.

    If a cheaper hour comes within `look_ahead_h`, a site charges only as many packs as keep its
    promise: the Poisson quantile `promised` of the swaps that it expects, from its own recent
    arrivals, while one pack charges.
    """

    enabled: bool = Field(default=False, description="true: packs are charged to the tariff")
    promised: Share = Field(description="share of arrivals that shall find a charged pack")
    look_ahead_h: int = Field(
        ge=1, le=24, description="hours ahead in which a cheaper hour makes packs wait [h]"
    )
    memory_h: Positive = Field(description="time over which a site averages its arrivals [h]")

    @model_validator(mode="after")
    def _below_one(self) -> Self:
        if self.promised.value >= 1:
            raise ValueError(f"promised: got {self.promised.value:g}, needs less than 1")
        return self


class Swap(Section):
    """The battery-swap sites of the plan."""

    enabled: bool = Field(
        default=True, description="false: there is no swap site, and swap-capable vehicles charge"
    )
    charge_limits: TableName = Field(description="CSV: pack, temperature_c, soc_from, power_kw")
    pack_temperature_c: float = Field(
        description="temperature of the packs in the rack, one of the table [deg C]"
    )
    pack_types: dict[str, PackType] = Field(description="types of packs, by names of your own")
    kinds: dict[str, SwapKind] = Field(description="kinds of swap sites, by names of your own")
    smart: SmartCharging = Field(description="charging of packs to the tariff")
    lending: Lending = Field(
        default_factory=Lending, description="power that slots lend each other"
    )

    @model_validator(mode="after")
    def _known_packs(self) -> Self:
        known = ", ".join(self.pack_types)
        raise_faults(
            [
                f"kinds.{name}.pack_type: {kind.pack_type!r} is not among pack_types ({known})"
                for name, kind in self.kinds.items()
                if kind.pack_type not in self.pack_types
            ]
        )
        return self

    @model_validator(mode="after")
    def _whole_modules(self) -> Self:
        faults = []
        for name, kind in self.kinds.items() if self.lending.enabled else ():
            most_kw = kind.slots * kind.slot_kw.value
            if kind.module_kw is None:
                faults.append(f"kinds.{name}.module_kw: needs a value, since lending is enabled")
            elif kind.module_kw.value > most_kw:
                faults.append(
                    f"kinds.{name}.module_kw: got {kind.module_kw.value:g}, needs at most "
                    f"slots x slot_kw, {most_kw:g}"
                )
        raise_faults(faults)
        return self


class Outside(Section):
    """The outside option: other public piles of the city, as a cost."""

    enabled: bool = Field(
        default=True, description="false: no vehicle leaves for another network's pile"
    )
    drive_min: dict[AreaClass, NonNegative] = Field(
        min_length=1,
        description="time to the next free pile, with the wait, by class of district [min]; "
        "every class of the city's districts needs one",
    )
    pile_kw: Positive = Field(description="mean power of these piles in use [kW]")
    price_cny_kwh: NonNegative = Field(
        description="price for the driver in flat hours of the tariff [CNY/kWh]"
    )


class Reservation(Section):
    """A gun or bay by promised time, for vehicles that follow the cloud."""

    enabled: bool = Field(
        default=False,
        description="true: a vehicle that follows the cloud reserves at the site that it chooses",
    )
    hold_min: NonNegative = Field(
        description="time before the promised one from which a free gun waits [min]"
    )
    grace_min: NonNegative = Field(
        description="time after the promised one at which the reservation lapses [min]"
    )
    late_share: Share = Field(description="share of the drivers who come later than promised")
    late_min: NonNegative = Field(description="mean lateness of these drivers, exponential [min]")


class Choice(Section):
    """How a vehicle chooses among sites."""

    nearest_stations: int = Field(
        ge=1, le=32, description="nearest stations among which a vehicle chooses"
    )
    nearest_swap_sites: int = Field(
        ge=1, le=32, description="nearest swap sites among which a swap-capable vehicle chooses"
    )
    noise_min: NonNegative = Field(
        description="scale of the Gumbel noise in the choice [min]; 0: none"
    )
    posted_refresh_min: Positive = Field(
        description="time between two refreshes of the posted occupancy [min]"
    )
    reservation: Reservation = Field(description="reservations of vehicles that follow the cloud")
