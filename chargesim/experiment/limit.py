"""Find where a plan breaks: run a scenario at many levels of one input, on the same vehicles, and judge each level."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chargesim.analysis.limit import Curve, Direction, Limit, band_of, curve_of, limit_of
from chargesim.analysis.verdict import Verdict, judge
from chargesim.errors import InputError
from chargesim.experiment.factor import DEFAULT_LEVELS, Lever, levels_of, lever_of
from chargesim.experiment.points import (
    EngineName,
    Setting,
    choose,
    maker,
    one_day,
    play_all,
    result_of,
)
from chargesim.run.case import Case
from chargesim.run.engine_choice import Engine
from chargesim.run.parallel import run_parallel
from chargesim.run.run_directory import prepare_folder, run_digest
from chargesim.run.run_scenario import as_result
from chargesim.run.storage import read_totals, write_json, write_text, write_totals
from chargesim.scenario.reading import LoadedScenario, dump_yaml

MANIFEST = "limit.json"
LEAST_REPLICATIONS = 40
"""Replications at each level, where the scenario has not more: the error is divided over the levels, so that it takes more of them."""


@dataclass(frozen=True)
class LimitRun:
    """A finished search for the level at which a plan breaks."""

    folder: Path
    title: str
    key: str
    """the input, as the user named it"""
    value: float | None
    """its level in the scenario"""
    is_share: bool
    """levels are shares, which are shown in per cent"""
    unit: str
    """of the levels, as the scenario states it"""
    day: str
    levels: tuple[float, ...]
    verdicts: tuple[Verdict, ...]
    """at each level, at the confidence that is left to a level"""
    confidence: float
    """of all levels together"""
    replications: int
    curves: tuple[Curve, ...]
    limit: Limit
    note: str
    about: str
    label: str

    @property
    def states(self) -> tuple[str, ...]:
        """State of the whole standard at each level."""
        return tuple(verdict.verdict for verdict in self.verdicts)

    @property
    def idle(self) -> bool:
        """Whether no criterion hangs on the input: each is the same at all levels, to the last digit."""
        return not any(np.ptp(curve.used) > 0 for curve in self.curves)

    @property
    def frame(self) -> pd.DataFrame:
        """A row per level and criterion: state, estimate and its bounds, failures over allowance and their fit."""
        rows = []
        for curve in self.curves:
            for place, level in enumerate(self.levels):
                item = next(
                    item for item in self.verdicts[place].criteria if item.name == curve.criterion
                )
                band = {
                    name: getattr(curve, name)[place]
                    for name in ("used", "lower", "upper", "fit", "fit_lower", "fit_upper")
                }
                stated = {
                    "state": curve.states[place],
                    "estimate": item.estimate,
                    "estimate_lower": item.lower,
                }
                rows.append(
                    {
                        "level": level,
                        "criterion": curve.criterion,
                        **stated,
                        "estimate_upper": item.upper,
                        "unit": item.unit,
                        **band,
                    }
                )
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data."""
        named = [
            {
                "criterion": curve.criterion,
                "direction": curve.direction,
                "states": list(curve.states),
                "breaks_at": None if curve.crossing is None else asdict(curve.crossing),
            }
            for curve in self.curves
        ]
        return {
            "folder": str(self.folder),
            "key": self.key,
            "value": self.value,
            "unit": self.unit,
            "day": self.day,
            "levels": list(self.levels),
            "states": list(self.states),
            "confidence": self.confidence,
            "alpha_of_a_level": (1 - self.confidence) / len(self.levels),
            "replications": self.replications,
            "limit": asdict(self.limit),
            "criteria": named,
            "note": self.note,
        }


def run_limit(
    loaded: LoadedScenario,
    key: str,
    *,
    low: float | None = None,
    high: float | None = None,
    levels: int | None = None,
    weekday: str | None = None,
    replications: int | None = None,
    direction: Direction | None = None,
    jobs: int = 0,
    out: Path | None = None,
    progress: bool = True,
    engine: Engine = "auto",
) -> LimitRun:
    """Find the level of an input at which a plan stops meeting its standard; figures apart.

    Parameters
    ----------
    loaded : LoadedScenario
    key : str
        The input: a dotted key, or a short name of `run.levers.SHORT`.
    low, high : float, optional
        Ends of the levels.
    levels : int, optional
        How many, over which the error is divided.
    weekday : str, optional
        The judged day; Wednesday, or the day of a scenario that judges one only.
    replications : int, optional
        At each level; by default the scenario's, but at least 40.
    direction : {"worse", "better"}, optional
        What more of the input does; found out where it is not told.
    jobs : int
        Processes; 0: one per core. It changes no result.
    out : Path, optional
        The directory; by default `runs/limit-<name>-<key>-<hash>`. What is there of an interrupted search is not run again.

    Raises
    ------
    InputError
        For an unknown key, levels that the scenario refuses, or a directory that holds something else.
    """
    begun = time.time()
    base = one_day(
        loaded,
        weekday=weekday,
        replications=replications or max(LEAST_REPLICATIONS, loaded.scenario.replications),
    )
    case = maker.case(base)
    lever = lever_of(case, key)
    settings, cases, note = _accepted(base, lever, low, high, levels)
    taken = [float(setting.name) for setting in settings]
    about = {"run": hashlib.sha256(f"{run_digest(base)}/{key}".encode()).hexdigest()}
    folder = out or Path("runs") / f"limit-{base.scenario.name}-{_slug(key)}-{about['run'][:12]}"
    prepare_folder(folder, about, name=MANIFEST)
    write_text(folder / "scenario.resolved.yaml", dump_yaml(base.resolved))
    write_json(folder / MANIFEST, {**about, "state": "running"})
    count = base.scenario.replications
    todo = [
        (settings, replication, folder, about)
        for replication in range(count)
        if _missing(settings, replication, folder, about)
    ]
    if todo:
        chosen = choose(engine, case, count * len(settings))
        for _ in run_parallel(
            _play_levels,
            [(*call, chosen) for call in todo],
            jobs,
            what="replications, each at all levels",
            progress=progress,
        ):
            pass
    run = _judged(folder, lever, taken, cases, about, direction, note)
    write_text(folder / "levels.csv", run.frame.to_csv(index=False, lineterminator="\n"))
    seconds = {"begun": begun, "seconds": time.time() - begun, "replications_run_now": len(todo)}
    made = {"chargesim": version("chargesim-planner"), "seed": base.scenario.seed}
    write_json(
        folder / MANIFEST, {**about, "state": "complete", **run.to_dict(), **made, **seconds}
    )
    return run


