"""Gather what a city stands on: zones, roads, corridors and sites, from the synthetic layout or from a user's tables."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chargesim.errors import InputError
from chargesim.network.corridors import corridor_weights
from chargesim.network.network import Corridors, Districts, Sites, Zones
from chargesim.network.opening import open_sites
from chargesim.network.placement import PlacedSite, place_stations, place_swap_sites
from chargesim.network.projection import largest_remainder
from chargesim.network.roads import Carriageway, Roads, local_roads, seat_links
from chargesim.network.site_records import records_of_placed_site, sites_of
from chargesim.network.table_columns import DistrictRow, GatewayRow, LinkRow
from chargesim.network.user_sites import read_sites
from chargesim.network.user_tables import read_roads, read_zones, vehicle_km_weights
from chargesim.network.zone_layout import ZoneLayout, lay_out_zones
from chargesim.scenario.csv_tables import duplicate_faults, read_csv_rows
from chargesim.scenario.file_paths import display_path, path_inside
from chargesim.scenario.model import Scenario

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Geography:
    """A city before its candidate lists: roads as lists of edges, sites and where they hang on them."""

    districts: Districts
    zones: Zones
    roads: Roads
    corridors: Corridors
    corridor_node: Ints
    sites: Sites
    site_node: Ints
    """node from which a site is reached"""
    site_exit: Ints
    """node at which the way on from a site begins; the same but at a service area that both directions share"""
    site_leg_km: Floats
    site_leg_kmh: Floats
    label: str


def synthetic_geography(scenario: Scenario, folder: Path) -> Geography:
    """Return the geography of a city of which only districts and links are known."""
    city, layout = scenario.city, scenario.layout
    assert city.districts is not None and city.links is not None and layout is not None
    assert scenario.stations is not None
    districts, links, gateways = _read_synthetic(scenario, folder)
    land = lay_out_zones(districts, layout)
    index = {name: d for d, name in enumerate(land.districts.name)}
    roads = Roads()
    for i, name in enumerate(land.zones.id):
        roads.node(
            "zone",
            name,
            float(land.zones.lat[i]),
            float(land.zones.lon[i]),
            int(land.zones.district[i]),
        )
    seats = [
        roads.node("junction", row.district, row.lat, row.lon, d) for d, row in enumerate(districts)
    ]
    local_roads(roads, land, seats, layout, scenario.traffic)
    carriageways = seat_links(roads, links, index, seats)
    label = f"synthetic layout of real totals (layout seed {layout.seed})"
    if city.sites is not None:
        table = read_sites(
            scenario,
            path_inside(folder, city.sites),
            roads,
            land.districts,
            land.zones,
            carriageways,
            seats,
        )
        records, nodes, exits, legs = table.records, table.node, table.exit, table.leg_km
        label = "synthetic zones and roads of real totals, sites from " + city.sites
    else:
        placed_sites = [
            *place_stations(scenario, scenario.stations, land),
            *_expressway_sites(scenario, roads, carriageways),
            *place_swap_sites(scenario, land),
        ]
        _name(placed_sites, land)
        placed_sites = _open(scenario, placed_sites)
        per_spot = [records_of_placed_site(scenario, placed) for placed in placed_sites]
        copies = [len(records) for records in per_spot]
        records = [record for records in per_spot for record in records]
        nodes = np.repeat(
            np.array(
                [placed.node if placed.node >= 0 else placed.zone for placed in placed_sites],
                dtype=np.int64,
            ),
            copies,
        )
        exits, legs = nodes, np.repeat(np.array([placed.leg_km for placed in placed_sites]), copies)
    weights = np.zeros(0)
    if scenario.corridors is not None:
        population = np.array([row.population_2020 for row in districts])
        weights = corridor_weights(
            links,
            gateways,
            index,
            population,
            carriageways,
            scenario.corridors.gravity_exponent.value,
        )
    used = carriageways if scenario.corridors is not None else []
    node_district = np.array(roads.district)
    kmh = np.array(
        [
            scenario.traffic.core_kmh.value
            if land.districts.area_class[node_district[node]] == "core"
            else scenario.traffic.town_kmh.value
            for node in nodes
        ]
    )
    return Geography(
        land.districts, land.zones, roads, corridors_of(roads, used, weights), np.array([way.entry for way in used], dtype=np.int64),
        sites_of(records), nodes, exits, legs, kmh if len(nodes) else np.ones(0), label,
    )  # fmt: skip


def corridors_of(roads: Roads, carriageways: list[Carriageway], weights: Floats) -> Corridors:
    """Return the corridors: one per carriageway, at its upstream end."""
    entries = [way.entry for way in carriageways]
    return Corridors(
        id=tuple(roads.name[entry] for entry in entries),
        district=np.array([roads.district[entry] for entry in entries], dtype=np.int64),
        lat=np.array([roads.lat[entry] for entry in entries]),
        lon=np.array([roads.lon[entry] for entry in entries]),
        weight=weights,
    )


def _read_synthetic(
    scenario: Scenario, folder: Path
) -> tuple[list[DistrictRow], list[LinkRow], list[GatewayRow]]:
    city = scenario.city
    assert city.districts is not None and city.links is not None
    path = path_inside(folder, city.districts)
    districts = read_csv_rows(path, DistrictRow)
    names = [row.district for row in districts]
    faults = duplicate_faults(path, "district", [(row.line, row.district) for row in districts])
    links_path = path_inside(folder, city.links)
    links = read_csv_rows(links_path, LinkRow)
    gateways = (
        read_csv_rows(path_inside(folder, city.gateways), GatewayRow)
        if city.gateways is not None
        else []
    )
    for row in links:
        faults += [
            f"{display_path(links_path)}:{row.line}: {name}: no district of this name in {display_path(path)}"
            for name in (row.from_district, row.to_district)
            if name not in names
        ]
        if row.from_district == row.to_district:
            faults.append(
                f"{display_path(links_path)}:{row.line}: to_district: leads from {row.from_district} to itself"
            )
    for gate in gateways:
        if gate.district not in names:
            faults.append(
                f"{display_path(path_inside(folder, city.gateways or ''))}:{gate.line}: {gate.district}: no district of this name in {display_path(path)}"
            )
    plan = scenario.stations
    apportioned = sum(row.service_areas for row in links)
    if plan is not None and city.sites is None and plan.counts.expressway > 0 and apportioned == 0:
        faults.append(
            f"{display_path(links_path)}: service_areas: all 0, but stations.counts.expressway asks for {plan.counts.expressway}"
        )
    if faults:
        raise InputError(faults)
    if plan is not None and plan.counts.expressway != apportioned and apportioned:
        links = _apportion(links, plan.counts.expressway)
    return districts, links, gateways


def _apportion(links: list[LinkRow], count: int) -> list[LinkRow]:
    """Return the links with another number of service areas in all, in proportion to what the table has."""
    shares = largest_remainder(np.array([row.service_areas for row in links], dtype=float), count)
    return [
        row.model_copy(update={"service_areas": int(share)})
        for row, share in zip(links, shares, strict=True)
    ]


def _expressway_sites(
    scenario: Scenario, roads: Roads, carriageways: list[Carriageway]
) -> list[PlacedSite]:
    plan = scenario.stations
    assert plan is not None
    return [
        PlacedSite(
            "expressway",
            "expressway",
            roads.district[node],
            -1,
            roads.lat[node],
            roads.lon[node],
            0.1,
            plan.expressway_piles_per_station,
            "",
            node,
            f"{roads.name[node]}-station",
        )
        for way in carriageways
        for node in way.stops
    ]


def _open(scenario: Scenario, placed_sites: list[PlacedSite]) -> list[PlacedSite]:
    """Return the placed_sites that a build-up has opened; truck stations stand in a queue of their own."""
    queues = [f"{placed.group} {placed.access}" for placed in placed_sites]
    is_open = open_sites(
        scenario, [placed.name for placed in placed_sites], queues, [None] * len(placed_sites)
    )
    return [placed for placed, here in zip(placed_sites, is_open.tolist(), strict=True) if here]


def _name(placed_sites: list[PlacedSite], land: ZoneLayout) -> None:
    """Give every site a readable id that is stable for a layout."""
    numbers: dict[str, int] = {}
    for placed in placed_sites:
        if placed.name:
            continue
        what = (
            f"swap-{placed.swap_kind}-"
            if placed.swap_kind
            else "truck-"
            if placed.access == "truck"
            else "s"
        )
        stem = f"{land.districts.name[placed.district]}-{what}"
        numbers[stem] = numbers.get(stem, 0) + 1
        placed.name = f"{stem}{numbers[stem]:03d}"


def geography_of_tables(scenario: Scenario, folder: Path) -> Geography:
    """Return the geography of a city that a user's own tables describe.

    A corridor's weight is its km x the inhabitants of the districts at its two ends. An expressway site serves all
    traffic that passes its node.
    """
    assert scenario.city.sites is not None
    districts, zones = read_zones(scenario, folder)
    roads, carriageways = read_roads(scenario, folder, zones)
    sites = read_sites(
        scenario,
        path_inside(folder, scenario.city.sites),
        roads,
        districts,
        zones,
        carriageways,
        range(len(roads.kind)),
    )
    inhabitants = np.bincount(
        zones.district, weights=zones.population, minlength=len(districts.name)
    )
    used = carriageways if scenario.corridors is not None else []
    ends = np.array([inhabitants[d] for d in roads.district])
    corridors, entries = (
        corridors_of(roads, used, vehicle_km_weights(used, ends)),
        np.array([way.entry for way in used], dtype=np.int64),
    )
    kmh = np.full(len(sites.records), scenario.traffic.town_kmh.value)
    return Geography(
        districts, zones, roads, corridors, entries, sites_of(sites.records), sites.node, sites.exit, sites.leg_km, kmh,
        "zones, roads and sites from tables",
    )  # fmt: skip
