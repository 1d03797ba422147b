"""Make the JSON Schema of a scenario file, with which editors complete and check keys.

The schema describes files, not merged scenarios: a child with `extends` gives a few keys only, so
no key is required; an assumption may be a number or a mapping; null removes an entry that the user
named. Entries of lists are never merged, so they keep their required keys.
"""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from chargesim.scenario.assumption import Assumption
from chargesim.scenario.model import Scenario
from chargesim.scenario.plausible import range_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, children with `extends` included.

    Returns
    -------
    dict
        Plain data, draft 2020-12; every key has its description.
    """
    schema = Scenario.model_json_schema(
        ref_template="#/$defs/{model}", schema_generator=_PlainTitles
    )
    defs: dict[str, Any] = schema.pop("$defs")
    in_lists = _names_in_lists({**defs, "scenario": schema})
    for name, part in defs.items():
        if name not in in_lists:
            part.pop("required", None)
        _bound(part)
        _allow_removal(part)
    for kind in _kinds_of(Assumption):
        if kind.__name__ in defs:
            defs[kind.__name__] = _number_or_mapping(defs[kind.__name__])
    schema.pop("required", None)
    _bound(schema)
    _allow_removal(schema)
    extends = {
        "type": ["string", "null"],
        "description": "parent scenario in the same folder; this file gives only what differs",
    }
    return {
        "$schema": DIALECT,
        "title": "chargesim scenario",
        "description": "a case for chargesim; a number may have its range and source",
        **{
            key: value
            for key, value in schema.items()
            if key not in ("title", "description", "properties")
        },
        "properties": {"extends": extends, **schema["properties"]},
        "$defs": defs,
    }


class _PlainTitles(GenerateJsonSchema):
    """Make a schema without titles, which only repeat the names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def generate(self, schema: Any, mode: JsonSchemaMode = "validation") -> dict[str, Any]:
        made = super().generate(schema, mode)
        for part in made.get("$defs", {}).values():
            part.pop("title", None)
        return made


def _number_or_mapping(mapping: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an assumption: a bare number within its bounds, or the mapping."""
    number = {
        key: bound for key, bound in mapping["properties"]["value"].items() if key != "description"
    }
    return {
        "description": f"{mapping['properties']['value']['description']}, "
        "or a mapping with low, high and source",
        "anyOf": [number, {key: part for key, part in mapping.items() if key != "description"}],
    }


def _bound(part: dict[str, Any]) -> None:
    """Give each number of a section its largest plausible value, where it has no bound yet."""
    kinds = {f"#/$defs/{kind.__name__}" for kind in _kinds_of(Assumption)}
    for name, field in part.get("properties", {}).items():
        if field.get("$ref") in kinds:
            most = range_of(name)[1]
            field["if"], field["then"] = {"type": "number"}, {"maximum": most}
        elif field.get("type") in ("number", "integer") and name != "seed":
            field.setdefault("maximum", range_of(name)[1])


def _allow_removal(part: dict[str, Any]) -> None:
    """Allow null where it removes: an entry that the user named, or a setting with a default."""
    for name, field in list(part.get("properties", {}).items()):
        if field.get("default") is not None:
            part["properties"][name] = {
                "anyOf": [field, {"type": "null"}],
                "description": field["description"],
            }
        entries = field.get("additionalProperties")
        if isinstance(entries, dict):
            field["additionalProperties"] = {"anyOf": [entries, {"type": "null"}]}


def _names_in_lists(parts: dict[str, Any]) -> set[str]:
    """Return the names of the models that are entries of lists."""
    items = [
        field.get("items", {})
        for part in parts.values()
        for field in part.get("properties", {}).values()
    ]
    return {item["$ref"].rsplit("/", 1)[-1] for item in items if "$ref" in item}


def _kinds_of(base: type[Assumption]) -> list[type[Assumption]]:
    return [base, *(kind for child in base.__subclasses__() for kind in _kinds_of(child))]
