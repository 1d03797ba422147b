"""Read which input a study varies: a key, a short name, or one key of all fleets, and which levels it takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chargesim.errors import InputError
from chargesim.run.case import Case
from chargesim.scenario.faults import Fault
from chargesim.scenario.keys import field_type_at, key_fault, nearest_name, value_at
from chargesim.scenario.model import Scenario
from chargesim.scenario.parameters import scenario_parameters
from chargesim.scenario.series import SAME_FOR_ALL
from chargesim.scenario.yaml_text import SourceLocation

SHORT = {
    "share_at_network": "fleet.share_at_network",
    "stock": "fleet.stock",
    "gun_power": "stations.gun_kw",
    "availability": "share of the time that a gun works: reliability.failures on, mtbf_h to reliability.mttr_h",
    "patience": "factor on the patience of every fleet",
}
"""Short names of inputs, and what they stand for."""
DEFAULT_LEVELS = 13
_AROUND = (0.25, 1.75)
"""Ends of the levels over the scenario's value, where nothing else is known."""


@dataclass(frozen=True)
class Lever:
    """An input that takes levels."""

    name: str
    """as the user wrote it"""
    value: float | None
    """its level in the scenario; None where the fleets differ"""
    changes: Callable[[float], dict[str, Any]]
    """what is set in the scenario for a level, by dotted key"""
    whole: bool = False
    share: bool = False
    least: float = -np.inf
    most: float = np.inf
    """beyond which no level goes by default"""
    low: float | None = None
    high: float | None = None
    """range of its sources"""
    unit: str = ""
    """as the scenario states it"""


def lever_of(case: Case, name: str) -> Lever:
    """Return the input of a name.

    Parameters
    ----------
    case : Case
        Of the scenario; gives the value of what is null there, such as fleet.stock.
    name : str
        A short name, a dotted key of a number, or one with `*` for every fleet: `fleets.*.posted_share`.

    Raises
    ------
    InputError
        For an unknown key, with the nearest right one, and for a key that holds no number.
    """
    scenario = case.scenario
    if name == "availability":
        hours = scenario.reliability.mttr_h.value
        return Lever(
            name,
            scenario.reliability.availability,
            lambda share: _available(share, hours),
            share=True,
            least=0.85,
            most=1.0,
        )
    if name == "patience":
        means = {
            f"fleets.{fleet}.patience_min": one.patience_min.value
            for fleet, one in scenario.fleets.items()
        }
        return Lever(
            name,
            1.0,
            lambda factor: {key: factor * mean for key, mean in means.items()},
            least=0.0,
            unit="times that of each fleet",
        )
    keys = _keys(case, SHORT.get(name, name), name)
    slots = [field_type_at(Scenario, tuple(key.split("."))) for key in keys]
    held = [value_at(case.loaded.resolved, tuple(key.split("."))) for key in keys]
    numbers = [one.get("value") if isinstance(one, dict) else one for one in held]
    derived = {
        "fleet.stock": case.ledger.stock,
        "fleet.share_at_network": case.ledger.share_at_network,
    }
    numbers = [
        derived.get(key) if number is None else number
        for key, number in zip(keys, numbers, strict=True)
    ]
    if not all(
        slot is not None and (slot.is_assumption or slot.annotation in (int, float))
        for slot in slots
    ):
        raise InputError(
            [
                f"--vary {name}: holds no number; vary a key of a number, or one of {', '.join(SHORT)}"
            ]
        )
    if keys[0].split(".")[0] in (*SAME_FOR_ALL, "horizon"):
        raise InputError(
            [f"--vary {name}: is the same at all levels, which meet the same vehicles"]
        )
    first, slot = held[0] if isinstance(held[0], dict) else {}, slots[0]
    assert slot is not None
    share = slot.is_assumption and slot.annotation.__name__ == "_Share"
    return Lever(
        name,
        float(numbers[0]) if numbers[0] is not None and len(set(numbers)) == 1 else None,
        lambda level: dict.fromkeys(keys, round(level) if slot.annotation is int else level),
        whole=slot.annotation is int,
        share=share,
        least=0.0,
        most=1.0 if share else np.inf,
        low=first.get("low"),
        high=first.get("high"),
        unit=next(
            (
                one.unit
                for one in scenario_parameters(scenario)
                if one.key == keys[0] and one.unit not in ("share", "number")
            ),
            "",
        ),
    )


