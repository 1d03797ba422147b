"""Check that the JSON Schema says of scenario files what the loader says."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML
from scenario_files import SCENARIOS

from chargesim.scenario.keys import field_type_at, keys_with_note
from chargesim.scenario.model import Scenario
from chargesim.scenario.schema import json_schema

jsonschema = pytest.importorskip("jsonschema")
SCHEMA = json_schema()
FILES = sorted(SCENARIOS.glob("*.yaml"))


def errors(data: Any) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(data)]


def models(start: type[BaseModel] = Scenario) -> set[type[BaseModel]]:
    """Return all models that stand in a scenario."""
    found: set[type[BaseModel]] = set()

    def add(annotation: Any) -> None:
        if (
            isinstance(annotation, type)
            and issubclass(annotation, BaseModel)
            and annotation not in found
        ):
            found.add(annotation)
            for field in annotation.model_fields.values():
                add(field.annotation)
        for part in getattr(annotation, "__args__", ()):
            add(part)

    add(start)
    return found


def test_every_field_has_a_description() -> None:
    assert len(models()) > 20
    bare = [
        f"{model.__name__}.{name}"
        for model in models()
        for name, field in model.model_fields.items()
        if not field.description
    ]
    assert bare == []


def test_every_property_has_a_description() -> None:
    parts = [SCHEMA, *SCHEMA["$defs"].values()]
    assert [
        name
        for part in parts
        for name, field in part.get("properties", {}).items()
        if not field.get("description")
    ] == []


def test_mixes_say_that_they_are_replaced_whole() -> None:
    fleet = SCHEMA["$defs"]["Fleet"]["properties"]
    for name in ("curves", "area_weights"):
        assert "replaces it whole" in fleet[name]["description"]


def test_it_is_a_schema_and_plain_data() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert json_schema() == SCHEMA


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenarios_validate(path: Path) -> None:
    assert errors(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))) == []


CHILDREN: list[Any] = [
    {},
    {"extends": "x.yaml"},
    {"extends": "x.yaml", "stations": {"piles": 3}},
    {"fleets": {"taxi": {"stock": 5}, "bus": None}},
    {"fleets": {"taxi": {"stock": {"value": 5}, "active_share": {"low": 0.1}}}},
    {"fleet": {"stock": None}, "corridors": None, "swap": {"enabled": None}},
    {"traffic": {"periods": {"day": None}}},
]


@pytest.mark.parametrize("child", CHILDREN)
def test_children_validate(child: Any) -> None:
    assert errors(child) == []


WRONG: list[Any] = [
    {"stationz": {}},
    {"stations": {"pile_kw": 3}},
    {"stations": {"gun_kw": 0}},
    {"stations": {"piles": 1.5}},
    {"fleets": {"taxi": {"active_share": 1.2}}},
    {"fleets": {"taxi": {"active_share": {"value": 1.2}}}},
    {"fleets": {"taxi": {"stock": "abc"}}},
    {"fleets": {"taxi": {"curves": {}}}},
    {"horizon": {"first_day": "wensday"}},
    {"standard": {"criteria": [{"name": "a"}]}},
    {"name": "a b"},
    {"extends": 3},
    [],
]


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_files_do_not_validate(wrong: Any) -> None:
    assert errors(wrong) != []


def test_no_key_is_required_but_in_lists() -> None:
    assert "required" not in SCHEMA
    assert {name for name, part in SCHEMA["$defs"].items() if "required" in part} == {
        "Anchor",
        "Criterion",
        "Blackout",
        "Milestone",
    }


def test_marks_do_not_show() -> None:
    assert "Mark(" not in json.dumps(SCHEMA)
    assert list(keys_with_note(Scenario, "nothing")) == []
    assert field_type_at(Scenario, ("nix",)) is None
