"""Prepare the directory of a run, and say in its manifest what made it."""

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterable, Sequence
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from chargesim.engine.simpy.engine import Extension
from chargesim.errors import InputError
from chargesim.run.case import Case
from chargesim.run.extension_hash import extension_name, extension_text
from chargesim.run.storage import clear_partial_files, write_atomically, write_text
from chargesim.scenario.file_paths import display_path
from chargesim.scenario.reading import LoadedScenario, dump_yaml

RESOLVED, INPUTS = "scenario.resolved.yaml", "inputs"
"""The scenario in a run directory, and the folder of its tables there."""


def prepare_folder(folder: Path, about: dict[str, str], *, name: str = "manifest.json") -> None:
    """Refuse a folder that holds something else than this run; `name` is that of the manifest."""
    if folder.exists() and not folder.is_dir():
        raise InputError([f"{display_path(folder)}: is a file; name a folder with --out"])
    manifest = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        used = any(folder.iterdir())
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "no permission to write")
    except OSError as error:
        raise InputError(
            [
                f"{display_path(folder)}: cannot be used ({error.strerror}); name another folder with --out"
            ]
        ) from None
    if not used:
        return
    if not manifest.is_file():
        raise InputError(
            [
                f"{display_path(folder)}: holds files that are not a run; name an empty or new folder with --out"
            ]
        )
    if f'"{about["run"]}"' not in manifest.read_text(encoding="utf-8"):
        raise InputError(
            [
                f"{display_path(folder)}: holds another run (other scenario, tables, seed or version); name another folder with --out"
            ]
        )
    clear_partial_files(folder)


def default_folder(loaded: LoadedScenario, extensions: Sequence[Extension] = ()) -> Path:
    """Return the run directory of a scenario where none is asked for."""
    return Path("runs") / f"{loaded.scenario.name}-{run_digest(loaded, extensions)[:12]}"


def run_digest(loaded: LoadedScenario, extensions: Sequence[Extension] = ()) -> str:
    """Return the hash that names a run: the scenario but for its replications and looks, tables, extensions, this program."""
    digest = hashlib.sha256(extension_text(extensions).encode())
    digest.update((scenario_digest(loaded) + program_digest()).encode())
    return digest.hexdigest()


def scenario_digest(loaded: LoadedScenario) -> str:
    """Return a hash of a scenario, but for its replications and looks, and of its tables."""
    return loaded.replace({"replications": 2, "looks": 1}).digest()


@cache
def program_digest() -> str:
    """Return a hash of this version of the program."""
    digest, package = hashlib.sha256(), Path(__file__).parent.parent
    for path in sorted(package.rglob("*.py")):
        digest.update(str(path.relative_to(package)).encode() + path.read_bytes())
    return digest.hexdigest()


def write_inputs(loaded: LoadedScenario, folder: Path) -> None:
    """Write the scenario and its tables, so that the run can be read again wherever it goes (see `run.reopening`)."""
    write_text(folder / RESOLVED, dump_yaml(loaded.resolved))
    for name, table in zip(loaded.table_names(), loaded.tables(), strict=True):
        write_atomically(folder / INPUTS / name, partial(shutil.copyfile, table))


def manifest_of(case: Case, about: dict[str, str], keep: bool) -> dict[str, Any]:
    """Return what a run directory says of its run."""
    scenario = case.scenario
    packages = (
        "simpy",
        "numpy",
        "scipy",
        "numba",
        "networkx",
        "pandas",
        "pyarrow",
        "pydantic",
        "matplotlib",
    )
    return {
        **about,
        "scenario_digest": scenario_digest(case.loaded),
        "program_digest": program_digest(),
        "scenario": scenario.name,
        "label": case.network.label,
        "chargesim": version("chargesim-planner"),
        "python": platform.python_version(),
        "machine": {
            "system": platform.platform(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
        },
        "packages": {name: version(name) for name in packages},
        "engine": case.task.engine,
        "extensions": [extension_name(extension) for extension in case.task.extensions],
        "seed": scenario.seed,
        "streams": "SeedSequence(seed, spawn_key=(replication, blake2b(purpose), blake2b(vehicle class), day, layer)), PCG64DXSM",
        "replications": scenario.replications,
        "looks": scenario.looks,
        "sessions_kept": keep,
    }


def made_by(folder: Path, numbers: Iterable[int]) -> dict[str, list[int]]:
    """Return which of the replications that a run directory holds already each engine ran, by its manifest."""
    try:
        old = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    known = {
        number: engine for engine, theirs in old.get("made_by", {}).items() for number in theirs
    }
    return by_engine(
        {number: known.get(number, old.get("engine", "unknown")) for number in numbers}
    )


def by_engine(engines: dict[int, str]) -> dict[str, list[int]]:
    """Return the numbers of the replications that each engine ran."""
    return {
        engine: sorted(number for number, one in engines.items() if one == engine)
        for engine in sorted(set(engines.values()))
    }


def engine_text(manifest: dict[str, Any]) -> str:
    """Return in words which engine ran the replications of a run and why; the results are the same."""
    engine, now = manifest["engine"], int(manifest.get("replications_run_now", 0))
    others = sorted({one for one in manifest.get("made_by", {}) if one != engine})
    if not now:
        return f"{' and '.join(sorted(manifest.get('made_by', {}))) or engine} (kept from an earlier run)"
    kept = f", others kept from an earlier run by {' and '.join(others)}" if others else ""
    return f"{engine} ({manifest['engine_why']}){kept}"
