"""Pair two runs replication by replication: differences, their intervals, what pairing is worth."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from chargesim.analysis.intervals import Interval, Intervals, p_differs, t_intervals
from chargesim.analysis.kpi_responses import KpiResponses, Named, Response
from chargesim.analysis.result import Floats

LEVEL = 0.95
"""Two-sided confidence of every paired interval."""


def paired_differences(values: ArrayLike, others: ArrayLike) -> Intervals:
    """Return the means of the differences, values less others, with their two-sided 95 % intervals.

    Parameters
    ----------
    values, others : array of float, [R, ...]
        The same quantities in the same replications of two plans.

    Returns
    -------
    Intervals
        Student-t over the differences. A replication with infinite waits on both sides has no
        difference and is left out. Infinite waits on one side alone make the mean infinite; on
        either side in turn they leave it undefined.
    """
    differences = _differences(values, others)
    below, above = np.isneginf(differences).any(axis=0), np.isposinf(differences).any(axis=0)
    turned = t_intervals(np.where(below, -differences, differences), level=LEVEL)
    unknown, endless = (
        below & above,
        (np.isinf(differences) | np.isnan(differences)).all(axis=0) & (turned.n > 0),
    )
    mean, lower, upper = (
        np.where(unknown, np.nan, np.where(below, -part, other))
        for part, other in (
            (turned.mean, turned.mean),
            (turned.upper, turned.lower),
            (turned.lower, turned.upper),
        )
    )
    return Intervals(
        mean, lower, upper, np.where(unknown, 0, turned.n), (turned.equal | endless) & ~unknown
    )


def pair_responses(
    values: KpiResponses, others: KpiResponses, chosen: Sequence[Named] | None = None
) -> pd.DataFrame:
    """Return how the KPIs of a run differ from those of another run on the same vehicles.

    Parameters
    ----------
    values, others : KpiResponses
        The same replications of both runs.
    chosen : sequence of (kpi, scope, key), optional
        Which responses; by default all that both runs have, in the order of the other run.

    Returns
    -------
    DataFrame
        A row per response: `Response`; mean_than (of the other run), mean;
        difference, lower, upper (two-sided 95 %) and n of `paired_differences`; endless_than,
        endless (replications in which it is infinite); vrf, vrf_lower and vrf_upper of
        `variance_reduction`; p of `p_values`. The caller selects rows, and corrects p for how
        many claims it makes.
    """
    if chosen is None:
        chosen = [named for named in others.columns if named in values.columns]
    other = others.select(chosen)
    after, before = values.select(chosen).values, other.values
    paired = paired_differences(after, before)
    factor, least, most = variance_reduction(after, before)
    table = pd.DataFrame(list(other.responses), columns=list(Response._fields))
    return table.assign(
        mean_than=t_intervals(before).mean,
        mean=t_intervals(after).mean,
        difference=paired.mean,
        lower=paired.lower,
        upper=paired.upper,
        n=paired.n,
        endless_than=np.isposinf(before).sum(axis=0),
        endless=np.isposinf(after).sum(axis=0),
        vrf=factor,
        vrf_lower=least,
        vrf_upper=most,
        p=p_values(after, before),
    )


def paired_difference(values: Floats, others: Floats) -> Interval:
    """Return the mean of the differences of one quantity, as `paired_differences` does.

    Parameters
    ----------
    values, others : array of float, [R]
        The same KPI in the same replications of two plans.
    """
    many = paired_differences(values, others)
    return Interval(
        float(many.mean), float(many.lower), float(many.upper), int(many.n), bool(many.equal)
    )


def p_values(values: ArrayLike, others: ArrayLike) -> Floats:
    """Return the two-sided p-values for the claim that a mean difference is not 0.

    Parameters
    ----------
    values, others : array of float, [R, ...]
        The same quantities in the same replications of two plans.

    Returns
    -------
    array of float
        Of the test to which the intervals of `paired_differences` belong. Differences that are
        all the same and not 0, or all infinite, have no spread: there it is that of the sign
        test, 2 ** (1 - n). 1 where all are 0; NaN where fewer than two are known or some of them
        are infinite.
    """
    paired, differences = paired_differences(values, others), _differences(values, others)
    p = np.where(paired.equal, np.where(paired.mean == 0, 1.0, 2.0 ** (1 - paired.n)), np.nan)
    for place in np.argwhere(np.isfinite(paired.mean) & ~paired.equal):
        p[tuple(place)] = p_differs(differences[(slice(None), *place)])
    return np.where(paired.n < 2, np.nan, p)


def variance_reduction(values: ArrayLike, others: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return the variance-reduction factor of the pairing, (var A + var B) / var (A - B).

    Parameters
    ----------
    values, others : array of float, [R, ...]
        The same quantities in the same replications of two plans.

    Returns
    -------
    tuple of array of float
        How many times as many replications independent runs would need for an interval as narrow:
        above 1 where common vehicles make both plans rise and fall together, infinite where the
        difference alone never varies, NaN where nothing varies or fewer than two replications are
        finite in both. Source: Law, Simulation Modeling and Analysis, ch. 11.2. Then its two-sided
        95 % bounds; NaN with fewer than four replications.

    Notes
    -----
    With S = A + B and D = A - B the factor is (1 + var S / var D) / 2. The bounds are those of
    the ratio of two variances measured on the same replications, exact under a normal law: Pitman
    (1939), Biometrika 31, 9-12. Heavy tails make them too narrow.
    """
    one, other = np.asarray(values, dtype=np.float64), np.asarray(others, dtype=np.float64)
    known = np.isfinite(one) & np.isfinite(other)
    one, other = (np.where(known, part, 0.0) for part in (one, other))
    n = known.sum(axis=0)
    size = np.maximum(np.abs(one).max(axis=0), np.abs(other).max(axis=0))
    rounding = 1e-14 * np.maximum(1.0, size)
    with np.errstate(invalid="ignore", divide="ignore"):

        def deviation(part: Floats) -> Floats:
            return np.where(known, part - part.sum(axis=0) / n, 0.0)

        def variance(part: Floats) -> Floats:
            spread = (deviation(part) ** 2).sum(axis=0) / (n - 1)
            return np.where(np.sqrt(spread) <= rounding, 0.0, spread)

        of_sum, of_difference = variance(one + other), variance(one - other)
        factor = np.where(n >= 2, (variance(one) + variance(other)) / of_difference, np.nan)
        together = (deviation(one + other) * deviation(one - other)).sum(axis=0) / (n - 1)
        r2 = np.nan_to_num(together**2 / (of_sum * of_difference))
        quantile = special.stdtrit(np.maximum(n - 2, 1), 0.5 + LEVEL / 2)
        wide = 1 + 2 * (1 - np.minimum(r2, 1.0)) * quantile**2 / (n - 2)
        times = wide + np.sqrt(wide**2 - 1)
        ratio = of_sum / of_difference
        endless = np.isinf(factor)
        lower, upper = (
            np.where(endless, np.inf, np.where(n >= 4, (1 + end) / 2, np.nan))
            for end in (ratio / times, ratio * times)
        )
    return factor, lower, upper


def _differences(values: ArrayLike, others: ArrayLike) -> Floats:
    with np.errstate(invalid="ignore"):
        return np.asarray(values, dtype=np.float64) - np.asarray(others, dtype=np.float64)
