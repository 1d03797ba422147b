"""Open a user's table, CSV or Parquet, within bounds, and refuse what is not one cell a place."""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from chargesim.errors import InputError
from chargesim.scenario.file_paths import display_path
from chargesim.scenario.unseen import first_unseen, unseen_words

MAX_CSV_BYTES = 64 * 2**20
MAX_PARQUET_BYTES = 200 * 10**6
MAX_UNPACKED_BYTES = 2 * 2**30
"""What the columns of a Parquet file may take in memory."""
MAX_ROWS = 10_000_000
MAX_CSV_ROWS = 3_000_000
MAX_COLUMNS = 500
MAX_CELL = 4096
MAX_FAULTS = 20
MOST_COUNTED = 10_000
"""Faults after which a table is not read on."""
_LONG_CELL = f"a cell has more than {MAX_CELL:,} characters"
_CHUNK = 100_000
_LONG = 2**20
_PACKED = {
    b"\x1f\x8b": "a gzip archive",
    b"PK": "a zip archive or an Excel sheet",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"(\xb5/\xfd": "a zstd archive",
    b"7z\xbc\xaf": "a 7z archive",
}
_PARQUET = b"PAR1"
_CALLED = {",": "comma", ";": "semicolon", "\t": "tab"}


@dataclass(frozen=True)
class TableFile:
    """The cells of a table by column; blank rows are left out.

    Attributes
    ----------
    path : Path
    columns : list of str
        The header, in its order.
    cells : dict of str to pyarrow array
        Stripped texts of a CSV, values of any type of a Parquet file.
    lines : array of int
        Line of each row of a CSV, row of a Parquet file from 1.
    parquet : bool
    decimal_comma : bool
        Cells are divided by semicolons or tabs, so that 20,5 is a number.
    """

    path: Path
    columns: list[str]
    cells: dict[str, Any]
    lines: NDArray[np.int64]
    parquet: bool = False
    decimal_comma: bool = False

    def at(self, row: int) -> str:
        """Return where a row is, for a message."""
        name = display_path(self.path)
        return f"{name}: row {self.lines[row]}" if self.parquet else f"{name}:{self.lines[row]}"

    @property
    def header(self) -> str:
        """Where the header is, for a message."""
        return display_path(self.path) + ("" if self.parquet else ":1")

    def cell(self, column: str, row: int) -> Any:
        """Return one cell as it is in the file."""
        return self.cells[column][row].as_py()


def shown(name: str, faults: list[str]) -> list[str]:
    """Return the first faults of a table, and how many more there are."""
    more = len(faults) - MAX_FAULTS
    at_least = "at least " if len(faults) >= MOST_COUNTED else ""
    rest = [f"{name}: and {at_least}{more:,} more faults"] if more > 0 else []
    return [*faults[:MAX_FAULTS], *rest]


def open_table(path: Path, wanted: Callable[[str], bool]) -> TableFile:
    """Open a table, by its content a CSV or a Parquet file.

    Parameters
    ----------
    path : Path
    wanted : callable
        Says of a column whether its cells are kept.

    Raises
    ------
    InputError
        When it is missing, packed, too large, not a table, or has rows that do not fit its header.
    """
    name = display_path(path)
    try:
        if path.is_dir():
            raise InputError([f"{name}: is a folder; a table, CSV or Parquet, is needed"])
        if not path.is_file():
            raise InputError([f"{name}: no such file"])
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
        parquet = start.startswith(_PARQUET)
        most = MAX_PARQUET_BYTES if parquet else MAX_CSV_BYTES
        for magic, what in _PACKED.items():
            if start.startswith(magic):
                raise InputError([f"{name}: is {what}; a table, CSV or Parquet, is needed"])
        if size > most:
            words = f"{MAX_PARQUET_BYTES // 10**6} MB" if parquet else f"{most >> 20} MiB"
            kind = "Parquet table" if parquet else "CSV table"
            raise InputError([f"{name}: has {size / 1e6:,.0f} MB; a {kind} may have {words}"])
        if parquet:
            return _open_parquet(path, wanted)
        if path.suffix.lower() in (".parquet", ".pq"):
            raise InputError([f"{name}: is no Parquet file, in spite of its name"])
        content = path.read_bytes()
    except OSError as error:
        raise InputError([f"{name}: cannot be read: {error.strerror or error}"]) from None
    return _open_csv(path, content, wanted)


