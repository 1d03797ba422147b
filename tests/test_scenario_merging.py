"""Check the rules by which a child is laid over its parent, and `--set` and Python over both."""

from pathlib import Path

import numpy as np
import pytest
from scenario_files import child, faults, new_folder

from chargesim.errors import InputError
from chargesim.scenario.reading import load

AREAS = {"core": 0.75, "west_ring": 0.13, "northeast": 0.09, "southeast": 0.03}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(new_folder(tmp_path))


def test_mappings_merge_lists_and_scalars_replace() -> None:
    loaded = child("stations:\n  piles: 5000\nstandard:\n  peak_hours: [8]\n")
    assert loaded.scenario.stations is not None
    assert loaded.scenario.stations.piles == 5000
    assert loaded.scenario.stations.counts.total == 2040
    assert loaded.scenario.standard.peak_hours == [8]
    assert loaded.scenario.name == "child"
    assert "extends" not in loaded.resolved


def test_number_over_an_assumption_drops_range_and_source() -> None:
    text = "fleets:\n  taxi:\n    active_share: 0.5\n"
    assert child(text).resolved["fleets"]["taxi"]["active_share"] == {
        "value": 0.5,
        "source": "set in child.yaml",
    }
    by_set = child("", ["fleets.taxi.active_share=0.5"]).resolved
    assert by_set["fleets"]["taxi"]["active_share"] == {
        "value": 0.5,
        "source": "set on the command line",
    }
    by_python = child("").replace({"fleets.taxi.active_share": 0.5}).resolved
    assert by_python["fleets"]["taxi"]["active_share"] == {"value": 0.5, "source": "set in Python"}


def test_number_over_null_has_a_source_too() -> None:
    stock = child("").replace({"fleet.stock": 1_200_000}).scenario.fleet.stock
    assert stock is not None
    assert (stock.value, stock.source) == (1_200_000, "set in Python")


def test_mapping_over_an_assumption() -> None:
    def active(entry: str) -> object:
        return child(f"fleets: {{taxi: {{active_share: {entry}}}}}").resolved["fleets"]["taxi"][
            "active_share"
        ]

    assert active("{value: 0.5}") == {"source": "set in child.yaml", "value": 0.5}
    assert active("{value: 0.5, low: 0.4}") == {
        "source": "set in child.yaml",
        "value": 0.5,
        "low": 0.4,
    }
    assert active("{value: 0.5, source: mine}") == {"value": 0.5, "source": "mine"}
    assert active("{low: 0.9}") == {
        "value": 0.95,
        "low": 0.9,
        "high": 0.98,
        "source": "assumed; Shaoguan 0.98",
    }


def test_setting_parts_of_an_assumption() -> None:
    assert child("", ["fleets.taxi.active_share.value=0.5"]).resolved["fleets"]["taxi"][
        "active_share"
    ] == {
        "source": "set on the command line",
        "value": 0.5,
    }
    assert (
        child("", ["fleets.taxi.active_share.low=0.9"]).resolved["fleets"]["taxi"]["active_share"][
            "value"
        ]
        == 0.95
    )


def test_mixes_are_replaced_whole() -> None:
    loaded = child("fleets:\n  taxi:\n    curves: {lfp400_80: 1.0}\n    area_weights: {core: 1}\n")
    assert loaded.resolved["fleets"]["taxi"]["curves"] == {"lfp400_80": 1.0}
    assert loaded.resolved["fleets"]["taxi"]["area_weights"] == {"core": 1}
    assert child("", ["fleets.taxi.curves={lfp400_80: 1.0}"]).resolved["fleets"]["taxi"][
        "curves"
    ] == {"lfp400_80": 1.0}
    assert child("").resolved["fleets"]["taxi"]["area_weights"] == AREAS


def test_one_share_of_a_mix_is_set_in_place() -> None:
    loaded = child(
        "",
        [
            "fleets.taxi.curves.lfp400_80=0.8",
            "fleets.taxi.curves.mid400_100=0.1",
            "fleets.taxi.curves.mid400_150=0.1",
        ],
    )
    assert {name: share.value for name, share in loaded.scenario.fleets["taxi"].curves.items()} == {
        "lfp400_80": 0.8,
        "mid400_100": 0.1,
        "mid400_150": 0.1,
    }


def test_null_stays_null_where_null_means_something() -> None:
    loaded = child("fleet: {stock: 3000}\n", ["fleet.stock=null"])
    assert loaded.scenario.fleet.stock is None
    assert loaded.resolved["fleet"]["stock"] is None
    assert child("corridors: null\n").scenario.corridors is None


def test_null_removes_entries_and_settings() -> None:
    loaded = child("fleets: {bus: null}\ntraffic: {periods: {day: null}}\nswap: {enabled: null}\n")
    assert "bus" not in loaded.scenario.fleets
    assert list(loaded.scenario.traffic.periods) == ["peak"]
    assert loaded.scenario.swap.enabled is True
    assert "enabled" not in loaded.resolved["swap"]
    assert "bus" not in child("", ["fleets.bus=null"]).scenario.fleets


