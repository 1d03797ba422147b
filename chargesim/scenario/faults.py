"""Say what is wrong with a scenario: file and line, key, what came, what would be right."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from chargesim.scenario.keys import Key, field_type_at, known_keys_hint, nearest_name, value_at
from chargesim.scenario.yaml_text import SourceLocation

_NEEDS = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "string_unicode": "text",
    "dict_type": "keys and values",
    "list_type": "a list",
    "model_type": "keys and values",
    "model_attributes_type": "keys and values",
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_MANY_MISSING = 3
"""An entry, such as a fleet, that lacks this many keys gets one line for all of them."""


@dataclass(frozen=True)
class Fault:
    """One fault of a scenario."""

    location: SourceLocation
    key: Key
    words: str

    def __str__(self) -> str:
        dotted = ".".join(self.key) or "the scenario"
        if self.location.line is None and self.location.source.removeprefix("--set ") == dotted:
            return f"{self.location}: {self.words}"
        return f"{self.location}: {dotted}: {self.words}"


def fault_lines(faults: Iterable[Fault]) -> list[str]:
    """Return the faults as lines of text, each once, in the order of the files."""
    return list(
        dict.fromkeys(
            str(fault)
            for fault in sorted(
                faults, key=lambda fault: (fault.location.source, fault.location.line or 0)
            )
        )
    )


def location_of(
    key: Key, locations: Mapping[Key, SourceLocation], fallback: SourceLocation
) -> SourceLocation:
    """Return where a key is written, or else the nearest section around it."""
    for depth in range(len(key), 0, -1):
        if key[:depth] in locations:
            return locations[key[:depth]]
    return fallback


def validation_faults(
    error: ValidationError,
    model: type[BaseModel],
    data: Any,
    locations: Mapping[Key, SourceLocation],
    fallback: SourceLocation,
) -> list[Fault]:
    """Return the faults of a failed validation.

    Parameters
    ----------
    error : ValidationError
        What pydantic found.
    model : type
        The model that refused the data.
    data : object
        The merged data.
    locations : mapping of Key to SourceLocation
        Where each key is written.
    fallback : SourceLocation
        The location of a key that no file has.
    """
    found = []
    items = [
        (tuple(str(part) for part in item["loc"]), item) for item in error.errors(include_url=False)
    ]
    incomplete = _incomplete_entries(items, model)
    for key, missing in incomplete.items():
        found.append(
            Fault(
                location_of(key, locations, fallback),
                key,
                _incomplete_words(key, missing, value_at(data, key[:-1])),
            )
        )
    for key, item in items:
        kind = item["type"]
        if kind == "missing":
            if key[:-1] not in incomplete:
                found.append(
                    Fault(
                        location_of(key[:-1], locations, fallback),
                        key,
                        "is missing, it is needed here",
                    )
                )
        elif kind == "value_error":
            text = str(item.get("ctx", {}).get("error", item["msg"]))
            for line in text.splitlines():
                inner, words = _split(key, line, model)
                found.append(Fault(location_of(inner, locations, fallback), inner, words))
        else:
            shown = key[:-1] if key[-1:] in (("value",), ("[key]",)) else key
            found.append(
                Fault(location_of(key, locations, fallback), shown, _words(item, key, model, data))
            )
    return found


def _incomplete_entries(
    items: list[tuple[Key, Any]], model: type[BaseModel]
) -> dict[Key, list[str]]:
    """Return entries the user named, such as fleets, that lack many keys: likely misspelt."""
    missing: dict[Key, list[str]] = {}
    for key, item in items:
        above = field_type_at(model, key[:-2]) if len(key) > 2 else None
        if item["type"] == "missing" and above is not None and above.is_open:
            missing.setdefault(key[:-1], []).append(key[-1])
    return {key: names for key, names in missing.items() if len(names) >= _MANY_MISSING}


def _incomplete_words(key: Key, missing: list[str], siblings: Any) -> str:
    near = nearest_name(
        key[-1], [str(name) for name in siblings] if isinstance(siblings, dict) else []
    )
    more = f" and {len(missing) - 2} more are" if len(missing) > 2 else " are"
    words = f"incomplete: {', '.join(missing[:2])}{more} missing"
    return f"unknown key, or {words}; did you mean {near}?" if near else f"is {words}"


def _split(key: Key, text: str, model: type[BaseModel]) -> tuple[Key, str]:
    """Split a key off the front of a model's own message: `curves: the shares ...`."""
    front, colon, words = text.partition(": ")
    inner = (*key, *front.split("."))
    if colon and " " not in front and field_type_at(model, inner) is not None:
        return inner, words
    return key, text


def _words(item: Any, key: Key, model: type[BaseModel], data: Any) -> str:
    """Return what came and what would be right."""
    kind, given, context = item["type"], item.get("input"), item.get("ctx", {})
    if kind == "extra_forbidden" or key[-1:] == ("[key]",):
        return _unknown_words(key[:-1] if key[-1] == "[key]" else key, model, data)
    above = field_type_at(model, key[:-1])
    if given is None and above is not None and above.is_open:
        near = nearest_name(
            key[-1], [name for name, value in value_at(data, key[:-1]).items() if value is not None]
        )
        return "got null, but there is none to remove" + (f"; did you mean {near}?" if near else "")
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"got {value_text(given)}, needs {words} {context[name]:g}"
    if kind == "literal_error":
        options = str(context.get("expected", "")).replace("'", "")
        near_option = difflib.get_close_matches(
            str(given), options.replace(" or ", ", ").split(", "), n=1
        )
        return f"got {value_text(given)}, needs {options}" + (
            f"; did you mean {near_option[0]}?" if near_option else ""
        )
    if kind == "string_pattern_mismatch":
        needs = (
            "a month as YYYY-MM" if key[-1] == "month" else "letters, digits, dots, - and _ only"
        )
        return f"got {value_text(given)}, needs {needs}"
    if kind in ("too_short", "string_too_short"):
        return _too_few(len(given), int(context["min_length"]), letters=kind == "string_too_short")
    if kind in ("too_long", "string_too_long"):
        unit = "entries" if kind == "too_long" else "letters"
        return f"is too long, needs at most {context.get('max_length')} {unit}"
    field_type = field_type_at(model, key)
    needs = _NEEDS.get(kind, "another value")
    if field_type is not None and field_type.is_assumption:
        needs = "a number, or {value, low, high, source}"
    if kind == "string_type" and isinstance(given, int | float):
        needs += " (put it in quotes)"
    return f"got {value_text(given)}, needs {needs}"


def _too_few(given: int, needed: int, *, letters: bool) -> str:
    """Say how many entries or letters came, and how many are needed."""
    one, many = ("letter", "letters") if letters else ("entry", "entries")
    needs = (
        f"at least one {one}"
        if needed == 1
        else f"at least {needed}"
        if given
        else f"at least {needed} {many}"
    )
    return (
        f"is empty, needs {needs}"
        if given == 0
        else f"has {given} {one if given == 1 else many}, needs {needs}"
    )


def _unknown_words(key: Key, model: type[BaseModel], data: Any) -> str:
    field_type = field_type_at(model, key[:-1])
    names = field_type.names(value_at(data, key[:-1])) if field_type is not None else []
    near = nearest_name(key[-1], names)
    if near is not None:
        return f"unknown key; did you mean {near}?"
    return "unknown key" + known_keys_hint(names)


def value_text(value: Any) -> str:
    """Return a value as the user wrote it in the file."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
