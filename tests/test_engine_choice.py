"""The choice of an engine changes no byte; where they part, the first event is named."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from factories import SCENARIOS, demand, facilities

from chargesim.engine.compiled.engine import CompiledWorld
from chargesim.engine.simpy.engine import World
from chargesim.errors import InputError
from chargesim.runs.case import build_case
from chargesim.runs.engine_choice import choose_engine
from chargesim.runs.engine_comparison import compare_engines, first_differing_event
from chargesim.runs.run_scenario import run_scenario
from chargesim.scenario.reading import load

SMALL = load(SCENARIOS / "small_city.yaml", ["replications=2"])


@pytest.fixture(scope="module")
def case():
    return build_case(SMALL)


def test_auto_takes_simpy_for_small_runs_and_the_compiled_engine_for_large_ones(case):
    assert choose_engine("auto", case, 59_999) == ("simpy", "fewer than 60,000 sessions")
    assert choose_engine("auto", case, 60_000) == ("compiled", "60,000 sessions or more")
    assert choose_engine("simpy", case, 1e9)[0] == "simpy"
    assert choose_engine("compiled", case, 1)[0] == "compiled"


def test_extensions_and_debugging_are_for_the_simpy_engine(case):
    extended = replace(case, task=replace(case.task, extensions=(lambda world: iter(()),)))
    debugged = replace(case, task=replace(case.task, debug=True))
    assert choose_engine("auto", extended, 1e9) == ("simpy", "an extension is a SimPy process")
    assert choose_engine("auto", debugged, 1e9) == ("simpy", "debugging checks SimPy events")
    with pytest.raises(
        InputError,
        match="--engine compiled: an extension is a SimPy process; leave it at auto",
    ):
        choose_engine("compiled", extended, 1e9)


def test_both_engines_leave_the_same_bytes(tmp_path):
    files = {}
    for engine in ("simpy", "compiled"):
        run = run_scenario(
            SMALL, out=tmp_path / engine / "run", progress=False, sessions="all", engine=engine
        )
        assert run.engine == f"{engine} (asked for)"
        manifest = json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))
        assert (manifest["engine"], manifest["engine_why"]) == (engine, "asked for")
        files[engine] = {
            str(path.relative_to(run.folder)): path.read_bytes()
            for path in sorted(run.folder.rglob("*"))
            if path.is_file() and path.name != "manifest.json"
        }
    assert len(files["simpy"]) >= 8
    assert files["simpy"] == files["compiled"]


def test_where_the_engines_part_both_events_are_told():
    p = facilities(guns=(1,))
    one, other = demand([0.0, 3.0]), demand([0.0, 4.0])
    events, parting = first_differing_event(World(p, [one], 0, 1), CompiledWorld(p, [other], 0, 1))
    assert parting == ("wish of vehicle 1 at 3.0 min", "wish of vehicle 1 at 4.0 min")
    assert events == 1
    assert first_differing_event(World(p, [one], 0, 1), CompiledWorld(p, [one], 0, 1))[1] is None


def test_a_small_city_agrees_event_by_event(case):
    compared = compare_engines(case, replication=1)
    assert compared.agree, (compared.differences, compared.first_event)
    assert compared.events > 5 * compared.sessions / 2


@pytest.mark.slow
def test_one_whole_day_of_the_default_case_agrees():
    compared = compare_engines(
        build_case(load(SCENARIOS / "chongqing_2025.yaml", ["horizon.lead_in_days=0"]))
    )
    assert compared.agree, (compared.differences, compared.first_event)
    assert compared.sessions > 45_000


@pytest.mark.parametrize("table", [demand([]), demand([5.0])], ids=["nobody", "one"])
def test_tables_without_rows_are_no_trouble(table):
    p = facilities(guns=(1,))
    _, log = CompiledWorld(p, [demand([]), table, demand([])], 0, 1).run()
    assert len(log) == len(table)


def test_the_pool_grows_where_many_are_under_way():
    """More vehicles at once than there is room for at the start."""
    table = demand(np.full(5000, 1.0), battery_kwh=1.0)
    _, log = CompiledWorld(facilities(guns=(1,)), [table], 0, 1).run()
    _, same = World(facilities(guns=(1,)), [table], 0, 1).run()
    assert all((log[name] == same[name]).all() for name in log.dtype.names)


def test_engines_command_says_that_they_agree(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "chargesim", "engines", str(SCENARIOS / "small_city.yaml")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert (
        "The engines AGREE, bit for bit: statistics, session log and order of events."
        in done.stdout
    )
