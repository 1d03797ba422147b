"""Check the verdict: its states, its corrections, its bounds and what it says."""

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest
from factories_analysis import (
    FLEETS,
    count_by_day,
    empty_totals,
    make_network,
    make_result,
    make_standard,
    random_totals,
)
from scipy import stats

from chargesim.analysis.area_tests import judge_area, judge_areas, more_for_all
from chargesim.analysis.failure_counts import JudgedArea
from chargesim.analysis.kpis import kpi_frame, kpi_value
from chargesim.analysis.looks import Look, LookSchedule
from chargesim.analysis.result import RunResult
from chargesim.analysis.verdict import Verdict, decided, judge, nearest_to_breaking
from chargesim.engine.replication_totals import LOST, SERVED
from chargesim.experiment.coverage import PLAN, run_study
from chargesim.network.network import STATION, SWAP

CARS: dict[str, Any] = {
    "name": "cars",
    "measure": "served_within",
    "scope": "cars",
    "minutes": 10.0,
    "at_least": 0.9,
    "source": "assumed",
}
TRUCKS: dict[str, Any] = {**CARS, "name": "trucks", "scope": "trucks"}
SWAPS: dict[str, Any] = {**CARS, "name": "swap", "scope": "swap"}
DISTRICTS: dict[str, Any] = {**CARS, "name": "districts", "scope": "districts", "at_least": 0.8}
LOSSES: dict[str, Any] = {
    "name": "lost",
    "measure": "unserved",
    "scope": "cars",
    "at_most": 0.05,
    "source": "assumed",
}
P95: dict[str, Any] = {
    "name": "P95",
    "measure": "wait_p95",
    "scope": "cars",
    "minutes": 10.0,
    "source": "assumed",
}
GIVEN: dict[str, Any] = {
    "name": "near",
    "measure": "covered_5km",
    "scope": "cars",
    "at_least": 0.9,
    "source": "plan",
}
PACKS: dict[str, Any] = {
    "name": "packs",
    "measure": "pack_available",
    "scope": "swap",
    "at_least": 0.95,
    "source": "check",
}
NETWORK = make_network()
DISTRICT_COUNT = len(NETWORK.districts.name)
QUICK_BIN, SLOW_BIN = 10, 45
FLEET_OF = {"cars": FLEETS.index("private_car"), "trucks": FLEETS.index("heavy_truck")}


def result_of(
    shares: list[float] | list[list[float]],
    criteria: list[dict[str, Any]],
    *,
    wishes: int = 1000,
    group: str = "cars",
    lost: bool = True,
    **options: Any,
) -> RunResult:
    """Return a result with these shares of success by replication (and district); failures are
    lost, or wait long."""
    runs = []
    for replication in shares:
        run = empty_totals(NETWORK)
        by_district = (
            replication if isinstance(replication, list) else [replication] * DISTRICT_COUNT
        )
        for district, share in enumerate(by_district):
            good = round(share * wishes)
            cell = (FLEET_OF[group], STATION, district, 17)
            run.outcomes[(SERVED, *cell)] = good if lost else wishes
            run.outcomes[(LOST, *cell)] = wishes - good if lost else 0
            run.within[(slice(None), *cell)] = good
            run.wait_bins[(*cell, QUICK_BIN)] = good
            run.wait_bins[(*cell, SLOW_BIN)] = 0 if lost else wishes - good
        runs.append(run)
    result: RunResult = make_result(
        runs, network=NETWORK, standard=make_standard(criteria), **options
    )
    return result


def verdict_of(shares: Any, criteria: list[dict[str, Any]], **options: Any) -> Verdict:
    return judge(result_of(shares, criteria, **options))


def with_days(result: RunResult) -> RunResult:
    """Return a result whose counts were changed after it was made."""
    for run in result.replications:
        count_by_day(run)
    return result


