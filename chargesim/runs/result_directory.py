"""Prepare the directory of a run or a study, and say in its manifest what made it."""

import contextlib
import json
import os
import platform
import shutil
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from chargesim.engine.simpy.engine import Extension
from chargesim.errors import InputError, RunStoppedError
from chargesim.runs.case import Case
from chargesim.runs.extension_hash import extension_name, extension_text
from chargesim.runs.storage import (
    clear_partial_files,
    csv_text,
    write_atomically,
    write_json,
    write_text,
)
from chargesim.runs.store import MANIFEST, TOTALS_FORMAT, program_digest
from chargesim.scenario.file_paths import display_path
from chargesim.scenario.reading import LoadedScenario, dump_yaml

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

RESOLVED, INPUTS = "scenario.resolved.yaml", "inputs"
"""The scenario in a run directory, and the folder of its tables there."""
_PACKAGES = (
    "simpy", "numpy", "scipy", "numba", "networkx", "pandas", "pyarrow", "pydantic", "matplotlib",
)  # fmt: skip


@dataclass
class ResultDirectory:
    """The directory of one run or study: tables, figures, and a manifest that says how far it is.

    It is locked until its manifest says that the work has ended, or the process has.

    Attributes
    ----------
    folder : Path
    command : str
        The command that writes it: `run`, `series`, `limit`, ...
    digest : str
        Hash of what is asked; a folder that holds something else is refused.
    head : dict
        What the manifest says from the start.

    Raises
    ------
    InputError
        When the folder cannot be used, holds something else, or another process is at work in it.
    """

    folder: Path
    command: str
    digest: str
    head: dict[str, Any] = field(default_factory=dict)
    begun: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        _refuse_another(self.folder, self.digest)
        self._unlock = _locked(self, self.folder)
        clear_partial_files(self.folder)
        self._state, self._complete = "", _complete_files(self.folder)
        self.head = {"run": self.digest, "command": self.command, **self.head}

    def say(self, state: str, **found: Any) -> None:
        """Write the manifest: what was asked, how far it is and what was found."""
        self._state = state
        write_json(self.folder / MANIFEST, {**self.head, "state": state, **found})
        if state != "running":
            self._unlock()

    @contextlib.contextmanager
    def saying_how_it_ends(self) -> Iterator[None]:
        """Say in the manifest when the work inside was interrupted, stopped or failed.

        What was complete before stays complete, as it was: more replications were asked, or the
        same answer again.
        """
        try:
            yield
        except BaseException as error:
            if self._state == "running" and not self._restore():
                interrupted = isinstance(error, KeyboardInterrupt)
                stopped = isinstance(error, RunStoppedError)
                self.say("interrupted" if interrupted else "stopped" if stopped else "failed")
            self._unlock()
            raise

    @property
    def complete_replications(self) -> int:
        """Replications of the run that was complete here before; 0 where none was."""
        text = self._complete.get(MANIFEST)
        return 0 if text is None else int(json.loads(text).get("replications", 0))

    def keep_nothing(self) -> None:
        """Forget that something was complete here: a part of it is missing."""
        self._complete = {}

    def _restore(self) -> bool:
        """Write back the files of the work that was complete; return whether there was any."""
        for name, text in self._complete.items():
            write_text(self.folder / name, text)
        return bool(self._complete)

    def finish(self, answer: dict[str, Any], **tables: pd.DataFrame) -> None:
        """Write the answer as `<command>.json`, each table as CSV, and the manifest as complete."""
        for name, frame in tables.items():
            self.write_table(name, frame)
        write_json(self.folder / f"{self.command}.json", answer)
        self.say("complete", begun=self.begun, seconds=time.time() - self.begun)

    def write_table(self, name: str, frame: pd.DataFrame) -> None:
        """Write a table as CSV."""
        write_text(self.folder / f"{name}.csv", csv_text(frame))


def _locked(owner: object, folder: Path) -> Callable[[], object]:
    """Lock a folder for an object; return what unlocks it.

    The end of the process unlocks it, too, however it ends.
    """
    if fcntl is None:
        return lambda: None
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(opened)
        words = "another process is at work there; wait until it has ended, or name another folder"
        raise InputError([f"{display_path(folder)}: {words} with --out"]) from None
    except OSError:  # a file system without locks
        pass
    return weakref.finalize(owner, os.close, opened)


