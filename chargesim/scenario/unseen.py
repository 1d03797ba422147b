"""Find characters that nobody sees: they may steer a terminal, or turn the direction of a text."""

import re
from collections.abc import Iterator
from typing import Any

_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but for tab and line ends, turns of direction, halves of characters."""


def first_unseen(text: str) -> int:
    """Return where the first such character of a text is, -1 without one."""
    found = _UNSEEN.search(text)
    return -1 if found is None else found.start()


def unseen_words(character: str) -> str:
    """Return what is wrong with a text that has such a character."""
    return f"holds a control character (U+{ord(character):04X}); delete it"


def unseen_in(value: Any) -> Iterator[str]:
    """Yield such a character of each text in plain data that has one."""
    if isinstance(value, str):
        place = first_unseen(value)
        if place >= 0:
            yield value[place]
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield from unseen_in(name)
            yield from unseen_in(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from unseen_in(entry)
