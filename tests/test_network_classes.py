"""Test classes of districts under a user's own names, and what is said of unknown ones."""

import numpy as np
import pytest
from network_files import copy_small_city, edit, network_faults

from chargesim.errors import InputError
from chargesim.network.zone_weights import zone_weights
from chargesim.runs.case import build_case
from chargesim.scenario.reading import load

FLEETS = ("private_car", "taxi", "ride_hailing", "logistics_van", "bus", "heavy_truck")
OWN = [
    "outside.drive_min.old-town=4",
    "outside.drive_min.Hafen_ö=11",
    *(f"fleets.{name}.area_weights={{old-town: 3, Hafen_ö: 1}}" for name in FLEETS),
]


@pytest.fixture
def folder(tmp_path):
    return copy_small_city(tmp_path)


def rename(folder):
    path = folder / "small/zones.csv"
    text = path.read_text(encoding="utf-8").replace(",core,", ",old-town,")
    path.write_text(text.replace(",west_ring,", ",Hafen_ö,").replace(",northeast,", ",Hafen_ö,"),
                    encoding="utf-8")  # fmt: skip


def test_a_city_has_classes_of_its_own(folder):
    """Weights and the outside option follow the user's names."""
    rename(folder)
    case = build_case(load(folder / "small_city.yaml", [*OWN, "corridors=null"]))
    network, scenario = case.network, case.scenario
    assert set(network.districts.area_class) == {"old-town", "Hafen_ö"}
    weights = zone_weights(scenario.fleets["taxi"], network.zones, network.districts, 1.0)
    classes = np.array(network.districts.area_class)[network.zones.district]
    assert weights[classes == "old-town"].sum() == pytest.approx(0.75)
    handling = (
        scenario.stations.handling_before_min.value + scenario.stations.handling_after_min.value
    )
    outside = case.task.facilities.outside_min[: len(classes)] - handling
    assert outside == pytest.approx(np.where(classes == "old-town", 4.0, 11.0))


def test_a_class_that_nothing_knows_is_refused(folder):
    edit(folder / "small/zones.csv", "R03,29.5,106.528,Riverside,core",
         "R03,29.5,106.528,Harbour,cor")  # fmt: skip
    assert network_faults(folder) == [
        "small/zones.csv:4: area_class: got cor, which outside.drive_min does not have; did you "
        "mean core? outside.drive_min has core, west_ring, northeast, southeast; a class of your "
        "own belongs there, too"
    ]
    assert network_faults(folder, ("outside.drive_min.cor=5",)) == [
        "small/zones.csv:4: area_class: got cor, for which no fleet has a weight in area_weights"
    ]


@pytest.mark.parametrize(
    ("change", "key", "near"),
    [
        ("fleets.taxi.area_weights={core: 1, west_rim: 1}", "fleets.taxi.area_weights.west_rim",
         "west_ring"),
        ("layout.urban_share.cor=0.5", "layout.urban_share.cor", "core"),
        ("layout.observed_share.nordeast=0.5", "layout.observed_share.nordeast", "northeast"),
    ],
)  # fmt: skip
def test_what_is_keyed_by_class_knows_the_classes(folder, change, key, near):
    with pytest.raises(InputError) as caught:
        load(folder / "chongqing_2025.yaml", [change])
    assert f"{key}: unknown class of district; did you mean {near}?" in str(caught.value)


def test_the_layout_of_a_plan_knows_four_classes(folder):
    path = folder / "tables/chongqing_districts.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    number = next(n for n, line in enumerate(lines) if ",core," in line)
    lines[number] = lines[number].replace(",core,", ",centre,")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    changes = ("outside.drive_min.centre=5", "fleets.bus.area_weights={centre: 1}")
    *share, place = network_faults(folder, changes, "chongqing_2025.yaml")
    assert all(one.endswith("layout.urban_share has none for the class centre") for one in share)
    assert place == (
        f"tables/chongqing_districts.csv:{number + 1}: class: got centre; a plan that places its "
        "sites knows core, west_ring, northeast, southeast alone (stations.counts): give city.sites"
    )
