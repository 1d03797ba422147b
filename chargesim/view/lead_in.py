"""Draw and print what a longer lead-in moves."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chargesim.analysis.intervals import Intervals
from chargesim.analysis.lead_in import Shift
from chargesim.experiment.lead_in import LeadIn, moved_text
from chargesim.view.bands import draw_band, legend_below, note_below
from chargesim.view.style import BLUE, GREEN, GREY, ORANGE, PURPLE, hours_axis, new_figure, styled
from chargesim.view.tables import titled_table
from chargesim.view.wording import amount

_SHOWN = 12


@styled
def draw_lead_in(checked: LeadIn) -> Figure:
    """Draw how long the empty start is felt: on the same vehicles, and over several like days.

    Parameters
    ----------
    checked : LeadIn
        From `experiment.lead_in.check_lead_in`.
    """
    figure = new_figure(13.0, 5.8)
    left, right = figure.subplots(1, 2)
    _band(left, checked.from_empty, ORANGE, "no lead-in")
    if checked.own_days:
        _band(left, checked.from_own, BLUE, f"{_days(checked.own_days)}, as the scenario has it")
    left.set_title(
        f"First judged day, less the same vehicles after {_days(checked.longer_days)}", pad=8
    )
    alike, colours = checked.days_alike, (ORANGE, BLUE, GREEN, PURPLE)
    days = len(alike.mean)
    for day in range(days):
        one = Intervals(alike.mean[day], alike.lower[day], alike.upper[day], alike.n, alike.equal)
        _band(right, one, colours[day % len(colours)], f"day {day + 1} less day {days + 1}")
    right.set_title("Days of one weekday from an empty network, same hour", pad=8)
    for ax in (left, right):
        ax.axhline(0, color=GREY, linewidth=1)
        ax.set_ylabel("difference of the city's power [MW]")
        hours_axis(ax)
        ax.grid(axis="y")
        legend_below(ax, columns=2)
    bands = "bands two-sided 95 % hour by hour"
    note_below(figure, f"{checked.name}: {checked.replications} replications, {bands}")
    return figure


def _band(ax: Axes, by_hour: Intervals, colour: str, label: str) -> None:
    """Draw a difference by hour of day with its interval."""
    band = by_hour.mean, by_hour.lower, by_hour.upper
    draw_band(ax, np.arange(24) + 0.5, band, color=colour, label=label)


def print_lead_in(console: Console, checked: LeadIn) -> None:
    """Print whether the lead-in is seen to be too short, and which KPIs move.

    Parameters
    ----------
    console : Console
        Where to print.
    checked : LeadIn
        From `experiment.lead_in.check_lead_in`.
    """
    moved = checked.moved
    if moved:
        answer = "too short for some KPIs"
    else:
        same = checked.least_sure.not_excluded == 0
        answer = "long enough" if same else "not seen to be too short"
    counted = moved_text(len(moved), len(checked.shifts), checked.longer_days, checked.replications)
    sentence = f"A lead-in of {_days(checked.own_days)} is {answer}: {counted}"
    console.print(Text(sentence, style="bold"))
    if moved:
        console.print(_table(moved))
    if len(moved) > _SHOWN:
        more = f"and {len(moved) - _SHOWN} more, see lead_in/lead_in.json"
        console.print(Text(more, style="dim"))
    console.print(_excluded(checked), highlight=False, markup=False)


def _table(moved: list[Shift]) -> Table:
    """Return the KPIs that move, each with its shift."""
    head, title = ("KPI", "of", "value", "moves by", "interval", "of its own"), "What moves"
    table = titled_table(
        f"{title} (paired interval, two-sided 95 %)", head, right=range(2, 6), no_wrap=range(6)
    )
    for shift in moved[:_SHOWN]:
        moves = shift.difference
        by, low, high = (
            _signed(value, shift.unit) for value in (moves.mean, moves.lower, moves.upper)
        )
        value, of_own = (
            amount(shift.before.mean, shift.unit),
            f"{100 * shift.of_its_interval:.0f} %",
        )
        table.add_row(shift.kpi, shift.key, value, by, f"{low} to {high}", of_own)
    return table


def _signed(value: float, unit: str) -> str:
    """Return a change in two digits, in per cent for shares, else in the unit of the KPI."""
    return f"{100 * value:+.2g} %" if unit.startswith("share") else f"{value:+.2g}"


def _excluded(checked: LeadIn) -> str:
    """Return how large a shift is still possible, in half-widths of the KPIs' own intervals."""
    least, own = checked.least_sure, ""
    if checked.moved:
        own = (
            "`of its own` is the shift over the half-width of the KPI's own interval: far below "
            "100 % it changes no answer. "
        )
    if least.not_excluded == 0:
        return f"{own}Every KPI is the same in each replication, to nine digits."
    low, high = (
        _signed(end, least.unit) for end in (least.difference.lower, least.difference.upper)
    )
    return (
        f"{own}A shift of at most {100 * least.not_excluded:,.0f} % of the half-width of a KPI's "
        "own interval is still possible with so many replications (95 % for each by itself); the "
        f"least sure is {least.kpi} of {least.key}: {low} to {high}."
    )


def _days(days: int) -> str:
    """Return a number of days in words."""
    return f"{days} day" if days == 1 else f"{days} days"
