"""Measure the share of the demand that has a public station within a distance by road."""

import numpy as np

from chargesim.network.network import STATION, Network


def demand_share_within(
    network: Network, km: float, *, rural_weight: float = 1.0, area_class: str | None = None
) -> float:
    """Return the share of the demand with a public station within `km` by road.

    Parameters
    ----------
    network : Network
    km : float
        Distance along the fastest path in free flow [km].
    rural_weight : float
        Demand of a rural inhabitant over that of an urban one; 1 counts inhabitants.
    area_class : str, optional
        Count the urban zones of this class of district alone, for example the built-up core.

    Returns
    -------
    float
        NaN when nobody lives there or no fleet may use public stations.
    """
    zones = network.zones
    lists = [
        i
        for i, key in enumerate(network.candidates.keys)
        if key.kind == STATION and "public" in key.access and not key.through
    ]
    chosen = np.ones(len(zones.id), dtype=bool)
    if area_class is not None:
        chosen = zones.urban & (
            np.array(network.districts.area_class)[zones.district] == area_class
        )
    weight = zones.population * np.where(zones.urban, 1.0, rural_weight) * chosen
    if not lists or weight.sum() == 0:
        return float("nan")
    nearest = network.candidates.km[lists[0], : len(zones.id)].min(axis=1)
    return float(weight[nearest <= km].sum() / weight.sum())
