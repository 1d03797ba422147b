"""Say which mechanisms of the model a case switches on, each in one sentence."""

from dataclasses import dataclass

import numpy as np

from chargesim.demand.buildup import buildup_of
from chargesim.demand.draw import DemandModel
from chargesim.demand.ledger import CORRIDOR
from chargesim.network.network import SWAP
from chargesim.runs.case import Case
from chargesim.runs.extension_hash import extension_name
from chargesim.scenario.assumption import Assumption


@dataclass(frozen=True)
class Mechanism:
    """A mechanism that a scenario may switch on."""

    name: str
    on: bool
    what: str
    """what it does in this case"""


def mechanisms(case: Case) -> tuple[Mechanism, ...]:
    """Return all mechanisms of a case, on or off, as its network, its demand and its scenario have them."""
    return (
        *_of_demand(case),
        *_of_knowledge(case),
        *_of_supply(case),
        *_of_prices(case),
        *_of_disturbances(case),
        _own(case),
    )


def _of_demand(case: Case) -> tuple[Mechanism, ...]:
    scenario, fleets = (
        case.scenario,
        case.task.demand.fleets if isinstance(case.task.demand, DemandModel) else (),
    )
    buildup, total, way = buildup_of(scenario), scenario.fleet, scenario.corridors
    through = any(fleet.name == CORRIDOR for fleet in fleets)
    holiday = way.holiday_factor.value if way is not None else 1.0
    electric = [
        name for name, fleet in scenario.fleets.items() if fleet.electrification is not None
    ]
    return (
        Mechanism(
            "recorded wishes",
            scenario.recorded is not None,
            "a log replaces the drawn demand, the same in every replication",
        ),
        Mechanism(
            "through traffic",
            through,
            "vehicles on the expressways wish to charge on their way, at the service areas ahead",
        ),
        Mechanism(
            "holiday",
            through and holiday != 1,
            f"through traffic is {holiday:g} times that of an ordinary day",
        ),
        Mechanism(
            "projected stock",
            total.stock_from != "given",
            f"a {total.stock_from} model fitted to a series gives the stock",
        ),
        Mechanism(
            "electrification",
            bool(electric),
            f"vehicles x electric share give the stock of {', '.join(electric)}",
        ),
        Mechanism(
            "build-up",
            buildup is not None,
            f"plan and stock are those of {buildup.month if buildup else 'a month'}",
        ),
        Mechanism(
            "season",
            total.season_factor.value != 1,
            f"consumption is {total.season_factor.value:g} times the year's mean",
        ),
        Mechanism(
            "cold batteries",
            total.curve_factor.value != 1,
            f"curves give {total.curve_factor.value:g} of their power",
        ),
    )


def _of_knowledge(case: Case) -> tuple[Mechanism, ...]:
    choice = case.scenario.choice
    every = (
        [fleet.behaviour for fleet in case.task.demand.fleets]
        if isinstance(case.task.demand, DemandModel)
        else []
    )
    posted = any(
        (one.connected_share < 1 and one.posted_share > 0)
        or (one.connected_share > 0 and one.compliance < 1)
        for one in every
    )
    cloud = any(one.connected_share > 0 and one.compliance > 0 for one in every)
    reserve, outside = choice.reservation, case.scenario.outside
    return (
        Mechanism(
            "posted occupancy",
            posted,
            f"drivers see the occupancy of sites as of the last refresh, every {_g(choice.posted_refresh_min)} min",
        ),
        Mechanism(
            "cloud",
            cloud,
            "connected drivers who comply know live occupancy, who is on the way, and when places are free",
        ),
        Mechanism(
            "reservation",
            reserve.enabled,
            f"who follows the cloud reserves; a place waits from {_g(reserve.hold_min)} min before the promised time, and the "
            f"reservation lapses {_g(reserve.grace_min)} min after it",
        ),
        Mechanism(
            "outside option",
            outside.enabled,
            f"a driver may leave for another network's pile, {_g(outside.drive_min)} min away",
        ),
    )


def _of_supply(case: Case) -> tuple[Mechanism, ...]:
    sites, smart = case.network.sites, case.scenario.swap.smart
    stores = int(((sites.store_kwh > 0) & (sites.store_kw > 0)).sum())
    late, connections = int((sites.opens_min > 0).sum()), len(np.unique(sites.connection))
    return (
        Mechanism(
            "companions",
            bool(sites.companions.any()),
            f"{int(sites.companions.sum()):,} guns of a second kind, after the ultra-fast in the order of power",
        ),
        Mechanism(
            "shared connections",
            connections < len(sites),
            f"{len(sites):,} sites share {connections:,} grid connections",
        ),
        Mechanism(
            "battery stores",
            stores > 0,
            f"{stores:,} stores charge in some hours and lend power in others; empty at the start",
        ),
        Mechanism(
            "swapping",
            bool((sites.kind == SWAP).any()),
            "swap-capable vehicles choose between a swap and a gun",
        ),
        Mechanism(
            "smart charging of packs",
            smart.enabled,
            f"packs wait for a cheaper hour within {smart.look_ahead_h} h; a base stock keeps the promise of {_g(smart.promised)}",
        ),
        Mechanism("later openings", late > 0, f"{late:,} sites open at a midnight after the start"),
    )


def _of_prices(case: Case) -> tuple[Mechanism, ...]:
    demand = case.task.demand
    flexible = (
        [fleet.name for fleet in demand.fleets if fleet.behaviour.puts_off]
        if isinstance(demand, DemandModel)
        else []
    )
    return (
        Mechanism(
            "time-of-use tariff",
            case.scenario.tariff.enabled,
            "the price of energy follows the hour of day",
        ),
        Mechanism(
            "flexible drivers",
            bool(flexible),
            f"some put off their wish for a cheaper hour: {', '.join(flexible)}",
        ),
    )


def _of_disturbances(case: Case) -> tuple[Mechanism, ...]:
    reliability, demand = case.scenario.reliability, case.task.demand
    fails = isinstance(demand, DemandModel) and any(
        fleet.behaviour.failed_start_share > 0 for fleet in demand.fleets
    )
    dark = [
        f"{one.district} on judged day {one.day} from {one.from_hour:g} h for {_g(one.hours)} h"
        for one in case.scenario.blackouts
    ]
    return (
        Mechanism(
            "gun failures",
            reliability.failures,
            f"a gun fails after {_g(reliability.mtbf_h)} h and works again after {_g(reliability.mttr_h)} h on average, exponential",
        ),
        Mechanism(
            "failed starts",
            fails,
            f"a share of {_g(reliability.failed_start_share)} of the first tries fails and costs {_g(reliability.failed_start_min)} min",
        ),
        Mechanism("blackouts", bool(dark), f"no power in {'; '.join(dark)}"),
    )


def _own(case: Case) -> Mechanism:
    names = ", ".join(extension_name(extension) for extension in case.task.extensions)
    return Mechanism(
        "processes of the user's own", bool(names), f"SimPy processes beside the vehicles: {names}"
    )


def _g(assumption: Assumption) -> str:
    """Return the value of an assumption as one reads it."""
    return f"{assumption.value:g}"
