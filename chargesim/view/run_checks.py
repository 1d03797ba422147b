"""Print the checks of a run."""

from rich.console import Console

from chargesim.analysis.run_checks import Checks


def print_checks(console: Console, checks: Checks) -> None:
    """Print the laws that hold in one line, broken ones in red, and how Kimura's formula fits."""
    held = "; ".join(f"{law.name}: {law.text}" for law in checks.laws if law.holds)
    console.print(f"Checks hold: {held}.", highlight=False, style="dim")
    for law in checks.laws:
        if not law.holds:
            console.print(
                f"CHECK BROKEN, trust nothing above: {law.name}: {law.text}.",
                highlight=False,
                style="bold red",
            )
    console.print(
        f"Beside them Kimura's M/G/c formula: {checks.formula.text}.", highlight=False, style="dim"
    )
