"""Print a verdict and its KPIs so that a planner understands them without the manual."""

from collections.abc import Mapping
from math import isnan

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from chargesim.analysis.criteria import CriterionVerdict
from chargesim.analysis.gun_use import UseBeside, observed_text
from chargesim.analysis.headlines import HEADLINES
from chargesim.analysis.kpis import kpi_value
from chargesim.analysis.result import RunResult
from chargesim.analysis.verdict import Verdict, nearest_to_breaking
from chargesim.runs.precision import Reached
from chargesim.scenario.observed import Anchor
from chargesim.view.wording import amount, bounds, interval, percent, threshold

STYLES = {
    "meets": "bold green",
    "fails": "bold red",
    "inconclusive": "bold yellow",
    "incomplete": "bold yellow",
    "given": "dim",
}
_ANSWERS = {
    "meets": "The plan MEETS the standard",
    "fails": "The plan FAILS the standard",
    "inconclusive": "INCONCLUSIVE",
    "incomplete": "INCOMPLETE: no verdict",
}
LEAST_REPLICATIONS = 20
"""Replications below which the terminal warns of a run that is judged once."""


def print_verdict(
    console: Console, result: RunResult, verdict: Verdict, kpis: pd.DataFrame
) -> None:
    """Print the verdict in a few lines, then its criteria and the headline KPIs.

    Parameters
    ----------
    console : Console
        Where to print.
    result : RunResult
        The run; gives the title.
    verdict : Verdict
        From `analysis.verdict.judge`.
    kpis : DataFrame
        From `analysis.kpis.kpi_frame`.
    """
    console.print(Text(result.title, style="bold"))
    console.print(_answer(verdict))
    for line in _lines(verdict):
        console.print(Text(line))
    console.print(_criteria_table(verdict))
    for item in verdict.criteria:
        if item.note:
            console.print(Text(f"  {item.name}: {item.note}", style="dim"))
    console.print(_headline_table(kpis, result))
    console.print(Text(f"{verdict.scope}; {verdict.label}", style="dim"))
    if verdict.verdict != "incomplete":
        console.print(Text(f"Not covered: {verdict.not_covered}", style="dim"))


def _answer(verdict: Verdict) -> Text:
    """Return the line that answers the question."""
    text = Text(_ANSWERS[verdict.verdict], style=STYLES[verdict.verdict])
    if verdict.verdict == "inconclusive":
        text.append(f": {verdict.too_few or 'too close to call'}")
    if verdict.verdict in ("meets", "fails"):
        text.append(f" at {100 * verdict.confidence:g} % confidence", style="bold")
    look = f", look {verdict.look} of at most {verdict.looks}" if verdict.looks > 1 else ""
    text.append(f" ({verdict.replications} of {verdict.planned_replications} replications{look})")
    return text


def _lines(verdict: Verdict) -> list[str]:
    """Return the lines under the answer: assumption, nearest criterion, worst district and hour."""
    lines = [f"Assumed: {verdict.share_text}", *_use_lines(verdict.gun_use)]
    if (
        verdict.planned_replications < LEAST_REPLICATIONS
        and verdict.looks == 1
        and verdict.verdict != "incomplete"
    ):
        lines.append(
            f"Only {verdict.planned_replications} replications: a first look; "
            f"{LEAST_REPLICATIONS} are usual"
        )
    nearest = nearest_to_breaking(verdict)
    if nearest is not None:
        lines.append(_nearest_line(nearest))
        worst = [one for one in (nearest.worst_district, nearest.worst_hour) if one]
        lines.append(
            f"Worst: {', '.join(worst)} (by that criterion)"
            if worst
            else "Worst: nowhere, nothing failed there"
        )
    if verdict.note:
        lines.append(f"Note: {verdict.note}")
    return lines


def _use_lines(use: UseBeside) -> list[str]:
    """Return the simulated use of the guns, and what is observed elsewhere."""
    if isnan(use.kwh_per_gun_day):
        return []
    lines = [
        f"Simulated: {use.sessions_per_gun_day:.1f} sessions and {use.kwh_per_gun_day:,.0f} kWh "
        f"of a gun and day, {use.busy_share:.0%} of the time"
    ]
    observed = observed_text([Anchor(**one) for one in use.observed])
    return [*lines, f"Observed elsewhere, a gun and day: {observed}"] if observed else lines


