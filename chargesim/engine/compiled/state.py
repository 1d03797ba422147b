"""Lay out the state of a run as arrays of records, where the SimPy engine has objects."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chargesim.demand.demand_table import OUTAGE, WISH, Outages, Table
from chargesim.engine.choice import MAX_TRIED
from chargesim.engine.day_statistics import STATISTICS, DayStatistics
from chargesim.engine.facilities import Facilities
from chargesim.engine.replication_totals import first_levels
from chargesim.engine.rules import exact_min, least_to_bind, whole_modules_kw
from chargesim.engine.session_log import SESSION
from chargesim.exact_time import durations_min
from chargesim.network.network import SWAP

NOBODY: Any = np.int64(-1)
"""Not a plain -1: Numba compiles a function once more for a constant argument."""

EVENT = np.dtype(
    [("time", "f8"), ("key", "i8"), ("stamp", "i8"), ("what", "i4"), ("who", "i4")], align=True
)
"""An entry of the schedule, two to a cache line; `stamp` shows whether the event is still
planned."""
(
    CHARGE_ENDS,
    SWAP_ENDS,
    CHARGE_BEGINS,
    GUN_IS_LEFT,
    CHARGE_STEPS,
    STORE_ENDS,
    HOUR_BEGINS,
    OCCUPANCY_POSTED,
    OUTAGE_BEGINS,
    OUTAGE_ENDS,
    ARRIVES,
    SETS_OUT,
    RESERVATION_LAPSES,
    TURN_ENDS,
) = range(14)
"""What happens at an event: `what` of `EVENT`."""

CAR = np.dtype(
    [
        ("row", "i8"), ("turn", "i8"), ("site", "i4"), ("first_site", "i4"), ("server", "i4"),
        ("judged", "i4"), ("balks", "i4"), ("reneges", "i4"), ("diversions", "i4"),
        ("interruptions", "i4"), ("failed_starts", "i4"), ("tries", "i4"), ("full", "i4"),
        ("rank", "i4"), ("next", "i4"), ("held", "i4"), ("held_next", "i4"), ("known", "i4"),
        ("known_next", "i4"),
        ("late_min", "f8"), ("rank_min", "f8"), ("joined_min", "f8"), ("plug_min", "f8"),
        ("promised_min", "f8"), ("known_min", "f8"), ("expected_min", "f8"),
        ("drive_min", "f8"), ("wait_min", "f8"), ("waits_since_min", "f8"), ("queue_min", "f8"),
        ("taken_min", "f8"), ("starts_min", "f8"), ("full_min", "f8"),
        ("service_min", "f8"), ("charging_min", "f8"), ("energy_kwh", "f8"), ("soc", "f8"),
        ("soc_in", "f8"),
    ],
    align=True,
)  # fmt: skip
"""A vehicle under way. `turn` is the stamp of its turn in a queue, or of the next event at its gun
that belongs to no charge, 0 without one; `next` the one behind it in the queue; `held` and `known`
the site that holds a server for it or knows when it comes, `held_next` and `known_next` the one
after it there."""
SITE = np.dtype(
    [
        ("kind", "i4"), ("present", "i4"), ("up", "i4"), ("free", "i4"), ("dark", "i4"),
        ("changed", "i4"), ("queued", "i4"), ("head", "i4"), ("held", "i4"), ("known", "i4"),
        ("types", "i4"), ("cabinets", "i4"), ("servers", "i4"), ("first_server", "i4"),
        ("first_outlet", "i4"), ("holding", "i4"), ("outlets", "i4"), ("group", "i4"),
        ("ready", "i4"), ("charging", "i4"), ("first_pack", "i4"), ("packs", "i4"),
        ("empty", "i4"), ("empty_at", "i4"), ("curve", "i4"), ("occupied", "i4"),
        ("first_level", "i4"), ("occupied_since", "f8"),
        ("service_min", "f8"), ("queue_since", "f8"), ("swap_min", "f8"), ("hand_out_soc", "f8"),
        ("interval_min", "f8"), ("ready_since", "f8"), ("arrivals", "f8"), ("arrivals_min", "f8"),
    ],
    align=True,
)  # fmt: skip
"""A station or swap site; first what every vehicle changes. `head` is the first of its queue;
`held` and `known` are the first of those lists; packs that wait are in a ring of `packs` entries
from `first_pack` on, the first at `empty_at`; `first_level` is the site's first row of
`occupied_min`."""
SERVER = np.dtype(
    [("free", "i4"), ("car", "i4"), ("down", "i4"), ("down_since", "f8"), ("begun_min", "f8")],
    align=True,
)
"""A gun or bay: whether it is free, the vehicle at it, failures and blackouts now and since when,
begin of a swap."""
OUTLET = np.dtype(
    [
        ("plan", "i8"), ("site", "i4"), ("number", "i4"), ("group", "i4"), ("cabinet", "i4"),
        ("rank", "i4"), ("type", "i4"), ("taken", "i4"), ("curve", "i4"), ("step", "i4"),
        ("soc", "f8"), ("target_soc", "f8"), ("battery_kwh", "f8"), ("begun_min", "f8"),
        ("since_min", "f8"), ("granted_kw", "f8"), ("peak_kw", "f8"), ("end_min", "f8"),
    ],
    align=True,
)  # fmt: skip
"""A gun or slot and the charge at it; `plan` is the stamp of the charge's next event, 0 without
one."""
GROUP = np.dtype(
    [
        ("plan", "i8"), ("count", "i4"), ("least_to_bind", "i4"), ("shared", "i4"), ("dark", "i4"),
        ("store", "i4"), ("duty", "i4"), ("first", "i4"), ("outlets", "i4"), ("lends", "i4"),
        ("first_cabinet", "i4"), ("cabinets", "i4"), ("plug_kw", "f8"), ("kwh", "f8"),
        ("kw", "f8"), ("charge_kw", "f8"), ("energy_kwh", "f8"), ("power_kw", "f8"),
        ("since_min", "f8"), ("opens_min", "f8"),
    ],
    align=True,
)  # fmt: skip
"""The outlets behind a grid connection, and its store: `lends` says whether a cabinet has modules,
`store` is the site in whose statistics the store is written, -1 without one."""
CLOCK = np.dtype(
    [
        ("now", "f8"), ("events", "i8"), ("stamp", "i8"), ("free_car", "i8"), ("under_way", "i8"),
        ("judged", "i8"), ("logged", "i8"), ("index", "i8"), ("first_row", "i8"),
        ("wish_min", "f8"), ("outage", "i8"),
    ],
    align=True,
)  # fmt: skip
"""The present. `wish_min` is the instant of the next wish, row `index` of the table; infinite
without one."""
RULES = np.dtype(
    [
        ("start_min", "f8"), ("end_min", "f8"), ("refresh_min", "f8"), ("hold_min", "f8"),
        ("grace_min", "f8"), ("failed_start_min", "f8"), ("handling_before_min", "f8"),
        ("handling_after_min", "f8"), ("store_efficiency", "f8"),
        ("promised", "f8"), ("memory_min", "f8"), ("cloud", "i8"), ("reserve", "i8"),
        ("smart", "i8"), ("store_hours", "i8", (24,)), ("hold_packs", "i8", (24,)),
    ],
    align=True,
)  # fmt: skip
"""The facilities' `OperatingRules`, and the day of the statistics."""


