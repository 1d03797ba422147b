"""Read stations from the French table of charging points (IRVE), versions 1 to 3.

A row is a charging point (point de charge), which serves one vehicle at a time; rows with one
station id are one station.
"""

import json
from collections.abc import Mapping

from chargesim.importers.records import (
    MAX_GUNS,
    Guns,
    RecordFaultError,
    RecordLeftOutError,
    Station,
    degrees,
    name_of,
    number,
    power_kw,
)

STATION = ("id_station_itinerance", "id_station")
POINT = ("id_pdc_itinerance", "id_pdc")
POWER = ("puissance_nominale_kw", "puissance_nominale", "puiss_max")
LATITUDE = ("station_latitude", "Ylatitude", "consolidated_latitude")
LONGITUDE = ("station_longitude", "Xlongitude", "consolidated_longitude")
PLACE = ("consolidated_commune", "code_insee_commune", "code_insee")
FRANCE = ((41.0, 51.5), (-5.5, 10.0))
"""Latitudes and longitudes of European France [deg]."""
RESERVED = "accès réservé"


def recognise(columns: list[str]) -> bool:
    """Return whether a table has the columns of IRVE."""
    return "nbre_pdc" in columns and any(name in columns for name in STATION)


def _first(row: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((row[name] for name in names if row.get(name)), "")


def station(row: Mapping[str, str], record: int) -> Station:
    """Return a row, one charging point, as a station; rows of one station are joined later."""
    if row.get("condition_acces", "").strip().lower() == RESERVED:
        raise RecordLeftOutError("is reserved (condition_acces), not public")
    name = name_of(_first(row, STATION))
    if name.lower() in ("non concerné", "non concerne"):
        name = name_of(row.get("id_station_local"))
    if not name:
        raise RecordFaultError("has no id of its station")
    lat, lon = _place(row)
    kw, changed = power_kw(_first(row, POWER), decimal_comma=True)
    notes = [("changed", changed)] if changed else []
    guns, where = (Guns(1, kw),), _first(row, PLACE)
    stated = int(min(number(row.get("nbre_pdc")) or 0, MAX_GUNS))
    return Station(record, name, lat, lon, guns, where, tuple(notes), stated_guns=stated)


def _place(row: Mapping[str, str]) -> tuple[float, float]:
    """Return the coordinates: `coordonneesXY` is a list of longitude and latitude."""
    text = row.get("coordonneesXY", "")
    if not text:
        return degrees(_first(row, LATITUDE), _first(row, LONGITUDE), decimal_comma=True)
    try:
        pair = json.loads(text)
    except (ValueError, RecursionError):
        pair = text.strip("[]").split(",")
    if not isinstance(pair, list) or len(pair) != 2:
        raise RecordFaultError("coordonneesXY is no pair [longitude,latitude]", text)
    return degrees(pair[1], pair[0])
