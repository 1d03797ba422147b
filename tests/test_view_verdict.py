"""Check what the terminal says."""

import dataclasses
import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from factories_analysis import make_network, make_result, make_standard, random_totals
from rich.console import Console

from chargesim.analysis.kpis import kpi_frame
from chargesim.analysis.result import RunResult
from chargesim.analysis.verdict import judge
from chargesim.engine.replication_totals import PARTIAL, SERVED
from chargesim.network.network import STATION
from chargesim.scenario.observed import Anchor, GunUse
from chargesim.view.run_details import print_statistics, print_swap_shares
from chargesim.view.verdict import print_verdict
from chargesim.view.wording import amount, interval


def make_easy() -> list[dict[str, Any]]:
    """Return two criteria that random runs meet."""
    served = {"measure": "served_within", "minutes": 20.0, "source": "assumed"}
    return [
        {**served, "name": "cars served within 20 min", "scope": "cars", "at_least": 0.6},
        {**served, "name": "every district within 20 min", "scope": "districts", "at_least": 0.5},
    ]


def made(count: int) -> RunResult:
    """Return a result with this many random replications and the easy criteria."""
    network = make_network()
    runs = [random_totals(network, np.random.default_rng(seed)) for seed in range(count)]
    return make_result(runs, network=network, standard=make_standard(make_easy()))


def printed(result: RunResult) -> str:
    console = Console(width=150, record=True, file=io.StringIO())
    print_verdict(console, result, judge(result), kpi_frame(result))
    return console.export_text()


def details(result: RunResult) -> str:
    console = Console(width=150, record=True, file=io.StringIO())
    print_statistics(console, result, judge(result), kpi_frame(result))
    return console.export_text()


def test_verdict_names_what_a_planner_asks_for() -> None:
    text = printed(made(20))
    for part in (
        "The plan MEETS the standard: of 2 criteria 2 are met",
        "How sure: 95 % confidence over 20 replications. That covers chance",
        "Assumed: 12.9 % of all public energy is asked of this network",
        "Nearest to breaking: ",
        "; worst in ",
        "every district within 20 min",
        "at least 50 %",
    ):
        assert part in text, part
    assert "first look" not in text


def test_statistics_come_second() -> None:
    plain, text = printed(made(20)), details(made(20))
    for part in (
        "Not covered: 20 days were simulated: a bad day that comes less often than once in 7 days",
        "20 of 20 replications",
        "bounds one-sided at 95 %",
        "peak load of the city",
        "synthetic layout of real totals (layout seed 1)",
    ):
        assert part in text and part not in plain, part


def test_the_answer_fits_80_columns() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    result = make_result()
    print_verdict(console, result, judge(result), kpi_frame(result))
    table = console.export_text().split("criterion", 1)[1]
    for criterion in result.standard.criteria:
        assert f"  {criterion.name} " in table  # no name is folded


def test_what_fails_says_what_it_would_take() -> None:
    network = make_network()
    runs = [
        random_totals(network, np.random.default_rng(seed), wishes=9.0, fail=0.5)
        for seed in range(20)
    ]
    result = make_result(runs, network=network, standard=make_standard(make_easy()))
    (first, _) = judge(result).criteria
    text = printed(result)
    assert "The plan FAILS the standard: of 2 criteria 2 fail" in text
    drop = 100 * (1 - 0.4 / (1 - first.estimate))  # 60 % are needed, so 40 % may fail
    assert f"would have to drop: {first.name} by {drop:.0f} %" in text


def test_an_endless_p95_says_what_it_means() -> None:
    network = make_network()
    runs = [
        random_totals(network, np.random.default_rng(seed), wishes=9.0, fail=0.5)
        for seed in range(12)
    ]
    wait = {"measure": "wait_p95", "minutes": 20.0, "source": "assumed"}
    standard = make_standard([{**wait, "name": "cars P95 wait", "scope": "cars"}])
    text = printed(make_result(runs, network=network, standard=standard))
    assert "over 5 % not served" in text and "endless" not in text


def test_incomplete_claims_no_confidence() -> None:
    text = printed(make_result(planned=9))
    assert "INCOMPLETE: no verdict (5 of 9 replications are there)" in text
    assert "confidence" not in text and "a first look" not in text
    assert not {"meets", "fails", "inconclusive"} & set(text.split())


def test_fewer_than_ten_replications_give_no_verdict() -> None:
    text = printed(made(9))
    assert "INCONCLUSIVE: fewer than 10 replications give no verdict" in text


def test_only_a_run_that_is_judged_once_is_a_first_look() -> None:
    result = make_result(standard=make_standard(make_easy()))
    assert "5 replications; a first look, 20 are usual" in printed(result)
    assert "a first look" not in printed(dataclasses.replace(result, looks=4))


def test_swap_shares_stand_beside_what_the_ledger_expects() -> None:
    console = Console(record=True, width=120, file=io.StringIO())
    kpis = pd.DataFrame(
        {
            "kpi": ["swap_share_of_energy", "swap_share_of_energy", "energy_mwh_per_day"],
            "scope": ["fleet", "fleet", "kind"],
            "key": ["taxi", "bus", "swap"],
            "mean": [0.58, 0.0, 572.4],
            "n": [20, 20, 20],
        }
    )
    print_swap_shares(console, kpis, {"taxi": 0.67, "bus": 0.0}, 770.1)
    text = " ".join(console.export_text().split())
    assert "Swapping: 572 MWh a day charged into packs, 770 expected by the ledger" in text
    assert "in brackets the ledger's: taxi 58% (67%)" in text


