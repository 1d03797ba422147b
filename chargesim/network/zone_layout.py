"""Lay out demand zones over the districts: synthetic places of real totals.

Built-up zones are grid cells that grow around the seats, each district as far as its target, nearest first in
proportion to its size. Rural zones are random points that are nearer to their seat, in proportion to the district's
area, than to any other (a multiplicatively weighted Voronoi diagram, Okabe et al. 2000, section 3.1.1). Inhabitants
fall exponentially with the distance from the seat (Clark 1951).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from chargesim.network.apportionment import largest_remainder
from chargesim.network.network import Districts, Zones
from chargesim.network.projection import Projection
from chargesim.network.table_columns import DistrictRow
from chargesim.scenario.city import Layout

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_RURAL_SITE_KM = 2.0
"""Edge of the square in which a site of a rural zone may stand, a township [km]"""


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


def lay_out_zones(rows: list[DistrictRow], layout: Layout) -> ZoneLayout:
    """Return the zones of a synthetic city; the same layout seed gives the same zones."""
    projection = Projection.about(
        np.array([row.lat for row in rows]), np.array([row.lon for row in rows])
    )
    seats = projection.xy(np.array([row.lat for row in rows]), np.array([row.lon for row in rows]))
    area_km2 = np.array([row.area_km2 for row in rows])
    core = np.array([row.area_class == "core" for row in rows])
    urban_share = np.array(
        [
            layout.urban_share[row.area_class].value if row.urban_share is None else row.urban_share
            for row in rows
        ]
    )
    inhabitants = np.array([row.population_2020 for row in rows])
    urban = inhabitants * urban_share
    core_km, town_km, rural_km = (
        float(np.sqrt(area.value))
        for area in (layout.core_zone_km2, layout.town_zone_km2, layout.rural_zone_km2)
    )
    core_cells = _core_targets(
        urban * core,
        np.floor(area_km2 / core_km**2).astype(np.int64),
        round(layout.core_built_up_km2.value / core_km**2),
    )
    town_cells = (
        np.maximum(1, np.ceil(urban / layout.town_density_per_km2.value / town_km**2)).astype(
            np.int64
        )
        * ~core
    )
    built = [
        a if len(a) else b
        for a, b in zip(
            _grow(seats, core_cells, core_km), _grow(seats, town_cells, town_km), strict=True
        )
    ]
    parts: list[tuple[int, Floats, Floats, bool, float]] = []
    for d, row in enumerate(rows):
        edge = core_km if core[d] else town_km
        rng = np.random.default_rng(np.random.SeedSequence(layout.seed, spawn_key=(1, d)))
        points = _rural_points(d, seats, area_km2, built, rng, round(row.area_km2 / rural_km**2))
        near_seat = np.exp(-np.hypot(*(built[d] - seats[d]).T) / layout.density_scale_km.value)
        people = urban[d] if len(points) else inhabitants[d]
        parts.append((d, built[d], people * near_seat / near_seat.sum(), True, edge))
        if len(points):
            weight = rng.lognormal(0.0, 0.5, len(points))
            parts.append(
                (
                    d,
                    points,
                    (inhabitants[d] - urban[d]) * weight / weight.sum(),
                    False,
                    _RURAL_SITE_KM,
                )
            )
    return _territory(rows, projection, seats, parts)


def _core_targets(urban: Floats, room: Ints, count: int) -> Ints:
    """Share the built-up cells among the core districts by urban inhabitants; who has no room leaves the rest to the others."""
    cells = np.zeros(len(urban), dtype=np.int64)
    open_ = (urban > 0) & (room > 0)
    while count > 0 and open_.any():
        extra = np.zeros(len(urban), dtype=np.int64)
        extra[open_] = largest_remainder(urban[open_], count)
        grown = np.minimum(cells + extra, room)
        count -= int((grown - cells).sum())
        cells, open_ = grown, open_ & (grown < room)
    return np.maximum(cells, urban > 0)


def _grow(seats: Floats, targets: Ints, edge: float) -> list[Floats]:
    """Let districts claim the cells of one grid around their seats until each has its target; return their middles.

    The cell at its seat is a district's own, however large its neighbour. Who is shut in by others looks farther away.
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
    """Return the cells in reach of a seat, each with its distance over the district's size, the district and its place on the grid."""
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
    for i in range(
        len(good)
    ):  # no two rural zones stand closer than a fifth of the district's radius
        if len(kept) < count and all(np.hypot(*(good[i] - good[j])) > radius / 5 for j in kept):
            kept.append(i)
    chosen: Floats = good[kept]
    return chosen


def _territory(
    rows: list[DistrictRow],
    projection: Projection,
    seats: Floats,
    parts: list[tuple[int, Floats, Floats, bool, float]],
) -> ZoneLayout:
    xy = np.concatenate([part[1] for part in parts])
    district = np.concatenate([np.full(len(part[1]), part[0]) for part in parts])
    urban = np.concatenate([np.full(len(part[1]), part[3]) for part in parts])
    lat, lon = projection.lat_lon(xy)
    numbers: dict[int, int] = {}
    names = []
    for d, is_urban in zip(district.tolist(), urban.tolist(), strict=True):
        numbers[d] = numbers.get(d, 0) + 1
        names.append(f"{rows[d].district}-{'u' if is_urban else 'r'}{numbers[d]:03d}")
    return ZoneLayout(
        projection=projection,
        districts=Districts(
            tuple(row.district for row in rows), tuple(row.area_class for row in rows)
        ),
        seats_xy=seats,
        zones=Zones(
            tuple(names),
            district.astype(np.int64),
            lat,
            lon,
            np.concatenate([part[2] for part in parts]),
            urban,
        ),
        zones_xy=xy,
        cell_km=np.concatenate([np.full(len(part[1]), part[4]) for part in parts]),
    )
