"""Read a user's tables, CSV or Parquet, into checked rows or columns, and report all their faults.

Ids are text, whatever they look like. A table of a city is read row by row into models; a long log
column by column, by the same declarations.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from chargesim.errors import InputError
from chargesim.scenario.file_paths import display_path
from chargesim.scenario.table_cells import (
    Bools,
    Fault,
    bounds_of,
    bounds_words,
    cells_of,
    comma_faults,
    is_range,
    kind_of,
    numbers_of,
    texts_of,
    type_faults,
)
from chargesim.scenario.table_file import MOST_COUNTED, TableFile, in_order, open_table, shown


class TableRow(BaseModel):
    """Base of the rows: it reads values from text and ignores columns that it does not name."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    line: int = Field(default=0, exclude=True)
    """line of a CSV file, row of a Parquet file"""


R = TypeVar("R", bound=TableRow)

MOST_MODEL_ROWS = 1_000_000
"""Rows of a table that is read row by row."""
_WORDS = {
    "greater_than_equal": "needs at least {ge}",
    "greater_than": "needs more than {gt}",
    "less_than_equal": "needs at most {le}",
    "less_than": "needs less than {lt}",
    "float_parsing": "needs a number",
    "finite_number": "needs a finite number",
    "int_parsing": "needs a whole number",
    "int_from_float": "needs a whole number",
    "float_type": "needs a number",
    "int_type": "needs a whole number",
    "bool_type": "needs 0 or 1",
    "literal_error": "needs {expected}",
    "missing": "needs a value",
    "string_pattern_mismatch": "needs a month as YYYY-MM",
}


def columns_of(model: type[TableRow]) -> dict[str, FieldInfo]:
    """Return the columns of a row model by their names in the table."""
    return {
        field.alias or name: field for name, field in model.model_fields.items() if name != "line"
    }


def read_rows(
    path: Path, model: type[R], check: Callable[[list[R]], list[str]] | None = None
) -> list[R]:
    """Read a table with a header into rows of `model`.

    Parameters
    ----------
    path : Path
        The file, CSV or Parquet.
    model : type
        The columns of a row; other columns are ignored.
    check : callable, optional
        Finds faults between rows, such as duplicates, among the rows that are right by themselves.

    Raises
    ------
    InputError
        With one line per fault: `path:line: column: got ..., needs ...`.
    """
    wanted, name = columns_of(model), display_path(path)
    table = open_table(path, wanted.__contains__)
    required = [column for column, field in wanted.items() if field.is_required()]
    _refuse_columns(table, wanted, required)
    count = len(table.lines)
    if count > MOST_MODEL_ROWS:
        raise InputError([f"{name}: has {count:,} rows; this table may have {MOST_MODEL_ROWS:,}"])
    cells = {column: cells_of(table, column, wanted[column]) for column in table.cells}
    rows, faults = [], comma_faults(table, wanted)
    for number, line in enumerate(table.lines.tolist()):
        if len(faults) >= MOST_COUNTED:
            break
        given = {
            column: values[number] for column, values in cells.items() if values[number] is not None
        }
        try:
            rows.append(model(line=line, **given))
        except ValidationError as error:
            faults += [
                _fault(table.at(number), given, one, wanted)
                for one in error.errors(include_url=False)
            ]
    if not rows and not faults:
        faults.append(f"{name}: has a header and no rows; at least one row is needed")
    elif check is not None:
        faults += check(rows)
    if faults:
        raise InputError(shown(name, in_order(faults, name)))
    return rows


@dataclass(frozen=True)
class Columns:
    """A long table by column; a column that the file lacks is blank."""

    table: TableFile
    columns: tuple[str, ...]
    """in the order of their declaration"""
    numbers: dict[str, NDArray[np.float64]]
    """NaN where blank; a flag is 0 or 1"""
    texts: dict[str, NDArray[Any]]
    """an empty text where blank"""
    faults: tuple[Fault, ...] = ()
    """cells that do not fit the declaration of their column"""

    def __len__(self) -> int:
        return len(self.table.lines)

    def given(self, name: str) -> Bools:
        """Return where a column has a value."""
        if name in self.texts:
            return np.asarray(self.texts[name] != "", dtype=bool)
        return ~np.isnan(self.numbers[name])

    def refuse(self, faults: Iterable[Fault]) -> None:
        """Raise with a line for each fault that some rows have, which names the first of them."""
        found = [(column, np.flatnonzero(bad), needs) for column, bad, needs in faults]
        lines = [
            self._line(column, rows, needs)
            for column, rows, needs in sorted(found, key=lambda one: self.columns.index(one[0]))
            if len(rows)
        ]
        if lines:
            raise InputError(lines)

    def _line(self, column: str, rows: NDArray[np.int64], needs: str) -> str:
        """Return the line of a fault that some rows have."""
        row = int(rows[0])
        value = self.table.cell(column, row) if column in self.table.cells else None
        number = column in self.numbers and (self.given(column)[row] or not isinstance(value, str))
        got = "" if value in (None, "") else f"got {value if number else repr(str(value))}, "
        more = f" (and {len(rows) - 1:,} more rows)" if len(rows) > 1 else ""
        return f"{self.table.at(row)}: {column}: {got}needs {needs}{more}"


