"""Lay out demand zones over the districts: synthetic positions of real totals.

Built-up zones are grid cells that grow around the seats up to each district's target, nearest first
in proportion to its size. Rural zones are random points that are nearer to their seat than to any
other, distances divided by the root of the district's area (a multiplicatively weighted Voronoi
diagram, Okabe et al. 2000, section 3.1.1). Inhabitants fall exponentially with the distance from
the seat (Clark 1951).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from chargesim.network.apportionment import shares_of
from chargesim.network.network import Districts, Zones
from chargesim.network.projection import Projection
from chargesim.network.table_columns import DistrictRow
from chargesim.scenario.city import Layout

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_RURAL_SITE_KM = 2.0
"""Edge of the square in which a site of a rural zone may lie, a township [km]"""


@dataclass(frozen=True)
class ZoneLayout:
    """Districts and zones on the projection."""

    projection: Projection
    districts: Districts
    seats_xy: Floats
    zones: Zones
    zones_xy: Floats
    cell_km: Floats
    """edge of each zone's square [km]"""


@dataclass(frozen=True)
class _Part:
    """The built-up or the rural zones of a district."""

    district: int
    xy: Floats
    inhabitants: Floats
    urban: bool
    cell_km: float


def lay_out_zones(rows: list[DistrictRow], layout: Layout) -> ZoneLayout:
    """Return the zones of a synthetic city; the same layout seed gives the same zones."""
    lat, lon = np.array([row.lat for row in rows]), np.array([row.lon for row in rows])
    projection = Projection.about(lat, lon)
    seats = projection.xy(lat, lon)
    area_km2 = np.array([row.area_km2 for row in rows])
    urban_share = np.array(
        [
            layout.urban_share[row.area_class].value if row.urban_share is None else row.urban_share
            for row in rows
        ]
    )
    inhabitants = np.array([row.population_2020 for row in rows])
    urban = inhabitants * urban_share
    built, edges_km = _built_up(rows, layout, seats, area_km2, urban)
    parts = []
    for d in range(len(rows)):
        rng = np.random.default_rng(np.random.SeedSequence(layout.seed, spawn_key=(1, d)))
        count = round(area_km2[d] / float(np.sqrt(layout.rural_zone_km2.value)) ** 2)
        rural = _rural_points(d, seats, area_km2, built, rng, count)
        near_seat = np.exp(-np.hypot(*(built[d] - seats[d]).T) / layout.density_scale_km.value)
        people = urban[d] if len(rural) else inhabitants[d]
        spread = people * near_seat / near_seat.sum()
        parts.append(_Part(d, built[d], spread, True, edges_km[d]))
        if len(rural):
            weight = rng.lognormal(0.0, 0.5, len(rural))
            spread = (inhabitants[d] - urban[d]) * weight / weight.sum()
            parts.append(_Part(d, rural, spread, False, _RURAL_SITE_KM))
    return _joined(rows, projection, seats, parts)


def _built_up(
    rows: list[DistrictRow], layout: Layout, seats: Floats, area_km2: Floats, urban: Floats
) -> tuple[list[Floats], list[float]]:
    """Return the middles of each district's built-up cells, and the edge of a cell [km]."""
    core = np.array([row.area_class == "core" for row in rows])
    core_km, town_km = (
        float(np.sqrt(area.value)) for area in (layout.core_zone_km2, layout.town_zone_km2)
    )
    core_cells = _core_targets(
        urban * core,
        np.floor(area_km2 / core_km**2).astype(np.int64),
        round(layout.core_built_up_km2.value / core_km**2),
    )
    towns = np.maximum(1, np.ceil(urban / layout.town_density_per_km2.value / town_km**2))
    town_cells = towns.astype(np.int64) * ~core
    built = [
        of_core if len(of_core) else of_town
        for of_core, of_town in zip(
            _grow(seats, core_cells, core_km), _grow(seats, town_cells, town_km), strict=True
        )
    ]
    return built, [core_km if one else town_km for one in core]


def _core_targets(urban: Floats, room: Ints, count: int) -> Ints:
    """Return the built-up cells of each core district, by urban inhabitants.

    What a district has no room for goes to the others.
    """
    cells = np.zeros(len(urban), dtype=np.int64)
    open_ = (urban > 0) & (room > 0)
    while count > 0 and open_.any():
        extra = np.zeros(len(urban), dtype=np.int64)
        extra[open_] = shares_of(urban[open_], count)
        grown = np.minimum(cells + extra, room)
        count -= int((grown - cells).sum())
        cells, open_ = grown, open_ & (grown < room)
    return np.maximum(cells, urban > 0)


