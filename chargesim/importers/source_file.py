"""Open a file from outside: bounded in size and nesting, text in a known encoding, no entities."""

import codecs
import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from chargesim.errors import InputError
from chargesim.scenario.file_paths import display_path

MAX_MB = 200
MAX_DEPTH = 64
MAX_CONTAINERS = 20_000_000
"""Objects and lists of a JSON file; a station list of 200 MB has about 5 million."""
MAX_CELL = 2**20
_PACKED = {b"\x1f\x8b": "gzip", b"PK": "zip (or an Excel sheet)", b"PAR1": "Parquet"}


@dataclass(frozen=True)
class CsvTable:
    """The header and the rows of a CSV file, each row with its line."""

    columns: list[str]
    lines: list[int]
    fields: list[list[str]]
    decimal_comma: bool
    """fields are divided by semicolons, so 20,5 may be a number"""
    broken: list[tuple[int, str]]
    """lines with another number of fields than the header, with what is wrong"""

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield each row with its line, its fields by column."""
        for line, fields in zip(self.lines, self.fields, strict=True):
            yield line, dict(zip(self.columns, fields, strict=True))

    def column(self, name: str) -> list[str]:
        """Return the fields of a column."""
        place = self.columns.index(name)
        return [fields[place] for fields in self.fields]


@dataclass(frozen=True)
class SourceFile:
    """The content of a file from outside."""

    path: Path
    content: bytes
    encoding: str = "utf-8"

    @property
    def name(self) -> str:
        """The path as a user would write it."""
        return display_path(self.path)

    @property
    def kind(self) -> str:
        """`json`, `xml` or `csv`, by the first character."""
        start = self.content[:4096].lstrip(codecs.BOM_UTF8).lstrip()[:1]
        return {b"{": "json", b"[": "json", b"<": "xml"}.get(start, "csv")

    def fault(self, words: str, line: int | None = None) -> InputError:
        """Return an error that names the file."""
        return InputError([f"{self.name}{'' if line is None else f':{line}'}: {words}"])

    def text(self) -> str:
        """Return the content as text."""
        name = "utf-8-sig" if self.encoding.lower() in ("utf-8", "utf8") else self.encoding
        try:
            return self.content.decode(name)
        except LookupError:
            raise self.fault(f"encoding {self.encoding!r} is not known; utf-8 is usual") from None
        except UnicodeDecodeError as error:
            line = self.content[: error.start].count(b"\n") + 1
            raise self.fault(
                f"is not text in {self.encoding} (byte {error.start}); save it as UTF-8, or name "
                "its encoding (cp1252, gb18030) with --encoding",
                line,
            ) from None

    def json(self) -> Any:
        """Return the content of a JSON file; NaN and deep nesting are refused."""
        if self.content.count(b"{") + self.content.count(b"[") > MAX_CONTAINERS:
            raise self.fault(f"has more than {MAX_CONTAINERS:,} objects and lists; cut it up")
        try:
            data = json.loads(self.text(), parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            raise self.fault(f"is not valid JSON: {error.msg}", error.lineno) from None
        except RecursionError:
            raise self.fault(f"is nested too deeply; at most {MAX_DEPTH} levels") from None
        except ValueError as error:
            raise self.fault(f"is not valid JSON: {str(error)[:80]}") from None
        if _deeper(data, MAX_DEPTH):
            raise self.fault(f"is nested too deeply; at most {MAX_DEPTH} levels")
        return data

    def csv(self) -> CsvTable:
        """Return the rows of a CSV file divided by commas, semicolons, tabs or bars."""
        text = self.text()
        if not text.strip():
            raise self.fault("is empty; a header and rows are needed")
        head = text.lstrip("\r\n").splitlines()[0]
        divider = max(",;\t|", key=head.count)
        csv.field_size_limit(MAX_CELL)
        reader = csv.reader(text.splitlines(keepends=True), delimiter=divider, strict=True)
        columns: list[str] = []
        lines, rows, broken = [], [], []
        try:
            for fields in reader:
                if not any(field.strip() for field in fields):
                    continue
                if not columns:
                    columns = [name.strip() for name in fields]
                elif len(fields) != len(columns):
                    words = f"has {len(fields)} fields, the header {len(columns)}"
                    broken.append((reader.line_num, words))
                else:
                    lines.append(reader.line_num)
                    rows.append([field.strip() for field in fields])
        except csv.Error as error:
            known = {"unexpected end of data": "a quoted field does not end"}
            why = known.get(str(error), str(error))
            raise self.fault(f"is not a CSV table: {why}", reader.line_num) from None
        twice = sorted({name for name in columns if name and columns.count(name) > 1})
        if twice:
            raise self.fault(f"column {twice[0]!r} is there twice; rename one", 1)
        return CsvTable(columns, lines, rows, divider == ";", broken)

    def xml(self, *tags: str) -> Iterator[Any]:
        """Yield the elements of some local names, each emptied when the next one is asked for.

        A document type is refused, so that no entity can be declared.
        """
        from lxml import etree

        options: Any = {"resolve_entities": False, "no_network": True, "load_dtd": False}
        names = [f"{{*}}{tag}" for tag in tags]
        try:
            events = etree.iterparse(BytesIO(self.content), tag=names, **options)
            first = True
            for _, element in events:
                if first:
                    self._refuse_doctype(element)
                first = False
                yield element
                element.clear()
            self._refuse_doctype(events.root)
        except etree.XMLSyntaxError as error:
            words = str(error).partition(", line")[0]
            raise self.fault(f"is not valid XML: {words[:120]}", error.lineno) from None

    def _refuse_doctype(self, element: Any) -> None:
        if element.getroottree().docinfo.doctype:
            raise self.fault("has a document type (DOCTYPE), which may declare entities")


def open_source(path: Path, encoding: str = "utf-8") -> SourceFile:
    """Read a file from outside.

    Raises
    ------
    InputError
        When it is missing, a folder, empty, packed, binary, or larger than `MAX_MB`.
    """
    name = display_path(path)
    try:
        if path.is_dir():
            raise InputError([f"{name}: is a folder; a file is needed"])
        if not path.is_file():
            raise InputError([f"{name}: no such file"])
        size = path.stat().st_size
        if size > MAX_MB * 10**6:
            raise InputError(
                [f"{name}: has {size / 1e6:,.0f} MB; at most {MAX_MB} MB are read, cut it up"]
            )
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(
            [f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}"]
        ) from None
    if not content.strip():
        raise InputError([f"{name}: is empty"])
    for start, what in _PACKED.items():
        if content.startswith(start):
            raise InputError([f"{name}: is a {what} file; unpack it, or save it as CSV or JSON"])
    if b"\0" in content[:65536] and not encoding.lower().startswith("utf-16"):
        raise InputError([f"{name}: is a binary file; CSV, JSON or XML is needed"])
    return SourceFile(path, content, encoding)


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is no number")


def _deeper(data: Any, levels: int) -> bool:
    """Return whether plain data are nested in more than some levels."""
    layer = [data]
    for _ in range(levels):
        layer = [
            below
            for node in layer
            if isinstance(node, dict | list)
            for below in (node.values() if isinstance(node, dict) else node)
            if isinstance(below, dict | list)
        ]
        if not layer:
            return False
    return True
