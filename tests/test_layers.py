"""Check the imports of the package: one way, no circle, and nothing foreign in the engine."""

import shutil
from pathlib import Path

import pytest
from import_graph import AT_IMPORT, Package

import chargesim

FOLDER = Path(chargesim.__file__).parent
ORDER = (
    {"errors", "code_cache", "exact_time", "json_values"},
    {"scenario"},
    {"network"},
    {"demand"},
    {"engine"},
    {"analysis"},
    {"runs"},
    {"experiment"},
    {"importers"},
    {"calibration"},
    {"synthetic"},
    {"bench", "verify"},
    {"view"},
    {"cli"},
    {"__main__", "chargesim"},
)
"""From left to right: a module imports from its own room and from those to its left."""
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
ENGINE_MAY_IMPORT = {
    "collections",
    "dataclasses",
    "enum",
    "functools",
    "llvmlite",
    "math",
    "numba",
    "numpy",
    "simpy",
    "typing",
}
"""No files, plots, statistics or random numbers; `code_cache`, which starts it up, knows files."""
ENGINE_MAY_NOT_USE = {"open(", "import_module(", "__import__(", ".default_rng", ".random"}
ANALYSIS_MAY_IMPORT = (
    "chargesim.analysis",
    "chargesim.engine.replication_totals",
    "chargesim.json_values",
    "chargesim.network.network",
    "chargesim.scenario.buildup",
    "chargesim.scenario.observed",
    "chargesim.scenario.series",
    "chargesim.scenario.standard",
)
"""The analysis knows no engine: it reads totals, the network's records and the standard."""


def faults(folder):
    """Return what breaks the rules of imports in a package, as sentences."""
    package = Package(folder)
    found = []
    for one in package.imports:
        room, top = package.room(one.importer), one.target.split(".")[0]
        if top == package.name:
            to = package.room(one.target)
            if to != room and RANK[to] >= RANK[room]:
                found.append(f"not to its left: {one}")
            if room == "analysis" and not one.target.startswith(ANALYSIS_MAY_IMPORT):
                found.append(f"not the analysis's to know: {one}")
        elif room == "engine" and top not in ENGINE_MAY_IMPORT:
            found.append(f"not the engine's to know: {one}")
    for module in package.trees:
        if package.room(module) == "engine":
            used = sorted(package.uses(module) & ENGINE_MAY_NOT_USE)
            found += [f"{module} uses {name}" for name in used]
    circle = package.circle()
    return found + ([f"circle: {' > '.join(circle)}"] if circle else [])


def test_the_package_keeps_the_rules():
    assert faults(FOLDER) == []
    package = Package(FOLDER)
    assert len(package.trees) > 150
    assert {"chargesim.engine.compiled.power", "chargesim.engine.simpy.power"} <= set(package.trees)


@pytest.fixture
def copy(tmp_path):
    return shutil.copytree(
        FOLDER, tmp_path / "chargesim", ignore=shutil.ignore_patterns("__pycache__", "scenarios")
    )


CIRCLE = "from chargesim.engine.compiled import vehicle\n"
PLANTED = {
    "a circle": ("engine/compiled/schedule.py", CIRCLE, "circle: "),
    "a circle by an alias": (
        "engine/compiled/schedule.py",
        "import chargesim.engine.compiled.vehicle as story\n",
        "circle: ",
    ),
    "a circle by a relative import": (
        "engine/compiled/schedule.py",
        "from . import vehicle\n",
        "circle: ",
    ),
    "a circle in a class": (
        "engine/compiled/schedule.py",
        "class Later:\n    from .vehicle import end_day\n",
        "circle: ",
    ),
    "a long circle": ("errors.py", "import chargesim.scenario.reading\n", "circle: "),
    "os": ("engine/compiled/power.py", "import os, random\n", "imports os"),
    "random": ("engine/compiled/power.py", "import os, random\n", "imports random"),
    "files in a function": (
        "engine/simpy/site.py",
        "def read():\n    from pathlib import Path\n    return Path\n",
        "imports pathlib",
    ),
    "statistics by an alias": ("engine/rules.py", "import scipy.stats as st\n", "scipy.stats"),
    "drawing": ("engine/rules.py", "RNG = np.random.default_rng(1)\n", "uses .default_rng"),
    "opening a file": ("engine/rules.py", 'TEXT = open("x")\n', "uses open("),
    "a step to the right": (
        "demand/draw.py",
        "from chargesim import engine\n",
        "imports chargesim.engine",
    ),
    "a relative step to the right": (
        "network/build.py",
        "from ..engine.simpy import power\n",
        "imports chargesim.engine.simpy.power",
    ),
    "a step to the right in a function": (
        "analysis/kpis.py",
        "def late():\n    import chargesim.runs.case as c\n    return c\n",
        "imports chargesim.runs.case (in a call)",
    ),
    "a step to the right for types": (
        "runs/replication.py",
        "import typing\nif typing.TYPE_CHECKING:\n    from chargesim.view import plot\n",
        "imports chargesim.view.plot (for types only)",
    ),
    "the public names": (
        "runs/replication.py",
        "from chargesim import load\n",
        "imports chargesim (",
    ),
    "a neighbour": (
        "verify/cases.py",
        "from chargesim.bench.suite import PARTS\n",
        "imports chargesim.bench.suite",
    ),
    "an engine in the analysis": (
        "analysis/kpis.py",
        "from chargesim.engine import rules\n",
        "not the analysis's to know",
    ),
}


@pytest.mark.parametrize(("file", "text", "said"), PLANTED.values(), ids=PLANTED)
def test_a_planted_fault_is_reported(copy, file, text, said):
    path = copy / file
    path.write_text(path.read_text(encoding="utf-8") + "\n" + text, encoding="utf-8")
    assert any(said in fault for fault in faults(copy)), faults(copy)


@pytest.mark.parametrize(
    "text",
    [
        "def late():\n    from chargesim.engine.compiled import vehicle\n    return vehicle\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from . import vehicle\n",
    ],
)
def test_an_import_that_does_not_run_at_import_time_makes_no_circle(copy, text):
    path = copy / "engine" / "compiled" / "schedule.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n" + text, encoding="utf-8")
    assert faults(copy) == []


def test_importing_a_module_runs_its_package_first(tmp_path):
    texts = {
        "__init__.py": "",
        "a.py": "import house.sub.b\n",
        "c.py": "from house import a\n",
        "sub/__init__.py": "from house.c import name\n",
        "sub/b.py": "",
    }
    for name, text in texts.items():
        path = tmp_path / "house" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert set(Package(tmp_path / "house").circle()) == {"house.a", "house.sub", "house.c"}


def test_all_three_times_of_an_import_are_in_the_package():
    assert len({one.when for one in Package(FOLDER).imports}) == 3
    at_import = [one for one in Package(FOLDER).imports if one.when == AT_IMPORT]
    assert len(at_import) > 500
