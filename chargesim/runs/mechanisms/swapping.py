"""Declare the mechanisms of swap sites: swapping itself, charging to the tariff, lent power."""

from collections.abc import Iterator

import numpy as np

from chargesim.network.network import SWAP
from chargesim.runs.case import Case
from chargesim.runs.mechanisms.declaration import (
    NO_EFFECT,
    Mechanism,
    active_fleets,
    flat_prices,
    has_swap_site,
    number_text,
)


def _swap_inert(case: Case) -> Iterator[str]:
    """Name the fleets whose packs no swap site has that they may use."""
    if not case.scenario.swap.enabled:
        return
    sites = case.network.sites
    held = {
        (access, pack)
        for access, pack, kind in zip(sites.access, sites.pack_type, sites.kind, strict=True)
        if kind == SWAP
    }
    for name in (draw.name for draw in active_fleets(case) if draw.capable_share > 0):
        fleet = case.scenario.fleets[name]
        if not any((access, fleet.pack_type) in held for access in fleet.access):
            yield (
                f"fleets.{name}.pack_type: {fleet.pack_type} is at no swap site that it may use; "
                "its swap-capable vehicles charge"
            )


def _swap_activity(case: Case) -> str:
    sites = case.network.sites
    minutes = ", ".join(f"{one:g}" for one in np.unique(sites.swap_min[sites.kind == SWAP]))
    return (
        f"Swap: {minutes} min, constant at a site; then the pack handed in is charged in a slot, "
        "by its limits at its SOC and temperature."
    )


SWAPPING = Mechanism(
    name="swapping",
    keys=("swap", "fleets.*.swap_capable_share", "fleets.*.pack_type"),
    columns=("bays", "slots", "packs"),
    source="see file",
    tests=(
        "test_engine_packs::test_with_endless_packs_a_swap_site_is_its_bays_alone",
        "test_engine_laws::test_nothing_is_made_and_nothing_is_lost",
    ),
    is_on=has_swap_site,
    sentence="swap-capable vehicles choose between a swap and a gun",
    why_inert=_swap_inert,
    asked_for=lambda scenario: scenario.swap.enabled,
    keys_when_off=("swap.*",),
    checklist=(
        (
            "2.4",
            "Swap: needs a bay and a charged pack; the expected wait is the longer of the two. "
            "No pack is made or lost.",
        ),
        ("2.5.2", _swap_activity),
        (
            "2.5.4",
            "At a swap site one waits for a bay and a charged pack together; "
            "packs wait for a slot in the order in which they came.",
        ),
        ("4.1", "all packs are charged"),
    ),
)


def _smart_inert(case: Case) -> Iterator[str]:
    if not case.scenario.swap.smart.enabled:
        return
    if not has_swap_site(case):
        yield f"swap.smart: is on, but there is no swap site; {NO_EFFECT}"
    elif not case.scenario.tariff.enabled:
        yield f"swap.smart: is on, but the tariff is off; {NO_EFFECT}"
    elif flat_prices(case.scenario):
        yield f"swap.smart: is on, but every hour has the same price; {NO_EFFECT}"


SMART_PACKS = Mechanism(
    name="smart charging of packs",
    keys=("swap.smart",),
    source="base stock, Sherbrooke 2004",
    tests=(
        "test_engine_packs::test_smart_charging_without_a_cheaper_hour_equals_none",
        "test_engine_packs::test_smart_charging_keeps_its_promise_where_packs_are_few",
    ),
    is_on=lambda case: case.scenario.swap.smart.enabled,
    sentence=lambda case: (
        f"packs wait for a cheaper hour within {case.scenario.swap.smart.look_ahead_h} h; "
        f"a base stock keeps the promise of {number_text(case.scenario.swap.smart.promised)}"
    ),
    why_inert=_smart_inert,
    asked_for=lambda scenario: scenario.swap.smart.enabled,
    keys_when_off=("swap.smart.*",),
    checklist=(
        (
            "2.4",
            "Packs under a tariff: base stock by the Poisson quantile of the swaps in one "
            "pack's charging time (Sherbrooke 2004).",
        ),
    ),
)


def _modules_text(case: Case) -> str:
    sites = case.network.sites
    kw = ", ".join(f"{one:g}" for one in np.unique(sites.module_kw[sites.module_kw > 0]))
    return (
        f"a pack takes up to {case.scenario.swap.lending.modules_per_pack} modules of {kw} kW, "
        "those that other slots do not need too; whole modules, max-min fair, who charges longest "
        "first"
    )


def _lending_inert(case: Case) -> Iterator[str]:
    lending, sites = case.scenario.swap.lending, case.network.sites
    if not lending.enabled:
        return
    if not has_swap_site(case):
        yield f"swap.lending: is on, but there is no swap site; {NO_EFFECT}"
        return
    weak = (sites.kind == SWAP) & (lending.modules_per_pack * sites.module_kw <= sites.slot_kw)
    if weak.any():
        yield (
            f"swap.lending: is on, but at {weak.sum():,} swap sites modules_per_pack x module_kw "
            "is not above slot_kw; no pack gets more there than from its own slot"
        )


LENT_MODULES = Mechanism(
    name="modules that slots lend each other",
    keys=("swap.lending", "swap.kinds.*.module_kw"),
    columns=("module_kw",),
    source="third-generation sites; assumed",
    tests=(
        "test_engine_packs::test_two_packs_share_three_modules_by_hand",
        "test_engine_packs::test_one_module_a_pack_as_strong_as_its_slot_equals_own_chargers",
        "test_engine_rules::test_modules_are_whole_all_used_and_max_min_fair",
    ),
    is_on=lambda case: bool((case.network.sites.module_kw > 0).any()),
    sentence=_modules_text,
    why_inert=_lending_inert,
    asked_for=lambda scenario: scenario.swap.lending.enabled,
    keys_when_off=("swap.lending.*", "swap.kinds.*.module_kw"),
    checklist=(("2.4", lambda case: f"Chargers of a swap site: {_modules_text(case)}."),),
)
