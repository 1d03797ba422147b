"""Check that what is keyed by class of district names classes that the scenario knows.

A class is any name. The scenario knows those of `outside.drive_min`, which every class needs.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from chargesim.scenario.keys import nearest_name

if TYPE_CHECKING:
    from chargesim.scenario.model import Scenario


def class_faults(scenario: "Scenario") -> list[str]:
    """Return a fault for each key by class that `outside.drive_min` does not have."""
    keyed: dict[str, Mapping[str, Any]] = {
        f"fleets.{name}.area_weights": fleet.area_weights for name, fleet in scenario.fleets.items()
    }
    if scenario.layout is not None:
        keyed["layout.urban_share"] = scenario.layout.urban_share
        keyed["layout.observed_share"] = scenario.layout.observed_share
    known = scenario.outside.drive_min
    return [
        f"{key}.{name}: unknown class of district; {known_classes(name, known)}"
        for key, values in keyed.items()
        for name in values
        if name not in known
    ]


def city_faults(scenario: "Scenario", column: str, used: Iterable[tuple[str, str]]) -> list[str]:
    """Return a fault for each class of a city's own table that the scenario does not know.

    Parameters
    ----------
    scenario : Scenario
    column : str
        Column of the table that has the class.
    used : iterable of (str, str)
        File and line of each row, and its class.
    """
    first: dict[str, str] = {}
    for position, name in used:
        first.setdefault(name, position)
    weighted = {name for fleet in scenario.fleets.values() for name in fleet.area_weights}
    known = scenario.outside.drive_min
    faults = [
        f"{position}: {column}: got {name}, which outside.drive_min does not have; "
        f"{known_classes(name, known)}"
        for name, position in first.items()
        if name not in known
    ]
    return faults + [
        f"{position}: {column}: got {name}, for which no fleet has a weight in area_weights"
        for name, position in first.items()
        if name in known and name not in weighted
    ]


def known_classes(name: str, known: Iterable[str]) -> str:
    """Return what would be right in place of an unknown class."""
    names = list(known)
    near = nearest_name(name, names)
    hint = f"did you mean {near}? " if near else ""
    return f"{hint}outside.drive_min has {', '.join(names)}; a class of your own belongs there, too"
