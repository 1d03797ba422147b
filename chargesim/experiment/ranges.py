"""List the assumptions of a scenario that have a range, and draw values from it."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chargesim.demand.ledger import build_ledger
from chargesim.demand.thinning import alike
from chargesim.errors import InputError
from chargesim.network.build import network_part
from chargesim.runs.case import Case, build_case
from chargesim.runs.mechanisms.registry import CONDITIONS, has_no_effect
from chargesim.scenario.common_causes import cause_of
from chargesim.scenario.keys import Key, field_type_at
from chargesim.scenario.model import Scenario
from chargesim.scenario.parameters import replacing_table
from chargesim.scenario.reading import LoadedScenario

LAYOUT = "layout.seed"
DISTRIBUTION = (
    "each input is drawn from a triangle between its low and high end with its peak at the "
    "scenario's value, independent of the others; the keys of a common cause are one input, at one "
    "quantile"
)
"""What studies assume of the inputs."""


@dataclass(frozen=True)
class Range:
    """An assumption with a low and a high end; or the synthetic layouts, which are numbered."""

    key: str
    value: float
    low: float
    high: float
    source: str
    layouts: int = 0
    """number of synthetic layouts; 0 for an assumption"""
    cause: str = ""
    """name of the common cause that it shares with others; see `scenario.common_causes`"""

    @property
    def group(self) -> str:
        """What is screened together: its cause, else its key without the names of fleets and kinds.

        The ranges of a cause move together; of a key of several fleets each moves by itself.
        """
        if self.cause:
            return self.cause
        parts = self.key.split(".")
        for above in (("fleets",), ("swap", "kinds"), ("swap", "pack_types")):
            if tuple(parts[: len(above)]) == above:
                parts[len(above)] = "*"
        return ".".join(parts)

    @property
    def ends(self) -> dict[str, float]:
        """Both ends by name."""
        return {"low": self.low, "high": self.high}

    @property
    def condition(self) -> str:
        """Why its range is that of a condition, in words; "" where nobody knows the value."""
        if self.group not in CONDITIONS:
            return ""
        return f"{self.group}: {self.low:g} to {self.high:g} {CONDITIONS[self.group]}"

    def at(self, u: float) -> float:
        """Return a quantile: triangular with its peak at the value; layouts are equally likely.

        Parameters
        ----------
        u : float
            From 0, the low end, to 1, the high end.
        """
        if self.layouts:
            return self.value + min(int(u * self.layouts), self.layouts - 1)
        span, below = self.high - self.low, self.value - self.low
        if u * span <= below:
            return self.low + math.sqrt(u * span * below)
        return self.high - math.sqrt((1 - u) * span * (span - below))


@dataclass(frozen=True)
class Input:
    """One unknown: an assumption with its range, or all that have one common cause."""

    ranges: tuple[Range, ...]

    @property
    def name(self) -> str:
        """The common cause, or the key."""
        return self.ranges[0].cause or self.ranges[0].key

    @property
    def group(self) -> str:
        """Inputs that are screened together have the same; see `Range.group`."""
        return self.ranges[0].group

    def at(self, u: float) -> dict[str, float]:
        """Return the value of each key at one quantile of all ranges."""
        return {one.key: int(one.at(u)) if one.key == LAYOUT else one.at(u) for one in self.ranges}

    @property
    def ends(self) -> dict[str, dict[str, float]]:
        """The values at both ends, by name; an end that changes nothing is left out."""
        ends = {
            end: {one.key: one.ends[end] for one in self.ranges if one.ends[end] != one.value}
            for end in ("low", "high")
        }
        return {end: values for end, values in ends.items() if values}


def inputs_of(ranges: Sequence[Range]) -> list[Input]:
    """Return what is unknown, in order: the ranges of a common cause are one input."""
    together: dict[str, list[Range]] = {}
    for one in ranges:
        together.setdefault(f"cause {one.cause}" if one.cause else one.key, []).append(one)
    return [Input(tuple(some)) for some in together.values()]


def ranges_of(loaded: LoadedScenario) -> list[Range]:
    """Return every assumption of a scenario with two ends that differ, in the order of the file."""
    found = [
        Range(".".join(key), data["value"], data["low"], data["high"], data.get("source", ""))
        for key, data in _assumptions(loaded.resolved, ())
        if data.get("low") is not None
        and data.get("high") is not None
        and data["low"] < data["high"]
    ]
    causes = loaded.scenario.common_causes
    return [replace(one, cause=cause_of(one.key, causes)) for one in found]


def _assumptions(data: Any, key: Key) -> Iterator[tuple[Key, dict[str, Any]]]:
    slot = field_type_at(Scenario, key)
    if isinstance(data, dict):
        if slot is not None and slot.is_assumption:
            yield key, data
            return
        for name, below in data.items():
            yield from _assumptions(below, (*key, name))
    elif isinstance(data, list):
        for number, below in enumerate(data):
            yield from _assumptions(below, (*key, str(number)))


def ledger_ranges(case: Case) -> list[Range]:
    """Return the ranges that move the demand ledger."""
    folder = case.loaded.folder

    def moves(changed: LoadedScenario) -> bool:
        ledger = build_ledger(changed.scenario, folder, case.curves)
        return [_numbers(row) for row in ledger.rows] != [_numbers(row) for row in case.ledger.rows]

    return _that_move(case.loaded, ranges_of(case.loaded), moves)


def _numbers(row: Any) -> list[str]:
    """Return the numbers of a ledger row, in full; as text, in which nan equals nan."""
    return [repr(value) for value in vars(row).values() if isinstance(value, float)]


def uncertain_ranges(case: Case, layouts: int) -> list[Range]:
    """Return the ranges that change what is simulated, without conditions; layouts are one of them.

    Parameters
    ----------
    case : Case
        Of the scenario.
    layouts : int
        Synthetic layouts, numbered from the scenario's own on; none where tables give the places.
    """
    part = network_part(case.scenario)

    def moves(changed: LoadedScenario) -> bool:
        if network_part(changed.scenario) != part:
            return True
        task, own = build_case(changed, network=case.network).task, case.task
        parts = ("demand", "facilities", "outages")
        return not all(alike(getattr(task, name), getattr(own, name)) for name in parts)

    known = [
        one
        for one in ranges_of(case.loaded)
        if not one.condition
        and not has_no_effect(case.scenario, one.key)
        and not replacing_table(case.scenario, one.key)
    ]
    found = _that_move(case.loaded, known, moves)
    if case.scenario.layout is not None and case.scenario.city.zones is None and layouts > 1:
        seed = case.scenario.layout.seed
        found.append(Range(LAYOUT, seed, seed, seed + layouts - 1, "synthetic layout", layouts))
    return found


def _that_move(
    loaded: LoadedScenario, ranges: Sequence[Range], moves: Callable[[LoadedScenario], bool]
) -> list[Range]:
    """Return the ranges of which an end makes a difference; a refused end makes none."""
    return [
        one
        for one in ranges
        if any(_moved(loaded, one.key, end, moves) for end in one.ends.values() if end != one.value)
    ]


def _moved(
    loaded: LoadedScenario, key: str, end: float, moves: Callable[[LoadedScenario], bool]
) -> bool:
    try:
        return moves(loaded.replace({key: end}))
    except InputError:
        return False
