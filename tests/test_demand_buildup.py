"""Test what a month of the build-up and a fleet's electrification do to the ledger.

By hand and at their limits.
"""

from math import sqrt

import pytest
from factories import SCENARIOS

from chargesim.demand.curves import read_curves
from chargesim.demand.ledger import CORRIDOR, build_ledger
from chargesim.network.build import build_network
from chargesim.scenario.reading import load

PLAN = load(SCENARIOS / "chongqing_2025.yaml")
CURVES = read_curves(SCENARIOS / "tables/charging_curves.csv")
STOCK = sum(fleet.stock.value for fleet in PLAN.scenario.fleets.values())


def ledger(changes=None):
    loaded = PLAN.replace(changes or {})
    return build_ledger(loaded.scenario, loaded.folder, CURVES)


def lines(changes=None):
    return {row.fleet: row for row in ledger(changes).rows}


def buildup(built, stock=STOCK, exponent=0.5, month="2024-06"):
    """Milestones that do not change over the months."""
    milestones = [
        {"month": month, "built": built, "stock": stock} for month in ("2024-01", "2025-12")
    ]
    return {
        "buildup": {
            "enabled": True,
            "month": month,
            "share_exponent": exponent,
            "milestones": milestones,
        }
    }


def bare(whole):
    """Give the numbers of a ledger's rows, without the words."""
    return [
        {name: value for name, value in row.__dict__.items() if name != "sources"}
        for row in whole.rows
    ]


def test_a_finished_build_up_is_none():
    assert repr(bare(ledger(buildup(1.0)))) == repr(bare(ledger()))


def test_exponent_0_leaves_the_shares():
    assert repr(bare(ledger(buildup(0.25, exponent=0)))) == repr(bare(ledger()))


def test_a_quarter_of_the_sites_is_found_by_half():
    """0.25 ** 0.5 = 0.5: half of the fast share and of the corridors; the swap share stays."""
    whole, quarter = lines(), lines(buildup(0.25))
    for name, fleet in PLAN.scenario.fleets.items():
        asked = fleet.fast_share.value / 2 + fleet.swap_share.value
        assert quarter[name].share_at_network == pytest.approx(asked)
        assert quarter[name].swap_target_share == pytest.approx(fleet.swap_share.value / asked)
        assert quarter[name].network_kwh_per_day == pytest.approx(
            whole[name].public_kwh_per_day * asked
        )
    assert quarter[CORRIDOR].sessions_per_day == pytest.approx(whole[CORRIDOR].sessions_per_day / 2)
    assert (
        "; here 0.25 x 0.500, 25.0% of the sites built, to the power 0.5"
        in quarter["private_car"].sources
    )
    assert "here 0.4 x 0.500, 25.0% of the sites built" in quarter[CORRIDOR].sources


def test_nothing_built_asks_swap_sites_alone():
    rows = lines(buildup(0.0))
    assert (
        rows["private_car"].share_at_network == PLAN.scenario.fleets["private_car"].swap_share.value
    )
    assert rows[CORRIDOR].sessions_per_day == 0


def test_the_rule_gives_the_shares_of_mid_2024():
    """500 of 2,040 stations: the root is 0.495, as that scenario says in three digits."""
    assert sqrt(500 / 2040) == pytest.approx(0.495, abs=5e-4)
    built = lines(buildup(500 / 2040))
    mid = load(SCENARIOS / "chongqing_mid_2024.yaml")
    for row in build_ledger(mid.scenario, mid.folder, CURVES).rows:
        assert built[row.fleet].share_at_network == pytest.approx(row.share_at_network, abs=6e-4), (
            row.fleet
        )


def test_the_companions_scenario_follows_its_rule():
    """What the other 46,100 public piles are asked for.

    By the count of the 12,000 companions among them; trucks as before.
    """
    companions = load(SCENARIOS / "chongqing_companions.yaml")
    assert build_network(companions.scenario, companions.folder).sites.companions.sum() == 12_000
    for name, fleet in companions.scenario.fleets.items():
        plan = PLAN.scenario.fleets[name]
        part = 0 if fleet.group == "trucks" else 12_000 / 46_100
        for bound in ("low", "value", "high"):
            fast = getattr(plan.fast_share, bound)
            asked = fast + (1 - fast - plan.swap_share.value) * part
            assert getattr(fleet.fast_share, bound) == pytest.approx(asked, abs=6e-4), (name, bound)


