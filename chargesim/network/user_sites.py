"""Read a user's own table of sites: check it, complete it, join each site to the roads."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from chargesim.network.network import Districts, Zones
from chargesim.network.opening import open_sites
from chargesim.network.projection import Projection
from chargesim.network.roads import INTERCHANGE, Carriageway, Roads
from chargesim.network.site_records import (
    JoinedSites,
    faults_of_row,
    ids_of_row,
    join_sites,
    records_of_row,
)
from chargesim.network.table_columns import SITE_ROW, SiteRow
from chargesim.scenario.file_paths import display_path
from chargesim.scenario.model import Scenario
from chargesim.scenario.tables import duplicate_faults, read_rows

_TURN_OFF_KM, _TURN_OFF_KMH = 0.1, 40.0


@dataclass(frozen=True)
class _City:
    """What a user's sites refer to: districts, and the nodes of the roads."""

    roads: Roads
    districts: Districts
    zones: Zones
    carriageways: list[Carriageway]
    junctions: Sequence[int]
    """node of each `tail` and `head` of the carriageways"""

    @cached_property
    def district_number(self) -> dict[str, int]:
        return {name: d for d, name in enumerate(self.districts.name)}

    @cached_property
    def node_number(self) -> dict[str, int]:
        return {name: n for n, name in enumerate(self.roads.name)}

    @cached_property
    def on_carriageway(self) -> set[int]:
        return {node for way in self.carriageways for node in (way.entry, *way.stops, way.exit)}

    @cached_property
    def at_junction(self) -> set[int]:
        return {self.junctions[end] for way in self.carriageways for end in (way.tail, way.head)}


def read_sites(
    scenario: Scenario,
    path: Path,
    roads: Roads,
    districts: Districts,
    zones: Zones,
    carriageways: list[Carriageway],
    junctions: Sequence[int],
    places: int,
) -> JoinedSites:
    """Return the sites of a table; each joins the roads at its node, or at the nearest place.

    Swap sites are left out when the scenario's `swap.enabled` is false, and so are the sites that
    a build-up has not opened.

    Parameters
    ----------
    scenario : Scenario
        Fills in what a row leaves out.
    path : Path
        The table.
    roads : Roads
        Service areas at junctions are added to it.
    districts, zones
        Of the city.
    carriageways : list of Carriageway
        Where an expressway site may lie: on one of them, or at a junction where one begins or ends.
    junctions : sequence of int
        Node of each `tail` and `head` of the carriageways.
    places : int
        How many of the first nodes are places that a site may join: the zones, and after them
        the junctions with coordinates of their own.

    Raises
    ------
    InputError
        With all faults of the table at once.
    """
    city = _City(roads, districts, zones, carriageways, junctions)
    rows = read_rows(path, SITE_ROW, lambda rows: _faults(scenario, path, city, rows))
    rows = [row for row in rows if row.kind != "swap" or scenario.swap.enabled]
    is_open = open_sites(
        scenario,
        [row.site_id for row in rows],
        [f"{row.kind} {row.access}" for row in rows],
        [row.opens for row in rows],
    )
    rows = [row for row, here in zip(rows, is_open.tolist(), strict=True) if here]
    nodes, exits, legs_km = [], [], []
    for row, (place, leg_km) in zip(
        rows, _nearest_places(scenario, rows, roads, places), strict=True
    ):
        node = exit_ = city.node_number[row.node] if row.node is not None else place
        if row.access == "expressway" and node not in city.on_carriageway:
            node, exit_ = _add_service_area(city, node, row)
        nodes.append(node)
        exits.append(exit_)
        legs_km.append(0.0 if row.node is not None else leg_km)
    return join_sites(
        [records_of_row(scenario, row, city.district_number[row.district]) for row in rows],
        nodes,
        exits,
        legs_km,
    )


def _faults(scenario: Scenario, path: Path, city: _City, rows: Sequence[SiteRow]) -> list[str]:
    """Return the faults of a table whose rows are each right by themselves."""
    ids = [(row.line, name) for row in rows for name in ids_of_row(scenario, row)]
    faults = duplicate_faults(path, "site_id", ids)
    for row in rows:
        position = f"{display_path(path)}:{row.line}"
        if row.district not in city.district_number:
            faults.append(
                f"{position}: district: got {row.district!r}, needs one of the city's districts"
            )
        faults += [
            f"{position}: site_id: {name!r} is the id of a zone or junction already"
            for name in ids_of_row(scenario, row)
            if name in city.node_number
        ]
        faults += [f"{position}: {fault}" for fault in _node_faults(city, row)]
        faults += faults_of_row(scenario, row, position)
    return faults or _connection_faults(scenario, path, rows)