def around(mean: float, spread: float = 0.004, n: int = 20) -> list[float]:
    """Return n values with this mean and about this spread, none drawn."""
    return [mean + spread * (1 if i % 2 else -1) for i in range(n)]


def test_meets_when_the_lower_bound_clears_the_threshold() -> None:
    verdict = verdict_of(around(0.92), [CARS])
    (item,) = verdict.criteria
    assert verdict.verdict == item.verdict == "meets"
    assert item.estimate == pytest.approx(0.92)
    assert 0.9 < item.lower < 0.92 < item.upper
    assert 0 < item.margin < item.allowance_used < 1
    assert verdict.more_replications is None


def test_bound_is_one_sided_student_t() -> None:
    (item,) = verdict_of(around(0.92), [CARS]).criteria
    half = 1.7291 * 0.004 * math.sqrt(20 / 19) / math.sqrt(20)
    assert item.lower == pytest.approx(0.92 - half, abs=1e-6)


def test_fails_when_the_upper_bound_is_below() -> None:
    verdict = verdict_of(around(0.88), [CARS])
    assert verdict.verdict == verdict.criteria[0].verdict == "fails"
    assert verdict.criteria[0].margin < 0


def test_inconclusive_says_how_many_more() -> None:
    verdict = verdict_of(around(0.9004, 0.01), [CARS], wishes=10_000)
    assert verdict.verdict == "inconclusive"
    assert verdict.more_replications is not None
    assert 1000 < verdict.more_replications < 3000
    assert verdict.note == f"about {verdict.more_replications:,} more replications would decide"


def test_on_the_threshold_nobody_can_tell() -> None:
    verdict = verdict_of(around(0.9, 0.01), [CARS])
    assert (verdict.verdict, verdict.more_replications) == ("inconclusive", None)
    assert "unknown how many more" in verdict.note


def test_one_replication_is_never_enough() -> None:
    verdict = verdict_of([0.99], [CARS])
    assert verdict.verdict == "inconclusive"
    assert "fewer than 10 replications" in verdict.criteria[0].note


def test_missing_replication_makes_it_incomplete() -> None:
    verdict = verdict_of(around(0.99), [CARS], planned=21)
    assert verdict.verdict == "incomplete"
    assert verdict.criteria[0].verdict == "incomplete"
    failing = verdict_of(around(0.8), [CARS], planned=21).criteria[0]
    assert (failing.verdict, failing.more_replications, failing.note) == ("incomplete", None, "")
    assert "20 of 21 replications are there" in verdict.note


def test_all_criteria_must_meet() -> None:
    both = [CARS, {**CARS, "name": "strict", "at_least": 0.9199}]
    assert verdict_of(around(0.92), both).verdict == "inconclusive"
    assert verdict_of(around(0.93), both).verdict == "meets"


def test_failure_needs_holm_over_the_criteria() -> None:
    """An upper bound just below the threshold fails alone, but not among eight criteria."""
    shares = around(0.8984, 0.004)
    assert verdict_of(shares, [CARS]).verdict == "fails"
    others = [{**CARS, "name": f"easy {i}", "at_least": 0.5} for i in range(7)]
    verdict = verdict_of(shares, [CARS, *others])
    assert verdict.verdict == "inconclusive"
    assert verdict.criteria[0].upper < 0.9
    more = verdict.criteria[0].more_replications
    assert verdict.more_replications == more
    assert verdict.criteria[0].note == (
        "by itself beyond the threshold, but not after Holm's correction over 8 criteria: "
        f"inconclusive; about {more} more replications would decide"
    )


@pytest.mark.parametrize("at", ["inside", "beyond"])
def test_the_note_on_holm_stands_only_where_the_printed_bounds_lie_beyond(at: str) -> None:
    """Half a bound is 1.729 x 0.0041 / sqrt(20) = 0.0016: 0.8985 lies nearer to 0.9 than that,
    0.8980 does not."""
    criteria = [CARS, *({**CARS, "name": f"easy {i}", "at_least": 0.5} for i in range(99))]
    item = verdict_of(
        around(0.8985 if at == "inside" else 0.898, 0.004), criteria, wishes=10_000
    ).criteria[0]
    assert item.verdict == "inconclusive"
    assert (item.upper < 0.9) == (at == "beyond") == ("over 100 criteria" in item.note)


