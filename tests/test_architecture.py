"""Hold ARCHITECTURE.md to the package: every module is listed once, every test that it names exists."""

import re
from pathlib import Path

import pytest

import chargesim

PACKAGE = Path(chargesim.__file__).parent
ROOT = PACKAGE.parent
PAGES = ("ARCHITECTURE.md", "CONTRIBUTING.md")


def sections(text: str) -> list[tuple[list[str], list[list[str]]]]:
    """Return folders and table rows of each section whose heading names folders of the package."""
    found = []
    for section in text.split("\n### ")[1:]:
        heading, _, body = section.partition("\n")
        folders = re.findall(r"`(chargesim/[a-z/]*)`", heading)
        body = body.split("\n## ")[0]
        rows = [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in body.splitlines()
            if line.startswith("| `")
        ]
        found.append((folders, rows))
    return found


def listed(text: str) -> list[str]:
    """Return the files that the page lists."""
    files = []
    for folders, rows in sections(text):
        for name, _, *engines in rows:
            there = [cell != "-" for cell in engines] if engines else [True]
            for folder, is_there in zip(folders, there, strict=True):
                if is_there:
                    files.append(f"{folder}{name.strip('`')}.py")
    return files


def modules(package: Path) -> list[str]:
    """Return the files of a package, without those that hold a docstring and nothing else."""
    return [
        path.relative_to(package.parent).as_posix()
        for path in package.rglob("*.py")
        if path.name != "__init__.py"
        or not re.fullmatch(r'""".*?"""\s*', path.read_text(encoding="utf-8"), re.S)
    ]


def test_every_module_is_listed():
    files = listed((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    assert sorted(files) == sorted(modules(PACKAGE))


def test_a_new_module_and_a_missing_twin_are_noticed():
    text = "\n### `chargesim/a/` and `chargesim/b/`\n\n| `one` | what | yes | - |\n## End\n| `no` |"
    assert listed(text) == ["chargesim/a/one.py"]


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_is_named_exists(page):
    named = re.findall(r"`(test_\w+)::(test_\w+)`", (ROOT / page).read_text(encoding="utf-8"))
    assert named
    for file, name in named:
        path = ROOT / "tests" / f"{file}.py"
        assert path.is_file(), file
        assert f"def {name}(" in path.read_text(encoding="utf-8"), f"{file}::{name}"


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_is_named_exists(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    paths = re.findall(r"`((?:[\w]+/)+\w+\.(?:py|md|yaml))`", text)
    assert paths
    missing = [
        path for path in paths if not (ROOT / path).exists() and not (PACKAGE / path).exists()
    ]
    assert missing == []