def _open_csv(path: Path, content: bytes, wanted: Callable[[str], bool]) -> TableFile:
    """Open a CSV file: text in UTF-8, a header, then rows with as many cells, one to a line."""
    name = display_path(path)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError([f"{name}: is text in UTF-16; save the table as CSV in UTF-8"])
    lines = content.count(b"\n") or content.count(b"\r")
    if lines > MAX_CSV_ROWS:
        more = "save a longer log as Parquet"
        raise InputError([f"{name}: has {lines:,} lines; a CSV may have {MAX_CSV_ROWS:,}; {more}"])
    if b"\0" in content:
        raise InputError([f"{name}: is a binary file; a table, CSV or Parquet, is needed"])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(
            [f"{name}:{line}: is not text in UTF-8; save the table as CSV in UTF-8"]
        ) from None
    unseen = first_unseen(text)
    if unseen >= 0:
        line = text.count("\n", 0, unseen) + 1
        raise InputError([f"{name}:{line}: {unseen_words(text[unseen])}"])
    return _CsvReader(path, content, wanted).table()


class _CsvReader:
    """Read the lines of a CSV file one by one, and note the faulty ones."""

    def __init__(self, path: Path, content: bytes, wanted: Callable[[str], bool]) -> None:
        self.path, self.name, self._content = path, display_path(path), content
        self._lines = enumerate(TextIOWrapper(BytesIO(content), "utf-8-sig"), start=1)
        self._divider = ","
        self.faults: list[str] = []
        self._wrong: list[tuple[int, int, bool]] = []
        """lines with another number of cells than the header, and whether the last is blank"""
        self._wanted, header = wanted, self._header()
        self._width = len(header)
        self.header = header[: max(i for i, name in enumerate(header, 1) if name)]

    def table(self) -> TableFile:
        """Return the table.

        Raises
        ------
        InputError
            With the lines that do not fit.
        """
        regular = self._regular()
        if regular is not None:
            return regular
        rows, chunks, lines = self._rows(), [], [np.zeros(0, dtype=np.int64)]
        while chunk := list(islice(rows, _CHUNK)):
            lines.append(np.array([number for number, _ in chunk]))
            chunks.append(self._columns(chunk))
        count = sum(map(len, lines))
        self._refuse(count)
        cells = {
            column: pa.chunked_array([chunk[column] for chunk in chunks], type=pa.string())
            for column in self.header
            if self._wanted(column)
        }
        comma = self._divider != ","
        return TableFile(self.path, self.header, cells, np.concatenate(lines), decimal_comma=comma)

    def _header(self) -> list[str]:
        """Return the header, the first line that is not blank; it tells what divides the cells."""
        said = re.compile(r"sep=[,;\t]\n?")  # what Excel writes and reads
        for number, line in self._lines:
            if line.strip(' ,;\t"\n') and not said.fullmatch(line):
                self._divider, self.first = max(",;\t", key=line.count), number
                fields = [field.strip() for field in self._fields(number, line) or []]
                if len(fields) > MAX_COLUMNS:
                    many = f"has {len(fields):,} columns; a table may have {MAX_COLUMNS}"
                    self.faults = [f"{self.name}:{number}: {many}"]
                if self.faults:
                    raise InputError(self.faults)
                return fields
        raise InputError([f"{self.name}: is empty; a header and rows are needed"])

    def _regular(self) -> TableFile | None:
        """Return a long table without a quote, blank row or misfit at once; None for any other."""
        if (
            len(self._content) < _LONG
            or b'"' in self._content
            or len(set(self.header)) < self._width
        ):
            return None
        options: dict[str, Any] = {
            "read_options": pacsv.ReadOptions(
                use_threads=False, skip_rows=self.first, column_names=self.header
            ),
            "parse_options": pacsv.ParseOptions(
                delimiter=self._divider, quote_char=False, ignore_empty_lines=False
            ),
            "convert_options": pacsv.ConvertOptions(
                column_types=dict.fromkeys(self.header, pa.string()), strings_can_be_null=False
            ),
        }
        try:
            read = pacsv.read_csv(BytesIO(self._content), **options)
        except pa.ArrowInvalid:  # a row that does not fit, which the slow way names
            return None
        cells, blank = {}, np.ones(read.num_rows, dtype=bool)
        for column in self.header:
            texts = pc.utf8_trim_whitespace(read.column(column))
            blank &= pc.equal(texts, "").to_numpy().astype(bool)
            if (pc.max(pc.utf8_length(texts)).as_py() or 0) > MAX_CELL:
                return None
            if self._wanted(column):
                cells[column] = texts
        if blank.any():
            return None
        lines = self.first + 1 + np.arange(read.num_rows)
        comma = self._divider != ","
        return TableFile(self.path, self.header, cells, lines, decimal_comma=comma)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows that fit the header, with their lines."""
        named, blank = len(self.header), f'{self._divider} \t"\r\n'
        for number, line in self._lines:
            if not line.strip(blank):
                continue
            if len(self.faults) + len(self._wrong) >= MOST_COUNTED:
                break
            fields = self._fields(number, line)
            if fields is None:
                continue
            if len(line) > MAX_CELL and max(map(len, fields)) > MAX_CELL:
                self.faults.append(f"{self.name}:{number}: {_LONG_CELL}")
            elif named <= len(fields) <= self._width and not any(map(str.strip, fields[named:])):
                yield number, fields[:named]
            else:
                self._wrong.append((number, len(fields), not fields[-1].strip()))

    def _fields(self, number: int, line: str) -> list[str] | None:
        """Return the cells of a line; none, and a fault, where they cannot be told apart."""
        line = line.rstrip("\n")
        if '"' not in line:
            return line.split(self._divider)
        try:
            reader = csv.reader([line], delimiter=self._divider, strict=True, skipinitialspace=True)
            return next(reader)
        except csv.Error as error:
            what = str(error)
            if "unexpected end" in what:
                what = "a quote opens and does not close in its line"
            elif "expected after" in what:
                what = "text follows a quote that closes; write a quote in a text twice"
            elif "field larger" in what:
                what = _LONG_CELL
            self.faults.append(f"{self.name}:{number}: {what}")
            return None

    def _columns(self, rows: list[tuple[int, list[str]]]) -> dict[str, pa.Array]:
        """Return the wanted cells of some rows by column, without blanks around them."""
        columns: dict[str, pa.Array] = {}
        for place, texts in enumerate(zip(*(fields for _, fields in rows), strict=True)):
            if not self._wanted(self.header[place]):
                continue
            cells = [text.strip() for text in texts]
            columns.setdefault(self.header[place], pa.array(cells, type=pa.string()))
        return columns

    def _refuse(self, count: int) -> None:
        """Raise with the lines that do not fit, or in one line where all are alike."""
        named, wrong = len(self.header), self._wrong
        if count == 0 and len(wrong) > 1 and len({cells for _, cells, _ in wrong}) == 1:
            fault = f"each row has {wrong[0][1]} cells, the header {named}"
            if wrong[0][1] == named + 1 and all(last for _, _, last in wrong):
                called = _CALLED[self._divider]
                fault = f"each row ends with a {called}, and the header does not; delete it"
            raise InputError([f"{self.name}: {fault}"])
        for number, cells, _ in wrong:
            many = f"has {cells} cells, the header {named}"
            self.faults.append(f"{self.name}:{number}: {many}")
        if self.faults:
            raise InputError(shown(self.name, in_order(self.faults, self.name)))


def in_order(faults: list[str], name: str) -> list[str]:
    """Return the faults of a table in the order of its rows."""

    def row(fault: str) -> int:
        number = re.match(r"(?::| row )(\d+)", fault.removeprefix(name))
        return int(number[1]) if number else 0

    return sorted(faults, key=row)


def _open_parquet(path: Path, wanted: Callable[[str], bool]) -> TableFile:
    """Open a Parquet file within bounds, and read the wanted columns; texts stay dictionaries."""
    name = display_path(path)
    try:
        path = path.absolute()  # pyarrow takes exp:1/... for an address
        schema = pq.read_schema(path)
        texts = [column for column in schema.names if wanted(column) and _is_text(schema, column)]
        file = pq.ParquetFile(path, read_dictionary=texts)
        meta = file.metadata
        unpacked = sum(meta.row_group(g).total_byte_size for g in range(meta.num_row_groups))
        for words, found, most in (
            ("rows", meta.num_rows, MAX_ROWS),
            ("columns", len(schema), MAX_COLUMNS),
            ("bytes unpacked", unpacked, MAX_UNPACKED_BYTES),
        ):
            if found > most:
                raise InputError([f"{name}: has {found:,} {words}; a table may have {most:,}"])
        header = [one for one in schema.names if not re.fullmatch("__index_level_.*__", one)]
        once = [one for one in header if wanted(one) and header.count(one) == 1]
        read = file.read(columns=once)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        reason = (str(error).splitlines() or ["no reason given"])[0][:120]
        raise InputError([f"{name}: is a damaged Parquet file ({reason})"]) from None
    lines = np.arange(1, meta.num_rows + 1)
    cells = {one: read.column(one) for one in read.column_names}
    return TableFile(path, header, cells, lines, parquet=True)


def _is_text(schema: pa.Schema, column: str) -> bool:
    place = schema.get_field_index(column)
    kind = schema.field(place).type if place >= 0 else pa.null()
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
