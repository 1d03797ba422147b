"""Draw the figure of a series: its question as the title, a panel for each thing that it shows."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chargesim.analysis.looks import level_of_a_look
from chargesim.analysis.series import Outcome, by_line, common_label
from chargesim.scenario.series import Series, Shown
from chargesim.scenario.standard import Criterion
from chargesim.view.figures import write_figure
from chargesim.view.series_criteria import draw_criteria_by_line, draw_criteria_over_values
from chargesim.view.series_day import draw_hours, draw_loads
from chargesim.view.series_panels import draw_kpi_by_line, draw_kpi_over_values, draw_supply
from chargesim.view.style import GREY, INK, new_figure, styled
from chargesim.view.wording import percent

_WIDE_IN, _NARROW_IN = 13.0, 9.5
Placed = tuple[Shown, str]
"""A panel, and the line that it is of where it is of one line only."""


@styled
def draw_series(
    series: Series, outcomes: Sequence[Outcome], criteria: Sequence[Criterion]
) -> Figure:
    """Draw the comparison of the variants.

    Parameters
    ----------
    series : Series
        Question, axis and panels.
    outcomes : sequence of Outcome
        Line by line in the order of the values.
    criteria : sequence of Criterion
        Those of the standard; their thresholds are drawn where a panel shows what they judge.
    """
    panels = _placed(series, list(by_line(outcomes)))
    rows = _rows(panels, series)
    width = (
        _WIDE_IN if any(len(row) == 2 or _is_wide(row[0], series) for row in rows) else _NARROW_IN
    )
    heights = [max(_height_in(panel, series, outcomes) for panel in row) for row in rows]
    question = textwrap.wrap(series.question, int(width * 7.6))
    figure = new_figure(width, sum(heights) + 0.8 + 0.3 * len(question))
    parts = figure.subfigures(len(rows), 1, height_ratios=heights, squeeze=False)[
        :, 0
    ]  # rows share no margin
    for part, row in zip(parts, rows, strict=True):
        for column, panel in enumerate(row):
            _draw(part.add_subplot(1, len(row), column + 1), panel, series, outcomes, criteria)
    figure.suptitle(
        "\n".join(question), x=0.01, ha="left", fontsize=15, fontweight="bold", color=INK
    )
    level = percent(level_of_a_look(outcomes[0].verdict.looks))
    figure.supxlabel(
        f"{outcomes[0].about}; {level} intervals\n{common_label(outcomes)}",
        fontsize=9.5,
        color=GREY,
        x=0.01,
        ha="left",
    )
    return figure


def draw_series_files(
    series: Series, outcomes: Sequence[Outcome], criteria: Sequence[Criterion], folder: Path
) -> list[Path]:
    """Draw the comparison and write it as `series.png` and `series.svg`.

    Parameters
    ----------
    series, outcomes, criteria
        As for `draw_series`.
    folder : Path
        Where the files go.
    """
    return write_figure(draw_series(series, outcomes, criteria), folder / "series")


def _placed(series: Series, lines: list[str]) -> list[Placed]:
    """Return the panels in order; criteria over values get a panel for each line."""
    panels = []
    for shown in series.show:
        apart = shown.panel in ("criteria", "supply") and bool(series.values)
        panels += (
            [(shown, line) for line in lines]
            if apart and shown.panel == "criteria"
            else [(shown, lines[0] if apart else "")]
        )
    return panels


def _rows(panels: list[Placed], series: Series) -> list[list[Placed]]:
    """Put two narrow panels in a row, and each wide one in a row of its own."""
    rows: list[list[Placed]] = []
    for panel in panels:
        last = rows[-1] if rows else []
        if len(last) == 1 and not _is_wide(last[0], series) and not _is_wide(panel, series):
            last.append(panel)
        else:
            rows.append([panel])
    return rows


def _is_wide(panel: Placed, series: Series) -> bool:
    return panel[0].panel in ("criteria", "load") or (panel[0].panel == "kpi" and series.monthly)


def _height_in(panel: Placed, series: Series, outcomes: Sequence[Outcome]) -> float:
    """Return the height of a panel [inch]."""
    lines = len(by_line(outcomes))
    if panel[0].panel == "criteria":
        judged = len(outcomes[0].verdict.criteria)
        return 1.6 + 0.36 * judged if series.values else 1.7 + judged * (0.26 + 0.16 * lines)
    if panel[0].panel == "kpi" and not series.values:
        return 1.4 + 0.62 * lines
    return 4.3 + (0.25 * (lines // 4) if panel[0].panel != "supply" else 0.0)


def _draw(
    ax: Axes,
    panel: Placed,
    series: Series,
    outcomes: Sequence[Outcome],
    criteria: Sequence[Criterion],
) -> None:
    """Draw one panel."""
    shown, line = panel
    members = [outcome for outcome in outcomes if not line or outcome.line == line]
    if shown.panel == "kpi":
        draw = draw_kpi_over_values if series.values else draw_kpi_by_line
        draw(ax, shown, series, members, criteria)
    elif shown.panel == "criteria" and series.values:
        draw_criteria_over_values(
            ax, series, members, title=line if len(by_line(outcomes)) > 1 else ""
        )
    elif shown.panel == "criteria":
        draw_criteria_by_line(ax, series, members)
    elif shown.panel == "load":
        draw_loads(ax, shown, series, members)
    elif shown.panel == "hours":
        draw_hours(ax, shown, series, members)
    else:
        draw_supply(ax, shown, series, members)