class City(NamedTuple):
    """All arrays of a run; functions of this package take it whole."""

    clock: NDArray[Any]
    rules: NDArray[Any]
    heap: NDArray[Any]
    table: NDArray[Any]
    """the demand whose vehicles appear now"""
    cars: NDArray[Any]
    wishes: NDArray[Any]
    tried: NDArray[np.int64]
    sites: NDArray[Any]
    servers: NDArray[Any]
    outlets: NDArray[Any]
    groups: NDArray[Any]
    group_outlets: NDArray[np.int64]
    cabinet_kw: NDArray[np.float64]
    module_kw: NDArray[np.float64]
    """by cabinet; 0: it shares without modules"""
    used_kw: NDArray[np.float64]
    """by cabinet, as `cabinet_kw`: room for the sums of `power.binds` and `rules.fill_up`"""
    rising_in: NDArray[np.int64]
    sharing: NDArray[np.int64]
    """[6, charge of a group] room for `power.charge_shared`: outlet, cabinet, rank, whether it
    rises, modules, order"""
    sharing_kw: NDArray[np.float64]
    """[3, charge of a group] as well: wanted, granted, begun"""
    empty: NDArray[np.float64]
    """[pack, 2] SOC and kWh of the packs that wait"""
    outages: NDArray[Any]
    log: NDArray[Any]
    posted_min: NDArray[np.float64]
    foreseen_min: NDArray[np.float64]
    candidates: NDArray[Any]
    known: NDArray[Any]
    city: NDArray[Any]
    edge_soc: NDArray[np.float64]
    step_kw: NDArray[np.float64]
    outside_min: NDArray[np.float64]
    busy_min: NDArray[np.float64]
    all_occupied_min: NDArray[np.float64]
    occupied_min: NDArray[np.float64]
    charging_min: NDArray[np.float64]
    energy_kwh: NDArray[np.float64]
    store_kwh: NDArray[np.float64]
    down_min: NDArray[np.float64]
    queue_min: NDArray[np.float64]
    ready_min: NDArray[np.float64]
    arrivals: NDArray[np.int64]
    pack_found: NDArray[np.int64]
    losses: NDArray[np.int64]
    noted_kwh: NDArray[np.float64]
    queue_check_min: NDArray[np.float64]


