"""Read stations from OCPI 2.2.1 and 2.3: the objects of the module Locations.

An EVSE serves one vehicle at a time, so EVSEs are counted, not their connectors. The power of an
EVSE is that of its strongest connector: `max_electric_power` in W, else V x A x phases.
"""

from typing import Any

from chargesim.importers.records import (
    MAX_KW,
    MIN_KW,
    Guns,
    RecordFaultError,
    RecordLeftOutError,
    Station,
    as_list,
    child,
    degrees,
    is_given,
    name_of,
    power_of_current,
    power_of_watt,
    record_of,
)

PHASES = {"AC_1_PHASE": 1, "AC_2_PHASE": 2, "AC_2_PHASE_SPLIT": 2, "AC_3_PHASE": 3, "DC": 1}
"""Phases of a `power_type`; the voltage of AC is from line to neutral (OCPI 2.2.1, 8.3.3)."""
NOT_THERE = {"REMOVED", "PLANNED"}
"""States of an EVSE that is not there; one out of order is."""


def recognise(data: Any) -> bool:
    """Return whether JSON holds OCPI locations."""
    first = next(iter(records(data)), None)
    return isinstance(first, dict) and bool({"evses", "party_id"} & set(first))


def records(data: Any) -> list[Any]:
    """Return the locations of a response, a list or one object."""
    if isinstance(data, dict) and isinstance(data.get("data"), list | dict):
        data = data["data"]
    return as_list(data)


def station(raw: Any, record: int) -> Station:
    """Return a location as a station."""
    location = record_of(raw)
    if "coordinates" not in location and "evses" not in location:
        raise RecordFaultError("is no location: it has no coordinates and no evses")
    if location.get("publish") is False:
        raise RecordLeftOutError("is not published (publish: false), so it is not for the public")
    place = child(location, "coordinates")
    lat, lon = degrees(place.get("latitude"), place.get("longitude"))
    powers: dict[float | None, int] = {}
    notes: set[tuple[str, str]] = set()
    for evse in as_list(location.get("evses")):
        if str(record_of(evse).get("status")) in NOT_THERE:
            continue
        connectors = [record_of(one) for one in as_list(evse.get("connectors"))]
        kw = max((power for one in connectors if (power := _kw(one))), default=None)
        notes.update(
            ("changed", f"max_electric_power is no power in W of {MIN_KW:g} to {MAX_KW:,.0f} kW")
            for one in connectors
            if is_given(one.get("max_electric_power")) and _stated_kw(one) is None
        )
        powers[kw] = powers.get(kw, 0) + 1
    return Station(
        record,
        name_of(location.get("id")),
        lat,
        lon,
        tuple(Guns(count, kw) for kw, count in powers.items()),
        name_of(location.get("city")),
        tuple(sorted(notes)),
    )


def _kw(connector: dict[str, Any]) -> float | None:
    """Return the power of a connector [kW], None where it is not given."""
    kw = _stated_kw(connector)
    if kw is not None:
        return kw
    volt = connector.get("max_voltage", connector.get("voltage"))
    ampere = connector.get("max_amperage", connector.get("amperage"))
    phases = PHASES.get(str(connector.get("power_type")))
    return None if phases is None else power_of_current(volt, ampere, phases)


def _stated_kw(connector: dict[str, Any]) -> float | None:
    return power_of_watt(connector.get("max_electric_power"))
