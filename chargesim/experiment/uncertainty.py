"""Show how sure a verdict is where its inputs are not known.

Four designs on the same random numbers: the synthetic layouts by themselves; a Morris screening of
all ranges; Sobol indices of the groups that move the criteria most; and independent draws of all
ranges at once, which say in what share of them the plan meets. The scenario itself, at many
replications, shows the Monte Carlo error beside them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chargesim.analysis.every_area import SharesTest, allowance_band, judge_shares
from chargesim.analysis.failure_counts import allowance_used
from chargesim.analysis.intervals import Interval
from chargesim.analysis.result import Floats
from chargesim.analysis.sensitivity import (
    EstimatedShare,
    morris_effects,
    morris_points,
    noise_share,
    share_of,
    sobol_points,
    sobol_shares,
    survivors,
)
from chargesim.errors import InputError
from chargesim.experiment.design import Design, listed, one_day, sampled
from chargesim.experiment.judgement import WHOLE, used_by_criterion, worst_unit
from chargesim.experiment.ranges import (
    DISTRIBUTION,
    LAYOUT,
    Input,
    inputs_of,
    ranges_of,
    uncertain_ranges,
)
from chargesim.experiment.responses import failed_shares
from chargesim.experiment.runner import Runner, builder
from chargesim.experiment.study import Study
from chargesim.runs.engine_choice import Engine
from chargesim.scenario.reading import LoadedScenario, as_loaded
from chargesim.scenario.standard import Criterion, Standard

Failed = Mapping[str, Floats]
"""Failed shares by criterion, [unit, replication]."""
_MEETS = 1 + 1e-12
_ENDLESS = 1e9
"""Stands for an infinite part of the allowance in effects and variances."""


@dataclass(frozen=True)
class Sizes:
    """How many points each design has, and with how many replications."""

    layouts: int = 10
    trajectories: int = 5
    sobol_size: int = 32
    survivors: int = 5
    draws: int = 120
    base_replications: int = 20
    replications: int = 2
    """of a point of the screening and of the indices"""
    draw_replications: int = 4
    """of a draw and of a layout"""


DEFAULT = Sizes()
QUICK = Sizes(
    trajectories=2, sobol_size=8, survivors=3, draws=40, base_replications=10, draw_replications=2
)


@dataclass(frozen=True)
class CriterionUncertainty:
    """One criterion, or the whole standard: both uncertainties of the part of the allowance."""

    name: str
    base: Interval
    """the scenario with its Monte Carlo error (95 %); of the whole standard: its worst criterion"""
    draws: Floats
    """[draw] over the ranges"""
    meets: EstimatedShare
    """share of the draws that meet by their estimates"""
    meets_by_bounds: int
    fails_by_bounds: int
    """draws that meet, and that fail, by bounds at the standard's confidence; see `every_area`"""
    by_layout: Floats
    """[layout] the scenario's own values in each layout; empty where tables give the places"""
    noise: float
    """share of the variance over the draws that is Monte Carlo error, at most"""

    def quantile(self, share: float) -> float:
        """Return a quantile over the draws."""
        return float(np.quantile(self.draws, share))


@dataclass(frozen=True)
class UncertaintyRun:
    """A finished study of the ranges."""

    folder: Path
    title: str
    day: str
    sizes: Sizes
    inputs: tuple[Input, ...]
    """what is unknown; assumptions of a common cause are one"""
    left_out: tuple[str, ...]
    """ranges that describe conditions, each with the reason"""
    criteria: tuple[CriterionUncertainty, ...]
    """of each judged criterion, and of the whole standard last"""
    morris: pd.DataFrame
    """criterion, group, mu_star, half"""
    sobol: pd.DataFrame
    """criterion, group, first, first_half, total, total_half"""
    about: str
    label: str

    @property
    def whole(self) -> CriterionUncertainty:
        """The whole standard."""
        return self.criteria[-1]

    @property
    def draws(self) -> pd.DataFrame:
        """A row per draw: the part of the allowance of each criterion and the whole standard."""
        columns = {one.name: one.draws for one in self.criteria}
        return pd.DataFrame({"draw": range(self.sizes.draws), **columns})

    def drivers(self, criterion: str = WHOLE) -> list[tuple[str, float, float]]:
        """Return the groups that drive a criterion: total share of its variance, and half-width."""
        mine = self.sobol[self.sobol["criterion"] == criterion].dropna()
        mine = mine.sort_values("total", ascending=False)
        return list(zip(mine["group"], mine["total"], mine["total_half"], strict=True))

    def to_dict(self) -> dict[str, Any]:
        """Return the study as plain data."""
        percents = (5, 25, 50, 75, 95)
        rows = [
            {
                "criterion": one.name,
                "base": {name: getattr(one.base, name) for name in ("mean", "lower", "upper", "n")},
                "over_inputs": {f"p{p:02d}": one.quantile(p / 100) for p in percents},
                "meets_by_bounds": one.meets_by_bounds,
                "fails_by_bounds": one.fails_by_bounds,
                "p_meets": {
                    "share": one.meets.value,
                    "lower": one.meets.lower,
                    "upper": one.meets.upper,
                    "n": one.meets.of,
                },
                "by_layout": one.by_layout.tolist(),
                "noise_share": one.noise,
            }
            for one in self.criteria
        ]
        return {
            "folder": str(self.folder),
            "day": self.day,
            "design": vars(self.sizes),
            "distribution": DISTRIBUTION,
            "inputs": [
                vars(one) | {"group": one.group} for each in self.inputs for one in each.ranges
            ],
            "left_out": list(self.left_out),
            "outcomes": rows,
            "morris": self.morris.to_dict(orient="records"),
            "sobol": self.sobol.to_dict(orient="records"),
        }


