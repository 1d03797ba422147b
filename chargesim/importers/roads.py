"""Import roads: from a file of any known format to tables of roads, nodes and zones."""

import csv
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargesim.errors import InputError
from chargesim.importers import gmns, graphml, road_lines, tntp
from chargesim.importers.import_report import ImportReport, report_path
from chargesim.importers.records import RecordFaultError, RecordLeftOutError
from chargesim.importers.road_graph import RoadGraph
from chargesim.importers.road_lengths import MeasuredRoads, measure
from chargesim.importers.road_records import RawRoads
from chargesim.importers.road_zones import ZoneOptions, ZoneTable, make_zones
from chargesim.importers.source_file import SourceFile, open_source
from chargesim.runs.storage import replacing
from chargesim.scenario.file_paths import display_path

Bools = NDArray[np.bool_]
TITLES = {
    "graphml": "GraphML, as OSMnx writes it", "gmns": "GMNS", "tntp": "TNTP",
    "shapefile": "shapefile", "geojson": "GeoJSON lines",
}  # fmt: skip
"""Formats by the name of `--format`."""


@dataclass(frozen=True)
class RoadOptions:
    """What a user asks of an import of roads."""

    format: str = "auto"
    crs: str | None = None
    nodes: Path | None = None
    join_km: float = 1.0
    expressways: bool = False
    """motorways become roads of the kind expressway, with through traffic and service areas"""
    encoding: str = "utf-8"
    zones: ZoneOptions = field(default_factory=ZoneOptions)


@dataclass(frozen=True)
class ImportedRoads:
    """Tables that were written."""

    out: Path
    format: str
    """the format's title"""
    crs: str
    nodes: int
    roads: int
    """rows of the table"""
    oneway: int
    km: float
    """of all roads, each direction counted [km]"""
    zones: int | None
    files: tuple[Path, ...]
    reports: tuple[ImportReport, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            "out": str(self.out), "format": self.format, "crs": self.crs, "nodes": self.nodes,
            "roads": self.roads, "oneway": self.oneway, "km": round(self.km, 3),
            "zones": self.zones, "files": [str(one) for one in self.files],
            "reports": [one.to_dict() for one in self.reports],
        }  # fmt: skip


def import_roads(path: Path, out: Path, options: RoadOptions) -> ImportedRoads:
    """Read the roads of a file and write `roads.csv` and `nodes.csv`, and `zones.csv` if asked.

    Parameters
    ----------
    path : Path
        The file; a folder for GMNS.
    out : Path
        The folder for the tables; older ones of these names are replaced.
    options : RoadOptions
        Format, coordinate system, how far links are joined, zones.

    Raises
    ------
    InputError
        When the file cannot be read, or no road is left; then nothing is written.
    """
    if out.exists() and not out.is_dir():
        raise InputError([f"{display_path(out)}: is a file; --out needs a folder"])
    name, raw = _read(path, options)
    try:
        measured = measure(raw, options.crs)
    except RecordFaultError as fault:
        raise InputError(_nothing_left(raw, fault)) from None
    graph = _graph(measured, raw, options)
    chosen = np.array([bool(ways) for ways in graph.out])
    zones = _zones(measured, chosen, options)
    rows = graph.rows(measured.names)
    raw.report.keep_what_counts()
    nodes = [
        {"node": measured.names[n], "lat": round(float(lat), 7), "lon": round(float(lon), 7)}
        for n, lat, lon in zip(
            np.flatnonzero(chosen), measured.lat[chosen], measured.lon[chosen], strict=True
        )
    ]
    tables: list[tuple[str, list[dict[str, Any]], ImportReport | None]] = [
        ("roads.csv", rows, raw.report),
        ("nodes.csv", nodes, raw.node_report),
    ]
    if zones is not None:
        tables.append(("zones.csv", zones.rows, zones.report))
        raw.report.remarks += zones.remarks
    files = _write(out, tables)
    return ImportedRoads(
        out,
        TITLES[name],
        options.crs or ("wgs84" if raw.crs is None else raw.crs[:40]),
        len(nodes),
        len(rows),
        sum(row["oneway"] == 1 for row in rows),
        sum(edge[0] for ways in graph.out for edge in ways.values()),
        None if zones is None else len(zones.rows),
        files,
        tuple(report for _, _, report in tables if report is not None),
    )


