"""Test a user's own table of sites.

What is refused, what the scenario fills in, where a site joins the roads.
"""

import numpy as np
import pytest
from network_files import copy_small_city, edit, network_faults, small_network

from chargesim.network.network import STATION, SWAP, THROUGH_TRAFFIC

HEADER = "site_id,kind,access,district,lat,lon,node,guns\n"
SYNTHETIC = "chongqing_2025.yaml"


@pytest.fixture
def folder(tmp_path):
    return copy_small_city(tmp_path)


def spoil(folder, *changes):
    for old, new in changes:
        edit(folder / "small/sites.csv", old, new)


def test_faults_of_values_and_of_the_whole_table_are_told_together_in_the_order_of_lines(folder):
    spoil(
        folder,
        ("29.5005,106.515", "299,106.515"),
        ("Riverside-3,", "Riverside-2,"),
        ("R09,1,", "R99,1,"),
        ("station,truck,Riverside", "station,lorry,Riverside"),
    )
    assert network_faults(folder) == [
        "small/sites.csv:2: lat: got 299, needs -90..90",
        "small/sites.csv:4: site_id: 'Riverside-2' is already in line 3; ids must be unique",
        "small/sites.csv:5: node: got 'R99', which is no zone and no junction of the roads",
        "small/sites.csv:10: access: got lorry, needs 'public', 'expressway', 'taxi' or 'truck'",
    ]


def test_an_expressway_station_needs_an_expressway(folder):
    spoil(
        folder,
        ("106.68,service,2", "106.68,R02,2"),
        ("106.543,gate_west,2,", "106.543,,2,"),
        ("station,truck", "station,expressway"),
    )
    needs = "needs a junction of an expressway, since the access is expressway"
    assert network_faults(folder) == [
        f"small/sites.csv:9: node: got 'R02', {needs}",
        f"small/sites.csv:10: node: {needs}",
    ]


def test_what_does_not_belong_to_the_kind_of_site(folder):
    path = folder / "small/sites.csv"
    path.write_text(
        "site_id,kind,access,district,lat,lon,node,guns,packs,pack_type,swap_kind\n"
        "a,station,public,Riverside,29.5,106.5,,0,,,\n"
        "b,station,public,Riverside,29.5,106.5,,2,7,,\n"
        "c,swap,taxi,Riverside,29.5,106.5,,2,,,taxi\n"
        "d,swap,taxi,Riverside,29.5,106.5,,,,nio_57,taxi\n"
        "e,swap,expressway,Riverside,29.5,106.5,service,,,,\n"
        "f,swap,taxi,Riverside,29.5,106.5,,0,9,nio_75,taxi\n",
        encoding="utf-8",
    )
    assert network_faults(folder) == [
        "small/sites.csv:2: guns: got 0, a station needs at least 1",
        "small/sites.csv:3: packs: got 7, needs to be empty at a station",
        "small/sites.csv:4: guns: got 2, needs to be empty at a swap site",
        "small/sites.csv:5: pack_type: got 'nio_57', needs one of choco_20, nio_75, truck_282",
        "small/sites.csv:6: swap_kind: needs one of taxi, private, truck, since none of them "
        "has the access expressway",
    ]


def test_a_module_that_the_chargers_of_a_swap_site_cannot_give(folder):
    (folder / "small/sites.csv").write_text(
        "site_id,kind,access,district,lat,lon,slots,module_kw,swap_kind\n"
        "a,swap,taxi,Riverside,29.5,106.5,2,61,taxi\n"
        "b,swap,taxi,Riverside,29.5,106.5,2,60,taxi\n",
        encoding="utf-8",
    )
    assert network_faults(folder, ("swap.lending.enabled=true",)) == [
        "small/sites.csv:2: module_kw: got 61, needs at most slots x slot_kw, 60"
    ]


def test_a_misspelt_column_is_no_silent_default(folder):
    spoil(folder, ("lat,lon,node,guns", "lat,lon,nodes,gun"))
    assert network_faults(folder) == [
        "small/sites.csv:1: nodes: unknown column; did you mean 'node'?",
        "small/sites.csv:1: gun: unknown column; did you mean 'guns'?",
    ]


def test_a_column_twice(folder):
    spoil(folder, ("lat,lon,node", "lat,lat,node"))
    assert network_faults(folder) == [
        "small/sites.csv:1: lon: this column is missing",
        "small/sites.csv:1: lat: this column is given twice; keep one",
    ]


def test_columns_of_the_user_s_own_are_left_alone(folder):
    path = folder / "small/sites.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    lines = [f"{head},note,operator", *(f"{row},new,City" for row in rows)]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert len(small_network(folder).sites) == 12


def test_a_folder_is_no_table(folder):
    (folder / "small/sites.csv").unlink()
    (folder / "small/sites.csv").mkdir()
    (fault,) = network_faults(folder)
    assert (
        fault.endswith("small/sites.csv: is a folder; a table, CSV or Parquet, is needed")
        or "small/sites.csv" in fault
    )


