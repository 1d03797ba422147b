"""Set every assumption of the demand ledger to its low and its high end, on the same vehicles, and compare what decides the verdict."""

import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from chargesim.analysis.outcomes import Bar, Outcome, bars_of
from chargesim.errors import InputError
from chargesim.experiment.points import Setting, choose, maker, one_day
from chargesim.experiment.runner import measure_all
from chargesim.experiment.uncertain_inputs import Input, ledger_inputs
from chargesim.run.engine_choice import Engine
from chargesim.run.run_directory import prepare_folder, run_digest
from chargesim.run.storage import write_json, write_text
from chargesim.scenario.reading import LoadedScenario, dump_yaml
from chargesim.scenario.standard import Criterion

MANIFEST = "tornado.json"
REPLICATIONS = 6


@dataclass(frozen=True)
class TornadoRun:
    """A finished tornado."""

    folder: Path
    title: str
    day: str
    inputs: tuple[Input, ...]
    bars: tuple[Bar, ...]
    base: Outcome
    criteria: tuple[Criterion, ...]
    """those that are judged"""
    replications: int
    left_out: tuple[str, ...]
    """inputs whose range is that of a condition, and ends that the scenario refuses"""
    about: str
    label: str

    @property
    def frame(self) -> pd.DataFrame:
        """A row per input, end and criterion: changes of failures, paired at 95 %, and failures over allowed ones, one-sided at 95 %."""
        rows = [
            {
                "criterion": bar.criterion,
                "key": bar.key,
                "end": bar.end,
                "at": bar.at,
                "change": bar.change.mean,
                "lower": bar.change.lower,
                "upper": bar.change.upper,
                "allowance_used": bar.used.mean,
                "allowance_lower": bar.used.lower,
                "allowance_upper": bar.used.upper,
                "turns": bar.turns,
            }
            for bar in self.bars
        ]
        return pd.DataFrame(rows)

    def ranked(self, criterion: str) -> list[tuple[str, list[Bar]]]:
        """Return the inputs that move a criterion with their bars, by the span of what they do, the widest first."""
        mine: dict[str, list[Bar]] = {}
        for bar in self.bars:
            if bar.criterion == criterion:
                mine.setdefault(bar.key, []).append(bar)
        moving = [(key, bars) for key, bars in mine.items() if span(bars) > 0]
        return sorted(moving, key=lambda one: -span(one[1]))

    def turning(self, how: str) -> set[str]:
        """Return the inputs of which an end turns a criterion, on average or for sure."""
        return {bar.key for bar in self.bars if bar.turns == how}

    def to_dict(self) -> dict[str, Any]:
        """Return the tornado as plain data."""
        return {
            "folder": str(self.folder),
            "day": self.day,
            "replications": self.replications,
            "inputs": [vars(one) for one in self.inputs],
            "allowance_used": self.base.used(self.criteria),
            "bars": self.frame.to_dict(orient="records"),
            "left_out": list(self.left_out),
        }


def span(bars: list[Bar]) -> float:
    """Return how far an input moves a criterion, from end to end, the scenario's value among them."""
    changes = [0.0, *(bar.change.mean for bar in bars)]
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
    """Set every assumption of the ledger that has a range to its ends, one at a time, and compare on the same vehicles.

    What a scenario chooses (`run.mechanisms.registry.CONDITIONS`: season, holidays) is left out.

    Parameters
    ----------
    loaded : LoadedScenario
    weekday : str, optional
        The judged day; Wednesday, or the day of a scenario that judges one only.
    replications : int, optional
        Of each setting; 6 by default.
    jobs : int
        Processes; 0: one per core. It changes no result.
    out : Path, optional
        The directory; by default `runs/tornado-<name>-<hash>`. An interrupted tornado goes on where it stopped.

    Raises
    ------
    InputError
        When no assumption of the ledger has a range.
    """
    begun = time.time()
    base = one_day(loaded, weekday=weekday, replications=replications or REPLICATIONS)
    case, count = maker.case(base), base.scenario.replications
    found = ledger_inputs(case)
    inputs = [one for one in found if not one.condition]
    if not inputs:
        raise InputError(
            [f"{base.path}: no assumption of the demand ledger has a range; give it low and high"]
        )
    about = {"run": run_digest(base)}
    folder = out or Path("runs") / f"tornado-{base.scenario.name}-{about['run'][:12]}"
    prepare_folder(folder, about, name=MANIFEST)
    write_text(folder / "scenario.resolved.yaml", dump_yaml(base.resolved))
    write_json(folder / MANIFEST, {**about, "state": "running"})
    settings, ends, refused = _settings(base, inputs)
    chosen = choose(engine, case, count * len(settings))
    first, *outcomes = measure_all(
        settings, count, folder, about, chosen, jobs=jobs, progress=progress, what="settings"
    )
    criteria = [one for one in base.scenario.standard.criteria if one.name in first.failed]
    bars = [
        bar
        for end, outcome in zip(ends, outcomes, strict=True)
        for bar in bars_of(*end, outcome, first, criteria)
    ]
    day = base.scenario.horizon.first_day.capitalize()
    run = TornadoRun(
        folder=folder,
        title=base.scenario.title,
        day=day,
        inputs=tuple(inputs),
        bars=tuple(bars),
        base=first,
        criteria=tuple(criteria),
        replications=count,
        left_out=(*(one.condition for one in found if one.condition), *refused),
        about=f"{base.scenario.name}: one {day}, {count} replications of each, on the same vehicles",
        label=case.network.label,
    )
    write_text(folder / "tornado.csv", run.frame.to_csv(index=False, lineterminator="\n"))
    made = {
        "chargesim": version("chargesim-planner"),
        "seed": base.scenario.seed,
        "begun": begun,
        "seconds": time.time() - begun,
    }
    write_json(folder / MANIFEST, {**about, "state": "complete", **run.to_dict(), **made})
    return run


def _settings(
    base: LoadedScenario, inputs: list[Input]
) -> tuple[list[Setting], list[tuple[str, str, float]], list[str]]:
    """Return the scenario itself, then both ends of every input: settings, what they are, and the ends that are refused."""
    settings, ends, refused = [Setting("base", base)], [], []
    for one in inputs:
        for end, at in (("low", one.low), ("high", one.high)):
            if at == one.value:
                continue
            try:
                settings.append(Setting(f"{one.key}_{end}", base.replace({one.key: at})))
                ends.append((one.key, end, at))
            except InputError as error:
                refused.append(f"{one.key}, {end}: {error.faults[0]}")
    return settings, ends, refused