def test_the_use_of_a_gun_stands_beside_the_observed_one() -> None:
    """Sessions, energy and time by hand from the totals; nothing where totals leave energy out."""
    result = make_result(standard=make_standard(make_easy()))
    stations = result.network.sites.kind == STATION
    gun_days = result.network.sites.guns[stations].sum() * result.days
    first = result.replications[0]
    anchor = Anchor(name="NIO", sessions_per_gun_day=3.0, busy_share=0.1, source="somewhere")
    one = dataclasses.replace(
        result, replications=[first] * result.planned_replications,
        asked=GunUse(6.28, 192.1), anchors=(anchor,),
    )  # fmt: skip
    use = judge(one).gun_use
    sessions = first.outcomes[[SERVED, PARTIAL]][:, :, STATION].sum() / gun_days
    energy = first.energy_kwh[stations].sum() / gun_days
    assert use.sessions_per_gun_day == pytest.approx(sessions)
    assert use.kwh_per_gun_day == pytest.approx(energy)
    assert use.busy_share == pytest.approx(first.busy_min[stations].sum() / gun_days / 1440)
    assert use.asked_sessions_per_gun_day == 6.28
    assert judge(one).to_dict()["gun_use"]["observed"][0]["sessions_per_gun_day"] == 3.0
    text = printed(one)
    assert f"Simulated: {sessions:.1f} sessions and {energy:,.0f} kWh of a gun and day" in text
    assert "Observed elsewhere, a gun and day: NIO: 3 sessions, 10% of the time" in text
    cut = dataclasses.replace(first, energy_kwh=first.energy_kwh[:0])
    judged = dataclasses.replace(one, replications=[cut] * result.planned_replications)
    assert np.isnan(judge(judged).gun_use.kwh_per_gun_day)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.9412, "share", "94.1 %"),
        (0.9991, "share", "99.91 %"),
        (0.00123, "share", "0.12 %"),
        (0.0005, "share", "0.050 %"),
        (0.000274, "share", "0.027 %"),
        (3.1e-6, "share", "0.00031 %"),
        (1.0, "share", "100 %"),
        (0.0, "share", "0 %"),
        (12_345.6, "1/day", "12,346 a day"),
        (11.16, "min", "11.2 min"),
        (0.5, "min", "0.50 min"),
        (float("inf"), "min", "endless"),
        (float("-inf"), "min", "unknown"),
        (float("nan"), "min", "-"),
    ],
)
def test_amounts(value: float, unit: str, text: str) -> None:
    assert amount(value, unit) == text


def test_intervals_name_their_unit_once() -> None:
    assert interval(0.9393, 0.9412, "share") == "93.9 to 94.1 %"
    assert interval(0.0, 0.000031, "share") == "0 to 0.0031 %"
    assert interval(0.00028, 0.00031, "share") == "0.028 to 0.031 %"
    assert interval(2.0, 11.0, "min") == "2.00 to 11.0 min"
    assert interval(2.0, float("inf"), "min") == "2.00 min to endless"
    assert interval(3.0, 3.0, "min") == "equal in all"
    assert interval(float("nan"), float("nan"), "min") == "-"


def test_what_fails_is_named_before_what_is_only_not_clear() -> None:
    """One criterion fails; another, of few wishes, has wide bounds and no failure."""
    verdict = judge(made(20))
    first, other = verdict.criteria
    failing = dataclasses.replace(first, verdict="fails", allowance_used=1.2, margin=-0.3)
    unclear = dataclasses.replace(
        other, verdict="inconclusive", allowance_used=0.0, margin=-5.0,
        worst_district=None, worst_hour=None,
    )  # fmt: skip
    both = dataclasses.replace(verdict, verdict="fails", criteria=(unclear, failing))
    console = Console(width=150, record=True, file=io.StringIO())
    print_verdict(console, made(20), both, kpi_frame(made(20)))
    assert f"Broken furthest: {first.name}" in console.export_text()


def test_what_nobody_asked_and_what_the_plan_lacks_is_said() -> None:
    verdict = judge(made(20))
    first, other = verdict.criteria
    nobody = dataclasses.replace(first, verdict="given", estimate=float("nan"), allowance_used=0.0)
    short = dataclasses.replace(
        other, name="core", measure="covered_1km_core", verdict="given", allowance_used=5.0
    )
    console = Console(width=150, record=True, file=io.StringIO())
    both = dataclasses.replace(verdict, criteria=(nobody, short))
    print_verdict(console, made(20), both, kpi_frame(made(20)))
    text = console.export_text()
    assert "1 more that the plan itself gives falls short" in text
    assert "nobody asked" in text and "given, short" in text


def test_a_log_has_no_bounds() -> None:
    log = dataclasses.replace(made(20), recorded=True)
    assert "recorded day(s), however often played" in printed(log)
    assert "Criteria (of this log)" in details(log)
    assert " to 9" not in details(log).split("Key figures")[0]
