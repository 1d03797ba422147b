"""Word and draw what a longer lead-in moves."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chargesim.analysis.intervals import Intervals
from chargesim.analysis.lead_in import Shift
from chargesim.experiment.lead_in import LeadIn, moved_text
from chargesim.view.answer import Answer, AnswerTable
from chargesim.view.bands import draw_band, legend_below, note_below
from chargesim.view.style import BLUE, GREEN, GREY, ORANGE, PURPLE, hours_axis, new_figure, styled
from chargesim.view.wording import amount

_SHOWN = 12


def answer(checked: LeadIn) -> Answer:
    """Return the answer: whether the lead-in is seen to be too short, and which KPIs move."""
    moved, same = checked.moved, checked.least_sure.not_excluded == 0
    words = "long enough" if same else "not seen to be too short"
    words = "too short for some KPIs" if moved else words
    counted = moved_text(len(moved), len(checked.shifts), checked.longer_days, checked.replications)
    more = len(moved) - _SHOWN
    return Answer(
        title=checked.title,
        headline=f"A lead-in of {_days(checked.own_days)} is {words}: {counted}",
        text=_excluded(checked),
        tables=(_table(moved),) if moved else (),
        notes=[f"and {more} more, see lead-in.json"] if more > 0 else [],
        figures={"lead_in": lambda: draw_lead_in(checked)},
        files="lead-in.json",
    )


def _table(moved: list[Shift]) -> AnswerTable:
    """Return the KPIs that move, each with its shift."""
    rows = []
    for shift in moved[:_SHOWN]:
        change, unit = shift.difference, shift.unit
        by, low, high = (_signed(end, unit) for end in (change.mean, change.lower, change.upper))
        of_own = f"{100 * shift.of_its_interval:.0f} %"
        value = amount(shift.before.mean, unit)
        rows.append((shift.kpi, shift.key, value, by, f"{low} to {high}", of_own))
    columns = ("KPI", "of", "value", "moves by", "interval", "of its own")
    title = "What moves (paired interval, two-sided 95 %)"
    return AnswerTable(title, columns, rows, right=columns[2:])


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
