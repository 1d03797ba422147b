"""Tell how sure a verdict is where its inputs are not: screen the inputs, share the variance out, and ask how often the plan meets.

Four designs, all on the same random numbers: the synthetic layouts by themselves; a Morris screening of all inputs;
Sobol indices of the groups that move the criteria most; and independent draws of all inputs at once, of which the share
that meets is told. The scenario itself, at many replications, gives the Monte Carlo error beside them.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chargesim.analysis.intervals import Interval
from chargesim.analysis.outcomes import WHOLE, Outcome, band, used
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
from chargesim.experiment.points import EngineName, Setting, choose, maker, one_day
from chargesim.experiment.runner import measure_all
from chargesim.experiment.uncertain_inputs import LAYOUT, Input, inputs_of, uncertain_inputs
from chargesim.run.engine_choice import Engine
from chargesim.run.run_directory import prepare_folder, run_digest
from chargesim.run.storage import write_json, write_text
from chargesim.scenario.reading import LoadedScenario, dump_yaml
from chargesim.scenario.standard import Criterion

MANIFEST = "uncertainty.json"


@dataclass(frozen=True)
class Design:
    """How many settings are run of each kind, and with how many replications."""

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


DEFAULT = Design()
QUICK = Design(
    trajectories=2, sobol_size=8, survivors=3, draws=40, base_replications=10, draw_replications=2
)


@dataclass(frozen=True)
class CriterionUncertainty:
    """One criterion, or the whole standard: both uncertainties apart, in failures over what is allowed (1: at the threshold)."""

    name: str
    base: Interval
    """the scenario as it is, with its Monte Carlo error (two-sided 95 %); of the whole standard, of the criterion that is worst"""
    draws: Floats
    """[draw] over the inputs"""
    meets: EstimatedShare
    """share of the draws that meet"""
    by_layout: Floats
    """[layout] the scenario's values in each synthetic layout; empty where tables give the places"""
    noise: float
    """share of the variance over the draws that is Monte Carlo error, at most"""

    def quantile(self, share: float) -> float:
        """Return a quantile over the draws."""
        return float(np.quantile(self.draws, share))


@dataclass(frozen=True)
class UncertaintyRun:
    """A finished study of the inputs."""

    folder: Path
    title: str
    day: str
    design: Design
    inputs: tuple[Input, ...]
    left_out: tuple[str, ...]
    """inputs whose range is that of a condition, each with the reason"""
    outcomes: tuple[CriterionUncertainty, ...]
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
        return self.outcomes[-1]

    @property
    def draws(self) -> pd.DataFrame:
        """A row per draw: failures over allowance of each criterion and of the whole standard."""
        return pd.DataFrame(
            {"draw": range(self.design.draws), **{one.name: one.draws for one in self.outcomes}}
        )

    def hangs_on(self, criterion: str = WHOLE) -> list[tuple[str, float, float]]:
        """Return the groups on which a criterion hangs: total share of its variance, the largest first, and its 95 % half-width."""
        mine = (
            self.sobol[self.sobol["criterion"] == criterion]
            .dropna()
            .sort_values("total", ascending=False)
        )
        return list(zip(mine["group"], mine["total"], mine["total_half"], strict=True))

    def to_dict(self) -> dict[str, Any]:
        """Return the study as plain data."""
        rows = [
            {
                "criterion": one.name,
                "base": {
                    "mean": one.base.mean,
                    "lower": one.base.lower,
                    "upper": one.base.upper,
                    "n": one.base.n,
                },
                "over_inputs": {
                    f"p{percent:02d}": one.quantile(percent / 100)
                    for percent in (5, 25, 50, 75, 95)
                },
                "p_meets": {
                    "share": one.meets.value,
                    "lower": one.meets.lower,
                    "upper": one.meets.upper,
                    "n": one.meets.of,
                },
                "by_layout": one.by_layout.tolist(),
                "noise_share": one.noise,
            }
            for one in self.outcomes
        ]
        return {
            "folder": str(self.folder),
            "day": self.day,
            "design": vars(self.design),
            "inputs": [vars(one) | {"group": one.group} for one in self.inputs],
            "left_out": list(self.left_out),
            "outcomes": rows,
            "morris": self.morris.to_dict(orient="records"),
            "sobol": self.sobol.to_dict(orient="records"),
        }


