"""Test a user's own roads: one-way roads, junctions with coordinates, and what is refused."""

import math

import networkx as nx
import numpy as np
import pytest
from network_files import copy_small_city, edit, network_faults, small_network

from chargesim.network import candidates
from chargesim.network.islands import cut_off
from chargesim.network.network import STATION, CandidateKey
from chargesim.network.projection import Projection, straight_km

CARS = CandidateKey(STATION, frozenset({"public"}))


@pytest.fixture
def folder(tmp_path):
    return copy_small_city(tmp_path)


def add_lines(folder, name, *lines):
    path = folder / "small" / name
    path.write_text(path.read_text(encoding="utf-8") + "".join(f"{x}\n" for x in lines), "utf-8")


def with_oneway(folder, *roads):
    """Give the roads a column oneway; 1 for those that are named by their first two columns."""
    path = folder / "small/roads.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    rows = [f"{row},{int(row.startswith(roads))}" if roads else f"{row}," for row in rows]
    path.write_text("\n".join([f"{head},oneway", *rows, ""]), encoding="utf-8")


def with_nodes(folder, *rows):
    rows = rows or ("gate_west,29.518,106.56", "service,29.56,106.68", "gate_east,29.61,106.79")
    path = folder / "small/nodes.csv"
    path.write_text("\n".join(["node,lat,lon", *rows, ""]), encoding="utf-8")
    return ("city.nodes=small/nodes.csv",)


def test_a_one_way_road_is_driven_in_its_direction_alone(folder):
    before = small_network(folder)
    with_oneway(folder, "R01,R02")
    after = small_network(folder)
    assert set(before.graph.edges) - set(after.graph.edges) == {("R02", "R01")}
    assert set(after.graph.edges) <= set(before.graph.edges)
    assert nx.shortest_path(after.graph, "R02", "R01")[1] != "R01"
    i, z = after.candidates.keys.index(CARS), after.zones.id.index("R01")
    station = after.sites.id.index("Riverside-1")  # at R02
    there = after.candidates.km[i, z, after.candidates.site[i, z].tolist().index(station)]
    assert there == pytest.approx(1.6)
    row = after.candidates.site[i, len(after.zones.id) + len(after.corridors.id) + station]
    of_site = after.candidates.site[i, after.zones.id.index("R02")]
    assert set(row[row >= 0]) <= {*of_site.tolist(), *range(len(after.sites))}


def test_candidates_follow_shortest_paths_over_one_way_roads(folder):
    """Minutes of every zone's nearest site equal networkx's on the directed graph."""
    with_oneway(folder, "R01,R02", "R06,R07", "R12", "H02,H04")
    network = small_network(folder)
    sites = set(network.sites.id)
    graph = nx.DiGraph(
        (a, b, {"min": edge["minutes"][0]})
        for a, b, edge in network.graph.edges(data=True)
        if a not in sites
    )
    i = network.candidates.keys.index(CARS)
    for z, zone in enumerate(network.zones.id):
        far = nx.single_source_dijkstra_path_length(graph, zone, weight="min")
        for site, minutes in zip(
            network.candidates.site[i, z], network.candidates.minutes[0, i, z], strict=True
        ):
            if site >= 0:
                assert minutes == pytest.approx(far[network.sites.id[site]], abs=1e-5)


def test_a_search_up_to_a_limit_finds_the_same_lists(folder, monkeypatch):
    """As in a large network; the villages are beyond the first limit."""
    whole = small_network(folder).candidates
    monkeypatch.setattr(candidates, "_LARGE_NODES", 0)
    monkeypatch.setattr(candidates, "_DENSE", 0)
    limited = small_network(folder).candidates
    for name in ("site", "km", "minutes"):
        np.testing.assert_array_equal(getattr(limited, name), getattr(whole, name))
    monkeypatch.setattr(candidates, "_complete", lambda wanted, time, *_: np.ones(len(time), bool))
    assert (small_network(folder).candidates.site != whole.site).any()  # it has a limit


def test_a_column_oneway_of_zeros_changes_nothing(folder):
    before = small_network(folder)
    with_oneway(folder)
    after = small_network(folder)
    assert list(after.graph.edges(data=True)) == list(before.graph.edges(data=True))
    assert (after.candidates.minutes == before.candidates.minutes).all()


def test_an_expressway_of_one_way_rows_has_its_carriageways(folder):
    before = small_network(folder)
    with_oneway(folder, "gate_west,service")
    edit(
        folder / "small/roads.csv",
        "gate_west,service,16.0,100,expressway,1\n",
        "gate_west,service,16.0,100,expressway,1\nservice,gate_west,16.0,100,expressway,1\n",
    )
    after = small_network(folder)
    assert after.corridors.id == before.corridors.id
    assert set(after.graph.edges) == set(before.graph.edges)


