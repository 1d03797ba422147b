"""Gather zones, roads, corridors and sites, from the synthetic layout or from a user's tables."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chargesim.errors import InputError
from chargesim.network.apportionment import shares_of
from chargesim.network.corridors import corridor_weights
from chargesim.network.network import Corridors, Districts, Zones
from chargesim.network.placement import place_sites
from chargesim.network.roads import Carriageway, Roads, add_links, add_local_roads
from chargesim.network.site_records import JoinedSites, join_sites, records_of_placed_site
from chargesim.network.table_columns import DistrictRow, GatewayRow, LinkRow
from chargesim.network.user_sites import read_sites
from chargesim.network.user_tables import read_roads, read_zones, vehicle_km_weights
from chargesim.network.zone_layout import lay_out_zones
from chargesim.scenario.area_classes import city_faults
from chargesim.scenario.city import PLAN_CLASSES
from chargesim.scenario.file_paths import display_path, path_inside
from chargesim.scenario.model import Scenario
from chargesim.scenario.tables import duplicate_faults, read_rows

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Geography:
    """A city before its candidate lists."""

    districts: Districts
    zones: Zones
    roads: Roads
    corridors: Corridors
    corridor_node: Ints
    joined: JoinedSites
    leg_kmh: Floats
    """speed in free flow on the road between a site and its node"""
    label: str


def synthetic_geography(scenario: Scenario, folder: Path) -> Geography:
    """Return the geography of a city of which only districts and links are known."""
    city, layout = scenario.city, scenario.layout
    assert layout is not None
    districts, links, gateways, service_areas = _read_synthetic(scenario, folder)
    zone_layout = lay_out_zones(districts, layout)
    zones, names = zone_layout.zones, zone_layout.districts
    index = {name: d for d, name in enumerate(names.name)}
    roads = Roads.of_zones(zones)
    seats = [
        roads.add_node("junction", row.district, row.lat, row.lon, d)
        for d, row in enumerate(districts)
    ]
    add_local_roads(roads, zone_layout, seats, layout, scenario.traffic)
    carriageways = add_links(roads, links, service_areas, index, seats)
    if city.sites is not None:
        path = path_inside(folder, city.sites)
        joined = read_sites(scenario, path, roads, names, zones, carriageways, seats, len(zones.id))
        label = f"synthetic zones and roads of real totals, sites from {city.sites}"
    else:
        sites = place_sites(scenario, zone_layout, roads, carriageways)
        nodes = [site.node for site in sites]
        records = [records_of_placed_site(scenario, site) for site in sites]
        joined = join_sites(records, nodes, nodes, [site.leg_km for site in sites])
        label = f"synthetic layout of real totals (layout seed {layout.seed})"
    weights, used = np.zeros(0), list[Carriageway]()
    if scenario.corridors is not None:
        used = carriageways
        population = np.array([row.population_2020 for row in districts])
        exponent = scenario.corridors.gravity_exponent.value
        weights = corridor_weights(links, gateways, index, population, used, exponent)
    core = np.array(names.area_class)[np.array(roads.district)[joined.node]] == "core"
    traffic = scenario.traffic
    return Geography(
        districts=names,
        zones=zones,
        roads=roads,
        corridors=_corridors(roads, used, weights),
        corridor_node=_entries(used),
        joined=joined,
        leg_kmh=np.where(core, traffic.core_kmh.value, traffic.town_kmh.value),
        label=label,
    )


def geography_of_tables(scenario: Scenario, folder: Path) -> Geography:
    """Return the geography of a city that a user's own tables describe.

    A corridor's weight is its km x the inhabitants of the districts at its two ends. An expressway
    site serves all traffic that passes its node.
    """
    assert scenario.city.sites is not None
    districts, zones = read_zones(scenario, folder)
    roads, carriageways = read_roads(scenario, folder, zones)
    path, nodes = path_inside(folder, scenario.city.sites), range(len(roads.kind))
    places = len(zones.id)
    if scenario.city.nodes is not None:
        places = next(
            (n for n, kind in enumerate(roads.kind) if kind == "corridor"), len(roads.kind)
        )
    joined = read_sites(scenario, path, roads, districts, zones, carriageways, nodes, places)
    used = carriageways if scenario.corridors is not None else []
    inhabitants = np.bincount(
        zones.district, weights=zones.population, minlength=len(districts.name)
    )
    weights = vehicle_km_weights(used, inhabitants[np.array(roads.district)])
    return Geography(
        districts=districts,
        zones=zones,
        roads=roads,
        corridors=_corridors(roads, used, weights),
        corridor_node=_entries(used),
        joined=joined,
        leg_kmh=np.full(len(joined.sites), scenario.traffic.town_kmh.value),
        label="zones, roads and sites from tables",
    )


def _entries(carriageways: list[Carriageway]) -> Ints:
    return np.array([way.entry for way in carriageways], dtype=np.int64)


def _corridors(roads: Roads, carriageways: list[Carriageway], weights: Floats) -> Corridors:
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
) -> tuple[list[DistrictRow], list[LinkRow], list[GatewayRow], list[int]]:
    """Return districts, links, places beyond the border, and how many service areas a link has.

    In all these are as many as the plan counts stations there, in proportion to the table's.
    """
    city, plan = scenario.city, scenario.stations
    assert city.districts is not None and city.links is not None
    path, links_path = path_inside(folder, city.districts), path_inside(folder, city.links)
    districts, links = read_rows(path, DistrictRow), read_rows(links_path, LinkRow)
    names = [row.district for row in districts]
    faults = duplicate_faults(path, "district", [(row.line, row.district) for row in districts])
    ends = [
        (row.line, " - ".join([*sorted((row.from_district, row.to_district)), row.kind]))
        for row in links
    ]
    faults += duplicate_faults(links_path, "to_district", ends, "keep one")
    faults += _class_faults(scenario, path, districts)
    unknown = f"no district of this name in {display_path(path)}"
    for row in links:
        position = f"{display_path(links_path)}:{row.line}"
        faults += [
            f"{position}: {name}: {unknown}"
            for name in (row.from_district, row.to_district)
            if name not in names
        ]
        if row.from_district == row.to_district:
            faults.append(f"{position}: to_district: leads from {row.from_district} to itself")
    gateways = []
    if city.gateways is not None:
        gateways_path = path_inside(folder, city.gateways)
        gateways = read_rows(gateways_path, GatewayRow)
        faults += [
            f"{display_path(gateways_path)}:{row.line}: {row.district}: {unknown}"
            for row in gateways
            if row.district not in names
        ]
    count = plan.counts.expressway if plan is not None else 0
    listed = sum(row.service_areas for row in links)
    if city.sites is None and count > 0 and listed == 0:
        faults.append(
            f"{display_path(links_path)}: service_areas: all 0, "
            f"but stations.counts.expressway asks for {count}"
        )
    if faults:
        raise InputError(faults)
    service_areas = [row.service_areas for row in links]
    if plan is not None and listed:
        service_areas = shares_of(np.array(service_areas, dtype=float), count).tolist()
    return districts, links, gateways, service_areas


def _class_faults(scenario: Scenario, path: Path, rows: list[DistrictRow]) -> list[str]:
    """Return faults of the classes of districts: unknown ones, and what the layout lacks."""
    assert scenario.layout is not None
    name = display_path(path)
    faults = city_faults(
        scenario, "class", [(f"{name}:{row.line}", row.area_class) for row in rows]
    )
    for row in rows:
        if row.urban_share is None and row.area_class not in scenario.layout.urban_share:
            faults.append(
                f"{name}:{row.line}: urban_share: needs a value, since layout.urban_share has none "
                f"for the class {row.area_class}"
            )
        if scenario.city.sites is None and row.area_class not in PLAN_CLASSES:
            faults.append(
                f"{name}:{row.line}: class: got {row.area_class}; a plan that places its sites "
                f"knows {', '.join(PLAN_CLASSES)} alone (stations.counts): give city.sites"
            )
    return faults