def _grow(seats: Floats, targets: Ints, edge: float) -> list[Floats]:
    """Return the middles of the grid cells that each district claims around its seat.

    The cell at its seat belongs to a district, however large its neighbour. A district that others
    enclose searches farther away until it has its target.
    """
    growing = np.flatnonzero(targets)
    reach = {d: 2.5 * edge * float(np.sqrt(targets[d])) + 2 * edge for d in growing.tolist()}
    taken: set[tuple[int, int]] = set()
    claimed: list[list[tuple[int, int]]] = [[] for _ in targets]
    while reach:
        offers = sorted(
            offer
            for d, far in reach.items()
            for offer in _cells_around(d, seats, targets, edge, far)
        )
        for first in (True, False):
            for _, d, i, j in offers:
                if len(claimed[d]) < (1 if first else targets[d]) and (i, j) not in taken:
                    taken.add((i, j))
                    claimed[d].append((i, j))
        reach = {d: 2 * far for d, far in reach.items() if len(claimed[d]) < targets[d]}
    return [(np.array(cells, dtype=float).reshape(-1, 2) + 0.5) * edge for cells in claimed]


def _cells_around(
    d: int, seats: Floats, targets: Ints, edge: float, reach_km: float
) -> list[tuple[float, int, int, int]]:
    """Return (distance over the district's size, district, column, row) of cells near a seat."""
    x, y = (
        np.arange(np.floor((c - reach_km) / edge), np.ceil((c + reach_km) / edge)).astype(int)
        for c in seats[d]
    )
    cells = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    far = np.hypot(*((cells + 0.5) * edge - seats[d]).T) / float(np.sqrt(targets[d]))
    return list(
        zip(far.tolist(), [d] * len(cells), cells[:, 0].tolist(), cells[:, 1].tolist(), strict=True)
    )


def _rural_points(
    d: int,
    seats: Floats,
    area_km2: Floats,
    built: list[Floats],
    rng: np.random.Generator,
    count: int,
) -> Floats:
    """Return random points of a district that are outside all built-up zones."""
    radius = float(np.sqrt(area_km2[d] / np.pi))
    turn, far = (
        rng.uniform(0, 2 * np.pi, 40 * count + 40),
        1.25 * radius * np.sqrt(rng.random(40 * count + 40)),
    )
    points = seats[d] + np.stack([far * np.cos(turn), far * np.sin(turn)], axis=1)
    owner = (
        np.hypot(points[:, None, 0] - seats[None, :, 0], points[:, None, 1] - seats[None, :, 1])
        / np.sqrt(area_km2)[None]
    ).argmin(axis=1)
    away, _ = cKDTree(np.concatenate(built)).query(points)
    good = points[(owner == d) & (away > _RURAL_SITE_KM)]
    kept: list[int] = []
    for i in range(len(good)):  # rural zones are at least a fifth of the radius apart
        if len(kept) < count and all(np.hypot(*(good[i] - good[j])) > radius / 5 for j in kept):
            kept.append(i)
    chosen: Floats = good[kept]
    return chosen


def _joined(
    rows: list[DistrictRow], projection: Projection, seats: Floats, parts: list[_Part]
) -> ZoneLayout:
    """Return the zones of all parts, named by district and number."""
    xy = np.concatenate([part.xy for part in parts])
    lat, lon = projection.lat_lon(xy)
    numbers = [0] * len(rows)
    names: list[str] = []
    for part in parts:
        for _ in part.xy:
            numbers[part.district] += 1
            kind = "u" if part.urban else "r"
            names.append(f"{rows[part.district].district}-{kind}{numbers[part.district]:03d}")
    sizes = [len(part.xy) for part in parts]
    return ZoneLayout(
        projection=projection,
        districts=Districts(
            tuple(row.district for row in rows), tuple(row.area_class for row in rows)
        ),
        seats_xy=seats,
        zones=Zones(
            id=tuple(names),
            district=np.repeat([part.district for part in parts], sizes).astype(np.int64),
            lat=lat,
            lon=lon,
            population=np.concatenate([part.inhabitants for part in parts]),
            urban=np.repeat([part.urban for part in parts], sizes),
        ),
        zones_xy=xy,
        cell_km=np.repeat([part.cell_km for part in parts], sizes),
    )
