"""Word and draw a back-test: what happened beside its band, and the errors beside naive rules."""

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.text import Text

from chargesim.calibration.backtest import LEVEL, MODEL, BackTest, SiteTest
from chargesim.calibration.backtest import Figure as Held
from chargesim.calibration.naive import NAMES
from chargesim.view.answer import Answer, AnswerTable
from chargesim.view.bands import draw_band, note_below
from chargesim.view.style import BLUE, ORANGE, hours_axis, new_figure, styled
from chargesim.view.wording import amount

_FIGURES = ("site", "figure", "happened", "90 % band", "middle", "")
_ERRORS = ("what", "predictor", "MAE of an hour", "RMSE of an hour", "MAE of hours of day",
           "RMSE of hours of day")  # fmt: skip
_SHOWN = 6


def answer(found: BackTest) -> Answer:
    """Return the answer: how many figures lie in their bands, and whose errors are least."""
    of = f"{found.inside} of {len(found.figures)} figures"
    return Answer(
        title=f"{found.scenario} held against {found.log}: {found.days} days from {found.first}",
        headline=f"{of} lie inside their 90 % bands; {_against_naive(found)}",
        text=f"{found.replications} replications of the held-out days, each with its own draw of "
        "the fit, its own path of the levels and its own days, so a band holds all three. Closed "
        "days of the log are left out on both sides. The rules know the fitted days alone, but "
        "for the one that looks a week back from each hour.",
        tables=(
            AnswerTable("What happened, and what was expected", _FIGURES,
                        [_row(one) for one in found.figures], right=_FIGURES[2:5]),
            AnswerTable("Errors over the held-out hours of all sites", _ERRORS,
                        _error_rows(found), right=_ERRORS[2:]),
        ),
        notes=found.notes,
        figures={"days": lambda: draw_days(found), "all_busy": lambda: draw_all_busy(found)},
        files="figures.csv, errors.csv, backtest.json",
    )  # fmt: skip


def _row(one: Held) -> tuple[str | Text, ...]:
    mark = Text("inside") if one.inside else Text("outside", style="bold red")
    low, high = amount(one.low, one.unit), amount(one.high, one.unit)
    unit = "" if one.unit.startswith("share") else f" {one.unit}"
    low = low.removesuffix(unit).removesuffix(" %") if high.endswith((unit, " %")) else low
    return (one.site, one.figure, amount(one.seen, one.unit), f"{low} to {high}",
            amount(one.middle, one.unit), mark)  # fmt: skip


def _all(found: BackTest) -> dict[tuple[str, str], tuple[float, ...]]:
    """Return the errors over all sites."""
    return {
        (row.what, row.predictor): (
            row.errors.mae, row.errors.rmse, row.errors.day_mae, row.errors.day_rmse
        )
        for row in found.errors
        if row.site == "all sites"
    }  # fmt: skip


def _error_rows(found: BackTest) -> list[tuple[str, ...]]:
    return [
        (what, predictor, *(f"{value:.4f}" for value in values))
        for (what, predictor), values in _all(found).items()
    ]


def _against_naive(found: BackTest) -> str:
    """Return the RMSE of single hours beside that of the best naive rule."""
    errors, words = _all(found), []
    for what in dict.fromkeys(what for what, _ in errors):
        own = errors[what, MODEL][1]
        best = min(NAMES, key=lambda name: errors.get((what, name), (0, np.inf))[1])
        other = errors[what, best][1]
        words.append(f"RMSE of {what} in an hour {own:.3f}, best naive rule {other:.3f} ({best})")
    return "; ".join(words)


def _largest(found: BackTest) -> list[SiteTest]:
    return sorted(found.sites, key=lambda one: -one.sessions)[:_SHOWN]


@styled
def draw_days(found: BackTest) -> Figure:
    """Draw the sessions of each held-out day in the band of the replications."""
    sites = _largest(found)
    figure = new_figure(11.0, 2.3 * len(sites) + 0.9)
    panels = figure.subplots(len(sites), 1, squeeze=False)[:, 0]
    for ax, one in zip(panels, sites, strict=True):
        day = np.arange(found.days)
        low, middle, high = np.quantile(
            one.simulated_by_day, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2], axis=0
        )
        draw_band(ax, day, (middle, low, high), color=BLUE, label="expected, 90 % band of a day")
        ax.plot(day[one.is_open], one.seen_by_day[one.is_open], "o", color=ORANGE, markersize=3.5,
                label="happened")  # fmt: skip
        ax.set(ylabel="sessions", ylim=(0, None))
        ax.set_title(textwrap.shorten(one.name, 70), fontsize=11)
    panels[-1].set_xlabel(f"day from {found.first} on")
    panels[0].legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=2)
    note_below(figure, f"{found.scenario}, {found.replications} replications; closed days have no "
               "point")  # fmt: skip
    return figure


@styled
def draw_all_busy(found: BackTest) -> Figure:
    """Draw the share of time with all guns busy by hour of day, in the band of the replications."""
    sites = _largest(found)
    rows = -(-len(sites) // 2)
    figure = new_figure(12.0, 3.2 * rows + 0.9)
    panels = figure.subplots(rows, 2, squeeze=False).ravel()
    for ax in panels[len(sites) :]:
        ax.set_axis_off()
    for ax, one in zip(panels, sites, strict=False):
        _all_busy(ax, one)
    shown = f"line and band: median and 90 % of {found.replications} replications"
    note_below(figure, f"Share of the time with all guns busy. Points: what happened; {shown}")
    return figure


def _all_busy(ax: Axes, one: SiteTest) -> None:
    hour = np.arange(24) + 0.5
    busy = np.array([use.all_busy_by_hour for use in one.simulated])
    low, middle, high = np.quantile(busy, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2], axis=0)
    draw_band(ax, hour, (middle, low, high), color=BLUE, label="expected")
    ax.plot(hour, one.seen.all_busy_by_hour, "o", color=ORANGE, markersize=4, label="happened")
    ax.set(ylabel="share of time", ylim=(0, None))
    name = f"{one.name} ({one.guns} gun{'s' if one.guns > 1 else ''})"
    ax.set_title(textwrap.shorten(name, 120), fontsize=11 if len(name) < 60 else 9.5)
    hours_axis(ax)
