"""Test the rules by which a synthetic city is laid out.

Sharing, spreading, growing, gravity and ties.
"""

from collections import Counter

import networkx as nx
import numpy as np
import pytest
from factories import SCENARIOS, TICK
from hypothesis import given
from hypothesis import strategies as st

from chargesim.errors import InputError
from chargesim.network.apportionment import golden_marks, order_along_curve, shares_of, zones_at
from chargesim.network.build import build_network
from chargesim.network.candidates import _smallest
from chargesim.network.corridors import corridor_weights
from chargesim.network.demand_within import demand_share_within
from chargesim.network.network import STATION, THROUGH_TRAFFIC
from chargesim.network.projection import Projection
from chargesim.network.roads import Carriageway, Roads, add_links
from chargesim.network.table_columns import DistrictRow, LinkRow
from chargesim.network.zone_layout import _grow
from chargesim.scenario.reading import load
from chargesim.scenario.tables import read_rows

PLAN = load(SCENARIOS / "chongqing_2025.yaml")
DISTRICTS = read_rows(SCENARIOS / "tables/chongqing_districts.csv", DistrictRow)


def build(changes=None, name="chongqing_2025.yaml"):
    loaded = load(SCENARIOS / name).replace(changes or {})
    return build_network(loaded.scenario, loaded.folder)


@pytest.fixture(scope="module")
def network():
    return build()


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=12).filter(any),
    st.integers(0, 40),
    st.integers(0, 1),
)
def test_shares_sum_up_and_one_more_gives_one_more_to_one_alone(weights, count, least):
    weights = np.array(weights, dtype=float)
    shares, more = shares_of(weights, count, least), shares_of(weights, count + 1, least)
    assert shares.sum() == count
    assert sorted((more - shares).tolist()) == [0] * (len(weights) - 1) + [1]
    if count >= least * len(weights):
        beyond = shares - least
        assert (beyond >= 0).all()
        quotients = weights / (2 * beyond + 1)  # Webster: no seat would be better elsewhere
        given = weights[beyond > 0] / (2 * beyond[beyond > 0] - 1)
        assert given.min(initial=np.inf) >= quotients.max() - 1e-12


def test_shares_that_go_without_rest_are_exact():
    weights = np.array([7, 1, 0, 12, 3])
    assert shares_of(weights, 23).tolist() == weights.tolist()
    assert shares_of(weights, 46).tolist() == (2 * weights).tolist()


def test_too_few_for_all_go_to_the_largest():
    assert shares_of(np.array([1.0, 5.0, 3.0]), 2, least=1).tolist() == [0, 1, 1]
    assert shares_of(np.zeros(0), 7).tolist() == []


@given(st.integers(1, 300), st.floats(0, 0.999))
def test_golden_marks_are_even_whatever_their_count(count, start):
    """Gaps have at most three lengths, and the longest is below 2.7 of the shortest."""
    marks = np.sort(golden_marks(count, start))
    gaps = np.diff([*marks, marks[0] + 1])
    assert len(np.unique(np.round(gaps, 9))) <= 3
    assert gaps.max() / gaps.min() < 2.7


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=20).filter(any),
    st.lists(st.floats(0, 0.999), max_size=20),
)
def test_zones_at_marks_have_weight(weights, marks):
    weights = np.array(weights, dtype=float)
    chosen = zones_at(weights, np.arange(len(weights)), np.array(marks))
    assert (weights[chosen] > 0).all()


def test_neighbours_on_the_curve_are_near():
    side = np.arange(16)
    xy = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2).astype(float)
    order = order_along_curve(xy)
    assert sorted(order.tolist()) == list(range(256))
    steps = np.hypot(*np.diff(xy[order], axis=0).T)
    assert steps.max() == 1  # 8.3 on average for an order drawn at random


def test_the_projection_keeps_positions_and_distances():
    projection = Projection.about(np.array([29.0, 31.0]), np.array([106.0, 109.0]))
    lat, lon = np.array([29.5, 30.8]), np.array([106.5, 108.4])
    back = projection.lat_lon(projection.xy(lat, lon))
    np.testing.assert_allclose(back, (lat, lon), atol=1e-12)
    haversine_km = (
        2
        * 6371.0088
        * np.arcsin(
            np.sqrt(
                np.sin(np.radians(lat[1] - lat[0]) / 2) ** 2
                + np.cos(np.radians(lat[0]))
                * np.cos(np.radians(lat[1]))
                * np.sin(np.radians(lon[1] - lon[0]) / 2) ** 2
            )
        )
    )
    assert np.hypot(*np.diff(projection.xy(lat, lon), axis=0)[0]) == pytest.approx(
        haversine_km, rel=0.01
    )


