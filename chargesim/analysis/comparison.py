"""Compare plans with the first of them on the same vehicles, replication by replication.

Intervals are single: each holds at 95 % by itself. A difference is sure only after Holm's
correction over all comparisons of its family: the figures of the table times the plans that are
compared with the first, or the districts times these plans. Where plans are compared over several
layouts, it must hold over these too. Of one recorded log no difference is sure: it is one sample,
however often it is played. A KPI of neither family is in the table of differences for
whoever looks it up; no claim is made of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from chargesim.analysis.headlines import COMPARED, Headline, judged_headline
from chargesim.analysis.intervals import holm
from chargesim.analysis.kpi_responses import KpiResponses, kpi_responses
from chargesim.analysis.over_layouts import OverLayouts
from chargesim.analysis.paired import LEVEL, pair_responses
from chargesim.analysis.profiles import use_by_site, use_of_public_guns
from chargesim.analysis.result import Floats, RunResult
from chargesim.analysis.scopes import CITY
from chargesim.analysis.verdict import Verdict
from chargesim.network.network import Network
from chargesim.scenario.standard import Standard

COLUMNS = (
    "plan", "than", "title", "kpi", "scope", "key", "unit", "mean_than", "mean", "difference",
    "lower", "upper", "n", "endless_than", "endless", "vrf", "vrf_lower", "vrf_upper", "p",
    "better", "family", "sure",
)  # fmt: skip
TABLE, DISTRICTS = "table", "districts"
"""Families of comparisons within which Holm's correction is made."""
GIVEN_BY_PLAN = "given"
"""Family of what the plans themselves give: exact, and no evidence."""


@dataclass(frozen=True)
class ComparedPlan:
    """What a comparison needs of one plan's run; small beside its totals."""

    name: str
    about: str
    """days, lead-in and replications"""
    network: Network
    standard: Standard
    days: int
    replications: int
    recorded: bool
    """whether all replications play one recorded log"""
    kpis: pd.DataFrame = field(repr=False)
    """from `analysis.kpis.kpi_frame`"""
    verdict: Verdict = field(repr=False)
    responses: KpiResponses = field(repr=False)
    """every KPI by replication"""
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
    plans : tuple of ComparedPlan
        The first is the one that the others are compared with.
    differences : DataFrame
        A row per KPI, scope, key and other plan, `COLUMNS`: `difference` is the plan less the
        first (`than`), with its two-sided 95 % paired interval; `vrf` the variance-reduction
        factor, with its 95 % bounds; `family` the comparisons over which `sure` is corrected. The
        figures of the table come first, with sure and large differences on top; then the
        districts, then all others.
    headline : Headline
        The KPI of the first sentence.
    notes : tuple of str
        What the plans differ in, and whether their vehicles are the same.
    """

    plans: tuple[ComparedPlan, ...]
    differences: pd.DataFrame
    headline: Headline
    notes: tuple[str, ...] = ()
    over: OverLayouts | None = None
    """the same plans on other synthetic layouts"""

    @property
    def others(self) -> tuple[ComparedPlan, ...]:
        """The plans that are compared with the first."""
        return self.plans[1:]

    def table(self, name: str, family: str = TABLE) -> pd.DataFrame:
        """Return the rows of one plan in one family; the table has what the plans give as well.

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


def compared_plan(
    name: str, result: RunResult, kpis: pd.DataFrame, verdict: Verdict
) -> ComparedPlan:
    """Return what a comparison needs of a run.

    Parameters
    ----------
    name : str
        How the plan is called in tables and figures.
    result, kpis, verdict
        The run, its KPIs and its verdict.
    """
    replications = result.replications
    busy_min = np.stack([run.busy_min for run in replications]).astype(np.float64)
    return ComparedPlan(
        name=name,
        about=result.scope_text,
        network=result.network,
        standard=result.standard,
        days=result.days,
        replications=len(replications),
        recorded=result.recorded,
        kpis=kpis,
        verdict=verdict,
        responses=kpi_responses(result),
        use_by_site=use_by_site(result),
        use_by_district_hour=use_of_public_guns(result, busy_min),
        load_mw=np.stack([run.district_kw for run in replications]).sum(axis=(1, 2)) / 1000,
    )


