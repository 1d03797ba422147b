"""Compare plans on the same vehicles: every KPI replication by replication, the first plan against each other.

Intervals are single: each holds at 95 % by itself. What is claimed for sure is claimed after Holm's correction, over all
comparisons of one family: the figures of the table times the plans that are compared with the first, or the districts times
these plans. A KPI of neither family stands in the frame for who looks it up; nothing is claimed of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from chargesim.analysis.headlines import COMPARED, Headline, judged_headline
from chargesim.analysis.intervals import holm, t_intervals
from chargesim.analysis.kpi_table import kpi_table
from chargesim.analysis.paired import LEVEL, p_values, paired_differences, variance_reduction
from chargesim.analysis.profiles import use_by_site, use_of_public_guns
from chargesim.analysis.result import Floats, RunResult
from chargesim.analysis.scope_totals import KpiValues, ScopeTotals
from chargesim.analysis.scopes import CITY
from chargesim.analysis.verdict import Verdict
from chargesim.network.network import Network
from chargesim.scenario.standard import Standard

COLUMNS = (
    "plan", "than", "title", "kpi", "scope", "key", "unit", "mean_than", "mean", "difference", "lower", "upper", "n",
    "endless_than", "endless", "vrf", "p", "better", "family", "sure",
)  # fmt: skip
TABLE, DISTRICTS = "table", "districts"
"""Families of comparisons within which Holm's correction is made."""
GIVEN_BY_PLAN = "given"
"""Family of what the plans themselves give: exact, and no evidence."""


@dataclass(frozen=True)
class Plan:
    """What a comparison needs of one plan's run; small beside its totals."""

    name: str
    about: str
    """days, lead-in and replications"""
    network: Network
    standard: Standard
    days: int
    replications: int
    kpis: pd.DataFrame = field(repr=False)
    """from `analysis.kpis.kpi_frame`"""
    verdict: Verdict = field(repr=False)
    values: dict[str, tuple[str, KpiValues]] = field(repr=False)
    """unit and values of every KPI by name"""
    given: dict[str, float]
    """what the plan itself gives"""
    use_by_site: Floats = field(repr=False)
    """[S] mean over replications [0..1]"""
    use_by_district_hour: Floats = field(repr=False)
    """[R, D, 24] of the public guns [0..1]"""
    load_mw: Floats = field(repr=False)
    """[R, Q] power of the city from the grid by judged quarter of an hour"""


@dataclass(frozen=True)
class Comparison:
    """Plans compared with the first of them, on the same vehicles.

    Attributes
    ----------
    plans : tuple of Plan
        The first is the one that the others are compared with.
    differences : DataFrame
        A row per KPI, scope, key and other plan, `COLUMNS`: `difference` is the plan less the first (`than`), with its two-sided
        95 % paired interval; `vrf` the variance-reduction factor; `family` the comparisons among which `sure` is claimed. The
        figures of the table come first, those that differ for sure and by most on top; then the districts, then all others.
    headline : Headline
        What the first sentence speaks of.
    notes : tuple of str
        What the plans differ in, and whether their vehicles are the same.
    """

    plans: tuple[Plan, ...]
    differences: pd.DataFrame
    headline: Headline
    notes: tuple[str, ...] = ()

    @property
    def others(self) -> tuple[Plan, ...]:
        """The plans that are compared with the first."""
        return self.plans[1:]

    def table(self, name: str, family: str = TABLE) -> pd.DataFrame:
        """Return the rows of one plan in one family, in their order; what the plans give is among the table.

        Parameters
        ----------
        name : str
            The plan.
        family : str
            ``table`` or ``districts``.
        """
        wanted = [family, GIVEN_BY_PLAN] if family == TABLE else [family]
        rows = self.differences
        return rows[(rows["plan"] == name) & rows["family"].isin(wanted)]

    def size(self, family: str) -> int:
        """Return the number of comparisons of a family."""
        return int((self.differences["family"] == family).sum())


def plan_of(name: str, result: RunResult, kpis: pd.DataFrame, verdict: Verdict) -> Plan:
    """Return what a comparison needs of a run.

    Parameters
    ----------
    name : str
        How the plan is called in tables and figures.
    result, kpis, verdict
        The run, its KPIs and its verdict.
    """
    scope_totals = ScopeTotals(result)
    return Plan(
        name=name,
        about=result.scope_text,
        network=result.network,
        standard=result.standard,
        days=result.days,
        replications=len(result.replications),
        kpis=kpis,
        verdict=verdict,
        values={
            kpi.name: (kpi.unit, _reported(kpi.compute(scope_totals), kpi.scopes))
            for kpi in kpi_table(result.thresholds_min)
        },
        given=result.given,
        use_by_site=use_by_site(result),
        use_by_district_hour=use_of_public_guns(result, scope_totals["busy_min"]),
        load_mw=scope_totals["district_kw"].sum(axis=(1, 2)) / 1000,
    )


