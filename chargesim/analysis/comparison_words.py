"""Say in words how plans differ: which serves better, by how much, how sure."""

import math

import pandas as pd

from chargesim.analysis.comparison import DISTRICTS, GIVEN_BY_PLAN, TABLE, Comparison
from chargesim.analysis.paired import LEVEL

_WHOM = {
    "cars": "of the cars",
    "trucks": "of the trucks",
    "swap": "of the cars that swap",
    "truck_swap": "of the trucks that swap",
}
_MOST_NAMES = 4


def first_sentence(comparison: Comparison) -> str:
    """Return the sentence that answers: which plan is better in what, by how much, how sure.

    Parameters
    ----------
    comparison : Comparison
        From `analysis.comparison.compare_plans`.
    """
    clauses = [_clause(comparison, plan.name) for plan in comparison.others]
    rows = comparison.differences
    if (rows["difference"].fillna(0) == 0).all() and (
        rows["endless"] == rows["endless_than"]
    ).all():
        return f"{'; '.join(clauses)}, and nothing else differs."
    sure = [bool(_headline_row(comparison, plan.name)["sure"]) for plan in comparison.others]
    whole = f"{100 * LEVEL:g} % paired intervals"
    which = (
        ("" if len(sure) == 1 else "all ")
        if all(sure)
        else f"{sum(sure)} of {len(sure)} "
        if any(sure)
        else "not " * (len(sure) == 1) or "none "
    )
    return f"{'; '.join(clauses)} ({whole}; {which}sure after Holm's correction over {comparison.size(TABLE)} comparisons)."


def plan_lines(comparison: Comparison, name: str) -> list[str]:
    """Return in what a plan is better, worse or different for sure, and in how many districts.

    Parameters
    ----------
    comparison : Comparison
        From `analysis.comparison.compare_plans`.
    name : str
        A plan other than the first.
    """
    rows = comparison.table(name)
    rows = rows[rows["family"] == TABLE]
    sides = {
        side: rows[[_side(row) == side for _, row in rows.iterrows()]]
        for side in ("better", "worse", "differs")
    }
    lines = []
    for side, words in (
        ("better", "better for sure"),
        ("worse", "worse for sure"),
        ("differs", "differs for sure"),
    ):
        if len(sides[side]):
            named = [_with_change(row) for _, row in sides[side].head(_MOST_NAMES).iterrows()]
            more = len(sides[side]) - len(named)
            lines.append(f"{words}: {'; '.join(named)}" + (f"; and {more} more" if more else ""))
    same = (rows[["difference", "lower", "upper"]] == 0).all(axis=1) & (
        rows["endless"] == rows["endless_than"]
    )
    for words, count in (
        ("not told apart", int((~rows["sure"] & ~same).sum())),
        ("the same in every replication", int(same.sum())),
    ):
        if count:
            lines.append(f"{words}: {count} of {len(rows)} figures")
    return [*lines, *_given_line(comparison, name), *_district_line(comparison, name)]


def rules(comparison: Comparison) -> list[str]:
    """Return what the numbers of the table mean."""
    first, count = comparison.plans[0].name, len(comparison.others)
    plans = f"{count} plan{'s' if count > 1 else ''} against {first}"
    return [
        f"Differences are paired: the same vehicles in the same {comparison.plans[0].replications} replications, plan less {first}; "
        f"intervals are two-sided at {100 * LEVEL:g} %, each by itself.",
        "Sure: differs from 0 by the paired t-test, or the sign test where all replications differ by the same or are endless in one "
        f"plan alone, after Holm's correction over the {comparison.size(TABLE)} comparisons of the table "
        f"({comparison.size(TABLE) // max(count, 1)} figures x {plans}), so that all claims together hold at {100 * LEVEL:g} %. "
        f"The districts are a family of their own ({comparison.size(DISTRICTS)} comparisons).",
        "VRF: (var A + var B) / var (A - B), how many times the replications independent runs would need for the same interval; "
        "- where nothing varies.",
    ]


def change(row: "pd.Series[float]", *, with_unit: bool = True) -> str:
    """Return a difference with its interval, for example ``+3.1 points (+2.9 to +3.3)``.

    Parameters
    ----------
    row : Series
        A row of `Comparison.differences`.
    with_unit : bool
        False: the numbers alone; shares are in points all the same.
    """
    mean, lower, upper = (float(row[name]) for name in ("difference", "lower", "upper"))
    if row["endless"] != row["endless_than"]:
        return f"endless in {row['endless']:.0f}, not {row['endless_than']:.0f}{' replications' * with_unit}"
    if math.isnan(mean):
        return "-"
    numbers, unit = _numbers((mean, lower, upper), str(row["unit"]), signed=True)
    return (
        numbers[0]
        + (unit if with_unit else "")
        + ("" if lower == upper else f" ({numbers[1]} to {numbers[2]})")
    )


