"""Test the run directory: its files and their content, equal bytes however run, and resuming."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from factories import SCENARIOS

from chargesim.engine.replication_totals import OUTCOMES
from chargesim.errors import InputError
from chargesim.runs.open_run import open_run
from chargesim.runs.result import plan_text, share_text
from chargesim.runs.run_scenario import run_scenario
from chargesim.runs.store import Store
from chargesim.scenario.reading import load

REPLICATIONS = 3
SMALL = load(SCENARIOS / "small_city.yaml", [f"replications={REPLICATIONS}"])
COLUMNS = (
    "wish_min", "zone", "vehicle_class", "site", "kind", "outcome", "drive_min", "wait_min",
    "queue_min", "delay_min", "service_min", "energy_kwh", "soc_in", "soc_out", "diversions",
)  # fmt: skip
EVERY = (
    {
        "manifest.json",
        "scenario.resolved.yaml",
        "site_hours.parquet",
        "kpis.csv",
        "sites.csv",
        "occupancy.csv",
        "verdict.json",
        "checks.json",
        "stress_des.md",
    }
    | {
        f"{kind}/{r:03d}.parquet"
        for kind in ("replications", "sessions", "site_hours")
        for r in range(REPLICATIONS)
    }
    | {f"inputs/{name}" for name in SMALL.table_names()}
)


def go(folder: Path, loaded=SMALL, **options):
    return run_scenario(loaded, out=folder, progress=False, **{"jobs": 1, **options})


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def manifest(folder: Path):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return go(tmp_path_factory.mktemp("run") / "small", sessions="all")


@pytest.fixture
def copy(run, tmp_path):
    """Return a folder with the same finished run."""
    for name, content in files(run.folder).items():
        (tmp_path / "run" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "run" / name).write_bytes(content)
    return tmp_path / "run"


def test_every_file_is_there_and_none_is_half_written(run):
    assert set(files(run.folder)) == EVERY
    about = manifest(run.folder)
    assert about["state"] == "complete"
    assert about["replications_run_now"] == REPLICATIONS
    assert about["seed"] == 7
    assert about["scenario"] == "small_city"
    assert about["engine"] == "simpy"
    assert about["sessions_kept"] is True
    assert json.loads((run.folder / "verdict.json").read_text(encoding="utf-8"))["verdict"] in (
        "meets",
        "fails",
        "inconclusive",
    )
    kpis = pd.read_csv(run.folder / "kpis.csv")
    assert {"kpi", "scope", "key", "mean", "lower", "upper", "unit", "n"} <= set(kpis.columns)
    assert len(kpis) > 20


def test_sessions_have_the_columns_and_sense(run):
    sessions = run.sessions
    assert set(COLUMNS) <= set(sessions.columns)
    assert set(sessions["replication"]) == set(range(REPLICATIONS))
    lead = run.case.task.lead_in_days * 1440
    assert (
        sessions["wish_min"].between(lead, lead + 1440 * run.case.task.days, inclusive="left").all()
    )
    assert set(sessions["outcome"]) <= set(OUTCOMES)
    assert set(sessions["vehicle_class"]) <= set(run.case.task.fleets)
    assert set(sessions["zone"]) <= set(run.case.task.zone_names)
    served = sessions[sessions["outcome"] == "served"]
    assert len(served) > 100
    assert (served["energy_kwh"] > 0).all()
    assert (served["soc_out"] > served["soc_in"]).all()
    assert (served["service_min"] > 0).all()
    assert served["site"].isin(run.case.task.site_names).all()
    assert (served["delay_min"] >= -1e-9).all()
    assert (sessions[["drive_min", "wait_min", "energy_kwh", "diversions"]] >= 0).all(axis=None)
    gone = sessions[sessions["outcome"].isin(["lost", "stranded"])]
    assert (gone["energy_kwh"] == 0).all()


def test_sessions_add_up_to_the_accumulators(run):
    sessions, fleets = run.sessions, run.case.task.fleets
    for r, statistics in enumerate(run.result.replications):
        mine = sessions[sessions["replication"] == r]
        assert statistics.outcomes.sum() == len(mine)
        for o, outcome in enumerate(OUTCOMES):
            for c, fleet in enumerate(fleets):
                assert (
                    statistics.outcomes[o, c].sum()
                    == ((mine["outcome"] == outcome) & (mine["vehicle_class"] == fleet)).sum()
                )
        hours = np.bincount((mine["wish_min"] // 60).astype(int) % 24, minlength=24)
        assert statistics.outcomes.sum(axis=(0, 1, 2, 3)).tolist() == hours.tolist()
        served = mine[mine["outcome"] == "served"]
        assert statistics.wait_min.sum() == pytest.approx(served["wait_min"].sum())
        assert statistics.delay_min.sum() == pytest.approx(served["delay_min"].sum())
        assert statistics.service_min.sum() == pytest.approx(served["service_min"].sum())
        assert statistics.session_kwh.sum() == pytest.approx(mine["energy_kwh"].sum())
        assert statistics.wait_bins.sum() == len(served)


def test_site_hours_add_up_to_the_accumulators(run):
    hours = pd.read_parquet(run.folder / "site_hours.parquet")
    statistics = run.result.replications
    assert len(hours) == len(run.case.network.sites) * 24 * run.case.task.days
    assert set(hours["site"]) == set(run.case.network.sites.id)
    assert sorted(set(hours["hour"])) == list(range(24))
    for column, name in (
        ("energy_kwh", "energy_kwh"),
        ("busy_gun_min", "busy_min"),
        ("all_occupied_min", "all_occupied_min"),
        ("arrivals", "arrivals"),
        ("queue_min", "queue_min"),
    ):
        mean = np.mean([getattr(one, name).sum(axis=1) for one in statistics], axis=0)
        by_site = (
            hours.groupby("site", sort=False)[column].sum().loc[list(run.case.network.sites.id)]
        )
        np.testing.assert_allclose(by_site, mean, rtol=1e-6)
    assert hours["energy_kwh"].sum() > 0


def test_how_many_jobs_changes_no_byte_but_the_manifest(run, tmp_path):
    two = go(tmp_path / "two", jobs=2, sessions="all")
    a, b = files(run.folder), files(two.folder)
    assert set(a) == set(b)
    assert [name for name in a if a[name] != b[name]] == ["manifest.json"]
    changing = {"begun", "seconds", "peak_gib"}
    ours, theirs = manifest(run.folder), manifest(two.folder)
    assert {k: v for k, v in ours.items() if k not in changing} == {
        k: v for k, v in theirs.items() if k not in changing
    }


def test_a_second_call_runs_nothing_again(run, copy):
    before = files(copy)
    again = go(copy, sessions="all")
    assert manifest(copy)["replications_run_now"] == 0
    assert again.verdict == run.verdict
    after = files(copy)
    assert [name for name in before if before[name] != after[name]] == ["manifest.json"]


def test_a_broken_or_missing_replication_is_run_again(copy):
    before = files(copy)
    whole = copy / "replications/001.parquet"
    whole.write_bytes(whole.read_bytes()[:-100])
    (copy / "replications/002.parquet").unlink()
    go(copy, sessions="all")
    assert manifest(copy)["replications_run_now"] == 2
    after = files(copy)
    assert [name for name in before if before[name] != after[name]] == ["manifest.json"]


def flipped(content: bytes, bit: int) -> bytes:
    """Return bytes with one bit turned round."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_no_flipped_bit_is_read_as_other_numbers(copy):
    """Of a damaged file of totals nothing is read, or, in unused bytes, the same numbers."""
    path, content = copy / "replications/001.parquet", manifest(copy)["content"]
    store, whole = Store(copy / "replications", content), path.read_bytes()
    right = store.read(1)
    bits, refused = np.random.default_rng(5).integers(0, 8 * len(whole), 200), 0
    for bit in bits:
        path.write_bytes(flipped(whole, int(bit)))
        read = store.read(1)
        refused += read is None
        for name, values in {} if read is None else read.arrays().items():
            np.testing.assert_array_equal(values, right.arrays()[name], err_msg=f"{name} {bit}")
    assert refused > 100  # the others hit names, statistics and padding that nothing reads