def _available(share: float, repair_h: float) -> dict[str, Any]:
    """Return what makes guns work for a share of the time, at the scenario's time to repair."""
    if share >= 1:
        return {"reliability.failures": False}
    return {"reliability.failures": True, "reliability.mtbf_h": repair_h * share / (1 - share)}


def _keys(case: Case, dotted: str, name: str) -> list[str]:
    """Return the keys that a name stands for, each known."""
    resolved, location = case.loaded.resolved, SourceLocation(f"--vary {name}")
    before, star, after = dotted.partition(".*.")
    keys = (
        [
            f"{before}.{entry}.{after}"
            for entry in value_at(resolved, tuple(before.split("."))) or ()
        ]
        if star
        else [dotted]
    )
    wrong = [
        (key, key_fault(Scenario, resolved, tuple(key.split(".")))) for key in keys or [dotted]
    ]
    faults = [
        str(Fault(location, tuple(key.split(".")), words))
        for key, words in wrong
        if words is not None
    ]
    near = nearest_name(name, list(SHORT))
    if faults and near is not None:
        faults = [f"{location}: unknown key; did you mean {near}?"]
    if faults or not keys:
        raise InputError(faults[:1] or [f"--vary {name}: unknown key"])
    return keys


def levels_of(
    lever: Lever, low: float | None, high: float | None, count: int | None
) -> list[float]:
    """Return rising levels, evenly spaced.

    Parameters
    ----------
    lever : Lever
    low, high : float, optional
        The ends; by default a quarter to seven quarters of the scenario's value, or the range of its sources where that
        is wider.
    count : int, optional
        How many; 13 by default.

    Raises
    ------
    InputError
        Where the ends are not in order, or cannot be told.
    """
    count = DEFAULT_LEVELS if count is None else count
    value = lever.value
    if (low is None or high is None) and value is None:
        raise InputError([f"--vary {lever.name}: the fleets differ; give --from and --to"])
    if low is None:
        low = max(
            lever.least,
            min(_AROUND[0] * (value or 0.0), np.inf if lever.low is None else lever.low),
        )
    if high is None:
        high = min(
            lever.most,
            max(_AROUND[1] * (value or 0.0), -np.inf if lever.high is None else lever.high),
        )
        high = lever.most if high == 0 and np.isfinite(lever.most) else high
    if count < 2:
        raise InputError([f"--levels: got {count}, needs at least 2"])
    for option, end in (("--from", low), ("--to", high)):
        if lever.share and not 0 <= end <= 1:
            raise InputError([f"{option}: got {end:g}, needs a share, 0 to 1, for {lever.name}"])
    if not low < high:
        raise InputError([f"--from, --to: got {low:g} to {high:g}, needs rising order"])
    return rounded(np.linspace(low, high, count).tolist(), lever.whole)


def rounded(levels: Sequence[float], whole: bool) -> list[float]:
    """Return levels in as few digits as keep them apart, each once; whole numbers where the key takes no other."""
    if whole:
        return [float(level) for level in dict.fromkeys(round(level) for level in levels)]
    for digits in range(2, 12):
        short = [float(f"{level:.{digits}g}") for level in levels]
        step = (levels[-1] - levels[0]) / (len(levels) - 1)
        if all(abs(a - b) <= 0.05 * step for a, b in zip(short, levels, strict=True)):
            return short
    return list(levels)
