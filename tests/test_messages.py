"""Test that what the system refuses is one message, and that a reader who stops is no error."""

import errno
import subprocess
import sys

import pytest
import typer
from factories import SCENARIOS

from chargesim.cli.messages import messages
from chargesim.errors import InputError
from chargesim.runs.result_directory import ResultDirectory

DAMAGED = {
    "empty": b"", "cut": b"{", "a list": b"[]", "null": b"null", "no text": b"\xff\xfe",
    "a number": b"3", "nested": b"[" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_manifest_is_named(tmp_path, content):
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(InputError, match=r"its manifest.json is damaged; delete that file, or na"):
        ResultDirectory(tmp_path, "run", "digest")
    assert (tmp_path / "manifest.json").read_bytes() == content


def test_what_the_system_refuses_is_one_line(capsys):
    with pytest.raises(typer.Exit) as ended, messages():
        raise OSError(errno.ENOSPC, "No space left on device", "runs/x/kpis.csv")
    assert ended.value.exit_code == 1
    said = "runs/x/kpis.csv: No space left on device; finished replications are kept.\n"
    assert capsys.readouterr().err == said


def command(*words, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "chargesim", *words], stderr=subprocess.PIPE, **options
    )


def test_a_full_disk_behind_the_output_is_one_line():
    with open("/dev/full", "w", encoding="utf-8") as full:
        run = command("check", str(SCENARIOS / "small_city.yaml"), stdout=full)
        error = run.communicate(timeout=120)[1].decode()
    assert run.returncode == 1
    assert "Traceback" not in error and "No space left on device" in error


def test_a_reader_that_stops_ends_the_command_as_the_shell_expects():
    run = command("check", str(SCENARIOS / "small_city.yaml"), stdout=subprocess.PIPE)
    run.stdout.close()
    error = run.stderr.read().decode()
    run.stderr.close()
    assert run.wait(timeout=120) == 141
    assert error == ""