@pytest.mark.parametrize("kind", ["replications", "sessions", "site_hours"])
def test_a_damaged_or_misplaced_file_is_made_again(copy, kind):
    before = files(copy)
    one, two, three = (copy / kind / f"{r:03d}.parquet" for r in range(3))
    one.write_bytes(flipped(one.read_bytes(), 4 * len(one.read_bytes())))
    two.write_bytes(three.read_bytes())
    if kind == "sessions":
        with pytest.raises(InputError, match=r"000.parquet: is damaged or another's; the command"):
            open_run(copy).sessions
    go(copy, sessions="all")
    assert manifest(copy)["replications_run_now"] == 2
    after = files(copy)
    assert [name for name in before if before[name] != after[name]] == ["manifest.json"]


def test_missing_sessions_are_made_again_only_when_asked_for(copy):
    (copy / "sessions/000.parquet").unlink()
    go(copy, sessions="none")
    assert manifest(copy)["replications_run_now"] == 0
    go(copy, sessions="all")
    assert manifest(copy)["replications_run_now"] == 1


def test_more_replications_go_on_from_those_that_are_there(copy):
    before = files(copy)
    go(copy, SMALL.replace({"replications": REPLICATIONS + 1}), sessions="all")
    assert manifest(copy)["replications_run_now"] == 1
    after = files(copy)
    for r in range(REPLICATIONS):
        assert after[f"replications/{r:03d}.parquet"] == before[f"replications/{r:03d}.parquet"]
    assert f"replications/{REPLICATIONS:03d}.parquet" in after


