"""Print for people and for programs, and turn errors into messages and exit codes."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console


def plain_console() -> "Console":
    """Return a console that prints names as they are; a file or a pipe gets 110 characters."""
    from rich.console import Console

    class PlainConsole(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # `messages` ends the command

    width = None if sys.stdout.isatty() else 110
    return PlainConsole(width=width, markup=False, emoji=False)


def print_json(data: Any) -> None:
    """Print one JSON object."""
    from chargesim.json_values import json_text

    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json_text(data, ascii_only=not utf8))


def write_any_text() -> None:
    """Let a terminal or file that is not in UTF-8 show what it lacks as a code, with no error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def messages(*, kept: bool = True, did: str = "run") -> Iterator[None]:
    """Turn an error of the input into lines on stderr and exit code 1, Ctrl-C into exit code 130.

    Parameters
    ----------
    kept : bool
        Whether finished replications are on disk.
    did : str
        What the command does, in the past: nothing was run.
    """
    from chargesim.errors import InputError, RunStoppedError

    try:
        yield
    except InputError as error:
        for fault in error.faults:
            typer.echo(fault, err=True)
        count = len(error.faults)
        typer.echo(f"{count} error{'s' if count > 1 else ''}; nothing was {did}.", err=True)
        raise typer.Exit(1) from None
    except RunStoppedError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(5) from None
    except BrokenPipeError:  # the reader, such as `head`, has enough: as if SIGPIPE ended us
        _drop_output()
        raise typer.Exit(128 + 13) from None
    except OSError as error:
        _drop_output()
        where = "" if error.filename is None else f"{error.filename}: "
        why = error.strerror or str(error)
        rest = "; finished replications are kept" if kept else ""
        typer.echo(f"{where}{why}{rest}.", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        rest = (
            "finished replications are kept, the same command goes on from there"
            if kept
            else "nothing is kept"
        )
        typer.echo(f"Interrupted; {rest}.", err=True)
        raise typer.Exit(130) from None


def _drop_output() -> None:
    """Send what is still to be printed nowhere, if it cannot be written: the exit would fail."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
