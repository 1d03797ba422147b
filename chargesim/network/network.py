"""Hold the network of a city: its graph, zones, corridors, sites and candidate lists, as arrays."""

from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

STATION, SWAP = 0, 1
"""Kinds of a site."""


@dataclass(frozen=True)
class Districts:
    """The districts, in the order of their table."""

    name: tuple[str, ...]
    area_class: tuple[str, ...]


@dataclass(frozen=True)
class Zones:
    """The demand cells, a row each."""

    id: tuple[str, ...]
    district: Ints
    """index into `Districts`"""
    lat: Floats
    lon: Floats
    population: Floats
    urban: Bools


@dataclass(frozen=True)
class Corridors:
    """The directed expressway links on which through traffic wishes to charge, a row each."""

    id: tuple[str, ...]
    """for example ``Changshou>Dianjiang``"""
    district: Ints
    """index of the district from which the link leads"""
    lat: Floats
    lon: Floats
    weight: Floats
    """share of the corridor wishes, sums to 1 (empty when there is no corridor)"""


@dataclass(frozen=True)
class Sites:
    """The stations and swap sites, a row each; columns of the other kind are 0."""

    id: tuple[str, ...]
    kind: Ints
    """`STATION` or `SWAP`"""
    group: tuple[str, ...]
    """where the site comes from: core, main_new_area, northeast_southeast, expressway, swap_taxi, ..., table"""
    access: tuple[str, ...]
    """one of `scenario.plan.ACCESS`"""
    district: Ints
    lat: Floats
    lon: Floats
    guns: Ints
    """all guns, the ultra-fast ones first, then the companions"""
    gun_kw: Floats
    gun_a: Floats
    companions: Ints
    """companions among `guns`"""
    companion_kw: Floats
    companion_a: Floats
    guns_per_cabinet: Ints
    """ultra-fast guns of a cabinet; companion j belongs to cabinet j modulo the number of cabinets"""
    cabinet_kw: Floats
    site_kw: Floats
    """power of the grid connection [kW on the grid side], the same at all sites of a connection"""
    connection: Ints
    """index of the grid connection; sites with the same index share its `site_kw`"""
    store_kwh: Floats
    """battery store behind the connection, at its first site, 0: none"""
    store_kw: Floats
    price_cny_kwh: Floats
    bays: Ints
    slots: Ints
    slot_kw: Floats
    packs: Ints
    pack_type: tuple[str, ...]
    """pack type of a swap site, "" for a station"""
    swap_min: Floats
    hand_out_soc: Floats
    opens_min: Floats
    """minutes from the start of the first lead-in day to the midnight at which the site opens; 0: open from the start"""

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True)
class CandidateKey:
    """What one candidate list holds: sites of a kind that have one of the accesses (and the pack type)."""

    kind: int
    access: frozenset[str]
    pack_type: str = ""


@dataclass(frozen=True)
class Candidates:
    """The nearest sites of every origin, per list and speed period; nearest in free flow first.

    An origin is a zone, then a corridor, then a site: `n_zones + n_corridors + site` for vehicles that go on.
    A site is never its own candidate.
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
    """nodes: kind (zone, junction, corridor, station, swap), lat, lon, district; edges: km, minutes (tuple by period), kind"""
    districts: Districts
    zones: Zones
    corridors: Corridors
    sites: Sites
    candidates: Candidates
    label: str
    """how the places came about, printed with every output, for example `synthetic layout of real totals (layout seed 1)`"""

    @property
    def origins(self) -> int:
        """Number of origins: zones, corridors and sites."""
        return len(self.zones.id) + len(self.corridors.id) + len(self.sites)
