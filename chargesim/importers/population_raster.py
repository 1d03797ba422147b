"""Read inhabitants from a raster, such as WorldPop or GHS-POP: a row for each cell."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargesim.errors import InputError
from chargesim.importers.import_report import ImportReport
from chargesim.scenario.file_paths import display_path

SUFFIXES = {".tif": "GTiff", ".tiff": "GTiff", ".asc": "AAIGrid"}
"""Formats that hold their own data; others may name files elsewhere."""
MOST_CELLS = 20_000_000
"""Cells around the roads that are read at most."""
_WGS84 = "EPSG:4326"
Floats = NDArray[np.float64]


def raster_people(
    path: Path, report: ImportReport, bounds: tuple[float, float, float, float]
) -> tuple[Floats, Floats, Floats]:
    """Return latitude, longitude and inhabitants of the cells around a network where people live.

    Parameters
    ----------
    path : Path
        A GeoTIFF or an ESRI grid; its first band has inhabitants by cell, not by km2.
    report : ImportReport
        Counts the cells.
    bounds : tuple of float
        West, south, east and north of the roads [deg].

    Raises
    ------
    InputError
        Without rasterio, for a file that it cannot read, and for one that lies elsewhere.
    """
    name = display_path(path)
    try:
        import rasterio
        from rasterio.errors import RasterioError
    except ImportError:
        words = "is a raster, which takes rasterio: pip install 'chargesim-planner[raster]'"
        raise InputError([f"{name}: {words}"]) from None
    if not path.is_file():
        raise InputError([f"{name}: no such file"])
    try:
        with rasterio.open(path, driver=SUFFIXES[path.suffix.lower()]) as raster:
            return _cells(raster, name, report, bounds)
    except RasterioError as error:
        raise InputError([f"{name}: cannot be read as a raster: {error}"]) from None


def _cells(
    raster: Any, name: str, report: ImportReport, bounds: tuple[float, float, float, float]
) -> tuple[Floats, Floats, Floats]:
    from rasterio.warp import transform, transform_bounds
    from rasterio.windows import Window, from_bounds

    crs = raster.crs or _WGS84
    report.remarks.append(
        f"Raster: {raster.width:,} x {raster.height:,} cells, "
        f"{'WGS-84 assumed, the file names no reference' if raster.crs is None else crs}."
    )
    around = from_bounds(*transform_bounds(_WGS84, crs, *bounds), raster.transform)
    left, top = max(0, math.floor(around.col_off)), max(0, math.floor(around.row_off))
    right = min(raster.width, math.ceil(around.col_off + around.width))
    bottom = min(raster.height, math.ceil(around.row_off + around.height))
    if right <= left or bottom <= top:
        words = f"lies elsewhere: {_text(raster.bounds)}, the roads are in {_text(bounds)}"
        raise InputError([f"{name}: {words}"])
    window = Window(left, top, right - left, bottom - top)
    if window.width * window.height > MOST_CELLS:
        count = f"{window.width * window.height:,.0f} cells around the roads"
        raise InputError([f"{name}: has {count}, at most {MOST_CELLS:,} are read; coarsen it"])
    people = raster.read(1, window=window, masked=True).astype(np.float64)
    values = np.where(np.isfinite(people.filled(0.0)), people.filled(0.0), 0.0)
    report.records += values.size
    rows, columns = np.nonzero(values > 0)
    below = int((values < 0).sum())
    if below:
        report.remarks.append(f"{below:,} cells are below 0 and count as no data.")
    report.remarks.append(f"In {values.size - len(rows):,} cells nobody lives.")
    corner = raster.window_transform(window)
    x = corner.c + corner.a * (columns + 0.5) + corner.b * (rows + 0.5)
    y = corner.f + corner.d * (columns + 0.5) + corner.e * (rows + 0.5)
    lon, lat = transform(crs, _WGS84, x, y)
    return np.asarray(lat), np.asarray(lon), values[rows, columns]


def _text(bounds: Any) -> str:
    return " to ".join(f"({x:.4g}, {y:.4g})" for x, y in (bounds[:2], bounds[2:]))
