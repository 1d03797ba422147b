"""Import a log of charging sessions: read it by a map of columns, clean it, report every change."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from chargesim.errors import InputError
from chargesim.importers.column_map import SessionMap, check_columns, read_map
from chargesim.importers.import_report import ImportReport, report_path
from chargesim.importers.records import RecordFaultError, name_of
from chargesim.importers.session_times import (
    ReadTimes,
    date_order,
    exchange_out_of_order,
    in_zone,
    is_never,
    is_twice,
    read_times,
)
from chargesim.importers.source_file import CsvTable, SourceFile, open_source
from chargesim.importers.stations import refuse_output
from chargesim.runs.storage import replacing

SESSION_COLUMNS = {
    "start": "when the session began; an instant, in the zone of the city",
    "end": "when it ended",
    "duration_min": "time between the two [min]",
    "kwh": "energy [kWh]; empty where the log has none",
    "mean_kw": "energy by time [kW]",
    "site": 'site, "" where the log has none',
    "gun": 'gun, "" where the log has none',
    "soc_start": "SOC at the start [0..1], empty where the log has none",
    "soc_end": "SOC at the end [0..1]",
    "record": "line of the session in the file that was imported",
}
"""The columns of an imported log."""
MOST_KW = 1000.0
"""Mean power above which a session is impossible where the map gives no power of the gun [kW]."""
MARGIN = 1.1
"""By how much a mean power may exceed the gun's: meters and clocks are not exact."""