def test_more_replications_that_decide_after_holm() -> None:
    """(z x sd / distance)^2 with z = 2.4977 for 0.05 / 8, sd 0.0041039 and 0.0016 to the threshold
    is 41.04: 42 in all."""
    others = [{**CARS, "name": f"easy {i}", "at_least": 0.5} for i in range(7)]
    item = verdict_of(around(0.8984, 0.004), [CARS, *others], wishes=10_000).criteria[0]
    assert item.more_replications == 42 - 20


def test_one_district_that_fails_decides_though_another_stays_open() -> None:
    """The open district lies on its threshold: it alone could not be decided, the one beyond it
    can."""
    shares = [[0.95, 0.7982 + noise, 0.8 - 10 * noise, 0.95] for noise in around(0.0)]
    item = verdict_of(shares, [DISTRICTS], wishes=10_000).criteria[0]
    alone = verdict_of(
        [[0.95, row[1], 0.95, 0.95] for row in shares], [DISTRICTS], wishes=10_000
    ).criteria[0]
    assert item.verdict == "inconclusive"
    assert item.more_replications == alone.more_replications is not None


def test_unserved_is_at_most() -> None:
    (item,) = verdict_of(around(0.97), [LOSSES]).criteria
    assert (item.verdict, item.sense, item.threshold) == ("meets", "at most", 0.05)
    assert item.estimate == pytest.approx(0.03)
    assert verdict_of(around(0.94), [LOSSES]).verdict == "fails"
    assert verdict_of(around(0.94, n=60), [LOSSES], lost=False).verdict == "meets"


def test_p95_is_decided_by_the_exact_counter() -> None:
    (item,) = verdict_of(around(0.96), [P95], lost=False).criteria
    assert (item.verdict, item.unit, item.threshold) == ("meets", "min", 10.0)
    assert item.estimate < 10
    assert "decided by the share that waits at most 10 min: 0.9600" in item.note
    assert item.lower <= item.estimate <= item.upper < 10
    (open_,) = verdict_of([0.999, 0.91] * 5, [P95]).criteria
    assert (open_.verdict, open_.upper) == ("inconclusive", math.inf)
    assert (
        math.isfinite(open_.estimate) or open_.lower < 10
    )  # an endless replication makes no bound endless that is not
    lost = verdict_of(around(0.94), [P95])
    assert lost.verdict == "fails"
    assert lost.criteria[0].estimate == math.inf


def test_trucks_are_not_merged_into_cars() -> None:
    result = result_of(around(0.5, n=30), [CARS, TRUCKS], group="trucks")
    for run in result.replications:
        run.outcomes[SERVED, FLEET_OF["cars"], STATION, 0, 3] = 500
        run.within[:, FLEET_OF["cars"], STATION, 0, 3] = 500
    cars, trucks = judge(with_days(result)).criteria
    assert (cars.verdict, trucks.verdict) == ("meets", "fails")
    assert cars.estimate == 1.0


def test_every_district_must_meet_and_the_worst_mean_is_shown() -> None:
    fine = [[0.9 + noise, 0.84 + noise, 0.95 + noise, 0.9 + noise] for noise in around(0.0)]
    item = verdict_of(fine, [DISTRICTS]).criteria[0]
    assert (item.verdict, item.worst_district) == ("meets", "District 1")
    assert item.estimate == pytest.approx(0.84, abs=1e-3)
    unclear = [[0.9, 0.8 + noise, 0.95, 0.9] for noise in around(0.0, 0.02)]
    assert verdict_of(unclear, [DISTRICTS]).verdict == "inconclusive"
    broken = [[0.9, 0.7 + noise, 0.95, 0.9] for noise in around(0.0)]
    item = verdict_of(broken, [DISTRICTS]).criteria[0]
    assert item.verdict == "fails"
    assert item.note == "below the threshold for sure: District 1"


