"""Test series from outside: what the command line prints, its JSON, its exit codes."""

import json

import pytest
from network_files import copy_small_city
from test_cli import chargesim
from test_series import SERIES, write


@pytest.fixture
def child(tmp_path):
    return str(write(copy_small_city(tmp_path)))


def test_run_prints_the_comparison_and_draws_it(child, tmp_path):
    done = chargesim("run", child, "--jobs", "1", "--out", "mine", cwd=tmp_path)
    text = " ".join(done.stdout.split())
    for words in (
        "What do more vehicles bring?",
        "no noise",
        "6000",
        "The criteria along the series: plan",
        "the whole standard",
    ):
        assert words in text
    assert "All results: mine" in text
    made = {
        path.relative_to(tmp_path / "mine").as_posix() for path in (tmp_path / "mine").rglob("*")
    }
    assert {
        "manifest.json",
        "series.json",
        "series.csv",
        "differences.csv",
        "criteria.txt",
        "figures/series.png",
        "figures/series.svg",
    } <= made
    assert {"variants/plan_3000/verdict.json", "variants/no-noise_6000/kpis.csv"} <= made
    assert not any("sessions" in name or name.endswith(".partial") for name in made)


def test_run_as_json_is_one_object(child, tmp_path):
    words = (
        "--replications",
        "3",
        "--seed",
        "5",
        "--set",
        "series.values=[3000]",
        "--sessions",
        "all",
        "--no-figures",
        "--json",
    )
    done = chargesim("run", child, *words, "--jobs", "1", "--out", "mine", cwd=tmp_path)
    printed = json.loads(done.stdout)
    assert set(printed) == {"series_dir", "question", "variants", "differences", "criteria", "note"}
    assert [(one["line"], one["value"], one["folder"]) for one in printed["variants"]] == [
        ("plan", 3000, "variants/plan_3000"),
        ("no noise", 3000, "variants/no-noise_3000"),
    ]
    for one in printed["variants"]:
        manifest = json.loads(
            (tmp_path / "mine" / one["folder"] / "manifest.json").read_text(encoding="utf-8")
        )
        assert (manifest["seed"], manifest["replications"], manifest["sessions_kept"]) == (
            5,
            3,
            True,
        )
        assert {kpi["n"] for kpi in one["kpis"]} == {3}
    assert {told["line"] for told in printed["criteria"]} == {"plan", "no noise"}
    assert not (tmp_path / "mine/figures").exists()


@pytest.mark.slow
def test_check_lists_the_variants_and_runs_nothing(child, tmp_path):
    done = chargesim("check", child, cwd=tmp_path)
    assert "Series of 4 variants, about" in done.stdout
    one = chargesim(
        "check",
        child,
        "--set",
        "series.values=[10]",
        "--set",
        "series.lines={no noise: null}",
        cwd=tmp_path,
    ).stdout
    assert "Series of 1 variant, about" in one
    assert "    no noise, 6000\n" in done.stdout
    listed = json.loads(chargesim("check", child, "--json", cwd=tmp_path).stdout)
    assert [one["folder"] for one in listed["variants"]] == [
        f"variants/{name}" for name in ("plan_3000", "plan_6000", "no-noise_3000", "no-noise_6000")
    ]
    assert listed["stock"] == 3000  # the first variant
    assert all(one["idle"] == [] for one in listed["variants"])
    held = chargesim(
        "check", child, "--set", "choice.reservation.enabled=true", cwd=tmp_path
    ).stdout
    assert (
        held.count("        idle: choice.reservation: is on, but no vehicle follows the cloud") == 4
    )
    assert not (tmp_path / "runs").exists()


def test_debug_is_for_one_scenario(child, tmp_path):
    done = chargesim("run", child, "--debug", cwd=tmp_path, code=1)
    assert done.stderr.splitlines()[0] == (
        "--debug: is for one scenario, not for a series; run a variant by itself with "
        "--set series=null"
    )
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_misspelt_key_is_one_line_and_exit_1(tmp_path, command):
    path = write(copy_small_city(tmp_path), SERIES.replace("fleet.stock", "fleet.stok"))
    done = chargesim(command, str(path), cwd=tmp_path, code=1)
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "scenarios/child.yaml:7: fleet.stok: unknown key; did you mean fleet.stock?",
        "1 error; nothing was run.",
    ]
    assert not (tmp_path / "runs").exists()


def test_without_the_series_the_base_runs(child, tmp_path):
    done = chargesim(
        "run",
        child,
        "--set",
        "series=null",
        "--no-figures",
        "--json",
        "--jobs",
        "1",
        "--out",
        "mine",
        cwd=tmp_path,
    )
    assert {"run_dir", "verdict", "criteria", "engine", "kpis"} <= set(json.loads(done.stdout))
