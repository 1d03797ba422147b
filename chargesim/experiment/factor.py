"""Read which key of a scenario a study varies, and choose the levels that it takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chargesim.errors import InputError
from chargesim.runs.case import Case
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
    "availability": "share of the time that a gun works: "
    "reliability.failures on, mtbf_h to reliability.mttr_h",
    "patience": "factor on the patience of every fleet",
}
"""Short names of factors, and the keys behind them."""
DEFAULT_LEVELS = 13
_AROUND = (0.25, 1.75)
"""Ends of the levels over the scenario's value, where nothing else is known."""


@dataclass(frozen=True)
class Factor:
    """A number of the scenario that takes levels."""

    name: str
    """as the user wrote it"""
    value: float | None
    """its level in the scenario; None where the fleets differ"""
    changes: Callable[[float], dict[str, Any]]
    """what is set in the scenario for a level, by dotted key"""
    whole: bool = False
    """takes whole numbers only"""
    is_share: bool = False
    """levels are shares, 0 to 1"""
    least: float = -np.inf
    most: float = np.inf
    """no level goes beyond these by default"""
    low: float | None = None
    high: float | None = None
    """range of its sources"""
    unit: str = ""
    """as the scenario states it"""


def factor_of(case: Case, name: str) -> Factor:
    """Return the factor of a name.

    Parameters
    ----------
    case : Case
        Of the scenario; gives the value of what is null there, such as fleet.stock.
    name : str
        A short name, the dotted key of a number, or one with `*` for every fleet:
        `fleets.*.posted_share`.

    Raises
    ------
    InputError
        For an unknown key, with the nearest right one, and for a key that holds no number.
    """
    if name == "availability":
        return _availability(case.scenario)
    if name == "patience":
        return _patience(case.scenario)
    keys = _keys(case, SHORT.get(name, name), name)
    slots = [field_type_at(Scenario, tuple(key.split("."))) for key in keys]
    entries = [value_at(case.loaded.resolved, tuple(key.split("."))) for key in keys]
    first, slot = entries[0] if isinstance(entries[0], dict) else {}, slots[0]
    if not all(one is not None and _takes_numbers(one) for one in slots) or slot is None:
        words = f"holds no number; vary a key of a number, or one of {', '.join(SHORT)}"
        raise InputError([f"--vary {name}: {words}"])
    if keys[0].split(".")[0] in (*SAME_FOR_ALL, "horizon"):
        words = "is the same at all levels, which meet the same vehicles"
        raise InputError([f"--vary {name}: {words}"])
    whole, is_share = slot.annotation is int, slot.is_assumption and _is_share(slot.annotation)
    units = {one.key: one.unit for one in scenario_parameters(case.scenario)}
    unit = units.get(keys[0], "")
    return Factor(
        name,
        _common_value(case, keys, entries),
        lambda level: dict.fromkeys(keys, round(level) if whole else level),
        whole=whole,
        is_share=is_share,
        least=0.0,
        most=1.0 if is_share else np.inf,
        low=first.get("low"),
        high=first.get("high"),
        unit="" if unit in ("share", "number") else unit,
    )


def _takes_numbers(slot: Any) -> bool:
    return bool(slot.is_assumption or slot.annotation in (int, float))


def _is_share(annotation: Any) -> bool:
    return bool(annotation.__name__ == "_Share")


def _common_value(case: Case, keys: Sequence[str], entries: Sequence[Any]) -> float | None:
    """Return the value that all keys have in the scenario; None where they differ."""
    derived = {
        "fleet.stock": case.ledger.stock,
        "fleet.share_at_network": case.ledger.share_at_network,
    }
    numbers = [one.get("value") if isinstance(one, dict) else one for one in entries]
    known = {
        derived.get(key) if number is None else number
        for key, number in zip(keys, numbers, strict=True)
    }
    value = known.pop()
    return None if known or value is None else float(value)


def _availability(scenario: Scenario) -> Factor:
    hours = scenario.reliability.mttr_h.value
    return Factor(
        "availability",
        scenario.reliability.availability,
        lambda share: _available(share, hours),
        is_share=True,
        least=0.85,
        most=1.0,
    )


def _available(share: float, repair_h: float) -> dict[str, Any]:
    """Return the changes that let guns work for a share of the time, at this time to repair."""
    if share >= 1:
        return {"reliability.failures": False}
    return {"reliability.failures": True, "reliability.mtbf_h": repair_h * share / (1 - share)}


def _patience(scenario: Scenario) -> Factor:
    means = {
        f"fleets.{name}.patience_min": fleet.patience_min.value
        for name, fleet in scenario.fleets.items()
    }
    return Factor(
        "patience",
        1.0,
        lambda factor: {key: factor * mean for key, mean in means.items()},
        least=0.0,
        unit="times that of each fleet",
    )


def _keys(case: Case, dotted: str, name: str) -> list[str]:
    """Return the keys behind a name, each known."""
    resolved, location = case.loaded.resolved, SourceLocation(f"--vary {name}")
    before, star, after = dotted.partition(".*.")
    entries = value_at(resolved, tuple(before.split("."))) or () if star else ()
    keys = [f"{before}.{entry}.{after}" for entry in entries] if star else [dotted]
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
    factor: Factor, low: float | None, high: float | None, count: int | None
) -> list[float]:
    """Return rising levels, evenly spaced.

    Parameters
    ----------
    factor : Factor
    low, high : float, optional
        The ends; by default a quarter to seven quarters of the scenario's value, or the range of
        its sources where that is wider.
    count : int, optional
        How many; 13 by default.

    Raises
    ------
    InputError
        Where the ends are not in order, or the fleets differ and no ends are given.
    """
    count = DEFAULT_LEVELS if count is None else count
    if (low is None or high is None) and factor.value is None:
        raise InputError([f"--vary {factor.name}: the fleets differ; give --from and --to"])
    default_low, default_high = _default_ends(factor)
    low = default_low if low is None else low
    high = default_high if high is None else high
    if count < 2:
        raise InputError([f"--levels: got {count}, needs at least 2"])
    for option, end in (("--from", low), ("--to", high)):
        if factor.is_share and not 0 <= end <= 1:
            words = f"needs a share, 0 to 1, for {factor.name}"
            raise InputError([f"{option}: got {end:g}, {words}"])
    if not low < high:
        raise InputError([f"--from, --to: got {low:g} to {high:g}, needs rising order"])
    return rounded(np.linspace(low, high, count).tolist(), factor.whole)


def _default_ends(factor: Factor) -> tuple[float, float]:
    value = factor.value or 0.0
    low = min(_AROUND[0] * value, np.inf if factor.low is None else factor.low)
    high = max(_AROUND[1] * value, -np.inf if factor.high is None else factor.high)
    high = min(factor.most, high)
    high = factor.most if high == 0 and np.isfinite(factor.most) else high
    return max(factor.least, low), high


def rounded(levels: Sequence[float], whole: bool) -> list[float]:
    """Return levels in as few digits as keep them apart, each once; whole numbers if asked."""
    if whole:
        return [float(level) for level in dict.fromkeys(round(level) for level in levels)]
    step = (levels[-1] - levels[0]) / (len(levels) - 1)
    for digits in range(2, 12):
        short = [float(f"{level:.{digits}g}") for level in levels]
        if all(abs(a - b) <= 0.05 * step for a, b in zip(short, levels, strict=True)):
            return short
    return list(levels)
