"""Turn coordinates of any known system into WGS-84."""

import numpy as np
from numpy.typing import NDArray

from chargesim.importers.china_crs import TO_WGS84
from chargesim.importers.records import RecordFaultError

Floats = NDArray[np.float64]


def wgs84_of(crs: str | None, xy: Floats) -> tuple[Floats, Floats]:
    """Return latitudes and longitudes [deg].

    Parameters
    ----------
    crs : str or None
        `wgs84`, `gcj02`, `bd09`, or what pyproj knows: `EPSG:32648`, or WKT as in a .prj file.
        None: degrees of WGS-84.
    xy : array of float, [n, 2]
        East and north, or longitude and latitude.

    Raises
    ------
    RecordFaultError
        When the system is not known, pyproj is missing, or the coordinates cannot be of it.
    """
    x, y = xy[:, 0], xy[:, 1]
    name = (crs or "wgs84").lower()
    if name in TO_WGS84:
        if np.abs(x).max(initial=0) > 180 or np.abs(y).max(initial=0) > 90:
            words = "coordinates are no longitudes and latitudes; name their system with --crs"
            raise RecordFaultError(f"{words}, such as --crs EPSG:32648", f"{x[0]:g}, {y[0]:g}")
        return TO_WGS84[name](y, x)
    try:
        import pyproj
    except ImportError:
        raise RecordFaultError(
            "this coordinate system needs pyproj: pip install 'chargesim-planner[crs]'", crs
        ) from None
    try:
        turn = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
        lon, lat = turn.transform(x, y)
    except pyproj.exceptions.ProjError as error:
        raise RecordFaultError(f"coordinate system is not known: {str(error)[:80]}", crs) from None
    lat, lon = np.asarray(lat, dtype=np.float64), np.asarray(lon, dtype=np.float64)
    if not (np.isfinite(lat).all() and np.isfinite(lon).all()):
        raise RecordFaultError("coordinates lie outside of the coordinate system", crs)
    return lat, lon
