"""Judge a run against its service standard.

`meets`: every judged criterion meets, each at the full level (intersection-union). `fails`: some
criterion fails after Holm's correction over the judged criteria. Else `inconclusive`, with the
replications still needed. `incomplete`: a planned replication is missing; it may differ from the
others, so no criterion is decided. Fewer than ten replications, or days of a recorded log, decide
nothing. A study may look several times, at more replications each time, and then divides its error
over the looks (`analysis.looks`). The confidence covers Monte Carlo error only; studies over
uncertain assumptions show theirs apart. `Verdict.not_covered` says what no bound covers.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal

from chargesim.analysis.area_tests import FEWEST_SAMPLES
from chargesim.analysis.criteria import CriterionTest, CriterionVerdict, judge_criterion
from chargesim.analysis.gun_use import UseBeside, gun_use
from chargesim.analysis.intervals import holm, unseen_share
from chargesim.analysis.looks import alpha_of_a_look
from chargesim.analysis.result import RunResult
from chargesim.json_values import json_value
from chargesim.scenario.standard import GIVEN

State = Literal["meets", "fails", "inconclusive", "incomplete"]


@dataclass(frozen=True)
class Verdict:
    """The answer to the planner's question."""

    verdict: State
    scope: str
    """what was simulated"""
    not_covered: str
    """what the bounds cannot cover: how rare a bad day may be and still not be seen"""
    too_few: str
    """why no verdict can be given, whatever the figures; empty where it can"""
    judged_days: int
    """days judged; those of a recorded log once"""
    rarest_day_seen: float
    """a kind of day that comes at least once in so many days was seen, at the confidence [days]"""
    confidence: float
    """one-sided confidence of each criterion over all looks [0..1]"""
    look: int
    """the look that this verdict comes from, 1 the first"""
    looks: int
    """looks that were planned"""
    confidence_of_a_look: float
    """one-sided confidence of each bound, after the error is divided over the looks [0..1]"""
    share_text: str
    """the share at the network that the answer assumes"""
    gun_use: UseBeside
    """use of the guns: simulated, by the ledger, observed elsewhere"""
    label: str
    """how the site locations were made"""
    replications: int
    planned_replications: int
    more_replications: int | None
    """about how many more would decide; None when decided or unknown"""
    note: str
    criteria: tuple[CriterionVerdict, ...]

    def criterion(self, name: str) -> CriterionVerdict:
        """Return how the criterion of a name came out."""
        return next(one for one in self.criteria if one.name == name)

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict for JSON; NaN becomes None, infinity the text ``inf``."""
        nearest = nearest_to_breaking(self)
        return {
            **json_value(dataclasses.asdict(self)),
            "nearest_to_breaking": None if nearest is None else nearest.name,
        }


def judge(result: RunResult) -> Verdict:
    """Judge a run against its standard.

    Parameters
    ----------
    result : RunResult
        The run, at one of the planned looks (at 20, 40, 80, 160 replications: four). The error is
        divided over the looks, so that looking again at more replications keeps the confidence.

    Returns
    -------
    Verdict
        With every criterion in the order of the standard.
    """
    confidence = result.standard.confidence.value
    alpha = alpha_of_a_look(1 - confidence, result.looks)
    criteria = result.standard.criteria
    judged_count = sum(criterion.measure not in GIVEN for criterion in criteria)
    tests = [
        judge_criterion(result, criterion, alpha=alpha, criteria=max(judged_count, 1))
        for criterion in criteria
    ]
    missing = len(result.replications) < result.planned_replications
    verdicts = _undecided(tests) if missing else _after_holm(tests, alpha)
    state = "incomplete" if missing else _overall(verdicts)
    more = _more(verdicts) if state == "inconclusive" else None
    return Verdict(
        verdict=state,
        scope=result.scope_text,
        not_covered=_not_covered(result),
        too_few=_too_few(result),
        judged_days=result.judged_days,
        rarest_day_seen=_rarest_day_seen(result),
        confidence=confidence,
        look=result.look,
        looks=result.looks,
        confidence_of_a_look=1 - alpha,
        share_text=result.share_text,
        gun_use=gun_use(result),
        label=result.label,
        replications=len(result.replications),
        planned_replications=result.planned_replications,
        more_replications=more,
        note=_note(result, state, verdicts, more),
        criteria=verdicts,
    )


def _rarest_day_seen(result: RunResult) -> float:
    """Return the days between two bad days that the judged days hold one of, at the confidence."""
    confidence = result.standard.confidence.value
    return 1.0 / unseen_share(result.judged_days, confidence=confidence)


def _not_covered(result: RunResult) -> str:
    """Return in a sentence what no bound covers."""
    days, runs = result.days, len(result.replications)
    seen = f"{math.floor(_rarest_day_seen(result)):,}"
    at = f"at {100 * result.standard.confidence.value:g} % confidence"
    if result.recorded:
        one = f"one recorded log of {_days(days)} is one sample, however often it is played"
        if days < FEWEST_SAMPLES:
            return f"{one}: the figures are those of this log, and say nothing of other days"
        return f"{one}: it is judged day by day, and speaks of days like those in the log alone"
    what = f"{runs} weeks" if days == 7 else f"{runs} times {_days(days)}" if days > 1 else ""
    simulated = f"{what}, {runs * days:,} days," if what else _days(runs)
    verb = "was" if runs * days == 1 else "were"
    return (
        f"{simulated} {verb} simulated: a bad day that comes less often than once in {seen} days "
        f"could have been missed ({at}), and bounds from the days seen do not allow for it"
    )


def _too_few(result: RunResult) -> str:
    """Return that there are too few replications, or days in a recorded log, for any verdict."""
    units = result.days if result.recorded else len(result.replications)
    what = "days in a recorded log" if result.recorded else "replications"
    return "" if units >= FEWEST_SAMPLES else f"fewer than {FEWEST_SAMPLES} {what} give no verdict"


def _days(count: int) -> str:
    return f"{count:,} day{'s' if count > 1 else ''}"


def nearest_to_breaking(verdict: Verdict) -> CriterionVerdict | None:
    """Return the criterion that uses most of its allowance, one that fails before all others.

    Parameters
    ----------
    verdict : Verdict
        A verdict; criteria that the plan gives are left out. None when none was judged.
    """
    judged = [criterion for criterion in verdict.criteria if criterion.verdict != "given"]
    return max(judged, key=lambda one: (one.verdict == "fails", one.allowance_used), default=None)


def _undecided(tests: list[CriterionTest]) -> tuple[CriterionVerdict, ...]:
    """Return the criteria of an incomplete run: those that the plan gives, no verdict on others."""
    return tuple(
        test.verdict
        if test.verdict.verdict == "given"
        else dataclasses.replace(test.verdict, verdict="incomplete", more_replications=None)
        for test in tests
    )


def _after_holm(tests: list[CriterionTest], alpha: float) -> tuple[CriterionVerdict, ...]:
    """Return the criteria; those fail that Holm's correction over all judged ones rejects."""
    judged = [index for index, test in enumerate(tests) if not math.isnan(test.p_fail)]
    verdicts = [test.verdict for test in tests]
    if judged:
        rejected = holm([tests[index].p_fail for index in judged], alpha=alpha)
        for index, fails in zip(judged, rejected, strict=True):
            verdicts[index] = _decided(tests[index], bool(fails), len(judged))
    return tuple(verdicts)


