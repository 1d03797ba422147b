"""Draw all figures of a run into a folder, the same bytes for the same run."""

from pathlib import Path
from typing import cast

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from chargesim.analysis.profiles import quarter_load, use_by_district_hour, use_by_site, wait_curves
from chargesim.analysis.result import RunResult
from chargesim.analysis.verdict import Verdict
from chargesim.runs.storage import write_atomically
from chargesim.view.bands import note_below
from chargesim.view.load import draw_load
from chargesim.view.margins import draw_margins
from chargesim.view.site_map import draw_two_maps
from chargesim.view.style import RC
from chargesim.view.utilisation import draw_heat_map, draw_use_by_hour
from chargesim.view.waiting import draw_waits_by_fleet_and_kind

DPI = 130


def draw_figures(result: RunResult, kpis: pd.DataFrame, verdict: Verdict) -> dict[str, Figure]:
    """Draw every figure of a run.

    Parameters
    ----------
    result : RunResult
        The run.
    kpis : DataFrame
        Its KPIs, from `analysis.kpis.kpi_frame`.
    verdict : Verdict
        Its verdict, from `analysis.verdict.judge`.

    Returns
    -------
    dict of str to Figure
        By the name of the file without its ending, in the order in which a report shows them.
    """
    figures = {
        "margins": _figure(draw_margins(verdict)),
        "utilisation_by_hour": _figure(draw_use_by_hour(kpis, level=result.interval_level)),
        "utilisation_heat_map": _figure(
            draw_heat_map(use_by_district_hour(result), result.network.districts)
        ),
        "utilisation_map": draw_two_maps(result.network, use_by_site(result)),
        "waiting": draw_waits_by_fleet_and_kind(
            wait_curves(result, "fleet"), wait_curves(result, "kind")
        ),
        "load": _figure(draw_load(quarter_load(result), level=result.interval_level)),
    }
    with mpl.rc_context(RC):
        for figure in figures.values():
            note_below(figure, f"{result.name}: {result.scope_text}\n{result.label}")
    return figures


def draw_all(result: RunResult, kpis: pd.DataFrame, verdict: Verdict, folder: Path) -> list[Path]:
    """Draw every figure of a run and write it as PNG and SVG.

    Parameters
    ----------
    result, kpis, verdict
        As for `draw_figures`.
    folder : Path
        Where the files go; made when it is not there.

    Returns
    -------
    list of Path
        The files, PNG and SVG of each figure in turn.
    """
    figures = draw_figures(result, kpis, verdict)
    return [
        path for name, figure in figures.items() for path in write_figure(figure, folder / name)
    ]


def write_figure(figure: Figure, stem: Path) -> list[Path]:
    """Write a figure as PNG and SVG.

    Parameters
    ----------
    figure : Figure
        The figure; its layout is fixed by this.
    stem : Path
        The file without its ending; the folder is made when it is not there.
    """
    stem.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure)
    with mpl.rc_context(RC):
        png = _save(figure, stem.parent / f"{stem.name}.png")
        figure.set_layout_engine(
            "none"
        )  # the layout stands now; the second file need not find it again
        _round_layout(figure)
        return [png, _save(figure, stem.parent / f"{stem.name}.svg")]


def _round_layout(figure: Figure) -> None:
    """Drop the last bits of the layout: they differ from time to time, and an SVG names its clips by them."""
    for part in figure.subfigs:
        part.bbox_relative.set_points(np.round(part.bbox_relative.get_points(), 9))
    for ax in figure.axes:
        ax.set_position(np.round(ax.get_position().bounds, 9).tolist())


def _save(figure: Figure, path: Path) -> Path:
    """Write a figure without a date and without the version of the program, so that equal figures are equal files."""
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


def _figure(ax: Axes) -> Figure:
    """Return the figure of axes that this module has made."""
    return cast(Figure, ax.figure)
