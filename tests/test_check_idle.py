"""Test that `chargesim check` reports mechanisms that are on without effect, and no others."""

import json
from io import StringIO

import pytest
from factories import SCENARIOS
from network_files import copy_small_city
from rich.console import Console
from test_cli import SMALL as SMALL_FILE
from test_cli import chargesim

from chargesim.errors import InputError
from chargesim.runs.case import build_case
from chargesim.runs.mechanisms.registry import inert_mechanisms
from chargesim.runs.scenario_check import check_case
from chargesim.scenario.reading import load
from chargesim.view.scenario_check import print_check

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
        "milestones": [
            {"month": "2024-06", "built": 0.2, "stock": 2000},
            {"month": "2026-06", "built": 1.0, "stock": 4000},
        ],
        "share_exponent": 0.5,
    },
}
FLAT = {
    "tariff.periods.peak.factor": 1.3,
    "tariff.periods.valley.factor": 1.3,
    "tariff.periods.valley.hours": [0, 1, 2, 3, 4, 5, 6, 7],
}
NO_HOURS = {"tariff.periods.peak.hours": [], "tariff.periods.valley.hours": []}
STOCK = SMALL.scenario.fleets["taxi"].stock.value


def idle(changes):
    case = build_case(SMALL.replace(changes))
    return list(inert_mechanisms(case))


def blackout(district=HERE, day=0):
    return {"blackouts": [{"district": district, "day": day, "from_hour": 17, "hours": 2}]}


