"""Test the demand table.

It agrees with the ledger, streams are keyed, layers are shared, marks follow their laws.
"""

import numpy as np
import pandas as pd
import pytest
from factories import SCENARIOS, TICK
from scipy.stats import truncnorm

from chargesim.demand.draw import lognormal
from chargesim.demand.ledger import truncated_normal
from chargesim.errors import InputError
from chargesim.network.network import SWAP
from chargesim.runs.case import build_case
from chargesim.runs.replication import simulate
from chargesim.scenario.reading import load

SMALL = load(SCENARIOS / "small_city.yaml")
GRID = (np.arange(20_000) + 0.5) / 20_000
BIG = {"fleet.stock": 200_000, "day_factor.enabled": False}
"""Many full layers in every fleet, still drawn in milliseconds; each day is as expected."""


def case(changes=None):
    return build_case(SMALL.replace(changes or {}))


@pytest.fixture(scope="module")
def big():
    return case(BIG)


def by_key(table):
    return table[np.argsort(table["key"])]


def same(a, b):
    """Tell whether two tables are the same bytes in every column.

    numpy leaves the gap behind `failed_starts` undefined.
    """
    return all(a[name].tobytes() == b[name].tobytes() for name in a.dtype.names)


def fleet_rows(which, table, name):
    return by_key(table[table["fleet"] == which.task.fleets.index(name)])


@pytest.mark.stat
def test_table_and_ledger_agree(big):
    """Sessions and kWh of each fleet over 6 weeks.

    A gap of four standard errors or of 1 %, whichever is more, is a fault.
    """
    weeks = 6
    table = np.concatenate([big.task.demand.day(0, day) for day in range(7 * weeks)])
    energy = (table["target_soc"] - table["soc"]) * table["battery_kwh"]
    total = []
    for row in big.ledger.rows:
        mine = table["fleet"] == big.task.fleets.index(row.fleet)
        expected = row.sessions_per_day * 7 * weeks
        assert abs(mine.sum() - expected) < max(0.01 * expected, 4 * np.sqrt(expected)), row.fleet
        error = energy[mine].std() / np.sqrt(mine.sum())
        assert abs(energy[mine].mean() - row.session_kwh) < max(
            0.01 * row.session_kwh, 4 * error
        ), row.fleet
        capable = (table["swap_list"][mine] >= 0).mean()
        assert abs(capable - row.capable_share) < 4 * np.sqrt(0.25 / mine.sum()), row.fleet
        total.append(expected)
    assert sum(total) > 100_000
    assert len(table) == pytest.approx(sum(total), rel=0.01)
    assert energy.sum() == pytest.approx(big.ledger.network_kwh_per_day * 7 * weeks, rel=0.01)


@pytest.mark.stat
def test_the_plan_s_table_and_ledger_agree():
    """A week of the whole city.

    Half a million wishes, so 1 % is more than four standard errors of every fleet but the buses.
    """
    plan = build_case(load(SCENARIOS / "chongqing_2025.yaml", ["day_factor.enabled=false"]))
    table = np.concatenate([plan.task.demand.day(0, day) for day in range(7)])
    energy = (table["target_soc"] - table["soc"]) * table["battery_kwh"]
    for row in plan.ledger.rows:
        mine = table["fleet"] == plan.task.fleets.index(row.fleet)
        expected = 7 * row.sessions_per_day
        assert mine.sum() == pytest.approx(expected, rel=max(0.01, 4 / np.sqrt(expected)))
        assert energy[mine].sum() == pytest.approx(
            7 * row.network_kwh_per_day, rel=max(0.01, 5 / np.sqrt(expected))
        )
    assert energy.sum() == pytest.approx(7 * plan.ledger.network_kwh_per_day, rel=0.01)


