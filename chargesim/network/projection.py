"""Measure a city in km: project coordinates, order places along a space-filling curve."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (Moritz 2000, Geodetic Reference System 1980)."""
_KM_PER_DEGREE = np.pi * EARTH_RADIUS_KM / 180.0


@dataclass(frozen=True)
class Projection:
    """An equirectangular projection about a middle latitude; over 500 km it is off by less than 1 %."""

    lat: float
    lon: float

    @classmethod
    def about(cls, lat: Floats, lon: Floats) -> "Projection":
        """Return the projection whose origin is the middle of some places."""
        return cls(float(np.mean(lat)), float(np.mean(lon)))

    def xy(self, lat: Floats, lon: Floats) -> Floats:
        """Return places as [n, 2] in km east and north of the origin."""
        east = (np.asarray(lon) - self.lon) * _KM_PER_DEGREE * np.cos(np.radians(self.lat))
        return np.stack([east, (np.asarray(lat) - self.lat) * _KM_PER_DEGREE], axis=-1)

    def lat_lon(self, xy: Floats) -> tuple[Floats, Floats]:
        """Return latitude and longitude of places in km."""
        return xy[..., 1] / _KM_PER_DEGREE + self.lat, xy[..., 0] / (
            _KM_PER_DEGREE * np.cos(np.radians(self.lat))
        ) + self.lon


def along_curve(xy: Floats) -> NDArray[np.int64]:
    """Return the order of places along a Z-order curve (Morton 1966): neighbours on it are mostly neighbours on the map."""
    if len(xy) == 0:
        return np.zeros(0, dtype=np.int64)
    span = max(float(np.ptp(xy, axis=0).max()), 1e-9)
    cell = ((xy - xy.min(axis=0)) / span * 65535).astype(np.uint64)
    code = np.zeros(len(xy), dtype=np.uint64)
    for bit in range(16):
        for axis in range(2):
            code |= ((cell[:, axis] >> np.uint64(bit)) & np.uint64(1)) << np.uint64(2 * bit + axis)
    return np.argsort(code, kind="stable")


def spread(
    weights: Floats, order: NDArray[np.int64], count: int, start: float
) -> NDArray[np.int64]:
    """Return `count` places in proportion to their weights, evenly along an order (systematic sampling).

    Parameters
    ----------
    weights : array
        Weight of each place.
    order : array of int
        The places in the order in which the sample walks over them.
    count : int
    start : float
        Where in its first interval the sample begins [0..1].
    """
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    total = np.cumsum(weights[order])
    marks = (np.arange(count) + start) / count * total[-1]
    chosen: NDArray[np.int64] = order[
        np.minimum(np.searchsorted(total, marks, side="right"), len(order) - 1)
    ]
    return chosen


def largest_remainder(weights: Floats, count: int, least: int = 0) -> NDArray[np.int64]:
    """Return `count` shared out in proportion to weights by the largest remainder, at least `least` (0 or 1) to each.

    When `count` is too small for that, the largest weights get theirs first.
    """
    n = len(weights)
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    if count < least * n:
        shares: NDArray[np.int64] = np.zeros(n, dtype=np.int64)
        shares[np.argsort(-weights, kind="stable")[:count]] = 1
        return shares
    rest = count - least * n
    exact = rest * weights / weights.sum() if weights.sum() > 0 else np.full(n, rest / n)
    shares = np.floor(exact).astype(np.int64)
    shares[np.argsort(shares - exact, kind="stable")[: rest - int(shares.sum())]] += 1
    shares += least
    return shares
