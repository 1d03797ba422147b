"""Print a series: its question, a row for each variant, and what becomes of each criterion."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from chargesim.analysis.series import WHOLE, Outcome, Standing, common_label, shown_kpis
from chargesim.analysis.verdict import nearest_to_breaking
from chargesim.experiment.series import SeriesRun, shown_row
from chargesim.runs.scenario_check import VariantCheck
from chargesim.scenario.series import Series
from chargesim.view.series_style import kpi_name
from chargesim.view.style import readable
from chargesim.view.terminal import LEAST_REPLICATIONS, STYLES
from chargesim.view.wording import amount, interval

_MOST_COLUMNS = 4


def print_series(console: Console, run: SeriesRun, title: str) -> None:
    """Print the answer of a series.

    Parameters
    ----------
    console : Console
        Where to print.
    run : SeriesRun
        From `run.series.run_series`.
    title : str
        Title of the scenario.
    """
    console.print(Text(title, style="bold"))
    console.print(Text(run.series.question, style="bold"))
    verdict = run.outcomes[0].verdict
    if verdict.planned_replications < LEAST_REPLICATIONS and verdict.looks == 1:
        console.print(
            f"Only {verdict.planned_replications} replications: a first look; {LEAST_REPLICATIONS} are usual"
        )
    console.print(_variants_table(run.series, run.outcomes))
    _print_standings(console, run.standings)
    if run.note:
        console.print(Text(f"Note: {run.note}"))
    console.print(Text(f"{run.outcomes[0].about}; {common_label(run.outcomes)}", style="dim"))


def print_variants(console: Console, variants: Sequence[VariantCheck], seconds: float) -> None:
    """Print what a series would run, and what is idle in it.

    Parameters
    ----------
    console : Console
        Where to print.
    variants : sequence of VariantCheck
        From `run.checking.check_variant`.
    seconds : float
        About how long they take together [s].
    """
    console.print(
        f"\nSeries of {len(variants)} variant{'s' if len(variants) != 1 else ''}, about {seconds:,.0f} s; each loads:",
        style="bold",
    )
    for one in variants:
        console.print(
            f"    {one.line}" + ("" if one.value is None else f", {one.value}"),
            markup=False,
            highlight=False,
        )
        for line in one.idle:
            console.print(
                f"        idle: {line}", style="dim", soft_wrap=True, markup=False, highlight=False
            )


def _variants_table(series: Series, outcomes: Sequence[Outcome]) -> Table:
    """Return a row for each variant: the shown KPIs with their intervals, and the verdict."""
    shown = shown_kpis(series)[:_MOST_COLUMNS]
    table = Table(
        title="Variants (95 % intervals over replications)",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
    )
    lines = len(series.lines) > 1
    if lines:
        table.add_column("line")
    if series.values:
        table.add_column(series.axis or "value", justify="right")
    for name, scope, key in shown:
        unit = str(shown_row(outcomes[0], (name, scope, key))["unit"])
        table.add_column(
            kpi_name(name, unit) + ("" if scope == "city" else f", {readable(key)}"),
            justify="right",
        )
    if not shown:
        table.add_column("nearest to breaking")
    table.add_column("verdict")
    for outcome in outcomes:
        cells = [
            *([escape(outcome.line)] if lines else []),
            *([str(outcome.value)] if series.values else []),
        ]
        cells += [_cell(outcome, named) for named in shown]
        if not shown:
            nearest = nearest_to_breaking(outcome.verdict)
            cells.append(
                "-"
                if nearest is None
                else escape(f"{nearest.name}: {amount(nearest.estimate, nearest.unit)}")
            )
        table.add_row(*cells, Text(outcome.verdict.verdict, style=STYLES[outcome.verdict.verdict]))
    return table


def _cell(outcome: Outcome, named: Sequence[str]) -> str:
    """Return a mean with its interval, for example ``94.2 (94.1 to 94.3 %)``."""
    row = shown_row(outcome, named)
    mean, unit = amount(row["mean"], row["unit"]), str(row["unit"])
    if row["n"] == 0 or row["lower"] == row["upper"]:
        return mean
    limits = interval(row["lower"], row["upper"], unit)
    tail = mean[mean.index(" ") :] if " " in mean else ""
    return f"{mean.removesuffix(tail) if limits.endswith(tail) else mean} ({limits})"


def _print_standings(console: Console, standings: Sequence[Standing]) -> None:
    """Print what becomes of each criterion, line by line."""
    for line in dict.fromkeys(told.line for told in standings):
        title = "What becomes of the criteria" + (f": {line}" if line else "")
        table = Table(
            title=title,
            title_justify="left",
            title_style="bold",
            box=None,
            show_header=False,
            padding=(0, 1),
        )
        for told in standings:
            if told.line == line:
                style = "bold" if told.criterion == WHOLE else ""
                table.add_row(
                    escape(told.criterion),
                    escape(told.sentence.removeprefix(f"{told.criterion}: ")),
                    style=style,
                )
        console.print(table)
