"""Project coordinates to km on a plane."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (Moritz 2000, Geodetic Reference System 1980)."""
_KM_PER_DEGREE = np.pi * EARTH_RADIUS_KM / 180.0


@dataclass(frozen=True)
class Projection:
    """An equirectangular projection about a middle latitude; its error over 500 km is below 1 %."""

    lat: float
    lon: float

    @classmethod
    def about(cls, lat: Floats, lon: Floats) -> "Projection":
        """Return the projection whose origin is the middle of some points."""
        if len(lon) and np.ptp(lon) > 180:  # on both sides of the date line
            lon = np.where(np.asarray(lon) < 0, np.asarray(lon) + 360.0, lon)
        return cls(float(np.mean(lat)), float(np.mean(lon)))

    def xy(self, lat: Floats, lon: Floats) -> Floats:
        """Return points as [n, 2] in km east and north of the origin."""
        turn = np.asarray(lon) - self.lon
        turn = np.where(turn > 180, turn - 360, np.where(turn < -180, turn + 360, turn))
        east = turn * _KM_PER_DEGREE * np.cos(np.radians(self.lat))
        return np.stack([east, (np.asarray(lat) - self.lat) * _KM_PER_DEGREE], axis=-1)

    def lat_lon(self, xy: Floats) -> tuple[Floats, Floats]:
        """Return latitude and longitude of points in km."""
        return xy[..., 1] / _KM_PER_DEGREE + self.lat, xy[..., 0] / (
            _KM_PER_DEGREE * np.cos(np.radians(self.lat))
        ) + self.lon


def straight_km(lat: Floats, lon: Floats, other_lat: Floats, other_lon: Floats) -> Floats:
    """Return the great-circle distances between points [km], by the haversine formula."""
    one, other = np.radians(lat), np.radians(other_lat)
    east = np.radians(np.asarray(other_lon) - lon)
    chord = np.sin((other - one) / 2) ** 2 + np.cos(one) * np.cos(other) * np.sin(east / 2) ** 2
    distance: Floats = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))
    return distance
