"""Declare the mechanisms of the supply side: sites and their power, packs, failures, blackouts."""

from collections.abc import Iterator

import numpy as np

from chargesim.runs.case import Case
from chargesim.runs.extension_hash import extension_name
from chargesim.runs.mechanisms.declaration import (
    NO_EFFECT,
    Mechanism,
    ModelPart,
    behaviours,
    has_station,
    number_text,
)
from chargesim.scenario.model import Scenario

_INTERRUPTED = (
    "2.5.4",
    "A vehicle whose gun has failed goes first, once; the second time it must go on.",
)


def _companions_asked(scenario: Scenario) -> bool:
    return scenario.stations is not None and scenario.stations.companions.per_ultra_fast_gun > 0


def _companions_inert(case: Case) -> Iterator[str]:
    stations = case.scenario.stations
    if stations is None or not _companions_asked(case.scenario):
        return
    if not (case.network.sites.companions > 0).any():
        yield (
            "stations.companions: per_ultra_fast_gun is above 0, but no station has an access "
            f"of `at` ({', '.join(stations.companions.at) or 'none'}); {NO_EFFECT}"
        )


COMPANIONS = Mechanism(
    name="companions",
    keys=("stations.companions",),
    columns=("companions", "companion_kw", "companion_a"),
    source="guide 2025",
    tests=(
        "test_engine_power_tree::test_no_companions_equals_guns_alone_and_companions_shorten_waits",
        "test_engine_rules::test_shared_power_goes_by_rank_and_is_max_min_fair",
    ),
    is_on=lambda case: bool(case.network.sites.companions.any()),
    sentence=lambda case: (
        f"{int(case.network.sites.companions.sum()):,} guns of a second kind, "
        "after the ultra-fast in the order of power"
    ),
    why_inert=_companions_inert,
    asked_for=_companions_asked,
    keys_when_off=("stations.companions.*",),
)


def _connections(case: Case) -> int:
    return len(np.unique(case.network.sites.connection))


SHARED_CONNECTIONS = Mechanism(
    name="shared connections",
    keys=("swap.kinds.*.guns",),
    columns=("connection",),
    source="third-generation sites",
    tests=(
        "test_engine_power_tree::test_guns_and_packs_share_one_connection",
        "test_network_connections::"
        "test_by_default_every_site_has_its_own_connection_and_nothing_else",
    ),
    is_on=lambda case: _connections(case) < len(case.network.sites),
    sentence=lambda case: (
        f"{len(case.network.sites):,} sites share {_connections(case):,} grid connections"
    ),
)


def _stores(case: Case) -> int:
    sites = case.network.sites
    return int(((sites.store_kwh > 0) & (sites.store_kw > 0)).sum())


def _store_inert(case: Case) -> Iterator[str]:
    if case.scenario.stations is None:
        return
    store = case.scenario.stations.store
    # A row of city.sites may have a store where the plan has none.
    stored = bool((case.network.sites.store_kwh > 0).any())
    if not store.enabled and not stored:
        return
    on = "stations.store: is on" + ("" if store.enabled else " at rows of city.sites")
    if not stored:
        empty = next((name for name in ("kwh", "kw") if getattr(store, name).value == 0), None)
        yield f"{on}, but {f'{empty} is 0' if empty else 'no station has one'}; {NO_EFFECT}"
    elif store.charge_kw.value == 0:
        yield f"{on}, but charge_kw is 0; it is never charged"
    if not store.charge_hours:
        yield f"{on}, but charge_hours is empty; it is never charged"
    if not store.lend_hours:
        yield f"{on}, but lend_hours is empty; {NO_EFFECT}"


STORES = Mechanism(
    name="battery stores",
    keys=("stations.store",),
    columns=("store_kwh", "store_kw"),
    source="200 kWh encouraged",
    tests=(
        "test_engine_power_tree::test_a_store_without_energy_power_or_charging_equals_no_store",
        "test_engine_laws::test_a_store_gives_what_it_took_less_its_loss",
    ),
    is_on=lambda case: _stores(case) > 0,
    sentence=lambda case: (
        f"{_stores(case):,} stores charge in some hours and lend power in others; "
        "empty at the start"
    ),
    why_inert=_store_inert,
    asked_for=lambda scenario: scenario.stations is not None and scenario.stations.store.enabled,
    keys_when_off=("stations.store.*",),
    checklist=(("4.1", "stores are empty"),),
)


