"""Screen inputs by Morris, share variance out by Sobol, and give the share of the inputs that meet its own interval.

Both methods are SALib's (Iwanaga, Usher and Herman 2022), on the unit cube, with groups of inputs that move together but
independently of each other. Estimates of an index that are below 0, or bounds that are, come from few samples; they are
left as they are, and the interval says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dill
import numpy as np
import pandas as pd
from SALib.analyze import morris as morris_analysis
from SALib.analyze import sobol as sobol_analysis
from SALib.sample import morris as morris_sampling
from SALib.sample import sobol as sobol_sampling
from scipy.stats import binomtest

from chargesim.analysis.result import Floats

dill.extend(
    use_dill=False
)  # SALib's imports teach `pickle` to pickle anything, a lock too; what cannot be hashed must stay so

GRID = 4
"""Levels of a Morris trajectory: 0, 1/3, 2/3, 1."""


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval."""

    count: int
    of: int
    lower: float
    upper: float

    @property
    def value(self) -> float:
        """The share [0..1]."""
        return self.count / self.of


def share_of(holds: Sequence[bool]) -> Share:
    """Return the share of independent draws for which something holds, with its exact 95 % interval (Clopper and Pearson 1934)."""
    count, of = int(sum(holds)), len(holds)
    interval = binomtest(count, of).proportion_ci(confidence_level=0.95, method="exact")
    return Share(count, of, float(interval.low), float(interval.high))


def morris_points(groups: Sequence[str], trajectories: int, seed: int) -> Floats:
    """Return the points of a Morris screening, [trajectories x (groups + 1), inputs], in the order that the analysis needs.

    Parameters
    ----------
    groups : sequence of str
        The group of each input.
    trajectories, seed : int
    """
    return np.asarray(
        morris_sampling.sample(_problem(groups), trajectories, num_levels=GRID, seed=seed),
        dtype=np.float64,
    )


def morris_effects(
    groups: Sequence[str], points: Floats, values: Floats, seed: int
) -> pd.DataFrame:
    """Return the mean absolute effect of each group, from end to end of its range, with its bootstrap half-width.

    Parameters
    ----------
    groups : sequence of str
    points : array of float
        From `morris_points`.
    values : array of float, [point]
    seed : int
        Of the bootstrap.
    """
    found = morris_analysis.analyze(
        _problem(groups), points, values, num_levels=GRID, seed=seed, print_to_console=False
    )
    return pd.DataFrame(
        {
            "group": list(found["names"]),
            "mu_star": np.asarray(found["mu_star"], float),
            "half": np.asarray(found["mu_star_conf"], float),
        }
    )


def sobol_points(groups: Sequence[str], size: int, seed: int) -> Floats:
    """Return the points of a Sobol design without second-order indices, [size x (groups + 2), inputs].

    Parameters
    ----------
    groups : sequence of str
        The group of each input.
    size : int
        A power of 2.
    seed : int
    """
    return np.asarray(
        sobol_sampling.sample(_problem(groups), size, calc_second_order=False, seed=seed),
        dtype=np.float64,
    )


def sobol_shares(groups: Sequence[str], values: Floats, seed: int) -> pd.DataFrame:
    """Return the share of the variance that each group makes alone (first) and with all its interactions (total), with half-widths.

    Parameters
    ----------
    groups : sequence of str
    values : array of float, [point]
        In the order of `sobol_points`.
    seed : int
        Of the bootstrap; half-widths are of 95 %.
    """
    names = list(dict.fromkeys(groups))
    if np.ptp(values) == 0:
        nothing = np.full(len(names), np.nan)
        return pd.DataFrame(
            {
                "group": names,
                "first": nothing,
                "first_half": nothing,
                "total": nothing,
                "total_half": nothing,
            }
        )
    found = sobol_analysis.analyze(
        _problem(groups),
        values,
        calc_second_order=False,
        num_resamples=500,
        conf_level=0.95,
        seed=seed,
        print_to_console=False,
    )
    columns = {"first": "S1", "first_half": "S1_conf", "total": "ST", "total_half": "ST_conf"}
    return pd.DataFrame(
        {
            "group": names,
            **{name: np.asarray(found[key], dtype=np.float64) for name, key in columns.items()},
        }
    )


def noise_share(values: Floats) -> float:
    """Return the share of the variance over points that is Monte Carlo error, at most: common random numbers make it less.

    Parameters
    ----------
    values : array of float, [point, replication]
    """
    values = values[~np.isnan(values).any(axis=1)]
    between = float(values.mean(axis=1).var(ddof=1)) if len(values) > 1 else 0.0
    return (
        min(1.0, float(values.var(axis=1, ddof=1).mean()) / values.shape[1] / between)
        if between > 0
        else float("nan")
    )


def survivors(effects: Sequence[pd.DataFrame], most: int) -> list[str]:
    """Return the groups that move the criteria most: by the sum of their effects, each in failures over allowed ones, at most so many.

    Parameters
    ----------
    effects : sequence of DataFrame
        From `morris_effects`, one for each criterion.
    most : int
    """
    total = pd.concat([frame.set_index("group")["mu_star"] for frame in effects], axis=1).sum(
        axis=1
    )
    total = total[total > 0].sort_values(ascending=False, kind="stable")
    return [str(name) for name in total.index[:most]]


def _problem(groups: Sequence[str]) -> dict[str, Any]:
    count = len(groups)
    return {
        "num_vars": count,
        "names": [f"input {i}" for i in range(count)],
        "bounds": [[0.0, 1.0]] * count,
        "groups": list(groups),
    }