def test_another_scenario_is_refused(copy):
    before = files(copy)
    with pytest.raises(InputError) as caught:
        go(copy, SMALL.replace({"seed": 8}))
    assert caught.value.faults == [
        f"{copy}: holds another run (other scenario, tables, seed or version); "
        "name another folder with --out"
    ]
    assert files(copy) == before


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("dear reader", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        go(tmp_path)
    assert caught.value.faults == [
        f"{tmp_path}: holds files that are not a run; name an empty or new folder with --out"
    ]
    assert set(files(tmp_path)) == {"letter.txt"}
    with pytest.raises(InputError) as caught:
        go(tmp_path / "letter.txt")
    assert caught.value.faults == [
        f"{tmp_path / 'letter.txt'}: is a file; name a folder with --out"
    ]


def test_no_sessions_when_none_are_asked_for_and_the_same_kpis(run, tmp_path):
    bare = go(tmp_path / "bare", sessions="none")
    assert not (bare.folder / "sessions").exists()
    with pytest.raises(FileNotFoundError, match="sessions='all'"):
        _ = bare.sessions
    a, b = files(run.folder), files(bare.folder)
    assert {name for name in a if not name.startswith("sessions/")} == set(b)
    noted = [f"replications/{r:03d}.parquet" for r in range(REPLICATIONS)]  # the other files
    assert {name for name in b if a[name] != b[name]} == {"manifest.json", *noted}
    assert manifest(bare.folder)["sessions_kept"] is False


def test_a_few_rows_are_kept_by_themselves(tmp_path):
    assert (
        manifest(go(tmp_path / "auto", SMALL.replace({"replications": 2})).folder)["sessions_kept"]
        is True
    )


@pytest.mark.parametrize(
    "changes",
    [{"fleet.stock": 0.001}, {"swap.enabled": False}],
)
def test_no_demand_and_no_swap_are_no_crash(tmp_path, changes):
    run = go(tmp_path / "run", SMALL.replace({"replications": 2, **changes}), sessions="all")
    assert (run.folder / "verdict.json").is_file()
    total = sum(int(statistics.outcomes.sum()) for statistics in run.result.replications)
    assert len(run.sessions) == total


def test_judged_vehicles_finish_after_the_horizon(run):
    """Shares are of all wishes: those of the last hour end among vehicles that are not judged."""
    frame = run.sessions
    late = frame[frame["wish_min"] >= 2 * 1440 - 30]
    assert len(late) > 0
    assert (frame["outcome"] != "unfinished").all()
    assert frame["wish_min"].between(1440, 2880, inclusive="left").all()


@pytest.mark.parametrize("out", ["file/below", "file"])
def test_a_folder_that_cannot_be_used_is_refused(tmp_path, out):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match=r"name (a|another) folder with --out"):
        go(tmp_path / out)


def test_an_impossible_size_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(InputError, match="wishes a day; at most 10,000,000 fit"):
        go(tmp_path / "huge", SMALL.replace({"fleet.stock": 1e9}))
    assert not (tmp_path / "huge").exists()


def test_the_text_of_what_is_assumed_follows_the_scenario(run, tmp_path):
    assert "MWh of it by swap, the rest at guns, " in share_text(run.case)
    assert " kWh of a gun and day; every gun of the table" in share_text(run.case)
    assert "9 stations with 16 guns, 3 swap sites" in plan_text(run.case)
    none = go(tmp_path / "none", SMALL.replace({"swap.enabled": False}))
    assert "all at guns" in share_text(none.case)
    assert "0 swap sites with 0 packs" in plan_text(none.case)


def test_the_manifest_names_which_engine_ran_each_replication(copy):
    (copy / "replications" / "002.parquet").unlink()
    again = go(copy, sessions="all", engine="compiled")
    assert manifest(copy)["made_by"] == {"compiled": [2], "simpy": [0, 1]}
    assert again.engine == "compiled (asked for), others kept from an earlier run by simpy"
    assert (
        go(copy, sessions="all", engine="simpy").engine
        == "compiled and simpy (kept from an earlier run)"
    )


def test_an_engine_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(
        InputError, match="engine: got 'Compiled', needs one of auto, simpy, compiled"
    ):
        go(tmp_path / "run", engine="Compiled")


def test_what_a_killed_process_left_half_written_is_removed(copy):
    left = (
        copy / "site_hours" / f".001.parquet.{2**22 + 1}.partial"
    )  # a process number that no system gives
    left.write_bytes(b"half")
    mine = copy / "site_hours" / f".001.parquet.{os.getpid()}.partial"
    mine.write_bytes(b"half")
    go(copy, sessions="all")
    assert not left.exists()
    assert mine.exists(), "its process lives"
    mine.unlink()


def test_an_interrupted_run_says_so(copy, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    (copy / "replications" / "002.parquet").unlink()
    monkeypatch.setattr("chargesim.runs.replications.run_replication", interrupt)
    with pytest.raises(KeyboardInterrupt):
        go(copy, sessions="all")
    assert manifest(copy)["state"] == "interrupted"