def test_district_failure_needs_holm_over_the_districts() -> None:
    nearly = [[0.95, 0.7982 + noise, 0.95, 0.95] for noise in around(0.0)]
    (item,) = verdict_of(nearly, [DISTRICTS], wishes=10_000).criteria
    assert item.verdict == "inconclusive"
    assert item.upper < 0.8
    assert item.note.startswith(
        "below the threshold, not yet for sure: District 1; "
        "by itself beyond the threshold, but not after Holm's correction over 4 districts: "
        "inconclusive; about "
    )
    alone = {**DISTRICTS, "name": "cars", "scope": "cars"}
    assert verdict_of([row[1] for row in nearly], [alone], wishes=10_000).verdict == "fails"


def test_what_is_sure_among_the_districts_is_not_said_of_an_inconclusive_criterion() -> None:
    """p is 0.011 in District 1: below 0.05 / 4, so sure among the districts alone, above 0.05 / 4 /
    9 with the criteria."""
    shares = [[0.95, 0.7977 + noise, 0.95, 0.95] for noise in around(0.0)]
    others = [{**CARS, "name": f"easy {i}", "at_least": 0.5} for i in range(8)]
    (alone,) = verdict_of(shares, [DISTRICTS], wishes=10_000).criteria
    assert (alone.verdict, alone.note) == ("fails", "below the threshold for sure: District 1")
    among = verdict_of(shares, [DISTRICTS, *others], wishes=10_000).criteria[0]
    assert among.verdict == "inconclusive"
    assert "for sure: District 1; by itself beyond" in among.note
    assert "not yet for sure" in among.note
    assert "over 4 districts and 9 criteria" in among.note


def test_a_share_at_most_is_above_its_threshold() -> None:
    lost = {**LOSSES, "scope": "districts"}
    (item,) = verdict_of(
        [[0.99, 0.9 + noise, 0.99, 0.99] for noise in around(0.0)], [lost]
    ).criteria
    assert (item.verdict, item.note) == ("fails", "above the threshold for sure: District 1")


def test_noisy_districts_that_all_truly_meet_are_rarely_called_failing() -> None:
    """The minimum of many noisy shares would be far below; the mean over replications comes
    first."""
    rng = np.random.default_rng(7)
    verdicts = []
    for _ in range(200):
        shares = (rng.binomial(100, 0.8, (10, DISTRICT_COUNT)) / 100).tolist()
        verdicts.append(verdict_of(shares, [DISTRICTS], wishes=100))
    assert np.mean([verdict.verdict == "fails" for verdict in verdicts]) < 0.05 + 3 * math.sqrt(
        0.05 * 0.95 / 200
    )
    assert np.mean([verdict.verdict == "meets" for verdict in verdicts]) < 0.05


def test_small_districts_are_pooled_by_class_and_named() -> None:
    result = result_of([[0.9] * 4] * 9 + [[0.91, 0.9, 0.9, 0.9]], [DISTRICTS], wishes=30)
    (item,) = judge(result).criteria
    assert "few wishes: District 0" in item.note
    network = make_network(district_count=8)
    runs = []
    for _ in range(10):
        run = empty_totals(network)
        run.outcomes[SERVED, 0, STATION, :, 17] = [200, 200, 200, 200, 10, 200, 200, 200]
        run.within[:, 0, STATION] = run.outcomes[SERVED, 0, STATION]
        run.outcomes[SERVED, 0, STATION, 0, 17] = 10
        run.within[:, 0, STATION, 0, 17] = 0
        runs.append(run)
    (item,) = judge(
        make_result(runs, network=network, standard=make_standard([DISTRICTS]))
    ).criteria
    assert item.worst_district == "core pooled"
    assert item.estimate == pytest.approx(0.5)
    assert "few wishes, judged together (core): District 0, District 4" in item.note


