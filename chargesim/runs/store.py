"""Keep the totals of replications as files, and find those of runs and studies nearby.

A replication is named by its content: everything of the scenario and its tables that can change a
result, the extensions, the program and the replication's number. Whichever command made it, every
other command beside it takes it.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from chargesim.engine.replication_totals import ReplicationTotals
from chargesim.engine.simpy.engine import Extension
from chargesim.network.build import bare_values
from chargesim.runs.extension_hash import extension_text
from chargesim.runs.storage import write_atomically
from chargesim.scenario.reading import LoadedScenario

TOTALS_FORMAT = "4"
"""Version of the files of totals; a change of their columns or axes raises it."""
MANIFEST = "manifest.json"
_NO_CONTENT = (
    "name", "title", "replications", "looks", "common_causes", "series", "standard",
)  # fmt: skip
"""Keys of a scenario that change no replication; of the standard only its minutes are counted."""


@cache
def program_digest() -> str:
    """Return a hash of this version of the program."""
    digest, package = hashlib.sha256(), Path(__file__).parent.parent
    for path in sorted(package.rglob("*.py")):
        digest.update(str(path.relative_to(package)).encode() + path.read_bytes())
    return digest.hexdigest()


def content_digest(
    loaded: LoadedScenario, extensions: Sequence[Extension] = (), *, adapted: str = ""
) -> str:
    """Return the hash that names the replications of a scenario, without their numbers.

    Parameters
    ----------
    loaded : LoadedScenario
    extensions : sequence of callables
        SimPy processes of the user's own.
    adapted : str
        What a study changed beside the scenario, such as a longer lead-in.
    """
    scenario = loaded.scenario
    data = bare_values(scenario.model_dump(mode="json", exclude=set(_NO_CONTENT)))
    minutes = sorted({one.minutes for one in scenario.standard.criteria if one.minutes is not None})
    text = json.dumps([data, minutes, adapted], allow_nan=False)
    digest = hashlib.sha256((text + extension_text(extensions) + program_digest()).encode())
    for path in loaded.tables():
        digest.update(_file_digest(path, path.stat().st_mtime_ns))
    return digest.hexdigest()


@cache
def _file_digest(path: Path, _changed_ns: int) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


@dataclass(frozen=True)
class Store:
    """The replications of one content in a folder, `NNN.parquet` each.

    Attributes
    ----------
    folder : Path
        Where they are kept.
    content : str
        From `content_digest`.
    whole : bool
        Whether all totals are needed, or what criteria are judged by.
    beside : tuple of Path
        Folders of other runs and studies that may hold the same replications.
    """

    folder: Path
    content: str
    whole: bool = True
    beside: tuple[Path, ...] = field(default=(), repr=False)

    def path(self, replication: int) -> Path:
        """Return the file of a replication."""
        return self.folder / f"{replication:03d}.parquet"

    def read(self, replication: int) -> ReplicationTotals | None:
        """Return the totals of a replication from here or from beside; None if neither has it."""
        found = self._read(self.folder, replication)
        for folder in () if found is not None else self.beside:
            found = self._read(folder, replication)
            if found is not None:
                copy_file(folder / self.path(replication).name, self.path(replication))
                break
        return found

    def write(
        self, replication: int, totals: ReplicationTotals, files: Mapping[str, str] | None = None
    ) -> None:
        """Write the totals of a replication; the file appears whole or not at all.

        Parameters
        ----------
        replication : int
        totals : ReplicationTotals
        files : mapping of str to str, optional
            Hash of each other file of the replication, by name.
        """
        kept = "whole" if self.whole else "for the standard"
        about = {"content": self.content, "kept": kept, "replication": str(replication)}
        write_totals(self.path(replication), totals, about | {"files": json.dumps(files or {})})

    def _read(self, folder: Path, replication: int) -> ReplicationTotals | None:
        about = {"content": self.content, "replication": str(replication)}
        about |= {"kept": "whole"} if self.whole else {}
        return read_totals(folder / self.path(replication).name, about)


def stores_beside(folder: Path, content: str) -> tuple[Path, ...]:
    """Return the folders, in runs and studies beside a folder, of replications of this content."""
    points = sorted(folder.parent.glob(f"*/points/{content[:16]}"))
    runs = [
        manifest.parent / "replications"
        for manifest in sorted(folder.parent.glob(f"*/{MANIFEST}"))
        if f'"{content}"' in _text(manifest)
    ]
    own = folder.resolve()
    return tuple(one for one in [*runs, *points] if not one.resolve().is_relative_to(own))


def _text(path: Path) -> str:
    with contextlib.suppress(OSError, ValueError):
        return path.read_text(encoding="utf-8")
    return ""


def copy_file(source: Path, target: Path) -> None:
    """Put a file of another run in place, as a link where the file system allows it."""

    def link(partial: Path) -> None:
        try:
            os.link(source, partial)
        except OSError:
            shutil.copyfile(source, partial)

    write_atomically(target, link)


def noted_files(path: Path) -> dict[str, str]:
    """Return the hash of each other file of a replication by name, as the file of its totals says.

    Parameters
    ----------
    path : Path
        The file of the totals.
    """
    with contextlib.suppress(OSError, pa.ArrowException, KeyError, TypeError, ValueError):
        return dict(json.loads(pq.read_schema(path.absolute()).metadata[b"files"]))
    return {}


def write_totals(path: Path, totals: ReplicationTotals, about: dict[str, str]) -> None:
    """Write the totals of a replication as Parquet: a column per array, its shape beside it."""
    arrays = totals.arrays()
    table = pa.table(
        {
            name: pa.array([values.ravel()], type=pa.list_(pa.from_numpy_dtype(values.dtype)))
            for name, values in arrays.items()
        }
    )
    shapes = json.dumps({name: list(values.shape) for name, values in arrays.items()})
    meta = {"format": TOTALS_FORMAT, "shapes": shapes, **about}
    table = table.replace_schema_metadata({**meta, "digest": _digest(arrays, meta)})
    write_atomically(path, lambda partial: pq.write_table(table, partial, compression="zstd"))


def _digest(arrays: Mapping[str, Any], meta: Mapping[str, str]) -> str:
    """Return a hash of the arrays and of all that is noted beside them."""
    digest = hashlib.blake2b(json.dumps(meta, sort_keys=True).encode(), digest_size=16)
    for name, values in arrays.items():
        digest.update(f"{name} {values.dtype}".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def read_totals(path: Path, about: dict[str, str]) -> ReplicationTotals | None:
    """Return the totals of a replication; None when the file is missing, damaged or another's."""
    try:
        table = pq.read_table(path.absolute())
        meta = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
        asked = {"format": TOTALS_FORMAT, **about}
        if any(meta.get(key) != value for key, value in asked.items()):
            return None
        arrays = dict(_arrays(table, json.loads(meta["shapes"])))
        noted = meta.pop("digest")
        return ReplicationTotals(**arrays) if noted == _digest(arrays, meta) else None
    except (OSError, pa.ArrowException, AttributeError, KeyError, TypeError, ValueError):
        return None


def _arrays(table: pa.Table, shapes: dict[str, list[int]]) -> Iterator[tuple[str, Any]]:
    for name, shape in shapes.items():
        flat = table[name].combine_chunks().flatten()
        yield name, flat.to_numpy(zero_copy_only=False).reshape(shape)
