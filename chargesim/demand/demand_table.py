"""Define the demand table, a row per wish, and the outage calendar, a row per outage."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

WISH = np.dtype(
    [
        ("wish_min", "f8"),  # min since the start of the scenario, a multiple of 2**-20
        ("origin", "i8"),  # zone or corridor, an origin of the network's candidate lists
        ("fleet", "i4"),  # index of the vehicle class; the corridor vehicles are the last
        ("station_list", "i4"),  # candidate list of the stations that it may use
        ("swap_list", "i4"),  # candidate list of the swap sites that it may use, -1: cannot swap
        ("curve", "i4"),  # row of the charging curves
        ("max_diversions", "i4"),
        ("guidance", "i4"),  # DISTANCE, POSTED, CLOUD; connected but not complying: POSTED
        ("failed_starts", "i4"),  # tries to charge that fail, at the first gun
        ("battery_kwh", "f8"),
        ("soc", "f8"),  # at the wish; driving takes energy
        ("target_soc", "f8"),
        ("consumption_kwh_km", "f8"),
        ("patience_min", "f8"),  # per queue
        ("tolerance_min", "f8"),  # balks when the wait visible at arrival exceeds it
        ("value_of_time_cny_h", "f8"),
        ("put_off_min", "f8"),  # how long it puts off its wish for a cheaper hour, 0 for most
        ("late_min", "f8"),  # how much later than it reserved for it comes, 0 for most
        ("overstay_min", "f8"),  # how long it stays at the gun when it is done, 0 for most
        ("u", "f8"),  # thinning mark 0..1
        ("key", "u8"),  # hash key of the vehicle
    ],
    align=True,
)
"""Columns of the demand table."""

Table = NDArray[Any]
"""Demand table: a structured array of `WISH` rows, sorted by (wish_min, key)."""

DISTANCE, POSTED, CLOUD = range(3)
"""Guidance levels: what a driver knows when choosing."""

OUTAGE = np.dtype(
    [
        ("begin_min", "f8"),  # min since the start of the scenario, a multiple of 2**-20
        ("end_min", "f8"),
        ("site", "i8"),  # row of the site table
        ("gun", "i8"),  # number of the gun at its site, WHOLE_SITE for a blackout
    ],
    align=True,
)
"""Columns of the outage calendar, a row per failure of a gun or blackout of a site."""
WHOLE_SITE = -1

Outages = NDArray[Any]
"""Outage calendar: a structured array of `OUTAGE` rows, sorted by (begin_min, site, gun).

A blackout comes after the guns of its site, as their events do. Those of one gun do not overlap."""


def no_outages() -> Outages:
    """Return a calendar without a row."""
    return np.zeros(0, dtype=OUTAGE)


def empty_table(rows: int = 0) -> Table:
    """Return a table of zeros."""
    return np.zeros(rows, dtype=WISH)


def sort_table(table: Table) -> Table:
    """Return the rows by their instant; ties go by key, so that no order of drawing matters."""
    return rows_of(table, wish_order(table))


def wish_order(table: Table) -> NDArray[np.int64]:
    """Return the numbers of the rows in the order of their instants, ties by key."""
    return np.lexsort((table["key"], table["wish_min"]))


def rows_of(records: NDArray[Any], rows: NDArray[np.int64]) -> NDArray[Any]:
    """Return rows of an array of records."""
    of_rows: NDArray[Any] = as_bytes(records)[rows].view(records.dtype)
    return of_rows


def as_bytes(records: NDArray[Any]) -> NDArray[Any]:
    """Return records as blocks of bytes, which are copied twice as fast as column by column."""
    return records.view(f"V{records.itemsize}")
