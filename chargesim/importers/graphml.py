"""Read the roads of GraphML, as OSMnx writes it: an edge for each direction of a street."""

from typing import Any

from chargesim.importers.import_report import ImportReport
from chargesim.importers.records import RecordFaultError, name_of
from chargesim.importers.road_records import (
    RawRoads,
    RoadLink,
    class_of,
    length_of,
    refuse_paths,
    speed_of,
    wkt_line,
)
from chargesim.importers.source_file import SourceFile

_DEGREES = ("epsg:4326", "wgs84", "crs84")


def read(source: SourceFile) -> RawRoads:
    """Return the nodes and edges of a file; lengths are in m, as OSMnx has them."""
    roads = RawRoads(ImportReport(source.name), length_unit="m")
    keys: dict[str, str] = {}
    directed, crs, nodes = True, "", 0
    places: list[tuple[int, str, dict[str, str]]] = []
    for element in source.xml("key", "node", "edge", "graph"):
        tag = element.tag.rpartition("}")[2]
        if tag == "key":
            keys[element.get("id", "")] = element.get("attr.name", element.get("id", ""))
            continue
        data = {
            keys.get(one.get("key"), one.get("key") or ""): (one.text or "").strip()
            for one in element
            if isinstance(one.tag, str) and one.tag.rpartition("}")[2] == "data"
        }
        if tag == "graph":
            crs, directed = data.get("crs", ""), element.get("edgedefault") != "undirected"
        elif tag == "node":
            nodes += 1
            places.append((nodes, name_of(element.get("id")), data))
        else:
            _add_edge(roads, element.get("source"), element.get("target"), data)
    if not nodes:
        raise source.fault("is no GraphML of roads: it has no node")
    in_degrees = not crs or crs.lower().endswith(_DEGREES)
    given = any("lat" in data and "lon" in data for _, _, data in places)
    east, north = ("x", "y") if in_degrees or not given else ("lon", "lat")
    for number, name, data in places:
        roads.add_node(number, name, data.get(east), data.get(north))
    if in_degrees or given:
        roads.crs = "wgs84"
    else:
        roads.crs = crs
    if not in_degrees and given:
        roads.links = [RoadLink(**{**vars(one), "line": ()}) for one in roads.links]
    if not directed:
        roads.links = [RoadLink(**{**vars(one), "both_ways": True}) for one in roads.links]
    return roads


def _add_edge(roads: RawRoads, tail: Any, head: Any, data: dict[str, str]) -> None:
    report = roads.report
    report.records += 1
    name = name_of(data.get("osmid"))
    try:
        road_class = class_of(data.get("highway"))
        refuse_paths(road_class)
        roads.links.append(
            RoadLink(
                report.records,
                name,
                name_of(tail),
                name_of(head),
                road_class,
                speed_of(data.get("maxspeed") or data.get("speed_kph")),
                length_of(data.get("length")),
                wkt_line(data.get("geometry")),
            )
        )
    except RecordFaultError as fault:
        report.refuse(report.records, name, fault)
