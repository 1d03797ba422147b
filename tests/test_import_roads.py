"""Test the importer of roads: published examples, every format, and distances that stay."""

import csv
import json
from itertools import pairwise

import networkx as nx
import numpy as np
import pyproj
import pytest
import shapefile
from import_files import shared, write
from network_files import copy_small_city
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from typer.testing import CliRunner

from chargesim.cli import app
from chargesim.importers.road_graph import RoadGraph
from chargesim.importers.road_records import speed_of
from chargesim.importers.road_zones import ZoneOptions
from chargesim.importers.roads import RoadOptions, import_roads
from chargesim.network.build import build_network
from chargesim.network.islands import cut_off
from chargesim.scenario.reading import load


def table(folder, name):
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def roads_of(path, **options):
    """Import roads; return what is said, and the rows of the table."""
    out = path.parent / "tables"
    options.setdefault("join_km", 0.0)
    return import_roads(path, out, RoadOptions(**options)), table(out, "roads.csv")


def by_ends(rows):
    return {(row["from_id"], row["to_id"]): row for row in rows}


@pytest.mark.parametrize(
    ("name", "crs", "nodes", "unit"),
    [
        ("gmns/Lima_GMNS", "EPSG:3735", 2232, "in ft, since that fits the coordinates (1.00"),
        ("gmns/Cambridge_Intersection", None, 7, "in ft, since that fits the coordinates (1.00"),
        (
            "gmns/Arlington_Signals_Errors", "EPSG:26919", 6,
            "in ft, since that fits the coordinates (1.02",
        ),
        ("tntp/Anaheim_net.tntp", None, 344, "in ft, as the file says (1.01"),
        ("tntp/ChicagoSketch_net.tntp", "EPSG:26771", 933, "in mi, as the file says (0.97"),
        ("tntp/SiouxFalls_net.tntp", None, 24, "those of the file fit it in no unit"),
    ],
)  # fmt: skip
def test_published_networks(tmp_path, name, crs, nodes, unit):
    path = shared(f"formats/{name}")
    options = RoadOptions(crs=crs, join_km=0.0, zones=ZoneOptions(count=5))
    done = import_roads(path, tmp_path, options)
    assert done.nodes == nodes == len(table(tmp_path, "nodes.csv"))
    assert done.zones == min(5, nodes) == len(table(tmp_path, "zones.csv"))
    assert any(unit in remark for remark in done.reports[0].remarks)
    report = done.reports[0]
    graph = nx.DiGraph()
    for row in table(tmp_path, "roads.csv"):
        graph.add_edge(row["from_id"], row["to_id"])
        if row["oneway"] == "0":
            graph.add_edge(row["to_id"], row["from_id"])
    assert nx.is_strongly_connected(graph)
    assert report.records == report.count("faulty") + report.count("left out") + len(
        {line.record for line in report.lines if line.what == "changed"}
    ) + (report.records - len({line.record for line in report.lines}))


def osmnx_file(folder, *, spoil=None):
    """Write GraphML as OSMnx does: all values as text, an edge for each direction."""
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for name, (x, y) in {"1": (106.5, 29.5), "2": (106.51, 29.5), "3": (106.51, 29.51),
                         "4": (106.5, 29.51), "9": (106.9, 29.9)}.items():  # fmt: skip
        graph.add_node(name, x=str(x), y=str(y), street_count="2")
    both = {"highway": "residential", "oneway": "False", "length": "1000.0"}
    graph.add_edge("1", "2", osmid="11", **both)
    graph.add_edge("2", "1", osmid="11", **both)
    one = {"oneway": "True", "highway": "['primary', 'secondary']"}
    graph.add_edge("2", "3", osmid="12", length="1150.5", maxspeed="['60', '40 mph']", **one)
    graph.add_edge("3", "4", osmid="13", maxspeed="40 mph", **one,
                   geometry="LINESTRING (106.51 29.51, 106.505 29.52, 106.5 29.51)")  # fmt: skip
    graph.add_edge("4", "1", osmid="14", length="1150", highway="motorway_link")
    graph.add_edge("4", "2", osmid="15", length="1500", highway="footway")
    graph.add_edge("3", "3", osmid="16", length="50", highway="residential")
    graph.add_edge("3", "9", osmid="17", length="70000", highway="trunk")
    path = folder / "city.graphml"
    nx.write_graphml(graph, path)
    if spoil:
        text = path.read_text(encoding="utf-8")
        assert spoil[0] in text
        path.write_text(text.replace(*spoil, 1), encoding="utf-8")
    return path


