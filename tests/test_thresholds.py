"""Check what happens exactly at each threshold, and just beyond it on either side."""

import dataclasses

import numpy as np
import pytest
from factories_analysis import (
    FLEETS,
    empty_totals,
    make_network,
    make_result,
    make_standard,
    random_totals,
)

from chargesim.analysis import intervals
from chargesim.analysis.area_tests import FEWEST_BAD_DAYS, FEWEST_SAMPLES, judge_area
from chargesim.analysis.breaking_point import band_of
from chargesim.analysis.failure_counts import (
    FailureCounts,
    JudgedArea,
    allowance,
    count_failures,
    judged_areas,
)
from chargesim.analysis.histogram import quantile_min
from chargesim.analysis.intervals import holm, one_sided_bounds, t_interval
from chargesim.analysis.kpis import kpi_frame, kpi_value
from chargesim.analysis.run_checks import check_run, kimura_fit
from chargesim.analysis.verdict import judge
from chargesim.engine.replication_totals import BINS, LOST, SERVED
from chargesim.experiment.judgement import effects_of
from chargesim.network.demand_within import demand_share_within
from chargesim.network.network import STATION, CandidateKey, Candidates

NETWORK = make_network()
STATIONS = int((NETWORK.sites.kind == STATION).sum())


def value(kpis, name):
    return float(kpi_value(kpis, name, "city", "all")["mean"])


def network_at_km(km):
    """Return a network whose zones have their nearest public stations at these distances."""
    zones = dataclasses.replace(
        NETWORK.zones,
        population=np.ones(len(NETWORK.zones.id)),
        urban=np.ones(len(NETWORK.zones.id), dtype=bool),
    )
    origins = len(zones.id) + 1 + len(NETWORK.sites)
    by_rank = np.full((1, origins, 2), 1e3)
    by_rank[0, : len(zones.id), 1] = km  # the fastest station need not be the nearest
    lists = Candidates(
        (CandidateKey(STATION, frozenset({"public"})),),
        np.zeros(by_rank.shape, dtype=np.int32),
        by_rank,
        by_rank[None],
        np.zeros(24, dtype=np.int64),
    )
    return dataclasses.replace(NETWORK, zones=zones, candidates=lists)


def test_demand_exactly_at_the_distance_is_within_it():
    count = len(NETWORK.zones.id)
    km = np.full(count, 50.0)
    km[0], km[1], km[2] = np.nextafter(5.0, 0.0), 5.0, np.nextafter(5.0, 6.0)
    assert demand_share_within(network_at_km(km), 5.0) == 2 / count
    assert demand_share_within(network_at_km(km), float(km[2])) == 3 / count
    assert demand_share_within(network_at_km(km), float(km[0])) == 1 / count


@pytest.mark.parametrize(("load", "full"), [(0.899, 0), (0.9, 0), (0.901, 1)])
def test_a_connection_is_full_above_90_percent_of_its_power(load, full):
    sites = dataclasses.replace(NETWORK.sites, site_kw=np.full(len(NETWORK.sites), 1000.0))
    network = dataclasses.replace(NETWORK, sites=sites)
    run = empty_totals(network)
    run.connection_peak_kw[0] = 1000 * load
    kpis = kpi_frame(make_result([run, run], network=network))
    assert value(kpis, "share_transformers_above_90pct") == full / len(sites)


@pytest.mark.parametrize(("use", "busy"), [(0.399, 0), (0.4, 0), (0.401, 1)])
def test_a_station_is_busy_above_40_percent_in_its_peak_hour(use, busy):
    run = empty_totals(NETWORK)
    run.busy_min[0, 13] = 60 * NETWORK.sites.guns[0] * use
    kpis = kpi_frame(make_result([run, run], network=NETWORK))
    assert value(kpis, "share_sites_above_40pct_in_peak_hour") == busy / STATIONS


