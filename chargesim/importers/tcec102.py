"""Read stations from T/CEC 102, the interface of Chinese operators: `query_stations_info`.

Coordinates are GCJ-02. A connector is a gun; its power is given in kW, else V x A, else its part of
the power of its equipment.
"""

from typing import Any

from chargesim.importers.records import (
    Guns,
    RecordFaultError,
    RecordLeftOutError,
    Station,
    as_list,
    degrees,
    is_given,
    name_of,
    number,
    power_kw,
    power_of_current,
    record_of,
)

CRS = "gcj02"
PUBLIC = 1
"""`StationType` of a public station; 50 is personal, 100 and above are of one fleet."""
TYPES = {50: "personal", 100: "for buses", 101: "for sanitation", 102: "for logistics",
         103: "for taxis", 255: "of another type"}  # fmt: skip
OPEN, CLOSED = (50, 6), {1: "being built", 5: "closed"}
"""`StationStatus`; 6 is under maintenance, 0 is unknown."""


def recognise(data: Any) -> bool:
    """Return whether JSON holds station infos of T/CEC 102."""
    first = next(iter(records(data)), None)
    return isinstance(first, dict) and "StationID" in first


def records(data: Any) -> list[Any]:
    """Return the station infos of a response, a list or one object."""
    if isinstance(data, dict) and "Data" in data:
        data = data["Data"]
        if isinstance(data, str):
            raise RecordFaultError("is still encrypted: `Data` is a text; decrypt the response")
    if isinstance(data, dict):
        for name in ("StationInfos", "StationInfo"):
            if name in data:
                return as_list(data[name])
    return as_list(data)


def station(raw: Any, record: int) -> Station:
    """Return a station info as a station."""
    info = record_of(raw)
    kind, status = number(info.get("StationType")), number(info.get("StationStatus"))
    if kind is not None and kind != PUBLIC:
        raise RecordLeftOutError(f"is {TYPES.get(int(kind), 'of another type')}, not public")
    if status is not None and int(status) in CLOSED:
        raise RecordLeftOutError(f"is {CLOSED[int(status)]}")
    lat, lon = degrees(info.get("StationLat"), info.get("StationLng"))
    notes: set[tuple[str, str]] = set()
    powers: dict[float | None, int] = {}
    for raw_equipment in as_list(info.get("EquipmentInfos")):
        equipment = record_of(raw_equipment)
        connectors = as_list(equipment.get("ConnectorInfos"))
        for connector in connectors:
            kw = _kw(record_of(connector), equipment, len(connectors), notes)
            powers[kw] = powers.get(kw, 0) + 1
    return Station(
        record,
        name_of(info.get("StationID")),
        lat,
        lon,
        tuple(Guns(count, kw) for kw, count in powers.items()),
        name_of(info.get("AreaCode")),
        tuple(sorted(notes)),
    )


def _kw(
    connector: dict[str, Any],
    equipment: dict[str, Any],
    beside: int,
    notes: set[tuple[str, str]],
) -> float | None:
    """Return the power of a connector [kW], and note what was changed or assumed."""
    kw, changed = power_kw(connector.get("Power"))
    if changed:
        notes.add(("changed", changed))
    if kw is not None:
        return kw
    kw = power_of_current(connector.get("VoltageUpperLimits"), connector.get("Current"), 1)
    if kw is None and is_given(equipment.get("Power")):
        whole, _ = power_kw(equipment["Power"])
        if whole is not None:
            notes.add(("assumed", "the power of an equipment is divided among its connectors"))
            return round(whole / beside, 3)
    return kw
