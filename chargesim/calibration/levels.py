"""Follow the level of a weekly series: a random walk with a trend, by Kalman filter.

The logarithm of the level moves each week by the trend and by a normal step (local level model with
a fixed slope, Harvey 1989, section 2.3). A week is seen with a known error. Its step is not known:
it is integrated over a grid, with a prior.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WEEKS_PER_YEAR = 365.25 / 7
STEPS = np.array([0.0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4])
"""Standard deviations of a weekly step of the log level that are weighed up."""


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


def follow(
    seen: Floats, variance: Floats, *, trend_sd_per_year: float, usual_step: float
) -> Level:
    """Return what a weekly series says of the level at its end.

    Parameters
    ----------
    seen, variance : array of float, [week]
        Log of the level as seen in each week, and the variance of its error; not finite where a
        week was not seen.
    trend_sd_per_year : float
        Prior standard deviation of the trend [log a year], with mean 0.
    usual_step : float
        Mean of the exponential prior of the standard deviation of a weekly step.

    Returns
    -------
    Level
    """
    found = np.isfinite(seen) & np.isfinite(variance)
    begin = int(np.argmax(found))
    start = np.array([seen[begin], 0.0])
    slope_variance = (trend_sd_per_year / WEEKS_PER_YEAR) ** 2
    logs, means, covs = [], [], []
    for step in STEPS:
        mean, cov = start.copy(), np.diag([4.0, slope_variance])
        log_likelihood = -step / usual_step
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
    weight = np.exp(np.array(logs) - max(logs)) * np.gradient(STEPS)
    return Level(STEPS, weight / weight.sum(), np.array(means), np.array(covs))


def _moved(cov: Floats, step: float) -> Floats:
    """Return the covariance a week later."""
    (level, both), (_, slope) = cov
    return np.array([[level + 2 * both + slope + step**2, both + slope], [both + slope, slope]])


def _root(cov: Floats) -> Floats:
    """Return a square root of a covariance that may be flat."""
    values, vectors = np.linalg.eigh((cov + cov.T) / 2)
    root: Floats = vectors * np.sqrt(np.maximum(values, 0.0))
    return root
