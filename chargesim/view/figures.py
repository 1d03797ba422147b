"""Draw all figures of a run into a folder, the same bytes for the same run."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from chargesim.runs.storage import write_atomically
from chargesim.view.bands import note_below
from chargesim.view.plot import FIGURES, Run
from chargesim.view.style import RC

DPI = 130


def draw_figures(run: Run) -> dict[str, Figure]:
    """Draw every figure of a run.

    Parameters
    ----------
    run : Run
        Its result, its KPIs and its verdict.

    Returns
    -------
    dict of str to Figure
        By the name of the file without its ending, in the order in which a report shows them.
    """
    figures = {one.file: one.draw(run) for one in FIGURES if one.applies(run)}
    with mpl.rc_context(RC):
        for figure in figures.values():
            note_below(figure, f"{run.result.name}: {run.result.scope_text}\n{run.result.label}")
    return figures


def write_figures(run: Run, folder: Path) -> list[Path]:
    """Draw every figure of a run and write it as PNG and SVG.

    Parameters
    ----------
    run : Run
        Its result, its KPIs and its verdict.
    folder : Path
        Folder of the files; created if missing.

    Returns
    -------
    list of Path
        The files, PNG and SVG of each figure in turn.
    """
    drawn = draw_figures(run)
    return [path for name, figure in drawn.items() for path in write_figure(figure, folder / name)]


def write_figure(figure: Figure, stem: Path) -> list[Path]:
    """Write a figure as PNG and SVG.

    Parameters
    ----------
    figure : Figure
        The figure; its layout is fixed by this.
    stem : Path
        The file without its ending; the folder is created if missing.
    """
    stem.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure)
    with mpl.rc_context(RC):
        png = _save(figure, stem.parent / f"{stem.name}.png")
        figure.set_layout_engine("none")  # the layout is final; the second file reuses it
        _round_layout(figure)
        return [png, _save(figure, stem.parent / f"{stem.name}.svg")]


def _round_layout(figure: Figure) -> None:
    """Drop the last bits of the layout: they vary, and an SVG names its clips by them."""
    for part in figure.subfigs:
        part.bbox_relative.set_points(np.round(part.bbox_relative.get_points(), 9))
    for ax in figure.axes:
        ax.set_position(np.round(ax.get_position().bounds, 9).tolist())


def _save(figure: Figure, path: Path) -> Path:
    """Write a figure without date and version, so that equal figures are equal files."""
    metadata = (
        {"Software": None} if path.suffix == ".png" else {"Date": None, "Creator": "chargesim"}
    )
    write_atomically(
        path,
        lambda partial: figure.savefig(
            partial, format=path.suffix.lstrip("."), dpi=DPI, metadata=metadata
        ),
    )
    return path