@given(
    st.lists(
        st.sampled_from([0.0, 1.0, 1.0 + 0.3 * TICK, 2.0, 2.5, np.inf]), min_size=1, max_size=40
    ),
    st.integers(1, 4),
)
def test_equal_costs_go_to_the_lower_site(costs, count):
    count = min(count, len(costs))
    ticks = [np.inf if np.isinf(cost) else round(cost / TICK) for cost in costs]
    by_hand = sorted(range(len(costs)), key=lambda column: (ticks[column], column))[:count]
    assert _smallest(np.array([costs]), count)[0].tolist() == by_hand


def test_a_small_district_beside_a_large_one_gets_its_cells():
    seats = np.array([[0.5, 0.5], [2.4, 0.6], [2.6, 0.4]])  # the last two fall into one cell
    cells = _grow(seats, np.array([400, 1, 3]), 1.0)
    assert [len(part) for part in cells] == [400, 1, 3]
    taken = [tuple(cell) for part in cells for cell in part]
    assert len(set(taken)) == len(taken)
    assert tuple(cells[2][0]) == (2.5, 0.5)  # the larger of the two; the other takes the next
    assert tuple(cells[1][0]) == (1.5, 0.5)


def test_the_built_up_core_has_its_area(network):
    zones, districts = network.zones, network.districts
    core = np.array(districts.area_class)[zones.district] == "core"
    assert (zones.urban & core).sum() == 850
    yuzhong = zones.district == districts.name.index("Yuzhong")
    assert yuzhong.sum() == 23  # 23.8 km2, all of it built up
    assert zones.urban[yuzhong].all()
    assert np.unique(zones.district).size == len(DISTRICTS)


def test_guns_are_dealt_evenly(network):
    sites = network.sites
    group, guns = np.array(sites.group), sites.guns
    assert (guns[group == "expressway"] == 2).all()
    public = (sites.kind == STATION) & (np.array(sites.access) == "public")
    assert Counter(guns[public].tolist()) == {2: 1790, 1: 80}
    assert (guns[group == "truck"] == 2).all()
    cabinets = np.ceil(guns / 2)
    np.testing.assert_array_equal(
        sites.site_kw[sites.kind == STATION], (630 * cabinets)[sites.kind == STATION]
    )


def test_the_plan_does_not_change_with_the_vehicles():
    """Without a truck fleet the same number of stations is laid out for trucks."""
    fleets = {name: None for name in PLAN.scenario.fleets if name == "heavy_truck"}
    without = build({f"fleets.{name}": None for name in fleets})
    assert (
        sum(
            access == "truck"
            for access, kind in zip(without.sites.access, without.sites.kind, strict=True)
            if kind == STATION
        )
        == 40
    )


def test_stations_for_an_area_without_district_are_a_fault(tmp_path):
    loaded = load(SCENARIOS / "chongqing_2025.yaml")
    folder = copy_tables(tmp_path, lambda row: row.area_class in ("core", "west_ring"))
    with pytest.raises(InputError) as caught:
        build_network(loaded.scenario, folder)
    assert caught.value.faults == [
        "stations.counts.northeast_southeast: got 100, needs 0: no district of "
        "tables/chongqing_districts.csv is in this area"
    ]


def test_a_city_of_other_classes_works(tmp_path):
    counts = {"stations.counts.northeast_southeast": 0, "stations.piles": 3800}
    loaded = load(SCENARIOS / "chongqing_2025.yaml").replace(counts)
    network = build_network(
        loaded.scenario, copy_tables(tmp_path, lambda row: row.area_class in ("core", "west_ring"))
    )
    stations = network.sites.kind == STATION
    assert stations.sum() == 1940 + 40  # stations for trucks
    assert network.sites.guns[stations].sum() == 3800 + 80
    assert set(network.districts.area_class) == {"core", "west_ring"}


def copy_tables(folder, keep):
    """Write the tables of Chongqing for some of its districts alone."""
    target = folder / "tables"
    target.mkdir()
    names = {row.district for row in DISTRICTS if keep(row)}
    for name, columns in (("districts", 1), ("links", 2), ("gateways", 1)):
        lines = (
            (SCENARIOS / f"tables/chongqing_{name}.csv").read_text(encoding="utf-8").splitlines()
        )
        kept = [line for line in lines[1:] if set(line.split(",")[:columns]) <= names]
        (target / f"chongqing_{name}.csv").write_text(
            "\n".join([lines[0], *kept]) + "\n", encoding="utf-8"
        )
    return folder


