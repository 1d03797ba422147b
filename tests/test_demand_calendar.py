"""Test the calendar: what it refuses, what it does to the demand of a day, and of no other."""

import datetime

import numpy as np
import pytest
from factories import SCENARIOS

from chargesim.demand.calendar import DayCalendar, cold_curve_factors, month_factors
from chargesim.demand.thinning import alike, days_of_all
from chargesim.errors import InputError
from chargesim.experiment.design import one_day
from chargesim.experiment.lead_in import with_lead_in
from chargesim.runs.case import build_case
from chargesim.scenario.calendar import MONTHS
from chargesim.scenario.reading import load

SMALL = load(SCENARIOS / "small_city.yaml")
FACTORS = {"cars_factor": 1.5, "trucks_factor": 0.5, "through_factor": 2.5}
HOLIDAY = {"first": "2025-01-04", "last": "2025-01-05", **FACTORS, "profile_day": "sunday"}
COLD = {"first": "2025-01-03", "last": "2025-01-03", "season_factor": 1.2, "curve_factor": 0.7}
PLAIN = {"first_date": "2025-01-01"}
FULL = PLAIN | {"holidays": {"feast": HOLIDAY}, "cold_spells": {"frost": COLD}}
DAYS = {"horizon.first_day": "wednesday", "horizon.days": 6, "horizon.lead_in_days": 1}


def case(calendar=None, **changes):
    given = {} if calendar is None else {"calendar": calendar}
    named = {key.replace("__", "."): value for key, value in changes.items()}
    return build_case(SMALL.replace(DAYS | given | named))


@pytest.mark.parametrize(
    ("calendar", "words"),
    [
        ({"first_date": "2025-02-30"}, "needs a date such as 2025-01-28"),
        ({"first_date": "2025-01-02"}, "calendar.first_date, 2025-01-02, is a thursday"),
        (PLAIN | {"months": {"january": 1.0}}, "give all twelve or none"),
        (
            PLAIN | {"holidays": {"feast": HOLIDAY | {"last": "2025-01-03"}}},
            "needs 2025-01-04, its first day, or later",
        ),
        (
            PLAIN | {"holidays": {"feast": HOLIDAY, "next": HOLIDAY | {"first": "2025-01-05"}}},
            "begins on 2025-01-05, but feast lasts until 2025-01-05",
        ),
        (
            PLAIN | {"cold_spells": {"frost": COLD | {"first": "2024-12-31"}}},
            "lies outside the year from 2025-01-01 to 2026-01-01",
        ),
        (
            PLAIN | {"holidays": {"feast": HOLIDAY | {"last": "2026-01-02"}}},
            "lies outside the year from 2025-01-01 to 2026-01-01",
        ),
    ],
)  # fmt: skip
def test_a_wrong_calendar_is_refused_with_what_would_be_right(calendar, words):
    with pytest.raises(InputError) as caught:
        SMALL.replace(DAYS | {"calendar": calendar})
    assert words in str(caught.value)


def test_months_keep_the_mean_of_the_year():
    months = {name: 1.0 + 0.01 * number for number, name in enumerate(MONTHS)}
    given = SMALL.replace(DAYS | {"calendar": PLAIN | {"months": months}}).scenario.calendar
    factors = month_factors(given)
    days = [datetime.date(2025, 1, 1) + datetime.timedelta(n) for n in range(365)]
    assert np.mean([factors[day.month - 1] for day in days]) == pytest.approx(1)
    assert factors[11] / factors[0] == pytest.approx(1.11)


def test_a_calendar_of_ordinary_days_is_none():
    """Byte for byte: neither dates nor factors of 1 change a draw."""
    ones = {"cars_factor": 1, "trucks_factor": 1, "through_factor": 1}
    idle = PLAIN | {
        "months": dict.fromkeys(MONTHS, 1.0),
        "holidays": {"feast": {**HOLIDAY, **ones, "first": "2025-01-05"}},
        "cold_spells": {"frost": COLD | {"season_factor": 1, "curve_factor": 1}},
    }
    plain, other, dated = case().task.demand, case(idle).task.demand, case(PLAIN).task.demand
    for day in range(7):
        assert alike(plain.day(1, day), dated.day(1, day))
        usual, table = plain.day(1, day), other.day(1, day)
        table["curve"] -= other.calendar_day(day).curve_shift
        assert alike(usual, table)


