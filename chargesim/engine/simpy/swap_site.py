"""Model a swap site: vehicles take a charged pack in a bay; slots charge theirs."""

from math import inf

import numpy as np
import simpy

from chargesim.engine.day_statistics import DayStatistics
from chargesim.engine.event_order import EventClass, outlet_key
from chargesim.engine.facilities import Facilities
from chargesim.engine.queue_rules import (
    faded,
    foreseen_swap_wait_min,
    packs_to_keep,
    swap_wait_min,
)
from chargesim.engine.rules import exact_min
from chargesim.engine.simpy.car import Car
from chargesim.engine.simpy.events import ScheduledEvent, Signal
from chargesim.engine.simpy.outlets import Charge, Outlet
from chargesim.engine.simpy.power import PowerGroup
from chargesim.engine.simpy.site import Site


class SwapSite(Site):
    """A swap site; no pack is ever made or lost.

    A pack that is handed out has the hand-out SOC exactly. With smart charging, packs that nobody
    needs in a dear hour wait in `empty` until a cheaper one begins.
    """

    def __init__(
        self,
        env: simpy.Environment,
        facilities: Facilities,
        statistics: DayStatistics,
        number: int,
        changed: set[int],
        group: PowerGroup,
    ) -> None:
        super().__init__(env, facilities, statistics, number, changed)
        self.group = group
        self.slots: list[Outlet] = group.add_outlets(
            number, self._pack_ready, first_number=self.servers
        )
        self.free_slots = list(range(len(self.slots)))
        self.charging: dict[int, Charge] = {}
        """charge in each slot in use"""
        self.owned = self.ready = int(facilities.packs[number])
        self.swap_min = exact_min(float(facilities.known["swap_min"][number]))
        self.hand_out_soc = float(facilities.known["hand_out_soc"][number])
        self.curve = int(facilities.pack_curve[number])
        self.interval_min = float(facilities.pack_interval_min[number])
        self.empty: list[tuple[float, float]] = []
        """SOC and kWh of the packs that wait for a slot or for a cheaper hour"""
        self.in_bay: dict[int, tuple[Car, Signal, float]] = {}
        self.pack_kwh = 0.0
        """energy that left with packs that were handed out, less what came with those handed in"""
        self.holding = False
        """whether packs may wait for a cheaper hour now"""
        self._ready_since = 0.0
        self._arrivals, self._arrivals_min = 0.0, 0.0

    @property
    def packs(self) -> int:
        """Packs of the site: charged, charging, waiting, and one per vehicle in a bay."""
        return self.ready + len(self.charging) + len(self.empty) + len(self.in_bay)

    @property
    def lacking_kwh(self) -> float:
        """Energy that the packs at the site still need, by what the statistics have [kWh]."""
        waiting = sum(max(0.0, self.hand_out_soc - soc) * kwh for soc, kwh in self.empty)
        return waiting + sum(
            (charge.target_soc - self.group.soc_in_statistics(charge)) * charge.battery_kwh
            for charge in self.charging.values()
        )

    def visible_wait_min(self) -> float:
        """Return the expected wait by the occupancy on sight [min]; endless without power."""
        if self.dark:
            return inf
        return float(
            swap_wait_min(self.present, self.servers, self.swap_min, self.ready, self.interval_min)
        )

    def foreseen_wait_min(self, arrival_min: float) -> float:
        """Return the wait that the cloud foresees for an arrival at an instant [min]."""
        if self.dark or not self.servers:
            return inf
        bays = np.zeros(self.servers)
        for bay, (_, _, begun_min) in self.in_bay.items():
            bays[bay] = begun_min + self.swap_min
        packs = np.array(
            [0.0] * self.ready
            + sorted(self.group.foreseen_end_min(charge) for charge in self.charging.values())
        )
        arrivals, _ = self._ahead()
        wait_min = foreseen_swap_wait_min(
            bays, packs, self.interval_min, self.swap_min, arrivals, len(arrivals), arrival_min
        )
        return float(wait_min)

    def arrive(self, car: Car, pack_found: bool = False) -> None:
        """Count an arrival, and whether there was a pack for it."""
        super().arrive(car, self.ready > len(self.queue))
        if self.operating_rules.smart:
            now, memory_min = self.env.now, self.operating_rules.memory_min
            self._arrivals = 1.0 + faded(self._arrivals, now - self._arrivals_min, memory_min)
            self._arrivals_min = now

    def serve(self, car: Car) -> Signal:
        """Swap the pack; the event comes when the vehicle leaves the bay."""
        done = Signal(self.env)
        self.in_bay[car.server] = (car, done, self.env.now)
        self._count_occupied(+1)
        key = outlet_key(EventClass.DONE, self.number, car.server)
        ScheduledEvent(self.env, self.swap_min, key, car.server, self._leave_bay)
        return done

    def end_day(self) -> None:
        """Write to the day's statistics what goes on over its end, also in the rack."""
        super().end_day()
        self.statistics.ready(self.number, self._ready_since, self.env.now, self.ready)

    def close(self) -> None:
        """Bring the vehicles up to now, at the end of the horizon."""
        super().close()
        for _, (car, _, begun_min) in sorted(self.in_bay.items()):
            car.service_min += self.env.now - begun_min

    def cut_power(self) -> None:
        """Begin a blackout: swaps under way end, no other begins, packs are not charged."""
        self.dark += 1
        self.group.cut_power()
        self.changed.add(self.number)

    def restore_power(self) -> None:
        """End a blackout."""
        self.dark -= 1
        self.group.restore_power()
        self.changed.add(self.number)
        self._call_next()

    def turn_hour(self, hour: int) -> None:
        """Let packs wait for a cheaper hour, or charge those that did."""
        self.holding = self.operating_rules.hold_packs[hour]
        self._fill_slots()

    def packs_to_keep(self) -> int:
        """Return how many packs must be charged or charging, by recent arrivals."""
        rules, since_min = self.operating_rules, self.env.now - self._arrivals_min
        packs: int = packs_to_keep(
            self._arrivals, since_min, rules.memory_min, self.interval_min, len(self.slots),
            rules.promised,
        )  # fmt: skip
        return packs

    def _servers_free(self) -> int:
        """Return how many vehicles could be served now: the bays that are free, or fewer packs."""
        bays = 0 if self.dark else len(self.free)
        return bays if bays < self.ready else self.ready

    def _take_server(self, car: Car) -> None:
        """Give a free bay and a charged pack to a vehicle."""
        car.server = self.free.pop(0)
        self._count_ready(-1)
        if self.holding:
            self._fill_slots()

    def _queue_grew(self) -> None:
        """Charge packs for one more vehicle, if they wait for a cheaper hour."""
        if self.holding:
            self._fill_slots()

    def _leave_bay(self, event: ScheduledEvent) -> None:
        """Let a vehicle leave with a charged pack; its own goes to a slot."""
        bay: int = event.value  # type: ignore[assignment]
        car, done, begun_min = self.in_bay.pop(bay)
        self.empty.append((car.soc, car.battery_kwh))
        gained_kwh = max(0.0, self.hand_out_soc - car.soc) * car.battery_kwh
        car.energy_kwh += gained_kwh
        self.pack_kwh += gained_kwh
        car.soc = max(car.soc, self.hand_out_soc)
        car.service_min += self.env.now - begun_min
        car.full = True
        self._count_occupied(-1)
        self._give_back(bay)
        self._fill_slots()
        done.happen()
        self._call_next()

    def _fill_slots(self) -> None:
        """Charge waiting packs in free slots; in a dear hour only as many as the promise needs."""
        while self.empty and self.free_slots:
            stock = self.ready + len(self.charging) - len(self.queue)
            if self.holding and stock >= self.packs_to_keep():
                return
            soc, battery_kwh = self.empty.pop(0)
            slot, target_soc = self.free_slots.pop(0), max(soc, self.hand_out_soc)
            self.charging[slot] = self.group.plug_in(
                self.slots[slot], soc, target_soc, battery_kwh, self.curve
            )

    def _pack_ready(self, charge: Charge) -> None:
        """Put a charged pack into the rack, charge the next one and call who waits for it."""
        slot = charge.outlet.number - self.servers
        del self.charging[slot]
        self.free_slots.append(slot)
        self.free_slots.sort()
        self._count_ready(+1)
        self._fill_slots()
        self._call_next()

    def _count_ready(self, change: int) -> None:
        """Count charged packs, and write how long so many were in the rack."""
        now = self.env.now
        self.statistics.ready(self.number, self._ready_since, now, self.ready)
        self._ready_since = now
        self.ready += change
        self.changed.add(self.number)
