"""Check the KPIs by hand on small cases, and by identities on random ones."""

import dataclasses
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from factories_analysis import (
    FLEETS,
    empty_totals,
    make_network,
    make_result,
    random_totals,
)

from chargesim.analysis.kpi_table import kpi_table
from chargesim.analysis.kpis import kpi_frame, kpi_value
from chargesim.analysis.result import RunResult
from chargesim.engine.replication_totals import (
    LOST,
    PARTIAL,
    SERVED,
    STRANDED,
    UNFINISHED,
    ReplicationTotals,
)
from chargesim.network.network import STATION, SWAP

CAR, TRUCK, CORRIDOR = (
    FLEETS.index("private_car"),
    FLEETS.index("heavy_truck"),
    FLEETS.index("corridor"),
)


def value(kpis: pd.DataFrame, name: str, scope: str = "city", key: str = "all") -> float:
    return float(kpi_value(kpis, name, scope, key)["mean"])


@pytest.fixture(scope="module")
def random_result() -> RunResult:
    network = make_network()
    runs = [random_totals(network, np.random.default_rng(seed), days=2) for seed in range(4)]
    result: RunResult = make_result(runs, network=network, days=2)
    return result


@pytest.fixture(scope="module")
def random_kpis(random_result: RunResult) -> pd.DataFrame:
    return kpi_frame(random_result)


def test_use_by_hand() -> None:
    network = make_network()
    run = empty_totals(network, days=2)
    station = 0
    guns = int(network.sites.guns[station])
    run.busy_min[station, 13] = 30.0 + 60.0 * guns  # of two days
    run.energy_kwh[station, 13] = 96.0
    kpis = kpi_frame(make_result([run, run], network=network, days=2))
    all_guns = network.sites.guns.sum()
    assert value(kpis, "time_utilisation") == pytest.approx((30 + 60 * guns) / (all_guns * 60 * 48))
    assert value(kpis, "time_utilisation_peak") == pytest.approx(
        (30 + 60 * guns) / (all_guns * 60 * 16)
    )
    assert value(kpis, "time_utilisation", "hour", "13-14 h") == pytest.approx(
        (30 + 60 * guns) / (all_guns * 60 * 2)
    )
    assert value(kpis, "energy_utilisation") == pytest.approx(96 / (480 * all_guns * 48))
    assert value(kpis, "kwh_per_pile_day") == pytest.approx(96 / all_guns / 2)
    assert value(kpis, "energy_mwh_per_day", "kind", "station") == pytest.approx(0.048)
    assert value(kpis, "energy_mwh_per_day", "kind", "swap") == 0.0
    stations = int((network.sites.guns > 0).sum())
    assert value(kpis, "share_sites_above_40pct_in_peak_hour") == pytest.approx(1 / stations)
    assert value(kpis, "share_sites_below_5pct") == pytest.approx(1.0)


def test_groups_of_stations_are_told_apart() -> None:
    network = make_network()
    run = empty_totals(network)
    truck_station = next(
        site
        for site, access in enumerate(network.sites.access)
        if access == "truck" and network.sites.guns[site] > 0
    )
    run.busy_min[truck_station, 3] = 60.0
    kpis = kpi_frame(make_result([run, run], network=network))
    assert value(kpis, "time_utilisation", "group", "trucks") == pytest.approx(
        1 / network.sites.guns[truck_station] / 24
    )
    assert value(kpis, "time_utilisation", "group", "cars") == 0.0


def test_a_share_that_never_varies_has_the_rule_of_three_for_its_bound() -> None:
    """None was lost on 20 days: 14 % of the days may be unlike them, however many vehicles came."""
    network = make_network()
    run = empty_totals(network)
    run.outcomes[SERVED, CAR, STATION, 1, 17] = 50
    kpis = kpi_frame(make_result([run] * 20, network=network))
    lost, served = kpi_value(kpis, "share_lost"), kpi_value(kpis, "share_served")
    assert (lost["mean"], lost["lower"], lost["upper"]) == (
        0.0,
        0.0,
        pytest.approx(1 - 0.05 ** (1 / 20)),
    )
    assert (served["mean"], served["lower"], served["upper"]) == (
        1.0,
        pytest.approx(0.05 ** (1 / 20)),
        1.0,
    )
    assert np.isnan(kpi_value(kpis, "share_gave_up", "district", "District 0")["upper"]), (
        "nobody wished there"
    )


