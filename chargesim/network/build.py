"""Build the network of a scenario: zones, roads, sites, candidate lists, and the networkx graph of them all."""

import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from chargesim.network.candidates import Attachment, RoadArrays, list_candidates
from chargesim.network.geography import Geography, geography_of_tables, synthetic_geography
from chargesim.network.network import STATION, SWAP, CandidateKey, Network, Sites
from chargesim.network.roads import ACCESS, EDGE_KINDS, EXPRESSWAY, INTERCHANGE, speed_factors
from chargesim.scenario.buildup import month_number
from chargesim.scenario.model import Scenario

Floats = NDArray[np.float64]


def build_network(scenario: Scenario, folder: Path) -> Network:
    """Return the network of a scenario.

    Parameters
    ----------
    scenario : Scenario
    folder : Path
        Where its tables stand.

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
    roads, (km, minutes) = geography.roads, _lengths(geography, factors)
    tails, heads = np.array(roads.tails, dtype=np.int64), np.array(roads.heads, dtype=np.int64)
    edges = RoadArrays.of(len(roads.kind), tails, heads, km, minutes)
    fast = np.isin(roads.edge_kind, (EXPRESSWAY, INTERCHANGE))
    carriages = RoadArrays.of(len(roads.kind), tails[fast], heads[fast], km[fast], minutes[:, fast])
    sites = geography.joined.sites
    keys, per_key = _keys(scenario)
    places = Attachment(
        geography.joined.node,
        geography.joined.leg_km,
        60.0 * geography.joined.leg_km / geography.leg_kmh / factors[:, ACCESS, None],
    )
    origins = _origins(geography, places, len(factors))
    candidates = list_candidates(
        keys,
        per_key,
        sites,
        origins,
        places,
        edges,
        carriages,
        _on_carriage(geography),
        period_of_hour,
    )
    return Network(
        graph=_graph(geography, sites, factors, places),
        districts=geography.districts,
        zones=geography.zones,
        corridors=geography.corridors,
        sites=sites,
        candidates=candidates,
        label=f"{scenario.city.name}, {geography.label}{_built_text(scenario)}",
    )


_ELSEWHERE = {
    "": (
        "name", "title", "seed", "replications", "tables", "grid", "tariff", "reliability", "blackouts", "outside", "adoption", "recorded",
        "standard", "series",
    ),
    "fleet": (
        "stock", "stock_from", "share_at_network", "season_factor", "curve_factor", "posted_share", "connected_share", "compliance",
        "soc_low", "soc_high", "target_low", "least_gain",
    ),
    "corridors": (
        "vehicles_at_service_areas_per_day", "nev_share_of_traffic", "charge_share", "share_at_network", "holiday_factor", "soc_mean",
        "soc_low", "profile", "consumption_factor", "fleet",
    ),
    "choice": ("noise_min", "posted_refresh_min", "reservation"),
    "swap": ("charge_limits", "pack_temperature_c", "pack_types", "smart"),
}  # fmt: skip
"""Keys, by section, that the network never reads."""
_OF_FLEETS = {"stock", "access", "pack_type", "area_weights", "group"}
"""Keys of a fleet that the network may read: swap sites and truck stations follow the fleets that use them."""


def network_part(scenario: Scenario) -> str:
    """Return what of a scenario its network may hang on, as JSON: two scenarios with the same part and tables have the same network."""
    data = scenario.model_dump(mode="json")
    for section, names in _ELSEWHERE.items():
        for name in names:
            (data if section == "" else data[section] or {}).pop(name, None)
    data["fleets"] = {
        name: {key: value for key, value in fleet.items() if key in _OF_FLEETS}
        for name, fleet in data["fleets"].items()
    }
    return json.dumps(_values(data), sort_keys=True)


def _values(data: Any) -> Any:
    """Return dumped data with each assumption as its bare value, without range and source."""
    if isinstance(data, list):
        return [_values(entry) for entry in data]
    if not isinstance(data, dict):
        return data
    return (
        data["value"] if "value" in data else {key: _values(entry) for key, entry in data.items()}
    )


def _built_text(scenario: Scenario) -> str:
    """Return how much of the plan is built in the month of a build-up, "" without one."""
    if scenario.buildup is None or not scenario.buildup.enabled:
        return ""
    month = scenario.buildup.month
    return f", as built at the end of {month}, {scenario.buildup.built_share(month_number(month)):.1%} of the sites"


def _lengths(geography: Geography, factors: Floats) -> tuple[Floats, Floats]:
    """Return km of every edge, and its minutes [period, edge]."""
    roads = geography.roads
    km, kmh = np.array(roads.km, dtype=float), np.array(roads.free_kmh, dtype=float)
    return km, 60.0 * km / (kmh * factors[:, np.array(roads.edge_kind, dtype=np.int64)])


def _keys(scenario: Scenario) -> tuple[tuple[CandidateKey, ...], NDArray[np.int64]]:
    """Return the lists that the fleets need, and how many sites each holds."""
    keys = (
        {CandidateKey(STATION, frozenset({"expressway"}))}
        if scenario.corridors is not None
        else set()
    )
    for fleet in scenario.fleets.values():
        keys.add(CandidateKey(STATION, frozenset(fleet.access)))
        if fleet.pack_type is not None:
            keys.add(CandidateKey(SWAP, frozenset(fleet.access), fleet.pack_type))
    ordered = tuple(sorted(keys, key=lambda key: (key.kind, sorted(key.access), key.pack_type)))
    choice = scenario.choice
    return ordered, np.array(
        [
            choice.nearest_stations if key.kind == STATION else choice.nearest_swap_sites
            for key in ordered
        ]
    )


def _origins(geography: Geography, places: Attachment, periods: int) -> Attachment:
    """Return zones (their own nodes, the first), corridors and sites as origins."""
    zones, corridors = len(geography.zones.id), len(geography.corridor_node)
    none = zones + corridors
    return Attachment(
        np.concatenate([np.arange(zones), geography.corridor_node, geography.joined.exit]).astype(
            np.int64
        ),
        np.concatenate([np.zeros(none), places.km]),
        np.concatenate([np.zeros((periods, none)), places.minutes], axis=1),
    )


def _on_carriage(geography: Geography) -> NDArray[np.bool_]:
    expressway = np.array(
        [access == "expressway" for access in geography.joined.sites.access], dtype=bool
    )
    return np.concatenate(
        [
            np.zeros(len(geography.zones.id), dtype=bool),
            np.ones(len(geography.corridor_node), dtype=bool),
            expressway,
        ]
    )


def _graph(
    geography: Geography, sites: Sites, factors: Floats, places: Attachment
) -> "nx.DiGraph[Any]":
    """Return the graph for plots, exports and a user's own questions; nodes are named by their ids."""
    roads = geography.roads
    graph: nx.DiGraph[Any] = nx.DiGraph()
    names = geography.districts.name
    for kind, name, lat, lon, district in zip(
        roads.kind, roads.name, roads.lat, roads.lon, roads.district, strict=True
    ):
        graph.add_node(name, kind=kind, lat=lat, lon=lon, district=names[district])
    km, minutes = _lengths(geography, factors)
    for i, (tail, head) in enumerate(zip(roads.tails, roads.heads, strict=True)):
        a, b = roads.name[tail], roads.name[head]
        if not graph.has_edge(a, b) or graph.edges[a, b]["minutes"][0] > minutes[0, i]:
            graph.add_edge(
                a,
                b,
                km=float(km[i]),
                minutes=tuple(minutes[:, i].tolist()),
                kind=EDGE_KINDS[roads.edge_kind[i]],
            )
    for s, name in enumerate(sites.id):
        graph.add_node(
            name,
            kind="station" if sites.kind[s] == STATION else "swap",
            lat=float(sites.lat[s]),
            lon=float(sites.lon[s]),
            district=names[sites.district[s]],
        )
        leg = {
            "km": float(places.km[s]),
            "minutes": tuple(places.minutes[:, s].tolist()),
            "kind": EDGE_KINDS[ACCESS],
        }
        graph.add_edge(roads.name[places.node[s]], name, **leg)
        graph.add_edge(name, roads.name[geography.joined.exit[s]], **leg)
    return graph
