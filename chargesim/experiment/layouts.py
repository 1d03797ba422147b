"""Repeat a study on other synthetic layouts, where its plans differ in invented places."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

import pandas as pd

from chargesim.analysis.breaking_point import Curve, break_on_average
from chargesim.analysis.kpi_responses import kpi_responses
from chargesim.analysis.over_layouts import OverLayouts, layout_differences
from chargesim.errors import InputError
from chargesim.experiment.design import Design, Point
from chargesim.experiment.responses import failed_shares, responses_of
from chargesim.experiment.runner import Runner
from chargesim.scenario.changed_keys import changed_keys
from chargesim.scenario.model import Scenario
from chargesim.scenario.reading import LoadedScenario

PLACED = (
    "stations.counts.*", "stations.piles", "stations.truck_stations",
    "stations.expressway_piles_per_station", "stations.truck_piles_per_station",
    "swap.kinds.*.sites", "swap.enabled",
)  # fmt: skip
"""Keys that add invented places, take them away, or deal guns to them."""
DEFAULT_LAYOUTS = 5
MOST_REPLICATIONS = 10
"""Replications of each point in each further layout, at most: layouts differ more than they do."""


@dataclass(frozen=True)
class LevelsOverLayouts:
    """Where each criterion breaks in the layouts beyond the scenario's own."""

    seeds: tuple[int, ...]
    """layout seeds; the first is the scenario's own"""
    replications: int
    """at each level of a further layout"""
    breaks: Mapping[str, tuple[float, ...]]
    """by criterion, a level for each further seed; -inf below all levels, inf above them"""


def invents_places(scenario: Scenario) -> bool:
    """Tell whether the sites of a scenario are at synthetic places."""
    return scenario.layout is not None and scenario.city.sites is None


def layouts_to_compare(scenarios: Sequence[Scenario], asked: int | None) -> int:
    """Return over how many layouts plans are compared; several where places are the difference.

    Raises
    ------
    InputError
        Where several are asked for and no place is invented.
    """
    first, *others = scenarios
    changed = [key for one in others for key in changed_keys(first, one)]
    return _layouts(all(invents_places(one) for one in scenarios), changed, asked)


def layouts_of_levels(
    scenario: Scenario, changes: Mapping[float, Mapping[str, Any]], asked: int | None
) -> int:
    """Return over how many layouts the levels of a factor are tried; see `layouts_to_compare`."""
    changed = [key for change in changes.values() for key in change]
    return _layouts(invents_places(scenario), changed, asked)


def _layouts(invented: bool, changed: Sequence[str], asked: int | None) -> int:
    if asked is not None and asked > 1 and not invented:
        words = "the places of a plan come from a table, so there is one layout"
        raise InputError([f"--layouts: got {asked}; {words}"])
    if asked is not None:
        return asked
    placed = any(fnmatch(key, pattern) for key in changed for pattern in PLACED)
    return DEFAULT_LAYOUTS if invented and placed else 1


def compare_over_layouts(
    plans: Sequence[tuple[str, LoadedScenario]], layouts: int, replications: int, runner: Runner
) -> OverLayouts:
    """Return the differences of plans, less the first, in the layouts beyond their own.

    Parameters
    ----------
    plans : sequence of (name, LoadedScenario)
        The first is the one that the others are compared with; all have its layout seed.
    layouts : int
        How many, with their own; the further ones have the next seeds.
    replications : int
        Of the comparison; each further layout gets as many, at most `MOST_REPLICATIONS`.
    runner : Runner
        Keeps whole totals.
    """
    layout = plans[0][1].scenario.layout
    assert layout is not None
    seeds = tuple(range(layout.seed, layout.seed + layouts))
    count = min(replications, MOST_REPLICATIONS)
    columns = []
    for seed in seeds[1:]:
        changes: dict[str, Any] = {"layout.seed": seed}
        points = [Point(f"{name}, layout {seed}", one.replace(changes)) for name, one in plans]
        results = runner.results(Design(tuple(points), count), what=f"layout {seed}")
        first, *others = (kpi_responses(result) for result in results)
        columns.append(
            pd.concat(
                [
                    layout_differences(name, seed, other, first, first.names)
                    for (name, _), other in zip(plans[1:], others, strict=True)
                ]
            )
        )
    return OverLayouts(seeds, count, pd.concat(columns, axis=1))


def levels_over_layouts(
    base: LoadedScenario,
    changes: Mapping[float, Mapping[str, Any]],
    curves: Sequence[Curve],
    layouts: int,
    runner: Runner,
) -> LevelsOverLayouts:
    """Return where each criterion breaks in the layouts beyond the scenario's own.

    Parameters
    ----------
    base : LoadedScenario
    changes : mapping of float to mapping
        What each level changes, by dotted key; levels in rising order.
    curves : sequence of Curve
        The criteria in the scenario's own layout; those without a direction are left out.
    layouts : int
        How many, with its own; the further ones have the next seeds.
    runner : Runner
    """
    scenario = base.scenario
    assert scenario.layout is not None
    seeds = tuple(range(scenario.layout.seed, scenario.layout.seed + layouts))
    count = min(scenario.replications, MOST_REPLICATIONS)
    breaks: dict[str, list[float]] = {one.criterion: [] for one in curves if one.direction}
    criteria = {one.name: one for one in scenario.standard.criteria}
    for seed in seeds[1:]:
        points = [
            Point(f"{level:.12g}, layout {seed}", base.replace({**change, "layout.seed": seed}))
            for level, change in changes.items()
        ]
        results = runner.results(Design(tuple(points), count), what=f"layout {seed}")
        shares = [failed_shares(responses_of(one).assign(point="")).get("", {}) for one in results]
        for curve in curves:
            if curve.direction:
                name, failed = curve.criterion, [each.get(curve.criterion) for each in shares]
                about = break_on_average(list(changes), failed, criteria[name], curve.direction)
                breaks[name].append(about)
    return LevelsOverLayouts(seeds, count, {name: tuple(all_) for name, all_ in breaks.items()})
