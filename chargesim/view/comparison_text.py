"""Word a comparison of plans: a report in Markdown that a planner can paste, and the same on the terminal."""

import math
from collections.abc import Sequence

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from chargesim.analysis.comparison import GIVEN_BY_PLAN, Comparison, Plan
from chargesim.analysis.comparison_words import change, first_sentence, plan_lines, rules
from chargesim.analysis.series import criterion_state
from chargesim.experiment.compare import ComparedRuns
from chargesim.view.style import readable
from chargesim.view.terminal import LEAST_REPLICATIONS, STYLES
from chargesim.view.wording import amount, threshold

Row = tuple[str, ...]
_STATES = {"short": "given, short", "nothing": "nothing to judge"}


def markdown(done: ComparedRuns, *, figures: Sequence[str] = ()) -> str:
    """Return the report of a comparison in Markdown.

    Parameters
    ----------
    done : ComparedRuns
        From `run.comparing.compare`.
    figures : sequence of str
        Names of the figures in its folder `figures`, without ending.
    """
    comparison = done.comparison
    lines = [
        f"# {' against '.join(_listed(comparison))}",
        "",
        f"**{first_sentence(comparison)}**",
        "",
    ]
    for plan in comparison.others:
        lines += [f"- {readable(plan.name)}: {line}" for line in plan_lines(comparison, plan.name)]
    lines += ["", "## Verdicts", "", *_markdown_table(criteria_rows(comparison), right=0)]
    for plan in comparison.others:
        title = f"## {readable(plan.name)} less {readable(comparison.plans[0].name)}"
        lines += ["", title, "", *_markdown_table(difference_rows(comparison, plan), right=5)]
    lines += ["", *[f"- {line}" for line in _small_print(comparison)]]
    lines += (
        ["", *[f"![{readable(name)}](figures/{name}.png)" for name in figures]] if figures else []
    )
    return "\n".join(lines) + "\n"


def print_comparison(console: Console, done: ComparedRuns) -> None:
    """Print a comparison: the sentence that answers, the criteria of all plans, the differences of each plan.

    Parameters
    ----------
    console : Console
        Where to print.
    done : ComparedRuns
        From `run.comparing.compare`.
    """
    comparison = done.comparison
    console.print(Text(first_sentence(comparison), style="bold"))
    for plan in comparison.others:
        for line in plan_lines(comparison, plan.name):
            console.print(Text(f"  {readable(plan.name)}: {line}"))
    header, *rows = criteria_rows(comparison)
    table = Table(title="Verdicts", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for name in header:
        table.add_column(escape(name))
    for row in rows:
        table.add_row(*[_coloured(cell) for cell in row])
    console.print(table)
    for plan in comparison.others:
        console.print(_differences_table(comparison, plan))
    for line in _small_print(comparison):
        console.print(Text(line, style="dim"))


def criteria_rows(comparison: Comparison) -> list[Row]:
    """Return the criteria of the first plan's standard with the estimate and verdict of each plan; the head first."""
    known = [{item.name: item for item in plan.verdict.criteria} for plan in comparison.plans]
    head = ("criterion", "needs", *(readable(plan.name) for plan in comparison.plans))
    whole = ("**the whole standard**", "", *(plan.verdict.verdict for plan in comparison.plans))
    rows = [head, whole]
    for item in comparison.plans[0].verdict.criteria:
        cells = []
        for items in known:
            other = items.get(item.name)
            if other is None:
                cells.append("not judged")
                continue
            where = (
                f", {other.worst_district}"
                if other.scope == "districts" and other.worst_district
                else ""
            )
            state = criterion_state(other)
            cells.append(
                f"{amount(other.estimate, other.unit)}{where}: {_STATES.get(state, state)}"
            )
        rows.append((item.name, threshold(item), *cells))
    return rows


def difference_rows(comparison: Comparison, plan: Plan) -> list[Row]:
    """Return the figures of a plan beside the first plan's; the head first, then what differs for sure and by most."""
    first = readable(comparison.plans[0].name)
    rows: list[Row] = [("figure", first, readable(plan.name), "difference (95 %)", "sure", "VRF")]
    for _, row in comparison.table(plan.name).iterrows():
        unit = str(row["unit"])
        means = [amount(float(row[name]), unit).partition(" ")[0] for name in ("mean_than", "mean")]
        sure = "given" if row["family"] == GIVEN_BY_PLAN else "yes" if row["sure"] else "no"
        rows.append(
            (
                f"{row['title']} [{_unit(unit)}]",
                *means,
                change(row, with_unit=False),
                sure,
                _factor(row),
            )
        )
    return rows


def _unit(unit: str) -> str:
    """Return a unit as it stands behind a name; shares are in per cent and their differences in points."""
    return (
        "%"
        if unit.startswith("share")
        else unit.replace("1/day", "a day").replace("/day", " a day")
    )


def _factor(row: "pd.Series[float]") -> str:
    """Return the variance-reduction factor as one reads it."""
    factor = float(row["vrf"])
    if math.isnan(factor):
        return "-"
    return "endless" if math.isinf(factor) else f"{factor:.1f}"


def _differences_table(comparison: Comparison, plan: Plan) -> Table:
    """Return the table of one plan's differences for the terminal; what is not sure is dim."""
    title = f"{readable(plan.name)} less {readable(comparison.plans[0].name)}"
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    head, *rows = difference_rows(comparison, plan)
    for place, name in enumerate(head):
        narrow = 12 if place in (1, 2) else None
        table.add_column(
            escape(name),
            justify="left" if place in (0, 4) else "right",
            no_wrap=place > 2,
            max_width=narrow,
        )
    for row in rows:
        table.add_row(*[escape(cell) for cell in row], style="dim" if row[4] == "no" else "")
    return table


def _small_print(comparison: Comparison) -> list[str]:
    """Return what was simulated, in what the plans differ, and what the numbers mean."""
    first = comparison.plans[0]
    few = f"only {first.replications} replications: a first look; {LEAST_REPLICATIONS} are usual"
    return [
        *[few] * (first.replications < LEAST_REPLICATIONS),
        f"{first.about} of each plan; {first.network.label}",
        *comparison.notes,
        *rules(comparison),
    ]


def _markdown_table(rows: list[Row], *, right: int) -> list[str]:
    """Return a table in Markdown; of the columns after the first, `right` stand to the right."""
    head, *body = [tuple(cell.replace("|", "\\|") for cell in row) for row in rows]
    marks = ["---", *["---:" if place < right else "---" for place in range(len(head) - 1)]]
    return [f"| {' | '.join(row)} |" for row in (head, tuple(marks), *body)]


def _coloured(cell: str) -> Text:
    """Return a cell of the verdicts in the colour of its state."""
    state = cell.rpartition(": ")[2]
    style = STYLES.get(state, STYLES["inconclusive"] if state == _STATES["short"] else "")
    return Text(cell.replace("**", ""), style="bold" if cell.startswith("**") else style)


def _listed(comparison: Comparison) -> list[str]:
    """Return the names of the other plans in one, then that of the first."""
    others = [readable(plan.name) for plan in comparison.others]
    return [", ".join(others), readable(comparison.plans[0].name)]
