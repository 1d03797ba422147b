"""Read charging curves and hour-of-week profiles of the wishes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from chargesim.errors import InputError
from chargesim.scenario.calendar import WEEKDAYS, Weekday
from chargesim.scenario.file_paths import display_path
from chargesim.scenario.tables import TableRow, duplicate_faults, read_rows

Floats = NDArray[np.float64]


class CurvePoint(TableRow):
    """A row of the curve table: the power from this SOC on."""

    curve_id: Annotated[str, Field(min_length=1)]
    soc: Annotated[float, Field(ge=0, le=1)]
    power_kw: Annotated[float, Field(ge=0.01, le=1e5)]
    usable_kwh: Annotated[float, Field(ge=0.1, le=1e5)]
    volt: Annotated[float, Field(ge=1, le=1e4)]


class ProfileHour(TableRow):
    """A row of the profile table."""

    profile: Annotated[str, Field(min_length=1)]
    day: Weekday
    hour: Annotated[int, Field(ge=0, le=23)]
    weight: Annotated[float, Field(ge=0, le=1e6)]
    source: str = ""


@dataclass(frozen=True)
class Curves:
    """Charging curves, a row each; step i of a curve has the power of its left point."""

    id: tuple[str, ...]
    edge_soc: Floats
    """[curve, step + 1], from 0 to 1; a shorter curve is filled up with steps of no width"""
    step_kw: Floats
    """[curve, step] power that the battery takes [kW]"""
    battery_kwh: Floats
    volt: Floats

    def index(self, curve_id: str) -> int:
        """Return the row of a curve."""
        return self.id.index(curve_id)

    def scaled(self, factor: float) -> "Curves":
        """Return curves with `factor` times the power at every SOC, as cold batteries have."""
        return replace(self, step_kw=self.step_kw * factor)

    def with_copies(self, factors: Sequence[float]) -> "Curves":
        """Return curves with a scaled copy of all of them behind for each factor."""
        sets = [self, *(self.scaled(factor) for factor in factors)]
        names = [f" x {factor:g}" for factor in factors]
        return Curves(
            id=tuple(name + more for more in ("", *names) for name in self.id),
            edge_soc=np.concatenate([one.edge_soc for one in sets]),
            step_kw=np.concatenate([one.step_kw for one in sets]),
            battery_kwh=np.concatenate([one.battery_kwh for one in sets]),
            volt=np.concatenate([one.volt for one in sets]),
        )


def read_curves(path: Path) -> Curves:
    """Read charging curves, from SOC 0 to 1: CSV curve_id, soc, power_kw, usable_kwh, volt."""
    points: dict[str, list[CurvePoint]] = {}
    for point in read_rows(path, CurvePoint):
        points.setdefault(point.curve_id, []).append(point)
    faults = []
    for name, curve in points.items():
        socs = [point.soc for point in curve]
        if socs[0] != 0 or socs[-1] != 1 or any(b <= a for a, b in pairwise(socs)):
            faults.append(
                f"{display_path(path)}:{curve[0].line}: soc: curve {name!r} must rise from 0 to 1"
            )
        if len({(point.usable_kwh, point.volt) for point in curve}) > 1:
            faults.append(
                f"{display_path(path)}:{curve[0].line}: usable_kwh, volt: "
                f"curve {name!r} has more than one value"
            )
    if faults:
        raise InputError(faults)
    steps = max(len(curve) for curve in points.values()) - 1
    edge_soc = np.ones((len(points), steps + 1))
    step_kw = np.empty((len(points), steps))
    for i, curve in enumerate(points.values()):
        edge_soc[i, : len(curve)] = [point.soc for point in curve]
        step_kw[i, : len(curve) - 1] = [point.power_kw for point in curve[:-1]]
        step_kw[i, len(curve) - 1 :] = curve[-1].power_kw
    first = [curve[0] for curve in points.values()]
    return Curves(
        id=tuple(points),
        edge_soc=edge_soc,
        step_kw=step_kw,
        battery_kwh=np.array([point.usable_kwh for point in first]),
        volt=np.array([point.volt for point in first]),
    )


def read_profile_sources(path: Path) -> dict[str, str]:
    """Read the source of each profile: the text in the column `source` of its first row."""
    sources: dict[str, str] = {}
    for row in read_rows(path, ProfileHour):
        sources.setdefault(row.profile, row.source.strip() or "no source given")
    return sources


def read_profiles(path: Path) -> dict[str, Floats]:
    """Read hour-of-week profiles from CSV (profile, day, hour, weight).

    Returns
    -------
    dict of str to array, [weekday, hour]
        Mean 1 over the week.
    """
    profiles: dict[str, Floats] = {}
    for row in read_rows(path, ProfileHour, lambda rows: _hours_twice(path, rows)):
        weights = profiles.setdefault(row.profile, np.full((7, 24), np.nan))
        weights[WEEKDAYS.index(row.day), row.hour] = row.weight
    faults = []
    for name, weights in profiles.items():
        if np.isnan(weights).any():
            missing = int(np.isnan(weights).sum())
            faults.append(
                f"{display_path(path)}: profile {name!r}: {missing} of its 168 hours are missing"
            )
        elif weights.sum() <= 0:
            faults.append(
                f"{display_path(path)}: profile {name!r}: its weights add up to 0, "
                "they must be above 0"
            )
    if faults:
        raise InputError(faults)
    return {name: weights / weights.mean() for name, weights in profiles.items()}


def _hours_twice(path: Path, rows: list[ProfileHour]) -> list[str]:
    """Return a fault for each hour of a profile that an earlier line has too."""
    hours = [(row.line, f"{row.profile} {row.day} {row.hour}") for row in rows]
    return duplicate_faults(path, "hour", hours, "keep one")
