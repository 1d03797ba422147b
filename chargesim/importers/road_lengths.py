"""Measure the links of a file: coordinates in WGS-84, lengths in km, time in free flow."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chargesim.importers.records import RecordFaultError, RecordLeftOutError
from chargesim.importers.road_crs import wgs84_of
from chargesim.importers.road_records import (
    CLASSES,
    KM_OF,
    KMH_OF,
    RawRoads,
    RoadLink,
    kind_and_kmh,
)
from chargesim.network.projection import straight_km

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LEAST_KM = 0.001
_MEASURABLE_KM = 0.02
"""Length from geometry from which on a ratio says something."""
_USUAL = 1.05
"""Length over that of the geometry, lines or straight; roads of networks lie a little above 1."""
_FITS = (0.8, 1.6)
_LONGEST, _LONGEST_STRAIGHT = 3.0, 10.0
"""A length may be so many times that of the line, or, where only the ends are known, of the
straight line between them: roads wind less than tenfold."""
_SHORTER = 0.95
"""A length may be this part of the straight line, since files round."""


@dataclass(frozen=True)
class MeasuredRoads:
    """Nodes with coordinates, and links between them, a row each."""

    names: list[str]
    lat: Floats
    lon: Floats
    links: list[RoadLink]
    tail: Ints
    head: Ints
    km: Floats
    kmh: list[float]
    kind: list[str]


def measure(raw: RawRoads, crs: str | None) -> MeasuredRoads:
    """Return the links that can be used, measured; what is wrong with others is reported.

    Parameters
    ----------
    raw : RawRoads
        As the file has them.
    crs : str or None
        Coordinate system that the user names, before the file's.

    Raises
    ------
    RecordFaultError
        When no link is left, or the coordinates are of no known system.
    """
    names = list(raw.nodes)
    number = {name: n for n, name in enumerate(names)}
    links = [link for link in raw.links if _is_usable(link, number, raw)]
    if not links:
        raise RecordFaultError("no road is left")
    system = crs or raw.crs
    lat, lon = wgs84_of(system, np.array(list(raw.nodes.values()), dtype=np.float64))
    tail = np.array([number[link.tail] for link in links], dtype=np.int64)
    head = np.array([number[link.head] for link in links], dtype=np.int64)
    straight = straight_km(lat[tail], lon[tail], lat[head], lon[head])
    geometry_km = np.maximum(_line_km(links, system), straight)
    length = np.array([np.nan if link.length is None else link.length for link in links])
    unit = _length_unit(length, geometry_km, raw)
    km = np.where(np.isfinite(length) & (unit != ""), length * KM_OF.get(unit, 1.0), np.nan)
    for i in np.flatnonzero(km < _SHORTER * straight):
        why = "its length is below the straight line; that of the geometry holds"
        got = f"{km[i]:.3f} km, straight {straight[i]:.3f} km"
        raw.report.add(links[i].record, links[i].name, "changed", why, got)
    longest = np.where([bool(link.line) for link in links], _LONGEST, _LONGEST_STRAIGHT)
    too_long = km > longest * np.maximum(geometry_km, _MEASURABLE_KM)
    for i in np.flatnonzero(too_long):
        why = "its length is far above that of the geometry, which holds"
        got = f"{km[i]:.3f} km, geometry {geometry_km[i]:.3f} km"
        raw.report.add(links[i].record, links[i].name, "changed", why, got)
    km = np.where(np.isnan(km) | too_long | (km < _SHORTER * straight), geometry_km, km)
    km = np.maximum(km, np.maximum(straight, _LEAST_KM))
    kind, kmh = _speeds(links, km, unit, raw)
    return MeasuredRoads(names, lat, lon, links, tail, head, km, kmh, kind)


def _is_usable(link: RoadLink, number: dict[str, int], raw: RawRoads) -> bool:
    """Return whether a link leads from one known node to another; report it if not."""
    if link.tail in number and link.head in number and link.tail != link.head:
        return True
    missing = next((name for name in (link.tail, link.head) if name not in number), None)
    fault = (
        RecordLeftOutError("leads from a node to itself", link.tail)
        if missing is None
        else RecordFaultError("its node has no coordinates", missing)
    )
    raw.report.refuse(link.record, link.name, fault)
    return False


def _line_km(links: list[RoadLink], system: str | None) -> Floats:
    """Return the length of each link's line [km], 0 without one."""
    counts = np.array([len(link.line) for link in links])
    km = np.zeros(len(links))
    points = np.array([xy for link in links for xy in link.line], dtype=np.float64).reshape(-1, 2)
    if len(points) == 0:
        return km
    lat, lon = wgs84_of(system, points)
    of_link = np.repeat(np.arange(len(links)), counts)
    within = of_link[1:] == of_link[:-1]
    steps = straight_km(lat[:-1], lon[:-1], lat[1:], lon[1:])
    np.add.at(km, of_link[1:][within], steps[within])
    return km


