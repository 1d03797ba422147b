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
    "through_traffic": "of the through traffic",
}
_MOST_NAMES = 4


def first_sentence(comparison: Comparison) -> str:
    """Return the sentence that answers: which plan is better in what, by how much, how sure.

    Parameters
    ----------
    comparison : Comparison
        From `analysis.comparison.compare_plans`.
    """
    clauses = "; ".join(_clause(comparison, plan.name) for plan in comparison.others)
    rows = comparison.differences
    if comparison.plans[0].recorded:
        return (
            f"{clauses} ({100 * LEVEL:g} % paired intervals over the replications of one recorded "
            "log: that is one sample, so no difference is sure for other days)."
        )
    alike = rows["difference"].fillna(0).eq(0) & rows["endless"].eq(rows["endless_than"])
    if alike.all():
        return f"{clauses}, and nothing else differs."
    sure = [bool(_headline_row(comparison, plan.name)["sure"]) for plan in comparison.others]
    if len(sure) == 1:
        which = "" if sure[0] else "not "
    else:
        which = "all " if all(sure) else f"{sum(sure)} of {len(sure)} " if any(sure) else "none "
    return (
        f"{clauses} ({100 * LEVEL:g} % paired intervals; {which}sure after Holm's correction "
        f"over {comparison.size(TABLE)} comparisons{_layouts(comparison)})."
    )


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
    given = rows[(rows["family"] == GIVEN_BY_PLAN) & (rows["difference"].abs() > 1e-12)]
    rows = rows[rows["family"] == TABLE]
    sides = rows.apply(_side, axis=1) if len(rows) else pd.Series(dtype=str)
    lines = _layout_line(comparison, name)
    for side in ("better", "worse", "differs"):
        found = rows[sides == side]
        if len(found):
            more = len(found) - _MOST_NAMES
            lines.append(f"{side} for sure: {_named_changes(found.head(_MOST_NAMES))}")
            lines[-1] += f"; and {more} more" if more > 0 else ""
    same = rows[["difference", "lower", "upper"]].eq(0).all(axis=1)
    same &= rows["endless"].eq(rows["endless_than"])
    for words, count in (
        ("no sure difference", int((~rows["sure"] & ~same).sum())),
        ("the same in every replication", int(same.sum())),
    ):
        if count:
            lines.append(f"{words}: {count} of {len(rows)} figures")
    if len(given):
        lines.append(f"given by the plan: {_named_changes(given)}")
    return [*lines, *_district_line(comparison, name)]


def _layout_rule(comparison: Comparison) -> list[str]:
    """Return what several layouts mean for what is called sure."""
    over = comparison.over
    if over is None:
        return []
    return [
        f"Places are invented, so the plans were repeated on {len(over.seeds) - 1} more layouts "
        f"(layout seeds {over.seeds[1]} to {over.seeds[-1]}, {over.replications} replications "
        "each), paired within each. A sure difference is other than 0 in the compared runs and in "
        "the mean over the layouts: the larger of both p-values counts. layouts.csv has every "
        "layout, the mean and the spread."
    ]


def _layouts(comparison: Comparison) -> str:
    """Return over how many layouts a difference must hold to be sure."""
    return f" and over {len(comparison.over.seeds)} layouts" if comparison.over else ""


def _layout_line(comparison: Comparison, name: str) -> list[str]:
    """Return how much of the headline's difference is layout."""
    if comparison.over is None:
        return []
    row = comparison.over.table(_headline_row(comparison, name).to_frame().T).iloc[0]
    by_layout = [float(row[f"layout_{seed}"]) for seed in comparison.over.seeds]
    values = (float(row["mean"]), float(row["lower"]), float(row["upper"]))
    (mean, lower, upper), unit = _numbers(values, str(row["unit"]), signed=True)
    ends = (min(by_layout), float(row["lower"]), float(row["upper"]))
    (least, *_), _ = _numbers(ends, str(row["unit"]), signed=True)
    ends = (max(by_layout), *ends[1:])
    (most, *_), _ = _numbers(ends, str(row["unit"]), signed=True)
    return [
        f"over {len(by_layout)} layouts of the invented places, {comparison.headline.title}: "
        f"{mean}{unit} on average ({lower} to {upper}), by layout {least} to {most}"
    ]


