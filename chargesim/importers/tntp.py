"""Read the roads of TNTP, the text format of the transportation test networks."""

import re
from pathlib import Path

from chargesim.importers import geojson
from chargesim.importers.import_report import ImportReport
from chargesim.importers.records import (
    RecordFaultError,
    RecordLeftOutError,
    name_of,
    number,
    record_of,
)
from chargesim.importers.road_records import KM_OF, UNITS, RawRoads, RoadLink, length_of
from chargesim.importers.source_file import SourceFile, open_source

_END = "<END OF METADATA>"
_NODE_FILES = ("_node.tntp", "_nodes.tntp", "_node.txt", "_nodes.geojson", "_node.geojson")


def recognise(source: SourceFile) -> bool:
    """Return whether a file is a network of TNTP."""
    return _END.encode() in source.content[:10_000].upper()


def read(source: SourceFile, nodes: Path | None, encoding: str) -> RawRoads:
    """Return the links of a `_net` file, and the nodes of the file beside it or of `nodes`.

    Centroids that no traffic may pass (below `<FIRST THRU NODE>`) are no roads: they are left out
    with their connectors.
    """
    text = source.text()
    head, found, body = text.partition(_END)
    if not found:
        raise source.fault(f"is no network of TNTP: it has no {_END}")
    meta = {
        key.strip().upper(): value.strip() for key, value in re.findall(r"<([^>]*)>([^\n]*)", head)
    }
    path = nodes or _beside(source)
    node_source = open_source(path, encoding)
    roads = RawRoads(
        ImportReport(source.name, "line"),
        node_report=ImportReport(node_source.name, "line"),
        length_unit=_length_unit(meta.get("ORIGINAL HEADER", "")),
    )
    _read_nodes(node_source, roads)
    first = number(meta.get("FIRST THRU NODE")) or 1
    before = head.count("\n")
    for offset, raw in enumerate(body.split("\n")):
        fields = raw.split(";")[0].split()
        if not fields or fields[0].startswith("~"):
            continue
        line = before + offset + 1
        roads.report.records += 1
        try:
            roads.links.append(_link(line, fields, first))
        except RecordFaultError as fault:
            roads.report.refuse(line, "", fault)
    return roads


def _link(line: int, fields: list[str], first: float) -> RoadLink:
    """Return a line of the network."""
    if len(fields) < 5:
        raise RecordFaultError("has fewer than five fields", " ".join(fields))
    tail, head = name_of(fields[0]), name_of(fields[1])
    for name in (tail, head):
        node = number(name)
        if node is None:
            raise RecordFaultError("its node is no number", name)
        if node < first:
            raise RecordLeftOutError("is the connector of a centroid, no road")
    minutes = number(fields[4])
    if minutes is None or minutes < 0:
        raise RecordFaultError("its time is no number from 0", fields[4])
    return RoadLink(line, "", tail, head, length=length_of(fields[3]), minutes=minutes or None)


def _length_unit(header: str) -> str:
    """Return the unit of lengths in the original header, `Length (ft)`; "" without."""
    found = re.search(r"length\s*\(([^)]*)\)", header, re.I)
    unit = UNITS.get(found.group(1).strip().lower(), "") if found else ""
    return unit if unit in KM_OF else ""


def _beside(source: SourceFile) -> Path:
    """Return the file of nodes beside a network."""
    stem = re.sub(r"_net$", "", source.path.stem, flags=re.I)
    names = {one.name.lower(): one for one in source.path.parent.iterdir()}
    for ending in _NODE_FILES:
        if f"{stem}{ending}".lower() in names:
            return names[f"{stem}{ending}".lower()]
    raise source.fault(f"needs the coordinates of its nodes: {stem}_node.tntp, or --nodes FILE")


def _read_nodes(source: SourceFile, roads: RawRoads) -> None:
    """Add the nodes of a node file, TNTP or GeoJSON."""
    assert roads.node_report is not None
    if source.kind == "json":
        roads.node_report.unit = "record"
        try:
            for record, raw in enumerate(geojson.records(source.json()), start=1):
                row = geojson.row(record_of(raw))
                name = name_of(row.get("id", row.get("node")))
                roads.add_node(record, name, row["lon"], row["lat"])
        except RecordFaultError as fault:
            raise source.fault(f"{fault.reason} {fault.got}".strip()) from None
        return
    for line, raw in enumerate(source.text().split("\n"), start=1):
        fields = raw.split(";")[0].split()
        if not fields or not fields[0].lstrip("-").isdecimal():
            continue
        x, y = (*fields[1:3], "", "")[:2]
        roads.add_node(line, name_of(fields[0]), x, y)
