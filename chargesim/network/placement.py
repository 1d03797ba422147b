"""Place the sites of the plan on a synthetic city: assumed positions of real totals.

Within an area of the plan every district gets a station, the others go by demand (largest
remainder); within a district they are spread over the zones by demand, evenly along a
space-filling order (systematic sampling). Demand is the inhabitants, rural ones at the scenario's
`fleet.rural_weight`. Truck stations and swap sites follow the fleets that may use them. Stations of
expressways lie at the service areas of the links.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chargesim.errors import InputError
from chargesim.network.apportionment import (
    largest_remainder,
    order_along_curve,
    systematic_sample,
)
from chargesim.network.network import Districts
from chargesim.network.opening import open_sites
from chargesim.network.roads import Carriageway, Roads
from chargesim.network.zone_layout import ZoneLayout
from chargesim.network.zone_weights import zone_weights
from chargesim.scenario.fleets import Fleet
from chargesim.scenario.model import Scenario
from chargesim.scenario.plan import Stations

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WANZHOU = "Wanzhou"
"""The plan counts this district of the north-east to the main new area."""
_SERVICE_AREA_LEG_KM = 0.1


@dataclass
class PlacedSite:
    """A site that the plan's rules placed: its position and what is known of it."""

    group: str
    access: str
    district: int
    node: int
    """its zone, or on an expressway its service area"""
    lat: float
    lon: float
    leg_km: float
    """road from the node [km]"""
    guns: int = 0
    swap_kind: str = ""
    name: str = ""


def place_sites(
    scenario: Scenario, zone_layout: ZoneLayout, roads: Roads, carriageways: list[Carriageway]
) -> list[PlacedSite]:
    """Return the sites of the plan that are open in the month of a build-up, else all of them.

    Raises
    ------
    InputError
        For stations of an area in which the city has no district.
    """
    assert scenario.stations is not None
    sites = [
        *_place_stations(scenario, scenario.stations, zone_layout),
        *_place_expressway_stations(scenario.stations, roads, carriageways),
        *_place_swap_sites(scenario, zone_layout),
    ]
    _name(sites, zone_layout.districts)
    is_open = open_sites(
        scenario,
        [site.name for site in sites],
        [f"{site.group} {site.access}" for site in sites],
        [None] * len(sites),
    )
    return [site for site, here in zip(sites, is_open.tolist(), strict=True) if here]


def area_of(districts: Districts, d: int) -> str:
    """Return the area of the plan to which a district belongs."""
    if districts.area_class[d] == "core":
        return "core"
    if districts.area_class[d] == "west_ring" or districts.name[d] == WANZHOU:
        return "main_new_area"
    return "northeast_southeast"


def _place_stations(
    scenario: Scenario, stations: Stations, zone_layout: ZoneLayout
) -> list[PlacedSite]:
    """Return the stations outside expressways, with their guns."""
    zones, districts = zone_layout.zones, zone_layout.districts
    demand = zones.population * np.where(zones.urban, 1.0, scenario.fleet.rural_weight.value)
    counts = _stations_by_district(scenario, stations, zone_layout, demand)
    rng = _generator(scenario, 2)
    order = order_along_curve(zone_layout.zones_xy)
    sites = []
    for d, count in enumerate(counts.tolist()):
        mine = order[zones.district[order] == d]
        for zone in systematic_sample(demand, mine, count, float(rng.random())).tolist():
            area = area_of(districts, d)
            sites.append(_site_in_zone(scenario, zone_layout, zone, rng, area, "public"))
    at_expressways = stations.counts.expressway * stations.expressway_piles_per_station
    _deal_guns(sites, stations.piles - at_expressways, demand)
    _mark_truck_stations(scenario, round(stations.truck_stations.value), zone_layout, sites, order)
    return sites


def _stations_by_district(
    scenario: Scenario, stations: Stations, zone_layout: ZoneLayout, demand: Floats
) -> Ints:
    """Return the stations of each district; the totals by area are the plan's."""
    districts = zone_layout.districts
    by_district = np.bincount(
        zone_layout.zones.district, weights=demand, minlength=len(districts.name)
    )
    areas = np.array([area_of(districts, d) for d in range(len(by_district))])
    counts = np.zeros(len(by_district), dtype=np.int64)
    faults = []
    for area in ("core", "main_new_area", "northeast_southeast"):
        count, mine = getattr(stations.counts, area), areas == area
        if count and not mine.any():
            faults.append(
                f"stations.counts.{area}: got {count}, needs 0: "
                f"no district of {scenario.city.districts} is in this area"
            )
        counts[mine] += largest_remainder(by_district[mine], count, least=1)
    if faults:
        raise InputError(faults)
    return counts


