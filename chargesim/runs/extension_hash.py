"""Name a user's own SimPy processes, so that a run with them is never taken for one without, or for one with others.

What an extension does hangs on its code, on the values that it was given, and on the functions, classes and values that
its code names. All of these go into the text. What Python and the installed packages bring goes in by name alone.
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
    """Return the code of all extensions and the values that they work with; it goes into the hash of a run.

    Parameters
    ----------
    extensions : sequence of callables
        Functions or methods, or `functools.partial` of them.

    Raises
    ------
    InputError
        When the code of one cannot be read, as of a function that was typed at a prompt, or a value cannot be hashed.
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
        raise InputError(
            [
                f"extensions: got {extension_name(extension)}, needs a function, a method or a partial"
                for extension in strange
            ]
        )
    return "\n".join(
        "\n".join(_lines(extension, extension_name(extension), set())) for extension in extensions
    )


def extension_name(extension: object) -> str:
    """Return what an extension is called: the name of its function."""
    function = _function(extension)
    return str(getattr(function, "__qualname__", None) or f"a {type(function).__name__}")


def _function(extension: object) -> object:
    """Return what is behind all partials of an extension."""
    while isinstance(extension, functools.partial):
        extension = extension.func
    return extension


def _lines(value: object, name: str, seen: set[int]) -> Iterator[str]:
    """Give what stands for an extension, or for something that it works with; `name` is how a fault calls it."""
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
    """Give the code of a function, class or module, and what it works with; of what is installed, its name."""
    if _is_installed(value):
        yield f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', value.__name__)}"
    elif isinstance(value, type):
        yield from _class_lines(value, name, seen)
    else:
        try:
            yield inspect.getsource(value)
        except (OSError, TypeError):
            raise InputError(
                [
                    f"extension {name}: its code cannot be read; define it in a file or a notebook cell"
                ]
            ) from None
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
    """Give the methods and values of a class, one by one: a notebook does not keep the code of a class as a whole."""
    yield value.__qualname__
    yield from _lines(list(value.__bases__), name, seen)
    for key, part in vars(value).items():
        method = getattr(part, "fget", getattr(part, "__func__", part))
        if isinstance(method, types.FunctionType):
            if (
                inspect.unwrap(method).__code__.co_filename != "<string>"
            ):  # what a dataclass writes for itself
                yield from _lines(method, name, seen)
        elif not key.startswith("__") and not isinstance(part, types.MemberDescriptorType):
            yield key
            yield from _lines(part, name, seen)


def _names(code: types.CodeType) -> Iterator[str]:
    """Give the names that code looks up outside itself, also those of the functions inside it."""
    yield from (
        step.argval
        for step in dis.get_instructions(code)
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    )
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _is_installed(value: Any) -> bool:
    """Tell whether a function, class or module comes with Python, with a package or with chargesim."""
    try:
        return inspect.getfile(value).startswith(_INSTALLED)
    except (OSError, TypeError):
        return (
            isinstance(value, type | types.ModuleType)
            and getattr(value, "__module__", "builtins") != "__main__"
        )


def _digest(value: object, name: str) -> str:
    """Return a hash of a value that does not hang on where it lies in memory."""
    import joblib  # a fifth of a second that a run without extensions does not need

    try:
        return str(joblib.hash(value))
    except (PicklingError, TypeError, AttributeError):
        raise InputError(
            [
                f"extension {name}: works with a {type(value).__name__}, which cannot be hashed; give it plain values"
            ]
        ) from None
