"""Collect the roads: between neighbouring zones, between seats, and expressways.

The road network is kept as lists of directed edges; `build.py` makes the networkx graph of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, QhullError, cKDTree

from chargesim.network.network import Zones
from chargesim.network.table_columns import LinkRow
from chargesim.network.zone_layout import ZoneLayout
from chargesim.scenario.city import Layout, Traffic

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LOCAL, RURAL, URBAN, TRUNK, EXPRESSWAY, RAMP, INTERCHANGE, ACCESS = range(8)
EDGE_KINDS = ("local", "rural", "urban", "trunk", "expressway", "ramp", "interchange", "access")
RAMP_KM_KMH = (0.5, 40.0)
"""Length and speed of a ramp."""
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
    _names: set[str] = field(default_factory=set)

    @classmethod
    def of_zones(cls, zones: Zones) -> "Roads":
        """Return a network without edges whose first nodes are the zones."""
        roads = cls()
        for name, district, lat, lon in zip(
            zones.id, zones.district.tolist(), zones.lat.tolist(), zones.lon.tolist(), strict=True
        ):
            roads.add_node("zone", name, lat, lon, district)
        return roads

    def add_node(self, kind: str, name: str, lat: float, lon: float, district: int) -> int:
        """Add a node; return its number."""
        self.kind.append(kind)
        self.name.append(name)
        self._names.add(name)
        self.lat.append(lat)
        self.lon.append(lon)
        self.district.append(district)
        return len(self.kind) - 1

    def free_name(self, name: str) -> str:
        """Return a name that no node has: parallel expressways are `A>B`, `A>B/2`, ..."""
        number = 1
        while (name if number == 1 else f"{name}/{number}") in self._names:
            number += 1
        return name if number == 1 else f"{name}/{number}"

    def add_edge(self, tail: int, head: int, km: float, free_kmh: float, kind: int) -> None:
        """Add a directed edge."""
        self.tails.append(tail)
        self.heads.append(head)
        self.km.append(km)
        self.free_kmh.append(free_kmh)
        self.edge_kind.append(kind)

    def add_road(self, a: int, b: int, km: float, free_kmh: float, kind: int) -> None:
        """Add an edge in both directions."""
        self.add_edge(a, b, km, free_kmh, kind)
        self.add_edge(b, a, km, free_kmh, kind)


@dataclass(frozen=True)
class Carriageway:
    """One direction of an expressway link, with its service areas in order."""

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
    """Return the speed factors [period, edge kind], and the period of each hour of day [24]."""
    factors = np.ones((1 + len(traffic.periods), len(EDGE_KINDS)))
    period_of_hour = np.zeros(24, dtype=np.int64)
    for number, period in enumerate(traffic.periods.values(), start=1):
        factors[number, [LOCAL, URBAN, ACCESS]] = period.local.value
        factors[number, [RURAL, TRUNK]] = period.trunk.value
        factors[number, [EXPRESSWAY, RAMP, INTERCHANGE]] = period.expressway.value
        period_of_hour[period.hours] = number
    return factors, period_of_hour


def add_local_roads(
    roads: Roads, zone_layout: ZoneLayout, seats: list[int], layout: Layout, traffic: Traffic
) -> None:
    """Add the roads between neighbouring zones, and from every seat to its nearest zones.

    Neighbours are joined in a Delaunay triangulation. Edges longer than 25 km are left out; zones
    that this cuts off are joined to the seat of their district.
    """
    zones = zone_layout.zones
    core = np.array([name == "core" for name in zone_layout.districts.area_class])[zones.district]
    kmh = np.where(
        zones.urban,
        np.where(core, traffic.core_kmh.value, traffic.town_kmh.value),
        traffic.rural_kmh.value,
    )
    detour = layout.detour_factor.value
    pairs = _neighbours(zone_layout.zones_xy)
    km = np.hypot(*(zone_layout.zones_xy[pairs[:, 0]] - zone_layout.zones_xy[pairs[:, 1]]).T)
    for (a, b), length in zip(
        pairs[km <= _LONGEST_LOCAL_KM].tolist(), km[km <= _LONGEST_LOCAL_KM].tolist(), strict=True
    ):
        rural = not (zones.urban[a] and zones.urban[b])
        roads.add_road(
            a, b, max(length, 0.05) * detour, float(min(kmh[a], kmh[b])), RURAL if rural else LOCAL
        )
    for d, seat in enumerate(seats):
        mine = np.flatnonzero(zones.district == d)
        distance = np.hypot(*(zone_layout.zones_xy[mine] - zone_layout.seats_xy[d]).T)
        for i in np.argsort(distance, kind="stable")[:3]:
            roads.add_road(
                int(mine[i]),
                seat,
                max(float(distance[i]), 0.05) * detour,
                float(kmh[mine[i]]),
                LOCAL,
            )
    _join_islands(roads, zone_layout, seats, detour, traffic.rural_kmh.value)


def _neighbours(xy: Floats) -> Ints:
    """Return the edges of the Delaunay triangulation as sorted pairs, else all pairs."""
    try:
        corners = Delaunay(xy).simplices
    except (QhullError, ValueError):
        near = cKDTree(xy).query_pairs(np.inf) if len(xy) < 50 else set()
        return np.array(sorted(near), dtype=np.int64).reshape(-1, 2)
    pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])
    return np.unique(np.sort(pairs, axis=1), axis=0).astype(np.int64)


def _join_islands(
    roads: Roads, zone_layout: ZoneLayout, seats: list[int], detour: float, kmh: float
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
        members = np.flatnonzero(label[: len(zone_layout.zones.id)] == island)
        if len(members):
            d = int(zone_layout.zones.district[members[0]])
            distance = np.hypot(*(zone_layout.zones_xy[members] - zone_layout.seats_xy[d]).T)
            nearest = int(np.argmin(distance))
            roads.add_road(
                int(members[nearest]), seats[d], float(distance[nearest]) * detour, kmh, RURAL
            )


def add_links(
    roads: Roads,
    links: list[LinkRow],
    service_areas: Sequence[int],
    districts: dict[str, int],
    seats: list[int],
) -> list[Carriageway]:
    """Add the links between seats; return the carriageways of the expressways.

    The service areas of a link alternate between its directions (a site is one side). As many as
    the link's own row has lie at even steps; others fill the longest gaps (see `stops_along`).
    """
    carriageways = []
    for link, count in zip(links, service_areas, strict=True):
        a, b = districts[link.from_district], districts[link.to_district]
        if link.kind != "expressway":
            roads.add_road(
                seats[a], seats[b], link.km, link.free_kmh, URBAN if link.kind == "urban" else TRUNK
            )
            continue
        there = stops_along((count + 1) // 2, (link.service_areas + 1) // 2)
        back = stops_along(count // 2, link.service_areas // 2)
        carriageways.append(_carriageway(roads, link, a, b, seats, there))
        carriageways.append(_carriageway(roads, link, b, a, seats, back))
    join_carriageways(roads, carriageways)
    return carriageways


def stops_along(count: int, usual: int) -> dict[int, float]:
    """Return service areas in their order on the road: number, and place [0..1].

    The usual ones are at even steps, numbered along the road. Fewer are those that leave the
    shortest gaps; each further one halves the longest gap. One more moves none.
    """
    steps = {number: number / (usual + 1) for number in range(1, usual + 1)}
    chosen: dict[int, float] = {}
    for number in range(1, count + 1):
        taken = np.array([0.0, *sorted(chosen.values()), 1.0])
        free = {step: place for step, place in steps.items() if step not in chosen}
        if free:
            far = {step: float(np.abs(taken - place).min()) for step, place in free.items()}
            step = max(far, key=lambda step: (round(far[step], 9), -step))
            chosen[step] = free[step]
        else:
            gap = int(np.argmax(np.round(np.diff(taken), 9)))
            chosen[number] = float(taken[gap] + taken[gap + 1]) / 2
    return dict(sorted(chosen.items(), key=lambda item: item[1]))


def _carriageway(
    roads: Roads, link: LinkRow, a: int, b: int, seats: list[int], stops: dict[int, float]
) -> Carriageway:
    """Add one direction of an expressway, beside the straight line between the seats."""
    tail, head = seats[a], seats[b]
    here = np.array([roads.lat[tail], roads.lon[tail]])
    along = np.array([roads.lat[head], roads.lon[head]]) - here
    side = 0.004 * np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9)
    label = roads.free_name(f"{roads.name[tail]}>{roads.name[head]}")

    def add(kind: str, name: str, part: float) -> int:
        lat, lon = (here + part * along + side).tolist()
        return roads.add_node(kind, name, lat, lon, roads.district[tail if part < 0.5 else head])

    chain = [
        add("corridor", label, 0.0),
        *(add("junction", f"{label}-{number}", place) for number, place in stops.items()),
        add("junction", f"{label}-end", 1.0),
    ]
    places = pairwise([0.0, *stops.values(), 1.0])
    for (start, end), (begin, until) in zip(pairwise(chain), places, strict=True):
        roads.add_edge(start, end, link.km * (until - begin), link.free_kmh, EXPRESSWAY)
    roads.add_edge(tail, chain[0], *RAMP_KM_KMH, RAMP)
    roads.add_edge(chain[-1], head, *RAMP_KM_KMH, RAMP)
    return Carriageway(a, b, chain[0], tuple(chain[1:-1]), chain[-1], link.km)


def join_carriageways(roads: Roads, carriageways: list[Carriageway]) -> None:
    """Join every carriageway to those that begin where it ends, except the one back."""
    leaving: dict[int, list[Carriageway]] = {}
    for one in carriageways:
        leaving.setdefault(one.tail, []).append(one)
    for one in carriageways:
        for other in leaving.get(one.head, ()):
            if other.head != one.tail:
                roads.add_edge(one.exit, other.entry, 0.3, 60.0, INTERCHANGE)
