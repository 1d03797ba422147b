"""List the nearest sites of every origin.

Nearest is fastest in free flow; km and the minutes of every speed period follow that path. Through
traffic sees the stations ahead on the expressways, and beside them the public ones that it reaches
off the next exits.
"""

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
"""Sites beyond those of a list that are compared at a node, so that equal costs are seen."""
_LARGE_NODES = 10_000
"""Nodes from which on a search ends at a limit of time, where a list has sites enough near by."""
_DENSE = 4
"""A list has enough if it has so many times the sites that are compared."""
_SAMPLED, _WIDER, _WIDENINGS = 16, 2.5, 3
"""Nodes from which the first limit is found; its growth and how often it grows, then none."""
_NEVER_MIN = 2.0**21
"""Cost of a site that cannot be reached, four years [min]."""
_COLUMN_BITS = 21
"""Bits for the number of a site, below the 42 bits of `_NEVER_MIN` in ticks; together 63."""


@dataclass(frozen=True)
class RoadArrays:
    """Directed edges without duplicates, sorted by tail; `minutes` is [period, edge]."""

    nodes: int
    tail: Ints
    head: Ints
    km: Floats
    minutes: Floats

    @classmethod
    def of(cls, nodes: int, tail: Ints, head: Ints, km: Floats, minutes: Floats) -> "RoadArrays":
        """Return the edges, of parallel ones the fastest in free flow (scipy would add them)."""
        order = np.lexsort((minutes[0], head, tail))
        tail, head, km, minutes = tail[order], head[order], km[order], minutes[:, order]
        first = np.ones(len(tail), dtype=bool)
        first[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
        return cls(
            nodes, tail[first], head[first], km[first], np.ascontiguousarray(minutes[:, first])
        )

    def matrix(self) -> csr_array:
        """Return the minutes in free flow as a sparse matrix, above 0 to keep every edge."""
        weights = np.maximum(self.minutes[0], 1e-9)
        return csr_array(
            (weights, self.head, np.searchsorted(self.tail, np.arange(self.nodes + 1))),
            shape=(self.nodes, self.nodes),
        )


@dataclass(frozen=True)
class Attachment:
    """Where origins or sites join the roads: a node, and the way between it and them."""

    node: Ints
    km: Floats
    minutes: Floats
    """[period, origin or site]"""


def list_candidates(
    keys: tuple[CandidateKey, ...], per_key: Ints, sites: Sites, origins: Attachment,
    at_sites: Attachment, roads: RoadArrays, expressways: RoadArrays, exits: RoadArrays,
    on_expressway: NDArray[np.bool_], period_of_hour: Ints,
) -> Candidates:  # fmt: skip
    """Return the candidate lists.

    Parameters
    ----------
    keys, per_key
        What each list holds, and how many sites at most.
    origins, at_sites
        Attachments of all origins, and of all sites (the sites are the last origins, too).
    roads, expressways, exits
        All roads; the expressways alone, without ramps and without turning back; and all roads
        without a way onto an expressway. The list of through traffic is searched on the last two:
        for the stations ahead, at most half of the list, from origins `on_expressway`; for the
        public ones, which fill it, from these and from public stations.
    """
    rows, ranks, periods = len(origins.node), int(per_key.max(initial=1)), len(origins.minutes)
    lists = _empty(keys, rows, ranks, periods, period_of_hour)
    members = [np.flatnonzero([holds(key, sites, s) for s in range(len(sites))]) for key in keys]
    ends = origins, at_sites
    ordinary = [i for i, key in enumerate(keys) if not key.through]
    wanted = [(i, members[i], int(per_key[i])) for i in ordinary]
    _search(lists, wanted, roads, np.arange(rows), *ends)
    for i in set(range(len(keys))) - set(ordinary):
        ahead = members[i][np.array(sites.access)[members[i]] == "expressway"]
        public = members[i][np.array(sites.access)[members[i]] == "public"]
        most = int(per_key[i])
        half = (i, ahead, -(-most // 2))
        _search(lists, [half], expressways, np.flatnonzero(on_expressway), *ends)
        off = _empty((keys[i],), rows, ranks, periods, period_of_hour)
        leaves = on_expressway.copy()
        leaves[rows - len(sites) + public] = True
        _search(off, [(0, public, most)], exits, np.flatnonzero(leaves), *ends)
        _merge(lists, i, off, most)
    return lists


def _empty(
    keys: tuple[CandidateKey, ...], rows: int, ranks: int, periods: int, period_of_hour: Ints
) -> Candidates:
    """Return lists without a site."""
    shape = (len(keys), rows, ranks)
    return Candidates(
        keys=keys,
        site=np.full(shape, -1, dtype=np.int32),
        km=np.full(shape, np.inf),
        minutes=np.full((periods, *shape), np.inf),
        period_of_hour=period_of_hour,
    )


def _search(
    lists: Candidates, wanted: list[tuple[int, Ints, int]], on: RoadArrays, rows: Ints,
    origins: Attachment, at_sites: Attachment,
) -> None:  # fmt: skip
    """Fill in some lists, each with at most so many of its members, for some origins."""
    wanted = [one for one in wanted if len(one[1])]
    matrix, sources = on.matrix(), np.unique(origins.node[rows])
    large = on.nodes >= _LARGE_NODES
    near = [one for one in wanted if large and len(one[1]) >= _DENSE * _compared(*one[1:])]
    far = [one for one in wanted if not large or len(one[1]) < _DENSE * _compared(*one[1:])]
    for some, limit_min in ((far, np.inf), (near, _first_limit(near, matrix, sources, at_sites))):
        left = sources if some else sources[:0]
        for widening in range(_WIDENINGS + 1):
            reach_min = limit_min * _WIDER**widening if widening < _WIDENINGS else np.inf
            missed = []
            for begin in range(0, len(left), _CHUNK):
                chunk = left[begin : begin + _CHUNK]
                paths = dijkstra(matrix, indices=chunk, return_predecessors=True, limit=reach_min)
                done = _complete(some, paths[0], at_sites, reach_min)
                mine = rows[np.isin(origins.node[rows], chunk[done])]
                search = _Search(on, chunk, mine, origins, at_sites, *paths)
                for i, members, most in some:
                    search.fill(lists, i, members, most)
                missed.append(chunk[~done])
            left = np.concatenate(missed) if missed else left[:0]


def _compared(members: Ints, most: int) -> int:
    """Return how many sites of a list are compared at a node."""
    return min(most + 1 + _SPARE, len(members))


def _first_limit(
    wanted: list[tuple[int, Ints, int]], matrix: csr_array, sources: Ints, at_sites: Attachment
) -> float:
    """Return a limit of a search that holds all that lists compare, at most of its nodes [min].

    It is one and a half times the median of that at a few nodes.
    """
    if not wanted or not len(sources):
        return float("inf")
    time = dijkstra(matrix, indices=sources[:: -(-len(sources) // _SAMPLED)])
    farthest = [
        np.partition(
            time[:, at_sites.node[members]] + at_sites.minutes[0, members],
            _compared(members, most) - 1,
            axis=1,
        )[:, _compared(members, most) - 1]
        for _, members, most in wanted
    ]
    return 1.5 * max(float(np.median(one)) for one in farthest)


def _complete(
    wanted: list[tuple[int, Ints, int]], time: Floats, at_sites: Attachment, limit_min: float
) -> NDArray[np.bool_]:
    """Return the nodes from which a search up to a limit has found all that the lists compare."""
    done = np.ones(len(time), dtype=bool)
    for _, members, most in wanted if np.isfinite(limit_min) else ():
        cost = time[:, at_sites.node[members]] + at_sites.minutes[0, members]
        done &= (cost <= limit_min).sum(axis=1) >= _compared(members, most)
    return done


def _merge(lists: Candidates, i: int, off: Candidates, most: int) -> None:
    """Add to list `i` the nearest sites of another list, as far as it has room; nearest first."""
    found = (lists.site[i] >= 0).sum(axis=1)
    ranks = np.arange(off.site.shape[2])
    kept = (off.site[0] >= 0) & (ranks < most - found[:, None])
    site = np.concatenate([lists.site[i], np.where(kept, off.site[0], -1)], axis=1)
    km = np.concatenate([lists.km[i], off.km[0]], axis=1)
    minutes = np.concatenate([lists.minutes[:, i], off.minutes[:, 0]], axis=2)
    free = np.where(site >= 0, minutes[0], np.inf)
    order = np.lexsort((site, free), axis=1)[:, : len(ranks)]
    missing = np.take_along_axis(site, order, axis=1) < 0
    lists.site[i] = np.take_along_axis(site, order, axis=1)
    lists.km[i] = np.where(missing, np.inf, np.take_along_axis(km, order, axis=1))
    lists.minutes[:, i] = np.where(
        missing, np.inf, np.take_along_axis(minutes, order[None], axis=2)
    )


@dataclass(frozen=True)
class _Search:
    """The fastest paths from some nodes, and the origins that begin there."""

    roads: RoadArrays
    sources: Ints
    rows: Ints
    """origins that begin at a source"""
    origins: Attachment
    at_sites: Attachment
    time: Floats
    """[source, node] minutes in free flow"""
    before: NDArray[np.int32]
    """[source, node] the node before"""

    def fill(self, lists: Candidates, i: int, members: Ints, most: int) -> None:
        """Fill in list `i` with at most `most` of its members, for the origins of this search."""
        source = np.searchsorted(self.sources, self.origins.node[self.rows])
        count = min(most, len(members))
        cost, to_all = self._costs(source, members, count)
        pick = _smallest(cost, count)
        found = np.take_along_axis(cost, pick, axis=1)
        to_all = np.take_along_axis(to_all, pick, axis=1)
        for rank in range(pick.shape[1]):
            good = np.isfinite(found[:, rank])
            to, fro = to_all[good, rank], self.rows[good]
            path_km, path_min = trace_paths(
                source[good], self.sources, self.at_sites.node[to], self.before,
                self.roads.tail, self.roads.head, self.roads.km, self.roads.minutes,
            )  # fmt: skip
            lists.site[i, fro, rank] = to
            lists.km[i, fro, rank] = path_km + self.origins.km[fro] + self.at_sites.km[to]
            total = path_min + self.origins.minutes[:, fro] + self.at_sites.minutes[:, to]
            lists.minutes[:, i, fro, rank] = np.round(total * TICKS_PER_MIN) / TICKS_PER_MIN

    def _costs(self, source: Ints, members: Ints, count: int) -> tuple[Floats, Ints]:
        """Return the minutes in free flow to the sites near each origin, and those sites."""
        to_members = self.at_sites.minutes[0, members][None]
        near = _near(self.time[:, self.at_sites.node[members]] + to_members, count)[source]
        to_all = members[near]
        cost = (
            self.time[source[:, None], self.at_sites.node[to_all]]
            + self.origins.minutes[0, self.rows, None]
            + self.at_sites.minutes[0, to_all]
        )
        own = self.rows - (len(self.origins.node) - len(self.at_sites.node))
        cost[own[:, None] == to_all] = np.inf
        return cost, to_all


def holds(key: CandidateKey, sites: Sites, site: int) -> bool:
    """Tell whether a list holds a site."""
    return (
        bool(sites.kind[site] == key.kind)
        and sites.access[site] in key.access
        and (not key.pack_type or sites.pack_type[site] == key.pack_type)
    )


def _near(cost: Floats, count: int) -> Ints:
    """Return, for each node, columns that hold the `count` smallest costs [min] of its origins.

    The origins of a node add the same minutes to all its costs; one column more makes up for an
    origin's own site. Columns are in rising order.
    """
    wanted = min(count + 1 + _SPARE, cost.shape[1])
    near = _smallest(cost, wanted)
    if wanted < cost.shape[1]:
        sorted_cost = np.take_along_axis(cost, near, axis=1)
        # within two ticks, adding and rounding can change the order
        tied = sorted_cost[:, -1] <= sorted_cost[:, count] + 2 / TICKS_PER_MIN
        if (tied & np.isfinite(sorted_cost[:, count])).any():
            return np.broadcast_to(np.arange(cost.shape[1]), cost.shape)
    return np.sort(near, axis=1)


def _smallest(cost: Floats, count: int) -> Ints:
    """Return the columns of each row's smallest costs [min], smallest first.

    Costs are compared in whole ticks; of equal ones the lower column comes first. Tick and column
    make one number, since a partition alone would leave open which of two equal costs comes in.
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
def trace_paths(row, sources, targets, before, tail, head, km, minutes):
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
