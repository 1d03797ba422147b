"""Read stations from a plain table, CSV or GeoJSON: columns found by their names, or by a map."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chargesim.importers.column_map import GunColumns, StationMap
from chargesim.importers.records import (
    Guns,
    RecordFaultError,
    Station,
    degrees,
    gun_count,
    is_given,
    name_of,
    power_kw,
)

KNOWN: dict[str, tuple[str, ...]] = {
    "site_id": ("site_id", "station_id", "stationid", "id", "@id", "osm_id", "uid", "name"),
    "lat": ("lat", "latitude", "station_lat", "stationlat", "y"),
    "lon": ("lon", "lng", "long", "longitude", "station_lng", "stationlng", "x"),
    "guns": (
        "guns", "gun_count", "charge_count", "connectors", "chargers", "piles", "pile_count",
        "capacity", "evse_count", "num_evse", "points", "count",
    ),
    "gun_kw": (
        "gun_kw", "power_kw", "kw", "max_kw", "max_power_kw", "rated_kw", "power",
        "charging_station:output", "output",
    ),
    "district": ("district", "town", "city", "borough", "area_name", "addr:city"),
}  # fmt: skip
"""Names under which a column is found, in lower case; the first that is there counts."""


@dataclass(frozen=True)
class Columns:
    """Where each value of a station is."""

    site_id: str | None
    lat: str
    lon: str
    guns: tuple[GunColumns, ...]
    """empty: a row is one gun"""
    gun_kw: str | float | None
    district: str | None

    def words(self) -> str:
        """Return which column was read as what."""
        named: dict[str, Any] = {"site_id": self.site_id, "lat": self.lat, "lon": self.lon}
        named |= {"gun_kw": self.gun_kw, "district": self.district}
        counts = " + ".join(str(one.count) for one in self.guns) or "a row is a gun"
        pairs = [f"{name} from {value}" for name, value in named.items() if value is not None]
        return ", ".join([*pairs, f"guns from {counts}" if self.guns else counts])


def find_columns(columns: Sequence[str], given: StationMap | None) -> Columns:
    """Return the columns of a table: those of the map, and for the rest those found by name.

    Raises
    ------
    RecordFaultError
        When latitude or longitude is not found.
    """
    lower = {name.lower(): name for name in reversed(columns)}
    given = given or StationMap()

    def found(key: str) -> str | None:
        return next((lower[name] for name in KNOWN[key] if name in lower), None)

    lat, lon = given.lat or found("lat"), given.lon or found("lon")
    if lat is None or lon is None:
        missing = "latitude" if lat is None else "longitude"
        have = ", ".join(columns[:20])
        raise RecordFaultError(f"no column for the {missing} is found; name it with --map", have)
    gun_kw = given.gun_kw if given.gun_kw is not None else found("gun_kw")
    if isinstance(given.guns, list):
        guns = tuple(given.guns)
    else:
        count = given.guns if given.guns is not None else found("guns")
        guns = () if count is None else (GunColumns(count=count, kw=gun_kw),)
    district = given.district or found("district")
    return Columns(given.site_id or found("site_id"), lat, lon, guns, gun_kw, district)


def station(
    row: Mapping[str, Any], record: int, columns: Columns, *, decimal_comma: bool = False
) -> Station:
    """Return a row as a station."""
    lat, lon = degrees(row.get(columns.lat), row.get(columns.lon), decimal_comma=decimal_comma)
    notes: list[tuple[str, str]] = []
    guns = []
    for group in columns.guns or (GunColumns(count=1, kw=columns.gun_kw),):
        count = gun_count(_value(row, group.count), str(group.count), decimal_comma=decimal_comma)
        if not count:
            continue
        value = _value(row, group.kw)
        if isinstance(value, str) and value.strip().lower().endswith("kw"):  # tag of OpenStreetMap
            value = value.strip()[:-2]
        kw, changed = power_kw(value, decimal_comma=decimal_comma)
        if changed:
            notes.append(("changed", changed))
        guns.append(Guns(count, kw))
    if not guns and not any(is_given(_value(row, group.count)) for group in columns.guns):
        raise RecordFaultError("has no number of guns")
    return Station(
        record,
        name_of(row.get(columns.site_id)) if columns.site_id else "",
        lat,
        lon,
        tuple(guns),
        name_of(row.get(columns.district)) if columns.district else "",
        tuple(dict.fromkeys(notes)),
    )


def _value(row: Mapping[str, Any], column: str | float | None) -> Any:
    """Return the value of a column, or the number that is given in its place."""
    return row.get(column) if isinstance(column, str) else column
