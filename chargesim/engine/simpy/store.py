"""Run a battery store behind a grid connection: it charges from what the guns leave, and serves them before the grid does.

Its power follows the sum of the charges and is constant between two events, so its energy is exact. The loss of a
round trip is on the way in.
"""

from collections.abc import Callable

from simpy import Environment

from chargesim.engine.day_statistics import QUARTER_MIN, DayStatistics
from chargesim.engine.deposits import deposit_level
from chargesim.engine.event_order import STORE, EventClass, outlet_key
from chargesim.engine.facilities import Facilities
from chargesim.engine.operating_rules import CHARGE, IDLE, LEND
from chargesim.engine.rules import exact_min
from chargesim.engine.simpy.events import ScheduledEvent


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
        self.opens_min = float(facilities.places["opens_min"][site])
        self.duty = IDLE
        self.energy_kwh = self.power_kw = self.since_min = 0.0
        self.plan: ScheduledEvent | None = None

    @property
    def works(self) -> bool:
        """Whether it has something to do in this hour: to charge and room for it, or to lend and energy for it."""
        return (self.duty == LEND and self.energy_kwh > 0) or (
            self.duty == CHARGE and self.energy_kwh < self.kwh
        )

    @property
    def lendable_kw(self) -> float:
        """Power that it can lend now, on the plugs' side [kW]."""
        return self.kw if self.duty == LEND and self.energy_kwh > 0 else 0.0

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
        if grid_kw <= 0 or not self.works:
            power_kw = 0.0
        elif self.duty == LEND:
            power_kw = min(self.kw, used_kw)
        else:
            power_kw = -min(self.charge_kw, max(0.0, grid_kw - used_kw))
        if power_kw == self.power_kw:
            return
        self.settle()
        self.power_kw = power_kw
        self.plan = None
        if power_kw != 0.0:
            left_kwh = (
                self.energy_kwh if power_kw > 0 else (self.kwh - self.energy_kwh) / self.efficiency
            )
            minutes = exact_min(60.0 * left_kwh / abs(power_kw))
            self.plan = ScheduledEvent(
                self.env, minutes, outlet_key(EventClass.STEP, self.site, STORE), None, self._end
            )

    def settle(self) -> None:
        """Bring its energy and the statistics up to now."""
        now = self.env.now
        if self.power_kw != 0.0 and now > self.since_min:
            moved_kwh = self.power_kw * (now - self.since_min) / 60.0
            self.energy_kwh -= moved_kwh if moved_kwh > 0 else moved_kwh * self.efficiency
            self.energy_kwh = min(self.kwh, max(0.0, self.energy_kwh))
            self.deposit()
        self.since_min = now

    def deposit(self) -> None:
        """Write to the statistics what it took or gave since it was last settled."""
        level = -self.power_kw / 60.0
        deposit_level(
            self.statistics.store_kwh,
            self.site,
            self.since_min,
            self.env.now,
            level,
            self.statistics.start_min,
            QUARTER_MIN,
        )

    def _end(self, moment: ScheduledEvent) -> None:
        """Be empty or full, exactly, and let the power be shared anew."""
        if self.plan is not moment:
            return
        giving = self.power_kw > 0
        self.settle()
        self.energy_kwh = 0.0 if giving else self.kwh
        self.power_kw, self.plan = 0.0, None
        self.done()