def test_another_count_of_service_areas_is_apportioned():
    network = build(name="chongqing_mid_2024.yaml")
    assert Counter(network.sites.group)["expressway"] == 42
    assert network.sites.guns.sum() == 800 + 20  # at stations for trucks


def test_a_city_without_corridors_has_none():
    network = build({"corridors": None})
    assert len(network.corridors.id) == len(network.corridors.weight) == 0
    assert not any(key.through for key in network.candidates.keys)


def links(*rows):
    return [
        LinkRow(
            from_district=a, to_district=b, kind="expressway", km=km, free_kmh=60, service_areas=n
        )
        for a, b, km, n in rows
    ]


def test_gravity_by_hand():
    """A - B - C on a line, an hour each, masses 1, 1, 2, exponent 1.

    A>B carries 1/60 + 2/120, B>C 2/60 + 2/120 trips.
    """
    line = links(("A", "B", 60, 0), ("B", "C", 60, 0))
    ways = [Carriageway(a, b, 0, (), 0, 60.0) for a, b in ((0, 1), (1, 0), (1, 2), (2, 1))]
    weights = corridor_weights(
        line, [], {"A": 0, "B": 1, "C": 2}, np.array([1.0, 1.0, 2.0]), ways, 1.0
    )
    np.testing.assert_allclose(weights, np.array([2, 2, 3, 3]) / 10)


def seats_and_links(*rows):
    roads = Roads()
    names = sorted({name for row in rows for name in row[:2]})
    seats = [roads.add_node("junction", name, 29.0 + i, 106.0, i) for i, name in enumerate(names)]
    districts = {name: i for i, name in enumerate(names)}
    return roads, add_links(roads, links(*rows), [row[3] for row in rows], districts, seats)


def test_parallel_expressways_have_names_of_their_own():
    roads, ways = seats_and_links(("A", "B", 60, 3), ("B", "A", 70, 1))
    assert len(set(roads.name)) == len(roads.name)
    assert [roads.name[way.entry] for way in ways] == ["A>B", "B>A", "B>A/2", "A>B/2"]
    assert [len(way.stops) for way in ways] == [2, 1, 1, 0]  # dealt to the two directions in turn
    interchanges = {
        (a, b)
        for a, b in zip(roads.tails, roads.heads, strict=True)
        if roads.name[a].endswith("-end") and roads.kind[b] == "corridor"
    }
    assert not interchanges  # B>A/2 leads back to where A>B began


def test_no_vehicle_turns_back_on_the_expressways_of_chongqing(network):
    graph = network.graph
    carriages = nx.DiGraph(
        [
            (a, b)
            for a, b, data in graph.edges(data=True)
            if data["kind"] in ("expressway", "interchange")
        ]
    )
    joins = [(a, b) for a, b in carriages.edges if graph.edges[a, b]["kind"] == "interchange"]
    assert len(joins) > 100
    for end, entry in joins:
        begin, here = end.removesuffix("-end").split(">")
        start, on = entry.split(">")
        assert here == start
        assert on != begin
    lists = network.candidates
    i = lists.keys.index(THROUGH_TRAFFIC)
    for c, name in enumerate(network.corridors.id):
        seen = [network.sites.id[s] for s in lists.site[i, len(network.zones.id) + c] if s >= 0]
        seen = [s for s in seen if s.endswith("-station")]
        own = [s for s in network.sites.id if s.startswith(f"{name}-")]
        if own:  # the nearest station ahead is the first on one's own carriageway
            assert seen[0] == f"{name}-1-station"
        a, b = name.split(">")
        back = [s for s in seen if s.startswith(f"{b}>{a}-")]
        assert all(seen.index(s) > 0 for s in back)


def test_coverage_by_hand():
    """Stations lie at the nodes R02, R06, R07, R09, R11 and H01.

    Inhabitants there are covered within 0 km.
    """
    network = build(name="small_city.yaml")
    assert demand_share_within(network, 0.0) == pytest.approx((12 + 16 + 15 + 7 + 10 + 6) / 147)
    assert demand_share_within(network, 1.6, area_class="core") == pytest.approx(
        1 - 8 / 124
    )  # R04 alone is two blocks away
    assert demand_share_within(network, 1e9) == 1.0
    assert np.isnan(demand_share_within(network, 5.0, area_class="southeast"))


def test_coverage_of_the_plan(network):
    shares = [demand_share_within(network, km) for km in (0.5, 1.0, 2.0, 5.0, 10.0)]
    assert shares == sorted(shares)
    assert 0.8 < shares[3] < 0.9
    assert demand_share_within(network, 1.0, area_class="core") > 0.96
