"""Weigh the corridors: how much of the through traffic drives on each directed expressway link.

Trips between districts, and between them and the gateways beyond the border, follow a gravity model
(masses over travel time to a power) and the fastest path; a link's weight is the vehicle-km on it.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from chargesim.network.roads import Carriageway
from chargesim.network.table_columns import GatewayRow, LinkRow

Floats = NDArray[np.float64]

BEYOND_KMH = 90.0
"""Speed on the roads beyond the border [km/h], assumed."""


def corridor_weights(
    links: list[LinkRow],
    gateways: list[GatewayRow],
    districts: dict[str, int],
    population: Floats,
    carriageways: list[Carriageway],
    exponent: float,
) -> Floats:
    """Return the share of the corridor wishes of each carriageway, by vehicle-km; sums to 1.

    Parameters
    ----------
    links, gateways
        Roads between seats; and places beyond the border, joined to a district's seat.
    districts : dict
        Index by name.
    population : array
        Inhabitants of each district.
    carriageways : list
        Two per expressway link.
    exponent : float
        Exponent of travel time in the gravity model.
    """
    n = len(districts)
    minutes: dict[tuple[int, int], float] = {}
    for link in links:
        a, b = districts[link.from_district], districts[link.to_district]
        for pair in ((a, b), (b, a)):
            minutes[pair] = min(minutes.get(pair, np.inf), 60.0 * link.km / link.free_kmh)
    for g, gateway in enumerate(gateways, start=n):
        for pair in ((districts[gateway.district], g), (g, districts[gateway.district])):
            minutes[pair] = 60.0 * gateway.km / BEYOND_KMH
    size = n + len(gateways)
    tails, heads = zip(*minutes, strict=True) if minutes else ((), ())
    graph = coo_array((list(minutes.values()), (tails, heads)), shape=(size, size)).tocsr()
    time, before = dijkstra(graph, return_predecessors=True)
    mass = np.concatenate([population, [gateway.population for gateway in gateways]])
    flow: dict[tuple[int, int], float] = {}
    for i in range(size):
        for j in range(size):
            if i == j or not np.isfinite(time[i, j]) or time[i, j] == 0:
                continue
            trips = mass[i] * mass[j] / time[i, j] ** exponent
            head = j
            while head != i:
                tail = int(before[i, head])
                flow[tail, head] = flow.get((tail, head), 0.0) + trips
                head = tail
    weights = np.array([flow.get((way.tail, way.head), 0.0) * way.km for way in carriageways])
    # parallel expressways between the same seats share what the fastest path carries
    pairs = [(way.tail, way.head) for way in carriageways]
    weights = weights / np.array([max(1, pairs.count(pair)) for pair in pairs])
    total = float(weights.sum())
    shares: Floats = weights / total if total > 0 else weights
    return shares
