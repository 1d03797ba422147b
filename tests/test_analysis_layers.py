"""Check that the analysis knows no engine: it reads totals, the network and the standard."""

import ast
from pathlib import Path

import chargesim.analysis

ALLOWED = (
    "chargesim.analysis",
    "chargesim.engine.replication_totals",
    "chargesim.network.network",
    "chargesim.scenario.buildup",
    "chargesim.scenario.series",
    "chargesim.scenario.standard",
)


def test_analysis_imports_only_its_input_contracts() -> None:
    (folder,) = chargesim.analysis.__path__
    modules = sorted(Path(folder).glob("*.py"))
    assert len(modules) > 10
    for module in modules:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            names = (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [one.name for one in node.names]
                if isinstance(node, ast.Import)
                else []
            )
            for name in names:
                assert not name.startswith("chargesim") or name.startswith(ALLOWED), (
                    f"{module.name} imports {name}"
                )
