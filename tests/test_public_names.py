"""Check that the public names are declared alike for users and for type checkers."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import chargesim


def declared_for_type_checkers() -> dict[str, str]:
    tree = ast.parse(Path(chargesim.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    found = {
        alias.name: f"{node.module}:{alias.name}"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for node in block.body:
        if isinstance(node, ast.Assign):  # a public name that differs from the name at home
            found[ast.unparse(node.targets[0])] = found.pop(ast.unparse(node.value))
    return found


def test_type_checkers_see_the_public_names() -> None:
    modules = {
        name: target if ":" in target else ":".join(target.rsplit(".", 1))
        for name, target in chargesim._PUBLIC.items()
    }
    assert declared_for_type_checkers() == modules


def test_dir_lists_the_public_names_only() -> None:
    assert dir(chargesim) == sorted(chargesim._PUBLIC)


@pytest.mark.parametrize("name", dir(chargesim))
def test_every_public_name_is_found(name: str) -> None:
    assert getattr(chargesim, name) is not None


def test_importing_the_package_imports_none_of_them() -> None:
    code = (
        "import chargesim, sys; "
        "print([name for name in sys.modules if name.startswith('chargesim.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
