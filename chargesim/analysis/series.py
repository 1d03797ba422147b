"""Compare the variants of a series: one long table, paired differences, trends of the criteria."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from chargesim.analysis.kpi_responses import KpiResponses, Named
from chargesim.analysis.paired import pair_responses
from chargesim.analysis.result import Floats
from chargesim.analysis.trend_text import WHOLE, criterion_states, trend_by_line, trend_sentence
from chargesim.analysis.verdict import Verdict
from chargesim.scenario.series import Series, Value

COLUMNS = ("line", "value", "kpi", "scope", "key", "mean", "lower", "upper", "unit", "n")


@dataclass(frozen=True)
class VariantResult:
    """What the comparison needs of one variant; small, so that a worker process can return it."""

    line: str
    value: Value | None
    slug: str
    kpis: pd.DataFrame
    verdict: Verdict
    shown: KpiResponses
    """the KPIs that the series shows, by replication"""
    load_mw: Floats
    """[96] power of the city from the grid by quarter of an hour of the day, mean over days and
    replications"""
    supply: dict[str, float]
    """what is built in this variant, and how many vehicles there are"""
    about: str
    """scenario, days and replications, printed under the figure"""
    label: str
    """where the sites come from"""

    @property
    def name(self) -> str:
        """Line and value in one phrase."""
        return self.line if self.value is None else f"{self.line}, {self.value}"

    @property
    def value_cell(self) -> Value:
        """The value as tables hold it: empty in a series without values."""
        return "" if self.value is None else self.value

    def estimate(self, named: Named) -> dict[str, Any]:
        """Return mean, interval, unit and n of one KPI; NaN where the variant has none."""
        name, scope, key = named
        rows = self.kpis[self.kpis["kpi"] == name]
        unit = next(iter(rows["unit"]), "")
        found = rows[(rows["scope"] == scope) & (rows["key"] == key)].head(1)
        parts = ("mean", "lower", "upper")
        numbers = {part: float(next(iter(found[part]), float("nan"))) for part in parts}
        n = int(next(iter(found["n"]), 0))
        return {"kpi": name, "scope": scope, "key": key, **numbers, "unit": unit, "n": n}


@dataclass(frozen=True)
class CriterionTrend:
    """How one criterion develops along the values of a line, or over the lines without values."""

    line: str
    """empty where the sentence is about all lines"""
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


def series_frame(variants: Sequence[VariantResult]) -> pd.DataFrame:
    """Return all KPIs of all variants, `COLUMNS`: a row each, with its two-sided 95 % interval."""
    frames = [one.kpis.assign(line=one.line, value=one.value_cell) for one in variants]
    return pd.concat(frames, ignore_index=True)[list(COLUMNS)]


def difference_frame(variants: Sequence[VariantResult]) -> pd.DataFrame:
    """Return how the shown KPIs of each variant differ from the first variant's, in pairs.

    In a series with values each line is compared with the first line at the same value as well.

    Parameters
    ----------
    variants : sequence of VariantResult
        The first is the one that the others are compared with.

    Returns
    -------
    DataFrame
        line, value, than_line, than_value, kpi, scope, key, mean, lower, upper (two-sided 95 %,
        over the paired differences), unit, n (replications in which both are defined).
    """
    columns = ["line", "value", "than_line", "than_value", *COLUMNS[2:]]
    frames = [
        pair_responses(one.shown, than.shown, one.shown.names)
        .drop(columns="mean")
        .rename(columns={"difference": "mean"})
        .assign(
            line=one.line, value=one.value_cell, than_line=than.line, than_value=than.value_cell
        )
        for one, than in _pairs(variants)
    ]
    return (
        pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame([], None, columns)
    )


def _pairs(variants: Sequence[VariantResult]) -> Iterator[tuple[VariantResult, VariantResult]]:
    """Give each variant with those that it is compared with."""
    first = variants[0]
    at_first_line = {one.value: one for one in variants if one.line == first.line}
    for one in variants[1:]:
        yield one, first
        beside = at_first_line.get(one.value)
        if beside is not None and beside not in (first, one):
            yield one, beside


def by_line(variants: Sequence[VariantResult]) -> dict[str, list[VariantResult]]:
    """Return the variants of each line in the order of their values."""
    lines: dict[str, list[VariantResult]] = {}
    for one in variants:
        lines.setdefault(one.line, []).append(one)
    return lines


def common_label(labels: Iterable[str]) -> str:
    """Return what several labels have in common, part by part."""
    first, *others = (label.split(", ") for label in labels)
    return ", ".join(part for part in first if all(part in other for other in others))


def criterion_trends(variants: Sequence[VariantResult]) -> list[CriterionTrend]:
    """Return how the whole standard, and then each criterion, develops.

    Parameters
    ----------
    variants : sequence of VariantResult
        Line by line in the order of the values.
    """
    if variants[0].value is None:
        return _trends(variants, [one.line for one in variants], "")
    trends = []
    for line, members in by_line(variants).items():
        values = [one.value for one in members if one.value is not None]
        trends += _trends(members, values, line)
    return trends


def _trends(
    members: Sequence[VariantResult], values: Sequence[Value], line: str
) -> list[CriterionTrend]:
    """Return the trends of one line, or over all lines where there are no values."""
    known = [criterion_states(one.verdict) for one in members]
    trends = []
    for name in dict.fromkeys(name for states in known for name in states):
        course = tuple(states.get(name, "nothing") for states in known)
        if line:
            words = trend_sentence(values, course, _allowance_used(members, name))
        else:
            words = trend_by_line([str(value) for value in values], course)
        trends.append(CriterionTrend(line, name, tuple(values), course, f"{name}: {words}"))
    return trends


def _allowance_used(members: Sequence[VariantResult], name: str) -> list[float] | None:
    """Return a criterion's failures over its allowance by variant; None for the whole standard."""
    found = [
        item.allowance_used for one in members for item in one.verdict.criteria if item.name == name
    ]
    return found if len(found) == len(members) else None


def changes(variants: Sequence[VariantResult]) -> list[tuple[str, Value, Value]]:
    """Return the neighbours between which a criterion changes: line, value before, value after.

    The weightiest come first. A change of the verdict weighs more than all changes of single
    criteria, one from meets to fails more than one that is inconclusive on a side; what the plan
    gives is left out.
    """
    found = []
    for line, members in by_line(variants).items():
        for before, after in pairwise(members):
            weight = _weight(criterion_states(before.verdict), criterion_states(after.verdict))
            if weight and before.value is not None and after.value is not None:
                found.append((weight, line, before.value, after.value))
    found.sort(key=lambda change: -change[0])
    return [change[1:] for change in found]


def _weight(old: dict[str, str], new: dict[str, str]) -> int:
    """Return how much the states of two neighbours differ; 0 where none does."""
    weight = 100 * (old[WHOLE] != new[WHOLE])
    for name, state in old.items():
        states = {state, new.get(name, "nothing")}
        if len(states) == 2 and states <= {"meets", "fails", "inconclusive"}:
            weight += 1 if "inconclusive" in states else 10
    return weight
