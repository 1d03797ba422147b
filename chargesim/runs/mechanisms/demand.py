"""Declare the mechanisms of the demand side: who asks for energy, when, and what drivers know."""

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
    active_fleets,
    behaviours,
    connected_shares,
    flat_prices,
    has_swap_site,
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
    days = scenario.horizon.lead_in_days + scenario.horizon.days
    wishes = len(demand.table)
    late = wishes - sum(len(demand.day(0, day)) for day in range(days))
    if late:
        yield (
            f"recorded: the horizon ends before {late:,} of its {wishes:,} wishes; "
            "they are left out"
        )
    if demand.too_short:
        yield (
            f"recorded: {demand.too_short:,} stays are shorter than the handling at a gun "
            "(stations.handling_before_min, handling_after_min), which they take"
        )


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
    if case.scenario.recorded is not None and _holiday_factor(case) != 1:
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
        if case.scenario.recorded is not None:
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
        effect = "it changes the stock alone" if case.scenario.recorded is None else NO_EFFECT
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
    if case.scenario.recorded is not None and factor != 1:
        yield (
            f"fleet.season_factor: is {factor:g}, but the recorded wishes stay as they are; "
            "it changes only what is used on the way to a site"
        )


def _day_factors(case: Case) -> DayFactors:
    demand = case.task.demand
    return demand.day_factors if isinstance(demand, DemandModel) else AS_EXPECTED


def _days_inert(case: Case) -> Iterator[str]:
    given = case.scenario.day_factor
    if given is None or not given.enabled:
        return
    if case.scenario.recorded is None and not _day_factors(case).spread:
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
    if case.scenario.calendar is not None and case.scenario.recorded is not None:
        yield f"calendar: is given, {_REPLACED}"