def test_outcomes_by_hand() -> None:
    network = make_network()
    run = empty_totals(network)
    here = (STATION, 1, 17)
    for outcome, count in ((SERVED, 80), (PARTIAL, 4), (LOST, 10), (STRANDED, 6), (UNFINISHED, 50)):
        run.outcomes[(outcome, CAR, *here)] = count
    run.chose_outside[(CAR, *here)] = 7
    run.balked[(CAR, *here)] = 20
    run.within[(1, CAR, *here)] = 75
    run.wait_bins[(CAR, *here)][[0, 40]] = 70, 10
    run.wait_min[(CAR, *here)], run.wait_all_min[(CAR, *here)] = 160.0, 300.0
    run.queued_min[(CAR, *here)] = 120.0
    kpis = kpi_frame(make_result([run, run], network=network))
    for scope, key in (
        ("city", "all"),
        ("group", "cars"),
        ("fleet", "private_car"),
        ("district", "District 1"),
        ("hour", "17-18 h"),
    ):
        assert value(kpis, "wishes_per_day", scope, key) == 150
        assert value(kpis, "share_served", scope, key) == pytest.approx(0.80)
        assert value(kpis, "share_unserved", scope, key) == pytest.approx(0.20)
        assert value(kpis, "share_lost", scope, key) == pytest.approx(0.10)
        assert value(kpis, "share_gave_up", scope, key) == pytest.approx(0.03)
        assert value(kpis, "share_chose_outside", scope, key) == pytest.approx(0.07)
        assert value(kpis, "share_balked", scope, key) == pytest.approx(0.20)
        assert value(kpis, "share_served_within_10_min", scope, key) == pytest.approx(0.75)
        assert value(kpis, "wait_mean_min", scope, key) == pytest.approx(3.0)
        assert value(kpis, "wait_mean_served_min", scope, key) == pytest.approx(2.0)
        assert value(kpis, "queue_mean_served_min", scope, key) == pytest.approx(1.5)
        assert value(kpis, "wait_p50_min", scope, key) == 0.0
        assert value(kpis, "wait_p95_min", scope, key) == math.inf
        assert 5 < value(kpis, "wait_p95_served_min", scope, key) < 20
        assert value(kpis, "unfinished", scope, key) == 50
    trucks = kpi_value(kpis, "share_served", "group", "trucks")
    assert trucks["n"] == 0
    assert math.isnan(trucks["mean"])


def test_groups_of_sessions() -> None:
    network = make_network()
    run = empty_totals(network)
    for fleet, kind, count in (
        (CAR, STATION, 5),
        (CAR, SWAP, 3),
        (TRUCK, STATION, 7),
        (TRUCK, SWAP, 2),
        (CORRIDOR, STATION, 4),
    ):
        run.outcomes[SERVED, fleet, kind, 0, 0] = count
        run.session_kwh[fleet, kind, 0, 0] = 10.0 * count
    kpis = kpi_frame(make_result([run, run], network=network))
    wishes = {
        group: value(kpis, "wishes_per_day", "group", group)
        for group in ("cars", "trucks", "swap", "truck_swap")
    }
    assert wishes == {"cars": 12, "trucks": 9, "swap": 3, "truck_swap": 2}
    assert value(kpis, "wishes_per_day", "cars_district", "District 0") == 8  # its own cars
    assert value(kpis, "swap_share_of_energy", "fleet", "private_car") == pytest.approx(3 / 8)
    assert value(kpis, "swap_share_of_energy", "fleet", "corridor") == 0.0
    swap_sites, truck_swap_sites = 3, 1
    assert value(kpis, "swaps_per_site_day", "group", "swap") == pytest.approx(3 / swap_sites)
    assert value(kpis, "swaps_per_site_day", "group", "truck_swap") == pytest.approx(
        2 / truck_swap_sites
    )
    truck_guns = network.sites.guns[1]
    assert value(kpis, "sessions_per_pile_day", "group", "trucks") == pytest.approx(7 / truck_guns)
    assert value(kpis, "sessions_per_pile_day") == pytest.approx(16 / network.sites.guns.sum())


