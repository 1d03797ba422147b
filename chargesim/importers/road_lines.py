"""Read roads that are lines alone, GeoJSON or shapefile: nodes are where lines meet or end."""

import struct
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from chargesim.errors import InputError
from chargesim.importers import geojson
from chargesim.importers.import_report import ImportReport
from chargesim.importers.records import RecordFaultError, is_given, name_of, plain_text, record_of
from chargesim.importers.road_records import (
    Line,
    RawRoads,
    RoadLink,
    class_of,
    line_of,
    point,
    refuse_paths,
    speed_of,
)
from chargesim.importers.source_file import MAX_MB, SourceFile
from chargesim.scenario.file_paths import display_path

CLASS_NAMES = (
    "highway", "fclass", "road_class", "class", "facility_type", "roadtype", "type", "kind",
)  # fmt: skip
SPEED_NAMES = (
    "maxspeed", "free_kmh", "free_speed", "speed_kmh", "speed_kph", "max_speed", "speed_limit",
    "speed", "kmh",
)  # fmt: skip
ONEWAY_NAMES = ("oneway", "one_way", "dir", "direction")
ID_NAMES = ("id", "osm_id", "@id", "osmid", "link_id", "road_id", "fid", "objectid")
_BOTH_WAYS = (
    "", "no", "false", "0", "b", "both", "n", "2", "two_way", "two-way", "reversible",
    "alternating",
)  # fmt: skip
_FORWARD, _BACKWARD = ("yes", "true", "1", "f", "ft", "one_way", "oneway"), ("-1", "t", "tf")
_LINES = (3, 13, 23)
"""Types of shapes: PolyLine, PolyLineZ, PolyLineM."""
_DIGITS_DEGREES, _DIGITS_PLANE = 6, 2
"""Digits at which two points are one: about 0.1 m in degrees, 0.01 of a unit on a plane."""


@dataclass(frozen=True)
class _Feature:
    """A line of a file, with what is said of it."""

    record: int
    lines: tuple[Line, ...]
    properties: Mapping[str, Any]


def read_geojson(source: SourceFile) -> RawRoads:
    """Return the lines of a GeoJSON file, cut where they meet."""
    report = ImportReport(source.name)
    try:
        raws = geojson.records(source.json())
    except RecordFaultError as fault:
        raise source.fault(f"{fault.reason} {fault.got}".strip()) from None
    features = []
    for record, raw in enumerate(raws, start=1):
        report.records += 1
        try:
            features.append(_feature(record, record_of(raw)))
        except RecordFaultError as fault:
            report.refuse(record, "", fault)
    return _cut(features, report, "wgs84")


def _feature(record: int, raw: dict[str, Any]) -> _Feature:
    """Return a feature of GeoJSON."""
    geometry, properties = raw.get("geometry"), raw.get("properties")
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if not isinstance(geometry, dict) or kind not in ("LineString", "MultiLineString"):
        raise RecordFaultError("is no line", kind)
    parts = geometry.get("coordinates")
    parts = [parts] if kind == "LineString" else parts
    if not isinstance(parts, list):
        raise RecordFaultError("its line has no two points")
    given = properties if isinstance(properties, dict) else {}
    return _Feature(record, tuple(line_of(one) for one in parts), {"id": raw.get("id"), **given})


def read_shapefile(path: Path, encoding: str) -> RawRoads:
    """Return the lines of a shapefile, cut where they meet; .dbf and .prj lie beside it.

    Raises
    ------
    InputError
        When a part is missing, too large or broken.
    """
    import shapefile

    name = display_path(path)
    for ending in (".shp", ".dbf"):
        part = path.with_suffix(ending)
        if not part.is_file():
            raise InputError([f"{name}: {part.name} is missing; .shp and .dbf belong together"])
        if part.stat().st_size > MAX_MB * 10**6:
            raise InputError([f"{display_path(part)}: has more than {MAX_MB} MB; cut it up"])
    report, prj = ImportReport(name), path.with_suffix(".prj")
    try:
        with warnings.catch_warnings(record=True) as odd:
            warnings.simplefilter("always")
            with shapefile.Reader(str(path), encoding=encoding, encodingErrors="replace") as file:
                if file.shapeType not in _LINES:
                    raise InputError([f"{name}: has no lines, but {file.shapeTypeName}"])
                features = list(_shapes(file, report))
    except (
        shapefile.ShapefileException, struct.error, ValueError, LookupError, OverflowError,
        EOFError, MemoryError, TypeError, AttributeError, OSError, AssertionError,
    ) as error:  # fmt: skip
        raise InputError([f"{name}: is a broken shapefile: {str(error)[:100]}"]) from None
    said = dict.fromkeys(plain_text(str(one.message)) for one in odd)
    report.remarks += [f"Odd: {words}" for words in said]
    crs = prj.read_text(encoding="utf-8", errors="replace") if prj.is_file() else None
    return _cut(features, report, crs)


