"""Name the state of each criterion, and how it develops along the values of a series."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from math import isfinite, isnan

from chargesim.analysis.criteria import CriterionVerdict
from chargesim.analysis.verdict import Verdict
from chargesim.scenario.buildup import month_number, month_text
from chargesim.scenario.series import Value

WHOLE = "the whole standard"
"""Name of the verdict among the criteria."""
_WORDS = {
    "meets": "meets",
    "fails": "fails",
    "inconclusive": "inconclusive",
    "incomplete": "incomplete",
    "given": "reached by the plan",
    "short": "not reached by the plan",
    "nothing": "nothing to judge",
}


def criterion_state(item: CriterionVerdict) -> str:
    """Return the state of a criterion; one that the plan itself gives is ``given`` or ``short``.

    Without anything to judge it is ``nothing``, else what the verdict says.
    """
    if item.verdict != "given":
        return item.verdict
    if isnan(item.allowance_used):
        return "nothing"
    return "given" if item.allowance_used <= 1 + 1e-12 else "short"


def criterion_states(verdict: Verdict) -> dict[str, str]:
    """Return the state of the whole standard and of each criterion."""
    states = {item.name: criterion_state(item) for item in verdict.criteria}
    return {WHOLE: verdict.verdict, **states}


def trend_sentence(
    values: Sequence[Value], states: Sequence[str], used: Sequence[float] | None = None
) -> str:
    """Return how a criterion develops along rising values.

    Parameters
    ----------
    values : sequence of int, float or str
        Numbers, or months YYYY-MM; for months the sentence says when the network falls behind or
        catches up.
    states : sequence of str
        The state at each value, as `criterion_state` has them.
    used : sequence of float, optional
        Failures over allowed failures at each value. Where they cross 1, by a straight line
        between neighbours, is about the value of the change.

    Returns
    -------
    str
        For example ``meets up to 2026-03, fails from 2026-06 on; falls behind about 2026-05,
        surely between 2026-03 and 2026-06``.
    """
    monthly = isinstance(values[0], str)
    spans = stretches(values, states, at="in" if monthly else "at")
    turns = [] if len(set(states)) == 1 else _turns(values, states, used, monthly)
    return "; ".join([spans, *turns])


def stretches(values: Sequence[Value], states: Sequence[str], *, at: str = "at") -> str:
    """Return the states along rising values: ``meets up to 3, fails from 5 on``."""
    spans = _spans(values, states)
    if len(spans) == 1:
        return f"{_WORDS[states[0]]} throughout"
    parts = []
    for number, (state, first, last) in enumerate(spans):
        if number == len(spans) - 1:
            span = f"from {first} on"
        elif number == 0:
            span = f"{at} {first}" if first == last else f"up to {last}"
        else:
            span = f"{at} {first}" if first == last else f"from {first} to {last}"
        parts.append(f"{_WORDS[state]} {span}")
    return ", ".join(parts)


def trend_by_line(lines: Sequence[str], states: Sequence[str]) -> str:
    """Return the state of a criterion in each line: ``meets in tariff; fails in ordinary day``."""
    if len(set(states)) == 1:
        return f"{_WORDS[states[0]]} in every line"
    found: dict[str, list[str]] = {}
    for line, state in zip(lines, states, strict=True):
        found.setdefault(state, []).append(line)
    return "; ".join(f"{_WORDS[state]} in {_listed(names)}" for state, names in found.items())


def _spans(values: Sequence[Value], states: Sequence[str]) -> list[tuple[str, Value, Value]]:
    """Return the stretches of one state: state, first and last value."""
    spans = []
    for state, group in groupby(zip(values, states, strict=True), key=lambda pair: pair[1]):
        members = [value for value, _ in group]
        spans.append((state, members[0], members[-1]))
    return spans


def _turns(
    values: Sequence[Value], states: Sequence[str], used: Sequence[float] | None, monthly: bool
) -> list[str]:
    """Return when the network falls behind (meets, then fails) or catches up.

    Inconclusive values in between widen the span.
    """
    decided = [place for place, state in enumerate(states) if state in ("meets", "fails")]
    turns = []
    for before, after in pairwise(decided):
        if states[before] == states[after]:
            continue
        words = "falls behind" if states[after] == "fails" else "catches up"
        about = _crossing(values, used, before, after) if used is not None else None
        between = f"between {values[before]} and {values[after]}"
        if monthly and month_number(str(values[after])) - month_number(str(values[before])) == 1:
            turns.append(f"{words} in {values[after]}")
        elif about is not None:
            turns.append(
                f"{words if monthly else 'crosses the threshold'} about {about}, surely {between}"
            )
        elif monthly:
            turns.append(f"{words} {between}")
    return turns


def _crossing(
    values: Sequence[Value], used: Sequence[float], before: int, after: int
) -> str | None:
    """Return about where the failures cross what is allowed between two values; None if nowhere."""
    for left in range(before, after):
        one, other = used[left] - 1.0, used[left + 1] - 1.0
        if isfinite(one) and isfinite(other) and one * other <= 0 and one != other:
            part = one / (one - other)
            first, last = values[left], values[left + 1]
            if isinstance(first, str):
                start, end = month_number(first), month_number(str(last))
                return month_text(round(start + part * (end - start)))
            return _number(
                float(first) + part * (float(last) - float(first)), float(first), float(last)
            )
    return None


def _number(value: float, low: float, high: float) -> str:
    """Return a number in three digits, or as many as keep it between two others."""
    rounded = next(
        (
            short
            for digits in range(3, 15)
            if low <= (short := float(f"{value:.{digits}g}")) <= high
        ),
        value,
    )
    return (
        f"{rounded:,.0f}" if abs(rounded) >= 1000 and rounded.is_integer() else f"{rounded:,.12g}"
    )


def _listed(names: list[str]) -> str:
    """Return names in one phrase: a, b and c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
