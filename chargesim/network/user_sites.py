"""Read a user's own table of sites: check it, complete it from the scenario, hang each site on the roads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargesim.network.network import Districts, Zones
from chargesim.network.opening import open_sites
from chargesim.network.projection import Projection
from chargesim.network.roads import INTERCHANGE, Carriageway, Roads
from chargesim.network.site_records import faults_of_row, ids_of_row, records_of_row
from chargesim.network.table_columns import SiteRow
from chargesim.scenario.csv_tables import duplicate_faults, read_csv_rows
from chargesim.scenario.file_paths import display_path
from chargesim.scenario.model import Scenario

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TURN_OFF_KM, _TURN_OFF_KMH = 0.1, 40.0


@dataclass(frozen=True)
class TableSites:
    """The sites of a table and where they hang on the roads."""

    records: list[dict[str, Any]]
    node: Ints
    """node from which a site is reached"""
    exit: Ints
    """node at which the way on from a site begins"""
    leg_km: Floats


def read_sites(
    scenario: Scenario,
    path: Path,
    roads: Roads,
    districts: Districts,
    zones: Zones,
    ways: list[Carriageway],
    junctions: Sequence[int],
) -> TableSites:
    """Return the sites of a table; each hangs on its node, or on the nearest zone.

    Swap sites are left out when the scenario's `swap.enabled` is false, and so are the sites that a build-up has not opened.

    Parameters
    ----------
    scenario : Scenario
        Gives what a row leaves out.
    path : Path
        The table.
    roads : Roads
        Service areas at junctions are added to it.
    districts, zones
        Of the city.
    ways : list of Carriageway
        Where an expressway site may stand: at a junction in which they begin or end, or on one of them.
    junctions : sequence of int
        Node of each `tail` and `head` of `ways`.

    Raises
    ------
    InputError
        With all faults of the table at once.
    """
    index = {name: d for d, name in enumerate(districts.name)}
    nodes = {name: n for n, name in enumerate(roads.name)}
    on_way = {node for way in ways for node in (way.entry, *way.stops, way.exit)}
    at_junction = {junctions[end] for way in ways for end in (way.tail, way.head)}

    def check(rows: list[SiteRow]) -> list[str]:
        faults = duplicate_faults(
            path,
            "site_id",
            [(row.line, name) for row in rows for name in ids_of_row(scenario, row)],
        )
        for row in rows:
            place = f"{display_path(path)}:{row.line}"
            if row.district not in index:
                faults.append(
                    f"{place}: district: got {row.district!r}, needs one of the city's districts"
                )
            taken = [name for name in ids_of_row(scenario, row) if name in nodes]
            faults += [
                f"{place}: site_id: {name!r} is the id of a zone or junction already"
                for name in taken
            ]
            if row.node is not None and row.node not in nodes:
                faults.append(
                    f"{place}: node: got {row.node!r}, which is no zone and no junction of the roads"
                )
            elif row.access == "expressway" and (
                row.node is None or nodes[row.node] not in on_way | at_junction
            ):
                got = f"got {row.node!r}, " if row.node is not None else ""
                faults.append(
                    f"{place}: node: {got}needs a junction of an expressway, since the access is expressway"
                )
            faults += faults_of_row(scenario, row, place)
        return faults or _connection_faults(scenario, path, rows)

    rows = [
        row
        for row in read_csv_rows(path, SiteRow, check)
        if row.kind == "station" or scenario.swap.enabled
    ]
    is_open = open_sites(
        scenario,
        [row.site_id for row in rows],
        [f"{row.kind} {row.access}" for row in rows],
        [row.opens for row in rows],
    )
    rows = [row for row, here in zip(rows, is_open.tolist(), strict=True) if here]
    at, exits, legs = [], [], []
    for row, (nearest, leg_km) in zip(rows, _nearest_zones(scenario, rows, zones), strict=True):
        node = leave = nodes[row.node] if row.node is not None else nearest
        legs.append(leg_km)
        if row.access == "expressway" and node not in on_way:
            node, leave = _service_area(
                roads, ways, junctions, node, row.site_id, index[row.district]
            )
        at.append(node)
        exits.append(leave)
    per_row = [records_of_row(scenario, row, index[row.district]) for row in rows]
    copies = [len(records) for records in per_row]
    return TableSites(
        [record for records in per_row for record in records],
        np.repeat(np.array(at, dtype=np.int64), copies),
        np.repeat(np.array(exits, dtype=np.int64), copies),
        np.repeat(np.array(legs, dtype=float), copies),
    )


def _nearest_zones(
    scenario: Scenario, rows: list[SiteRow], zones: Zones
) -> Iterator[tuple[int, float]]:
    """Give the zone nearest to each site and the road to it [km], 0 for a site with a node of its own."""
    projection = Projection.about(zones.lat, zones.lon)
    zones_xy = projection.xy(zones.lat, zones.lon)
    detour = scenario.layout.detour_factor.value if scenario.layout is not None else 1.0
    for row in rows:
        away_km = np.hypot(
            *(zones_xy - projection.xy(np.array([row.lat]), np.array([row.lon]))[0]).T
        )
        nearest = int(np.argmin(away_km))
        yield nearest, 0.0 if row.node is not None else float(away_km[nearest]) * detour


def _connection_faults(scenario: Scenario, path: Path, rows: list[SiteRow]) -> list[str]:
    """Return a fault for each row that does not fit the first row of its connection."""
    first: dict[str, tuple[SiteRow, float]] = {}
    faults = []
    for row in rows:
        if row.connection is None:
            continue
        site_kw = records_of_row(scenario, row, -1)[0]["site_kw"]
        other, shared_kw = first.setdefault(row.connection, (row, site_kw))
        place = f"{display_path(path)}:{row.line}"
        if site_kw != shared_kw:
            faults.append(
                f"{place}: site_kw: {site_kw:g} kW on the connection {row.connection!r}, needs {shared_kw:g} as in line {other.line}"
            )
        if row.district != other.district:
            line = f"needs {other.district!r} as in line {other.line}"
            faults.append(
                f"{place}: district: got {row.district!r} on the connection {row.connection!r}, {line}"
            )
        if other is not row and (row.store_kwh or row.store_kw):
            faults.append(
                f"{place}: store_kwh: the store of the connection {row.connection!r} belongs in its first row, line {other.line}"
            )
    return faults


def _service_area(
    roads: Roads,
    ways: list[Carriageway],
    junctions: Sequence[int],
    node: int,
    site: str,
    district: int,
) -> tuple[int, int]:
    """Put nodes behind the carriageways that end at a junction and before those that begin there; return both.

    No road joins the two: who passes the site stays on the carriageway, and nobody turns back there. A vehicle that
    goes on from the site itself may take either direction, since a table's site does not say on which side it stands.
    """
    stop = roads.node("junction", f"{site}-stop", roads.lat[node], roads.lon[node], district)
    start = roads.node("junction", f"{site}-start", roads.lat[node], roads.lon[node], district)
    for way in ways:
        if junctions[way.head] == node:
            roads.edge(way.exit, stop, _TURN_OFF_KM, _TURN_OFF_KMH, INTERCHANGE)
        if junctions[way.tail] == node:
            roads.edge(start, way.entry, _TURN_OFF_KM, _TURN_OFF_KMH, INTERCHANGE)
    return stop, start
