"""Turn the answers of commands into tables, and compare these with frozen ones.

Only the command line and the files that it writes are used.
"""

import contextlib
import csv
import hashlib
import json
import math
import platform
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from golden_cases import Case
from typer.testing import CliRunner

HERE = Path(__file__).resolve().parent / "goldens"
SCENARIOS = HERE.parents[1] / "scenarios"
MACHINE = HERE / "machine.json"

RENAMED: dict[str, str] = {
    "comparison.json": "compare.json",
    "lead_in/lead_in.json": "lead-in.json",
}
"""JSON keys, columns and files that were renamed since the tables were made: old -> new name."""

LEFT_OUT = {
    # where and by what
    "run", "run_dir", "series_dir", "compare_dir", "folder", "chargesim", "machine", "packages",
    # cost
    "begun", "seconds", "run_seconds", "simpy_seconds", "compiled_seconds", "peak_gib", "engine",
    # sentences
    "title", "label", "text", "note", "notes", "sentence", "about", "headline", "question", "words",
    "source", "sources", "stock_text", "share_text", "rule", "formula", "system", "idle",
    "left_out", "odd", "description", "examples", "replications_run_now", "recorded",
}  # fmt: skip
"""JSON keys and columns that hold no result. Of a list only the number of its items is kept."""
LEFT_OUT_AT = {("verdict.json", "scope")}
"""Keys that hold no result in one table only, by table and dotted path."""

FILES = (
    "kpis.csv", "verdict.json", "checks.json", "site_hours.parquet", "series.csv",
    "differences.csv", "criteria.csv", "comparison.json", "levels.csv", "limit.json",
    "tornado.csv", "tornado.json", "uncertainty.json", "draws.csv", "morris.csv", "sobol.csv",
    "lead_in/lead_in.json",
)  # fmt: skip
"""Files in the directory of the answers that are read."""
LABELS = (
    "line", "value", "than_line", "than_value", "plan", "than", "level", "criterion", "kpi",
    "scope", "key", "end", "group", "draw",
)  # fmt: skip
"""Columns that name a row, as far as a table has them."""
LONG = {"kpis.csv", "series.csv", "differences.csv"}
"""Tables with a row per KPI, scope and key, of which some scopes are kept as digests."""
WORDS = {"unit", "title", "family"}
"""Columns of words in the long tables; they are not kept."""
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w])")

Row = tuple[str, str, str]
Table = dict[Row, str]


@dataclass(frozen=True)
class Answer:
    """What a command answered."""

    exit_code: int
    stdout: str
    stderr: str
    folder: Path


def ask(case: Case, folder: Path) -> Answer:
    """Run the command of a case in an empty folder."""
    from chargesim.cli import app

    scenarios = SCENARIOS
    if case.copied:
        scenarios = folder / "scenarios"
        shutil.copytree(SCENARIOS, scenarios)
        for own in HERE.glob("*.yaml"):
            shutil.copy(own, scenarios)
    words = [word.replace("{scenarios}", str(scenarios)) for word in case.words]
    with contextlib.chdir(folder):
        done = CliRunner().invoke(app, words)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    if not done.stdout.startswith("{"):
        words = f"no JSON object on stdout, exit code {done.exit_code}"
        raise ValueError(f"{case.name}: {words}: {done.stderr[-1000:]}")
    return Answer(done.exit_code, done.stdout, done.stderr, folder / "out")


def table_of(case: Case, answer: Answer) -> Table:
    """Return all that a case keeps of an answer."""
    rows: Table = {("command", "", "exit_code"): str(answer.exit_code)}
    for name, data in _read(case, answer):
        for row, column, value in data:
            if (name, row, column) in rows:
                raise ValueError(f"{case.name}: two values of {name}, {row}, {column}")
            rows[name, row, column] = value
    return rows


