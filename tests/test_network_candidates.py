"""Test the candidate lists of a small city against plain shortest paths on its graph."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from factories import SCENARIOS, TICK
from network_files import copy_small_city, edit, small_network

from chargesim.network.build import build_network
from chargesim.network.candidates import _near, _smallest, holds
from chargesim.network.network import STATION, THROUGH_TRAFFIC, CandidateKey
from chargesim.runs.case import build_case
from chargesim.runs.replication import simulate
from chargesim.scenario.reading import load

SMALL = load(SCENARIOS / "small_city.yaml")


@pytest.fixture(scope="module")
def network():
    return build_network(SMALL.scenario, SMALL.folder)


def origin_names(network):
    return [*network.zones.id, *network.corridors.id, *network.sites.id]


def free(u, v, data):
    return data["minutes"][0]


def roads_for(network, key, origin):
    """Return the roads on which a list is searched; no way leads through a site.

    Through traffic looks ahead on the expressways, for public stations it leaves them for good.
    """
    kinds = {data["kind"] for _, _, data in network.graph.edges(data=True)}
    if key.through and key.access == {"expressway"}:
        kinds &= {"expressway", "interchange", "access"}
    other, on_ramp = set(network.sites.id) - {origin}, ("ramp", "corridor")
    edges = [
        (a, b)
        for a, b, data in network.graph.edges(data=True)
        if data["kind"] in kinds
        and a not in other
        and b not in other
        and not (key.through and (data["kind"], network.graph.nodes[b]["kind"]) == on_ramp)
    ]
    graph = network.graph.edge_subgraph(edges).copy()
    graph.add_nodes_from(network.graph.nodes)
    return graph


def expected(network, key, origin):
    """Return (minutes by period, km, site) of a list's sites by networkx, nearest first."""
    roads, sites = roads_for(network, key, origin), network.sites
    lengths, paths = nx.single_source_dijkstra(roads, origin, weight=free)
    found = []
    for s, name in enumerate(sites.id):
        (last,) = network.graph.pred[name]
        if last in lengths and name != origin and holds(key, sites, s):
            edges = [network.graph.edges[pair] for pair in nx.utils.pairwise([*paths[last], name])]
            found.append(
                (
                    np.sum([edge["minutes"] for edge in edges], axis=0),
                    sum(edge["km"] for edge in edges),
                    s,
                )
            )
    return sorted(found, key=lambda one: (one[0][0], one[2]))


