"""Lay out the supply side as arrays that both the choice and the engines read."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargesim.demand.curves import Curves
from chargesim.demand.draw import DemandModel
from chargesim.demand.streams import stable_hash
from chargesim.engine.choice import CANDIDATE, CITY, PLACE
from chargesim.engine.rules import charge_min
from chargesim.network.network import STATION, SWAP, Candidates, Network, Sites
from chargesim.network.packs import PackLimits
from chargesim.scenario.model import Scenario

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_GRID = (np.arange(12) + 0.5) / 12


@dataclass(frozen=True)
class Plant:
    """Sites, candidate lists and curves of one scenario. S sites, L lists, O origins, C curves (packs' behind cars')."""

    kind: Ints
    district: Ints
    candidates: NDArray[Any]
    """[L, O, rank] of `CANDIDATE`"""
    places: NDArray[Any]
    """[S] of `PLACE`"""
    city: NDArray[Any]
    """[1] of `CITY`"""
    period_of_hour: Ints
    free_min: Floats
    """[L, O] free drive to the nearest site of a list [min], infinite when there is none"""
    edge_soc: Floats
    """[C, step + 1]"""
    step_kw: Floats
    """[outlet type, C, step] power by curve, gun power and gun current [kW at the plug]"""
    servers: Ints
    """[S] guns of a station, bays of a swap site"""
    outlets: Ints
    """[S] guns of a station, slots of a swap site"""
    per_cabinet: Ints
    """[S] outlets behind one cabinet"""
    cabinet_kw: Floats
    """[S] limit of a cabinet [kW at the plug]"""
    plug_kw: Floats
    """[S] limit of the grid connection, on the plug's side [kW]"""
    efficiency: float
    service_min: Floats
    """[S] mean minutes at the plug or in the bay, for expected waits"""
    packs: Ints
    pack_curve: Ints
    """[S] row of the packs' curve, -1 at stations"""
    pack_interval_min: Floats
    """[S] mean minutes between two packs that become ready when all slots work, 0 at stations"""
    posted_refresh_min: float

    def __len__(self) -> int:
        return len(self.kind)


def build_plant(scenario: Scenario, network: Network, demand: DemandModel, curves: Curves, packs: dict[str, PackLimits]) -> Plant:
    """Return the plant of a scenario: outlets, limits, curves and what vehicles know of the sites."""
    sites = network.sites
    swap = sites.kind == SWAP
    outlet, outlet_types = _outlet_types(sites)
    edge_soc, volt, kw = _all_curves(curves, packs)
    step_kw = np.stack([np.minimum(kw, np.minimum(gun_kw, gun_a * volt[:, None] / 1000.0)) for gun_kw, gun_a in outlet_types])
    pack_row = {name: len(curves.id) + i for i, name in enumerate(packs)}
    pack_curve = np.array([pack_row.get(name, -1) for name in sites.pack_type], dtype=np.int64)
    efficiency = scenario.grid.efficiency.value
    outlets = np.where(swap, sites.slots, sites.guns)
    return Plant(
        kind=sites.kind,
        district=sites.district,
        candidates=_candidates(network.candidates),
        places=_places(sites, outlet),
        city=_city(scenario),
        period_of_hour=network.candidates.period_of_hour,
        free_min=np.where(network.candidates.site[:, :, 0] >= 0, network.candidates.minutes[0, :, :, 0], np.inf),
        edge_soc=edge_soc,
        step_kw=np.ascontiguousarray(step_kw),
        servers=np.where(swap, sites.bays, sites.guns),
        outlets=outlets,
        per_cabinet=np.where(swap, np.maximum(outlets, 1), np.maximum(sites.guns_per_cabinet, 1)),
        cabinet_kw=np.where(swap, sites.site_kw * efficiency, sites.cabinet_kw),
        plug_kw=sites.site_kw * efficiency,
        efficiency=efficiency,
        service_min=np.where(swap, sites.swap_min, _station_minutes(sites, outlet, demand, network, edge_soc, step_kw)),
        packs=sites.packs,
        pack_curve=pack_curve,
        pack_interval_min=_pack_intervals(sites, outlet, pack_curve, demand, packs, edge_soc, step_kw),
        posted_refresh_min=scenario.choice.posted_refresh_min.value,
    )


def _outlet_types(sites: Sites) -> tuple[Ints, list[tuple[float, float]]]:
    """Return the outlet type of every site and the (kW, A) of every type; a slot has no limit in A."""
    kw = np.where(sites.kind == SWAP, sites.slot_kw, sites.gun_kw)
    ampere = np.where(sites.kind == SWAP, np.inf, sites.gun_a)
    types, index = np.unique(np.stack([kw, ampere], axis=1), axis=0, return_inverse=True)
    if len(types) == 0:
        return np.zeros(0, dtype=np.int64), [(1.0, 1.0)]
    return index.reshape(-1).astype(np.int64), [(float(a), float(b)) for a, b in types]


