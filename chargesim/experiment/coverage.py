"""Measure how often the verdict falsely says "meets", and how often the intervals cover.

A study has failures and wishes for each of its replications of one day, drawn from a known law
under which the share of failures is the threshold itself: there "meets" is false, and as likely as
it can be for a plan that does not meet. They go through the functions of a run: `judge_areas` at
the looks of `LookSchedule`, `ratio_values` and `t_intervals`, and `next_count` for the precision.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import special

from chargesim.analysis.area_tests import AreaTest, judge_areas
from chargesim.analysis.failure_counts import JudgedArea
from chargesim.analysis.intervals import ratio_values, t_interval, t_intervals
from chargesim.analysis.looks import Look, LookSchedule, alpha_of_a_look, level_of_a_look
from chargesim.analysis.result import Bools, Floats
from chargesim.demand.random_streams import stable_hash
from chargesim.runs.parallel import pool_of
from chargesim.runs.precision import next_count

ALLOWED = 0.05
"""Share of failures that the criterion of most kinds allows, which is also the true one."""
ALPHA = 0.05
PLAN = LookSchedule(20, 4)
WISHES = 50
"""Wishes of a replication: the fewest with which the default standard judges a district alone."""
TRUCKS = 3
"""Wishes of a replication where few trucks come."""
TRUCKS_SKEWNESS = 1.73
"""Of their `ratio_values`, from a million draws."""
RARE = 1 / 200
"""Share of days that are bad in the studies of rare bad days."""
PRECISION = 0.10
"""Half-width that the studies for precision ask for, as a share of the mean."""
BATCH = 250
"""Studies of one stream of random numbers."""


Shape = tuple[int, int]
Draws = tuple[Floats, Floats]
"""Failures and wishes, each [replications, studies]."""


@dataclass(frozen=True)
class Kind:
    """A law of the failures of a day, whose share of failures is what the criterion allows."""

    name: str
    skewness: float
    """of `ratio_values`"""
    draw: Callable[[np.random.Generator, Shape], Draws]
    allowed: float = ALLOWED
    plan: LookSchedule = PLAN
    held: bool = True
    """whether false verdicts must stay within the error of the standard"""
    least_covered: float | None = None
    """coverage that its two-sided 95 % intervals must reach; None: shown without a target"""
    most_covered: float = 1.0


def _of_shares(shares: Floats) -> Draws:
    """Return shares of failures as failures of equally many wishes."""
    return shares * WISHES, np.full(shares.shape, float(WISHES))


def _normal(cv: float) -> Callable[[np.random.Generator, Shape], Draws]:
    """Return a draw of normal failure shares."""
    return lambda rng, shape: _of_shares(ALLOWED * rng.normal(1.0, cv, shape))


def _lognormal_kind(cv: float, least_covered: float | None = None) -> Kind:
    """Return the kind of lognormal failure shares."""
    sigma = math.sqrt(math.log1p(cv * cv))

    def draw(rng: np.random.Generator, shape: Shape) -> Draws:
        return _of_shares(ALLOWED * rng.lognormal(-(sigma**2) / 2, sigma, shape))

    held = least_covered is not None
    skewness = 3 * cv + cv**3
    return Kind(f"lognormal, CV {cv:g}", skewness, draw, held=held, least_covered=least_covered)


def _counts(rng: np.random.Generator, shape: Shape) -> Draws:
    """Draw failures as independent counts."""
    return rng.poisson(ALLOWED * WISHES, shape).astype(np.float64), np.full(shape, float(WISHES))


def _two_kinds(name: str, bad: float, good: float, cv: float, *, held: bool) -> Kind:
    """Return the kind of two sorts of days: a share `bad` of them loses more than the others.

    The others lose `good` on average; a bad day loses what makes the mean `ALLOWED`, or all where
    the others lose nothing.
    """
    allowed = ALLOWED if good else bad
    lost, spread = (allowed - good * (1 - bad)) / bad, good * cv

    def draw(rng: np.random.Generator, shape: Shape) -> Draws:
        is_bad = rng.random(shape) < bad
        return _of_shares(np.where(is_bad, lost, good + spread * rng.standard_normal(shape)))

    below, above = good - allowed, lost - allowed
    second = (1 - bad) * (below**2 + spread**2) + bad * above**2
    third = (1 - bad) * (below**3 + 3 * below * spread**2) + bad * above**3
    return Kind(name, third / second**1.5, draw, allowed=allowed, held=held)


def _clustered_kind(cv: float) -> Kind:
    """Return the kind of losses that come together: each day has a chance of its own (beta)."""
    size = (1 - ALLOWED) / (ALLOWED * cv**2) - 1
    a, b, n = ALLOWED * size, (1 - ALLOWED) * size, WISHES
    skewness = (
        (size + 2 * n) * (b - a) / (size + 2) * math.sqrt((1 + size) / (n * a * b * (n + size)))
    )

    def draw(rng: np.random.Generator, shape: Shape) -> Draws:
        failed = rng.binomial(n, rng.beta(a, b, shape)).astype(np.float64)
        return failed, np.full(shape, float(n))

    return Kind(f"clustered losses, CV {cv:g}", skewness, draw, least_covered=0.92)


def _few_trucks(rng: np.random.Generator, shape: Shape) -> Draws:
    """Draw few trucks a day; the more come, the more of them fail: 5 % of one, 20 % of four.

    The share of all trucks that fail is 0.05 E[n^2] / E[n] = 0.05 (`TRUCKS` + 1).
    """
    wished = rng.poisson(TRUCKS, shape)
    failed = rng.binomial(wished, np.minimum(0.05 * wished, 1.0))
    return failed.astype(np.float64), wished.astype(np.float64)


KINDS = (
    Kind("normal, CV 0.4", 0.0, _normal(0.4), least_covered=0.93, most_covered=0.97),
    _lognormal_kind(0.4, 0.92),
    Kind(
        f"counts, {ALLOWED * WISHES:g} of {WISHES}",
        1 / math.sqrt(ALLOWED * WISHES),
        _counts,
        least_covered=0.92,
    ),
    _clustered_kind(0.5),
    Kind(
        f"{TRUCKS} trucks a day", TRUCKS_SKEWNESS, _few_trucks, 0.05 * (TRUCKS + 1),
        least_covered=0.92,
    ),
    _two_kinds("1 day in 10 is bad", 0.1, 0.03, 0.2, held=False),
    _two_kinds("1 day in 200 loses all, others nothing", RARE, 0.0, 0.0, held=True),
    _two_kinds("1 day in 200 is bad, others lose 4.6 %", RARE, 0.046, 0.1, held=False),
    Kind("normal, CV 0.4, 2, 4 and 8 days", 0.0, _normal(0.4), plan=LookSchedule(2, 3)),
    _lognormal_kind(0.5),
    _lognormal_kind(1.0),
    _lognormal_kind(2.0),
)  # fmt: skip
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


def run_study(
    failed: Floats, wished: Floats, allowed: float = ALLOWED, plan: LookSchedule = PLAN
) -> tuple[Look, AreaTest, bool]:
    """Judge one study as a run does; return the look where it stopped, and the judgement there.

    The last value is whether the study fails.

    Parameters
    ----------
    failed, wished : array of float, [R]
        By replication of one day, for as many replications as the last look needs.
    allowed : float
        Share of failures that the criterion allows.
    plan : LookSchedule
        When it looks.
    """

    def judged(look: Look) -> tuple[Look, AreaTest, bool]:
        alpha, part = alpha_of_a_look(ALPHA, look.of), slice(look.replications)
        area = JudgedArea.of_days("", (0,), failed[part], wished[part])
        found = judge_areas([area], allowed, alpha)
        return look, found.tests[0], bool(found.beyond_after_holm[0])

    return plan.until_decided(judged, lambda found: found[1].meets or found[2])


def _run_batch(kind: int, seed: int, batch: int) -> tuple[tuple[int, int], _Counts]:
    """Draw and judge the studies of one batch; return its kind and number, and the counts."""
    one = KINDS[kind]
    key = (stable_hash(one.name), batch)
    rng = np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(seed, spawn_key=key)))
    drawn = one.draw(rng, (PLAN.most, BATCH))
    found = [
        run_study(drawn[0][:, study], drawn[1][:, study], one.allowed, one.plan)
        for study in range(BATCH)
    ]
    covers = np.stack([_covers(one, drawn, look, 0.95) for look in PLAN.looks])
    repeated = np.stack(
        [_covers(one, drawn, look, level_of_a_look(look.of)) for look in one.plan.looks]
    )
    stopped = np.array([look.number - 1 for look, _, _ in found])
    return (kind, batch), _Counts(
        meets=sum(judgement.meets for _, judgement, _ in found),
        fails=sum(fails for _, _, fails in found),
        student=int(_student_meets(one, drawn).sum()),
        covered=tuple(int(covered) for covered in covers.sum(axis=1)),
        at_stop=int(repeated[stopped, np.arange(BATCH)].sum()),
        at_precision=sum(
            _covers_at_precision(one, *(part[:, study] for part in drawn)) for study in range(BATCH)
        ),
    )


def _values(drawn: Draws, count: int) -> Floats:
    """Return the values of the first replications, whose mean is the share of failures."""
    failed, wished = drawn
    return ratio_values(failed[:count], wished[:count])


def _covers(kind: Kind, drawn: Draws, look: Look, level: float) -> Bools:
    """Tell which two-sided intervals hold the true share."""
    intervals = t_intervals(_values(drawn, look.replications), level=level)
    return np.asarray((intervals.lower <= kind.allowed) & (intervals.upper >= kind.allowed))


def _covers_at_precision(kind: Kind, failed: Floats, wished: Floats) -> bool:
    """Tell whether the interval holds the true share where a run for precision stops."""
    count = PLAN.first
    while True:
        interval = t_interval(_values((failed, wished), count))
        half_width, allowed = (interval.upper - interval.lower) / 2, PRECISION * interval.mean
        if half_width <= allowed or count >= PLAN.most:
            return interval.lower <= kind.allowed <= interval.upper
        count = next_count(count, half_width, allowed, PLAN.most)


def _student_meets(kind: Kind, drawn: Draws) -> Bools:
    """Tell which studies Student's t would call meeting at some look, for comparison only."""
    meets = np.zeros(drawn[0].shape[1], dtype=np.bool_)
    for look in kind.plan.looks:
        part, count = _values(drawn, look.replications), look.replications
        quantile = special.stdtrit(count - 1, 1 - alpha_of_a_look(ALPHA, look.of))
        error = np.nanstd(part, axis=0, ddof=1) / math.sqrt(count)
        meets |= np.nanmean(part, axis=0) + quantile * error <= kind.allowed
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
    targets = {}
    if kind.held:
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
        missed=tuple(name for name, reached in targets.items() if not reached)
        if kind.held
        else None,
    )


def as_dict(rows: list[Coverage], seed: int) -> dict[str, Any]:
    """Return the studies for JSON."""
    return {
        "seed": seed,
        "looks": [look.replications for look in PLAN.looks],
        "error": ALPHA,
        "kinds": [asdict(row) for row in rows],
    }