def compare_plans(plans: Sequence[Plan], notes: Sequence[str] = ()) -> Comparison:
    """Compare plans with the first of them.

    Parameters
    ----------
    plans : sequence of Plan
        At least two, of the same districts and with the same replications of the same vehicles.
    notes : sequence of str
        What is to be said with the comparison.
    """
    first = plans[0]
    headlines = _table_headlines(first.standard)
    frame = pd.concat([_frame(other, first) for other in plans[1:]], ignore_index=True)
    keys = list(zip(frame["kpi"], frame["scope"], frame["key"], strict=True))
    frame["title"] = [headlines[key].title if key in headlines else "" for key in keys]
    frame["better"] = [headlines[key].better if key in headlines else "" for key in keys]
    headline = _headline(plans)
    in_district = (frame["kpi"] == headline.kpi) & (frame["scope"] == "cars_district")
    frame.loc[frame["title"].ne("") & frame["n"].gt(0), "family"] = TABLE
    frame.loc[in_district & frame["n"].gt(0), ["family", "better"]] = DISTRICTS, headline.better
    frame.loc[frame["kpi"].isin(first.given), "family"] = GIVEN_BY_PLAN
    frame["sure"] = False
    for family in (TABLE, DISTRICTS):
        chosen = frame["family"] == family
        if chosen.any():
            frame.loc[chosen, "sure"] = holm(frame.loc[chosen, "p"].fillna(1.0), alpha=1 - LEVEL)
    return Comparison(
        tuple(plans), _ordered(frame, headline)[list(COLUMNS)], headline, tuple(notes)
    )


def _reported(values: KpiValues, scopes: tuple[str, ...]) -> KpiValues:
    """Return the values of a KPI in the scopes in which it is reported."""
    chosen = [place for place, key in enumerate(values.keys) if key[0] in scopes]
    return replace(
        values,
        keys=tuple(values.keys[place] for place in chosen),
        by_replication=values.by_replication[:, chosen],
        pooled=None,
    )


def _table_headlines(standard: Standard) -> dict[tuple[str, str, str], Headline]:
    """Return the figures of the table by KPI, scope and key: what the standard judges, then what every comparison shows."""
    judged = [
        headline for headline in map(judged_headline, standard.criteria) if headline is not None
    ]
    return {headline.row_key: headline for headline in (*COMPARED, *judged)}


def _headline(plans: Sequence[Plan]) -> Headline:
    """Return what the first sentence speaks of: the first criterion on who is served in time, else the share served."""
    judged = [
        judged_headline(criterion)
        for criterion in plans[0].standard.criteria
        if criterion.measure == "served_within"
    ]
    known = [
        one for one in judged if one is not None and all(one.kpi in plan.values for plan in plans)
    ]
    return next(iter(known), Headline("served, all vehicles", "share_served", *CITY, "more"))


def _frame(plan: Plan, first: Plan) -> pd.DataFrame:
    """Return how every KPI of a plan differs from the first plan's."""
    frames = []
    for name, (unit, values) in first.values.items():
        if name not in plan.values:  # a threshold of waiting that only one standard names
            continue
        other = plan.values[name][1]
        keys = [key for key in values.keys if key in other.keys]
        before = values.by_replication[:, [values.keys.index(key) for key in keys]]
        after = other.by_replication[:, [other.keys.index(key) for key in keys]]
        paired = paired_differences(after, before)
        columns: dict[str, Any] = {
            "mean_than": t_intervals(before).mean,
            "mean": t_intervals(after).mean,
        }
        columns |= {
            "difference": paired.mean,
            "lower": paired.lower,
            "upper": paired.upper,
            "n": paired.n,
        }
        columns |= {
            "endless_than": np.isposinf(before).sum(axis=0),
            "endless": np.isposinf(after).sum(axis=0),
        }
        columns |= {"vrf": variance_reduction(after, before), "p": p_values(after, before)}
        scopes, names = [scope for scope, _ in keys], [key for _, key in keys]
        frames.append(
            pd.DataFrame({"kpi": name, "scope": scopes, "key": names, "unit": unit, **columns})
        )
    given = pd.DataFrame(
        {
            "kpi": list(first.given),
            "scope": CITY[0],
            "key": CITY[1],
            "unit": "share",
            "n": 0,
            "endless_than": 0,
            "endless": 0,
        }
    )
    given["mean_than"], given["mean"] = (
        list(first.given.values()),
        [plan.given.get(name, np.nan) for name in first.given],
    )
    for column in ("difference", "lower", "upper"):
        given[column] = given["mean"] - given["mean_than"]
    given["vrf"] = given["p"] = np.nan
    frame = pd.concat([*frames, given], ignore_index=True)
    return frame.assign(plan=plan.name, than=first.name, family="")


def _ordered(frame: pd.DataFrame, headline: Headline) -> pd.DataFrame:
    """Return the rows in the order of reading; the rows of one figure stand together, plan by plan."""
    figure = frame.groupby(["kpi", "scope", "key"], sort=False)
    rank = frame["family"].map({TABLE: 0, GIVEN_BY_PLAN: 1, DISTRICTS: 2, "": 3})
    first = (
        (frame["kpi"] == headline.kpi)
        & (frame["scope"] == headline.scope)
        & (frame["key"] == headline.key)
    )
    order = pd.DataFrame({"rank": rank, "rest": ~first, "figure": figure.ngroup()})
    told = frame["family"].isin([TABLE, DISTRICTS])
    order["unsure"] = told & ~figure["sure"].transform("any")
    size = _relative(frame).where(told, 0.0)
    order["small"] = -size.groupby(order["figure"]).transform("max")
    order["place"] = frame["plan"].map(
        {name: place for place, name in enumerate(frame["plan"].unique())}
    )
    columns = ["rank", "rest", "unsure", "small", "figure", "place"]
    return frame.loc[order.sort_values(columns, kind="stable").index].reset_index(drop=True)


def _relative(frame: pd.DataFrame) -> "pd.Series[float]":
    """Return the size of each change beside the mean of both values; a share above one half is measured by its rest."""
    one, other = frame["mean_than"], frame["mean"]
    shares = frame["unit"] == "share"
    measures = [side.where(~(shares & (side > 0.5)), 1 - side).abs() for side in (one, other)]
    size = frame["difference"].abs() / ((measures[0] + measures[1]) / 2)
    return size.replace([np.inf, -np.inf], np.nan).fillna(0.0)
