"""Delete compiled code that is older than the source it was made from."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def drop_stale_code() -> None:
    """Delete what Numba has cached for the engine and would not make anew.

    Numba looks at the one file in which a cached function stands, and not at those whose functions it has taken in.
    """
    engine = _PACKAGE / "engine"
    try:
        newest = max(
            path.stat().st_mtime
            for path in [*engine.rglob("*.py"), _PACKAGE / "demand" / "table.py"]
        )
        for cache in engine.rglob("*.nbi"):
            if cache.stat().st_mtime < newest:
                cache.unlink(missing_ok=True)
    except OSError:  # a read-only installation: Numba then keeps its code in a folder of the user, by the version of the files
        return
