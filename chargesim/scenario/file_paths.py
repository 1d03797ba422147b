"""Keep files inside the scenario's folder, and write their paths as a user knows them."""

from pathlib import Path

from chargesim.errors import InputError


def display_path(path: Path) -> str:
    """Return a path as a user would write it: relative to the current folder if it is in it."""
    try:
        return str(path.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(path)


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