def run_uncertainty(
    loaded: LoadedScenario | str | Path,
    *,
    sizes: Sizes = DEFAULT,
    weekday: str | None = None,
    jobs: int = 0,
    out: str | Path | None = None,
    progress: bool = True,
    engine: Engine = "auto",
) -> UncertaintyRun:
    """Show Monte Carlo error and the uncertainty of the ranges apart; figures apart.

    Parameters
    ----------
    loaded : LoadedScenario, or path of its file
    sizes : Sizes
        How many points are run.
    weekday : str, optional
        The judged day; see `design.one_day`.
    jobs, progress, engine
        As for `run_scenario`.
    out : Path, optional
        The directory; by default `runs/uncertainty-<name>-<hash>`. A stopped study goes on there;
        a larger one takes what it can from a smaller one beside it.

    Raises
    ------
    InputError
        When fewer than two groups of assumptions have a range.
    """
    loaded = as_loaded(loaded)
    study = uncertainty_study(loaded, sizes=sizes, weekday=weekday, out=out)
    base = study.base
    case = builder.case(base)
    inputs = inputs_of(uncertain_ranges(case, sizes.layouts))
    if len({one.group for one in inputs}) < 2:
        words = "fewer than two inputs have a range; give assumptions low and high"
        raise InputError([f"{base.path}: {words}"])
    directory = study.open(engine)
    directory.head["distribution"] = DISTRIBUTION
    with directory.saying_how_it_ends():
        measure = _Measure(Runner(directory.folder, engine, jobs, progress), base, inputs, sizes)
        run = _studied(measure, case.network.label)
        tables = {"morris": run.morris, "sobol": run.sobol, "draws": run.draws}
        directory.finish(run.to_dict(), **tables)
    return run


def uncertainty_study(
    loaded: LoadedScenario,
    *,
    sizes: Sizes = DEFAULT,
    weekday: str | None = None,
    out: str | Path | None = None,
) -> Study:
    """Return the study that `run_uncertainty` runs with these arguments."""
    base = one_day(loaded, weekday=weekday, replications=sizes.base_replications)
    return Study("uncertainty", base, vars(sizes), out)


@dataclass(frozen=True)
class _Measure:
    """Runs the four designs of a study."""

    runner: Runner
    base: LoadedScenario
    inputs: list[Input]
    sizes: Sizes

    @property
    def seed(self) -> int:
        """Seed of the designs: the scenario's own."""
        return self.base.scenario.seed

    def scenario(self) -> Failed:
        """Return the failures of the scenario as it is."""
        design = listed(self.base, {"base": {}}, self.sizes.base_replications)
        return self._failed(design, "scenario")[0]

    def layouts(self) -> list[Failed]:
        """Return the failures of the scenario's own values in each layout."""
        numbered = [one for each in self.inputs for one in each.ranges if one.layouts]
        seeds = [int(one.value) + number for one in numbered for number in range(one.layouts)]
        changes = {f"layout {seed}": {LAYOUT: seed} for seed in seeds}
        design = listed(self.base, changes, self.sizes.draw_replications)
        return self._failed(design, "layouts") if seeds else []

    def points(
        self, cube: Floats, inputs: Sequence[Input], replications: int, what: str
    ) -> list[Failed]:
        """Return the failures at quantiles of some inputs; the others keep their values."""
        return self._failed(sampled(self.base, inputs, cube, replications), what)

    def _failed(self, design: Design, what: str) -> list[Failed]:
        shares = failed_shares(self.runner.responses(design, what=what))
        return [shares[point.name] for point in design.points]


