"""Spread a fleet over the zones."""

import numpy as np
from numpy.typing import NDArray

from chargesim.network.network import Districts, Zones
from chargesim.scenario.fleets import Fleet

Floats = NDArray[np.float64]


def zone_weights(fleet: Fleet, zones: Zones, districts: Districts, rural_weight: float) -> Floats:
    """Return each zone's share of a fleet: by class of district, then by weighted inhabitants.

    Parameters
    ----------
    fleet : Fleet
        Its `area_weights` are shares by class; classes that the city does not have are left out.
    zones, districts
    rural_weight : float
        Vehicles of a rural inhabitant over those of an urban one.

    Returns
    -------
    array
        A value per zone, sums to 1, or to 0 when no zone gets any.
    """
    inhabitants = zones.population * np.where(zones.urban, 1.0, rural_weight)
    area_class = np.array(districts.area_class)[zones.district]
    weights = np.zeros(len(zones.id))
    for name, share in fleet.area_weights.items():
        here = area_class == name
        if inhabitants[here].sum() > 0:
            weights[here] = share.value * inhabitants[here] / inhabitants[here].sum()
    return weights / weights.sum() if weights.sum() > 0 else weights
