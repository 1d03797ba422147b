"""Read zones and roads from a user's own tables."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from chargesim.errors import InputError
from chargesim.network.network import Districts, Zones
from chargesim.network.projection import Projection, straight_km
from chargesim.network.road_checks import (
    Point,
    contradictions,
    length_faults,
    loop_faults,
    missing_nodes,
)
from chargesim.network.roads import (
    EXPRESSWAY,
    LOCAL,
    RAMP,
    RAMP_KM_KMH,
    TRUNK,
    URBAN,
    Carriageway,
    Roads,
    join_carriageways,
)
from chargesim.network.table_columns import NodeRow, RoadRow, ZoneRow
from chargesim.scenario.area_classes import city_faults
from chargesim.scenario.file_paths import display_path, path_inside
from chargesim.scenario.model import Scenario
from chargesim.scenario.tables import duplicate_faults, read_rows

_KINDS = {"local": LOCAL, "urban": URBAN, "trunk": TRUNK}
_SAME_PLACE_KM = 1.0
"""A zone that is a row of the nodes, too, has one place."""


def read_zones(scenario: Scenario, folder: Path) -> tuple[Districts, Zones]:
    """Return the districts and zones of the table of zones."""
    assert scenario.city.zones is not None
    path = path_inside(folder, scenario.city.zones)

    def check(rows: list[ZoneRow]) -> list[str]:
        return duplicate_faults(
            path, "zone_id", [(row.line, row.zone_id) for row in rows]
        ) + _class_faults(scenario, path, rows)

    rows = read_rows(path, ZoneRow, check)
    classes = {row.district: row.area_class for row in rows}
    names = list(classes)
    zones = Zones(
        id=tuple(row.zone_id for row in rows),
        district=np.array([names.index(row.district) for row in rows], dtype=np.int64),
        lat=np.array([row.lat for row in rows]),
        lon=np.array([row.lon for row in rows]),
        population=np.array([row.population for row in rows]),
        urban=np.array([row.urban == 1 for row in rows]),
    )
    return Districts(tuple(names), tuple(classes.values())), zones


def _class_faults(scenario: Scenario, path: Path, rows: list[ZoneRow]) -> list[str]:
    """Return faults of unknown classes, and of districts that have two of them."""
    classes: dict[str, str] = {}
    used = [(f"{display_path(path)}:{row.line}", row.area_class) for row in rows]
    faults = city_faults(scenario, "area_class", used)
    for row in rows:
        other = classes.setdefault(row.district, row.area_class)
        if other != row.area_class:
            faults.append(
                f"{display_path(path)}:{row.line}: area_class: {row.district} is {other} "
                f"in an earlier line and {row.area_class} here"
            )
    return faults


def read_roads(scenario: Scenario, folder: Path, zones: Zones) -> tuple[Roads, list[Carriageway]]:
    """Return the roads of a table; an expressway has a carriageway for each of its directions.

    A carriageway has ramps at both ends.
    """
    assert scenario.city.roads is not None and scenario.city.zones is not None
    path = path_inside(folder, scenario.city.roads)
    points = dict(
        zip(zones.id, zip(zones.lat.tolist(), zones.lon.tolist(), strict=True), strict=True)
    )
    places = None if scenario.city.nodes is None else path_inside(folder, scenario.city.nodes)
    if places is not None:
        points = _read_nodes(places, points) | points

    def check(rows: list[RoadRow]) -> list[str]:
        faults = loop_faults(path, rows) + contradictions(path, rows)
        faults += missing_nodes(path, places, rows, points) if places is not None else []
        return faults + length_faults(path, rows, points)

    rows = read_rows(path, RoadRow, check)
    unreached = _unreached_zones(path, rows, zones)
    if unreached:
        raise InputError(unreached)
    roads = Roads.of_zones(zones)
    nodes = {name: i for i, name in enumerate(zones.id)}
    junctions = (
        _junctions(rows, nodes, zones)
        if places is None
        else _placed_junctions(rows, nodes, zones, points)
    )
    for name, (lat, lon, district) in junctions.items():
        nodes[name] = roads.add_node("junction", name, lat, lon, district)
    carriageways = []
    for row in rows:
        a, b = nodes[row.from_id], nodes[row.to_id]
        if row.kind == "expressway":
            carriageways.append(_carriageway(roads, a, b, row))
            if not row.oneway:
                carriageways.append(_carriageway(roads, b, a, row))
        elif row.oneway:
            roads.add_edge(a, b, row.km, row.free_kmh, _KINDS[row.kind])
        else:
            roads.add_road(a, b, row.km, row.free_kmh, _KINDS[row.kind])
    join_carriageways(roads, carriageways)
    return roads, carriageways


def _read_nodes(path: Path, zones: Mapping[str, Point]) -> dict[str, Point]:
    """Return where the junctions of a table are."""

    def check(rows: list[NodeRow]) -> list[str]:
        faults = duplicate_faults(path, "node", [(row.line, row.node) for row in rows])
        for row in rows:
            if row.node in zones:
                here = np.array([row.lat, row.lon, *zones[row.node]])
                away_km = float(straight_km(*here[:, None])[0])
                if away_km > _SAME_PLACE_KM:
                    faults.append(
                        f"{display_path(path)}:{row.line}: node: {row.node!r} is a zone, too, and "
                        f"that lies {away_km:.1f} km away; both need the same place"
                    )
        return faults

    return {row.node: (row.lat, row.lon) for row in read_rows(path, NodeRow, check)}


def _unreached_zones(path: Path, rows: list[RoadRow], zones: Zones) -> list[str]:
    """Return a fault that names the zones that no road reaches."""
    ends = {name for row in rows for name in (row.from_id, row.to_id)}
    off = [name for name in zones.id if name not in ends]
    more = f" and {len(off) - 3} more" if len(off) > 3 else ""
    return (
        [f"{display_path(path)}: zones off the graph: no road leads to {', '.join(off[:3])}{more}"]
        if off
        else []
    )


def _junctions(
    rows: list[RoadRow], nodes: dict[str, int], zones: Zones
) -> dict[str, tuple[float, float, int]]:
    """Return position and district of the junctions: the middle of the zones that they join."""
    near: dict[str, list[int]] = {}
    for row in rows:
        for name, other in ((row.from_id, row.to_id), (row.to_id, row.from_id)):
            if name not in nodes:
                near.setdefault(name, [])
                if other in nodes:
                    near[name].append(nodes[other])
    found = {}
    for name, neighbours in near.items():
        around = neighbours or list(range(len(zones.id)))
        found[name] = (
            float(zones.lat[around].mean()),
            float(zones.lon[around].mean()),
            int(zones.district[around[0]]),
        )
    return found


def _placed_junctions(
    rows: list[RoadRow], nodes: dict[str, int], zones: Zones, points: Mapping[str, Point]
) -> dict[str, tuple[float, float, int]]:
    """Return position and district of the junctions of a table; the district of the next zone."""
    names = dict.fromkeys(
        name for row in rows for name in (row.from_id, row.to_id) if name not in nodes
    )
    if not names:
        return {}
    where = np.array([points[name] for name in names])
    projection = Projection.about(zones.lat, zones.lon)
    _, nearest = cKDTree(projection.xy(zones.lat, zones.lon)).query(
        projection.xy(where[:, 0], where[:, 1])
    )
    districts = zones.district[nearest].tolist()
    return {
        name: (*points[name], district) for name, district in zip(names, districts, strict=True)
    }


def _carriageway(roads: Roads, a: int, b: int, row: RoadRow) -> Carriageway:
    """Add one direction of an expressway."""
    label = roads.free_name(f"{roads.name[a]}>{roads.name[b]}")
    entry = roads.add_node("corridor", label, roads.lat[a], roads.lon[a], roads.district[a])
    exit_ = roads.add_node(
        "junction", f"{label}-end", roads.lat[b], roads.lon[b], roads.district[b]
    )
    roads.add_edge(entry, exit_, row.km, row.free_kmh, EXPRESSWAY)
    roads.add_edge(a, entry, *RAMP_KM_KMH, RAMP)
    roads.add_edge(exit_, b, *RAMP_KM_KMH, RAMP)
    return Carriageway(a, b, entry, (), exit_, row.km)


def vehicle_km_weights(
    carriageways: list[Carriageway], masses: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return each carriageway's share of the corridor wishes, by km x the masses at its ends."""
    weights = np.array([way.km * masses[way.tail] * masses[way.head] for way in carriageways])
    return weights / weights.sum() if weights.sum() > 0 else weights