def test_factors_multiply_the_expected_wishes_of_their_day_alone():
    plain, full = case().task.demand, case(FULL).task.demand
    for day in range(7):  # day 0 is 31 December, a lead-in day
        here = full.calendar_day(day)
        cold, feast = here.date == datetime.date(2025, 1, 3), here.holiday == "feast"
        expected = {
            "cars": 1.5 if feast else 1.2 if cold else 1.0,
            "trucks": 0.5 if feast else 1.2 if cold else 1.0,
            "corridor": 2.5 if feast else 1.0,
        }
        for fleet, one, other in zip(
            full.fleets, plain.layers(0, day), full.layers(0, day), strict=True
        ):
            assert other == pytest.approx(one * expected[fleet.day_group]), (day, fleet.name)
        if not feast and not cold:
            assert alike(plain.day(0, day), full.day(0, day))
    saturday, sunday = (full.calendar_day(day) for day in (4, 5))
    assert (saturday.weekday, saturday.profile_weekday, saturday.date.day) == (5, 6, 4)
    assert sunday.holiday == "feast"
    assert full.expected_wishes(5) == pytest.approx(
        sum(
            fleet.wishes_per_day * fleet.weights[6].mean() * sunday.factors[fleet.day_group]
            for fleet in full.fleets
        )
    )


@pytest.mark.stat
def test_the_table_has_the_expected_wishes_of_a_holiday():
    demand = case(FULL, day_factor=None).task.demand
    counts = [len(demand.day(replication, 4)) for replication in range(20)]
    mean = demand.expected_wishes(4)
    assert abs(np.mean(counts) - mean) < 4 * np.sqrt(mean / len(counts))


def test_cold_days_have_cold_curves_and_use_more():
    drawn = case(FULL)
    cold, mild = drawn.task.demand.day(0, 3), drawn.task.demand.day(0, 2)
    rows = len(drawn.curves.id) // 2
    assert (mild["curve"] < rows).all()
    assert ((cold["curve"] >= rows) & (cold["curve"] < 2 * rows)).all()
    assert np.allclose(drawn.curves.step_kw[rows:], 0.7 * drawn.curves.step_kw[:rows])
    assert np.array_equal(drawn.curves.battery_kwh[rows:], drawn.curves.battery_kwh[:rows])
    fleet = drawn.task.demand.fleets[0]
    used = cold["consumption_kwh_km"][cold["fleet"] == fleet.index]
    assert np.allclose(used, 1.2 * fleet.consumption_kwh_km)
    # the vehicles that come on a mild day too are the same but for that
    kept = np.isin(cold["key"], case().task.demand.day(0, 3)["key"])
    assert kept.sum() == len(case().task.demand.day(0, 3))


def test_two_cold_spells_of_one_strength_share_their_curves():
    later = COLD | {"first": "2025-01-06", "last": "2025-01-06"}
    hard = later | {"first": "2025-01-05", "last": "2025-01-05", "curve_factor": 0.5}
    spells = {"frost": COLD, "hard": hard, "later": later}
    drawn = case(PLAIN | {"cold_spells": spells})
    assert cold_curve_factors(drawn.scenario) == [0.7, 0.5]
    rows = len(drawn.curves.id) // 3
    shifts = [drawn.task.demand.calendar_day(day).curve_shift // rows for day in range(7)]
    assert shifts == [0, 0, 0, 1, 0, 2, 1]


def test_larger_stocks_keep_the_vehicles_of_smaller_ones_on_a_holiday():
    models = [case(FULL, fleet__stock=stock).task.demand for stock in (50_000, 80_000)]
    tables = [model.day(0, 4) for model in models]
    assert set(tables[0]["key"]) < set(tables[1]["key"])
    for thinned, own in zip(days_of_all(models, 0, 6), tables, strict=True):
        assert alike(thinned[4], own)


def test_a_longer_lead_in_keeps_every_date_and_its_vehicles():
    usual = case(FULL)
    longer = with_lead_in(usual, 3)
    for day in range(7):
        mine, theirs = usual.task.demand.day(0, day), longer.task.demand.day(0, day + 2)
        assert usual.task.demand.calendar_day(day) == longer.task.demand.calendar_day(day + 2)
        assert np.array_equal(mine["key"], theirs["key"])


def test_studies_of_one_day_take_no_calendar():
    loaded = one_day(SMALL.replace(DAYS | {"calendar": FULL}))
    assert loaded.scenario.calendar is None
    assert DayCalendar.of(loaded.scenario, 1) is None
