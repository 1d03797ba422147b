"""Check a scenario's lead-in: double it on the same vehicles and see whether any KPI moves."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from chargesim.analysis.intervals import Intervals
from chargesim.analysis.lead_in import Shift, between_days, same_hour, shifts
from chargesim.demand.days import AS_EXPECTED
from chargesim.demand.draw import DemandModel
from chargesim.engine.event_order import DAY_MIN
from chargesim.errors import InputError
from chargesim.experiment.design import Design, Point
from chargesim.experiment.runner import Runner
from chargesim.experiment.study import Study
from chargesim.runs.case import Case, build_case
from chargesim.runs.engine_choice import Engine
from chargesim.runs.store import MANIFEST, content_digest
from chargesim.scenario.reading import LoadedScenario


@dataclass(frozen=True)
class LeadIn:
    """What a longer lead-in does to a scenario."""

    folder: Path
    title: str
    name: str
    own_days: int
    longer_days: int
    replications: int
    shifts: list[Shift]
    from_empty: Intervals
    """[24] power by hour of the first judged day: without a lead-in less with the longer [MW]"""
    from_own: Intervals
    """the same with the scenario's own lead-in"""
    days_alike: Intervals
    """[days - 1, 24] days of one weekday from an empty network, by hour, each less the last [MW]"""

    @property
    def moved(self) -> list[Shift]:
        """The KPIs that move, the surest first."""
        return sorted(
            (shift for shift in self.shifts if shift.moved), key=lambda shift: shift.p_value
        )

    @property
    def least_sure(self) -> Shift:
        """The KPI for which the check excludes least."""
        return max(self.shifts, key=lambda shift: shift.not_excluded)

    def to_dict(self) -> dict[str, Any]:
        """Return what the run directory and `--json` say of it."""
        own = {
            "lead_in_days": self.own_days,
            "longer_days": self.longer_days,
            "replications": self.replications,
        }
        told = {
            "moved": [_plain(shift) for shift in self.moved],
            "least_sure": _plain(self.least_sure),
        }
        return {**own, "kpis": len(self.shifts), **told}


def check_lead_in(
    loaded: LoadedScenario,
    *,
    jobs: int = 0,
    out: str | Path | None = None,
    progress: bool = True,
    engine: Engine = "auto",
) -> LeadIn:
    """Run a scenario with its lead-in and with one twice as long, and compare all KPIs.

    Parameters
    ----------
    loaded : LoadedScenario
        Its replications of the first look are compared; those of a run beside are not run again.
    jobs, progress, engine
        As for `run_scenario`.
    out : Path, optional
        The directory; by default `runs/lead-in-<name>-<hash>`. A stopped check goes on there.

    Raises
    ------
    InputError
        For a series, and for wishes from a log: it has no earlier day.
    """
    if loaded.scenario.series is not None:
        words = "is for one scenario, not for a series; check one by itself with --set series=null"
        raise InputError([f"lead-in: {words}"])
    if loaded.scenario.log is not None:
        words = "the wishes are those of a log, which has no day before them"
        raise InputError([f"lead-in: {words}"])
    own_days, count = loaded.scenario.horizon.lead_in_days, loaded.scenario.replications
    longer_days = 2 * own_days or 1
    directory = Study("lead-in", loaded, {}, out).open(engine)
    directory.head["content"] = content_digest(loaded)
    with directory.saying_how_it_ends():
        runner = Runner(directory.folder, engine, jobs, progress, whole=True)
        own, longer, none, alike = runner.results(Design(_points(loaded, longer_days), count))
        checked = LeadIn(
            folder=directory.folder,
            title=loaded.scenario.title,
            name=loaded.scenario.name,
            own_days=own_days,
            longer_days=longer_days,
            replications=count,
            shifts=shifts(own, longer),
            from_empty=same_hour(none.replications, longer.replications),
            from_own=same_hour(own.replications, longer.replications),
            days_alike=between_days(alike.replications),
        )
        directory.finish(checked.to_dict())
    return checked