def test_given_criteria_are_shown_and_are_no_evidence() -> None:
    verdict = verdict_of(around(0.95), [CARS, GIVEN], given={"covered_5km": 0.7})
    assert verdict.verdict == "meets"
    given = verdict.criteria[1]
    assert (given.verdict, given.estimate, given.n) == ("given", 0.7, 0)
    assert given.note == "given by the plan, BELOW the threshold"
    assert verdict.note == "the plan itself gives less than asked for: near"
    assert nearest_to_breaking(verdict) is verdict.criteria[0]
    unknown = verdict_of(around(0.95), [CARS, GIVEN], given={}).criteria[1]
    assert "not known in this run" in unknown.note


def test_guns_available_leave_blackouts_out_and_say_so() -> None:
    guns = {
        "name": "guns",
        "measure": "guns_available",
        "scope": "cars",
        "at_least": 0.97,
        "source": "rule",
    }
    result = result_of(
        around(0.95), [CARS, guns, GIVEN], given={"guns_available": 1.0, "covered_5km": 1.0}
    )
    reached = "given by the plan, reaches the threshold"
    assert [item.note for item in judge(result).criteria[1:]] == [reached, reached]
    dark = dataclasses.replace(result, blackouts=1)
    words = f"{reached}; without blackouts; the KPI gun_availability counts them"
    assert [item.note for item in judge(dark).criteria[1:]] == [words, reached]


def test_given_criteria_alone_decide_nothing() -> None:
    verdict = verdict_of(around(0.95), [GIVEN])
    assert verdict.verdict == "inconclusive"
    assert "no criterion could be judged" in verdict.note
    assert nearest_to_breaking(verdict) is None


def test_a_scope_without_wishes_is_no_evidence() -> None:
    verdict = verdict_of(around(0.95), [CARS, SWAPS])
    assert verdict.verdict == "meets"
    assert (verdict.criteria[1].verdict, verdict.criteria[1].n) == ("given", 0)
    assert "nobody wished" in verdict.criteria[1].note


@pytest.mark.parametrize(("days", "state"), [(58, "inconclusive"), (59, "meets")])
def test_without_any_failure_enough_days_must_have_been_judged(days: int, state: str) -> None:
    """0.95 ** 58.4 is 0.05: a day that comes as often as 5 % allow would have been seen in 59."""
    (item,) = verdict_of([1.0] * days, [LOSSES]).criteria
    assert (item.verdict, item.estimate, item.lower) == (state, 0.0, 0.0)
    assert item.upper == pytest.approx(1 - 0.05 ** (1 / days))
    assert "the bound allows for days that were not seen, on which nobody is served" in item.note


def test_how_many_vehicles_came_changes_nothing() -> None:
    for shares in ([1.0] * 20, around(0.92)):
        few, many = (verdict_of(shares, [CARS], wishes=wishes) for wishes in (250, 25_000))
        assert few.criteria == many.criteria


def test_without_any_failure_the_days_still_needed_are_those_of_the_rule_of_three() -> None:
    verdict = verdict_of([1.0] * 20, [LOSSES])
    assert verdict.verdict == "inconclusive"
    about = verdict.more_replications
    assert about is not None
    assert abs(about - 39) <= 5


def test_equal_replications_with_failures_allow_for_one_unlike_them() -> None:
    """Every replication fails 5 %; an unseen one may fail wholly, or not at all."""
    (item,) = verdict_of([0.95] * 80, [CARS]).criteria
    unseen = 1 - 0.05 ** (1 / 80)
    assert (1 - item.upper, 1 - item.lower) == pytest.approx(
        (0.05 * (1 - unseen), 0.05 + 0.95 * unseen)
    )
    assert item.verdict == "meets"
    assert verdict_of([0.95] * 40, [CARS]).verdict == "inconclusive"
    assert verdict_of([0.9] * 80, [CARS]).verdict == "inconclusive"  # on the threshold
    assert verdict_of([0.89] * 80, [CARS]).verdict == "fails"
    assert verdict_of([0.89] * 20, [CARS]).verdict == "inconclusive"


