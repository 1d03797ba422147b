"""Say what the levels of a study ask of a gun, and at which level that is what is observed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chargesim.analysis.result import Floats
from chargesim.scenario.observed import Anchor, GunUse


@dataclass(frozen=True)
class ObservedUse:
    """The published use of a network, and the level at which as much is asked of a gun here."""

    name: str
    value: float
    unit: str
    level: float
    """-inf below all levels, inf above them, NaN where the levels change no use"""
    source: str


def use_at(level: float, levels: Sequence[float], use: Sequence[GunUse]) -> GunUse | None:
    """Return what is asked of a gun at a level, on straight lines between the levels.

    Parameters
    ----------
    level : float
        One beyond the levels counts as their end.
    levels : sequence of float
        In rising order.
    use : sequence of GunUse
        At each level.

    Returns
    -------
    GunUse or None
        None where all levels ask the same, or there is no gun.
    """
    parts = np.array([(one.sessions_per_gun_day, one.kwh_per_gun_day) for one in use])
    if not np.isfinite(parts).all() or not (np.ptp(parts, axis=0) > 0).all():
        return None
    inside = float(np.clip(level, levels[0], levels[-1]))
    return GunUse(*(float(np.interp(inside, levels, part)) for part in parts.T))


def observed_on(
    anchors: Sequence[Anchor], levels: Sequence[float], use: Sequence[GunUse]
) -> list[ObservedUse]:
    """Return the networks whose sessions or energy of a gun are known, on the levels.

    Parameters
    ----------
    anchors : sequence of Anchor
        From the section `observed`; sessions count before energy.
    levels : sequence of float
        In rising order.
    use : sequence of GunUse
        At each level.
    """
    found = []
    for one in anchors:
        values = (one.sessions_per_gun_day, "sessions"), (one.kwh_per_gun_day, "kWh")
        value, unit = next(((v, unit) for v, unit in values if v is not None), (None, ""))
        if value is not None:
            each = [
                u.sessions_per_gun_day if unit == "sessions" else u.kwh_per_gun_day for u in use
            ]
            level = _level_of(value, levels, np.array(each))
            found.append(ObservedUse(one.name, value, unit, level, one.source))
    return found


def _level_of(value: float, levels: Sequence[float], values: Floats) -> float:
    """Return the level of a value, on straight lines; NaN where the values do not rise or fall."""
    steps = np.diff(values)
    if not ((steps > 0).all() or (steps < 0).all()):
        return math.nan
    ways = slice(None) if steps[0] > 0 else slice(None, None, -1)
    below, above = (-math.inf, math.inf) if steps[0] > 0 else (math.inf, -math.inf)
    return float(np.interp(value, values[ways], np.array(levels)[ways], left=below, right=above))
