"""Hold the network of a city: zones, corridors, sites, candidate lists and the graph."""

from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_type_hints

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from chargesim.network.columns import (
    COMPUTED,
    Ampere,
    Column,
    Count,
    CountFromOne,
    Fraction,
    Kilowatt,
    NonNegative,
    Positive,
    column,
)

Texts = tuple[str, ...]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class SiteKind:
    """A kind of site: what distinguishes it, declared once."""

    name: str
    """in the column `kind` of a user's table, and the kind of its nodes in the graph"""
    noun: str
    """in messages"""
    servers: str
    """column that counts what serves one vehicle at a time"""
    nearest: str
    """key of the scenario's section `choice`: how many sites of this kind a vehicle looks at"""
    section: str
    """section of the scenario that fills in what a site does not give"""


SITE_KINDS = (
    SiteKind("station", "station", "guns", "nearest_stations", "stations"),
    SiteKind("swap", "swap site", "bays", "nearest_swap_sites", "swap.kinds.<swap_kind>"),
)
STATION, SWAP = range(len(SITE_KINDS))
"""Indices into `SITE_KINDS`, the values of the column `kind`."""


@dataclass(frozen=True)
class Districts:
    """The districts, in the order of their table."""

    name: Texts
    area_class: Texts


@dataclass(frozen=True)
class Zones:
    """The demand cells, a row each."""

    id: Texts
    district: Ints
    """index into `Districts`"""
    lat: Floats
    lon: Floats
    population: Floats
    urban: Bools


@dataclass(frozen=True)
class Corridors:
    """The directed expressway links whose through traffic charges on its way, a row each."""

    id: Texts
    """for example ``Changshou>Dianjiang``"""
    district: Ints
    """index of the district from which the link leads"""
    lat: Floats
    lon: Floats
    weight: Floats
    """share of the wishes on corridors, sums to 1 (empty without corridors)"""


@dataclass(frozen=True)
class Sites:
    """The site table: stations and swap sites, a row each.

    This is the one declaration of its columns, see `columns.Column`. A site holds 0 or "" in the
    columns that its kind does not have.
    """

    id: Annotated[Texts, column("name of the site")]
    kind: Annotated[Ints, column("index into `SITE_KINDS`: `STATION` or `SWAP`")]
    group: Annotated[
        Texts, column("origin: core, ..., truck, expressway, swap_taxi, ..., mixed, or table")
    ]
    access: Annotated[Texts, column("who may use it, one of `scenario.plan.ACCESS`")]
    district: Annotated[Ints, column("index into `Districts`")]
    lat: Annotated[Floats, column("latitude, WGS-84 [deg]")]
    lon: Annotated[Floats, column("longitude, WGS-84 [deg]")]
    guns: Annotated[
        Ints,
        column(
            "all guns, ultra-fast ones first; without `companions`, the ultra-fast ones alone",
            Count,
            station=COMPUTED,
        ),
    ]
    gun_kw: Annotated[
        Floats, column("power of an ultra-fast gun [kW at the plug]", Kilowatt, station="gun_kw")
    ]
    gun_a: Annotated[Floats, column("current of an ultra-fast gun [A]", Ampere, station="gun_a")]
    companions: Annotated[Ints, column("of the guns, the companions", Count, station=COMPUTED)]
    companion_kw: Annotated[
        Floats,
        column("power of a companion [kW at the plug]", Kilowatt, station="companions.gun_kw"),
    ]
    companion_a: Annotated[
        Floats, column("current of a companion [A]", Ampere, station="companions.gun_a")
    ]
    guns_per_cabinet: Annotated[
        Ints,
        column(
            "ultra-fast guns of a cabinet; companions are dealt to the cabinets in turn",
            CountFromOne,
            station="guns_per_cabinet",
        ),
    ]
    cabinet_kw: Annotated[
        Floats, column("power of a cabinet [kW at the plug]", Kilowatt, station="cabinet_kw")
    ]
    site_kw: Annotated[
        Floats,
        column(
            "power of the grid connection [kW on the grid side], the same at all its sites",
            Kilowatt,
            station="site_kw",
            swap="site_kw",
        ),
    ]
    connection: Annotated[Ints, column("index of the grid connection; its sites share `site_kw`")]
    store_kwh: Annotated[
        Floats,
        column(
            "energy of a battery store, at the connection's first site [kWh]",
            NonNegative,
            station="store.kwh",
        ),
    ]
    store_kw: Annotated[Floats, column("power of that store [kW]", NonNegative, station="store.kw")]
    price_cny_kwh: Annotated[
        Floats,
        column(
            "price in flat hours [CNY/kWh]",
            NonNegative,
            station="price_cny_kwh",
            swap="price_cny_kwh",
        ),
    ]
    bays: Annotated[Ints, column("swap lanes", CountFromOne, swap="bays")]
    slots: Annotated[Ints, column("charging slots for packs", CountFromOne, swap="slots")]
    slot_kw: Annotated[Floats, column("power of a slot [kW at the pack]", Kilowatt, swap="slot_kw")]
    module_kw: Annotated[
        Floats,
        column(
            "power of a charger module, where slots lend it; 0: they do not [kW at the pack]",
            Kilowatt,
            swap="module_kw",
        ),
    ]
    packs: Annotated[Ints, column("packs at the site", CountFromOne, swap="packs")]
    pack_type: Annotated[Texts, column("one of `swap.pack_types`", str, swap="pack_type")]
    swap_min: Annotated[Floats, column("time in the bay [min]", Positive, swap="swap_min")]
    hand_out_soc: Annotated[
        Floats,
        column("lowest SOC at which a pack is handed out [0..1]", Fraction, swap="hand_out_soc"),
    ]
    opens_min: Annotated[
        Floats,
        column("midnight at which it opens [min from the start of the run], 0: open already"),
    ]

    def __len__(self) -> int:
        return len(self.id)

    @classmethod
    def of(cls, count: int, **columns: Any) -> "Sites":
        """Return a table of `count` sites; a column that is not given is empty."""
        values: dict[str, Any] = {name: [empty] * count for name, empty in EMPTY_SITE.items()}
        values |= columns
        for name, empty in EMPTY_SITE.items():
            made = values[name]
            values[name] = tuple(made) if empty == "" else np.array(made, dtype=type(empty))
        return cls(**values)

    @property
    def servers(self) -> Ints:
        """Number of servers of each site: guns of a station, bays of a swap site."""
        counts = [getattr(self, kind.servers) for kind in SITE_KINDS]
        return np.choose(self.kind, counts).astype(np.int64)


