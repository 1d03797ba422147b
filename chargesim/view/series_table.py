"""Print a series: its question, a row for each variant, and how each criterion develops."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from chargesim.analysis.kpi_responses import Named
from chargesim.analysis.series import CriterionTrend, VariantResult, common_label, shown_kpis
from chargesim.analysis.trend_text import WHOLE
from chargesim.analysis.verdict import nearest_to_breaking
from chargesim.experiment.series import SeriesRun
from chargesim.runs.scenario_check import VariantCheck
from chargesim.scenario.series import Series
from chargesim.view.style import readable
from chargesim.view.tables import titled_table
from chargesim.view.verdict import LEAST_REPLICATIONS, STYLES
from chargesim.view.wording import amount, interval, kpi_name

_MOST_COLUMNS = 4


def print_series(console: Console, run: SeriesRun, title: str) -> None:
    """Print the answer of a series.

    Parameters
    ----------
    console : Console
        Where to print.
    run : SeriesRun
        From `experiment.series.run_series`.
    title : str
        Title of the scenario.
    """
    console.print(Text(title, style="bold"))
    console.print(Text(run.series.question, style="bold"))
    verdict = run.variants[0].verdict
    if verdict.planned_replications < LEAST_REPLICATIONS and verdict.looks == 1:
        few = f"Only {verdict.planned_replications} replications: a first look"
        console.print(f"{few}; {LEAST_REPLICATIONS} are usual")
    console.print(_variants_table(run.series, run.variants))
    for line in dict.fromkeys(trend.line for trend in run.trends):
        console.print(_trends_table(line, [one for one in run.trends if one.line == line]))
    if run.note:
        console.print(Text(f"Note: {run.note}"))
    label = common_label(one.label for one in run.variants)
    console.print(Text(f"{run.variants[0].about}; {label}", style="dim"))


def print_variants(console: Console, variants: Sequence[VariantCheck], seconds: float) -> None:
    """Print what a series would run, and which mechanisms do nothing in it.

    Parameters
    ----------
    console : Console
        Where to print.
    variants : sequence of VariantCheck
        From `run.scenario_check.check_variant`.
    seconds : float
        About how long they take together [s].
    """
    count = f"{len(variants)} variant{'s' if len(variants) != 1 else ''}"
    console.print(f"\nSeries of {count}, about {seconds:,.0f} s; each loads:", style="bold")
    for one in variants:
        name = one.line if one.value is None else f"{one.line}, {one.value}"
        console.print(f"    {name}", markup=False, highlight=False)
        for idle in one.idle:
            words = Text(f"        idle: {idle}", style="dim")
            console.print(words, soft_wrap=True)


def _variants_table(series: Series, variants: Sequence[VariantResult]) -> Table:
    """Return a row for each variant: the shown KPIs with their intervals, and the verdict."""
    shown = shown_kpis(series)[:_MOST_COLUMNS]
    named = ["line"] if len(series.lines) > 1 else []
    valued = [series.axis or "value"] if series.values else []
    names = []
    for kpi, scope, key in shown:
        unit = str(variants[0].estimate((kpi, scope, key))["unit"])
        names.append(kpi_name(kpi, unit) + ("" if scope == "city" else f", {readable(key)}"))
    head = [*named, *valued, *(names or ["nearest to breaking"]), "verdict"]
    right = range(len(named), len([*named, *valued, *names]))
    table = titled_table("Variants (95 % intervals over replications)", head, right=right)
    for one in variants:
        cells = [one.line] * len(named) + [str(one.value)] * len(valued)
        cells += [_cell(one, kpi) for kpi in shown] or [_nearest(one)]
        state = one.verdict.verdict
        table.add_row(*cells, Text(state, style=STYLES[state]))
    return table


def _nearest(one: VariantResult) -> str:
    """Return the criterion nearest to breaking with its estimate."""
    item = nearest_to_breaking(one.verdict)
    return "-" if item is None else f"{item.name}: {amount(item.estimate, item.unit)}"


def _cell(one: VariantResult, named: Named) -> str:
    """Return a mean with its interval, for example ``94.2 (94.1 to 94.3 %)``."""
    row = one.estimate(named)
    mean, unit = amount(row["mean"], row["unit"]), str(row["unit"])
    if row["n"] == 0 or row["lower"] == row["upper"]:
        return mean
    limits = interval(row["lower"], row["upper"], unit)
    number, _, tail = mean.partition(" ")
    return f"{number if tail and limits.endswith(f' {tail}') else mean} ({limits})"


def _trends_table(line: str, trends: Sequence[CriterionTrend]) -> Table:
    """Return how each criterion develops along one line, or over all lines."""
    title = "The criteria along the series" + (f": {line}" if line else "")
    table = Table(title=title, title_justify="left", title_style="bold", box=None)
    table.show_header, table.padding = False, (0, 1)
    for trend in trends:
        words = trend.sentence.removeprefix(f"{trend.criterion}: ")
        style = "bold" if trend.criterion == WHOLE else ""
        table.add_row(trend.criterion, words, style=style)
    return table
