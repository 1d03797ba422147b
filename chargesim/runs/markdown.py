"""Write tables and lists as Markdown."""

from collections.abc import Iterable, Sequence


def line(text: object) -> str:
    """Return a text in one line."""
    return " ".join(str(text).split())


def bullets(lines: Iterable[str]) -> str:
    """Return a list, a line for each entry."""
    return "\n".join(f"- {line(text)}" for text in lines)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table with its heads; a bar inside a cell is escaped."""
    cells = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(line(cell).replace("|", r"\|") for cell in row) + " |" for row in cells
    )
