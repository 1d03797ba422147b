"""Log the story of every vehicle: one row per session."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargesim.demand.demand_table import as_bytes

SESSION = np.dtype(
    [
        ("row", "i8"),  # row of the demand, counted over all days
        ("site", "i8"),  # where it was served, else where it was last; -1: nowhere
        ("kind", "i4"),  # index of totals.KINDS
        ("outcome", "i4"),  # index of totals.OUTCOMES
        ("chose_outside", "i4"),  # 1: lost because it chose the outside option, at once or later
        ("balks", "i4"),
        ("reneges", "i4"),
        ("diversions", "i4"),
        ("interruptions", "i8"),  # by failures of its gun
        ("drive_min", "f8"),
        ("wait_min", "f8"),  # without a gun or bay, from the first arrival on, and after a failure
        ("queue_min", "f8"),  # in queues, over all sites
        ("plug_min", "f8"),  # instant at which service first began, -1: never
        ("end_min", "f8"),
        ("service_min", "f8"),  # at the gun or in the bay, over all sites
        ("charging_min", "f8"),  # of these with a charge under way, at guns
        ("energy_kwh", "f8"),  # taken, over all sites
        ("soc_in", "f8"),  # on arrival at the first plug or bay; else at the last place
        ("soc_out", "f8"),
    ],
    align=True,
)
"""Columns of the session log; no byte lies between them, so that equal logs are equal bytes."""

_ROWS = 1 << 62
"""More rows than there are."""

SessionLog = NDArray[Any]
"""A structured array of `SESSION` rows, sorted by row."""


def as_log(rows: list[tuple[Any, ...]]) -> SessionLog:
    """Return session rows in the order of the demand."""
    log = np.zeros(len(rows), dtype=SESSION)
    log[:] = rows
    return by_row(log)


def by_row(*logs: SessionLog) -> SessionLog:
    """Return the sessions of logs in the order of the demand.

    The rows have hardly a gap, so each session is put where it belongs, without sorting.
    """
    rows = [log["row"] for log in logs]
    first = min(int(each.min(initial=_ROWS)) for each in rows)
    taken = np.zeros(max(int(each.max(initial=first - 1)) for each in rows) + 1 - first, dtype=bool)
    for each in rows:
        taken[each - first] = True
    place = np.cumsum(taken) - 1
    whole = np.empty(sum(len(each) for each in rows), dtype=SESSION)
    for log, each in zip(logs, rows, strict=True):
        as_bytes(whole)[place[each - first]] = as_bytes(log)
    return whole