def test_power_by_hand() -> None:
    network = make_network()
    run = empty_totals(network)
    (
        run.district_kw[STATION, 0, 10],
        run.district_kw[SWAP, 1, 10],
        run.district_kw[STATION, 0, 50],
    ) = 300.0, 200.0, 400.0
    run.peak_kw[[0, 1, -1]] = run.connection_peak_kw[[0, 1, -1]] = 300.0, 600.0, 200.0
    kpis = kpi_frame(make_result([run, run], network=network))
    assert value(kpis, "peak_mw") == pytest.approx(0.5)
    assert value(kpis, "peak_mw", "kind", "station") == pytest.approx(0.4)
    assert value(kpis, "peak_mw", "district", "District 1") == pytest.approx(0.2)
    assert value(kpis, "site_peak_mw", "kind", "station") == pytest.approx(0.6)
    assert value(kpis, "coincidence_factor") == pytest.approx(500 / 1100)
    assert value(kpis, "share_transformers_above_90pct") == pytest.approx(1 / len(network.sites))
    assert value(kpis, "transformer_load") == pytest.approx(
        (900 / 630 + 200 / 663) / len(network.sites)
    )


def test_packs_by_hand() -> None:
    network = make_network()
    run = empty_totals(network)
    swap = np.flatnonzero(network.sites.kind == SWAP)
    run.arrivals[swap[0], 8], run.pack_found[swap[0], 8] = 10, 9
    run.arrivals[swap[-1], 9], run.pack_found[swap[-1], 9] = 5, 1
    run.arrivals[0, 8] = 99
    run.packs_ready_h[swap] = 12.0
    kpis = kpi_frame(make_result([run, run], network=network))
    assert value(kpis, "pack_availability", "group", "swap") == pytest.approx(0.9)
    assert value(kpis, "pack_availability", "group", "truck_swap") == pytest.approx(0.2)
    assert value(kpis, "pack_availability") == pytest.approx(10 / 15)
    assert value(kpis, "packs_ready") == pytest.approx(12.0)


def test_queue_by_hand() -> None:
    network = make_network()
    run = empty_totals(network)
    run.queue_min[0, 5], run.longest_queue[0] = 120.0, 2.0
    kpis = kpi_frame(make_result([run, run], network=network))
    assert value(kpis, "queue_length") == pytest.approx(120 / (12 * 60 * 24))
    assert value(kpis, "queue_length_max_hour") == pytest.approx(2.0)


def test_shares_of_outcomes_add_up(random_kpis: pd.DataFrame) -> None:
    parts = [
        "share_served",
        "share_partial",
        "share_gave_up",
        "share_chose_outside",
        "share_stranded",
    ]
    table = random_kpis[random_kpis["kpi"].isin(parts)].pivot_table(
        index=["scope", "key"], columns="kpi", values="mean"
    )
    assert np.allclose(table.sum(axis=1), 1.0)


def test_districts_hours_and_fleets_add_up_to_the_city(random_kpis: pd.DataFrame) -> None:
    for kpi in ("wishes_per_day", "unserved_kwh_per_day", "energy_mwh_per_day"):
        rows = random_kpis[random_kpis["kpi"] == kpi]
        totals = rows.groupby("scope")["mean"].sum()
        scopes = [scope for scope in ("district", "hour", "fleet", "kind") if scope in totals.index]
        assert np.allclose(totals[scopes], totals["city"])


