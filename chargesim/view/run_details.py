"""Print the statistics of a run: bounds, notes, key figures, precision, shares of swapping."""

from collections.abc import Mapping

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chargesim.analysis.headlines import HEADLINES, judged_headline
from chargesim.analysis.kpis import kpi_value
from chargesim.analysis.result import RunResult
from chargesim.analysis.verdict import Verdict
from chargesim.runs.precision import Reached
from chargesim.view.verdict import has, limits, state
from chargesim.view.wording import amount, interval, percent, threshold


def print_statistics(
    console: Console, result: RunResult, verdict: Verdict, kpis: pd.DataFrame
) -> None:
    """Print the bounds of the criteria with notes, the key figures, and what no bound covers.

    Parameters
    ----------
    console : Console
        Where to print.
    result : RunResult
        The run; gives the standard and the looks.
    verdict : Verdict
        From `analysis.verdict.judge`.
    kpis : DataFrame
        From `analysis.kpis.kpi_frame`.
    """
    console.print(_criteria_table(verdict, recorded=result.recorded))
    for item in verdict.criteria:
        if item.note:
            console.print(Text(f"  {item.name}: {item.note}", style="dim"))
    console.print(_headline_table(kpis, result))
    look = f", look {verdict.look} of at most {verdict.looks}" if verdict.looks > 1 else ""
    count = f"{verdict.replications} of {verdict.planned_replications} replications{look}"
    console.print(Text(f"{verdict.scope}; {count}; {verdict.label}", style="dim"))
    if verdict.verdict != "incomplete":
        console.print(Text(f"Not covered: {verdict.not_covered}", style="dim"))


def _criteria_table(verdict: Verdict, *, recorded: bool) -> Table:
    """Return the table of the criteria; a log is one sample, so it has no bounds."""
    level = f"bounds one-sided at {percent(verdict.confidence_of_a_look)}"
    table = Table(
        title="Criteria (of this log)" if recorded else f"Criteria ({level})",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
    )
    table.add_column("criterion")
    for column in ("needs", "has", "bounds"):
        table.add_column(column, justify="right")
    for column in ("worst", "verdict"):
        table.add_column(column)
    for item in verdict.criteria:
        worst = ", ".join(filter(None, (item.worst_district, item.worst_hour))) or "-"
        table.add_row(
            item.name,
            threshold(item),
            has(item),
            "" if recorded else limits(item),
            worst,
            state(item),
        )
    return table


def _headline_table(kpis: pd.DataFrame, result: RunResult) -> Table:
    """Return the table of the headline KPIs that are defined and that no criterion judges."""
    judged = [judged_headline(one) for one in result.standard.criteria]
    shown = {one.row_key for one in judged if one is not None}
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
        if row["n"] > 0 and headline.row_key not in shown:
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
