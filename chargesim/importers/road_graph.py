"""Hold directed roads as a graph: keep the strongly connected part, join links in a row."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Edge = tuple[float, float, str]
"""Length [km], time in free flow [min], kind."""

SAME_PLACE_KM = 0.001
"""Nodes no further apart, with a road there and back, are one."""


@dataclass
class RoadGraph:
    """Nodes by number, and the quickest edge from each to each neighbour."""

    out: list[dict[int, Edge]]

    @classmethod
    def of(cls, nodes: int) -> "RoadGraph":
        """Return a graph without edges."""
        return cls([{} for _ in range(nodes)])

    @property
    def edges(self) -> int:
        """Number of directed edges."""
        return sum(len(ways) for ways in self.out)

    def add(self, tail: int, head: int, edge: Edge) -> bool:
        """Add an edge unless one that is as quick is there; return whether it is in the graph."""
        here = self.out[tail].get(head)
        if here is not None and here[1] <= edge[1]:
            return False
        self.out[tail][head] = edge
        return True

    def strong_part(self) -> Bools:
        """Return which nodes are in the largest part that is connected there and back."""
        tails = np.repeat(np.arange(len(self.out)), [len(ways) for ways in self.out])
        heads = np.fromiter((head for ways in self.out for head in ways), np.int64, len(tails))
        matrix = csr_array((np.ones(len(tails)), (tails, heads)), shape=(len(self.out),) * 2)
        _, part = connected_components(matrix, directed=True, connection="strong")
        chosen: Bools = part == np.bincount(part).argmax()
        return chosen

    def keep(self, chosen: Bools) -> None:
        """Drop the edges from and to nodes that are not chosen."""
        for node, ways in enumerate(self.out):
            self.out[node] = {h: e for h, e in ways.items() if chosen[h]} if chosen[node] else {}

    def join(self, longest_km: float) -> int:
        """Join links in a row at nodes with two neighbours, and nodes at one place.

        The quickest way between any two nodes that are left keeps its time and its length, but
        for nodes at one place (1 m). Links of one kind are joined up to `longest_km`, so that there
        are nodes near every site. Returns how many nodes it removed.
        """
        into: list[set[int]] = [set() for _ in self.out]
        for tail, ways in enumerate(self.out):
            for head in ways:
                into[head].add(tail)
        removed = sum(self._join_twin(node, into) for node in range(len(self.out)))
        todo = list(range(len(self.out) - 1, -1, -1))
        while todo:
            node = todo.pop()
            near = {*self.out[node], *into[node]}
            if len(near) == 2 and self._pass_over(node, into, longest_km):
                removed += 1
                todo += sorted(near)
        return removed

    def _pass_over(self, node: int, into: list[set[int]], longest_km: float) -> bool:
        """Replace a node by edges between its two neighbours, if they are of one kind and short."""
        ways = [
            (tail, head, self.out[tail][node], self.out[node][head])
            for tail in into[node]
            for head in self.out[node]
            if head != tail
        ]
        kinds = {edge[2] for _, _, one, other in ways for edge in (one, other)}
        if len(kinds) != 1 or any(one[0] + two[0] > longest_km for _, _, one, two in ways):
            return False
        for tail, head, one, two in ways:
            if self.add(tail, head, (one[0] + two[0], one[1] + two[1], one[2])):
                into[head].add(tail)
        self._remove(node, into)
        return True

    def _join_twin(self, node: int, into: list[set[int]]) -> bool:
        """Move the edges of a node to a neighbour at the same place, if there is one."""
        twin = next(
            (
                head
                for head, edge in self.out[node].items()
                if edge[0] <= SAME_PLACE_KM and node in self.out[head]
            ),
            None,
        )
        if twin is None:
            return False
        for head, edge in self.out[node].items():
            if head != twin and self.add(twin, head, edge):
                into[head].add(twin)
        for tail in into[node] - {twin}:
            if self.add(tail, twin, self.out[tail][node]):
                into[twin].add(tail)
        self._remove(node, into)
        return True

    def _remove(self, node: int, into: list[set[int]]) -> None:
        for head in self.out[node]:
            into[head].discard(node)
        for tail in into[node]:
            self.out[tail].pop(node, None)
        self.out[node], into[node] = {}, set()

    def rows(self, names: list[str]) -> list[dict[str, object]]:
        """Return the rows of a table of roads; a road alike in both directions is one row."""
        rows: list[dict[str, object]] = []
        for tail, ways in enumerate(self.out):
            for head, edge in ways.items():
                alike = self.out[head].get(tail) == edge
                if alike and head < tail:
                    continue
                km, minutes, kind = edge
                rows.append(
                    {
                        "from_id": names[tail],
                        "to_id": names[head],
                        "km": round(km, 6),
                        "free_kmh": round(60 * km / minutes, 4),
                        "kind": kind,
                        "oneway": 0 if alike else 1,
                    }
                )
        return rows