_ANNOTATIONS = get_type_hints(Sites, include_extras=True)
SITE_COLUMNS: dict[str, Column] = {
    name: get_args(annotation)[1] for name, annotation in _ANNOTATIONS.items()
}
"""The columns of the site table by name."""
_EMPTY: dict[Any, Any] = {Texts: "", Ints: 0, Floats: 0.0}
EMPTY_SITE: dict[str, Any] = {
    name: _EMPTY[get_args(annotation)[0]] for name, annotation in _ANNOTATIONS.items()
}
"""A record of the site table with every column empty; its values also give the types."""


@dataclass(frozen=True)
class CandidateKey:
    """What a candidate list holds: sites of a kind, with one of the accesses and the pack type."""

    kind: int
    access: frozenset[str]
    pack_type: str = ""
    through: bool = False
    """for through traffic: stations ahead on the expressways, and public ones off their exits"""


THROUGH_TRAFFIC = CandidateKey(STATION, frozenset({"expressway", "public"}), through=True)
"""The list of the vehicles on the corridors."""


@dataclass(frozen=True)
class Candidates:
    """The nearest sites of every origin, per list and speed period; nearest in free flow first.

    Origins are the zones, then the corridors, then the sites, from which vehicles go on:
    `n_zones + n_corridors + site`. A site is never its own candidate.
    """

    keys: tuple[CandidateKey, ...]
    site: NDArray[np.int32]
    """[list, origin, rank], -1 where there is none"""
    km: Floats
    """[list, origin, rank], along the free-flow path"""
    minutes: Floats
    """[period, list, origin, rank]; period 0 is free flow; at least 0"""
    period_of_hour: Ints
    """[24], index of the speed period"""


@dataclass(frozen=True)
class Network:
    """A city ready to be simulated."""

    graph: "nx.DiGraph[Any]"
    """nodes: kind (zone, junction, corridor or that of a site), lat, lon, district;
    edges: km, minutes (a tuple by speed period), kind"""
    districts: Districts
    zones: Zones
    corridors: Corridors
    sites: Sites
    candidates: Candidates
    label: str
    """where zones and sites come from, printed with every output, for example
    `synthetic layout of real totals (layout seed 1)`"""

    @property
    def origins(self) -> int:
        """Number of origins: zones, corridors and sites."""
        return len(self.zones.id) + len(self.corridors.id) + len(self.sites)
