"""Show the answer of a study: headline, tables, notes and figures, in one way for all studies."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from matplotlib.figure import Figure
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chargesim.view.figures import write_figure
from chargesim.view.style import GREY, INK

Cell = str | Text


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


def name_figure(figure: Figure, title: str, *, shown: str, about: str, size: float = 15) -> None:
    """Write the title above a figure, and below it what is shown and what was simulated."""
    figure.suptitle(title, x=0.01, ha="left", fontsize=size, fontweight="bold", color=INK)
    figure.supxlabel(
        "\n".join(filter(None, [shown, about])), fontsize=9.5, color=GREY, x=0.01, ha="left"
    )