def test_graphml_of_osmnx(tmp_path):
    done, rows = roads_of(osmnx_file(tmp_path))
    found = by_ends(rows)
    assert set(found) == {("1", "2"), ("2", "3"), ("3", "4"), ("4", "1")}
    assert [found[ends]["oneway"] for ends in sorted(found)] == ["0", "1", "1", "1"]
    assert (found["1", "2"]["km"], found["1", "2"]["kind"]) == ("1.0", "local")
    assert float(found["1", "2"]["free_kmh"]) == 30  # assumed of its class
    assert (found["2", "3"]["km"], found["2", "3"]["kind"]) == ("1.1505", "urban")
    assert float(found["2", "3"]["free_kmh"]) == 60
    assert float(found["3", "4"]["free_kmh"]) == pytest.approx(64.374, abs=1e-3)
    assert float(found["3", "4"]["km"]) == pytest.approx(2.424, abs=2e-3)  # over the point north
    assert float(found["4", "1"]["free_kmh"]) == 50
    report = done.reports[0]
    assert report.records == 8
    assert {line.id: line.reason for line in report.lines} == {
        "15": "is not for cars",
        "16": "leads from a node to itself",
        "17": "lies outside the largest part with a way there and back",
    }
    assert [row["node"] for row in table(tmp_path / "tables", "nodes.csv")] == ["1", "2", "3", "4"]


def test_motorways_become_expressways_on_demand(tmp_path):
    path = osmnx_file(tmp_path, spoil=("motorway_link", "motorway"))
    assert by_ends(roads_of(path)[1])["4", "1"]["kind"] == "trunk"
    assert by_ends(roads_of(path, expressways=True)[1])["4", "1"]["kind"] == "expressway"


LINES = [
    ({"id": "a", "highway": "primary", "maxspeed": 50},
     [[106.5, 29.5], [106.505, 29.501], [106.51, 29.5]]),
    ({"id": "b", "highway": "residential", "oneway": "yes"},
     [[106.505, 29.501], [106.505, 29.51], [106.5, 29.5]]),
    ({"id": "c", "highway": "tertiary", "oneway": "-1"},
     [[106.51, 29.5], [106.51, 29.5], [106.505, 29.51]]),
    ({"id": "d", "highway": "cycleway"}, [[106.5, 29.5], [106.51, 29.5]]),
]  # fmt: skip
"""a is met in its middle by b; c and b meet at the middle of b; c leads from its end."""


def geojson_file(folder, lines=LINES):
    features = [
        {"type": "Feature", "properties": given,
         "geometry": {"type": "LineString", "coordinates": line}}
        for given, line in lines
    ]  # fmt: skip
    return write(folder, "r.geojson", {"type": "FeatureCollection", "features": features})


def shape_file(folder, crs=None):
    path = folder / "r.shp"
    turn = pyproj.Transformer.from_crs(4326, crs or 4326, always_xy=True)
    with shapefile.Writer(str(path)) as file:
        for name in ("ID", "FCLASS", "ONEWAY", "MAXSPEED"):
            file.field(name, "C")
        for given, line in LINES:
            file.line([[turn.transform(x, y) for x, y in line]])
            file.record(given["id"], given["highway"], given.get("oneway", ""),
                        given.get("maxspeed", 0))  # fmt: skip
    if crs is not None:
        path.with_suffix(".prj").write_text(pyproj.CRS(crs).to_wkt("WKT1_ESRI"), encoding="utf-8")
    return path


