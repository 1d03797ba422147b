"""Run replications until the interval of a KPI is as narrow as asked; this decides no verdict.

Such a run stops at a number of replications that depends on their values. So its interval covers a
little less than 95 % (about 93 % from 20 replications on, `docs/coverage.md`), and a verdict judged
there would be wrong more often than stated.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chargesim.analysis.intervals import Interval, t_interval
from chargesim.analysis.kpi_responses import kpi_responses
from chargesim.analysis.kpi_table import kpi_table
from chargesim.analysis.result import RunResult
from chargesim.errors import InputError
from chargesim.scenario.keys import known_keys_hint, nearest_name

FORM = (
    "--precision {}: needs KPI=HALF_WIDTH or KPI/SCOPE/KEY=HALF_WIDTH, "
    "such as wait_mean_served_min=0.1 or share_lost/group/cars=5%"
)


@dataclass(frozen=True)
class Precision:
    """A KPI and how narrow its two-sided 95 % interval must be."""

    kpi: str
    scope: str
    key: str
    half_width: float
    """in the unit of the KPI, or as a share of its mean"""
    relative: bool

    @classmethod
    def parse(cls, text: str) -> "Precision":
        """Read ``KPI=0.002``, ``KPI=5%`` (of the KPI's mean) or ``KPI/SCOPE/KEY=...``."""
        found = re.fullmatch(r"\s*(\w+)(?:/(\w+)/([^=]+))?\s*=\s*([0-9.eE+-]+)\s*(%?)\s*", text)
        try:
            half_width = float(found[4]) if found else math.nan
        except ValueError:
            half_width = math.nan
        if found is None or not 0 < half_width < math.inf:
            raise InputError([FORM.format(text)])
        relative = found[5] == "%"
        return cls(
            found[1],
            found[2] or "city",
            found[3] or "all",
            half_width / 100 if relative else half_width,
            relative,
        )

    @property
    def name(self) -> str:
        """The KPI and, unless it is of the whole city, its scope and key."""
        return self.kpi if self.scope == "city" else f"{self.kpi} ({self.scope} {self.key})"

    def check(self, thresholds_min: tuple[float, ...]) -> None:
        """Refuse a KPI that no run estimates.

        Parameters
        ----------
        thresholds_min : tuple of float
            Waits that are counted exactly [min].
        """
        names = [kpi.name for kpi in kpi_table(thresholds_min)]
        if self.kpi not in names:
            near = nearest_name(self.kpi, names)
            hint = f"; did you mean {near!r}?" if near else known_keys_hint(names)
            raise InputError([f"--precision {self.kpi}: is no KPI that is estimated{hint}"])

    def allowed(self, interval: Interval) -> float:
        """Return the half-width that is narrow enough, in the unit of the KPI."""
        return self.half_width * abs(interval.mean) if self.relative else self.half_width


@dataclass(frozen=True)
class Reached:
    """Where a run for precision stopped."""

    precision: Precision
    unit: str
    interval: Interval
    reached: bool
    """no where all replications give the same value, so that no half-width can be estimated"""
    budget: int

    @property
    def half_width(self) -> float:
        """Half of the interval's length, in the unit of the KPI."""
        return (self.interval.upper - self.interval.lower) / 2

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        asked = {
            "kpi": self.precision.kpi,
            "scope": self.precision.scope,
            "key": self.precision.key,
        }
        numbers = {
            "asked": self.precision.allowed(self.interval),
            "half_width": self.half_width,
            "unit": self.unit,
        }
        return {
            **asked,
            **numbers,
            "mean": self.interval.mean,
            "replications": self.interval.n,
            "reached": self.reached,
        }


def run_until_narrow(
    precision: Precision, result: RunResult, budget: int, more: Callable[[int], RunResult]
) -> tuple[RunResult, Reached]:
    """Run more replications until a KPI's interval is narrow enough or the budget ends.

    It also stops when all replications give the same value: no interval can be estimated then.

    Parameters
    ----------
    precision : Precision
        What is asked.
    result : RunResult
        The replications so far.
    budget : int
        Replications at most.
    more : callable
        Returns the result with so many replications.

    Raises
    ------
    InputError
        When the KPI has no value in this scope.
    """
    named = precision.kpi, precision.scope, precision.key
    unit = next(kpi.unit for kpi in kpi_table(result.thresholds_min) if kpi.name == precision.kpi)
    while True:
        interval = t_interval(kpi_responses(result, [precision.kpi]).of(named))
        if interval.n < 2 or not math.isfinite(interval.mean):
            where = f"in scope {precision.scope!r} with key {precision.key!r}"
            words = f"has no finite value {where}; kpis.csv lists what there is"
            raise InputError([f"--precision {precision.kpi}: {words}"])
        allowed, count = precision.allowed(interval), len(result.replications)
        half_width = (interval.upper - interval.lower) / 2
        narrow = half_width <= allowed and not interval.equal
        if narrow or interval.equal or count >= budget:
            return result, Reached(precision, unit, interval, narrow, budget)
        result = more(next_count(count, half_width, allowed, budget))


def next_count(count: int, half_width: float, allowed: float, budget: int) -> int:
    """Return the next number of replications: what the spread so far requires, within bounds.

    The bounds are twice the number so far and the budget.

    Parameters
    ----------
    count : int
        Replications so far.
    half_width, allowed : float
        Half of the interval's length now, and the half-width asked for, in one unit.
    budget : int
        Replications at most.
    """
    guess = count * (half_width / allowed) ** 2 if allowed > 0 else math.inf
    return min(max(count + 1, math.ceil(min(guess, 2 * count))), budget)
