"""Test on how many days a criterion fails: the count by hand, and how often the interval holds."""

import dataclasses
import datetime

import numpy as np
import pytest
from factories_analysis import FLEETS, make_network, make_result, make_standard

from chargesim.analysis.days import count_by_day, days_frame, failing_days, judge_days
from chargesim.analysis.result import JudgedDay
from chargesim.engine.replication_totals import KINDS, ReplicationTotals
from chargesim.json_values import json_value
from chargesim.runs.written_tables import DAYS as DAYS_TABLE

DAYS = 30
STATION = KINDS.index("station")
NETWORK = make_network()
CRITERIA = [
    {
        "name": "cars within 10 min", "measure": "served_within", "scope": "cars",
        "minutes": 10.0, "at_least": 0.9, "source": "assumed",
    },
    {
        "name": "cars lost", "measure": "unserved", "scope": "cars", "at_most": 0.05,
        "source": "assumed",
    },
    {
        "name": "districts", "measure": "served_within", "scope": "districts",
        "minutes": 10.0, "at_least": 0.8, "source": "assumed",
    },
    {
        "name": "trucks", "measure": "served_within", "scope": "trucks",
        "minutes": 20.0, "at_least": 0.8, "source": "assumed",
    },
]  # fmt: skip


def totals(late):
    """Return totals with 100 wishes of cars a day and district; `late` [day, district] wait."""
    run = ReplicationTotals.zeros(
        sites=len(NETWORK.sites), servers=int(NETWORK.sites.servers.sum()),
        connections=len(NETWORK.sites), fleets=len(FLEETS), districts=4,
        thresholds=3, days=DAYS, quarters=96 * DAYS,
    )  # fmt: skip
    run.ended_by_day[:, 0, STATION] = 100
    run.within_by_day[:, :, 0, STATION] = 100 - np.asarray(late)
    run.unserved_by_day[:, 0, STATION, 0] = np.asarray(late)[:, 0]
    return run


def result(*late, calendar=None, min_sessions=50):
    first = datetime.date(2025, 1, 20)
    days = calendar or tuple(
        JudgedDay(day.weekday(), day, "feast" if 8 <= n < 12 else "")
        for n in range(DAYS)
        for day in [first + datetime.timedelta(n)]
    )
    made = make_result(
        [totals(one) for one in late], network=NETWORK, days=DAYS,
        standard=make_standard(CRITERIA, min_sessions=min_sessions),
    )  # fmt: skip
    factors = {group: np.ones((len(late), DAYS)) for group in ("cars", "trucks")}
    factors["cars"][0, 20] = 1.4
    return dataclasses.replace(made, calendar=days, day_factors=factors)


def late_on(*cells):
    late = np.zeros((DAYS, 4), dtype=int)
    for day, district, count in cells:
        late[day, district] = count
    return late


def test_failing_days_by_hand():
    """Of 400 cars a day 40 may wait too long: 41 fail the day, 40 do not."""
    first = late_on((9, 0, 41), (20, 1, 100), (21, 2, 40))
    second = late_on((9, 0, 60), (22, 3, 41))
    found = judge_days(result(first, second))
    cars, lost, districts = found.criteria
    assert cars.failing_days == (2 + 2) / 2
    assert [np.flatnonzero(one).tolist() for one in cars.fails] == [[9, 20], [9, 22]]
    assert [(day.day, day.reason) for day in cars.worst] == [
        ("2025-02-09", "1.4 times the expected wishes"),
        ("2025-01-29", "feast"),
        ("2025-02-11", "an ordinary day"),
    ]
    assert cars.worst[0].allowance_used == pytest.approx(100 / 40)
    assert lost.failing_days == 1  # 41 and 60 of 400 on day 9 alone, above 20
    assert districts.failing_days >= cars.failing_days
    assert found.any_criterion.mean >= cars.failing_days
    assert found.notes == ("trucks: fewer than 20 wishes a day, too few to judge days",)
    assert "feast (1 of 4 days)" in found.when


