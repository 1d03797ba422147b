"""Test that numbers which no city can mean are refused, with the place where they are written."""

import math

import pytest
from factories import SCENARIOS
from network_files import copy_small_city

from chargesim.errors import InputError
from chargesim.scenario.plausible import MOST_ELSE, range_of
from chargesim.scenario.reading import load
from chargesim.scenario.schema import json_schema

SMALL = SCENARIOS / "small_city.yaml"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("choice.posted_refresh_min=1e15", "got 1e+15, needs at most 100000"),
        ("choice.posted_refresh_min=1e-7", "got 1e-07, needs 0 or at least 0.001"),
        ("stations.gun_kw=1e-308", "got 1e-308, needs 0 or at least 0.001"),
        ("stations.gun_kw=480000000", "got 4.8e+08, needs at most 1e+06"),
        ("stations.gun_kw={value: 480, low: 1, high: 1e12, source: x}", "got 1e+12, needs at mo"),
        (f"swap.kinds.taxi.packs={10**30}", "got 1e+30, needs at most 1000"),
        ("traffic.core_kmh=30000", "got 30000, needs at most 300"),
        ("fleet.stock=1e300", "got 1e+300, needs at most 1e+09"),
    ],
)
def test_a_number_that_no_city_can_mean_is_refused(change, fault):
    with pytest.raises(InputError) as caught:
        load(SMALL, [change])
    (line,) = caught.value.faults
    assert line.startswith(f"--set {change.partition('=')[0]}: {fault}")


def test_the_fault_names_file_and_line(tmp_path):
    scenario = copy_small_city(tmp_path) / "own.yaml"
    text = "extends: small_city.yaml\nname: own\nchoice:\n  posted_refresh_min: 2e7\n"
    scenario.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(scenario)
    assert caught.value.faults[0].startswith(f"{scenario}:4: choice.posted_refresh_min: got 2e+07")


def test_the_unit_is_the_end_of_the_key():
    assert range_of("posted_refresh_min") == (1e-3, 1e5)
    assert range_of("price_cny_kwh") == (1e-9, 1e4)
    assert range_of("truck_piles_per_station")[1] == 1000
    assert range_of("detour_factor") == (1e-9, MOST_ELSE)


def test_every_number_of_the_schema_has_a_largest_value():
    schema = json_schema()
    parts = {"scenario": schema, **schema["$defs"]}
    fields = [
        (f"{part}.{name}", field)
        for part, section in parts.items()
        for name, field in section.get("properties", {}).items()
        if name not in ("seed", "value", "low", "high")
        and field.get("type") in ("number", "integer")
    ]
    assert len(fields) > 20
    for name, field in fields:
        most = field.get("maximum", field.get("exclusiveMaximum", math.inf))
        assert math.isfinite(most), name
