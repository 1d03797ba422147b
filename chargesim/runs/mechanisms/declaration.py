"""Define what a mechanism declares about itself, and what the declarations share.

A mechanism is a part of the model that a scenario may switch on or off, such as gun failures.
`chargesim check`, the STRESS-DES checklist, the studies of uncertain parameters and the table in
`docs/mechanisms.md` all read the declaration, so each fact is written down once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chargesim.demand.behaviour import Behaviour
from chargesim.demand.draw import DemandModel, FleetDraw
from chargesim.network.network import STATION, SWAP
from chargesim.runs.case import Case
from chargesim.scenario.assumption import Assumption
from chargesim.scenario.model import Scenario

Text = str | Callable[[Case], str]
"""A text, or what gives it for a case."""
NO_EFFECT = "it changes nothing"


def _never_inert(case: Case) -> Iterator[str]:
    yield from ()


@dataclass(frozen=True)
class ModelPart:
    """A part of the model: the keys that control it, their source, and the tests of its limits."""

    name: str
    keys: tuple[str, ...]
    """dotted keys of a scenario; `*` replaces a name of the user's own"""
    source: str
    tests: tuple[str, ...]
    """limit, conservation and switch tests, each as `test_file::test_name`"""
    columns: tuple[str, ...] = ()
    """columns of the table city.sites"""


@dataclass(frozen=True, kw_only=True)
class Mechanism(ModelPart):
    """A part of the model that a scenario may switch on or off.

    A scenario asks for a mechanism (`asked_for`); in its network and with its demand the mechanism
    is then on (`is_on`), or has less effect than it seems (`why_inert`).
    """

    is_on: Callable[[Case], bool]
    sentence: Text
    """what it does in a case in which it is on"""
    why_inert: Callable[[Case], Iterator[str]] = _never_inert
    """lines `key: what is on, but why it has no effect here`; none where all works"""
    asked_for: Callable[[Scenario], bool] | None = None
    """whether the scenario asks for it; needed with `keys_when_off`"""
    keys_when_off: tuple[str, ...] = ()
    """key patterns that are read, but move no event unless the mechanism is asked for"""
    conditions: tuple[tuple[str, str], ...] = ()
    """keys whose range is that of conditions which a scenario chooses, and what the range does"""
    checklist: tuple[tuple[str, Text], ...] = ()
    """item number and text of what it adds to the STRESS-DES checklist"""

    def __post_init__(self) -> None:
        """Refuse keys that depend on a switch which is not declared."""
        if bool(self.keys_when_off) != (self.asked_for is not None):
            raise ValueError(f"{self.name}: keys_when_off and asked_for belong together")


def text_of(text: Text, case: Case) -> str:
    """Return a declared text for a case."""
    return text if isinstance(text, str) else text(case)


def active_fleets(case: Case) -> tuple[FleetDraw, ...]:
    """Return the fleets whose vehicles are drawn and ask for energy; none of a recorded log."""
    demand = case.task.demand
    return (
        tuple(fleet for fleet in demand.fleets if fleet.wishes_per_day > 0)
        if isinstance(demand, DemandModel)
        else ()
    )


def behaviours(case: Case) -> list[Behaviour]:
    """Return how the drivers of each drawn fleet behave; none of a recorded log."""
    demand = case.task.demand
    return [fleet.behaviour for fleet in demand.fleets] if isinstance(demand, DemandModel) else []


def connected_shares(scenario: Scenario) -> list[float]:
    """Return the connected share that holds for all fleets, or that of each fleet."""
    over_all = scenario.fleet.connected_share
    return (
        [fleet.connected_share.value for fleet in scenario.fleets.values()]
        if over_all is None
        else [over_all.value]
    )


def has_swap_site(case: Case) -> bool:
    """Return whether the network has a swap site."""
    return bool((case.network.sites.kind == SWAP).any())


def has_station(case: Case) -> bool:
    """Return whether the network has a station."""
    return bool((case.network.sites.kind == STATION).any())


def flat_prices(scenario: Scenario) -> bool:
    """Return whether energy has the same price in every hour."""
    return len(set(scenario.tariff.factors())) == 1


def number_text(assumption: Assumption) -> str:
    """Return the value of an assumption as one reads it."""
    return f"{assumption.value:g}"
