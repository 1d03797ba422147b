"""Count which classes of events meet at one instant, and which of them at one site."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import combinations_with_replacement
from typing import Any

from chargesim.engine.event_order import EventClass

Pair = tuple[EventClass, EventClass]
PAIRS: tuple[Pair, ...] = tuple(combinations_with_replacement(EventClass, 2))
"""All pairs of classes in the order in which they are handled; a class is with itself, too."""


def name_of(pair: Pair) -> str:
    """Return a pair in words."""
    return f"{pair[0].name} with {pair[1].name}"


class TiedPairs:
    """Instants at which events of two classes, or two of one class, are handled with an effect in
    one run.

    Attributes
    ----------
    anywhere, at_one_site : Counter of pairs
        How many instants: with both events somewhere, and with both at the same site.
    """

    def __init__(self) -> None:
        self.anywhere: Counter[Pair] = Counter()
        self.at_one_site: Counter[Pair] = Counter()
        self._env, self._now = None, -1.0
        self._events: list[EventClass] = []
        self._by_site: dict[int, list[EventClass]] = defaultdict(list)

    def note(self, env: Any, event: EventClass, sites: Iterable[int]) -> None:
        """Note an event that is handled now, and the sites at which it has an effect."""
        if env is not self._env or env.now != self._now:
            self.end_instant()
            self._env, self._now = env, env.now
        self._events.append(event)
        for site in sites:
            self._by_site[site].append(event)

    def end_instant(self) -> None:
        """Count the pairs of the instant that was noted last."""
        self.anywhere.update(_pairs(self._events))
        self.at_one_site.update(set().union(*map(_pairs, self._by_site.values())))
        self._events.clear()
        self._by_site.clear()

    def __str__(self) -> str:
        return "\n".join(
            [
                "instants with an event of both classes (or two of one), each with an effect",
                _triangle(self.anywhere),
                "of these, instants with both at the same site", _triangle(self.at_one_site),
            ]
        )  # fmt: skip


def _pairs(events: list[EventClass]) -> set[Pair]:
    """Return the pairs that some events form."""
    count = Counter(events)
    return {
        (a, b)
        for a, b in combinations_with_replacement(sorted(count), 2)
        if a is not b or count[a] > 1
    }


def _triangle(counts: Counter[Pair]) -> str:
    """Return the counts as a triangular table; rows are the earlier class of a pair, or the
    same."""
    lines = [" " * 9 + "".join(f"{event.name:>9}" for event in EventClass)]
    for first in EventClass:
        row = (
            f"{counts[first, second]:9,}" if first <= second else " " * 9 for second in EventClass
        )
        lines.append(f"{first.name:9}" + "".join(row))
    return "\n".join(lines)