def compare_plans(
    plans: Sequence[ComparedPlan], notes: Sequence[str] = (), over: OverLayouts | None = None
) -> Comparison:
    """Compare plans with the first of them.

    Parameters
    ----------
    plans : sequence of ComparedPlan
        At least two, of the same districts and with the same replications of the same vehicles.
    notes : sequence of str
        What is to be said with the comparison.
    over : OverLayouts, optional
        The same plans on other layouts: a difference is then sure only if it is one in the compared
        runs and in the mean over layouts, so the larger of both p-values counts.
    """
    first = plans[0]
    headlines = _table_headlines(first.standard)
    frame = pd.concat([_differences(other, first) for other in plans[1:]], ignore_index=True)
    keys = list(zip(frame["kpi"], frame["scope"], frame["key"], strict=True))
    frame["title"] = [headlines[key].title if key in headlines else "" for key in keys]
    frame["better"] = [headlines[key].better if key in headlines else "" for key in keys]
    headline = _headline(plans)
    in_district = (frame["kpi"] == headline.kpi) & (frame["scope"] == "cars_district")
    frame.loc[frame["title"].ne("") & frame["n"].gt(0), "family"] = TABLE
    frame.loc[in_district & frame["n"].gt(0), ["family", "better"]] = DISTRICTS, headline.better
    frame.loc[frame["given"], "family"] = GIVEN_BY_PLAN
    if over is not None:
        frame["p"] = np.maximum(frame["p"], over.table(frame)["p"].fillna(1.0))
        frame.loc[frame["given"], "p"] = np.nan
    if first.recorded:  # one sample: the replications differ in taste and outages alone
        frame["p"] = np.nan
    frame["sure"] = False
    for family in (TABLE, DISTRICTS):
        chosen = frame["family"] == family
        if chosen.any():
            frame.loc[chosen, "sure"] = holm(frame.loc[chosen, "p"].fillna(1.0), alpha=1 - LEVEL)
    return Comparison(
        tuple(plans), _ordered(frame, headline)[list(COLUMNS)], headline, tuple(notes), over
    )


def _table_headlines(standard: Standard) -> dict[tuple[str, str, str], Headline]:
    """Return the figures of the table: those of every comparison and those that are judged."""
    judged = [
        headline for headline in map(judged_headline, standard.criteria) if headline is not None
    ]
    return {headline.row_key: headline for headline in (*COMPARED, *judged)}


def _headline(plans: Sequence[ComparedPlan]) -> Headline:
    """Return the KPI of the first sentence: the first on service in time, else the share served."""
    judged = [
        judged_headline(criterion)
        for criterion in plans[0].standard.criteria
        if criterion.measure == "served_within"
    ]
    known = [
        one
        for one in judged
        if one is not None and all(one.row_key in plan.responses.columns for plan in plans)
    ]
    return next(iter(known), Headline("served, all vehicles", "share_served", *CITY, "more"))


def _differences(plan: ComparedPlan, first: ComparedPlan) -> pd.DataFrame:
    """Return how every KPI of a plan differs from the first plan's."""
    frame = pair_responses(plan.responses, first.responses)
    given = frame["given"]  # exact: neither replications nor a test are behind it
    frame.loc[given, "lower"] = frame.loc[given, "upper"] = frame.loc[given, "difference"]
    frame.loc[given, "n"] = 0
    frame.loc[given, ["vrf", "vrf_lower", "vrf_upper", "p"]] = np.nan
    return frame[frame["reported"]].assign(plan=plan.name, than=first.name, family="")


def _ordered(frame: pd.DataFrame, headline: Headline) -> pd.DataFrame:
    """Return the rows in the order of reading; the rows of one figure together, plan by plan."""
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
    """Return each change over the mean of both values; of a share above one half over its rest."""
    one, other = frame["mean_than"], frame["mean"]
    shares = frame["unit"] == "share"
    measures = [side.where(~(shares & (side > 0.5)), 1 - side).abs() for side in (one, other)]
    size = frame["difference"].abs() / ((measures[0] + measures[1]) / 2)
    return size.replace([np.inf, -np.inf], np.nan).fillna(0.0)
