"""Check whether two plans have the same vehicles, and say in what they differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chargesim.demand.common_vehicles import CommonVehicles, common_vehicles
from chargesim.network.network import Network
from chargesim.runs.case import Case
from chargesim.scenario.changed_keys import changed_keys

_MOST_KEYS, _LONGEST_VALUE = 8, 40


@dataclass(frozen=True)
class PairCheck:
    """Whether a plan can be compared with the first."""

    faults: tuple[str, ...]
    """why they cannot be compared; empty when they can"""
    notes: tuple[str, ...] = ()


def check_pair(name: str, case: Case, than: str, first: Case) -> PairCheck:
    """Return whether a plan can be compared with the first, and in what they differ.

    Parameters
    ----------
    name, than : str
        Names of the plan and of the first.
    case, first : Case
        Both cases.
    """
    faults = [
        f"{name}: {fault} {than}; plans are compared on the same vehicles"
        for fault in _unlike(case, first)
    ]
    if faults:
        return PairCheck(tuple(faults))
    match = _match(case, first)
    if match.first and match.other and not match.common:
        why = "other fleets, or another log; nothing can be paired"
        return PairCheck((f"{name}: shares no vehicle with {than}: {why}",))
    return PairCheck((), (_changed_keys(name, case, than, first), _vehicles(name, than, match)))


def _unlike(case: Case, first: Case) -> list[str]:
    """Return why two cases have other vehicles; the name of the first case follows each reason."""
    mine, theirs = case.scenario, first.scenario
    faults = []
    if mine.seed != theirs.seed:
        faults.append(f"seed {mine.seed}, not {theirs.seed} as")
    for key, words in (
        ("first_day", "begins on"),
        ("days", "judged days:"),
        ("lead_in_days", "lead-in days:"),
    ):
        value, other = getattr(mine.horizon, key), getattr(theirs.horizon, key)
        if value != other:
            faults.append(f"{words} {value}, not {other} as")
    if (mine.log is None) != (theirs.log is None):
        faults.append(
            "plays a log, unlike" if mine.log is not None else "draws its demand, unlike the log of"
        )
    if not _same_geography(case.network, first.network):
        faults.append("has other districts or zones than")
    return faults


def _same_geography(network: Network, other: Network) -> bool:
    """Tell whether two networks have the same districts and the same zones at the same places."""
    zones, beside = network.zones, other.zones
    return (
        network.districts == other.districts
        and zones.id == beside.id
        and all(
            np.array_equal(getattr(zones, name), getattr(beside, name))
            for name in ("district", "lat", "lon")
        )
    )


def _match(case: Case, first: Case) -> CommonVehicles:
    """Return which vehicles of the first replication's first judged day both plans have."""
    day = first.scenario.horizon.lead_in_days
    return common_vehicles(first.task.demand.day(0, day), case.task.demand.day(0, day))


def _vehicles(name: str, than: str, match: CommonVehicles) -> str:
    """Return the sentence on the vehicles that both have."""
    when = "on the first judged day of the first replication"
    if match.same:
        return f"{name} has the same vehicles as {than}: all {match.first:,} {when} are alike"
    words = f"{match.common:,} of the {match.first:,} vehicles of {than} {when} are among the"
    changed = f" and some of those differ in {', '.join(match.changed)}" if match.changed else ""
    return f"The demand differs: {words} {match.other:,} of {name}{changed}"


def _changed_keys(name: str, case: Case, than: str, first: Case) -> str:
    """Return the sentence on the keys in which two scenarios differ."""
    changed = [
        f"{key} {_short(old)} -> {_short(new)}"
        for key, (old, new) in changed_keys(first.scenario, case.scenario).items()
    ]
    changed += [f"the content of {table}" for table in _changed_tables(case, first)]
    if not changed:
        return f"{name} and {than} are the same scenario"
    more = f" and {len(changed) - _MOST_KEYS} more keys" if len(changed) > _MOST_KEYS else ""
    return f"{name} differs from {than} in {'; '.join(changed[:_MOST_KEYS])}{more}"


def _changed_tables(case: Case, first: Case) -> Sequence[str]:
    """Return the tables of one name whose content differs."""
    mine, theirs = (
        dict(zip(one.loaded.table_names(), one.loaded.tables(), strict=True))
        for one in (case, first)
    )
    return [
        name
        for name in mine
        if name in theirs and mine[name].read_bytes() != theirs[name].read_bytes()
    ]


def _short(value: Any) -> str:
    """Return a value in a few words."""
    text = "none" if value is None else f"{value:,.12g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."
