"""Build the network of a scenario, from its geography to the candidate lists and the graph."""

import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from chargesim.network.candidates import Attachment, RoadArrays, list_candidates
from chargesim.network.geography import Geography, geography_of_tables, synthetic_geography
from chargesim.network.network import (
    SITE_KINDS,
    STATION,
    SWAP,
    THROUGH_TRAFFIC,
    CandidateKey,
    Network,
)
from chargesim.network.roads import (
    ACCESS,
    EDGE_KINDS,
    EXPRESSWAY,
    INTERCHANGE,
    RAMP,
    Roads,
    speed_factors,
)
from chargesim.scenario.buildup import month_number
from chargesim.scenario.model import Scenario

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def build_network(scenario: Scenario, folder: Path) -> Network:
    """Return the network of a scenario.

    Parameters
    ----------
    scenario : Scenario
    folder : Path
        Where its tables are.

    Raises
    ------
    InputError
        With all faults of a table at once.
    """
    geography = (
        synthetic_geography(scenario, folder)
        if scenario.city.districts is not None
        else geography_of_tables(scenario, folder)
    )
    factors, period_of_hour = speed_factors(scenario.traffic)
    joined, leg_km = geography.joined, geography.joined.leg_km
    leg_min = 60.0 * leg_km / geography.leg_kmh / factors[:, ACCESS, None]
    at_sites = Attachment(joined.node, leg_km, leg_min)
    keys, per_key = _keys(scenario)
    is_fast = np.isin(geography.roads.edge_kind, (EXPRESSWAY, INTERCHANGE))
    leads_on = (np.array(geography.roads.edge_kind) == RAMP) & (
        np.array(geography.roads.kind)[geography.roads.heads] == "corridor"
    )
    candidates = list_candidates(
        keys,
        per_key,
        joined.sites,
        _origins(geography, at_sites),
        at_sites,
        _road_arrays(geography.roads, factors, np.ones_like(is_fast)),
        _road_arrays(geography.roads, factors, is_fast),
        _road_arrays(geography.roads, factors, ~leads_on),
        _on_expressway(geography),
        period_of_hour,
    )
    return Network(
        graph=_graph(geography, factors, at_sites),
        districts=geography.districts,
        zones=geography.zones,
        corridors=geography.corridors,
        sites=joined.sites,
        candidates=candidates,
        label=f"{scenario.city.name}, {geography.label}{_built_text(scenario)}",
    )


_UNREAD_KEYS = {
    "": (
        "name", "title", "seed", "replications", "tables", "grid", "tariff", "reliability",
        "blackouts", "outside", "adoption", "calendar", "day_factor", "observed", "recorded",
        "arrivals", "common_causes",
        "standard", "series",
    ),
    "fleet": (
        "stock", "stock_from", "share_at_network", "public_energy_factor", "season_factor",
        "curve_factor",
        "posted_share", "connected_share", "compliance", "soc_low", "soc_high", "target_low",
        "least_gain", "rural_weight",
    ),
    "corridors": (
        "vehicles_at_service_areas_per_day", "nev_share_of_traffic", "charge_share",
        "share_at_network", "local_share", "holiday_factor", "soc_mean", "soc_low", "profile",
        "consumption_factor", "fleet",
    ),
    "layout": ("observed_share",),
    "choice": ("noise_min", "posted_refresh_min", "reservation"),
    "stations": ("handling_before_min", "handling_after_min"),
    "swap": ("charge_limits", "pack_temperature_c", "pack_types", "smart"),
}  # fmt: skip
"""Keys, by section, that the network never reads."""
_FLEET_KEYS = {"access", "pack_type", "area_weights", "group"}
"""Keys of a fleet that the network reads: swap sites and truck stations follow their users."""


def network_part(scenario: Scenario) -> str:
    """Return the part of a scenario on which its network depends, as JSON.

    Two scenarios with the same part and the same tables have the same network.
    """
    data = scenario.model_dump(mode="json")
    for section, names in _UNREAD_KEYS.items():
        for name in names:
            (data if section == "" else data[section] or {}).pop(name, None)
    data["fleets"] = {
        name: {key: value for key, value in fleet.items() if key in _FLEET_KEYS}
        for name, fleet in data["fleets"].items()
    }
    return json.dumps(bare_values(data), sort_keys=True)


def bare_values(data: Any) -> Any:
    """Return dumped data with each assumption as its bare value, without range and source."""
    if isinstance(data, list):
        return [bare_values(entry) for entry in data]
    if not isinstance(data, dict):
        return data
    return (
        data["value"]
        if "value" in data
        else {key: bare_values(entry) for key, entry in data.items()}
    )


