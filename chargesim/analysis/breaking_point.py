"""Fit each criterion along the levels of a factor, and find where it breaks.

The failures of a criterion over what it allows are fitted by isotonic regression (Barlow et al.
1972); where the fit crosses 1 the criterion breaks. The interval of that point goes from the last
level whose two-sided 95 % bounds lie within what is allowed to the first whose bounds lie beyond:
failures may jump between two levels. It is that of one criterion by itself, without the division of
the error over levels and Holm's correction that the judgement of a level has: a level outside the
interval may be inconclusive.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import isotonic_regression

from chargesim.analysis.every_area import allowance_band, worst_share
from chargesim.analysis.failure_counts import allowance_used
from chargesim.analysis.intervals import t_interval
from chargesim.analysis.result import Floats
from chargesim.analysis.scope_totals import ratio
from chargesim.analysis.trend_text import criterion_state
from chargesim.analysis.verdict import Verdict
from chargesim.scenario.standard import Criterion

Direction = Literal["worse", "better"]
"""What more of the factor does."""
_ENDLESS = 1e9
"""Replaces an infinite part of the allowance in a fit."""


@dataclass(frozen=True)
class Band:
    """The part of its allowance that a criterion uses at one level; the worst district counts."""

    mean: float
    lower: float
    upper: float
    """two-sided 95 % bounds, of the worst of all districts where districts are judged"""
    shares: Floats
    """[R] failed share of each replication, mean over the units; the same vehicles at all levels"""


@dataclass(frozen=True)
class Crossing:
    """About where a criterion breaks, and between which levels; -inf below all, inf above."""

    about: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """One criterion along the levels."""

    criterion: str
    states: tuple[str, ...]
    """at each level, from `criterion_state`"""
    used: Floats
    """[level] failures over what the criterion allows"""
    lower: Floats
    upper: Floats
    fit: Floats
    """[level] monotone where there is a direction, else as used; NaN where it is not judged"""
    fit_lower: Floats
    fit_upper: Floats
    direction: Direction | None
    """None where the levels change nothing beyond noise, or change it both ways"""
    bent: bool
    """the monotone fit leaves the bounds of some level: more is neither worse nor better"""
    crossing: Crossing | None
    """None where the criterion is not judged, or has no direction"""


def band_of(shares: Floats | None, criterion: Criterion) -> Band:
    """Return the part of its allowance that a criterion uses, with two-sided 95 % bounds.

    Parameters
    ----------
    shares : array of float, [unit, replication]
        Failed shares; None where the criterion was not judged.
    criterion : Criterion
        Of several units (districts) the worst counts; see `every_area.allowance_band`.
    """
    if shares is None:
        return Band(math.nan, math.nan, math.nan, np.empty(0))
    band = allowance_band(shares, criterion, confidence=0.975)
    mean, lower, upper = (min(end, _ENDLESS) for end in (band.mean, band.lower, band.upper))
    known = (~np.isnan(shares)).sum(axis=0)
    return Band(mean, lower, upper, ratio(np.nansum(shares, axis=0), known))


def curve_of(
    criterion: str,
    levels: Sequence[float],
    bands: Sequence[Band],
    verdicts: Sequence[Verdict],
    known: Direction | None = None,
) -> Curve:
    """Return a criterion along the levels, with its monotone fit and where it breaks.

    Parameters
    ----------
    criterion : str
        Its name.
    levels : sequence of float
        In rising order.
    bands, verdicts : sequence
        At each level.
    known : {"worse", "better"}, optional
        What more of the factor does, where it is known; else the trend of the data decides.
    """
    states = tuple(
        criterion_state(item)
        for verdict in verdicts
        for item in verdict.criteria
        if item.name == criterion
    )
    used, lower, upper = (
        np.array([getattr(band, name) for band in bands]) for name in ("mean", "lower", "upper")
    )
    moves = bool(np.ptp(used) > 0)
    direction = (
        (known or direction_of(np.array([band.shares for band in bands]))) if moves else None
    )
    if direction is None:
        return Curve(criterion, states, used, lower, upper, used, lower, upper, None, False, None)
    fit, fit_lower, fit_upper = (monotone(values, direction) for values in (used, lower, upper))
    if known is None and ((fit < lower) | (fit > upper)).any():
        return Curve(criterion, states, used, lower, upper, used, lower, upper, None, True, None)
    about = crossing_of(levels, fit, direction)
    crossing = Crossing(about, *bracket_of(levels, fit_lower, fit_upper, direction))
    return Curve(
        criterion, states, used, lower, upper, fit, fit_lower, fit_upper, direction, False, crossing
    )


def direction_of(shares: Floats) -> Direction | None:
    """Return whether more of the factor makes more failures, ``worse``, or fewer, ``better``.

    Parameters
    ----------
    shares : array of float, [level, R]
        Failures of each replication, which has the same vehicles at all levels.

    Returns
    -------
    {"worse", "better"} or None
        From the trend over the levels in each replication; None where its 95 % interval holds 0.
    """
    centred = np.arange(len(shares)) - (len(shares) - 1) / 2
    trend = t_interval(centred @ shares)
    return "worse" if trend.lower > 0 else "better" if trend.upper < 0 else None


def monotone(values: Floats, direction: Direction) -> Floats:
    """Return the isotonic regression of values in the order of the levels, all of equal weight.

    Parameters
    ----------
    values : array of float, [level]
        Infinite ones stay beyond all others.
    direction : {"worse", "better"}
        Rising or falling.
    """
    finite = np.clip(values, -_ENDLESS, _ENDLESS)
    return np.asarray(
        isotonic_regression(finite, increasing=direction == "worse").x, dtype=np.float64
    )


def crossing_of(levels: Sequence[float], fit: Floats, direction: Direction) -> float:
    """Return where a monotone fit crosses 1, by a straight line between neighbours.

    Parameters
    ----------
    levels : sequence of float
        In rising order.
    fit : array of float, [level]
        Failures over allowed ones, monotone in the direction.
    direction : {"worse", "better"}

    Returns
    -------
    float
        -inf where it lies below all levels, inf above them.
    """
    beyond = np.flatnonzero(fit > 1.0 if direction == "worse" else fit <= 1.0)
    if len(beyond) == 0:
        return math.inf
    after = int(beyond[0])
    if after == 0:
        return -math.inf
    one, other = fit[after - 1], fit[after]
    part = (1.0 - one) / (other - one)
    return float(levels[after - 1] + part * (levels[after] - levels[after - 1]))


def break_on_average(
    levels: Sequence[float],
    failed: Sequence[Floats | None],
    criterion: Criterion,
    direction: Direction,
) -> float:
    """Return where a criterion breaks by its monotone fit, without bounds; see `crossing_of`.

    Parameters
    ----------
    levels : sequence of float
        In rising order.
    failed : sequence of array, [unit, replication]
        Failed shares at each level; None where the criterion was not judged: it fails nowhere.
    criterion : Criterion
    direction : {"worse", "better"}
    """
    shares = [0.0 if one is None else worst_share(one) for one in failed]
    used = np.array([allowance_used(share, criterion) for share in shares])
    return crossing_of(levels, monotone(used, direction), direction)


def bracket_of(
    levels: Sequence[float], lower: Floats, upper: Floats, direction: Direction
) -> tuple[float, float]:
    """Return the last level that meets and the first that fails: between them a criterion breaks.

    Failures may jump between two levels, and nothing tells where: no line between them narrows the
    interval. More levels do.

    Parameters
    ----------
    levels : sequence of float
        In rising order.
    lower, upper : array of float, [level]
        Monotone bounds of failures over allowed ones.
    direction : {"worse", "better"}

    Returns
    -------
    tuple of float
        In rising order; -inf below all levels, inf above them.
    """
    best, worst = (-math.inf, math.inf) if direction == "worse" else (math.inf, -math.inf)
    toward_worse = np.arange(len(levels))[:: 1 if direction == "worse" else -1]
    meets = [levels[place] for place in toward_worse if upper[place] <= 1.0]
    fails = [levels[place] for place in toward_worse if lower[place] > 1.0]
    begin = best if not meets else worst if len(meets) == len(levels) else meets[-1]
    end = worst if not fails else best if len(fails) == len(levels) else fails[0]
    return min(begin, end), max(begin, end)


@dataclass(frozen=True)
class BreakingPoint:
    """Where the whole standard breaks."""

    direction: Direction | None
    """what more of the factor does to most criteria; None where the levels change nothing"""
    meets: float | None
    """the worst level that meets, before any that fails; None where none does"""
    fails: float | None
    """the first level towards the worse that fails; None where none does"""
    crossing: Crossing | None
    """where the first criterion breaks"""
    breaks_first: str | None
    odd: tuple[float, ...]
    """levels beyond `fails` that meet: the standard is not monotone in the factor"""


def breaking_point_of(
    levels: Sequence[float],
    states: Sequence[str],
    curves: Sequence[Curve],
    known: Direction | None = None,
) -> BreakingPoint:
    """Return where the whole standard breaks.

    Parameters
    ----------
    levels : sequence of float
        In rising order.
    states : sequence of str
        Of the whole standard at each level.
    curves : sequence of Curve
        Of its criteria.
    known : {"worse", "better"}, optional
        What more of the factor does, where it is known.
    """
    moving = [curve for curve in curves if curve.direction is not None]
    if not moving:
        return BreakingPoint(None, None, None, None, None, ())
    direction = known or ("worse" if sum(_rise(curve) for curve in moving) >= 0 else "better")
    toward_worse = list(zip(levels, states, strict=True))[:: 1 if direction == "worse" else -1]
    first_fail = next(
        (number for number, (_, state) in enumerate(toward_worse) if state == "fails"),
        len(toward_worse),
    )
    before, after = toward_worse[:first_fail], toward_worse[first_fail:]
    meets = next((level for level, state in reversed(before) if state == "meets"), None)
    odd = tuple(level for level, state in after if state == "meets")
    same = [
        curve for curve in moving if curve.direction == direction and curve.crossing is not None
    ]
    stuck = [curve for curve in curves if curve.direction is None and (curve.fit_lower > 1).all()]
    first = _first(same, direction)
    if first is None or first.crossing is None or stuck:
        return BreakingPoint(
            direction,
            meets,
            after[0][0] if after else None,
            None,
            stuck[0].criterion if stuck else None,
            odd,
        )
    return BreakingPoint(
        direction, meets, after[0][0] if after else None, first.crossing, first.criterion, odd
    )


def _rise(curve: Curve) -> float:
    """Return the rise of a criterion over the width of its bounds, within -3 to 3."""
    width = sum(float(curve.fit_upper[end] - curve.fit_lower[end]) for end in (0, -1))
    return float(np.clip((curve.fit[-1] - curve.fit[0]) / max(width, 1e-12), -3, 3))


def _first(curves: Sequence[Curve], direction: Direction) -> Curve | None:
    """Return the curve that breaks first towards the worse; None where none breaks."""
    sign = 1.0 if direction == "worse" else -1.0
    reached = [
        curve
        for curve in curves
        if curve.crossing is not None and sign * curve.crossing.about < math.inf
    ]

    def order(curve: Curve) -> tuple[float, float]:
        """Return the sort key: where it breaks, then how far it is broken at all levels."""
        assert curve.crossing is not None
        return sign * curve.crossing.about, -float(curve.fit.min())

    return min(reached, key=order, default=None)