def _studied(measure: _Measure, label: str) -> UncertaintyRun:
    """Run all designs, one after the other, and put together what they say."""
    sizes, inputs, seed = measure.sizes, measure.inputs, measure.seed
    base, layouts = measure.scenario(), measure.layouts()
    criteria = [one for one in measure.base.scenario.standard.criteria if one.name in base]

    groups = [one.group for one in inputs]
    cube = morris_points(groups, sizes.trajectories, seed)
    used = _used(measure.points(cube, inputs, sizes.replications, "screening"), criteria)
    effects = {name: morris_effects(groups, cube, used[name], seed) for name in used}

    kept = survivors(list(effects.values()), sizes.survivors)
    which = [one for one in inputs if one.group in kept]
    groups = [one.group for one in which]
    cube = sobol_points(groups, sizes.sobol_size, seed)
    used = _used(measure.points(cube, which, sizes.replications, "indices"), criteria)
    shares = {name: sobol_shares(groups, used[name], seed) for name in used}

    stream = np.random.SeedSequence(seed, spawn_key=(77,))
    cube = np.random.default_rng(stream).random((sizes.draws, len(inputs)))
    draws = measure.points(cube, inputs, sizes.draw_replications, "draws")
    scenario = measure.base.scenario
    day = scenario.horizon.first_day.capitalize()
    conditions = [one.condition for one in ranges_of(measure.base) if one.condition]
    return UncertaintyRun(
        folder=measure.runner.folder,
        title=scenario.title,
        day=day,
        sizes=sizes,
        inputs=tuple(inputs),
        left_out=tuple(dict.fromkeys(conditions)),
        criteria=tuple(_by_criterion(scenario.standard, criteria, base, layouts, draws)),
        morris=_long(effects),
        sobol=_long(shares),
        about=f"{scenario.name}: one {day}, {sizes.base_replications} replications of the "
        f"scenario, {sizes.draws} draws of {len(inputs)} inputs",
        label=label,
    )


def _by_criterion(
    standard: Standard,
    criteria: Sequence[Criterion],
    base: Failed,
    layouts: Sequence[Failed],
    draws: Sequence[Failed],
) -> list[CriterionUncertainty]:
    """Return both uncertainties of each criterion, and of the whole standard."""
    over, by_layout = _used(draws, criteria), _used(layouts, criteria)
    alpha = 1 - standard.confidence.value
    tests = [_tests(draw, criteria, alpha) for draw in draws]

    def of(name: str, interval: Interval, by_replication: Sequence[Floats]) -> CriterionUncertainty:
        mine = [list(each.values()) if name == WHOLE else [each[name]] for each in tests]
        return CriterionUncertainty(
            name=name,
            base=interval,
            draws=over[name],
            meets=share_of((over[name] <= _MEETS).tolist()),
            meets_by_bounds=sum(all(one.meets for one in some) for some in mine),
            fails_by_bounds=sum(
                min((one.p_fail for one in some), default=1.0) <= alpha / max(len(some), 1)
                for some in mine
            ),
            by_layout=by_layout[name],
            noise=noise_share(np.stack(by_replication)),
        )

    found = [
        of(
            one.name,
            allowance_band(base[one.name], one, confidence=0.975),
            [worst_unit(draw[one.name]) for draw in draws if one.name in draw],
        )
        for one in criteria
    ]
    worst = max(found, key=lambda one: one.base.mean)
    return [*found, of(WHOLE, worst.base, [_worst_used(draw, criteria) for draw in draws])]


def _tests(draw: Failed, criteria: Sequence[Criterion], alpha: float) -> dict[str, SharesTest]:
    """Return the test of each criterion in a draw; one without wishes meets."""
    return {
        one.name: judge_shares(draw[one.name], one, alpha=alpha)
        if one.name in draw
        else SharesTest(True, 1.0)
        for one in criteria
    }


def _worst_used(failed: Failed, criteria: Sequence[Criterion]) -> Floats:
    """Return the part of its allowance that a draw's worst criterion uses, by replication."""
    used = used_by_criterion(failed, criteria)
    worst = max((one for one in criteria if one.name in failed), key=lambda one: used[one.name])
    shares = worst_unit(failed[worst.name]).tolist()
    return np.array([allowance_used(share, worst) for share in shares])


def _used(points: Sequence[Failed], criteria: Sequence[Criterion]) -> dict[str, Floats]:
    """Return the part of the allowance of each criterion and of the whole standard, [point]."""
    each = [used_by_criterion(point, criteria) for point in points]
    names = [*(one.name for one in criteria), WHOLE]
    return {name: np.array([min(one[name], _ENDLESS) for one in each]) for name in names}


def _long(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    named = [frame.assign(criterion=name) for name, frame in frames.items()]
    return pd.concat(named, ignore_index=True)
