"""Test series of variants: how they expand, messages, files, resuming and refining."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from network_files import copy_small_city

from chargesim.errors import InputError
from chargesim.experiment.series import run_series
from chargesim.runs.run_scenario import run_scenario
from chargesim.scenario.reading import load
from chargesim.scenario.variants import expand

HEAD = "extends: small_city.yaml\nname: child\nreplications: 2\n"
SERIES = """series:
  question: What do more vehicles bring?
  axis: vehicles
  keys: [fleet.stock]
  values: [3000, 6000]
  lines:
    plan: {}
    no noise: {choice.noise_min: 0, outside.enabled: false}
  show:
    - {kpi: share_served, scope: group, key: cars}
    - {kpi: wishes_per_day}
"""


def write(folder: Path, text: str = SERIES, name: str = "child.yaml") -> Path:
    path = folder / name
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def faults(folder: Path, text: str, call=expand) -> list[str]:
    with pytest.raises(InputError) as caught:
        call(load(write(folder, text)))
    return [fault.replace(f"{folder}/", "") for fault in caught.value.faults]


def files(folder: Path) -> dict[str, bytes]:
    """Return the files of a series but for those that hold times."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("series.json", "manifest.json")
    }


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return copy_small_city(tmp_path_factory.mktemp("series"))


@pytest.fixture(scope="module")
def run(city, tmp_path_factory):
    return run_series(
        load(write(city)), jobs=1, out=tmp_path_factory.mktemp("out") / "run", progress=False
    )


def test_every_line_meets_every_value(city):
    variants = expand(load(write(city)))
    assert [(one.line, one.value, one.slug) for one in variants] == [
        ("plan", 3000, "plan_3000"),
        ("plan", 6000, "plan_6000"),
        ("no noise", 3000, "no-noise_3000"),
        ("no noise", 6000, "no-noise_6000"),
    ]
    for one in variants:
        scenario = one.loaded.scenario
        assert scenario.series is None
        assert scenario.fleet.stock.value == one.value
        assert (scenario.choice.noise_min.value == 0) == (one.line == "no noise")
        assert scenario.seed == 7


def test_set_changes_every_variant_and_the_series_itself(city):
    variants = expand(load(write(city), ["fleet.season_factor=1.2", "series.values=[10]"]))
    assert [one.slug for one in variants] == ["plan_10", "no-noise_10"]
    assert {one.loaded.scenario.fleet.season_factor.value for one in variants} == {1.2}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "[fleet.stock]",
            "[fleet.stok]",
            "child.yaml:7: fleet.stok: unknown key; did you mean fleet.stock?",
        ),
        (
            "choice.noise_min",
            "choice.nois_min",
            "child.yaml:11: choice.nois_min: unknown key; did you mean choice.noise_min?",
        ),
        ("[3000, 6000]", "[-1, 6000]", "child.yaml:8: fleet.stock: got -1, needs at least 0"),
        (
            "[3000, 6000]",
            "[6000, 3000]",
            "child.yaml:8: series.values: needs rising order, each once",
        ),
        (
            "[3000, 6000]",
            "[2024-13]",
            "child.yaml:8: series.values: needs numbers only, or months YYYY-MM only",
        ),
        (
            "[3000, 6000]",
            "[2024-01, 3]",
            "child.yaml:8: series.values: needs numbers only, or months YYYY-MM only",
        ),
        ("[fleet.stock]", "[seed]", "child.yaml:7: series.keys: seed is the same for all variants"),
        (
            "plan: {}",
            "plan: {replications: 3}",
            "child.yaml:9: series.lines: plan sets replications, which is the same for all "
            "variants",
        ),
        (
            "[fleet.stock]",
            "[fleet.stock, fleet.stock]",
            "child.yaml:7: series.keys: fleet.stock is set twice; keep one",
        ),
        (
            "[fleet.stock]",
            "[fleet.stock, fleet.stock.value]",
            "child.yaml:7: series.keys: fleet.stock.value is set twice, under "
            "fleet.stock and under fleet.stock.value; keep one",
        ),
        (
            "plan: {}",
            "plan: {tariff.enabled: true, tariff: {enabled: false}}",
            "child.yaml:9: series.lines: plan: tariff.enabled is set twice, under "
            "tariff.enabled and under tariff; keep one",
        ),
        (
            "plan: {}",
            "plan: {fleets: {taxi: {stock: {value: 5}}}, fleets.taxi: {stock: 6}}",
            "child.yaml:9: series.lines: plan: fleets.taxi.stock.value is set twice, under "
            "fleets.taxi and under fleets; keep one",
        ),
        (
            "plan: {}",
            "No-Noise: {}",
            "child.yaml:9: series.lines: 'No-Noise' and 'no noise' differ in signs or "
            "capitals only; their folders would have one name",
        ),
        ("plan: {}", "'?!': {}", "child.yaml:9: series.lines: '?!' has no letter and no digit"),
        (
            "plan: {}",
            "plan: {fleet.stock: 3}",
            "child.yaml:9: series.lines: plan sets fleet.stock, which takes the values",
        ),
        (
            "  show:",
            "  refined: true\n  show:",
            "child.yaml:12: series.refined: unknown key; did you mean refine?",
        ),
    ],
)
def test_what_is_wrong_is_told_before_anything_runs(city, old, new, told):
    text = SERIES.replace(old, new)
    assert text != SERIES
    assert faults(city, text) == [told]


