"""Complete sites from the scenario: those the plan's rules placed, and those of a user's own table.

A record is a row of the site table with every column filled in. A swap site whose kind has guns
gives two records, the second for the guns beside its packs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargesim.network.network import EMPTY_SITE, SITE_COLUMNS, SITE_KINDS, STATION, SWAP, Sites
from chargesim.network.placement import PlacedSite
from chargesim.network.table_columns import GIVEN_COLUMNS, SiteRow
from chargesim.scenario.assumption import Assumption
from chargesim.scenario.model import Scenario

Record = dict[str, Any]

KIND_NUMBER = {kind.name: number for number, kind in enumerate(SITE_KINDS)}
"""Index into `SITE_KINDS` by name."""


def _only(kind: int) -> tuple[str, ...]:
    """Return the columns that sites of one kind alone have."""
    return tuple(
        name
        for name, column in SITE_COLUMNS.items()
        if set(column.source) == {SITE_KINDS[kind].name}
    )


def _of_section(key: str) -> tuple[str, ...]:
    """Return the columns of a station that a subsection of `stations` fills in."""
    return tuple(
        name
        for name, column in SITE_COLUMNS.items()
        if column.source.get("station", "").startswith(f"{key}.")
    )


_COMPANIONS, _STORE = _of_section("companions"), _of_section("store")
_NEEDED = ("guns", *(
    name
    for name, column in SITE_COLUMNS.items()
    if column.source.get("station")
    and name not in (*_COMPANIONS, *_STORE, "guns_per_cabinet")
))  # fmt: skip
"""What a station gives itself where the scenario has no section `stations`; by default one cabinet
feeds all its ultra-fast guns."""


def _empty(names: Iterable[str]) -> Record:
    return {name: EMPTY_SITE[name] for name in names}


@dataclass(frozen=True)
class JoinedSites:
    """The site table, and where each site joins the roads."""

    sites: Sites
    node: NDArray[np.int64]
    """node from which a site is reached"""
    exit: NDArray[np.int64]
    """node from which vehicles go on; another one at a service area of both directions"""
    leg_km: NDArray[np.float64]
    """road between node and site [km]"""


def join_sites(
    records: list[list[Record]], node: list[int], exit_: list[int], leg_km: list[float]
) -> JoinedSites:
    """Return the table of the records of each site, all joined at the site's nodes."""
    copies = [len(of_site) for of_site in records]
    return JoinedSites(
        _site_table([record for of_site in records for record in of_site]),
        np.repeat(np.array(node, dtype=np.int64), copies),
        np.repeat(np.array(exit_, dtype=np.int64), copies),
        np.repeat(np.array(leg_km, dtype=np.float64), copies),
    )


def _site_table(records: list[Record]) -> Sites:
    """Return the site table of records; only the first site of a connection keeps a store."""
    columns = {name: [record[name] for record in records] for name in SITE_COLUMNS}
    numbers: dict[str, int] = {}
    columns["connection"] = [
        numbers.setdefault(name, len(numbers)) for name in columns["connection"]
    ]
    seen: set[int] = set()
    for site, connection in enumerate(columns["connection"]):
        if connection in seen:
            for name in _STORE:
                columns[name][site] = EMPTY_SITE[name]
        seen.add(connection)
    return Sites.of(len(records), **columns)


def records_of_placed_site(scenario: Scenario, site: PlacedSite) -> list[Record]:
    """Return the records of a site that the plan's rules placed."""
    own = {
        "id": site.name,
        "group": site.group,
        "access": site.access,
        "district": site.district,
        "lat": site.lat,
        "lon": site.lon,
        "connection": site.name,
    }
    if not site.swap_kind:
        return [{**_station(scenario, site.guns, site.access), **own}]
    record = _without_lending(scenario, {**_swap_site(scenario, site.swap_kind), **own})
    return _with_guns(scenario, record, site.swap_kind)


