"""Name the directory of a study by all that determines its answer, and say it in the manifest."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chargesim.json_values import json_value
from chargesim.runs.engine_choice import Engine
from chargesim.runs.result_directory import RESOLVED, ResultDirectory, made_with
from chargesim.runs.storage import write_text
from chargesim.runs.store import MANIFEST, program_digest
from chargesim.scenario.file_paths import folder_of
from chargesim.scenario.keys import value_at
from chargesim.scenario.reading import LoadedScenario, dump_yaml


@dataclass(frozen=True)
class Study:
    """A study of one scenario, before it runs.

    Attributes
    ----------
    command : str
        The command that asks for it: `limit`, `tornado`, ...
    base : LoadedScenario
        The scenario at its centre, with the day and the replications of the study.
    asked : mapping of str to object
        What is asked beside the scenario and changes the answer: key varied, levels, sizes.
    out : Path, optional
        Its directory; by default `runs/<command>-<name>-<words>-<hash>`.
    words : str
        A part of what is asked that names the directory.
    own_digest : str, optional
        The hash of a study whose directory grows; else that of scenario, `asked` and program.
    """

    command: str
    base: LoadedScenario
    asked: Mapping[str, Any]
    out: str | Path | None = None
    words: str = ""
    own_digest: str | None = None

    @property
    def digest(self) -> str:
        """The hash of all that determines the answer."""
        if self.own_digest is not None:
            return self.own_digest
        asked = json.dumps(json_value(dict(self.asked)), sort_keys=True)
        parts = (self.command, self.base.digest(), asked, program_digest())
        return hashlib.sha256("/".join(parts).encode()).hexdigest()

    @property
    def folder(self) -> Path:
        """The directory of the study."""
        words = self.words.replace("*", "all").replace(".", "_")
        name = "-".join(filter(None, [self.command, self.base.scenario.name, words]))
        own = Path("runs") / f"{name}-{self.digest[:12]}"
        return own if self.out is None else folder_of(self.out)

    def open(self, engine: Engine = "auto") -> ResultDirectory:
        """Return the directory, its manifest begun.

        Raises
        ------
        InputError
            When the folder cannot be used, or holds something else.
        """
        scenario = self.base.scenario
        head = {
            "scenario": scenario.name,
            "seed": scenario.seed,
            "replications": scenario.replications,
            "asked": dict(self.asked),
            "set": changes_set(self.base),
            "engine": engine,
            **made_with(),
        }
        directory = ResultDirectory(self.folder, self.command, self.digest, head)
        write_text(directory.folder / RESOLVED, dump_yaml(self.base.resolved))
        directory.say("running")
        return directory

    def is_finished(self) -> bool:
        """Return whether the directory holds the whole answer already."""
        try:
            manifest = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
            return (manifest["run"], manifest["state"]) == (self.digest, "complete")
        except (OSError, ValueError, KeyError, TypeError):
            return False


def changes_set(loaded: LoadedScenario) -> dict[str, Any]:
    """Return what `--set` changes in a scenario, by dotted key."""
    mark = "--set "
    keys = {
        one.source.removeprefix(mark): tuple(one.source.removeprefix(mark).split("."))
        for one in loaded.locations.values()
        if one.source.startswith(mark)
    }
    found = {dotted: value_at(loaded.resolved, key) for dotted, key in keys.items()}
    return {
        dotted: value["value"] if isinstance(value, dict) and "value" in value else value
        for dotted, value in found.items()
    }
