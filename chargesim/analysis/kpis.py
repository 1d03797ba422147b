"""Compute every KPI of a run in each of its scopes, with its interval over replications."""

from dataclasses import replace

import numpy as np
import pandas as pd

from chargesim.analysis.intervals import Intervals, t_intervals, unseen_share
from chargesim.analysis.kpi_table import Kpi, kpi_table
from chargesim.analysis.result import RunResult
from chargesim.analysis.scope_totals import KpiValues, ScopeTotals
from chargesim.analysis.scopes import CITY

COLUMNS = ("kpi", "scope", "key", "mean", "lower", "upper", "pooled", "unit", "n")


def kpi_frame(result: RunResult) -> pd.DataFrame:
    """Compute all KPIs of a run.

    Parameters
    ----------
    result : RunResult
        The run.

    Returns
    -------
    DataFrame
        A row per KPI, scope and key: kpi, scope, key, mean, lower, upper (two-sided interval over
        replications, 95 % over all looks, cut to what a share or a count can be), pooled (of
        quantiles: all replications together, else NaN), unit, n (replications in which the KPI is
        defined; 0 with NaN where it is nowhere, 0 with a value where the plan gives it). A share of
        vehicles is the ratio of its totals over all replications. One that is 0, or 1, in all of
        them has the rule of three over the judged days for its other bound.
    """
    totals = ScopeTotals(result)
    frames = [_frame(kpi, kpi.compute(totals), result) for kpi in kpi_table(result.thresholds_min)]
    frames.append(_given_frame(result))
    return pd.concat(frames, ignore_index=True)


def kpi_value(
    kpis: pd.DataFrame, name: str, scope: str = CITY[0], key: str = CITY[1]
) -> "pd.Series[float]":
    """Return the row of one KPI in one scope.

    Parameters
    ----------
    kpis : DataFrame
        From `kpi_frame`.
    name, scope, key : str
        Which one; the city by default.
    """
    rows = kpis[(kpis["kpi"] == name) & (kpis["scope"] == scope) & (kpis["key"] == key)]
    if len(rows) != 1:
        raise KeyError(f"no KPI {name!r} in scope {scope!r} with key {key!r}")
    return rows.iloc[0]


def _frame(kpi: Kpi, values: KpiValues, result: RunResult) -> pd.DataFrame:
    """Return the rows of one KPI."""
    chosen = [index for index, key in enumerate(values.keys) if key[0] in kpi.scopes]
    intervals = t_intervals(values.for_intervals[:, chosen], level=result.interval_level)
    if values.whole is not None:
        intervals = _with_rule_of_three(intervals, result)
    most = 1.0 if kpi.unit == "share" else np.inf
    return pd.DataFrame(
        {
            "kpi": kpi.name,
            "scope": [values.keys[index][0] for index in chosen],
            "key": [values.keys[index][1] for index in chosen],
            "mean": intervals.mean,
            "lower": np.clip(intervals.lower, 0.0, None),
            "upper": np.clip(intervals.upper, None, most),
            "pooled": np.nan if values.pooled is None else values.pooled[chosen],
            "unit": kpi.unit,
            "n": intervals.n,
        },
        columns=list(COLUMNS),
    )


def _with_rule_of_three(intervals: Intervals, result: RunResult) -> Intervals:
    """Bound a share that was 0, or 1, in all replications by the rule of three over their days."""
    samples = 1 if result.recorded else intervals.n
    bound = np.array(
        [unseen_share(n) for n in np.broadcast_to(samples * result.days, intervals.n.shape)]
    )
    never, always = (intervals.equal & (intervals.mean == share) for share in (0, 1))
    return replace(
        intervals,
        lower=np.where(always, 1 - bound, intervals.lower),
        upper=np.where(never, bound, intervals.upper),
    )


def _given_frame(result: RunResult) -> pd.DataFrame:
    """Return the rows of the measures that the plan gives: exact, not estimated (n = 0)."""
    values = list(result.given.values())
    frame = {"kpi": list(result.given), "scope": CITY[0], "key": CITY[1], "unit": "share", "n": 0}
    same = {"mean": values, "lower": values, "upper": values, "pooled": np.nan}
    return pd.DataFrame(frame | same, columns=list(COLUMNS))
