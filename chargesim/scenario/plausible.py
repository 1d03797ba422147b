"""Refuse numbers that no city can mean: each unit has a largest value, and a least beside zero.

The bounds are far beyond every sourced value. They catch slips of units (watts for kilowatts,
seconds for minutes) and numbers with which arithmetic breaks down.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from chargesim.scenario.assumption import Assumption

LEAST = {"min": 1e-3, "h": 1e-3, "kwh": 1e-3, "kw": 1e-3, "a": 0.1, "kmh": 0.5, "cny_kwh": 1e-9}
"""Least value but zero by the last word of a key."""
LEAST_ELSE = 1e-9
MOST = {
    "min": 1e5, "h": 1e8, "kwh": 1e6, "kw": 1e6, "km": 1e5, "kmh": 300.0, "a": 1e5,
    "cny_kwh": 1e4, "soc": 1.0, "packs": 1000, "slots": 1000, "bays": 100, "sites": 1_000_000,
    "piles": 1_000_000, "stations": 1_000_000, "piles_per_station": 1000,
}  # fmt: skip
"""Largest value by the last word of a key: its unit, or what is counted."""
MOST_ELSE = 1e9
"""Largest value of all other numbers."""
_ANY = ("seed",)


def range_of(key: str) -> tuple[float, float]:
    """Return the least value beside zero and the largest value of a key.

    Parameters
    ----------
    key : str
        The last part of a dotted key; its last words are the unit, or what is counted.
    """
    words = key.split("_")
    tails = ["_".join(words[-count:]) for count in (3, 2, 1)]
    least = next((LEAST[tail] for tail in tails if tail in LEAST), LEAST_ELSE)
    return least, next((MOST[tail] for tail in tails if tail in MOST), MOST_ELSE)


def plausible_faults(scenario: BaseModel) -> list[str]:
    """Return a line, which begins with the key, for each number that no city can mean.

    Parameters
    ----------
    scenario : BaseModel
        The scenario, or any section of it.
    """
    faults = []
    for key, number in _numbers(scenario, ""):
        name = key.rsplit(".", 1)[-1]
        least, most = range_of(name)
        if name in _ANY:
            continue
        if abs(number) > most:
            faults.append(f"{key}: got {number:g}, needs at most {most:g}")
        elif 0 < abs(number) < least:
            faults.append(f"{key}: got {number:g}, needs 0 or at least {least:g}")
    return faults


def _numbers(value: Any, key: str) -> Iterator[tuple[str, float]]:
    """Yield the dotted key of each number, of an assumption with both its ends."""
    if isinstance(value, Assumption):
        ends = (value.value, value.low, value.high)
        yield from ((key, end) for end in ends if end is not None)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _numbers(getattr(value, name), f"{key}.{name}" if key else name)
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield from _numbers(entry, f"{key}.{name}")
    elif isinstance(value, (list, tuple)):
        for number, entry in enumerate(value):
            yield from _numbers(entry, f"{key}.{number}" if isinstance(entry, BaseModel) else key)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield key, value