def test_equal_replications_need_as_many_more_as_their_number_says() -> None:
    unit = JudgedArea.of_days("", (0,), np.full(20, 4.0), np.full(20, 50.0))  # 8 %
    judged = judge_area(unit, 0.1, 0.05)
    assert not judged.meets
    more = more_for_all([unit], [judged], 0.1, 0.05, 1)
    assert more is not None
    enough = JudgedArea.of_days("", (0,), np.full(20 + more, 4.0), np.full(20 + more, 50.0))
    assert judge_area(enough, 0.1, 0.05).bounds.upper == pytest.approx(0.1, abs=3e-3)
    failing = judge_area(unit, 0.07, 0.05)
    assert failing.p_fail == pytest.approx((0.07 / 0.08) ** 20)
    assert more_for_all([unit], [failing], 0.08, 0.05, 1) is None  # on the threshold


@pytest.mark.parametrize("loss", [1.0, 0.3])
def test_losses_on_one_day_in_200_are_rarely_called_meeting(loss: float) -> None:
    """Binomial bounds over the vehicles said "meets" in 90 % of such studies of 20 days."""
    rng = np.random.default_rng(3)
    rare = {**LOSSES, "at_most": 0.9 * loss / 200}
    verdicts = [
        verdict_of((1.0 - loss * (rng.random(20) < 1 / 200)).tolist(), [rare]).verdict
        for _ in range(300)
    ]
    assert verdicts.count("meets") == 0
    assert verdict_of([1.0] * 20, [rare]).verdict == "inconclusive"


def test_a_rare_bad_day_beside_everyday_losses_is_named_as_not_covered() -> None:
    """No bound from the days seen knows it: such a study meets, and the verdict says so."""
    verdict = verdict_of(around(0.99), [LOSSES])
    assert verdict.verdict == "meets"
    assert verdict.judged_days == 20
    assert verdict.rarest_day_seen == pytest.approx(1 / (1 - 0.05 ** (1 / 20)))
    assert verdict.not_covered == (
        "20 days were simulated: a bad day that comes less often than once in 7 days could have "
        "been missed (at 95 % confidence), and bounds from the days seen do not allow for it"
    )


def test_twenty_weeks_say_how_rare_a_bad_day_may_be() -> None:
    runs = [random_totals(NETWORK, np.random.default_rng(seed), days=7) for seed in range(20)]
    verdict = judge(make_result(runs, network=NETWORK, days=7))
    assert verdict.not_covered.startswith(
        "20 weeks, 140 days, were simulated: a bad day that comes less often than once in 47 days"
    )


def test_a_share_is_the_ratio_of_totals_and_not_the_mean_of_ratios() -> None:
    """Days with many trucks fail often: 10 of 100 on one half, none of 10 on the other."""
    runs = []
    for place in range(20):
        run = empty_totals(NETWORK)
        cell = (FLEET_OF["cars"], STATION, 0, 17)
        many = place % 2 == 0
        run.outcomes[(SERVED, *cell)] = 90 if many else 10
        run.outcomes[(LOST, *cell)] = 10 if many else 0
        runs.append(run)
    result = make_result(runs, network=NETWORK, standard=make_standard([LOSSES]))
    (item,) = judge(result).criteria
    assert item.estimate == pytest.approx(100 / 1100)
    assert item.estimate == pytest.approx(kpi_value(kpi_frame(result), "share_lost")["mean"])
    assert item.lower < item.estimate < item.upper


