"""Print the verification: exact values, both engines' means, and whether they agree."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chargesim.verify.verification import ALPHA, LEVEL, CaseResult, Verification
from chargesim.view.wording import amount, interval

STYLES = {
    "agrees": "green",
    "differs": "bold red",
    "too wide": "bold yellow",
    "not run": "bold yellow",
}
_ANSWERS = {
    0: "All rows AGREE.",
    1: "Some rows DIFFER, or are too wide to tell.",
    5: "INCOMPLETE: no row differs, but some were not run.",
}


def print_verification(console: Console, verification: Verification) -> None:
    """Print the rows, what each simulates, its formula, the rule and the answer."""
    console.print(
        Text(
            f"Seed {verification.seed}, {verification.replications} replications of each row "
            "in both engines",
            style="bold",
        )
    )
    console.print(_results(verification))
    for row in verification.rows:
        for note in row.notes:
            console.print(Text(f"  {row.name}: {note}", style="dim"))
    console.print(_systems(verification))
    console.print(Text(verification.rule))
    console.print(Text(_ANSWERS[verification.exit_code], style="bold"))


def _results(verification: Verification) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("row")
    table.add_column("measure")
    for name in ("exact value", f"simulated, {100 * LEVEL:g} %", "+- %", "p"):
        table.add_column(name, justify="right")
    table.add_column("engines")
    table.add_column("result")
    for row in verification.rows:
        table.add_row(
            row.name, row.measure, *_numbers(row), Text(row.result, style=STYLES[row.result])
        )
    return table


def _numbers(row: CaseResult) -> tuple[str, ...]:
    """Return exact value, interval, half-width, p-value and whether the engines are equal.

    Where the engines differ there are two intervals.
    """
    if row.exact is None:
        return ("-",) * 5
    exact = amount(row.exact, row.unit) + (f" +-{100 * row.tolerance:g} %" if row.tolerance else "")
    shown = row.intervals[:1] if row.identical else row.intervals
    found = "\n".join(interval(one.lower, one.upper, row.unit) for one in shown)
    p = "-" if row.p_value is None else f"{row.p_value:.{2 if row.p_value > ALPHA else 4}f}"
    return (
        exact,
        found,
        f"{100 * (row.half_width_share or 0.0):.1f}",
        p,
        "same bits" if row.identical else "DIFFER",
    )


def _systems(verification: Verification) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("row", "what is simulated", "exact value by"):
        table.add_column(name)
    for row in verification.rows:
        table.add_row(row.name, row.system, Text(f"{row.formula} ({row.source})"))
    return table
