"""Combine a case and its replications for the analysis, and describe what was simulated."""

from typing import Any

import numpy as np

from chargesim.analysis.gun_use import asked_text
from chargesim.analysis.looks import Look, LookSchedule
from chargesim.analysis.result import GROUPS, JudgedDay, RunResult
from chargesim.demand.buildup import buildup_of
from chargesim.demand.draw import DemandModel
from chargesim.demand.observed_use import asked_use
from chargesim.engine.replication_totals import ReplicationTotals
from chargesim.network.demand_within import demand_share_within
from chargesim.network.network import STATION, SWAP
from chargesim.runs.case import Case
from chargesim.scenario.model import Scenario
from chargesim.scenario.observed import NOT_KNOWN


def as_result(
    case: Case, replications: list[ReplicationTotals], look: Look | None = None
) -> RunResult:
    """Return what the analysis needs of a case and its finished replications.

    Parameters
    ----------
    case : Case
    replications : list of ReplicationTotals
    look : Look, optional
        The look at which they are judged; by default the scenario's first.
    """
    scenario, horizon = case.scenario, case.scenario.horizon
    look = look or LookSchedule(scenario.replications, scenario.looks).looks[0]
    days = (
        f"one {horizon.first_day.capitalize()}"
        if horizon.days == 1
        else f"{horizon.days} days from a {horizon.first_day.capitalize()}"
    )
    if scenario.calendar is not None:
        days += f", {scenario.calendar.first_date}"
    lead = (
        "no lead-in"
        if horizon.lead_in_days == 0
        else f"{horizon.lead_in_days} lead-in day" + ("s" if horizon.lead_in_days > 1 else "")
    )
    network = case.network
    return RunResult(
        name=scenario.name,
        title=scenario.title,
        scope_text=f"{days} after {lead}, {len(replications)} replications",
        label=network.label,
        network=network,
        fleets=case.task.fleets,
        groups=case.groups,
        thresholds_min=case.task.thresholds_min,
        days=case.task.days,
        replications=replications,
        standard=scenario.standard,
        share_text=share_text(case),
        given={
            "covered_5km": demand_share_within(
                network, 5.0, rural_weight=scenario.fleet.rural_weight.value
            ),
            "covered_1km_core": demand_share_within(network, 1.0, area_class="core"),
            "guns_available": scenario.reliability.availability,
        },
        planned_replications=look.replications,
        look=look.number,
        looks=look.of,
        blackouts=len(scenario.blackouts),
        asked=NOT_KNOWN if scenario.log is not None else asked_use(case.ledger, network),
        anchors=tuple(scenario.observed.anchors),
        recorded=scenario.recorded is not None,
        **_judged_days(case, len(replications)),
    )


def _judged_days(case: Case, replications: int) -> dict[str, Any]:
    """Return the dates of the judged days, and the factors of each by replication."""
    demand, task = case.task.demand, case.task
    if not isinstance(demand, DemandModel):
        return {}
    judged = range(task.lead_in_days, task.lead_in_days + task.days)
    days = [demand.calendar_day(day) for day in judged]
    return {
        "calendar": tuple(
            JudgedDay(day.weekday, day.date, day.holiday, day.cold_spell) for day in days
        ),
        "day_factors": {
            group: np.array(
                [[demand.day_factor(r, day, group) for day in judged] for r in range(replications)]
            )
            for group in GROUPS
        },
    }


def share_text(case: Case) -> str:
    """Return one sentence on the energy asked of the network, and on how its piles are read."""
    scenario, ledger = case.scenario, case.ledger
    reading = f"; {scenario.stations.reading}" if scenario.stations is not None else ""
    if scenario.log is not None:
        return f"{_log_words(scenario)} of {scenario.log} instead of drawn demand{reading}"
    asked_mwh = ledger.network_kwh_per_day / 1000
    text = (
        f"{ledger.share_at_network:.1%} of the fleets' public energy is asked of this network, "
        f"{asked_mwh:,.0f} MWh on an average day"
    )
    use = asked_text(asked_use(ledger, case.network))
    guns = f", {use}" if use else ""
    if (case.network.sites.kind == SWAP).any():
        by_swap = f"the ledger expects {ledger.swap_kwh_per_day / 1000:,.0f} MWh of it by swap"
        return f"{text} with the corridors; {by_swap}, the rest at guns{guns}{reading}"
    return f"{text} with the corridors, all at guns{guns}{reading}"


def _log_words(scenario: Scenario) -> str:
    """Return what replaces the demand of the ledger."""
    return "recorded wishes" if scenario.recorded is not None else "arrivals fitted to a log"


def plan_text(case: Case) -> str:
    """Return what was simulated in words: stations, guns, swap sites, vehicles and zones."""
    sites, zones = case.network.sites, case.network.zones
    stations = sites.kind == STATION
    beside_packs = np.array([group == "mixed" for group in sites.group], dtype=bool)
    companions, guns_of_mixed = int(sites.companions.sum()), int(sites.guns[beside_packs].sum())
    fast = int(sites.guns.sum()) - companions - guns_of_mixed
    of_which = (
        f"{fast:,} ultra-fast guns and {companions:,} companions"
        if companions
        else f"{fast:,} guns"
    )
    guns = f"{int((stations & ~beside_packs).sum()):,} stations with {of_which}"
    swap = f"{int((~stations).sum())} swap sites with {int(sites.packs.sum()):,} packs"
    if guns_of_mixed:
        swap += f" and {guns_of_mixed:,} guns"
    stock, buildup = f"{case.ledger.stock:,.0f} vehicles", buildup_of(case.scenario)
    if case.scenario.log is not None:
        stock = _log_words(case.scenario)
    elif buildup is not None:
        stock += f" at the end of {buildup.month}"
    return f"{guns}, {swap}, {stock}, {len(zones.id):,} zones"
