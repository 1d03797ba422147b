"""Write and read the files of a run; a file appears whole or not at all."""

import contextlib
import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from chargesim.json_values import json_text


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary file to fill; it becomes `path` when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # absolute, since pyarrow takes exp:1/... for an address and ~ for the home folder
    partial = path.absolute().with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def clear_partial_files(folder: Path) -> None:
    """Remove half-written files of killed processes; keep those of processes that still run."""
    for partial in folder.rglob(".*.partial"):
        owner = partial.name.split(".")[-2]
        if owner.isdecimal() and not _lives(int(owner)):
            partial.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    if sys.platform == "win32":  # no way to ask there: signal 0 would end the process
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's process, or a system without this call
        return True
    return True


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file, which then becomes `path` at once."""
    with replacing(path) as partial:
        write(partial)


@contextlib.contextmanager
def parquet_parts(path: Path, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    """Give a writer of a Parquet file that grows table by table, a row group each."""
    with (
        replacing(path) as partial,
        pq.ParquetWriter(partial, schema, compression="zstd", compression_level=1) as writer,
    ):
        yield writer


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8."""
    write_atomically(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def csv_text(frame: pd.DataFrame, index_label: str | None = None) -> str:
    """Return a frame as CSV; a text that a spreadsheet would take for a formula gets a '."""
    plain = frame if index_label is None else frame.rename_axis(index_label).reset_index()
    texts = plain.select_dtypes(exclude=["number", "bool"])
    safe = {str(name): texts[name].map(_no_formula) for name in texts}
    return plain.assign(**safe).to_csv(index=False, lineterminator="\n")


def _no_formula(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and re.match(r"[=+\-@]\S", value) else value


def write_json(path: Path, data: Any) -> None:
    """Write JSON; numbers that are not finite become null or the words inf and -inf."""
    write_text(path, json_text(data))


def file_digest(path: Path) -> str:
    """Return a hash of the bytes of a file; "" where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except OSError:
        return ""


def write_frame(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame as Parquet, with a hash of its content beside it."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    meta = {**(table.schema.metadata or {}), b"digest": _frame_digest(frame).encode()}
    table = table.replace_schema_metadata(meta)
    write_atomically(path, lambda partial: pq.write_table(table, partial, compression="zstd"))


def read_frame(path: Path) -> pd.DataFrame | None:
    """Return a frame that `write_frame` wrote; None when the file is missing or damaged."""
    try:
        table = pq.read_table(path.absolute())
        frame = table.to_pandas()
        whole = (table.schema.metadata or {}).get(b"digest") == _frame_digest(frame).encode()
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError):
        return None
    return frame if whole else None


def _frame_digest(frame: pd.DataFrame) -> str:
    digest = hashlib.blake2b(repr(list(frame.columns)).encode(), digest_size=16)
    digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return digest.hexdigest()
