"""Declare the mechanisms of the demand: who asks for energy, how much, and on which days."""

from collections.abc import Iterator

from chargesim.demand.buildup import buildup_of
from chargesim.demand.days import AS_EXPECTED, DayFactors
from chargesim.demand.draw import DemandModel
from chargesim.demand.ledger import CORRIDOR
from chargesim.demand.recorded import RecordedDemand
from chargesim.runs.case import Case
from chargesim.runs.mechanisms.declaration import (
    NO_EFFECT,
    Mechanism,
    number_text,
)
from chargesim.scenario.buildup import month_number

_REPLACED = f"but the recorded wishes replace the demand; {NO_EFFECT}"


def _recorded_inert(case: Case) -> Iterator[str]:
    demand, scenario = case.task.demand, case.scenario
    if not isinstance(demand, RecordedDemand):
        return
    for key in ("stock", "share_at_network"):
        given = getattr(scenario.fleet, key)
        if given is not None:
            yield f"fleet.{key}: is {given.value:,.12g}, {_REPLACED}"


RECORDED = Mechanism(
    name="recorded wishes",
    keys=("recorded",),
    source="a log of the user",
    tests=("test_demand_table::test_a_recorded_log_takes_the_place_of_the_drawn_demand",),
    is_on=lambda case: case.scenario.recorded is not None,
    sentence=(
        "a log replaces the drawn demand, the same in every replication but for the drivers' tastes"
    ),
    why_inert=_recorded_inert,
)


FITTED = Mechanism(
    name="fitted arrivals",
    keys=("arrivals",),
    source="a log of the user, by `chargesim fit`",
    tests=("test_demand_arrivals::test_the_draw_has_the_fitted_means",),
    is_on=lambda case: case.scenario.arrivals is not None,
    sentence=(
        "vehicles come to each site as fitted to a log, and stay as long as there; who finds all "
        "guns busy leaves at once, but for a share that waits"
    ),
)


def _through_traffic(case: Case) -> bool:
    demand = case.task.demand
    return isinstance(demand, DemandModel) and any(one.name == CORRIDOR for one in demand.fleets)


def _holiday_factor(case: Case) -> float:
    corridors = case.scenario.corridors
    return 1.0 if corridors is None else corridors.holiday_factor.value


THROUGH_TRAFFIC = Mechanism(
    name="through traffic",
    keys=("corridors",),
    source="zwgw.net, summer 2022",
    tests=("test_demand_ledger::test_a_corridor_line_by_hand",),
    is_on=_through_traffic,
    sentence="vehicles on the expressways charge on their way, at the service areas ahead",
)


def _holiday_inert(case: Case) -> Iterator[str]:
    if case.scenario.log is not None and _holiday_factor(case) != 1:
        yield f"corridors.holiday_factor: is {_holiday_factor(case):g}, {_REPLACED}"


HOLIDAY = Mechanism(
    name="holiday",
    keys=("corridors.holiday_factor",),
    source="gscn.com.cn",
    tests=("test_demand_ledger::test_a_corridor_line_by_hand",),
    is_on=lambda case: _through_traffic(case) and _holiday_factor(case) != 1,
    sentence=lambda case: (
        f"through traffic is {_holiday_factor(case):g} times that of an ordinary day"
    ),
    why_inert=_holiday_inert,
    conditions=(("corridors.holiday_factor", "describes holidays, not this day"),),
)
PROJECTED_STOCK = Mechanism(
    name="projected stock",
    keys=("fleet.stock_from", "adoption"),
    source="`scenarios/tables/adoption.csv`",
    tests=("test_adoption::test_reported_stock_of_2025_lies_within_two_percent",),
    is_on=lambda case: case.scenario.fleet.stock_from != "given",
    sentence=lambda case: (
        f"a {case.scenario.fleet.stock_from} model fitted to a series gives the stock"
    ),
)


def _electrified(case: Case) -> list[str]:
    fleets = case.scenario.fleets
    return [name for name, fleet in fleets.items() if fleet.electrification is not None]


def _electrification_inert(case: Case) -> Iterator[str]:
    for name in _electrified(case):
        fleet, key = case.scenario.fleets[name], f"fleets.{name}.electrification"
        if case.scenario.log is not None:
            yield f"{key}: is given, {_REPLACED}"
        elif fleet.electric == fleet.stock.value:
            yield (
                f"{key}: vehicles x electrification is the stock, {fleet.stock.value:,.0f}; "
                f"{NO_EFFECT}"
            )


ELECTRIFICATION = Mechanism(
    name="electrification",
    keys=("fleets.*.electrification", "fleets.*.vehicles"),
    source="programme of June 2025",
    tests=("test_demand_buildup::test_electrification_at_stock_over_vehicles_is_the_stock",),
    is_on=lambda case: bool(_electrified(case)),
    sentence=lambda case: (
        f"vehicles x electric share give the stock of {', '.join(_electrified(case))}"
    ),
    why_inert=_electrification_inert,
)


