"""Check that a name does nothing: no markup, formula, tag, control character; any output works."""

import io
import sys
from pathlib import Path

import numba
import pandas as pd
import pyarrow as pa
import pytest
from network_files import copy_small_city
from typer.testing import CliRunner

import chargesim as cs
from chargesim.cli import app
from chargesim.cli.messages import plain_console, print_json, write_any_text
from chargesim.runs.engine_choice import choose_engine
from chargesim.runs.markdown import bullets
from chargesim.runs.storage import csv_text, parquet_parts
from chargesim.scenario.file_paths import folder_of
from chargesim.view.style import new_axes, styled


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    folder = copy_small_city(tmp_path_factory.mktemp("names"))
    for name in ("zones", "sites"):
        path = folder / f"small/{name}.csv"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("Hilltown,", "=A[/b]$\\frac$,"), encoding="utf-8")
    return folder


def test_names_with_markup_and_formulas_are_printed_and_written_as_they_are(city, tmp_path):
    """A run to the end: nothing is taken for markup, and no cell starts a formula."""
    args = [
        "run", str(city / "small_city.yaml"), "--set", "city.name='x [/b] :smile:'",
        "--set", "title='[red]渝北区[/] <b>'", "--replications", "2", "--no-figures", "--verbose",
        "--engine", "simpy", "--out", str(tmp_path / "exp:1"),
    ]  # fmt: skip
    ran = CliRunner().invoke(app, args)
    assert ran.exit_code == 0, ran.output
    assert ran.output.startswith("[red]渝北区[/] <b>\n")
    assert "x [/b] :smile:" in ran.output
    sites = pd.read_csv(tmp_path / "exp:1" / "sites.csv")
    assert "'=A[/b]$\\frac$" in set(sites["district"])
    checklist = (tmp_path / "exp:1" / "stress_des.md").read_text(encoding="utf-8")
    assert "[red]渝北区[/] &lt;b>" in checklist


def test_a_control_character_in_a_scenario_is_refused(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text('extends: small_city.yaml\ntitle: "\\e]0;x\\a"\n', encoding="utf-8")
    with pytest.raises(cs.InputError) as caught:
        cs.load(path)
    assert caught.value.faults == [f"{path}:2: holds a control character (U+001B); delete it"]
    with pytest.raises(cs.InputError, match=r"U\+202E"):
        cs.load("small_city", ['title="a\u202eb"'])


def test_dollars_in_a_figure_are_text(tmp_path):
    ax = styled(new_axes)()
    styled(ax.set_title)("A$\\frac$B and $x")
    ax.figure.savefig(tmp_path / "figure.png")


def test_a_csv_cell_starts_no_formula():
    frame = pd.DataFrame({"name": ["=1+1", "@x", "-2+3", "+4", "- no", "a=b", ""], "value": -1.5})
    column = [line.rpartition(",")[0] for line in csv_text(frame).splitlines()]
    assert column == ["name", "'=1+1", "'@x", "'-2+3", "'+4", "- no", "a=b", ""]


def test_a_checklist_has_no_tag_but_shows_code_as_it_is():
    assert bullets(["<b> and `a<b>`", "`<i>"]) == "- &lt;b> and `a<b>`\n- `&lt;i>"


def test_an_output_that_is_not_utf8_shows_codes(monkeypatch):
    """What Python does on Windows when the output goes to a file: its code page."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "cp1252", errors="strict"))
    write_any_text()
    plain_console().print("渝北 – é")
    print_json({"title": "渝北 😀"})
    sys.stdout.flush()
    text = raw.getvalue().decode("cp1252")
    assert text.startswith("\\u6e1d\\u5317 – é")
    assert '"\\u6e1d\\u5317 \\ud83d\\ude00"' in text


def test_without_compiled_formulas_nothing_runs(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    with pytest.raises(cs.InputError, match="NUMBA_DISABLE_JIT is set"):
        choose_engine("auto", None, 1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["exp:1", "file:x", "~x"])
def test_a_folder_is_never_an_address(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    path = Path(name) / "part.parquet"
    with parquet_parts(path, pa.schema([("a", pa.int64())])) as writer:
        writer.write_table(pa.table({"a": [1]}))
    assert (tmp_path / name / "part.parquet").is_file()


def test_folders_and_scenarios_may_be_text(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder_of("~/runs") == tmp_path / "runs"
    for bad in (5, "~nobody-of-this-name/x"):
        with pytest.raises(cs.InputError, match="needs the name of a folder"):
            folder_of(bad)  # type: ignore[arg-type]
    with pytest.raises(cs.InputError, match="scenario: got a int"):
        cs.run(5)  # type: ignore[arg-type]
    with pytest.raises(cs.InputError, match="sessions: got 'yes', needs one of auto, all, none"):
        cs.run("small_city", sessions="yes")  # type: ignore[arg-type]
    with pytest.raises(cs.InputError, match="no_such_kpi"):
        cs.run("small_city", precision="no_such_kpi=5%", out=str(tmp_path / "r"))
