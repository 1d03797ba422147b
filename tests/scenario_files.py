"""Write small scenario files for tests and catch what the loader says of them."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from chargesim.errors import InputError
from chargesim.scenario.reading import LoadedScenario, load

SCENARIOS = Path(__file__).parent.parent / "scenarios"
HEAD = "extends: chongqing_2025.yaml\nname: child\n"
"""The first two lines of a child; the text of a test begins in line 3."""


def new_folder(path: Path) -> Path:
    """Make a folder with the default scenario and its tables."""
    shutil.copytree(SCENARIOS / "tables", path / "tables")
    shutil.copy(SCENARIOS / "chongqing_2025.yaml", path)
    return path


def child(
    text: str, set_: Sequence[str] = (), *, head: str = HEAD, name: str = "child.yaml"
) -> LoadedScenario:
    """Load a child of the default scenario from the current folder."""
    Path(name).write_text(head + text, encoding="utf-8")
    return load(name, set_)


def faults(
    text: str, set_: Sequence[str] = (), *, head: str = HEAD, name: str = "child.yaml"
) -> list[str]:
    """Return what the loader says of a child that does not pass."""
    with pytest.raises(InputError) as caught:
        child(text, set_, head=head, name=name)
    return caught.value.faults
