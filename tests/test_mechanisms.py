"""Test that every mechanism is declared in full, and that docs/mechanisms.md has all."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from factories import ROOT, SCENARIOS

from chargesim.network.table_columns import SITE_ROW
from chargesim.runs.case import build_case
from chargesim.runs.mechanisms.declaration import ModelPart
from chargesim.runs.mechanisms.registry import (
    ALWAYS_ON,
    MECHANISMS,
    has_no_effect,
    mechanisms_table,
)
from chargesim.scenario.keys import field_type_at
from chargesim.scenario.model import Scenario
from chargesim.scenario.reading import load

PARTS: tuple[ModelPart, ...] = (*MECHANISMS, *ALWAYS_ON)
PLAN = load(SCENARIOS / "chongqing_2025.yaml")


def sections_with_a_switch(model, above=""):
    """Give the dotted keys of the sections that have the field `enabled`."""
    for name in model.model_fields:
        key = f"{above}{name}"
        section = field_type_at(model, (name,)).model
        if section is not None:
            if "enabled" in section.model_fields:
                yield key
            yield from sections_with_a_switch(section, f"{key}.")


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_declaration_is_complete(part):
    assert part.name
    assert part.source
    assert part.tests
    assert part.keys or part.name == "processes of the user's own"
    for key in part.keys:
        assert field_type_at(Scenario, tuple(key.split("."))) is not None, key
    for key, _ in getattr(part, "conditions", ()):
        assert key in part.keys
    for column in part.columns:
        assert column in SITE_ROW.model_fields, column


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_named_test_exists(part):
    for test in part.tests:
        file, name = test.split("::")
        tree = ast.parse((ROOT / "tests" / f"{file}.py").read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, test


def test_names_are_unique():
    assert len({part.name for part in PARTS}) == len(PARTS)


def test_every_section_with_a_switch_has_its_keys_without_effect_when_off():
    declared = {key for one in MECHANISMS for key in one.keys_when_off}
    switched = list(sections_with_a_switch(Scenario))
    assert len(switched) == 9
    assert {f"{key}.*" for key in switched} <= declared


def test_keys_when_off_need_a_switch():
    one = next(one for one in MECHANISMS if one.keys_when_off)
    with pytest.raises(ValueError, match="belong together"):
        replace(one, asked_for=None)


@pytest.mark.parametrize(
    ("key", "switch"),
    [
        ("reliability.mttr_h", {"reliability.failures": True}),
        ("reliability.failed_start_min", {"reliability.failed_start_share": 0.1}),
        ("fleets.taxi.flexible_min", {"tariff.enabled": True}),
        ("tariff.periods.peak.factor", {"tariff.enabled": True}),
        ("fleets.taxi.compliance", {"fleets.bus.connected_share": 0.1}),
        ("fleets.taxi.compliance", {"fleet.connected_share": 0.1}),
        ("stations.companions.gun_kw", {"stations.companions.per_ultra_fast_gun": 1}),
        ("stations.store.kwh", {"stations.store.enabled": True}),
        (
            "choice.reservation.hold_min",
            {"choice.reservation.enabled": True, "fleet.connected_share": 0.1},
        ),
    ],
)
def test_a_key_has_no_effect_until_its_mechanism_is_asked_for(key, switch):
    off = PLAN.replace({"reliability.failures": False})
    assert has_no_effect(off.scenario, key)
    assert not has_no_effect(off.replace(switch).scenario, key)


@pytest.mark.parametrize(
    "key", ["fleets.taxi.patience_min", "swap.kinds.taxi.swap_min", "outside.drive_min.core"]
)
def test_a_key_of_what_is_on_has_an_effect(key):
    assert not has_no_effect(PLAN.scenario, key)


def test_a_reservation_that_nobody_connected_can_make_has_no_effect():
    reserved = PLAN.replace({"choice.reservation.enabled": True}).scenario
    assert has_no_effect(reserved, "choice.reservation.hold_min")


def test_the_page_of_mechanisms_has_the_table_of_the_declarations():
    """To renew it: `python -m chargesim.runs.mechanisms.registry scenarios/chongqing_2025.yaml`."""
    text = Path(ROOT / "docs" / "mechanisms.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert "\n".join(lines) == mechanisms_table(build_case(PLAN))
