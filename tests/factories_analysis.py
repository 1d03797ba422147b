"""Make networks, totals and results of any size for the tests of analysis and view."""

import csv
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from chargesim.analysis.result import RunResult
from chargesim.engine.replication_totals import (
    LOST,
    PARTIAL,
    STRANDED,
    UNFINISHED,
    ReplicationTotals,
    bin_edges_min,
)
from chargesim.network.network import (
    STATION,
    SWAP,
    Candidates,
    Corridors,
    Districts,
    Network,
    Sites,
    Zones,
)
from chargesim.scenario.standard import Standard

TABLES = Path(__file__).parent.parent / "scenarios" / "tables"
FLEETS = ("private_car", "taxi", "ride_hailing", "logistics_van", "bus", "heavy_truck", "corridor")
THRESHOLDS_MIN = (5.0, 10.0, 20.0)


def make_standard(
    criteria: list[dict[str, Any]] | None = None,
    *,
    confidence: float = 0.95,
    min_sessions: int = 50,
) -> Standard:
    """Return a standard; by default one like Chongqing's."""
    served = {"measure": "served_within", "source": "assumed"}
    default = [
        {
            **served,
            "name": "cars served within 10 min",
            "scope": "cars",
            "minutes": 10.0,
            "at_least": 0.9,
        },
        {
            "name": "cars P95 wait",
            "measure": "wait_p95",
            "scope": "cars",
            "minutes": 20.0,
            "source": "assumed",
        },
        {
            "name": "cars lost or stranded",
            "measure": "unserved",
            "scope": "cars",
            "at_most": 0.05,
            "source": "assumed",
        },
        {
            **served,
            "name": "every district within 10 min",
            "scope": "districts",
            "minutes": 10.0,
            "at_least": 0.8,
        },
        {
            **served,
            "name": "trucks served within 20 min",
            "scope": "trucks",
            "minutes": 20.0,
            "at_least": 0.8,
        },
        {
            **served,
            "name": "car swap within 10 min",
            "scope": "swap",
            "minutes": 10.0,
            "at_least": 0.9,
        },
        {
            "name": "car packs ready",
            "measure": "pack_available",
            "scope": "swap",
            "at_least": 0.95,
            "source": "check",
        },
        {
            **served,
            "name": "truck swap within 20 min",
            "scope": "truck_swap",
            "minutes": 20.0,
            "at_least": 0.8,
        },
        {
            "name": "demand within 5 km",
            "measure": "covered_5km",
            "scope": "cars",
            "at_least": 0.9,
            "source": "plan",
        },
        {
            "name": "core demand within 1 km",
            "measure": "covered_1km_core",
            "scope": "cars",
            "at_least": 0.9,
            "source": "plan",
        },
        {
            "name": "guns available",
            "measure": "guns_available",
            "scope": "cars",
            "at_least": 0.97,
            "source": "23 CFR 680.116(b)",
        },
    ]
    return Standard.model_validate(
        {
            "confidence": confidence,
            "peak_hours": list(range(11, 19)),
            "min_sessions_per_district": min_sessions,
            "criteria": default if criteria is None else criteria,
        }
    )


def make_network(
    *,
    seed: int = 1,
    stations: int = 12,
    swap_sites: int = 4,
    district_count: int = 4,
    zones_per_district: int = 5,
    chongqing: bool = False,
) -> Network:
    """Return a random network; with `chongqing` the districts and links are the real ones."""
    rng = np.random.default_rng(seed)
    names, classes, lat, lon = _districts(district_count, chongqing, rng)
    districts = len(names)
    zone_district = np.repeat(np.arange(districts), zones_per_district)
    zone_lat, zone_lon = (
        centre[zone_district] + rng.normal(0, 0.06, len(zone_district)) for centre in (lat, lon)
    )
    zones = Zones(
        tuple(f"z{i}" for i in range(len(zone_district))),
        zone_district,
        zone_lat,
        zone_lon,
        rng.uniform(1e3, 1e5, len(zone_district)),
        rng.random(len(zone_district)) < 0.6,
    )
    sites = _sites(rng, stations, swap_sites, classes, lat, lon)
    corridors = Corridors(("A>B",), np.array([0]), lat[:1], lon[:1], np.ones(1))
    none = np.zeros((0, 0, 0))
    candidates = Candidates(
        (), none.astype(np.int32), none, none[None], np.zeros(24, dtype=np.int64)
    )
    graph = _graph(names, lat, lon, zones, chongqing)
    return Network(
        graph,
        Districts(names, classes),
        zones,
        corridors,
        sites,
        candidates,
        "synthetic layout of real totals (layout seed 1)",
    )