def _nearest_line(item: CriterionVerdict) -> str:
    """Return the sentence about the criterion nearest to breaking."""
    limits = f" ({bounds(item)})" if item.lower != item.upper else ""
    value = f"{amount(item.estimate, item.unit)}{limits}, needs {threshold(item)}"
    if item.verdict == "incomplete":
        return f"Nearest to breaking in what is there: {item.name}: {value}"
    if item.verdict == "fails":
        return f"Broken furthest: {item.name}: {value}"
    if item.allowance_used > 1:
        return f"Furthest beyond its threshold, though not beyond doubt: {item.name}: {value}"
    if item.margin < 0:
        return f"Nearest to breaking, its bound is not clear of the threshold: {item.name}: {value}"
    return (
        f"Nearest to breaking: {item.name}: {value}; at least {100 * item.margin:.0f} % of the "
        "failures that it allows are left"
    )


def _criteria_table(verdict: Verdict) -> Table:
    """Return the table of the criteria."""
    table = Table(
        title=f"Criteria (bounds one-sided at {percent(verdict.confidence_of_a_look)})",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
    )
    table.add_column("criterion")
    for column in ("needs", "estimate", "bounds"):
        table.add_column(column, justify="right")
    for column in ("worst", "verdict"):
        table.add_column(column)
    for item in verdict.criteria:
        limits = "" if item.verdict == "given" else bounds(item)
        state = Text(item.verdict, style=STYLES[item.verdict])
        if item.verdict == "given" and item.allowance_used > 1:
            state = Text("given, short", style=STYLES["inconclusive"])
        worst = ", ".join(filter(None, (item.worst_district, item.worst_hour))) or "-"
        table.add_row(
            escape(item.name),
            threshold(item),
            amount(item.estimate, item.unit),
            limits,
            escape(worst),
            state,
        )
    return table


def _headline_table(kpis: pd.DataFrame, result: RunResult) -> Table:
    """Return the table of the headline KPIs that are defined in this run."""
    level = (
        "95 % interval"
        if result.looks == 1
        else f"intervals at {percent(result.interval_level)}, 95 % over all looks"
    )
    table = Table(
        title=f"Key figures ({level})", title_justify="left", title_style="bold", box=SIMPLE_HEAD
    )
    table.add_column("figure")
    table.add_column("mean", justify="right")
    table.add_column("interval", justify="right")
    for headline in HEADLINES:
        row = kpi_value(kpis, *headline.row_key)
        if row["n"] > 0:
            mean, lower, upper, unit = (
                float(row["mean"]),
                float(row["lower"]),
                float(row["upper"]),
                str(row["unit"]),
            )
            table.add_row(headline.title, amount(mean, unit), interval(lower, upper, unit))
    return table


def print_precision(console: Console, reached: Reached, verdict: Verdict) -> None:
    """Print when a KPI's interval was narrow enough, and which replications the verdict uses."""
    interval, unit, asked = (
        reached.interval,
        reached.unit,
        reached.precision.allowed(reached.interval),
    )
    text = f"Precision: {reached.precision.name}: {amount(interval.mean, unit)}"
    if interval.equal:
        text += (
            f" in each of {interval.n} replications: nothing varies, so no half-width can be told"
        )
    else:
        text += (
            f", half-width {_width(reached.half_width, unit)} where {_width(asked, unit)} was "
            f"asked, after {interval.n} replications"
        )
        text += "" if reached.reached else f": NOT reached within {reached.budget}"
    console.print(
        Text(
            f"{text}. The key figures rest on them; the verdict on the first "
            f"{verdict.planned_replications} alone."
        )
    )


def _width(width: float, unit: str) -> str:
    """Return the width of an interval in two digits; that of a share in percentage points."""
    return f"{100 * width:.2g} points" if unit.startswith("share") else f"{width:,.2g} {unit}"


def print_swap_shares(
    console: Console, kpis: pd.DataFrame, targets: Mapping[str, float], expected_mwh: float
) -> None:
    """Print the energy of swapping, and its share by fleet, beside what the ledger expects.

    Parameters
    ----------
    console : Console
        Where to print.
    kpis : DataFrame
        From `analysis.kpis.kpi_frame`.
    targets : mapping of str to float
        Share of a fleet's energy at the network that the ledger expects to be swapped.
    expected_mwh : float
        Energy that the ledger expects to be swapped on an average day [MWh].
    """
    parts = []
    for fleet, target in targets.items():
        row = kpi_value(kpis, "swap_share_of_energy", "fleet", fleet)
        if target > 0 and row["n"] > 0:
            parts.append(f"{fleet.replace('_', ' ')} {float(row['mean']):.0%} ({target:.0%})")
    given = kpi_value(kpis, "energy_mwh_per_day", "kind", "swap")
    if parts and given["n"] > 0:
        console.print(
            Text(
                f"Swapping: {float(given['mean']):,.0f} MWh a day charged into packs, "
                f"{expected_mwh:,.0f} expected by the ledger: who can swap also takes a gun that "
                f"costs less time. Swapped share, and in brackets the ledger's: {', '.join(parts)}"
            )
        )