def read_columns(
    path: Path,
    model: type[TableRow],
    also_needed: Callable[[list[str]], list[str]] = lambda columns: [],
) -> Columns:
    """Read a long table by column, as a row model declares them; it may have no other columns.

    Parameters
    ----------
    path : Path
    model : type
        The columns of a row.
    also_needed : callable
        The columns that a header needs beside those that the model requires.

    Raises
    ------
    InputError
        When the file or its columns are not right. Cells that are not right are in `faults`.
    """
    wanted = columns_of(model)
    table = open_table(path, wanted.__contains__)
    needed = {name for name, field in wanted.items() if field.is_required()}
    needed |= set(also_needed(table.columns))
    _refuse_columns(table, wanted, [name for name in wanted if name in needed], closed=True)
    if len(table.lines) == 0:
        name = display_path(path)
        raise InputError([f"{name}: has a header and no rows; at least one row is needed"])
    numbers: dict[str, NDArray[np.float64]] = {}
    texts: dict[str, NDArray[Any]] = {}
    faults: list[Fault] = []
    for column, field in wanted.items():
        blank = np.zeros(len(table.lines), dtype=bool)
        if kind_of(field) == "text":
            texts[column] = texts_of(table, column)
            blank = texts[column] == ""
        else:
            numbers[column], wrong = numbers_of(table, column, field)
            faults += wrong
            blank = np.isnan(numbers[column])
            for _, bad, _ in wrong:
                blank &= ~bad
        if column in needed and field.is_required():
            faults.append((column, blank, "a value"))
    comma = comma_faults(table, wanted)
    if comma:
        raise InputError(comma)
    return Columns(table, tuple(wanted), numbers, texts, tuple(faults))


def _refuse_columns(
    table: TableFile, wanted: Mapping[str, FieldInfo], required: list[str], closed: bool = False
) -> None:
    """Raise where columns are missing, double or misspelt, or cannot be what they should be."""
    columns, optional = table.columns, [name for name in wanted if name not in required]
    faults = _column_faults(table.header, columns, required, optional, closed)
    faults += [
        f"{table.header}: {column}: this column is given twice; keep one"
        for column in dict.fromkeys(columns)
        if columns.count(column) > 1 and column in wanted
    ]
    if table.parquet:
        for name, cells in table.cells.items():
            faults += type_faults(table, name, cells, kind_of(wanted[name]))
    if faults:
        raise InputError(shown(display_path(table.path), faults))


def _column_faults(
    header: str, columns: list[str], required: list[str], optional: list[str], closed: bool
) -> list[str]:
    """Return a fault for each column that is missing or misspelt, or unknown in a closed table."""
    free = [column for column in columns if column not in required and column not in optional]
    faults = []
    for column in required:
        if column not in columns:
            near = _nearest(column, free, 0.6) or next(
                (other for other in free if other.lower().startswith(column)), None
            )
            faults.append(
                f"{header}: {column}: this column is missing"
                + (f"; is it {near!r}?" if near else "")
            )
            free = [other for other in free if other != near]
    absent = [other for other in optional if other not in columns]
    for column in filter(None, free):
        near = _nearest(column, absent, 0.8)  # `note` is no `node`
        if near:
            faults.append(f"{header}: {column}: unknown column; did you mean {near!r}?")
        elif closed:
            known = ", ".join([*required, *optional])
            faults.append(f"{header}: {column}: unknown column; known are {known}")
    return faults


def _nearest(name: str, others: Iterable[str], cutoff: float) -> str | None:
    """Return the nearest of the other names, None if none is near."""
    known = {other.lower(): other for other in others if other}
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=cutoff)
    return known[close[0]] if close else None


def duplicate_faults(
    path: Path, column: str, lines: list[tuple[int, str]], rule: str = "ids must be unique"
) -> list[str]:
    """Return a fault for each id, or other key, that an earlier line has too."""
    first: dict[str, int] = {}
    faults = []
    for line, name in lines:
        if name in first:
            faults.append(
                f"{display_path(path)}:{line}: {column}: {name!r} is already in line "
                f"{first[name]}; {rule}"
            )
        first.setdefault(name, line)
    return faults


def _fault(
    position: str, given: dict[str, Any], error: ErrorDetails, wanted: Mapping[str, FieldInfo]
) -> str:
    """Return the fault of one wrong value."""
    column = str(error["loc"][0]) if error["loc"] else "row"
    kind, context = error["type"], dict(error.get("ctx", {}))
    bounds = bounds_of(wanted[column]) if column in wanted else {}
    if kind in ("greater_than_equal", "less_than_equal") and is_range(bounds):
        words = f"needs {bounds_words(bounds)}"
    elif kind in _WORDS:
        words = _WORDS[kind].format(
            **{
                key: f"{value:,.12g}" if isinstance(value, (int, float)) else value
                for key, value in context.items()
            }
        )
    else:
        words = error["msg"].replace("Input should be ", "needs ").replace("Value error, ", "")
        words = words[0].lower() + words[1:]
    value = given.get(column)
    value = value[0] if isinstance(value, tuple) else value
    got = f"got {value}, " if column in given else ""
    return f"{position}: {column}: {got}{words}"
