"""Find the mechanisms that a scenario switches on although they can change nothing, or less than it seems."""

from collections.abc import Iterator

import numpy as np

from chargesim.demand.buildup import buildup_of
from chargesim.demand.draw import DemandModel, FleetDraw
from chargesim.demand.recorded import RecordedDemand
from chargesim.network.network import STATION, SWAP, Network
from chargesim.scenario.buildup import month_number
from chargesim.scenario.model import Scenario

NOTHING = "it changes nothing"


def idle_mechanisms(
    scenario: Scenario, network: Network, demand: DemandModel | RecordedDemand
) -> tuple[str, ...]:
    """Return a line for every mechanism that is on and can change nothing.

    Parameters
    ----------
    scenario : Scenario
    network : Network
        Of the scenario; it may have no swap site, or no site in a district.
    demand : DemandModel or RecordedDemand
        Of the scenario; a recorded vehicle is neither connected nor flexible.

    Returns
    -------
    tuple of str
        Each `key: what is on, but why it does nothing`; empty where every mechanism that is on can work.
    """
    fleets = (
        tuple(fleet for fleet in demand.fleets if fleet.wishes_per_day > 0)
        if isinstance(demand, DemandModel)
        else ()
    )
    return (
        *(_of_recorded(scenario, demand) if isinstance(demand, RecordedDemand) else ()),
        *_of_tariff(scenario, network, fleets),
        *_of_guidance(scenario, fleets),
        *_of_stations(scenario, network),
        *_of_openings(scenario, network),
        *_of_packs(scenario, network),
        *_of_capable(scenario, network, fleets),
        *_of_failures(scenario, network),
        *_of_blackouts(scenario, network),
        *_of_growth(scenario),
    )


def _of_recorded(scenario: Scenario, demand: RecordedDemand) -> Iterator[str]:
    total, growing = (
        scenario.fleet,
        {
            name: fleet
            for name, fleet in scenario.fleets.items()
            if fleet.electrification is not None
        },
    )
    shares = (
        [total.connected_share]
        if total.connected_share is not None
        else [one.connected_share for one in scenario.fleets.values()]
    )
    if any(share.value > 0 for share in shares):
        yield f"connected_share: is above 0, but the recorded wishes say of nobody that it is connected; {NOTHING}"
    if scenario.reliability.failed_start_share.value > 0:
        yield f"reliability.failed_start_share: is above 0, but the recorded wishes say of no start that it fails; {NOTHING}"
    for key, given in (("stock", total.stock), ("share_at_network", total.share_at_network)):
        if given is not None:
            yield f"fleet.{key}: is {given.value:,.12g}, but the recorded wishes stand in for the demand; {NOTHING}"
    for name in growing:
        yield f"fleets.{name}.electrification: is given, but the recorded wishes stand in for the demand; {NOTHING}"
    if total.season_factor.value != 1:
        yield (
            f"fleet.season_factor: is {total.season_factor.value:g}, but the recorded wishes stay as they are; "
            "it changes only what is used on the way to a site"
        )
    if scenario.corridors is not None and scenario.corridors.holiday_factor.value != 1:
        factor = scenario.corridors.holiday_factor.value
        yield f"corridors.holiday_factor: is {factor:g}, but the recorded wishes stand in for the demand; {NOTHING}"
    days = scenario.horizon.lead_in_days + scenario.horizon.days
    late = len(demand.table) - sum(len(demand.day(0, day)) for day in range(days))
    if late:
        yield f"recorded: the horizon ends before {late:,} of its {len(demand.table):,} wishes; they are left out"


def _of_tariff(
    scenario: Scenario, network: Network, fleets: tuple[FleetDraw, ...]
) -> Iterator[str]:
    tariff = scenario.tariff
    if not tariff.enabled:
        return
    if len(set(tariff.factors())) == 1:
        yield f"tariff: is on, but every hour has the same price; {NOTHING}"
        return
    smart = scenario.swap.smart.enabled and bool((network.sites.kind == SWAP).any())
    if tariff.energy_cny_kwh.value == 0:
        yield "tariff: is on, but energy_cny_kwh is 0; " + (
            "it changes no driver's price" if smart else NOTHING
        )
    elif tariff.outside and not any(fleet.behaviour.puts_off for fleet in fleets):
        yield (
            "tariff: is on, but no vehicle can put off its wish and the outside option's price follows too (outside: true); "
            "it changes little, only the choice between a swap and a gun"
        )


def _of_guidance(scenario: Scenario, fleets: tuple[FleetDraw, ...]) -> Iterator[str]:
    deaf = [
        fleet.name
        for fleet in fleets
        if fleet.behaviour.connected_share > 0 and fleet.behaviour.compliance == 0
    ]
    if deaf:
        yield (
            f"connected_share: is above 0, but compliance is 0 for {', '.join(deaf)}; nobody there follows the cloud, "
            "the connected use the posted occupancy"
        )
    reservation = scenario.choice.reservation
    if not reservation.enabled:
        return
    if not any(
        fleet.behaviour.connected_share > 0 and fleet.behaviour.compliance > 0 for fleet in fleets
    ):
        yield f"choice.reservation: is on, but no vehicle follows the cloud (connected_share x compliance is 0); {NOTHING}"
    elif reservation.hold_min.value == 0 and reservation.grace_min.value == 0:
        yield "choice.reservation: is on, but hold_min and grace_min are 0; no gun ever waits for a vehicle"