def _length_unit(length: Floats, geometry_km: Floats, raw: RawRoads) -> str:
    """Return the unit of the lengths; "" where they are to be taken from the geometry.

    It is the one that the file states, if the coordinates bear it out, else the one that fits them.
    """
    given = np.isfinite(length) & (geometry_km > _MEASURABLE_KM)
    absent = int((~np.isfinite(length)).sum())
    if not given.any():
        raw.report.remarks.append("Lengths: from the geometry; the file has none.")
        return ""
    ratio = {
        unit: float(np.median(length[given] * km / geometry_km[given]))
        for unit, km in KM_OF.items()
    }
    stated, (least, most) = raw.length_unit, _FITS
    if stated and least <= ratio[stated] <= most:
        words = f"in {stated}, as the file says"
        unit = stated
    else:
        unit = min(ratio, key=lambda one: abs(float(np.log(max(ratio[one], 1e-12) / _USUAL))))
        if least <= ratio[unit] <= most:
            words = f"in {unit}, since that fits the coordinates"
            words += f"; the file says {stated}" if stated else ""
        else:
            unit, words = "", "from the geometry; those of the file fit it in no unit"
    typical = f" ({ratio[unit]:.2f} times the geometry, median)" if unit else ""
    more = f"; {absent:,} links have none: from the geometry" if absent and unit else ""
    raw.report.remarks.append(f"Lengths: {words}{typical}{more}.")
    return unit


def _speeds(
    links: list[RoadLink], km: Floats, unit: str, raw: RawRoads
) -> tuple[list[str], list[float]]:
    """Return kind and speed in free flow of each link; those without are assumed by class."""
    speed_unit = raw.speed_unit or ("mph" if unit in ("mi", "ft") else "km/h")
    kinds, speeds, assumed = [], [], Counter[tuple[str, float]]()
    for link, length_km in zip(links, km.tolist(), strict=True):
        kmh = None if link.kmh is None else link.kmh * KMH_OF[speed_unit]
        if kmh is None and link.minutes is not None:
            kmh = 60 * length_km / link.minutes
        kind, used, by_class = kind_and_kmh(link.road_class, kmh)
        kinds.append(kind)
        speeds.append(used)
        if by_class:
            known = link.road_class.removesuffix("_link") in CLASSES
            assumed[(link.road_class if known else "other", used)] += 1
    if not raw.speed_unit and any(link.kmh is not None for link in links):
        raw.report.remarks.append(f"Speeds: in {speed_unit}, by the unit of the lengths.")
    if assumed:
        most = ", ".join(f"{name} {kmh:g}" for (name, kmh), _ in assumed.most_common(6))
        raw.report.remarks.append(
            f"Speeds: {sum(assumed.values()):,} of {len(links):,} links have none (or none of a "
            f"car); assumed by class [km/h]: {most}{', ...' if len(assumed) > 6 else ''}."
        )
    return kinds, speeds