def test_no_site_leaves_the_folder_s_table_when_swapping_is_off(folder):
    on, off = small_network(folder), small_network(folder, ("swap.enabled=false",))
    stations = on.sites.kind == STATION
    assert (off.sites.kind == STATION).all()
    assert off.sites.id == tuple(np.array(on.sites.id)[stations].tolist())
    swap_lists = [i for i, key in enumerate(off.candidates.keys) if key.kind == SWAP]
    assert swap_lists
    assert (off.candidates.site[swap_lists] == -1).all()
    spoil(folder, (",,taxi", ",,cab"))
    assert len(network_faults(folder, ("swap.enabled=false",))) == 1  # a fault stays a fault


def test_a_table_without_any_station_is_a_city_without_service(folder):
    (folder / "small/sites.csv").write_text(
        HEADER + "a,swap,taxi,Riverside,29.5,106.5,,\n", encoding="utf-8"
    )
    network = small_network(folder, ("swap.enabled=false",))
    assert len(network.sites) == 0
    assert (network.candidates.site == -1).all()


def test_the_scenario_fills_what_a_row_leaves_out(folder):
    path = folder / "small/sites.csv"
    path.write_text(
        "site_id,kind,access,district,lat,lon,guns,gun_kw,site_kw,swap_min\n"
        "plain,station,public,Riverside,29.5005,106.515,3,,,\n"
        "own,station,public,Riverside,29.5005,106.515,3,360,900,\n"
        "swap,swap,truck,Riverside,29.5005,106.515,,,,4.5\n",
        encoding="utf-8",
    )
    sites = small_network(folder).sites
    assert sites.guns.tolist() == [3, 3, 0]
    assert sites.gun_kw.tolist() == [480.0, 360.0, 0.0]
    assert sites.site_kw.tolist() == [2 * 630.0, 900.0, 2000.0]  # two cabinets for three guns
    assert sites.gun_a.tolist() == [600.0, 600.0, 0.0]
    assert sites.swap_min.tolist() == [0.0, 0.0, 4.5]
    assert sites.packs.tolist() == [0, 0, 7]
    assert sites.pack_type == ("", "", "truck_282")
    assert sites.group == ("table", "table", "table")


def test_without_a_node_a_site_joins_the_nearest_zone(folder):
    network = small_network(folder)
    assert list(network.graph["Hilltown-2"]) == ["H04"]
    leg = network.graph.edges["H04", "Hilltown-2"]
    assert leg["kind"] == "access"
    assert 0 < leg["km"] < 0.1
    assert leg["minutes"][0] == pytest.approx(60 * leg["km"] / 40)


def corridor_sites(network, name):
    i = network.candidates.keys.index(THROUGH_TRAFFIC)
    row = network.candidates.site[i, len(network.zones.id) + network.corridors.id.index(name)]
    found = [s for s in row if s >= 0 and network.sites.access[s] == "expressway"]
    return [network.sites.id[s] for s in found]


def test_a_table_of_sites_on_synthetic_zones_and_roads(folder):
    """A station at a seat serves the traffic that ends there.

    A station on a carriageway serves the traffic of that direction.
    """
    (folder / "small/own.csv").write_text(
        HEADER
        + "airport,station,public,Yubei,29.72,106.63,,4\n"
        + "seat,station,expressway,Changshou,29.86,107.08,Changshou,2\n"
        + "on_the_way,station,expressway,Changshou,29.9,107.1,Changshou>Dianjiang-1,2\n",
        encoding="utf-8",
    )
    network = small_network(folder, ("city.sites=small/own.csv",), SYNTHETIC)
    assert network.sites.id == ("airport", "seat", "on_the_way")
    assert (
        network.label
        == "Chongqing, synthetic zones and roads of real totals, sites from small/own.csv"
    )
    assert corridor_sites(network, "Yubei>Changshou") == ["seat", "on_the_way"]
    assert (
        corridor_sites(network, "Changshou>Dianjiang")[0] == "on_the_way"
    )  # the seat only by a round of three links
    assert corridor_sites(network, "Dianjiang>Changshou")[0] == "seat"
    zone = network.zones.id.index(next(iter(network.graph["airport"])))
    public = next(
        i
        for i, key in enumerate(network.candidates.keys)
        if key.kind == STATION and key.access == {"public"}
    )
    assert network.candidates.site[public, zone].tolist()[0] == 0
    assert (
        network.candidates.site[public, zone, 1:] == -1
    ).all()  # the others are for the expressways


def test_an_expressway_station_off_the_roads_of_a_synthetic_city(folder):
    (folder / "small/own.csv").write_text(
        HEADER + "lost,station,expressway,Yubei,29.72,106.63,,2\n", encoding="utf-8"
    )
    assert network_faults(folder, ("city.sites=small/own.csv",), SYNTHETIC) == [
        "small/own.csv:2: node: needs a junction of an expressway, since the access is expressway"
    ]


def test_a_road_that_leads_to_itself(folder):
    edit(folder / "small/roads.csv", "R01,R02,1.6", "R01,R01,1.6")
    assert network_faults(folder) == ["small/roads.csv:2: to_id: leads from R01 to itself"]


def test_a_faulty_road_does_not_cut_its_zone_off_the_graph(folder):
    edit(folder / "small/roads.csv", "H04,V02,13.0", "H04,V02,far")  # the only road to V02
    assert network_faults(folder) == ["small/roads.csv:29: km: got far, needs a number"]
