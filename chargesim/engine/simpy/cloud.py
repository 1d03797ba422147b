"""Tell the vehicles that follow the cloud what wait it foresees at the sites that they look at.

It knows the live occupancy, when each gun will be free if nobody shares power, the queues, and the
vehicles on their way that follow it themselves.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chargesim.engine.event_order import HOUR_MIN
from chargesim.engine.facilities import Facilities
from chargesim.engine.rules import charge_min, exact_min, soc_after_drive
from chargesim.engine.simpy.car import Car
from chargesim.engine.simpy.station import Station
from chargesim.engine.simpy.swap_site import SwapSite
from chargesim.network.network import SWAP


class Cloud:
    """What is foreseen for one vehicle at a time."""

    def __init__(self, facilities: Facilities, sites: Sequence[Station | SwapSite]) -> None:
        self.facilities, self.sites = facilities, sites
        self.wait_min: NDArray[np.float64] = np.zeros(len(facilities))
        """[S] wait at the candidates of the vehicle last looked at; other entries mean nothing"""

    def foresee(self, car: Car, now: float) -> NDArray[np.float64]:
        """Return the foreseen waits [min] by site, for a vehicle that sets out now."""
        wish, candidates = car.table[car.index], self.facilities.candidates
        period = self.facilities.city[0]["period_of_hour"][int(now // HOUR_MIN) % 24]
        for which in (int(wish["station_list"]), int(wish["swap_list"])):
            if which >= 0:
                there = candidates[which, car.origin]
                for number, minutes in zip(
                    there["site"].tolist(), there["minutes"][:, period].tolist(), strict=True
                ):
                    if number >= 0:
                        arrival_min = now + exact_min(minutes)
                        site = self.sites[number]
                        self.wait_min[number] = site.foreseen_wait_min(arrival_min)
        return self.wait_min

    def send(self, car: Car, number: int, km: float, arrival_min: float) -> None:
        """Note that a vehicle is on its way to a site, and how long it will stay there."""
        facilities = self.facilities
        if facilities.kind[number] == SWAP:
            car.known_min = float(exact_min(facilities.known["swap_min"][number]))
        else:
            soc = soc_after_drive(car.soc, km, car.consumption_kwh_km, car.battery_kwh)
            edges = facilities.edge_soc[car.curve]
            powers = facilities.step_kw[facilities.known["outlet"][number], car.curve]
            minutes = charge_min(soc, max(soc, car.target_soc), car.battery_kwh, edges, powers)
            known = facilities.known[number]
            stay_min = known["handling_min"] + minutes + known["overstay_min"]
            car.known_min = float(exact_min(stay_min))
        self.sites[number].announce(car, arrival_min, float(self.wait_min[number]))
