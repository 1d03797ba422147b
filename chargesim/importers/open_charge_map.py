"""Read stations from Open Charge Map: a list of points of interest (POI).

A connection is a kind of plug with its number. `NumberOfPoints` says how many vehicles can charge
at once; where it is less than the sum of the connections, the strongest are counted first.
"""

from typing import Any

from chargesim.importers.records import (
    Guns,
    RecordLeftOutError,
    Station,
    as_list,
    child,
    degrees,
    gun_count,
    name_of,
    number,
    power_kw,
    power_of_current,
    record_of,
)

PRIVATE = {2: "restricted", 3: "privately owned, on request", 6: "for staff and visitors"}
"""`UsageTypeID` of points that are not for the public."""
GONE = {100: "not in operation", 150: "planned", 200: "removed", 210: "a duplicate"}
"""`StatusTypeID` of points at which nobody charges; 75 is out of order for a time only."""
PHASES = {10: 1, 20: 3, 30: 1}
"""Phases by `CurrentTypeID`: AC of one phase, AC of three, DC."""


def recognise(data: Any) -> bool:
    """Return whether JSON holds points of Open Charge Map."""
    first = next(iter(records(data)), None)
    return isinstance(first, dict) and "AddressInfo" in first


def records(data: Any) -> list[Any]:
    """Return the points."""
    return as_list(data)


def station(raw: Any, record: int) -> Station:
    """Return a point of interest as a station."""
    poi = record_of(raw)
    usage, status = (
        number(poi.get(f"{name}ID", child(poi, name).get("ID")))
        for name in ("UsageType", "StatusType")
    )
    if usage in PRIVATE:
        raise RecordLeftOutError(f"is {PRIVATE[int(usage)]}, not public")
    if status in GONE:
        raise RecordLeftOutError(f"is {GONE[int(status)]}")
    address = child(poi, "AddressInfo")
    lat, lon = degrees(address.get("Latitude"), address.get("Longitude"))
    notes: set[tuple[str, str]] = set()
    found = [_guns(record_of(one), notes) for one in as_list(poi.get("Connections"))]
    points = gun_count(poi.get("NumberOfPoints"), "NumberOfPoints")
    there = sum(guns.count for guns in found)
    if points > there:
        if found:
            notes.add(("assumed", "points without a connection have the power of the weakest"))
        weakest = min((guns.kw for guns in found if guns.kw is not None), default=None)
        found.append(Guns(points - there, weakest))
    elif 0 < points < there:
        notes.add(("changed", "more connections than points: the strongest are counted"))
        found = _strongest(found, points)
    return Station(
        record,
        name_of(poi.get("ID")),
        lat,
        lon,
        tuple(found),
        name_of(address.get("Town")),
        tuple(sorted(notes)),
    )


def _guns(connection: dict[str, Any], notes: set[tuple[str, str]]) -> Guns:
    """Return the guns of a connection; one where it has no number."""
    count = gun_count(connection.get("Quantity"), "Quantity")
    if count == 0:
        count = 1
        notes.add(("assumed", "a connection without a quantity is one gun"))
    kw, changed = power_kw(connection.get("PowerKW"))
    if changed:
        notes.add(("changed", changed))
    phases = PHASES.get(int(number(connection.get("CurrentTypeID")) or 0))
    if kw is None and phases is not None:
        kw = power_of_current(connection.get("Voltage"), connection.get("Amps"), phases)
    return Guns(count, kw)


def _strongest(found: list[Guns], points: int) -> list[Guns]:
    """Return the strongest guns, as many as there are points."""
    kept: list[Guns] = []
    for guns in sorted(found, key=lambda guns: -(guns.kw or 0.0)):
        count = min(guns.count, points - sum(one.count for one in kept))
        if count:
            kept.append(Guns(count, guns.kw))
    return kept