def expected_through(network, origin, most):
    """Return the same for through traffic: at most half are stations ahead, the rest public."""
    ahead, public = (
        CandidateKey(STATION, frozenset({access}), through=True)
        for access in ("expressway", "public")
    )
    sites = dict(zip(network.sites.id, network.sites.access, strict=True))
    on = origin in network.corridors.id or sites.get(origin) == "expressway"
    first = expected(network, ahead, origin)[: (most + 1) // 2] if on else []
    return sorted(
        first + expected(network, public, origin)[: most - len(first)],
        key=lambda one: (one[0][0], one[2]),
    )


def test_lists_are_the_shortest_paths_of_networkx(network):
    lists, compared = network.candidates, 0
    for i, key in enumerate(lists.keys):
        per_key = (
            SMALL.scenario.choice.nearest_stations
            if key.kind == STATION
            else SMALL.scenario.choice.nearest_swap_sites
        )
        for o, origin in enumerate(origin_names(network)):
            site = network.sites.id.index(origin) if origin in network.sites.id else -1
            if key.through and (
                o < len(network.zones.id) or (site >= 0 and not holds(key, network.sites, site))
            ):
                assert (lists.site[i, o] == -1).all()
                continue
            want = (
                expected_through(network, origin, per_key)
                if key.through
                else expected(network, key, origin)[:per_key]
            )
            got = [s for s in lists.site[i, o].tolist() if s >= 0]
            assert len(got) == len(want), (key, origin)
            for rank, (minutes, km, site) in enumerate(want):
                near = [one[2] for one in want if abs(one[0][0] - minutes[0]) < 1e-9]
                assert got[rank] == site or got[rank] in near, (key, origin, rank)
                if got[rank] == site and len(near) == 1:
                    assert lists.km[i, o, rank] == pytest.approx(km, abs=1e-9)
                np.testing.assert_allclose(lists.minutes[0, i, o, rank], minutes[0], atol=TICK)
                if len(near) == 1:
                    np.testing.assert_allclose(lists.minutes[:, i, o, rank], minutes, atol=TICK)
                compared += 1
    assert compared > 500


@pytest.mark.parametrize("costs", [2, 40, 100_000])
def test_what_is_near_a_node_holds_what_is_nearest_to_each_of_its_origins(costs):
    """Also where so many sites cost the same that a few more than are listed do not do."""
    rng = np.random.default_rng(costs)
    cost = rng.integers(1, costs + 1, (30, 90)) * 0.37
    cost[rng.random(cost.shape) < 0.2] = np.inf
    cost[0] = np.inf
    near, rows = _near(cost, 8), np.arange(30)[:, None]
    for origin_min in (0.0, 3.3):
        whole = cost + origin_min
        own = rng.integers(0, 90, 30)[:, None]
        whole[rows, own] = np.inf
        pick = near[rows, _smallest(whole[rows, near], 8)]
        full = _smallest(whole, 8)
        good = np.isfinite(whole[rows, full])
        assert (np.isfinite(whole[rows, pick]) == good).all()
        assert (pick[good] == full[good]).all()


def test_times_are_whole_ticks_and_rise_with_the_rank(network):
    lists = network.candidates
    there = lists.site >= 0
    minutes = lists.minutes[:, there] / TICK
    assert np.array_equal(minutes, np.round(minutes))
    assert np.isinf(lists.minutes[:, ~there]).all()
    assert np.isinf(lists.km[~there]).all()
    finite = np.where(np.isinf(lists.minutes[0]), 1e9, lists.minutes[0])
    assert (np.diff(finite, axis=-1) >= 0).all()
    assert (lists.minutes[1:, there] >= lists.minutes[0, there]).all()


def test_a_site_is_never_its_own_candidate(network):
    first = len(network.zones.id) + len(network.corridors.id)
    for s in range(len(network.sites)):
        assert s not in network.candidates.site[:, first + s]


def seen_on_the_way(network, name):
    """Return the ids that a corridor's list holds, and which of them are on an expressway."""
    i = network.candidates.keys.index(THROUGH_TRAFFIC)
    row = len(network.zones.id) + network.corridors.id.index(name)
    found = [network.sites.id[s] for s in network.candidates.site[i, row] if s >= 0]
    of = dict(zip(network.sites.id, network.sites.access, strict=True))
    return found, [name for name in found if of[name] == "expressway"]


def test_a_corridor_sees_what_is_ahead_and_public_stations_off_the_next_exits(network):
    """The service area before the exit, behind it the towns; it never turns back on the way."""
    for way, on, town in (
        ("gate_west>service", ["Service-area"], "Hilltown-1"),
        ("gate_east>service", ["Service-area"], "Riverside-3"),
        ("service>gate_west", [], "Riverside-3"),
        ("service>gate_east", [], "Hilltown-1"),
    ):
        found, ahead = seen_on_the_way(network, way)
        assert ahead == on
        assert found[len(on)] == town


def test_through_traffic_that_left_the_expressway_stays_off(network):
    i = network.candidates.keys.index(THROUGH_TRAFFIC)
    first = len(network.zones.id) + len(network.corridors.id)
    for s, access in enumerate(network.sites.access):
        found = [network.sites.access[t] for t in network.candidates.site[i, first + s] if t >= 0]
        if network.sites.kind[s] == STATION and access == "public":
            assert found
            assert set(found) == {"public"}
        elif access != "expressway":
            assert not found


def test_a_driver_on_a_corridor_reaches_a_charge():
    """Without public stations off the exits 40 % of them were stranded."""
    case = build_case(SMALL.replace({"fleet.stock": 1}))
    sessions = pd.concat([simulate(case.task, number)[1] for number in range(3)])
    corridor = sessions[sessions["zone"].isin(case.network.corridors.id)]
    assert len(corridor) > 50
    assert (corridor["outcome"] == "stranded").mean() < 0.02
    off = corridor["site"].dropna() != "Service-area"
    assert 0.2 < off.mean() < 0.8


def test_traffic_never_turns_back_at_a_service_area(tmp_path):
    """Two service areas in a row: past the west one, no vehicle sees a site behind it."""
    folder = copy_small_city(tmp_path)
    two = "gate_west,first,6.0,100,expressway\nfirst,service,10.0,100,expressway\n"
    edit(folder / "small/roads.csv", "gate_west,service,16.0,100,expressway\n", two)
    edit(
        folder / "small/sites.csv",
        "Riverside-truck,station,truck",
        "First-area,station,expressway,Riverside,29.52,106.6,first,2,\n"
        "Riverside-truck,station,truck",
    )
    network = small_network(folder)
    seen = {name: seen_on_the_way(network, name)[1] for name in network.corridors.id}
    assert seen["gate_west>first"] == ["First-area", "Service-area"]
    assert seen["first>service"] == ["Service-area"]  # not First-area, which lies behind
    assert seen["service>first"] == ["First-area"]  # not Service-area
    assert seen["gate_east>service"] == ["Service-area", "First-area"]
    assert seen["first>gate_west"] == []
    assert seen["service>gate_east"] == []


def test_a_zone_that_reaches_no_site_is_stranded_and_nothing_crashes(tmp_path):
    folder = copy_small_city(tmp_path)
    zones, roads = folder / "small/zones.csv", folder / "small/roads.csv"
    zones.write_text(
        zones.read_text(encoding="utf-8")
        + "I01,29.9,107.1,Hilltown,west_ring,4000,1\nI02,29.9,107.11,Hilltown,west_ring,4000,1\n",
        encoding="utf-8",
    )
    roads.write_text(roads.read_text(encoding="utf-8") + "I01,I02,1.0,40,local\n", encoding="utf-8")
    case = build_case(load(folder / "small_city.yaml", ["horizon.lead_in_days=0"]))
    network = case.network
    cut_off = [network.zones.id.index(name) for name in ("I01", "I02")]
    assert (network.candidates.site[:, cut_off] == -1).all()
    assert np.isinf(network.candidates.km[:, cut_off]).all()
    assert np.isinf(case.task.facilities.free_min[:, cut_off]).all()
    _, sessions = simulate(case.task, 0)
    mine = sessions[sessions["zone"].isin(["I01", "I02"])]
    assert len(mine) > 5
    assert set(mine["outcome"]) == {"stranded"}
    assert (mine["energy_kwh"] == 0).all()
    assert set(mine["kind"]) == {"none"}
    assert mine["site"].isna().all()
