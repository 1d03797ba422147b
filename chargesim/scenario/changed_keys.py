"""List the keys in which two scenarios differ."""

from typing import Any

from chargesim.scenario.model import Scenario

_ABOUT = frozenset({"name", "title", "replications", "series", "seed", "common_causes"})
_WORDS = ("source", "low", "high", "reading")


def changed_keys(first: Scenario, other: Scenario) -> dict[str, tuple[Any, Any]]:
    """Return both values of every key in which two scenarios differ; None for a missing key.

    Names, sources, ranges, replications and the seed are left out: they change no plan.

    Parameters
    ----------
    first, other : Scenario
        Checked scenarios.

    Returns
    -------
    dict of str to (value, value)
        By dotted key, in the order of the first scenario.
    """
    one, two = (
        _flat(scenario.model_dump(mode="json", exclude=set(_ABOUT)), "")
        for scenario in (first, other)
    )
    return {
        key: (one.get(key), two.get(key)) for key in {**one, **two} if one.get(key) != two.get(key)
    }


def _flat(data: dict[str, Any], above: str) -> dict[str, Any]:
    """Return nested data by dotted key, with the value alone of an assumption."""
    flat: dict[str, Any] = {}
    for name, value in data.items():
        if name in _WORDS:
            continue
        key = above if name == "value" and above else f"{above}.{name}" if above else name
        flat |= _flat(value, key) if isinstance(value, dict) and value else {key: value}
    return flat
