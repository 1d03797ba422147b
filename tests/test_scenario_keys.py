"""Test that no key is decoration: each changes what is simulated, judged or printed."""

import csv
import hashlib
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from network_files import copy_small_city

from chargesim.demand.observed_use import public_energy
from chargesim.engine.replication_totals import ReplicationTotals
from chargesim.errors import InputError
from chargesim.runs.case import build_case
from chargesim.runs.result import as_result
from chargesim.runs.scenario_check import area_shares
from chargesim.scenario.assumption import TABLE_FILE
from chargesim.scenario.keys import field_type_at
from chargesim.scenario.model import Scenario
from chargesim.scenario.reading import load

IN_SMALL = {
    "Yuzhong",
    "Nan'an",
    "Jiangbei",
    "Yubei",
    "Fuling",
    "Changshou",
    "Liangping",
    "Wanzhou",
    "Wulong",
    "Dianjiang",
}
"""Districts of a small synthetic city: of all classes, and joined by all kinds of links."""
SMALLER = [
    "stations.counts={core: 40, main_new_area: 20, northeast_southeast: 10, expressway: 12}",
    "stations.piles=170",
    "stations.truck_stations=4",
    "swap.kinds.taxi.sites=8",
    "swap.kinds.private.sites=5",
    "swap.kinds.truck.sites=4",
    "layout.core_built_up_km2=40",
    "layout.rural_zone_km2=900",
    "layout.town_zone_km2=16",
    "layout.seed=1",
    "choice.nearest_stations=4",
    "choice.nearest_swap_sites=2",
]
FLEETS = ("private_car", "taxi", "ride_hailing", "logistics_van", "bus", "heavy_truck")
BUSY = [
    "fleet.stock=150000",
    "horizon.lead_in_days=0",
    "day_factor.tail_share=0.3",  # one group has such a day, another not
    "tariff.enabled=true",
    "choice.reservation.enabled=true",
    "stations.store.enabled=true",
    "stations.companions.per_ultra_fast_gun=2",
    "swap.smart.enabled=true",
    "swap.lending.enabled=true",
    "swap.kinds.private={guns: 2, gun_kw: 120, gun_a: 250}",
    "reliability.failures=true",
    "reliability.failed_start_share=0.2",
    "buildup={enabled: false, month: 2025-06, share_exponent: 0.5, milestones: "
    "[{month: 2024-06, built: 0.3, stock: 100000}, {month: 2026-06, built: 0.9, stock: 200000}]}",
    *(f"fleets.{fleet}.connected_share=0.5" for fleet in FLEETS),
]
"""Many wishes in every fleet, so that a share shows, and all mechanisms but the build-up on."""
DARK = "blackouts=[{{district: {}, day: 0, from_hour: 17, hours: 2}}]"

UNITS = {
    ("area_weights",),
    ("curves",),
    ("hours",),
    ("peak_hours",),
    ("charge_hours",),
    ("lend_hours",),
    ("at",),
    ("access",),
}
"""Leaves that are changed as a whole: mixes and lists."""
NAMES = ("low", "high", "source")
"""Parts of an assumption that drive no run: only studies and reports read them."""


def small_synthetic(folder: Path) -> Path:
    """Leave ten districts in the plan's tables and in those beside them; return the folder."""
    tables = folder / "tables"
    for name, columns in (
        ("districts", ["district"]),
        ("links", ["from_district", "to_district"]),
        ("gateways", ["district"]),
    ):
        for path in (tables / f"chongqing_{name}.csv", tables / f"chongqing_{name}.csv.other"):
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            kept = [row for row in rows if all(row[column] in IN_SMALL for column in columns)]
            if name == "gateways" and len(kept) < 2:
                kept = [{**rows[0], "district": "Wanzhou"}, {**rows[1], "district": "Fuling"}]
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, rows[0].keys())
                writer.writeheader()
                writer.writerows(kept)
    return folder


