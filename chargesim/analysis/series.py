"""Compare the variants of a series: one long frame, paired differences, and what becomes of each criterion."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from chargesim.analysis.criteria import CriterionVerdict
from chargesim.analysis.kpi_table import kpi_table
from chargesim.analysis.paired import paired_difference
from chargesim.analysis.result import Floats, RunResult
from chargesim.analysis.scope_totals import ScopeTotals
from chargesim.analysis.standing import sentence, sentence_by_line
from chargesim.analysis.verdict import Verdict
from chargesim.scenario.series import Series, Value

COLUMNS = ("line", "value", "kpi", "scope", "key", "mean", "lower", "upper", "unit", "n")
WHOLE = "the whole standard"
"""Name of the verdict among the criteria."""
Named = tuple[str, str, str]
"""A KPI with its scope and key."""


@dataclass(frozen=True)
class Outcome:
    """What one variant leaves behind for the comparison; small enough to come back from a worker process."""

    line: str
    value: Value | None
    slug: str
    kpis: pd.DataFrame
    verdict: Verdict
    shown: dict[Named, Floats]
    """values of the shown KPIs in each replication [R]"""
    load_mw: Floats
    """[96] power of the city from the grid by quarter of an hour of the day, mean over days and replications"""
    supply: dict[str, float]
    """what stands in this variant: stations, guns, swap sites, vehicles"""
    about: str
    """scenario, days and replications, printed under the figure"""
    label: str
    """how the places came about"""

    @property
    def name(self) -> str:
        """Line and value as one reads them."""
        return self.line if self.value is None else f"{self.line}, {self.value}"


@dataclass(frozen=True)
class Standing:
    """What becomes of one criterion along the values of a line, or over the lines where there are no values."""

    line: str
    """empty where the sentence speaks of all lines"""
    criterion: str
    values: tuple[Value | str, ...]
    """the values of the line, or the lines"""
    states: tuple[str, ...]
    sentence: str


def shown_kpis(series: Series) -> list[Named]:
    """Return the KPIs of the panels `kpi`, each once, in order."""
    named = [
        (shown.kpi, *shown.place)
        for shown in series.show
        if shown.panel == "kpi" and shown.kpi is not None
    ]
    return list(dict.fromkeys(named))


def replication_values(result: RunResult, kpis: Sequence[Named]) -> dict[Named, Floats]:
    """Return the value of some KPIs in each replication.

    Parameters
    ----------
    result : RunResult
        The run.
    kpis : sequence of (kpi, scope, key)
        Which ones.

    Returns
    -------
    dict of array of float, [R]
        In the unit of the KPI; NaN where it is not defined, or not known in this scope.
    """
    if not kpis:
        return {}
    totals = ScopeTotals(result)
    table = {kpi.name: kpi for kpi in kpi_table(result.thresholds_min)}
    count, found = len(result.replications), {}
    for name, scope, key in kpis:
        values = np.full(count, result.given.get(name, np.nan))
        if name in table:
            computed = table[name].compute(totals)
            if (scope, key) in computed.keys:
                values = computed.by_replication[:, computed.keys.index((scope, key))]
        found[name, scope, key] = np.asarray(values, dtype=np.float64)
    return found


def series_frame(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Return all KPIs of all variants: line, value, kpi, scope, key, mean, lower, upper (95 %), unit, n."""
    frames = [
        outcome.kpis.assign(line=outcome.line, value="" if outcome.value is None else outcome.value)
        for outcome in outcomes
    ]
    return pd.concat(frames, ignore_index=True)[list(COLUMNS)]