def test_null_where_a_number_is_needed() -> None:
    assert faults("stations:\n  piles: null\n") == [
        "child.yaml:4: stations.piles: got null, needs a whole number"
    ]
    assert faults("fleets:\n  taxy: null\n") == [
        "child.yaml:4: fleets.taxy: got null, but there is none to remove; did you mean taxi?"
    ]


def test_new_entries() -> None:
    loaded = child("swap:\n  pack_types:\n    big: {kwh: 100, limits: 75kWh}\n")
    assert loaded.scenario.swap.pack_types["big"].kwh.value == 100
    assert len(loaded.scenario.swap.pack_types) == 4


def test_list_by_number() -> None:
    loaded = child("", ["standard.criteria.0.at_least=0.95"])
    assert loaded.scenario.standard.criteria[0].at_least == 0.95
    assert loaded.scenario.standard.criteria[1].minutes == 20


def test_values_of_set_are_yaml() -> None:
    loaded = child(
        "",
        [
            "seed=1e6",
            "fleet.stock=null",
            "standard.peak_hours=[7, 8]",
            "title=A name",
            "swap.enabled=false",
        ],
    )
    assert (
        loaded.scenario.seed,
        loaded.scenario.fleet.stock,
        loaded.scenario.standard.peak_hours,
    ) == (1_000_000, None, [7, 8])
    assert (loaded.scenario.title, loaded.scenario.swap.enabled) == ("A name", False)


def test_later_set_wins() -> None:
    assert child("seed: 1\n", ["seed=2", "seed=3"]).scenario.seed == 3


def test_section_that_was_null_can_be_set() -> None:
    Path("base.yaml").write_text("extends: chongqing_2025.yaml\nname: base\ncorridors: null\n")
    text = Path("chongqing_2025.yaml").read_text()
    section = text[text.index("corridors:") : text.index("standard:")]
    assert child(section, head="extends: base.yaml\nname: child\n").scenario.corridors is not None
    (first, *rest) = faults("", ["corridors.fleet=taxi"], head="extends: base.yaml\nname: child\n")
    assert first == (
        "--set corridors.fleet: corridors.vehicles_at_service_areas_per_day: is missing, it "
        "is needed here"
    )
    assert len(rest) == 10


def test_replace_takes_python_values() -> None:
    loaded = load("chongqing_2025.yaml")
    changed = loaded.replace(
        {
            "seed": np.int64(7),
            "fleet.stock": np.float64(5e5),
            "standard.peak_hours": (1, np.int32(2)),
            "tables.curves": Path("tables/charging_curves.csv"),
        }
    )
    assert changed.scenario.seed == 7
    assert changed.scenario.standard.peak_hours == [1, 2]
    assert changed.resolved["fleet"]["stock"]["value"] == 5e5
    assert (
        changed.replace({"fleets.taxi.stock": loaded.scenario.fleets["taxi"].stock})
        .scenario.fleets["taxi"]
        .stock.high
        == 13_000
    )


def test_replace_changes_nothing_of_the_original() -> None:
    loaded = load("chongqing_2025.yaml")
    before, mine = loaded.digest(), {"lfp400_80": 1.0}
    changed = loaded.replace({"fleets.taxi.curves": mine, "fleets.bus": None})
    mine["other"] = 2.0
    assert loaded.digest() == before
    assert "bus" in loaded.resolved["fleets"]
    assert changed.resolved["fleets"]["taxi"]["curves"] == {"lfp400_80": 1.0}
    assert loaded.replace({}).scenario == loaded.scenario


def test_replace_refuses_like_load() -> None:
    loaded = load("chongqing_2025.yaml")
    with pytest.raises(InputError) as caught:
        loaded.replace({"fleets.taxy.stock": 3, "fleets.taxi.active_share": 1.2})
    assert caught.value.faults == [
        "fleets.taxi.active_share: got 1.2, needs at most 1",
        "fleets.taxy.stock: unknown key; did you mean fleets.taxi.stock?",
    ]


def test_chain_of_parents_and_grandparents() -> None:
    Path("mid.yaml").write_text(
        "extends: chongqing_2025.yaml\nname: mid\nfleets: {taxi: {stock: 5}}\nseed: 4\n"
    )
    loaded = child("seed: 5\n", head="extends: mid.yaml\nname: child\n")
    assert loaded.scenario.seed == 5
    assert loaded.scenario.fleets["taxi"].stock.source == "set in mid.yaml"


def test_tables_of_a_parent_in_a_subfolder() -> None:
    Path("base").mkdir()
    text = Path("chongqing_2025.yaml").read_text().replace(": tables/", ": ../tables/")
    Path("base/city.yaml").write_text(text)
    loaded = child("", head="extends: base/city.yaml\nname: child\n")
    assert loaded.scenario.tables.curves == "tables/charging_curves.csv"
    assert all(path.is_file() for path in loaded.tables())