def _built_text(scenario: Scenario) -> str:
    """Return how much of the plan is built in the month of a build-up, "" without one."""
    if scenario.buildup is None or not scenario.buildup.enabled:
        return ""
    month = scenario.buildup.month
    built = scenario.buildup.built_share(month_number(month))
    return f", as built at the end of {month}, {built:.1%} of the sites"


def _lengths(roads: Roads, factors: Floats) -> tuple[Floats, Floats]:
    """Return km of every edge, and its minutes [period, edge]."""
    km, kmh = np.array(roads.km, dtype=float), np.array(roads.free_kmh, dtype=float)
    return km, 60.0 * km / (kmh * factors[:, np.array(roads.edge_kind, dtype=np.int64)])


def _road_arrays(roads: Roads, factors: Floats, chosen: Bools) -> RoadArrays:
    """Return the chosen edges, ready for a search."""
    tails, heads = np.array(roads.tails, dtype=np.int64), np.array(roads.heads, dtype=np.int64)
    km, minutes = _lengths(roads, factors)
    return RoadArrays.of(
        len(roads.kind), tails[chosen], heads[chosen], km[chosen], minutes[:, chosen]
    )


def _key_order(key: CandidateKey) -> tuple[int, bool, list[str], str]:
    return key.kind, key.through, sorted(key.access), key.pack_type


def _keys(scenario: Scenario) -> tuple[tuple[CandidateKey, ...], NDArray[np.int64]]:
    """Return the lists that the fleets need, and how many sites each holds."""
    keys = set()
    if scenario.corridors is not None:
        keys.add(THROUGH_TRAFFIC)
    for fleet in scenario.fleets.values():
        keys.add(CandidateKey(STATION, frozenset(fleet.access)))
        if fleet.pack_type is not None:
            keys.add(CandidateKey(SWAP, frozenset(fleet.access), fleet.pack_type))
    ordered = tuple(sorted(keys, key=_key_order))
    nearest = [getattr(scenario.choice, SITE_KINDS[key.kind].nearest) for key in ordered]
    return ordered, np.array(nearest)


def _origins(geography: Geography, at_sites: Attachment) -> Attachment:
    """Return zones, which are the first nodes, then corridors, then sites as origins."""
    zones = len(geography.zones.id)
    nodes = [np.arange(zones), geography.corridor_node, geography.joined.exit]
    at_once = zones + len(geography.corridor_node)
    return Attachment(
        np.concatenate(nodes).astype(np.int64),
        np.concatenate([np.zeros(at_once), at_sites.km]),
        np.concatenate([np.zeros((len(at_sites.minutes), at_once)), at_sites.minutes], axis=1),
    )


def _on_expressway(geography: Geography) -> Bools:
    """Return which origins are on an expressway: the corridors and its sites."""
    of_zones = [False] * len(geography.zones.id)
    of_corridors = [True] * len(geography.corridor_node)
    of_sites = [access == "expressway" for access in geography.joined.sites.access]
    return np.array([*of_zones, *of_corridors, *of_sites], dtype=bool)


def _graph(geography: Geography, factors: Floats, at_sites: Attachment) -> "nx.DiGraph[Any]":
    """Return the graph for maps, exports and a user's own questions; nodes have ids as names."""
    roads, sites = geography.roads, geography.joined.sites
    graph: nx.DiGraph[Any] = nx.DiGraph()
    names = geography.districts.name
    for kind, name, lat, lon, district in zip(
        roads.kind, roads.name, roads.lat, roads.lon, roads.district, strict=True
    ):
        graph.add_node(name, kind=kind, lat=lat, lon=lon, district=names[district])
    km, minutes = _lengths(roads, factors)
    for i, (tail, head) in enumerate(zip(roads.tails, roads.heads, strict=True)):
        a, b = roads.name[tail], roads.name[head]
        if not graph.has_edge(a, b) or graph.edges[a, b]["minutes"][0] > minutes[0, i]:
            edge_min, kind = tuple(minutes[:, i].tolist()), EDGE_KINDS[roads.edge_kind[i]]
            graph.add_edge(a, b, km=float(km[i]), minutes=edge_min, kind=kind)
    for s, name in enumerate(sites.id):
        graph.add_node(
            name,
            kind=SITE_KINDS[sites.kind[s]].name,
            lat=float(sites.lat[s]),
            lon=float(sites.lon[s]),
            district=names[sites.district[s]],
        )
        leg_min = tuple(at_sites.minutes[:, s].tolist())
        leg = {"km": float(at_sites.km[s]), "minutes": leg_min, "kind": EDGE_KINDS[ACCESS]}
        graph.add_edge(roads.name[at_sites.node[s]], name, **leg)
        graph.add_edge(name, roads.name[geography.joined.exit[s]], **leg)
    return graph
