"""Print what an import has read, written, changed and refused."""

from typing import TYPE_CHECKING

from chargesim.importers.import_report import KINDS, SHOWN, ImportReport
from chargesim.importers.roads import ImportedRoads
from chargesim.importers.sessions import ImportedSessions
from chargesim.importers.stations import ImportedStations
from chargesim.scenario.file_paths import display_path

if TYPE_CHECKING:
    from rich.console import Console

_HEADS = {
    "faulty": "faulty, not in the result",
    "left out": "left out",
    "changed": "taken, with a change",
    "assumed": "taken, with an assumption",
    "noted": "taken as they are, and odd",
}


_SHOWN = ("faulty", "changed", "left out")
"""Kinds whose records are printed one by one, in this order."""


def print_stations(console: "Console", done: ImportedStations) -> None:
    """Print the result of an import of stations."""
    power = f"{done.known_mw:,.1f} MW" if done.known_mw > 1 else f"{done.known_mw * 1000:,.0f} kW"
    power = f"{power} at the plug" if done.known_mw else "no power known"
    _line(
        console,
        f"{display_path(done.out)}: {done.sites:,} stations with {done.guns:,} guns, {power}",
    )
    shift = "" if done.crs == "wgs84" else f", turned from {done.crs} into WGS-84"
    _line(console, f"Read: {done.report.file}, {done.format}{shift}")
    if done.without_kw:
        words = "guns have no power in the table: the scenario's `stations.gun_kw` holds for them"
        _line(console, f"{done.without_kw:,} {words}; --assume-kw gives another.")
    print_report(console, done.report)
    _line(console, f"All of these records: {display_path(done.report_file)}")


def print_sessions(console: "Console", done: ImportedSessions) -> None:
    """Print the result of an import of sessions."""
    where = f" at {done.guns:,} guns" if done.guns else ""
    where += f" of {done.sites:,} sites" if done.sites else ""
    _line(console, f"{display_path(done.out)}: {done.sessions:,} sessions{where}")
    first, last = done.first[:16], done.last[:16]
    stay = f"{done.mean_min:.1f} min on average, {done.mwh:,.1f} MWh in all"
    _line(console, f"From {first} to {last}; {stay}")
    print_report(console, done.report)
    _line(console, f"All of these records: {display_path(done.report_file)}")


def print_roads(console: "Console", done: ImportedRoads) -> None:
    """Print the result of an import of roads."""
    words = f"{done.roads:,} roads, {done.oneway:,} of them one-way, {done.nodes:,} nodes"
    zones = "" if done.zones is None else f", {done.zones:,} zones"
    _line(console, f"{display_path(done.out)}: {words}{zones}; {done.km:,.0f} km of directed road")
    shift = "" if done.crs == "wgs84" else f", turned from {done.crs} into WGS-84"
    _line(console, f"Read: {done.reports[0].file}, {done.format}{shift}")
    for report in done.reports:
        if report is not done.reports[0]:
            _line(console, f"Beside it: {report.file}")
        print_report(console, report)
    tables = [one.name for one in done.files if not one.name.endswith(".report.csv")]
    _line(console, f"Files: {', '.join(tables)}; all of these records: *.report.csv beside them")


def print_report(console: "Console", report: ImportReport) -> None:
    """Print the counts, the reasons and the first records of a report."""
    for remark in report.remarks:
        _line(console, remark)
    counts = [f"{count:,} {_HEADS[what]}" for what in KINDS if (count := report.count(what))]
    taken = ", ".join(counts) or "all taken as they are"
    _line(console, f"Records: {report.records:,} read; {taken}.")
    for what in KINDS:
        for reason, count in report.reasons(what)[:12]:
            _line(console, f"  {what}, {count:,}: {reason}")
    shown = [line for what in _SHOWN for line in report.lines if line.what == what]
    for line in shown[:SHOWN]:
        name = f" ({line.id})" if line.id else ""
        got = f", got {line.got}" if line.got else ""
        _line(console, f"  {report.file}: {report.unit} {line.record}{name}: {line.reason}{got}")
    if len(shown) > SHOWN:
        _line(console, f"  and {len(shown) - SHOWN:,} more")


def _line(console: "Console", text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False, markup=False)
