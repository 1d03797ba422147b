"""Collect what an import did not take as it came, so that no record vanishes without a word."""

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from chargesim.importers.records import RecordFaultError, plain_text

SHOWN = 20
"""Records that are printed; the file has them all."""
KINDS = ("faulty", "left out", "changed", "assumed", "noted")
REFUSED = KINDS[:2]
COLUMNS = ("file", "record", "id", "what", "reason", "got")


@dataclass(frozen=True)
class ReportLine:
    """A record, and what happened to it."""

    record: int
    id: str
    what: str
    """one of `KINDS`: faulty and left out are not in the result, the others are"""
    reason: str
    """the same words for all records with the same cause"""
    got: str = ""


@dataclass
class ImportReport:
    """All that an import says about the records of a file."""

    file: str
    unit: str = "record"
    """what a record is called: a line of a CSV table, or a record"""
    records: int = 0
    lines: list[ReportLine] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """what holds for the whole file"""

    def refuse(self, record: int, name: str, fault: RecordFaultError) -> None:
        """Add a record that is not in the result."""
        self.add(record, name, fault.what, fault.reason, fault.got)

    def add(self, record: int, name: str, what: str, reason: str, got: str = "") -> None:
        """Add a line."""
        self.lines.append(ReportLine(record, name, what, reason, got))

    def keep_what_counts(self) -> None:
        """Drop changes and assumptions of records that are not in the result after all."""
        refused = {line.record for line in self.lines if line.what in REFUSED}
        self.lines = [
            line for line in self.lines if line.what in REFUSED or line.record not in refused
        ]

    def count(self, what: str) -> int:
        """Return how many records something happened to."""
        return len({line.record for line in self.lines if line.what == what})

    def reasons(self, what: str) -> list[tuple[str, int]]:
        """Return the reasons with the number of lines of each, the most frequent first."""
        return Counter(line.reason for line in self.lines if line.what == what).most_common()

    def to_dict(self) -> dict[str, object]:
        """Return the report as plain data: counts and reasons; the lines are in the file."""
        return {
            "file": self.file,
            "records": self.records,
            "remarks": self.remarks,
            **{
                what.replace(" ", "_"): {
                    "records": self.count(what),
                    "reasons": dict(self.reasons(what)),
                }
                for what in KINDS
            },
        }

    def write(self, path: Path) -> None:
        """Write all lines as CSV."""
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for line in sorted(self.lines, key=lambda line: line.record):
                cells = (line.id, line.what, line.reason, _cell(line.got))
                writer.writerow((self.file, line.record, *cells))


def report_path(out: Path) -> Path:
    """Return where the report of an output lies: beside it."""
    return out.with_name(f"{out.name}.report.csv")


def _cell(text: str) -> str:
    """Return a text that no spreadsheet reads as a formula."""
    text = plain_text(text)
    return f"'{text}" if text[:1] in ("=", "+", "@") else text
