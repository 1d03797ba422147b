"""Hold the links of a file as they are, whatever the format, and read their single values."""

import re
from dataclasses import dataclass, field
from typing import Any

from chargesim.importers.import_report import ImportReport
from chargesim.importers.records import RecordFaultError, RecordLeftOutError, is_given, number

Line = tuple[tuple[float, float], ...]
"""Points of a link, x and y as in the file."""

KMH_OF = {"km/h": 1.0, "mph": 1.609344, "m/s": 3.6, "ft/min": 0.0182880}
KM_OF = {"km": 1.0, "m": 1e-3, "mi": 1.609344, "ft": 3.048e-4}
"""Units of length."""
UNITS = {
    "km": "km", "kilometer": "km", "kilometers": "km", "kilometre": "km", "kilometres": "km",
    "m": "m", "meter": "m", "meters": "m", "metre": "m", "metres": "m",
    "mi": "mi", "mile": "mi", "miles": "mi", "ft": "ft", "foot": "ft", "feet": "ft",
    "mph": "mph", "miles per hour": "mph", "km/h": "km/h", "kph": "km/h", "kmh": "km/h",
    "kmph": "km/h", "m/s": "m/s", "ft/min": "ft/min",
}  # fmt: skip
"""Units under the names that files give them."""
CLASSES = {
    "motorway": ("trunk", 100.0), "trunk": ("trunk", 80.0), "primary": ("urban", 60.0),
    "secondary": ("urban", 50.0), "tertiary": ("local", 40.0), "unclassified": ("local", 40.0),
    "residential": ("local", 30.0), "living_street": ("local", 10.0), "service": ("local", 20.0),
    "road": ("local", 40.0),
}  # fmt: skip
"""Kind, and speed [km/h] where the file has none, of the classes of OpenStreetMap; assumed."""
LINK_KMH = 50.0
"""The same on slip roads (`motorway_link`, ...), at most; assumed."""
OTHER_NAMES = {
    "freeway": "motorway", "expressway": "motorway", "highway": "motorway",
    "principal arterial": "primary", "major arterial": "primary", "arterial": "primary",
    "minor arterial": "secondary", "collector": "tertiary", "local": "residential",
    "ramp": "motorway_link", "quarternary": "residential", "quaternary": "residential",
}  # fmt: skip
NOT_FOR_CARS = frozenset({
    "footway", "path", "steps", "cycleway", "pedestrian", "track", "bridleway", "corridor",
    "construction", "proposed", "busway", "bus_guideway", "bikeway", "bike", "sidewalk", "walkway",
    "trail", "rail", "railway", "transit", "crosswalk", "elevator", "platform", "raceway", "walk",
    "multi-use path", "offstreet path", "ferry", "abandoned", "razed",
})  # fmt: skip
_FASTEST_KMH, _SLOWEST_KMH = 200.0, 3.0
_FAST_KMH, _MIDDLE_KMH = 90.0, 55.0
"""Speeds from which on a road without a class is a trunk road, or an urban one; assumed."""
_PLAIN_KMH = 40.0
"""Of a road without class and speed; assumed."""


@dataclass(frozen=True)
class RoadLink:
    """A link of a file, from `tail` to `head`.

    Attributes
    ----------
    record : int
        Which record of the file it is: a line of a CSV, else its number from 1.
    name, tail, head : str
        Its id, "" where there is none, and its nodes.
    road_class : str
        Its class in the file's words, in lower case.
    kmh : float or None
        Speed [km/h, or the file's unit where a format has none].
    length : float or None
        Length in the file's unit; None where only the line gives it.
    line : Line
        Its points with both ends, empty where the file has none.
    both_ways : bool
        Whether it may be driven in both directions.
    minutes : float or None
        Time in free flow [min], where the file has that and no speed.
    """

    record: int
    name: str
    tail: str
    head: str
    road_class: str = ""
    kmh: float | None = None
    length: float | None = None
    line: Line = ()
    both_ways: bool = False
    minutes: float | None = None


