"""Read stations from DATEX II version 3, XML or JSON: energy infrastructure tables.

A refill point serves one vehicle at a time. Its power is that of its strongest connector, given in
W. Names in JSON carry a prefix or the ending G (`idG`, `aegiElectricChargingPoint`), so both forms
are read by the same names.
"""

from collections.abc import Iterator
from typing import Any

from chargesim.importers.records import (
    Guns,
    RecordFaultError,
    Station,
    as_list,
    degrees,
    gun_count,
    name_of,
    power_of_current,
    power_of_watt,
    record_of,
)
from chargesim.importers.source_file import MAX_DEPTH

SITE = "energyInfrastructureSite"


def recognise(data: Any) -> bool:
    """Return whether JSON holds energy infrastructure sites."""
    return next(within(data, SITE), None) is not None


def records(data: Any) -> list[Any]:
    """Return the sites of JSON."""
    return list(within(data, SITE))


def plain_xml(element: Any, depth: int = 0) -> Any:
    """Return an XML element as plain data: text, or children by local name, each a list."""
    if depth > MAX_DEPTH:
        raise RecordFaultError("is nested too deeply")
    children = [one for one in element if isinstance(one.tag, str)]
    if not children and "id" not in element.attrib:
        return (element.text or "").strip()
    data: dict[str, Any] = {}
    for one in children:
        data.setdefault(one.tag.rpartition("}")[2], []).append(plain_xml(one, depth + 1))
    own = {f"@{name.rpartition('}')[2]}": value for name, value in element.attrib.items()}
    return {**own, **data}


def within(data: Any, name: str) -> Iterator[Any]:
    """Yield all values of a name at any depth, lists item by item; none within another."""
    if isinstance(data, list):
        for item in data:
            yield from within(item, name)
    elif isinstance(data, dict):
        for key, value in data.items():
            if key == name:
                yield from as_list(value)
            else:
                yield from within(value, name)


def _leaf(data: Any, *names: str) -> Any:
    """Return the first text or number under a path of names, None if there is none."""
    for name in names:
        data = next((one for one in within(data, name)), None)
    return data if isinstance(data, str | int | float) else None


def station(raw: Any, record: int) -> Station:
    """Return a site as a station."""
    site = record_of(raw)
    lat, lon = _place(site)
    powers: dict[float | None, int] = {}
    notes: list[tuple[str, str]] = []
    for below in within(site, "energyInfrastructureStation"):
        points = list(within(below, "refillPoint"))
        if not points:
            count = gun_count(_leaf(below, "numberOfRefillPoints"), "numberOfRefillPoints")
            if count:
                notes.append(("assumed", "refill points that are only counted have no power"))
                powers[None] = powers.get(None, 0) + count
        for point in points:
            if "ydrogen" in str(point)[:4000] and not any(within(point, "connector")):
                continue
            kw = max((kw for one in within(point, "connector") if (kw := _kw(one))), default=None)
            kw = kw or power_of_watt(_leaf(point, "availableChargingPower"))
            powers[kw] = powers.get(kw, 0) + 1
    return Station(
        record,
        name_of(site.get("@id") or site.get("idG")),
        lat,
        lon,
        tuple(Guns(count, kw) for kw, count in powers.items()),
        name_of(_leaf(site, "city", "value") or _leaf(site, "city")),
        tuple(notes),
    )


def _kw(connector: Any) -> float | None:
    """Return the power of a connector [kW]."""
    kw = power_of_watt(_leaf(connector, "maxPowerAtSocket"))
    if kw is None:
        kw = power_of_current(_leaf(connector, "voltage"), _leaf(connector, "maximumCurrent"), 1)
    return kw


def _place(site: dict[str, Any]) -> tuple[float, float]:
    """Return the coordinates to be shown, else the first ones."""
    for place in (*within(site, "coordinatesForDisplay"), *within(site, "pointCoordinates"), site):
        lat, lon = _leaf(place, "latitude"), _leaf(place, "longitude")
        if lat is not None and lon is not None:
            return degrees(lat, lon)
    return degrees(None, None)
