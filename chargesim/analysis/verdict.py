"""Judge a run against its service standard.

`meets`: every judged criterion meets, each at the full level (intersection-union). `fails`: some criterion fails after
Holm's correction over the judged criteria. Else `inconclusive`, with the replications still needed. `incomplete`: a
planned replication is missing, and what is missing need not be like what is there, so no criterion is decided. A study
may look several times, at more replications each time, and then divides its error over the looks (`analysis.looks`).
The confidence covers Monte Carlo error only; what is not known about the inputs is shown by sweeps, apart.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal

from chargesim.analysis.criteria import CriterionVerdict, Judgement, judge_criterion
from chargesim.analysis.intervals import holm
from chargesim.analysis.looks import alpha_of_a_look
from chargesim.analysis.result import RunResult
from chargesim.scenario.standard import GIVEN

State = Literal["meets", "fails", "inconclusive", "incomplete"]


@dataclass(frozen=True)
class Verdict:
    """The answer to the planner's question."""

    verdict: State
    scope: str
    """what was simulated"""
    confidence: float
    """one-sided confidence of each criterion over all looks [0..1]"""
    look: int
    """the look that this verdict comes from, 1 the first"""
    looks: int
    """looks that were planned"""
    confidence_of_a_look: float
    """one-sided confidence of each bound: what is left when the error is divided over the looks [0..1]"""
    share_text: str
    """the share at the network that the answer assumes"""
    label: str
    """how the places came about"""
    replications: int
    planned_replications: int
    more_replications: int | None
    """about how many more would decide; None when decided, or when it cannot be told"""
    note: str
    criteria: tuple[CriterionVerdict, ...]

    def criterion(self, name: str) -> CriterionVerdict:
        """Return how the criterion of a name came out."""
        return next(one for one in self.criteria if one.name == name)

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict for JSON; not defined becomes None, infinite the text ``inf``."""
        nearest = nearest_to_breaking(self)
        return {
            **_plain(dataclasses.asdict(self)),
            "nearest_to_breaking": None if nearest is None else nearest.name,
        }


def judge(result: RunResult) -> Verdict:
    """Judge a run against its standard.

    Parameters
    ----------
    result : RunResult
        The run, at one look of those that were planned (at 20, 40, 80, 160 replications: four). The error is divided over
        the looks, so that looking again at more replications keeps the confidence.

    Returns
    -------
    Verdict
        With every criterion in the order of the standard.
    """
    confidence = result.standard.confidence.value
    alpha = alpha_of_a_look(1 - confidence, result.looks)
    criteria = result.standard.criteria
    judged_count = sum(criterion.measure not in GIVEN for criterion in criteria)
    judgements = [
        judge_criterion(result, criterion, alpha=alpha, criteria=max(judged_count, 1))
        for criterion in criteria
    ]
    missing = len(result.replications) < result.planned_replications
    outcomes = _undecided(judgements) if missing else _fail_after_holm(judgements, alpha)
    state = "incomplete" if missing else _overall(outcomes)
    more = _more(outcomes) if state == "inconclusive" else None
    return Verdict(
        verdict=state,
        scope=result.scope_text,
        confidence=confidence,
        look=result.look,
        looks=result.looks,
        confidence_of_a_look=1 - alpha,
        share_text=result.share_text,
        label=result.label,
        replications=len(result.replications),
        planned_replications=result.planned_replications,
        more_replications=more,
        note=_note(result, state, outcomes, more),
        criteria=outcomes,
    )


def nearest_to_breaking(verdict: Verdict) -> CriterionVerdict | None:
    """Return the judged criterion with the smallest margin (a broken one has the smallest), None when none was judged.

    Parameters
    ----------
    verdict : Verdict
        A verdict; criteria that the plan gives are left out.
    """
    judged = [criterion for criterion in verdict.criteria if criterion.verdict != "given"]
    return min(judged, key=lambda criterion: criterion.margin, default=None)


def _undecided(judgements: list[Judgement]) -> tuple[CriterionVerdict, ...]:
    """Return the criteria of an incomplete run: what the plan gives, and no verdict on the others."""
    outcomes = [judgement.outcome for judgement in judgements]
    return tuple(
        one
        if one.verdict == "given"
        else dataclasses.replace(one, verdict="incomplete", more_replications=None)
        for one in outcomes
    )


def _fail_after_holm(judgements: list[Judgement], alpha: float) -> tuple[CriterionVerdict, ...]:
    """Mark the criteria that fail after Holm's correction over all that are judged."""
    judged = [
        index for index, judgement in enumerate(judgements) if not math.isnan(judgement.p_fail)
    ]
    outcomes = [judgement.outcome for judgement in judgements]
    if judged:
        rejected = holm([judgements[index].p_fail for index in judged], alpha=alpha)
        for index, fails in zip(judged, rejected, strict=True):
            outcomes[index] = _decided(judgements[index], bool(fails), len(judged))
    return tuple(outcomes)


