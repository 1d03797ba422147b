"""Read CSV tables row by row into checked models, and report all faults of a file at once."""

import csv
import difflib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from chargesim.errors import InputError
from chargesim.scenario.file_paths import display_path

MAX_BYTES = 64 * 2**20


class CsvRow(BaseModel):
    """Base of the rows: it reads values from text and ignores columns that it does not name."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    line: int = Field(default=0, exclude=True)


R = TypeVar("R", bound=CsvRow)

_WORDS = {
    "greater_than_equal": "needs at least {ge}",
    "greater_than": "needs more than {gt}",
    "less_than_equal": "needs at most {le}",
    "less_than": "needs less than {lt}",
    "float_parsing": "needs a number",
    "finite_number": "needs a finite number",
    "int_parsing": "needs a whole number",
    "int_from_float": "needs a whole number",
    "literal_error": "needs {expected}",
    "missing": "needs a value",
    "string_pattern_mismatch": "needs a month as YYYY-MM",
}


def read_csv_rows(
    path: Path, model: type[R], check: Callable[[list[R]], list[str]] | None = None
) -> list[R]:
    """Read a CSV file with a header into rows of `model`; the header is line 1.

    Parameters
    ----------
    path : Path
        The file.
    model : type
        The columns of a row; other columns are ignored.
    check : callable, optional
        Finds faults between rows, such as duplicates, among the rows that are right by themselves.

    Raises
    ------
    InputError
        With one line per fault: `path:line: column: got ..., needs ...`.
    """
    reader = csv.DictReader(_lines(path))
    columns = [name.strip() for name in reader.fieldnames or []]
    reader.fieldnames = columns
    wanted = {
        field.alias or name: field for name, field in model.model_fields.items() if name != "line"
    }
    required = [name for name, field in wanted.items() if field.is_required()]
    faults = _column_faults(
        display_path(path), columns, required, [name for name in wanted if name not in required]
    )
    if faults:
        raise InputError(faults)
    rows = []
    for raw in reader:
        given = {
            name: text.strip()
            for name, text in raw.items()
            if name in wanted and text is not None and text.strip()
        }
        try:
            rows.append(model(line=reader.line_num, **given))
        except ValidationError as error:
            faults += [
                _fault(path, reader.line_num, dict(given), one, model)
                for one in error.errors(include_url=False)
            ]
    if not rows and not faults:
        faults.append(f"{display_path(path)}: has a header and no rows; at least one row is needed")
    elif check is not None:
        faults += check(rows)
    if faults:
        raise InputError(_by_line(faults, display_path(path)))
    return rows


def _column_faults(
    name: str, columns: list[str], required: list[str], optional: list[str]
) -> list[str]:
    """Return a fault for each column that is missing, double or misspelt."""
    free = [column for column in columns if column not in required and column not in optional]
    faults = []
    for column in required:
        if column not in columns:
            near = _nearest(column, free, 0.6) or next(
                (other for other in free if other.lower().startswith(column)), None
            )
            faults.append(
                f"{name}:1: {column}: this column is missing"
                + (f"; is it {near!r}?" if near else "")
            )
            free = [other for other in free if other != near]
    for column in free:
        near = _nearest(
            column, [other for other in optional if other not in columns], 0.8
        )  # `note` is no `node`
        if column and near:
            faults.append(f"{name}:1: {column}: unknown column; did you mean {near!r}?")
    twice = [
        column
        for column in dict.fromkeys(columns)
        if columns.count(column) > 1 and (column in required or column in optional)
    ]
    return faults + [
        f"{name}:1: {column}: this column is given twice; keep one" for column in twice
    ]


def _nearest(name: str, others: Iterable[str], cutoff: float) -> str | None:
    """Return the nearest of the other names, None if none is near."""
    known = {other.lower(): other for other in others if other}
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=cutoff)
    return known[close[0]] if close else None


def _by_line(faults: list[str], name: str) -> list[str]:
    """Return the faults in the order of the file's lines."""

    def line(fault: str) -> int:
        number = fault.removeprefix(f"{name}:").partition(":")[0]
        return int(number) if number.isdigit() else 0

    return sorted(faults, key=line)


def duplicate_faults(path: Path, column: str, lines: list[tuple[int, str]]) -> list[str]:
    """Return a fault for each id that an earlier line has too."""
    first: dict[str, int] = {}
    faults = []
    for line, name in lines:
        if name in first:
            faults.append(
                f"{display_path(path)}:{line}: {column}: {name!r} is already in line "
                f"{first[name]}; ids must be unique"
            )
        first.setdefault(name, line)
    return faults


def _lines(path: Path) -> list[str]:
    name = display_path(path)
    if path.is_dir():
        raise InputError([f"{name}: is a folder; a CSV table is needed"])
    if not path.is_file():
        raise InputError([f"{name}: no such file"])
    if path.stat().st_size > MAX_BYTES:
        raise InputError(
            [
                f"{name}: has {path.stat().st_size / 2**20:.0f} MiB; "
                f"a table may have at most {MAX_BYTES >> 20} MiB"
            ]
        )
    content = path.read_bytes()
    if b"\0" in content:
        raise InputError([f"{name}: is a binary file; a CSV table is needed"])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            [f"{name}: is not text in UTF-8 (byte {error.start}); save the table as CSV in UTF-8"]
        ) from None
    if not text.strip():
        raise InputError([f"{name}: is empty; a header and rows are needed"])
    return text.splitlines()


def _fault(
    path: Path, line: int, given: dict[str, str], error: ErrorDetails, model: type[CsvRow]
) -> str:
    """Return the fault of one wrong value."""
    column = str(error["loc"][0]) if error["loc"] else "row"
    kind, context = error["type"], dict(error.get("ctx", {}))
    limits = {
        key: getattr(item, key)
        for field in _fields(column, model)
        for item in field.metadata
        for key in ("ge", "le")
        if hasattr(item, key)
    }
    if kind in ("greater_than_equal", "less_than_equal") and len(limits) == 2:
        words = f"needs {limits['ge']:g}..{limits['le']:g}"
    elif kind in _WORDS:
        words = _WORDS[kind].format(
            **{
                key: f"{value:g}" if isinstance(value, (int, float)) else value
                for key, value in context.items()
            }
        )
    else:
        words = error["msg"].replace("Input should be ", "needs ").replace("Value error, ", "")
        words = words[0].lower() + words[1:]
    got = f"got {given[column]}, " if column in given else ""
    return f"{display_path(path)}:{line}: {column}: {got}{words}"


def _fields(column: str, model: type[CsvRow]) -> list[FieldInfo]:
    return [field for name, field in model.model_fields.items() if column in (name, field.alias)]