def _openings_inert(case: Case) -> Iterator[str]:
    horizon, opens_min = case.scenario.horizon, case.network.sites.opens_min
    late = int((opens_min >= 1440.0 * (horizon.lead_in_days + horizon.days)).sum())
    if late == 1:
        yield "city.sites: 1 site opens after the horizon; it serves nobody"
    elif late:
        yield f"city.sites: {late:,} sites open after the horizon; they serve nobody"


LATER_OPENINGS = Mechanism(
    name="later openings",
    keys=("city.sites",),
    columns=("opens_day",),
    source="a table of the user",
    tests=("test_engine_disturbances::test_a_site_is_used_from_its_opening_on",),
    is_on=lambda case: bool((case.network.sites.opens_min > 0).any()),
    sentence=lambda case: (
        f"{int((case.network.sites.opens_min > 0).sum()):,} sites open at a midnight "
        "after the start"
    ),
    why_inert=_openings_inert,
)


def _failures_sentence(case: Case) -> str:
    reliability = case.scenario.reliability
    return (
        f"a gun fails after {number_text(reliability.mtbf_h)} h and works again after "
        f"{number_text(reliability.mttr_h)} h on average, exponential"
    )


def _failures_inert(case: Case) -> Iterator[str]:
    reliability = case.scenario.reliability
    if not reliability.failures:
        return
    if not has_station(case):
        yield f"reliability.failures: is on, but there is no gun; {NO_EFFECT}"
    elif f"{reliability.availability:.2%}" == "100.00%":
        yield (
            f"reliability.failures: is on, but with mtbf_h {reliability.mtbf_h.value:g} and "
            f"mttr_h {reliability.mttr_h.value:g} a gun is available 100.00 % of the time; "
            "it changes next to nothing"
        )


FAILURES = Mechanism(
    name="gun failures",
    keys=("reliability.failures", "reliability.mtbf_h", "reliability.mttr_h"),
    source="23 CFR 680.116(b); assumed",
    tests=(
        "test_demand_outages::test_no_failure_in_the_limit",
        "test_engine_disturbances::test_a_gun_that_is_always_down_equals_a_gun_less",
    ),
    is_on=lambda case: case.scenario.reliability.failures,
    sentence=_failures_sentence,
    why_inert=_failures_inert,
    asked_for=lambda scenario: scenario.reliability.failures,
    keys_when_off=("reliability.mtbf_h", "reliability.mttr_h"),
    checklist=(_INTERRUPTED, ("4.1", "guns are as likely down as at any other time")),
)


def _failed_starts_sentence(case: Case) -> str:
    reliability = case.scenario.reliability
    return (
        f"a share of {number_text(reliability.failed_start_share)} of the first tries fails and "
        f"costs {number_text(reliability.failed_start_min)} min"
    )


def _failed_starts_inert(case: Case) -> Iterator[str]:
    reliability = case.scenario.reliability
    if reliability.failed_start_share.value == 0:
        return
    on = "reliability.failed_start_share: is above 0, but"
    if case.scenario.log is not None:
        yield f"{on} the recorded wishes say of no start that it fails; {NO_EFFECT}"
    if reliability.failed_start_min.value == 0:
        yield f"{on} failed_start_min is 0; {NO_EFFECT}"


FAILED_STARTS = Mechanism(
    name="failed starts",
    keys=("reliability.failed_start_share", "reliability.failed_start_min"),
    source="ChargerHelp 2025; assumed",
    tests=(
        "test_demand_behaviour::test_a_share_of_the_first_tries_fails",
        "test_engine_disturbances::test_a_failed_try_costs_its_minutes_at_the_gun",
    ),
    is_on=lambda case: any(one.failed_start_share > 0 for one in behaviours(case)),
    sentence=_failed_starts_sentence,
    why_inert=_failed_starts_inert,
    asked_for=lambda scenario: scenario.reliability.failed_start_share.value > 0,
    keys_when_off=("reliability.failed_start_min",),
    conditions=(("reliability.failed_start_share", "is a choice of the scenario"),),
    checklist=(("2.5.2", lambda case: f"failed starts: {_failed_starts_sentence(case)}."),),
)


