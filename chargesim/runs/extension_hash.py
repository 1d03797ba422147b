"""Describe a user's own SimPy processes as text for the hash of a run.

A run with extensions is never mistaken for one without, or with others. What an extension does
depends on its code, on the values that it was given, and on the functions, classes and values that
its code names: all of these go into the text. Python and installed packages go in by name alone.
"""

import dis
import functools
import inspect
import sysconfig
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from pickle import PicklingError
from typing import Any

from chargesim.errors import InputError

_INSTALLED = (
    *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
    str(Path(__file__).parent.parent),
)


def extension_text(extensions: Sequence[Callable[..., Any]]) -> str:
    """Return the code of all extensions and the values they use, for the hash of a run.

    Parameters
    ----------
    extensions : sequence of callables
        Functions or methods, or `functools.partial` of them.

    Raises
    ------
    InputError
        When the code of one cannot be read, as of a function typed at a prompt, or a value cannot
        be hashed.
    """
    return "\n".join(
        "\n".join(_lines(extension, extension_name(extension), set()))
        for extension in as_extensions(extensions)
    )


def as_extensions(extensions: Sequence[Callable[..., Any]]) -> tuple[Callable[..., Any], ...]:
    """Return extensions as a tuple.

    Raises
    ------
    InputError
        When they are no list of functions, methods and partials.
    """
    if not isinstance(extensions, Sequence):
        raise InputError(
            [f"extensions: got {extension_name(extensions)}, needs a list of functions"]
        )
    strange = [
        extension
        for extension in extensions
        if not isinstance(_function(extension), types.FunctionType | types.MethodType)
    ]
    if strange:
        needs = "needs a function, a method or a partial"
        raise InputError([f"extensions: got {extension_name(one)}, {needs}" for one in strange])
    return tuple(extensions)


def extension_name(extension: object) -> str:
    """Return the name of an extension's function."""
    function = _function(extension)
    return str(getattr(function, "__qualname__", None) or f"a {type(function).__name__}")


def _function(extension: object) -> object:
    """Return the function inside all partials of an extension."""
    while isinstance(extension, functools.partial):
        extension = extension.func
    return extension


def _lines(value: object, name: str, seen: set[int]) -> Iterator[str]:
    """Give the text of an extension or of a value that it uses; `name` goes into error messages."""
    value = inspect.unwrap(value) if callable(value) else value
    if id(value) in seen:
        return
    if isinstance(value, functools.partial):
        for part in (
            value.func,
            *value.args,
            *(item for pair in sorted(value.keywords.items()) for item in pair),
        ):
            yield from _lines(part, name, seen)
    elif isinstance(value, types.MethodType):
        yield from _lines(value.__func__, name, seen)
        yield from _lines(value.__self__, name, seen)
    elif isinstance(value, types.FunctionType | type | types.ModuleType):
        seen.add(id(value))
        yield from _code_lines(value, name, seen)
    elif isinstance(value, types.BuiltinFunctionType):
        yield value.__qualname__
    elif isinstance(value, list | tuple | dict):
        yield type(value).__name__
        for part in value.items() if isinstance(value, dict) else value:
            yield from _lines(part, name, seen)
    else:
        yield from _lines(type(value), name, seen)
        yield _digest(value, name)


def _code_lines(value: Any, name: str, seen: set[int]) -> Iterator[str]:
    """Give the code of a function, class or module and what it uses; if installed, its name."""
    if _is_installed(value):
        yield f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', value.__name__)}"
    elif isinstance(value, type):
        yield from _class_lines(value, name, seen)
    else:
        try:
            yield inspect.getsource(value)
        except (OSError, TypeError):
            words = "its code cannot be read; define it in a file or a notebook cell"
            raise InputError([f"extension {name}: {words}"]) from None
        if isinstance(value, types.FunctionType):
            known = {
                key: value.__globals__[key]
                for key in sorted(set(_names(value.__code__)))
                if key in value.__globals__
            }
            cells = [
                cell.cell_contents for cell in value.__closure__ or () if cell != types.CellType()
            ]
            yield from _lines([known, cells, value.__defaults__, value.__kwdefaults__], name, seen)


def _class_lines(value: type, name: str, seen: set[int]) -> Iterator[str]:
    """Give the methods and values of a class; a notebook keeps no code of the class itself."""
    yield value.__qualname__
    yield from _lines(list(value.__bases__), name, seen)
    for key, part in vars(value).items():
        method = getattr(part, "fget", getattr(part, "__func__", part))
        if isinstance(method, types.FunctionType):
            # a dataclass generates methods from strings
            if inspect.unwrap(method).__code__.co_filename != "<string>":
                yield from _lines(method, name, seen)
        elif not key.startswith("__") and not isinstance(part, types.MemberDescriptorType):
            yield key
            yield from _lines(part, name, seen)


def _names(code: types.CodeType) -> Iterator[str]:
    """Give the names that code looks up outside itself, including those of functions inside it."""
    yield from (
        step.argval
        for step in dis.get_instructions(code)
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    )
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _is_installed(value: Any) -> bool:
    """Return whether a function, class or module is part of Python, a package or chargesim."""
    try:
        return inspect.getfile(value).startswith(_INSTALLED)
    except (OSError, TypeError):
        return (
            isinstance(value, type | types.ModuleType)
            and getattr(value, "__module__", "builtins") != "__main__"
        )


def _digest(value: object, name: str) -> str:
    """Return a hash of a value, independent of its address in memory."""
    import joblib  # a fifth of a second that a run without extensions does not need

    try:
        return str(joblib.hash(value))
    except (PicklingError, TypeError, AttributeError):
        words = f"works with a {type(value).__name__}, which cannot be hashed"
        raise InputError([f"extension {name}: {words}; give it plain values"]) from None
