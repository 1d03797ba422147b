"""Judge whether a longer lead-in moves any KPI on the same vehicles, and by how much each hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chargesim.analysis.intervals import Interval, Intervals, holm, t_interval, t_intervals
from chargesim.analysis.kpi_responses import KpiResponses, kpi_responses
from chargesim.analysis.paired import pair_responses, paired_difference
from chargesim.analysis.result import Floats, RunResult
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
        """The shift over the half-width of the KPI's own interval; below 1 it changes no answer."""
        return self._over_half_width(abs(self.difference.mean))

    @property
    def not_excluded(self) -> float:
        """The largest shift that is still possible, over the half-width of the KPI's interval."""
        return self._over_half_width(max(abs(self.difference.lower), abs(self.difference.upper)))

    def _over_half_width(self, shift: float) -> float:
        half_width = (self.before.upper - self.before.lower) / 2
        return 0.0 if shift == 0 else shift / half_width if half_width > 0 else np.inf


def shifts(own: RunResult, longer: RunResult, *, alpha: float = 0.05) -> list[Shift]:
    """Compare all KPIs of the city, the cars and the trucks, replication by replication.

    Replications in which a KPI is infinite or not defined in one of the runs are left out.

    Parameters
    ----------
    own, longer : RunResult
        The same replications of the same vehicles after a shorter and a longer lead-in.
    alpha : float
        Chance of at least one KPI that is called moved when none is [0..1].
    """
    before, after = kpi_responses(own), kpi_responses(longer)
    chosen = [
        response.named
        for response in before.responses
        if response.reported and not response.given and response.named[1:] in SCOPES
    ]
    before, after = before.select(chosen), after.select(chosen)
    after = replace(after, values=_without_rounding(before.values, after.values))
    frame = pair_responses(after, before, chosen)
    frame = frame[frame["n"] >= 2].reset_index(drop=True)
    alike = frame["lower"].eq(frame["upper"]) & frame["difference"].ne(0)
    frame.loc[alike, "p"] = 0.0  # the same shift in every replication is no chance
    frame["moved"] = holm(frame["p"], alpha=alpha)
    return [_shift(row, before, after) for row in frame.to_dict(orient="records")]


def _shift(row: Mapping[Any, Any], before: KpiResponses, after: KpiResponses) -> Shift:
    """Return the shift in one row of the paired differences."""
    named = row["kpi"], row["scope"], row["key"]
    own, longer = before.of(named), after.of(named)
    known = np.isfinite(longer)
    difference = paired_difference(longer[known], own[known])
    return Shift(*named, row["unit"], t_interval(own), difference, row["p"], row["moved"])


def _without_rounding(before: Floats, after: Floats) -> Floats:
    """Return the later values; NaN where one of both is not finite.

    A value that differs by rounding alone, as sums in another order do, is replaced by the former.
    """
    known = np.isfinite(before) & np.isfinite(after)
    close = np.isclose(before, after, rtol=1e-9, atol=0.0)
    return np.where(known, np.where(close, before, after), np.nan)


def hourly_mw(replications: Sequence[ReplicationTotals]) -> Floats:
    """Return the power of the city from the grid by judged hour [R, 24 x days] in MW."""
    city = np.stack([run.district_kw.sum(axis=(0, 1)) for run in replications]) / 1000
    return np.asarray(city.reshape(len(city), -1, 4).mean(axis=2))


def same_hour(
    own: Sequence[ReplicationTotals], longer: Sequence[ReplicationTotals], hours: int = 24
) -> Intervals:
    """Return own less longer lead-in in the same hours on the same vehicles [hours] in MW."""
    return t_intervals(hourly_mw(own)[:, :hours] - hourly_mw(longer)[:, :hours])


def between_days(replications: Sequence[ReplicationTotals]) -> Intervals:
    """Return each of several like days less the last one, hour by hour [days - 1, 24] in MW.

    Parameters
    ----------
    replications : sequence of ReplicationTotals
        Runs that begin empty, all their days judged, each with the demand of the same weekday.
    """
    mw = hourly_mw(replications)
    days = mw.reshape(len(mw), -1, 24)
    return t_intervals(days[:, :-1] - days[:, -1:])
