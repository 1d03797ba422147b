"""Test what a new user starts with: shipped scenarios by name, folders of one's own, the wheel."""

import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chargesim.cli import app
from chargesim.cli.options import complete_scenario, complete_start
from chargesim.errors import InputError
from chargesim.runs.case import build_case
from chargesim.scenario.new_folder import BLANK, new_folder, startable_names
from chargesim.scenario.reading import load
from chargesim.scenario.shipped import FOLDER, shipped_names, shipped_titles

ROOT = Path(__file__).parent.parent
CHECKOUT = ROOT / "scenarios"


def command(*words):
    return CliRunner().invoke(app, words)


def test_the_package_ships_the_scenarios_of_the_checkout():
    assert shipped_names() == sorted(path.stem for path in CHECKOUT.glob("*.yaml"))
    assert FOLDER.resolve() == CHECKOUT.resolve()


def test_the_list_has_a_line_for_each_scenario():
    done = command("scenarios")
    assert done.exit_code == 0
    for name, title in shipped_titles().items():
        assert any(line.split(maxsplit=1) == [name, title] for line in done.output.splitlines())
    assert shipped_titles()["small_city_pooled"] == load("small_city_pooled").scenario.title


def test_a_bare_name_is_a_shipped_scenario_but_a_file_goes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load("small_city").digest() == load(CHECKOUT / "small_city.yaml").digest()
    Path("small_city").write_text("name: mine\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load("small_city")
    assert all(fault.startswith("small_city:") for fault in caught.value.faults)


def test_an_unknown_bare_name_is_refused_with_the_nearest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = command("check", "smal_city")
    assert done.exit_code == 1
    assert "did you mean small_city?" in done.stderr
    assert "chargesim scenarios" in done.stderr


@pytest.mark.parametrize("source", ["chongqing_2025", "small_city", "small_city_pooled", BLANK])
def test_a_new_folder_is_ready_to_check(tmp_path, monkeypatch, source):
    monkeypatch.chdir(tmp_path)
    done = command("new", "my-city", "--from", source)
    assert done.exit_code == 0, done.output
    loaded = load("my-city/my-city.yaml")
    assert loaded.scenario.name == "my-city"
    if source != BLANK:
        original = load(CHECKOUT / f"{source}.yaml").scenario
        assert loaded.scenario == original.model_copy(update={"name": "my-city"})
    text = Path("my-city/my-city.yaml").read_text(encoding="utf-8")
    comments = [line for line in text.splitlines() if "#" in line]
    assert len(comments) >= (20 if source in (BLANK, "chongqing_2025") else 2)
    assert not any(path.is_symlink() for path in Path("my-city").rglob("*"))
    assert [path.name for path in tmp_path.iterdir()] == ["my-city"]


@pytest.mark.parametrize("name", ["2030", "1.10", "null", "true", "1e3"])
def test_a_name_that_looks_like_a_number_stays_a_name(tmp_path, name):
    made = new_folder(tmp_path / name, "small_city")
    assert load(made.scenario).scenario.name == name


def test_the_blank_template_builds_a_city_that_every_fleet_can_use(tmp_path):
    made = new_folder(tmp_path / "town", BLANK)
    case = build_case(load(made.scenario))
    assert {path.name for path in made.tables} >= {"zones.csv", "roads.csv", "sites.csv"}
    assert len(case.network.sites) == 3
    access = set(case.network.sites.access)
    assert "truck" not in access
    assert "heavy_truck" not in case.scenario.fleets


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("there", BLANK, "there already"),
        ("a city", BLANK, "no name of a scenario"),
        ("..", BLANK, "no name of a scenario"),
        ("x" * 81, BLANK, "no name of a scenario"),
        ("city", "smal_city", "did you mean small_city?"),
        ("chongqing_2025", "small_city", "give another"),
        ("there/file/city", BLANK, "cannot be made"),
    ],
)
def test_a_folder_that_cannot_be_made_leaves_everything_as_it_was(
    tmp_path, monkeypatch, name, source, said
):
    monkeypatch.chdir(tmp_path)
    Path("there").mkdir()
    Path("there/file").write_text("mine", encoding="utf-8")
    done = command("new", name, "--from", source)
    assert done.exit_code == 1
    assert said in done.stderr
    assert "nothing was made" in done.stderr
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == [
        "there",
        "there/file",
    ]
    assert Path("there/file").read_text(encoding="utf-8") == "mine"


def test_an_imported_table_goes_into_a_new_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command("new", "town").exit_code == 0
    text = "id,lat,lon,fast,slow\nA,29.501,106.502,2,4\nB,29.519,106.511,0,3\n"
    Path("list.csv").write_text(text, encoding="utf-8")
    given = "guns:\n  - {count: fast, kw: 150}\n  - {count: slow, kw: 11}\n"
    Path("columns.yaml").write_text(given, encoding="utf-8")
    done = command(
        "import", "stations", "list.csv", "--map", "columns.yaml", "--district", "Centre",
        "--out", "town/tables/sites.csv",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    sites = build_case(load("town/town.yaml")).network.sites
    assert sites.id == ("A", "B")
    assert sites.guns.tolist() == [6, 3]
    assert sites.companions.tolist() == [4, 0]
    assert sites.gun_kw.tolist() == [150.0, 11.0]


def test_completion_knows_files_and_shipped_scenarios(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("small").mkdir()
    Path("small/town.yaml").touch()
    Path("small.txt").touch()
    assert complete_scenario("small") == ["small/", "small_city", "small_city_pooled"]
    assert complete_scenario("small/t") == ["small/town.yaml"]
    assert complete_start("bl") == ["blank", "blackout_yubei"]
    assert startable_names()[0] == BLANK
    assert "--install-completion" in command("--help").output


@pytest.mark.slow
def test_the_wheel_has_all_scenarios_and_their_tables(tmp_path):
    backend = find_spec("setuptools") is not None and version("setuptools")
    if not backend or int(backend.split(".")[0]) < 77 or find_spec("pip") is None:
        pytest.skip("NOT TESTED: without pip and setuptools 77 no wheel can be built here")
    source = tmp_path / "source"
    source.mkdir()
    for name in ("chargesim", "scenarios"):
        kept = shutil.ignore_patterns("__pycache__", "*.nb?")
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=kept)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(source)], check=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if "/scenarios/" in name}
    files = [path for path in CHECKOUT.rglob("*") if path.is_file()]
    assert inside == {f"chargesim/scenarios/{path.relative_to(CHECKOUT)}" for path in files}
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    (tmp_path / "elsewhere").mkdir()
    for words in (["new", "town"], ["check", "small_city"], ["check", "town/town.yaml"]):
        done = subprocess.run(
            [sys.executable, "-m", "chargesim", *words],
            cwd=tmp_path / "elsewhere",
            env={"PYTHONPATH": str(tmp_path / "installed"), "PATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "elsewhere/town/tables/zones.csv").is_file()