@pytest.mark.parametrize(("use", "idle"), [(0.0499, 1), (0.05, 0), (0.0501, 0)])
def test_a_station_is_idle_below_5_percent_of_the_day(use, idle):
    run = empty_totals(NETWORK)
    guns = NETWORK.sites.guns[:STATIONS]
    run.busy_min[:STATIONS] = 60.0 * guns[:, None] * 0.2
    run.busy_min[0] = 60.0 * guns[0] * use
    kpis = kpi_frame(make_result([run, run], network=NETWORK))
    assert value(kpis, "share_sites_below_5pct") == idle / STATIONS


def test_a_p95_allows_5_percent_to_wait_longer():
    (criterion,) = make_standard(
        [{"name": "x", "measure": "wait_p95", "scope": "cars", "minutes": 20.0, "source": "x"}]
    ).criteria
    assert allowance(criterion) == 0.05


@pytest.mark.parametrize(("wishes", "worst"), [(19, "a"), (20, "b"), (21, "b")])
def test_the_worst_district_has_at_least_20_wishes_a_replication(wishes, worst):
    failed, wished = np.zeros((3, 2, 24)), np.zeros((3, 2, 24))
    failed[:, 0, 7], wished[:, 0, 7] = 1.0, 100.0
    failed[:, 1, 8], wished[:, 1, 8] = 5.0, float(wishes)
    counts = FailureCounts(failed, wished, failed[:, :1, 0], wished[:, :1, 0])
    assert counts.worst(("a", "b"), 1) == worst
    assert counts.worst_hour() == {"a": "7-8 h", "b": "8-9 h"}[worst]


@pytest.mark.parametrize(("wishes", "alone"), [(49, False), (50, True), (51, True)])
def test_a_district_stands_alone_from_the_fewest_sessions_on(wishes, alone):
    run = empty_totals(NETWORK)
    car = FLEETS.index("private_car")
    run.outcomes[SERVED, car, STATION, :, 17] = 200
    run.outcomes[SERVED, car, STATION, 0, 17] = wishes - 1
    run.outcomes[LOST, car, STATION, 0, 17] = 1
    by_district = {"name": "x", "measure": "unserved", "scope": "districts", "source": "x"}
    result = make_result(
        [run, run], network=NETWORK, standard=make_standard([{**by_district, "at_most": 0.1}])
    )
    (criterion,) = result.standard.criteria
    parts, note = judged_areas(result, criterion, count_failures(result, criterion))
    assert len(parts) == len(NETWORK.districts.name)
    assert ("few wishes: District 0" in note) is not alone, note


def unit(shares, wishes=1e4):
    shares = np.asarray(shares, dtype=np.float64)
    return JudgedArea.of_days("", (0,), shares * wishes, np.full(len(shares), wishes))


def test_a_bound_on_the_threshold_meets_and_one_beyond_it_does_not():
    shares = 0.05 + 0.01 * np.array([-1.0, 1.0] * 10)
    upper = one_sided_bounds(shares, confidence=0.95).upper
    assert judge_area(unit(shares), upper, 0.05).meets
    assert judge_area(unit(shares), upper - 5e-13, 0.05).meets, "a rounding error decides nothing"
    assert not judge_area(unit(shares), upper - 1e-9, 0.05).meets


def test_ten_replications_can_meet_or_fail_and_nine_cannot():
    shares = 0.01 + 1e-6 * np.arange(FEWEST_SAMPLES)
    assert FEWEST_SAMPLES == 10
    assert judge_area(unit(shares), 0.05, 0.05).meets
    assert judge_area(unit(shares), 0.005, 0.05).p_fail < 1e-6
    for allowed in (1.0, 0.005):
        nine = judge_area(unit(shares[1:]), allowed, 0.05)
        assert (nine.meets, nine.p_fail) == (False, 1.0)
    assert judge_area(unit(shares[1:]), 0.05, 0.05, fewest=9).meets


