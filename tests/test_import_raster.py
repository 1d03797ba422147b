"""Test that inhabitants come from a raster, each at the nearest node."""

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import transform

from chargesim.errors import InputError
from chargesim.importers import population_raster
from chargesim.importers.road_zones import ZoneOptions, make_zones

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # of affine 3

NAMES = ["a", "b"]
LAT, LON = np.array([56.05, 56.05]), np.array([-3.15, -3.05])


def raster(path, values, *, west=-3.2, north=56.1, step=0.1, crs="EPSG:4326", nodata=-9999.0):
    values = np.asarray(values, dtype="float32")
    with rasterio.open(
        path, "w", driver="GTiff", width=values.shape[1], height=values.shape[0], count=1,
        dtype="float32", crs=crs, transform=from_origin(west, north, step, step), nodata=nodata,
    ) as made:  # fmt: skip
        made.write(values, 1)
    return path


def zones(path):
    made = make_zones(NAMES, LAT, LON, ZoneOptions(population=path), "utf-8")
    return {row["zone_id"]: row["population"] for row in made.rows}, made


def test_each_cell_goes_to_its_nearest_node(tmp_path):
    found, made = zones(raster(tmp_path / "people.tif", [[120.0, 30.0]]))
    assert found == {"a": 120.0, "b": 30.0}
    assert made.report.records == 2


def test_no_data_and_cells_far_away_are_nobody(tmp_path):
    values = np.full((1, 100), 1000.0)
    values[0, :2] = (-9999.0, 30.0)
    found, made = zones(raster(tmp_path / "people.tif", values))
    assert found == {"b": 30.0}
    assert made.report.records < 10  # of the country, the cells around the roads alone


def test_a_projected_raster_is_turned_into_degrees(tmp_path):
    x, y = transform("EPSG:4326", "EPSG:32630", LON, LAT)
    step = 200.0
    values = np.zeros((3, 60))
    for count, east in ((70.0, x[0]), (20.0, x[1])):
        values[1, int((east - (x[0] - 3000)) / step)] = count
    path = raster(
        tmp_path / "utm.tif", values, west=x[0] - 3000, north=y[0] + 1.5 * step, step=step,
        crs="EPSG:32630",
    )  # fmt: skip
    assert zones(path)[0] == {"a": 70.0, "b": 20.0}


def test_what_cannot_be_used_is_named(tmp_path, monkeypatch):
    elsewhere = raster(tmp_path / "far.tif", [[1.0, 2.0]], west=106.0, north=29.0)
    with pytest.raises(InputError, match=r"lies elsewhere: \(106, 28.9\) to \(106.2, 29\)"):
        zones(elsewhere)
    (tmp_path / "text.tif").write_text("no raster", encoding="utf-8")
    with pytest.raises(InputError, match=r"text.tif: cannot be read as a raster"):
        zones(tmp_path / "text.tif")
    with pytest.raises(InputError, match=r"none.tif: no such file"):
        zones(tmp_path / "none.tif")
    with pytest.raises(InputError, match=r"nobody of 2 cells is left"):
        zones(raster(tmp_path / "empty.tif", [[0.0, 0.0]]))
    monkeypatch.setattr(population_raster, "MOST_CELLS", 1)
    with pytest.raises(InputError, match=r"has 2 cells around the roads, at most 1 are read"):
        zones(raster(tmp_path / "big.tif", [[1.0, 2.0]]))


def test_without_rasterio_it_says_what_to_install(tmp_path, monkeypatch):
    path = raster(tmp_path / "people.tif", [[1.0, 2.0]])
    monkeypatch.setitem(__import__("sys").modules, "rasterio", None)
    with pytest.raises(
        InputError, match=r"takes rasterio: pip install 'chargesim-planner\[raster\]'"
    ):
        zones(path)