def test_lines_are_cut_where_they_meet(tmp_path):
    done, rows = roads_of(geojson_file(tmp_path))
    nodes = {
        (round(float(row["lat"]), 4), round(float(row["lon"]), 4)): row["node"]
        for row in table(tmp_path / "tables", "nodes.csv")
    }
    west, middle, east, north = (
        nodes[at] for at in ((29.5, 106.5), (29.501, 106.505), (29.5, 106.51), (29.51, 106.505))
    )
    found = {frozenset(ends): (ends, row) for ends, row in by_ends(rows).items()}
    assert len(nodes) == 4
    assert len(found) == 5
    assert found[frozenset((west, middle))][1]["oneway"] == "0"
    assert found[frozenset((middle, north))][0] == (middle, north)
    assert found[frozenset((north, west))][0] == (north, west)
    assert found[frozenset((east, north))][0] == (north, east)  # against the line
    assert float(found[frozenset((west, middle))][1]["free_kmh"]) == 50
    assert done.reports[0].reasons("left out") == [("is not for cars", 1)]


@pytest.mark.parametrize("crs", [None, 32648])
def test_a_shapefile_gives_what_geojson_gives(tmp_path, crs):
    _, lines = roads_of(geojson_file(tmp_path))
    _, shapes = roads_of(shape_file(tmp_path, crs))
    assert len(shapes) == len(lines) == 5
    for one, other in zip(lines, shapes, strict=True):
        assert {k: v for k, v in one.items() if k != "km"} == {
            k: v for k, v in other.items() if k != "km"
        }
        assert float(one["km"]) == pytest.approx(float(other["km"]), abs=1e-4)


def gmns_folder(folder, unit_m=1.0, config=""):
    """Write four nodes of a square of 1 km, and links around it in some unit."""
    place = {"A": (0, 0), "B": (0.009, 0), "C": (0.009, 0.009), "D": (0, 0.009)}
    nodes = "".join(f"{name},{x},{y}\n" for name, (x, y) in place.items())
    write(folder, "node.csv", f"node_id,x_coord,y_coord\n{nodes}")
    rows = "".join(
        f"{i},{a},{b},{'true' if a == 'A' else 'false'},{1050 / unit_m},30\n"
        for i, (a, b) in enumerate(pairwise("ABCDA"))
    )
    if config:
        write(folder, "config.csv", config)
    return write(
        folder, "link.csv", f"link_id,from_node_id,to_node_id,directed,length,free_speed\n{rows}"
    )


@pytest.mark.parametrize(
    ("unit_m", "config", "kmh"),
    [
        (1.0, "", 30.0),
        (1000.0, "", 30.0),
        (0.3048, "", 48.2803),
        (1609.344, "", 48.2803),
        (1.0, "long_length,speed\nmeter,mph\n", 48.2803),
        (1.0, "long_length,speed\nmile,kph\n", 30.0),  # it says miles and has metres
    ],
)
def test_units_of_gmns_are_read_or_found(tmp_path, unit_m, config, kmh):
    gmns_folder(tmp_path, unit_m, config)
    options = RoadOptions(join_km=0.0)
    import_roads(tmp_path, tmp_path / "tables", options)
    rows = table(tmp_path / "tables", "roads.csv")
    assert {float(row["km"]) for row in rows} == {1.05}
    assert {float(row["free_kmh"]) for row in rows} == {kmh}
    assert sorted(row["oneway"] for row in rows) == ["0", "0", "0", "1"]


def reasons(done):
    return {(line.what, line.reason) for report in done.reports for line in report.lines}


def test_one_length_in_another_unit_gives_way_to_the_geometry(tmp_path):
    """Of four roads of a kilometre one says 1,050 km: the median of all does not show it."""
    path = gmns_folder(tmp_path, 1000.0)
    path.write_text(path.read_text(encoding="utf-8").replace("1.05,", "1050,", 1), encoding="utf-8")
    done = import_roads(tmp_path, tmp_path / "tables", RoadOptions(join_km=0.0))
    lengths = sorted(float(row["km"]) for row in table(tmp_path / "tables", "roads.csv"))
    assert lengths[-1] == 1.05 and lengths[0] == pytest.approx(1.0, rel=0.01)
    assert ("changed", "its length is far above that of the geometry, which holds") in reasons(done)


