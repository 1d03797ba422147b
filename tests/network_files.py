"""Copy the small city into a folder of a test's own, change its tables, and say what goes wrong."""

import shutil
from pathlib import Path

import pytest
from factories import SCENARIOS

from chargesim.errors import InputError
from chargesim.network.build import build_network
from chargesim.scenario.reading import load


def copy_small_city(folder: Path) -> Path:
    """Return a folder with the small city, its parent and all tables."""
    target = folder / "scenarios"
    target.mkdir()
    shutil.copytree(SCENARIOS / "small", target / "small")
    shutil.copytree(SCENARIOS / "tables", target / "tables")
    for name in ("small_city.yaml", "chongqing_2025.yaml"):
        shutil.copy(SCENARIOS / name, target)
    return target


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that stands once in a file."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (old, text.count(old))
    path.write_text(text.replace(old, new), encoding="utf-8")


def small_network(folder: Path, changes: tuple[str, ...] = (), name: str = "small_city.yaml"):
    """Return the network of the small city in a folder."""
    loaded = load(folder / name, changes)
    return build_network(loaded.scenario, loaded.folder)


def network_faults(
    folder: Path, changes: tuple[str, ...] = (), name: str = "small_city.yaml"
) -> list[str]:
    """Return what is said of a network that cannot be built, without the folder in front."""
    with pytest.raises(InputError) as caught:
        small_network(folder, changes, name)
    return [fault.replace(f"{folder}/", "") for fault in caught.value.faults]
