"""Export of a finished run: files are read back by other means than ours; the page of columns."""

import builtins
import json

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from factories import ROOT, SCENARIOS
from typer.testing import CliRunner

from chargesim.cli import app
from chargesim.engine.replication_totals import ReplicationTotals
from chargesim.runs.run_scenario import run_scenario
from chargesim.runs.site_tables import SITE_MEASURES
from chargesim.runs.written_tables import tables_page, written_tables
from chargesim.scenario.reading import load


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    loaded = load(SCENARIOS / "small_city.yaml", ["replications=2", "horizon.days=2"])
    out = tmp_path_factory.mktemp("export") / "run"
    return run_scenario(loaded, out=out, jobs=1, progress=False, engine="simpy", sessions="all")


def export(run, format, out, code=0):
    """Call the command in this process; return the file, or what it says on stderr."""
    words = ["export", str(run.folder), "--format", format, "--out", str(out)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == code, done.output
    return out if code == 0 else done.stderr


def test_geojson_has_every_site_at_its_place_with_its_measures(run, tmp_path):
    path = export(run, "geojson", tmp_path / "new folder" / "sites.geojson")
    found = json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert found["type"] == "FeatureCollection"
    assert found["scenario"] == "small_city"
    sites = run.sites.set_index("site")
    assert [feature["id"] for feature in found["features"]] == list(sites.index)
    for feature in found["features"]:
        row, about = sites.loc[feature["id"]], feature["properties"]
        assert feature["type"] == "Feature"
        assert feature["geometry"]["type"] == "Point"
        lon, lat = feature["geometry"]["coordinates"]
        assert (lon, lat) == pytest.approx((row["lon"], row["lat"]), abs=1e-6)
        assert 106 < lon < 107, "the longitude comes first"
        assert about["utilisation"] == pytest.approx(row["utilisation"], rel=1e-5)
        assert len(about["occupied"]) == row["guns_or_bays"] + 1
        assert sum(about["occupied"]) == pytest.approx(1.0, abs=1e-4)
        assert about["occupied"][-1] == pytest.approx(about["all_occupied"], rel=1e-5)


def test_graphml_has_the_roads_of_the_run(run, tmp_path):
    path = export(run, "graphml", tmp_path / "roads.graphml")
    found, ours = nx.read_graphml(path), run.case.network.graph
    assert set(found.nodes) == {str(node) for node in ours.nodes}
    assert set(found.edges) == {(str(a), str(b)) for a, b in ours.edges}
    tail, head, data = next(iter(ours.edges(data=True)))
    edge = found.edges[str(tail), str(head)]
    assert edge["km"] == pytest.approx(data["km"], rel=1e-5)
    assert edge["free_min"] == pytest.approx(data["minutes"][0], rel=1e-5)
    assert sum(name.endswith("_min") for name in edge) == len(data["minutes"])
    station = found.nodes["Riverside-1"]
    assert (station["kind"], station["district"]) == ("station", "Riverside")
    assert station["lat"] == pytest.approx(29.5005)


def test_netcdf_has_site_by_hour_by_replication(run, tmp_path):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    path = export(run, "netcdf", tmp_path / "hours.nc")
    with xarray.open_dataset(path, engine="h5netcdf") as cube:
        sites = run.case.network.sites
        assert dict(cube.sizes) == {"site": len(sites), "hour": 48, "replication": 2}
        assert cube["site"].values.tolist() == list(sites.id)
        assert set(SITE_MEASURES) <= set(cube.data_vars)
        assert cube["energy_kwh"].attrs["units"] == "kWh"
        second = pd.read_parquet(run.folder / "site_hours" / "001.parquet")
        row = second[(second["site"] == "Hilltown-1") & (second["hour"] == 42)].iloc[0]
        there = cube.sel(site="Hilltown-1", hour=42, replication=1)
        for name in SITE_MEASURES:
            assert float(there[name]) == row[name], name
        busy = cube["busy_gun_min"].sum(["hour", "replication"]).values
        totals = sum(one.busy_min.sum(axis=1) for one in run.result.replications)
        np.testing.assert_allclose(busy, totals, rtol=1e-5)
        assert cube["district"].sel(site="Hilltown-1") == "Hilltown"


def test_what_cannot_be_exported_is_said(run, tmp_path, monkeypatch):
    nothing = export(type("R", (), {"folder": tmp_path}), "geojson", tmp_path / "a.json", code=1)
    assert "is no run directory" in nothing
    into_file = export(run, "graphml", run.folder / "kpis.csv" / "a.graphml", code=1)
    assert "cannot be written" in into_file
    real = builtins.__import__

    def without(name, *rest, **more):
        if name in ("xarray", "h5netcdf"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    missing = export(run, "netcdf", tmp_path / "a.nc", code=1)
    assert "pip install 'chargesim-planner[export]'" in missing
    assert not (tmp_path / "a.nc").exists()


def test_every_table_of_a_run_has_the_columns_that_are_declared(run):
    for one in written_tables():
        for name in one.file.replace("NNN", "000").split(", "):
            path = run.folder / name
            if one.file == "days.csv":
                assert not path.exists(), "two days are too few; test_analysis_days compares it"
            elif path.suffix == ".csv":
                assert list(pd.read_csv(path, nrows=0).columns) == list(one.columns)
            else:
                assert pq.read_schema(path).names == list(one.columns), name
    undeclared = {path.name for path in run.folder.glob("*.csv")}
    assert undeclared <= {one.file for one in written_tables()}
    assert list(written_tables()[-1].columns) == list(ReplicationTotals.axes())


def test_the_page_of_columns_is_that_of_the_declarations():
    assert (ROOT / "docs" / "columns.md").read_text(encoding="utf-8") == tables_page()
