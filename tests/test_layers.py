"""Read the import graph of the package: it runs one way and has no circle."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import chargesim

PACKAGE = Path(chargesim.__file__).parent
ORDER = (
    "errors",
    "stale_code",
    "exact_time",
    "scenario",
    "network",
    "demand",
    "engine",
    "analysis",
    "runs",
    "experiment",
    "bench",
    "verify",
    "view",
    "cli",
    "__main__",
)
"""From left to right: a module imports only what stands to its left, or in its own package."""


def imports():
    """Give every module of the package with the modules of the package that it imports, wherever in the file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        targets = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("chargesim."):
                targets.add((node.module or "").removeprefix("chargesim."))
        if name != "__init__":
            yield name, targets


def test_a_module_imports_only_what_stands_to_its_left():
    for name, targets in imports():
        here = ORDER.index(name.split(".")[0])
        for target in targets:
            assert ORDER.index(target.split(".")[0]) <= here, f"{name} imports {target}"


def test_there_is_no_circle():
    graph = dict(imports())
    assert len(graph) > 60
    assert len(list(TopologicalSorter(graph).static_order())) >= len(graph)


def test_the_engine_knows_no_files_no_plots_and_no_statistics():
    foreign = {
        "pathlib",
        "os",
        "io",
        "json",
        "pandas",
        "pyarrow",
        "matplotlib",
        "scipy",
        "random",
        "yaml",
    }
    for path in (PACKAGE / "engine").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not {name.split(".")[0] for name in names} & foreign, path.name
        drawn = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & {
            "default_rng",
            "Generator",
            "random",
        }
        assert not drawn, f"{path.name} draws: everything random is drawn before the engine starts"
