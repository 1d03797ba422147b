"""Print the tables of a bench."""

from rich.console import Console
from rich.table import Table

from chargesim.bench.programs import CIW, COMPILED, FLOOR, NAIVE
from chargesim.bench.race import Race
from chargesim.bench.scaling import Scaling
from chargesim.bench.suite import Bench, Target

FEWEST = 10_000
"""Sessions of a day below which its targets do not apply."""


def print_bench(console: Console, bench: Bench) -> None:
    """Print the cost of a session in each program, how it grows, and the targets."""
    if bench.day is not None:
        print_race(
            console, bench.day, "One day of the scenario, the same vehicles, in turn in one process"
        )
        console.print(
            f"Drawing the demand: {bench.draw_us_per_vehicle:.2f} us a vehicle.", highlight=False
        )
    for race in bench.power:
        print_race(console, race, f"The same day, {race.title}")
    if bench.queueing:
        print_queueing(console, bench.queueing)
    for one in bench.scaling:
        print_scaling(console, one)
    print_targets(console, bench.targets())
    races = [race for race in (bench.day, *bench.power) if race is not None]
    if any(race.contenders[0].sessions < FEWEST for race in races):
        console.print(
            "The targets are for days like that of the default case: "
            f"with fewer than {FEWEST:,} sessions they do not apply."
        )
    console.print(
        "Medians over the rounds, a ratio is the median of the rounds' own ratios; "
        "scaling: least over the rounds.",
        highlight=False,
    )


def print_race(console: Console, race: Race, title: str) -> None:
    """Print one race: naive program, engines and floor."""
    table = _table(
        title,
        "program",
        "us a session",
        "naive over it",
        "over the floor",
        "sessions",
        "served",
        "mean wait, min",
    )
    for one in race.contenders:
        table.add_row(
            one.name,
            _number(one.us_per_session, 2),
            _number(race.ratio(NAIVE, one.name), 1),
            _number(race.ratio(one.name, FLOOR), 1),
            f"{one.sessions:,}",
            _number(one.served_share, 3),
            _number(one.mean_wait_min, 3),
        )
    console.print(table)
    console.print(
        f"Floor: {1000 * (race[FLOOR].us_per_session or 0.0):.0f} ns a session.", highlight=False
    )
    for note in race.notes:
        console.print(note, markup=False, highlight=False)


def print_queueing(console: Console, queueing: tuple[tuple[int, Race], ...]) -> None:
    """Print the races on independent queues, a pair of columns for each number of stations."""
    columns = [text for sites, _ in queueing for text in (f"us at {sites}", "Ciw over it")]
    first = queueing[0][1]
    table = _table("Independent queues of two guns, by number of stations", "program", *columns)
    for one in first.contenders:
        cells = []
        for _, race in queueing:
            cost = race[one.name].us_per_session
            cells += [
                "not installed" if cost is None else _number(cost, 2),
                _number(race.ratio(CIW, one.name), 1),
            ]
        table.add_row(one.name, *cells)
    console.print(table)
    waits = ", ".join(f"{race[COMPILED].mean_wait_min:.3f}" for _, race in queueing)
    console.print(
        f"{first[COMPILED].sessions:,} sessions each; "
        f"mean waits {waits} min by the compiled engine.",
        highlight=False,
    )
    for one in first.contenders:
        if one.us_per_session is None:
            console.print(f"{one.name}: {one.note}.", style="bold", markup=False, highlight=False)
        elif any(
            abs((race[one.name].mean_wait_min or 0.0) - (race[COMPILED].mean_wait_min or 0.0))
            > 1e-9
            for _, race in queueing
        ):
            console.print(f"{one.name} finds OTHER mean waits.", style="bold", highlight=False)


def print_scaling(console: Console, scaling: Scaling) -> None:
    """Print the cost of a session as the city or the run grows."""
    table = _table(f"Compiled engine by {scaling.title}", "sites", "sessions", "us a session")
    for size in scaling.sizes:
        table.add_row(f"{size.sites:,}", f"{size.sessions:,}", f"{size.us_per_session:.2f}")
    console.print(table)
    ends, spread = scaling.largest_over_smallest, scaling.dearest_over_cheapest
    console.print(
        f"Largest over smallest {ends:.2f}, dearest over cheapest {spread:.2f}.", highlight=False
    )


def print_targets(console: Console, targets: tuple[Target, ...]) -> None:
    """Print the targets beside the measured values."""
    table = _table("Targets", "what", "target", "measured", "")
    for one in targets:
        word = "at most" if one.at_most else "at least"
        table.add_row(
            one.name,
            f"{word} {one.bound:g}",
            f"{one.reached:.2f}",
            "reached" if one.met else "missed",
        )
    if targets:
        console.print(table)


def _table(title: str, first: str, *columns: str) -> Table:
    """Return an empty table, its first column to the left."""
    table = Table(title=title)
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _number(value: float | None, digits: int) -> str:
    """Return a number, or a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"
