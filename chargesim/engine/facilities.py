"""Lay out the supply side as arrays that both the choice and the engines read."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargesim.demand.curves import Curves
from chargesim.demand.draw import DemandModel, FleetDraw
from chargesim.demand.random_streams import stable_hash
from chargesim.engine.choice import CANDIDATE, CITY, KNOWN_SITE
from chargesim.engine.operating_rules import OperatingRules, operating_rules_of
from chargesim.engine.rules import charge_min
from chargesim.network.network import STATION, SWAP, Candidates, Network, Sites
from chargesim.network.pack_limits import PackLimits
from chargesim.scenario.model import Scenario

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_GRID = (np.arange(12) + 0.5) / 12
ULTRA_FAST, COMPANION, SLOT = range(3)
"""Ranks of outlets in the order of power: ultra-fast guns first (technical guide 2025), then their
companions, then packs."""


@dataclass(frozen=True)
class Outlets:
    """Guns and slots by site: site s has those from `first[s]` to `first[s + 1]`."""

    first: Ints
    """[S + 1]"""
    type: Ints
    """[N] row of `Facilities.step_kw`"""
    cabinet: Ints
    """[N] number of the cabinet at its site"""
    rank: Ints
    """[N] `ULTRA_FAST`, `COMPANION` or `SLOT`"""

    def of(self, site: int) -> range:
        """Return the outlets of a site."""
        return range(int(self.first[site]), int(self.first[site + 1]))


@dataclass(frozen=True)
class Facilities:
    """Sites, candidate lists and curves of one scenario.

    Axes: S sites, L lists, O origins, C curves (the packs' behind the cars').
    """

    kind: Ints
    district: Ints
    candidates: NDArray[Any]
    """[L, O, rank] of `CANDIDATE`"""
    known: NDArray[Any]
    """[S] of `KNOWN_SITE`: what a vehicle knows of the sites"""
    city: NDArray[Any]
    """[1] of `CITY`"""
    outside_min: Floats
    """[O] drive to the outside option and handling there [min], infinite where there is none"""
    free_min: Floats
    """[L, O] free drive to the nearest site of a list [min], infinite when there is none"""
    edge_soc: Floats
    """[C, step + 1]"""
    step_kw: Floats
    """[outlet type, C, step] power by curve, gun power and gun current [kW at the plug]"""
    servers: Ints
    """[S] guns of a station, bays of a swap site"""
    outlets: Outlets
    cabinet_kw: Floats
    """[S] limit of each of the site's cabinets [kW at the plug]"""
    module_kw: Floats
    """[S] power of a charger module, which slots lend each other [kW at the pack]; 0: they lend
    none"""
    connection: Ints
    """[S] grid connection of the site"""
    plug_kw: Floats
    """[S] limit of its grid connection, on the plug's side [kW]"""
    store_kwh: Floats
    store_kw: Floats
    efficiency: float
    service_min: Floats
    """[S] mean minutes that a vehicle occupies a gun or bay, for expected waits"""
    packs: Ints
    pack_curve: Ints
    """[S] row of the packs' curve, -1 at stations"""
    pack_interval_min: Floats
    """[S] mean minutes between two packs that become ready when all slots work, 0 at stations"""
    posted_refresh_min: float
    operating_rules: OperatingRules = field(default_factory=OperatingRules)
    """how the sites are run; nothing special by default"""
    site_ids: tuple[str, ...] = ()
    zone_ids: tuple[str, ...] = ()
    """ids of the sites, and of the other origins: zones, then corridors"""

    def __len__(self) -> int:
        return len(self.kind)