def difference_frame(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Return how the shown KPIs of each variant differ from those of the first, replication by replication.

    In a series with values, lines are compared with the first line at the same value as well.

    Parameters
    ----------
    outcomes : sequence of Outcome
        The first is the one that the others are compared with.

    Returns
    -------
    DataFrame
        line, value, than_line, than_value, kpi, scope, key, mean, lower, upper (two-sided 95 % Student-t over the
        differences), unit, n (replications in which both are defined).
    """
    first = outcomes[0]
    at_first_line = {outcome.value: outcome for outcome in outcomes if outcome.line == first.line}
    rows = []
    for outcome in outcomes[1:]:
        others = [first]
        beside = at_first_line.get(outcome.value)
        if beside is not None and beside not in (first, outcome):
            others.append(beside)
        for other in others:
            rows += [_difference(outcome, other, kpi) for kpi in outcome.shown]
    columns = ("line", "value", "than_line", "than_value", *COLUMNS[2:])
    return pd.DataFrame(rows, columns=list(columns))


def _difference(outcome: Outcome, other: Outcome, kpi: Named) -> dict[str, Any]:
    """Return one row of the differences."""
    name, scope, key = kpi
    units = outcome.kpis.loc[outcome.kpis["kpi"] == name, "unit"]
    interval = paired_difference(outcome.shown[kpi], other.shown[kpi])
    return {
        "line": outcome.line,
        "value": "" if outcome.value is None else outcome.value,
        "than_line": other.line,
        "than_value": "" if other.value is None else other.value,
        "kpi": name,
        "scope": scope,
        "key": key,
        "mean": interval.mean,
        "lower": interval.lower,
        "upper": interval.upper,
        "unit": units.iloc[0] if len(units) else "",
        "n": interval.n,
    }


def criterion_state(item: CriterionVerdict) -> str:
    """Return the state of a criterion; one that the plan gives is ``given`` where it reaches its threshold, else ``short``."""
    if item.verdict != "given" or np.isnan(item.allowance_used):
        return item.verdict if item.verdict != "given" else "nothing"
    return "given" if item.allowance_used <= 1 + 1e-12 else "short"


def states(outcome: Outcome) -> dict[str, str]:
    """Return the state of the whole standard and of each criterion."""
    return {
        WHOLE: outcome.verdict.verdict,
        **{item.name: criterion_state(item) for item in outcome.verdict.criteria},
    }


def by_line(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """Return the outcomes of each line in the order of their values."""
    lines: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        lines.setdefault(outcome.line, []).append(outcome)
    return lines


def common_label(outcomes: Sequence[Outcome]) -> str:
    """Return what the labels of all variants have in common, part by part."""
    first, *others = (outcome.label.split(", ") for outcome in outcomes)
    return ", ".join(part for part in first if all(part in other for other in others))


def standings(outcomes: Sequence[Outcome]) -> list[Standing]:
    """Return what becomes of each criterion, and of the whole standard first.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Line by line in the order of the values.
    """
    if outcomes[0].value is None:
        return _over(list(outcomes), [outcome.line for outcome in outcomes], "")
    told = []
    for line, members in by_line(outcomes).items():
        told += _over(
            members, [outcome.value for outcome in members if outcome.value is not None], line
        )
    return told


def _over(members: list[Outcome], values: Sequence[Value], line: str) -> list[Standing]:
    """Return the standings of one line, or of all lines where there are no values."""
    every = [states(outcome) for outcome in members]
    names = dict.fromkeys(name for known in every for name in known)
    told = []
    for name in names:
        course = tuple(known.get(name, "nothing") for known in every)
        words = (
            sentence(values, course, _used(members, name))
            if line
            else sentence_by_line([str(value) for value in values], course)
        )
        told.append(Standing(line, name, tuple(values), course, f"{name}: {words}"))
    return told


def _used(members: list[Outcome], name: str) -> list[float] | None:
    """Return a criterion's failures over its allowance in each variant; None for the whole standard."""
    found = [
        item.allowance_used
        for outcome in members
        for item in outcome.verdict.criteria
        if item.name == name
    ]
    return found if len(found) == len(members) else None


def changes(outcomes: Sequence[Outcome]) -> list[tuple[str, Value, Value]]:
    """Return the neighbours between which a criterion changes: line, value before, value after; the weightiest first.

    A change of the verdict weighs more than all changes of single criteria, one from meets to fails more than one that
    is inconclusive on a side; what the plan gives is left out.
    """
    found = []
    for line, members in by_line(outcomes).items():
        for before, after in pairwise(members):
            old, new = states(before), states(after)
            judged = [
                name
                for name in old
                if name in new and {old[name], new[name]} <= {"meets", "fails", "inconclusive"}
            ]
            weight = sum(
                (10 if "inconclusive" not in (old[name], new[name]) else 1)
                * (old[name] != new[name])
                for name in judged
            )
            weight += 100 * (old[WHOLE] != new[WHOLE])
            if weight and before.value is not None and after.value is not None:
                found.append((weight, line, before.value, after.value))
    return [
        (line, before, after)
        for _, line, before, after in sorted(found, key=lambda change: -change[0])
    ]
