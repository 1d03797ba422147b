"""Find what a key of a scenario may hold, and the right key nearest to a wrong one."""

import difflib
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from chargesim.scenario.assumption import Assumption

Key = tuple[str, ...]
"""A dotted key, part by part; an entry of a list is its number."""

SYNONYMS = {
    "pile": "gun",
    "piles": "guns",
    "charger": "gun",
    "chargers": "guns",
    "connector": "gun",
    "connectors": "guns",
}
"""Words that people use for a gun; the keys say gun."""


@dataclass(frozen=True)
class FieldType:
    """What a key may hold.

    Attributes
    ----------
    annotation : type
        A model, `dict[...]`, `list[...]` or a plain type; without `Annotated` and without None.
    nullable : bool
        null is a value of its own here.
    removable : bool
        The key may be left out: it has a default, or the user named the entry, such as a fleet.
    notes : tuple of object
        Other parts of the annotation, such as `REPLACED_WHOLE` and `TABLE_FILE`.
    """

    annotation: Any
    nullable: bool = False
    removable: bool = False
    notes: tuple[object, ...] = ()

    @property
    def model(self) -> type[BaseModel] | None:
        """The model of a section, None for all else."""
        return (
            self.annotation
            if isinstance(self.annotation, type) and issubclass(self.annotation, BaseModel)
            else None
        )

    @property
    def is_assumption(self) -> bool:
        """Whether it is a number with its range and source."""
        return self.model is not None and issubclass(self.model, Assumption)

    @property
    def is_open(self) -> bool:
        """Whether the user names the entries, as in `fleets`."""
        return (
            get_origin(self.annotation) is dict
            and get_origin(get_args(self.annotation)[0]) is not Literal
        )

    def names(self, data: Any) -> list[str]:
        """Return the keys that may follow; those of `data` if the user names them."""
        if self.model is not None:
            return list(self.model.model_fields)
        if get_origin(self.annotation) is dict and not self.is_open:
            return [str(name) for name in get_args(get_args(self.annotation)[0])]
        return [str(name) for name in data] if isinstance(data, dict) else []


def field_type_at(model: type[BaseModel], key: Key) -> FieldType | None:
    """Return what a key may hold, None for an unknown key."""
    field_type: FieldType | None = FieldType(model)
    for part in key:
        field_type = _below(field_type, part) if field_type is not None else None
    return field_type


def value_at(data: Any, key: Key) -> Any:
    """Return the data of a key, None if there is none."""
    for part in key:
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and part.isdecimal() and int(part) < len(data):
            data = data[int(part)]
        else:
            return None
    return data


def keys_with_note(model: type[BaseModel], note: object, above: Key = ()) -> Iterator[Key]:
    """Yield the keys of all fields, sections within sections, whose annotation has a note."""
    for name in model.model_fields:
        field_type = _below(FieldType(model), name)
        if field_type is None:
            continue
        if note in field_type.notes:
            yield (*above, name)
        if field_type.model is not None:
            yield from keys_with_note(field_type.model, note, (*above, name))


def nearest_name(name: str, names: list[str]) -> str | None:
    """Return the known name nearest to a wrong one, None if none is near."""
    translated = "_".join(SYNONYMS.get(word, word) for word in name.split("_"))
    if translated in names and translated != name:
        return translated
    close = difflib.get_close_matches(
        name, [other for other in names if other != name], n=1, cutoff=0.6
    )
    return close[0] if close else None


def known_keys_hint(names: list[str]) -> str:
    """Return a list of the known keys as the end of a message; "" if there is none."""
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"; known here: {', '.join(names[:12])}{more}" if names else ""


def key_fault(model: type[BaseModel], data: Any, key: Key) -> str | None:
    """Return what is wrong with a key that a change sets, None if nothing.

    A change may add an entry where the user names the entries, such as a curve to a mix. It may set
    nothing inside an entry that does not exist: the name is then most likely misspelt.
    """
    for depth, part in enumerate(key):
        above, here = field_type_at(model, key[:depth]), value_at(data, key[:depth])
        if above is not None and get_origin(above.annotation) is list:
            count = len(here) if isinstance(here, list) else 0
            if not part.isdecimal() or int(part) >= count:
                numbers = (
                    f"; the entries are numbered 0 to {count - 1}"
                    if count
                    else "; the list is empty"
                )
                return f"there is no entry {part}{numbers}"
            continue
        known = above.names(here) if above is not None else []
        adds = above is not None and above.is_open and depth == len(key) - 1
        if part not in known and not adds:
            near = _nearest_key(model, data, key)
            return "unknown key" + (
                f"; did you mean {'.'.join(near)}?" if near else known_keys_hint(known)
            )
    return None


def _nearest_key(model: type[BaseModel], data: Any, key: Key) -> Key | None:
    """Return the nearest right key: part by part, else among all keys that have a value."""
    right: Key = ()
    for part in key:
        field_type = field_type_at(model, right)
        names = field_type.names(value_at(data, right)) if field_type is not None else []
        numbered = (
            field_type is not None
            and get_origin(field_type.annotation) is list
            and part.isdecimal()
        )
        near = part if part in names or numbered else nearest_name(part, names)
        if near is None:
            close = difflib.get_close_matches(
                ".".join(key), [".".join(known) for known in _all_keys(data)], n=1, cutoff=0.7
            )
            return tuple(close[0].split(".")) if close else None
        right = (*right, near)
    return right


def _all_keys(data: Any, above: Key = ()) -> Iterator[Key]:
    if isinstance(data, dict):
        for name, value in data.items():
            yield (*above, name)
            yield from _all_keys(value, (*above, name))


def _below(field_type: FieldType, part: str) -> FieldType | None:
    """Return what the next part of a key may hold."""
    if field_type.model is not None:
        field = field_type.model.model_fields.get(part)
        return (
            None
            if field is None
            else _field_type(
                field.annotation, removable=not field.is_required(), notes=tuple(field.metadata)
            )
        )
    origin, args = get_origin(field_type.annotation), get_args(field_type.annotation)
    if origin is dict:
        return (
            _field_type(args[1], removable=True)
            if field_type.is_open or part in field_type.names(None)
            else None
        )
    if origin is list:
        return _field_type(args[0]) if part.isdecimal() else None
    return None


def _field_type(
    annotation: Any, *, removable: bool = False, notes: tuple[object, ...] = ()
) -> FieldType:
    """Return the field type of an annotation, without `Annotated` and None."""
    nullable = False
    while True:
        origin, args = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            annotation, notes = args[0], (*notes, *args[1:])
        elif origin in (Union, types.UnionType) and type(None) in args:
            nullable = True
            annotation = next(arg for arg in args if arg is not type(None))
        else:
            return FieldType(annotation, nullable, removable, notes)