def test_a_key_flat_and_another_nested_beside_it_are_both_set(city):
    text = SERIES.replace("plan: {}", "plan: {tariff.enabled: true, tariff: {outside: false}}")
    for one in expand(load(write(city, text)))[:2]:
        assert (one.loaded.scenario.tariff.enabled, one.loaded.scenario.tariff.outside) == (
            True,
            False,
        )


def test_faults_of_all_variants_are_told_at_once(city):
    text = SERIES.replace("[fleet.stock]", "[fleet.stok]").replace(
        "choice.noise_min: 0", "choice.noise_min: -1"
    )
    assert faults(city, text) == [
        "child.yaml:7: fleet.stok: unknown key; did you mean fleet.stock?",
        "child.yaml:11: choice.noise_min: got -1, needs at least 0",
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "kpi: share_served,",
            "kpi: share_servd,",
            "child.yaml:13: series.show.0.kpi: unknown KPI 'share_servd'; did you mean "
            "share_served?",
        ),
        (
            "key: cars",
            "key: carts",
            "child.yaml:13: series.show.0.key: unknown key 'carts' in the scope group; did "
            "you mean cars?",
        ),
        (
            "{kpi: wishes_per_day}",
            "{panel: hours, kpi: share_transformers_above_90pct}",
            "child.yaml:14: series.show.1.kpi: share_transformers_above_90pct is not "
            "reported by hour, but by city, kind, district",
        ),
    ],
)
def test_an_unknown_kpi_of_a_panel_is_told_before_anything_runs(city, tmp_path, old, new, told):
    assert faults(
        city, SERIES.replace(old, new), lambda loaded: run_series(loaded, out=tmp_path / "out")
    ) == [told]
    assert not (tmp_path / "out").exists()


def test_each_variant_is_the_run_that_it_would_be_alone(run, city, tmp_path):
    alone = run_scenario(
        load(city / "small_city.yaml").replace(
            {
                "name": "child",
                "replications": 2,
                "fleet.stock": 6000,
                "choice.noise_min": 0,
                "outside.enabled": False,
            }
        ),
        jobs=1,
        sessions="none",
        out=tmp_path / "alone",
        progress=False,
    )
    assert (run.folder / "variants/no-noise_6000/kpis.csv").read_bytes() == (
        alone.folder / "kpis.csv"
    ).read_bytes()


def test_the_long_frame_is_the_variants_own_kpis(run):
    frame = pd.read_csv(run.folder / "series.csv")
    assert list(frame.columns) == [
        "line",
        "value",
        "kpi",
        "scope",
        "key",
        "mean",
        "lower",
        "upper",
        "unit",
        "n",
    ]
    rows = 0
    for one in run.variants:
        own = pd.read_csv(run.folder / "variants" / one.slug / "kpis.csv")
        mine = frame[(frame["line"] == one.line) & (frame["value"] == one.value)]
        pd.testing.assert_frame_equal(
            mine[own.columns.drop("pooled")].reset_index(drop=True), own.drop(columns="pooled")
        )
        rows += len(own)
    assert rows == len(frame)


def test_differences_are_those_of_the_replications(run, city):
    """For replications a and b the mean is (a + b) / 2, the half width 12.706 x |a - b| / 2."""
    wished = ("wishes_per_day", "city", "all")
    first, other = run.variants[0], run.variants[3]
    a, b = other.shown.of(wished) - first.shown.of(wished)
    row = run.differences[
        (run.differences["line"] == "no noise") & (run.differences["value"] == 6000)
    ]
    row = row[(row["kpi"] == "wishes_per_day") & (row["than_value"] == 3000)].iloc[0]
    assert row["than_line"] == "plan"
    assert row["mean"] == pytest.approx((a + b) / 2)
    assert row["upper"] - row["mean"] == pytest.approx(12.7062 * abs(a - b) / 2, rel=1e-4)
    assert row["mean"] > 100  # three thousand vehicles more