def test_failures_on_five_days_show_their_spread_and_on_four_do_not():
    shares = np.zeros(30)
    shares[:FEWEST_BAD_DAYS] = 0.001
    five = judge_area(unit(shares), 0.05, 0.05)
    assert (five.meets, five.rare) == (True, False)
    shares[0] = 0.0
    four = judge_area(unit(shares), 0.05, 0.05)
    assert (four.meets, four.rare) == (False, True)
    assert four.bounds.upper == pytest.approx(1 - 0.05 ** (1 / 30), abs=1e-3)


def test_holm_rejects_a_p_value_on_its_bound():
    assert holm([0.025, 0.05], alpha=0.05).tolist() == [True, True]
    assert holm([np.nextafter(0.025, 1), 0.05], alpha=0.05).tolist() == [False, False]


def test_skewness_is_corrected_from_ten_replications_on():
    long_tail = np.r_[np.linspace(0.0, 1.0, 9), 6.0]
    for values, corrected in ((long_tail[1:], False), (long_tail, True)):
        interval = t_interval(values)
        below, above = interval.mean - interval.lower, interval.upper - interval.mean
        assert (above > 1.01 * below) is corrected


def test_no_skewness_above_the_largest_tilt_is_corrected():
    """The most skewed values possible, one of ten, get the bounds of a tilt of 0.3."""
    values = np.r_[np.zeros(9), 1.0]
    tilt, quantile = 0.3, 1.8331129326536335  # Student's t, 9 degrees of freedom, 95 %
    turned = 3 / tilt * (np.cbrt(1 + tilt * (-quantile - tilt / 6)) - 1)
    upper = values.mean() - turned * values.std(ddof=1) / np.sqrt(10)
    assert one_sided_bounds(values, confidence=0.95).upper == pytest.approx(upper, rel=1e-12)


def test_values_equal_but_for_rounding_are_equal_and_others_are_not():
    assert t_interval([1.0, 1.0 + 4e-15, 1.0]).equal
    assert not t_interval([1.0, 1.0 + 1e-12, 1.0]).equal


def test_a_mean_on_the_limit_cannot_say_how_many_more():
    values = np.array([0.9, 1.1] * 5)
    assert intervals.more_replications(values, 1.0, confidence=0.95) is None
    assert intervals.more_replications(values, 1.0005, confidence=0.95) is not None


@pytest.mark.parametrize(("given", "said"), [(0.9, "reaches"), (0.8999, "BELOW")])
def test_what_the_plan_gives_reaches_its_threshold_exactly(given, said):
    criterion = {
        "name": "demand within 5 km",
        "measure": "covered_5km",
        "scope": "cars",
        "at_least": 0.9,
        "source": "plan",
    }
    rng = np.random.default_rng(1)
    run = random_totals(NETWORK, rng)
    result = make_result(
        [run, run],
        network=NETWORK,
        standard=make_standard([criterion]),
        given={"covered_5km": given},
    )
    verdict = judge(result)
    assert said in verdict.criteria[0].note
    assert ("the plan itself gives less" in verdict.note) is (said == "BELOW")


@pytest.mark.parametrize(
    ("arrivals", "losses", "load", "compared"),
    [
        ((2, 2, 2, 2), 0, 0.5, 1),
        ((2, 2, 2, 1), 0, 0.5, 0),
        ((100, 100, 100, 100), 4, 0.5, 1),
        ((100, 100, 100, 100), 5, 0.5, 0),
        ((9, 9, 9, 9), 0, 0.8, 1),
        ((9, 9, 9, 9), 0, 0.801, 0),
    ],
)
def test_the_formula_is_compared_up_to_its_load_and_losses(arrivals, losses, load, compared):
    """At least 2 arrivals an hour, a load of at most .8, at most 1 % lost (here of 400)."""
    runs = []
    for number, count in enumerate(arrivals):
        run = empty_totals(NETWORK)
        run.arrivals[0, 9] = count
        run.losses[0, 9] = losses if number == 0 else 0
        run.busy_min[0, 9] = 60 * NETWORK.sites.guns[0] * load
        run.queue_min[0, 9] = 1.0 + number
        runs.append(run)
    assert kimura_fit(make_result(runs, network=NETWORK)).compared == compared


