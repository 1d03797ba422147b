"""Test the synthetic city.

The plan's totals, the census, the graph, and what its own seed moves.
"""

from collections import Counter
from dataclasses import fields

import networkx as nx
import numpy as np
import pytest
from factories import SCENARIOS

from chargesim.network.build import build_network
from chargesim.network.network import STATION, SWAP
from chargesim.network.table_columns import DistrictRow
from chargesim.scenario.reading import load
from chargesim.scenario.tables import read_rows

PLAN = load(SCENARIOS / "chongqing_2025.yaml")
DISTRICTS = read_rows(SCENARIOS / "tables/chongqing_districts.csv", DistrictRow)


def build(changes=None):
    loaded = PLAN.replace(changes or {})
    return build_network(loaded.scenario, loaded.folder)


@pytest.fixture(scope="module")
def network():
    return build()


@pytest.fixture(scope="module")
def elsewhere():
    return build({"layout.seed": 2})


def arrays(part):
    return {field.name: getattr(part, field.name) for field in fields(part)}


def same(a, b):
    return all(
        np.array_equal(x, y, equal_nan=x.dtype.kind == "f") if isinstance(x, np.ndarray) else x == y
        for x, y in zip(arrays(a).values(), arrays(b).values(), strict=True)
    )


def test_totals_are_the_plan_s(network):
    sites = network.sites
    stations = sites.kind == STATION
    planned = stations & (np.array(sites.access) != "truck")
    assert planned.sum() == 2040
    assert sites.guns[planned].sum() == 4000
    assert sites.guns[stations].min() >= 1
    assert sites.guns[~stations].sum() == 0
    assert Counter(np.array(sites.group)[stations].tolist()) == {
        "core": 1340, "main_new_area": 430, "northeast_southeast": 100, "expressway": 170,
        "truck": 40,
    }  # fmt: skip
    assert Counter(np.array(sites.group)[sites.kind == SWAP].tolist()) == {
        "swap_taxi": 158,
        "swap_private": 60,
        "swap_truck": 22,
    }
    assert sum(access == "truck" for access in np.array(sites.access)[stations]) == 40
    assert len(set(sites.id)) == len(sites)


def test_groups_stand_in_their_districts(network):
    sites, districts = network.sites, network.districts
    for group, d in zip(sites.group, sites.district, strict=True):
        main = districts.area_class[d] == "west_ring" or districts.name[d] == "Wanzhou"
        if group == "core":
            assert districts.area_class[d] == "core"
        elif group == "main_new_area":
            assert main
        elif group == "northeast_southeast":
            assert not main
            assert districts.area_class[d] in ("northeast", "southeast")


def test_every_district_has_a_public_station(network):
    public = (network.sites.kind == STATION) & (np.array(network.sites.access) == "public")
    assert set(network.sites.district[public]) == set(range(len(DISTRICTS)))


def test_zones_sum_to_the_census_in_every_district(network):
    zones = network.zones
    assert 1000 <= len(zones.id) <= 2500
    census = np.array([row.population_2020 for row in DISTRICTS])
    laid = np.bincount(zones.district, weights=zones.population, minlength=len(census))
    np.testing.assert_allclose(laid, census, rtol=1e-9)
    assert network.districts.name == tuple(row.district for row in DISTRICTS)


def test_the_graph_is_networkx_with_units(network):
    graph = network.graph
    assert isinstance(graph, nx.DiGraph)
    assert {data["kind"] for _, data in graph.nodes(data=True)} == {
        "zone",
        "junction",
        "corridor",
        "station",
        "swap",
    }
    names = set(network.districts.name)
    for _, data in graph.nodes(data=True):
        assert data["district"] in names
        assert 27 < data["lat"] < 33
        assert 104 < data["lon"] < 111
    periods = len(network.candidates.minutes)
    for _, _, data in graph.edges(data=True):
        assert data["km"] > 0
        assert isinstance(data["minutes"], tuple)
        assert len(data["minutes"]) == periods == 3
        assert all(0 < data["minutes"][0] <= slow for slow in data["minutes"])
    for name in (*network.zones.id, *network.sites.id, *network.corridors.id):
        assert name in graph


def test_the_label_says_synthetic_and_the_layout_seed(network):
    assert network.label == "Chongqing, synthetic layout of real totals (layout seed 1)"


def test_every_zone_reaches_a_public_station_and_corridors_have_weights(network):
    lists = network.candidates
    public = next(
        i for i, key in enumerate(lists.keys) if key.kind == STATION and key.access == {"public"}
    )
    assert (lists.site[public, : len(network.zones.id), 0] >= 0).all()
    assert network.corridors.weight.sum() == pytest.approx(1)
    assert (network.corridors.weight >= 0).all()


def test_the_run_s_seed_does_not_move_the_layout(network):
    again = build({"seed": 99})
    for part in ("zones", "corridors", "sites", "candidates", "districts"):
        assert same(getattr(network, part), getattr(again, part)), part
    assert nx.utils.graphs_equal(network.graph, again.graph)


def test_another_layout_seed_moves_places_and_keeps_totals(network, elsewhere):
    a, b = network.sites, elsewhere.sites
    assert elsewhere.label == "Chongqing, synthetic layout of real totals (layout seed 2)"
    assert len(a) == len(b)
    assert a.guns.sum() == b.guns.sum()
    assert Counter(a.group) == Counter(b.group)
    assert Counter(a.access) == Counter(b.access)
    placed = np.array(a.group) != "expressway"
    assert (a.lat[placed] != b.lat[placed]).mean() > 0.99
    assert elsewhere.zones.population.sum() == pytest.approx(network.zones.population.sum())
    rural = ~network.zones.urban
    assert not np.array_equal(network.zones.lat[rural], elsewhere.zones.lat[~elsewhere.zones.urban])
