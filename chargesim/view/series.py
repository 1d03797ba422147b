"""Draw the figure of a series: its question as the title, a panel for each thing that it shows."""

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chargesim.analysis.looks import level_of_a_look
from chargesim.analysis.series import VariantResult, by_line, common_label
from chargesim.scenario.series import Series, Shown
from chargesim.scenario.standard import Criterion
from chargesim.view import series_panels as panels
from chargesim.view.bands import note_below
from chargesim.view.style import INK, new_figure, styled
from chargesim.view.wording import percent

_WIDE_IN, _NARROW_IN = 13.0, 9.5
Panel = tuple[Shown, str]
"""A panel, and the line that it is of where it is of one line only."""
Variants = Sequence[VariantResult]


@styled
def draw_series(series: Series, variants: Variants, criteria: Sequence[Criterion]) -> Figure:
    """Draw the comparison of the variants.

    Parameters
    ----------
    series : Series
        Question, axis and panels.
    variants : sequence of VariantResult
        Line by line in the order of the values.
    criteria : sequence of Criterion
        Those of the standard; their thresholds are drawn where a panel shows what they judge.
    """
    rows = _rows(_panels(series, list(by_line(variants))), series)
    wide = any(len(row) == 2 or _is_wide(row[0], series) for row in rows)
    width = _WIDE_IN if wide else _NARROW_IN
    heights = [max(_height_in(panel, series, variants) for panel in row) for row in rows]
    question = textwrap.wrap(series.question, int(width * 7.6))
    figure = new_figure(width, sum(heights) + 0.8 + 0.3 * len(question))
    grid = figure.subfigures(len(rows), 1, height_ratios=heights, squeeze=False)
    for part, row in zip(grid[:, 0], rows, strict=True):  # rows share no margin
        for column, panel in enumerate(row):
            _draw(part.add_subplot(1, len(row), column + 1), panel, series, variants, criteria)
    title = "\n".join(question)
    figure.suptitle(title, x=0.01, ha="left", fontsize=15, fontweight="bold", color=INK)
    level = percent(level_of_a_look(variants[0].verdict.looks))
    label = common_label(one.label for one in variants)
    note_below(figure, f"{variants[0].about}; {level} intervals\n{label}")
    return figure


def _panels(series: Series, lines: list[str]) -> list[Panel]:
    """Return the panels in order; criteria over values get a panel for each line."""
    found: list[Panel] = []
    for shown in series.show:
        if series.values and shown.panel == "criteria":
            found += [(shown, line) for line in lines]
        else:
            one_line = series.values and shown.panel == "supply"
            found.append((shown, lines[0] if one_line else ""))
    return found


def _rows(found: list[Panel], series: Series) -> list[list[Panel]]:
    """Put two narrow panels in a row, and each wide one in a row of its own."""
    rows: list[list[Panel]] = []
    for panel in found:
        last = rows[-1] if rows else []
        if len(last) == 1 and not _is_wide(last[0], series) and not _is_wide(panel, series):
            last.append(panel)
        else:
            rows.append([panel])
    return rows


def _is_wide(panel: Panel, series: Series) -> bool:
    """Return whether a panel takes the whole width."""
    return panel[0].panel in ("criteria", "load") or (panel[0].panel == "kpi" and series.monthly)


def _height_in(panel: Panel, series: Series, variants: Variants) -> float:
    """Return the height of a panel [inch]."""
    lines, kind = len(by_line(variants)), panel[0].panel
    if kind == "criteria":
        judged = len(variants[0].verdict.criteria)
        return 1.6 + 0.36 * judged if series.values else 1.7 + judged * (0.26 + 0.16 * lines)
    if kind == "kpi" and not series.values:
        return 1.4 + 0.62 * lines
    return 4.3 + (0.25 * (lines // 4) if kind != "supply" else 0.0)


def _draw(
    ax: Axes, panel: Panel, series: Series, variants: Variants, criteria: Sequence[Criterion]
) -> None:
    """Draw one panel."""
    shown, line = panel
    members = [one for one in variants if not line or one.line == line]
    if shown.panel == "kpi":
        draw = panels.draw_kpi_over_values if series.values else panels.draw_kpi_by_line
        draw(ax, shown, series, members, criteria)
    elif shown.panel == "criteria" and series.values:
        title = line if len(by_line(variants)) > 1 else ""
        panels.draw_criteria_over_values(ax, series, members, title=title)
    elif shown.panel == "criteria":
        panels.draw_criteria_by_line(ax, series, members)
    else:
        by_name = {"load": panels.draw_loads, "hours": panels.draw_hours}
        by_name.get(shown.panel, panels.draw_supply)(ax, shown, series, members)
