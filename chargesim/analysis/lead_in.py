"""Judge whether a longer lead-in moves any KPI on the same vehicles, and trace what is left of it hour by hour."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chargesim.analysis.intervals import (
    Interval,
    Intervals,
    holm,
    p_differs,
    t_interval,
    t_intervals,
)
from chargesim.analysis.kpi_table import kpi_table
from chargesim.analysis.result import Floats, RunResult
from chargesim.analysis.scope_totals import ScopeTotals
from chargesim.analysis.scopes import CITY
from chargesim.engine.replication_totals import ReplicationTotals

SCOPES = (CITY, ("group", "cars"), ("group", "trucks"))


@dataclass(frozen=True)
class Shift:
    """How far a longer lead-in shifts one KPI."""

    kpi: str
    scope: str
    key: str
    unit: str
    before: Interval
    """with the scenario's own lead-in"""
    difference: Interval
    """longer less own lead-in, paired, two-sided 95 %"""
    p_value: float
    moved: bool
    """beyond the paired interval after Holm's correction over all KPIs"""

    @property
    def of_its_interval(self) -> float:
        """The shift over the half-width of the KPI's own interval: below 1 it is hidden in what the replications leave open."""
        return self._over_half_width(abs(self.difference.mean))

    @property
    def not_excluded(self) -> float:
        """The largest shift that its interval leaves open, over the half-width of the KPI's own interval."""
        return self._over_half_width(max(abs(self.difference.lower), abs(self.difference.upper)))

    def _over_half_width(self, shift: float) -> float:
        half_width = (self.before.upper - self.before.lower) / 2
        return 0.0 if shift == 0 else shift / half_width if half_width > 0 else np.inf


def shifts(own: RunResult, longer: RunResult, *, alpha: float = 0.05) -> list[Shift]:
    """Compare all KPIs of the city, the cars and the trucks, replication by replication.

    Parameters
    ----------
    own, longer : RunResult
        The same replications of the same vehicles after a shorter and a longer lead-in.
    alpha : float
        Chance of at least one KPI that is called moved when none is [0..1].
    """
    pairs = zip(_values(own), _values(longer), strict=True)
    found = [(named, before, _differences(before, after)) for (named, before), (_, after) in pairs]
    found = [one for one in found if len(one[2]) >= 2]
    p_values = [p_differs(difference) for _, _, difference in found]
    moved = holm(p_values, alpha=alpha)
    return [
        Shift(*named, t_interval(before), t_interval(difference), p_value, bool(beyond))
        for (named, before, difference), p_value, beyond in zip(found, p_values, moved, strict=True)
    ]


def hourly_mw(replications: Sequence[ReplicationTotals]) -> Floats:
    """Return the power of the city from the grid by replication and judged hour [R, 24 x days] in MW."""
    city = np.stack([run.district_kw.sum(axis=(0, 1)) for run in replications]) / 1000
    return np.asarray(city.reshape(len(city), -1, 4).mean(axis=2))


def same_hour(
    own: Sequence[ReplicationTotals], longer: Sequence[ReplicationTotals], hours: int = 24
) -> Intervals:
    """Return own less longer lead-in in the same hours on the same vehicles, over the first hours [MW]."""
    return t_intervals(hourly_mw(own)[:, :hours] - hourly_mw(longer)[:, :hours])


def between_days(replications: Sequence[ReplicationTotals]) -> Intervals:
    """Return each day less the last one, in the same hour of days that are all alike [days - 1, 24] in MW.

    Parameters
    ----------
    replications : sequence of ReplicationTotals
        Runs that begin empty, all their days judged, each with the demand of the same weekday.
    """
    mw = hourly_mw(replications)
    days = mw.reshape(len(mw), -1, 24)
    return t_intervals(days[:, :-1] - days[:, -1:])


def _values(result: RunResult) -> list[tuple[tuple[str, str, str, str], Floats]]:
    """Return every KPI in each scope that it has: name, scope, key, unit, and its values by replication."""
    scope_totals, found = ScopeTotals(result), []
    for kpi in kpi_table(result.thresholds_min):
        values = kpi.compute(scope_totals)
        there = [scope for scope in SCOPES if scope in values.keys and scope[0] in kpi.scopes]
        found += [
            ((kpi.name, *scope, kpi.unit), values.by_replication[:, values.keys.index(scope)])
            for scope in there
        ]
    return found


def _differences(before: Floats, after: Floats) -> Floats:
    """Return the differences that are finite; what differs by rounding alone, as sums in another order do, is 0."""
    known = np.isfinite(before) & np.isfinite(after)
    before, after = before[known], after[known]
    return np.where(np.isclose(before, after, rtol=1e-9, atol=0.0), 0.0, after - before)
