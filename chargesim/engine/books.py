"""Keep the books of one replication: what each site did in each hour, while it happens."""

import numpy as np

from chargesim.engine.deposits import deposit_level
from chargesim.engine.order import DAY_MIN, HOUR_MIN
from chargesim.engine.plant import Plant

QUARTER_MIN = 15.0


class Books:
    """Totals by site and hour (energies by quarter) over the judged days; what lies outside them is left out.

    Parameters
    ----------
    plant : Plant
    lead_in_days, days : int
        Whole days before the judged ones, and the judged ones.
    """

    def __init__(self, plant: Plant, lead_in_days: int, days: int) -> None:
        sites, hours = len(plant), 24 * days
        self.start_min = lead_in_days * DAY_MIN
        self.end_min = self.start_min + days * DAY_MIN
        self.busy_min = np.zeros((sites, hours))
        self.energy_kwh = np.zeros((sites, 4 * hours))
        self.store_kwh = np.zeros((sites, 4 * hours))
        self.down_min = np.zeros((sites, hours))
        self.queue_min = np.zeros((sites, hours))
        self.ready_min = np.zeros((sites, hours))
        self.arrivals = np.zeros((sites, hours), dtype=np.int64)
        self.pack_found = np.zeros((sites, hours), dtype=np.int64)
        self.queue_check_min = np.zeros((sites, 2))

    def without(self, days: int) -> "Books":
        """Return these books without their first days, as if those had been a lead-in."""
        first = 24 * days
        self.start_min += days * DAY_MIN
        for name in ("busy_min", "down_min", "queue_min", "ready_min", "arrivals", "pack_found"):
            setattr(self, name, getattr(self, name)[:, first:].copy())
        for name in ("energy_kwh", "store_kwh"):
            setattr(self, name, getattr(self, name)[:, 4 * first :].copy())
        return self

    def busy(self, site: int, begin_min: float, end_min: float) -> None:
        """Note that an outlet was in use between two instants."""
        deposit_level(self.busy_min, site, begin_min, end_min, 1.0, self.start_min, HOUR_MIN)

    def down(self, site: int, begin_min: float, end_min: float) -> None:
        """Note that a gun was out of order between two instants."""
        deposit_level(self.down_min, site, begin_min, end_min, 1.0, self.start_min, HOUR_MIN)

    def queued(self, site: int, begin_min: float, end_min: float, vehicles: int) -> None:
        """Note that so many vehicles waited between two instants."""
        deposit_level(self.queue_min, site, begin_min, end_min, float(vehicles), self.start_min, HOUR_MIN)
        self.queue_check_min[site, 0] += vehicles * (end_min - begin_min)

    def waited(self, site: int, minutes: float) -> None:
        """Note what one vehicle waited at a site, as it counts it itself."""
        self.queue_check_min[site, 1] += minutes

    def ready(self, site: int, begin_min: float, end_min: float, packs: int) -> None:
        """Note that so many charged packs stood in the rack between two instants."""
        deposit_level(self.ready_min, site, begin_min, end_min, float(packs), self.start_min, HOUR_MIN)

    def arrived(self, site: int, now: float, pack_found: bool = False) -> None:
        """Count an arrival, and whether it found a charged pack that nobody was waiting for."""
        if self.start_min <= now < self.end_min:
            hour = int((now - self.start_min) // HOUR_MIN)
            self.arrivals[site, hour] += 1
            if pack_found:
                self.pack_found[site, hour] += 1