def _node_faults(city: _City, row: SiteRow) -> list[str]:
    if row.node is not None and row.node not in city.node_number:
        return [f"node: got {row.node!r}, which is no zone and no junction of the roads"]
    if row.access != "expressway":
        return []
    if row.node is not None and (
        city.node_number[row.node] in city.on_carriageway | city.at_junction
    ):
        return []
    got = f"got {row.node!r}, " if row.node is not None else ""
    return [f"node: {got}needs a junction of an expressway, since the access is expressway"]


def _connection_faults(scenario: Scenario, path: Path, rows: Sequence[SiteRow]) -> list[str]:
    """Return a fault for each row that does not fit the first row of its connection."""
    first: dict[str, tuple[SiteRow, float]] = {}
    faults = []
    for row in rows:
        if row.connection is None:
            continue
        site_kw = records_of_row(scenario, row, -1)[0]["site_kw"]
        other, shared_kw = first.setdefault(row.connection, (row, site_kw))
        position, name = f"{display_path(path)}:{row.line}", f"the connection {row.connection!r}"
        if site_kw != shared_kw:
            faults.append(
                f"{position}: site_kw: {site_kw:g} kW on {name}, "
                f"needs {shared_kw:g} as in line {other.line}"
            )
        if row.district != other.district:
            faults.append(
                f"{position}: district: got {row.district!r} on {name}, "
                f"needs {other.district!r} as in line {other.line}"
            )
        if other is not row and (row.given.get("store_kwh") or row.given.get("store_kw")):
            faults.append(
                f"{position}: store_kwh: the store of {name} belongs in its first row, "
                f"line {other.line}"
            )
    return faults


def _nearest_places(
    scenario: Scenario, rows: Sequence[SiteRow], roads: Roads, places: int
) -> list[tuple[int, float]]:
    """Return the place nearest to each site, and the length of the road between them [km]."""
    lat, lon = np.array(roads.lat[:places]), np.array(roads.lon[:places])
    projection = Projection.about(lat, lon)
    places_xy = projection.xy(lat, lon)
    sites_xy = projection.xy(
        np.array([row.lat for row in rows]), np.array([row.lon for row in rows])
    )
    detour = scenario.layout.detour_factor.value if scenario.layout is not None else 1.0
    tree = cKDTree(places_xy)
    nearest = []
    for site_xy, near_km in zip(sites_xy, np.array(tree.query(sites_xy)[0]).tolist(), strict=True):
        # of places that are equally near the first counts
        alike = np.sort(tree.query_ball_point(site_xy, near_km * (1 + 1e-9) + 1e-9))
        away_km = np.hypot(*(places_xy[alike] - site_xy).T)
        place = int(np.argmin(away_km))
        nearest.append((int(alike[place]), float(away_km[place]) * detour))
    return nearest


def _add_service_area(city: _City, junction: int, row: SiteRow) -> tuple[int, int]:
    """Add a node behind the carriageways that end at a junction and one before those that begin.

    No road joins the two: whoever passes the site stays on the carriageway, and nobody turns back.
    Vehicles that go on from the site itself may take either direction, since a table does not say
    on which side a site lies.
    """
    roads, district = city.roads, city.district_number[row.district]
    lat, lon = roads.lat[junction], roads.lon[junction]
    stop = roads.add_node("junction", f"{row.site_id}-stop", lat, lon, district)
    start = roads.add_node("junction", f"{row.site_id}-start", lat, lon, district)
    for way in city.carriageways:
        if city.junctions[way.head] == junction:
            roads.add_edge(way.exit, stop, _TURN_OFF_KM, _TURN_OFF_KMH, INTERCHANGE)
        if city.junctions[way.tail] == junction:
            roads.add_edge(start, way.entry, _TURN_OFF_KM, _TURN_OFF_KMH, INTERCHANGE)
    return stop, start