@dataclass(frozen=True)
class ImportedSessions:
    """A log that was written."""

    out: Path
    report_file: Path
    sessions: int
    sites: int
    guns: int
    first: str
    last: str
    mwh: float
    mean_min: float
    report: ImportReport

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data."""
        names = ("sessions", "sites", "guns", "first", "last", "mwh", "mean_min")
        data: dict[str, Any] = {"out": str(self.out), "report_file": str(self.report_file)}
        return (
            data | {name: getattr(self, name) for name in names} | {"report": self.report.to_dict()}
        )


def import_sessions(path: Path, map_: Path, out: Path, encoding: str = "utf-8") -> ImportedSessions:
    """Read a log of sessions and write it as Parquet, with a report beside it.

    Parameters
    ----------
    path : Path
        The log, a CSV file.
    map_ : Path
        The map of its columns.
    out : Path
        The Parquet file to write, with `SESSION_COLUMNS`; an older one is replaced.
    encoding : str
        Encoding of the log.

    Raises
    ------
    InputError
        When the file cannot be read, or no session is left; then nothing is written.
    """
    refuse_output(out, [path, map_])
    if out.suffix != ".parquet":
        raise InputError([f"{out}: a log is written as Parquet; --out needs a name in .parquet"])
    given = read_map(map_, SessionMap)
    zones = [_zone(name) for name in (given.timezone, given.city_timezone or given.timezone)]
    source = open_source(path, encoding)
    report = ImportReport(source.name, "line")
    try:
        table = _columns(source, given, report)
        if not table.fields and not table.broken:
            raise InputError([f"{source.name}: has a header and no rows; no session to import"])
        frame = _Cleaning(table, given, report).times(zones[0]).energy().guns().frame
    except RecordFaultError as fault:
        raise source.fault(fault.reason) from None
    report.keep_what_counts()
    if frame.empty:
        raise InputError(
            [
                f"{source.name}: no session is left of {report.records:,}",
                *(f"{source.name}: {count:,}: {why}" for why, count in report.reasons("faulty")),
            ]
        )
    for name in ("start", "end"):
        frame[name] = frame[name].dt.tz_convert(zones[1]).astype(f"datetime64[us, {zones[1]}]")
    frame = frame.sort_values(["start", "record"])[list(SESSION_COLUMNS)].reset_index(drop=True)
    _write(frame, out, report)
    return _result(frame, out, report)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InputError(
            [f"timezone: got {name!r}, needs a zone such as Europe/London, Asia/Shanghai or UTC"]
        ) from None


def _columns(source: SourceFile, given: SessionMap, report: ImportReport) -> CsvTable:
    """Return the table, after a look at the map."""
    if (given.end is None) == (given.duration_min is None):
        raise InputError([f"{source.name}: the map needs one of end and duration_min"])
    if given.kwh is not None and given.wh is not None:
        raise InputError([f"{source.name}: the map needs one of kwh and wh"])
    table = source.csv()
    names = ("start", "end", "duration_min", "kwh", "wh", "site", "gun", "soc_start", "soc_end",
             "gun_kw")  # fmt: skip
    check_columns(source.name, {name: getattr(given, name) for name in names}, table.columns)
    report.records = len(table.lines) + len(table.broken)
    for line, words in table.broken:
        why = RecordFaultError("has another number of fields than the header", words)
        report.refuse(line, "", why)
    return table


class _Cleaning:
    """A log on its way to a clean one: each step takes sessions out, or puts them right."""

    def __init__(self, table: CsvTable, given: SessionMap, report: ImportReport) -> None:
        self.table, self.given, self.report = table, given, report
        self.resolution_min = 0.0
        self.frame = pd.DataFrame({"record": np.array(table.lines, dtype=np.int64)})
        self.frame["site"] = self._texts(given.site)
        self.frame["gun"] = self._texts(given.gun)
        for name in ("soc_start", "soc_end"):
            self.frame[name] = self._soc(getattr(given, name))

    def _texts(self, columns: str | list[str] | None) -> list[str]:
        """Return a name of one or several columns."""
        if columns is None:
            return [""] * len(self.table.lines)
        named = [columns] if isinstance(columns, str) else columns
        parts = [[name_of(text) for text in self.table.column(name)] for name in named]
        return ["/".join(row) if any(row) else "" for row in zip(*parts, strict=True)]

    def _numbers(self, column: str | None) -> Any:
        """Return a column of numbers, NaN where there is none."""
        if column is None:
            return pd.Series(np.nan, index=self.frame.index)
        texts = pd.Series(self.table.column(column), dtype="str")
        if self.table.decimal_comma:
            texts = texts.str.replace(",", ".")
        values = pd.to_numeric(texts, errors="coerce").astype("float64")
        return values.where(np.isfinite(values))

    def _soc(self, column: str | None) -> Any:
        """Return a column of SOC; of percent if any value is above 1.5."""
        values = self._numbers(column)
        values = values / 100 if (values > 1.5).any() else values
        inside = values.between(0, 1)
        self._note(~inside & values.notna(), "changed", f"{column} is outside 0..1; left empty")
        return values.where(inside)

    def _note(self, rows: Any, what: str, why: str, got: Any = None) -> None:
        """Report rows of the frame."""
        some = self.frame[np.asarray(rows, dtype=bool)]
        shown = [""] * len(some) if got is None else got.reindex(some.index).astype(str).tolist()
        ids = zip(some["record"].tolist(), some["gun"].tolist(), shown, strict=True)
        for record, gun, text in ids:
            self.report.add(record, gun, what, why, text)

    def _drop(self, rows: Any, why: str, got: Any = None, what: str = "faulty") -> None:
        """Report rows and take them out."""
        self._note(rows, what, why, got)
        self.frame = self.frame[~np.asarray(rows, dtype=bool)].copy()

    def times(self, zone: ZoneInfo) -> "_Cleaning":
        """Read start and end, put exchanged dates right, take out what has no duration."""
        given, table = self.given, self.table
        texts = _joined(table, given.start)
        ends = [] if given.end is None else _joined(table, given.end)
        order = given.dates or date_order([*texts, *ends])
        start = read_times(texts, order)
        shown = pd.Series(texts)
        begin, turned = self._in_order(start, shown)
        if given.end is not None:
            end = read_times(ends, order)
            shown = shown + " to " + pd.Series(ends)
            begin, finish = self._by_pair(start, begin, end, turned, shown)
            self.frame["end"] = self._utc(finish, end.has_offset, zone, shown)
        self.frame["start"] = self._utc(begin, start.has_offset, zone, shown)
        if given.end is None:
            minutes = pd.to_timedelta(self._numbers(given.duration_min), unit="min")
            self.frame["end"] = self.frame["start"] + minutes
        else:
            again = is_twice(finish, zone) & (self.frame["end"] < self.frame["start"])
            later = in_zone(finish, end.has_offset, zone, second=again)
            self.frame["end"] = later.where(again, self.frame["end"])
        self._lengths(shown)
        return self

    def _in_order(self, start: ReadTimes, shown: Any) -> tuple[Any, Any]:
        """Return the starts, and which have day and month exchanged."""
        odd = exchange_out_of_order(start)
        turned = odd | start.turned
        self._note(turned, "changed", "day and month of the start are exchanged; put right", shown)
        return start.time.where(~odd, start.exchanged), turned

    def _by_pair(
        self, start: ReadTimes, begin: Any, end: ReadTimes, turned: Any, shown: Any
    ) -> tuple[Any, Any]:
        """Return starts and ends, exchanged where only that gives a stay of a day at most."""
        finish, longest = end.time, pd.Timedelta(hours=self.given.longest_h)
        day, none = pd.Timedelta(days=1), pd.Timedelta(0)

        def fits(a: Any, b: Any) -> Any:
            return ((b - a) > none) & ((b - a) <= day)

        wrong = ((finish - begin) < -pd.Timedelta(hours=2)) | ((finish - begin) > longest)
        by_end = wrong & fits(begin, end.exchanged)
        by_start = wrong & ~by_end & ~turned & fits(start.exchanged, finish)
        self._note(by_end | end.turned, "changed",
                   "day and month of the end are exchanged; put right", shown)  # fmt: skip
        self._note(
            by_start, "changed", "day and month of the start are exchanged; put right", shown
        )
        return begin.where(~by_start, start.exchanged), finish.where(~by_end, end.exchanged)

    def _utc(self, time: Any, has_offset: Any, zone: ZoneInfo, shown: Any) -> Any:
        """Return instants; times that summer time leaves out are moved on, and reported."""
        self._note(is_never(time, zone) & ~has_offset, "changed",
                   f"a time that summer time leaves out in {zone}; moved on", shown)  # fmt: skip
        return in_zone(time, has_offset, zone)

    def _lengths(self, shown: Any) -> None:
        """Take out sessions without a start, an end or a possible length."""
        frame = self.frame
        self._drop(frame["start"].isna(), "the start is missing or no time", shown)
        self._drop(self.frame["end"].isna(), "the end is missing or no time", shown)
        minutes = (self.frame["end"] - self.frame["start"]).dt.total_seconds() / 60
        self.frame["duration_min"] = minutes
        whole = bool((minutes == minutes.round()).all())
        self.resolution_min = 1.0 if whole else 0.0
        self._drop(self.frame["duration_min"] < 0, "ends before it begins", shown)
        self._drop(self.frame["duration_min"] == 0, "ends when it begins", shown)
        longest = self.given.longest_h
        why = f"is longer than {longest:g} h (longest_h in the map)"
        self._drop(self.frame["duration_min"] > longest * 60, why, shown)

    def energy(self) -> "_Cleaning":
        """Read the energy, and take out what no gun can have given."""
        given = self.given
        kwh = self._numbers(given.kwh) if given.wh is None else self._numbers(given.wh) / 1000
        self.frame["kwh"] = kwh.reindex(self.frame.index)
        column = given.kwh or given.wh
        if column is not None:
            texts = pd.Series(self.table.column(column), dtype="str").reindex(self.frame.index)
            empty, unread = texts.str.strip() == "", self.frame["kwh"].isna()
            self._note(unread & empty, "noted", "has no energy in the log; left empty")
            self._note(unread & ~empty, "noted", "its energy is no number; left empty", texts)
            self._note(self.frame["kwh"] == 0, "noted", "has 0 kWh: a try that failed, perhaps")
        self._drop(self.frame["kwh"] < 0, "its energy is below 0", self.frame["kwh"])
        hours = (self.frame["duration_min"] + self.resolution_min) / 60
        mean_kw = self.frame["kwh"] / hours
        if given.gun_kw is None:
            most, words = MOST_KW, f"needs more than {MOST_KW:,.0f} kW"
        else:
            rated = given.gun_kw
            values = (
                self._numbers(rated).reindex(mean_kw.index) if isinstance(rated, str) else rated
            )
            most, words = MARGIN * values, "needs more power than its gun has (gun_kw in the map)"
        shown = mean_kw.round(1).astype(str) + " kW"
        self._drop(mean_kw > most, words, shown)
        self.frame["mean_kw"] = self.frame["kwh"] / (self.frame["duration_min"] / 60)
        return self

    def guns(self) -> "_Cleaning":
        """Take out copies, and put right sessions that overlap on one gun."""
        if self.given.gun is None:
            self.report.remarks.append("No gun is named, so overlaps were not looked for.")
            return self
        by = ["site", "gun"]
        self.frame = self.frame.sort_values([*by, "start", "end", "record"])
        same = self.frame.duplicated([*by, "start", "end", "kwh"])
        self._drop(same, "is a copy of another session")
        named = self.frame["gun"] != ""
        ends = self.frame.groupby(by)["end"].cummax()
        before = ends.groupby([self.frame[name] for name in by]).shift()
        inside = named & (self.frame["end"] <= before)
        self._drop(inside, "lies within another session of its gun")
        following = self.frame.groupby(by)["start"].shift(-1)
        named = self.frame["gun"] != ""
        over = named & (following < self.frame["end"])
        alone = over & (following == self.frame["start"])
        self._drop(alone, "begins with a longer session of its gun")
        over = over[~alone]
        following = following[~alone]
        why = "overlaps the next session of its gun; its end is moved to the start of that"
        self._note(over, "changed", why, _minutes_text(self.frame["end"] - following))
        self.frame["end"] = self.frame["end"].where(~over, following)
        minutes = (self.frame["end"] - self.frame["start"]).dt.total_seconds() / 60
        self.frame["duration_min"] = minutes
        self.frame["mean_kw"] = self.frame["kwh"] / (minutes / 60)
        return self


def _joined(table: CsvTable, columns: str | list[str]) -> list[str]:
    """Return the texts of a column, or of several in one, such as date and time."""
    named = [columns] if isinstance(columns, str) else columns
    return [" ".join(row) for row in zip(*map(table.column, named), strict=True)]


def _minutes_text(spans: Any) -> Any:
    """Return spans of time as text."""
    return (spans.dt.total_seconds() / 60).round(1).astype(str) + " min"


def _write(frame: pd.DataFrame, out: Path, report: ImportReport) -> None:
    """Write log and report; both appear whole or not at all."""
    try:
        with replacing(report_path(out)) as beside, replacing(out) as partial:
            report.write(beside)
            frame.to_parquet(partial, compression="zstd", index=False)
    except OSError as error:
        raise InputError([f"{out}: cannot be written: {error.strerror or error}"]) from None


def _result(frame: pd.DataFrame, out: Path, report: ImportReport) -> ImportedSessions:
    """Return what was written."""
    return ImportedSessions(
        out,
        report_path(out),
        len(frame),
        int(frame.loc[frame["site"] != "", "site"].nunique()),
        int(frame.loc[frame["gun"] != "", ["site", "gun"]].drop_duplicates().shape[0]),
        str(frame["start"].min()),
        str(frame["start"].max()),
        round(float(frame["kwh"].sum()) / 1000, 3),
        round(float(frame["duration_min"].mean()), 2),
        report,
    )
