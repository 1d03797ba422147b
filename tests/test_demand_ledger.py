"""Test the demand ledger.

Every line by hand, the levers over all fleets, the energy of the plan's city.
"""

from dataclasses import replace

import numpy as np
import pytest
from factories import SCENARIOS

from chargesim.demand.curves import read_curves
from chargesim.demand.ledger import CORRIDOR, SocRule, build_ledger
from chargesim.demand.observed_use import asked_use, public_energy
from chargesim.errors import InputError
from chargesim.runs.case import build_case
from chargesim.scenario.reading import load

PLAN = load(SCENARIOS / "chongqing_2025.yaml")
CURVES = read_curves(SCENARIOS / "tables/charging_curves.csv")


def ledger(changes=None):
    loaded = PLAN.replace(changes or {})
    return build_ledger(loaded.scenario, loaded.folder, CURVES)


def lines(changes=None):
    return {row.fleet: row for row in ledger(changes).rows}


def test_a_line_by_hand():
    """Without truncation a session gains target less SOC.

    The battery is 45 kWh, or 42 kWh of a swap-capable taxi.
    """
    changes = {
        "fleets.taxi.soc_mean": 0.3, "fleets.taxi.soc_sd": 1e-6,
        "fleets.taxi.target_soc_mean": 0.8, "fleets.taxi.target_soc_sd": 1e-6,
        "fleets.taxi.curves": {"city400_45": 1.0}, "fleets.taxi.stock": 1000,
        "fleets.taxi.active_share": 0.9, "fleets.taxi.km_per_day": 200,
        "fleets.taxi.consumption_kwh_km": 0.2, "fleet.season_factor": 1.1,
        "fleets.taxi.public_share": 0.5, "fleets.taxi.fast_share": 0.2,
        "fleets.taxi.swap_share": 0.3, "fleets.taxi.swap_capable_share": 0.4,
        "fleet.public_energy_factor": 0.5,
    }  # fmt: skip
    row = lines(changes)["taxi"]
    own = float(CURVES.battery_kwh[CURVES.index("city400_45")])
    assert row.consumption_kwh_km == pytest.approx(0.22)
    assert row.energy_kwh_per_day == pytest.approx(1000 * 0.9 * 200 * 0.22)
    assert row.public_kwh_per_day == pytest.approx(9_900)
    assert row.network_kwh_per_day == pytest.approx(4_950)
    assert row.swap_target_share == pytest.approx(0.6)
    packs, cars = row.capable_share * 42, (1 - row.capable_share) * own
    assert packs / (packs + cars) == pytest.approx((0.3 + 0.4 * 0.2) / 0.5)
    assert row.session_kwh == pytest.approx(
        (row.capable_share * 42 + (1 - row.capable_share) * own) * 0.5, rel=1e-4
    )
    assert row.sessions_per_day == pytest.approx(4_950 / row.session_kwh)
    assert row.share_at_network == pytest.approx(0.5)
    assert row.sources.startswith("stock: set in Python; active_share: ")
    assert "fast_share: assumed" in lines()["taxi"].sources


def test_fleet_stock_scales_all_with_a_constant_mix():
    """Without cars of the city at service areas, whose energy does not follow the stock."""
    apart = {"corridors.local_share": 0}
    before, after = lines(apart), lines({**apart, "fleet.stock": 2 * ledger().stock})
    for name, row in before.items():
        if name == CORRIDOR:
            assert after[name].sessions_per_day == row.sessions_per_day
            continue
        assert after[name].stock == pytest.approx(2 * row.stock)
        assert after[name].sessions_per_day == pytest.approx(2 * row.sessions_per_day)
        assert after[name].session_kwh == row.session_kwh
    assert "given as a total" in ledger({"fleet.stock": 10}).stock_text


def test_one_fleet_s_stock_moves_that_fleet_alone():
    before, after = lines(), lines({"fleets.taxi.stock": 22_000})
    assert after["taxi"].sessions_per_day == pytest.approx(2 * before["taxi"].sessions_per_day)
    assert {name for name in before if repr(before[name]) != repr(after[name])} == {"taxi"}
    assert ledger({"fleets.taxi.stock": 22_000}).stock == pytest.approx(ledger().stock + 11_000)


