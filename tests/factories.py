"""Build small networks, demand tables and facilities for tests, without any file."""

from pathlib import Path
from typing import Any

import numpy as np

from chargesim.demand.demand_table import OUTAGE, empty_table, sort_table
from chargesim.engine.choice import CANDIDATE, CITY, KNOWN_SITE
from chargesim.engine.facilities import COMPANION, SLOT, ULTRA_FAST, Facilities, Outlets
from chargesim.engine.operating_rules import OperatingRules

ROOT = Path(__file__).parent.parent
SCENARIOS = ROOT / "scenarios"
TICK = 2.0**-20


def facilities(
    guns: tuple[int, ...] = (2,),
    *,
    swap: tuple[bool, ...] | None = None,
    drive_min: float = 5.0,
    km: float = 0.0,
    kw: float = 100.0,
    cabinet_kw: float = 1e9,
    plug_kw: float = 1e9,
    per_cabinet: int = 1000,
    packs: int = 2,
    slots: int = 2,
    modules: int = 0,
    module_kw: float = 30.0,
    swap_min: float = 5.0,
    hand_out_soc: float = 0.9,
    service_min: float = 30.0,
    noise_min: float = 0.0,
    outside_drive_min: float = np.inf,
    posted_refresh_min: float = 5.0,
    companions: int = 0,
    companion_kw: float = 50.0,
    connection: tuple[int, ...] | None = None,
    store_kwh: float = 0.0,
    store_kw: float = 0.0,
    operating_rules: OperatingRules | None = None,
    curve: tuple[tuple[float, ...], tuple[float, ...]] = ((0.0, 1.0), (100.0,)),
    origins: int = 1,
) -> Facilities:
    """Return sites that every origin reaches in the same time; stations on list 0, swap sites on
    list 1.

    The slots of a swap site lend each other `modules` of `module_kw`, or each has its own charger.
    Curve 0 is the vehicles', curve 1 the packs' (a flat 60 kW); `kw` caps both. Of the guns of
    every station the last `companions` give `companion_kw` at most; their cabinets are filled in
    turn.
    """
    n = len(guns)
    is_swap = np.array(swap or [False] * n)
    candidates = np.zeros((2, origins + n, max(n, 1)), dtype=CANDIDATE)
    candidates["site"] = -1
    for which in range(2):
        sites = np.flatnonzero(is_swap == bool(which))
        candidates["site"][which, :, : len(sites)] = sites
    candidates["km"], candidates["minutes"] = km, drive_min
    for site in range(n):  # a site is never its own candidate
        for which in range(2):
            row = [s for s in candidates["site"][which, origins + site] if s not in (-1, site)]
            candidates["site"][which, origins + site] = row + [-1] * (n - len(row))
    known = np.zeros(n, dtype=KNOWN_SITE)
    known["hash"], known["swap"] = np.arange(1, n + 1), is_swap
    known["swap_min"], known["hand_out_soc"] = swap_min, hand_out_soc
    city = np.zeros(1, dtype=CITY)
    city["noise_min"], city["outside_kw"] = noise_min, 30.0
    rules = operating_rules or OperatingRules()
    known["handling_min"] = np.where(
        is_swap, 0.0, rules.handling_before_min + rules.handling_after_min
    )
    edges, powers = curve
    edge_soc, step_kw = np.ones((2, len(edges))), np.full((2, len(powers)), 60.0)
    edge_soc[0], step_kw[0] = edges, powers
    edge_soc[1, 0] = 0.0
    servers = np.array(guns, dtype=np.int64)
    count = np.where(is_swap, slots, servers)
    first = np.concatenate([[0], np.cumsum(count)])
    site = np.repeat(np.arange(n), count)
    number = np.arange(len(site)) - first[site]
    ultra = np.where(is_swap, count, servers - companions)
    beside = number >= ultra[site]
    cabinets = np.maximum(1, -(-ultra // per_cabinet))
    cabinet = np.where(beside, (number - ultra[site]) % cabinets[site], number // per_cabinet)
    rank = np.where(is_swap[site], SLOT, np.where(beside, COMPANION, ULTRA_FAST))
    types = [np.minimum(step_kw, kw)] + ([np.minimum(step_kw, companion_kw)] if companions else [])
    return Facilities(
        kind=is_swap.astype(np.int64),
        district=np.zeros(n, dtype=np.int64),
        candidates=candidates,
        known=known,
        city=city,
        outside_min=np.full(origins + n, outside_drive_min),
        free_min=np.where(candidates["site"][:, :, 0] >= 0, drive_min, np.inf),
        edge_soc=edge_soc,
        step_kw=np.stack(types),
        servers=servers,
        outlets=Outlets(first, beside.astype(np.int64), np.where(is_swap[site], 0, cabinet), rank),
        cabinet_kw=np.where(is_swap, modules * module_kw if modules else np.inf, cabinet_kw),
        module_kw=np.where(is_swap, module_kw if modules else 0.0, 0.0),
        connection=np.arange(n) if connection is None else np.array(connection),
        plug_kw=np.full(n, plug_kw),
        store_kwh=np.where(is_swap, 0.0, store_kwh),
        store_kw=np.where(is_swap, 0.0, store_kw),
        efficiency=1.0,
        service_min=np.where(is_swap, swap_min, service_min),
        packs=np.where(is_swap, packs, 0),
        pack_curve=np.where(is_swap, 1, -1),
        pack_interval_min=np.where(is_swap, 30.0 / slots, 0.0),
        posted_refresh_min=posted_refresh_min,
        operating_rules=rules,
    )


def demand(wish_min: Any, **columns: Any) -> Any:
    """Return a demand table with given wish times; the other columns have plain defaults unless
    given."""
    table = empty_table(len(wish_min))
    table["wish_min"] = np.floor(np.asarray(wish_min, dtype=float) / TICK) * TICK
    table["swap_list"] = -1
    table["battery_kwh"], table["consumption_kwh_km"], table["value_of_time_cny_h"] = (
        50.0,
        0.15,
        40.0,
    )
    table["soc"], table["target_soc"] = 0.3, 0.8
    table["patience_min"] = table["tolerance_min"] = 1e6
    table["key"] = np.arange(1, len(wish_min) + 1)
    for name, values in columns.items():
        table[name] = values
    return sort_table(table)


def outages(*rows: tuple[float, float, int, int]) -> Any:
    """Return an outage calendar of (begin_min, end_min, site, gun) rows."""
    return np.array(
        sorted(rows, key=lambda row: (row[0], row[2], row[3] if row[3] >= 0 else 1 << 30)),
        dtype=OUTAGE,
    )