def test_hours_follow_the_profile(big):
    table = np.concatenate([big.task.demand.day(r, 0) for r in range(20)])
    for fleet in big.task.demand.fleets:
        weights = fleet.weights[big.task.demand.first_weekday]
        hour = (table["wish_min"][table["fleet"] == fleet.index] // 60).astype(int)
        seen, want = np.bincount(hour, minlength=24), 20 * fleet.wishes_per_day / 24 * weights
        assert (np.abs(seen - want) < 5 * np.sqrt(want) + 1e-9).all(), fleet.name


def test_a_day_is_drawn_alone_and_always_the_same(big):
    demand = big.task.demand
    first = demand.day(3, 300)
    demand.day(0, 0)
    again = case(BIG).task.demand.day(3, 300)
    assert same(first, again)
    assert (first["wish_min"] >= 300 * 1440).all()
    assert (first["wish_min"] < 301 * 1440).all()


def test_days_replications_and_seeds_have_streams_of_their_own(big):
    demand = big.task.demand
    other_seed = case({**BIG, "seed": 8}).task.demand
    tables = [
        demand.day(0, 1),
        demand.day(1, 1),
        demand.day(0, 2),
        demand.day(0, 8),
        other_seed.day(0, 1),
    ]
    keys = [set(table["key"].tolist()) for table in tables]
    assert all(len(key) == len(table) for key, table in zip(keys, tables, strict=True))
    for i, one in enumerate(keys):
        for other in keys[i + 1 :]:
            assert not one & other
    marks = [table["soc"][:50].tolist() for table in tables]
    assert all(a != b for i, a in enumerate(marks) for b in marks[i + 1 :])


def test_times_are_sorted_whole_ticks(big):
    table = big.task.demand.day(0, 0)
    assert (np.diff(table["wish_min"]) >= 0).all()
    for name in ("wish_min", "patience_min", "tolerance_min"):
        ticks = table[name] / TICK
        assert np.array_equal(ticks, np.round(ticks)), name
    assert (table["patience_min"] > 0).all()


def test_marks_are_within_their_bounds(big):
    table, total = big.task.demand.day(0, 0), big.scenario.fleet
    assert (table["soc"] >= total.soc_low.value).all()
    assert (table["soc"] <= total.soc_high.value).all()
    assert (table["target_soc"] <= 1).all()
    assert (table["target_soc"] >= table["soc"] + total.least_gain.value - 1e-12).all()
    assert (table["origin"] < len(big.task.zone_names)).all()
    corridor = table["fleet"] == big.task.fleets.index("corridor")
    assert corridor.any()
    assert np.array_equal(corridor, table["origin"] >= len(big.network.zones.id))
    capable = table["swap_list"] >= 0
    assert capable.any()
    assert all(
        big.network.candidates.keys[i].kind == SWAP
        for i in set(table["swap_list"][capable].tolist())
    )


def test_one_fleet_s_stock_leaves_the_others_rows_alone(big):
    more = case({"fleet.stock": None, "fleets.taxi.stock": 30_000})
    usual = case({"fleet.stock": None})
    a, b = usual.task.demand.day(0, 0), more.task.demand.day(0, 0)
    for name in usual.task.fleets:
        assert same(fleet_rows(usual, a, name), fleet_rows(more, b, name)) == (name != "taxi"), name


def test_another_fleet_leaves_the_others_rows_alone():
    usual = case({"fleet.stock": None})
    van = SMALL.resolved["fleets"]["logistics_van"]
    loaded = SMALL.replace(
        {"fleet.stock": None, "fleets": {**SMALL.resolved["fleets"], "parcel_van": van}}
    )
    more = build_case(loaded)
    a, b = usual.task.demand.day(0, 0), more.task.demand.day(0, 0)
    for name in usual.scenario.fleets:
        assert same(fleet_rows(usual, a, name), fleet_rows(more, b, name)), name
    columns = [
        name for name in a.dtype.names if name != "fleet"
    ]  # the corridors' number moves up by one
    assert np.array_equal(
        fleet_rows(usual, a, "corridor")[columns], fleet_rows(more, b, "corridor")[columns]
    )
    vans, parcels = fleet_rows(more, b, "logistics_van"), fleet_rows(more, b, "parcel_van")
    assert not set(vans["key"].tolist()) & set(parcels["key"].tolist())


@pytest.mark.parametrize(
    ("small", "large"),
    [
        ({"fleet.stock": 150_000}, {"fleet.stock": 151_000}),
        ({"fleet.stock": 150_000}, {"fleet.stock": 450_000}),
        ({**BIG, "fleet.share_at_network": 0.1}, {**BIG, "fleet.share_at_network": 0.13}),
        ({**BIG, "corridors.share_at_network": 0.4}, {**BIG, "corridors.share_at_network": 0.9}),
    ],
)
def test_more_demand_holds_all_vehicles_of_less(small, large):
    few, many = case(small).task.demand.day(2, 1), case(large).task.demand.day(2, 1)
    assert len(few) < len(many)
    common = many[np.isin(many["key"], few["key"])]
    assert same(by_key(common), by_key(few))


@pytest.mark.parametrize(
    ("mean", "sd", "low", "high"),
    [(0.34, 0.19, 0.05, 0.9), (0.8, 0.15, 0.4, 1.0), (0.1, 0.3, 0.2, 0.9), (0.9, 0.05, 0.4, 1.0)],
)
def test_truncated_normal_is_scipy_s(mean, sd, low, high):
    ours = truncated_normal(GRID, mean, sd, low, high)
    theirs = truncnorm((low - mean) / sd, (high - mean) / sd, loc=mean, scale=sd)
    np.testing.assert_allclose(ours, theirs.ppf(GRID), atol=1e-9)
    assert ours.mean() == pytest.approx(theirs.mean(), rel=1e-4)


@pytest.mark.parametrize("cv", [0.3, 0.5, 1.0])
def test_lognormal_has_its_mean_and_cv(cv):
    values = lognormal((np.arange(400_000) + 0.5) / 400_000, 15.0, cv)
    assert values.mean() == pytest.approx(15.0, rel=2e-3)
    assert values.std() / values.mean() == pytest.approx(cv, rel=2e-2)
    assert (lognormal(GRID, 15.0, 0.0) == 15.0).all()
    assert np.isfinite(lognormal(np.array([0.0]), 15.0, cv)).all()


LOG = pd.DataFrame(
    {
        "wish_min": [1500.25, 10.0, 2879.5, 600.0],
        "zone": ["R01", "V02", "R06", "H01"],
        "vehicle_class": ["private_car", "taxi", "heavy_truck", "private_car"],
        "soc": [0.2, 0.3, 0.25, 0.5],
        "target_soc": [0.8, 0.9, 0.95, 0.75],
        "patience_min": [5.0, 10.0, 20.0, 15.0],
    }
)


def recorded(folder, name="log.csv"):
    from network_files import copy_small_city

    return copy_small_city(folder) / name, lambda path: build_case(
        load(path.parent / "small_city.yaml", [f"recorded={path.name}"])
    )


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_recorded_log_takes_the_place_of_the_drawn_demand(tmp_path, suffix):
    path, build = recorded(tmp_path, f"log.{suffix}")
    LOG.to_csv(path, index=False) if suffix == "csv" else LOG.to_parquet(path)
    made = build(path)
    tables = [made.task.demand.day(0, day) for day in (0, 1, 2)]
    assert [len(table) for table in tables] == [2, 2, 0]
    assert [made.task.demand.expected_wishes(day) for day in (0, 1, 2)] == [2, 2, 0]
    rows = np.concatenate(tables)
    assert rows["wish_min"].tolist() == [10.0, 600.0, 1500.25, 2879.5]
    assert [made.task.zone_names[o] for o in rows["origin"]] == ["V02", "H01", "R01", "R06"]
    assert [made.task.fleets[f] for f in rows["fleet"]] == [
        "taxi",
        "private_car",
        "private_car",
        "heavy_truck",
    ]
    assert rows["patience_min"].tolist() == [10, 15, 5, 20]
    assert rows["soc"].tolist() == [0.3, 0.5, 0.2, 0.25]
    assert rows["target_soc"].tolist() == [0.9, 0.75, 0.8, 0.95]
    assert len(set(rows["key"].tolist())) == 4
    again, other = made.task.demand.day(0, 0), made.task.demand.day(5, 0)
    assert same(again, tables[0])
    assert not set(other["key"].tolist()) & set(rows["key"].tolist())  # tastes of its own
    other["key"] = again["key"]
    assert same(other, again)


def test_the_order_of_the_rows_of_a_log_changes_nothing(tmp_path):
    """Equal rows are numbered among themselves; the totals are the same to the last byte."""
    log = pd.concat([LOG] * 3 + [LOG.assign(zone="R01", wish_min=600.0)], ignore_index=True)
    path, build = recorded(tmp_path)
    found = []
    for rows in (log, log.sample(frac=1, random_state=3), log.iloc[::-1]):
        rows.to_csv(path, index=False)
        task = build(path).task
        tables = [np.concatenate([task.demand.day(r, day) for day in range(2)]) for r in range(2)]
        assert all(len(set(table["key"].tolist())) == len(log) for table in tables)
        totals = [simulate(task, replication)[0].arrays() for replication in range(2)]
        found.append((tables, totals))
    first_tables, first_totals = found[0]
    for tables, totals in found[1:]:
        assert all(map(same, first_tables, tables))
        for mine, theirs in zip(first_totals, totals, strict=True):
            assert all(mine[name].tobytes() == theirs[name].tobytes() for name in mine)


def log_faults(tmp_path, frame, name="log.csv"):
    path, build = recorded(tmp_path, name)
    frame.to_csv(path, index=False)
    with pytest.raises(InputError) as caught:
        build(path)
    return [fault.replace(f"{path}", "log.csv") for fault in caught.value.faults]


def test_all_faults_of_a_log_are_told_at_once(tmp_path):
    bad = LOG.assign(
        zone=["R01", "X99", "R06", "X98"],
        vehicle_class=["private_car", "taxi", "tram", "private_car"],
        soc=[0.2, 1.3, 0.25, 0.5],
        wish_min=[1.0, -3.0, 2.0, 5.0],
        patience_min=[5.0, 0.0, 3.0, 4.0],
    )
    faults = log_faults(tmp_path, bad)
    starts = [fault.split(", needs")[0] for fault in faults]
    assert starts == [
        "log.csv:3: wish_min: got -3.0",
        "log.csv:3: zone: got 'X99'",
        "log.csv:4: vehicle_class: got 'tram'",
        "log.csv:3: soc: got 1.3",
        "log.csv:3: patience_min: got 0.0",
    ]
    assert faults[0] == "log.csv:3: wish_min: got -3.0, needs at least 0, at most 10,000,000"
    assert (
        faults[1]
        == "log.csv:3: zone: got 'X99', needs the id of a zone of the network (and 1 more rows)"
    )


def test_a_target_that_is_not_above_the_soc(tmp_path):
    """A row whose shares are no shares is told of once, by that fault."""
    bad = LOG.assign(soc=[0.2, 0.9, 0.25, 1.5], target_soc=[0.8, 0.9, 0.1, 0.75])
    assert log_faults(tmp_path, bad) == [
        "log.csv:5: soc: got 1.5, needs 0..1",
        "log.csv:3: target_soc: got 0.9, needs more than the soc of its row (and 1 more rows)",
    ]


def test_columns_that_a_log_lacks(tmp_path):
    assert log_faults(tmp_path, LOG.drop(columns=["soc", "zone"])) == [
        "log.csv:1: zone: this column is missing",
        "log.csv:1: soc: this column is missing",
    ]


def test_an_empty_log(tmp_path):
    assert log_faults(tmp_path, LOG.iloc[:0]) == [
        "log.csv: has a header and no rows; at least one row is needed"
    ]


def test_text_where_a_log_needs_numbers(tmp_path):
    (fault, *rest) = log_faults(tmp_path, LOG.assign(target_soc=["full", "0.9", "0.9", "0.9"]))
    assert fault == "log.csv:2: target_soc: got 'full', needs a number"
    assert not rest


def test_a_log_that_is_no_log(tmp_path):
    path, build = recorded(tmp_path, "log.parquet")
    path.write_bytes(b"no parquet at all")
    with pytest.raises(InputError) as caught:
        build(path)
    assert caught.value.faults == [f"{path}: is no Parquet file, in spite of its name"]
