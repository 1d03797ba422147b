"""Hold the shifted coordinates of Chinese maps to their definition, and their inverse to 1 m."""

import numpy as np
import pytest

from chargesim.importers.china_crs import (
    CHINA,
    TO_WGS84,
    bd09_of_wgs84,
    gcj02_of_wgs84,
    in_box,
    wgs84_of_bd09,
    wgs84_of_gcj02,
)

KNOWN = {  # WGS-84, GCJ-02: pairs that the open tools test with
    "Shanghai": ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    "Shenzhen": ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    "Beijing": ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
}


def metres(lat_a, lon_a, lat_b, lon_b):
    east = np.radians(lon_b - lon_a) * np.cos(np.radians(lat_a))
    return 6_371_008.8 * np.hypot(east, np.radians(lat_b - lat_a))


def points():
    lat, lon = np.meshgrid(np.linspace(1.0, 55.7, 220), np.linspace(72.2, 137.7, 260))
    return lat.ravel(), lon.ravel()


@pytest.mark.parametrize(("wgs", "gcj"), KNOWN.values(), ids=KNOWN)
def test_gcj02_is_that_of_the_open_tools(wgs, gcj):
    found = gcj02_of_wgs84(*map(np.array, wgs))
    assert metres(*gcj, *found) < 0.01


@pytest.mark.parametrize(
    ("shift", "back"),
    [(gcj02_of_wgs84, wgs84_of_gcj02), (bd09_of_wgs84, wgs84_of_bd09)],
    ids=["gcj02", "bd09"],
)
def test_the_inverse_is_within_a_metre_all_over_china(shift, back):
    lat, lon = points()
    off_m = metres(lat, lon, *back(*shift(lat, lon)))
    assert off_m.max() < 0.01
    assert metres(lat, lon, *shift(lat, lon)).max() > 400  # a shift worth taking back


def test_one_step_back_would_not_do():
    lat, lon = points()
    there = gcj02_of_wgs84(lat, lon)
    again = gcj02_of_wgs84(*there)
    naive = 2 * there[0] - again[0], 2 * there[1] - again[1]
    assert metres(lat, lon, *naive).max() > 1


def test_outside_china_nothing_is_shifted():
    lat, lon = np.array([48.85, 40.7]), np.array([2.35, -74.0])
    assert not in_box(CHINA, lat, lon).any()
    assert [found.tolist() for found in wgs84_of_gcj02(lat, lon)] == [lat.tolist(), lon.tolist()]
    assert set(TO_WGS84) == {"wgs84", "gcj02", "bd09"}
