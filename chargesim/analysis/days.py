"""Count on how many days a criterion fails, with an interval over the simulated years.

A day of a replication fails when its failures exceed the criterion's allowance of its wishes. The
unit of evidence is the day: given the calendar, days of different dates, and one date in different
replications, are independent.
"""

import calendar
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import gammaincinv

from chargesim.analysis.failure_counts import allowance, session_scope
from chargesim.analysis.result import Bools, Floats, JudgedDay, RunResult
from chargesim.analysis.scope_totals import ratio
from chargesim.analysis.scopes import session_mask, site_mask
from chargesim.json_values import json_value
from chargesim.scenario.standard import GIVEN, Criterion

FEWEST_DAYS = 28
"""Judged days from which days are counted."""
FEWEST_WISHES_A_DAY = 20
"""Mean wishes a day that a scope needs for its days to be judged."""
WORST_DAYS = 5
"""Dates that are named for each criterion."""
HEAVY_DAY = 1.15
"""Factor of the day from which it is named as the reason."""
_ROUNDING = 1e-12
ANY = "at least one criterion"


@dataclass(frozen=True)
class DaysInterval:
    """Failing days: the mean over replications, and an interval for the expected number."""

    mean: float
    lower: float
    upper: float


@dataclass(frozen=True)
class WorstDay:
    """A simulated day on which a criterion is far beyond its threshold."""

    day: str
    """its date, or its number without a calendar"""
    weekday: str
    reason: str
    allowance_used: float


@dataclass(frozen=True)
class CriterionDays:
    """On how many days one criterion fails."""

    name: str
    failing_days: float
    """mean over the replications"""
    lower: float
    """of the interval for the expected number"""
    upper: float
    mostly: str
    """when most of its failing days are, in words; "" where none fails or all do"""
    worst: tuple[WorstDay, ...]
    note: str
    failed: Floats
    """failures by replication, day and area [R, D, A]"""
    wishes: Floats
    used: Floats
    """used part of the allowance by replication and day, of the worst area [R, D]"""

    @property
    def fails(self) -> Bools:
        """Which days fail [R, D]."""
        return np.asarray(self.used > 1 + _ROUNDING)


