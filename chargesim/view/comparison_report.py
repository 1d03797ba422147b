"""Report a comparison of plans: in files that a planner can paste from, and on the terminal."""

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.text import Text

from chargesim.analysis.comparison import GIVEN_BY_PLAN, ComparedPlan, Comparison
from chargesim.analysis.comparison_text import change, first_sentence, plan_lines, rules
from chargesim.analysis.criteria import CriterionVerdict
from chargesim.analysis.series import common_label
from chargesim.analysis.trend_text import WHOLE, criterion_state
from chargesim.experiment.compare import ComparedRuns
from chargesim.runs.storage import write_text
from chargesim.view.comparison import draw_comparison
from chargesim.view.figures import write_figure
from chargesim.view.style import readable
from chargesim.view.tables import Row, markdown_table, titled_table
from chargesim.view.verdict import LEAST_REPLICATIONS, STYLES
from chargesim.view.wording import amount, threshold, unit_name

_STATES = {"short": "given, short", "nothing": "nothing to judge"}
_RIGHT = (1, 2, 3, 5)
"""Columns of the differences that hold numbers."""


def write_comparison(done: ComparedRuns, *, figures: bool = True) -> list[Path]:
    """Write the report of a comparison, and its figures as PNG and SVG, into its directory.

    Parameters
    ----------
    done : ComparedRuns
        From `experiment.compare.compare`.
    figures : bool
        Draw the figures, and show them in the report.

    Returns
    -------
    list of Path
        The files; the same bytes for the same comparison.
    """
    drawn = draw_comparison(done.comparison) if figures else {}
    folder, report = done.folder / "figures", done.folder / "comparison.md"
    paths = [path for name, figure in drawn.items() for path in write_figure(figure, folder / name)]
    write_text(report, markdown(done, figures=list(drawn)))
    return [report, *paths]


def markdown(done: ComparedRuns, *, figures: Sequence[str] = ()) -> str:
    """Return the report of a comparison in Markdown.

    Parameters
    ----------
    done : ComparedRuns
        From `experiment.compare.compare`.
    figures : sequence of str
        Names of the figures in its folder `figures`, without ending.
    """
    compared = done.comparison
    first, *others = (readable(plan.name) for plan in compared.plans)
    lines = [f"# {', '.join(others)} against {first}", "", f"**{first_sentence(compared)}**", ""]
    lines += [f"- {line}" for line in _lines(compared)]
    lines += ["", "## Verdicts", "", *markdown_table(criteria_rows(compared))]
    for plan in compared.others:
        rows = markdown_table(difference_rows(compared, plan), right=_RIGHT)
        lines += ["", f"## {readable(plan.name)} less {first}", "", *rows]
    lines += ["", *[f"- {line}" for line in _small_print(compared)]]
    shown = [f"![{readable(name)}](figures/{name}.png)" for name in figures]
    return "\n".join([*lines, *(["", *shown] if shown else [])]) + "\n"


def print_comparison(console: Console, done: ComparedRuns) -> None:
    """Print a comparison: the answer, the criteria of all plans, the differences of each plan.

    Parameters
    ----------
    console : Console
        Where to print.
    done : ComparedRuns
        From `experiment.compare.compare`.
    """
    compared = done.comparison
    console.print(Text(first_sentence(compared), style="bold"))
    for line in _lines(compared):
        console.print(Text(f"  {line}"))
    head, *rows = criteria_rows(compared)
    table = titled_table("Verdicts", head)
    for row in rows:
        table.add_row(*[_coloured(cell) for cell in row])
    console.print(table)
    for plan in compared.others:
        head, *rows = difference_rows(compared, plan)
        title = f"{readable(plan.name)} less {readable(compared.plans[0].name)}"
        narrow = {1: 12, 2: 12}
        table = titled_table(title, head, right=_RIGHT, no_wrap=(3, 4, 5), narrow=narrow)
        for row in rows:
            table.add_row(*row, style="dim" if row[4] == "no" else "")
        console.print(table)
    for line in _small_print(compared):
        console.print(Text(line, style="dim"))


def criteria_rows(compared: Comparison) -> list[Row]:
    """Return the criteria of the first plan's standard with each plan's estimate and verdict.

    The head comes first, then the whole standard.
    """
    plans, known = (
        compared.plans,
        [{item.name: item for item in plan.verdict.criteria} for plan in compared.plans],
    )
    rows = [
        ("criterion", "needs", *(readable(plan.name) for plan in plans)),
        (f"**{WHOLE}**", "", *(plan.verdict.verdict for plan in plans)),
    ]
    for item in plans[0].verdict.criteria:
        cells = [_criterion_cell(items.get(item.name)) for items in known]
        rows.append((item.name, threshold(item), *cells))
    return rows


def _criterion_cell(item: CriterionVerdict | None) -> str:
    """Return the estimate of a criterion, where it is worst, and its state."""
    if item is None:
        return "not judged"
    words = amount(item.estimate, item.unit)
    if item.scope == "districts" and item.worst_district:
        words += f", {item.worst_district}"
    state = criterion_state(item)
    return f"{words}: {_STATES.get(state, state)}"


def difference_rows(compared: Comparison, plan: ComparedPlan) -> list[Row]:
    """Return the figures of a plan beside the first plan's, sure and large differences first.

    The head comes first.
    """
    first = readable(compared.plans[0].name)
    rows: list[Row] = [
        ("figure", first, readable(plan.name), "difference (95 %)", "sure", "VRF (95 %)")
    ]
    for _, row in compared.table(plan.name).iterrows():
        unit = str(row["unit"])
        means = [amount(float(row[name]), unit).partition(" ")[0] for name in ("mean_than", "mean")]
        sure = "given" if row["family"] == GIVEN_BY_PLAN else "yes" if row["sure"] else "no"
        cells = (*means, change(row, with_unit=False), sure, _factor(row))
        shown = "%" if unit.startswith("share") else unit_name(unit)  # differences are in points
        rows.append((f"{row['title']} [{shown}]", *cells))
    return rows


def _factor(row: "pd.Series[float]") -> str:
    """Return the variance-reduction factor in words, with its interval."""
    factor, *ends = (float(row[name]) for name in ("vrf", "vrf_lower", "vrf_upper"))
    if not math.isfinite(factor):
        return "-" if math.isnan(factor) else "endless"
    if math.isclose(*ends):  # one plan takes a value or two: its spread is not known
        return "-"
    known = all(math.isfinite(end) for end in ends)
    return f"{factor:.1f} ({ends[0]:.1f} to {ends[1]:.1f})" if known else f"{factor:.1f}"


def _lines(compared: Comparison) -> list[str]:
    """Return the sentences on each plan, with its name."""
    return [
        f"{readable(plan.name)}: {line}"
        for plan in compared.others
        for line in plan_lines(compared, plan.name)
    ]


def _small_print(compared: Comparison) -> list[str]:
    """Return what was simulated, in what the plans differ, and what the numbers mean."""
    first = compared.plans[0]
    label = common_label(plan.network.label for plan in compared.plans)
    few = f"only {first.replications} replications: a first look; {LEAST_REPLICATIONS} are usual"
    return [
        *[few] * (first.replications < LEAST_REPLICATIONS),
        f"{first.about} of each plan; {label}",
        *compared.notes,
        *rules(compared),
    ]


def _coloured(cell: str) -> Text:
    """Return a cell of the verdicts in the colour of its state."""
    state = cell.rpartition(": ")[2]
    style = STYLES.get(state, STYLES["inconclusive"] if state == _STATES["short"] else "")
    return Text(cell.replace("**", ""), style="bold" if cell.startswith("**") else style)