def test_a_direction_in_unknown_words_is_noted(tmp_path):
    one, other = LINES[0], (dict(LINES[1][0], oneway="maybe"), LINES[1][1])
    done, rows = roads_of(geojson_file(tmp_path, [one, other]))
    assert {row["oneway"] for row in rows} == {"0"}
    words = "oneway is no word that is known; taken as a road for both directions"
    assert reasons(done) == {("noted", words)}


def tntp_files(folder, first=1, time="2"):
    """Write a square with a centroid 1 beside it."""
    links = [("1", "2"), ("2", "1"), *(pairwise("2345")), ("5", "2")]
    body = "".join(f"\t{a}\t{b}\t9000\t1.2\t{time}\t0.15\t4\t0\t0\t1\t;\n" for a, b in links)
    write(folder, "x_node.tntp", "Node\tX\tY\t;\n" + "".join(
        f"{i}\t{0.009 * x}\t{0.009 * y}\t;\n"
        for i, (x, y) in enumerate([(-1, 0), (0, 0), (1, 0), (1, 1), (0, 1)], start=1)
    ))  # fmt: skip
    return write(
        folder, "x_net.tntp",
        f"<NUMBER OF ZONES> 1\n<FIRST THRU NODE> {first}\n"
        f"<ORIGINAL HEADER>~ tail head cap Length (km) time ;\n<END OF METADATA>\n\n~ x\n{body}",
    )  # fmt: skip


def test_centroids_of_tntp_are_no_roads(tmp_path):
    done, rows = roads_of(tntp_files(tmp_path))
    assert done.nodes == 5
    assert {float(row["free_kmh"]) for row in rows} == {36.0}  # 1.2 km in 2 min
    done, rows = roads_of(tntp_files(tmp_path, first=2))
    assert done.nodes == 4
    assert done.reports[0].reasons("left out") == [("is the connector of a centroid, no road", 2)]


def minutes_between(graph, nodes):
    """Return the times between some nodes by scipy."""
    edges = [(t, h, e[1], e[0]) for t, ways in enumerate(graph.out) for h, e in ways.items()]
    tails, heads, minutes, _ = (np.array(one) for one in zip(*edges, strict=True))
    shape = (len(graph.out),) * 2
    far, before = dijkstra(
        csr_array((minutes, (tails.astype(int), heads.astype(int))), shape=shape),
        indices=nodes, return_predecessors=True,
    )  # fmt: skip
    km = np.zeros((len(nodes), len(nodes)))
    for i, source in enumerate(nodes):
        for j, target in enumerate(nodes):
            node = target
            while node != source:
                last = before[i, node]
                km[i, j] += graph.out[last][node][0]
                node = last
    return far[:, nodes], km


@pytest.mark.parametrize("seed", range(4))
def test_joining_links_changes_no_distance(seed):
    """Sampled shortest paths before and after: time and length, on a grid with winding roads."""
    rng = np.random.default_rng(seed)
    grid = nx.grid_2d_graph(9, 9)
    graph, names = RoadGraph.of(81 + 2000), {node: i for i, node in enumerate(grid)}
    fresh = 81
    for a, b in grid.edges:
        chain = [names[a], *range(fresh, fresh + rng.integers(0, 5)), names[b]]
        fresh += len(chain) - 2
        oneway, kind = rng.random() < 0.3, str(rng.choice(["local", "urban"], p=[0.9, 0.1]))
        for tail, head in pairwise(chain if rng.random() < 0.5 else chain[::-1]):
            km, kmh = float(rng.uniform(0.05, 0.4)), float(rng.choice([30.0, 50.0]))
            for ends in [(tail, head)] + [(head, tail)] * (not oneway):
                graph.add(*ends, (km, 60 * km / kmh, kind))
    kept = graph.strong_part()
    graph.keep(kept)
    before = RoadGraph([dict(ways) for ways in graph.out])
    removed = graph.join(1.0)
    left = np.array([n for n, ways in enumerate(graph.out) if ways])
    assert removed == kept.sum() - len(left) > 40
    assert max(edge[0] for ways in graph.out for edge in ways.values()) <= 1.0
    sample = rng.choice(left, 25, replace=False).tolist()
    for one, other in zip(
        minutes_between(before, sample), minutes_between(graph, sample), strict=True
    ):
        assert np.isfinite(one).all()
        np.testing.assert_allclose(other, one, rtol=1e-12)