CALENDAR = Mechanism(
    name="calendar",
    keys=("calendar",),
    source="holidays of 2025; gscn.com.cn; assumed",
    tests=(
        "test_demand_calendar::test_a_calendar_of_ordinary_days_is_none",
        "test_demand_calendar::test_factors_multiply_the_expected_wishes_of_their_day_alone",
    ),
    is_on=lambda case: case.scenario.calendar is not None and case.scenario.recorded is None,
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


def _posted(case: Case) -> bool:
    return any(
        (one.connected_share < 1 and one.posted_share > 0)
        or (one.connected_share > 0 and one.compliance < 1)
        for one in behaviours(case)
    )


POSTED = Mechanism(
    name="posted occupancy",
    keys=("fleets.*.posted_share", "fleet.posted_share", "choice.posted_refresh_min"),
    source="assumed",
    tests=("test_engine_guidance::test_old_posted_occupancy_herds",),
    is_on=_posted,
    sentence=lambda case: (
        "drivers see the occupancy of sites as of the last refresh, every "
        f"{number_text(case.scenario.choice.posted_refresh_min)} min"
    ),
)


def _cloud_inert(case: Case) -> Iterator[str]:
    scenario = case.scenario
    if scenario.recorded is not None and any(share > 0 for share in connected_shares(scenario)):
        yield (
            "connected_share: is above 0, but the recorded wishes say of nobody that it is "
            f"connected; {NO_EFFECT}"
        )
    deaf = [
        fleet.name
        for fleet in active_fleets(case)
        if fleet.behaviour.connected_share > 0 and fleet.behaviour.compliance == 0
    ]
    if deaf:
        yield (
            f"connected_share: is above 0, but compliance is 0 for {', '.join(deaf)}; nobody "
            "there follows the cloud, the connected use the posted occupancy"
        )


CLOUD = Mechanism(
    name="cloud",
    keys=(
        "fleets.*.connected_share",
        "fleets.*.compliance",
        "fleet.connected_share",
        "fleet.compliance",
    ),
    source="pilot: 1,200 vehicles connected",
    tests=(
        "test_engine_guidance::"
        "test_all_following_the_cloud_to_two_like_sites_wait_as_in_one_joint_queue",
        "test_engine_guidance::test_a_cloud_that_nobody_follows_changes_nothing",
        "test_demand_behaviour::test_guidance_has_its_shares",
    ),
    is_on=lambda case: any(
        one.connected_share > 0 and one.compliance > 0 for one in behaviours(case)
    ),
    sentence=(
        "connected drivers who comply know live occupancy, who is on the way, "
        "and when places are free"
    ),
    why_inert=_cloud_inert,
    asked_for=lambda scenario: any(share > 0 for share in connected_shares(scenario)),
    keys_when_off=("fleets.*.compliance", "choice.reservation.*"),
    conditions=(("fleets.*.connected_share", "is a choice of the scenario"),),
    checklist=(
        (
            "2.4",
            "Wait foreseen by the cloud: each vehicle ahead takes the gun or bay that is free "
            "first (Kiefer and Wolfowitz 1955).",
        ),
    ),
)


def _reservation_sentence(case: Case) -> str:
    reservation = case.scenario.choice.reservation
    return (
        "who follows the cloud reserves; a place waits from "
        f"{number_text(reservation.hold_min)} min before the promised time, and the reservation "
        f"lapses {number_text(reservation.grace_min)} min after it"
    )


def _reservation_inert(case: Case) -> Iterator[str]:
    reservation = case.scenario.choice.reservation
    if not reservation.enabled:
        return
    if not any(
        fleet.behaviour.connected_share > 0 and fleet.behaviour.compliance > 0
        for fleet in active_fleets(case)
    ):
        yield (
            "choice.reservation: is on, but no vehicle follows the cloud "
            f"(connected_share x compliance is 0); {NO_EFFECT}"
        )
    elif reservation.hold_min.value == 0 and reservation.grace_min.value == 0:
        yield (
            "choice.reservation: is on, but hold_min and grace_min are 0; "
            "no gun ever waits for a vehicle"
        )


RESERVATION = Mechanism(
    name="reservation",
    keys=("choice.reservation",),
    source="assumed",
    tests=(
        "test_engine_guidance::test_a_reservation_is_never_worse_than_the_order_of_arrival",
        "test_engine_guidance::test_nobody_is_forgotten_by_reservations",
    ),
    is_on=lambda case: case.scenario.choice.reservation.enabled,
    sentence=_reservation_sentence,
    why_inert=_reservation_inert,
    asked_for=lambda scenario: scenario.choice.reservation.enabled,
    keys_when_off=("choice.reservation.*",),
    checklist=(
        (
            "2.5.4",
            "Who has reserved goes, near the promised time, before those who have not, "
            "by promised times, and balks only where nothing works.",
        ),
    ),
)


def _outside_minutes(case: Case) -> str:
    minutes = [one.value for one in case.scenario.outside.drive_min.values()]
    return f"{min(minutes):g} to {max(minutes):g}"


OUTSIDE = Mechanism(
    name="outside option",
    keys=("outside",),
    source="smyinyuan.com; assumed",
    tests=(
        "test_engine_story::test_outside_option_is_taken_for_a_posted_queue_and_marked",
        "test_engine_choose_site::test_bounds_change_no_choice",
        "test_engine_choose_site::test_the_outside_option_is_a_conditional_logit",
    ),
    is_on=lambda case: case.scenario.outside.enabled,
    sentence=lambda case: (
        "a driver may leave for another network's pile, "
        f"{_outside_minutes(case)} min away by class of district"
    ),
    asked_for=lambda scenario: scenario.outside.enabled,
    keys_when_off=("outside.*",),
    checklist=(
        (
            "2.4",
            "Outside option: taken where it costs less than the best site. Its noise is drawn "
            "given that at the wish it costs no less than the best site without waits, as the "
            "drivers of the demand have chosen this network.",
        ),
        ("3.4", "The outside option is a cost without a queue, alike within a class of district."),
    ),
)


def _tariff_inert(case: Case) -> Iterator[str]:
    scenario, tariff = case.scenario, case.scenario.tariff
    if not tariff.enabled:
        return
    if flat_prices(scenario):
        yield f"tariff: is on, but every hour has the same price; {NO_EFFECT}"
    elif tariff.energy_cny_kwh.value == 0:
        smart = scenario.swap.smart.enabled and has_swap_site(case)
        effect = "it changes no driver's price" if smart else NO_EFFECT
        yield f"tariff: is on, but energy_cny_kwh is 0; {effect}"
    elif tariff.outside and not any(fleet.behaviour.puts_off for fleet in active_fleets(case)):
        yield (
            "tariff: is on, but no vehicle can put off its wish and the outside option's price "
            "follows too (outside: true); it changes little, only the choice between a swap "
            "and a gun"
        )


TARIFF = Mechanism(
    name="time-of-use tariff",
    keys=("tariff",),
    source="own knowledge, check",
    tests=("test_demand_behaviour::test_nobody_puts_off_when_prices_are_flat",),
    is_on=lambda case: case.scenario.tariff.enabled,
    sentence="the price of energy follows the hour of day",
    why_inert=_tariff_inert,
    asked_for=lambda scenario: scenario.tariff.enabled,
    keys_when_off=("tariff.*", "fleets.*.flexible_*"),
)


def _flexible_fleets(case: Case) -> list[str]:
    demand = case.task.demand
    fleets = demand.fleets if isinstance(demand, DemandModel) else ()
    return [fleet.name for fleet in fleets if fleet.behaviour.puts_off]


def _flexible_sentence(case: Case) -> str:
    return f"some put off their wish for a cheaper hour: {', '.join(_flexible_fleets(case))}"


FLEXIBLE = Mechanism(
    name="flexible drivers",
    keys=("fleets.*.flexible_share", "fleets.*.flexible_min"),
    source="own knowledge, check",
    tests=(
        "test_demand_behaviour::test_putting_off_by_hand",
        "test_demand_behaviour::test_nobody_puts_off_when_prices_are_flat",
    ),
    is_on=lambda case: bool(_flexible_fleets(case)),
    sentence=_flexible_sentence,
    checklist=(("2.5.2", lambda case: f"flexible drivers: {_flexible_sentence(case)}."),),
)
