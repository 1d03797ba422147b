"""Place stations and swap sites by the rules of the plan: synthetic places of real totals.

Within an area of the plan every district gets a station, the others go by demand (largest remainder); within a
district they are spread over the zones by demand, evenly along a space-filling order (systematic sampling). Demand is
the inhabitants, rural ones at the scenario's `fleet.rural_weight`. Truck stations and swap sites follow the fleets
that may use them. All of this is assumed; the totals are the plan's.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chargesim.errors import InputError
from chargesim.network.network import Districts
from chargesim.network.projection import along_curve, largest_remainder, spread
from chargesim.network.zone_layout import ZoneLayout
from chargesim.network.zone_weights import zone_weights
from chargesim.scenario.model import Scenario
from chargesim.scenario.plan import Stations

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WANZHOU = "Wanzhou"
"""The plan counts this district of the north-east to the main new area."""


@dataclass
class PlacedSite:
    """A site that is placed: where it stands and what it is."""

    group: str
    access: str
    district: int
    zone: int
    """zone at which it stands, -1 on an expressway"""
    lat: float
    lon: float
    leg_km: float
    """road from the zone's middle [km]"""
    guns: int = 0
    swap_kind: str = ""
    node: int = -1
    """node of the carriageway, for an expressway site"""
    name: str = ""


def place_stations(scenario: Scenario, stations: Stations, land: ZoneLayout) -> list[PlacedSite]:
    """Return the stations outside expressways, with their guns; `stations.truck_stations` of them are for trucks."""
    demand = land.zones.population * np.where(
        land.zones.urban, 1.0, scenario.fleet.rural_weight.value
    )
    by_district = np.bincount(
        land.zones.district, weights=demand, minlength=len(land.districts.name)
    )
    counts = np.zeros(len(by_district), dtype=np.int64)
    areas = np.array([area_of(land.districts, d) for d in range(len(by_district))])
    faults = []
    for area, count in (
        ("core", stations.counts.core),
        ("main_new_area", stations.counts.main_new_area),
        ("northeast_southeast", stations.counts.northeast_southeast),
    ):
        mine = areas == area
        if count and not mine.any():
            faults.append(
                f"stations.counts.{area}: got {count}, needs 0: no district of {scenario.city.districts} is in this area"
            )
        counts[mine] += largest_remainder(by_district[mine], count, least=1)
    if faults:
        raise InputError(faults)
    rng = _generator(scenario, 2)
    order = along_curve(land.zones_xy)
    placed_sites = []
    for d, count in enumerate(counts.tolist()):
        mine = order[land.zones.district[order] == d]
        zones = spread(demand, mine, count, float(rng.random())).tolist()
        placed_sites += [
            _spot(scenario, land, zone, rng, area_of(land.districts, d), "public") for zone in zones
        ]
    _deal_guns(
        placed_sites,
        stations.piles - stations.counts.expressway * stations.expressway_piles_per_station,
        demand,
    )
    _mark_truck_stations(scenario, round(stations.truck_stations.value), land, placed_sites, order)
    return placed_sites


def area_of(districts: Districts, d: int) -> str:
    """Return the area of the plan to which a district belongs."""
    if districts.area_class[d] == "core":
        return "core"
    if districts.area_class[d] == "west_ring" or districts.name[d] == WANZHOU:
        return "main_new_area"
    return "northeast_southeast"


def place_swap_sites(scenario: Scenario, land: ZoneLayout) -> list[PlacedSite]:
    """Return the swap sites of every kind, spread by the fleets that have their pack and may use them."""
    placed_sites: list[PlacedSite] = []
    if not scenario.swap.enabled:
        return placed_sites
    order = along_curve(land.zones_xy)
    for number, (name, kind) in enumerate(scenario.swap.kinds.items()):
        rng = _generator(scenario, 10 + number)
        users = [
            fleet
            for fleet in scenario.fleets.values()
            if fleet.pack_type == kind.pack_type and kind.access in fleet.access
        ]
        weights = np.zeros(len(land.zones.id))
        for fleet in users or list(scenario.fleets.values()):
            weights += fleet.stock.value * zone_weights(
                fleet, land.zones, land.districts, scenario.fleet.rural_weight.value
            )
        for zone in spread(weights, order, kind.sites, float(rng.random())).tolist():
            placed = _spot(scenario, land, zone, rng, f"swap_{name}", kind.access)
            placed.swap_kind = name
            placed_sites.append(placed)
    return placed_sites


def _generator(scenario: Scenario, purpose: int) -> np.random.Generator:
    assert scenario.layout is not None
    return np.random.default_rng(np.random.SeedSequence(scenario.layout.seed, spawn_key=(purpose,)))


def _spot(
    scenario: Scenario,
    land: ZoneLayout,
    zone: int,
    rng: np.random.Generator,
    group: str,
    access: str,
) -> PlacedSite:
    """Return a site at a random point of its zone's square."""
    assert scenario.layout is not None
    offset = rng.uniform(-0.5, 0.5, 2) * land.cell_km[zone]
    lat, lon = land.projection.lat_lon(land.zones_xy[zone] + offset)
    leg_km = max(0.05, float(np.hypot(*offset))) * scenario.layout.detour_factor.value
    return PlacedSite(
        group, access, int(land.zones.district[zone]), zone, float(lat), float(lon), leg_km
    )


def _deal_guns(placed_sites: list[PlacedSite], guns: int, demand: Floats) -> None:
    """Share the guns out as evenly as they go; the odd ones go where a station has most demand."""
    if not placed_sites:
        return
    zones = np.array([placed.zone for placed in placed_sites])
    per_station = demand[zones] / np.bincount(zones, minlength=len(demand))[zones]
    base, odd = divmod(guns, len(placed_sites))
    more = set(np.argsort(-per_station, kind="stable")[:odd].tolist())
    for number, placed in enumerate(placed_sites):
        placed.guns = base + (number in more)


def _mark_truck_stations(
    scenario: Scenario, count: int, land: ZoneLayout, placed_sites: list[PlacedSite], order: Ints
) -> None:
    """Lay some stations out for trucks: spread by the truck fleets, each time the nearest station with the most guns.

    Without such a fleet they are spread by inhabitants: the plan does not change with the vehicles.
    """
    users = [fleet for fleet in scenario.fleets.values() if "truck" in fleet.access]
    weights = np.zeros(len(land.zones.id))
    for fleet in users:
        weights += fleet.stock.value * zone_weights(
            fleet, land.zones, land.districts, scenario.fleet.rural_weight.value
        )
    if count == 0:
        return
    if weights.sum() == 0:
        weights = land.zones.population
    xy = land.projection.xy(
        np.array([placed.lat for placed in placed_sites]),
        np.array([placed.lon for placed in placed_sites]),
    )
    most = max(placed.guns for placed in placed_sites)
    free = np.array([placed.guns == most for placed in placed_sites])
    for zone in spread(weights, order, count, 0.5).tolist():
        if not free.any():
            free = np.array([placed.access == "public" for placed in placed_sites])
        distance = np.where(free, np.hypot(*(xy - land.zones_xy[zone]).T), np.inf)
        nearest = int(np.argmin(distance))
        free[nearest] = False
        placed_sites[nearest].access = "truck"