def _points(loaded: LoadedScenario, longer_days: int) -> tuple[Point, ...]:
    """Return the scenario itself, with a longer lead-in, with none, and days that are alike."""
    days = max(2 * loaded.scenario.horizon.lead_in_days, 1) + 1
    adapted: dict[str, Callable[[Case], Case] | None] = {
        "own": None,
        "longer": partial(with_lead_in, days=longer_days),
        "none": first_day_without,
        "alike": partial(days_alike, days=days),
    }
    return tuple(
        Point(name, loaded, adapt, "" if adapt is None else f"lead-in {name}")
        for name, adapt in adapted.items()
    )


def with_lead_in(case: Case, days: int) -> Case:
    """Return a case with another lead-in; each calendar day keeps its vehicles and failures.

    Parameters
    ----------
    case : Case
        A case whose demand is drawn.
    days : int
        Lead-in days.
    """
    added = days - case.task.lead_in_days
    other = build_case(case.loaded.replace({"horizon.lead_in_days": days}))
    assert isinstance(other.task.demand, DemandModel)
    demand = replace(other.task.demand, first_key=-added)
    outages = replace(other.task.outages, start_min=-added * DAY_MIN)
    return replace(
        other, task=replace(other.task, demand=demand, outages=outages, engine=case.task.engine)
    )


def days_alike(case: Case, days: int) -> Case:
    """Return a case of so many judged days from an empty network, all the weekday of the first."""
    case = with_lead_in(case, 0)
    demand = case.task.demand
    assert isinstance(demand, DemandModel)
    weekday = (demand.first_weekday + case.task.lead_in_days) % 7
    fleets = tuple(
        replace(fleet, weights=np.tile(fleet.weights[weekday], (7, 1))) for fleet in demand.fleets
    )
    alike = replace(demand, fleets=fleets, day_factors=AS_EXPECTED, calendar=None)
    return _judged_days(replace(case, task=replace(case.task, demand=alike)), days)


def first_day_without(case: Case) -> Case:
    """Return the case of the first judged day alone, from an empty network."""
    return _judged_days(with_lead_in(case, 0), 1)


def _judged_days(case: Case, days: int) -> Case:
    return replace(case, task=replace(case.task, days=days))


def lead_in_text(folder: Path, own_days: int) -> str:
    """Return a sentence on whether a run's lead-in was checked, and what was found.

    Parameters
    ----------
    folder : Path
        The run directory; a check of the same scenario beside it is found.
    own_days : int
        The scenario's lead-in days.
    """
    days = f"Lead-in of {own_days} day" + ("" if own_days == 1 else "s")
    content = _read(folder / MANIFEST).get("content")
    for path in sorted(folder.parent.glob("*/lead-in.json")):
        if content is not None and _read(path.parent / MANIFEST).get("content") == content:
            found = _read(path)
            numbers = (found[name] for name in ("kpis", "longer_days", "replications"))
            return f"{days}: checked, {moved_text(len(found['moved']), *numbers)}."
    how = "`chargesim lead-in` runs it twice as long on the same vehicles"
    return f"{days}: not checked ({how})."


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def moved_text(moved: int, kpis: int, longer_days: int, replications: int) -> str:
    """Return how many KPIs a longer lead-in moves, in words."""
    days = "1 day moves" if longer_days == 1 else f"{longer_days} days move"
    what = f"{moved} of {kpis} KPIs beyond their" if moved else f"none of {kpis} KPIs beyond its"
    return f"{days} {what} paired interval ({replications} replications, Holm over the KPIs)"


def _plain(shift: Shift) -> dict[str, Any]:
    named = {
        "kpi": shift.kpi,
        "scope": shift.scope,
        "key": shift.key,
        "unit": shift.unit,
        "before": shift.before.mean,
    }
    difference = {
        "difference": shift.difference.mean,
        "lower": shift.difference.lower,
        "upper": shift.difference.upper,
    }
    return {
        **named,
        **difference,
        "p_value": shift.p_value,
        "of_its_interval": shift.of_its_interval,
    }
