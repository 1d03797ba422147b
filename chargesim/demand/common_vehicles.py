"""Find the vehicles that two demand tables have in common."""

from dataclasses import dataclass

import numpy as np

from chargesim.demand.demand_table import Table

_NUMBERING = ("station_list", "swap_list", "fleet", "key", "u")
"""Columns that number a network's lists or name the vehicle, and say nothing of it."""


@dataclass(frozen=True)
class CommonVehicles:
    """How many vehicles two demand tables have in common."""

    first: int
    """vehicles of the first table"""
    other: int
    common: int
    """vehicles in both tables"""
    changed: tuple[str, ...]
    """columns in which some of the common ones differ"""

    @property
    def same(self) -> bool:
        """Whether both tables hold the same vehicles, equal in every column."""
        return self.first == self.other == self.common and not self.changed


def common_vehicles(first: Table, other: Table) -> CommonVehicles:
    """Return which vehicles two demand tables share, by their keys.

    Parameters
    ----------
    first, other : table of `WISH`
        The demand of the same day and replication of two scenarios.
    """
    common, here, there = np.intersect1d(first["key"], other["key"], return_indices=True)
    names = [name for name in first.dtype.names or () if name not in _NUMBERING]
    changed = tuple(
        name for name in names if not np.array_equal(first[name][here], other[name][there])
    )
    return CommonVehicles(len(first), len(other), len(common), changed)
