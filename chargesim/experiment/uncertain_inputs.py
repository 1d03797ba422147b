"""List the inputs of a scenario that its sources leave a range, and draw values from the ranges."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chargesim.demand.ledger import build_ledger
from chargesim.demand.thinning import alike
from chargesim.errors import InputError
from chargesim.network.build import network_part
from chargesim.run.case import Case, build_case
from chargesim.run.mechanisms.registry import CONDITIONS, has_no_effect
from chargesim.scenario.keys import Key, field_type_at
from chargesim.scenario.model import Scenario
from chargesim.scenario.parameters import replacing_table
from chargesim.scenario.reading import LoadedScenario

LAYOUT = "layout.seed"


@dataclass(frozen=True)
class Input:
    """An input with a range."""

    key: str
    value: float
    low: float
    high: float
    source: str
    layouts: int = 0
    """of the synthetic layout: how many there are"""

    @property
    def group(self) -> str:
        """The key with the names of fleets, swap kinds and pack types left out: what is screened together."""
        parts = self.key.split(".")
        for above in (("fleets",), ("swap", "kinds"), ("swap", "pack_types")):
            if tuple(parts[: len(above)]) == above:
                parts[len(above)] = "*"
        return ".".join(parts)

    @property
    def condition(self) -> str:
        """Why its range is that of a condition of `CONDITIONS` and not of what nobody knows, in words; "" where it is not."""
        return (
            f"{self.group}: {self.low:g} to {self.high:g} {CONDITIONS[self.group]}"
            if self.group in CONDITIONS
            else ""
        )

    def at(self, u: float) -> float:
        """Return the quantile of its distribution: triangular with its peak at the value; layouts are equally likely.

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


def inputs_of(loaded: LoadedScenario) -> list[Input]:
    """Return every assumption of a scenario that has a low and a high end apart from each other, in the order of the file."""
    return [
        Input(".".join(key), data["value"], data["low"], data["high"], data.get("source", ""))
        for key, data in _assumptions(loaded.resolved, ())
        if data.get("low") is not None
        and data.get("high") is not None
        and data["low"] < data["high"]
    ]


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


def ledger_inputs(case: Case) -> list[Input]:
    """Return the inputs with a range that move the demand ledger."""
    folder = case.loaded.folder

    def moves(changed: LoadedScenario) -> bool:
        ledger = build_ledger(changed.scenario, folder, case.curves)
        return [_numbers(row) for row in ledger.rows] != [_numbers(row) for row in case.ledger.rows]

    return _those(case.loaded, inputs_of(case.loaded), moves)


def _numbers(row: Any) -> list[str]:
    """Return the numbers of a ledger row, in full; as text, in which nan equals nan."""
    return [repr(value) for value in vars(row).values() if isinstance(value, float)]


def uncertain_inputs(case: Case, layouts: int) -> list[Input]:
    """Return the inputs with a range that change what is simulated, but for `CONDITIONS`; the synthetic layout is one of them.

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
        return not all(
            alike(getattr(task, name), getattr(own, name))
            for name in ("demand", "facilities", "outages")
        )

    known = [
        one
        for one in inputs_of(case.loaded)
        if not one.condition and not has_no_effect(case.scenario, one.key)
    ]
    found = _those(
        case.loaded, [one for one in known if not replacing_table(case.scenario, one.key)], moves
    )
    if case.scenario.layout is not None and case.scenario.city.zones is None and layouts > 1:
        seed = case.scenario.layout.seed
        found.append(Input(LAYOUT, seed, seed, seed + layouts - 1, "synthetic layout", layouts))
    return found


def _those(
    loaded: LoadedScenario, inputs: Sequence[Input], moves: Callable[[LoadedScenario], bool]
) -> list[Input]:
    """Return the inputs of which an end makes a difference; an end that the scenario refuses makes none."""
    return [
        one
        for one in inputs
        if any(
            _moved(loaded, one.key, end, moves) for end in (one.low, one.high) if end != one.value
        )
    ]


def _moved(
    loaded: LoadedScenario, key: str, end: float, moves: Callable[[LoadedScenario], bool]
) -> bool:
    try:
        return moves(loaded.replace({key: end}))
    except InputError:
        return False
