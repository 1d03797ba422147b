"""Set each assumption of the demand ledger to its low and its high end, one at a time."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from chargesim.errors import InputError
from chargesim.experiment.design import one_at_a_time, one_day
from chargesim.experiment.judgement import effects_of, used_by_criterion
from chargesim.experiment.ranges import Input, inputs_of, ledger_ranges
from chargesim.experiment.responses import failed_shares
from chargesim.experiment.runner import Runner, builder
from chargesim.experiment.study import Study
from chargesim.runs.engine_choice import Engine
from chargesim.scenario.reading import LoadedScenario, as_loaded
from chargesim.scenario.standard import Criterion

REPLICATIONS = 6


@dataclass(frozen=True)
class TornadoRun:
    """A finished tornado."""

    folder: Path
    title: str
    day: str
    inputs: tuple[Input, ...]
    """assumptions with a range; those of a common cause are one"""
    effects: pd.DataFrame
    """a row per criterion and end of an input, from `judgement.effects_of`, with input, end, at:
    the value at the end, NaN where a common cause sets several"""
    used: dict[str, float]
    """part of its allowance that each criterion uses in the scenario itself"""
    criteria: tuple[Criterion, ...]
    """those that are judged"""
    replications: int
    left_out: tuple[str, ...]
    """ranges that describe conditions, and ends that the scenario refuses"""
    about: str
    label: str

    @property
    def frame(self) -> pd.DataFrame:
        """The effects as they are written."""
        return self.effects.drop(columns="n")

    def ranked(self, criterion: str) -> list[tuple[str, pd.DataFrame]]:
        """Return the inputs that move a criterion with both ends, the widest span first."""
        mine = self.effects[self.effects["criterion"] == criterion]
        found = [(str(key), ends) for key, ends in mine.groupby("input", sort=False)]
        moving = [one for one in found if _span(one[1]) > 0]
        return sorted(moving, key=lambda one: -_span(one[1]))

    def turning(self, how: str) -> set[str]:
        """Return the inputs of which an end turns a criterion, on average or for sure."""
        return set(self.effects.loc[self.effects["turns"] == how, "input"])

    def to_dict(self) -> dict[str, Any]:
        """Return the tornado as plain data."""
        return {
            "folder": str(self.folder),
            "day": self.day,
            "replications": self.replications,
            "inputs": [vars(one) for each in self.inputs for one in each.ranges],
            "allowance_used": self.used,
            "bars": self.frame.to_dict(orient="records"),
            "left_out": list(self.left_out),
        }


def _span(ends: pd.DataFrame) -> float:
    """Return how far an assumption moves a criterion from end to end, its own value included."""
    changes = ends["change"]
    return float(max(0.0, changes.max()) - min(0.0, changes.min()))


def run_tornado(
    loaded: LoadedScenario | str | Path,
    *,
    weekday: str | None = None,
    replications: int | None = None,
    jobs: int = 0,
    out: str | Path | None = None,
    progress: bool = True,
    engine: Engine = "auto",
) -> TornadoRun:
    """Set every assumption of the ledger that has a range to both ends, one at a time.

    Those of a common cause go to their ends together. All points meet the same vehicles. What a
    scenario chooses (`mechanisms.registry.CONDITIONS`: season, holidays) is left out.

    Parameters
    ----------
    loaded : LoadedScenario, or path of its file
    weekday : str, optional
        The judged day; see `design.one_day`.
    replications : int, optional
        Of each point; 6 by default.
    jobs, progress, engine
        As for `run_scenario`.
    out : Path, optional
        The directory; by default `runs/tornado-<name>-<hash>`. A stopped tornado goes on there.

    Raises
    ------
    InputError
        When no assumption of the ledger has a range.
    """
    loaded = as_loaded(loaded)
    study = tornado_study(loaded, weekday=weekday, replications=replications, out=out)
    base = study.base
    case = builder.case(base)
    found = ledger_ranges(case)
    inputs = inputs_of([one for one in found if not one.condition])
    if not inputs:
        words = "no assumption of the demand ledger has a range; give it low and high"
        raise InputError([f"{base.path}: {words}"])
    directory = study.open(engine)
    design = one_at_a_time(base, inputs, base.scenario.replications)
    with directory.saying_how_it_ends():
        responses = Runner(directory.folder, engine, jobs, progress).responses(design)
        conditions = [one.condition for one in found if one.condition]
        refused = [f"{name}: {error.faults[0]}" for name, error in design.refused]
        left_out, label = (*conditions, *refused), case.network.label
        run = _judged(directory.folder, base, inputs, responses, left_out, label)
        directory.finish(run.to_dict(), tornado=run.frame)
    return run


def tornado_study(
    loaded: LoadedScenario,
    *,
    weekday: str | None = None,
    replications: int | None = None,
    out: str | Path | None = None,
) -> Study:
    """Return the study that `run_tornado` runs with these arguments."""
    base = one_day(loaded, weekday=weekday, replications=replications or REPLICATIONS)
    return Study("tornado", base, {}, out)


def _judged(
    folder: Path,
    base: LoadedScenario,
    inputs: list[Input],
    responses: pd.DataFrame,
    left_out: tuple[str, ...],
    label: str,
) -> TornadoRun:
    """Compare every end with the scenario itself, replication by replication."""
    scenario, day = base.scenario, base.scenario.horizon.first_day.capitalize()
    shares = failed_shares(responses)
    first = shares.pop("base")
    criteria = [one for one in scenario.standard.criteria if one.name in first]
    values = {f"{one.name}, {end}": at for one in inputs for end, at in one.ends.items()}
    effects = []
    for point, failed in shares.items():
        name, _, end = point.rpartition(", ")
        several = set(values[point].values())
        at = several.pop() if len(several) == 1 else math.nan
        effects.append(effects_of(failed, first, criteria).assign(input=name, end=end, at=at))
    order = ["criterion", "input", "end", "at"]
    frame = pd.concat(effects, ignore_index=True)
    return TornadoRun(
        folder=folder,
        title=scenario.title,
        day=day,
        inputs=tuple(inputs),
        effects=frame[[*order, *frame.columns.difference(order, sort=False)]],
        used=used_by_criterion(first, criteria),
        criteria=tuple(criteria),
        replications=scenario.replications,
        left_out=left_out,
        about=f"{scenario.name}: one {day}, {scenario.replications} replications each, "
        "the same vehicles",
        label=label,
    )