def _complete_files(folder: Path) -> dict[str, str]:
    """Return manifest and scenario of a directory that is complete, by the name of the file."""
    try:
        texts = {one: (folder / one).read_text(encoding="utf-8") for one in (MANIFEST, RESOLVED)}
        return texts if json.loads(texts[MANIFEST]).get("state") == "complete" else {}
    except (OSError, ValueError, AttributeError):
        return {}


def _refuse_another(folder: Path, digest: str) -> None:
    """Refuse a folder that cannot be used, or holds something else than this run or study."""
    if folder.exists() and not folder.is_dir():
        raise InputError([f"{display_path(folder)}: is a file; name a folder with --out"])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        used = any(folder.iterdir())
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "no permission to write")
    except OSError as error:
        words = f"cannot be used ({error.strerror}); name another folder with --out"
        raise InputError([f"{display_path(folder)}: {words}"]) from None
    if not used:
        return
    manifest = folder / MANIFEST
    if not manifest.is_file():
        words = "holds files that are not a run; name an empty or new folder with --out"
        raise InputError([f"{display_path(folder)}: {words}"])
    try:
        text = manifest.read_text(encoding="utf-8")
        command = str(json.loads(text).get("command", "run"))
    except (OSError, ValueError, AttributeError, RecursionError):
        words = "its manifest.json is damaged; delete that file, or name another folder with --out"
        raise InputError([f"{display_path(folder)}: {words}"]) from None
    if f'"{digest}"' not in text:
        run = command == "run"
        kind = "run (other scenario," if run else "study (other question, size, scenario,"
        other = f"holds another {kind} tables, seed or version)"
        raise InputError([f"{display_path(folder)}: {other}; name another folder with --out"])


def default_folder(loaded: LoadedScenario, extensions: Sequence[Extension] = ()) -> Path:
    """Return the run directory of a scenario where none is asked for."""
    return Path("runs") / f"{loaded.scenario.name}-{run_digest(loaded, extensions)[:12]}"


def run_digest(loaded: LoadedScenario, extensions: Sequence[Extension] = ()) -> str:
    """Return the hash that names a run: of scenario, tables, extensions and program."""
    digest = sha256(extension_text(extensions).encode())
    digest.update((scenario_digest(loaded) + program_digest()).encode())
    return digest.hexdigest()


def scenario_digest(loaded: LoadedScenario) -> str:
    """Return a hash of a scenario, without its replications and looks, and of its tables."""
    return loaded.replace({"replications": 2, "looks": 1}).digest()


def write_inputs(loaded: LoadedScenario, folder: Path) -> None:
    """Write the scenario and its tables, so that the run can be opened again anywhere."""
    write_text(folder / RESOLVED, dump_yaml(loaded.resolved))
    for name, table in zip(loaded.table_names(), loaded.tables(), strict=True):
        write_atomically(folder / INPUTS / name, partial(shutil.copyfile, table))


def manifest_of(case: Case, content: str, keep_sessions: bool) -> dict[str, Any]:
    """Return what the manifest of a run says of the scenario, the program and the machine."""
    scenario = case.scenario
    machine = {
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
    }
    return {
        "content": content,
        "totals_format": TOTALS_FORMAT,
        "scenario_digest": scenario_digest(case.loaded),
        "scenario": scenario.name,
        "label": case.network.label,
        **made_with(),
        "machine": machine,
        "engine": case.task.engine,
        "extensions": [extension_name(extension) for extension in case.task.extensions],
        "seed": scenario.seed,
        "streams": "SeedSequence(seed, spawn_key=(replication, blake2b(purpose), "
        "blake2b(vehicle class), day, layer)), PCG64DXSM",
        "replications": scenario.replications,
        "looks": scenario.looks,
        "sessions_kept": keep_sessions,
    }


def made_with() -> dict[str, Any]:
    """Return what a manifest says of the program and its packages."""
    return {
        "chargesim": version("chargesim-planner"),
        "program_digest": program_digest(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def made_by(folder: Path, numbers: Iterable[int]) -> dict[str, list[int]]:
    """Return the replications of a directory by the engine that ran them, from its manifest."""
    try:
        old = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
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
    """Return in words which engine ran the replications of a run, and why."""
    engine, now = manifest["engine"], int(manifest.get("replications_run_now", 0))
    others = sorted({one for one in manifest.get("made_by", {}) if one != engine})
    if not now:
        ran = " and ".join(sorted(manifest.get("made_by", {}))) or engine
        return f"{ran} (kept from an earlier run)"
    kept = f", others kept from an earlier run by {' and '.join(others)}" if others else ""
    return f"{engine} ({manifest['engine_why']}){kept}"
