"""Copy a shipped scenario, with its parents and all their tables, into a folder of the user's."""

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chargesim.errors import InputError
from chargesim.scenario.file_paths import display_path
from chargesim.scenario.keys import value_at
from chargesim.scenario.model import Scenario
from chargesim.scenario.reading import TABLE_KEYS, load
from chargesim.scenario.shipped import FOLDER, shipped_names, unknown_name
from chargesim.scenario.yaml_text import read_document

BLANK = "blank"
"""The template of a city of one's own; its tables have a few invented rows to replace."""
TEMPLATES = FOLDER / "templates"


@dataclass(frozen=True)
class NewFolder:
    """A folder with a copy of a shipped scenario."""

    scenario: Path
    """the file to check and to run"""
    parents: tuple[Path, ...]
    tables: tuple[Path, ...]


def startable_names() -> list[str]:
    """Return the names from which a folder can be made."""
    return [BLANK, *shipped_names()]


def new_folder(target: Path, source: str) -> NewFolder:
    """Make a folder with a scenario that is ready to be checked, changed and run.

    Parameters
    ----------
    target : Path
        The folder, which must not exist; the scenario has its name.
    source : str
        One of `startable_names`.

    Raises
    ------
    InputError
        For a name that a scenario may not have, an unknown source and a folder that exists; then
        nothing is written.
    """
    name = target.name
    pattern = next(rule.pattern for rule in Scenario.model_fields["name"].metadata
                   if getattr(rule, "pattern", None))  # fmt: skip
    if not re.match(pattern, name) or len(name) > 80 or name.strip(".") == "":
        raise InputError(
            [f"{name!r}: is no name of a scenario; use letters, digits and _ . - without spaces"]
        )
    if source not in startable_names():
        raise InputError([f"--from {source}: {unknown_name(source, startable_names())}"])
    if os.path.lexists(target):
        raise InputError(
            [f"{display_path(target)}: is there already and stays as it is; give another name"]
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{name}.", dir=target.parent) as made:
            copied = _fill(Path(made) / name, name, source)
            os.rename(Path(made) / name, target)
    except OSError as error:
        raise InputError(
            [f"{display_path(target)}: cannot be made: {error.strerror or error}"]
        ) from None
    return NewFolder(
        target / copied[0], *(tuple(target / one for one in some) for some in copied[1:])
    )


def _fill(folder: Path, name: str, source: str) -> tuple[str, list[str], list[str]]:
    """Copy into a folder; return the names of the scenario, its parents and their tables."""
    home = TEMPLATES if source == BLANK else FOLDER
    text = (home / f"{source}.yaml").read_text(encoding="utf-8")
    data = read_document(home / f"{source}.yaml").data
    tables = [*_table_names(data)]
    folder.mkdir()
    for table in tables:
        _copy(home / table, folder / table)
    parents: list[str] = []
    while isinstance(parent := data.get("extends"), str):
        parents.append(parent)
        data = read_document(FOLDER / parent).data
        for table in _table_names(data):
            _copy(FOLDER / table, folder / table)
            tables.append(table)
        _copy(FOLDER / parent, folder / parent)
    scenario = f"{name}.yaml"
    if scenario in parents:
        raise InputError([f"{name}: is the name of the scenario that it extends; give another"])
    head = (
        f"# Made by `chargesim new {name} --from {source}`. Check it: chargesim check {scenario}\n"
    )
    renamed = re.sub(r"^name: \S+", f"name: {quoted_name(name)}", text, count=1, flags=re.MULTILINE)
    (folder / scenario).write_text(head + renamed, encoding="utf-8")
    load(folder / scenario)
    return scenario, parents, list(dict.fromkeys(tables))


def _table_names(data: dict[str, Any]) -> list[str]:
    found = [value_at(data, key) for key in TABLE_KEYS]
    return [name for name in found if isinstance(name, str)]


def _copy(source: Path, target: Path) -> None:
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def quoted_name(name: str) -> str:
    """Return a name as YAML text has it: in quotes where it would be a number or a word of YAML."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name)
    words = ("null", "true", "false")
    return name if plain and name.lower() not in words else f'"{name}"'
