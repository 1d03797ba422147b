"""Hold what all parts of a run share: clock, sites, vehicles under way, statistics and log."""

import numpy as np
import simpy

from chargesim.engine.choice import MAX_TRIED
from chargesim.engine.day_statistics import DayStatistics
from chargesim.engine.facilities import Facilities
from chargesim.engine.simpy.car import Car
from chargesim.engine.simpy.cloud import Cloud
from chargesim.engine.simpy.outlets import Rows
from chargesim.engine.simpy.power import PowerGroup
from chargesim.engine.simpy.station import Station
from chargesim.engine.simpy.swap_site import SwapSite
from chargesim.network.network import SWAP


class City:
    """The city of a run.

    Attributes
    ----------
    env : simpy.Environment
        Its clock counts minutes.
    sites : list of Station and SwapSite
        In the order of the site table.
    under_way : dict of int to Car
        Vehicles between wish and end, by row.
    posted_wait_min : array of float, [S]
        Wait by the occupancy that was posted last [min].
    rows : list of tuple
        Session log since the last midnight.
    """

    def __init__(self, facilities: Facilities) -> None:
        self.env = simpy.Environment()
        self.facilities = facilities
        self.statistics = DayStatistics(facilities.servers)
        self.changed: set[int] = set()
        self.groups: dict[int, PowerGroup] = {}
        self._curves = Rows(facilities)
        self.sites: list[Station | SwapSite] = [
            self._build_site(number) for number in range(len(facilities))
        ]
        self.cloud = Cloud(facilities, self.sites)
        self.under_way: dict[int, Car] = {}
        self.posted_wait_min = np.zeros(len(facilities))
        self.tried = np.zeros(MAX_TRIED, dtype=np.int64)
        """room for the sites that a vehicle has tried, while it chooses"""
        self.rows: list[tuple[object, ...]] = []

    def _build_site(self, number: int) -> Station | SwapSite:
        """Build a site behind its grid connection, and the connection if it is the first there."""
        facilities, connection = self.facilities, int(self.facilities.connection[number])
        if connection not in self.groups:
            has_store = facilities.store_kwh[number] > 0 and facilities.store_kw[number] > 0
            plug_kw, store = float(facilities.plug_kw[number]), number if has_store else None
            self.groups[connection] = PowerGroup(
                self.env, facilities, self.statistics, self._curves, plug_kw, store
            )
        kind, group = (
            SwapSite if facilities.kind[number] == SWAP else Station,
            self.groups[connection],
        )
        return kind(self.env, facilities, self.statistics, number, self.changed, group)
