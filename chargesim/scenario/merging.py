"""Merge a child scenario over its parent and `--set` over both; note where each value came from.

Mappings merge key by key; lists and scalars replace. `null` is a value if the key may be null; else
it removes the key: a fleet, a speed period, or a setting, which then has its default. A new value
of an assumption, as a bare number or in a mapping, drops range and source, which are those of the
old value. A mix that must add up (curves, area_weights) is replaced whole.
"""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from chargesim.scenario.assumption import REPLACED_WHOLE
from chargesim.scenario.keys import FieldType, Key, field_type_at
from chargesim.scenario.yaml_text import Document, SourceLocation


def merge(parent: Document, child: Document, model: type[BaseModel], *, source: str) -> Document:
    """Return the parent with the child's values merged over it.

    Parameters
    ----------
    parent, child : Document
    model : type
        The model of the scenario.
    source : str
        Source of the bare numbers of the child, such as `set in x.yaml`.
    """
    layer = _Layer(model, parent.locations, child.locations.get, source)
    return Document(layer.lay(parent.data, child.data, ()), layer.locations)


def set_value(
    document: Document,
    key: Key,
    value: Any,
    model: type[BaseModel],
    *,
    location: SourceLocation,
    source: str,
) -> Document:
    """Return the document with one value set; `key_fault` must have found the key right."""
    layer = _Layer(model, document.locations, lambda _: location, source)
    return Document(layer.put(document.data, key, value, ()), layer.locations)


class _Layer:
    """Values that are merged over others, and the locations of both."""

    def __init__(
        self,
        model: type[BaseModel],
        locations: dict[Key, SourceLocation],
        location_of: Callable[[Key], SourceLocation | None],
        source: str,
    ) -> None:
        self.model = model
        self.locations = dict(locations)
        self._location_of = location_of
        self._source = source

    def lay(self, old: Any, new: Any, key: Key) -> Any:
        """Return the new value of a key merged over its old one."""
        field_type = field_type_at(self.model, key) or FieldType(None)
        if field_type.is_assumption and _is_number(new):
            new = {"value": new, "source": self._source}
            self._take(key, new)
            return new
        if (
            not isinstance(old, dict)
            or not isinstance(new, dict)
            or REPLACED_WHOLE in field_type.notes
        ):
            self._take(key, new)
            return new
        if field_type.is_assumption and "value" in new:
            self._forget(key)
            old = {} if "source" in new else {"source": self._source}
        self._note(key)
        merged = dict(old)
        for name, value in new.items():
            self._enter(merged, name, value, key, field_type)
        return merged

    def put(self, old: Any, key: Key, value: Any, done: Key) -> Any:
        """Return the old data of the key `done`, with the value of the longer `key` set in it."""
        part, here = key[len(done)], key[: len(done) + 1]
        if isinstance(old, list):
            items = list(old)
            items[int(part)] = (
                self.lay(old[int(part)], value, here)
                if here == key
                else self.put(old[int(part)], key, value, here)
            )
            return items
        field_type = field_type_at(self.model, done) or FieldType(None)
        if field_type.is_assumption:
            return self.lay({"value": old} if _is_number(old) else old, {part: value}, done)
        merged = dict(old) if isinstance(old, dict) else {}
        if not merged:
            self._note(done)
        if here == key:
            self._enter(merged, part, value, done, field_type)
        else:
            merged[part] = self.put(merged.get(part), key, value, here)
        return merged

    def _enter(
        self, merged: dict[str, Any], name: str, value: Any, above: Key, field_type: FieldType
    ) -> None:
        """Set or remove one entry of a mapping."""
        here = (*above, name)
        entry = field_type_at(self.model, here)
        removes = value is None and entry is not None and entry.removable and not entry.nullable
        if removes and (name in merged or not field_type.is_open):
            merged.pop(name, None)
            self._forget(here)
        else:
            merged[name] = self.lay(merged.get(name), value, here)

    def _take(self, key: Key, value: Any) -> None:
        """Replace the locations below a key by those of its new value."""
        self._forget(key)
        self._note_all(key, value)

    def _note_all(self, key: Key, value: Any) -> None:
        self._note(key)
        entries = (
            value.items()
            if isinstance(value, dict)
            else enumerate(value)
            if isinstance(value, list)
            else ()
        )
        for name, entry in entries:
            self._note_all((*key, str(name)), entry)

    def _note(self, key: Key) -> None:
        location = self._location_of(key)
        if location is not None:
            self.locations[key] = location

    def _forget(self, key: Key) -> None:
        for known in [known for known in self.locations if known[: len(key)] == key]:
            del self.locations[known]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
