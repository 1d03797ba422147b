"""Test the JSON Schema on the scenario files: what loads passes; every key has a description."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chargesim.scenario.model import Scenario
from chargesim.scenario.schema import json_schema
from chargesim.scenario.yaml_text import read_document

jsonschema = pytest.importorskip("jsonschema")

FOLDER = Path(__file__).parent.parent / "scenarios"
SCHEMA = json_schema()


def keys(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict):
            yield from ((f"{path}/{name}", field) for name, field in node["properties"].items())
        for name, part in node.items():
            yield from keys(part, f"{path}/{name}")
    elif isinstance(node, list):
        for index, part in enumerate(node):
            yield from keys(part, f"{path}/{index}")


def passes(data: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(SCHEMA).is_valid(data))


def test_it_is_a_valid_schema_of_plain_data():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_every_key_has_a_description():
    found = list(keys(SCHEMA))
    assert len(found) > 150
    assert [path for path, field in found if not field.get("description")] == []


def test_every_section_stands_in_it():
    assert list(SCHEMA["properties"]) == ["extends", *Scenario.model_fields]
    assert "required" not in SCHEMA


def test_two_calls_give_the_same():
    assert json_schema() == SCHEMA


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_scenario_file_passes(path):
    jsonschema.validate(read_document(path).data, SCHEMA, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "data",
    [
        {"fleets": {"taxi": {"stock": 5}}},
        {"fleets": {"taxi": {"stock": {"value": 5, "source": "x"}}}},
        {"fleets": {"taxi": None}},
        {"fleet": {"stock": None}},
        {"layout": None},
        {"traffic": {"periods": {"peak": None}}},
        {"extends": "chongqing_2025.yaml"},
    ],
    ids=str,
)
def test_what_a_child_may_say_passes(data):
    assert passes(data)


@pytest.mark.parametrize(
    "data",
    [
        {"pile_kw": 480},
        {"stations": {"pile_kw": 480}},
        {"grid": {"efficiency": 1.2}},
        {"grid": {"efficiency": {"value": 1.2}}},
        {"grid": {"efficiency": "high"}},
        {"fleets": {"taxi": {"group": "car"}}},
        {"standard": {"criteria": [{"name": "x"}]}},
        {"replications": 1},
    ],
    ids=str,
)
def test_what_no_file_may_say_fails(data):
    assert not passes(data)