def test_nodes_at_one_place_become_one():
    graph = RoadGraph.of(4)
    for a, b, km in ((0, 1, 2.0), (1, 2, 0.0005), (2, 3, 2.0)):
        graph.add(a, b, (km, 2 * km, "local"))
        graph.add(b, a, (km, 2 * km, "local"))
    assert graph.join(0.0) == 1
    assert graph.edges == 4


def test_tables_make_a_network(tmp_path):
    """What is written is taken by a scenario as it is; a one-way road stays one."""
    folder = copy_small_city(tmp_path)
    path = geojson_file(tmp_path)
    people = write(
        tmp_path, "people.csv",
        "lat,lon,population,district,area_class\n29.5,106.5,900,West,old_town\n"
        "29.5,106.51,700,East,port\n29.6,106.6,50,East,port\n",
    )  # fmt: skip
    import_roads(
        path, folder / "mine", RoadOptions(join_km=0.0, zones=ZoneOptions(population=people))
    )
    write(
        folder, "mine/sites.csv",
        "site_id,kind,access,district,lat,lon,guns\nS,station,public,West,29.51,106.505,4\n",
    )  # fmt: skip
    keys = [f"city.{name}=mine/{name}.csv" for name in ("zones", "roads", "nodes", "sites")]
    keys += [f"outside.drive_min.{name}=5" for name in ("old_town", "port")]
    keys += ["fleets.taxi.area_weights={old_town: 1, port: 1}", "corridors=null"]
    loaded = load(folder / "small_city.yaml", keys)
    network = build_network(loaded.scenario, loaded.folder)
    assert cut_off(network) == ()
    assert network.districts.area_class == ("old_town", "port")
    assert network.zones.population.tolist() == [900, 700]
    assert network.graph.number_of_edges() == 2 * 2 + 3 + 2
    leg = next(iter(network.graph.successors("S")))
    assert network.graph.nodes[leg]["lat"] == pytest.approx(29.51)


def test_speeds_as_files_write_them():
    assert speed_of("50") == speed_of(50.0) == speed_of("50 km/h") == speed_of("50;60") == 50
    assert speed_of("30 mph") == pytest.approx(48.28032)
    assert speed_of("['60', '40']") == 40
    assert [speed_of(one) for one in ("none", "RU:urban", "", None, "0", [])] == [None] * 6


GEOJSON_HEAD = '{"type":"FeatureCollection","features":['
LOOP = ('{"type":"Feature","properties":{},"geometry":{"type":"LineString",'
        '"coordinates":[[1,1],[1,2],[1,1]]}}')  # fmt: skip
