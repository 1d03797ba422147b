"""Test what a grid connection feeds.

Companions, stores, and guns beside the packs of a swap site.
"""

from dataclasses import fields

import numpy as np
import pytest
from factories import SCENARIOS
from network_files import copy_small_city, network_faults, small_network

from chargesim.network.build import build_network
from chargesim.network.network import STATION, SWAP
from chargesim.scenario.reading import load

PLAN = load(SCENARIOS / "chongqing_2025.yaml")
MIXED = {
    "swap.kinds.private.guns": 4,
    "swap.kinds.private.gun_kw": 120,
    "swap.kinds.private.gun_a": 250,
}
SMALL_MIXED = (
    "swap.kinds.private.guns=4",
    "swap.kinds.private.gun_kw=120",
    "swap.kinds.private.gun_a=250",
)


def sites(changes=None):
    loaded = PLAN.replace(changes or {})
    return build_network(loaded.scenario, loaded.folder).sites


@pytest.fixture(scope="module")
def plain():
    return sites()


@pytest.fixture
def folder(tmp_path):
    return copy_small_city(tmp_path)


def write(folder, *lines):
    (folder / "small/sites.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def differing(a, b):
    """Name the columns in which two site tables differ."""
    return {
        field.name
        for field in fields(a)
        if not np.array_equal(getattr(a, field.name), getattr(b, field.name))
    }


def test_by_default_every_site_has_its_own_connection_and_nothing_else(plain):
    assert plain.connection.tolist() == list(range(2320))
    for name in ("companions", "companion_kw", "companion_a", "store_kwh", "store_kw", "opens_min"):
        assert not getattr(plain, name).any(), name


def test_companions_stand_beside_the_ultra_fast_guns(plain):
    """Three per ultra-fast gun make 6 and 3 companions; truck stations have none.

    Nothing else moves.
    """
    more = sites({"stations.companions.per_ultra_fast_gun": 3})
    has = np.isin(plain.access, ["public", "expressway"]) & (plain.kind == STATION)
    np.testing.assert_array_equal(more.companions, np.where(has, 3 * plain.guns, 0))
    np.testing.assert_array_equal(more.guns - more.companions, plain.guns)
    assert (more.guns - more.companions).sum() == 4080
    assert set(more.companion_kw[has]) == {180.0}
    assert set(more.companion_a[has]) == {250.0}
    assert not more.companion_kw[~has].any()
    assert differing(plain, more) == {"guns", "companions", "companion_kw", "companion_a"}


def test_no_companions_are_guns_alone(plain):
    assert not differing(
        plain,
        sites({"stations.companions.per_ultra_fast_gun": 0, "stations.companions.gun_kw": 99}),
    )
    assert not differing(
        plain, sites({"stations.companions.per_ultra_fast_gun": 3, "stations.companions.at": []})
    )
    at_trucks = sites(
        {"stations.companions.per_ultra_fast_gun": 1, "stations.companions.at": ["truck"]}
    )
    assert set(np.array(at_trucks.access)[at_trucks.companions > 0]) == {"truck"}


def test_every_station_has_a_store(plain):
    stored = sites(
        {"stations.store.enabled": True, "stations.store.kwh": 150, "stations.store.kw": 80}
    )
    np.testing.assert_array_equal(stored.store_kwh, np.where(plain.kind == STATION, 150.0, 0.0))
    np.testing.assert_array_equal(stored.store_kw, np.where(plain.kind == STATION, 80.0, 0.0))
    assert differing(plain, stored) == {"store_kwh", "store_kw"}


@pytest.mark.parametrize(
    "nothing",
    [{"stations.store.kwh": 0}, {"stations.store.kw": 0}, {"stations.store.enabled": False}],
)
def test_a_store_of_nothing_is_no_store(folder, nothing):
    write(folder, "site_id,kind,access,district,lat,lon", "a,station,public,Riverside,29.5,106.5")
    changes = {"stations.store.enabled": True, **nothing}
    made = small_network(
        folder, tuple(f"{key}={str(value).lower()}" for key, value in changes.items())
    ).sites
    assert made.store_kwh.tolist() == made.store_kw.tolist() == [0.0]


def test_guns_beside_the_packs_share_the_connection(plain):
    mixed = sites(
        {**MIXED, "stations.store.enabled": True, "stations.companions.per_ultra_fast_gun": 3}
    )
    beside = np.flatnonzero(np.array(mixed.group) == "mixed")
    host = beside - 1
    assert len(beside) == 60
    assert [mixed.id[s] for s in beside] == [f"{mixed.id[s]}-guns" for s in host]
    assert (mixed.kind[host] == SWAP).all()
    assert (mixed.kind[beside] == STATION).all()
    for name in ("connection", "site_kw", "district", "lat", "lon"):
        np.testing.assert_array_equal(
            getattr(mixed, name)[beside], getattr(mixed, name)[host], err_msg=name
        )
    assert {mixed.access[s] for s in beside} == {"public"}
    for name, value in {
        "guns": 4, "companions": 0, "gun_kw": 120, "gun_a": 250, "guns_per_cabinet": 1,
        "cabinet_kw": 120, "price_cny_kwh": 1.24, "packs": 0, "bays": 0, "slots": 0, "store_kwh": 0,
    }.items():  # fmt: skip
        assert set(getattr(mixed, name)[beside]) == {value}, name
    assert len(set(mixed.connection.tolist())) == 2320
    kept = np.array(mixed.group) != "mixed"
    assert tuple(np.array(mixed.id)[kept]) == plain.id
    np.testing.assert_array_equal(mixed.packs[kept], plain.packs)


def test_guns_beside_the_packs_join_the_same_road(folder):
    network = small_network(folder, SMALL_MIXED)
    assert (
        list(network.graph["Riverside-swap-private-guns"])
        == list(network.graph["Riverside-swap-private"])
        == ["R03"]
    )
    public = next(
        i
        for i, key in enumerate(network.candidates.keys)
        if key.kind == STATION and "public" in key.access
    )
    guns = network.sites.id.index("Riverside-swap-private-guns")
    zone = network.zones.id.index("R03")
    assert network.candidates.site[public, zone, 0] == guns
    assert (
        "Riverside-swap-private-guns"
        not in small_network(folder, (*SMALL_MIXED, "swap.enabled=false")).sites.id
    )


def test_an_id_that_the_guns_beside_packs_take(folder):
    write(
        folder,
        "site_id,kind,access,district,lat,lon,swap_kind",
        "x,swap,public,Riverside,29.5,106.5,private",
        "x-guns,station,public,Riverside,29.5,106.5,",
    )
    assert network_faults(folder, SMALL_MIXED) == [
        "small/sites.csv:3: site_id: 'x-guns' is already in line 2; ids must be unique"
    ]
    assert len(small_network(folder).sites) == 2


def test_companions_of_a_table(folder):
    """With the column `companions`, `guns` counts all guns.

    Without it the scenario's companions come beside them.
    """
    write(
        folder,
        "site_id,kind,access,district,lat,lon,guns,companions,companion_kw",
        "own,station,public,Riverside,29.5,106.5,8,6,120",
        "plan,station,public,Riverside,29.5,106.5,2,,",
        "none,station,public,Riverside,29.5,106.5,3,0,",
        "trucks,station,truck,Riverside,29.5,106.5,2,,",
        "bare,station,public,Riverside,29.5,106.5,,0,",
    )
    made = small_network(folder, ("stations.companions.per_ultra_fast_gun=2",)).sites
    assert made.guns.tolist() == [8, 6, 3, 2, 1]
    assert made.companions.tolist() == [6, 4, 0, 0, 0]
    assert made.companion_kw.tolist() == [120.0, 180.0, 0.0, 0.0, 0.0]
    assert made.companion_a.tolist() == [250.0, 250.0, 0.0, 0.0, 0.0]
    assert made.site_kw.tolist() == [
        630.0,
        630.0,
        2 * 630.0,
        630.0,
        630.0,
    ]  # a cabinet for two ultra-fast guns


def test_a_shared_connection_of_a_table(folder):
    write(
        folder,
        "site_id,kind,access,district,lat,lon,connection,site_kw,store_kwh,store_kw",
        "a,station,public,Riverside,29.5,106.5,,,,",
        "b,station,public,Riverside,29.5,106.5,east,900,300,",
        "c,swap,public,Riverside,29.5,106.5,,,,",
        "d,swap,public,Riverside,29.5,106.5,east,900,,",
        "e,station,public,Riverside,29.5,106.5,east,900,,",
    )
    made = small_network(folder, ("stations.store.enabled=true",)).sites
    assert made.connection.tolist() == [0, 1, 2, 1, 1]
    assert made.site_kw.tolist() == [630.0, 900.0, 632.0, 900.0, 900.0]
    assert made.store_kwh.tolist() == [200.0, 300.0, 0.0, 0.0, 0.0]
    assert made.store_kw.tolist() == [100.0, 100.0, 0.0, 0.0, 0.0]
    off = small_network(folder).sites  # the plan's stores are switched off, the row's own is not
    assert off.store_kwh.tolist() == [0.0, 300.0, 0.0, 0.0, 0.0]
    assert off.store_kw.tolist() == [0.0, 100.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("enabled", "stores"), [("false", [300, 200, 50, 0, 0]), ("true", [300, 200, 50, 0, 200])]
)
def test_a_row_switches_its_own_store_on_or_off(folder, enabled, stores):
    """What a row leaves out of its store is the plan's 200 kWh at 100 kW.

    A row without either column follows the plan.
    """
    write(
        folder,
        "site_id,kind,access,district,lat,lon,store_kwh,store_kw",
        "energy,station,public,Riverside,29.5,106.5,300,",
        "power,station,public,Riverside,29.5,106.5,,70",
        "both,station,public,Riverside,29.5,106.5,50,70",
        "none,station,public,Riverside,29.5,106.5,0,70",
        "plan,station,public,Riverside,29.5,106.5,,",
    )
    made = small_network(folder, (f"stations.store.enabled={enabled}",)).sites
    assert made.store_kwh.tolist() == stores
    assert made.store_kw.tolist() == [100, 70, 70, 0, 100 if enabled == "true" else 0]


def test_faults_of_connections_and_companions(folder):
    head = "site_id,kind,access,district,lat,lon,guns,companions,connection,site_kw,store_kwh"
    write(
        folder,
        head,
        "a,station,public,Riverside,29.5,106.5,2,2,,,",
        "b,station,public,Riverside,29.5,106.5,,1,,,",
        "c,swap,public,Riverside,29.5,106.5,,3,,,100",
    )
    counts = "which counts the ultra-fast ones too"
    assert network_faults(folder) == [
        f"small/sites.csv:2: companions: got 2, needs less than guns, 2, {counts}",
        f"small/sites.csv:3: companions: got 1, needs less than guns, 1, {counts}",
        "small/sites.csv:4: companions: got 3, needs to be empty at a swap site",
        "small/sites.csv:4: store_kwh: got 100.0, needs to be empty at a swap site",
    ]
    write(
        folder,
        head,
        "a,station,public,Riverside,29.5,106.5,2,,east,900,",
        "b,station,public,Riverside,29.5,106.5,2,,east,,",
        "c,station,public,Riverside,29.5,106.5,2,,east,900,50",
    )
    assert network_faults(folder) == [
        "small/sites.csv:3: site_kw: 630 kW on the connection 'east', needs 900 as in line 2",
        "small/sites.csv:4: store_kwh: the store of the connection 'east' belongs in its first "
        "row, line 2",
    ]


def test_sites_of_a_connection_lie_in_one_district(folder):
    """A blackout of a district would else let half of a connection go dark."""
    head = "site_id,kind,access,district,lat,lon,connection"
    rows = "a,station,public,Riverside,29.5,106.5,east", "b,station,public,Hilltown,29.5,106.5,east"
    write(folder, head, *rows)
    assert network_faults(folder) == [
        "small/sites.csv:3: district: got 'Hilltown' on the connection 'east', needs "
        "'Riverside' as in line 2"
    ]
    write(folder, head, rows[0], rows[1].replace("east", "west"))
    assert small_network(folder).sites.connection.tolist() == [0, 1]


def test_without_the_section_stations_a_row_says_all(folder):
    needed = "guns,gun_kw,gun_a,cabinet_kw,site_kw,price_cny_kwh"
    write(
        folder,
        f"site_id,kind,access,district,lat,lon,{needed},"
        "companions,companion_kw,companion_a,store_kwh",
        "a,station,public,Riverside,29.5,106.5,5,480,600,600,630,1.2,3,120,250,",
    )
    made = small_network(folder, ("stations=null",)).sites
    assert [
        made.guns[0],
        made.companions[0],
        made.guns_per_cabinet[0],
        made.companion_kw[0],
        made.store_kwh[0],
    ] == [5, 3, 2, 120, 0]
    spoiled = (
        (folder / "small/sites.csv").read_text(encoding="utf-8").replace("3,120,250,", "3,120,,200")
    )
    (folder / "small/sites.csv").write_text(spoiled, encoding="utf-8")
    assert network_faults(folder, ("stations=null",)) == [
        "small/sites.csv:2: companion_a: needs a value, since the scenario has no section stations",
        "small/sites.csv:2: store_kwh, store_kw: needs the section stations, whose store says "
        "in which hours it charges",
    ]
