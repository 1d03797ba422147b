"""Test what is said of bad tables.

File, line, column, what came and what is needed, all faults of a file at once.
"""

from operator import attrgetter

import pytest
from factories import SCENARIOS
from network_files import copy_small_city, edit, network_faults

from chargesim.demand.arrivals import ArrivalSiteRow, RateRow, StayRow
from chargesim.demand.recorded_columns import RecordedRow
from chargesim.network.network import EMPTY_SITE, SITE_COLUMNS, SITE_KINDS, STATION, SWAP, Sites
from chargesim.network.table_columns import (
    SITE_ROW,
    DistrictRow,
    GatewayRow,
    LinkRow,
    NodeRow,
    RoadRow,
    ZoneRow,
    columns_table,
)
from chargesim.scenario.reading import load


@pytest.fixture
def folder(tmp_path):
    return copy_small_city(tmp_path)


def spoil(folder, name, *changes):
    for old, new in changes:
        edit(folder / "small" / name, old, new)


def test_all_faulty_values_of_a_file_are_told_at_once(folder):
    spoil(
        folder,
        "zones.csv",
        ("R01,29.5,", "R01,299,"),
        ("core,12000,1", "core,-5,1"),
        ("R04,29.5,106.542,Riverside", "R04,29.5,,Riverside"),
        ("R05,29.512,106.5,Riverside,core,10000", "R05,29.512,106.5,Riverside,core,many"),
        ("core,16000,1", "core,nan,1"),
        ("core,15000,1", "core,15000,2"),
    )
    assert network_faults(folder) == [
        "small/zones.csv:2: lat: got 299, needs -90..90",
        "small/zones.csv:3: population: got -5, needs at least 0",
        "small/zones.csv:5: lon: needs a value",
        "small/zones.csv:6: population: got many, needs a number",
        "small/zones.csv:7: population: got nan, needs a number",
        "small/zones.csv:8: urban: got 2, needs 0..1",
    ]


def test_a_zone_twice(folder):
    spoil(folder, "zones.csv", ("R03,29.5,", "R02,29.5,"), ("R05,29.512,", "R02,29.512,"))
    assert network_faults(folder) == [
        "small/zones.csv:4: zone_id: 'R02' is already in line 3; ids must be unique",
        "small/zones.csv:6: zone_id: 'R02' is already in line 3; ids must be unique",
    ]


def test_a_district_of_two_classes(folder):
    spoil(
        folder,
        "zones.csv",
        ("H02,29.62,106.814,Hilltown,west_ring", "H02,29.62,106.814,Hilltown,core"),
    )
    assert network_faults(folder) == [
        "small/zones.csv:15: area_class: Hilltown is west_ring in an earlier line and core here"
    ]


def test_a_zone_off_the_graph(folder):
    path = folder / "small/zones.csv"
    path.write_text(
        path.read_text(encoding="utf-8") + "X01,29.7,106.9,Hilltown,west_ring,10,1\n",
        encoding="utf-8",
    )
    assert network_faults(folder) == ["small/roads.csv: zones off the graph: no road leads to X01"]


def test_sites_of_unknown_district_node_or_id(folder):
    spoil(
        folder,
        "sites.csv",
        ("Riverside-1,station,public,Riverside,", "Riverside-1,station,public,Riversite,"),
        ("106.515,R06,2,", "106.515,R66,2,"),
        ("Riverside-4,", "Riverside-3,"),
        ("Riverside-5,", "R05,"),
        (",,taxi", ",,cab"),
    )
    assert network_faults(folder) == [
        "small/sites.csv:2: district: got 'Riversite', needs one of the city's districts",
        "small/sites.csv:3: node: got 'R66', which is no zone and no junction of the roads",
        "small/sites.csv:5: site_id: 'Riverside-3' is already in line 4; ids must be unique",
        "small/sites.csv:6: site_id: 'R05' is the id of a zone or junction already",
        "small/sites.csv:11: swap_kind: got 'cab', needs one of taxi, private, truck",
    ]


def test_negative_guns_and_roads_without_length(folder):
    spoil(folder, "sites.csv", ("R02,2,", "R02,-2,"), ("R06,2,", "R06,two,"))
    assert network_faults(folder) == [
        "small/sites.csv:2: guns: got -2, needs 0..100000",
        "small/sites.csv:3: guns: got two, needs a whole number",
    ]
    spoil(
        folder,
        "roads.csv",
        ("R01,R02,1.6,", "R01,R02,0,"),
        ("16.0,100,expressway", "16.0,100,motorway"),
    )
    assert network_faults(folder) == [
        "small/roads.csv:2: km: got 0, needs more than 0",
        "small/roads.csv:24: kind: got motorway, needs 'local', 'urban', 'trunk' or 'expressway'",
    ]


def test_a_missing_column_names_the_nearest(folder):
    spoil(
        folder,
        "zones.csv",
        (
            "zone_id,lat,lon,district,area_class,population,urban",
            "zone_id,lat,lon,district,area_class,popolation,city",
        ),
    )
    assert network_faults(folder) == [
        "small/zones.csv:1: population: this column is missing; is it 'popolation'?",
        "small/zones.csv:1: urban: this column is missing",
    ]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "small/zones.csv: is empty; a header and rows are needed"),
        (b"\n \n", "small/zones.csv: is empty; a header and rows are needed"),
        (
            b"zone_id,lat,lon,district,area_class,population,urban\n",
            "small/zones.csv: has a header and no rows; at least one row is needed",
        ),
        (b"zone_id\0\1\2", "small/zones.csv: is a binary file; a table, CSV or Parquet, is needed"),
        (
            b"ZAR1\xff\xfe",
            "small/zones.csv:1: is not text in UTF-8; save the table as CSV in UTF-8",
        ),
    ],
)
def test_files_that_are_no_table(folder, content, fault):
    (folder / "small/zones.csv").write_bytes(content)
    assert network_faults(folder) == [fault]


