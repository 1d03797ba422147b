"""Test that a run can be repeated from its directory, and that a difference is found."""

import json
from dataclasses import replace

import numpy as np
import pytest
from factories import SCENARIOS
from typer.testing import CliRunner

from chargesim.cli import app
from chargesim.runs.run_scenario import run_scenario
from chargesim.runs.store import Store
from chargesim.scenario.reading import load


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("repeat") / "run"
    loaded = load(SCENARIOS / "small_city.yaml", ["replications=2", "fleet.stock=800"])
    run_scenario(loaded, out=made, progress=False, jobs=1, sessions="none")
    return made


def repeated(folder, *words):
    return CliRunner().invoke(app, ["repeat", str(folder), "--jobs", "1", *words])


def test_a_run_repeats_to_the_last_bit_in_the_other_engine_too(folder):
    before = sorted(path.name for path in folder.parent.iterdir())
    done = repeated(folder, "--engine", "simpy")
    assert done.stdout == "EQUAL: 2 replications, all KPIs and the verdict, to the last bit.\n"
    assert done.exit_code == 0
    assert sorted(path.name for path in folder.parent.iterdir()) == before


def test_another_number_is_found_and_named(folder):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    store = Store(folder / "replications", manifest["content"])
    totals = store.read(1)
    store.write(1, replace(totals, energy_kwh=np.nextafter(totals.energy_kwh, np.inf)))
    done = repeated(folder, "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 1
    assert found["differing"][0] == "replication 1: energy_kwh" and not found["equal"]


def test_what_is_no_run_is_refused(tmp_path):
    done = repeated(tmp_path)
    assert done.exit_code == 1
    assert "is no run directory" in done.stderr