def _of_stations(scenario: Scenario, network: Network) -> Iterator[str]:
    if scenario.stations is None:
        return
    store, companions, sites = scenario.stations.store, scenario.stations.companions, network.sites
    stored = bool(
        (sites.store_kwh > 0).any()
    )  # a row of a table may have its own where the plan has none
    if store.enabled and not stored:
        empty = next((name for name in ("kwh", "kw") if getattr(store, name).value == 0), None)
        yield f"stations.store: is on, but {f'{empty} is 0' if empty else 'no station has one'}; {NOTHING}"
    if store.enabled or stored:
        on = "is on" if store.enabled else "is on at rows of city.sites"
        if stored and store.charge_kw.value == 0:
            yield f"stations.store: {on}, but charge_kw is 0; it is never charged"
        for name in ("charge_hours", "lend_hours"):
            if not getattr(store, name):
                yield f"stations.store: {on}, but {name} is empty; " + (
                    NOTHING if name == "lend_hours" else "it is never charged"
                )
    if companions.per_ultra_fast_gun > 0 and not (sites.companions > 0).any():
        at = ", ".join(companions.at) or "none"
        yield f"stations.companions: per_ultra_fast_gun is above 0, but no station has an access of `at` ({at}); {NOTHING}"


def _of_openings(scenario: Scenario, network: Network) -> Iterator[str]:
    """Tell of sites that open when the last wish of the horizon is over."""
    horizon = scenario.horizon
    late = int((network.sites.opens_min >= 1440.0 * (horizon.lead_in_days + horizon.days)).sum())
    if late:
        who = (
            f"{late:,} sites open after the horizon; they serve"
            if late > 1
            else "1 site opens after the horizon; it serves"
        )
        yield f"city.sites: {who} nobody"


def _of_packs(scenario: Scenario, network: Network) -> Iterator[str]:
    if not scenario.swap.smart.enabled:
        return
    if not (network.sites.kind == SWAP).any():
        yield f"swap.smart: is on, but there is no swap site; {NOTHING}"
    elif not scenario.tariff.enabled:
        yield f"swap.smart: is on, but the tariff is off; {NOTHING}"
    elif len(set(scenario.tariff.factors())) == 1:
        yield f"swap.smart: is on, but every hour has the same price; {NOTHING}"


def _of_capable(
    scenario: Scenario, network: Network, fleets: tuple[FleetDraw, ...]
) -> Iterator[str]:
    """Tell of fleets whose packs no swap site has that they may use."""
    if not scenario.swap.enabled:
        return
    sites = network.sites
    held = {
        (access, pack)
        for access, pack, kind in zip(sites.access, sites.pack_type, sites.kind, strict=True)
        if kind == SWAP
    }
    for draw in fleets:
        if draw.capable_share == 0:
            continue
        fleet = scenario.fleets[draw.name]
        if not any((access, fleet.pack_type) in held for access in fleet.access):
            yield (
                f"fleets.{draw.name}.pack_type: {fleet.pack_type} is at no swap site that it may use; its swap-capable vehicles charge"
            )


def _of_failures(scenario: Scenario, network: Network) -> Iterator[str]:
    reliability = scenario.reliability
    if reliability.failures:
        if not (network.sites.kind == STATION).any():
            yield f"reliability.failures: is on, but there is no gun; {NOTHING}"
        elif f"{reliability.availability:.2%}" == "100.00%":
            yield (
                f"reliability.failures: is on, but with mtbf_h {reliability.mtbf_h.value:g} and mttr_h {reliability.mttr_h.value:g} "
                "a gun is available 100.00 % of the time; it changes next to nothing"
            )
    if reliability.failed_start_share.value > 0 and reliability.failed_start_min.value == 0:
        yield f"reliability.failed_start_share: is above 0, but failed_start_min is 0; {NOTHING}"


def _of_blackouts(scenario: Scenario, network: Network) -> Iterator[str]:
    powered = set(np.array(network.districts.name)[network.sites.district].tolist())
    last = scenario.horizon.days - 1
    for number, blackout in enumerate(scenario.blackouts):
        if blackout.district not in powered:
            yield f"blackouts.{number}: {blackout.district} has no site; {NOTHING}"
        elif blackout.day > last:
            yield f"blackouts.{number}: begins on day {blackout.day}, but the last judged day is {last}; no judged wish falls into it"


def _of_growth(scenario: Scenario) -> Iterator[str]:
    for name, fleet in scenario.fleets.items():
        if (
            scenario.recorded is None
            and fleet.electrification is not None
            and fleet.electric == fleet.stock.value
        ):
            yield f"fleets.{name}.electrification: vehicles x electrification is the stock, {fleet.stock.value:,.0f}; {NOTHING}"
    buildup = buildup_of(scenario)
    if buildup is not None and buildup.built_share(month_number(buildup.month)) == 1:
        what = "it changes the stock alone" if scenario.recorded is None else NOTHING
        yield f"buildup: is on, but the plan is fully built in {buildup.month}; {what}"
