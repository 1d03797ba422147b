"""Draw all figures of a comparison and write its report, the same bytes for the same comparison."""

from pathlib import Path
from typing import cast

import matplotlib as mpl
from matplotlib.figure import Figure

from chargesim.analysis.comparison import Comparison
from chargesim.experiment.compare import ComparedRuns
from chargesim.runs.storage import write_text
from chargesim.view.comparison_lines import (
    draw_load_duration,
    draw_use_by_hour,
    draw_use_over_sites,
)
from chargesim.view.comparison_places import draw_difference_heat_map, draw_maps
from chargesim.view.comparison_text import markdown
from chargesim.view.figures import write_figure
from chargesim.view.style import GREY, RC


def draw_comparison(comparison: Comparison) -> dict[str, Figure]:
    """Draw every figure of a comparison.

    Parameters
    ----------
    comparison : Comparison
        From `analysis.comparison.compare_plans`.

    Returns
    -------
    dict of str to Figure
        By the name of the file without its ending; each plan has one colour in all of them.
    """
    figures = {
        "use_by_hour": draw_use_by_hour(comparison.plans),
        "use_over_sites": draw_use_over_sites(comparison.plans),
        "use_difference_heat_map": draw_difference_heat_map(comparison),
        "maps": draw_maps(comparison),
        "load_duration": cast(Figure, draw_load_duration(comparison.plans).figure),
    }
    first = comparison.plans[0]
    with mpl.rc_context(RC):
        for figure in figures.values():
            under = f"{first.about}, of each plan on the same vehicles\n{first.network.label}"
            figure.supxlabel(under, fontsize=9.5, color=GREY, x=0.01, ha="left")
    return figures


def write_comparison(done: ComparedRuns, *, figures: bool = True) -> list[Path]:
    """Write the report of a comparison, and its figures as PNG and SVG, into its directory.

    Parameters
    ----------
    done : ComparedRuns
        From `run.comparing.compare`.
    figures : bool
        Draw the figures, and show them in the report.

    Returns
    -------
    list of Path
        The files.
    """
    drawn = draw_comparison(done.comparison) if figures else {}
    paths = [
        path
        for name, figure in drawn.items()
        for path in write_figure(figure, done.folder / "figures" / name)
    ]
    report = done.folder / "comparison.md"
    write_text(report, markdown(done, figures=list(drawn)))
    return [report, *paths]
