"""Build the facilities and vehicles of textbook queues with Poisson arrivals."""

from dataclasses import dataclass, replace
from math import inf

import numpy as np

from chargesim.demand.demand_table import DISTANCE, Table, empty_table
from chargesim.demand.random_streams import generator, vehicle_keys
from chargesim.engine.event_order import DAY_MIN
from chargesim.engine.facilities import SLOT, Facilities, Floats, Outlets
from chargesim.exact_time import durations_min, instants_min
from chargesim.network.network import SWAP
from chargesim.synthetic.grids import GUN_KW, Grid, grid_facilities

NEVER_MIN = 1e6
"""A patience that no wait exceeds [min]."""


@dataclass(frozen=True)
class Law:
    """A gamma distribution of minutes: shape 1 is exponential, 4 Erlang, infinity constant."""

    mean_min: float
    shape: float = 1.0

    @property
    def cv2(self) -> float:
        """Squared coefficient of variation."""
        return 1.0 / self.shape

    def draw(self, rng: np.random.Generator, n: int) -> Floats:
        """Return `n` durations of whole ticks [min]."""
        if self.shape == inf:
            return durations_min(np.full(n, self.mean_min))
        return durations_min(rng.gamma(self.shape, self.mean_min / self.shape, n))


@dataclass(frozen=True)
class Flow:
    """Vehicles that come to every site in a Poisson stream of its own."""

    rate_per_h: float
    """arrivals at each site [1/h]"""
    service: Law
    """minutes at a gun that has its full power, or of a pack in a slot"""
    patience: Law | None = None
    """None: nobody gives up"""
    tolerance_min: float = NEVER_MIN
    """0: a vehicle that would have to wait leaves at once"""
    swaps: bool = False
    max_diversions: int = 0
    sites: int = 1

    def vehicles(self, days: int, seed: int, replication: int, name: str) -> Table:
        """Return the vehicles of some days.

        Each name, seed and replication has a stream of its own. No two wishes are at the same
        instant, so that their order is fixed.
        """
        rng = generator(seed, replication, "verify", name, 0)
        span_min = days * DAY_MIN
        wishes = np.unique(
            instants_min(
                rng.uniform(
                    0.0, span_min, rng.poisson(self.sites * self.rate_per_h / 60 * span_min)
                )
            )
        )
        n = len(wishes)
        table = empty_table(n)
        table["wish_min"], table["origin"] = wishes, rng.integers(0, self.sites, n)
        table["battery_kwh"], table["target_soc"] = self.service.draw(rng, n) * (GUN_KW / 60.0), 1.0
        table["station_list"], table["swap_list"] = (-1, 0) if self.swaps else (0, -1)
        table["consumption_kwh_km"], table["value_of_time_cny_h"] = 0.15, 40.0
        table["patience_min"] = NEVER_MIN if self.patience is None else self.patience.draw(rng, n)
        table["tolerance_min"], table["max_diversions"], table["guidance"] = (
            self.tolerance_min,
            self.max_diversions,
            DISTANCE,
        )
        table["key"] = vehicle_keys(seed, replication, name, 0, 0, n)
        return table


def station(guns: int, *, service_min: float, shared_kw: float = inf) -> Facilities:
    """Return one station at no distance, whose guns of `GUN_KW` each share `shared_kw`."""
    return replace(grid_facilities(Grid(1, 0, service_min, guns)), cabinet_kw=np.full(1, shared_kw))


def swap_site(packs: int, slots: int, *, charging_min: float, swap_min: float) -> Facilities:
    """Return one swap site at no distance, with a bay for each pack; a slot gives `GUN_KW`.

    A swap takes at least a tick, 2**-20 min.
    """
    facilities = grid_facilities(Grid(1, 0, swap_min, packs))
    facilities.known["swap"], facilities.known["swap_min"], facilities.known["hand_out_soc"] = (
        1,
        swap_min,
        1.0,
    )
    alike = np.zeros(slots, dtype=np.int64)
    return replace(
        facilities,
        kind=np.full(1, SWAP),
        outlets=Outlets(np.array([0, slots]), alike, alike, np.full(slots, SLOT)),
        packs=np.full(1, packs),
        pack_curve=np.zeros(1, dtype=np.int64),
        pack_interval_min=np.full(1, charging_min / slots),
    )


def ring(sites: int, guns: int, *, service_min: float, drive_min: float) -> Facilities:
    """Return stations in a ring: a vehicle that gives up waiting drives on to the next."""
    facilities = grid_facilities(Grid(sites, 0, service_min, guns, known=2))
    on_the_way = facilities.candidates[0, sites:, :1]
    on_the_way["minutes"] = drive_min
    return facilities