LINES = {
    "tariff: is on, but every hour has the same price; it changes nothing": {**TARIFF, **NO_HOURS},
    "tariff: is on, but energy_cny_kwh is 0; it changes nothing": {
        **TARIFF,
        "tariff.energy_cny_kwh": 0.0,
    },
    "tariff: is on, but energy_cny_kwh is 0; it changes no driver's price": {
        **TARIFF,
        **SMART,
        "tariff.energy_cny_kwh": 0.0,
    },
    "tariff: is on, but no vehicle can put off its wish and the outside option's price "
    "follows too (outside: true); "
    "it changes little, only the choice between a swap and a gun": {**TARIFF, **STIFF},
    (
        "connected_share: is above 0, but compliance is 0 for taxi; nobody there follows the "
        "cloud, the connected use the posted occupancy"
    ): {
        "fleets.taxi.connected_share": 0.4,
        "fleets.taxi.compliance": 0.0,
    },
    (
        "choice.reservation: is on, but no vehicle follows the cloud (connected_share x "
        "compliance is 0); it changes nothing"
    ): RESERVED,
    (
        "choice.reservation: is on, but hold_min and grace_min are 0; no gun ever waits for "
        "a vehicle"
    ): {
        **RESERVED,
        "fleet.connected_share": 0.4,
        "choice.reservation.hold_min": 0.0,
        "choice.reservation.grace_min": 0.0,
    },
    "stations.store: is on, but kwh is 0; it changes nothing": {
        **STORED,
        "stations.store.kwh": 0.0,
    },
    "stations.store: is on, but kw is 0; it changes nothing": {**STORED, "stations.store.kw": 0.0},
    "stations.store: is on, but charge_hours is empty; it is never charged": {
        **STORED,
        "stations.store.charge_hours": [],
    },
    "stations.store: is on, but lend_hours is empty; it changes nothing": {
        **STORED,
        "stations.store.lend_hours": [],
    },
    (
        "stations.companions: per_ultra_fast_gun is above 0, but no station has an access of "
        "`at` (taxi); it changes nothing"
    ): {
        **COMPANIONS,
        "stations.companions.at": ["taxi"],
    },
    (
        "stations.companions: per_ultra_fast_gun is above 0, but no station has an access of "
        "`at` (none); it changes nothing"
    ): {
        **COMPANIONS,
        "stations.companions.at": [],
    },
    (
        "fleets.taxi.pack_type: truck_282 is at no swap site that it may use; its "
        "swap-capable vehicles charge"
    ): {"fleets.taxi.pack_type": "truck_282"},
    "swap.smart: is on, but the tariff is off; it changes nothing": SMART,
    "swap.smart: is on, but there is no swap site; it changes nothing": {
        **SMART,
        **TARIFF,
        "swap.enabled": False,
    },
    "swap.lending: is on, but there is no swap site; it changes nothing": {
        "swap.lending.enabled": True,
        "swap.enabled": False,
    },
    "swap.lending: is on, but at 2 swap sites modules_per_pack x module_kw is not above slot_kw; "
    "no pack gets more there than from its own slot": {
        "swap.lending.enabled": True,
        "swap.lending.modules_per_pack": 1,
        "swap.kinds.truck.module_kw": 310.0,
    },
    "reliability.failures: is on, but with mtbf_h 1e+06 and mttr_h 24.7 a gun is available "
    "100.00 % of the time; "
    "it changes next to nothing": {**FAILURES, "reliability.mtbf_h": 1e6},
    "reliability.failed_start_share: is above 0, but failed_start_min is 0; it changes nothing": {
        "reliability.failed_start_share": 0.1,
        "reliability.failed_start_min": 0.0,
    },
    (
        "blackouts.0: begins on day 1, but the last judged day is 0; no judged wish falls into it"
    ): blackout(day=1),
    (
        f"fleets.taxi.electrification: vehicles x electrification is the stock, {STOCK:,.0f}; "
        "it changes nothing"
    ): {
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
        "swap.smart: is on, but every hour has the same price; it changes nothing",
        "tariff: is on, but every hour has the same price; it changes nothing",
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
        {"fleets.taxi.pack_type": "truck_282", "swap.enabled": False},
        {
            "fleets.taxi.pack_type": "truck_282",
            "fleets.taxi.swap_share": 0.0,
            "fleets.taxi.swap_capable_share": 0.0,
        },
        {"fleets.bus.pack_type": "truck_282"},  # no bus swaps
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
    assert f"blackouts.0: {HERE} has no site; it changes nothing" in inert_mechanisms(case)


def of_sites(folder, *rows, changes=()):
    """Return the lines of `check` with these rows as stations beside those of the small city."""
    sites = folder / "small/sites.csv"
    head, *others = sites.read_text(encoding="utf-8").splitlines()
    columns = ",store_kwh,store_kw,opens_day"
    lines = [head + columns, *(f"{row},,," for row in others), *rows]
    sites.write_text("\n".join(lines) + "\n", encoding="utf-8")
    case = build_case(load(folder / "small_city.yaml", changes))
    return list(inert_mechanisms(case))


@pytest.mark.parametrize(
    ("days", "lines"),
    [
        (
            [0, 1],
            ["city.sites: 1 site opens after the horizon; it serves nobody"],
        ),  # day 0 is the only one that is judged
        ([1, 2, 7], ["city.sites: 3 sites open after the horizon; they serve nobody"]),
        ([0, 0], []),
    ],
)
def test_a_site_that_opens_too_late_is_told(tmp_path, days, lines):
    rows = [
        f"late-{i},station,public,{HERE},29.5,106.515,R02,2,,,,{day}" for i, day in enumerate(days)
    ]
    assert of_sites(copy_small_city(tmp_path), *rows) == lines


def test_a_site_that_opens_on_the_last_of_two_days_is_in_time(tmp_path):
    row = f"late,station,public,{HERE},29.5,106.515,R02,2,,,,1"
    assert of_sites(copy_small_city(tmp_path), row, changes=["horizon.days=2"]) == []


def test_the_store_of_a_row_may_be_idle_too(tmp_path):
    row = f"stored,station,public,{HERE},29.5,106.515,R02,2,,100,50,"
    assert of_sites(copy_small_city(tmp_path), row, changes=["stations.store.lend_hours=[]"]) == [
        "stations.store: is on at rows of city.sites, but lend_hours is empty; it changes nothing"
    ]


LOG_HEAD = "wish_min,zone,vehicle_class,soc,target_soc"
LOG_REPLACES = "but the recorded wishes replace the demand; it changes nothing"


def of_log(folder, *rows, changes=()):
    """Return the case of the small city, its stock not given, with these recorded wishes."""
    (folder / "log.csv").write_text("\n".join([LOG_HEAD, *rows]) + "\n", encoding="utf-8")
    return build_case(
        load(folder / "small_city.yaml", ["recorded=log.csv", "fleet.stock=null", *changes])
    )


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("fleet.stock=4000", f"fleet.stock: is 4,000, {LOG_REPLACES}"),
        ("fleet.share_at_network=0.2", f"fleet.share_at_network: is 0.2, {LOG_REPLACES}"),
        ("corridors.holiday_factor=2.59", f"corridors.holiday_factor: is 2.59, {LOG_REPLACES}"),
        ("fleet.season_factor=1.3",
         ("fleet.season_factor: is 1.3, but the recorded wishes stay as they are; it changes "
"only what is used on the way to a site")),
        ("fleets.taxi={vehicles: 50, electrification: 0.5}",
         f"fleets.taxi.electrification: is given, {LOG_REPLACES}"),
        (None, None),
    ],
)  # fmt: skip
def test_what_a_log_leaves_without_effect_is_told(tmp_path, change, line):
    case = of_log(
        copy_small_city(tmp_path),
        "5,R01,taxi,0.2,0.8",
        "1500,R01,taxi,0.2,0.8",
        changes=[change] if change else [],
    )
    assert list(inert_mechanisms(case)) == ([line] if line else [])


