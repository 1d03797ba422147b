"""Draw how a day differs from the expected one: one factor for each group of vehicles.

Cars, trucks and through traffic are the groups. A factor multiplies the expected wishes of its
group on one day of one replication. It is a mixture with mean 1: lognormal with a small spread on
ordinary days, with a large one on the few days out of the ordinary.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from chargesim.demand.random_streams import generator
from chargesim.scenario.model import Scenario

_COMMON = "all groups"
"""Entity of the stream of what the groups share; no group has this name."""


@dataclass(frozen=True)
class DayFactors:
    """The factors of all groups, days and replications; no spread, no factor but 1.

    Kind of day and size of the factor follow one normal score each, sqrt(r) x common score +
    sqrt(1 - r) x own score, where r is the correlation. So each group has the same mixture for any
    r, and one group more moves no other group's factor.
    """

    tail_share: float = 0.0
    calm_cv: float = 0.0
    tail_cv: float = 0.0
    correlation: float = 0.0

    @classmethod
    def of(cls, scenario: Scenario) -> "DayFactors":
        """Return the factors of a scenario; all are 1 where it has none or has them off."""
        given = scenario.day_factor
        if given is None or not given.enabled:
            return AS_EXPECTED
        return cls(
            given.tail_share.value,
            given.calm_cv.value,
            given.tail_cv.value,
            given.correlation.value,
        )

    @property
    def spread(self) -> bool:
        """Whether any factor differs from 1."""
        return self.cv > 0

    @property
    def cv(self) -> float:
        """Coefficient of variation of the factor over all days."""
        calm, tail = (1 - self.tail_share) * self.calm_cv**2, self.tail_share * self.tail_cv**2
        return float(np.sqrt(calm + tail))

    def factor(self, seed: int, replication: int, group: str, day: int) -> float:
        """Return the factor of a group's expected wishes on a day.

        Parameters
        ----------
        seed, replication : int
        group : str
            Of the vehicle class.
        day : int
            Number of the day in the keys of the streams.

        Returns
        -------
        float
            Above 0, with mean 1 over days and replications.
        """
        if not self.spread:
            return 1.0
        common, own = (_scores(seed, replication, entity, day) for entity in (_COMMON, group))
        kind, size = np.sqrt(self.correlation) * common + np.sqrt(1 - self.correlation) * own
        cv = self.tail_cv if ndtr(kind) < self.tail_share else self.calm_cv
        variance = np.log1p(cv * cv)
        return float(np.exp(np.sqrt(variance) * size - variance / 2))


@lru_cache(maxsize=4096)
def _scores(seed: int, replication: int, entity: str, day: int) -> NDArray[np.float64]:
    """Return the normal scores of a group, or of what all share, behind kind of day and factor."""
    return generator(seed, replication, "day factor", entity, day).standard_normal(2)


AS_EXPECTED = DayFactors()
"""Every day is as expected: all factors are 1."""
