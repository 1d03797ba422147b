"""Find the level of a factor at which a plan stops meeting its standard.

At each level the standard is judged at the error over the number of levels (Bonferroni), so all
statements "meets at" hold together with the standard's confidence, and so do all "fails at".
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chargesim.analysis.breaking_point import (
    BreakingPoint,
    Curve,
    Direction,
    band_of,
    breaking_point_of,
    curve_of,
)
from chargesim.analysis.result import RunResult
from chargesim.analysis.verdict import Verdict, judge
from chargesim.demand.observed_use import asked_use
from chargesim.errors import InputError
from chargesim.experiment.design import Design, grid, one_day
from chargesim.experiment.factor import DEFAULT_LEVELS, Factor, factor_of, levels_of
from chargesim.experiment.layouts import (
    LevelsOverLayouts,
    layouts_of_levels,
    levels_over_layouts,
)
from chargesim.experiment.responses import failed_shares, responses_of
from chargesim.experiment.runner import Runner, builder
from chargesim.experiment.study import Study
from chargesim.experiment.use_of_guns import ObservedUse, observed_on, use_at
from chargesim.runs.engine_choice import Engine
from chargesim.scenario.observed import GunUse
from chargesim.scenario.reading import LoadedScenario, as_loaded

LEAST_REPLICATIONS = 40
"""Replications at each level, at least: the error is divided over the levels, so it takes more."""


@dataclass(frozen=True)
class LimitRun:
    """A finished search for the level at which a plan breaks."""

    folder: Path
    title: str
    factor: Factor
    day: str
    levels: tuple[float, ...]
    verdicts: tuple[Verdict, ...]
    """at each level, at the confidence that is left to a level"""
    confidence: float
    """of all levels together"""
    replications: int
    curves: tuple[Curve, ...]
    breaking_point: BreakingPoint
    use: tuple[GunUse, ...]
    """what the ledger asks of a gun at each level"""
    observed: tuple[ObservedUse, ...]
    """networks whose use is published, on the levels"""
    over_layouts: LevelsOverLayouts | None
    """the same levels on other invented places; None where the places are one layout"""
    note: str
    about: str
    label: str

    @property
    def states(self) -> tuple[str, ...]:
        """State of the whole standard at each level."""
        return tuple(verdict.verdict for verdict in self.verdicts)

    @property
    def alpha_of_a_level(self) -> float:
        """One-sided error of each bound at one level."""
        return (1 - self.confidence) / len(self.levels)

    @property
    def changes_nothing(self) -> bool:
        """Whether each criterion is the same at all levels, to the last digit."""
        return not any(np.ptp(curve.used) > 0 for curve in self.curves)

    def use_at(self, level: float) -> GunUse | None:
        """Return what is asked of a gun at a level; None where all levels ask the same."""
        return use_at(level, self.levels, self.use)

    def in_layouts(self, criterion: str) -> tuple[float, ...]:
        """Return where a criterion breaks in the further layouts, by their order; () without."""
        return () if self.over_layouts is None else self.over_layouts.breaks.get(criterion, ())

    @property
    def frame(self) -> pd.DataFrame:
        """A row per level and criterion: state, estimate, part of the allowance used, its fit."""
        rows = []
        for curve in self.curves:
            for place, (level, verdict) in enumerate(zip(self.levels, self.verdicts, strict=True)):
                item = verdict.criterion(curve.criterion)
                band = ("used", "lower", "upper", "fit", "fit_lower", "fit_upper")
                rows.append(
                    {
                        "level": level,
                        "criterion": curve.criterion,
                        "state": curve.states[place],
                        "estimate": item.estimate,
                        "estimate_lower": item.lower,
                        "estimate_upper": item.upper,
                        "unit": item.unit,
                        **{name: getattr(curve, name)[place] for name in band},
                        **asdict(self.use[place]),
                    }
                )
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data."""
        criteria = [
            {
                "criterion": curve.criterion,
                "direction": curve.direction,
                "states": list(curve.states),
                "breaks_at": None if curve.crossing is None else asdict(curve.crossing),
                "breaks_in_layouts": self.in_layouts(curve.criterion),
            }
            for curve in self.curves
        ]
        return {
            "folder": str(self.folder),
            "key": self.factor.name,
            "value": self.factor.value,
            "unit": self.factor.unit,
            "day": self.day,
            "levels": list(self.levels),
            "states": list(self.states),
            "confidence": self.confidence,
            "alpha_of_a_level": self.alpha_of_a_level,
            "replications": self.replications,
            "limit": asdict(self.breaking_point),
            "asked_of_a_gun": [asdict(one) for one in self.use],
            "observed": [asdict(one) for one in self.observed],
            "criteria": criteria,
            "note": self.note,
        }


