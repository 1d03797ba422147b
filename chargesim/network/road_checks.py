"""Check a user's roads: rows that contradict each other, junctions without a row, lengths."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from chargesim.network.projection import straight_km
from chargesim.network.table_columns import RoadRow
from chargesim.scenario.file_paths import display_path

Point = tuple[float, float]
"""Latitude and longitude [deg]."""

_SHOWN = 10
"""Lines of a table that are named for one kind of fault; of more, only the number is said."""
_SLACK, _SLACK_KM = 0.9, 0.1
"""A road may be this part of the straight line, and so much shorter, since ends are rounded."""
_AS_METRES = 100.0
"""Road over straight line beyond which a length is in metres; real roads wind less than 10 fold."""
_MEASURABLE_KM = 0.05
"""Straight line from which on a ratio says something."""


def loop_faults(path: Path, rows: Sequence[RoadRow]) -> list[str]:
    """Return a fault for each road that leads from a node to itself."""
    return [
        f"{display_path(path)}:{row.line}: to_id: leads from {row.from_id} to itself"
        for row in rows
        if row.from_id == row.to_id
    ]


def contradictions(path: Path, rows: Sequence[RoadRow]) -> list[str]:
    """Return a fault for each road that an earlier line has with another length or speed.

    Roads of different kinds may join the same two nodes, and so may a road for each direction. An
    expressway that is there twice is refused even if both lines agree: it would count double.
    """
    first: dict[tuple[str, str, str], RoadRow] = {}
    faults = []
    for row in rows:
        pair = (row.from_id, row.to_id)
        for tail, head in (pair,) if row.oneway else (pair, pair[::-1]):
            other = first.setdefault((tail, head, row.kind), row)
            if other is row:
                continue
            same = (other.km, other.free_kmh) == (row.km, row.free_kmh)
            if same and row.kind != "expressway":
                continue
            there = f"{other.km:g} km at {other.free_kmh:g} km/h"
            here = "again" if same else f"{row.km:g} km at {row.free_kmh:g} km/h"
            faults.append(
                f"{display_path(path)}:{row.line}: km: {tail} to {head} is {there} in line "
                f"{other.line} and {here} here; keep one line, or give each direction its own "
                "with oneway 1"
            )
            break
    return faults


def missing_nodes(
    path: Path, nodes: Path, rows: Sequence[RoadRow], known: Mapping[str, object]
) -> list[str]:
    """Return a fault for each junction that has no row in the table of nodes."""
    missing: dict[str, str] = {}
    for row in rows:
        for column, name in (("from_id", row.from_id), ("to_id", row.to_id)):
            if name not in known:
                missing.setdefault(
                    name,
                    f"{display_path(path)}:{row.line}: {column}: {name!r} is no zone "
                    f"and has no row in {display_path(nodes)}",
                )
    return _first(path, list(missing.values()), "nodes without a row")


def length_faults(path: Path, rows: Sequence[RoadRow], points: Mapping[str, Point]) -> list[str]:
    """Return faults of lengths beside the straight line, for roads whose two ends have coordinates.

    Named are roads shorter than that line, and lengths that can only be in metres; where most
    of a table are, it is said once.
    """
    rows = [row for row in rows if row.from_id in points and row.to_id in points]
    if not rows:
        return []
    ends = np.array([(points[row.from_id], points[row.to_id]) for row in rows])
    straight = straight_km(ends[:, 0, 0], ends[:, 0, 1], ends[:, 1, 0], ends[:, 1, 1])
    km = np.array([row.km for row in rows])
    ratio = km / np.maximum(straight, _MEASURABLE_KM)
    wide = straight > _MEASURABLE_KM
    name = display_path(path)
    if wide.any() and np.median(ratio[wide]) > _AS_METRES:
        typical = float(np.median(ratio[wide]))
        return [
            f"{name}:{rows[0].line}: km: lengths are {typical:,.0f} times the straight line "
            f"between their ends (median of {int(wide.sum()):,} roads); are they metres? "
            "Divide them by 1,000"
        ]
    short = [
        f"{name}:{rows[i].line}: km: got {rows[i].km:g}, shorter than the straight line of "
        f"{straight[i]:.2f} km from {rows[i].from_id} to {rows[i].to_id}"
        for i in np.flatnonzero(km < _SLACK * straight - _SLACK_KM)
    ]
    long = [
        f"{name}:{rows[i].line}: km: got {rows[i].km:g}, {ratio[i]:,.0f} times the straight line "
        f"of {straight[i]:.2f} km from {rows[i].from_id} to {rows[i].to_id}; is it in metres?"
        for i in np.flatnonzero(wide & (ratio > _AS_METRES))
    ]
    return _first(path, short, "roads shorter than the straight line") + _first(
        path, long, "lengths in metres"
    )


def _first(path: Path, faults: list[str], what: str) -> list[str]:
    """Return the first faults, and how many more there are."""
    more = len(faults) - _SHOWN
    return faults[:_SHOWN] + ([f"{display_path(path)}: {more:,} more {what}"] if more > 0 else [])