def test_files_of_another_program_are_read(folder):
    """A byte-order mark, Windows line ends and spaces around values are no fault."""
    from network_files import small_network

    before = small_network(folder).zones
    path = folder / "small/zones.csv"
    text = path.read_text(encoding="utf-8").replace(",", " , ").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    after = small_network(folder).zones
    assert after.id == before.id
    assert after.population.tolist() == before.population.tolist()


def test_a_missing_file(folder):
    (folder / "small/zones.csv").unlink()
    assert [fault.split(": ", 1)[1] for fault in network_faults(folder)] == [
        "city.zones: no such file small/zones.csv"
    ]


def test_a_path_that_leaves_the_folder(folder):
    (folder.parent / "zones.csv").write_bytes((folder / "small/zones.csv").read_bytes())
    faults = network_faults(folder, ("city.zones=../zones.csv",))
    assert faults == [
        f"--set city.zones: ../zones.csv: leaves the scenario's folder {folder}; put the table "
        "inside it"
    ]


def test_a_link_that_leaves_the_folder(folder):
    zones = folder / "small/zones.csv"
    zones.rename(folder.parent / "zones.csv")
    zones.symlink_to(folder.parent / "zones.csv")
    (fault,) = network_faults(folder)
    assert fault.endswith(
        f"small/zones.csv: leaves the scenario's folder {folder}; put the table inside it"
    )


def test_links_of_a_synthetic_city(folder):
    path = folder / "tables/chongqing_links.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    number = next(i for i, line in enumerate(lines) if line.startswith("Yuzhong,"))
    first, second = lines[number].split(",")[:2]
    lines[number] = lines[number].replace(first, "Yuzong", 1)
    lines.append(",".join([second, second, *lines[number].split(",")[2:]]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert network_faults(folder, name="chongqing_2025.yaml") == [
        f"tables/chongqing_links.csv:{number + 1}: Yuzong: "
        "no district of this name in tables/chongqing_districts.csv",
        f"tables/chongqing_links.csv:{len(lines)}: to_district: leads from {second} to itself",
    ]


TABLES_PAGE = (SCENARIOS.parent / "docs" / "tables.md").read_text(encoding="utf-8")
"""The page on a user's own tables."""


@pytest.mark.parametrize(
    "model",
    [
        ZoneRow, RoadRow, NodeRow, SITE_ROW, DistrictRow, LinkRow, GatewayRow, RecordedRow,
        ArrivalSiteRow, RateRow, StayRow,
    ],
)  # fmt: skip
def test_the_page_of_tables_has_the_columns_as_declared(model):
    assert columns_table(model) in TABLES_PAGE


def test_the_columns_as_a_table():
    lines = columns_table(SITE_ROW).splitlines()
    assert lines[0] == "| column | values | needed | meaning |"
    assert {
        "| kind | station, swap | yes | kind of site |",
        "| access | public, expressway, taxi, truck | yes | who may use it |",
        "| gun_kw | number, 0.1 to 1,000,000,000 | no | power of an ultra-fast gun [kW at the "
        "plug]; else `stations.gun_kw` |",
        "| bays | whole number, 1 to 100,000 | no | swap lanes; else "
        "`swap.kinds.<swap_kind>.bays` |",
        "| opens_day | whole number, 0 to 366 | no | judged day at whose midnight it opens, 0 "
        "the first; else open |",
    } <= set(lines)
    assert len(lines) == 2 + len(SITE_ROW.model_fields) - 1  # without the number of the line
    district = columns_table(DistrictRow)
    assert "| class | text | yes |" in district
    assert "| population_2020 | number, 0 to 1,000,000,000 | yes |" in district


@pytest.mark.parametrize("kind", SITE_KINDS)
def test_what_a_kind_of_site_takes_from_the_scenario_is_there(kind):
    """Every key that a column names exists in the section of the kind."""
    scenario = load(SCENARIOS / "chongqing_2025.yaml").scenario
    section = scenario.stations if kind.section == "stations" else scenario.swap.kinds["taxi"]
    keys = [
        column.source[kind.name] for column in SITE_COLUMNS.values() if column.source.get(kind.name)
    ]
    assert len(keys) >= 9
    for key in keys:
        assert attrgetter(key)(section) is not None
    assert hasattr(scenario.choice, kind.nearest)
    assert kind.servers in SITE_COLUMNS


def test_a_table_of_sites_is_empty_where_nothing_is_given():
    sites = Sites.of(2, id=("a", "b"), kind=[STATION, SWAP], guns=[3, 0], bays=[0, 2])
    assert len(sites) == 2
    assert sites.servers.tolist() == [3, 2]
    assert sites.pack_type == ("", "")
    for name, empty in EMPTY_SITE.items():
        values = getattr(sites, name)
        assert len(values) == 2
        assert isinstance(values, tuple) if empty == "" else values.dtype == type(empty)
    with pytest.raises(TypeError, match="no_such_column"):
        Sites.of(1, no_such_column=[1.0])
