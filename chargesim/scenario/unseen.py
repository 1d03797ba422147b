"""Find characters that nobody sees: they may steer a terminal, or turn the direction of a text."""

import re

_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but for tab and line ends, turns of direction, halves of characters."""


def first_unseen(text: str) -> int:
    """Return where the first such character of a text is, -1 without one."""
    found = _UNSEEN.search(text)
    return -1 if found is None else found.start()


def unseen_words(character: str) -> str:
    """Return what is wrong with a text that has such a character."""
    return f"holds a control character (U+{ord(character):04X}); delete it"
