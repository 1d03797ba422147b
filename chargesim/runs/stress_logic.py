"""Fill in the section Logic of the STRESS-DES checklist: what the model of a scenario does."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from chargesim.demand.draw import DemandModel
from chargesim.demand.ledger import CORRIDOR
from chargesim.engine.replication_totals import OUTCOMES
from chargesim.network.network import SWAP
from chargesim.runs.case import Case
from chargesim.runs.markdown import bullets, table
from chargesim.runs.mechanisms.declaration import has_swap_site, text_of
from chargesim.runs.mechanisms.registry import (
    MECHANISMS,
    checklist_texts,
    inert_mechanisms,
    mechanisms_on,
)
from chargesim.runs.replication import RUN_OUT_DAYS

_DIAGRAM = """```text
wish --> choose a site --> drive --> arrive --> wait in the queue --> SERVICE --> leave, served
            ^    |                      |              |
            |    | outside option,      | balk         | renege
            |    | or none in reach     v              v
            |    v                   diversions left? --no--> leave, lost
            |  leave, lost              |
            |  or stranded              | yes
            +---------------------------+
```"""
_STORY = (
    "A vehicle chooses a site, drives there and joins its queue. It balks when the wait that it "
    "sees exceeds its patience, and reneges when it has waited that long; then it diverts to a "
    "site that it has not tried, from where it is and with the SOC that it has, until it has used "
    "up its diversions. Its wait runs from its first arrival at a site until it has a gun or bay, "
    "drives between sites included, and again after a failure of its gun; minutes in queues are "
    "counted apart. It stays until its target SOC, or the hand-out SOC of the pack. Guns share "
    "power behind cabinets and grid connections."
)
_ATTRIBUTES = (
    "Attributes: instant and position of the wish, class, charging curve and battery, SOC, target "
    "SOC, consumption, patience, value of time, diversions allowed, what it knows when it chooses."
)


def logic(case: Case) -> Iterator[tuple[str, str]]:
    """Give the items 2.1 to 2.5.5, each with its text."""
    swap = has_swap_site(case)
    yield (
        "2.1 Base model overview diagram",
        _DIAGRAM.replace("SERVICE", "charge or swap" if swap else "charge"),
    )
    yield "2.2 Base model logic", _base_logic(case)
    own = (
        " The code of the processes of the user's own is Python; not told by the scenario."
        if case.task.extensions
        else ""
    )
    yield (
        "2.3 Scenario logic",
        f"The run has one scenario and no base case: its logic is that of 2.2.{own}",
    )
    yield "2.4 Algorithms", bullets(_algorithms(case, swap))
    yield "2.5.1 Components: entities", _entities(case)
    yield "2.5.2 Components: activities", bullets(_activities(case))
    yield "2.5.3 Components: resources", _resources(case)
    yield "2.5.4 Components: queues", bullets(_queues(case))
    yield "2.5.5 Components: entry and exit points", _entry_and_exit(case)


def _base_logic(case: Case) -> str:
    on = mechanisms_on(case)
    lines = bullets(f"{one.name}: {text_of(one.sentence, case)}." for one in on) or "- none"
    off = ", ".join(one.name for one in MECHANISMS if one not in on) or "none"
    inert = bullets(inert_mechanisms(case))
    less = f"\n\nOn, but without the effect that one may expect:\n\n{inert}" if inert else ""
    return (
        f"{_STORY}\n\nMechanisms that are on:\n\n{lines}\n\nMechanisms that are off: {off}.{less}"
    )


def _algorithms(case: Case, swap: bool) -> Iterator[str]:
    choice = case.scenario.choice
    nearest = f"{choice.nearest_stations} nearest stations" + (
        f" and {choice.nearest_swap_sites} nearest swap sites" if swap else ""
    )
    yield (
        f"Candidates: of the {nearest} in free flow that the vehicle may use, those that are open "
        "and within its range."
    )
    yield (
        "Choice: the least of drive + expected wait + service + price x kWh / value of time "
        "- noise [min]; at equal cost the nearer in free flow. The noise is Gumbel of scale "
        f"{choice.noise_min.value:g} min from a hash of vehicle and site: a multinomial logit "
        "(McFadden 1974)."
    )
    yield (
        "Expected wait with n vehicles at c guns that work: (n - c + 1) x mean service / c, "
        "0 for n < c (M/M/c; Gross and Harris)."
    )
    yield (
        "A driver who knows distances only expects no wait when choosing; on arrival all vehicles "
        "see the same."
    )
    yield (
        "Power: max-min fair over gun < cabinet < grid connection; ultra-fast guns, then "
        "companions, then packs (Bertsekas, Gallager 1992)."
    )
    yield "Charging: power is constant on each step of a curve, so minutes and energy are exact."
    yield from checklist_texts(case, "2.4")
    drawn = (
        "non-homogeneous Poisson by vehicle class: hour-of-week profile x zone weight, "
        "in layers that scenarios have in common"
    )
    recorded = not isinstance(case.task.demand, DemandModel)
    yield f"Demand: {'the rows of the log' if recorded else drawn}."


def _entities(case: Case) -> str:
    """Return the vehicle classes with their sessions on an average day, by ledger or log."""
    demand = case.task.demand
    if not isinstance(demand, DemandModel):
        days = range(case.task.lead_in_days + case.task.days)
        counts = [
            np.bincount(demand.day(0, day)["fleet"], minlength=len(demand.names)) for day in days
        ]
        classes = zip(demand.names, case.groups, np.mean(counts, axis=0), strict=True)
        rows = [(name, group, f"{count:,.1f}") for name, group, count in classes if count > 0]
        classes_of_log = table(("class", "group", "sessions a day"), rows)
        return (
            f"Vehicles, one session each:\n\n{classes_of_log}\n\n{_ATTRIBUTES} "
            "What the log leaves out is its fleet's mean."
        )
    ledger = [
        (
            row.fleet,
            row.group,
            "not told" if row.fleet == CORRIDOR else f"{row.stock:,.0f}",
            f"{row.sessions_per_day:,.1f}",
            f"{row.session_kwh:.1f}",
            f"{row.capable_share:.3f}",
        )
        for row in case.ledger.rows
    ]
    heads = (
        "class",
        "group",
        "vehicles",
        "sessions a day",
        "kWh a session",
        "swap-capable share of the sessions",
    )
    drawn = "SOC and target SOC are truncated normal, patience and value of time lognormal."
    return (
        f"Vehicles, one session each; on an average day:\n\n{table(heads, ledger)}\n\n"
        f"{_ATTRIBUTES} {drawn}"
    )


def _activities(case: Case) -> Iterator[str]:
    periods = ", ".join(case.scenario.traffic.periods) or "none"
    yield (
        "Drive: on the fastest path of free flow, at the speeds of the hour "
        f"(periods beside free flow: {periods})."
    )
    yield "Wait in a queue: until called, at most for the patience."
    yield "Charge at a gun: as long as curve, gun, cabinet and grid connection let it take."
    yield from checklist_texts(case, "2.5.2")


def _resources(case: Case) -> str:
    """Return what serves the vehicles, counted by kind, group and access of the sites."""
    sites = case.network.sites
    frame = pd.DataFrame(
        {
            name: getattr(sites, name)
            for name in ("guns", "companions", "bays", "slots", "packs", "connection")
        }
    )
    kind = np.where(sites.kind == SWAP, "swap site", "station")
    groups = (
        frame.groupby([kind, np.array(sites.group), np.array(sites.access)], sort=False)
        if len(frame)
        else ()
    )
    rows = [(*names, *_counted(part)) for names, part in groups]
    heads = (
        "kind",
        "group",
        "access",
        "sites",
        "guns",
        "of them companions",
        "bays",
        "slots",
        "packs",
        "grid connections",
    )
    return table(heads, [*rows, ("all", "", "", *_counted(frame))])


def _counted(sites: pd.DataFrame) -> list[str]:
    sums = (sites[name].sum() for name in ("guns", "companions", "bays", "slots", "packs"))
    return [f"{int(count):,}" for count in (len(sites), *sums, sites["connection"].nunique())]


def _queues(case: Case) -> Iterator[str]:
    yield (
        "One queue per site, first come, first served, limited by nothing but the vehicles' "
        "patience; the free gun or bay of the lowest number is taken."
    )
    yield from checklist_texts(case, "2.5.4")


def _entry_and_exit(case: Case) -> str:
    ways = any(row.fleet == CORRIDOR for row in case.ledger.rows) and isinstance(
        case.task.demand, DemandModel
    )
    links = f" and {len(case.network.corridors.id):,} directed expressway links" if ways else ""
    return (
        f"Vehicles enter at {len(case.network.zones.id):,} zones{links}, at the instant of their "
        "wish. They leave "
        f"{', '.join(OUTCOMES[:-1])}; a vehicle that is still there {RUN_OUT_DAYS} day after the "
        f"last judged one is {OUTCOMES[-1]}."
    )
