"""Test comparing plans from files and run directories: same tables, refusals, what is left."""

import json
import shutil

import pandas as pd
import pytest
from factories import SCENARIOS
from network_files import copy_small_city, edit
from typer.testing import CliRunner

from chargesim.cli import app
from chargesim.errors import InputError
from chargesim.experiment.compare import compare
from chargesim.runs.open_run import open_run
from chargesim.runs.run_scenario import run_scenario
from chargesim.scenario.reading import load
from chargesim.view.comparison import draw_comparison
from chargesim.view.comparison_report import markdown, write_comparison

SMALL, POOLED = SCENARIOS / "small_city.yaml", SCENARIOS / "small_city_pooled.yaml"
CHANGES = ["replications=4", "fleet.stock=10000"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the runs of two plans."""
    folder = tmp_path_factory.mktemp("compared")
    for path in (SMALL, POOLED):
        run_scenario(load(path, CHANGES), out=folder / path.stem, jobs=1, progress=False)
    return folder


@pytest.fixture(scope="module")
def done(folder):
    return compare(
        folder / "small_city",
        folder / "small_city_pooled",
        out=folder / "comparison",
        progress=False,
    )


def refused(*plans, **options):
    with pytest.raises(InputError) as caught:
        compare(*plans, progress=False, **options)
    return caught.value.faults


def test_a_run_directory_and_a_scenario_file_give_the_same_table(
    folder, done, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    mixed = compare(
        folder / "small_city",
        POOLED,
        changes=CHANGES,
        jobs=1,
        out=tmp_path / "mixed",
        progress=False,
    )
    pd.testing.assert_frame_equal(mixed.differences, done.differences)
    assert markdown(mixed) == markdown(done)
    ran = mixed.run_folders[1]
    assert ran.parts[0] == "runs" and ran.name.startswith("small_city_pooled-")
    before = {path: path.stat().st_mtime_ns for path in ran.rglob("*")}
    again = compare(
        folder / "small_city",
        POOLED,
        changes=CHANGES,
        jobs=1,
        out=tmp_path / "mixed",
        progress=False,
    )
    assert again.run_folders[1] == ran
    assert {path: path.stat().st_mtime_ns for path in ran.rglob("*")} == before  # taken as it is
    pd.testing.assert_frame_equal(again.differences, done.differences)


def test_common_vehicles_make_the_difference_narrow(done):
    assert done.comparison.notes[-1] == (
        "small city pooled has the same vehicles as small city: all 526 on the first "
        "judged day of the first replication are alike"
    )
    table = done.table.set_index("title")
    assert table.loc["cars served within 10 min", "vrf"] > 2
    assert table.loc["energy, stations", "vrf"] > 10


def test_a_run_is_opened_as_it_was_wherever_it_goes(folder, tmp_path):
    shutil.copytree(folder / "small_city", tmp_path / "moved")
    run, kept = open_run(tmp_path / "moved"), pd.read_csv(folder / "small_city" / "kpis.csv")
    pd.testing.assert_frame_equal(run.kpis.reset_index(drop=True), kept, check_dtype=False)
    assert (
        json.loads((folder / "small_city" / "verdict.json").read_text(encoding="utf-8"))["verdict"]
        == run.verdict.verdict
    )
    edit(
        tmp_path / "moved" / "inputs" / "small" / "sites.csv",
        "Riverside-4,station,public,Riverside,29.524,106.501,R09,1,",
        "",
    )
    with pytest.raises(
        InputError,
        match=r"scenario.resolved.yaml or a table in inputs has been changed since it ran",
    ):
        open_run(tmp_path / "moved")
    (tmp_path / "moved" / "inputs" / "small" / "sites.csv").unlink()
    with pytest.raises(
        InputError, match=r"its scenario cannot be read again\n.*no such file .*sites.csv"
    ):
        open_run(tmp_path / "moved")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("totals_format", "0", "was made by another version of the program"),
        (
            "state",
            "running",
            "this run is not finished; `chargesim run` with its scenario and --out "
            "goes on from there",
        ),
    ],
)
def test_a_run_that_cannot_be_read_again_says_why(folder, tmp_path, key, value, words):
    shutil.copytree(folder / "small_city", tmp_path / "run")
    manifest = tmp_path / "run" / "manifest.json"
    manifest.write_text(
        json.dumps({**json.loads(manifest.read_text(encoding="utf-8")), key: value}),
        encoding="utf-8",
    )
    with pytest.raises(InputError, match=words):
        open_run(tmp_path / "run")


def test_a_run_that_has_lost_a_replication_says_which(folder, tmp_path):
    shutil.copytree(folder / "small_city", tmp_path / "run")
    (tmp_path / "run" / "replications" / "003.parquet").unlink()
    with pytest.raises(
        InputError, match=r"003.parquet: is missing or broken; the command that made"
    ):
        open_run(tmp_path / "run")


def test_what_is_no_run_is_refused(folder, done, tmp_path):
    words = "is no run directory, it has no manifest.json of a run; name one, or a scenario file"
    assert refused(tmp_path, folder / "small_city") == [f"{tmp_path}: {words}"]
    assert refused(folder / "comparison", folder / "small_city") == [
        f"{folder / 'comparison'}: is the directory of `chargesim compare`, not a run"
    ]
    manifest = {"run": "x", "command": "series"}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert refused(tmp_path, folder / "small_city") == [
        f"{tmp_path}: is a series; name the run directory of a variant in {tmp_path / 'variants'}"
    ]
    assert refused(folder / "small_city") == [
        "got 1 plan, needs at least two to compare: scenario files or run directories"
    ]
    assert (
        "is a series of variants; add --set series=null"
        in refused(SCENARIOS / "cold_week.yaml", SMALL)[0]
    )
    assert (
        "stays as it is; --set fleet.stock=1 needs scenario files"
        in refused(folder / "small_city", SMALL, set_=["fleet.stock=1"])[0]
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("seed=8", "small city (2): seed 8, not 7 as small city (1)"),
        ("horizon.days=2", "small city (2): judged days: 2, not 1 as small city (1)"),
        ("horizon.lead_in_days=0", "small city (2): lead-in days: 0, not 1 as small city (1)"),
        (
            "horizon.first_day=friday",
            "small city (2): begins on friday, not wednesday as small city (1)",
        ),
    ],
)
def test_what_cannot_be_paired_is_refused(change, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refused(load(SMALL), load(SMALL, [change])) == [
        f"{words}; plans are compared on the same vehicles"
    ]
    assert list(tmp_path.iterdir()) == []


def test_another_city_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    city = copy_small_city(tmp_path)
    for table in (city / "small" / "zones.csv", city / "small" / "sites.csv"):
        table.write_text(
            table.read_text(encoding="utf-8").replace(",Hilltown,", ",Uptown,"), encoding="utf-8"
        )
    faults = refused(load(SMALL), load(city / "small_city.yaml"), names=["here", "there"])
    assert faults == [
        "there: has other districts or zones than here; plans are compared on the same vehicles"
    ]


def test_another_demand_and_fewer_replications_are_said(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    more = load(SMALL, ["replications=3", "fleet.stock=12000"])
    done = compare(
        folder / "small_city",
        more,
        names=["as planned", "more"],
        jobs=1,
        out=tmp_path / "out",
        progress=False,
    )
    notes = done.comparison.notes
    assert notes[0] == "more differs from as planned in fleet.stock 10,000 -> 12,000"
    assert notes[1].startswith(
        "The demand differs: 526 of the 526 vehicles of as planned on the first judged day"
    )
    assert (
        notes[2] == "Replications differ (as planned 4, more 3): the first 3 of each are compared"
    )
    assert set(done.table.loc[done.table["family"] == "table", "n"]) == {3}
    assert [plan.verdict.planned_replications for plan in done.comparison.plans] == [3, 3]


def test_the_files_say_what_was_compared(done):
    paths = write_comparison(done, figures=False)
    assert [path.name for path in paths] == ["comparison.md"]
    read = pd.read_csv(done.folder / "differences.csv", keep_default_na=False, na_values=[""])
    mine = done.differences
    pd.testing.assert_frame_equal(
        read.fillna({"title": "", "better": "", "family": ""}), mine, check_dtype=False
    )
    criteria = pd.read_csv(done.folder / "criteria.csv", index_col="criterion")
    pd.testing.assert_frame_equal(criteria, done.criteria, check_names=False)
    text = (done.folder / "comparison.md").read_text(encoding="utf-8")
    assert f"**{done.sentence}**" in text
    rows = [
        line.strip("| ").split(" | ")
        for line in text.splitlines()
        if line.startswith("| ") and "---" not in line
    ]
    tables = {len(row) for row in rows}
    assert tables == {4, 6}
    titles = [row[0].rpartition(" [")[0] for row in rows if len(row) == 6][1:]
    assert titles == done.comparison.table("small city pooled")["title"].to_list()
    about = json.loads((done.folder / "compare.json").read_text(encoding="utf-8"))
    manifest = json.loads((done.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["state"] == "complete" and about["sentence"] == done.sentence
    assert not list(done.folder.rglob("*.partial"))


def command(*words, code=0):
    """Run the command in this process."""
    finished = CliRunner().invoke(app, ["compare", *map(str, words)])
    assert finished.exit_code == code, finished.output
    return finished


def test_the_command_prints_and_draws(folder, tmp_path):
    plans = folder / "small_city", folder / "small_city_pooled"
    text = " ".join(command(*plans, "--out", tmp_path / "mine").stdout.split())
    for words in (
        "of the cars that they serve within 10 min: +",
        "Verdicts",
        "small city pooled less small city",
        "VRF (95 %)",
        "only 4 repl",
    ):
        assert words in text
    made = {
        path.relative_to(tmp_path / "mine").as_posix()
        for path in (tmp_path / "mine").rglob("*")
        if path.is_file()
    }
    figures = {"use_by_hour", "use_over_sites", "use_difference_heat_map", "maps", "load_duration"}
    assert made == {
        "manifest.json",
        "compare.json",
        "comparison.md",
        "differences.csv",
        "criteria.csv",
    } | {f"figures/{name}.{kind}" for name in figures for kind in ("png", "svg")}


def test_the_command_prints_json_and_what_is_wrong(folder, tmp_path):
    plans = folder / "small_city", folder / "small_city_pooled"
    printed = json.loads(
        command(*plans, "--no-figures", "--json", "--out", tmp_path / "bare").stdout
    )
    assert {"compare_dir", "sentence", "replications", "plans", "differences", "notes"} == set(
        printed
    )
    assert [one["name"] for one in printed["plans"]] == ["small city", "small city pooled"]
    assert not (tmp_path / "bare" / "figures").exists()
    refused = command(plans[0], tmp_path / "nowhere.yaml", code=1)
    assert "nowhere.yaml" in refused.stderr and "1 error; nothing was run." in refused.stderr
    command(*plans, "--set", "seed=3", code=1)


def idle(world):
    """Run beside the vehicles and touch nothing."""
    yield world.env.timeout(1)


def test_what_the_plans_do_not_share_is_said(folder, tmp_path):
    """Swap sites, a standard and an extension that only one plan has."""
    base = load(SMALL, ["replications=2"])
    criteria = [
        {
            "name": "quick",
            "measure": "served_within",
            "scope": "cars",
            "minutes": 3,
            "at_least": 0.5,
            "source": "assumed",
        }
    ]
    other = base.replace({"swap.enabled": False, "standard.criteria": criteria})
    runs = [run_scenario(base, out=tmp_path / "base", jobs=1, progress=False, extensions=[idle])]
    runs += [run_scenario(other, out=tmp_path / "other", jobs=1, progress=False)]
    done = compare(*runs, names=["with", "without"], out=tmp_path / "compared", progress=False)
    again = compare(
        tmp_path / "base",
        tmp_path / "other",
        names=["with", "without"],
        out=tmp_path / "compared",
        progress=False,
    )
    notes = done.comparison.notes
    assert again.comparison.notes == notes
    assert (
        done.comparison.headline.kpi == "share_served"
    )  # a threshold of waiting that both standards have is missing
    assert notes[1].startswith("without has the same vehicles as with: ")
    assert notes[2].startswith("with ran with extensions: ") and "idle" in notes[2]
    assert notes[3].startswith("The standards differ: each plan is judged by its own")
    assert "| not judged |" in markdown(done)
    draw_comparison(done.comparison)
