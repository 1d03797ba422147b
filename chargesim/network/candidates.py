"""List the nearest sites of every origin: fastest in free flow, with km and minutes of every speed period along that path."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from chargesim.code_cache import use_digest_cache
from chargesim.exact_time import TICKS_PER_MIN
from chargesim.network.network import CandidateKey, Candidates, Sites

use_digest_cache()

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CHUNK = 512
_SPARE = 16
"""Sites beyond those of a list that are looked at for a node, so that equal costs do not leave the choice open."""
_NEVER_MIN = 2.0**21
"""Stands for no way at all among the costs [min], four years."""
_COLUMN_BITS = 21
"""Bits for the number of a site; those of `_NEVER_MIN` in ticks, 42, stand above it in 63."""


@dataclass(frozen=True)
class RoadArrays:
    """Directed edges without duplicates, sorted by tail; `minutes` has a row per speed period, the first in free flow."""

    nodes: int
    tail: Ints
    head: Ints
    km: Floats
    minutes: Floats

    @classmethod
    def of(cls, nodes: int, tail: Ints, head: Ints, km: Floats, minutes: Floats) -> "RoadArrays":
        """Return the edges, of parallel ones the fastest in free flow (scipy would add them up)."""
        order = np.lexsort((minutes[0], head, tail))
        tail, head, km, minutes = tail[order], head[order], km[order], minutes[:, order]
        first = np.ones(len(tail), dtype=bool)
        first[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
        return cls(
            nodes, tail[first], head[first], km[first], np.ascontiguousarray(minutes[:, first])
        )

    def matrix(self) -> csr_array:
        """Return the minutes in free flow as a sparse matrix; an edge of no length is kept by the least positive number."""
        weights = np.maximum(self.minutes[0], 1e-9)
        return csr_array(
            (weights, self.head, np.searchsorted(self.tail, np.arange(self.nodes + 1))),
            shape=(self.nodes, self.nodes),
        )


@dataclass(frozen=True)
class Attachment:
    """Where origins or sites hang on the roads: a node, and the way between it and the place itself."""

    node: Ints
    km: Floats
    minutes: Floats
    """[period, place]"""

    def at(self, rows: Ints) -> "Attachment":
        """Return some of the rows."""
        return Attachment(self.node[rows], self.km[rows], self.minutes[:, rows])


def list_candidates(
    keys: tuple[CandidateKey, ...], per_key: Ints, sites: Sites, origins: Attachment, places: Attachment,
    city: RoadArrays, carriages: RoadArrays, on_carriage: NDArray[np.bool_], period_of_hour: Ints,
) -> Candidates:  # fmt: skip
    """Return the candidate lists.

    Parameters
    ----------
    keys, per_key
        What each list holds, and how many sites at most.
    origins, places
        Attachments of all origins, and of all sites (the sites are the last origins, too).
    city, carriages
        All roads; and the expressways alone, without ramps and without turning back. A list of expressway sites alone
        is searched on the latter, and only for origins that are `on_carriage`.
    """
    n_origins, ranks = len(origins.node), int(per_key.max(initial=1))
    periods = len(origins.minutes)
    site = np.full((len(keys), n_origins, ranks), -1, dtype=np.int32)
    km = np.full((len(keys), n_origins, ranks), np.inf)
    minutes = np.full((periods, len(keys), n_origins, ranks), np.inf)
    for roads, wanted, rows in (
        (
            city,
            [i for i, key in enumerate(keys) if key.access != {"expressway"}],
            np.arange(n_origins),
        ),
        (
            carriages,
            [i for i, key in enumerate(keys) if key.access == {"expressway"}],
            np.flatnonzero(on_carriage),
        ),
    ):
        members = [
            (i, np.flatnonzero([holds(keys[i], sites, s) for s in range(len(sites))]))
            for i in wanted
        ]
        if not members:
            continue
        matrix = roads.matrix()
        sources = np.unique(origins.node[rows])
        for begin in range(0, len(sources), _CHUNK):
            chunk = sources[begin : begin + _CHUNK]
            time, before = dijkstra(matrix, indices=chunk, return_predecessors=True)
            mine = rows[np.isin(origins.node[rows], chunk)]
            source_row = np.searchsorted(chunk, origins.node[mine])
            for i, chosen in members:
                if len(chosen) == 0:
                    continue
                own = mine - (n_origins - len(sites))
                count = min(int(per_key[i]), len(chosen))
                near = _near(time[:, places.node[chosen]] + places.minutes[0, chosen][None], count)[
                    source_row
                ]
                to_all = chosen[near]
                cost = (
                    time[source_row[:, None], places.node[to_all]]
                    + origins.minutes[0, mine, None]
                    + places.minutes[0, to_all]
                )
                cost[own[:, None] == to_all] = np.inf
                pick = _smallest(cost, count)
                found, to_all = (
                    np.take_along_axis(cost, pick, axis=1),
                    np.take_along_axis(to_all, pick, axis=1),
                )
                for rank in range(pick.shape[1]):
                    good = np.isfinite(found[:, rank])
                    to, fro, row = to_all[good, rank], mine[good], source_row[good]
                    path_km, path_min = _trace(
                        row,
                        chunk,
                        places.node[to],
                        before,
                        roads.tail,
                        roads.head,
                        roads.km,
                        roads.minutes,
                    )
                    site[i, fro, rank] = to
                    km[i, fro, rank] = path_km + origins.km[fro] + places.km[to]
                    total = path_min + origins.minutes[:, fro] + places.minutes[:, to]
                    minutes[:, i, fro, rank] = np.round(total * TICKS_PER_MIN) / TICKS_PER_MIN
    return Candidates(keys=keys, site=site, km=km, minutes=minutes, period_of_hour=period_of_hour)


def holds(key: CandidateKey, sites: Sites, site: int) -> bool:
    """Tell whether a list holds a site."""
    return (
        bool(sites.kind[site] == key.kind)
        and sites.access[site] in key.access
        and (not key.pack_type or sites.pack_type[site] == key.pack_type)
    )


def _near(cost: Floats, count: int) -> Ints:
    """Return, for each node, columns in rising order among which its origins find their `count` smallest costs [min].

    Many origins hang on one node and add the same to all its costs; one column more makes up for the origin's own site.
    """
    wanted = min(count + 1 + _SPARE, cost.shape[1])
    near = _smallest(cost, wanted)
    if wanted < cost.shape[1]:
        sorted_cost = np.take_along_axis(cost, near, axis=1)
        tied = (
            sorted_cost[:, -1] <= sorted_cost[:, count] + 2 / TICKS_PER_MIN
        )  # what adding and rounding can turn round
        if (tied & np.isfinite(sorted_cost[:, count])).any():
            return np.broadcast_to(np.arange(cost.shape[1]), cost.shape)
    return np.sort(near, axis=1)


def _smallest(cost: Floats, count: int) -> Ints:
    """Return the columns of the smallest costs [min] of each row, smallest first, the lower column among equals.

    Costs are compared in whole ticks. Tick and column make one number, so that no two are equal: a partition alone
    would leave open which of two equal costs comes in.
    """
    columns = np.arange(cost.shape[1])
    ticks = np.round(np.where(np.isfinite(cost), cost, _NEVER_MIN) * TICKS_PER_MIN).astype(np.int64)
    ranked = (ticks << _COLUMN_BITS) | columns
    wide = cost.shape[1] > 4 * count
    near = (
        np.argpartition(ranked, count - 1, axis=1)[:, :count]
        if wide
        else np.broadcast_to(columns, cost.shape)
    )
    order = np.argsort(np.take_along_axis(ranked, near, axis=1), axis=1)[:, :count]
    return np.take_along_axis(near, order, axis=1)


@njit(cache=True)
def _trace(row, sources, targets, before, tail, head, km, minutes):
    """Return km [path] and minutes [period, path] of the fastest paths, walked backwards."""
    path_km = np.zeros(len(row))
    path_min = np.zeros((minutes.shape[0], len(row)))
    for i in range(len(row)):
        node = targets[i]
        while node != sources[row[i]]:
            last = before[row[i], node]
            edge = np.searchsorted(tail, last)
            while head[edge] != node:
                edge += 1
            path_km[i] += km[edge]
            for period in range(minutes.shape[0]):
                path_min[period, i] += minutes[period, edge]
            node = last
    return path_km, path_min
