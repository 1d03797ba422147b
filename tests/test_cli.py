"""Test the command line from outside: output, exit codes, no files when nothing was run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from factories import SCENARIOS
from network_files import copy_small_city, edit

SMALL = str(SCENARIOS / "small_city.yaml")
COMMAND = Path(sys.executable).with_name("chargesim")


def chargesim(*words, cwd, code=0):
    """Run the command; nobody who types something wrong ever sees a traceback."""
    start = [str(COMMAND)] if COMMAND.exists() else [sys.executable, "-m", "chargesim"]
    done = subprocess.run(
        [*start, *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=400,
        check=False,
    )
    assert "Traceback" not in done.stderr + done.stdout
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture
def empty(tmp_path):
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


def test_help_names_the_commands_and_comes_by_the_module_too(empty):
    done = subprocess.run(
        [sys.executable, "-m", "chargesim", "--help"],
        cwd=empty,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    for command in ("run", "check", "limit", "tornado", "uncertainty", "schema", "bench"):
        assert f" {command} " in done.stdout
    assert done.stderr == ""


def test_check_as_json_simulates_nothing(empty):
    done = chargesim("check", SMALL, "--set", "fleet.stock=6000", "--json", cwd=empty)
    checked = json.loads(done.stdout)
    assert done.stdout.startswith("{\n")
    assert {
        "title",
        "label",
        "stations",
        "piles",
        "swap_sites",
        "ledger",
        "stock",
        "sessions_per_day",
        "offered_load",
    } <= set(checked)
    assert (checked["stations"], checked["piles"], checked["swap_sites"], checked["stock"]) == (
        9,
        16,
        3,
        6000,
    )
    rows = {row["fleet"]: row for row in checked["ledger"]}
    assert rows["corridor"]["stock"] is None  # not known: null, never NaN
    assert sum(row["sessions_per_day"] for row in rows.values()) == pytest.approx(
        checked["sessions_per_day"]
    )
    assert list(empty.iterdir()) == []


def test_check_prints_the_ledger(empty):
    done = chargesim("check", SMALL, cwd=empty)
    for word in (
        "private car",
        "heavy truck",
        "corridor",
        "small invented city",
        "zones, roads and sites from tables",
    ):
        assert word in " ".join(done.stdout.split())
    assert done.stderr == ""


def test_run_as_json(empty):
    done = chargesim(
        "run",
        SMALL,
        "--replications",
        "2",
        "--seed",
        "3",
        "--jobs",
        "1",
        "--sessions",
        "none",
        "--no-figures",
        "--out",
        "mine",
        "--json",
        cwd=empty,
    )
    printed = json.loads(done.stdout)
    counts = {"replications", "look", "looks", "more_replications"}
    assert set(printed) == {
        "run_dir",
        "verdict",
        "criteria",
        "precision",
        "engine",
        "kpis",
        "out_of_reach",
        *counts,
    }
    assert (printed["replications"], printed["look"], printed["looks"], printed["precision"]) == (
        2,
        1,
        1,
        None,
    )
    assert printed["run_dir"] == "mine"
    assert printed["kpis"]
    assert all(row["scope"] == "city" for row in printed["kpis"])
    assert [path.name for path in empty.iterdir()] == ["mine"]
    manifest = json.loads((empty / "mine/manifest.json").read_text(encoding="utf-8"))
    assert (manifest["seed"], manifest["replications"], manifest["state"]) == (3, 2, "complete")
    stored = json.loads((empty / "mine/verdict.json").read_text(encoding="utf-8"))
    assert printed["verdict"] == stored["verdict"]
    assert printed["criteria"] == stored["criteria"]
    assert not (empty / "mine/sessions").exists()


def test_run_prints_the_answer_and_draws(empty):
    done = chargesim("run", SMALL, "--replications", "2", "--jobs", "1", cwd=empty)
    (folder,) = (empty / "runs").iterdir()
    assert folder.name.startswith("small_city-")
    assert any((folder / "figures").iterdir())
    assert (folder / "sessions/001.parquet").is_file()
    assert f"All results: runs/{folder.name}" in done.stdout
    assert "zones, roads and sites from tables" in " ".join(done.stdout.split())
    assert any(word in done.stdout.lower() for word in ("meets", "fails", "inconclusive"))


def test_schema_is_json(empty):
    schema = json.loads(chargesim("schema", cwd=empty).stdout)
    assert {"name", "fleets", "stations", "standard", "extends"} <= set(schema["properties"])


def test_errors_of_the_scenario_are_lines_and_exit_1(tmp_path, empty):
    folder = copy_small_city(tmp_path)
    with (folder / "small_city.yaml").open("a", encoding="utf-8") as file:
        file.write("\nchoise:\n  noise_min: 3\n")
    done = chargesim(
        "run",
        str(folder / "small_city.yaml"),
        "--set",
        "fleet.stock=many",
        "--json",
        cwd=empty,
        code=1,
    )
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert "choise" in done.stderr
    assert "choice" in done.stderr
    assert "--set fleet.stock" in done.stderr
    assert lines[-1] == "2 errors; nothing was run."
    assert list(empty.iterdir()) == []


def test_errors_of_a_table_are_lines_and_exit_1(tmp_path, empty):
    folder = copy_small_city(tmp_path)
    edit(folder / "small/zones.csv", "R01,29.5,", "R01,299,")
    done = chargesim("run", str(folder / "small_city.yaml"), cwd=empty, code=1)
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"{folder}/small/zones.csv:2: lat: got 299, needs -90..90",
        "1 error; nothing was run.",
    ]
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize("words", [("run", SMALL, "--replications", "1"), ("fly",)])
def test_wrong_usage_is_exit_2(empty, words):
    done = chargesim(*words, cwd=empty, code=2)
    assert done.stdout == ""
    assert "Usage:" in done.stderr
    assert list(empty.iterdir()) == []


def test_bench_as_json_measures_the_part_that_is_asked_for(empty):
    measured = json.loads(
        chargesim("bench", SMALL, "--part", "day", "--rounds", "1", "--json", cwd=empty).stdout
    )
    assert set(measured) == {"day", "queueing", "power", "scaling", "targets"}
    assert [one["name"] for one in measured["day"]["contenders"]] == [
        "naive SimPy",
        "SimPy engine",
        "compiled engine",
        "floor",
    ]
    assert measured["queueing"] == measured["power"] == measured["scaling"] == []
    assert list(empty.iterdir()) == []
