"""Measure how often the verdict falsely says "meets", and how often the intervals cover.

A study has a share of failures for each of its replications, drawn from a known distribution whose
mean is the threshold itself: there "meets" is false, and as likely as it can be for a plan that
does not meet. The values go through the functions of a run: `judge_area` and Holm's procedure at
the looks of `LookSchedule`, `t_intervals`, and `next_count` for the precision.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import special

from chargesim.analysis.criteria import AreaTest, judge_area
from chargesim.analysis.failure_counts import JudgedArea
from chargesim.analysis.intervals import holm, t_interval, t_intervals
from chargesim.analysis.looks import Look, LookSchedule, alpha_of_a_look, level_of_a_look
from chargesim.analysis.result import Bools, Floats
from chargesim.demand.random_streams import stable_hash
from chargesim.runs.parallel import pool_of
from chargesim.runs.precision import next_count

ALLOWED = 0.05
"""Share of failures that the studies' criterion allows, which is also their true mean."""
ALPHA = 0.05
PLAN = LookSchedule(20, 4)
WISHES = 50
"""Wishes of a replication: the fewest with which the default standard judges a district alone."""
PRECISION = 0.10
"""Half-width that the studies for precision ask for, as a share of the mean."""
BATCH = 250
"""Studies of one stream of random numbers."""


@dataclass(frozen=True)
class Kind:
    """A distribution of the share of failures over replications, of mean `ALLOWED`."""

    name: str
    skewness: float
    least_covered: float | None
    """coverage that its two-sided 95 % intervals must reach; None: shown without a target"""
    most_covered: float
    draw: Callable[[np.random.Generator, tuple[int, int]], Floats]


def _normal(cv: float) -> Callable[[np.random.Generator, tuple[int, int]], Floats]:
    """Return a draw of normal failure shares whose true mean is what the criterion allows."""
    return lambda rng, shape: ALLOWED * rng.normal(1.0, cv, shape)


def _lognormal(cv: float) -> Callable[[np.random.Generator, tuple[int, int]], Floats]:
    """Return a draw of lognormal failure shares whose true mean is what the criterion allows."""
    sigma = math.sqrt(math.log1p(cv * cv))
    return lambda rng, shape: ALLOWED * rng.lognormal(-(sigma**2) / 2, sigma, shape)


def _counts(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Draw failure shares as counts over `WISHES`, their true mean what the criterion allows."""
    return rng.poisson(ALLOWED * WISHES, shape) / WISHES


def _lognormal_kind(cv: float, least_covered: float | None = None) -> Kind:
    return Kind(f"lognormal, CV {cv:g}", 3 * cv + cv**3, least_covered, 1.0, _lognormal(cv))


KINDS = (
    Kind("normal, CV 0.4", 0.0, 0.93, 0.97, _normal(0.4)),
    _lognormal_kind(0.4, 0.92),
    Kind(
        f"counts, {ALLOWED * WISHES:g} of {WISHES}",
        1 / math.sqrt(ALLOWED * WISHES),
        0.92,
        1.0,
        _counts,
    ),
    _lognormal_kind(0.5),
    _lognormal_kind(1.0),
    _lognormal_kind(2.0),
)
"""Those with targets are at least as skewed as cases seen near a threshold: `docs/coverage.md`."""


@dataclass(frozen=True)
class Coverage:
    """The results of the studies of one kind, as shares of the studies."""

    kind: str
    skewness: float
    studies: int
    false_meets: float
    false_fails: float
    open: float
    """undecided after the last look"""
    most_false: float
    """the error of the standard plus two standard errors of this study"""
    student_false_meets: float
    """false "meets" of Student's t without the correction for skewness"""
    covered: dict[str, float]
    """of the two-sided 95 % intervals of a run with one look, by where: ``at 20`` replications"""
    covered_at_stop: float
    """of the intervals of a run with these looks, where the study stopped"""
    covered_at_precision: float
    """where a run for precision stopped"""
    missed: tuple[str, ...] | None
    """targets that are missed; None where there is none"""


@dataclass(frozen=True)
class _Counts:
    """Studies of a batch, by result."""

    meets: int
    fails: int
    student: int
    covered: tuple[int, ...]
    at_stop: int
    at_precision: int


def measure_coverage(
    studies: int, seed: int, *, jobs: int = 0, progress: bool = True
) -> list[Coverage]:
    """Run the studies of every kind.

    Parameters
    ----------
    studies : int
        Studies of each kind, made up to full batches.
    seed : int
        Root seed; the number of jobs changes nothing.
    jobs : int
        Processes; 0: one per core.
    progress : bool
        Show a bar.
    """
    batches = -(-studies // BATCH)
    calls = [(kind, seed, batch) for kind in range(len(KINDS)) for batch in range(batches)]
    pool = pool_of(jobs, kept="nothing is kept")
    found = dict(pool.run(_run_batch, calls, what="batches", progress=progress))
    return [
        _coverage(one, [found[kind, batch] for batch in range(batches)])
        for kind, one in enumerate(KINDS)
    ]


def run_study(shares: Floats) -> tuple[Look, AreaTest, bool]:
    """Judge one study as a run does; return the look where it stopped, and the judgement there.

    The last value is whether the study fails.

    Parameters
    ----------
    shares : array of float, [R]
        Share of failures by replication, for as many replications as the last look needs.
    """

    def judged(look: Look) -> tuple[Look, AreaTest, bool]:
        alpha = alpha_of_a_look(ALPHA, look.of)
        unit = JudgedArea("", (0,), shares[: look.replications], float(WISHES * look.replications))
        judgement = judge_area(unit, ALLOWED, alpha)
        return look, judgement, bool(holm([judgement.p_fail], alpha=alpha)[0])

    return PLAN.until_decided(judged, lambda found: found[1].meets or found[2])


def _run_batch(kind: int, seed: int, batch: int) -> tuple[tuple[int, int], _Counts]:
    """Draw and judge the studies of one batch; return its kind and number, and the counts."""
    key = (stable_hash(KINDS[kind].name), batch)
    rng = np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(seed, spawn_key=key)))
    values = KINDS[kind].draw(rng, (PLAN.most, BATCH))
    found = [run_study(values[:, study]) for study in range(BATCH)]
    covers = np.stack([_covers(values[: look.replications], 0.95) for look in PLAN.looks])
    repeated = np.stack(
        [_covers(values[: look.replications], level_of_a_look(look.of)) for look in PLAN.looks]
    )
    stopped = np.array([look.number - 1 for look, _, _ in found])
    return (kind, batch), _Counts(
        meets=sum(judgement.meets for _, judgement, _ in found),
        fails=sum(fails for _, _, fails in found),
        student=int(_student_meets(values).sum()),
        covered=tuple(int(covered) for covered in covers.sum(axis=1)),
        at_stop=int(repeated[stopped, np.arange(BATCH)].sum()),
        at_precision=sum(_covers_at_precision(values[:, study]) for study in range(BATCH)),
    )