def test_what_a_log_asks_is_told_instead_of_the_ledger(tmp_path):
    """Three wishes on two of three days, batteries by the curve; at 100 kW a kWh takes 0.6 min.

    Energy: 60 kWh x (0.6 + 0.5) + 80 kWh x 0.25 = 86 kWh, so 43 kWh a day.
    Load: 86 x 0.6 min / 2 days / 1,440 min = 0.0179 erlang.
    """
    folder = copy_small_city(tmp_path)
    (folder / "small/curves.csv").write_text(
        "curve_id,soc,power_kw,usable_kwh,volt\nsmall,0,100,60,400\nsmall,1,100,60,400\nlarge,0,100,80,400\nlarge,1,100,80,400\n",
        encoding="utf-8",
    )
    rows = [
        "5,R01,taxi,0.2,0.8,small",
        "1439,R01,taxi,0.3,0.8,small",
        "3000,R01,bus,0.5,0.75,large",
        "9000,R01,bus,0.5,0.75,large",
    ]
    (folder / "log.csv").write_text(
        "\n".join([f"{LOG_HEAD},curve", *rows]) + "\n", encoding="utf-8"
    )
    mixes = [f"fleets.{name}.curves={{small: 0.5, large: 0.5}}" for name in FLEETS]
    changes = ["recorded=log.csv", "tables.curves=small/curves.csv", "horizon.days=2", *mixes]
    checked = check_case(build_case(load(folder / "small_city.yaml", changes)))
    assert checked.recorded == "log.csv, 3 wishes on 2 days of the horizon"
    assert checked.sessions_per_day == 1.5
    assert checked.energy_kwh_per_day == pytest.approx(43)
    assert checked.offered_erlangs == pytest.approx(86 * 0.6 / 2 / 1440)
    assert checked.offered_load == pytest.approx(checked.offered_erlangs / checked.piles)
    printed = StringIO()
    print_check(Console(file=printed, width=200), checked)
    text = printed.getvalue()
    assert "The log replaces the ledger: log.csv, 3 wishes on 2 days of the horizon.\n" in text
    assert (
        "Asked of the network: 2 sessions and 43 kWh a day; by the log, on average of its days.\n"
        in text
    )


def test_a_log_without_a_wish_on_the_judged_days_is_refused_as_by_a_run(tmp_path):
    folder = copy_small_city(tmp_path)
    for rows in ("99999,R01,taxi,0.2,0.8", "5,R01,taxi,0.2,0.8\n99999,R01,taxi,0.2,0.8"):
        with pytest.raises(InputError, match=r"none of the wishes of log\.csv .* is on the judged"):
            check_case(of_log(folder, rows))


def test_no_open_gun_is_said_in_words(tmp_path):
    folder = copy_small_city(tmp_path)
    sites = folder / "small/sites.csv"
    rows = sites.read_text(encoding="utf-8").splitlines()
    sites.write_text(
        "\n".join([rows[0], *(row for row in rows if ",swap," in row)]) + "\n", encoding="utf-8"
    )
    printed = StringIO()
    print_check(
        Console(file=printed, width=200), check_case(build_case(load(folder / "small_city.yaml")))
    )
    assert "Offered load: no gun is open.\n" in printed.getvalue()
    assert "nan" not in printed.getvalue()


def test_recorded_wishes_follow_no_cloud(tmp_path):
    changes = ["fleet.connected_share=0.5", "reliability.failed_start_share=0.1"]
    case = of_log(copy_small_city(tmp_path), "5,R01,taxi,0.2,0.8", changes=changes)
    (row,) = case.task.demand.day(0, 0)
    assert (row["guidance"], row["failed_starts"], row["put_off_min"]) == (0, 0, 0)
    assert list(inert_mechanisms(case)) == [
        (
            "connected_share: is above 0, but the recorded wishes say of nobody that it is "
            "connected; it changes nothing"
        ),
        (
            "reliability.failed_start_share: is above 0, but the recorded wishes say of no start "
            "that it fails; it changes nothing"
        ),
    ]


def test_check_prints_the_lines_and_has_them_as_json(tmp_path):
    change = ["--set", "swap.smart.enabled=true"]
    line = "swap.smart: is on, but the tariff is off; it changes nothing"
    assert json.loads(chargesim("check", SMALL_FILE, *change, "--json", cwd=tmp_path).stdout)[
        "idle"
    ] == [line]
    assert (
        f"Switched on, but idle\n{line}\n"
        in chargesim("check", SMALL_FILE, *change, cwd=tmp_path).stdout
    )
    plain = chargesim("check", SMALL_FILE, cwd=tmp_path)
    assert "idle" not in plain.stdout


def test_check_prints_the_source_of_every_arrival_process():
    printed = StringIO()
    checked = check_case(build_case(SMALL))
    print_check(Console(file=printed, width=200), checked)
    text = printed.getvalue()
    for words in (
        "profile taxi_shift_change, derived: shift_fleet x factors",
        "profile day_fleet, arrivals at the rapid points of Perth",
    ):
        assert words in text
    assert all("; arrivals: profile " in row.sources for row in checked.ledger)
