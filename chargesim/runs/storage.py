"""Write and read the files of a run; a file appears whole or not at all."""

import contextlib
import os
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
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
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


def write_json(path: Path, data: Any) -> None:
    """Write JSON; numbers that are not finite become null or the words inf and -inf."""
    write_text(path, json_text(data))


def write_frame(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame as Parquet."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    write_atomically(path, lambda partial: pq.write_table(table, partial, compression="zstd"))
