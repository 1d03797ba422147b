"""Make demand zones at the nodes of a road network: by clustering, or from a table of people."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.spatial import cKDTree

from chargesim.errors import InputError
from chargesim.importers.import_report import ImportReport
from chargesim.importers.population_raster import SUFFIXES, raster_people
from chargesim.importers.records import (
    RecordFaultError,
    RecordLeftOutError,
    degrees,
    name_of,
    number,
)
from chargesim.importers.source_file import SourceFile, open_source
from chargesim.network.apportionment import order_along_curve
from chargesim.network.projection import Projection
from chargesim.scenario.file_paths import display_path

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FAR_KM = 5.0
"""People further than this from any road are left out."""
_TURNS = 15
_COLUMNS = {
    "lat": ("lat", "latitude", "y"),
    "lon": ("lon", "lng", "long", "longitude", "x"),
    "population": ("population", "pop", "inhabitants", "people", "residents", "z"),
    "district": ("district",),
    "area_class": ("area_class", "class"),
    "urban": ("urban",),
}


@dataclass(frozen=True)
class ZoneOptions:
    """What a user asks of the zones."""

    count: int | None = None
    population: Path | None = None
    inhabitants: float | None = None
    district: str = "city"
    area_class: str = "core"

    @property
    def wanted(self) -> bool:
        """Whether zones are asked for at all."""
        return self.count is not None or self.population is not None


@dataclass
class ZoneTable:
    """The rows of a table of zones."""

    rows: list[dict[str, Any]]
    remarks: list[str]
    report: ImportReport | None = None
    """of the table of people"""


_Group = tuple[float, str, str, str]
"""Inhabitants that live together, their district, its class, urban (1) or rural (0); or ""."""


@dataclass(frozen=True)
class _People:
    """Who lives at each node."""

    count: Floats
    groups: dict[int, list[_Group]] = field(default_factory=dict)


def make_zones(
    names: list[str], lat: Floats, lon: Floats, options: ZoneOptions, encoding: str
) -> ZoneTable:
    """Return zones, each at a node and with its name.

    Parameters
    ----------
    names : list of str
        Of the nodes that may be a zone.
    lat, lon : array of float, [node]
        Where they are [deg].
    options : ZoneOptions
        How many zones, or the table of people, or both.
    encoding : str
        Of the table of people.

    Raises
    ------
    InputError
        When the table of people cannot be read, or nobody in it lives near a road.
    """
    projection = Projection.about(lat, lon)
    xy = projection.xy(lat, lon)
    people, report = _People(np.ones(len(names))), None
    remarks = []
    if options.population is not None:
        around = _bounds(lat, lon)
        people, report = _read_people(options.population, encoding, xy, projection, around)
        used = people.count.sum()
        remarks.append(f"Inhabitants: {used:,.0f}, each at the nearest node.")
    else:
        remarks.append("Inhabitants: assumed in proportion to the nodes of a zone.")
    where = np.flatnonzero(people.count > 0)
    cluster = np.arange(len(where))
    if options.count is not None and options.count < len(where):
        cluster = _clusters(xy[where], options.count)
    total = people.count.sum()
    scale = options.inhabitants / total if options.inhabitants is not None else 1.0
    rows = []
    for c in range(int(cluster.max()) + 1):
        mine = where[cluster == c]
        weight = people.count[mine]
        middle = (xy[mine] * weight[:, None]).sum(axis=0) / weight.sum()
        node = int(mine[np.argmin(np.hypot(*(xy[mine] - middle).T))])
        groups = [group for n in mine.tolist() for group in people.groups.get(n, ())]
        rows.append(
            {
                "zone_id": names[node],
                "lat": round(float(lat[node]), 7),
                "lon": round(float(lon[node]), 7),
                "district": _most((one[0], one[1]) for one in groups) or options.district,
                "area_class": options.area_class,
                "population": round(float(weight.sum()) * scale, 2),
                "urban": _most((one[0], one[3]) for one in groups) or "1",
            }
        )
    _set_classes(rows, people, options)
    return ZoneTable(rows, remarks, report)


def _set_classes(rows: list[dict[str, Any]], people: _People, options: ZoneOptions) -> None:
    """Give all zones of a district the class of most of its inhabitants."""
    everybody = [group for groups in people.groups.values() for group in groups]
    for name in {row["district"] for row in rows}:
        here = _most((one[0], one[2]) for one in everybody if (one[1] or options.district) == name)
        for row in rows:
            if row["district"] == name:
                row["area_class"] = here or options.area_class


def _most(groups: Iterable[tuple[float, str]]) -> str:
    """Return the word of most inhabitants, "" where none has one."""
    sums: dict[str, float] = {}
    for count, word in groups:
        if word:
            sums[word] = sums.get(word, 0.0) + count
    return max(sums, key=lambda word: sums[word], default="")


def _clusters(xy: Floats, count: int) -> Ints:
    """Return the cluster of each point, by k-means from points at even steps on a Hilbert curve.

    Nothing is drawn, so the same points have the same clusters. An empty cluster is left out.
    """
    order = order_along_curve(xy)
    starts = xy[order[np.linspace(0, len(xy) - 1, count).round().astype(np.int64)]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of empty clusters
        _, label = kmeans2(xy, starts, iter=_TURNS, minit="matrix")
    renumbered: Ints = np.unique(label, return_inverse=True)[1].astype(np.int64)
    return renumbered


def _bounds(lat: Floats, lon: Floats) -> tuple[float, float, float, float]:
    """Return west, south, east and north of nodes, with room for those who live near them."""
    north = FAR_KM / 111.0
    east = north / max(0.05, float(np.cos(np.radians(np.abs(lat).max()))))
    return lon.min() - east, lat.min() - north, lon.max() + east, lat.max() + north


def _read_people(
    path: Path,
    encoding: str,
    xy: Floats,
    projection: Projection,
    around: tuple[float, float, float, float],
) -> tuple[_People, ImportReport]:
    """Return the inhabitants of a table or a raster at their nearest nodes."""
    name = display_path(path)
    if path.suffix.lower() in SUFFIXES:
        report = ImportReport(name, "cell")
        lat, lon, people_of = (one.tolist() for one in raster_people(path, report, around))
        cells = enumerate(zip(lat, lon, people_of, strict=True), 1)
        rows: list[_Row] = [(number, *cell, "", "", "") for number, cell in cells]
    else:
        report = ImportReport(name, "line")
        rows = _people_rows(open_source(path, encoding), report)
    people = _People(np.zeros(len(xy)))
    if rows:
        where = np.array([row[1:3] for row in rows])
        away_km, node = cKDTree(xy).query(projection.xy(where[:, 0], where[:, 1]))
        for row, km, n in zip(
            rows, np.array(away_km).tolist(), np.array(node).tolist(), strict=True
        ):
            if km > FAR_KM:
                fault = RecordLeftOutError(f"is over {FAR_KM:g} km from any road", f"{km:.1f} km")
                report.refuse(row[0], "", fault)
                continue
            people.count[n] += row[3]
            people.groups.setdefault(n, []).append(row[3:])
    if people.count.sum() <= 0:
        reasons = [
            f"{name}: {count:,} {what}: {reason}"
            for what in ("faulty", "left out")
            for reason, count in report.reasons(what)[:5]
        ]
        rows_or_cells = "cells" if report.unit == "cell" else "rows"
        nobody = f"nobody of {report.records:,} {rows_or_cells} is left"
        raise InputError([f"{name}: {nobody}", *reasons])
    return people, report


_Row = tuple[int, float, float, float, str, str, str]
"""Line, latitude, longitude; then a group."""


def _people_rows(source: SourceFile, report: ImportReport) -> list[_Row]:
    """Return the rows of a table of people that can be read."""
    table = source.csv()
    lower = {name.lower(): name for name in reversed(table.columns)}
    column = {
        key: next((lower[name] for name in known if name in lower), None)
        for key, known in _COLUMNS.items()
    }
    missing = [key for key in ("lat", "lon", "population") if column[key] is None]
    if missing:
        have = ", ".join(table.columns[:20])
        raise source.fault(f"has no column {', '.join(missing)}; it has {have}", 1)
    rows = []
    empty = 0
    for line, words in table.broken:
        report.records += 1
        fault = RecordFaultError("has another number of fields than the header", words)
        report.refuse(line, "", fault)
    for line, row in table.rows():
        report.records += 1

        def value(key: str, row: dict[str, str] = row) -> str:
            name = column[key]
            return row[name] if name is not None else ""

        try:
            lat, lon = degrees(value("lat"), value("lon"), decimal_comma=table.decimal_comma)
            if abs(lat) > 90:
                raise RecordFaultError("latitude is beyond 90 degrees", lat)
            count = number(value("population"), decimal_comma=table.decimal_comma)
            if count is None:
                raise RecordFaultError("population is no number", value("population"))
            if count < 0:
                raise RecordLeftOutError("population is below 0 (no data)", value("population"))
            urban = value("urban")
            if urban not in ("", "0", "1"):
                raise RecordFaultError("urban is neither 0 nor 1", urban)
        except RecordFaultError as fault:
            report.refuse(line, "", fault)
            continue
        if count == 0:
            empty += 1
            continue
        district, area_class = name_of(value("district")), name_of(value("area_class"))
        rows.append((line, lat, lon, count, district, area_class, urban))
    if empty:
        report.remarks.append(f"In {empty:,} rows nobody lives.")
    return rows
