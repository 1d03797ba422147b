"""Word and draw what a fit to a log has found: levels, stays, those who left, goodness of fit."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chargesim.calibration.fit import LogFit, SiteFit
from chargesim.calibration.folder import WrittenFit
from chargesim.calibration.log import LEAST_SESSIONS
from chargesim.calibration.stays import QUANTILES
from chargesim.view.answer import Answer, AnswerTable
from chargesim.view.bands import legend_below, note_below
from chargesim.view.style import BLUE, GREY, ORANGE, new_figure, styled

_COLUMNS = ("site", "guns", "sessions", "arrivals a day", "trend a year", "step a week",
            "stay [min]", "wait", "offered / served")  # fmt: skip
_AGREEMENT = ("site", "variance of days / Poisson", "KS of gaps", "p", "KS of stays", "p ")
_SHOWN = 6


def answer(written: WrittenFit) -> Answer:
    """Return the answer: what comes to each site, and how well that agrees with the log."""
    fit, data = written.fit, written.to_dict()
    busiest = max(fit.sites, key=lambda one: one.all_busy)
    lost = f"at {busiest.site.name} all guns were busy {100 * busiest.all_busy:.1f} % of the time"
    raised = f"and {busiest.offered_over_served:.2f} came for each one served"
    return Answer(
        title=f"Fit of {fit.log.name} up to {fit.until} (that day left out)",
        headline=f"{len(fit.sites)} sites fitted, {sum(len(s.log.start_min) for s in fit.sites):,} "
        f"sessions; {lost}, {raised}",
        text=_text(fit),
        tables=(
            AnswerTable("What comes (90 % of the draws in brackets)", _COLUMNS,
                        [_row(site) for site in data["sites"]], right=_COLUMNS[1:]),
            AnswerTable("How well it agrees (a p below 0.05 is a doubt)", _AGREEMENT,
                        [_agreement(site) for site in data["sites"]], right=_AGREEMENT[1:]),
        ),
        notes=fit.notes,
        figures={"agreement": lambda: draw_agreement(fit), "profile": lambda: draw_profiles(fit)},
        files=f"{written.scenario.name}, tables/, fit.json",
    )  # fmt: skip


def _text(fit: LogFit) -> str:
    """Return how to read the tables."""
    days = (
        f"Days differ beyond Poisson by a factor with a coefficient of variation of "
        f"{fit.day_cv:.2f}, of which sites share {100 * fit.day_correlation:.0f} %."
        if fit.day_cv
        else "Days do not differ beyond Poisson."
    )
    return (
        "The log holds the served alone. Arrivals are counted in the minutes with a free gun, so "
        "they include those who found all guns busy and left. `wait` is the share of these who "
        "waited, by starts right after an end; how long they would wait the log does not say. "
        f"Closed days, found by runs of days without a session, are left out. {days}"
    )


def _row(site: dict[str, list[float]]) -> tuple[str, ...]:
    """Return the row of a site."""

    def ends(name: str, form: str) -> str:
        value, low, high = (format(end, form) for end in site[name])
        return f"{value} ({low} to {high})"

    return (
        str(site["site_id"]),
        f"{site['guns']}",
        f"{site['sessions']:,}",
        ends("arrivals_per_day", ".1f"),
        f"{site['trend_per_year'][0]:+.0%}",
        f"{site['level_step_per_week']:.0%}",
        ends("stay_min", ".1f"),
        ends("wait_share", ".0%"),
        f"{site['offered_over_served']:.2f}",
    )


def _agreement(site: dict[str, dict[str, float]]) -> tuple[str, ...]:
    gaps, stays = site["gaps"], site["stays"]
    return (
        str(site["site_id"]),
        f"{site['dispersion_of_days']:.2f}",
        f"{gaps['ks']:.3f}",
        f"{gaps['p_value']:.2f}",
        f"{stays['ks']:.3f}",
        f"{stays['p_value']:.2f}",
    )


def _largest(fit: LogFit) -> list[SiteFit]:
    return sorted(fit.sites, key=lambda one: -len(one.log.start_min))[:_SHOWN]


@styled
def draw_agreement(fit: LogFit) -> Figure:
    """Draw quantiles of stays and of gaps between arrivals against the fitted ones."""
    sites = _largest(fit)
    figure = new_figure(3.6 * max(3, len(sites)), 7.4)
    panels = np.atleast_2d(figure.subplots(2, max(3, len(sites)), squeeze=False))
    for ax in panels[:, len(sites) :].ravel():
        ax.set_axis_off()
    share = (np.arange(99) + 1) / 100
    for column, one in enumerate(sites):
        last = one.log.stay_min[3 * len(one.log.stay_min) // 4 :]
        fitted = np.interp(share, QUANTILES, one.stays.minutes)
        _quantiles(panels[0, column], fitted, np.quantile(last, share), "stay [min]", one.site.name)
        gaps = np.quantile(one.gaps, share) if len(one.gaps) else np.full(99, np.nan)
        _quantiles(panels[1, column], -np.log1p(-share), gaps, "gap [expected arrivals]", "")
    shown = "Stays: the last quarter of the log. Gaps: while a gun is free, exponential if Poisson"
    note_below(figure, f"Quantiles 1 to 99 %: the log against the fit. {shown}")
    return figure


def _quantiles(ax: Axes, fitted: np.ndarray, seen: np.ndarray, what: str, title: str) -> None:
    """Draw quantiles of a log against fitted ones."""
    top = float(np.nanmax([fitted[-1], seen[-1]]))
    ax.plot([0, top], [0, top], color=GREY, linewidth=1)
    ax.plot(fitted, seen, "o", color=BLUE, markersize=3)
    ax.set(xlabel=f"fitted {what}", ylabel="in the log")
    ax.set_title(title[:32], fontsize=10)


@styled
def draw_profiles(fit: LogFit) -> Figure:
    """Draw arrivals by hour of the week, and the level by week."""
    sites = _largest(fit)
    figure = new_figure(13.0, 2.3 * len(sites) + 0.8)
    panels = figure.subplots(len(sites), 2, squeeze=False, width_ratios=(1.4, 1))
    for (left, right), one in zip(panels, sites, strict=True):
        left.step(np.arange(168), one.per_day / 24 * one.rates.shape, where="post", color=BLUE,
                  linewidth=1.2)  # fmt: skip
        left.set_xticks(range(0, 169, 24), [*"MTWTFSS", ""])
        left.set_ylabel("arrivals an hour")
        left.set_title(one.site.name[:60], fontsize=10)
        weeks = np.arange(len(one.rates.level))
        right.plot(weeks, one.rates.level, "o", color=GREY, markersize=3, label="seen in a week")
        right.plot(weeks[-1:], [one.per_day], "D", color=ORANGE, label="level at the end")
        right.set(ylabel="arrivals a day", xlabel="week of the log", ylim=(0, None))
    legend_below(panels[-1, 1], columns=2)
    note_below(figure, f"Arrivals fitted to {fit.log.name}, those who left among them; "
               f"sites with fewer than {LEAST_SESSIONS} sessions are left out")  # fmt: skip
    return figure