def run_uncertainty(
    loaded: LoadedScenario,
    *,
    design: Design = DEFAULT,
    weekday: str | None = None,
    jobs: int = 0,
    out: Path | None = None,
    progress: bool = True,
    engine: Engine = "auto",
) -> UncertaintyRun:
    """Tell input uncertainty apart from Monte Carlo error; figures apart.

    Parameters
    ----------
    loaded : LoadedScenario
    design : Design
        How many settings are run.
    weekday : str, optional
        The judged day; Wednesday, or the day of a scenario that judges one only.
    jobs : int
        Processes; 0: one per core. It changes no result.
    out : Path, optional
        The directory; by default `runs/uncertainty-<name>-<hash>`. An interrupted study goes on where it stopped, and a
        larger one takes what it can from a smaller one.

    Raises
    ------
    InputError
        When the scenario has fewer than two inputs with a range.
    """
    begun = time.time()
    base = one_day(loaded, weekday=weekday, replications=design.base_replications)
    case = maker.case(base)
    inputs = uncertain_inputs(case, design.layouts)
    if len({one.group for one in inputs}) < 2:
        raise InputError(
            [f"{base.path}: fewer than two inputs have a range; give assumptions low and high"]
        )
    about = {"run": run_digest(base)}
    folder = out or Path("runs") / f"uncertainty-{base.scenario.name}-{about['run'][:12]}"
    prepare_folder(folder, about, name=MANIFEST)
    write_text(folder / "scenario.resolved.yaml", dump_yaml(base.resolved))
    write_json(folder / MANIFEST, {**about, "state": "running"})
    player = _Player(
        base,
        inputs,
        folder,
        about,
        choose(engine, case, design.base_replications + design.draws),
        jobs,
        progress,
    )
    run = _studied(player, design, case.network.label)
    for name, frame in (
        ("morris.csv", run.morris),
        ("sobol.csv", run.sobol),
        ("draws.csv", run.draws),
    ):
        write_text(folder / name, frame.to_csv(index=False, lineterminator="\n"))
    made = {
        "chargesim": version("chargesim-planner"),
        "seed": base.scenario.seed,
        "begun": begun,
        "seconds": time.time() - begun,
    }
    write_json(folder / MANIFEST, {**about, "state": "complete", **run.to_dict(), **made})
    return run


@dataclass(frozen=True)
class _Player:
    """Runs points of the unit cube as settings of the scenario."""

    base: LoadedScenario
    inputs: list[Input]
    folder: Path
    about: dict[str, str]
    engine: EngineName
    jobs: int
    progress: bool

    @property
    def seed(self) -> int:
        """Seed of the designs: the scenario's own."""
        return self.base.scenario.seed

    @property
    def criteria(self) -> list[Criterion]:
        """The criteria of the standard."""
        return self.base.scenario.standard.criteria

    def scenario(self, replications: int) -> Outcome:
        """Return the outcome of the scenario as it is."""
        return self._measured(
            [Setting(f"base_{replications}", self.base)], replications, "scenario"
        )[0]

    def layouts(self, replications: int) -> list[Outcome]:
        """Return the outcome of the scenario's own values in each layout."""
        found = [one for one in self.inputs if one.layouts]
        seeds = (
            [int(found[0].value) + number for number in range(found[0].layouts)] if found else []
        )
        settings = [
            Setting(f"layout_{seed}_{replications}", self.base.replace({LAYOUT: seed}))
            for seed in seeds
        ]
        return self._measured(settings, replications, "layouts")

    def points(
        self, name: str, points: Floats, which: Sequence[Input], replications: int
    ) -> list[Outcome]:
        """Return the outcomes of points of the unit cube of some inputs; the others keep their values."""
        settings = [
            Setting(f"{name}_{number:05d}", self._set(point, which))
            for number, point in enumerate(points)
        ]
        return self._measured(settings, replications, name.split("_", maxsplit=1)[0])

    def _set(self, point: Floats, which: Sequence[Input]) -> LoadedScenario:
        values = {one.key: one.at(float(u)) for one, u in zip(which, point, strict=True)}
        return self.base.replace(
            {key: int(value) if key == LAYOUT else value for key, value in values.items()}
        )

    def _measured(self, settings: list[Setting], replications: int, what: str) -> list[Outcome]:
        chosen: Any = {"jobs": self.jobs, "progress": self.progress, "what": what}
        return measure_all(settings, replications, self.folder, self.about, self.engine, **chosen)


