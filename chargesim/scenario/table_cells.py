"""Read the cells of a table's column as its declaration says: numbers, flags or texts."""

import re
from collections.abc import Callable, Iterable, Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic.fields import FieldInfo

from chargesim.scenario.table_file import MAX_CELL, TableFile
from chargesim.scenario.unseen import first_unseen, unseen_words

Bools = NDArray[np.bool_]
Fault = tuple[str, Bools, str]
"""A column, the rows with a faulty cell there, and what would be right."""

_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_COMMA_NUMBER = r"^[+-]?[0-9]+,[0-9]+$"
_FLAGS = {"0": 0.0, "no": 0.0, "false": 0.0, "1": 1.0, "yes": 1.0, "true": 1.0}


def numbers_of(
    table: TableFile, column: str, field: FieldInfo
) -> tuple[NDArray[np.float64], list[Fault]]:
    """Return a column of numbers, and its faulty cells."""
    if column not in table.cells:
        return np.full(len(table.lines), np.nan), []
    cells, kind = table.cells[column], kind_of(field)
    if table.parquet:
        given = ~cells.is_null().to_numpy().astype(bool)
        values = cells.cast(pa.float64(), safe=False).to_numpy().astype(float)
        bad = given & ~np.isfinite(values)
        faults = [(column, bad, "a finite number")]
    elif kind == "flag":
        values = _mapped(cells, lambda text: _FLAGS.get(text.lower(), np.nan)).astype(float)
        bad = np.isnan(values) & (cells.to_numpy() != "")
        faults = [(column, bad, "0 or 1")]
    else:
        comma = pc.match_substring_regex(cells, _COMMA_NUMBER)
        pointed = pc.replace_substring(cells, ",", ".")
        plain = pc.if_else(comma, pointed, cells) if table.decimal_comma else cells
        good = pc.match_substring_regex(plain, _NUMBER)
        trimmed = pc.utf8_ltrim(plain, characters="+")
        values = pc.if_else(good, trimmed, None).cast(pa.float64()).to_numpy().astype(float)
        bad = ~good.to_numpy().astype(bool) & (cells.to_numpy() != "")
        faults = [(column, bad, "a number"), (column, np.isinf(values), "a finite number")]
    values = np.where(np.isfinite(values), values, np.nan)
    if kind == "flag" and table.parquet:
        faults.append((column, ~np.isnan(values) & ~np.isin(values, (0.0, 1.0)), "0 or 1"))
    if kind == "whole":
        whole = np.isnan(values) | (values == np.floor(values))
        faults.append((column, ~whole, "a whole number"))
    beyond, needs = _beyond(values, field)
    return values, [*faults, (column, beyond, needs)]


def _beyond(values: NDArray[np.float64], field: FieldInfo) -> tuple[Bools, str]:
    """Return which numbers are beyond the declared bounds, and the bounds in words."""
    bounds = bounds_of(field)
    beyond = np.zeros(len(values), dtype=bool)
    for name, compare in (
        ("ge", np.less), ("gt", np.less_equal), ("le", np.greater), ("lt", np.greater_equal),
    ):  # fmt: skip
        if name in bounds:
            beyond |= compare(values, bounds[name])
    return beyond, bounds_words(bounds)


def bounds_words(bounds: Mapping[str, float]) -> str:
    """Return bounds in words."""
    if is_range(bounds):
        return f"{bounds['ge']:g}..{bounds['le']:g}"
    called = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    return ", ".join(f"{called[name]} {value:,.12g}" for name, value in bounds.items())


def is_range(bounds: Mapping[str, float]) -> bool:
    """Return whether bounds are best said as a range, such as -90..90."""
    return {"ge", "le"} <= set(bounds) and bounds["le"] < 1e6


def texts_of(table: TableFile, column: str) -> NDArray[Any]:
    """Return a column of texts, "" where blank."""
    if column not in table.cells:
        return np.full(len(table.lines), "", dtype=object)
    return _mapped(table.cells[column], lambda value: str(value).strip())


def _mapped(cells: Any, change: Callable[[Any], Any]) -> NDArray[Any]:
    """Return cells changed one by one, each value once; a missing one is an empty text."""
    coded = (
        cells.combine_chunks().dictionary_encode()
        if not pa.types.is_dictionary(cells.type)
        else cells.combine_chunks()
    )
    if isinstance(coded, pa.ChunkedArray):
        coded = pa.concat_arrays(coded.unify_dictionaries().chunks)
    values = np.array([*map(change, coded.dictionary.to_pylist()), ""], dtype=object)
    codes = coded.indices.fill_null(len(values) - 1).to_numpy().astype(np.int64)
    found: NDArray[Any] = values[codes]
    return found


