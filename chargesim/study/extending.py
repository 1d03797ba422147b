"""Name a user's own SimPy processes, so that a run with them is never taken for one without."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from chargesim.errors import InputError


def extension_text(extensions: Sequence[Callable[..., Any]]) -> str:
    """Return the code of all extensions and the values that they were given; it goes into the hash of a run.

    Parameters
    ----------
    extensions : sequence of callables
        Functions, or `functools.partial` of functions.

    Raises
    ------
    InputError
        When the code of one cannot be read, as of a function that was typed at a prompt.
    """
    return "\n".join(_text(extension) for extension in extensions)


def _text(extension: Callable[..., Any]) -> str:
    given: list[object] = []
    while isinstance(extension, functools.partial):
        given += [extension.args, sorted(extension.keywords.items())]
        extension = extension.func
    try:
        code = inspect.getsource(extension)
    except (OSError, TypeError):
        name = getattr(extension, "__qualname__", repr(extension))
        raise InputError([f"extension {name}: its code cannot be read; define it in a file or a notebook cell"]) from None
    cells = [cell.cell_contents for cell in getattr(extension, "__closure__", None) or ()]
    return f"{code}\n{given!r}\n{cells!r}"
