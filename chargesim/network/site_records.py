"""Turn placed_sites, or a user's own table of sites, into the site table of the network."""

from typing import Any

import numpy as np

from chargesim.network.network import STATION, SWAP, Sites
from chargesim.network.placement import PlacedSite
from chargesim.network.table_columns import SiteRow
from chargesim.scenario.model import Scenario

_COLUMNS = (
    "id", "kind", "group", "access", "district", "lat", "lon", "guns", "gun_kw", "gun_a", "companions", "companion_kw", "companion_a",
    "guns_per_cabinet", "cabinet_kw", "site_kw", "store_kwh", "store_kw", "price_cny_kwh", "bays", "slots", "slot_kw", "packs",
    "pack_type", "swap_min", "hand_out_soc", "opens_min",
)  # fmt: skip
_NEEDED = ("guns", "gun_kw", "gun_a", "cabinet_kw", "site_kw", "price_cny_kwh")
_OF_STATIONS = (
    "guns", "gun_kw", "gun_a", "guns_per_cabinet", "cabinet_kw", "companions", "companion_kw", "companion_a", "store_kwh", "store_kw",
)  # fmt: skip
_OF_SWAP = (
    "swap_kind",
    "bays",
    "slots",
    "slot_kw",
    "packs",
    "pack_type",
    "swap_min",
    "hand_out_soc",
)
_NO_SWAP = {
    "bays": 0,
    "slots": 0,
    "slot_kw": 0.0,
    "packs": 0,
    "pack_type": "",
    "swap_min": 0.0,
    "hand_out_soc": 0.0,
}
_NO_COMPANIONS = {"companions": 0, "companion_kw": 0.0, "companion_a": 0.0}
_NO_STORE = {"store_kwh": 0.0, "store_kw": 0.0}
_KIND_WORDS = {"station": "station", "swap": "swap site"}
_TEXT = ("id", "group", "access", "pack_type")
_WHOLE = ("kind", "district", "guns", "companions", "guns_per_cabinet", "bays", "slots", "packs")


def sites_of(records: list[dict[str, Any]]) -> Sites:
    """Return the site table of some records; of the sites of a connection only the first keeps a store."""
    columns: dict[str, Any] = {}
    for name in _COLUMNS:
        values = [record[name] for record in records]
        columns[name] = (
            tuple(values)
            if name in _TEXT
            else np.array(values, dtype=np.int64 if name in _WHOLE else np.float64)
        )
    numbers: dict[str, int] = {}
    connection = np.array(
        [numbers.setdefault(record["connection"], len(numbers)) for record in records],
        dtype=np.int64,
    )
    first = np.diff(np.maximum.accumulate(connection), prepend=-1) > 0
    for name in ("store_kwh", "store_kw"):
        columns[name] = np.where(first, columns[name], 0.0)
    return Sites(**columns, connection=connection)


def records_of_placed_site(scenario: Scenario, placed: PlacedSite) -> list[dict[str, Any]]:
    """Return the record of a site that was placed by the plan's rules, and that of the guns beside the packs of a mixed one."""
    common = {
        "id": placed.name,
        "group": placed.group,
        "access": placed.access,
        "district": placed.district,
        "lat": placed.lat,
        "lon": placed.lon,
    }
    common |= {"connection": placed.name, "opens_min": 0.0}
    if not placed.swap_kind:
        return [{**common, **_station_supply(scenario, placed.guns, placed.access)}]
    return _with_guns(
        scenario, {**common, **_swap_supply(scenario, placed.swap_kind)}, placed.swap_kind
    )


def faults_of_row(scenario: Scenario, row: SiteRow, place: str) -> list[str]:
    """Return what is wrong with a site of a user's table, each with the place in front."""
    given = _given(row)
    foreign = sorted(
        (set(_OF_STATIONS) if row.kind == "swap" else set(_OF_SWAP))
        & {name for name, value in given.items() if value}
    )
    faults = [
        f"{place}: {name}: got {given[name]}, needs to be empty at a {_KIND_WORDS[row.kind]}"
        for name in foreign
    ]
    if row.kind == "station":
        return faults + _faults_of_station(scenario, row, place, given)
    known = ", ".join(scenario.swap.kinds)
    if row.swap_kind is not None and row.swap_kind not in scenario.swap.kinds:
        faults.append(f"{place}: swap_kind: got {row.swap_kind!r}, needs one of {known}")
    elif row.swap_kind is None and not _swap_kind(scenario, row):
        faults.append(
            f"{place}: swap_kind: needs one of {known}, since none of them has the access {row.access}"
        )
    if row.pack_type is not None and row.pack_type not in scenario.swap.pack_types:
        faults.append(
            f"{place}: pack_type: got {row.pack_type!r}, needs one of {', '.join(scenario.swap.pack_types)}"
        )
    return faults


def _faults_of_station(
    scenario: Scenario, row: SiteRow, place: str, given: dict[str, Any]
) -> list[str]:
    faults = []
    if row.guns == 0:
        faults.append(f"{place}: guns: got 0, a station needs at least 1")
    elif row.companions and row.companions >= (row.guns or 1):
        faults.append(
            f"{place}: companions: got {row.companions}, needs less than guns, {row.guns or 1}, which counts the ultra-fast ones too"
        )
    if scenario.stations is None:
        needed = (*_NEEDED, "companion_kw", "companion_a") if row.companions else _NEEDED
        missing = [name for name in needed if name not in given]
        if missing:
            faults.append(
                f"{place}: {', '.join(missing)}: needs a value, since the scenario has no section stations"
            )
        if row.store_kwh or row.store_kw:
            faults.append(
                f"{place}: store_kwh, store_kw: needs the section stations, whose store says in which hours it charges"
            )
    return faults