@dataclass(frozen=True)
class DaysVerdict:
    """On how many of the judged days which criterion fails."""

    days: tuple[JudgedDay, ...]
    """the judged days"""
    replications: int
    level: float
    """of the intervals, two-sided"""
    criteria: tuple[CriterionDays, ...]
    """without those that the plan gives, and those with too few wishes a day"""
    any_criterion: DaysInterval
    """days on which at least one of the criteria fails"""
    when: str
    """when most of the failing days are, in words; "" where none fails or all do"""
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer for JSON."""
        names = ("name", "failing_days", "lower", "upper", "mostly", "note")
        return dict(
            json_value(
                {
                    "judged_days": len(self.days),
                    "replications": self.replications,
                    "level": self.level,
                    ANY.replace(" ", "_"): vars(self.any_criterion),
                    "mostly": self.when,
                    "criteria": [
                        {name: getattr(one, name) for name in names}
                        | {"worst": [vars(day) for day in one.worst]}
                        for one in self.criteria
                    ],
                    "notes": list(self.notes),
                }
            )
        )


def judge_days(result: RunResult) -> DaysVerdict | None:
    """Count the failing days of a run; None where it names fewer than `FEWEST_DAYS`.

    Parameters
    ----------
    result : RunResult
        Its calendar names the days.
    """
    if len(result.calendar) < FEWEST_DAYS:
        return None
    judged, notes = [], []
    for criterion in result.standard.criteria:
        if criterion.measure in GIVEN:
            continue
        failed, wishes, note = count_by_day(result, criterion)
        if wishes.sum() < FEWEST_WISHES_A_DAY * wishes.shape[0] * wishes.shape[1]:
            few = f"fewer than {FEWEST_WISHES_A_DAY} wishes a day"
            notes.append(f"{criterion.name}: {few}, too few to judge days")
            continue
        judged.append(_criterion_days(result, criterion, failed, wishes, note))
    if not judged:
        return None
    any_fails = np.any([one.fails for one in judged], axis=0)
    level = result.interval_level
    return DaysVerdict(
        days=result.calendar,
        replications=len(result.replications),
        level=level,
        criteria=tuple(judged),
        any_criterion=failing_days(any_fails, level=level),
        when=_mostly(result.calendar, any_fails.mean(axis=0)),
        notes=tuple(notes),
    )


def _criterion_days(
    result: RunResult, criterion: Criterion, failed: Floats, wishes: Floats, note: str
) -> CriterionDays:
    allowed = allowance(criterion)
    with np.errstate(divide="ignore", invalid="ignore"):
        used = np.nan_to_num(ratio(failed, wishes) / allowed, nan=0.0, posinf=np.inf)
    found = CriterionDays(
        criterion.name, 0.0, 0.0, 0.0, "", (), note, failed, wishes, used.max(axis=2)
    )  # fmt: skip
    interval = failing_days(found.fails, level=result.interval_level)
    return CriterionDays(
        criterion.name,
        interval.mean,
        interval.lower,
        interval.upper,
        _mostly(result.calendar, found.fails.mean(axis=0)),
        _worst_days(result, criterion, found),
        note,
        failed,
        wishes,
        found.used,
    )


def failing_days(fails: Bools, *, level: float = 0.95) -> DaysInterval:
    """Return the mean number of failing days, and an interval for the expected number.

    Date d fails in f_d of R replications. Its variance is estimated from its own replications, so
    that no two dates need to be alike: the mean N = sum f_d / R has the variance K / R^2 with
    K = sum f_d (R - f_d) / (R - 1). The interval is N -+ (q - K) / R, where q is the upper exact
    limit of a Poisson mean after K events (Garwood 1936). Where failing days are rare, K is their
    total, and the upper bound is the exact one; none in R years gives at most 3.7 / R days. It is
    cut where the exact Poisson limits of the total exclude more: a sum of independent trials
    spreads less than a Poisson number (Hoeffding 1956). With one replication K is binomial over
    the days.

    Parameters
    ----------
    fails : array of bool, [R, D]
    level : float
        Two-sided level [0..1].
    """
    replications, days = fails.shape
    by_date = fails.sum(axis=0)
    total = int(by_date.sum())
    if replications > 1:
        events = float((by_date * (replications - by_date)).sum() / (replications - 1))
    else:
        events = total * (days - total) / days
    alpha = (1 - level) / 2
    mean = total / replications
    width = (float(gammaincinv(events + 1, 1 - alpha)) - events) / replications
    good = replications * days - total
    least, least_good = (
        float(gammaincinv(count, alpha)) if count else 0.0 for count in (total, good)
    )
    lower = max(mean - width, least / replications)
    upper = min(mean + width, days - least_good / replications)
    return DaysInterval(mean, min(lower, mean), max(upper, mean))


def days_frame(verdict: DaysVerdict) -> pd.DataFrame:
    """Return a row per judged day and criterion; wishes and failures are means over replications.

    A criterion on districts has a row for each day too: of its worst area on that day.
    """
    rows = []
    for one in verdict.criteria:
        failed, wishes = one.failed.mean(axis=0), one.wishes.mean(axis=0)
        shares = ratio(failed, wishes)
        worst = np.nan_to_num(shares, nan=-1.0).argmax(axis=1)
        for number, (day, area) in enumerate(zip(verdict.days, worst, strict=True)):
            rows.append(
                {
                    "day": number + 1,
                    "date": "" if day.date is None else day.date.isoformat(),
                    "weekday": calendar.day_name[day.weekday],
                    "occasion": day.occasion,
                    "criterion": one.name,
                    "wished": wishes[number, area],
                    "failed": failed[number, area],
                    "failed_share": shares[number, area],
                    "allowance_used": one.used[:, number].mean(),
                    "fails_in": int(one.fails[:, number].sum()),
                }
            )
    return pd.DataFrame(rows).sort_values("day", kind="stable", ignore_index=True)


def count_by_day(result: RunResult, criterion: Criterion) -> tuple[Floats, Floats, str]:
    """Return failures and wishes of a criterion by replication, day and area [R, D, A], and a note.

    The areas of a criterion on districts are the classes of districts, since a district has too few
    wishes on a day; a class with few is joined with the other such ones. Others have one area.
    """
    if criterion.measure == "pack_available":
        sites = site_mask(result, criterion.scope)
        found, arrivals = (
            np.stack([getattr(run, name)[:, sites].sum(axis=1) for run in result.replications])
            for name in ("pack_found_by_day", "arrivals_by_day")
        )
        counts = (arrivals - found)[..., None], arrivals[..., None]
        return counts[0].astype(np.float64), counts[1].astype(np.float64), ""
    mask = session_mask(result, session_scope(criterion))
    names = ("ended_by_day", "unserved_by_day", "within_by_day")
    ended, unserved = (
        np.stack([getattr(run, name)[:, mask].sum(axis=1) for run in result.replications])
        for name in names[:2]
    )
    if criterion.measure == "unserved":
        failed = unserved
    else:
        assert criterion.minutes is not None
        index = result.threshold_index(criterion.minutes)
        within = [run.within_by_day[index][:, mask].sum(axis=1) for run in result.replications]
        failed = ended - np.stack(within)
    if criterion.scope != "districts":
        return (*(one.sum(axis=2, keepdims=True).astype(float) for one in (failed, ended)), "")
    member, note = _areas(result, ended)
    return failed @ member, ended @ member, note


def _areas(result: RunResult, ended: Floats) -> tuple[Floats, str]:
    """Return which district belongs to which area judged by day [D, A], and a note."""
    classes = np.array(result.network.districts.area_class)
    mean = ended.mean(axis=(0, 1))
    fewest = result.standard.min_sessions_per_district
    names = list(dict.fromkeys(classes))
    few = [name for name in names if mean[classes == name].sum() < fewest]
    pools = [[name] for name in names if name not in few] + ([few] if few else [])
    member = np.stack([np.isin(classes, pool) for pool in pools], axis=1).astype(np.float64)
    joined = [" with ".join(pool).replace("_", " ") for pool in pools]
    return member, f"by day the districts are judged by class ({', '.join(joined)})"


def _worst_days(
    result: RunResult, criterion: Criterion, found: CriterionDays
) -> tuple[WorstDay, ...]:
    """Return the simulated days that fail worst, each date once."""
    worst: dict[int, WorstDay] = {}
    for cell in np.argsort(-found.used, axis=None, kind="stable"):
        replication, day = (int(one) for one in np.unravel_index(cell, found.used.shape))
        if len(worst) == WORST_DAYS or not found.fails[replication, day]:
            break
        if day not in worst:
            here = result.calendar[day]
            worst[day] = WorstDay(
                day_name(result.calendar, day),
                calendar.day_name[here.weekday],
                _reason(result, criterion, replication, day),
                float(found.used[replication, day]),
            )
    return tuple(worst.values())


def day_name(days: tuple[JudgedDay, ...], number: int) -> str:
    """Return the date of a judged day, or its number from 1 without a calendar."""
    date = days[number].date
    return f"day {number + 1}" if date is None else date.isoformat()


def _reason(result: RunResult, criterion: Criterion, replication: int, day: int) -> str:
    """Return what sets a simulated day apart, in words."""
    group = "trucks" if "truck" in criterion.scope else "cars"
    factor = float(result.day_factors[group][replication, day])
    heavy = f"{factor:.3g} times the expected wishes" if factor >= HEAVY_DAY else ""
    return ", ".join(filter(None, (result.calendar[day].occasion, heavy))) or "an ordinary day"


def _mostly(days: tuple[JudgedDay, ...], fails: Floats) -> str:
    """Return the stretches of the calendar with most of the failing days; "" if all fail, or none.

    Parameters
    ----------
    days : tuple of JudgedDay
    fails : array, [D]
        Share of the replications in which each day fails.
    """
    if fails.sum() == 0 or (fails > 0).all() or days[0].date is None:
        return ""
    failing, all_days = Counter[str](), Counter[str]()
    for day, share in zip(days, fails, strict=True):
        assert day.date is not None
        where = day.occasion or calendar.month_name[day.date.month]
        failing[where] += float(share)  # type: ignore[assignment]
        all_days[where] += 1
    most = [one for one in failing.most_common(2) if one[1] >= 1]
    return ", ".join(f"{name} ({count:.3g} of {all_days[name]} days)" for name, count in most)
