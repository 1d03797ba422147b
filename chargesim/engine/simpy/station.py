"""Model a station: guns of one or two kinds behind cabinets, some of them perhaps out of order."""

from collections import Counter
from math import inf

import numpy as np
import simpy

from chargesim.engine.day_statistics import DayStatistics
from chargesim.engine.event_order import EventClass, outlet_key
from chargesim.engine.facilities import Facilities
from chargesim.engine.rules import charge_min, exact_min, foreseen_gun_wait_min, station_wait_min
from chargesim.engine.simpy.car import Car
from chargesim.engine.simpy.events import ScheduledEvent, Signal
from chargesim.engine.simpy.power import Charge, Outlet, PowerGroup
from chargesim.engine.simpy.site import Site


class Station(Site):
    """A station: guns behind cabinets behind a grid connection.

    Attributes
    ----------
    guns : list of Outlet
        By number; ultra-fast guns first, then their companions, then those that were added.
    in_service : dict of int to (Car, Signal)
        The vehicles at guns, by gun; the signal happens when the vehicle is full or interrupted, before another is called.
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
        self.facilities, self.group = facilities, group
        self.guns: list[Outlet] = group.add_outlets(number, self._charged)
        self.planned = len(self.guns)
        self.kinds = len({gun.type for gun in self.guns})
        self.cabinets = len({gun.cabinet for gun in self.guns})
        self.up = self.servers
        self.down = [0] * self.servers
        """failures and blackouts that hold now, by gun"""
        self.in_service: dict[int, tuple[Car, Signal]] = {}
        self._down_since = [0.0] * self.servers

    def visible_wait_min(self) -> float:
        """Return the expected wait by the occupancy on sight [min]; endless when no gun works."""
        if self.present < self.up:
            return 0.0
        return station_wait_min(self.present, self.up, self.service_min) if self.up else inf

    def foreseen_wait_min(self, arrival_min: float) -> float:
        """Return the wait that the cloud foresees for a vehicle that arrives at an instant [min]."""
        if not self.servers:
            return inf
        arrivals, services = self._ahead()
        free_min = np.array([self._free_min(gun) for gun in range(self.servers)])
        return float(
            foreseen_gun_wait_min(free_min, arrivals, services, len(arrivals), arrival_min)
        )

    def serve(self, car: Car) -> Signal:
        """Plug the vehicle in, at its first gun after the tries that fail; the event comes when it is full, or interrupted."""
        done = Signal(self.env)
        self.in_service[car.place] = (car, done)
        if not car.failed_starts:
            self._plug_in(car)
        else:
            minutes = self.operating_rules.failed_start_min
            car.failed_starts, car.joined_min = 0, self.env.now
            ScheduledEvent(
                self.env,
                minutes,
                outlet_key(EventClass.DONE, self.number, car.place),
                (car, done),
                self._start,
            )
        return done

    def end_day(self) -> None:
        """Write to the day's statistics what goes on over its end, at guns that serve and guns that are down."""
        super().end_day()
        for car, _ in self.in_service.values():
            self.statistics.busy(self.number, self._begun_min(car), self.env.now)
        for gun, failures in enumerate(self.down):
            if failures:
                self._note_down(gun)

    def close(self) -> None:
        """Settle what is still charging."""
        super().close()
        for gun, (car, _) in sorted(self.in_service.items()):
            self._note_service(gun, car)

    def fail(self, gun: int) -> None:
        """Let a gun be out of order until it is restored; the vehicle at it keeps its SOC."""
        self.down[gun] += 1
        if self.down[gun] > 1:
            return
        self._down_since[gun] = self.env.now
        self.up -= 1
        self.changed.add(self.number)
        if gun in self.free:
            self.free.remove(gun)
            return
        car, done = self.in_service.pop(gun)
        if car.charge is not None:
            self.guns[gun].group.unplug(car.charge)
        self._note_service(gun, car)
        car.place, car.interruptions = -1, car.interruptions + 1
        if car.known_min >= 0:
            car.known_min = exact_min(self._minutes_at(self.guns[0], car))
        done.happen()

    def restore(self, gun: int) -> None:
        """Let a gun work again, unless another failure or a blackout still holds."""
        self._repair(gun)
        self._call_next()

    def cut(self) -> None:
        """Let a blackout begin."""
        self.dark += 1
        self.group.cut()
        for gun in range(len(self.guns)):
            self.fail(gun)

    def light(self) -> None:
        """Let a blackout end."""
        self.dark -= 1
        self.group.restore()
        for gun in range(len(self.guns)):
            self._repair(gun)
        self._call_next()

    def given_kwh(self, gun: int) -> float:
        """Return what a gun has given up to now [kWh at the plug]."""
        outlet = self.guns[gun]
        car, _ = self.in_service.get(gun, (None, None))
        if car is None or car.charge is None:
            return outlet.given_kwh
        return outlet.given_kwh + (outlet.group.soc_now(car.charge) - float(car.soc)) * float(
            car.battery_kwh
        )

    def add_gun(self) -> int:
        """Add a gun of the station's first kind with a supply of its own, such as a mobile charger; return its number.

        During a blackout it waits, like the station's own, until there is light. The statistics keep its service and its
        energy as the station's, not whether it works: availability is that of the plan's guns.
        """
        supply = PowerGroup(self.env, self.facilities, self.statistics, self.group.rows, inf)
        gun = supply.add_outlet(self.number, len(self.guns), self.guns[0], self._charged)
        self.guns.append(gun)
        self.down.append(1 + self.dark)
        self._down_since.append(self.env.now)
        self.servers += 1
        self.restore(gun.number)
        return gun.number

    def remove_gun(self, gun: int) -> None:
        """Take away a gun that was added; a vehicle at it is interrupted."""
        self.fail(gun)

    def _repair(self, gun: int) -> None:
        self.down[gun] -= 1
        if self.down[gun]:
            return
        self._note_down(gun)
        self.up += 1
        self.changed.add(self.number)
        self.free.append(gun)
        self.free.sort()

    def _free_min(self, gun: int) -> float:
        """Return when the cloud foresees a gun to be free: in the past for a free one, never for one that is down [min]."""
        if self.down[gun]:
            return inf
        if gun not in self.in_service:
            return 0.0
        car, _ = self.in_service[gun]
        if car.charge is None:  # a try that fails goes on
            return float(
                car.joined_min
                + self.operating_rules.failed_start_min
                + exact_min(self._minutes_at(self.guns[gun], car))
            )
        return self.guns[gun].group.foreseen_end_min(car.charge)

    def _note_down(self, gun: int) -> None:
        """Write to the statistics how long one of the plan's guns has been out of order."""
        if gun < self.planned:
            self.statistics.down(self.number, self._down_since[gun], self.env.now)

    def _plug_in(self, car: Car) -> None:
        gun = self.guns[car.place]
        car.charge = gun.group.plug_in(
            gun, car.soc, max(car.target_soc, car.soc), car.battery_kwh, car.curve
        )

    def _start(self, moment: ScheduledEvent) -> None:
        """Begin to charge after a failed try, unless the gun has failed meanwhile."""
        car, done = moment.value  # type: ignore[misc]
        if self.in_service.get(car.place, (None, None))[1] is done:
            self.statistics.busy(self.number, car.joined_min, self.env.now)
            car.service_min += self.env.now - car.joined_min
            self._plug_in(car)

    def _minutes_at(self, gun: Outlet, car: Car) -> float:
        """Return the minutes that a vehicle needs at a gun that nobody shares [min]."""
        minutes: float = charge_min(
            car.soc,
            max(car.target_soc, car.soc),
            car.battery_kwh,
            self.facilities.edge_soc[car.curve],
            gun.powers[car.curve],
        )
        return minutes

    def _places(self) -> int:
        return 0 if self.dark else len(self.free)

    def _take_place(self, car: Car) -> None:
        """Take, of the free guns, one at which the vehicle is full soonest; among equals leave the ultra-fast ones free.

        Among guns of a kind it is the one whose cabinet has the fewest guns in use, then the lowest number.
        """
        if self.kinds == self.cabinets == 1:
            car.place = self.free.pop(0)
            return
        free = self.free
        if self.kinds > 1:
            minutes = {
                self.guns[number].type: self._minutes_at(self.guns[number], car) for number in free
            }
            best = min(
                (minutes[self.guns[number].type], -self.guns[number].rank) for number in free
            )
            free = [n for n in free if (minutes[self.guns[n].type], -self.guns[n].rank) == best]
        used = Counter(
            (self.guns[number].group, self.guns[number].cabinet) for number in self.in_service
        )
        car.place = min(
            free,
            key=lambda number: (used[self.guns[number].group, self.guns[number].cabinet], number),
        )
        self.free.remove(car.place)

    def _charged(self, charge: Charge) -> None:
        gun = charge.outlet.number
        car, done = self.in_service.pop(gun)
        self._note_service(gun, car)
        car.full = True
        self._give_back(gun)
        done.happen()
        self._call_next()

    def _begun_min(self, car: Car) -> float:
        """Return when a vehicle's charge, or its try that fails, began [min]."""
        return float(car.joined_min if car.charge is None else car.charge.begun_min)

    def _note_service(self, gun: int, car: Car) -> None:
        """Write what a vehicle had at a gun to the statistics and to the vehicle."""
        charge, begun_min = car.charge, self._begun_min(car)
        self.statistics.busy(self.number, begun_min, self.env.now)
        car.service_min += self.env.now - begun_min
        if charge is not None:
            energy_kwh = (charge.soc - car.soc) * car.battery_kwh
            car.energy_kwh += energy_kwh
            self.statistics.noted_kwh[self.number] += energy_kwh
            charge.outlet.given_kwh += energy_kwh
            car.soc, car.charge = charge.soc, None
