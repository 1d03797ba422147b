"""Print the checks of a run."""

from rich.console import Console

from chargesim.analysis.run_checks import Checks


def print_broken(console: Console, checks: Checks) -> None:
    """Print in red each law that does not hold; nothing where all hold."""
    for law in checks.laws:
        if not law.holds:
            words = f"CHECK BROKEN, trust nothing here: {law.name}: {law.text}."
            console.print(words, highlight=False, style="bold red")


def print_checks(console: Console, checks: Checks) -> None:
    """Print the laws that hold in one line, and how Kimura's formula fits."""
    held = "; ".join(f"{law.name}: {law.text}" for law in checks.laws if law.holds)
    console.print(f"Checks hold: {held}.", highlight=False, style="dim")
    console.print(
        f"Beside them Kimura's M/G/c formula: {checks.formula.text}.", highlight=False, style="dim"
    )
