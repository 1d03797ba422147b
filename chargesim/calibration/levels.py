"""Follow the level of a weekly series: a random walk with a trend, by Kalman filter.

The logarithm of the level moves each week by the trend and by a normal step (local level model with
a fixed slope, Harvey 1989, section 2.3). A week is seen with a known error. Its step is not known:
it is integrated over a grid, with a prior.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WEEKS_PER_YEAR = 365.25 / 7
STEPS = np.array([0.0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4])
"""Standard deviations of a weekly step of the log level that are weighed up."""
_VAGUE = 4.0
"""Variance of the log level before the first week."""
_EM_ROUNDS = 10
_AROUND = 4
"""Weeks on either side whose mean gives the error of a week."""


@dataclass(frozen=True)
class Level:
    """What is known of a level at the end of its last week, by the step's standard deviation."""

    steps: Floats
    weight: Floats
    """[step] posterior chance of each"""
    mean: Floats
    """[step, 2] log level, and its slope in a week"""
    cov: Floats
    """[step, 2, 2]"""

    @property
    def value(self) -> float:
        """Mean of the log level."""
        return float(self.weight @ self.mean[:, 0])

    @property
    def slope_per_week(self) -> float:
        """Mean change of the log level in a week."""
        return float(self.weight @ self.mean[:, 1])

    @property
    def step(self) -> float:
        """Mean of the standard deviation of a weekly step."""
        return float(self.weight @ self.steps)

    def draw(self, rng: np.random.Generator, count: int) -> Floats:
        """Return draws [draw, 3] of log level, slope in a week, standard deviation of a step."""
        which = rng.choice(len(self.steps), count, p=self.weight)
        scores = rng.standard_normal((count, 2))
        roots = np.array([_root(cov) for cov in self.cov])
        states = self.mean[which] + np.einsum("dij,dj->di", roots[which], scores)
        return np.column_stack([states, self.steps[which]])


Series = tuple[Floats, Floats]
"""Log of a level as seen in each week, and the variance of its error; nan where not seen."""


def follow_all(
    series: Sequence[Series], *, trend_sd_per_year: float, usual_step: float
) -> list[Level]:
    """Return what the weekly series of the sites of a log say of their levels at the end.

    Sites lean on each other (empirical Bayes): the prior of the trend is around the mean trend of
    all, and that of the weekly step is the mixture under which all series are most likely, with one
    more site that has the prior.

    Parameters
    ----------
    series : sequence of (seen, variance)
    trend_sd_per_year : float
        Prior standard deviation of a site's trend [log a year]; that of the mean trend is around 0.
    usual_step : float
        Mean of the exponential prior of the standard deviation of a weekly step.
    """
    spread = trend_sd_per_year / WEEKS_PER_YEAR
    prior = np.exp(-STEPS / usual_step) * np.gradient(STEPS)
    prior /= prior.sum()
    first = [_filtered(*one, 0.0, spread) for one in series]
    slopes = np.array([_level(prior, *one).slope_per_week for one in first])
    knowing = np.array([_slope_information(prior, one, spread) for one in first])
    mean = float(slopes @ knowing / (knowing.sum() + 1 / spread**2)) if knowing.sum() else 0.0
    found = [_filtered(*one, mean, spread) for one in series]
    mixture = prior
    for _ in range(_EM_ROUNDS):
        weights = [_level(mixture, *one).weight for one in found]
        mixture = (np.sum(weights, axis=0) + prior) / (len(found) + 1)
    return [_level(mixture, *one) for one in found]


def _slope_information(prior: Floats, one: tuple[Floats, Floats, Floats], spread: float) -> float:
    """Return what a series says of its trend beyond the prior: inverse of a variance."""
    variance = float(_level(prior, *one).weight @ one[2][:, 1, 1])
    return max(0.0, 1 / max(variance, 1e-12) - 1 / spread**2)


def _level(prior: Floats, logs: Floats, means: Floats, covs: Floats) -> Level:
    """Return a level from the filters of all steps and a prior of the step."""
    weight = np.exp(logs - logs.max()) * prior
    return Level(STEPS, weight / weight.sum(), means, covs)


def _filtered(
    seen: Floats, variance: Floats, slope: float, slope_sd: float
) -> tuple[Floats, Floats, Floats]:
    """Return log-likelihood, state and its covariance after the last week, for each step."""
    found = np.isfinite(seen) & np.isfinite(variance)
    begin = int(np.argmax(found))
    logs, means, covs = [], [], []
    for step in STEPS:
        mean, cov = np.array([seen[begin], slope]), np.diag([_VAGUE, slope_sd**2])
        log_likelihood = 0.0
        for week in range(begin, len(seen)):
            if week > begin:
                mean = np.array([mean[0] + mean[1], mean[1]])
                cov = _moved(cov, step)
            if found[week]:
                spread = cov[0, 0] + variance[week]
                miss = seen[week] - mean[0]
                if week > begin:
                    log_likelihood -= 0.5 * (np.log(spread) + miss**2 / spread)
                gain = cov[:, 0] / spread
                mean, cov = mean + gain * miss, cov - np.outer(gain, cov[0])
        logs.append(log_likelihood)
        means.append(mean)
        covs.append(cov)
    return np.array(logs), np.array(means), np.array(covs)


def seen_levels(count: Floats, exposure: Floats) -> tuple[Floats, Floats]:
    """Return the log of the level as counts of each week show it, and its variance.

    The half in the count takes the bias of the log away. The variance is that of the count expected
    by the weeks around: by the count itself, weeks with many would weigh too much.

    Parameters
    ----------
    count, exposure : array of float, [week]
        Arrivals, and how many are expected at a level of one; no exposure: not seen.
    """
    seen = exposure > 0
    mean = (_around(count * seen) + 0.5) / np.maximum(_around(exposure * seen), 1e-9)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(seen, np.log((count + 0.5) / exposure), np.nan)
        variance = np.where(seen, 1 / (mean * exposure), np.nan)
    return level, variance


def _around(values: Floats) -> Floats:
    """Return the sum over each week and the weeks on either side."""
    summed: Floats = np.convolve(values, np.ones(2 * _AROUND + 1))[_AROUND : _AROUND + len(values)]
    return summed


def _moved(cov: Floats, step: float) -> Floats:
    """Return the covariance a week later."""
    (level, both), (_, slope) = cov
    return np.array([[level + 2 * both + slope + step**2, both + slope], [both + slope, slope]])


def _root(cov: Floats) -> Floats:
    """Return a square root of a covariance that may be flat."""
    values, vectors = np.linalg.eigh((cov + cov.T) / 2)
    root: Floats = vectors * np.sqrt(np.maximum(values, 0.0))
    return root