def _covers(values: Floats, level: float) -> Bools:
    """Tell which two-sided intervals hold the true mean."""
    intervals = t_intervals(values, level=level)
    return np.asarray((intervals.lower <= ALLOWED) & (intervals.upper >= ALLOWED))


def _covers_at_precision(values: Floats) -> bool:
    """Tell whether the interval holds the true mean where a run for precision stops."""
    count = PLAN.first
    while True:
        interval = t_interval(values[:count])
        half_width, allowed = (interval.upper - interval.lower) / 2, PRECISION * interval.mean
        if half_width <= allowed or count >= PLAN.most:
            return interval.lower <= ALLOWED <= interval.upper
        count = next_count(count, half_width, allowed, PLAN.most)


def _student_meets(values: Floats) -> Bools:
    """Tell which studies Student's t would call meeting at some look, for comparison only."""
    meets = np.zeros(values.shape[1], dtype=np.bool_)
    for look in PLAN.looks:
        part, count = values[: look.replications], look.replications
        quantile = special.stdtrit(count - 1, 1 - alpha_of_a_look(ALPHA, look.of))
        meets |= (
            part.mean(axis=0) + quantile * part.std(axis=0, ddof=1) / math.sqrt(count) <= ALLOWED
        )
    return meets


def _coverage(kind: Kind, batches: list[_Counts]) -> Coverage:
    """Sum the batches of a kind and compare them with its targets."""
    studies = BATCH * len(batches)
    meets, fails = (
        sum(getattr(batch, name) for batch in batches) / studies for name in ("meets", "fails")
    )
    by_look = np.sum([batch.covered for batch in batches], axis=0) / studies
    at_stop = sum(batch.at_stop for batch in batches) / studies
    most_false = ALPHA + 2 * math.sqrt(ALPHA * (1 - ALPHA) / studies)
    covered = {
        f"at {look.replications}": float(share)
        for look, share in zip(PLAN.looks, by_look, strict=True)
    }
    targets = {"false meets": meets <= most_false, "false fails": fails <= most_false}
    if kind.least_covered is not None:
        every = {**covered, "where looks stopped": at_stop}.items()
        targets |= {
            f"covered {name}": kind.least_covered <= share <= kind.most_covered
            for name, share in every
        }
    return Coverage(
        kind=kind.name,
        skewness=kind.skewness,
        studies=studies,
        false_meets=meets,
        false_fails=fails,
        open=1 - meets - fails,
        most_false=most_false,
        student_false_meets=sum(batch.student for batch in batches) / studies,
        covered=covered,
        covered_at_stop=at_stop,
        covered_at_precision=sum(batch.at_precision for batch in batches) / studies,
        missed=None
        if kind.least_covered is None
        else tuple(name for name, reached in targets.items() if not reached),
    )


def as_dict(rows: list[Coverage], seed: int) -> dict[str, Any]:
    """Return the studies for JSON."""
    return {
        "seed": seed,
        "looks": [look.replications for look in PLAN.looks],
        "error": ALPHA,
        "kinds": [asdict(row) for row in rows],
    }