def build_city(
    facilities: Facilities,
    statistics: DayStatistics,
    outages: Outages,
    table: Table,
    cars: int = 4096,
    events: int = 1 << 16,
    rows: int = 1 << 16,
) -> City:
    """Return the state before the first event.

    Parameters
    ----------
    facilities, statistics, outages, table
        As for the SimPy engine; the statistics are written in place, and the table is the first of
        the demand.
    cars, events, rows : int
        Vehicles under way, entries of the schedule and rows of the log for which there is room; all
        grow when needed.
    """
    sites, servers = _sites(facilities)
    outlets, groups, group_outlets, (cabinet_kw, module_kw) = _groups(facilities, sites)
    most = int(groups["outlets"].max())
    clock = np.zeros(1, dtype=CLOCK)
    clock["stamp"] = 1
    pool = np.zeros(cars, dtype=CAR)
    pool["next"], pool["row"] = np.append(np.arange(1, cars), NOBODY), NOBODY
    return City(
        clock=clock, rules=_rules(facilities, statistics), heap=np.zeros(events, dtype=EVENT),
        table=table, cars=pool, wishes=np.zeros(cars, dtype=WISH),
        tried=np.zeros((cars, MAX_TRIED), dtype=np.int64), sites=sites, servers=servers,
        outlets=outlets, groups=groups, group_outlets=group_outlets, cabinet_kw=cabinet_kw,
        module_kw=module_kw, used_kw=np.zeros_like(cabinet_kw),
        rising_in=np.zeros(len(cabinet_kw), dtype=np.int64),
        sharing=np.zeros((6, most), dtype=np.int64), sharing_kw=np.zeros((3, most)),
        empty=np.zeros((max(1, int(facilities.packs.sum())), 2)),
        outages=np.ascontiguousarray(outages, dtype=OUTAGE), log=np.zeros(rows, dtype=SESSION),
        posted_min=np.zeros(len(facilities)), foreseen_min=np.zeros(len(facilities)),
        candidates=np.ascontiguousarray(facilities.candidates), known=facilities.known,
        city=facilities.city, edge_soc=facilities.edge_soc, step_kw=facilities.step_kw,
        outside_min=facilities.outside_min,
        **{
            name: getattr(statistics, name) for name in STATISTICS
        },
    )  # fmt: skip