def test_a_recorded_log_of_a_day_is_one_sample_however_often_it_is_played() -> None:
    """132 wishes met at 95 % when played 20 times."""
    for count in (2, 20, 160):
        result = dataclasses.replace(
            result_of(around(0.99, n=count), [LOSSES], wishes=1000), recorded=True
        )
        verdict = judge(result)
        (item,) = verdict.criteria
        assert (verdict.verdict, verdict.more_replications, item.n) == ("inconclusive", None, 1)
        assert "fewer than 10 days in the log give no verdict" in item.note
        assert item.estimate == pytest.approx(0.01)
        assert item.upper < 0.05, "what this log shows, with the noise of taste alone"
        assert verdict.judged_days == 1
        assert verdict.not_covered.startswith("one recorded log of 1 day is one sample")
        assert "replications would decide" not in verdict.note
        assert "playing the log again decides nothing" in verdict.note


def test_a_recorded_log_of_many_days_is_judged_by_its_days() -> None:
    failed = np.tile(np.array([8.0, 12.0] * 6), (20, 1))
    area = JudgedArea("", (0,), failed.sum(axis=1), np.full(20, 1200.0), failed, failed * 0 + 100)
    drawn, recorded = (
        judge_area(dataclasses.replace(area, recorded=one), 0.2, 0.05) for one in (False, True)
    )
    assert (drawn.bounds.n, recorded.bounds.n) == (20, 12)
    assert recorded.bounds.mean == pytest.approx(0.1)
    half = stats.t.isf(0.05, 11) * np.std([0.08, 0.12] * 6, ddof=1) / math.sqrt(12)
    assert recorded.bounds.upper == pytest.approx(0.1 + half)
    assert recorded.meets


def test_districts_of_any_table_are_judged_by_the_same_rule() -> None:
    shares = np.array([around(0.1), around(0.19), around(0.25)])
    areas = [
        JudgedArea.of_days(str(i), (i,), 100 * one, one * 0 + 100) for i, one in enumerate(shares)
    ]
    found = judge_areas(areas, 0.2, 0.05)
    assert (found.meets, found.worst) == (False, 2)
    assert found.beyond_after_holm.tolist() == [False, False, True]
    assert judge_areas(areas[:2], 0.2, 0.05).meets
    assert judge_areas(areas[2:], 0.2, 0.05).p_fail == pytest.approx(found.p_fail / 3)


def test_packs_are_those_of_the_groups_sites() -> None:
    result = result_of(around(0.95), [PACKS])
    car_swap, truck_swap = (np.flatnonzero(NETWORK.sites.kind == SWAP)[place] for place in (0, -1))
    for place, run in enumerate(result.replications):
        run.arrivals[[car_swap, truck_swap], 8] = 1000
        run.pack_found[car_swap, 8] = 980 + place % 2
    (item,) = judge(with_days(result)).criteria
    assert item.verdict == "meets"
    assert item.estimate == pytest.approx(0.9805)
    assert item.worst_hour == "8-9 h"
    assert item.worst_district == NETWORK.districts.name[NETWORK.sites.district[car_swap]]


def test_worst_place_and_hour_need_some_wishes() -> None:
    result = result_of([[0.95, 0.9, 0.95, 0.95]] * 3, [CARS])
    for run in result.replications:
        run.outcomes[LOST, FLEET_OF["cars"], STATION, 2, 4] = 3
    (item,) = judge(result).criteria
    assert (item.worst_district, item.worst_hour) == ("District 1", "17-18 h")
    (none,) = verdict_of([1.0] * 3, [CARS]).criteria
    assert (none.worst_district, none.worst_hour) == (None, None)


def test_looks_spend_the_error() -> None:
    result = result_of(around(0.9018, 0.004), [CARS])
    assert judge(result).verdict == "meets"
    spent = judge(dataclasses.replace(result, looks=4))
    assert spent.verdict == "inconclusive"
    assert spent.confidence_of_a_look == pytest.approx(1 - 0.05 / 4)
    assert "look 1 of 4; the error of 5 % is divided over the looks, 1.25 % spent" in spent.note
    with pytest.raises(ValueError, match="looks: got 0"):
        LookSchedule(20, 0)


