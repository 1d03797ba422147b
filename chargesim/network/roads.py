"""Join places by roads: local roads between neighbouring zones, links between seats, carriageways of expressways.

The road network is kept as arrays of directed edges; `build.py` makes the networkx graph of it.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, QhullError, cKDTree

from chargesim.network.table_columns import LinkRow
from chargesim.network.zone_layout import ZoneLayout
from chargesim.scenario.city import Layout, Traffic

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LOCAL, RURAL, URBAN, TRUNK, EXPRESSWAY, RAMP, INTERCHANGE, ACCESS = range(8)
EDGE_KINDS = ("local", "rural", "urban", "trunk", "expressway", "ramp", "interchange", "access")
_LONGEST_LOCAL_KM = 25.0


@dataclass
class Roads:
    """Nodes and directed edges while they are collected."""

    kind: list[str] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    lat: list[float] = field(default_factory=list)
    lon: list[float] = field(default_factory=list)
    district: list[int] = field(default_factory=list)
    tails: list[int] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    km: list[float] = field(default_factory=list)
    free_kmh: list[float] = field(default_factory=list)
    edge_kind: list[int] = field(default_factory=list)

    def node(self, kind: str, name: str, lat: float, lon: float, district: int) -> int:
        """Add a node; return its number."""
        self.kind.append(kind)
        self.name.append(name)
        self.lat.append(lat)
        self.lon.append(lon)
        self.district.append(district)
        return len(self.kind) - 1

    def free_name(self, name: str) -> str:
        """Return a name that no node has: parallel expressways between the same ends are `A>B`, `A>B/2`, ..."""
        names, number = set(self.name), 1
        while (name if number == 1 else f"{name}/{number}") in names:
            number += 1
        return name if number == 1 else f"{name}/{number}"

    def edge(self, tail: int, head: int, km: float, free_kmh: float, kind: int) -> None:
        """Add a directed edge."""
        self.tails.append(tail)
        self.heads.append(head)
        self.km.append(km)
        self.free_kmh.append(free_kmh)
        self.edge_kind.append(kind)

    def road(self, a: int, b: int, km: float, free_kmh: float, kind: int) -> None:
        """Add an edge in both directions."""
        self.edge(a, b, km, free_kmh, kind)
        self.edge(b, a, km, free_kmh, kind)


@dataclass(frozen=True)
class Carriageway:
    """One direction of an expressway link: where it begins, its service areas in order, where it ends."""

    tail: int
    """district or junction from which it leads"""
    head: int
    entry: int
    """node"""
    stops: tuple[int, ...]
    """nodes of its service areas"""
    exit: int
    km: float


def speed_factors(traffic: Traffic) -> tuple[Floats, Ints]:
    """Return the speed factor of each period and edge kind [period, kind], and the period of each hour of day."""
    factors = np.ones((1 + len(traffic.periods), len(EDGE_KINDS)))
    period_of_hour = np.zeros(24, dtype=np.int64)
    for number, period in enumerate(traffic.periods.values(), start=1):
        factors[number, [LOCAL, URBAN, ACCESS]] = period.local.value
        factors[number, [RURAL, TRUNK]] = period.trunk.value
        factors[number, [EXPRESSWAY, RAMP, INTERCHANGE]] = period.expressway.value
        period_of_hour[period.hours] = number
    return factors, period_of_hour


def local_roads(
    roads: Roads, land: ZoneLayout, seats: list[int], layout: Layout, traffic: Traffic
) -> None:
    """Add zones' local roads: edges of the Delaunay triangulation, and from every seat to its nearest zones.

    Edges longer than 25 km are left out; what that cuts off is joined to the seat of its district.
    """
    zones = land.zones
    core = np.array([name == "core" for name in land.districts.area_class])[zones.district]
    kmh = np.where(
        zones.urban,
        np.where(core, traffic.core_kmh.value, traffic.town_kmh.value),
        traffic.rural_kmh.value,
    )
    detour = layout.detour_factor.value
    pairs = _neighbours(land.zones_xy)
    km = np.hypot(*(land.zones_xy[pairs[:, 0]] - land.zones_xy[pairs[:, 1]]).T)
    for (a, b), length in zip(
        pairs[km <= _LONGEST_LOCAL_KM].tolist(), km[km <= _LONGEST_LOCAL_KM].tolist(), strict=True
    ):
        rural = not (zones.urban[a] and zones.urban[b])
        roads.road(
            a, b, max(length, 0.05) * detour, float(min(kmh[a], kmh[b])), RURAL if rural else LOCAL
        )
    for d, seat in enumerate(seats):
        mine = np.flatnonzero(zones.district == d)
        distance = np.hypot(*(land.zones_xy[mine] - land.seats_xy[d]).T)
        for i in np.argsort(distance, kind="stable")[:3]:
            roads.road(
                int(mine[i]),
                seat,
                max(float(distance[i]), 0.05) * detour,
                float(kmh[mine[i]]),
                LOCAL,
            )
    _join_islands(roads, land, seats, detour, traffic.rural_kmh.value)


def _neighbours(xy: Floats) -> Ints:
    """Return the edges of the Delaunay triangulation as sorted pairs; all pairs where there is none."""
    try:
        corners = Delaunay(xy).simplices
    except (QhullError, ValueError):
        near = cKDTree(xy).query_pairs(np.inf) if len(xy) < 50 else set()
        return np.array(sorted(near), dtype=np.int64).reshape(-1, 2)
    pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])
    return np.unique(np.sort(pairs, axis=1), axis=0).astype(np.int64)


def _join_islands(
    roads: Roads, land: ZoneLayout, seats: list[int], detour: float, kmh: float
) -> None:
    n = len(roads.kind)
    count, label = connected_components(
        coo_array((np.ones(len(roads.tails)), (roads.tails, roads.heads)), shape=(n, n)),
        directed=False,
    )
    seat_labels = {label[seat] for seat in seats}
    for island in range(count):
        if island in seat_labels:
            continue
        members = np.flatnonzero(label[: len(land.zones.id)] == island)
        if len(members):
            d = int(land.zones.district[members[0]])
            distance = np.hypot(*(land.zones_xy[members] - land.seats_xy[d]).T)
            nearest = int(np.argmin(distance))
            roads.road(
                int(members[nearest]), seats[d], float(distance[nearest]) * detour, kmh, RURAL
            )


def seat_links(
    roads: Roads, links: list[LinkRow], districts: dict[str, int], seats: list[int]
) -> list[Carriageway]:
    """Add the links between seats; return the carriageways of the expressways.

    Service areas of a link are dealt to its two directions in turn (a site is one side) and stand evenly along it.
    """
    carriageways = []
    for link in links:
        a, b = districts[link.from_district], districts[link.to_district]
        if link.kind != "expressway":
            roads.road(
                seats[a], seats[b], link.km, link.free_kmh, URBAN if link.kind == "urban" else TRUNK
            )
            continue
        there, back = (link.service_areas + 1) // 2, link.service_areas // 2
        carriageways.append(_carriageway(roads, link, a, b, seats, there))
        carriageways.append(_carriageway(roads, link, b, a, seats, back))
    join_carriageways(roads, carriageways)
    return carriageways


def _carriageway(
    roads: Roads, link: LinkRow, a: int, b: int, seats: list[int], stops: int
) -> Carriageway:
    here, there = (
        np.array([roads.lat[seats[a]], roads.lon[seats[a]]]),
        np.array([roads.lat[seats[b]], roads.lon[seats[b]]]),
    )
    names = (roads.name[seats[a]], roads.name[seats[b]])
    label = roads.free_name(f"{names[0]}>{names[1]}")
    side = (
        0.004
        * np.array([-(there - here)[1], (there - here)[0]])
        / max(float(np.hypot(*(there - here))), 1e-9)
    )
    chain = [
        roads.node(
            "corridor",
            label,
            float(here[0] + side[0]),
            float(here[1] + side[1]),
            roads.district[seats[a]],
        )
    ]
    for i in range(stops):
        part = (i + 1) / (stops + 1)
        point = here + part * (there - here) + side
        chain.append(
            roads.node(
                "junction",
                f"{label}-{i + 1}",
                float(point[0]),
                float(point[1]),
                roads.district[seats[a if part < 0.5 else b]],
            )
        )
    chain.append(
        roads.node(
            "junction",
            f"{label}-end",
            float(there[0] + side[0]),
            float(there[1] + side[1]),
            roads.district[seats[b]],
        )
    )
    for tail, head in pairwise(chain):
        roads.edge(tail, head, link.km / (stops + 1), link.free_kmh, EXPRESSWAY)
    roads.edge(seats[a], chain[0], 0.5, 40.0, RAMP)
    roads.edge(chain[-1], seats[b], 0.5, 40.0, RAMP)
    return Carriageway(a, b, chain[0], tuple(chain[1:-1]), chain[-1], link.km)


def join_carriageways(roads: Roads, carriageways: list[Carriageway]) -> None:
    """Let traffic go on from every carriageway to those that begin where it ends, but not back."""
    for one in carriageways:
        for other in carriageways:
            if other.tail == one.head and other.head != one.tail:
                roads.edge(one.exit, other.entry, 0.3, 60.0, INTERCHANGE)