def _accepted(
    base: LoadedScenario, lever: Lever, low: float | None, high: float | None, count: int | None
) -> tuple[list[Setting], list[Case], str]:
    """Return a setting and its case for each level, with a note where an end that nobody asked for is refused by the scenario."""
    settings, cases, refused = _settings(base, lever, levels_of(lever, low, high, count))
    if refused is None:
        return settings, cases, ""
    if low is not None and high is not None:
        raise refused
    probed, _, _ = _settings(
        base, lever, levels_of(lever, low, high, max(count or 0, DEFAULT_LEVELS))
    )
    if len(probed) < 2:
        raise refused
    ends = [float(probed[place].name) for place in (0, -1)]
    settings, cases, again = _settings(base, lever, levels_of(lever, ends[0], ends[1], count))
    if again is not None:
        raise again
    note = f"the levels go from {probed[0].name} to {probed[-1].name}, since beyond them the scenario is refused: {refused.faults[0]}"
    return settings, cases, note


def _settings(
    base: LoadedScenario, lever: Lever, levels: Sequence[float]
) -> tuple[list[Setting], list[Case], InputError | None]:
    """Return a setting and its case for each level that the scenario takes, and what is wrong with the first of the others."""
    settings, cases, refused = [], [], None
    for level in levels:
        try:
            setting = Setting(f"{level:.12g}", base.replace(lever.changes(level)))
            cases.append(maker.case(setting.loaded))
            settings.append(setting)
        except InputError as error:
            refused = refused or error
    if refused is None and len(settings) < 2:
        raise InputError(
            [f"--levels: {len(settings)} level is left in whole numbers, needs at least 2"]
        )
    return settings, cases, refused


def _play_levels(
    settings: list[Setting],
    replication: int,
    folder: Path,
    about: dict[str, str],
    engine: EngineName,
) -> None:
    """Run one replication at the levels that are missing; each leaves its file."""
    missing = _missing(settings, replication, folder, about)
    for setting, totals in zip(
        missing, play_all(maker.cases(missing), replication, engine), strict=True
    ):
        write_totals(_path(folder, setting, replication), totals, about)


def _missing(
    settings: Sequence[Setting], replication: int, folder: Path, about: dict[str, str]
) -> list[Setting]:
    return [
        setting
        for setting in settings
        if read_totals(_path(folder, setting, replication), about) is None
    ]


def _path(folder: Path, setting: Setting, replication: int) -> Path:
    return folder / "levels" / setting.name / f"{replication:03d}.parquet"


def _judged(
    folder: Path,
    lever: Lever,
    levels: list[float],
    cases: list[Case],
    about: dict[str, str],
    told: Direction | None,
    note: str,
) -> LimitRun:
    """Judge every level, and fit every criterion along them."""
    scenario = cases[0].scenario
    criteria, confidence = scenario.standard.criteria, scenario.standard.confidence.value
    bands: list[list[Any]] = [[] for _ in criteria]
    verdicts = []
    for level, case in zip(levels, cases, strict=True):
        paths = [
            folder / "levels" / f"{level:.12g}" / f"{replication:03d}.parquet"
            for replication in range(scenario.replications)
        ]
        found = [totals for path in paths if (totals := read_totals(path, about)) is not None]
        result = result_of(case, found, alpha=(1 - confidence) / len(levels))
        verdicts.append(judge(result))
        for place, criterion in enumerate(criteria):
            bands[place].append(band_of(result, criterion))
    curves = tuple(
        curve_of(one.name, levels, band, verdicts, told)
        for one, band in zip(criteria, bands, strict=True)
    )
    return LimitRun(
        folder=folder,
        title=scenario.title,
        key=lever.name,
        value=lever.value,
        is_share=lever.share,
        unit=lever.unit,
        day=scenario.horizon.first_day.capitalize(),
        levels=tuple(levels),
        verdicts=tuple(verdicts),
        confidence=confidence,
        replications=scenario.replications,
        curves=curves,
        limit=limit_of(levels, [verdict.verdict for verdict in verdicts], curves, told),
        note=note,
        about=f"{scenario.name}: {as_result(cases[0], found).scope_text} at each level, on the same vehicles",
        label=cases[0].network.label,
    )


def _slug(key: str) -> str:
    return key.replace("*", "all").replace(".", "_")
