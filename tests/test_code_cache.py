"""Test that compiled code never outlives a source that it takes in, wherever its cache is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from import_graph import AT_IMPORT, Package

import chargesim
from chargesim import code_cache

CALLS = """
from chargesim.engine.outer import outer
from chargesim.engine.other.outer import outer as namesake
print(outer(3), namesake(3), sum(outer.stats.cache_hits.values()))
"""


@pytest.fixture
def tiny(tmp_path):
    """Return a package whose compiled function takes in another file's, and how to run it."""
    package = tmp_path / "place" / "chargesim"
    (package / "engine" / "other").mkdir(parents=True)
    shutil.copy(code_cache.__file__, package)
    texts = {
        "__init__.py": "",
        "engine/__init__.py": "from chargesim.code_cache import use_digest_cache\n"
        "use_digest_cache()\n",
        "engine/inner.py": "import numba\n@numba.njit\ndef inner(x):\n    return x + 1\n",
        "engine/outer.py": "import numba\nfrom chargesim.engine.inner import inner\n"
        "@numba.njit(cache=True)\ndef outer(x):\n    return 10 * inner(x)\n",
        "engine/other/__init__.py": "",
        "engine/other/outer.py": "import numba\n\n"
        "@numba.njit(cache=True)\ndef outer(x):\n    return -x\n",
        "view.py": "",
    }
    for name, text in texts.items():
        (package / name).write_text(text, encoding="utf-8")
    (tmp_path / "elsewhere.py").write_text(
        "import numba\n@numba.njit(cache=True)\ndef foreign(x):\n    return x\n", encoding="utf-8"
    )

    def run(code=CALLS, **variables):
        kept = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
        kept |= {"XDG_CACHE_HOME": str(tmp_path / "user"), "HOME": str(tmp_path)}
        path = os.pathsep.join([str(package.parent), str(tmp_path)])
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**kept, "PYTHONPATH": path, **variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()

    return package, run


def folders(base):
    return sorted(base.glob("chargesim-*"))


def where(kind, package):
    """Return the folder that must hold the code, and the variables that a run needs."""
    above = package.parent.parent
    if kind == "NUMBA_CACHE_DIR":
        return above / "asked", {"NUMBA_CACHE_DIR": str(above / "asked")}
    if kind == "read-only":
        shutil.rmtree(package / "__pycache__", ignore_errors=True)
        (package / "__pycache__").write_text("no folder can be made here", encoding="utf-8")
        return above / "user" / "chargesim", {}
    return package / "__pycache__", {}


@pytest.mark.parametrize("kind", ["beside the package", "NUMBA_CACHE_DIR", "read-only"])
def test_an_edit_of_what_is_taken_in_leads_to_a_new_folder(tiny, kind):
    package, run = tiny
    base, variables = where(kind, package)
    assert run(**variables) == ["40", "-3", "0"]
    (first,) = folders(base)
    assert run(**variables) == ["40", "-3", "1"], "unchanged sources use the code again"
    (package / "view.py").write_text("X = 1\n", encoding="utf-8")
    assert run(**variables)[-1] == "1", "no compiled function takes this file in"
    inner = package / "engine" / "inner.py"
    text, times = inner.read_text(encoding="utf-8"), inner.stat()
    inner.write_text(text.replace("x + 1", "x + 2"), encoding="utf-8")
    os.utime(inner, ns=(times.st_atime_ns, times.st_mtime_ns))  # as a checkout may leave it
    assert run(**variables) == ["50", "-3", "0"]
    assert len(folders(base)) == 2 and first in folders(base), "nothing is deleted"
    inner.write_text(text, encoding="utf-8")
    assert run(**variables) == ["40", "-3", "1"], "the first sources find their code again"
    assert list(package.parent.rglob("*.nbi")) == [] or kind == "beside the package"


def test_other_packages_keep_their_own_cache(tiny):
    package, run = tiny
    code = "import chargesim.engine, elsewhere; print(elsewhere.foreign(3))"
    assert run(code) == ["3"]
    (index,) = package.parent.parent.rglob("*.nbi")
    assert index.parent == package.parent.parent / "__pycache__"


def test_the_digest_covers_what_compiled_functions_take_in():
    folder = Path(chargesim.__file__).parent
    package = Package(folder)
    covered = {
        ".".join(path.relative_to(folder.parent).with_suffix("").parts).removesuffix(".__init__")
        for pattern in code_cache.SOURCES
        for path in folder.glob(pattern)
    }
    compiles = {one.importer for one in package.imports if one.target.split(".")[0] == "numba"}
    assert len(compiles) > 10
    not_compiled = {
        "chargesim.code_cache", "chargesim.bench.race",
        "chargesim.runs.engine_choice",  # asks whether Numba compiles at all
    }  # fmt: skip
    assert compiles <= covered | not_compiled
    compiles -= {"chargesim.runs.engine_choice"}
    taken_in = {
        one.target
        for one in package.imports
        if one.importer in compiles and one.target in package.trees and one.when == AT_IMPORT
    }
    assert taken_in <= covered | not_compiled


def test_all_cached_functions_are_in_the_folder_of_the_digest():
    """Whichever module of compiled functions is imported first."""
    code = """
import sys
from importlib import import_module
from numba.core.dispatcher import Dispatcher
module = import_module(sys.argv[1])
found = [one for one in vars(module).values() if isinstance(one, Dispatcher)]
print(*{one._cache.cache_path for one in found if one._cache.cache_path})
"""
    for module in ("engine.rules", "engine.compiled.engine", "network.candidates", "bench.floor"):
        done = subprocess.run(
            [sys.executable, "-c", code, f"chargesim.{module}"],
            capture_output=True,
            text=True,
            check=True,
        )
        (folder,) = done.stdout.split()
        assert f"chargesim-{code_cache.source_digest()}" in folder, module


def test_reading_a_run_does_not_wait_for_numba():
    code = "import sys, chargesim.analysis.kpis; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