def test_share_at_network_scales_every_fleet_alike():
    usual = ledger()
    wanted = usual.share_at_network * 1.2
    more = ledger({"fleet.share_at_network": wanted})
    assert more.share_at_network == pytest.approx(wanted)
    for a, b in zip(usual.rows, more.rows, strict=True):
        factor = 1.0 if a.fleet == CORRIDOR else 1.2
        assert b.sessions_per_day == pytest.approx(factor * a.sessions_per_day)
        assert b.network_kwh_per_day == pytest.approx(factor * a.network_kwh_per_day)
        assert b.public_kwh_per_day == a.public_kwh_per_day
        assert b.swap_target_share == a.swap_target_share
        assert b.capable_share == a.capable_share


def test_share_at_network_refuses_more_than_all_public_energy():
    with pytest.raises(InputError) as caught:
        ledger({"fleet.share_at_network": 0.9})
    usual = ledger()
    most = usual.share_at_network / max(
        row.share_at_network for row in usual.rows if row.fleet != CORRIDOR
    )
    (fault,) = caught.value.faults
    assert (
        fault == "fleet.share_at_network: 0.9 would ask more than all public energy "
        f"of taxi, heavy_truck; at most {most:.3f} with this mix"
    )
    ledger({"fleet.share_at_network": float(np.floor(most * 1000) / 1000)})


def test_the_city_asks_8_6_gwh_a_day():
    """The facts of the city, section 4: 8.6 GWh a day for all six fleets, of it 5.1 in public.

    That is before the calibration, and with what cars take at service areas.
    """
    plain = {"fleet.public_energy_factor": 1, "corridors.local_share": 0}
    rows = {name: row for name, row in lines(plain).items() if name != CORRIDOR}
    gwh = {name: row.energy_kwh_per_day / 1e6 for name, row in rows.items()}
    assert sum(gwh.values()) == pytest.approx(8.6, rel=0.03)
    expected = {
        "private_car": 3.1,
        "heavy_truck": 1.4,
        "logistics_van": 1.35,
        "ride_hailing": 1.2,
        "bus": 1.0,
        "taxi": 0.5,
    }
    assert gwh == pytest.approx(expected, rel=0.03)
    assert ledger().stock == pytest.approx(952_000, rel=0.03)
    assert sum(row.public_kwh_per_day for row in rows.values()) / 1e6 == pytest.approx(
        5.1, rel=0.05
    )


def test_the_calibrated_ledger_gives_the_energy_of_the_public_piles():
    """62 kWh at each of 50,100 public piles, 3.1 GWh a day, within 1 %; swapping is none of it."""
    own = ledger()
    public = public_energy(PLAN.scenario, own)
    assert public.top_down_kwh == pytest.approx(50_100 * 62)
    assert public.calibrated_kwh == pytest.approx(public.top_down_kwh, rel=0.01)
    charged = [
        row.public_kwh_per_day - row.network_kwh_per_day * row.swap_target_share for row in own.rows
    ]
    assert public.calibrated_kwh == pytest.approx(sum(charged))
    plain = ledger({"fleet.public_energy_factor": 1})
    assert public.bottom_up_kwh == pytest.approx(public_energy(PLAN.scenario, plain).calibrated_kwh)
    mid = load(SCENARIOS / "chongqing_mid_2024.yaml")
    then = public_energy(mid.scenario, build_ledger(mid.scenario, mid.folder, CURVES))
    assert then.calibrated_kwh == pytest.approx(36_000 * 62, rel=0.01)


