"""Print the answer of a run in a few plain lines and one table; statistics are in `run_details`."""

from math import isfinite, isnan

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chargesim.analysis.criteria import CriterionState, CriterionVerdict
from chargesim.analysis.gun_use import observed_text
from chargesim.analysis.kpis import kpi_value
from chargesim.analysis.result import RunResult
from chargesim.analysis.verdict import Verdict, nearest_to_breaking
from chargesim.scenario.observed import Anchor
from chargesim.scenario.standard import GIVEN
from chargesim.view.wording import amount, bounds, threshold

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
_COUNTED: dict[CriterionState, tuple[str, str]] = {
    "fails": ("fails", "fail"),
    "meets": ("is met", "are met"),
    "inconclusive": ("is inconclusive", "are inconclusive"),
}
LEAST_REPLICATIONS = 20
"""Replications below which the terminal warns of a run that is judged once."""


def print_verdict(
    console: Console, result: RunResult, verdict: Verdict, kpis: pd.DataFrame
) -> None:
    """Print the answer: where it is worst, what it takes, how sure it is, on what it rests.

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
    sure = _sure_line(verdict, recorded=result.recorded)
    lines = [_nearest_line(verdict), _what_it_takes(verdict), sure]
    lines += [f"Assumed: {verdict.share_text}", _use_line(verdict, kpis)]
    lines += [_observed_line(verdict), f"Note: {verdict.note}" if verdict.note else ""]
    for line in filter(None, lines):
        console.print(Text(line))
    console.print(_criteria_table(verdict))


def _answer(verdict: Verdict) -> Text:
    """Return the line that answers the question, with how many criteria fail and are met."""
    text = Text(_ANSWERS[verdict.verdict], style=STYLES[verdict.verdict])
    if verdict.verdict == "inconclusive":
        text.append(f": {verdict.too_few or 'too close to call'}")
    if verdict.verdict == "incomplete":
        text.append(
            f" ({verdict.replications} of {verdict.planned_replications} replications are there)"
        )
        return text
    states = [item.verdict for item in verdict.criteria]
    found = {word: states.count(word) for word in _COUNTED}
    counts = [
        f"{count} {_COUNTED[word][0 if count == 1 else 1]}"
        for word, count in found.items()
        if count
    ]
    judged = sum(found.values())
    if counts:
        text.append(f": of {judged} criteria {', '.join(counts)}", style="bold")
    short = sum(item.verdict == "given" and item.allowance_used > 1 for item in verdict.criteria)
    if short:
        given = "that the plan itself gives"
        text.append(f"; {short} more {given} {'falls' if short == 1 else 'fall'} short", "bold red")
    return text


def _nearest_line(verdict: Verdict) -> str:
    """Return the sentence about the criterion nearest to breaking, and where and when it is."""
    item = nearest_to_breaking(verdict)
    if item is None:
        return ""
    value = f"{item.name}: {has(item)}, needs {threshold(item)}"
    places = [one for one in (item.worst_district, item.worst_hour) if one]
    nothing = "" if item.allowance_used > 0 else "; nothing failed there"
    where = f"; worst in {', '.join(places)}" if places else nothing
    if item.verdict == "incomplete":
        return f"Nearest to breaking in what is there: {value}"
    if item.verdict == "fails":
        return f"Broken furthest: {value}{where}"
    if item.allowance_used > 1:
        return f"Furthest beyond its threshold, though not beyond doubt: {value}{where}"
    if item.margin < 0:
        return f"Nearest to breaking, not clear of its threshold: {value}{where}"
    return f"Nearest to breaking: {value}{where}"


def _what_it_takes(verdict: Verdict) -> str:
    """Return by how much the failures of each criterion that fails would have to drop."""
    drops = [
        f"{item.name} by {100 * (1 - 1 / item.allowance_used):.0f} %"
        for item in verdict.criteria
        if item.verdict == "fails" and item.allowance_used > 1 and isfinite(item.allowance_used)
    ]
    return f"To meet it, these failures would have to drop: {'; '.join(drops)}" if drops else ""


def _sure_line(verdict: Verdict, *, recorded: bool) -> str:
    """Return how sure the answer is, and what is not part of it."""
    if verdict.verdict == "incomplete":
        return ""
    if recorded:
        return f"How sure: this is {verdict.judged_days} recorded day(s), however often played"
    first = f"; a first look, {LEAST_REPLICATIONS} are usual"
    few = verdict.planned_replications < LEAST_REPLICATIONS and verdict.looks == 1
    count = f"{verdict.replications} replications{first if few else ''}"
    if verdict.verdict == "inconclusive":
        return f"How sure: not sure after {count}; --verbose shows the bounds of each criterion"
    return (
        f"How sure: {100 * verdict.confidence:g} % confidence over {count}. That covers chance "
        "from day to day, not what is assumed (chargesim uncertainty)"
    )


def _use_line(verdict: Verdict, kpis: pd.DataFrame) -> str:
    """Return the simulated use of the guns, and the energy that is swapped."""
    use = verdict.gun_use
    if isnan(use.kwh_per_gun_day):
        return ""
    given = kpi_value(kpis, "energy_mwh_per_day", "kind", "swap")
    swaps = given["n"] > 0 and float(given["mean"]) > 0
    swapped = f"; {float(given['mean']):,.0f} MWh a day into packs" if swaps else ""
    energy = f" and {use.kwh_per_gun_day:,.0f} kWh" if use.kwh_per_gun_day > 0 else ""
    return (
        f"Simulated: {use.sessions_per_gun_day:.1f} sessions{energy} "
        f"of a gun and day, {use.busy_share:.0%} of the time{swapped}"
    )


def _observed_line(verdict: Verdict) -> str:
    """Return what is observed in networks elsewhere."""
    observed = observed_text([Anchor(**one) for one in verdict.gun_use.observed])
    known = observed and not isnan(verdict.gun_use.kwh_per_gun_day)
    return f"Observed elsewhere, a gun and day: {observed}" if known else ""


def has(item: CriterionVerdict) -> str:
    """Return the estimate of a criterion as one reads it."""
    if item.measure == "wait_p95" and item.estimate == float("inf"):
        return "over 5 % not served"
    return amount(item.estimate, item.unit)


def limits(item: CriterionVerdict) -> str:
    """Return the bounds of a criterion; "" where they are the estimate to the digits shown."""
    if item.verdict == "given" or item.lower == item.upper:
        return ""
    shown = {amount(value, item.unit) for value in (item.lower, item.estimate, item.upper)}
    return "" if len(shown) == 1 else bounds(item)


def state(item: CriterionVerdict) -> Text:
    """Return the state of a criterion in its colour; what the plan gives may fall short."""
    if item.verdict == "given" and item.measure not in GIVEN:
        return Text("nobody asked", style=STYLES["given"])
    if item.verdict == "given" and item.allowance_used > 1:
        return Text("given, short", style=STYLES["fails"])
    return Text(item.verdict, style=STYLES[item.verdict])


def _criteria_table(verdict: Verdict) -> Table:
    """Return the table of the criteria, narrow enough for 80 columns."""
    table = Table(box=SIMPLE_HEAD)
    table.add_column("criterion")
    table.add_column("needs", justify="right")
    table.add_column("has", justify="right")
    table.add_column("verdict")
    for item in verdict.criteria:
        table.add_row(item.name, threshold(item), has(item), state(item))
    return table
