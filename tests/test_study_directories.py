"""Test that a study's directory holds one answer, and that a second start takes it as it is."""

import json

import pytest
from factories import SCENARIOS
from typer.testing import CliRunner

from chargesim.cli import app
from chargesim.errors import InputError
from chargesim.experiment import compare as comparing
from chargesim.experiment import limit as limiting
from chargesim.experiment.compare import compare
from chargesim.experiment.limit import limit_study
from chargesim.experiment.tornado import tornado_study
from chargesim.experiment.uncertainty import DEFAULT, QUICK, uncertainty_study
from chargesim.runs import run_scenario as running
from chargesim.runs.open_run import open_run
from chargesim.runs.run_scenario import run_scenario
from chargesim.scenario.reading import load

SMALL = SCENARIOS / "small_city.yaml"
CHANGES = ["fleet.stock=1000", "corridors.vehicles_at_service_areas_per_day=500"]


def small(*changes):
    return load(SMALL, [*CHANGES, *changes])


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def test_whatever_changes_the_answer_names_the_directory():
    studies = [
        limit_study(small(), "stock"),
        limit_study(small(), "patience"),
        limit_study(small(), "stock", replications=41),
        limit_study(small(), "stock", levels=5),
        limit_study(small(), "stock", high=9000.0),
        limit_study(small(), "stock", direction="worse"),
        limit_study(small(), "stock", weekday="sunday"),
        limit_study(small("choice.noise_min=1"), "stock"),
        tornado_study(small()),
        tornado_study(small(), replications=7),
        uncertainty_study(small(), sizes=DEFAULT),
        uncertainty_study(small(), sizes=QUICK),
    ]
    assert len({study.folder for study in studies}) == len(studies)
    assert limit_study(small(), "stock").folder == studies[0].folder


def test_a_finished_study_is_shown_again_without_any_work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = ["limit", str(SMALL), "--vary", "stock", "--from", "500", "--to", "1500"]
    asked += ["--levels", "2", "--replications", "2", "--jobs", "1", "--set", CHANGES[1]]
    first = CliRunner().invoke(app, asked)
    assert first.exit_code == 0, first.output
    (folder,) = (tmp_path / "runs").iterdir()
    told = manifest(folder)
    assert (told["asked"]["vary"], told["replications"], told["engine"]) == ("stock", 2, "auto")
    assert told["set"] == {"corridors.vehicles_at_service_areas_per_day": 500}
    assert {"numpy", "pandas"} <= set(told["packages"]) and len(told["program_digest"]) == 64
    monkeypatch.setattr(limiting, "run_limit", lambda *_, **__: pytest.fail("runs again"))
    again = CliRunner().invoke(app, asked)
    assert again.exit_code == 0 and again.stdout == first.stdout
    data = CliRunner().invoke(app, [*asked, "--json"])
    assert json.loads(data.stdout)["key"] == "stock"
    for path in (folder / "figures").iterdir():
        path.unlink()
    with pytest.raises(pytest.fail.Exception):
        CliRunner().invoke(app, asked, catch_exceptions=False)
    assert CliRunner().invoke(app, [*asked, "--no-figures"]).exit_code == 0


def test_a_complete_run_stays_complete_when_more_is_interrupted(tmp_path, monkeypatch):
    out = tmp_path / "run"
    run_scenario(small("replications=2", "looks=1"), out=out, jobs=1, progress=False)
    before = manifest(out)

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(running.Replications, "first", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_scenario(small("replications=3", "looks=1"), out=out, jobs=1, progress=False)
    assert manifest(out) == before
    assert len(open_run(out).result.replications) == 2


def no_process(world):
    world.station(0)


def test_an_extension_that_is_no_process_says_so_and_its_run_has_failed(tmp_path):
    loaded = small("replications=2", "looks=1")
    with pytest.raises(InputError, match="extension no_process: is no process; it needs to yield"):
        run_scenario(loaded, out=tmp_path / "run", jobs=1, progress=False, extensions=[no_process])
    assert manifest(tmp_path / "run")["state"] == "failed"


def test_runs_of_two_program_versions_are_compared_with_a_note(tmp_path, monkeypatch):
    variants = tmp_path / "variants"
    for name, change in (("one", "choice.noise_min=3"), ("two", "choice.noise_min=1")):
        loaded = small("replications=2", "looks=1", change)
        run_scenario(loaded, out=variants / name, jobs=1, progress=False)
    told = manifest(variants / "two") | {"program_digest": "other"}
    (variants / "two" / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    folders = (variants / "one", variants / "two")
    done = compare(*folders, out=tmp_path / "compared", progress=False)
    assert [plan.name for plan in done.comparison.plans] == ["one", "two"]
    note = "two ran with another version of the program than one; a part of the difference may"
    assert any(text.startswith(note) for text in done.comparison.notes)
    written = manifest(tmp_path / "compared")
    assert (written["seed"], written["replications"]) == (load(SMALL).scenario.seed, 2)
    assert [plan["scenario"] for plan in written["plans"]] == ["small_city"] * 2
    other = comparing._identity([], 2, 1) != comparing._identity([], 3, 1)
    assert other
