"""Test that `chargesim check` tells of mechanisms that are on and can change nothing, and of no other."""

import json
from io import StringIO

import pytest
from factories import SCENARIOS
from network_files import copy_small_city
from rich.console import Console
from test_cli import SMALL as SMALL_FILE
from test_cli import chargesim

from chargesim.scenario.reading import load
from chargesim.study.case import build_case
from chargesim.study.checking import check_case
from chargesim.study.idle import idle_mechanisms
from chargesim.view.checking import print_check

SMALL = load(SCENARIOS / "small_city.yaml")
FLEETS = tuple(SMALL.scenario.fleets)
HERE = "Riverside"
"""A district of the small city."""


def of_all(key, value):
    return {f"fleets.{name}.{key}": value for name in FLEETS}


TARIFF = {"tariff.enabled": True}
STIFF = of_all("flexible_share", 0.0)
RESERVED = {"choice.reservation.enabled": True}
STORED = {"stations.store.enabled": True}
COMPANIONS = {"stations.companions.per_ultra_fast_gun": 3}
SMART = {"swap.smart.enabled": True}
FAILURES = {"reliability.failures": True}
BUILT = {
    "fleet.stock": None,
    "buildup": {
        "enabled": True,
        "month": "2025-06",
        "milestones": [{"month": "2024-06", "built": 0.2, "stock": 2000}, {"month": "2026-06", "built": 1.0, "stock": 4000}],
        "share_exponent": 0.5,
    },
}
FLAT = {"tariff.periods.peak.factor": 1.3, "tariff.periods.valley.factor": 1.3, "tariff.periods.valley.hours": [0, 1, 2, 3, 4, 5, 6, 7]}
NO_HOURS = {"tariff.periods.peak.hours": [], "tariff.periods.valley.hours": []}
STOCK = SMALL.scenario.fleets["taxi"].stock.value


def idle(changes):
    case = build_case(SMALL.replace(changes))
    return list(idle_mechanisms(case.scenario, case.network, case.task.demand))


def blackout(district=HERE, day=0):
    return {"blackouts": [{"district": district, "day": day, "from_hour": 17, "hours": 2}]}


LINES = {
    "tariff: is on, but every hour has the same price; it changes nothing": {**TARIFF, **NO_HOURS},
    "tariff: is on, but energy_cny_kwh is 0; it changes nothing": {**TARIFF, "tariff.energy_cny_kwh": 0.0},
    "tariff: is on, but energy_cny_kwh is 0; it changes no driver's price": {**TARIFF, **SMART, "tariff.energy_cny_kwh": 0.0},
    "tariff: is on, but no vehicle can put off its wish and the outside option's price follows too (outside: true); "
    "it changes little, only the choice between a swap and a gun": {**TARIFF, **STIFF},
    "connected_share: is above 0, but compliance is 0 for taxi; nobody there follows the cloud, the connected use the posted occupancy": {
        "fleets.taxi.connected_share": 0.4,
        "fleets.taxi.compliance": 0.0,
    },
    "choice.reservation: is on, but no vehicle follows the cloud (connected_share x compliance is 0); it changes nothing": RESERVED,
    "choice.reservation: is on, but hold_min and grace_min are 0; no gun ever waits for a vehicle": {
        **RESERVED,
        "fleet.connected_share": 0.4,
        "choice.reservation.hold_min": 0.0,
        "choice.reservation.grace_min": 0.0,
    },
    "stations.store: is on, but kwh is 0; it changes nothing": {**STORED, "stations.store.kwh": 0.0},
    "stations.store: is on, but kw is 0; it changes nothing": {**STORED, "stations.store.kw": 0.0},
    "stations.store: is on, but charge_hours is empty; it is never charged": {**STORED, "stations.store.charge_hours": []},
    "stations.store: is on, but lend_hours is empty; it changes nothing": {**STORED, "stations.store.lend_hours": []},
    "stations.companions: per_ultra_fast_gun is above 0, but no station has an access of `at` (taxi); it changes nothing": {
        **COMPANIONS,
        "stations.companions.at": ["taxi"],
    },
    "stations.companions: per_ultra_fast_gun is above 0, but no station has an access of `at` (none); it changes nothing": {
        **COMPANIONS,
        "stations.companions.at": [],
    },
    "swap.smart: is on, but the tariff is off; it changes nothing": SMART,
    "swap.smart: is on, but there is no swap site; it changes nothing": {**SMART, **TARIFF, "swap.enabled": False},
    "reliability.failures: is on, but with mtbf_h 1e+06 and mttr_h 25 a gun is available 100.00 % of the time; "
    "it changes next to nothing": {**FAILURES, "reliability.mtbf_h": 1e6},
    "reliability.failed_start_share: is above 0, but failed_start_min is 0; it changes nothing": {
        "reliability.failed_start_share": 0.1,
        "reliability.failed_start_min": 0.0,
    },
    "blackouts.0: begins on day 1, but the last judged day is 0; no judged wish falls into it": blackout(day=1),
    f"fleets.taxi.electrification: vehicles x electrification is the stock, {STOCK:,.0f}; it changes nothing": {
        "fleets.taxi.vehicles": STOCK,
        "fleets.taxi.electrification": 1.0,
    },
    "buildup: is on, but the plan is fully built in 2026-06; it changes the stock alone": {
        **BUILT,
        "buildup": {**BUILT["buildup"], "month": "2026-06"},
    },
}


