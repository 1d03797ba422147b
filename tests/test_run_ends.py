"""Test what is left when a run ends before its time: no lock, no worker, no part of a file."""

import errno
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from factories import SCENARIOS

from chargesim.errors import InputError
from chargesim.experiment.limit import run_limit
from chargesim.runs.result_directory import ResultDirectory
from chargesim.runs.run_scenario import run_scenario
from chargesim.scenario.reading import load

SMALL = load(SCENARIOS / "small_city.yaml", ["replications=2", "fleet.stock=600"])
LONG = ["--replications", "400", "--jobs", "2", "--no-figures", "--engine", "simpy"]


def test_two_at_a_time_in_one_directory_are_refused(tmp_path):
    first = ResultDirectory(tmp_path / "run", "run", "digest")
    with pytest.raises(InputError, match="run: another process is at work there; wait until it"):
        ResultDirectory(tmp_path / "run", "run", "digest")
    first.say("complete")
    ResultDirectory(tmp_path / "run", "run", "digest")


def test_what_fails_leaves_no_lock(tmp_path):
    directory = ResultDirectory(tmp_path / "run", "run", "digest")
    directory.say("running")
    with pytest.raises(KeyboardInterrupt), directory.saying_how_it_ends():
        raise KeyboardInterrupt
    ResultDirectory(tmp_path / "run", "run", "digest")


def test_a_study_that_cannot_write_its_answer_has_failed(tmp_path, monkeypatch):
    def full(self, name, frame):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ResultDirectory, "write_table", full)
    few = {"low": 500, "high": 600, "levels": 2, "replications": 2, "jobs": 1, "progress": False}
    with pytest.raises(OSError, match="No space left"):
        run_limit(SMALL, "stock", out=tmp_path / "limit", **few)
    manifest = json.loads((tmp_path / "limit" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["state"] == "failed"


def started(folder):
    """Start a long run in processes of its own; return it when a replication is there."""
    words = ["run", str(SCENARIOS / "small_city.yaml"), *LONG, "--out", str(folder)]
    run = subprocess.Popen(
        [sys.executable, "-m", "chargesim", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    for _ in range(1200):
        if list((folder / "replications").glob("*.parquet")):
            return run
        assert run.poll() is None, run.communicate()
        time.sleep(0.1)
    raise AssertionError("no replication after two minutes")


def children_of(process):
    """Return the processes below one, by /proc."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8") as file:
                fields = file.read().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue
        if entry.isdecimal() and int(fields[1]) == process and fields[0] != "Z":
            found.append(int(entry))
    return found


def lives(process):
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc to see processes")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_of_a_run_that_is_ended(tmp_path, how):
    folder = tmp_path / "run"
    run = started(folder)
    children = children_of(run.pid)
    assert len(children) >= 2
    run.send_signal(how)
    if how != signal.SIGKILL:
        assert run.wait(timeout=60) == 130
        state = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["state"]
        assert state == "interrupted"
    run.communicate()
    until = time.monotonic() + 60
    while any(map(lives, children)) and time.monotonic() < until:
        time.sleep(0.2)
    assert not any(map(lives, children))
    there = len(list((folder / "replications").glob("*.parquet")))
    loaded = load(SCENARIOS / "small_city.yaml", [f"replications={there + 1}", "looks=1"])
    again = run_scenario(loaded, out=folder, progress=False, jobs=1, engine="simpy")
    assert not list(folder.rglob("*.partial"))
    alone = run_scenario(loaded, out=tmp_path / "alone", progress=False, jobs=1, engine="simpy")
    assert again.kpis.equals(alone.kpis) and again.verdict == alone.verdict


def test_a_locked_directory_stays_as_it_is(tmp_path):
    run_scenario(SMALL, out=tmp_path / "run", progress=False, jobs=1, sessions="none")
    before = (tmp_path / "run" / "manifest.json").read_bytes()
    digest = json.loads(before)["run"]
    held = ResultDirectory(tmp_path / "run", "run", digest)
    with pytest.raises(InputError, match="at work there"):
        run_scenario(SMALL, out=tmp_path / "run", progress=False, jobs=1, sessions="none")
    assert (tmp_path / "run" / "manifest.json").read_bytes() == before
    held.say("complete")