def grown(city: City) -> City:
    """Return the state with twice the room for vehicles, events and rows."""
    size = len(city.cars)
    bigger = {
        name: _doubled(getattr(city, name)) for name in ("cars", "wishes", "tried", "heap", "log")
    }
    bigger["cars"]["row"][size:] = NOBODY
    bigger["cars"]["next"][size:] = np.append(
        np.arange(size + 1, 2 * size), city.clock["free_car"][0]
    )
    city.clock["free_car"] = size
    return city._replace(**bigger)


def _doubled(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array twice as long."""
    longer = np.zeros((2 * len(array), *array.shape[1:]), dtype=array.dtype)
    longer[: len(array)] = array
    return longer


def _rules(facilities: Facilities, statistics: DayStatistics) -> NDArray[Any]:
    rules, operating = np.zeros(1, dtype=RULES), facilities.operating_rules
    rules["start_min"], rules["end_min"] = statistics.start_min, statistics.end_min
    rules["refresh_min"] = exact_min(facilities.posted_refresh_min)
    for name in (
        "hold_min", "grace_min", "failed_start_min", "handling_before_min", "handling_after_min",
        "store_efficiency", "promised", "memory_min", "cloud", "reserve", "smart",
    ):  # fmt: skip
        rules[name] = getattr(operating, name)
    rules["store_hours"], rules["hold_packs"] = (
        operating.store_hours,
        operating.hold_packs,
    )
    return rules


def _sites(facilities: Facilities) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the sites, and their guns and bays one after the other."""
    n, swap, layout = len(facilities), facilities.kind == SWAP, facilities.outlets
    sites = np.zeros(n, dtype=SITE)
    first, of = np.concatenate([[0], np.cumsum(facilities.servers)]), site_of_outlet(facilities)
    sites["kind"], sites["servers"], sites["free"], sites["up"] = (
        facilities.kind,
        facilities.servers,
        facilities.servers,
        facilities.servers,
    )
    sites["first_server"], sites["first_outlet"], sites["outlets"] = (
        first[:-1],
        layout.first[:-1],
        np.diff(layout.first),
    )
    for name in ("head", "held", "known"):
        sites[name] = NOBODY
    sites["cabinets"], sites["types"] = _cabinets(facilities), 1
    main = (
        layout.type[np.minimum(layout.first[of], len(layout.type) - 1)] if len(of) else layout.type
    )
    sites["types"][of[layout.type != main]] = 2
    sites["first_level"] = first_levels(facilities.servers)[:-1]
    sites["ready"] = sites["packs"] = np.where(swap, facilities.packs, 0)
    sites["first_pack"] = np.cumsum(sites["packs"]) - sites["packs"]
    sites["swap_min"], sites["service_min"] = (
        durations_min(facilities.known["swap_min"]),
        facilities.service_min,
    )
    sites["hand_out_soc"], sites["curve"], sites["interval_min"] = (
        facilities.known["hand_out_soc"],
        facilities.pack_curve,
        facilities.pack_interval_min,
    )
    servers = np.zeros(max(1, int(first[-1])), dtype=SERVER)
    servers["free"], servers["car"] = 1, NOBODY
    return sites, servers


def site_of_outlet(facilities: Facilities) -> NDArray[np.int64]:
    """Return the site of each outlet."""
    return np.repeat(np.arange(len(facilities)), np.diff(facilities.outlets.first))


def _cabinets(facilities: Facilities) -> NDArray[np.int64]:
    """Return the number of cabinets of each site; they are numbered from 0 on."""
    count = np.zeros(len(facilities), dtype=np.int64)
    np.maximum.at(count, site_of_outlet(facilities), facilities.outlets.cabinet + 1)
    return count


def _groups(
    facilities: Facilities, sites: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64], NDArray[np.float64]]:
    """Return outlets, groups by first site, the outlets of each, and [2, cabinet] limit, module."""
    layout, of, swap = facilities.outlets, site_of_outlet(facilities), facilities.kind == SWAP
    _, seen, index = np.unique(facilities.connection, return_index=True, return_inverse=True)
    sites["group"] = np.argsort(np.argsort(seen))[index]
    outlets, groups = (
        np.zeros(max(1, len(of)), dtype=OUTLET),
        np.zeros(max(1, len(seen)), dtype=GROUP),
    )
    first_site, count = np.sort(seen), _cabinets(facilities)
    by_group = np.argsort(sites["group"], kind="stable")
    cabinets_before = np.zeros(len(facilities), dtype=np.int64)
    cabinets_before[by_group] = np.cumsum(count[by_group]) - count[by_group]
    if len(of):
        outlets["site"], outlets["group"] = of, sites["group"][of]
        outlets["number"] = (
            np.arange(len(of)) - layout.first[of] + np.where(swap, facilities.servers, 0)[of]
        )
        outlets["cabinet"] = (
            layout.cabinet + cabinets_before[of] - cabinets_before[first_site[sites["group"][of]]]
        )
        outlets["rank"], outlets["type"] = layout.rank, layout.type
    groups["store"] = NOBODY
    if len(seen):
        _fill_groups(
            facilities,
            groups,
            outlets[: len(of)],
            first_site,
            cabinets_before,
            np.bincount(sites["group"], count).astype(np.int64),
        )
    of_site = np.stack([facilities.cabinet_kw, facilities.module_kw])[:, by_group]
    cabinets = np.repeat(of_site, count[by_group], axis=1)
    members = (
        np.argsort(outlets["group"][: len(of)], kind="stable")
        if len(of)
        else np.zeros(1, dtype=np.int64)
    )
    return outlets, groups, members, cabinets if cabinets.size else np.zeros((2, 1))


