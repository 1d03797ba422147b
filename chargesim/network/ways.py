"""Measure the fastest ways from zones and corridors to sites that a log names."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from chargesim.exact_time import TICKS_PER_MIN
from chargesim.network.candidates import RoadArrays, trace_paths
from chargesim.network.network import SITE_KINDS, Network

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CHUNK = 256
"""Origins that are searched at once, for the memory."""


@dataclass(frozen=True)
class Ways:
    """Ways to sites, a row each: origins beside the network's own, each with one site to go to."""

    origin: Ints
    """zone or corridor from which it leads, an origin of the network; -1: it begins at the site"""
    site: Ints
    """row of the site table"""
    km: Floats
    minutes: Floats
    """[period, way]; infinite where no road leads there"""

    def __len__(self) -> int:
        return len(self.origin)


def ways_to_sites(network: Network, origin: Ints, site: Ints) -> Ways:
    """Return the fastest way in free flow for each pair of origin and site.

    Parameters
    ----------
    network : Network
    origin : array of int, [way]
        Zones and corridors, as origins of the network; -1 begins at the site itself.
    site : array of int, [way]
        Rows of the site table.
    """
    periods = len(network.candidates.minutes)
    km, minutes = np.zeros(len(origin)), np.zeros((periods, len(origin)))
    driven = np.flatnonzero(origin >= 0)
    if len(driven):
        names = (*network.zones.id, *network.corridors.id)
        number = {name: n for n, name in enumerate(network.graph)}
        sources, row = np.unique([number[names[o]] for o in origin[driven]], return_inverse=True)
        targets = np.array([number[network.sites.id[s]] for s in site[driven]])
        km[driven], minutes[:, driven] = _measure(network, number, sources, row, targets)
    return Ways(origin, site, km, minutes)


def _measure(
    network: Network, number: dict[str, int], sources: Ints, row: Ints, targets: Ints
) -> tuple[Floats, Floats]:
    """Return km and minutes [period, way] along the graph; nobody drives through a site."""
    sites = {kind.name for kind in SITE_KINDS}
    kind = network.graph.nodes(data="kind")
    edges = [edge for edge in network.graph.edges(data=True) if kind[edge[0]] not in sites]
    roads = RoadArrays.of(
        len(number),
        np.array([number[tail] for tail, _, _ in edges], dtype=np.int64),
        np.array([number[head] for _, head, _ in edges], dtype=np.int64),
        np.array([edge["km"] for _, _, edge in edges]),
        np.array([edge["minutes"] for _, _, edge in edges]).T,
    )
    km, minutes = np.full(len(row), np.inf), np.full((len(roads.minutes), len(row)), np.inf)
    for begin in range(0, len(sources), _CHUNK):
        chunk = sources[begin : begin + _CHUNK]
        time, before = dijkstra(roads.matrix(), indices=chunk, return_predecessors=True)
        mine = np.flatnonzero((row >= begin) & (row < begin + len(chunk)))
        mine = mine[np.isfinite(time[row[mine] - begin, targets[mine]])]
        km[mine], total = trace_paths(
            row[mine] - begin, chunk, targets[mine], before,
            roads.tail, roads.head, roads.km, roads.minutes,
        )  # fmt: skip
        minutes[:, mine] = np.round(total * TICKS_PER_MIN) / TICKS_PER_MIN
    return km, minutes