def _clause(comparison: Comparison, name: str) -> str:
    """Return how a plan serves beside the first."""
    row, headline, first = (
        _headline_row(comparison, name),
        comparison.headline,
        comparison.plans[0].name,
    )
    whom = _WHOM.get(headline.key, "of all vehicles")
    minutes = headline.kpi.removeprefix("share_served_within_").removesuffix("_min")
    when = f" within {minutes} min" if minutes != headline.kpi else ""
    mean, lower, upper = (float(row[part]) for part in ("difference", "lower", "upper"))
    if math.isnan(mean):
        return f"{name} and {first} have nothing to compare in what they serve {whom}{when}"
    if mean == lower == upper == 0:
        return f"{name} and {first} serve the same share {whom}{when} in every replication"
    if not row["sure"]:
        return f"{name} and {first} are not told apart in the share {whom} that they serve{when}: {change(row)}"
    sizes = (mean, lower, upper) if mean > 0 else (-mean, -upper, -lower)
    (size, low, high), unit = _numbers(sizes, "share", signed=False)
    return f"{name} serves {size}{unit} {'more' if mean > 0 else 'fewer'} {whom}{when} than {first} ({low} to {high})"


def _headline_row(comparison: Comparison, name: str) -> "pd.Series[float]":
    rows, headline = comparison.differences, comparison.headline
    named = (
        (rows["kpi"] == headline.kpi)
        & (rows["scope"] == headline.scope)
        & (rows["key"] == headline.key)
    )
    return rows[named & (rows["plan"] == name)].iloc[0]


def _side(row: "pd.Series[float]") -> str:
    """Return whether a figure is better, worse, merely different for sure, or unsure (empty)."""
    if not row["sure"]:
        return ""
    if not row["better"]:
        return "differs"
    return "better" if (float(row["difference"]) > 0) == (str(row["better"]) == "more") else "worse"


def _with_change(row: "pd.Series[float]") -> str:
    return f"{row['title']} {change(row).partition(' (')[0]}"


def _given_line(comparison: Comparison, name: str) -> list[str]:
    """Return how a plan differs in what the plans themselves give."""
    rows = comparison.table(name)
    changed = rows[(rows["family"] == GIVEN_BY_PLAN) & (rows["difference"].abs() > 1e-12)]
    return (
        [f"given by the plan: {'; '.join(_with_change(row) for _, row in changed.iterrows())}"]
        if len(changed)
        else []
    )


def _district_line(comparison: Comparison, name: str) -> list[str]:
    """Return in how many districts a plan serves better, and where most and least."""
    rows = comparison.table(name, DISTRICTS)
    if rows.empty:
        return []
    sides = [_side(row) for _, row in rows.iterrows()]
    better, worse = sides.count("better"), sides.count("worse")
    line = f"districts, {comparison.headline.title}: {better} better for sure, {worse} worse, {len(rows) - better - worse} not told apart"
    ends = []
    for word, count, place in (("most gained", better, "idxmax"), ("most lost", worse, "idxmin")):
        if count:
            row = rows.loc[getattr(rows["difference"], place)()]
            ends.append(f"{word} in {row['key']}, {change(row)}")
    return ["; ".join([line, *ends])]


def _numbers(
    values: tuple[float, float, float], unit: str, *, signed: bool
) -> tuple[list[str], str]:
    """Return a mean and its bounds with as many digits as the interval allows, and their unit; shares in points."""
    points = unit.startswith("share")
    scaled = [100 * value if points else value for value in values]
    half = (scaled[2] - scaled[1]) / 2
    size = half if math.isfinite(half) and half > 0 else abs(scaled[0]) / 50
    decimals = min(4, max(0, -math.floor(math.log10(size / 2)))) if size > 0 else 0
    rounded = [round(value, decimals) + 0.0 if math.isfinite(value) else value for value in scaled]
    words = [
        f"{value:{'+' if signed and value else ''},.{decimals}f}" if math.isfinite(value) else "?"
        for value in rounded
    ]
    return (
        words,
        " points" if points else f" {unit.replace('1/day', 'a day').replace('/day', ' a day')}",
    )