def build_facilities(
    scenario: Scenario,
    network: Network,
    demand: DemandModel,
    curves: Curves,
    packs: dict[str, PackLimits],
) -> Facilities:
    """Return the facilities of a scenario."""
    sites = network.sites
    swap = sites.kind == SWAP
    lends = sites.module_kw > 0
    most_kw = np.where(
        lends, scenario.swap.lending.modules_per_pack * sites.module_kw, sites.slot_kw
    )
    outlets, outlet_types = _outlets(sites, most_kw)
    main = np.minimum(outlets.first[:-1], max(0, len(outlets.type) - 1))
    outlet = outlets.type[main] if len(outlets.type) else np.zeros(len(sites), dtype=np.int64)
    edge_soc, volt, kw = _all_curves(curves, packs)
    step_kw = np.stack(
        [
            np.minimum(kw, np.minimum(gun_kw, gun_a * volt[:, None] / 1000.0))
            for gun_kw, gun_a in outlet_types
        ]
    )
    pack_row = {name: len(curves.id) + i for i, name in enumerate(packs)}
    pack_curve = np.array([pack_row.get(name, -1) for name in sites.pack_type], dtype=np.int64)
    efficiency = scenario.grid.efficiency.value
    known = _known_sites(sites, outlet, _handling_min(scenario), _overstays(sites, demand, network))
    return Facilities(
        kind=sites.kind,
        district=sites.district,
        candidates=_candidates(network.candidates),
        known=known,
        city=_city(scenario, network.candidates.period_of_hour),
        outside_min=_outside_min(scenario, network),
        free_min=np.where(
            network.candidates.site[:, :, 0] >= 0, network.candidates.minutes[0, :, :, 0], np.inf
        ),
        edge_soc=edge_soc,
        step_kw=np.ascontiguousarray(step_kw),
        servers=sites.servers,
        outlets=outlets,
        cabinet_kw=np.where(
            lends, sites.slots * sites.slot_kw, np.where(swap, np.inf, sites.cabinet_kw)
        ),
        module_kw=sites.module_kw,
        connection=sites.connection,
        plug_kw=sites.site_kw * efficiency,
        store_kwh=sites.store_kwh,
        store_kw=sites.store_kw,
        efficiency=efficiency,
        service_min=np.where(
            swap,
            sites.swap_min,
            _station_minutes(sites, outlet, demand, network, edge_soc, step_kw)
            + known["handling_min"]
            + known["overstay_min"],
        ),
        packs=sites.packs,
        pack_curve=pack_curve,
        pack_interval_min=_pack_intervals(
            sites, outlet, pack_curve, demand, packs, edge_soc, step_kw
        ),
        posted_refresh_min=scenario.choice.posted_refresh_min.value,
        operating_rules=operating_rules_of(scenario),
        site_ids=sites.id,
        zone_ids=(*network.zones.id, *network.corridors.id),
    )