def _districts(
    count: int, chongqing: bool, rng: np.random.Generator
) -> tuple[tuple[str, ...], tuple[str, ...], Any, Any]:
    if chongqing:
        with (TABLES / "chongqing_districts.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        lat, lon = (np.array([float(row[column]) for row in rows]) for column in ("lat", "lon"))
        return tuple(row["district"] for row in rows), tuple(row["class"] for row in rows), lat, lon
    classes = ("core", "west_ring", "northeast", "southeast")
    names = tuple(f"District {i}" for i in range(count))
    return (
        names,
        tuple(classes[i % 4] for i in range(count)),
        29.5 + rng.uniform(0, 1, count),
        106.5 + rng.uniform(0, 1, count),
    )


def _sites(
    rng: np.random.Generator,
    stations: int,
    swap_sites: int,
    classes: tuple[str, ...],
    lat: Any,
    lon: Any,
) -> Sites:
    count, weight = (
        stations + swap_sites,
        np.array([6.0 if one == "core" else 1.0 for one in classes]),
    )
    kind = np.repeat([STATION, SWAP], [stations, swap_sites])
    district = np.concatenate(
        [
            np.arange(min(stations, len(classes))),
            rng.choice(len(classes), count - min(stations, len(classes)), p=weight / weight.sum()),
        ]
    )
    truck = np.zeros(count, dtype=bool)
    truck[[1, count - 1]] = True
    spread = np.where(np.array([classes[i] == "core" for i in district]), 0.025, 0.05)
    station, swap = kind == STATION, kind == SWAP
    guns = np.where(station, rng.integers(1, 3, count), 0)
    return Sites.of(
        count,
        id=tuple(f"s{i}" for i in range(count)),
        kind=kind,
        group=("core",) * count,
        access=tuple("truck" if one else "public" for one in truck),
        district=district,
        lat=lat[district] + rng.normal(0, 1, count) * spread,
        lon=lon[district] + rng.normal(0, 1, count) * spread,
        guns=guns,
        gun_kw=np.where(station, 480.0, 0.0),
        gun_a=np.where(station, 600.0, 0.0),
        guns_per_cabinet=np.where(station, 2, 0),
        cabinet_kw=np.where(station, 600.0, 0.0),
        site_kw=np.where(station, 630.0, 663.0),
        price_cny_kwh=np.full(count, 1.2),
        bays=np.where(swap, 1, 0),
        slots=np.where(swap, 21, 0),
        slot_kw=np.where(swap, 30.0, 0.0),
        packs=np.where(swap, 21, 0),
        pack_type=tuple("choco_20" if one else "" for one in swap),
        swap_min=np.where(swap, 1.67, 0.0),
        hand_out_soc=np.where(swap, 0.9, 0.0),
        connection=np.arange(count),
    )


def _graph(
    names: tuple[str, ...], lat: Any, lon: Any, zones: Zones, chongqing: bool
) -> "nx.DiGraph[Any]":
    graph: nx.DiGraph[Any] = nx.DiGraph()
    for i, name in enumerate(names):
        graph.add_node(name, kind="junction", lat=lat[i], lon=lon[i], district=i)
    for i, zone in enumerate(zones.id):
        graph.add_node(
            zone, kind="zone", lat=zones.lat[i], lon=zones.lon[i], district=int(zones.district[i])
        )
        graph.add_edge(names[zones.district[i]], zone, km=3.0, minutes=(4.0,), kind="local")
        graph.add_edge(zone, names[zones.district[i]], km=3.0, minutes=(4.0,), kind="local")
    links = [(names[i], names[i + 1], "trunk") for i in range(len(names) - 1)]
    if chongqing:
        with (TABLES / "chongqing_links.csv").open(encoding="utf-8") as file:
            links = [
                (row["from_district"], row["to_district"], row["kind"])
                for row in csv.DictReader(file)
            ]
    for start, end, kind in links:
        graph.add_edge(start, end, km=30.0, minutes=(30.0,), kind=kind)
        graph.add_edge(end, start, km=30.0, minutes=(30.0,), kind=kind)
    return graph


def empty_totals(
    network: Network,
    *,
    fleets: int = len(FLEETS),
    days: int = 1,
    thresholds: int = len(THRESHOLDS_MIN),
) -> ReplicationTotals:
    """Return the totals of a replication in which nothing happened."""
    connections = int(network.sites.connection.max(initial=-1)) + 1
    size = {
        "sites": len(network.sites),
        "servers": int(network.sites.servers.sum()),
        "connections": connections,
        "fleets": fleets,
        "districts": len(network.districts.name),
    }
    return ReplicationTotals.zeros(**size, thresholds=thresholds, days=days, quarters=96 * days)


def random_totals(
    network: Network,
    rng: np.random.Generator,
    *,
    fleets: int = len(FLEETS),
    days: int = 1,
    wishes: float = 3.0,
    fail: float = 0.03,
) -> ReplicationTotals:
    """Return the random totals of one replication; shapes and identities are valid, numbers are
    made up."""
    run = empty_totals(network, fleets=fleets, days=days)
    hour_weight = (
        0.3
        + np.exp(-((np.arange(24) - 17) ** 2) / 30)
        + 0.7 * np.exp(-((np.arange(24) - 12) ** 2) / 8)
    )
    _fill_sessions(run, network, rng, wishes * days * hour_weight, fail * hour_weight, fleets)
    _fill_sites(run, network, rng, hour_weight, days)
    return run


def _fill_sessions(
    run: ReplicationTotals,
    network: Network,
    rng: np.random.Generator,
    wishes: Any,
    fail: Any,
    fleets: int,
) -> None:
    share = np.ones((fleets, 3, len(network.districts.name), 1))
    share[:, 1] = 0.3
    share[:, 2] = 0.0
    share *= np.array([4.0 if one == "core" else 1.0 for one in network.districts.area_class])[
        :, None
    ]
    wished = rng.poisson(share * wishes)
    bad = rng.binomial(wished, np.clip(fail, 0, 1))
    run.outcomes[0] = served = wished - bad
    run.outcomes[2] = rng.binomial(bad, 0.8)
    run.outcomes[3] = bad - run.outcomes[2]
    run.chose_outside[:] = rng.binomial(run.outcomes[2], 0.5)
    run.balked[:] = rng.binomial(wished, 0.05)
    run.reneged[:] = rng.binomial(wished, 0.02)
    run.diverted[:] = rng.binomial(wished, 0.06)
    edges = bin_edges_min()
    middle = np.concatenate([[0.0], edges[1:-1] / 1.07, [500.0]])
    density = np.exp(-((np.log(np.maximum(middle, 1e-3)) - np.log(5.0)) ** 2) / 1.2)
    density[0] = 0.0
    chances = np.concatenate([[0.88], 0.12 * density[1:] / density[1:].sum()])
    run.wait_bins[:] = rng.multinomial(served, chances)
    run.delay_bins[:] = rng.multinomial(served, np.roll(chances, 1))
    for place, threshold in enumerate(THRESHOLDS_MIN):
        run.within[place] = run.wait_bins[..., edges <= threshold].sum(axis=-1)
    run.wait_min[:] = (run.wait_bins * middle).sum(axis=-1)
    run.queued_min[:] = 0.8 * run.wait_min
    run.wait_all_min[:] = run.wait_min + 10 * bad
    run.delay_min[:] = run.wait_min + 2 * served
    run.detour_min[:] = 1.5 * served
    run.service_min[:] = 20 * served
    run.session_kwh[:] = 35 * served
    run.unserved_kwh[:] = 35 * bad


def _fill_sites(
    run: ReplicationTotals, network: Network, rng: np.random.Generator, weight: Any, days: int
) -> None:
    sites = network.sites
    servers = np.where(sites.kind == STATION, sites.guns, sites.bays)
    level = np.clip(rng.gamma(2.0, 0.06, len(sites)), 0.0, 0.55)
    busy_min = (
        60
        * servers[:, None, None]
        * np.clip(
            level[:, None, None] * weight * rng.uniform(0.7, 1.3, (len(sites), days, 24)), 0, 1
        )
    )
    run.busy_min[:] = busy_min.sum(axis=1)
    run.energy_kwh[:] = run.busy_min * 2.0
    run.arrivals[:] = rng.poisson(run.busy_min / 20)
    run.queue_min[:] = run.busy_min * 0.05
    run.longest_queue[:] = busy_min.max(axis=(1, 2)) * 0.05 / 60
    run.peak_kw[:] = np.minimum(busy_min.max(axis=(1, 2)) * 2.0 / servers * 2.5, 700)
    np.add.at(run.connection_peak_kw, sites.connection, run.peak_kw)
    swap = sites.kind == SWAP
    run.packs_ready_h[swap] = 15 * days
    run.pack_found[swap] = rng.binomial(run.arrivals[swap], 0.97)
    hourly = np.repeat(busy_min.reshape(len(sites), -1) * 2.0 / 0.95, 4, axis=1) * rng.uniform(
        0.9, 1.1, (1, 96 * days)
    )
    for kind in (STATION, SWAP):
        for district in range(len(network.districts.name)):
            run.district_kw[kind, district] = hourly[
                (sites.kind == kind) & (sites.district == district)
            ].sum(axis=0)


def count_by_day(run: ReplicationTotals) -> None:
    """Put all sessions and arrivals of a replication on its first judged day."""
    ended = run.outcomes.sum(axis=0) - run.outcomes[UNFINISHED]
    unserved = run.outcomes[[PARTIAL, LOST, STRANDED]].sum(axis=0)
    run.ended_by_day[0] = ended.sum(axis=-1)
    run.unserved_by_day[0] = unserved.sum(axis=-1)
    run.within_by_day[:, 0] = run.within.sum(axis=-1)
    run.arrivals_by_day[0] = run.arrivals.sum(axis=1)
    run.pack_found_by_day[0] = run.pack_found.sum(axis=1)


def make_result(
    replications: list[ReplicationTotals] | None = None,
    *,
    network: Network | None = None,
    standard: Standard | None = None,
    fleets: tuple[str, ...] = FLEETS,
    days: int = 1,
    planned: int | None = None,
    given: dict[str, float] | None = None,
) -> RunResult:
    """Return a result; by default five random replications of a small city."""
    network = network or make_network()
    if replications is None:
        replications = [
            random_totals(network, np.random.default_rng(seed), fleets=len(fleets), days=days)
            for seed in range(5)
        ]
    for run in replications:
        count_by_day(run)
    return RunResult(
        name="small",
        title="Small city - 12 stations, 4 swap sites",
        scope_text=f"one Wednesday after one lead-in day, {len(replications)} replications",
        label=network.label,
        network=network,
        fleets=fleets,
        groups=tuple("trucks" if "truck" in fleet else "cars" for fleet in fleets),
        thresholds_min=THRESHOLDS_MIN,
        days=days,
        replications=replications,
        standard=standard or make_standard(),
        share_text="12.9 % of all public energy is asked of this network "
        "(9.1 % ultra-fast, 3.8 % swap).",
        given={"covered_5km": 0.931, "covered_1km_core": 0.882, "guns_available": 0.985}
        if given is None
        else given,
        planned_replications=len(replications) if planned is None else planned,
    )


def make_chongqing(replications: int = 20) -> RunResult:
    """Return random data shaped like Chongqing's: 38 districts, 2,040 stations, 240 swap sites, 7
    fleets."""
    network = make_network(stations=2040, swap_sites=240, zones_per_district=30, chongqing=True)
    runs = [
        random_totals(network, np.random.default_rng(seed), wishes=2.5)
        for seed in range(replications)
    ]
    return make_result(runs, network=network)
