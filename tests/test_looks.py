"""Test that a run looks again while a criterion is open, and what it says of missing parts."""

import json
from concurrent.futures.process import BrokenProcessPool

import pytest
from factories import SCENARIOS
from network_files import copy_small_city, edit
from rich.console import Console
from typer.testing import CliRunner

from chargesim.analysis.verdict import decided
from chargesim.cli import EXIT_CODES, app
from chargesim.errors import InputError, RunStoppedError
from chargesim.runs import replications as running
from chargesim.runs.parallel import Pool, pool_of
from chargesim.runs.precision import Precision
from chargesim.runs.run_scenario import run_scenario
from chargesim.scenario.reading import load
from chargesim.view.run_details import print_precision

CLOSE = (
    "standard.criteria=[{{name: cars, measure: served_within, scope: cars, minutes: 10, "
    "at_least: {}, source: assumed}}]"
)
"""A standard of one criterion, which most of the small city's cars reach."""


def small(at_least, *changes, count=10):
    standard = CLOSE.format(at_least)
    return load(SCENARIOS / "small_city.yaml", [f"replications={count}", standard, *changes])


@pytest.fixture(scope="module")
def edge(tmp_path_factory):
    """Return the share that ten replications serve within 10 min: a threshold that none decide."""
    run = go(tmp_path_factory.mktemp("edge") / "run", small(0.5))
    return run.verdict.criteria[0].estimate


def go(folder, loaded, **options):
    return run_scenario(
        loaded, out=folder, progress=False, sessions="none", **{"jobs": 1, **options}
    )


def manifest(run):
    return json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in (folder / "replications").iterdir()}


def test_an_open_criterion_goes_on_to_the_next_look_with_the_replications_that_are_there(
    tmp_path, edge
):
    once = go(tmp_path / "run", small(edge))
    assert (once.verdict.verdict, once.verdict.looks, once.verdict.replications) == (
        "inconclusive",
        1,
        10,
    )
    before = bytes_of(once.folder)
    again = go(tmp_path / "run", small(edge, "looks=2"))  # another number of looks is the same run
    assert (
        again.verdict.look,
        again.verdict.looks,
        again.verdict.replications,
        len(again.result.replications),
    ) == (2, 2, 20, 20)
    assert again.verdict.scope.endswith("20 replications")
    assert manifest(again)["replications_run_now"] == 10
    after = bytes_of(again.folder)
    assert {name: after[name] for name in before} == before
    assert len(after) == 20


def test_the_budget_ends_inconclusive_with_the_replications_still_needed(tmp_path):
    """Eight replications decide nothing, however clear the case is."""
    run = go(tmp_path / "run", small(0.5, "looks=2", count=4))
    assert (run.verdict.verdict, run.verdict.look, run.verdict.replications) == (
        "inconclusive",
        2,
        8,
    )
    assert run.verdict.more_replications == 2
    assert run.verdict.too_few == "fewer than 10 replications give no verdict"
    assert "5 % spent" in run.verdict.note


def test_a_clear_case_stops_at_the_first_look_and_spends_only_its_share(tmp_path):
    run = go(tmp_path / "run", small(0.5, "looks=4"))
    assert decided(run.verdict)
    assert (run.verdict.verdict, run.verdict.look, run.verdict.replications) == ("meets", 1, 10)
    assert run.verdict.confidence_of_a_look == pytest.approx(0.9875)
    assert manifest(run)["replications_run_now"] == 10


def test_precision_runs_on_and_decides_no_verdict(tmp_path):
    plain = go(tmp_path / "plain", small(0.9))
    run = go(
        tmp_path / "run",
        small(0.9),
        precision=Precision.parse("wishes_per_day/group/cars=6"),
        budget=40,
    )
    assert run.reached.interval.n == len(run.result.replications) > 10
    assert run.reached.reached == (run.reached.half_width <= 6) == (run.reached.interval.n < 40)
    assert run.verdict == plain.verdict
    assert run.verdict.replications == 10
    rows = run.kpis[(run.kpis["kpi"] == "wishes_per_day") & (run.kpis["key"] == "cars")]
    assert rows["n"].tolist() == [run.reached.interval.n]
    judged_again = go(tmp_path / "run", small(0.9))
    assert judged_again.verdict == plain.verdict
    assert len(judged_again.result.replications) == 10


def test_precision_that_is_not_reached_says_so(tmp_path):
    run = go(
        tmp_path / "run",
        small(0.5),
        precision=Precision.parse("wait_mean_served_min=0.1%"),
        budget=11,
    )
    assert (run.reached.reached, run.reached.interval.n) == (False, 11)


def test_a_precision_of_what_never_varies_is_not_estimated(tmp_path):
    run = go(
        tmp_path / "run",
        small(0.2, "fleet.stock=100"),
        precision=Precision.parse("share_lost/group/cars=5%"),
        budget=12,
    )
    assert (run.reached.interval.equal, run.reached.reached, run.reached.interval.n) == (
        True,
        False,
        10,
    )
    console = Console(width=200, record=True)
    print_precision(console, run.reached, run.verdict)
    assert (
        "0 % in each of 10 replications: nothing varies, so no half-width can be told"
        in console.export_text()
    )