def records_of_row(scenario: Scenario, row: SiteRow, district: int) -> list[dict[str, Any]]:
    """Return the records of a site of a user's table, as `records_of_placed_site`; what the row leaves out comes from the scenario."""
    given = {
        name: value
        for name, value in _given(row).items()
        if name in _COLUMNS and name not in ("kind", "district")
    }
    common = {
        "id": row.site_id,
        "group": "table",
        "access": row.access,
        "district": district,
        "opens_min": _opens_min(scenario, row),
    }
    common["connection"] = (
        f"own {row.site_id}" if row.connection is None else f"shared {row.connection}"
    )
    if row.kind == "swap":
        swap_kind = _swap_kind(scenario, row)
        return _with_guns(
            scenario, {**_swap_supply(scenario, swap_kind), **given, **common}, swap_kind
        )
    fast = (row.guns if row.guns is not None else 1) - (row.companions or 0)
    if scenario.stations is not None:
        supply = _station_supply(scenario, fast, row.access, row.companions)
    else:
        supply = {
            **_NO_SWAP,
            **_NO_COMPANIONS,
            **_NO_STORE,
            "kind": STATION,
            "guns_per_cabinet": fast,
        }
    guns = fast + supply["companions"] if row.companions is None else row.guns
    record = {**supply, **_own_store(scenario, row), **given, **common, "guns": guns}
    if record["companions"] == 0:
        record |= _NO_COMPANIONS
    return [record if record["store_kwh"] > 0 and record["store_kw"] > 0 else record | _NO_STORE]


def _given(row: SiteRow) -> dict[str, Any]:
    return {name: value for name, value in row if value is not None}


def ids_of_row(scenario: Scenario, row: SiteRow) -> list[str]:
    """Return the ids of the records of a row."""
    kind = scenario.swap.kinds.get(_swap_kind(scenario, row)) if row.kind == "swap" else None
    return [row.site_id, f"{row.site_id}-guns"] if kind is not None and kind.guns else [row.site_id]


def _swap_kind(scenario: Scenario, row: SiteRow) -> str:
    """Return the kind of a swap site: the one that the row names, else the first of its access, "" for none."""
    return row.swap_kind or next(
        (name for name, kind in scenario.swap.kinds.items() if kind.access == row.access), ""
    )


def _opens_min(scenario: Scenario, row: SiteRow) -> float:
    """Return the midnight before the judged day at which a site opens [min]; 0 when it is open from the start."""
    return (
        0.0 if row.opens_day is None else 1440.0 * (scenario.horizon.lead_in_days + row.opens_day)
    )


def _station_supply(
    scenario: Scenario, fast: int, access: str, companions: int | None = None
) -> dict[str, Any]:
    """Return what a station of some ultra-fast guns has by the plan; companions by the plan too, unless they are given."""
    plan = scenario.stations
    assert plan is not None
    cabinets = -(-fast // plan.guns_per_cabinet)
    beside = plan.companions
    if companions is None:
        companions = beside.per_ultra_fast_gun * fast if access in beside.at else 0
    return {
        **_NO_SWAP,
        "kind": STATION,
        "guns": fast + companions,
        "gun_kw": plan.gun_kw.value,
        "gun_a": plan.gun_a.value,
        "companions": companions,
        "companion_kw": beside.gun_kw.value if companions else 0.0,
        "companion_a": beside.gun_a.value if companions else 0.0,
        "guns_per_cabinet": plan.guns_per_cabinet,
        "cabinet_kw": plan.cabinet_kw.value,
        "site_kw": plan.site_kw.value * max(1, cabinets),
        "price_cny_kwh": plan.price_cny_kwh.value,
        **(
            {"store_kwh": plan.store.kwh.value, "store_kw": plan.store.kw.value}
            if plan.store.enabled
            else _NO_STORE
        ),
    }


def _own_store(scenario: Scenario, row: SiteRow) -> dict[str, float]:
    """Return the plan's store for a row that names energy or power of one: such a row has it even where the plan has none."""
    if scenario.stations is None or not (row.store_kwh or row.store_kw):
        return {}
    return {
        "store_kwh": scenario.stations.store.kwh.value,
        "store_kw": scenario.stations.store.kw.value,
    }


def _with_guns(scenario: Scenario, swap: dict[str, Any], swap_kind: str) -> list[dict[str, Any]]:
    """Return a swap site, and as a row of its own the guns that share its grid connection, where its kind has such guns."""
    kind = scenario.swap.kinds[swap_kind]
    if kind.guns == 0:
        return [swap]
    assert kind.gun_kw is not None and kind.gun_a is not None  # checked by the scenario
    beside = {
        **swap,
        **_NO_SWAP,
        "id": f"{swap['id']}-guns",
        "group": "mixed",
        "kind": STATION,
        "guns": kind.guns,
        "gun_kw": kind.gun_kw.value,
        "gun_a": kind.gun_a.value,
        "guns_per_cabinet": 1,
        "cabinet_kw": kind.gun_kw.value,
    }
    if scenario.stations is not None:
        beside["price_cny_kwh"] = scenario.stations.price_cny_kwh.value
    return [swap, beside]


def _swap_supply(scenario: Scenario, name: str) -> dict[str, Any]:
    kind = scenario.swap.kinds[name]
    return {
        **_NO_COMPANIONS,
        **_NO_STORE,
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