def test_one_direction_of_an_expressway_is_one_corridor(folder):
    with_oneway(folder, "gate_west,service", "service,gate_east")
    network = small_network(folder)
    assert network.corridors.id == ("gate_west>service", "service>gate_east")
    assert not network.graph.has_edge("gate_east", "service")
    assert network.corridors.weight.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (
            "R02,R01,2.6,45,local",
            "km: R02 to R01 is 1.6 km at 45 km/h in line 2 and 2.6 km at 45 km/h here; keep one "
            "line, or give each direction its own with oneway 1",
        ),
        (
            "R01,R02,1.6,30,local",
            "km: R01 to R02 is 1.6 km at 45 km/h in line 2 and 1.6 km at 30 km/h here; keep one "
            "line, or give each direction its own with oneway 1",
        ),
        (
            "service,gate_west,16.0,100,expressway",
            "km: service to gate_west is 16 km at 100 km/h in line 24 and again here; keep one "
            "line, or give each direction its own with oneway 1",
        ),
        (
            "R01,H01,16,60,trunk",
            "km: got 16, shorter than the straight line of 31.94 km from R01 to H01",
        ),
        (
            "R01,R06,2300,45,local",
            "km: got 2300, 1,210 times the straight line of 1.90 km from R01 to R06; "
            "is it in metres?",
        ),
    ],
)
def test_roads_that_cannot_be(folder, row, fault):
    add_lines(folder, "roads.csv", row)
    assert network_faults(folder) == [f"small/roads.csv:30: {fault}"]


def test_a_road_of_another_kind_beside_one_and_a_line_twice_are_right(folder):
    before = small_network(folder)
    add_lines(folder, "roads.csv", "R02,R01,1.6,45,local", "R01,R02,1.9,60,trunk")
    after = small_network(folder)
    assert set(after.graph.edges) == set(before.graph.edges)


def test_lengths_in_metres_are_said_once(folder):
    path = folder / "small/roads.csv"
    head, *rows = (line.split(",") for line in path.read_text(encoding="utf-8").splitlines())
    rows = [[a, b, str(float(km) * 1000), *rest] for a, b, km, *rest in rows]
    path.write_text("\n".join(",".join(row) for row in [head, *rows]) + "\n", encoding="utf-8")
    (fault,) = network_faults(folder)
    assert fault == (
        "small/roads.csv:2: km: lengths are 1,182 times the straight line between their ends "
        "(median of 24 roads); are they metres? Divide them by 1,000"
    )


def test_junctions_have_places_of_their_own(folder):
    network = small_network(folder, with_nodes(folder))
    place = network.graph.nodes["gate_west"]
    assert (place["lat"], place["lon"]) == (29.518, 106.56)
    assert place["district"] == "Riverside"
    assert network.graph.nodes["gate_east"]["district"] == "Hilltown"


def test_a_site_joins_the_nearest_junction_that_has_a_place(folder):
    edit(folder / "small/sites.csv", "29.512,106.515,R06,2", "29.519,106.561,,2")
    at_zone = small_network(folder)
    at_junction = small_network(folder, with_nodes(folder))
    assert list(at_zone.graph.successors("Riverside-2")) == ["R12"]
    assert list(at_junction.graph.successors("Riverside-2")) == ["gate_west"]
    leg = at_junction.graph.edges["gate_west", "Riverside-2"]["km"]
    assert leg == pytest.approx(0.147, abs=0.005)


def test_faults_of_a_table_of_nodes(folder):
    changes = with_nodes(
        folder, "gate_west,29.518,106.56", "service,29.56,106.68", "R01,29.6,106.5"
    )
    assert network_faults(folder, changes) == [
        "small/nodes.csv:4: node: 'R01' is a zone, too, and that lies 11.1 km away; both need "
        "the same place"
    ]
    changes = with_nodes(folder, "gate_west,29.518,106.56", "gate_west,29.56,106.68")
    assert network_faults(folder, changes) == [
        "small/nodes.csv:3: node: 'gate_west' is already in line 2; ids must be unique"
    ]
    assert network_faults(folder, with_nodes(folder, "gate_west,29.518,106.56")) == [
        "small/roads.csv:24: to_id: 'service' is no zone and has no row in small/nodes.csv",
        "small/roads.csv:25: to_id: 'gate_east' is no zone and has no row in small/nodes.csv",
    ]
    with_nodes(folder, "gate_west,29.52,nan")
    assert network_faults(folder, changes) == ["small/nodes.csv:2: lon: got nan, needs a number"]


def test_nodes_need_roads(folder):
    changes = ("city.nodes=small/zones.csv", "city.roads=null")
    assert any("nodes: are the junctions of roads" in one or "give either" in one
               for one in network_faults(folder, changes))  # fmt: skip


def test_zones_off_the_main_roads_are_named(folder):
    assert cut_off(small_network(folder)) == ()
    add_lines(
        folder,
        "zones.csv",
        "I01,29.9,107.1,Hilltown,west_ring,40,1",
        "I02,29.9,107.11,Hilltown,west_ring,40,1",
        "O01,29.51,106.49,Riverside,core,40,1",
    )
    with_oneway(folder)
    add_lines(folder, "roads.csv", "I01,I02,1.1,40,local,", "R01,O01,1.6,40,local,1")
    add_lines(folder, "sites.csv", "Isle,station,public,Hilltown,29.9,107.1,I01,2,")
    assert cut_off(small_network(folder)) == (
        "3 of 21 zones have no road there and back: I01, I02, O01",
        "1 of 13 sites have no road there and back: Isle",
        "4 of 47 nodes lie off the main network",
    )


def test_distances_on_the_sphere_and_over_the_date_line():
    one = straight_km(*(np.array([x]) for x in (0.0, 179.5, 0.0, -179.5)))[0]
    assert one == pytest.approx(math.pi * 6371.0088 / 180)
    plane = Projection.about(np.array([-16.8, -16.8]), np.array([179.9, -179.9]))
    xy = plane.xy(np.array([-16.8, -16.8]), np.array([179.9, -179.9]))
    assert xy[1, 0] - xy[0, 0] == pytest.approx(21.29, abs=0.01)