def _shapes(file: Any, report: ImportReport) -> Iterator[_Feature]:
    """Yield the lines of a shapefile."""
    for record, one in enumerate(file.iterShapeRecords(), start=1):
        report.records += 1
        try:
            shape = one.shape
            if shape.shapeType not in _LINES or len(shape.points) < 2:
                raise RecordFaultError("is no line")
            starts = [*shape.parts, len(shape.points)]
            lines = tuple(
                tuple(point(x, y) for x, y, *_ in shape.points[begin:end])
                for begin, end in pairwise(starts)
            )
            yield _Feature(record, lines, one.record.as_dict())
        except RecordFaultError as fault:
            report.refuse(record, "", fault)


def _cut(features: list[_Feature], report: ImportReport, crs: str | None) -> RawRoads:
    """Return links and nodes: lines are cut at points that several of them have, and at ends."""
    roads = RawRoads(report, crs=crs)
    every = [abs(c) for one in features for line in one.lines for xy in line for c in xy]
    digits = _DIGITS_DEGREES if max(every, default=0.0) <= 360 else _DIGITS_PLANE

    def place(xy: tuple[float, float]) -> tuple[float, float]:
        return round(xy[0], digits), round(xy[1], digits)

    features = [
        _Feature(one.record, tuple(_without_stops(line, place) for line in one.lines),
                 one.properties) for one in features
    ]  # fmt: skip
    met = Counter(place(xy) for one in features for line in one.lines for xy in line)
    for one in features:
        for line in one.lines:
            for end in (line[0], line[-1]):
                met[place(end)] += 1
    names: dict[tuple[float, float], str] = {}
    for one in features:
        try:
            _add_parts(one, met, names, roads, place)
        except RecordFaultError as fault:
            report.refuse(one.record, _value(one.properties, ID_NAMES), fault)
    roads.nodes = {name: xy for xy, name in names.items()}
    return roads


def _without_stops(line: Line, place: Any) -> Line:
    """Return a line without points that repeat the one before."""
    return tuple(xy for i, xy in enumerate(line) if i == 0 or place(xy) != place(line[i - 1]))


def _add_parts(
    one: _Feature, met: Counter[Any], names: dict[Any, str], roads: RawRoads, place: Any
) -> None:
    """Add the links of a line."""
    name = _value(one.properties, ID_NAMES)
    road_class = class_of(_value(one.properties, CLASS_NAMES))
    refuse_paths(road_class)
    kmh = speed_of(_value(one.properties, SPEED_NAMES))
    oneway = _value(one.properties, ONEWAY_NAMES).strip().lower()
    if oneway not in _FORWARD + _BACKWARD + _BOTH_WAYS:
        why = "oneway is no word that is known; taken as a road for both directions"
        roads.report.add(one.record, name, "noted", why, oneway)
    for points in one.lines:
        if len(points) < 2:
            raise RecordFaultError("its line has no two points")
        line = points[::-1] if oneway in _BACKWARD else points
        cuts = [i for i, xy in enumerate(line) if met[place(xy)] > 1]
        for begin, end in pairwise(cuts):
            tail, head = (
                names.setdefault(place(line[i]), f"n{len(names) + 1}") for i in (begin, end)
            )
            roads.links.append(
                RoadLink(
                    one.record, name, tail, head, road_class, kmh, None, line[begin : end + 1],
                    oneway not in _FORWARD + _BACKWARD,
                )
            )  # fmt: skip


def _value(properties: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """Return the first property of some names that has a value, as text."""
    lower = {str(key).lower(): value for key, value in properties.items()}
    for name in names:
        if is_given(lower.get(name)):
            return name_of(lower[name]) if names is ID_NAMES else str(lower[name])
    return ""