def _read(case: Case, answer: Answer) -> Iterator[tuple[str, Iterable[Row]]]:
    """Give the rows of each table."""
    new = {old: fresh for old, fresh in RENAMED.items() if old in (*FILES, "criteria.txt")}
    if "stdout" not in case.without:
        data = json.loads(answer.stdout)
        yield "stdout", _schema(data) if case.words[0] == "schema" else _json("stdout", data)
    for name in FILES:
        path = answer.folder / new.get(name, name)
        if name in case.without or not path.exists():
            continue
        if name.endswith(".json"):
            yield name, _json(name, json.loads(path.read_text(encoding="utf-8")))
        elif name in LONG:
            yield name, _long(_records(path), case.kept)
        elif name.endswith(".csv"):
            yield name, _short(_records(path))
        else:
            yield name, _columns(path, ["hour"])
    for path in sorted((answer.folder / new.get("sessions", "sessions")).glob("*.parquet")):
        yield f"sessions/{path.name}", _columns(path, ["vehicle", "wish_min"])
    path = answer.folder / new.get("criteria.txt", "criteria.txt")
    if path.exists():
        yield "criteria.txt", _sentences(path.read_text(encoding="utf-8"))


def _old_names() -> dict[str, str]:
    return {new: old for old, new in RENAMED.items()}


def _json(table: str, data: Any) -> Iterator[Row]:
    """Give the leaves under dotted paths; a list's items are numbered."""
    old = _old_names()

    def leaves(value: Any, path: tuple[str, ...]) -> Iterator[Row]:
        if isinstance(value, dict) and value:
            for key, below in value.items():
                name = old.get(key, key)
                if (table, ".".join((*path, name))) in LEFT_OUT_AT:
                    continue
                if name not in LEFT_OUT:
                    yield from leaves(below, (*path, name))
                elif isinstance(below, list):
                    yield ".".join(path), f"{name}.items", str(len(below))
        elif isinstance(value, list) and value:
            for number, below in enumerate(value):
                yield from leaves(below, (*path, str(number)))
        else:
            yield ".".join(path[:-1]), path[-1], _text(value)

    yield from leaves(data, ())


def _schema(schema: dict[str, Any]) -> Iterator[Row]:
    """Give the rules of a JSON Schema for each key of a scenario, with its references resolved."""
    old = _old_names()

    def rules(part: Any, path: tuple[str, ...]) -> Iterator[Row]:
        row = ".".join(path)
        for name, value in part.items():
            if name == "$ref":
                yield from rules(schema["$defs"][value.rsplit("/", 1)[1]], path)
            elif name in {"properties", "patternProperties"}:
                for key, below in value.items():
                    yield from rules(below, (*path, old.get(key, key)))
            elif name in {"anyOf", "oneOf", "allOf"}:
                for number, below in enumerate(value):
                    yield from rules(below, (*path, f"{name}:{number}"))
            elif name in {"items", "additionalProperties", "propertyNames"} and isinstance(
                value, dict
            ):
                yield from rules(value, (*path, f"{name}:"))
            elif name not in {"$defs", "title", "description", "examples"}:
                yield row, name, _text(value)

    yield from rules(schema, ())


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return (
        repr(value)
        if isinstance(value, int | float)
        else json.dumps(value)
        if isinstance(value, list | dict)
        else str(value)
    )


def _plain(text: str) -> str:
    """Return a cell of a CSV file, a number in full."""
    if text in {"True", "False"}:
        return text.lower()
    try:
        return text if text.lstrip("-").isdigit() else repr(float(text))
    except ValueError:
        return text


def _records(path: Path) -> list[dict[str, str]]:
    old = _old_names()
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {old.get(name, name): _plain(text) for name, text in line.items()}
            for line in csv.DictReader(file)
        ]


def _label(record: dict[str, str]) -> str:
    return "|".join(record[name] for name in LABELS if name in record)


def _short(records: list[dict[str, str]]) -> Iterator[Row]:
    """Give every cell; rows of the same name are numbered."""
    seen: Counter[str] = Counter()
    for record in records:
        label = _label(record)
        seen[label] += 1
        row = label if seen[label] == 1 and label else f"{label}#{seen[label]}"
        yield from (
            (row, name, text)
            for name, text in record.items()
            if name not in LABELS and name not in LEFT_OUT and text != ""
        )


