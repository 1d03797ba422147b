"""Print the coverage study."""

import math

from rich.console import Console
from rich.table import Table
from rich.text import Text

from chargesim.experiment.coverage import ALPHA, PLAN, PRECISION, Coverage

_ENOUGH = 2_500
"""Studies with which 95 % is four standard errors away from the targets of 93 and 97 %."""


def print_coverage(console: Console, rows: list[Coverage], seed: int) -> None:
    """Print the results of each kind, and the targets.

    Parameters
    ----------
    console : Console
        Where to print.
    rows : list of Coverage
        From `experiment.coverage.measure_coverage`.
    seed : int
        The seed that made them.
    """
    looks = ", ".join(str(look.replications) for look in PLAN.looks)
    console.print(
        Text(
            f"{rows[0].studies:,} studies a kind, seed {seed}, the true share on the threshold; "
            f"looks at {looks} replications"
        )
    )
    console.print(_verdicts(rows))
    console.print(_intervals(rows))
    for note in _notes(rows):
        console.print(Text(note))


def _verdicts(rows: list[Coverage]) -> Table:
    """Return the table of false verdicts."""
    names = ("skewness", "false meets", "by Student's t", "false fails", "open", "holds")
    table = _table(f"False verdicts [%], {100 * ALPHA:g} % allowed", *names)
    for row in rows:
        shares = (row.false_meets, row.student_false_meets, row.false_fails, row.open)
        numbers = (f"{100 * share:.1f}" for share in shares)
        table.add_row(row.kind, f"{row.skewness:.1f}", *numbers, _word(row.missed))
    return table


def _intervals(rows: list[Coverage]) -> Table:
    """Return the table of how often intervals cover."""
    stops = ("where looks stopped", f"at a precision of {100 * PRECISION:g} %")
    table = _table("Two-sided 95 % intervals that cover [%]", *rows[0].covered, *stops)
    for row in rows:
        covered = (*row.covered.values(), row.covered_at_stop, row.covered_at_precision)
        table.add_row(row.kind, *(f"{100 * share:.1f}" for share in covered))
    return table


def _table(title: str, *columns: str) -> Table:
    """Return an empty table with a row per kind of KPI."""
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("KPI")
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _notes(rows: list[Coverage]) -> list[str]:
    """Return the targets, and what to keep in mind about them."""
    limit = f"{100 * rows[0].most_false:.2f} %"
    notes = [
        f"Asked: false verdicts at most {limit} (two standard errors), "
        "normal covered 93 to 97 %, skewed at least 92 %."
    ]
    if rows[0].studies < _ENOUGH:
        error = 100 * math.sqrt(0.05 * 0.95 / rows[0].studies)
        notes.append(
            f"A share near 95 % has a standard error of {error:.1f} points here: "
            "a target may be missed by chance alone."
        )
    notes.append(
        "Kinds without a word under holds have no target: they are more skewed than what we have "
        "seen near a threshold, or have bad days that a study cannot know before it sees one."
    )
    return notes


def _word(missed: tuple[str, ...] | None) -> str:
    return "" if missed is None else f"NO: {', '.join(missed)}" if missed else "yes"