def _decided(judgement: Judgement, fails: bool, criteria: int) -> CriterionVerdict:
    """Return how a criterion came out after Holm's correction, with what that correction changed in its note."""
    outcome, notes = judgement.outcome, []
    if fails:
        outcome = dataclasses.replace(outcome, verdict="fails", more_replications=None)
    side = "below" if outcome.sense == "at least" else "above"
    districts = judgement.surely if fails else judgement.beyond
    if districts and outcome.scope == "districts":
        notes.append(
            f"{side} the threshold{' for sure' if fails else ', not yet for sure'}: {', '.join(districts)}"
        )
    if judgement.beyond and not fails:
        over = [f"{judgement.parts} districts"] if judgement.parts > 1 else []
        over += [f"{criteria} criteria"] if criteria > 1 else []
        more = "" if outcome.more_replications is None else f"; {_about(outcome.more_replications)}"
        notes.append(
            f"by itself beyond the threshold, but not after Holm's correction over {' and '.join(over)}: inconclusive{more}"
        )
    return dataclasses.replace(outcome, note="; ".join(filter(None, [*notes, outcome.note])))


def _overall(outcomes: tuple[CriterionVerdict, ...]) -> State:
    """Return the state of the whole."""
    states = {outcome.verdict for outcome in outcomes} - {"given"}
    if "fails" in states:
        return "fails"
    return "meets" if states == {"meets"} else "inconclusive"


def _more(outcomes: tuple[CriterionVerdict, ...]) -> int | None:
    """Return about how many more replications would decide all open criteria."""
    needed = [
        outcome.more_replications for outcome in outcomes if outcome.verdict == "inconclusive"
    ]
    known = [more for more in needed if more is not None]
    return max(known) if known and len(known) == len(needed) else None


def _about(more: int) -> str:
    return f"about {more:,} more replication{'s' if more > 1 else ''} would decide"


def _note(
    result: RunResult, state: State, outcomes: tuple[CriterionVerdict, ...], more: int | None
) -> str:
    """Say in words what the state rests on."""
    notes = []
    if state == "incomplete":
        notes.append(
            f"{len(result.replications)} of {result.planned_replications} replications are there; resume the run"
        )
    if state == "inconclusive":
        notes.append(
            "how many more replications would decide cannot be told"
            if more is None
            else _about(more)
        )
    if all(outcome.verdict == "given" for outcome in outcomes):
        notes.append("no criterion could be judged")
    below = [
        outcome.name
        for outcome in outcomes
        if outcome.verdict == "given" and outcome.margin < -1e-12
    ]
    if below:
        notes.append(f"the plan itself gives less than asked for: {', '.join(below)}")
    if result.looks > 1:
        error = 1 - result.standard.confidence.value
        spent = result.look * alpha_of_a_look(error, result.looks)
        notes.append(
            f"look {result.look} of {result.looks}; the error of {100 * error:g} % is divided over the looks, {100 * spent:.3g} % spent"
        )
    return "; ".join(notes)


def decided(verdict: Verdict) -> bool:
    """Return whether a verdict leaves no criterion open, so that no further look is needed."""
    return all(criterion.verdict != "inconclusive" for criterion in verdict.criteria)


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return value