@pytest.mark.parametrize(
    ("statistics_kwh", "batteries_kwh", "holds"),
    [(0.0009, 0.0, True), (0.0011, 0.0, False), (1e6 + 10, 1e6, True), (1e6 + 10.1, 1e6, False)],
)
def test_energy_may_differ_by_rounding_alone(statistics_kwh, batteries_kwh, holds):
    """By 1e-3 kWh and a share of 1e-5 of what the vehicles took, at any station."""
    run = empty_totals(NETWORK)
    run.energy_check_kwh[0] = statistics_kwh, batteries_kwh
    energy = check_run(make_result([run, run], network=NETWORK)).laws[-1]
    assert (energy.name, energy.holds) == ("energy", holds)


@pytest.mark.parametrize(("replications", "noted"), [(9, True), (10, False)])
def test_ten_replications_give_a_verdict_and_nine_do_not(replications, noted):
    criterion = {"name": "x", "measure": "unserved", "scope": "cars", "at_most": 0.5, "source": "x"}
    runs = [
        random_totals(NETWORK, np.random.default_rng(seed), fail=0.01 + 0.001 * seed)
        for seed in range(replications)
    ]
    verdict = judge(make_result(runs, network=NETWORK, standard=make_standard([criterion])))
    said = "fewer than 10 replications with wishes here give no verdict"
    assert (said in verdict.criteria[0].note) is noted
    assert verdict.too_few == ("fewer than 10 replications give no verdict" if noted else "")
    assert (verdict.verdict == "meets") is not noted


def test_55_of_100_reach_a_quantile_of_55_percent_whatever_the_rounding():
    bins = np.zeros(BINS)
    bins[0] = 55.0
    assert 0.55 * 100 > 55
    assert quantile_min(bins, 0.55, unserved=45.0) == pytest.approx(0.0, abs=1e-9)
    assert np.isinf(quantile_min(bins, 0.551, unserved=45.0))


def test_only_a_counted_wait_has_a_threshold():
    result = make_result()
    assert result.threshold_index(10.0) == 1
    with pytest.raises(ValueError, match="were not counted"):
        result.threshold_index(10.5)


def by_districts(allowed):
    return {
        "name": "x",
        "measure": "unserved",
        "scope": "districts",
        "at_most": allowed,
        "source": "x",
    }


def test_a_band_of_districts_has_its_error_divided_below_and_not_above():
    (criterion,) = make_standard([by_districts(0.5)]).criteria
    shares = np.random.default_rng(1).uniform(0.05, 0.2, (4, 8))
    band = band_of(shares, criterion)
    upper = max(one_sided_bounds(unit, confidence=0.975).upper for unit in shares)
    lower = max(one_sided_bounds(unit, confidence=1 - 0.025 / 4).lower for unit in shares)
    assert (band.lower, band.upper) == pytest.approx((lower / 0.5, upper / 0.5), rel=1e-12)


@pytest.mark.parametrize(("above", "turns"), [(0.0, "for sure"), (1e-6, "on average")])
def test_an_input_turns_a_criterion_for_sure_by_one_sided_95_percent_bounds(above, turns):
    """The upper bound of the base lies on the threshold, or just above it."""
    spread = 0.001 * np.array([-1.0, 1.0] * 4)
    half = one_sided_bounds(spread, confidence=0.95).upper
    (criterion,) = make_standard([by_districts(0.1)]).criteria
    base = {"x": (0.1 - half - 1e-9 + above + spread)[None, :]}
    beyond = {"x": (0.2 + spread)[None, :]}
    assert effects_of(beyond, base, [criterion])["turns"].item() == turns