def test_stock_of_a_month_keeps_the_mix():
    """From 100,000 in January to 400,000 in May: halfway, in March, twice 100,000."""
    milestones = [
        {"month": "2024-01", "built": 1, "stock": 100_000},
        {"month": "2024-05", "built": 1, "stock": 400_000},
    ]
    changes = {
        "buildup": {
            "enabled": True,
            "month": "2024-03",
            "share_exponent": 1,
            "milestones": milestones,
        }
    }
    march = ledger(changes)
    assert march.stock == pytest.approx(200_000)
    assert march.stock_text == "at the end of 2024-03, by the milestones of the build-up"
    for row in march.rows:
        if row.fleet != CORRIDOR:
            assert row.stock == pytest.approx(
                200_000 * PLAN.scenario.fleets[row.fleet].stock.value / STOCK
            )
    off = ledger({"buildup": {**changes["buildup"], "enabled": False}})
    assert off.stock == STOCK


def test_nevs_on_the_corridors_grow_with_the_stock():
    half = lines(buildup(1.0, stock=STOCK / 2))[CORRIDOR]
    assert half.sessions_per_day == pytest.approx(lines()[CORRIDOR].sessions_per_day / 2)
    assert lines(buildup(1.0, stock=STOCK * 100))[CORRIDOR].sessions_per_day == pytest.approx(
        lines()[CORRIDOR].sessions_per_day / PLAN.scenario.corridors.nev_share_of_traffic.value
    ), "no more than all traffic is electric"


def test_electrification_by_hand():
    before, after = (
        lines(),
        lines({"fleets.taxi.vehicles": 24_000, "fleets.taxi.electrification": 0.8}),
    )
    assert after["taxi"].stock == pytest.approx(19_200)
    assert after["taxi"].sessions_per_day == pytest.approx(
        before["taxi"].sessions_per_day * 19_200 / 11_000
    )
    assert after["taxi"].sources.startswith(
        "stock: 19,200 = 24,000 x 0.80 electric (vehicles: set in Python, electrification: set "
        "in Python); active_share: "
    )
    assert {name for name in before if repr(before[name]) != repr(after[name])} == {"taxi"}
    total = ledger({"fleets.taxi.electrification": 0.8, "fleet.stock": 100_000})
    mix = STOCK - 11_000 + 0.8 * PLAN.scenario.fleets["taxi"].vehicles.value
    assert total.rows[list(PLAN.scenario.fleets).index("taxi")].stock == pytest.approx(
        100_000 * 0.8 * PLAN.scenario.fleets["taxi"].vehicles.value / mix
    )


def test_electrification_at_stock_over_vehicles_is_the_stock():
    changes = {
        f"fleets.{name}.electrification": fleet.stock.value / fleet.vehicles.value
        for name, fleet in PLAN.scenario.fleets.items()
        if fleet.vehicles
    }
    assert {
        "fleets.taxi.electrification",
        "fleets.bus.electrification",
        "fleets.heavy_truck.electrification",
    } <= set(changes)
    for a, b in zip(ledger().rows, ledger(changes).rows, strict=True):
        assert b.sessions_per_day == pytest.approx(a.sessions_per_day, rel=1e-12)
    for nothing in ("taxi", "bus"):
        assert lines({f"fleets.{nothing}.electrification": 0})[nothing].sessions_per_day == 0


def test_the_plan_does_not_move_with_electrification():
    places = []
    for changes in (
        {},
        {
            "fleets.taxi.electrification": 1.0,
            "fleets.heavy_truck.electrification": 0.9,
            "fleets.private_car.vehicles": 1e7,
        },
    ):
        loaded = PLAN.replace(changes)
        places.append(build_network(loaded.scenario, loaded.folder).sites)
    assert places[0].lat.tobytes() == places[1].lat.tobytes()
    assert places[0].access == places[1].access
