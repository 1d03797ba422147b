"""Place the sites of the plan on a synthetic city: assumed positions of real totals.

A site's place follows from the layout seed, its area, its kind and its number there, so one site
more moves no other. Within an area of the plan every district gets a station, the others go by
demand; station n of a district lies at place n of a golden-ratio sequence along a curve through its
zones, cumulated by demand, and so do truck stations and swap sites over the whole city. Demand is
the inhabitants, rural ones at the layout's own weight, or the fleets that may use the sites.
Stations of expressways lie at the service areas of the links.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chargesim.errors import InputError
from chargesim.network.apportionment import golden_marks, order_along_curve, shares_of, zones_at
from chargesim.network.keyed_numbers import keyed_numbers
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
    order = order_along_curve(zone_layout.zones_xy)
    sites = [
        *_place_stations(scenario, scenario.stations, zone_layout, order),
        *_place_truck_stations(scenario, scenario.stations, zone_layout, order),
        *_place_expressway_stations(scenario.stations, roads, carriageways),
        *_place_swap_sites(scenario, zone_layout, order),
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
    scenario: Scenario, stations: Stations, zone_layout: ZoneLayout, order: Ints
) -> list[PlacedSite]:
    """Return the public stations outside expressways, with their guns."""
    assert scenario.layout is not None
    zones, districts = zone_layout.zones, zone_layout.districts
    demand = zones.population * np.where(zones.urban, 1.0, scenario.layout.rural_weight.value)
    counts = _stations_by_district(scenario, stations, zone_layout, demand)
    sites = []
    for d, (name, count) in enumerate(zip(districts.name, counts.tolist(), strict=True)):
        mine = order[zones.district[order] == d]
        area = area_of(districts, d)
        sites += _spread(scenario, zone_layout, demand, mine, count, area, "public", name)
    at_expressways = stations.counts.expressway * stations.expressway_piles_per_station
    _deal_guns(sites, stations.piles - at_expressways, demand)
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
        counts[mine] += shares_of(by_district[mine], count, least=1)
    if faults:
        raise InputError(faults)
    return counts


def _place_truck_stations(
    scenario: Scenario, stations: Stations, zone_layout: ZoneLayout, order: Ints
) -> list[PlacedSite]:
    """Return the stations for trucks, by the truck fleets, or without one by the inhabitants.

    They are beside those that the plan counts: the plan does not change with the vehicles.
    """
    users = [fleet for fleet in scenario.fleets.values() if "truck" in fleet.access]
    weights = _fleet_weights(scenario, zone_layout, users)
    if weights.sum() == 0:
        weights = zone_layout.zones.population
    count = round(stations.truck_stations.value)
    sites = _spread(scenario, zone_layout, weights, order, count, "truck", "truck", "truck")
    for site in sites:
        site.guns = stations.truck_piles_per_station
    return sites


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


def _place_swap_sites(scenario: Scenario, zone_layout: ZoneLayout, order: Ints) -> list[PlacedSite]:
    """Return the swap sites of every kind, by the fleets that have its pack and may use it."""
    sites: list[PlacedSite] = []
    if not scenario.swap.enabled:
        return sites
    fleets = list(scenario.fleets.values())
    for name, kind in scenario.swap.kinds.items():
        users = [
            fleet
            for fleet in fleets
            if fleet.pack_type == kind.pack_type and kind.access in fleet.access
        ]
        weights = _fleet_weights(scenario, zone_layout, users or fleets)
        group = f"swap_{name}"
        placed = _spread(
            scenario, zone_layout, weights, order, kind.sites, group, kind.access, group
        )
        for site in placed:
            site.swap_kind = name
        sites += placed
    return sites


def _fleet_weights(scenario: Scenario, zone_layout: ZoneLayout, fleets: list[Fleet]) -> Floats:
    """Return the zones' shares of some fleets, each fleet alike, so that no stock moves a site."""
    assert scenario.layout is not None
    zones, districts = zone_layout.zones, zone_layout.districts
    weights = np.zeros(len(zones.id))
    for fleet in fleets:
        weights += zone_weights(fleet, zones, districts, scenario.layout.rural_weight.value)
    return weights


def _spread(
    scenario: Scenario,
    zone_layout: ZoneLayout,
    weights: Floats,
    order: Ints,
    count: int,
    group: str,
    access: str,
    key: str,
) -> list[PlacedSite]:
    """Return sites at random points of zones along an order; site n follows from key and n alone.

    The key begins the streams of random numbers: a district for its stations, else the kind.
    """
    assert scenario.layout is not None
    seed, detour = scenario.layout.seed, scenario.layout.detour_factor.value
    marks = golden_marks(count, float(keyed_numbers(seed, key, access)[0]))
    sites = []
    for number, zone in enumerate(zones_at(weights, order, marks).tolist()):
        offset = keyed_numbers(seed, key, access, number, count=2) - 0.5
        offset *= zone_layout.cell_km[zone]
        lat, lon = zone_layout.projection.lat_lon(zone_layout.zones_xy[zone] + offset)
        leg_km = max(0.05, float(np.hypot(*offset))) * detour
        district = int(zone_layout.zones.district[zone])
        sites.append(PlacedSite(group, access, district, zone, float(lat), float(lon), leg_km))
    return sites


def _deal_guns(sites: list[PlacedSite], guns: int, demand: Floats) -> None:
    """Deal the guns as evenly as possible; the odd ones go where a station has most demand.

    That is its zone's demand over its own number in the zone, so no later station changes it.
    """
    if not sites:
        return
    number_in_zone: dict[int, int] = {}
    per_station = []
    for site in sites:
        number_in_zone[site.node] = number_in_zone.get(site.node, 0) + 1
        per_station.append(demand[site.node] / number_in_zone[site.node])
    base, odd = divmod(guns, len(sites))
    more = set(np.argsort(-np.array(per_station), kind="stable")[:odd].tolist())
    for number, site in enumerate(sites):
        site.guns = base + (number in more)


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
