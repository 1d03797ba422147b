"""Test that numbers which no run could use are refused where they are set."""

from pathlib import Path

import pytest

from chargesim.errors import InputError
from chargesim.scenario.reading import load

PLAN = Path(__file__).parent.parent / "scenarios" / "chongqing_2025.yaml"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("grid.efficiency=0", "--set grid.efficiency: got 0, needs more than 0"),
        ("grid.efficiency=1.1", "--set grid.efficiency: got 1.1, needs at most 1"),
        (
            "corridors.consumption_factor=-1",
            "--set corridors.consumption_factor: got -1, needs more than 0",
        ),
        (
            "corridors.consumption_factor=0",
            "--set corridors.consumption_factor: got 0, needs more than 0",
        ),
        ("stations.gun_kw=0", "--set stations.gun_kw: got 0, needs more than 0"),
        ("fleets.taxi.stock=-1", "--set fleets.taxi.stock: got -1, needs at least 0"),
        ("fleet.rural_weight=2", "--set fleet.rural_weight: got 2, needs at most 1"),
        ("replications=1", "--set replications: got 1, needs at least 2"),
    ],
)
def test_a_number_out_of_bounds_is_told(change, text):
    with pytest.raises(InputError) as caught:
        load(PLAN, [change])
    assert str(caught.value) == text


@pytest.mark.parametrize(
    "change",
    [
        "grid.efficiency=1",
        "fleet.rural_weight=0",
        "fleets.taxi.stock=0",
        "outside.drive_min.core=0",
    ],
)
def test_a_number_at_its_bound_is_taken(change):
    load(PLAN, [change])