@dataclass
class RawRoads:
    """The nodes and links of a file."""

    report: ImportReport
    nodes: dict[str, tuple[float, float]] = field(default_factory=dict)
    """x and y by id"""
    links: list[RoadLink] = field(default_factory=list)
    crs: str | None = None
    """as the file says it, None where it does not"""
    length_unit: str = ""
    """a key of `KM_OF`, "" where the file does not say it"""
    speed_unit: str = "km/h"
    """a key of `KMH_OF`, "" where the file does not say it"""
    node_report: ImportReport | None = None
    """of the nodes, where they have a file of their own"""

    def add_node(self, record: int, name: str, x: Any, y: Any) -> None:
        """Add a node; report it where it is faulty."""
        report = self.node_report or self.report
        report.records += report is self.node_report
        try:
            place = point(x, y)
            if not name:
                raise RecordFaultError("a node has no id")
            if name in self.nodes and self.nodes[name] != place:
                raise RecordFaultError("a node of this id is there already, at another place")
        except RecordFaultError as fault:
            report.refuse(record, name, fault)
        else:
            if name in self.nodes:
                report.add(record, name, "noted", "a node is there twice")
            self.nodes[name] = place


def point(x: Any, y: Any) -> tuple[float, float]:
    """Return a point of two finite numbers."""
    east, north = number(x), number(y)
    if east is None or north is None:
        raise RecordFaultError("coordinates are no numbers", f"{x}, {y}")
    return east, north


def wkt_line(text: Any) -> Line:
    """Return the points of a WKT linestring, none of an empty text."""
    if not is_given(text):
        return ()
    found = re.fullmatch(
        r"\s*(?:SRID=\d+;)?\s*LINESTRING\s*(?:ZM|Z|M)?\s*\((.*)\)\s*", str(text), re.I | re.S
    )
    if found is None:
        raise RecordFaultError("its geometry is no LINESTRING", str(text)[:80])
    points = [[*one.split(), "", ""][:2] for one in found.group(1).split(",")]
    return tuple(point(x, y) for x, y in points)


def line_of(coordinates: Any) -> Line:
    """Return the points of a list of coordinates."""
    if not isinstance(coordinates, list) or len(coordinates) < 2:
        raise RecordFaultError("its line has no two points")
    if not all(isinstance(one, list) and len(one) >= 2 for one in coordinates):
        raise RecordFaultError("its line has a point without two coordinates")
    return tuple(point(one[0], one[1]) for one in coordinates)


def length_of(value: Any) -> float | None:
    """Return a length, None where there is none or it is 0."""
    if not is_given(value):
        return None
    read = number(value)
    if read is None or read < 0:
        raise RecordFaultError("its length is no number from 0", value)
    return read or None


def speed_of(value: Any) -> float | None:
    """Return a speed as OpenStreetMap and others write it [km/h], None where there is none.

    Of several the lowest; `30 mph` and `50 km/h` have their unit with them.
    """
    found = []
    for text in re.split(r"[;|,\[\]']+", str(value)) if is_given(value) else []:
        read = re.fullmatch(r"\s*(\d+\.?\d*)\s*(mph|km/h|kmh|kph)?\s*", text, re.ASCII)
        if read is not None:
            found.append(float(read[1]) * KMH_OF[UNITS.get(read[2] or "km/h", "km/h")])
    return min(found) if found and min(found) > 0 else None


def class_of(value: Any) -> str:
    """Return a class of road in lower case; of several the first."""
    text = str(value).strip().lower() if is_given(value) else ""
    several = re.match(r"\[\s*'([^']*)'", text)
    return several.group(1) if several else text


def refuse_paths(road_class: str) -> None:
    """Leave out what cars do not drive on."""
    if road_class in NOT_FOR_CARS:
        raise RecordLeftOutError("is not for cars", road_class)


def kind_and_kmh(road_class: str, kmh: float | None) -> tuple[str, float, bool]:
    """Return the kind of a road and its speed [km/h], and whether that is assumed by its class."""
    name = OTHER_NAMES.get(road_class, road_class)
    base = name.removesuffix("_link")
    usable = kmh is not None and _SLOWEST_KMH <= kmh <= _FASTEST_KMH
    if base in CLASSES:
        kind, usual = CLASSES[base]
        usual = usual if base == name else min(usual, LINK_KMH)
    else:
        speed = kmh if usable and kmh is not None else _PLAIN_KMH
        kind = "trunk" if speed >= _FAST_KMH else "urban" if speed >= _MIDDLE_KMH else "local"
        usual = speed
    return (kind, kmh, False) if usable and kmh is not None else (kind, usual, True)
