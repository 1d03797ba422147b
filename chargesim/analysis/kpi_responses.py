"""Hold the KPIs of a run replication by replication, as every comparison reads them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from chargesim.analysis.kpi_table import kpi_table
from chargesim.analysis.result import Floats, RunResult
from chargesim.analysis.scope_totals import ScopeTotals
from chargesim.analysis.scopes import CITY

Named = tuple[str, str, str]
"""A KPI with its scope and key."""


class Response(NamedTuple):
    """What one column of the values is."""

    kpi: str
    scope: str
    key: str
    unit: str
    reported: bool = False
    """whether `kpis.csv` has this KPI in this scope"""
    given: bool = False
    """whether the plan itself gives it: exact, the same in every replication"""

    @property
    def named(self) -> Named:
        """KPI, scope and key."""
        return self.kpi, self.scope, self.key


@dataclass(frozen=True)
class KpiResponses:
    """KPIs of one run in several scopes, replication by replication.

    Attributes
    ----------
    responses : tuple of Response
        What each column of the values is.
    values : array of float, [R, len(responses)]
        In the unit of the KPI; NaN where it is not defined, infinite for a wait without end. A
        share of vehicles has the values of `intervals.ratio_values`. The
        replications of a response lie side by side in memory, so that their sum is rounded in the
        same way whether one response or all of them are summed.
    """

    responses: tuple[Response, ...]
    values: Floats

    @cached_property
    def columns(self) -> dict[Named, int]:
        """Column of each response."""
        return {named: column for column, named in enumerate(self.names)}

    @property
    def names(self) -> list[Named]:
        """KPI, scope and key of every response."""
        return [response.named for response in self.responses]

    def of(self, named: Named) -> Floats:
        """Return one response by replication [R]; NaN where the run has none of this name."""
        return np.asarray(self.select([named]).values[:, 0])

    def select(self, chosen: Sequence[Named]) -> "KpiResponses":
        """Return some responses in the order given; NaN for those that the run does not have."""
        units = {response.kpi: response.unit for response in self.responses}
        responses, values = [], np.full((len(self.values), len(chosen)), np.nan, order="F")
        for place, named in enumerate(chosen):
            column = self.columns.get(named)
            if column is None:
                responses.append(Response(*named, units.get(named[0], "")))
            else:
                responses.append(self.responses[column])
                values[:, place] = self.values[:, column]
        return KpiResponses(tuple(responses), values)


def kpi_responses(result: RunResult, kpis: Collection[str] | None = None) -> KpiResponses:
    """Return the KPIs of a run replication by replication, in the order of `kpis.csv`.

    Parameters
    ----------
    result : RunResult
        The run.
    kpis : collection of str, optional
        Names of the KPIs that are wanted; all by default.
    """
    scope_totals, count = ScopeTotals(result), len(result.replications)
    responses, parts = list[Response](), [np.empty((count, 0))]
    for kpi in kpi_table(result.thresholds_min):
        if kpis is None or kpi.name in kpis:
            values = kpi.compute(scope_totals)
            parts.append(values.for_intervals)
            responses += [
                Response(kpi.name, *scope, kpi.unit, reported=scope[0] in kpi.scopes)
                for scope in values.keys
            ]
    for name, value in result.given.items():
        if kpis is None or name in kpis:
            parts.append(np.full((count, 1), value))
            responses.append(Response(name, *CITY, "share", reported=True, given=True))
    values_of_all = np.concatenate(parts, axis=1).astype(np.float64, order="F")
    return KpiResponses(tuple(responses), values_of_all)