def _studied(player: _Player, design: Design, label: str) -> UncertaintyRun:
    """Run all designs, one after the other, and put together what they tell."""
    base = player.scenario(design.base_replications)
    layouts = player.layouts(design.draw_replications)
    criteria = [one for one in player.criteria if one.name in base.failed]
    names = [*(one.name for one in criteria), WHOLE]
    groups = [one.group for one in player.inputs]

    screened = morris_points(groups, design.trajectories, player.seed)
    values = _used(
        player.points(
            f"screening_{design.trajectories}", screened, player.inputs, design.replications
        ),
        criteria,
    )
    effects = {name: morris_effects(groups, screened, values[name], player.seed) for name in names}

    kept = survivors(list(effects.values()), design.survivors)
    which = [one for one in player.inputs if one.group in kept]
    of_which = [one.group for one in which]
    design_points = sobol_points(of_which, design.sobol_size, player.seed)
    values = _used(
        player.points(
            f"indices_{_sign(of_which)}_{design.sobol_size}",
            design_points,
            which,
            design.replications,
        ),
        criteria,
    )
    shares = {name: sobol_shares(of_which, values[name], player.seed) for name in names}

    cube = np.random.default_rng(np.random.SeedSequence(player.seed, spawn_key=(77,))).random(
        (design.draws, len(player.inputs))
    )
    draws = player.points(
        f"draws_{design.draw_replications}", cube, player.inputs, design.draw_replications
    )
    day = player.base.scenario.horizon.first_day.capitalize()
    return UncertaintyRun(
        folder=player.folder,
        title=player.base.scenario.title,
        day=day,
        design=design,
        inputs=tuple(player.inputs),
        left_out=tuple(
            dict.fromkeys(one.condition for one in inputs_of(player.base) if one.condition)
        ),
        outcomes=tuple(_outcomes(criteria, base, layouts, draws)),
        morris=_long(effects),
        sobol=_long(shares),
        about=f"{player.base.scenario.name}: one {day}, {design.base_replications} replications of the scenario, "
        f"{design.draws} draws of {len(player.inputs)} inputs",
        label=label,
    )


def _outcomes(
    criteria: Sequence[Criterion],
    base: Outcome,
    layouts: Sequence[Outcome],
    draws: Sequence[Outcome],
) -> list[CriterionUncertainty]:
    """Return both uncertainties of each criterion, and of the whole standard."""
    over, by_layout = _used(draws, criteria), _used(layouts, criteria)

    def of(name: str, interval: Interval, noise: float) -> CriterionUncertainty:
        return CriterionUncertainty(
            name,
            interval,
            over[name],
            share_of((over[name] <= 1 + 1e-12).tolist()),
            by_layout[name],
            noise,
        )

    found = []
    for one in criteria:
        noise = noise_share(
            np.stack([draw.failed[one.name] for draw in draws if one.name in draw.failed])
        )
        found.append(of(one.name, band(base.failed[one.name], one), noise))
    worst = max(found, key=lambda one: one.base.mean)
    return [
        *found,
        of(WHOLE, worst.base, noise_share(np.stack([_worst(draw, criteria) for draw in draws]))),
    ]


def _worst(draw: Outcome, criteria: Sequence[Criterion]) -> Floats:
    """Return the failures over allowed ones of a draw's worst criterion, by replication."""
    each = draw.used(criteria)
    worst = max(
        (one for one in criteria if one.name in draw.failed), key=lambda one: each[one.name]
    )
    return np.array([used(failed, worst) for failed in draw.failed[worst.name].tolist()])


def _used(outcomes: Sequence[Outcome], criteria: Sequence[Criterion]) -> dict[str, Floats]:
    """Return failures over allowance of each criterion and of the whole standard, [outcome]."""
    each = [outcome.used(criteria) for outcome in outcomes]
    return {
        name: np.array([one[name] for one in each], dtype=np.float64)
        for name in [*(one.name for one in criteria), WHOLE]
    }


def _long(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(
        [frame.assign(criterion=name) for name, frame in frames.items()], ignore_index=True
    )


def _sign(groups: Sequence[str]) -> str:
    """Return a short name of the groups that survived, so that the points of other survivors are not taken for theirs."""
    return hashlib.sha256("/".join(groups).encode()).hexdigest()[:8]