@pytest.mark.parametrize(("line", "changes"), LINES.items())
def test_a_mechanism_that_can_change_nothing_is_told(line, changes):
    assert idle(changes) == [line]


def test_two_lines_of_one_price():
    assert idle({**TARIFF, **SMART, **NO_HOURS}) == [
        "tariff: is on, but every hour has the same price; it changes nothing",
        "swap.smart: is on, but every hour has the same price; it changes nothing",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        TARIFF,
        {**TARIFF, **FLAT},  # 16 hours at 1.3 and 8 at 1 are two prices
        {**TARIFF, **STIFF, "tariff.outside": False},
        {"fleet.connected_share": 0.4},
        {**of_all("compliance", 0.0)},  # nobody is connected
        {**RESERVED, "fleet.connected_share": 0.4},
        {**RESERVED, "fleet.connected_share": 0.4, "choice.reservation.grace_min": 0.0},
        STORED,
        {"stations.store.kwh": 0.0},  # off
        COMPANIONS,
        {"stations.companions.at": []},  # off
        {**SMART, **TARIFF},
        FAILURES,
        {**FAILURES, "reliability.mtbf_h": 100_000.0},  # 99.98 %
        {"reliability.failed_start_share": 0.1},
        {"reliability.failed_start_min": 0.0},  # off
        blackout(),
        {"fleets.taxi.vehicles": STOCK, "fleets.taxi.electrification": 0.5},
        BUILT,
    ],
)
def test_a_mechanism_that_works_or_is_off_is_not_told(changes):
    assert idle(changes) == []


def test_a_blackout_of_a_district_without_a_site_is_told(tmp_path):
    folder = copy_small_city(tmp_path)
    sites = folder / "small/sites.csv"
    rows = sites.read_text(encoding="utf-8").splitlines()
    gone = [row for row in rows if f",{HERE}," not in row]
    assert len(gone) < len(rows)
    sites.write_text("\n".join(gone) + "\n", encoding="utf-8")
    case = build_case(load(folder / "small_city.yaml").replace(blackout()))
    assert f"blackouts.0: {HERE} has no site; it changes nothing" in idle_mechanisms(case.scenario, case.network, case.task.demand)


def test_recorded_wishes_follow_no_cloud(tmp_path):
    folder = copy_small_city(tmp_path)
    (folder / "log.csv").write_text("wish_min,zone,vehicle_class,soc,target_soc\n5,R01,taxi,0.2,0.8\n", encoding="utf-8")
    loaded = load(folder / "small_city.yaml", ["recorded=log.csv", "fleet.connected_share=0.5", "reliability.failed_start_share=0.1"])
    case = build_case(loaded)
    (row,) = case.task.demand.day(0, 0)
    assert (row["guidance"], row["failed_starts"], row["put_off_min"]) == (0, 0, 0)
    assert list(idle_mechanisms(case.scenario, case.network, case.task.demand)) == [
        "connected_share: is above 0, but the recorded wishes say of nobody that it is connected; it changes nothing",
        "reliability.failed_start_share: is above 0, but the recorded wishes say of no start that it fails; it changes nothing",
    ]


def test_check_prints_the_lines_and_has_them_as_json(tmp_path):
    change = ["--set", "swap.smart.enabled=true"]
    line = "swap.smart: is on, but the tariff is off; it changes nothing"
    assert json.loads(chargesim("check", SMALL_FILE, *change, "--json", cwd=tmp_path).stdout)["idle"] == [line]
    assert f"Switched on, but idle\n{line}\n" in chargesim("check", SMALL_FILE, *change, cwd=tmp_path).stdout
    plain = chargesim("check", SMALL_FILE, cwd=tmp_path)
    assert "idle" not in plain.stdout


def test_check_prints_the_source_of_every_arrival_process():
    printed = StringIO()
    checked = check_case(build_case(SMALL))
    print_check(Console(file=printed, width=200), checked)
    text = printed.getvalue()
    for words in ("profile taxi_shift_change, derived: shift_fleet x factors", "profile day_fleet, arrivals at the rapid points of Perth"):
        assert words in text
    assert all("; arrivals: profile " in row.sources for row in checked.ledger)