@pytest.mark.parametrize(
    "text",
    [
        "wait_mean_served_min",
        "wait_mean_served_min=0",
        "=1",
        "share_lost/group=0.1",
        "share_lost=1e999",
    ],
)
def test_a_precision_in_no_form_is_refused(text):
    with pytest.raises(InputError, match="needs KPI=HALF_WIDTH"):
        Precision.parse(text)


def test_a_precision_of_no_kpi_is_refused_before_anything_runs(tmp_path):
    with pytest.raises(InputError, match="did you mean 'share_lost'"):
        go(tmp_path / "run", small(0.9), precision=Precision.parse("share_lots=0.1"))
    assert not (tmp_path / "run").exists()


@pytest.fixture
def killed(monkeypatch):
    """Let the worker that comes to the third replication be killed."""

    class Killed(Pool):
        def run(self, function, calls, **words):
            for call in calls:
                if call[1] == 2:
                    raise RunStoppedError("A worker process was killed")
                yield function(*call)

    monkeypatch.setattr(running, "pool_of", lambda jobs: Killed())


def test_a_killed_worker_leaves_an_incomplete_verdict_of_what_is_there(tmp_path, killed):
    with pytest.raises(RunStoppedError) as caught:
        go(tmp_path / "run", small(0.5))
    run = caught.value.run
    assert run.verdict.verdict == "incomplete"
    assert (run.verdict.replications, run.verdict.planned_replications) == (2, 10)
    assert manifest(run)["state"] == "incomplete"
    assert (
        json.loads((run.folder / "verdict.json").read_text(encoding="utf-8"))["verdict"]
        == "incomplete"
    )


def test_a_broken_pool_is_a_stopped_run(monkeypatch):
    import joblib

    class Broken:
        def __init__(self, **options):
            pass

        def __call__(self, jobs):
            raise BrokenProcessPool("killed")

    monkeypatch.setattr(joblib, "Parallel", Broken)
    with pytest.raises(RunStoppedError, match="the same command goes on from there"):
        list(pool_of(2).run(print, [(), ()], what="calls", progress=False))


def command(tmp_path, at_least, *words, scenario=SCENARIOS / "small_city.yaml"):
    changes = [
        "--set",
        "replications=10",
        "--set",
        CLOSE.format(at_least),
        "--jobs",
        "1",
        "--no-figures",
        "--out",
        str(tmp_path / "run"),
    ]
    return CliRunner().invoke(app, ["run", str(scenario), *changes, *words])


@pytest.mark.parametrize(
    ("at_least", "state"), [(0.5, "meets"), (0.99, "fails"), (None, "inconclusive")]
)
def test_exit_codes_give_a_verdict_that_is_required(tmp_path, at_least, state, edge):
    at_least = edge if at_least is None else at_least
    done = command(tmp_path, at_least, "--require-verdict", "--json")
    assert json.loads(done.stdout)["verdict"] == state
    assert done.exit_code == EXIT_CODES[state] == {"meets": 0, "fails": 3, "inconclusive": 4}[state]
    assert command(tmp_path, at_least).exit_code == 0


def test_an_incomplete_run_prints_its_verdict_and_exits_5(tmp_path, killed):
    done = command(tmp_path, 0.5, "--require-verdict")
    assert done.exit_code == 5
    assert "INCOMPLETE: no verdict (2 of 10 replications are there)" in done.stdout
    assert "A worker process was killed" in done.stderr


def test_a_number_of_replications_is_judged_once_unless_looks_are_asked_for(tmp_path):
    scenario = copy_small_city(tmp_path) / "small_city.yaml"
    edit(scenario, "looks: 1", "looks: 3")
    once = ("--verbose", "--replications", "10")

    def said(*words):
        return command(tmp_path, 0.5, *words, scenario=scenario).stdout

    assert "look 1 of at most 3" in said("--verbose")
    assert "of at most" not in said(*once)
    assert "look 1 of at most 2" in said(*once, "--looks", "2")
    assert "look 1 of at most 2" in said(*once, "--set", "looks=2")


def test_fewer_replications_than_the_directory_holds_are_reported(tmp_path):
    words = [
        "run",
        str(SCENARIOS / "small_city.yaml"),
        "--no-figures",
        "--sessions",
        "none",
        "--out",
        str(tmp_path / "run"),
        "--replications",
    ]
    assert "The directory holds" not in CliRunner().invoke(app, [*words, "4"]).stdout
    assert (
        "The directory holds 4 replications; all of this rests on the first 2."
        in CliRunner().invoke(app, [*words, "2"]).stdout
    )


def test_a_budget_below_the_first_look_is_refused(tmp_path):
    with pytest.raises(InputError, match="needs at least the 10 replications of the first look"):
        go(
            tmp_path / "run",
            small(0.9),
            precision=Precision.parse("wait_mean_served_min=1%"),
            budget=3,
        )
    assert not (tmp_path / "run").exists()


def test_a_budget_without_a_precision_is_refused(tmp_path):
    refused = command(tmp_path, 0.5, "--budget", "100")
    assert refused.exit_code == 1
    assert "--budget: is for a run for --precision" in refused.stderr
