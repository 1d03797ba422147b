"""Read the roads of GMNS, the General Modeling Network Specification: link.csv and node.csv."""

from pathlib import Path

from chargesim.importers.import_report import ImportReport
from chargesim.importers.records import RecordFaultError, RecordLeftOutError, name_of, number
from chargesim.importers.road_records import (
    UNITS,
    RawRoads,
    RoadLink,
    class_of,
    length_of,
    refuse_paths,
    wkt_line,
)
from chargesim.importers.source_file import CsvTable, SourceFile, open_source

LINK_COLUMNS = {"from_node_id", "to_node_id"}
_NODE_COLUMNS = {"node_id", "x_coord", "y_coord"}
_CAR_USES = ("all", "auto", "car", "sov", "hov", "drive", "motor", "vehicle", "truck")
_YES, _NO = ("1", "true", "yes", "t"), ("0", "false", "no", "f")


def recognise(columns: list[str]) -> bool:
    """Return whether the columns are those of link.csv."""
    return set(columns) >= LINK_COLUMNS


def read(source: SourceFile, encoding: str) -> RawRoads:
    """Return the nodes and links; node.csv, and config.csv and geometry.csv if any, lie beside."""
    folder = source.path.parent
    nodes = open_source(folder / "node.csv", encoding)
    roads = RawRoads(
        ImportReport(source.name, "line"),
        speed_unit="",
        node_report=ImportReport(nodes.name, "line"),
    )
    _read_config(folder, encoding, roads)
    node_table = nodes.csv()
    _need(nodes, node_table, _NODE_COLUMNS)
    _refuse_broken(node_table, roads.node_report)
    for line, row in node_table.rows():
        roads.add_node(line, name_of(row["node_id"]), row["x_coord"], row["y_coord"])
    shapes = _shapes(folder, encoding)
    links = source.csv()
    _need(source, links, LINK_COLUMNS)
    _refuse_broken(links, roads.report)
    for line, row in links.rows():
        roads.report.records += 1
        name = name_of(row.get("link_id"))
        try:
            roads.links.append(_link(line, name, row, shapes))
        except RecordFaultError as fault:
            roads.report.refuse(line, name, fault)
    if links.fields and not any(row.get("directed", "") for _, row in links.rows()):
        roads.report.remarks.append("Column directed is empty: each link leads one way.")
    return roads


def _link(line: int, name: str, row: dict[str, str], shapes: dict[str, str]) -> RoadLink:
    """Return a row of link.csv."""
    road_class = class_of(row.get("facility_type"))
    refuse_paths(road_class)
    uses = row.get("allowed_uses", "").lower()
    if uses and not any(use in uses for use in _CAR_USES):
        raise RecordLeftOutError("is not for cars", uses)
    directed = row.get("directed", "").lower()
    if directed and directed not in _YES + _NO:
        raise RecordFaultError("directed is neither true nor false", directed)
    shape = row.get("geometry") or shapes.get(row.get("geometry_id", ""), "")
    points = wkt_line(shape)
    if row.get("dir_flag", "").startswith("-1") and not row.get("geometry"):
        points = points[::-1]
    kmh = number(row.get("free_speed"))
    return RoadLink(
        line,
        name,
        name_of(row["from_node_id"]),
        name_of(row["to_node_id"]),
        road_class,
        kmh if kmh else None,
        length_of(row.get("length")),
        points,
        directed in _NO,
    )


def _need(source: SourceFile, table: CsvTable, columns: set[str]) -> None:
    missing = sorted(columns - set(table.columns))
    if missing:
        have = ", ".join(table.columns[:20])
        raise source.fault(f"has no column {', '.join(missing)}; it has {have}", 1)


def _refuse_broken(table: CsvTable, report: ImportReport | None) -> None:
    assert report is not None
    for line, words in table.broken:
        report.records += 1
        fault = RecordFaultError("has another number of fields than the header", words)
        report.refuse(line, "", fault)


def _read_config(folder: Path, encoding: str, roads: RawRoads) -> None:
    """Take units and coordinate system from config.csv, where there is one."""
    if not (folder / "config.csv").is_file():
        return
    for _, row in open_source(folder / "config.csv", encoding).csv().rows():
        unit = row.get("long_length") or row.get("length") or ""
        roads.length_unit = UNITS.get(unit.lower(), "")
        roads.speed_unit = UNITS.get(row.get("speed", "").lower(), "")
        roads.crs = row.get("crs") or None


def _shapes(folder: Path, encoding: str) -> dict[str, str]:
    """Return the geometry of geometry.csv by its id."""
    if not (folder / "geometry.csv").is_file():
        return {}
    rows = open_source(folder / "geometry.csv", encoding).csv().rows()
    return {row.get("geometry_id", ""): row.get("geometry", "") for _, row in rows}