@pytest.mark.parametrize("looks", [1, 3, 4])
def test_over_all_looks_the_error_sums_to_that_of_the_standard(looks: int) -> None:
    result = result_of(around(0.92), [CARS])
    plan = LookSchedule(20, looks).looks
    assert [look.replications for look in plan] == [20, 40, 80, 160][:looks]
    spent = [
        1 - judge(dataclasses.replace(result, look=look.number, looks=look.of)).confidence_of_a_look
        for look in plan
    ]
    assert sum(spent) == pytest.approx(1 - result.standard.confidence.value)


def test_a_study_stops_at_the_first_look_that_decides() -> None:
    asked = []

    def judge_look(look: Look) -> int:
        asked.append(look.replications)
        return look.replications

    assert LookSchedule(5, 4).until_decided(judge_look, lambda n: n >= 10) == 10
    assert asked == [5, 10]
    assert LookSchedule(5, 2).until_decided(judge_look, lambda n: False) == 10


def test_nearest_to_breaking_has_the_smallest_margin() -> None:
    verdict = verdict_of(
        around(0.93), [CARS, {**CARS, "name": "close", "at_least": 0.925}, DISTRICTS]
    )
    nearest = nearest_to_breaking(verdict)
    assert nearest is not None
    assert nearest.name == "close"
    assert verdict.to_dict()["nearest_to_breaking"] == "close"


def test_verdict_is_plain_json() -> None:
    verdict = verdict_of(around(0.94), [CARS, P95, SWAPS, DISTRICTS])
    text = json.dumps(verdict.to_dict(), allow_nan=False)
    back = json.loads(text)
    assert back["verdict"] == "fails"
    assert back["criteria"][1]["estimate"] == "inf"
    assert back["criteria"][2]["estimate"] is None
    assert back["share_text"].startswith("12.9 %")


@pytest.mark.stat
def test_a_plan_on_the_threshold_is_called_meeting_as_rarely_as_stated() -> None:
    rng = np.random.default_rng(11)
    verdicts = [
        verdict_of((rng.binomial(400, 0.9, 10) / 400).tolist(), [CARS], wishes=400).verdict
        for _ in range(400)
    ]
    noise = 3 * math.sqrt(0.05 * 0.95 / 400)
    assert abs(verdicts.count("meets") / 400 - 0.05) < noise
    assert abs(verdicts.count("fails") / 400 - 0.05) < noise


def test_the_coverage_study_judges_as_a_run_does() -> None:
    """Whole runs, look by look, of the same shares of failures."""
    rng, wishes = np.random.default_rng(8), 20_000
    seen = set()
    for mean in (0.045, 0.05, 0.055):
        for _ in range(2):
            failed = np.round(rng.lognormal(np.log(mean), 0.3, PLAN.most) * wishes) / wishes
            look, judgement, fails = run_study(failed * wishes, failed * 0 + wishes)
            result = result_of((1 - failed).tolist(), [LOSSES], wishes=wishes)

            def judged(at: Look, result: RunResult = result) -> Verdict:
                part = result.replications[: at.replications]
                return judge(
                    dataclasses.replace(
                        result,
                        replications=part,
                        planned_replications=len(part),
                        look=at.number,
                        looks=at.of,
                    )
                )

            verdict = PLAN.until_decided(judged, decided)
            assert verdict.replications == look.replications
            assert verdict.verdict == (
                "meets" if judgement.meets else "fails" if fails else "inconclusive"
            )
            assert verdict.criteria[0].upper == pytest.approx(judgement.bounds.upper)
            seen.add(verdict.verdict)
    assert seen >= {"meets", "fails"}
