"""Say in a sentence what becomes of a criterion along the values of a series."""

from collections.abc import Sequence
from itertools import groupby, pairwise

from chargesim.scenario.buildup import month_number
from chargesim.scenario.series import Value

_WORDS = {
    "meets": "meets",
    "fails": "fails",
    "inconclusive": "inconclusive",
    "incomplete": "incomplete",
    "given": "given by the plan, reached",
    "short": "given by the plan, not reached",
    "nothing": "nothing to judge",
}


def sentence(values: Sequence[Value], states: Sequence[str]) -> str:
    """Return what becomes of a criterion along rising values.

    Parameters
    ----------
    values : sequence of int, float or str
        Numbers, or months YYYY-MM; for months it is said when the network falls behind or catches up.
    states : sequence of str
        The state at each value: meets, fails, inconclusive, incomplete, given (reached), short or nothing.

    Returns
    -------
    str
        For example ``meets up to 2026-03, fails from 2026-06 on; falls behind between 2026-03 and 2026-06``.
    """
    spans = _spans(values, states)
    monthly = isinstance(values[0], str)
    if len(spans) == 1:
        return f"{_WORDS[states[0]]} throughout"
    parts = []
    for number, (state, first, last) in enumerate(spans):
        at = f"{'in' if monthly else 'at'} {first}"
        if number == len(spans) - 1:
            span = f"from {first} on"
        elif number == 0:
            span = at if first == last else f"up to {last}"
        else:
            span = at if first == last else f"from {first} to {last}"
        parts.append(f"{_WORDS[state]} {span}")
    turns = _turns(values, states) if monthly else []
    return "; ".join([", ".join(parts), *turns])


def sentence_by_line(lines: Sequence[str], states: Sequence[str]) -> str:
    """Return what a criterion is in each line of a series without values, for example ``meets in tariff; fails in ordinary day``."""
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


def _turns(months: Sequence[Value], states: Sequence[str]) -> list[str]:
    """Return when the network falls behind (meets, later fails) or catches up; what is inconclusive lies between."""
    decided = [(str(month), state) for month, state in zip(months, states, strict=True) if state in ("meets", "fails")]
    turns = []
    for (before, old), (after, new) in pairwise(decided):
        if old != new:
            words = "falls behind" if new == "fails" else "catches up"
            adjacent = month_number(after) - month_number(before) == 1
            turns.append(f"{words} in {after}" if adjacent else f"{words} between {before} and {after}")
    return turns


def _listed(names: list[str]) -> str:
    """Return names as one says them: a, b and c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