def _outlets(sites: Sites, pack_kw: Floats) -> tuple[Outlets, list[tuple[float, float]]]:
    """Return the outlets of all sites and the (kW, A) of every type; a slot has no limit in A.

    `pack_kw` is the most that a slot gives its pack. Ultra-fast gun i is at cabinet i //
    guns_per_cabinet; companion j at cabinet j % the number of cabinets.
    """
    swap = sites.kind == SWAP
    count = np.where(swap, sites.slots, sites.guns)
    first = np.concatenate([[0], np.cumsum(count)])
    site = np.repeat(np.arange(len(sites)), count)
    number = np.arange(len(site)) - first[site]
    ultra = sites.guns - sites.companions
    cabinets = np.maximum(1, -(-ultra // np.maximum(1, sites.guns_per_cabinet)))
    companion = ~swap[site] & (number >= ultra[site])
    cabinet = np.where(
        companion,
        (number - ultra[site]) % cabinets[site],
        number // np.maximum(1, sites.guns_per_cabinet[site]),
    )
    kw = np.where(
        swap[site],
        pack_kw[site],
        np.where(companion, sites.companion_kw[site], sites.gun_kw[site]),
    )
    ampere = np.where(
        swap[site], np.inf, np.where(companion, sites.companion_a[site], sites.gun_a[site])
    )
    rank = np.where(swap[site], SLOT, np.where(companion, COMPANION, ULTRA_FAST))
    types, index = np.unique(np.stack([kw, ampere], axis=1), axis=0, return_inverse=True)
    rows = [(float(a), float(b)) for a, b in types] or [(1.0, 1.0)]
    return Outlets(
        first, index.reshape(-1).astype(np.int64), np.where(swap[site], 0, cabinet), rank
    ), rows


def _all_curves(curves: Curves, packs: dict[str, PackLimits]) -> tuple[Floats, Floats, Floats]:
    """Return edges, volts and powers of the vehicles' curves and, behind them, the packs'."""
    steps = max([curves.step_kw.shape[1], *(len(pack.step_kw) for pack in packs.values())])
    count = len(curves.id) + len(packs)
    edge_soc, kw, volt = (
        np.ones((count, steps + 1)),
        np.empty((count, steps)),
        np.full(count, np.inf),
    )
    n, m = curves.step_kw.shape
    edge_soc[:n, : m + 1], kw[:n, :m], kw[:n, m:] = (
        curves.edge_soc,
        curves.step_kw,
        curves.step_kw[:, -1:],
    )
    volt[:n] = curves.volt
    for row, pack in enumerate(packs.values(), start=n):
        m = len(pack.step_kw)
        edge_soc[row, : m + 1], kw[row, :m], kw[row, m:] = (
            pack.edge_soc,
            pack.step_kw,
            pack.step_kw[-1],
        )
    return edge_soc, volt, kw


def _candidates(lists: Candidates) -> NDArray[Any]:
    table = np.zeros(lists.site.shape, dtype=CANDIDATE)
    table["site"], table["km"] = lists.site, lists.km
    for period in range(len(lists.minutes)):
        table["minutes"][..., period] = lists.minutes[period]
    return table


def _known_sites(
    sites: Sites, outlet: Ints, handling_min: float, overstay_min: Floats
) -> NDArray[Any]:
    table = np.zeros(len(sites), dtype=KNOWN_SITE)
    table["hash"] = [stable_hash(name) for name in sites.id]
    table["swap"], table["outlet"] = sites.kind == SWAP, outlet
    table["price_cny_kwh"], table["swap_min"], table["hand_out_soc"] = (
        sites.price_cny_kwh,
        sites.swap_min,
        sites.hand_out_soc,
    )
    table["opens_min"] = sites.opens_min
    table["handling_min"] = np.where(sites.kind == SWAP, 0.0, handling_min)
    table["overstay_min"] = overstay_min
    return table


def _city(scenario: Scenario, period_of_hour: Ints) -> NDArray[Any]:
    outside, tariff = scenario.outside, scenario.tariff
    table = np.zeros(1, dtype=CITY)
    table["noise_min"] = scenario.choice.noise_min.value
    table["outside_kw"], table["outside_price_cny_kwh"] = (
        outside.pile_kw.value,
        outside.price_cny_kwh.value,
    )
    table["period_of_hour"] = period_of_hour
    table["tariff_cny_kwh"] = tariff.energy_cny_kwh.value * (np.array(tariff.factors()) - 1.0)
    table["outside_tariff_cny_kwh"] = table["tariff_cny_kwh"] if tariff.outside else 0.0
    return table


def _handling_min(scenario: Scenario) -> float:
    """Return the minutes at a gun without power, before and after a charge."""
    rules = operating_rules_of(scenario)
    return rules.handling_before_min + rules.handling_after_min


def _outside_min(scenario: Scenario, network: Network) -> Floats:
    """Return the minutes to the outside option and of handling there, by origin.

    The drive is that of the class of the origin's district; handling is that at our own guns.
    """
    drive_min = {str(name): one.value for name, one in scenario.outside.drive_min.items()}
    by_district = np.array([drive_min[name] for name in network.districts.area_class])
    origins = (network.zones.district, network.corridors.district, network.sites.district)
    minutes: Floats = by_district[np.concatenate(origins)] + _handling_min(scenario)
    return minutes if scenario.outside.enabled else np.full(len(minutes), np.inf)


def _fleets_at(access: str, demand: DemandModel, network: Network) -> list[FleetDraw]:
    """Return the fleets that may use stations of an access."""
    return [
        fleet
        for fleet in demand.fleets
        if access in network.candidates.keys[fleet.station_list].access
    ]


def _overstays(sites: Sites, demand: DemandModel, network: Network) -> Floats:
    """Return each station's mean overstay, over the wishes of its fleets; 0 at swap sites."""
    minutes = np.zeros(len(sites))
    for access in set(sites.access):
        fleets = _fleets_at(access, demand, network)
        wishes = sum(fleet.wishes_per_day for fleet in fleets)
        total = sum(fleet.wishes_per_day * fleet.behaviour.mean_overstay_min for fleet in fleets)
        at = (np.array(sites.access) == access) & (sites.kind == STATION)
        minutes[at] = total / wishes if wishes > 0 else 0.0
    return minutes


def _station_minutes(
    sites: Sites,
    outlet: Ints,
    demand: DemandModel,
    network: Network,
    edge_soc: Floats,
    step_kw: Floats,
) -> Floats:
    """Return each station's mean minutes of a charge, over the wishes of its fleets."""
    minutes = np.full(len(sites), 30.0)
    cache: dict[tuple[str, int], float] = {}
    for site in np.flatnonzero(sites.kind == STATION):
        key = (sites.access[site], int(outlet[site]))
        if key not in cache:
            total = weight = 0.0
            for fleet in _fleets_at(key[0], demand, network):
                total += fleet.wishes_per_day * _fleet_minutes(fleet, edge_soc, step_kw[key[1]])
                weight += fleet.wishes_per_day
            cache[key] = total / weight if weight > 0 else 30.0
        minutes[site] = cache[key]
    return minutes


def _fleet_minutes(fleet: FleetDraw, edge_soc: Floats, step_kw: Floats) -> float:
    """Return the mean minutes of a fleet's charges, those who can swap with their packs."""
    minutes = 0.0
    for share, kwh, row in zip(
        np.diff(fleet.curve_cdf, prepend=0.0), fleet.curve_kwh, fleet.curves, strict=True
    ):
        for part, battery_kwh in (
            (1.0 - fleet.capable_share, kwh),
            (fleet.capable_share, fleet.pack_kwh),
        ):
            if part > 0:
                minutes += (
                    share
                    * part
                    * _mean_minutes(fleet.rule, battery_kwh, edge_soc[row], step_kw[row])
                )
    return float(minutes)


def _mean_minutes(rule: Any, battery_kwh: float, edge_soc: Floats, step_kw: Floats) -> float:
    soc, target = rule.draw(np.repeat(_GRID, len(_GRID)), np.tile(_GRID, len(_GRID)))
    return float(
        np.mean(
            [
                charge_min(a, b, battery_kwh, edge_soc, step_kw)
                for a, b in zip(soc, target, strict=True)
            ]
        )
    )


def _pack_intervals(
    sites: Sites,
    outlet: Ints,
    pack_curve: Ints,
    demand: DemandModel,
    packs: dict[str, PackLimits],
    edge_soc: Floats,
    step_kw: Floats,
) -> Floats:
    """Return the mean minutes of charging a pack, over the number of slots.

    All slots work, so none lends another its power.
    """
    socs = {fleet.pack_kwh: fleet.rule.soc_mean for fleet in demand.fleets if fleet.swap_list >= 0}
    interval = np.zeros(len(sites))
    for site in np.flatnonzero(sites.kind == SWAP):
        pack = packs[sites.pack_type[site]]
        soc = socs.get(pack.kwh, 0.3)
        row = pack_curve[site]
        minutes = charge_min(
            soc,
            sites.hand_out_soc[site],
            pack.kwh,
            edge_soc[row],
            np.minimum(step_kw[outlet[site], row], sites.slot_kw[site]),
        )
        interval[site] = minutes / sites.slots[site]
    return interval
