"""Show the answer of a study: headline, tables, notes and figures, in one way for all studies."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from matplotlib.figure import Figure
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chargesim.runs.storage import write_json
from chargesim.view.figures import write_figure
from chargesim.view.style import GREY, INK

Cell = str | Text
ANSWER = "answer.json"
"""The answer in a study's directory, as it is printed."""


@dataclass(frozen=True)
class AnswerTable:
    """A table of an answer; every cell is plain text."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    right: Sequence[str] = ()
    """columns whose cells are set to the right"""
    bold: Sequence[int] = ()
    """numbers of the rows that are set in bold"""


@dataclass(frozen=True)
class Answer:
    """What a study has found, ready to be shown."""

    title: str
    """what was asked"""
    headline: str
    """the answer in a sentence"""
    text: str = ""
    """what was done, in a paragraph"""
    tables: Sequence[AnswerTable] = ()
    notes: Sequence[str] = ()
    about: str = ""
    """what was simulated, and how the locations came about"""
    figures: Mapping[str, Callable[[], Figure]] = field(default_factory=dict)
    """by name of the file"""
    files: str = ""
    """the tables in the directory, in words"""


def print_answer(console: Console, answer: Answer) -> None:
    """Print an answer: the headline first, then tables and notes."""
    console.print(Text(answer.title, style="bold"))
    if answer.headline:
        console.print(Text(answer.headline, style="bold"))
    if answer.text:
        console.print(Text(answer.text))
    for table in answer.tables:
        console.print(_printed(table))
    for note in answer.notes:
        console.print(Text(f"  {note}", style="dim"))
    if answer.about:
        console.print(Text(answer.about, style="dim"))


def _printed(table: AnswerTable) -> Table:
    printed = Table(title=Text(table.title, style="bold"), title_justify="left", box=SIMPLE_HEAD)
    for column in table.columns:
        printed.add_column(Text(column), justify="right" if column in table.right else "left")
    for number, row in enumerate(table.rows):
        cells = [cell if isinstance(cell, Text) else Text(cell) for cell in row]
        printed.add_row(*cells, style="bold" if number in table.bold else "")
    return printed


def draw_answer(answer: Answer, folder: Path) -> list[Path]:
    """Draw the figures of an answer and write each as PNG and SVG."""
    return [
        path
        for name, draw in answer.figures.items()
        for path in write_figure(draw(), folder / name)
    ]


def keep_answer(answer: Answer, folder: Path) -> None:
    """Write an answer as it is printed, so that it can be shown again without any work."""
    tables = [
        {**vars(table), "rows": [[_kept(cell) for cell in row] for row in table.rows]}
        for table in answer.tables
    ]
    kept = {**vars(answer), "tables": tables, "figures": list(answer.figures)}
    write_json(folder / ANSWER, kept)


def _kept(cell: Cell) -> str | list[str]:
    return cell if isinstance(cell, str) else [cell.plain, str(cell.style)]


def stored_answer(folder: Path, *, figures: bool) -> Answer | None:
    """Return the answer that `keep_answer` wrote; None where it or a figure is missing.

    Parameters
    ----------
    folder : Path
        The directory of the study.
    figures : bool
        Whether its figures must be there, too.
    """
    try:
        kept = json.loads((folder / ANSWER).read_text(encoding="utf-8"))
        names = kept.pop("figures")
        files = [folder / "figures" / f"{name}.{kind}" for name in names for kind in ("png", "svg")]
        if figures and not all(path.is_file() for path in files):
            return None
        tables = [
            AnswerTable(
                **{**table, "rows": [[_cell(cell) for cell in row] for row in table["rows"]]}
            )
            for table in kept.pop("tables")
        ]
        return Answer(**kept, tables=tables, figures=dict.fromkeys(names, Figure))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _cell(kept: str | list[str]) -> Cell:
    return kept if isinstance(kept, str) else Text(kept[0], style=kept[1])


def name_figure(figure: Figure, title: str, *, shown: str, about: str, size: float = 15) -> None:
    """Write the title above a figure, and below it what is shown and what was simulated."""
    figure.suptitle(title, x=0.01, ha="left", fontsize=size, fontweight="bold", color=INK)
    figure.supxlabel(
        "\n".join(filter(None, [shown, about])), fontsize=9.5, color=GREY, x=0.01, ha="left"
    )