def test_the_lines_meet_the_same_vehicles(run):
    """At one value both lines have the same wishes in each replication: the difference is 0."""
    rows = run.differences[
        (run.differences["kpi"] == "wishes_per_day") & (run.differences["line"] == "no noise")
    ]
    beside = rows[rows["value"] == rows["than_value"]]
    assert list(beside["value"]) == [3000, 6000]
    assert (beside[["mean", "lower", "upper"]] == 0).all(axis=None)
    assert (
        run.variants[0].shown.of(("share_served", "group", "cars"))
        != run.variants[2].shown.of(("share_served", "group", "cars"))
    ).any()


def test_values_by_replication_have_the_mean_of_the_kpi(run):
    for one in run.variants:
        for name, scope, key in one.shown.names:
            kpis, values = one.kpis, one.shown.of((name, scope, key))
            mean = kpis[(kpis["kpi"] == name) & (kpis["scope"] == scope) & (kpis["key"] == key)][
                "mean"
            ].item()
            assert np.mean(values) == pytest.approx(mean)


def test_the_manifest_names_the_variants(run):
    manifest = json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["state"] == "complete"
    assert [one["folder"] for one in manifest["variants"]] == [
        f"variants/{one.slug}" for one in run.variants
    ]
    assert [one["vehicles"] for one in manifest["variants"]] == [3000, 6000, 3000, 6000]
    assert {one["added"] for one in manifest["variants"]} == {False}


def test_a_lost_variant_runs_again_and_gives_the_same_bytes(run, city, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(run.folder, folder)
    before = files(folder)
    shutil.rmtree(folder / "variants/plan_6000")
    (folder / "variants/plan_3000/replications/001.parquet").unlink()
    again = run_series(load(write(city)), jobs=1, out=folder, progress=False)
    assert files(again.folder) == before
    count = {
        path.parent.name: json.loads(path.read_text())["replications_run_now"]
        for path in folder.glob("variants/*/manifest.json")
    }
    assert count == {"plan_3000": 1, "plan_6000": 2, "no-noise_3000": 0, "no-noise_6000": 0}


def test_an_added_value_and_another_panel_run_nothing_again(run, city, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(run.folder, folder)
    more = SERIES.replace("[3000, 6000]", "[3000, 4000, 6000]").replace(
        "{kpi: wishes_per_day}", "{panel: load}"
    )
    again = run_series(load(write(city, more)), jobs=1, out=folder, progress=False)
    assert [one.value for one in again.variants] == [3000, 4000, 6000] * 2
    count = {
        path.parent.name: json.loads(path.read_text())["replications_run_now"]
        for path in folder.glob("variants/*/manifest.json")
    }
    assert {name for name, now in count.items() if now} == {"plan_4000", "no-noise_4000"}


def test_the_folder_of_another_series_or_run_is_refused(run, city, tmp_path):
    other = load(write(city, SERIES.replace("noise_min: 0", "noise_min: 1")))
    with pytest.raises(InputError, match="holds another study"):
        run_series(other, jobs=1, out=run.folder, progress=False)
    with pytest.raises(InputError, match="holds another run"):
        run_series(other, jobs=1, out=run.folder / "variants/plan_3000", progress=False)
    with pytest.raises(InputError, match="holds another study"):
        run_scenario(load(city / "small_city.yaml"), out=run.folder, progress=False)


@pytest.mark.slow
@pytest.mark.slow
def test_workers_change_no_byte(run, city, tmp_path, monkeypatch):
    monkeypatch.setattr("chargesim.experiment.runner.SESSIONS_WORTH_A_WORKER", 0)
    run_parallel = run_series(load(write(city)), jobs=2, out=tmp_path / "two", progress=False)
    assert files(run_parallel.folder) == files(run.folder)


@pytest.mark.slow
def test_refine_goes_on_where_a_criterion_changes(city, tmp_path):
    """Few of 4,000 vehicles are lost, most of 44,000; values are added down to a quarter."""
    text = """series:
  question: When is it too much?
  keys: [fleet.stock]
  values: [4000, 44000, 44008]
  refine: true
  show: [{panel: criteria}]
standard:
  criteria:
    - {name: served, measure: unserved, scope: cars, at_most: 0.3, source: test}
"""
    loaded = load(write(city, text), ["replications=10"])
    run = run_series(loaded, jobs=1, out=tmp_path / "run", progress=False)
    values = [one.value for one in run.variants]
    assert values == sorted(values)
    added = set(values) - {4000, 44000, 44008}
    assert 24000 in added  # halfway
    assert added <= {14000, 24000, 34000}
    assert added & {14000, 34000}  # and to a quarter, on the side of the change
    states = [one.verdict.verdict for one in run.variants]
    for before, after, old, new in zip(values, values[1:], states, states[1:], strict=False):
        assert old == new or after - before <= 10000
    assert states[0] == "meets"
    assert states[-1] == "fails"
    manifest = json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))
    assert {one["value"] for one in manifest["variants"] if one["added"]} == added