def test_interval_holds_the_mean_and_shares_stay_shares(random_kpis: pd.DataFrame) -> None:
    known = random_kpis[random_kpis["n"] > 0]
    assert ((known["lower"] <= known["mean"]) & (known["mean"] <= known["upper"])).all()
    shares = known[known["unit"] == "share"]
    assert shares["lower"].between(0, 1).all()
    assert shares["upper"].between(0, 1).all()


def test_quantiles_have_a_pooled_value_beside_them(random_kpis: pd.DataFrame) -> None:
    p95 = kpi_value(random_kpis, "wait_p95_served_min")
    assert p95["pooled"] == pytest.approx(p95["mean"], rel=0.1)
    assert math.isnan(kpi_value(random_kpis, "share_served")["pooled"])


def test_given_values_are_exact_and_no_estimate(random_kpis: pd.DataFrame) -> None:
    row = kpi_value(random_kpis, "covered_5km")
    assert (row["mean"], row["lower"], row["upper"], row["n"]) == (0.931, 0.931, 0.931, 0)


def test_every_kpi_says_what_it_means_and_stands_in_the_frame(
    random_result: RunResult, random_kpis: pd.DataFrame
) -> None:
    table = kpi_table(random_result.thresholds_min)
    assert len({kpi.name for kpi in table}) == len(table)
    for kpi in table:
        assert kpi.unit
        assert kpi.meaning
        assert set(random_kpis[random_kpis["kpi"] == kpi.name]["scope"]) == set(kpi.scopes), (
            kpi.name
        )
    assert not random_kpis.duplicated(["kpi", "scope", "key"]).any()


def test_a_city_without_swap_sites_has_no_swap_kpis() -> None:
    network = make_network(swap_sites=0)
    run = empty_totals(network)
    kpis = kpi_frame(make_result([run, run], network=network))
    for kpi in ("pack_availability", "bay_utilisation", "swaps_per_site_day", "packs_ready"):
        assert kpi_value(kpis, kpi)["n"] == 0


def test_unknown_kpi_is_named(random_kpis: pd.DataFrame) -> None:
    with pytest.raises(KeyError, match="no KPI 'wait' in scope 'city' with key 'all'"):
        kpi_value(random_kpis, "wait")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"days": 2},
            r"replication 0: district_kw has the shape \(2, 4, 96\), needs \(2, 4, 192\)",
        ),
        ({"groups": ("cars",)}, "groups: got 1, needs one for each of 7 fleets"),
        ({"groups": ("lorries",) * 7}, "groups: got 'lorries', needs one of cars, trucks"),
        ({"replications": []}, "replications: got none"),
        ({"thresholds_min": (5.0,)}, r"replication 0: within has the shape"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(make_result(), **change)


def test_an_array_on_wrong_axes_is_refused() -> None:
    result = make_result()
    for name, axes in ReplicationTotals.axes().items():
        for axis in range(len(axes)):
            array = result.replications[1].arrays()[name]
            wrong = np.concatenate([array, array], axis=axis)
            runs = [
                result.replications[0],
                dataclasses.replace(result.replications[1], **{name: wrong}),
            ]
            with pytest.raises(ValueError, match=f"replication 1: {name} has the shape"):
                dataclasses.replace(result, replications=runs)


def test_arrays_left_out_or_summed_over_the_hours_are_accepted() -> None:
    result = make_result()
    totals = result.replications[0]
    reduced = dataclasses.replace(
        totals, balked=totals.balked[:0], wait_bins=totals.wait_bins.sum(axis=3, keepdims=True)
    )
    dataclasses.replace(result, replications=[reduced])


def test_a_threshold_that_was_not_counted_is_named() -> None:
    with pytest.raises(
        ValueError,
        match="waits of at most 7 min were not counted in this run, only 5, 10, 20 min",
    ):
        make_result().threshold_index(7)
