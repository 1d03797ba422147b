"""Declare the mechanisms of drivers: what they know, what they choose, and what they put off."""

from collections.abc import Iterator

from chargesim.demand.draw import DemandModel
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
    if scenario.log is not None and any(share > 0 for share in connected_shares(scenario)):
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
