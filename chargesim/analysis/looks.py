"""Plan when a study looks at its replications, and divide its error over these looks.

The chance of a false claim is divided equally over the planned looks (Bonferroni; Boole's
inequality). This is exact for Student's t at every look, however few the replications, and however
the looks depend on each other: a later look holds the replications of the earlier ones. Boundaries
from the normal joint law of the looks (Slud and Wei 1982; Lan and DeMets 1983) would spend the
whole error where this spends about four fifths of it, but hold only approximately for t. A skewed
KPI uses up the part that is not spent (`docs/coverage.md`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Look:
    """One look at the replications."""

    number: int
    """from 1"""
    of: int
    """looks that were planned"""
    replications: int
    """replications that are judged"""


@dataclass(frozen=True)
class LookSchedule:
    """The looks of a study: each at twice the replications of the one before."""

    first: int
    """replications of the first look"""
    count: int = 1

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"looks: got {self.count}, needs at least 1")

    @property
    def looks(self) -> tuple[Look, ...]:
        """All looks, in order."""
        return tuple(
            Look(number + 1, self.count, self.first * 2**number) for number in range(self.count)
        )

    @property
    def most(self) -> int:
        """Replications of the last look."""
        return self.looks[-1].replications

    def until_decided(self, judge: Callable[[Look], T], decided: Callable[[T], bool]) -> T:
        """Return the judgement of the first look that decides, or of the last one.

        Parameters
        ----------
        judge : callable
            Judges a look; called for the looks in order, up to the first that decides.
        decided : callable
            Whether a judgement leaves nothing open.
        """
        for look in self.looks:
            judgement = judge(look)
            if decided(judgement):
                break
        return judgement


def level_of_a_look(looks: int, level: float = 0.95) -> float:
    """Return the level of the two-sided intervals of one look; over all looks they hold at `level`.

    A study stops at a look that depends on its values, and an ordinary interval there covers too
    seldom: 90 % of the time for a KPI on its threshold. These are repeated confidence intervals
    (Jennison and Turnbull 1989, J. R. Statist. Soc. B 51, 305-361).
    """
    return 1 - (1 - level) / looks


def alpha_of_a_look(alpha: float, looks: int) -> float:
    """Return the one-sided error that a look may spend; over all looks it sums to `alpha`.

    Parameters
    ----------
    alpha : float
        One-sided error of the whole study [0..1].
    looks : int
        Looks that were planned.
    """
    return alpha / looks
