"""Set each assumption of the demand ledger to its low and its high end, one at a time."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from chargesim.analysis.result import Floats
from chargesim.errors import InputError
from chargesim.experiment.design import one_at_a_time, one_day
from chargesim.experiment.judgement import Effect, effects_of, used_by_criterion, worst_units
from chargesim.experiment.ranges import Range, ledger_ranges
from chargesim.experiment.responses import failed_shares
from chargesim.experiment.runner import Runner, builder
from chargesim.runs.engine_choice import Engine
from chargesim.runs.result_directory import ResultDirectory
from chargesim.scenario.reading import LoadedScenario
from chargesim.scenario.standard import Criterion

REPLICATIONS = 6


@dataclass(frozen=True)
class End:
    """One end of one range, and its effect on each criterion."""

    key: str
    end: str
    """low or high"""
    at: float
    effects: dict[str, Effect]


@dataclass(frozen=True)
class TornadoRun:
    """A finished tornado."""

    folder: Path
    title: str
    day: str
    ranges: tuple[Range, ...]
    ends: tuple[End, ...]
    base: dict[str, Floats]
    """failed shares by criterion and replication in the scenario itself"""
    criteria: tuple[Criterion, ...]
    """those that are judged"""
    replications: int
    left_out: tuple[str, ...]
    """ranges that describe conditions, and ends that the scenario refuses"""
    about: str
    label: str

    @property
    def frame(self) -> pd.DataFrame:
        """A row per end and criterion: change of the failed share, part of the allowance used."""
        return pd.DataFrame(
            {
                "criterion": effect.criterion,
                "key": end.key,
                "end": end.end,
                "at": end.at,
                "change": effect.change.mean,
                "lower": effect.change.lower,
                "upper": effect.change.upper,
                "allowance_used": effect.used.mean,
                "allowance_lower": effect.used.lower,
                "allowance_upper": effect.used.upper,
                "turns": effect.turns,
            }
            for end in self.ends
            for effect in end.effects.values()
        )

    def used(self, criterion: str) -> float:
        """Return the part of its allowance that a criterion uses in the scenario itself."""
        return used_by_criterion(self.base, self.criteria)[criterion]

    def ranked(self, criterion: str) -> list[tuple[str, list[End]]]:
        """Return the assumptions that move a criterion with their ends, the widest span first."""
        ends: dict[str, list[End]] = {}
        for end in self.ends:
            if criterion in end.effects:
                ends.setdefault(end.key, []).append(end)
        spans = {key: _span(mine, criterion) for key, mine in ends.items()}
        moving = [key for key in ends if spans[key] > 0]
        return [(key, ends[key]) for key in sorted(moving, key=lambda key: -spans[key])]

    def turning(self, how: str) -> set[str]:
        """Return the assumptions of which an end turns a criterion, on average or for sure."""
        return {
            end.key
            for end in self.ends
            if any(effect.turns == how for effect in end.effects.values())
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the tornado as plain data."""
        return {
            "folder": str(self.folder),
            "day": self.day,
            "replications": self.replications,
            "inputs": [vars(one) for one in self.ranges],
            "allowance_used": used_by_criterion(self.base, self.criteria),
            "bars": self.frame.to_dict(orient="records"),
            "left_out": list(self.left_out),
        }


def _span(ends: list[End], criterion: str) -> float:
    """Return how far an assumption moves a criterion from end to end, its own value included."""
    changes = [0.0, *(end.effects[criterion].change.mean for end in ends)]
    return max(changes) - min(changes)


def run_tornado(
    loaded: LoadedScenario,
    *,
    weekday: str | None = None,
    replications: int | None = None,
    jobs: int = 0,
    out: Path | None = None,
    progress: bool = True,
    engine: Engine = "auto",
) -> TornadoRun:
    """Set every assumption of the ledger that has a range to both ends, one at a time.

    All points meet the same vehicles. What a scenario chooses (`mechanisms.registry.CONDITIONS`: season,
    holidays) is left out.

    Parameters
    ----------
    loaded : LoadedScenario
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
    base = one_day(loaded, weekday=weekday, replications=replications or REPLICATIONS)
    case, count = builder.case(base), base.scenario.replications
    found = ledger_ranges(case)
    ranges = [one for one in found if not one.condition]
    if not ranges:
        words = "no assumption of the demand ledger has a range; give it low and high"
        raise InputError([f"{base.path}: {words}"])
    directory = ResultDirectory.of_study("tornado", base, out=out)
    design = one_at_a_time(base, ranges, count)
    with directory.saying_when_interrupted():
        responses = Runner(directory.folder, engine, jobs, progress).responses(design)
    shares = {point: worst_units(each) for point, each in failed_shares(responses).items()}
    first = shares.pop("base")
    criteria = [one for one in base.scenario.standard.criteria if one.name in first]
    values = {(one.key, name): value for one in ranges for name, value in one.ends.items()}
    ends = []
    for name, failed in shares.items():
        key, _, end = name.partition(", ")
        effects = {one.criterion: one for one in effects_of(failed, first, criteria)}
        ends.append(End(key, end, values[key, end], effects))
    day = base.scenario.horizon.first_day.capitalize()
    refused = [f"{name}: {error.faults[0]}" for name, error in design.refused]
    run = TornadoRun(
        folder=directory.folder,
        title=base.scenario.title,
        day=day,
        ranges=tuple(ranges),
        ends=tuple(ends),
        base=first,
        criteria=tuple(criteria),
        replications=count,
        left_out=(*(one.condition for one in found if one.condition), *refused),
        about=f"{base.scenario.name}: one {day}, {count} replications each, the same vehicles",
        label=case.network.label,
    )
    directory.finish(run.to_dict(), tornado=run.frame)
    return run