def _decided(test: CriterionTest, fails: bool, criteria: int) -> CriterionVerdict:
    """Return the verdict after Holm's correction, with what the correction changed in its note."""
    verdict, notes = test.verdict, []
    if fails:
        verdict = dataclasses.replace(verdict, verdict="fails", more_replications=None)
    side = "below" if verdict.sense == "at least" else "above"
    districts = test.beyond_after_holm if fails else test.beyond_threshold
    if districts and verdict.scope == "districts":
        certainty = " for sure" if fails else ", not yet for sure"
        notes.append(f"{side} the threshold{certainty}: {', '.join(districts)}")
    if test.beyond_threshold and not fails:
        over = [f"{test.areas} districts"] if test.areas > 1 else []
        over += [f"{criteria} criteria"] if criteria > 1 else []
        more = "" if verdict.more_replications is None else f"; {_about(verdict.more_replications)}"
        notes.append(
            "by itself beyond the threshold, but not after Holm's correction over "
            f"{' and '.join(over)}: inconclusive{more}"
        )
    return dataclasses.replace(verdict, note="; ".join(filter(None, [*notes, verdict.note])))


def _overall(verdicts: tuple[CriterionVerdict, ...]) -> State:
    """Return the state of the whole."""
    states = {criterion.verdict for criterion in verdicts} - {"given"}
    if "fails" in states:
        return "fails"
    return "meets" if states == {"meets"} else "inconclusive"


def _more(verdicts: tuple[CriterionVerdict, ...]) -> int | None:
    """Return about how many more replications would decide all open criteria."""
    needed = [
        criterion.more_replications for criterion in verdicts if criterion.verdict == "inconclusive"
    ]
    known = [more for more in needed if more is not None]
    return max(known) if known and len(known) == len(needed) else None


def _about(more: int) -> str:
    return f"about {more:,} more replication{'s' if more > 1 else ''} would decide"


def _note(
    result: RunResult, state: State, verdicts: tuple[CriterionVerdict, ...], more: int | None
) -> str:
    """Return in words what a reader must know about the verdict."""
    notes = []
    if state == "incomplete":
        notes.append(
            f"{len(result.replications)} of {result.planned_replications} replications are there; "
            "resume the run"
        )
    if state == "inconclusive" and result.recorded:
        notes.append(f"playing the log again decides nothing, a log of {FEWEST_SAMPLES} days may")
    elif state == "inconclusive" and len(result.replications) < FEWEST_SAMPLES:
        notes.append(f"a verdict takes at least {FEWEST_SAMPLES} replications")
    elif state == "inconclusive":
        notes.append(
            "unknown how many more replications would decide" if more is None else _about(more)
        )
    if all(criterion.verdict == "given" for criterion in verdicts):
        notes.append("no criterion could be judged")
    below = [
        criterion.name
        for criterion in verdicts
        if criterion.verdict == "given" and criterion.margin < -1e-12
    ]
    if below:
        notes.append(f"the plan itself gives less than asked for: {', '.join(below)}")
    if result.looks > 1:
        error = 1 - result.standard.confidence.value
        spent = result.look * alpha_of_a_look(error, result.looks)
        notes.append(
            f"look {result.look} of {result.looks}; the error of {100 * error:g} % is divided over "
            f"the looks, {100 * spent:.3g} % spent"
        )
    return "; ".join(notes)


def decided(verdict: Verdict) -> bool:
    """Return whether a verdict leaves no criterion open, so that no further look is needed."""
    return all(criterion.verdict != "inconclusive" for criterion in verdict.criteria)
