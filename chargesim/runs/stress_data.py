"""Fill in the section Data of the STRESS-DES checklist: tables, parameters and assumptions."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from chargesim.analysis.result import RunResult
from chargesim.demand.draw import DemandModel
from chargesim.errors import InputError
from chargesim.runs.case import Case
from chargesim.runs.markdown import bullets, table
from chargesim.runs.mechanisms.registry import checklist_texts
from chargesim.scenario.assumption import UNSOURCED
from chargesim.scenario.file_paths import path_inside
from chargesim.scenario.keys import value_at
from chargesim.scenario.model import Scenario
from chargesim.scenario.parameters import Parameter, replacing_table
from chargesim.scenario.reading import TABLE_KEYS
from chargesim.scenario.table_file import open_table

MOST_SOURCES = 30
"""Different sources of a table up to which they are listed; of more, only their number is."""
_PARAMETER_HEADS = ("key", "value", "unit", "range of the sources", "source", "meaning")


def data(case: Case, result: RunResult, parameters: list[Parameter]) -> Iterator[tuple[str, str]]:
    """Give the items 3.1 to 3.4, each with its text."""
    named = [(key, value_at(case.loaded.resolved, key)) for key in TABLE_KEYS]
    rows = [
        (".".join(key), name, *_of_table(path_inside(case.loaded.folder, name)))
        for key, name in named
        if isinstance(name, str)
    ]
    heads = ("key", "file", "first digits of its SHA-256", "sources that it names")
    note = (
        "Tables that the scenario names; one whose mechanism is off (2.2) changes nothing. "
        "Sources of single numbers: 3.3."
    )
    yield "3.1 Data sources", f"{note}\n\n{table(heads, rows)}"
    yield "3.2 Input parameter pre-processing", bullets(_prepared(case))
    yield "3.3 Input parameters", _parameters(case.scenario, parameters)
    yield "3.4 Assumptions", _assumed(case, result, parameters)


def _parameters(scenario: Scenario, parameters: list[Parameter]) -> str:
    by_table = [(one, replacing_table(scenario, one.key)) for one in parameters]
    parameters = [
        replace(one, meaning=f"replaced by {name}: {one.meaning}") if name else one
        for one, name in by_table
    ]
    sourced = [
        (one.key, one.value, one.unit, one.bounds, one.source, one.meaning)
        for one in parameters
        if one.source
    ]
    settings = [(one.key, one.value, one.meaning) for one in parameters if not one.source]
    return (
        "All parameters of the scenario, also those of mechanisms that are off; the meaning says "
        f"which of them a table replaces. {len(sourced)} assumptions:\n\n"
        f"{table(_PARAMETER_HEADS, sourced)}\n\n"
        f"{len(settings)} settings, which have no field for a source:\n\n"
        f"{table(('key', 'value', 'meaning'), settings)}"
    )


def _prepared(case: Case) -> Iterator[str]:
    ledger = case.ledger
    yield (
        f"Positions and roads: {case.network.label}; {len(case.network.zones.id):,} zones, "
        f"{len(case.network.sites):,} sites."
    )
    yield (
        "Candidate lists: nearest sites by Dijkstra in free flow, with km and the minutes of every "
        "speed period along that path."
    )
    yield (
        "Charging curves: piecewise constant, with the power of the left point times "
        f"{case.scenario.fleet.curve_factor.value:g}."
    )
    if not isinstance(case.task.demand, DemandModel):
        yield (
            "Recorded wishes: sorted by instant; instants and patience rounded to ticks of "
            "2**-20 min."
        )
        return
    yield "Hour-of-week profiles: scaled to mean 1 over the week."
    yield f"Stock: {ledger.stock:,.0f} vehicles, {ledger.stock_text}."
    yield (
        "Ledger: stock x active share x km a day x kWh/km x season = energy a day; x public share "
        "x share at the network / mean energy of a session, of the truncated distributions = "
        f"{ledger.sessions_per_day:,.1f} sessions a day, through traffic included."
    )


def _assumed(case: Case, result: RunResult, parameters: list[Parameter]) -> str:
    sources = [one.source for one in parameters if one.source]
    assumed, known, without = (
        sum(one.startswith(word) for one in sources)
        for word in ("assumed", "own knowledge", UNSOURCED)
    )
    thresholds = ", ".join(
        one.name for one in case.scenario.standard.criteria if "assumed" in one.source
    )
    beside = [
        f"The demand: {result.share_text}.",
        f"The positions of sites and zones: {result.label}.",
        f"Thresholds of the standard that are assumed: {thresholds or 'none'}.",
        "Vehicles are independent: none comes back for a second session, and none changes the "
        "speeds on the roads.",
        "A vehicle tolerates on arrival the wait that it would stay for: its patience, anew in "
        "each queue.",
        *checklist_texts(case, "3.4"),
    ]
    return (
        f'Of the {len(sources)} assumptions of 3.3 the source of {assumed} begins with "assumed", '
        f'of {known} with "own knowledge"; {without} are {UNSOURCED}. '
        f"Beside them:\n\n{bullets(beside)}"
    )


def _of_table(path: Path) -> tuple[str, str]:
    """Return the hash of a table and the sources in its columns `source...` and `basis`."""
    digest, none = hashlib.sha256(path.read_bytes()).hexdigest()[:12], "not told by the table"
    try:
        read = open_table(path, _holds_sources)
    except InputError:  # a faulty table that this run does not read
        return digest, none
    cells = [str(text) for column in read.cells.values() for text in column.unique().to_pylist()]
    texts = list(dict.fromkeys(text.strip() for text in cells if text not in ("", "None")))
    if len(texts) > MOST_SOURCES:
        return digest, f"{len(texts)} texts, in its column {', '.join(read.cells)}"
    return digest, "; ".join(texts) or none


def _holds_sources(column: str) -> bool:
    return str(column).strip() in ("source", "basis") or str(column).strip().startswith("source_")
