"""Run a battery store behind a grid connection.

Its power follows the sum of the charges and is constant between two events, so its energy is exact.
"""

from collections.abc import Callable

from simpy import Environment

from chargesim.engine.day_statistics import QUARTER_MIN, DayStatistics, add_level
from chargesim.engine.event_order import STORE, EventClass, outlet_key
from chargesim.engine.facilities import Facilities
from chargesim.engine.operating_rules import IDLE
from chargesim.engine.simpy.events import ScheduledEvent
from chargesim.engine.store_rules import (
    store_energy_kwh,
    store_left_min,
    store_power_kw,
    store_works,
)


class Store:
    """The store of a connection; `site` is the row of the statistics in which it is written.

    `power_kw` is what it gives to the plugs' side, below 0 what it takes. It is empty at the start.
    """

    def __init__(
        self,
        env: Environment,
        facilities: Facilities,
        statistics: DayStatistics,
        site: int,
        done: Callable[[], None],
    ) -> None:
        self.env, self.statistics, self.site, self.done = env, statistics, site, done
        self.kwh, self.kw = float(facilities.store_kwh[site]), float(facilities.store_kw[site])
        self.charge_kw = min(self.kw, facilities.operating_rules.store_charge_kw)
        self.efficiency = facilities.operating_rules.store_efficiency
        self.opens_min = float(facilities.known["opens_min"][site])
        self.duty = IDLE
        self.energy_kwh = self.power_kw = self.since_min = 0.0
        self.plan: ScheduledEvent | None = None

    @property
    def works(self) -> bool:
        """Whether it can do what this hour asks."""
        return bool(store_works(self.duty, self.energy_kwh, self.kwh))

    def turn(self, duty: int) -> bool:
        """Take another duty, none before the site opens; return whether it is another."""
        duty = duty if self.env.now >= self.opens_min else IDLE
        if duty == self.duty:
            return False
        self.settle()
        self.duty = duty
        return True

    def run(self, used_kw: float, grid_kw: float) -> None:
        """Set its power for what the plugs use now and the grid connection allows [kW]."""
        power_kw = store_power_kw(
            self.duty, self.energy_kwh, self.kwh, self.kw, self.charge_kw, used_kw, grid_kw
        )
        if power_kw == self.power_kw:
            return
        self.settle()
        self.power_kw, self.plan = power_kw, None
        if power_kw != 0.0:
            minutes = store_left_min(self.energy_kwh, self.kwh, power_kw, self.efficiency)
            key = outlet_key(EventClass.STEP, self.site, STORE)
            self.plan = ScheduledEvent(self.env, minutes, key, None, self._end)

    def settle(self) -> None:
        """Bring its energy and the statistics up to now."""
        minutes = self.env.now - self.since_min
        if self.power_kw != 0.0 and minutes > 0:
            self.energy_kwh = store_energy_kwh(
                self.energy_kwh, self.kwh, self.power_kw, minutes, self.efficiency
            )
            self.note()
        self.since_min = self.env.now

    def note(self) -> None:
        """Write to the statistics what it took or gave since it was last settled."""
        add_level(
            self.statistics.store_kwh, self.site, self.since_min, self.env.now,
            -self.power_kw / 60.0, self.statistics.start_min, QUARTER_MIN,
        )  # fmt: skip

    def _end(self, event: ScheduledEvent) -> None:
        """Be empty or full, exactly, and let the power be shared anew."""
        if self.plan is not event:
            return
        giving = self.power_kw > 0
        self.settle()
        self.energy_kwh = 0.0 if giving else self.kwh
        self.power_kw, self.plan = 0.0, None
        self.done()
