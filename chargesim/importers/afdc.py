"""Read stations from the table of the Alternative Fuels Data Center (AFDC): fuel ELEC alone.

The table counts outlets by level and gives no power, so it is assumed by level.
"""

from collections.abc import Mapping

from chargesim.importers.records import (
    Guns,
    RecordFaultError,
    RecordLeftOutError,
    Station,
    degrees,
    gun_count,
    name_of,
)

LEVEL_KW = {
    "EV Level1 EVSE Num": 1.4,
    "EV Level2 EVSE Num": 7.2,
    "EV DC Fast Count": 150.0,
}
"""Assumed power of a gun [kW]: level 1 at 120 V and 12 A, level 2 at 240 V and 30 A, DC at 150 kW
where a car has CCS or NACS."""
NORTH_AMERICA = ((15.0, 75.0), (-180.0, -50.0))
"""Latitudes and longitudes of the United States and Canada [deg]."""
CHADEMO_KW = 50.0
"""Assumed power of a DC gun where CHAdeMO is the only DC plug."""


def recognise(columns: list[str]) -> bool:
    """Return whether a table has the columns of AFDC."""
    return {"Fuel Type Code", "EV DC Fast Count"} <= set(columns)


def station(row: Mapping[str, str], record: int) -> Station:
    """Return a row as a station."""
    fuel = row.get("Fuel Type Code", "")
    if fuel != "ELEC":
        if not fuel:
            raise RecordFaultError("has no fuel type")
        raise RecordLeftOutError("is of another fuel, not ELEC", fuel)
    if row.get("Status Code") == "P":
        raise RecordLeftOutError("is planned")
    if row.get("Access Code", "public") == "private":
        raise RecordLeftOutError("is private")
    lat, lon = degrees(row.get("Latitude"), row.get("Longitude"))
    plugs = set(row.get("EV Connector Types", "").split())
    notes: list[tuple[str, str]] = []
    guns = []
    for column, level_kw in LEVEL_KW.items():
        count = gun_count(row.get(column), column)
        if not count:
            continue
        level = column.removeprefix("EV ").removesuffix(" EVSE Num").removesuffix(" Count")
        alone = plugs and not plugs & {"J1772COMBO", "TESLA", "NACS"}
        kw = CHADEMO_KW if alone and column == "EV DC Fast Count" else level_kw
        level += ", CHAdeMO alone" if kw == CHADEMO_KW else ""
        notes.append(("assumed", f"{kw:g} kW for a gun of {level}"))
        guns.append(Guns(count, kw))
    where = name_of(row.get("City"))
    return Station(record, name_of(row.get("ID")), lat, lon, tuple(guns), where, tuple(notes))
