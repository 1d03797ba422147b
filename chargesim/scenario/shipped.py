"""Find the scenarios that travel inside the package."""

from importlib.resources import files
from pathlib import Path

from chargesim.errors import InputError
from chargesim.scenario.keys import nearest_name
from chargesim.scenario.yaml_text import read_document

FOLDER = Path(str(files("chargesim") / "scenarios"))
"""The shipped scenarios with their tables; in a checkout, a link to the folder at its top."""


def shipped_names() -> list[str]:
    """Return the names of the shipped scenarios, in the order of the alphabet."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def shipped_titles() -> dict[str, str]:
    """Return the question that each shipped scenario asks, its own or its parent's, by name."""
    titles = {}
    for name in shipped_names():
        data = read_document(FOLDER / f"{name}.yaml").data
        while "title" not in data:
            data = read_document(FOLDER / data["extends"]).data
        titles[name] = data["title"]
    return titles


def scenario_path(path: Path) -> Path:
    """Return the file of a scenario: the path itself, or the shipped one of that bare name.

    Raises
    ------
    InputError
        For a bare name that is no file and no shipped scenario.
    """
    name = path.name
    if path.suffix or str(path) != name or path.exists():
        return path
    if name in shipped_names():
        return FOLDER / f"{name}.yaml"
    raise InputError([f"{name}: no such file, and {unknown_name(name, shipped_names())}"])


def unknown_name(name: str, names: list[str]) -> str:
    """Return what to say of a name that no shipped scenario has."""
    near = nearest_name(name, names)
    hint = f"; did you mean {near}?" if near else ";"
    return f"no shipped scenario has this name{hint} `chargesim scenarios` lists them"
