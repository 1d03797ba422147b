"""Check what a loaded scenario offers: its digest, its tables, its record that loads again."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_files import SCENARIOS, child, new_folder

from chargesim.errors import InputError
from chargesim.scenario.assumption import TABLE_FILE
from chargesim.scenario.keys import field_type_at, keys_with_note
from chargesim.scenario.model import Scenario
from chargesim.scenario.reading import TABLE_KEYS, dump_yaml, load
from chargesim.scenario.unseen import first_unseen

BASE = load(SCENARIOS / "chongqing_2025.yaml")
SHARES = st.just(0.0) | st.floats(1e-6, 1)
ANY_TEXT = st.text(min_size=1, max_size=30).filter(lambda text: first_unseen(text) < 0)


@pytest.fixture
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(new_folder(tmp_path))


def test_table_keys_are_all_fields_that_name_a_file() -> None:
    described = {key for key in _text_keys() if _described_as_file(key)}
    assert set(TABLE_KEYS) == described == set(keys_with_note(Scenario, TABLE_FILE))


def test_tables_are_the_files_named() -> None:
    assert [path.name for path in BASE.tables()] == [
        "chongqing_districts.csv",
        "chongqing_links.csv",
        "chongqing_gateways.csv",
        "pack_charge_limits.csv",
        "adoption.csv",
        "charging_curves.csv",
        "hourly_profiles.csv",
    ]
    assert all(path.is_file() for path in BASE.tables())


@pytest.mark.usefixtures("_here")
def test_digest_follows_content() -> None:
    first = load("chongqing_2025.yaml")
    assert first.digest() == load("chongqing_2025.yaml").digest()
    assert first.digest() == BASE.digest()
    assert first.replace({"seed": 1}).digest() != first.digest()
    assert first.replace({"seed": first.scenario.seed}).digest() == first.digest()
    with Path("tables/charging_curves.csv").open("a") as file:
        file.write("\n")
    assert load("chongqing_2025.yaml").digest() != BASE.digest()


@pytest.mark.usefixtures("_here")
def test_digest_of_a_table_that_went_away() -> None:
    loaded = load("chongqing_2025.yaml")
    Path("tables/adoption.csv").unlink()
    with pytest.raises(
        InputError, match=r"^tables/adoption\.csv: cannot be read: No such file or directory$"
    ):
        loaded.digest()


@pytest.mark.usefixtures("_here")
def test_comments_and_order_do_not_matter() -> None:
    one = child("seed: 3\nreplications: 5\n")
    other = child("# a comment\nreplications: 5\nseed: 3\n")
    assert one.scenario == other.scenario
    assert one.digest() == other.digest()


@pytest.mark.usefixtures("_here")
def test_one_change_may_be_given_as_text() -> None:
    assert load("chongqing_2025.yaml", "seed=3").scenario.seed == 3


@pytest.mark.usefixtures("_here")
def test_tables_are_relative_to_the_scenario() -> None:
    Path("away").mkdir()
    shutil.move("tables", "away")
    shutil.move("chongqing_2025.yaml", "away")
    loaded = load("away/chongqing_2025.yaml")
    assert loaded.folder == Path("away")
    assert loaded.path == Path("away/chongqing_2025.yaml")
    assert loaded.digest() == BASE.digest()


def test_the_record_has_no_extends_and_keeps_the_order() -> None:
    text = dump_yaml(BASE.resolved)
    assert text.startswith("name: chongqing_2025\n")
    assert "extends" not in text
    assert "stock: null" in text


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "seed": st.integers(0, 2**63),
        "title": ANY_TEXT,
        "fleet.stock": st.none() | st.floats(1e-9, 1e9) | st.integers(0, 10**9),
        "fleets.taxi.active_share": SHARES
        | st.fixed_dictionaries({"value": SHARES, "source": ANY_TEXT}),
        "fleets.taxi.access": st.lists(
            st.sampled_from(["public", "taxi", "truck", "expressway"]), min_size=1, max_size=4
        ),
        "fleets.bus": st.none(),
        "swap.enabled": st.booleans(),
        "corridors": st.none(),
        "standard.criteria.0.at_least": SHARES,
        "stations.reading": ANY_TEXT,
    },
)


@settings(max_examples=25)
@given(changes=CHANGES)
def test_dump_and_load_give_the_same_scenario(
    changes: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "round_trip"
    if not folder.exists():
        folder.mkdir()
        new_folder(folder)
    changed = BASE.replace(changes)
    path = folder / "scenario.resolved.yaml"
    path.write_text(dump_yaml(changed.resolved), encoding="utf-8", newline="")
    again = load(path)
    assert again.scenario == changed.scenario
    assert again.resolved == changed.resolved
    assert again.digest() == changed.digest()


def _text_keys(above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    slot = field_type_at(Scenario, above)
    assert slot is not None
    if slot.model is None:
        return [above] if slot.annotation is str else []
    return [key for name in slot.model.model_fields for key in _text_keys((*above, name))]


def _described_as_file(key: tuple[str, ...]) -> bool:
    above = field_type_at(Scenario, key[:-1])
    assert above is not None
    assert above.model is not None
    return str(above.model.model_fields[key[-1]].description).startswith(("CSV", "Parquet"))


def test_a_character_that_nobody_sees_is_refused_from_python_too() -> None:
    with pytest.raises(InputError, match=r"title: holds a control character \(U\+001F\)"):
        BASE.replace({"title": "a\x1fb"})