def _fill_groups(
    facilities: Facilities,
    groups: NDArray[Any],
    outlets: NDArray[Any],
    first_site: NDArray[np.int64],
    cabinets_before: NDArray[np.int64],
    cabinets: NDArray[np.int64],
) -> None:
    """Fill in limits and stores of the groups."""
    groups["outlets"] = np.bincount(outlets["group"], minlength=len(groups))
    groups["first"] = np.cumsum(groups["outlets"]) - groups["outlets"]
    groups["first_cabinet"], groups["cabinets"], groups["plug_kw"] = (
        cabinets_before[first_site],
        cabinets,
        facilities.plug_kw[first_site],
    )
    most_kw, room_kw = np.zeros(len(groups)), groups["plug_kw"].copy()
    highest_kw = facilities.step_kw.max(axis=(1, 2), initial=0.0)[outlets["type"]]
    module_kw = facilities.module_kw[outlets["site"]]
    whole_kw = list(map(whole_modules_kw, highest_kw, module_kw))
    np.maximum.at(most_kw, outlets["group"], np.array(whole_kw, dtype=np.float64))
    np.maximum.at(groups["lends"], outlets["group"], module_kw > 0)
    np.minimum.at(room_kw, outlets["group"], facilities.cabinet_kw[outlets["site"]])
    groups["least_to_bind"] = list(map(least_to_bind, room_kw, most_kw))
    stored = (facilities.store_kwh[first_site] > 0) & (facilities.store_kw[first_site] > 0)
    groups["store"][stored] = first_site[stored]
    groups["kwh"], groups["kw"] = facilities.store_kwh[first_site], facilities.store_kw[first_site]
    groups["opens_min"] = facilities.known["opens_min"][first_site]
    groups["charge_kw"] = np.minimum(groups["kw"], facilities.operating_rules.store_charge_kw)