LAUGHS = '<?xml version="1.0"?><!DOCTYPE g [<!ENTITY a "ha">]><graphml><node id="&a;"/></graphml>'
HOSTILE = {
    "empty": ("x.geojson", "", "is empty"),
    "blank": ("x.graphml", " \n ", "is empty"),
    "half a GeoJSON": ("x.geojson", GEOJSON_HEAD, "not valid JSON"),
    "points": ("x.geojson", GEOJSON_HEAD + '{"type":"Feature","geometry":{"type":"Point",'
               '"coordinates":[1,2]}}]}', "is no line"),
    "one point": ("x.geojson", GEOJSON_HEAD + '{"type":"Feature","geometry":{"type":"LineString",'
                  '"coordinates":[[1,2]]}}]}', "no two points"),
    "text coordinates": ("x.geojson", GEOJSON_HEAD + '{"type":"Feature","geometry":{"type":'
                         '"LineString","coordinates":[["x",2],[1,1]]}}]}', "no numbers"),
    "a loop alone": ("x.geojson", f"{GEOJSON_HEAD}{LOOP}]}}", "leads from a node to itself"),
    "metres as degrees": ("x.geojson", GEOJSON_HEAD + LOOP.replace("[1,2]", "[300000,4000000]") +
                          "]}", "leads from a node to itself"),
    "entities": ("x.graphml", LAUGHS, "DOCTYPE"),
    "no XML": ("x.graphml", "<graphml><a></graphml>", "not valid XML"),
    "an empty graph": ("x.graphml", "<graphml><graph/></graphml>", "it has no node"),
    "nodes alone": ("x.graphml", '<graphml><graph><node id="a"/></graph></graphml>',
                    "no road is left"),
    "another XML": ("x.xml", "<a/>", "of no known format of roads"),
    "another CSV": ("x.csv", "a,b\n1,2\n", "of no known format of roads"),
    "GMNS without nodes": ("link.csv", "from_node_id,to_node_id\n1,2\n", "node.csv: no such file"),
    "TNTP without nodes": ("y_net.tntp", "<END OF METADATA>\n1 2 3 4 5 ;\n",
                           "needs the coordinates of its nodes: y_node.tntp"),
    "gzip": ("x.graphml", b"\x1f\x8b\x08\x00abc", "gzip"),
    "a shapefile alone": ("x.shp", b"\0\0\x27\x0a", "x.dbf is missing"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "said"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_one_message(tmp_path, name, content, said):
    path = write(tmp_path, name, content)
    done = CliRunner().invoke(app, ["import", "roads", str(path), "--out", str(tmp_path / "t")])
    assert done.exit_code == 1, done.output
    assert isinstance(done.exception, SystemExit)
    assert said in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == [name]


BAD_LINKS = {
    "4,A,A,true,5,30": "leads from a node to itself",
    "4,A,Z,true,5,30": "its node has no coordinates",
    "4,A,C,true,-5,30": "its length is no number from 0",
    "4,A,C,true,nan,30": "its length is no number from 0",
    "4,A,C,maybe,5,30": "directed is neither true nor false",
    "4,A,C,true,5": "has another number of fields than the header",
}


def test_bad_links_and_nodes_are_named_and_the_rest_is_taken(tmp_path):
    path = gmns_folder(tmp_path)
    path.write_text(path.read_text(encoding="utf-8") + "\n".join(BAD_LINKS), encoding="utf-8")
    nodes = tmp_path / "node.csv"
    more = "A,0,0\nB,3,3\nE,nan,1\n,1,1\nF,1\n"
    nodes.write_text(nodes.read_text(encoding="utf-8") + more, encoding="utf-8")
    done, rows = roads_of(path)
    assert len(rows) == 4
    links, of_nodes = done.reports
    assert links.records == 10
    assert {(line.record, line.reason) for line in links.lines} == {
        (i, reason) for i, reason in enumerate(BAD_LINKS.values(), start=6)
    }
    assert of_nodes.records == 9
    said = sorted((line.record, line.what) for line in of_nodes.lines)
    assert said == [(6, "noted"), *((line, "faulty") for line in range(7, 11))]
    assert (tmp_path / "tables/nodes.csv.report.csv").is_file()


@pytest.mark.parametrize("part", [".shp", ".dbf"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_shapefile_is_one_message_or_taken(tmp_path, part, share):
    path = shape_file(tmp_path).with_suffix(part)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    done = CliRunner().invoke(
        app, ["import", "roads", str(tmp_path / "r.shp"), "--out", str(tmp_path / "t")]
    )
    assert isinstance(done.exception, SystemExit | None)
    assert done.exit_code in (0, 1)


def test_coordinates_need_their_system(tmp_path):
    path = shape_file(tmp_path, 32648)
    path.with_suffix(".prj").unlink()
    done = CliRunner().invoke(app, ["import", "roads", str(path), "--out", str(tmp_path / "t")])
    assert done.exit_code == 1
    assert "name their system with --crs" in done.stderr
    args = ["import", "roads", str(path), "--out", str(tmp_path / "t"), "--crs", "EPSG:32648"]
    done = CliRunner().invoke(app, [*args, "--json"])
    assert json.loads(done.stdout)["nodes"] == 4
    done = CliRunner().invoke(app, [*args[:-1], "EPSG:1"])
    assert done.exit_code == 1
    assert "coordinate system is not known" in done.stderr
