"""Lay out the points of a study: a scenario with some of its keys changed at each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chargesim.analysis.result import Floats
from chargesim.errors import InputError
from chargesim.experiment.factor import Factor
from chargesim.experiment.ranges import Input
from chargesim.runs.case import Case
from chargesim.scenario.calendar import WEEKDAYS
from chargesim.scenario.reading import LoadedScenario


@dataclass(frozen=True)
class Point:
    """One point of a design.

    Attributes
    ----------
    name : str
        Its name in the table of responses.
    loaded : LoadedScenario
    adapt : callable, optional
        What the study changes in the case, beside the keys of the scenario.
    adapted : str
        The same in words; it is part of the name of the point's replications.
    """

    name: str
    loaded: LoadedScenario
    adapt: Callable[[Case], Case] | None = None
    adapted: str = ""


@dataclass(frozen=True)
class Design:
    """Points, how many replications each gets, and the changes that the scenario refused."""

    points: tuple[Point, ...]
    replications: int
    refused: tuple[tuple[str, InputError], ...] = ()
    """name and fault of each point that the scenario refuses"""


def listed(
    base: LoadedScenario,
    changes: Mapping[str, Mapping[str, Any]],
    replications: int,
    *,
    check: Callable[[LoadedScenario], object] | None = None,
) -> Design:
    """Return the points of some changes by name; those that the scenario refuses are left out.

    Parameters
    ----------
    base : LoadedScenario
    changes : mapping of str to mapping
        What each point changes, by dotted key.
    replications : int
    check : callable, optional
        Builds the case of a point, say: what it refuses is left out, too.
    """
    points, refused = [], []
    for name, change in changes.items():
        try:
            loaded = base.replace(change)
            if check is not None:
                check(loaded)
            points.append(Point(name, loaded))
        except InputError as error:
            refused.append((name, error))
    return Design(tuple(points), replications, tuple(refused))


def grid(
    base: LoadedScenario,
    factor: Factor,
    levels: Sequence[float],
    replications: int,
    *,
    check: Callable[[LoadedScenario], object] | None = None,
) -> Design:
    """Return a point for each level of a factor, named by it; see `listed`."""
    changes = {f"{level:.12g}": factor.changes(level) for level in levels}
    return listed(base, changes, replications, check=check)


def one_at_a_time(base: LoadedScenario, inputs: Sequence[Input], replications: int) -> Design:
    """Return the scenario itself as `base`, then both ends of every input by themselves.

    The name of an end is `<input>, low` or `<input>, high`.
    """
    ends = {f"{one.name}, {end}": values for one in inputs for end, values in one.ends.items()}
    return listed(base, {"base": {}, **ends}, replications)


def sampled(
    base: LoadedScenario, inputs: Sequence[Input], cube: Floats, replications: int
) -> Design:
    """Return a point for each row of quantiles [point, input] in the unit cube.

    Raises
    ------
    InputError
        When the scenario refuses a point.
    """
    changes = {
        f"{number:05d}": {
            key: value
            for one, u in zip(inputs, row, strict=True)
            for key, value in one.at(float(u)).items()
        }
        for number, row in enumerate(cube)
    }
    design = listed(base, changes, replications)
    if design.refused:
        raise design.refused[0][1]
    return design


def one_day(
    loaded: LoadedScenario, *, weekday: str | None = None, replications: int | None = None
) -> LoadedScenario:
    """Return the scenario with one judged day, of no calendar, and one look.

    The day is the named weekday, else that of a scenario that judges one day, else Wednesday.

    Raises
    ------
    InputError
        For an unknown weekday, or a scenario with a series.
    """
    scenario = loaded.scenario
    if weekday is not None and weekday not in WEEKDAYS:
        raise InputError([f"--weekday: got {weekday!r}, needs one of {', '.join(WEEKDAYS)}"])
    if scenario.series is not None:
        raise InputError(["series: the scenario has one; leave it out with --set series=null"])
    own = scenario.horizon.first_day if scenario.horizon.days == 1 else "wednesday"
    changes: dict[str, Any] = {"horizon.days": 1, "horizon.first_day": weekday or own, "looks": 1}
    given: dict[str, Any] = {} if replications is None else {"replications": replications}
    if scenario.calendar is not None:
        given["calendar"] = None
    return loaded.replace(changes | given)