def records_of_row(scenario: Scenario, row: SiteRow, district: int) -> list[Record]:
    """Return the records of a row of a user's table; the scenario fills in what it leaves out."""
    given = {name: value for name, value in row.given.items() if name in GIVEN_COLUMNS}
    own = {
        "id": row.site_id,
        "group": "table",
        "access": row.access,
        "district": district,
        "lat": row.lat,
        "lon": row.lon,
        "connection": f"own {row.site_id}"
        if row.connection is None
        else f"shared {row.connection}",
        "opens_min": _opens_min(scenario, row),
    }
    if KIND_NUMBER[row.kind] == SWAP:
        swap_kind = _swap_kind(scenario, row)
        record = {**_swap_site(scenario, swap_kind), **given, **own}
        return _with_guns(scenario, _without_lending(scenario, record), swap_kind)
    companions = given.get("companions")
    fast = given.get("guns", 1) - (companions or 0)
    if scenario.stations is not None:
        record = _station(scenario, fast, row.access, companions)
        if given.get("store_kwh") or given.get("store_kw"):
            record |= _from_section(scenario.stations, STATION, _STORE)
    else:
        record = {**EMPTY_SITE, "kind": STATION, "guns_per_cabinet": fast}
    record |= {**given, **own}
    record["guns"] = fast + record["companions"]
    if record["companions"] == 0:
        record |= _empty(_COMPANIONS)
    if not all(record[name] > 0 for name in _STORE):
        record |= _empty(_STORE)
    return [record]


def ids_of_row(scenario: Scenario, row: SiteRow) -> list[str]:
    """Return the ids of the records of a row."""
    if KIND_NUMBER[row.kind] == SWAP:
        kind = scenario.swap.kinds.get(_swap_kind(scenario, row))
        if kind is not None and kind.guns:
            return [row.site_id, f"{row.site_id}-guns"]
    return [row.site_id]


def faults_of_row(scenario: Scenario, row: SiteRow, position: str) -> list[str]:
    """Return what is wrong with a row of a user's table, each fault after its file and line."""
    given, kind = row.given, KIND_NUMBER[row.kind]
    foreign = {*_only(STATION)} if kind == SWAP else {*_only(SWAP), "swap_kind"}
    faults = [
        f"{name}: got {given[name]}, needs to be empty at a {SITE_KINDS[kind].noun}"
        for name in sorted(foreign & {name for name, value in given.items() if value})
    ]
    check = _faults_of_swap_site if kind == SWAP else _faults_of_station
    return [f"{position}: {fault}" for fault in faults + check(scenario, row)]


def _faults_of_station(scenario: Scenario, row: SiteRow) -> list[str]:
    given, faults = row.given, []
    guns, companions = given.get("guns"), given.get("companions")
    if guns == 0:
        faults.append("guns: got 0, a station needs at least 1")
    elif companions and companions >= (guns or 1):
        faults.append(
            f"companions: got {companions}, needs less than guns, {guns or 1}, "
            "which counts the ultra-fast ones too"
        )
    if scenario.stations is None:
        missing = [
            name for name in (*_NEEDED, *(_COMPANIONS if companions else ())) if name not in given
        ]
        if missing:
            faults.append(
                f"{', '.join(missing)}: needs a value, since the scenario has no section stations"
            )
        if any(given.get(name) for name in _STORE):
            faults.append(
                f"{', '.join(_STORE)}: needs the section stations, "
                "whose store says in which hours it charges"
            )
    return faults