def run_limit(
    loaded: LoadedScenario | str | Path,
    key: str,
    *,
    low: float | None = None,
    high: float | None = None,
    levels: int | None = None,
    weekday: str | None = None,
    replications: int | None = None,
    direction: Direction | None = None,
    layouts: int | None = None,
    jobs: int = 0,
    out: str | Path | None = None,
    progress: bool = True,
    engine: Engine = "auto",
) -> LimitRun:
    """Find the level of a factor at which a plan stops meeting its standard; figures apart.

    Parameters
    ----------
    loaded : LoadedScenario, or path of its file
    key : str
        The factor: a dotted key, or a short name of `factor.SHORT`.
    low, high : float, optional
        Ends of the levels.
    levels : int, optional
        How many, over which the error is divided.
    weekday : str, optional
        The judged day; see `design.one_day`.
    replications : int, optional
        At each level; by default the scenario's, but at least 40.
    direction : {"worse", "better"}, optional
        What more of the factor does; by default the data tell.
    layouts : int, optional
        Synthetic layouts; by default 5 where the factor adds invented places, else 1.
    jobs, progress, engine
        As for `run_scenario`.
    out : Path, optional
        The directory; by default `runs/limit-<name>-<key>-<hash>`. A stopped search goes on there.

    Raises
    ------
    InputError
        For an unknown key, levels that the scenario refuses, or a directory of something else.
    """
    loaded = as_loaded(loaded)
    asked: Any = {"low": low, "high": high, "levels": levels, "direction": direction}
    days: Any = {"weekday": weekday, "replications": replications, "layouts": layouts}
    study = limit_study(loaded, key, **asked, **days, out=out)
    factor = factor_of(builder.case(study.base), key)
    design, note = _accepted(study.base, factor, low, high, levels)
    changes = {float(point.name): factor.changes(float(point.name)) for point in design.points}
    count = layouts_of_levels(study.base.scenario, changes, layouts)
    directory = study.open(engine)
    with directory.saying_how_it_ends():
        runner = Runner(directory.folder, engine, jobs, progress)
        results = runner.results(design, what="replications, each at all levels")
        run = _judged(directory.folder, factor, design, results, direction, note)
        if count > 1:
            others = levels_over_layouts(study.base, changes, run.curves, count, runner)
            run = replace(run, over_layouts=others)
        directory.finish(run.to_dict(), levels=run.frame)
    return run


def limit_study(
    loaded: LoadedScenario,
    key: str,
    *,
    low: float | None = None,
    high: float | None = None,
    levels: int | None = None,
    weekday: str | None = None,
    replications: int | None = None,
    direction: Direction | None = None,
    layouts: int | None = None,
    out: str | Path | None = None,
) -> Study:
    """Return the study that `run_limit` runs with these arguments."""
    count = replications or max(LEAST_REPLICATIONS, loaded.scenario.replications)
    base = one_day(loaded, weekday=weekday, replications=count)
    asked = {"vary": key, "from": low, "to": high, "levels": levels, "direction": direction}
    asked |= {} if layouts is None else {"layouts": layouts}
    return Study("limit", base, asked, out, words=key)


def _accepted(
    base: LoadedScenario, factor: Factor, low: float | None, high: float | None, count: int | None
) -> tuple[Design, str]:
    """Return the levels as a design.

    Where the scenario refuses an end that nobody asked for, the levels end before it, with a note.
    """

    def design_of(levels: Sequence[float]) -> Design:
        return grid(base, factor, levels, base.scenario.replications, check=builder.case)

    design = design_of(levels_of(factor, low, high, count))
    note = ""
    if design.refused:
        refused = design.refused[0][1]
        if low is not None and high is not None:
            raise refused
        probed = levels_of(factor, low, high, max(count or 0, DEFAULT_LEVELS))
        taken = [point.name for point in design_of(probed).points]
        if len(taken) < 2:
            raise refused
        levels = levels_of(factor, float(taken[0]), float(taken[-1]), count)
        design = design_of(levels)
        if design.refused:
            raise design.refused[0][1]
        why = f"beyond them the scenario is refused: {refused.faults[0]}"
        note = f"the levels go from {taken[0]} to {taken[-1]}, since {why}"
    if len(design.points) < 2:
        words = f"{len(design.points)} level is left in whole numbers, needs at least 2"
        raise InputError([f"--levels: {words}"])
    return design, note


def _judged(
    folder: Path,
    factor: Factor,
    design: Design,
    results: Sequence[RunResult],
    direction: Direction | None,
    note: str,
) -> LimitRun:
    """Judge every level, and fit every criterion along them."""
    scenario = design.points[0].loaded.scenario
    levels = [float(point.name) for point in design.points]
    cases = builder.cases(design.points)
    use = [asked_use(case.ledger, case.network) for case in cases]
    confidence = scenario.standard.confidence.value
    verdicts = [judge(at_error(one, (1 - confidence) / len(levels))) for one in results]
    shares = [failed_shares(responses_of(one).assign(point="")).get("", {}) for one in results]
    curves = []
    for criterion in scenario.standard.criteria:
        bands = [band_of(each.get(criterion.name), criterion) for each in shares]
        curves.append(curve_of(criterion.name, levels, bands, verdicts, direction))
    states = [verdict.verdict for verdict in verdicts]
    return LimitRun(
        folder=folder,
        title=scenario.title,
        factor=factor,
        day=scenario.horizon.first_day.capitalize(),
        levels=tuple(levels),
        verdicts=tuple(verdicts),
        confidence=confidence,
        replications=scenario.replications,
        curves=tuple(curves),
        breaking_point=breaking_point_of(levels, states, curves, direction),
        use=tuple(use),
        observed=tuple(observed_on(scenario.observed.anchors, levels, use)),
        over_layouts=None,
        note=note,
        about=f"{scenario.name}: {results[0].scope_text} at each level, on the same vehicles",
        label=results[0].label,
    )


def at_error(result: RunResult, alpha: float) -> RunResult:
    """Return a result that is judged at another one-sided error of each bound."""
    confidence = result.standard.confidence.model_copy(update={"value": 1.0 - alpha})
    standard = result.standard.model_copy(update={"confidence": confidence})
    return replace(result, standard=standard)