def _buildup_month(case: Case) -> str:
    buildup = buildup_of(case.scenario)
    return f"plan and stock are those of {buildup.month if buildup else 'a month'}"


def _buildup_inert(case: Case) -> Iterator[str]:
    buildup = buildup_of(case.scenario)
    if buildup is not None and buildup.built_share(month_number(buildup.month)) == 1:
        effect = "it changes the stock alone" if case.scenario.log is None else NO_EFFECT
        yield f"buildup: is on, but the plan is fully built in {buildup.month}; {effect}"


BUILD_UP = Mechanism(
    name="build-up",
    keys=("buildup",),
    columns=("opens",),
    source="action plan 2024-25",
    tests=(
        "test_demand_buildup::test_a_finished_build_up_is_none",
        "test_network_buildup::test_the_finished_plan_is_the_plan",
    ),
    is_on=lambda case: buildup_of(case.scenario) is not None,
    sentence=_buildup_month,
    why_inert=_buildup_inert,
    asked_for=lambda scenario: buildup_of(scenario) is not None,
    keys_when_off=("buildup.*",),
)


def _season_inert(case: Case) -> Iterator[str]:
    factor = case.scenario.fleet.season_factor.value
    if case.scenario.log is not None and factor != 1:
        yield (
            f"fleet.season_factor: is {factor:g}, but the recorded wishes stay as they are; "
            "it changes only what is used on the way to a site"
        )


def _day_factors(case: Case) -> DayFactors:
    demand = case.task.demand
    return AS_EXPECTED if isinstance(demand, RecordedDemand) else demand.day_factors


def _days_inert(case: Case) -> Iterator[str]:
    given = case.scenario.day_factor
    if given is None or not given.enabled:
        return
    if case.scenario.log is None and not _day_factors(case).spread:
        yield f"day_factor: is on, but no day has a spread; {NO_EFFECT}"


DAYS = Mechanism(
    name="days that differ",
    keys=("day_factor",),
    source="fit to the rapid chargers of Dundee and Perth",
    tests=(
        "test_demand_days::test_no_spread_is_the_draw_without_factors",
        "test_demand_days::test_the_factor_has_its_mean_and_spread",
    ),
    is_on=lambda case: _day_factors(case).spread,
    sentence=lambda case: (
        "a day's wishes differ from the expected ones by a common factor, with a coefficient of "
        f"variation of {_day_factors(case).cv:.2g}"
    ),
    why_inert=_days_inert,
    asked_for=lambda scenario: scenario.day_factor is not None and scenario.day_factor.enabled,
    keys_when_off=("day_factor.*",),
)


def _calendar_sentence(case: Case) -> str:
    given = case.scenario.calendar
    assert given is not None
    parts = {
        "holidays": ", ".join(given.holidays),
        "cold spells": ", ".join(given.cold_spells),
    }
    named = "; ".join(f"{what}: {names}" for what, names in parts.items() if names)
    return (
        f"the judged days begin on {given.first_date}; consumption differs by month, wishes also "
        f"on holidays and cold days, charging power on cold days ({named.replace('_', ' ')})"
    )


def _calendar_inert(case: Case) -> Iterator[str]:
    if case.scenario.calendar is not None and case.scenario.log is not None:
        yield f"calendar: is given, {_REPLACED}"


CALENDAR = Mechanism(
    name="calendar",
    keys=("calendar",),
    source="holidays of 2025; gscn.com.cn; assumed",
    tests=(
        "test_demand_calendar::test_a_calendar_of_ordinary_days_is_none",
        "test_demand_calendar::test_factors_multiply_the_expected_wishes_of_their_day_alone",
    ),
    is_on=lambda case: case.scenario.calendar is not None and case.scenario.log is None,
    sentence=_calendar_sentence,
    why_inert=_calendar_inert,
)
SEASON = Mechanism(
    name="season",
    keys=("fleet.season_factor",),
    source="see file, check",
    tests=("test_demand_ledger::test_a_line_by_hand",),
    is_on=lambda case: case.scenario.fleet.season_factor.value != 1,
    sentence=lambda case: (
        f"consumption is {number_text(case.scenario.fleet.season_factor)} times the year's mean"
    ),
    why_inert=_season_inert,
    conditions=(("fleet.season_factor", "describes the seasons, not this day"),),
)
COLD_BATTERIES = Mechanism(
    name="cold batteries",
    keys=("fleet.curve_factor",),
    source="assumed",
    tests=("test_demand_behaviour::test_cold_batteries_take_a_factor_of_their_curves",),
    is_on=lambda case: case.scenario.fleet.curve_factor.value != 1,
    sentence=lambda case: (
        f"curves give {number_text(case.scenario.fleet.curve_factor)} of their power"
    ),
    conditions=(("fleet.curve_factor", "describes the seasons, not this day"),),
)
