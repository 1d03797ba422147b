"""Load a scenario: read it, merge it over its parents, apply the changes, check it once."""

import hashlib
import io
import json
import numbers
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.representer import SafeRepresenter

from chargesim.errors import InputError
from chargesim.scenario.assumption import TABLE_FILE
from chargesim.scenario.faults import (
    Fault,
    fault_lines,
    location_of,
    validation_faults,
    value_text,
)
from chargesim.scenario.file_paths import display_path, path_inside
from chargesim.scenario.keys import Key, key_fault, keys_with_note, value_at
from chargesim.scenario.merging import merge, set_value
from chargesim.scenario.model import Scenario
from chargesim.scenario.shipped import scenario_path
from chargesim.scenario.unseen import unseen_in, unseen_words
from chargesim.scenario.yaml_text import Document, SourceLocation, read_document, read_value

MAX_PARENTS = 8
TABLE_KEYS: tuple[Key, ...] = tuple(keys_with_note(Scenario, TABLE_FILE))
"""Keys of a scenario that name a table file."""


@dataclass(frozen=True)
class LoadedScenario:
    """A checked scenario and where it came from.

    Attributes
    ----------
    scenario : Scenario
        The checked scenario.
    path, folder : Path
        The file, and the folder of its tables: the file's own, except for the scenario of a run.
    resolved : dict
        The merged plain data, as written beside the results. Do not change it; see `replace`.
    locations : dict
        File and line of every key in `resolved`.
    """

    scenario: Scenario
    path: Path
    folder: Path
    resolved: dict[str, Any] = field(repr=False)
    locations: dict[Key, SourceLocation] = field(repr=False)

    def replace(
        self, changes: Mapping[str, Any], *, locations: Mapping[str, SourceLocation] | None = None
    ) -> "LoadedScenario":
        """Return a copy with other values, checked again.

        Parameters
        ----------
        changes : mapping of str to object
            Values by dotted key, as in `--set`: `{"fleet.stock": 1_200_000}`.
        locations : mapping of str to Place, optional
            Where a change is written, if in a file.

        Raises
        ------
        InputError
            For unknown keys, with the nearest right one, and for values that fail the checks.
        """
        document, faults = Document(self.resolved, self.locations), []
        for dotted, value in changes.items():
            location = (locations or {}).get(dotted, SourceLocation(dotted))
            source = (
                "set in Python" if location.line is None else f"set in {Path(location.source).name}"
            )
            plain = _plain(value)
            faults += [f"{location}: {unseen_words(one)}" for one in unseen_in(plain)]
            document, unknown = _with(document, dotted, plain, location, source)
            faults += unknown
        return _checked(document, self.path, self.folder, faults)

    def tables(self) -> list[Path]:
        """Return the files of all tables that the scenario names."""
        return [path_inside(self.folder, name) for name in self.table_names()]

    def table_names(self) -> list[str]:
        """Return the names of all tables, as the scenario has them."""
        return list(_table_names(self.resolved).values())

    def digest(self) -> str:
        """Return a SHA-256 of the checked scenario and of the content of its tables."""
        model = json.dumps(
            self.scenario.model_dump(mode="json"),
            sort_keys=True,
            separators=(",", ":"),
            allow_nan=False,
        )
        digest = hashlib.sha256(model.encode())
        for path in self.tables():
            try:
                digest.update(hashlib.sha256(path.read_bytes()).digest())
            except OSError as error:
                raise InputError(
                    [f"{display_path(path)}: cannot be read: {error.strerror}"]
                ) from None
        return digest.hexdigest()


def load(path: str | Path, set_: Sequence[str] = ()) -> LoadedScenario:
    """Load a scenario file.

    Parameters
    ----------
    path : str or Path
        The file, or the bare name of a shipped scenario; tables and parents must lie in its folder.
    set_ : sequence of str
        Changes as on the command line: `"fleet.stock=1200000"`.

    Returns
    -------
    LoadedScenario
        The scenario, merged with its parents and checked.

    Raises
    ------
    InputError
        With all faults at once, one line each: `file:line: key: what came, what would be right`.
    """
    path = scenario_path(Path(path))
    document = _with_parents(path, path.parent, [])
    faults: list[str] = []
    for change in [set_] if isinstance(set_, str) else set_:
        dotted, equals, text = change.partition("=")
        dotted = dotted.strip()
        if not equals or not dotted:
            faults.append(f"--set {change}: needs the form key=value, such as fleet.stock=1200000")
            continue
        try:
            value = read_value(text, f"--set {dotted}")
        except InputError as error:
            faults += error.faults
            continue
        document, unknown = _with(
            document, dotted, value, SourceLocation(f"--set {dotted}"), "set on the command line"
        )
        faults += unknown
    return _checked(document, path, path.parent, faults)


def as_loaded(scenario: LoadedScenario | str | Path) -> LoadedScenario:
    """Return a scenario, loaded where its file is named.

    Raises
    ------
    InputError
        With the faults of the file, or when it is no scenario.
    """
    if isinstance(scenario, str | Path):
        return load(scenario)
    if not isinstance(scenario, LoadedScenario):
        what = "needs a scenario that `load` returned, or the path of its file"
        raise InputError([f"scenario: got a {type(scenario).__name__}, {what}"])
    return scenario


