"""Import a list of stations: from a file of any known format to the table `sites.csv`."""

import csv
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from chargesim.errors import InputError
from chargesim.importers.china_crs import CHINA, TO_WGS84, Box, in_box
from chargesim.importers.column_map import StationMap, read_map
from chargesim.importers.formats import FORMATS, find_format, read_records
from chargesim.importers.import_report import ImportReport, report_path
from chargesim.importers.records import Guns, RecordFaultError, RecordLeftOutError, Station
from chargesim.importers.source_file import open_source
from chargesim.network.projection import Projection
from chargesim.network.table_columns import SITE_ROW
from chargesim.runs.storage import replacing

CITY = "city"
"""District of a site whose record has none."""
SAME_PLACE_KM = 0.3
"""Rows of one id that lie further apart are not one site."""
NEAR_KM = 300.0
"""A station further than this from the middle of all may have its coordinates swapped."""


@dataclass(frozen=True)
class StationOptions:
    """What a user asks of an import of stations."""

    format: str = "auto"
    crs: str | None = None
    min_kw: float | None = None
    assume_kw: float | None = None
    district: str | None = None
    map: Path | None = None
    encoding: str = "utf-8"


@dataclass(frozen=True)
class ImportedStations:
    """A table of sites that was written."""

    out: Path
    report_file: Path
    format: str
    """the format's title"""
    crs: str
    sites: int
    guns: int
    known_mw: float
    """sum of the powers that are known [MW]"""
    without_kw: int
    """guns whose power the scenario gives"""
    report: ImportReport

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data."""
        data = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        data |= {"out": str(self.out), "report_file": str(self.report_file)}
        return data | {"report": self.report.to_dict()}


def import_stations(path: Path, out: Path, options: StationOptions) -> ImportedStations:
    """Read the stations of a file and write them as a table of sites, with a report beside it.

    Parameters
    ----------
    path : Path
        The file.
    out : Path
        The table to write; an older one is replaced.
    options : StationOptions
        Format, coordinate system, least power, assumed power, district, map of columns.

    Raises
    ------
    InputError
        When the file cannot be read, or no station is left; then nothing is written.
    """
    refuse_output(out, [path, options.map])
    source = open_source(path, options.encoding)
    given = None if options.map is None else read_map(options.map, StationMap)
    name = find_format(source, options.format)
    report = ImportReport(source.name, "line" if source.kind == "csv" else "record")
    stations = []
    for record, read in read_records(source, name, given, report.remarks):
        report.records += 1
        try:
            station = read()
        except RecordFaultError as fault:
            report.refuse(record, "", fault)
        else:
            for what, why in station.notes:
                report.add(record, station.site_id, what, why)
            stations.append(station)
    crs = options.crs or FORMATS[name].crs
    extent = FORMATS[name].extent if crs == "wgs84" else CHINA
    stations = _in_wgs84(_swapped_back(stations, extent, report), crs)
    stations = _one_by_id(stations, FORMATS[name].joins_rows, report)
    rows = _rows(stations, options, report)
    report.keep_what_counts()
    if not rows:
        raise InputError(_nothing_left(report))
    _write(rows, out, report)
    return ImportedStations(
        out,
        report_path(out),
        FORMATS[name].title,
        crs,
        len(rows),
        sum(row["guns"] for row in rows),
        round(sum(_known_kw(row) for row in rows) / 1000, 3),
        sum(row["guns"] for row in rows if "gun_kw" not in row),
        report,
    )


def refuse_output(out: Path, inputs: Sequence[Path | None]) -> None:
    """Refuse an output that is a folder, or one of the inputs."""
    if out.is_dir():
        raise InputError([f"{out}: is a folder; --out needs the name of a file"])
    for path in inputs:
        if path is not None and out.exists() and path.exists() and out.samefile(path):
            raise InputError([f"{out}: is the input; --out needs another name"])


def _nothing_left(report: ImportReport) -> list[str]:
    """Return the message for a file without a station, with the reasons."""
    reasons = [
        f"{report.file}: {count:,} {what}: {reason}"
        for what in ("faulty", "left out")
        for reason, count in report.reasons(what)[:10]
    ]
    return [f"{report.file}: no station is left of {report.records:,} records", *reasons]


def _swapped_back(
    stations: list[Station], extent: Box | None, report: ImportReport
) -> list[Station]:
    """Return the stations with latitude and longitude exchanged where they are the wrong way round.

    That is sure where the latitude is beyond 90 degrees, and where a point lies within the extent
    of the format or of the coordinate system, or near the others, only when exchanged.
    """
    if not stations:
        return stations
    lat = np.array([one.lat for one in stations])
    lon = np.array([one.lon for one in stations])
    swapped = (np.abs(lat) > 90) & (np.abs(lon) <= 90)
    if extent is not None:
        swapped |= ~in_box(extent, lat, lon) & in_box(extent, lon, lat)
    right_lat, right_lon = np.where(swapped, lon, lat), np.where(swapped, lat, lon)
    middle = Projection(float(np.median(right_lat)), float(np.median(right_lon)))
    away_km = np.hypot(*middle.xy(right_lat, right_lon).T)
    away_if_km = np.hypot(*middle.xy(right_lon, right_lat).T)
    swapped ^= (away_km > NEAR_KM) & (away_if_km < NEAR_KM)
    kept = []
    for station, is_swapped in zip(stations, swapped.tolist(), strict=True):
        pair = (station.lat, station.lon)
        if is_swapped:
            why = "latitude and longitude are the wrong way round; exchanged"
            report.add(station.record, station.site_id, "changed", why, f"{pair[0]}, {pair[1]}")
            pair = pair[::-1]
        if abs(pair[0]) > 90:
            report.refuse(
                station.record,
                station.site_id,
                RecordFaultError("latitude is beyond 90 degrees", pair[0]),
            )
        elif pair == (0.0, 0.0):
            fault = RecordFaultError("lies at 0, 0, where no station is")
            report.refuse(station.record, station.site_id, fault)
        else:
            kept.append(dataclasses.replace(station, lat=pair[0], lon=pair[1]))
    return kept


def _in_wgs84(stations: list[Station], crs: str) -> list[Station]:
    """Return the stations in WGS-84."""
    lat, lon = TO_WGS84[crs](
        np.array([one.lat for one in stations]), np.array([one.lon for one in stations])
    )
    return [
        dataclasses.replace(station, lat=round(north, 6), lon=round(east, 6))
        for station, north, east in zip(stations, lat.tolist(), lon.tolist(), strict=True)
    ]


def _one_by_id(stations: list[Station], joins: bool, report: ImportReport) -> list[Station]:
    """Return one station for each id; rows of one id are joined where the format says so."""
    sites: dict[str, Station] = {}
    unnamed = 0
    for read in stations:
        name = read.site_id or f"site-{read.record:05d}"
        unnamed += not read.site_id
        station = dataclasses.replace(read, site_id=name)
        first = sites.setdefault(name, station)
        if first is station:
            continue
        away_km = _km(first, station)
        if joins and away_km <= SAME_PLACE_KM:
            sites[name] = dataclasses.replace(
                first, guns=first.guns + station.guns, joined=(*first.joined, station.record)
            )
            continue
        where = f"record {first.record} has this id, {away_km:.1f} km away"
        report.refuse(station.record, name, RecordFaultError("its id is there already", where))
    for site in sites.values():
        there = sum(one.count for one in site.guns)
        if site.stated_guns not in (0, there):
            why = "the file states another number of guns than it lists; those listed are counted"
            got = f"states {site.stated_guns}, lists {there}"
            report.add(site.record, site.site_id, "noted", why, got)
    if unnamed:
        report.remarks.append(f"{unnamed:,} records have no id; they are named by their number.")
    return list(sites.values())


def _km(one: Station, other: Station) -> float:
    xy = Projection(one.lat, one.lon).xy(np.array([other.lat]), np.array([other.lon]))[0]
    return float(np.hypot(*xy))


def _rows(
    stations: list[Station], options: StationOptions, report: ImportReport
) -> list[dict[str, Any]]:
    """Return the rows of the table, as `SITE_ROW` accepts them."""
    rows: list[dict[str, Any]] = []
    for station in stations:
        try:
            guns = _wanted_guns(station, options, report)
            row = {
                "site_id": station.site_id,
                "kind": "station",
                "access": "public",
                "district": options.district or station.district or CITY,
                "lat": station.lat,
                "lon": station.lon,
                **_gun_columns(station, guns, report),
            }
            SITE_ROW.model_validate(row)
        except (RecordFaultError, ValidationError) as error:
            fault = error if isinstance(error, RecordFaultError) else _row_fault(error)
            for record in (station.record, *station.joined):
                report.refuse(record, station.site_id, fault)
        else:
            rows.append(row)
    district = options.district or f"the place that the file names, else {CITY}"
    report.remarks.append(f"District: {district}.")
    return rows


def _row_fault(error: ValidationError) -> RecordFaultError:
    """Return what makes a row unfit for a table of sites."""
    return RecordFaultError("is no row of a table of sites", error.errors()[0]["msg"])


def _wanted_guns(station: Station, options: StationOptions, report: ImportReport) -> list[Guns]:
    """Return the guns of a station that are strong enough, with a power where one is known."""
    guns = [one for one in station.guns if one.count]
    if not guns:
        raise RecordLeftOutError("has no gun")
    if options.assume_kw is not None and any(one.kw is None for one in guns):
        why = f"{options.assume_kw:g} kW for guns without a power"
        report.add(station.record, station.site_id, "assumed", why)
        guns = [Guns(one.count, one.kw or options.assume_kw) for one in guns]
    if options.min_kw is None:
        return guns
    strong = [one for one in guns if one.kw is not None and one.kw >= options.min_kw]
    if not strong and any(one.kw is None for one in guns):
        raise RecordLeftOutError(
            f"has no gun known to give {options.min_kw:g} kW; --assume-kw gives a power"
        )
    if not strong:
        raise RecordLeftOutError(f"has no gun of {options.min_kw:g} kW or more")
    return strong


def _gun_columns(station: Station, guns: list[Guns], report: ImportReport) -> dict[str, Any]:
    """Return guns and powers: the strongest are the guns, all others the companions.

    Companions have one power in the table, the mean of theirs, so that the sum is kept.
    """
    known = [one.kw for one in guns if one.kw is not None]
    if not known:
        return {"guns": sum(one.count for one in guns)}
    if len(known) < len(guns):
        why = "guns without a power have that of the weakest gun beside them"
        report.add(station.record, station.site_id, "assumed", why)
    powers = [(one.kw or min(known), one.count) for one in guns]
    strongest = max(kw for kw, _ in powers)
    total = sum(count for _, count in powers)
    beside = [(kw, count) for kw, count in powers if kw < strongest]
    columns: dict[str, Any] = {"guns": total, "gun_kw": strongest}
    if beside:
        companions = sum(count for _, count in beside)
        mean_kw = sum(kw * count for kw, count in beside) / companions
        if len({kw for kw, _ in beside}) > 1:
            why = "guns below the strongest have several powers: their mean is in companion_kw"
            report.add(station.record, station.site_id, "changed", why)
        columns |= {"companions": companions, "companion_kw": round(mean_kw, 3)}
    return columns


def _known_kw(row: dict[str, Any]) -> float:
    """Return the sum of the powers of a row's guns [kW], 0 where they are not known."""
    companions = row.get("companions", 0)
    strong_kw = (row["guns"] - companions) * row.get("gun_kw", 0.0)
    return float(strong_kw + companions * row.get("companion_kw", 0.0))


def _write(rows: list[dict[str, Any]], out: Path, report: ImportReport) -> None:
    """Write table and report; both appear whole or not at all."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    try:
        with replacing(report_path(out)) as beside, replacing(out) as partial:
            report.write(beside)
            with partial.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, columns, lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
    except OSError as error:
        raise InputError([f"{out}: cannot be written: {error.strerror or error}"]) from None
