"""Measure a large city: 40,000 nodes and 2,040 sites, from the file of roads to the network."""

import resource
import time

import numpy as np
import pytest
from network_files import copy_small_city
from test_import_roads import table

from chargesim.importers.road_zones import ZoneOptions
from chargesim.importers.roads import RoadOptions, import_roads
from chargesim.network.build import build_network
from chargesim.scenario.reading import load

SIDE, SITES, ZONES = 200, 2040, 500
LONGEST_S, MOST_MIB = 20.0, 2048


def write_grid(path, rng):
    """Write a grid of streets as OSMnx does, its nodes moved at random."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    lat = 29.4 + 0.0018 * rows + rng.uniform(-4e-4, 4e-4, rows.shape)
    lon = 106.3 + 0.0021 * columns + rng.uniform(-4e-4, 4e-4, rows.shape)
    number = (rows * SIDE + columns).ravel()
    keys = (("x", "node", "x"), ("y", "node", "y"), ("h", "edge", "highway"))
    with path.open("w", encoding="utf-8") as file:
        file.write('<graphml xmlns="http://graphml.graphdrawing.org/xmlns">')
        for name, what, full in keys:
            file.write(f'<key id="{name}" for="{what}" attr.name="{full}"/>')
        file.write('<graph edgedefault="directed">')
        for n, y, x in zip(number, lat.ravel(), lon.ravel(), strict=True):
            file.write(f'<node id="{n}"><data key="y">{y}</data><data key="x">{x}</data></node>')
        number = number.reshape(SIDE, SIDE)
        for a, b, line in (
            (number[:, :-1], number[:, 1:], rows[:, 1:]),
            (number[:-1], number[1:], columns[1:]),
        ):
            for tail, head, k in zip(a.ravel(), b.ravel(), line.ravel(), strict=True):
                kind = "primary" if k % 10 == 0 else "residential"
                for one, other in ((tail, head), (head, tail)):
                    file.write(
                        f'<edge source="{one}" target="{other}"><data key="h">{kind}</data></edge>'
                    )
        file.write("</graph></graphml>")


@pytest.mark.slow
def test_forty_thousand_nodes(tmp_path):
    """Import and network take under 20 s of one core and 2 GiB."""
    rng, folder = np.random.default_rng(1), copy_small_city(tmp_path)
    write_grid(tmp_path / "city.graphml", rng)
    places = np.round(np.array([29.4, 106.3]) + rng.random((SITES, 2)) * [0.36, 0.42], 6)
    rows = [f"S{s},station,public,city,{y},{x},4\n" for s, (y, x) in enumerate(places.tolist())]
    (folder / "mysites.csv").write_text(
        "site_id,kind,access,district,lat,lon,guns\n" + "".join(rows), encoding="utf-8"
    )
    keys = [f"city.{name}=mine/{name}.csv" for name in ("zones", "roads", "nodes")]
    begin = time.process_time()
    options = RoadOptions(zones=ZoneOptions(count=ZONES))
    done = import_roads(tmp_path / "city.graphml", folder / "mine", options)
    imported_s = time.process_time() - begin
    loaded = load(folder / "small_city.yaml", [*keys, "city.sites=mysites.csv", "corridors=null"])
    begin = time.process_time()
    network = build_network(loaded.scenario, loaded.folder)
    built_s = time.process_time() - begin
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"import {imported_s:.1f} s, network {built_s:.1f} s, peak {peak_mib:,.0f} MiB (CPU)")
    assert done.nodes == len(table(folder / "mine", "nodes.csv")) > 39_000
    assert len(network.sites) == SITES
    assert len(network.zones.id) > 0.9 * ZONES
    lists = network.candidates
    most = max(int((site >= 0).sum(axis=1).max()) for site in lists.site)
    public = next(i for i, key in enumerate(lists.keys) if "public" in key.access)
    assert ((lists.site[public] >= 0).sum(axis=1) == most).all()
    assert imported_s + built_s < LONGEST_S
    assert peak_mib < MOST_MIB
