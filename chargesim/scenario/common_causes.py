"""Check the section `common_causes`: which assumptions are one unknown, and move together.

A cause has a name and a list of dotted keys, in which `*` is any name. Nobody knows how much of the
public energy goes to fast guns: that is one unknown, though each fleet has its own `fast_share`.
`tornado` and `uncertainty` set all keys of a cause to the same quantile of their ranges.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase, translate
from typing import Any

from pydantic import BaseModel

from chargesim.scenario.assumption import Assumption

CommonCauses = dict[str, list[str]]


def cause_of(key: str, causes: Mapping[str, Sequence[str]]) -> str:
    """Return the name of the common cause of an assumption, "" where it has none of its own.

    Parameters
    ----------
    key : str
        Dotted key of the assumption.
    causes : mapping of str to sequence of str
        The section `common_causes`.
    """
    return next(
        (
            name
            for name, patterns in causes.items()
            if any(fnmatchcase(key, pattern) for pattern in patterns)
        ),
        "",
    )


def cause_faults(scenario: BaseModel, causes: Mapping[str, Sequence[str]]) -> list[str]:
    """Return what is wrong with the section: keys of no assumption, keys of two causes.

    Parameters
    ----------
    scenario : BaseModel
        The checked scenario.
    causes : mapping of str to sequence of str
        Its section `common_causes`.
    """
    keys = list(_assumption_keys(scenario, ""))
    faults: list[str] = []
    cause: dict[str, str] = {}
    for name, patterns in causes.items():
        for pattern in patterns:
            matched = re.compile(translate(pattern)).match
            mine = [key for key in keys if matched(key)]
            absent = getattr(scenario, pattern.split(".")[0], "") is None
            if not mine and not absent:  # a parent's cause may speak of a section that is left out
                faults.append(
                    f"common_causes.{name}: got {pattern}, needs the key of an assumption of this "
                    "scenario; * is any name, as in fleets.*.fast_share"
                )
            faults += [
                f"common_causes.{name}: {key} is in {cause[key]}, too; needs one cause"
                for key in mine
                if cause.setdefault(key, name) != name
            ]
    return faults


def _assumption_keys(value: Any, key: str) -> Iterator[str]:
    """Yield the dotted keys of all assumptions below a key."""
    if isinstance(value, Assumption):
        yield key
        return
    below: list[tuple[Any, Any]] = []
    if isinstance(value, BaseModel):
        below = [(name, getattr(value, name)) for name in type(value).model_fields]
    elif isinstance(value, dict):
        below = list(value.items())
    elif isinstance(value, list):
        below = list(enumerate(value))
    for name, entry in below:
        yield from _assumption_keys(entry, f"{key}.{name}" if key else str(name))