def _long(records: list[dict[str, str]], kept: tuple[str, ...]) -> Iterator[Row]:
    """Give the rows of the kept scopes, and digests of the others by their labels but the key."""
    digests: dict[str, list[dict[str, str]]] = {}
    full = [record for record in records if record["scope"] in kept or len(records) < 50]
    yield from ((row, name, text) for row, name, text in _short(full) if name not in WORDS)
    yield "", "rows", str(len(records))
    coarse = "city" not in kept
    for record in records:
        if not (record["scope"] in kept or len(records) < 50):
            group = {
                name: text
                for name, text in record.items()
                if name != "key" and not (coarse and name == "kpi")
            }
            digests.setdefault(_label(group), []).append(record)
    for label, group in digests.items():
        names = sorted(name for name in group[0] if name not in LABELS and name not in WORDS)
        cells = sorted(
            "|".join((_label(record), *(record[name] for name in names))) for record in group
        )
        yield label, "sha256", hashlib.sha256("\n".join(cells).encode()).hexdigest()[:16]
        sizes = [abs(float(record["mean"])) for record in group if record["mean"]]
        yield label, "sum of sizes", repr(math.fsum(size for size in sizes if math.isfinite(size)))


def _columns(path: Path, order: list[str]) -> Iterator[Row]:
    """Give sum and digest of each column of numbers, and the count of each word in the others."""
    data = pd.read_parquet(path).rename(columns=_old_names())
    words = [name for name in data.columns if not pd.api.types.is_numeric_dtype(data[name])]
    data = data.assign(
        **{name: ["" if pd.isna(word) else str(word) for word in data[name]] for name in words}
    )
    data = data.sort_values([*order, *words], ignore_index=True)
    yield "", "rows", str(len(data))
    for name in data.columns:
        if name in words:
            yield name, "sha256", hashlib.sha256("\n".join(data[name]).encode()).hexdigest()[:16]
            counts = Counter(data[name])
            if len(counts) <= 12:
                yield from (
                    (name, f"rows of {word}", str(count)) for word, count in sorted(counts.items())
                )
            continue
        numbers = data[name].to_numpy(dtype=np.float64)
        yield name, "sha256", hashlib.sha256((numbers + 0.0).tobytes()).hexdigest()[:16]
        yield name, "finite", str(int(np.isfinite(numbers).sum()))
        yield name, "sum of sizes", repr(math.fsum(np.abs(numbers[np.isfinite(numbers)])))


def _sentences(text: str) -> Iterator[Row]:
    """Give the numbers of each sentence, under the text before its last colon."""
    for line in text.splitlines():
        before, colon, rest = line.rpartition(": ")
        if colon:
            yield before, "numbers", " ".join(NUMBER.findall(rest))


def differing(golden: Table, now: Table, *, exact: bool) -> list[str]:
    """Return a line for each value that differs, in the order of the golden table."""
    changed = [row for row, old in golden.items() if not _same(row, old, now.get(row), exact=exact)]
    added = [row for row in now if row not in golden]
    return [
        *(
            f"{' / '.join(row)}: {golden[row]!r} in the golden table, now {now.get(row)!r}"
            for row in changed
        ),
        *(f"{' / '.join(row)}: not in the golden table, now {now[row]!r}" for row in added),
    ]


def _same(row: Row, old: str, new: str | None, *, exact: bool) -> bool:
    if old == new:
        return True
    if new is None:
        return False
    if row[2] == "sha256":
        return not exact
    try:
        left, right = float(old), float(new)
    except ValueError:
        return False
    return left == right or (not exact and math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-12))


def write_table(path: Path, table: Table) -> None:
    """Write a golden table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("table", "row", "column", "value"))
        writer.writerows((*row, value) for row, value in table.items())


def read_table(path: Path) -> Table:
    """Read a golden table."""
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (line["table"], line["row"], line["column"]): line["value"]
            for line in csv.DictReader(file)
        }


def machine() -> dict[str, Any]:
    """Return what may move the last bit of a number: features of the processor, versions."""
    from numpy._core._multiarray_umath import __cpu_features__

    return {
        "processor": platform.machine(),
        "features": sorted(name for name, found in __cpu_features__.items() if found),
        "libc": " ".join(platform.libc_ver()),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in ("numpy", "scipy", "numba", "pandas")},
    }


def same_machine() -> bool:
    """Return whether numbers must be equal to the last bit."""
    return bool(json.loads(MACHINE.read_text(encoding="utf-8")) == machine())
