"""Keep files inside the scenario's folder, and write their paths as a user knows them."""

from pathlib import Path

from chargesim.errors import InputError


def display_path(path: Path) -> str:
    """Return a path as a user would write it: relative to the current folder if it is in it."""
    try:
        return str(path.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(path)


def folder_of(given: str | Path) -> Path:
    """Return a folder that a user names by text or path; ~ is the home folder.

    Raises
    ------
    InputError
        When it is no text or path, or names the home of nobody.
    """
    try:
        return Path(given).expanduser()
    except (TypeError, ValueError, RuntimeError):
        raise InputError([f"out: got {given!r}, needs the name of a folder"]) from None


def path_inside(folder: Path, name: str) -> Path:
    """Return the path of a file that a scenario names.

    Parameters
    ----------
    folder : Path
        The scenario's folder.
    name : str
        The file's name, relative to the folder.

    Raises
    ------
    InputError
        When the file lies outside the folder, also by a symbolic link.
    """
    try:
        path = (folder / name).resolve()
    except (OSError, RuntimeError, ValueError):  # a circle of links, a name with a zero byte
        raise InputError([f"{name!r}: is not the name of a file"]) from None
    if not path.is_relative_to(folder.resolve()):
        raise InputError(
            [
                f"{name}: leaves the scenario's folder {display_path(folder)}; "
                "put the table inside it"
            ]
        )
    return folder / name
