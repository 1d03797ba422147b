"""Model a station: guns of one or two kinds behind cabinets, some of them perhaps out of order."""

from collections import Counter
from math import inf

import numpy as np
import simpy

from chargesim.engine.day_statistics import DayStatistics
from chargesim.engine.event_order import EventClass, outlet_key
from chargesim.engine.facilities import Facilities
from chargesim.engine.queue_rules import foreseen_gun_wait_min, station_wait_min
from chargesim.engine.rules import charge_min, exact_min
from chargesim.engine.simpy.car import Car
from chargesim.engine.simpy.events import ScheduledEvent, Signal
from chargesim.engine.simpy.outlets import Charge, Outlet
from chargesim.engine.simpy.power import PowerGroup
from chargesim.engine.simpy.site import Site
from chargesim.errors import InputError


class Station(Site):
    """A station: guns behind cabinets behind a grid connection.

    Attributes
    ----------
    guns : list of Gun
        By number; ultra-fast guns first, then their companions, then those that were added.
    in_service : dict of int to (Car, Signal)
        The vehicles at guns, by gun. The signal happens when the vehicle leaves the gun, full or
        interrupted, before the next vehicle is called.
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
        self.outlets: list[Outlet] = group.add_outlets(number, self._charged)
        self.supplies = [group] * len(self.outlets)
        """the group of each gun"""
        self.guns = [Gun(self, gun) for gun in range(len(self.outlets))]
        self.planned = len(self.outlets)
        self.kinds = len({outlet.type for outlet in self.outlets})
        self.cabinets = len({outlet.cabinet for outlet in self.outlets})
        self.up = self.servers
        self.handling_min = float(facilities.known["handling_min"][number])
        self.overstay_min = float(facilities.known["overstay_min"][number])
        """mean overstay of the vehicles that may come [min]"""
        self.down = [0] * self.servers
        """failures and blackouts now, by gun"""
        self.in_service: dict[int, tuple[Car, Signal]] = {}
        self._down_since = [0.0] * self.servers

    def gun(self, number: int) -> "Gun":
        """Return a gun by its number, from 0 on."""
        if not 0 <= number < len(self.guns):
            raise InputError(
                [f"gun: got {number}, needs 0 to {len(self.guns) - 1} at this station"]
            )
        return self.guns[number]

    def add_gun(self) -> "Gun":
        """Add a gun of the station's first kind with a supply of its own, such as a mobile charger.

        During a blackout it waits, like the station's own guns, until the power is back. The
        statistics count its service and its energy as the station's, but not whether it works:
        availability is that of the plan's guns.
        """
        supply = PowerGroup(self.env, self.facilities, self.statistics, self.group.rows, inf)
        outlet = supply.add_outlet(self.number, len(self.outlets), self.outlets[0], self._charged)
        self.outlets.append(outlet)
        self.supplies.append(supply)
        self.guns.append(Gun(self, outlet.number))
        self.down.append(1 + self.dark)
        self._down_since.append(self.env.now)
        self.servers += 1
        self.restore(outlet.number)
        return self.guns[-1]

    def visible_wait_min(self) -> float:
        """Return the expected wait by the occupancy on sight [min]; endless when no gun works."""
        if self.present < self.up:
            return 0.0  # most arrivals
        return float(station_wait_min(self.present, self.up, self.service_min))

    def foreseen_wait_min(self, arrival_min: float) -> float:
        """Return the wait that the cloud foresees for an arrival at an instant [min]."""
        if not self.servers:
            return inf
        arrivals, services = self._ahead()
        free_min = np.array([self._free_min(gun) for gun in range(self.servers)])
        return float(
            foreseen_gun_wait_min(free_min, arrivals, services, len(arrivals), arrival_min)
        )

    def serve(self, car: Car) -> Signal:
        """Let a vehicle occupy its gun: handling, tries that fail, charge, handling, overstay.

        The event comes when it leaves the gun, full or interrupted.
        """
        done = Signal(self.env)
        self.in_service[car.server] = (car, done)
        self._count_occupied(+1)
        minutes = self.operating_rules.handling_before_min
        if car.failed_starts:
            minutes += self.operating_rules.failed_start_min
        car.failed_starts, car.taken_min = 0, self.env.now
        car.starts_min = self.env.now + minutes
        if minutes == 0.0:
            self._plug_in(car)
        else:
            key = outlet_key(EventClass.DONE, self.number, car.server)
            ScheduledEvent(self.env, minutes, key, (car, done), self._start)
        return done

    def end_day(self) -> None:
        """Write to the day's statistics what goes on over its end, at guns in use and guns down."""
        super().end_day()
        for car, _ in self.in_service.values():
            if car.charge is not None:
                self.statistics.charging(self.number, car.charge.begun_min, self.env.now)
        for gun, failures in enumerate(self.down):
            if failures:
                self._note_down(gun)

    def close(self) -> None:
        """Bring the vehicles up to now, at the end of the horizon."""
        super().close()
        for _, (car, _) in sorted(self.in_service.items()):
            if car.charge is not None:
                self._note_charge(car)
            self._note_stay(car)

    def fail(self, gun: int) -> None:
        """Let a gun be out of order until it is restored; the vehicle at it keeps its SOC.

        Who has ended its charge leaves, served.
        """
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
            self.supplies[gun].unplug(car.charge)
            self._note_charge(car)
        self._note_stay(car)
        car.server = -1
        if car.full:
            self.present -= 1
        else:
            car.interruptions += 1
            if car.known_min >= 0:
                car.known_min = exact_min(self._stay_min(self.outlets[0], car))
        done.happen()

    def restore(self, gun: int) -> None:
        """Let a gun work again, unless another failure or a blackout goes on."""
        self._repair(gun)
        self._call_next()

    def cut_power(self) -> None:
        """Begin a blackout."""
        self.dark += 1
        self.group.cut_power()
        for gun in range(len(self.outlets)):
            self.fail(gun)

    def restore_power(self) -> None:
        """End a blackout."""
        self.dark -= 1
        self.group.restore_power()
        for gun in range(len(self.outlets)):
            self._repair(gun)
        self._call_next()

    def _repair(self, gun: int) -> None:
        """Free a gun, unless another failure or a blackout goes on."""
        self.down[gun] -= 1
        if self.down[gun]:
            return
        self._note_down(gun)
        self.up += 1
        self.changed.add(self.number)
        self.free.append(gun)
        self.free.sort()

    def _free_min(self, gun: int) -> float:
        """Return when the cloud foresees a gun to be free [min].

        In the past for a free one, never for one that is down.
        """
        if self.down[gun]:
            return inf
        if gun not in self.in_service:
            return 0.0
        car, _ = self.in_service[gun]
        after_min = self.operating_rules.handling_after_min + self.overstay_min
        if car.full:  # perhaps longer than foreseen
            return float(max(self.env.now, car.full_min + after_min))
        if car.charge is None:
            charge_min = exact_min(self._minutes_at(self.outlets[gun], car))
            return float(car.starts_min + charge_min + after_min)
        return self.supplies[gun].foreseen_end_min(car.charge) + after_min

    def _note_down(self, gun: int) -> None:
        """Write to the statistics how long one of the plan's guns has been out of order."""
        if gun < self.planned:
            self.statistics.down(self.number, self._down_since[gun], self.env.now)

    def _plug_in(self, car: Car) -> None:
        """Begin to charge a vehicle at its gun."""
        gun, supply = self.outlets[car.server], self.supplies[car.server]
        target_soc = max(car.target_soc, car.soc)
        car.charge = supply.plug_in(gun, car.soc, target_soc, car.battery_kwh, car.curve)

    def _start(self, event: ScheduledEvent) -> None:
        """Begin to charge after handling and failed tries, unless the gun has failed meanwhile."""
        car, done = event.value  # type: ignore[misc]
        if self.in_service.get(car.server, (None, None))[1] is done:
            self._plug_in(car)

    def _minutes_at(self, gun: Outlet, car: Car) -> float:
        """Return the minutes that a vehicle needs at a gun that nobody shares [min]."""
        target_soc = max(car.target_soc, car.soc)
        edges, powers = self.facilities.edge_soc[car.curve], gun.powers[car.curve]
        return float(charge_min(car.soc, target_soc, car.battery_kwh, edges, powers))

    def _stay_min(self, gun: Outlet, car: Car) -> float:
        """Return the minutes that a vehicle is expected to occupy a gun that nobody shares [min].

        Who will overstay nobody knows, so each counts with the mean of the station's fleets.
        """
        return self.handling_min + self._minutes_at(gun, car) + self.overstay_min

    def _servers_free(self) -> int:
        """Return how many vehicles could be served now."""
        return 0 if self.dark else len(self.free)

    def _take_server(self, car: Car) -> None:
        """Give a vehicle, of the free guns, one at which it is full soonest.

        Among equals it leaves the ultra-fast ones free; among guns of a kind it takes one whose
        cabinet has the fewest guns in use, then the lowest number.
        """
        if self.kinds == self.cabinets == 1:
            car.server = self.free.pop(0)
            return
        free, guns = self.free, self.outlets
        if self.kinds > 1:
            minutes = {guns[n].type: self._minutes_at(guns[n], car) for n in free}
            best = min((minutes[guns[n].type], -guns[n].rank) for n in free)
            free = [n for n in free if (minutes[guns[n].type], -guns[n].rank) == best]
        cabinet = [
            (id(supply), gun.cabinet) for supply, gun in zip(self.supplies, guns, strict=True)
        ]
        used = Counter(cabinet[n] for n in self.in_service)
        car.server = min(free, key=lambda n: (used[cabinet[n]], n))
        self.free.remove(car.server)

    def _charged(self, charge: Charge) -> None:
        """End the charge of a vehicle that is full; it leaves after handling and overstay."""
        gun = charge.outlet.number
        car, done = self.in_service[gun]
        self._note_charge(car)
        car.full, car.full_min = True, self.env.now
        minutes = self.operating_rules.handling_after_min + car.overstay_min
        if minutes == 0.0:
            self._vacate(gun)
        else:
            key = outlet_key(EventClass.DONE, self.number, gun)
            ScheduledEvent(self.env, minutes, key, (gun, done), self._leave_gun)

    def _leave_gun(self, event: ScheduledEvent) -> None:
        """Let a vehicle leave its gun, unless the gun has failed meanwhile."""
        gun, done = event.value  # type: ignore[misc]
        if self.in_service.get(gun, (None, None))[1] is done:
            self._vacate(gun)

    def _vacate(self, gun: int) -> None:
        """Let a vehicle that is full go, and call the next."""
        car, done = self.in_service.pop(gun)
        self._note_stay(car)
        self._give_back(gun)
        done.happen()
        self._call_next()

    def _note_charge(self, car: Car) -> None:
        """Write what a vehicle was charged to the statistics and to the vehicle."""
        charge, now = car.charge, self.env.now
        assert charge is not None
        self.statistics.charging(self.number, charge.begun_min, now)
        car.charging_min += now - charge.begun_min
        energy_kwh = (charge.soc - car.soc) * car.battery_kwh
        car.energy_kwh += energy_kwh
        self.statistics.noted_kwh[self.number] += energy_kwh
        charge.outlet.given_kwh += energy_kwh
        car.soc, car.charge = charge.soc, None

    def _note_stay(self, car: Car) -> None:
        """Write how long a vehicle occupied its gun to the statistics and to the vehicle."""
        self._count_occupied(-1)
        car.service_min += self.env.now - car.taken_min