def _read(path: Path, options: RoadOptions) -> tuple[str, RawRoads]:
    """Return the format of a file and its roads."""
    asked = options.format
    if path.suffix.lower() == ".shp" and asked in ("auto", "shapefile"):
        if not path.is_file():
            raise InputError([f"{display_path(path)}: no such file"])
        return "shapefile", road_lines.read_shapefile(path, options.encoding)
    if path.is_dir() and asked in ("auto", "gmns"):
        if not (path / "link.csv").is_file():
            raise InputError([f"{display_path(path)}: is a folder without link.csv, so no GMNS"])
        path = path / "link.csv"
    source = open_source(path, options.encoding)
    name = _recognise(source) if asked == "auto" else asked
    if options.nodes is not None and name != "tntp":
        raise source.fault(f"--nodes is for tntp; {name} names its nodes itself")
    if name == "graphml":
        return name, graphml.read(source)
    if name == "gmns":
        return name, gmns.read(source, options.encoding)
    if name == "tntp":
        return name, tntp.read(source, options.nodes, options.encoding)
    if name == "geojson":
        return name, road_lines.read_geojson(source)
    raise source.fault("is no shapefile: the name of one ends in .shp")


def _recognise(source: SourceFile) -> str:
    """Return the format of a file, by its content."""
    if tntp.recognise(source):
        return "tntp"
    if source.kind == "xml" and b"graphml" in source.content[:10_000].lower():
        return "graphml"
    if source.kind == "json":
        return "geojson"
    if source.kind == "csv" and gmns.recognise(source.csv().columns):
        return "gmns"
    raise source.fault(f"is of no known format of roads; known: {', '.join(TITLES)}")


def _nothing_left(raw: RawRoads, fault: RecordFaultError) -> list[str]:
    """Return the message for a file without a usable road, with the reasons."""
    got = f", got {fault.got}" if fault.got else ""
    reasons = [
        f"{report.file}: {count:,} {what}: {reason}"
        for report in (raw.report, raw.node_report)
        if report is not None
        for what in ("faulty", "left out")
        for reason, count in report.reasons(what)[:10]
    ]
    return [f"{raw.report.file}: {fault.reason}{got}", *reasons]


def _graph(measured: MeasuredRoads, raw: RawRoads, options: RoadOptions) -> RoadGraph:
    """Return the strongly connected part of the roads, links joined; say what is left out."""
    graph, report = RoadGraph.of(len(measured.names)), raw.report
    slower = 0
    for i, link in enumerate(measured.links):
        tail, head, km = int(measured.tail[i]), int(measured.head[i]), float(measured.km[i])
        kind = measured.kind[i]
        if options.expressways and link.road_class == "motorway":
            kind = "expressway"
        edge = (km, 60 * km / measured.kmh[i], kind)
        added = graph.add(tail, head, edge)
        if link.both_ways:
            added |= graph.add(head, tail, edge)
        slower += not added
    if slower:
        report.remarks.append(
            f"{slower:,} links join nodes that a link before them or a quicker one joins; "
            "the quickest counts."
        )
    kept = graph.strong_part()
    lost = 0
    for i, link in enumerate(measured.links):
        if not (kept[measured.tail[i]] and kept[measured.head[i]]):
            lost += 1
            why = "lies outside the largest part with a way there and back"
            report.refuse(link.record, link.name, RecordLeftOutError(why))
    ends = np.zeros(len(kept), dtype=bool)
    ends[measured.tail] = ends[measured.head] = True
    graph.keep(kept)
    if graph.edges == 0:
        raise InputError([f"{report.file}: no two nodes have a road there and back"])
    report.remarks.append(
        f"Connected there and back: {int(kept.sum()):,} nodes; left out: "
        f"{int((ends & ~kept).sum()):,} nodes with {lost:,} links, and "
        f"{int((~ends).sum()):,} nodes without a link."
    )
    joined = graph.join(options.join_km)
    if joined:
        report.remarks.append(
            f"Joined: links in a row up to {options.join_km:g} km, which removes {joined:,} nodes "
            "and changes no distance."
        )
    return graph


def _zones(measured: MeasuredRoads, chosen: Bools, options: RoadOptions) -> ZoneTable | None:
    """Return the zones that are asked for."""
    if not options.zones.wanted:
        return None
    names = [measured.names[n] for n in np.flatnonzero(chosen)]
    lat, lon = measured.lat[chosen], measured.lon[chosen]
    return make_zones(names, lat, lon, options.zones, options.encoding)


def _write(
    out: Path, tables: list[tuple[str, list[dict[str, Any]], ImportReport | None]]
) -> tuple[Path, ...]:
    """Write tables and reports; all appear whole or not at all. Return the files."""
    files = []
    try:
        with ExitStack() as stack:
            for name, rows, report in tables:
                path = out / name
                partial = stack.enter_context(replacing(path))
                files.append(path)
                with partial.open("w", encoding="utf-8", newline="") as file:
                    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                    writer.writeheader()
                    writer.writerows(rows)
                if report is not None:
                    report.write(stack.enter_context(replacing(report_path(path))))
                    files.append(report_path(path))
    except OSError as error:
        raise InputError([f"{out}: cannot be written: {error.strerror or error}"]) from None
    return tuple(files)