def _faults_of_swap_site(scenario: Scenario, row: SiteRow) -> list[str]:
    faults = []
    known = ", ".join(scenario.swap.kinds)
    if row.swap_kind is not None and row.swap_kind not in scenario.swap.kinds:
        faults.append(f"swap_kind: got {row.swap_kind!r}, needs one of {known}")
    elif row.swap_kind is None and not _swap_kind(scenario, row):
        faults.append(
            f"swap_kind: needs one of {known}, since none of them has the access {row.access}"
        )
    kind = scenario.swap.kinds.get(_swap_kind(scenario, row))
    if kind is not None and scenario.swap.lending.enabled:
        site = {**_from_section(kind, SWAP), **row.given}
        if site["module_kw"] > site["slots"] * site["slot_kw"]:
            faults.append(
                f"module_kw: got {site['module_kw']:g}, needs at most slots x slot_kw, "
                f"{site['slots'] * site['slot_kw']:g}"
            )
    pack_type = row.given.get("pack_type")
    if pack_type is not None and pack_type not in scenario.swap.pack_types:
        faults.append(
            f"pack_type: got {pack_type!r}, needs one of {', '.join(scenario.swap.pack_types)}"
        )
    return faults


def _swap_kind(scenario: Scenario, row: SiteRow) -> str:
    """Return the row's kind of swap site, else the first one with its access, "" for none."""
    return row.swap_kind or next(
        (name for name, kind in scenario.swap.kinds.items() if kind.access == row.access), ""
    )


def _opens_min(scenario: Scenario, row: SiteRow) -> float:
    """Return the midnight before the judged day at which a site opens [min], 0: open already."""
    if row.opens_day is None:
        return 0.0
    return 1440.0 * (scenario.horizon.lead_in_days + row.opens_day)


def _from_section(section: Any, kind: int, names: Iterable[str] = SITE_COLUMNS) -> Record:
    """Return the columns of a kind of site that a section of the scenario fills in."""
    filled = {}
    for name in names:
        key = SITE_COLUMNS[name].source.get(SITE_KINDS[kind].name)
        if key:
            value = reduce(getattr, key.split("."), section)
            filled[name] = value.value if isinstance(value, Assumption) else value
    return filled


def _station(scenario: Scenario, fast: int, access: str, companions: int | None = None) -> Record:
    """Return a station with some ultra-fast guns; the plan gives its companions unless given."""
    plan = scenario.stations
    assert plan is not None
    if companions is None:
        beside = plan.companions
        companions = beside.per_ultra_fast_gun * fast if access in beside.at else 0
    record = {**EMPTY_SITE, **_from_section(plan, STATION), "kind": STATION}
    record |= {"guns": fast + companions, "companions": companions}
    record["site_kw"] *= max(1, -(-fast // plan.guns_per_cabinet))
    if not companions:
        record |= _empty(_COMPANIONS)
    return record if plan.store.enabled else record | _empty(_STORE)


def _swap_site(scenario: Scenario, swap_kind: str) -> Record:
    """Return a swap site of a kind."""
    filled = _from_section(scenario.swap.kinds[swap_kind], SWAP)
    return {**EMPTY_SITE, **filled, "kind": SWAP}


def _without_lending(scenario: Scenario, record: Record) -> Record:
    """Return a swap site without modules where slots do not lend each other power."""
    return record if scenario.swap.lending.enabled else record | _empty(("module_kw",))


def _with_guns(scenario: Scenario, site: Record, swap_kind: str) -> list[Record]:
    """Return a swap site and, where its kind has guns, the station behind the same connection."""
    kind = scenario.swap.kinds[swap_kind]
    if kind.guns == 0:
        return [site]
    assert kind.gun_kw is not None and kind.gun_a is not None  # checked by the scenario
    guns = {
        **site,
        **_empty(_only(SWAP)),
        "id": f"{site['id']}-guns",
        "group": "mixed",
        "kind": STATION,
        "guns": kind.guns,
        "gun_kw": kind.gun_kw.value,
        "gun_a": kind.gun_a.value,
        "guns_per_cabinet": 1,
        "cabinet_kw": kind.gun_kw.value,
    }
    if scenario.stations is not None:
        guns["price_cny_kwh"] = scenario.stations.price_cny_kwh.value
    return [site, guns]
