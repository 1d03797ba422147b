"""Screen groups of inputs by Morris, split the variance by Sobol, estimate shares that meet.

Both methods work on the unit cube. The inputs of a group change together, each to a level of its
own. Few samples can make an index, or a bound of one, negative: it stays as it is, and its
interval shows how little is known.

Sources: Morris 1991, doi 10.1080/00401706.1991.10484804; Saltelli et al. 2010,
doi 10.1016/j.cpc.2009.09.018. Points, effects and indices equal those of SALib 1.6 (Iwanaga,
Usher and Herman 2022) to the last bit; `tests/test_sensitivity.py` compares them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binomtest, norm, qmc

from chargesim.analysis.result import Counts, Floats

STEP = 2 / 3
"""Step of an input in a Morris trajectory, on the levels 0, 1/3, 2/3 and 1."""
MORRIS_RESAMPLES, SOBOL_RESAMPLES = 100, 500
"""Bootstrap resamples for the half-widths."""
LEVEL = 0.95
"""Two-sided confidence of all intervals here."""
_Z = norm.ppf(0.5 + LEVEL / 2)


@dataclass(frozen=True)
class EstimatedShare:
    """A share of independent draws with its 95 % interval."""

    count: int
    of: int
    lower: float
    upper: float

    @property
    def value(self) -> float:
        """The share [0..1]."""
        return self.count / self.of


def share_of(holds: Sequence[bool]) -> EstimatedShare:
    """Estimate the share of independent draws for which something holds.

    The interval is exact (Clopper and Pearson 1934).
    """
    count, of = int(sum(holds)), len(holds)
    interval = binomtest(count, of).proportion_ci(confidence_level=LEVEL, method="exact")
    return EstimatedShare(count, of, float(interval.low), float(interval.high))


def morris_points(groups: Sequence[str], trajectories: int, seed: int) -> Floats:
    """Return the points of a Morris screening.

    Parameters
    ----------
    groups : sequence of str
        The group of each input.
    trajectories : int
        Each changes every group once, in a random order, from a random corner of the grid.
    seed : int

    Returns
    -------
    array of float, [trajectories x (groups + 1), inputs]
        In the order that `morris_effects` needs.
    """
    names, group_of = _numbered(groups)
    rng = np.random.default_rng(seed)
    points = []
    for _ in range(trajectories):
        turn = np.arange(len(names))
        rng.shuffle(turn)
        rises = rng.choice([-1, 1], len(groups)) > 0
        low = rng.choice([0.0, 1.0 - STEP], len(groups))
        has_moved = np.arange(len(names) + 1)[:, None] > turn[group_of]
        points.append(np.where(has_moved == rises, low + STEP, low))
    return np.concatenate(points)


def morris_effects(
    groups: Sequence[str], points: Floats, values: Floats, seed: int
) -> pd.DataFrame:
    """Return the mean absolute effect of each group over its whole range.

    Parameters
    ----------
    groups : sequence of str
    points : array of float, [point, input]
        From `morris_points`.
    values : array of float, [point]
    seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame
        `group`, `mu_star`, and `half`: the half-width of the 95 % interval of `mu_star`.
    """
    names, group_of = _numbered(groups)
    of_trajectory = values.reshape(-1, len(names) + 1)
    steps = np.diff(points.reshape(*of_trajectory.shape, len(groups)), axis=1)
    changes = np.diff(of_trajectory, axis=1)
    moves = (steps != 0).argmax(axis=1)  # [trajectory, input]: the step at which it moves
    effects = np.abs(np.take_along_axis(changes, moves, axis=1)) / STEP
    rng, halves = np.random.default_rng(seed), []
    for effect in effects.T:
        drawn = effect[rng.integers(len(effect), size=(MORRIS_RESAMPLES, len(effect)))]
        halves.append(_Z * drawn.mean(axis=1).std(ddof=1))
    size = np.bincount(group_of)
    return pd.DataFrame(
        {
            "group": names,
            "mu_star": np.bincount(group_of, effects.mean(axis=0)) / size,
            "half": np.bincount(group_of, halves) / size,
        }
    )


def sobol_points(groups: Sequence[str], size: int, seed: int) -> Floats:
    """Return the points of a Sobol design for first-order and total indices.

    Parameters
    ----------
    groups : sequence of str
        The group of each input.
    size : int
        Base points, a power of 2.
    seed : int

    Returns
    -------
    array of float, [size x (groups + 2), inputs]
        For each base point: the point A, A with one group after the other from B, and B.
    """
    names, group_of = _numbered(groups)
    # not `rng=`, which gives the same seed another stream
    base = qmc.Sobol(2 * len(groups), scramble=True, seed=seed).random(size)
    from_b = np.zeros((len(names) + 2, len(groups)), dtype=np.bool_)
    from_b[1:-1] = np.arange(len(names))[:, None] == group_of
    from_b[-1] = True
    a, b = base[:, None, : len(groups)], base[:, None, len(groups) :]
    return np.where(from_b, b, a).reshape(-1, len(groups))


def sobol_shares(groups: Sequence[str], values: Floats, seed: int) -> pd.DataFrame:
    """Return the share of the variance that each group causes.

    Parameters
    ----------
    groups : sequence of str
    values : array of float, [point]
        In the order of `sobol_points`.
    seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame
        `group`, `first` (alone) and `total` (with all its interactions), each with the half-width
        of its 95 % interval. NaN where all values are equal.
    """
    names = list(dict.fromkeys(groups))
    columns: dict[str, list[float]] = {
        name: [] for name in ("first", "first_half", "total", "total_half")
    }
    if np.ptp(values) == 0:
        return pd.DataFrame({"group": names, **dict.fromkeys(columns, np.nan)})
    scaled = ((values - values.mean()) / values.std()).reshape(-1, len(names) + 2)
    a, b = scaled[:, 0], scaled[:, -1]
    drawn = np.random.default_rng(seed).integers(len(a), size=(len(a), SOBOL_RESAMPLES))
    for mixed in scaled[:, 1:-1].T:
        for name, index in (("first", _first), ("total", _total)):
            columns[name].append(float(index(a, mixed, b)))
            resampled = index(a[drawn], mixed[drawn], b[drawn])
            columns[f"{name}_half"].append(float(_Z * resampled.std(ddof=1)))
    return pd.DataFrame({"group": names, **columns})


def _first(a: Floats, mixed: Floats, b: Floats) -> Floats:
    """Return the first-order index (Saltelli et al. 2010, table 2, b)."""
    return _of_variance(np.mean(b * (mixed - a), axis=0), a, b)


def _total(a: Floats, mixed: Floats, b: Floats) -> Floats:
    """Return the total index (Jansen 1999; Saltelli et al. 2010, table 2, f)."""
    return _of_variance(0.5 * np.mean((a - mixed) ** 2, axis=0), a, b)


def _of_variance(part: Floats, a: Floats, b: Floats) -> Floats:
    """Return a part as a share of the variance of A and B, 0 where they do not vary."""
    variance = np.var(np.concatenate([a, b]), axis=0)
    varies = variance > np.finfo(float).eps
    share: Floats = np.divide(part, variance, out=np.zeros_like(variance), where=varies)
    return share


def noise_share(values: Floats) -> float:
    """Return the largest share of the variance over points that can be Monte Carlo error.

    Common random numbers make the true share smaller.

    Parameters
    ----------
    values : array of float, [point, replication]
    """
    values = values[~np.isnan(values).any(axis=1)]
    between = float(values.mean(axis=1).var(ddof=1)) if len(values) > 1 else 0.0
    if between <= 0:
        return float("nan")
    noise: float = float(values.var(axis=1, ddof=1).mean()) / values.shape[1]
    return min(1.0, noise / between)


def survivors(effects: Sequence[pd.DataFrame], most: int) -> list[str]:
    """Return the groups that move the criteria most, at most `most` of them.

    They are ranked by the sum of their effects, each in failures over allowed failures.

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


def _numbered(groups: Sequence[str]) -> tuple[list[str], Counts]:
    """Return the groups in order of appearance, and the number of each input's group."""
    names = list(dict.fromkeys(groups))
    return names, np.array([names.index(group) for group in groups])
