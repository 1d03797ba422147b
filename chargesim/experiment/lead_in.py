"""Check a scenario's lead-in: double it on the same vehicles and see whether any KPI moves."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from chargesim.analysis.intervals import Intervals
from chargesim.analysis.lead_in import Shift, between_days, same_hour, shifts
from chargesim.analysis.looks import Look
from chargesim.demand.draw import DemandModel
from chargesim.engine.event_order import DAY_MIN
from chargesim.errors import InputError
from chargesim.run.case import Case, build_case
from chargesim.run.engine_choice import Engine, choose_engine
from chargesim.run.replications import Replications, expected_sessions
from chargesim.run.run_directory import manifest_of, prepare_folder, run_digest
from chargesim.run.run_scenario import as_result
from chargesim.run.storage import write_json, write_text
from chargesim.scenario.reading import LoadedScenario, dump_yaml

FOLDER = "lead_in"


@dataclass(frozen=True)
class LeadIn:
    """What a longer lead-in does to a scenario."""

    folder: Path
    """the run directory; the other runs stand below in `lead_in/`"""
    name: str
    own_days: int
    longer_days: int
    replications: int
    shifts: list[Shift]
    from_empty: Intervals
    """power without any lead-in less that after the longer one, by hour of the first judged day, same vehicles [24] in MW"""
    from_own: Intervals
    """the same with the scenario's own lead-in"""
    days_alike: Intervals
    """from an empty network, days of one weekday: each less the last one, by hour [days - 1, 24] in MW"""

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
    out: Path | None = None,
    progress: bool = True,
    engine: Engine = "auto",
) -> LeadIn:
    """Run a scenario with its lead-in and with one twice as long on the same vehicles, and compare all KPIs.

    Parameters
    ----------
    loaded : LoadedScenario
        Its replications of the first look are compared; those that its run directory has are not run again.
    jobs, out, progress, engine
        As for `run.run_scenario`.

    Raises
    ------
    InputError
        For a series, for recorded wishes (nobody recorded an earlier day), and what `run_scenario` refuses.
    """
    if loaded.scenario.series is not None:
        raise InputError(
            [
                "lead-in: is for one scenario, not for a series; check one by itself with --set series=null"
            ]
        )
    if loaded.scenario.recorded is not None:
        raise InputError(
            [
                "lead-in: the wishes are recorded, and no day before them is; leave `recorded` out to check it"
            ]
        )
    own_days, count = loaded.scenario.horizon.lead_in_days, loaded.scenario.replications
    longer_days = 2 * own_days or 1
    case = build_case(loaded)
    about = {"run": run_digest(loaded)}
    folder = out or Path("runs") / f"{loaded.scenario.name}-{about['run'][:12]}"
    prepare_folder(folder, about)
    case = replace(
        case,
        task=replace(
            case.task, engine=choose_engine(engine, case, expected_sessions(case) * count)[0]
        ),
    )
    if not (folder / "manifest.json").is_file():
        write_text(folder / "scenario.resolved.yaml", dump_yaml(loaded.resolved))
        write_json(
            folder / "manifest.json", {**manifest_of(case, about, False), "state": "running"}
        )
    others = {
        "longer": with_lead_in(case, longer_days),
        "none": _days(with_lead_in(case, 0), 1),
        "alike": days_alike(with_lead_in(case, 0), max(2 * own_days, 1) + 1),
    }
    own = Replications(case, folder, about, False, jobs, progress).first(count)
    ran = {
        name: Replications(
            other, folder / FOLDER / name, {"run": f"{about['run']}/{name}"}, False, jobs, progress
        ).first(count)
        for name, other in others.items()
    }
    look = Look(1, 1, count)
    checked = LeadIn(
        folder=folder,
        name=loaded.scenario.name,
        own_days=own_days,
        longer_days=longer_days,
        replications=count,
        shifts=shifts(as_result(case, own, look), as_result(others["longer"], ran["longer"], look)),
        from_empty=same_hour(ran["none"], ran["longer"]),
        from_own=same_hour(own, ran["longer"]),
        days_alike=between_days(ran["alike"]),
    )
    write_json(folder / FOLDER / "lead_in.json", {**about, **checked.to_dict()})
    return checked


def with_lead_in(case: Case, days: int) -> Case:
    """Return a case with another lead-in in which each calendar day keeps its vehicles, and guns fail when they did.

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
    """Return a case of so many judged days, all of them the weekday of its first judged day."""
    demand = case.task.demand
    assert isinstance(demand, DemandModel)
    weekday = (demand.first_weekday + case.task.lead_in_days) % 7
    fleets = tuple(
        replace(fleet, weights=np.tile(fleet.weights[weekday], (7, 1))) for fleet in demand.fleets
    )
    return _days(
        replace(case, task=replace(case.task, demand=replace(demand, fleets=fleets))), days
    )


def _days(case: Case, days: int) -> Case:
    return replace(case, task=replace(case.task, days=days))


def lead_in_text(folder: Path, own_days: int) -> str:
    """Return a sentence on whether a run's lead-in was checked, and what came of it.

    Parameters
    ----------
    folder : Path
        The run directory.
    own_days : int
        The scenario's lead-in days.
    """
    days = f"Lead-in of {own_days} day" + ("" if own_days == 1 else "s")
    try:
        told, manifest = (
            json.loads((folder / name).read_text(encoding="utf-8"))
            for name in (f"{FOLDER}/lead_in.json", "manifest.json")
        )
    except (OSError, ValueError):
        told, manifest = {"run": None}, {"run": ""}
    if told["run"] != manifest["run"]:
        return (
            f"{days}: not checked (`chargesim lead-in` runs it twice as long on the same vehicles)."
        )
    return f"{days}: checked, {moved_text(len(told['moved']), told['kpis'], told['longer_days'], told['replications'])}."


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
