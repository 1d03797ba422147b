"""Fit facilities to a recorded log: ways to the sites that it names, minutes of its stays."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargesim.demand.recorded import is_stay
from chargesim.demand.thinning import LogDemand
from chargesim.engine.choice import CANDIDATE
from chargesim.engine.facilities import Facilities
from chargesim.network.candidates import holds
from chargesim.network.network import STATION, CandidateKey, Network

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def facilities_of_log(facilities: Facilities, demand: LogDemand, network: Network) -> Facilities:
    """Return facilities with the ways of a log as origins before the sites, and an empty list.

    Each way has one candidate, the site that the log names; who goes on from there sees what
    everybody sees. The empty list is for those who come for a pack alone.
    """
    first = first_way(network)
    candidates = np.insert(facilities.candidates, [first], _one_candidate(demand, network), axis=1)
    nobody = np.zeros_like(candidates[:1])
    nobody["site"] = -1
    candidates = np.concatenate([candidates, nobody])
    outside_min = facilities.outside_min
    return replace(
        facilities,
        candidates=candidates,
        free_min=np.where(
            candidates["site"][:, :, 0] >= 0, candidates["minutes"][:, :, 0, 0], np.inf
        ),
        outside_min=np.insert(outside_min, first, outside_min[origin_of_ways(demand, network)]),
        service_min=_service_min(facilities, demand, network),
    )


def first_way(network: Network) -> int:
    """Return the origin of the first way: ways are behind zones and corridors."""
    return len(network.zones.id) + len(network.corridors.id)


def origin_of_ways(demand: LogDemand, network: Network) -> Ints:
    """Return the origin of the network at which each way begins: zone, corridor or the site."""
    ways = demand.ways
    return np.where(ways.origin >= 0, ways.origin, first_way(network) + ways.site)


def _one_candidate(demand: LogDemand, network: Network) -> NDArray[Any]:
    """Return the candidates of the ways [list, way, rank]: the site, in the lists that hold it."""
    ways, keys = demand.ways, network.candidates.keys
    shape = (len(keys), len(ways), network.candidates.site.shape[2])
    table = np.zeros(shape, dtype=CANDIDATE)
    table["site"] = -1
    for number, key in enumerate(keys):
        may = _members(network, key)[ways.site]
        table["site"][number, may, 0], table["km"][number, may, 0] = ways.site[may], ways.km[may]
        for period, minutes in enumerate(ways.minutes):
            table["minutes"][number, may, 0, period] = minutes[may]
    return table


def _members(network: Network, key: CandidateKey) -> NDArray[np.bool_]:
    """Return which sites a list holds."""
    sites = network.sites
    return np.array([holds(key, sites, site) for site in range(len(sites))], dtype=bool)


def _service_min(facilities: Facilities, demand: LogDemand, network: Network) -> Floats:
    """Return the mean minutes that a vehicle occupies a gun, stays as long as the log says.

    At each station over the wishes that name it, else over those that may choose it.
    """
    table, stay = demand.table, is_stay(demand.table)
    if not stay.any():
        return facilities.service_min
    way = table["origin"] - first_way(network)
    named = np.append(demand.ways.site, -1)[np.where(way >= 0, way, len(demand.ways))]
    stay_min = table["overstay_min"] + facilities.known["handling_min"].max(initial=0.0)

    def tally(rows: NDArray[np.bool_], into: Ints, size: int) -> NDArray[np.float64]:
        """Return minutes and number of stays, and the number of other wishes, of each group."""
        stays, others = into[rows & stay], into[rows & ~stay]
        total = np.bincount(stays, weights=stay_min[rows & stay], minlength=size)
        return np.stack([total, *(np.bincount(n, minlength=size) for n in (stays, others))])

    of_site = tally(named >= 0, named, len(network.sites))
    of_list = tally(named < 0, table["station_list"], demand.lists + 1)
    nobody_named = of_site[1:].sum(axis=0) == 0
    for number, key in enumerate(network.candidates.keys):
        free = _members(network, key) & nobody_named
        of_site[:, free] += of_list[:, number, None]
    total, stays, others = of_site
    wishes = stays + others
    mean = (total + others * facilities.service_min) / np.maximum(1.0, wishes)
    at_gun = (network.sites.kind == STATION) & (wishes > 0)
    return np.where(at_gun, mean, facilities.service_min)
