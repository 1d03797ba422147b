"""Say when a study looks at its replications, what error each look may spend, and stop at the first look that decides.

The chance of a false claim is divided equally over the looks that were planned (Bonferroni; Boole's inequality). That holds
exactly for Student's t at every look, however few the replications, and however the looks hang together, since the later
ones hold the replications of the earlier. Boundaries that use the normal joint law of the looks (Slud and Wei 1982; Lan and
DeMets 1983) would spend the whole error where this spends about four fifths of it, and hold only nearly for t: what is left
unspent is what a skewed KPI takes (`docs/coverage.md`).
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
            Judges a look; it is called for the looks in order, and for none after the one that decides.
        decided : callable
            Whether a judgement leaves nothing open.
        """
        for look in self.looks:
            judgement = judge(look)
            if decided(judgement):
                break
        return judgement


def level_of_a_look(looks: int, level: float = 0.95) -> float:
    """Return the level of each look's two-sided intervals, so that over all looks they hold at `level`.

    Where a study stops hangs on what it saw: an ordinary interval there covers too seldom (90 % of the time for a KPI on
    its threshold). These are repeated confidence intervals (Jennison and Turnbull 1989, J. R. Statist. Soc. B 51, 305-361).
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