class Gun:
    """A gun of a station, for a process of your own.

    Attributes
    ----------
    station : Station
    number : int
        Its number at the station, from 0 on.
    """

    def __init__(self, station: Station, number: int) -> None:
        self.station, self.number = station, number

    @property
    def busy(self) -> bool:
        """Whether a vehicle is at it."""
        return self.number in self.station.in_service

    @property
    def done(self) -> simpy.Event:
        """The event at which its vehicle is full or interrupted; over already without a vehicle."""
        at_gun = self.station.in_service.get(self.number)
        if at_gun is not None:
            return at_gun[1]
        over = Signal(self.station.env)
        over.happen()
        return over

    @property
    def given_kwh(self) -> float:
        """What it has given up to now [kWh at the plug]."""
        outlet = self.station.outlets[self.number]
        car, _ = self.station.in_service.get(self.number, (None, None))
        if car is None or car.charge is None:
            return outlet.given_kwh
        supply = self.station.supplies[self.number]
        gained_soc = supply.soc_now(car.charge) - float(car.soc)
        return outlet.given_kwh + gained_soc * float(car.battery_kwh)

    def fail(self) -> None:
        """Let it be out of order until it is restored; the vehicle at it keeps its SOC."""
        self.station.fail(self.number)

    def restore(self) -> None:
        """Let it work again, unless another failure or a blackout goes on."""
        self.station.restore(self.number)

    def remove(self) -> None:
        """Take it away, if it was added; the vehicle at it is interrupted."""
        self.fail()
