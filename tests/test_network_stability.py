"""Test that a layout stays where it is: one site more adds one and moves none."""

from functools import cache
from itertools import pairwise

import pytest
from factories import SCENARIOS

from chargesim.network.build import network_part
from chargesim.network.geography import synthetic_geography
from chargesim.network.roads import stops_along
from chargesim.scenario.reading import load

PLAN = load(SCENARIOS / "chongqing_2025.yaml")
COUNTS = dict(PLAN.scenario.stations.counts)
KINDS = {name: kind.sites for name, kind in PLAN.scenario.swap.kinds.items()}


@cache
def laid_out(changes=()):
    """Return place, node, guns and the rest of every site, by its id."""
    loaded = PLAN.replace(dict(changes))
    geography = synthetic_geography(loaded.scenario, loaded.folder)
    joined, sites = geography.joined, geography.joined.sites
    return {
        name: {
            "place": (sites.lat[i], sites.lon[i], joined.leg_km[i]),
            "node": geography.roads.name[joined.node[i]],
            "exit": geography.roads.name[joined.exit[i]],
            "guns": int(sites.guns[i]),
            "what": (sites.group[i], sites.access[i], sites.pack_type[i], int(sites.packs[i])),
        }
        for i, name in enumerate(sites.id)
    }


def without_guns(sites):
    return {name: {**site, "guns": None} for name, site in sites.items()}


@pytest.mark.parametrize("area", COUNTS)
def test_a_station_more_adds_one_and_moves_none(area):
    """At the same piles its guns come from others, one each; with its guns added nobody changes."""
    before = laid_out()
    more = {f"stations.counts.{area}": COUNTS[area] + 1}
    after = laid_out(tuple(more.items()))
    (new,) = after.keys() - before.keys()
    assert after[new]["what"][0] == area
    kept = {name: site for name, site in after.items() if name != new}
    assert without_guns(kept) == without_guns(before)
    assert list(kept) == list(before)
    lost = [before[name]["guns"] - site["guns"] for name, site in kept.items()]
    assert set(lost) <= {0, 1}
    assert sum(lost) == after[new]["guns"]
    piles = PLAN.scenario.stations.piles + after[new]["guns"]
    whole = laid_out((*more.items(), ("stations.piles", piles)))
    assert whole == {**before, new: after[new]}


@pytest.mark.parametrize(
    ("key", "count"),
    [
        ("stations.truck_stations", 40),
        *((f"swap.kinds.{name}.sites", count) for name, count in KINDS.items()),
    ],
)
def test_a_truck_station_or_swap_site_more_changes_no_other_site(key, count):
    before, after = laid_out(), laid_out(((key, count + 1),))
    (new,) = after.keys() - before.keys()
    assert after == {**before, new: after[new]}


def test_many_more_and_many_fewer_move_none():
    """The layouts are nested in every count, however far apart."""
    before = laid_out()
    half = laid_out(
        tuple((f"stations.counts.{area}", count // 2) for area, count in COUNTS.items())
    )
    twice = laid_out(
        (
            *((f"stations.counts.{area}", 2 * count) for area, count in COUNTS.items()),
            ("stations.piles", 8000),
        )
    )
    for small, large in ((half, before), (before, twice)):
        assert without_guns(small).items() <= without_guns(large).items()


def test_more_piles_move_no_site_and_take_no_gun():
    layouts = [laid_out((("stations.piles", piles),)) for piles in (2500, 4000, 4001, 7000, 13000)]
    for fewer, more in pairwise(layouts):
        assert without_guns(fewer) == without_guns(more)
        for name, site in more.items():
            assert site["guns"] >= fewer[name]["guns"]
            if site["what"][1] != "public":
                assert site["guns"] == fewer[name]["guns"]


def test_no_vehicle_moves_a_site():
    """Stocks, mixes and the rural weight of the demand leave the plan where it is."""
    changes = {
        "fleets.ride_hailing.stock": 10_000,
        "fleets.heavy_truck.stock": 0,
        "fleet.rural_weight": 0.6,
    }
    assert network_part(PLAN.replace(changes).scenario) == network_part(PLAN.scenario)
    assert laid_out(tuple(changes.items())) == laid_out()


def test_a_site_more_keeps_the_order_in_which_the_others_open():
    """In any month at most one other site makes way for it."""
    month = {
        "enabled": True,
        "month": "2024-12",
        "share_exponent": 0.5,
        "milestones": [
            {"month": "2023-12", "built": 0.0, "stock": 1000},
            {"month": "2025-12", "built": 1.0, "stock": 1000},
        ],
    }
    opened = []
    for core in (COUNTS["core"], COUNTS["core"] + 1):
        loaded = PLAN.replace({"buildup": month, "stations.counts.core": core})
        geography = synthetic_geography(loaded.scenario, loaded.folder)
        opened.append(set(geography.joined.sites.id))
    assert len(opened[0] - opened[1]) <= 1
    assert len(opened[1] - opened[0]) <= 1


@pytest.mark.parametrize("usual", range(5))
def test_service_areas_are_at_even_steps_and_one_more_moves_none(usual):
    for count in range(9):
        stops, more = stops_along(count, usual), stops_along(count + 1, usual)
        assert stops.items() <= more.items()
        assert len(more) == count + 1
        places = list(more.values())
        assert places == sorted(set(places))
        assert 0 < places[0] <= places[-1] < 1
    assert stops_along(usual, usual) == {n: n / (usual + 1) for n in range(1, usual + 1)}


def test_service_areas_beyond_the_usual_halve_the_longest_gap():
    assert stops_along(3, 0) == {2: 0.25, 1: 0.5, 3: 0.75}
    assert list(stops_along(1, 3)) == [2]  # the middle one of three
