"""Lay out tables of words, for the terminal or in Markdown."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

Row = tuple[str, ...]


def titled_table(
    title: str,
    head: Sequence[str],
    *,
    right: Collection[int] = (),
    no_wrap: Collection[int] = (),
    narrow: Mapping[int, int] | None = None,
) -> Table:
    """Return an empty table for the terminal, with a title at its left.

    Parameters
    ----------
    title : str
        What it shows.
    head : sequence of str
        Names of the columns.
    right, no_wrap : collection of int
        Columns that are aligned to the right, and those that keep to one line.
    narrow : mapping of int to int, optional
        Most letters of some columns.
    """
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for place, name in enumerate(head):
        column: dict[str, Any] = {"justify": "right" if place in right else "left"}
        most = (narrow or {}).get(place)
        table.add_column(name, no_wrap=place in no_wrap, max_width=most, **column)
    return table


def markdown_table(rows: Sequence[Row], *, right: Collection[int] = ()) -> list[str]:
    """Return the lines of a table in Markdown.

    Parameters
    ----------
    rows : sequence of tuple of str
        The head first.
    right : collection of int
        Columns that are aligned to the right.
    """
    head, *body = [tuple(cell.replace("|", "\\|") for cell in row) for row in rows]
    marks = tuple("---:" if place in right else "---" for place in range(len(head)))
    return [f"| {' | '.join(row)} |" for row in (head, marks, *body)]