def _place_expressway_stations(
    stations: Stations, roads: Roads, carriageways: list[Carriageway]
) -> list[PlacedSite]:
    """Return a station at every service area."""
    return [
        PlacedSite(
            group="expressway",
            access="expressway",
            district=roads.district[node],
            node=node,
            lat=roads.lat[node],
            lon=roads.lon[node],
            leg_km=_SERVICE_AREA_LEG_KM,
            guns=stations.expressway_piles_per_station,
            name=f"{roads.name[node]}-station",
        )
        for way in carriageways
        for node in way.stops
    ]


def _place_swap_sites(scenario: Scenario, zone_layout: ZoneLayout) -> list[PlacedSite]:
    """Return the swap sites of every kind, by the fleets that have its pack and may use it."""
    sites: list[PlacedSite] = []
    if not scenario.swap.enabled:
        return sites
    order = order_along_curve(zone_layout.zones_xy)
    fleets = list(scenario.fleets.values())
    for number, (name, kind) in enumerate(scenario.swap.kinds.items()):
        rng = _generator(scenario, 10 + number)
        users = [
            fleet
            for fleet in fleets
            if fleet.pack_type == kind.pack_type and kind.access in fleet.access
        ]
        weights = _fleet_weights(scenario, zone_layout, users or fleets)
        start = float(rng.random())
        for zone in systematic_sample(weights, order, kind.sites, start).tolist():
            site = _site_in_zone(scenario, zone_layout, zone, rng, f"swap_{name}", kind.access)
            site.swap_kind = name
            sites.append(site)
    return sites


def _fleet_weights(scenario: Scenario, zone_layout: ZoneLayout, fleets: list[Fleet]) -> Floats:
    """Return the vehicles of some fleets in each zone."""
    zones, districts = zone_layout.zones, zone_layout.districts
    weights = np.zeros(len(zones.id))
    for fleet in fleets:
        weights += fleet.stock.value * zone_weights(
            fleet, zones, districts, scenario.fleet.rural_weight.value
        )
    return weights


def _generator(scenario: Scenario, purpose: int) -> np.random.Generator:
    assert scenario.layout is not None
    return np.random.default_rng(np.random.SeedSequence(scenario.layout.seed, spawn_key=(purpose,)))


def _site_in_zone(
    scenario: Scenario,
    zone_layout: ZoneLayout,
    zone: int,
    rng: np.random.Generator,
    group: str,
    access: str,
) -> PlacedSite:
    """Return a site at a random point of its zone's square."""
    assert scenario.layout is not None
    offset = rng.uniform(-0.5, 0.5, 2) * zone_layout.cell_km[zone]
    lat, lon = zone_layout.projection.lat_lon(zone_layout.zones_xy[zone] + offset)
    leg_km = max(0.05, float(np.hypot(*offset))) * scenario.layout.detour_factor.value
    district = int(zone_layout.zones.district[zone])
    return PlacedSite(group, access, district, zone, float(lat), float(lon), leg_km)


def _deal_guns(sites: list[PlacedSite], guns: int, demand: Floats) -> None:
    """Deal the guns as evenly as possible; the odd ones go where a station has most demand."""
    if not sites:
        return
    zones = np.array([site.node for site in sites])
    per_station = demand[zones] / np.bincount(zones, minlength=len(demand))[zones]
    base, odd = divmod(guns, len(sites))
    more = set(np.argsort(-per_station, kind="stable")[:odd].tolist())
    for number, site in enumerate(sites):
        site.guns = base + (number in more)


def _mark_truck_stations(
    scenario: Scenario, count: int, zone_layout: ZoneLayout, sites: list[PlacedSite], order: Ints
) -> None:
    """Give some stations to trucks: those nearest to the truck fleets, with the most guns.

    Without such a fleet they follow the inhabitants: the plan does not change with the vehicles.
    """
    if count == 0:
        return
    users = [fleet for fleet in scenario.fleets.values() if "truck" in fleet.access]
    weights = _fleet_weights(scenario, zone_layout, users)
    if weights.sum() == 0:
        weights = zone_layout.zones.population
    xy = zone_layout.projection.xy(
        np.array([site.lat for site in sites]), np.array([site.lon for site in sites])
    )
    most = max(site.guns for site in sites)
    free = np.array([site.guns == most for site in sites])
    for zone in systematic_sample(weights, order, count, 0.5).tolist():
        if not free.any():
            free = np.array([site.access == "public" for site in sites])
        distance = np.where(free, np.hypot(*(xy - zone_layout.zones_xy[zone]).T), np.inf)
        nearest = int(np.argmin(distance))
        free[nearest] = False
        sites[nearest].access = "truck"


def _name(sites: list[PlacedSite], districts: Districts) -> None:
    """Give every site without one a readable name that is stable for a layout."""
    numbers: dict[str, int] = {}
    for site in sites:
        if site.name:
            continue
        what = "truck-" if site.access == "truck" else "s"
        if site.swap_kind:
            what = f"swap-{site.swap_kind}-"
        stem = f"{districts.name[site.district]}-{what}"
        numbers[stem] = numbers.get(stem, 0) + 1
        site.name = f"{stem}{numbers[stem]:03d}"
