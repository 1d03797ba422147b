"""Turn the shifted coordinates of Chinese maps, GCJ-02 and BD-09, into WGS-84.

The shift to GCJ-02 is not published; the formula below is the one that the open tools agree on
(prcoords, eviltransform). BD-09 is Baidu's second shift, from its map interface. Neither has an
inverse in closed form: it is found by iteration.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Box = tuple[tuple[float, float], tuple[float, float]]
"""A range of latitudes and one of longitudes [deg]."""
Shift = Callable[[Floats, Floats], tuple[Floats, Floats]]

AXIS_M, ECCENTRICITY_2 = 6378245.0, 0.00669342162296594323
"""Ellipsoid of Krasovsky 1940, which GCJ-02 uses: semi-major axis [m], eccentricity squared."""
CHINA: Box = ((0.8293, 55.8271), (72.004, 137.8347))
"""Latitudes and longitudes between which GCJ-02 shifts [deg]; outside it is WGS-84."""
_TURNS = 30
_CLOSE_DEGREES = 1e-10
"""About 0.01 mm."""
_BAIDU_PI = np.pi * 3000.0 / 180.0


def in_box(box: Box, lat: Floats, lon: Floats) -> NDArray[np.bool_]:
    """Return which points lie in a box."""
    (south, north), (west, east) = box
    return (lat >= south) & (lat <= north) & (lon >= west) & (lon <= east)


def _waves(x: Floats) -> Floats:
    return 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)


def _long_waves(x: Floats, twelfth: float, thirtieth: float) -> Floats:
    return (
        20.0 * np.sin(x * np.pi)
        + 40.0 * np.sin(x / 3.0 * np.pi)
        + twelfth * np.sin(x / 12.0 * np.pi)
        + thirtieth * np.sin(x / 30.0 * np.pi)
    )


def gcj02_of_wgs84(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Return GCJ-02 of WGS-84 [deg]."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north_m = north_m + (_waves(x) + _long_waves(y, 160.0, 320.0)) * 2.0 / 3.0
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east_m = east_m + (_waves(x) + _long_waves(x, 150.0, 300.0)) * 2.0 / 3.0
    radians = np.radians(lat)
    magic = 1.0 - ECCENTRICITY_2 * np.sin(radians) ** 2
    meridian_m = AXIS_M * (1.0 - ECCENTRICITY_2) / magic**1.5
    parallel_m = AXIS_M / np.sqrt(magic) * np.cos(radians)
    inside = in_box(CHINA, lat, lon)
    return (
        np.where(inside, lat + np.degrees(north_m / meridian_m), lat),
        np.where(inside, lon + np.degrees(east_m / parallel_m), lon),
    )


def bd09_of_gcj02(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Return BD-09 of GCJ-02 [deg]."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU_PI)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU_PI)
    return radius * np.sin(angle) + 0.006, radius * np.cos(angle) + 0.0065


def bd09_of_wgs84(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Return BD-09 of WGS-84 [deg]."""
    return bd09_of_gcj02(*gcj02_of_wgs84(lat, lon))


def _inverse(shift: Shift, lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Return the points that a shift moves to the given ones, by fixed-point iteration."""
    found_lat, found_lon = lat.copy(), lon.copy()
    for _ in range(_TURNS):
        there_lat, there_lon = shift(found_lat, found_lon)
        off_lat, off_lon = there_lat - lat, there_lon - lon
        found_lat, found_lon = found_lat - off_lat, found_lon - off_lon
        if np.all(np.hypot(off_lat, off_lon) < _CLOSE_DEGREES):
            break
    return found_lat, found_lon


def wgs84_of_gcj02(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Return WGS-84 of GCJ-02 [deg]."""
    return _inverse(gcj02_of_wgs84, lat, lon)


def wgs84_of_bd09(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Return WGS-84 of BD-09 [deg]."""
    return _inverse(bd09_of_wgs84, lat, lon)


TO_WGS84: dict[str, Shift] = {
    "wgs84": lambda lat, lon: (lat, lon),
    "gcj02": wgs84_of_gcj02,
    "bd09": wgs84_of_bd09,
}
"""From each coordinate system to WGS-84."""
