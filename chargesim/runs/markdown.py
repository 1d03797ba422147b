"""Write tables and lists as Markdown."""

from collections.abc import Iterable, Sequence


def line(text: object) -> str:
    """Return a text in one line, without tags of HTML."""
    parts = " ".join(str(text).split()).split("`")
    for place in range(0, len(parts), 2 if len(parts) % 2 else 1):  # code shows a < as it is
        parts[place] = parts[place].replace("<", "&lt;")
    return "`".join(parts)


def bullets(lines: Iterable[str]) -> str:
    """Return a list, a line for each entry."""
    return "\n".join(f"- {line(text)}" for text in lines)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table with its heads; a bar inside a cell is escaped."""
    cells = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(line(cell).replace("|", r"\|") for cell in row) + " |" for row in cells
    )