def kind_of(field: FieldInfo) -> str:
    """Return what a column holds: `number`, `whole`, `flag` or `text`."""
    names = {float: "number", int: "whole", bool: "flag"}
    return next((names[kind] for kind in _types(field.annotation) if kind in names), "text")


def _types(annotation: Any) -> list[Any]:
    """Return the plain types in an annotation."""
    inside = get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return _types(annotation.__origin__)
    if inside and get_origin(annotation) in (Union, UnionType):
        return [kind for one in inside for kind in _types(one)]
    return [annotation]


def bounds_of(field: FieldInfo) -> dict[str, float]:
    """Return the declared bounds of a column by name: ge, gt, le, lt."""
    found: dict[str, float] = {}

    def look(items: Iterable[Any]) -> None:
        for item in items:
            if isinstance(item, FieldInfo):
                look(item.metadata)
            for name in ("ge", "gt", "le", "lt"):
                if getattr(item, name, None) is not None:
                    found[name] = getattr(item, name)

    def walk(annotation: Any) -> None:
        look(getattr(annotation, "__metadata__", ()))
        for inside in get_args(annotation):
            if not isinstance(inside, str | FieldInfo):
                walk(inside)

    look(field.metadata)
    walk(field.annotation)
    return found


def cells_of(table: TableFile, column: str, field: FieldInfo) -> list[Any]:
    """Return the cells of a column for a row model; what is no number comes as a tuple."""
    kind = kind_of(field)
    if kind == "text":
        return [text or None for text in texts_of(table, column).tolist()]
    cells: list[Any] = table.cells[column].to_pylist()
    if table.parquet:
        return cells
    if kind == "flag":
        return [text and _FLAGS.get(text.lower(), (text,)) for text in cells]
    if table.decimal_comma:
        cells = [
            re.sub(_COMMA_NUMBER, lambda found: found[0].replace(",", "."), text) for text in cells
        ]
    number = re.compile(_NUMBER)
    return [(text if number.match(text) else (text,)) if text else None for text in cells]


def comma_faults(table: TableFile, wanted: Mapping[str, FieldInfo]) -> list[str]:
    """Return a fault where some numbers of a table have a decimal comma and others a point."""
    if not table.decimal_comma:
        return []
    columns = [name for name in table.cells if kind_of(wanted[name]) in ("number", "whole")]
    comma = any(
        pc.any(pc.match_substring_regex(table.cells[name], _COMMA_NUMBER)).as_py()
        for name in columns
    )
    for name in columns if comma else []:
        points = pc.match_substring_regex(table.cells[name], r"^[+-]?[0-9]*\.[0-9]+$")
        rows = np.flatnonzero(points.to_numpy().astype(bool))
        if len(rows):
            got = table.cell(name, int(rows[0]))
            return [
                f"{table.at(int(rows[0]))}: {name}: got {got}, where other numbers of this table "
                "have a decimal comma; write all in one way"
            ]
    return []


def type_faults(table: TableFile, name: str, cells: Any, kind: str) -> list[str]:
    """Return the faults of a column of a Parquet file: its type, texts that no name may have."""
    of, is_ = cells.type, pa.types
    of = of.value_type if is_.is_dictionary(of) else of
    if is_.is_null(of):
        return []
    numeric = is_.is_integer(of) or is_.is_floating(of) or is_.is_decimal(of)
    position = f"{table.header}: {name}"
    if kind != "text":
        if numeric or (kind == "flag" and is_.is_boolean(of)):
            return []
        return [f"{position}: is a column of {of}, needs numbers"]
    if is_.is_integer(of):
        return []
    if not (is_.is_string(of) or is_.is_large_string(of)):
        return [f"{position}: is a column of {of}, needs texts"]
    for text in filter(None, cells.unique().to_pylist()):
        if len(text) > MAX_CELL:
            return [f"{position}: has {len(text):,} characters; a cell may have {MAX_CELL:,}"]
        unseen = first_unseen(text.replace("\n", "\0").replace("\t", "\0"))
        if unseen >= 0:
            return [f"{position}: {unseen_words(text[unseen])}"]
    return []
