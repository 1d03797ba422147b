"""Print how the engines compare."""

from rich.console import Console

from chargesim.study.engines import EnginesCompared


def print_engines(console: Console, compared: EnginesCompared) -> None:
    """Print whether the engines agree, what differs, and what each took."""
    write = console.print
    each = max(1, compared.sessions)
    write(f"One replication, {compared.sessions:,} sessions, {compared.events:,} events compared one by one.", highlight=False)
    for name, seconds in (("SimPy engine", compared.simpy_seconds), ("compiled engine", compared.compiled_seconds)):
        write(f"    {name}: {seconds:.2f} s, {1e6 * seconds / each:.2f} us a session", highlight=False)
    if compared.agree:
        write("The engines AGREE, bit for bit: books, session log and order of events.", style="bold")
        return
    write("The engines DIFFER.", style="bold")
    if compared.first_event is not None:
        write(f"    first event that differs: SimPy: {compared.first_event[0]}", soft_wrap=True, highlight=False)
        write(f"                            compiled: {compared.first_event[1]}", soft_wrap=True, highlight=False)
    for line in compared.differences:
        write(f"    {line}", soft_wrap=True, markup=False, highlight=False)