def other_tables(folder: Path) -> None:
    """Write a changed copy of every table: one column a tenth higher, or one row less."""
    columns = {
        "tables/chongqing_districts.csv": "population_2020",
        "tables/chongqing_links.csv": "km",
        "tables/chongqing_gateways.csv": "population",
        "tables/charging_curves.csv": "power_kw",
        "tables/pack_charge_limits.csv": "power_kw",
        "tables/adoption.csv": "value",
        "small/zones.csv": "population",
        "small/roads.csv": "km",
    }
    for name, column in columns.items():
        with (folder / name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for number, row in enumerate(rows):
            if row[column]:
                row[column] = str(float(row[column]) * (1.1 if number % 2 else 1.05))
        with (folder / f"{name}.other").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys(), extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
    text = (folder / "small/sites.csv").read_text(encoding="utf-8")
    (folder / "small/sites.csv.other").write_text(
        text.replace("Riverside-1,", "Riverside-one,"), encoding="utf-8"
    )
    profiles = (folder / "tables/hourly_profiles.csv").read_text(encoding="utf-8").splitlines()
    turned = [
        line.replace(",3,", ",x,").replace(",15,", ",3,").replace(",x,", ",15,")
        for line in profiles
    ]
    (folder / "tables/hourly_profiles.csv.other").write_text(
        "\n".join(turned) + "\n", encoding="utf-8"
    )


def leaves(data, key=()):
    """Return the keys of a scenario at which one value stands; an assumption is its value."""
    if key[-1:] and (key[-1],) in UNITS:
        return [key]
    if isinstance(data, dict):
        if "value" in data and set(data) <= {"value", *NAMES}:
            return [key]
        return [leaf for name, below in data.items() for leaf in leaves(below, (*key, name))]
    if isinstance(data, list):
        return [
            leaf for number, below in enumerate(data) for leaf in leaves(below, (*key, str(number)))
        ]
    return [key]


def at(data, key):
    for part in key:
        data = data[int(part)] if isinstance(data, list) else data[part]
    return data


WORDS = {
    "name": ["other_name"],
    "first_day": ["saturday"],
    "stock_from": ["logistic"],
    "production_scope": ["world sales", "China sales"],
    "access": [["truck"], ["public"], ["taxi"], "truck", "public"],
    "group": ["trucks", "cars"],
    "pack_type": ["nio_75", "choco_20", "truck_282"],
    "limits": ["75kWh", "70kWh", "100kWh"],
    "profile": ["day_fleet", "bus_night_and_layover"],
    "month": ["2024-08", "2025-12", "2026-09"],
    "district": ["Hilltown", "Nan'an"],
    "fleet": ["taxi"],
    "pack_temperature_c": [10, 0, 40, 30, 20, 15, 5, -20],
    "measure": ["covered_1km_core", "covered_5km", "guns_available"],
    "scope": ["trucks", "cars", "truck_swap", "swap"],
}
NULLS = {
    "fleet.stock": 120_000,
    "fleet.share_at_network": 0.2,
    "fleet.connected_share": 0.8,
    "fleet.posted_share": 0.3,
    "fleet.compliance": 0.9,
}


def others(key, value):
    """Return values to try in place of one, the first that passes the checks is taken."""
    dotted, name = ".".join(key), key[-1]
    if isinstance(value, dict) and "value" in value:
        value = float(value["value"])
    slot = field_type_at(Scenario, key)
    if isinstance(value, str) and slot is not None and TABLE_FILE in slot.notes:
        return [f"{value}.other"]
    if value is None:
        return [NULLS[dotted]] if dotted in NULLS else []
    if isinstance(value, bool):
        return [not value]
    if name == "area_weights":
        first = next(iter(value))
        return [{**value, first: at(value, (first,)) * 0.3}]
    if name == "curves" and isinstance(value, dict):
        whole = list(value)
        if len(whole) == 1:
            return [{"lfp400_80": 1.0}]
        return [{**value, whole[0]: round(value[whole[0]] + value[whole[1]], 6), whole[1]: 0.0}]
    if name in WORDS:
        return [other for other in WORDS[name] if other != value]
    if isinstance(value, list):
        return [value[:-1]]
    if isinstance(value, (int, float)):
        if isinstance(value, int):
            return [value + 1, value - 1, value + 2, value - 2]
        return [value * 0.6, value * 1.4, value * 0.9, value + 0.3, value * 1.02]
    return [f"{value} other"]


def digest(loaded):
    """Return a hash of all that a scenario means: what is simulated, judged and printed."""
    hashed, case = hashlib.sha256(), build_case(loaded)
    scenario, network, task = case.scenario, case.network, case.task

    def add(name, value):
        if is_dataclass(value) and not isinstance(value, type):
            for field in fields(value):
                add(f"{name}.{field.name}", getattr(value, field.name))
        elif isinstance(value, np.ndarray) and value.dtype.names:
            for field in value.dtype.names:
                add(f"{name}.{field}", value[field])
        else:
            hashed.update(
                name.encode()
                + (value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
            )

    for part in ("districts", "zones", "corridors", "sites", "label"):
        add(part, getattr(network, part))
    for field in fields(network.candidates):
        if field.name != "keys":
            add(field.name, getattr(network.candidates, field.name))
    for row in case.ledger.rows:
        add("ledger", [value for name, value in vars(row).items() if name != "sources"])
    add("wishes", task.demand.day(0, 0))
    add("outages", task.outages.draw(0, 3 * 1440.0))
    add("facilities", task.facilities)
    add(
        "edges",
        sorted(
            (a, b, data["km"], data["minutes"]) for a, b, data in network.graph.edges(data=True)
        ),
    )
    nothing = ReplicationTotals.zeros(
        sites=len(network.sites), servers=int(network.sites.servers.sum()),
        connections=len(np.unique(network.sites.connection)), fleets=len(task.fleets),
        districts=len(task.district_names),
        thresholds=len(task.thresholds_min), days=task.days, quarters=96 * task.days,
    )  # fmt: skip
    result = as_result(case, [nothing])
    add("areas", [replace(one, source="") for one in area_shares(case)])
    add(
        "words",
        (
            result.name,
            result.title,
            result.scope_text,
            result.share_text,
            result.given,
            case.ledger.stock_text,
            public_energy(scenario, case.ledger),
            [anchor.model_dump(exclude={"source"}) for anchor in result.anchors],
        ),
    )
    standard = scenario.standard.model_dump(exclude={"confidence": {"source"}})
    for criterion in standard["criteria"]:
        del criterion["source"]
    add(
        "judged",
        (
            standard,
            scenario.replications,
            result.looks,
            scenario.seed,
            scenario.horizon,
            result.groups,
            task.thresholds_min,
        ),
    )
    return hashed.hexdigest()


def bases(loaded):
    """Return scenarios, with digests, in which sections work that exclude others."""
    electric = {f"fleets.{fleet}.electrification": 0.5 for fleet in FLEETS}
    projected = loaded.replace({"fleet.stock": None, "fleet.stock_from": "bass"})
    building = loaded.replace({"fleet.stock": None, "buildup.enabled": True})
    electrified = loaded.replace(electric)
    changed = {
        "adoption": projected,
        "buildup": building,
        "vehicles": electrified,
        "electrification": electrified,
    }
    return {name: (base, digest(base)) for name, base in changed.items()}


def without_effect(loaded, skip=()):
    """Return the leaves that change nothing, and those for which no other value was found."""
    dead, untried = [], []
    usual, own = (loaded, digest(loaded)), bases(loaded)
    for key in leaves(loaded.resolved):
        dotted = ".".join(key)
        if (
            key[-1] in NAMES
            or dotted.startswith((*skip, "common_causes"))  # studies read it
            or dotted == "series"  # is none of a variant's keys
        ):
            continue
        from_, before = own.get(key[0], own.get(key[-1], usual))
        tried = False
        for value in others(key, at(from_.resolved, key)):
            try:
                beside = {"fleet.stock": None} if dotted == "fleet.stock_from" else {}
                after = digest(from_.replace({**beside, dotted: value}))
            except InputError:
                continue
            tried = True
            if after != before:
                break
        else:
            (dead if tried else untried).append(dotted)
    return dead, untried


IN_TABLES = {
    # null: this city has zones and roads of its own
    "city.districts", "city.links", "city.gateways", "layout",
    "traffic.core_kmh", "traffic.rural_kmh",  # the table of roads has their speeds
    # the table of sites has them all
    "stations.counts.core", "stations.counts.main_new_area",
    "stations.counts.northeast_southeast", "stations.counts.expressway", "stations.piles",
    "stations.expressway_piles_per_station", "stations.truck_stations",
    "stations.truck_piles_per_station",
    "swap.kinds.taxi.sites", "swap.kinds.private.sites", "swap.kinds.truck.sites",
    "swap.kinds.taxi.access", "swap.kinds.private.access", "swap.kinds.truck.access",
    "choice.nearest_swap_sites",  # each pack type has one site
    "observed.public_piles", "observed.kwh_per_public_pile_day",  # null: not known of this city
    # no district of these classes in this city
    "outside.drive_min.northeast", "outside.drive_min.southeast",
    "corridors.gravity_exponent",  # corridors of a table of roads weigh by km x inhabitants
}  # fmt: skip
"""Keys of the small city of which its tables take the place."""
NO_PACK = {
    f"fleets.{fleet}.{share}"
    for fleet in ("logistics_van", "bus")
    for share in ("swap_share", "swap_capable_share")
}
"""Shares that must stay 0 without a pack type."""
TIED = {f"standard.criteria.{number}.measure" for number in range(12)}
"""Another measure needs another threshold beside it."""
ALIKE = ("fleets.ride_hailing.", "fleets.logistics_van.", "fleets.bus.")
"""Fleets whose keys are those of the others; they have a slow test."""


@pytest.fixture
def folder(tmp_path):
    target = copy_small_city(tmp_path)
    other_tables(target)
    return target


def test_no_key_of_choice_and_reservation_is_decoration(folder):
    loaded = load(folder / "small_city.yaml", BUSY)
    others = tuple(name for name in loaded.resolved if name not in ("choice", "reservation"))
    assert set(without_effect(loaded, others)[0]) - IN_TABLES == set()


@pytest.mark.slow
def test_no_key_of_the_small_city_is_decoration(folder):
    dead, untried = without_effect(
        load(folder / "small_city.yaml", [*BUSY, DARK.format("Riverside")]), ALIKE
    )
    assert set(dead) - IN_TABLES == set()
    assert set(untried) - IN_TABLES - TIED == set()


@pytest.mark.slow
def test_no_key_of_the_other_fleets_is_decoration(folder):
    loaded = load(folder / "small_city.yaml", [*BUSY, DARK.format("Riverside")])
    sections = tuple(name for name in loaded.resolved if name != "fleets")
    dead, untried = without_effect(
        loaded, (*sections, "fleets.private_car", "fleets.taxi", "fleets.heavy_truck")
    )
    assert set(dead) - NO_PACK == set()
    assert untried == []


@pytest.mark.slow
def test_no_key_of_the_plan_is_decoration(folder):
    """On a small city of the plan's tables; the small city above has the other sections."""
    plan = load(
        small_synthetic(folder) / "chongqing_2025.yaml", [*SMALLER, *BUSY, DARK.format("Yuzhong")]
    )
    dead, untried = without_effect(plan, ("fleets.", "adoption.", "standard.", "outside.", "grid."))
    # every west-ring district of the table has a share of its own
    assert set(dead) - {"layout.urban_share.west_ring"} == set()
    assert untried == []
