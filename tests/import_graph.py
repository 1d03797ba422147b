"""Read which modules a package imports, and when: at import time, in a call, or for types only."""

import ast
from collections.abc import Iterator
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

AT_IMPORT, IN_A_CALL, FOR_TYPES = "at import time", "in a call", "for types only"


class Import(NamedTuple):
    """One imported module."""

    importer: str
    """dotted name of a module of the package"""
    target: str
    """dotted name: a module of the package, or of another one"""
    when: str
    """`AT_IMPORT`, `IN_A_CALL` or `FOR_TYPES`"""
    line: int

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.target} ({self.when})"


@lru_cache(maxsize=1024)
def _parsed(text: str) -> ast.Module:
    """Return the tree of a module, which nobody changes; planted faults change one file alone."""
    return ast.parse(text)


class Package:
    """The modules of a package's folder and their imports, read without running anything.

    An alias, a relative import and `from package import module` all lead to the module itself.
    """

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self.trees: dict[str, ast.Module] = {}
        self.is_package: dict[str, bool] = {}
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder.parent).with_suffix("").parts
            module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            self.trees[module] = _parsed(path.read_text(encoding="utf-8"))
            self.is_package[module] = parts[-1] == "__init__"
        self.imports = [
            found
            for module, tree in self.trees.items()
            for found in self._imports_in(module, tree, AT_IMPORT)
        ]

    def room(self, module: str) -> str:
        """Return the first part of a module's name below the package, or the package's own."""
        return module.split(".")[1] if "." in module else module

    def circle(self) -> list[str]:
        """Return the modules of a circle at import time, the first one twice; empty: no circle.

        Importing `a.b` runs the package `a` first, unless it is `a` or a part of it that imports.
        """
        graph: dict[str, set[str]] = {module: set() for module in self.trees}
        for one in self.imports:
            if one.when == AT_IMPORT and one.target in self.trees:
                graph[one.importer] |= {
                    module
                    for module in _with_parents(one.target)
                    if module == one.target or not f"{one.importer}.".startswith(f"{module}.")
                }
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as fault:
            return [str(module) for module in fault.args[1]]
        return []

    def uses(self, module: str) -> set[str]:
        """Return the names that a module calls, as `name(`, and the attributes, as `.name`."""
        nodes = list(ast.walk(self.trees[module]))
        calls = [node.func for node in nodes if isinstance(node, ast.Call)]
        return {f"{call.id}(" for call in calls if isinstance(call, ast.Name)} | {
            f".{node.attr}" for node in nodes if isinstance(node, ast.Attribute)
        }

    def _imports_in(self, module: str, node: ast.AST, when: str) -> Iterator[Import]:
        """Give the imports at and below a node."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, alias.name, when, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = self._absolute(module, node)
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                target = inner if inner in self.trees else base
                yield Import(module, target, when, node.lineno)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for child in node.body:
                yield from self._imports_in(module, child, FOR_TYPES)
            for child in node.orelse:
                yield from self._imports_in(module, child, when)
        else:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                when = FOR_TYPES if when == FOR_TYPES else IN_A_CALL
            for child in ast.iter_child_nodes(node):
                yield from self._imports_in(module, child, when)

    def _absolute(self, module: str, node: ast.ImportFrom) -> str:
        """Return the module that a `from` import names, without leading dots."""
        if not node.level:
            return node.module or ""
        parts = module.split(".")
        above = parts[: len(parts) - node.level + self.is_package[module]]
        return ".".join([*above, node.module] if node.module else above)


def _with_parents(module: str) -> list[str]:
    """Return a module and the packages that it is in."""
    parts = module.split(".")
    return [".".join(parts[: n + 1]) for n in range(len(parts))]
