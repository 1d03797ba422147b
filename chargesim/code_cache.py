"""Keep compiled code in a folder named by a digest of everything that it is compiled from.

Numba looks only at the file of a compiled function, not at the files of the functions and
constants that the compiled code takes in. So one digest covers them all: any change of a source or
a library leads to a new folder. Nothing is deleted here; `make clean` removes old folders.
"""

from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core.caching import CacheImpl, _CacheLocator
from numba.misc.appdirs import AppDirs

PACKAGE = Path(__file__).parent
SOURCES = (
    "engine/**/*.py",
    "bench/floor.py",
    "demand/demand_table.py",
    "exact_time.py",
    "network/candidates.py",
    "network/network.py",
)
"""Files with compiled functions, and those from which they take functions and constants."""
_CONFIG: Any = numba.config
_APP_DIRS: Any = AppDirs
_LOCATORS: list[Any] = CacheImpl._locator_classes


@cache
def source_digest() -> str:
    """Return the digest of the sources, by name and bytes, and of the libraries that compile."""
    digest = blake2b(digest_size=12)
    for library in (numba, llvmlite, np):
        digest.update(f"{library.__name__} {library.__version__}\0".encode())
    for path in sorted(path for pattern in SOURCES for path in PACKAGE.glob(pattern)):
        source = path.read_bytes()
        digest.update(f"{path.relative_to(PACKAGE).as_posix()} {len(source)}\0".encode() + source)
    return digest.hexdigest()


def cache_folders() -> list[Path]:
    """Return where compiled code may go; the first folder that is writable is used.

    `NUMBA_CACHE_DIR` comes first where it is set. Code beside the package goes with its checkout or
    virtual environment; the user's own cache folder serves a read-only installation.
    """
    asked = [Path(_CONFIG.CACHE_DIR)] if _CONFIG.CACHE_DIR else []
    users = Path(_APP_DIRS("chargesim", appauthor=False).user_cache_dir)
    name = f"chargesim-{source_digest()}"
    return [base / name for base in (*asked, PACKAGE / "__pycache__", users)]


class DigestLocator(_CacheLocator):
    """Tell Numba where the compiled code of this package's functions is, and of no others."""

    def __init__(self, function: Any, file: Path, folder: Path) -> None:
        self._py_file = str(file)  # Numba's own warnings name it
        self._line = function.__code__.co_firstlineno
        self._folder = folder / file.parent.relative_to(PACKAGE)

    def get_cache_path(self) -> str:
        """Return the folder of a function: two modules of the same name are in two folders."""
        return str(self._folder)

    def get_source_stamp(self) -> str:
        """Return what Numba compares with the stamp in the cache."""
        return source_digest()

    def get_disambiguator(self) -> str:
        """Return what distinguishes functions of one name in a file."""
        return str(self._line)

    @classmethod
    def from_function(cls, function: Any, file: str) -> "DigestLocator | None":
        """Return the locator of a function; None: another package's, or no folder is writable."""
        path = Path(file)
        if not path.is_relative_to(PACKAGE) or not path.exists():
            return None
        for folder in cache_folders():
            locator = cls(function, path, folder)
            try:
                locator.ensure_cache_path()  # type: ignore[no-untyped-call]  # it is Numba's
            except OSError:
                continue
            return locator
        return None


def use_digest_cache() -> None:
    """Let Numba ask `DigestLocator` first, before this package's functions are compiled."""
    if DigestLocator not in _LOCATORS:
        _LOCATORS.insert(0, DigestLocator)
