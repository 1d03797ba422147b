"""Name the zones and sites that the roads do not join with the rest, there and back."""

import networkx as nx

from chargesim.network.network import Network

_NAMED = 5


def cut_off(network: Network) -> tuple[str, ...]:
    """Return lines on what lies outside the largest strongly connected part of the graph.

    Within that part every node is reached from every other by the roads, one-way roads counted.
    Zones and sites outside are named; no line where all are inside.
    """
    graph = network.graph
    largest = max(nx.strongly_connected_components(graph), key=len)
    lines = []
    for noun, names in (("zones", network.zones.id), ("sites", network.sites.id)):
        off = [name for name in names if name not in largest]
        if off:
            more = f" and {len(off) - _NAMED:,} more" if len(off) > _NAMED else ""
            lines.append(
                f"{len(off):,} of {len(names):,} {noun} have no road there and back: "
                f"{', '.join(off[:_NAMED])}{more}"
            )
    outside = graph.number_of_nodes() - len(largest)
    if lines:
        lines.append(f"{outside:,} of {graph.number_of_nodes():,} nodes lie off the main network")
    return tuple(lines)
