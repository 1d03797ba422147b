"""Draw and print what a longer lead-in moves."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chargesim.analysis.intervals import Intervals
from chargesim.analysis.lead_in import Shift
from chargesim.experiment.lead_in import LeadIn, moved_text
from chargesim.view.series_style import legend_below
from chargesim.view.style import BLUE, GREEN, GREY, ORANGE, PURPLE, hours_axis, new_figure, styled
from chargesim.view.wording import amount

_SHOWN = 12


@styled
def draw_lead_in(checked: LeadIn) -> Figure:
    """Draw what is left of the empty start: in the same hours of the same vehicles, and between days that are all alike.

    Parameters
    ----------
    checked : LeadIn
        From `run.lead_in.check_lead_in`.
    """
    figure = new_figure(13.0, 5.8)
    left, right = figure.subplots(1, 2)
    _band(left, checked.from_empty, ORANGE, "no lead-in")
    if checked.own_days:
        _band(left, checked.from_own, BLUE, f"{_days(checked.own_days)}, as the scenario has it")
    left.set_title(
        f"First judged day, less the same vehicles after {_days(checked.longer_days)}", pad=8
    )
    days = checked.days_alike.mean.shape[0]
    colours = (ORANGE, BLUE, GREEN, PURPLE)
    for day in range(days):
        part = Intervals(
            *(
                getattr(checked.days_alike, name)[day]
                for name in ("mean", "lower", "upper", "n", "equal")
            )
        )
        _band(right, part, colours[day % len(colours)], f"day {day + 1} less day {days + 1}")
    right.set_title("Days of one weekday from an empty network, same hour", pad=8)
    for ax in (left, right):
        ax.axhline(0, color=GREY, linewidth=1)
        ax.set_ylabel("difference of the city's power [MW]")
        hours_axis(ax)
        ax.grid(axis="y")
        legend_below(ax, columns=2)
    note = f"{checked.name}: {checked.replications} replications, bands two-sided 95 % hour by hour"
    figure.supxlabel(note, fontsize=9.5, color=GREY, x=0.01, ha="left")
    return figure


def _band(ax: Axes, by_hour: Intervals, colour: str, label: str) -> None:
    hours = np.arange(24) + 0.5
    ax.plot(hours, by_hour.mean, color=colour, label=label)
    ax.fill_between(hours, by_hour.lower, by_hour.upper, color=colour, alpha=0.2, linewidth=0)


def print_lead_in(console: Console, checked: LeadIn) -> None:
    """Print whether the lead-in is seen to be too short, and which KPIs move.

    Parameters
    ----------
    console : Console
        Where to print.
    checked : LeadIn
        From `run.lead_in.check_lead_in`.
    """
    moved = checked.moved
    same = checked.least_sure.not_excluded == 0
    answer = (
        "too short for some KPIs"
        if moved
        else "long enough"
        if same
        else "not seen to be too short"
    )
    counted = moved_text(len(moved), len(checked.shifts), checked.longer_days, checked.replications)
    console.print(
        Text(f"A lead-in of {_days(checked.own_days)} is {answer}: {counted}", style="bold")
    )
    if moved:
        console.print(_table(moved))
    if len(moved) > _SHOWN:
        console.print(
            Text(f"and {len(moved) - _SHOWN} more, see lead_in/lead_in.json", style="dim")
        )
    console.print(_excluded(checked), highlight=False, markup=False)


def _table(moved: list[Shift]) -> Table:
    table = Table(
        title="What moves (paired interval, two-sided 95 %)",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
    )
    for column in ("KPI", "of", "value", "moves by", "interval", "of its own"):
        table.add_column(
            column, justify="left" if column in ("KPI", "of") else "right", no_wrap=True
        )
    for shift in moved[:_SHOWN]:
        change = shift.difference
        by, low, high = (
            _signed(value, shift.unit) for value in (change.mean, change.lower, change.upper)
        )
        value = amount(shift.before.mean, shift.unit)
        table.add_row(
            shift.kpi,
            shift.key,
            value,
            by,
            f"{low} to {high}",
            f"{100 * shift.of_its_interval:.0f} %",
        )
    return table


def _signed(value: float, unit: str) -> str:
    """Return a change in two digits, in per cent for shares, else in the unit of the KPI."""
    return f"{100 * value:+.2g} %" if unit.startswith("share") else f"{value:+.2g}"


def _excluded(checked: LeadIn) -> str:
    """Say how large a shift the check leaves open, in half-widths of the KPIs' own intervals."""
    least, moved = checked.least_sure, bool(checked.moved)
    own = (
        "`of its own` is the shift over the half-width of the KPI's own interval: far below 100 % it changes no answer. "
        if moved
        else ""
    )
    if least.not_excluded == 0:
        return f"{own}Every KPI is the same in each replication, to nine digits."
    span = f"{_signed(least.difference.lower, least.unit)} to {_signed(least.difference.upper, least.unit)}"
    return (
        f"{own}Left open is a shift of at most {100 * least.not_excluded:,.0f} % of the half-width of a KPI's own interval with so many "
        f"replications (95 % for each by itself); the least sure is {least.kpi} of {least.key}: {span}."
    )


def _days(days: int) -> str:
    return f"{days} day" if days == 1 else f"{days} days"