def test_districts_are_judged_by_class_by_day():
    """A class fails by its own wishes, though the city as a whole does not."""
    classes = np.array(NETWORK.districts.area_class)
    one = int(np.flatnonzero(classes == classes[0])[0])
    own = (classes == classes[0]).sum() * 100
    some = result(late_on((3, one, min(own // 5 + 1, 100))), late_on())
    criterion = some.standard.criteria[2]
    failed, wishes, note = count_by_day(some, criterion)
    assert wishes[1, 3].tolist() == [
        100 * (classes == name).sum() for name in dict.fromkeys(classes)
    ]
    assert (failed > 0).sum() == 1 and "by class" in note
    cars, _, districts = judge_days(some).criteria
    assert (cars.failing_days, districts.failing_days) == (0, 0.5)
    joined = count_by_day(result(late_on(), min_sessions=10_000), criterion)[1]
    assert joined.shape[2] == 1  # classes with few wishes are joined


def test_few_days_or_a_recorded_log_are_not_counted():
    plain = result(late_on())
    assert judge_days(dataclasses.replace(plain, calendar=plain.calendar[:27])) is None
    assert judge_days(dataclasses.replace(plain, calendar=())) is None


def test_days_without_dates_have_numbers():
    days = tuple(JudgedDay(n % 7) for n in range(DAYS))
    found = judge_days(result(late_on((9, 0, 60)), late_on(), calendar=days))
    assert found.criteria[0].worst[0].day == "day 10"
    assert found.when == ""


def test_the_table_and_the_json_say_the_same():
    found = judge_days(result(late_on((9, 0, 41)), late_on((9, 0, 60))))
    frame = days_frame(found)
    assert list(frame.columns) == list(DAYS_TABLE.columns)
    assert len(frame) == 3 * DAYS
    row = frame[(frame["date"] == "2025-01-29") & (frame["criterion"] == "cars within 10 min")]
    assert row[["wished", "failed", "fails_in"]].to_numpy().tolist() == [[400, 50.5, 2]]
    assert row["allowance_used"].item() == pytest.approx(50.5 / 40)
    told = found.to_dict()
    assert told["criteria"][0]["failing_days"] == 1
    assert told["judged_days"] == DAYS and told == json_value(told)


CHANCES = {
    "none": np.full(365, 1e-5),
    "rare": np.full(365, 0.002),
    "eleven": np.full(365, 0.03),
    "even": np.full(365, 0.5),
    "nearly all": np.full(365, 0.995),
    "Saturdays": np.r_[np.full(52, 0.95), np.zeros(313)],
    "two kinds": np.r_[np.full(40, 0.9), np.full(325, 0.01)],
    "all kinds": np.random.default_rng(5).beta(0.3, 0.7, 365),
}


@pytest.mark.stat
@pytest.mark.parametrize("replications", [1, 2, 5])
@pytest.mark.parametrize("name", CHANCES)
def test_the_interval_holds_the_expected_number_as_often_as_it_says(name, replications):
    """In 1,000 simulated studies at least 95 %, less three standard errors (0.7 points each)."""
    chances, rng = CHANCES[name], np.random.default_rng(17)
    held, width = 0, 0.0
    for _ in range(1_000):
        found = failing_days(rng.random((replications, 365)) < chances)
        held += found.lower <= chances.sum() <= found.upper
        width += (found.upper - found.lower) / 1_000
    assert held >= 1_000 * (0.95 - 3 * 0.007)
    if replications > 1:  # hardly wider than an interval that knows every date's chance
        known = 2 * 1.96 * np.sqrt((chances * (1 - chances)).sum() / replications)
        assert width < 1.35 * known + 3.7 / replications


def test_the_interval_by_hand():
    """No failing day in two years: at most 3.69 / 2; all days fail: the same from above."""
    none, all_days = failing_days(np.zeros((2, 365), bool)), failing_days(np.ones((2, 365), bool))
    assert (none.mean, none.lower) == (0, 0) and none.upper == pytest.approx(3.689 / 2, abs=0.001)
    assert (all_days.mean, all_days.upper) == (365, 365)
    assert all_days.lower == pytest.approx(365 - 3.689 / 2, abs=0.001)
    # five dates fail in one of two years: the exact Poisson limits of five, halved
    five = failing_days(np.stack([np.arange(365) < 5, np.zeros(365, bool)]))
    assert five.mean == 2.5
    assert (five.lower, five.upper) == pytest.approx((1.623 / 2, 11.668 / 2), abs=0.001)
