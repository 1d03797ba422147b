"""Print the table of a bench."""

from rich.console import Console
from rich.table import Table

from chargesim.bench.sessions import Bench


def print_bench(console: Console, bench: Bench) -> None:
    """Print what a session costs in each engine and how the engines agree."""
    table = Table(title="One day, the same vehicles, in turn in one process")
    for column in ("engine", "us a session", "ratio to the SimPy engine", "sessions", "served", "mean wait [min]"):
        table.add_column(column, justify="left" if column == "engine" else "right")
    for c in bench.contenders:
        table.add_row(
            c.name,
            f"{c.us_per_session:.2f}",
            f"{bench.ratios[c.name]:.3f}",
            f"{c.sessions:,}",
            f"{c.served_share:.3f}",
            f"{c.mean_wait_min:.3f}",
        )
    console.print(table)
    console.print("Medians over the rounds; a ratio is the median of the rounds' own ratios.")
    console.print(f"Drawing the demand: {bench.draw_us_per_vehicle:.2f} us a vehicle.")