def _all_curves(curves: Curves, packs: dict[str, PackLimits]) -> tuple[Floats, Floats, Floats]:
    """Return edges, volts and powers of the vehicles' curves and, behind them, the packs'."""
    steps = max([curves.step_kw.shape[1], *(len(pack.step_kw) for pack in packs.values())])
    count = len(curves.id) + len(packs)
    edge_soc, kw, volt = np.ones((count, steps + 1)), np.empty((count, steps)), np.full(count, np.inf)
    n, m = curves.step_kw.shape
    edge_soc[:n, : m + 1], kw[:n, :m], kw[:n, m:] = curves.edge_soc, curves.step_kw, curves.step_kw[:, -1:]
    volt[:n] = curves.volt
    for row, pack in enumerate(packs.values(), start=n):
        m = len(pack.step_kw)
        edge_soc[row, : m + 1], kw[row, :m], kw[row, m:] = pack.edge_soc, pack.step_kw, pack.step_kw[-1]
    return edge_soc, volt, kw


def _candidates(lists: Candidates) -> NDArray[Any]:
    table = np.zeros(lists.site.shape, dtype=CANDIDATE)
    table["site"], table["km"] = lists.site, lists.km
    for period in range(len(lists.minutes)):
        table["minutes"][..., period] = lists.minutes[period]
    return table


def _places(sites: Sites, outlet: Ints) -> NDArray[Any]:
    table = np.zeros(len(sites), dtype=PLACE)
    table["hash"] = [stable_hash(name) for name in sites.id]
    table["swap"], table["outlet"] = sites.kind == SWAP, outlet
    table["price_cny_kwh"], table["swap_min"], table["hand_out_soc"] = sites.price_cny_kwh, sites.swap_min, sites.hand_out_soc
    return table


def _city(scenario: Scenario) -> NDArray[Any]:
    outside = scenario.outside
    table = np.zeros(1, dtype=CITY)
    table["noise_min"] = scenario.choice.noise_min.value
    table["outside_drive_min"] = outside.drive_min.value if outside.enabled else np.inf
    table["outside_kw"], table["outside_price_cny_kwh"] = outside.pile_kw.value, outside.price_cny_kwh.value
    return table


def _station_minutes(sites: Sites, outlet: Ints, demand: DemandModel, network: Network, edge_soc: Floats, step_kw: Floats) -> Floats:
    """Return each station's mean minutes at the plug: over the fleets that may use it, weighted by their wishes."""
    minutes = np.full(len(sites), 30.0)
    cache: dict[tuple[str, int], float] = {}
    for site in np.flatnonzero(sites.kind == STATION):
        key = (sites.access[site], int(outlet[site]))
        if key not in cache:
            total = weight = 0.0
            for fleet in demand.fleets:
                if key[0] in network.candidates.keys[fleet.station_list].access:
                    shares = np.diff(fleet.curve_cdf, prepend=0.0)
                    total += fleet.wishes_per_day * sum(
                        share * _mean_minutes(fleet.rule, kwh, edge_soc[row], step_kw[key[1], row])
                        for share, kwh, row in zip(shares, fleet.curve_kwh, fleet.curves, strict=True)
                    )
                    weight += fleet.wishes_per_day
            cache[key] = total / weight if weight > 0 else 30.0
        minutes[site] = cache[key]
    return minutes


def _mean_minutes(rule: Any, battery_kwh: float, edge_soc: Floats, step_kw: Floats) -> float:
    soc, target = rule.draw(np.repeat(_GRID, len(_GRID)), np.tile(_GRID, len(_GRID)))
    return float(np.mean([charge_min(a, b, battery_kwh, edge_soc, step_kw) for a, b in zip(soc, target, strict=True)]))


def _pack_intervals(
    sites: Sites, outlet: Ints, pack_curve: Ints, demand: DemandModel, packs: dict[str, PackLimits], edge_soc: Floats, step_kw: Floats
) -> Floats:
    """Return the mean minutes of charging a pack from the mean SOC at the wish, over the number of slots."""
    socs = {fleet.pack_kwh: fleet.rule.soc_mean for fleet in demand.fleets if fleet.swap_list >= 0}
    interval = np.zeros(len(sites))
    for site in np.flatnonzero(sites.kind == SWAP):
        pack = packs[sites.pack_type[site]]
        soc = socs.get(pack.kwh, 0.3)
        row = pack_curve[site]
        minutes = charge_min(soc, sites.hand_out_soc[site], pack.kwh, edge_soc[row], np.ascontiguousarray(step_kw[outlet[site], row]))
        interval[site] = minutes / sites.slots[site]
    return interval
