"""Print the comparison of the two engines."""

from rich.console import Console

from chargesim.runs.engine_comparison import EnginesCompared

FEWEST = 10_000
"""Sessions below which the cost of one means nothing: laying out the city takes longer."""


def print_engines(console: Console, compared: EnginesCompared) -> None:
    """Print whether the engines agree, where they differ, and their times."""
    write = console.print
    write(
        f"One replication, {compared.sessions:,} sessions, "
        f"{compared.events:,} events compared one by one.",
        highlight=False,
    )
    for name, seconds in (
        ("SimPy engine", compared.simpy_seconds),
        ("compiled engine", compared.compiled_seconds),
    ):
        cost = (
            f", {1e6 * seconds / compared.sessions:.2f} us a session"
            if compared.sessions >= FEWEST
            else ""
        )
        write(f"    {name}: {seconds:.2f} s{cost}", highlight=False)
    if compared.agree:
        write(
            "The engines AGREE, bit for bit: statistics, session log and order of events.",
            style="bold",
        )
        return
    write("The engines DIFFER.", style="bold")
    if compared.first_event is not None:
        write(
            f"    first event that differs: SimPy: {compared.first_event[0]}",
            soft_wrap=True,
            highlight=False,
        )
        write(
            f"                            compiled: {compared.first_event[1]}",
            soft_wrap=True,
            highlight=False,
        )
    for line in compared.differences:
        write(f"    {line}", soft_wrap=True, markup=False, highlight=False)
