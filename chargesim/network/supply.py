"""Turn spots, or a user's own table of sites, into the site table of the network."""

from typing import Any

import numpy as np

from chargesim.network.network import STATION, SWAP, Sites
from chargesim.network.placement import Spot
from chargesim.network.rows import SiteRow
from chargesim.scenario.model import Scenario

_COLUMNS = (
    "id", "kind", "group", "access", "district", "lat", "lon", "guns", "gun_kw", "gun_a", "guns_per_cabinet", "cabinet_kw", "site_kw",
    "price_cny_kwh", "bays", "slots", "slot_kw", "packs", "pack_type", "swap_min", "hand_out_soc",
)  # fmt: skip
_NEEDED = ("guns", "gun_kw", "gun_a", "cabinet_kw", "site_kw", "price_cny_kwh")
_OF_STATIONS = ("guns", "gun_kw", "gun_a", "guns_per_cabinet", "cabinet_kw")
_OF_SWAP = ("swap_kind", "bays", "slots", "slot_kw", "packs", "pack_type", "swap_min", "hand_out_soc")
_KIND_WORDS = {"station": "station", "swap": "swap site"}
_TEXT = ("id", "group", "access", "pack_type")
_WHOLE = ("kind", "district", "guns", "guns_per_cabinet", "bays", "slots", "packs")


def sites_of(records: list[dict[str, Any]]) -> Sites:
    """Return the site table of some records."""
    columns: dict[str, Any] = {}
    for name in _COLUMNS:
        values = [record[name] for record in records]
        columns[name] = tuple(values) if name in _TEXT else np.array(values, dtype=np.int64 if name in _WHOLE else np.float64)
    return Sites(**columns)


def record_of_spot(scenario: Scenario, spot: Spot) -> dict[str, Any]:
    """Return the record of a site that was placed by the plan's rules."""
    common = {"id": spot.name, "group": spot.group, "access": spot.access, "district": spot.district, "lat": spot.lat, "lon": spot.lon}
    if spot.swap_kind:
        return {**common, **_swap_supply(scenario, spot.swap_kind)}
    return {**common, **_station_supply(scenario, spot.guns)}


def faults_of_row(scenario: Scenario, row: SiteRow, place: str) -> list[str]:
    """Return what is wrong with a site of a user's table, each with the place in front."""
    given = _given(row)
    foreign = sorted((set(_OF_STATIONS) if row.kind == "swap" else set(_OF_SWAP)) & {name for name, value in given.items() if value})
    faults = [f"{place}: {name}: got {given[name]}, needs to be empty at a {_KIND_WORDS[row.kind]}" for name in foreign]
    if row.kind == "station":
        if row.guns == 0:
            faults.append(f"{place}: guns: got 0, a station needs at least 1")
        missing = [name for name in _NEEDED if name not in given]
        if scenario.stations is None and missing:
            faults.append(f"{place}: {', '.join(missing)}: needs a value, since the scenario has no section stations")
        return faults
    known = ", ".join(scenario.swap.kinds)
    if row.swap_kind is not None and row.swap_kind not in scenario.swap.kinds:
        faults.append(f"{place}: swap_kind: got {row.swap_kind!r}, needs one of {known}")
    elif row.swap_kind is None and not _swap_kind(scenario, row):
        faults.append(f"{place}: swap_kind: needs one of {known}, since none of them has the access {row.access}")
    if row.pack_type is not None and row.pack_type not in scenario.swap.pack_types:
        faults.append(f"{place}: pack_type: got {row.pack_type!r}, needs one of {', '.join(scenario.swap.pack_types)}")
    return faults


def record_of_row(scenario: Scenario, row: SiteRow, district: int) -> dict[str, Any]:
    """Return the record of a site of a user's table; what the row leaves out comes from the scenario."""
    given = {name: value for name, value in _given(row).items() if name in _COLUMNS and name not in ("kind", "district")}
    if row.kind == "swap":
        supply = _swap_supply(scenario, _swap_kind(scenario, row))
    elif scenario.stations is not None:
        supply = _station_supply(scenario, row.guns if row.guns is not None else 1)
    else:
        supply = {**_no_swap(), "kind": STATION, "guns_per_cabinet": row.guns}
    return {**supply, **given, "id": row.site_id, "group": "table", "access": row.access, "district": district}


def _given(row: SiteRow) -> dict[str, Any]:
    return {name: value for name, value in row if value is not None}


def _swap_kind(scenario: Scenario, row: SiteRow) -> str:
    """Return the kind of a swap site: the one that the row names, else the first of its access, "" for none."""
    return row.swap_kind or next((name for name, kind in scenario.swap.kinds.items() if kind.access == row.access), "")


def _station_supply(scenario: Scenario, guns: int) -> dict[str, Any]:
    plan = scenario.stations
    assert plan is not None
    cabinets = -(-guns // plan.guns_per_cabinet)
    return {
        **_no_swap(),
        "kind": STATION,
        "guns": guns,
        "gun_kw": plan.gun_kw.value,
        "gun_a": plan.gun_a.value,
        "guns_per_cabinet": plan.guns_per_cabinet,
        "cabinet_kw": plan.cabinet_kw.value,
        "site_kw": plan.site_kw.value * max(1, cabinets),
        "price_cny_kwh": plan.price_cny_kwh.value,
    }


def _no_swap() -> dict[str, Any]:
    return {"bays": 0, "slots": 0, "slot_kw": 0.0, "packs": 0, "pack_type": "", "swap_min": 0.0, "hand_out_soc": 0.0}


def _swap_supply(scenario: Scenario, name: str) -> dict[str, Any]:
    kind = scenario.swap.kinds[name]
    return {
        "kind": SWAP,
        "guns": 0,
        "gun_kw": 0.0,
        "gun_a": 0.0,
        "guns_per_cabinet": 0,
        "cabinet_kw": 0.0,
        "site_kw": kind.site_kw.value,
        "price_cny_kwh": kind.price_cny_kwh.value,
        "bays": kind.bays,
        "slots": kind.slots,
        "slot_kw": kind.slot_kw.value,
        "packs": kind.packs,
        "pack_type": kind.pack_type,
        "swap_min": kind.swap_min.value,
        "hand_out_soc": kind.hand_out_soc.value,
    }