def rules(comparison: Comparison) -> list[str]:
    """Return what the numbers of the table mean."""
    first, count = comparison.plans[0], len(comparison.others)
    size, plans = comparison.size(TABLE), f"{count} plan{'s' if count > 1 else ''}"
    return [
        f"Differences are plan less {first.name}, paired: the same vehicles in the same "
        f"{first.replications} replications. Intervals are two-sided at {100 * LEVEL:g} %, each "
        "by itself.",
        f"Sure: all differences that are called sure hold together at {100 * LEVEL:g} %. Each is "
        "other than 0 by the paired t-test, or by the sign test where all replications differ by "
        f"the same or are endless in one plan alone, after Holm's correction over the {size} "
        f"comparisons of the table ({size // max(count, 1)} figures x {plans} against "
        f"{first.name}). The districts are a family of their own "
        f"({comparison.size(DISTRICTS)} comparisons).",
        *_layout_rule(comparison),
        "VRF, variance-reduction factor: how many times as many replications independent runs "
        "would need for an interval as narrow, (var A + var B) / var (A - B); - where nothing "
        "varies.",
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
        words = f"endless in {row['endless']:.0f}, not {row['endless_than']:.0f}"
        return f"{words} replications" if with_unit else words
    if math.isnan(mean):
        return "-"
    numbers, unit = _numbers((mean, lower, upper), str(row["unit"]), signed=True)
    words = numbers[0] + (unit if with_unit else "")
    return words if lower == upper else f"{words} ({numbers[1]} to {numbers[2]})"


def _clause(comparison: Comparison, name: str) -> str:
    """Return how a plan serves beside the first."""
    row, headline = _headline_row(comparison, name), comparison.headline
    first, whom = comparison.plans[0].name, _WHOM.get(headline.key, "of all vehicles")
    minutes = headline.kpi.removeprefix("share_served_within_").removesuffix("_min")
    when = f" within {minutes} min" if minutes != headline.kpi else ""
    mean, lower, upper = (float(row[part]) for part in ("difference", "lower", "upper"))
    if math.isnan(mean):
        return f"the share {whom} that {name} and {first} serve{when} cannot be compared"
    if mean == lower == upper == 0:
        return f"{name} and {first} serve the same share {whom}{when} in every replication"
    if not row["sure"]:
        served = f"in the share {whom} that they serve{when}"
        return f"{name} and {first} show no sure difference {served}: {change(row)}"
    sizes = (mean, lower, upper) if mean > 0 else (-mean, -upper, -lower)
    (size, low, high), unit = _numbers(sizes, "share", signed=False)
    more = f"{size}{unit} {'more' if mean > 0 else 'fewer'}"
    return f"{name} serves {more} {whom}{when} than {first} ({low} to {high})"


def _headline_row(comparison: Comparison, name: str) -> "pd.Series[float]":
    """Return the difference of a plan that the first sentence is about."""
    rows = comparison.differences[comparison.differences["plan"] == name]
    named = zip(rows["kpi"], rows["scope"], rows["key"], strict=True)
    return rows.iloc[list(named).index(comparison.headline.row_key)]


def _side(row: "pd.Series[float]") -> str:
    """Return whether a figure is better, worse, merely different for sure, or unsure (empty)."""
    if not row["sure"]:
        return ""
    if not row["better"]:
        return "differs"
    return "better" if (float(row["difference"]) > 0) == (str(row["better"]) == "more") else "worse"


def _named_changes(rows: pd.DataFrame) -> str:
    """Return figures with their mean differences."""
    changes = [f"{row['title']} {change(row).partition(' (')[0]}" for _, row in rows.iterrows()]
    return "; ".join(changes)


def _district_line(comparison: Comparison, name: str) -> list[str]:
    """Return in how many districts a plan serves better, and where most and least."""
    rows = comparison.table(name, DISTRICTS)
    if rows.empty:
        return []
    sides = [_side(row) for _, row in rows.iterrows()]
    better, worse = sides.count("better"), sides.count("worse")
    parts = [
        f"districts, {comparison.headline.title}: {better} better for sure, {worse} worse, "
        f"{len(rows) - better - worse} without a sure difference"
    ]
    if better:
        most = rows.iloc[int(rows["difference"].argmax())]
        parts.append(f"most gained in {most['key']}, {change(most)}")
    if worse:
        least = rows.iloc[int(rows["difference"].argmin())]
        parts.append(f"most lost in {least['key']}, {change(least)}")
    return ["; ".join(parts)]


def _numbers(
    values: tuple[float, float, float], unit: str, *, signed: bool
) -> tuple[list[str], str]:
    """Return a mean and its bounds in as many digits as the interval allows, and their unit.

    Shares are in points.
    """
    points = unit.startswith("share")
    scaled = [100 * value if points else value for value in values]
    half = (scaled[2] - scaled[1]) / 2
    size = half if math.isfinite(half) and half > 0 else abs(scaled[0]) / 50
    decimals = min(4, max(0, -math.floor(math.log10(size / 2)))) if size > 0 else 0
    words = []
    for value in scaled:
        rounded = round(value, decimals) + 0.0 if math.isfinite(value) else value
        sign = "+" if signed and rounded else ""
        words.append(f"{rounded:{sign},.{decimals}f}" if math.isfinite(rounded) else "?")
    readable = unit.replace("1/day", "a day").replace("/day", " a day")
    return words, " points" if points else f" {readable}"