def _handling_sentence(case: Case) -> str:
    rules = case.task.facilities.operating_rules
    overstays = any(one.overstays for one in behaviours(case))
    return (
        f"a vehicle occupies its gun {rules.handling_before_min:g} min before and "
        f"{rules.handling_after_min:g} min after its charge"
        f"{', and some drivers stay on' if overstays else ''}"
    )


def _handles(case: Case) -> bool:
    rules = case.task.facilities.operating_rules
    return rules.handling_before_min + rules.handling_after_min > 0


TIME_AT_GUN = Mechanism(
    name="handling and overstay",
    keys=(
        "stations.handling_before_min", "stations.handling_after_min",
        "fleets.*.overstay_share", "fleets.*.overstay_mean_min",
    ),
    source="measured (EPFL, Dundee); assumed",
    tests=(
        "test_engine_handling::test_handling_is_a_longer_service_without_power",
        "test_engine_handling::test_no_handling_and_no_overstay_equal_a_charge_alone",
        "test_engine_handling::test_an_overstay_keeps_the_gun",
        "test_demand_behaviour::test_overstays_have_their_share_and_mean_and_move_no_other_draw",
    ),
    is_on=lambda case: _handles(case) or any(one.overstays for one in behaviours(case)),
    sentence=_handling_sentence,
    checklist=(("2.5.2", lambda case: f"At a gun without power: {_handling_sentence(case)}."),),
)  # fmt: skip


def _blackouts_sentence(case: Case) -> str:
    return "no power in " + "; ".join(
        f"{one.district} on judged day {one.day} from {one.from_hour:g} h "
        f"for {number_text(one.hours)} h"
        for one in case.scenario.blackouts
    )


def _blackouts_inert(case: Case) -> Iterator[str]:
    network, last = case.network, case.scenario.horizon.days - 1
    powered = set(np.array(network.districts.name)[network.sites.district].tolist())
    for number, blackout in enumerate(case.scenario.blackouts):
        if blackout.district not in powered:
            yield f"blackouts.{number}: {blackout.district} has no site; {NO_EFFECT}"
        elif blackout.day > last:
            yield (
                f"blackouts.{number}: begins on day {blackout.day}, but the last judged day is "
                f"{last}; no judged wish falls into it"
            )


BLACKOUTS = Mechanism(
    name="blackouts",
    keys=("blackouts",),
    source="-",
    tests=("test_engine_disturbances::test_a_blackout_stops_a_site_and_all_that_arrive_turn_away",),
    is_on=lambda case: bool(case.scenario.blackouts),
    sentence=_blackouts_sentence,
    why_inert=_blackouts_inert,
    checklist=(_INTERRUPTED,),
)
EXTENSIONS = Mechanism(
    name="processes of the user's own",
    keys=(),
    source="`extensions=` in Python",
    tests=("test_extensions::test_an_extension_that_only_looks_changes_no_byte",),
    is_on=lambda case: bool(case.task.extensions),
    sentence=lambda case: (
        "SimPy processes beside the vehicles: "
        + ", ".join(extension_name(extension) for extension in case.task.extensions)
    ),
    checklist=(_INTERRUPTED,),
)

CHARGING_CURVES = ModelPart(
    name="charging curves, 600 A",
    keys=("tables.curves", "stations.gun_a"),
    source="open-ev-data; guide 2025",
    tests=(
        "test_engine_rules::test_whole_curve_is_charged",
        "test_tables_sources::test_charging_curves_are_those_of_the_facts",
    ),
)
POWER_LIMITS = ModelPart(
    name="limits gun < cabinet < connection",
    keys=("stations.cabinet_kw", "stations.site_kw"),
    source="guide 2025",
    tests=(
        "test_engine_laws::test_energy_never_exceeds_a_limit",
        "test_engine_power_tree::test_unlimited_power_is_no_sharing",
    ),
)
ARRIVALS = ModelPart(
    name="arrival process of each fleet",
    keys=("fleets.*.profile",),
    source="`scenarios/tables/hourly_profiles.csv`",
    tests=(
        "test_tables_sources::"
        "test_every_public_fleet_has_an_arrival_process_of_its_own_with_a_source",
        "test_demand_table::test_hours_follow_the_profile",
    ),
)