def load_resolved(path: Path, folder: Path) -> LoadedScenario:
    """Load a scenario that `dump_yaml` wrote, with its tables in another folder.

    Parameters
    ----------
    path : Path
        The file; it has no parents.
    folder : Path
        The folder of its tables.
    """
    return _checked(read_document(path), path, folder, [])


def dump_yaml(resolved: Mapping[str, Any]) -> str:
    """Return merged data as YAML that loads to the same scenario."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = _PlainRepresenter
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = 4096
    stream = io.StringIO()
    yaml.dump(dict(resolved), stream)
    return stream.getvalue()


class _PlainRepresenter(SafeRepresenter):
    """Write every value in full, and quote a text with unusual characters."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_str(self, data: Any) -> Any:
        return self.represent_scalar(
            "tag:yaml.org,2002:str", data, style=None if data.isprintable() else '"'
        )


_PlainRepresenter.add_representer(str, _PlainRepresenter.represent_str)


def _with_parents(path: Path, folder: Path, children: list[Path]) -> Document:
    """Read a file and merge it over its parent, which is merged over its own."""
    document = read_document(path)
    chain = [*children, path]
    parent = document.data.pop("extends", None)
    location = document.locations.pop(("extends",), None)
    if path.parent != folder:
        _rebase_tables(document.data, path.parent, folder)
    if parent is None:
        return document
    above = _parent(parent, path, folder, f"{location}: extends")
    if above.resolve() in [file.resolve() for file in chain]:
        raise InputError(
            [
                f"{location}: extends: goes in a circle: "
                + " extends ".join(display_path(file) for file in [*chain, above])
            ]
        )
    if len(chain) > MAX_PARENTS:
        raise InputError(
            [f"{location}: extends: is one parent too many; at most {MAX_PARENTS} in a chain"]
        )
    base = _with_parents(above, folder, chain)
    return merge(base, document, Scenario, source=f"set in {path.name}")


def _parent(name: Any, path: Path, folder: Path, location: str) -> Path:
    """Return the path of a parent, inside the folder of the scenario that is loaded."""
    if not isinstance(name, str):
        raise InputError(
            [f"{location}: got {value_text(name)}, needs the name of one scenario file"]
        )
    above = Path(posixpath.normpath(path.parent / name))
    try:
        path_inside(folder, str(above.absolute()))
        exists = above.is_file()
    except InputError:
        raise InputError(
            [
                f"{location}: {name} leaves the scenario's folder {display_path(folder)}; "
                "put the parent inside it"
            ]
        ) from None
    except (OSError, ValueError):
        exists = False
    if not exists:
        raise InputError([f"{location}: no such file {display_path(above)}"])
    return above


def _rebase_tables(data: dict[str, Any], of: Path, folder: Path) -> None:
    """Make table names in a file of a subfolder relative to the scenario's folder."""
    for key in TABLE_KEYS:
        section, name = value_at(data, key[:-1]), value_at(data, key)
        if isinstance(section, dict) and isinstance(name, str):
            section[key[-1]] = posixpath.normpath(
                (of.absolute().relative_to(folder.absolute()) / name).as_posix()
            )


def _with(
    document: Document, dotted: str, value: Any, location: SourceLocation, source: str
) -> tuple[Document, list[str]]:
    """Return the document with one value set, or what is wrong with its key."""
    key = tuple(dotted.split("."))
    wrong = key_fault(Scenario, document.data, key)
    if wrong is not None:
        return document, [str(Fault(location, key, wrong))]
    return set_value(document, key, value, Scenario, location=location, source=source), []


def _checked(document: Document, path: Path, folder: Path, faults: list[str]) -> LoadedScenario:
    """Check merged data and its table files; raise all faults at once, with those in `faults`."""
    found: list[Fault] = []
    scenario = None
    start = SourceLocation(display_path(path), 1)
    try:
        scenario = Scenario.model_validate(document.data)
    except ValidationError as error:
        found += validation_faults(error, Scenario, document.data, document.locations, start)
    for key, name in _table_names(document.data).items():
        words = _table_fault(folder, name)
        if words is not None:
            found.append(Fault(location_of(key, document.locations, start), key, words))
    if faults or found or scenario is None:
        raise InputError([*fault_lines(found), *faults])
    return LoadedScenario(
        scenario=scenario,
        path=path,
        folder=folder,
        resolved=document.data,
        locations=document.locations,
    )


def _table_names(data: dict[str, Any]) -> dict[Key, str]:
    names = {key: value_at(data, key) for key in TABLE_KEYS}
    return {key: name for key, name in names.items() if isinstance(name, str)}


def _table_fault(folder: Path, name: str) -> str | None:
    try:
        table = path_inside(folder, name)
        return None if table.is_file() else f"no such file {display_path(table)}"
    except InputError as error:
        return error.faults[0]
    except (OSError, ValueError):
        return f"no such file {name[:60]!r}"


def _plain(value: Any) -> Any:
    """Return a Python value, such as a NumPy number or a path, as plain data."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", exclude_none=True)
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return [_plain(entry) for entry in value] if isinstance(value, Sequence) else value