def test_cars_of_the_city_at_service_areas_are_counted_once():
    """What they charge there on an ordinary day is taken out of their fleet's line; no more."""
    apart, own = lines({"corridors.local_share": 0}), lines()
    local = PLAN.scenario.corridors.local_share.value * own[CORRIDOR].public_kwh_per_day
    cars, before = own["private_car"], apart["private_car"]
    assert cars.on_corridors_kwh_per_day == pytest.approx(local)
    assert cars.public_kwh_per_day == pytest.approx(before.public_kwh_per_day - local)
    assert cars.sessions_per_day / before.sessions_per_day == pytest.approx(
        cars.public_kwh_per_day / before.public_kwh_per_day
    )
    changed = {
        name
        for name in own
        if repr(replace(own[name], sources="")) != repr(replace(apart[name], sources=""))
    }
    assert changed == {"private_car"}
    holiday = lines({"corridors.holiday_factor": 2.59})
    assert repr(holiday["private_car"]) == repr(cars)
    few = lines({"fleets.private_car.stock": 10})["private_car"]
    assert few.public_kwh_per_day == few.sessions_per_day == 0


def test_a_gun_s_use_by_hand():
    """Sessions and energy at guns over all guns; without swap sites nothing is swapped."""
    small = load(SCENARIOS / "small_city.yaml")
    for changes, swapping in (({}, True), ({"swap.enabled": False}, False)):
        case = build_case(small.replace(changes))
        use = asked_use(case.ledger, case.network)
        parts = [1 - row.swap_target_share * swapping for row in case.ledger.rows]
        sessions = sum(p * row.sessions_per_day for p, row in zip(parts, case.ledger.rows))
        assert use.sessions_per_gun_day == pytest.approx(sessions / 16)
        energy = sum(p * row.network_kwh_per_day for p, row in zip(parts, case.ledger.rows))
        assert use.kwh_per_gun_day == pytest.approx(energy / 16)


def test_the_range_of_the_shares_holds_the_observed_use():
    """With every share at its low end a gun has at most the 3.0 sessions a day of NIO's."""
    low = {
        f"fleets.{name}.fast_share": fleet.fast_share.low
        for name, fleet in PLAN.scenario.fleets.items()
    }
    low["corridors.share_at_network"] = PLAN.scenario.corridors.share_at_network.low
    asked = ledger(low)
    swapped = sum(row.sessions_per_day * row.swap_target_share for row in asked.rows)
    (nio, *_) = [one for one in PLAN.scenario.observed.anchors if one.sessions_per_gun_day]
    assert (asked.sessions_per_day - swapped) / 4_000 <= nio.sessions_per_gun_day == 3.0


def test_sums_are_those_of_the_lines():
    whole = ledger()
    assert whole.sessions_per_day == pytest.approx(sum(row.sessions_per_day for row in whole.rows))
    assert whole.network_kwh_per_day == pytest.approx(
        sum(row.sessions_per_day * row.session_kwh for row in whole.rows)
    )


def test_a_corridor_line_by_hand():
    corridors = PLAN.scenario.corridors
    row = lines()[CORRIDOR]
    assert row.sessions_per_day == pytest.approx(227_800 * 0.144 * 0.17 * 1.0 * 0.4)
    car = PLAN.scenario.fleets["private_car"]
    assert row.consumption_kwh_km == pytest.approx(car.consumption_kwh_km.value * 1.25)
    rule = SocRule.of(PLAN.scenario, car, corridors)
    assert rule.soc_low == corridors.soc_low.value
    assert lines({"corridors.holiday_factor": 2.59})[CORRIDOR].sessions_per_day == pytest.approx(
        2.59 * row.sessions_per_day
    )
    assert CORRIDOR not in lines({"corridors": None})


def test_swap_capable_share_of_the_wishes():
    for name, fleet in PLAN.scenario.fleets.items():
        share = lines()[name].capable_share
        assert 0 <= share <= 1
        if fleet.swap_capable_share.value == 0:
            assert share == 0
        else:
            assert share > 0


def test_no_vehicles_ask_for_nothing():
    rows = ledger({"fleet.stock": 0, "corridors": None}).rows
    assert all(row.sessions_per_day == 0 and row.network_kwh_per_day == 0 for row in rows)
    none = ledger({f"fleets.{name}.stock": 0 for name in PLAN.scenario.fleets})
    assert none.stock == 0
    assert none.share_at_network == 0
    no_shares = ledger(
        {
            f"fleets.{name}.{share}": 0
            for name in PLAN.scenario.fleets
            for share in ("fast_share", "swap_share")
        }
    )
    assert no_shares.share_at_network == 0
