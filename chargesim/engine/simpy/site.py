"""Model what stations and swap sites share: the queue and its clock, free places, reservations, what the cloud foresees.

Vehicles are served in order of arrival. Two things go before: a vehicle whose gun has failed is the first in the queue;
who has reserved goes, from some minutes before its promised time on, before all who have not, by promised times.
"""

from math import inf

import numpy as np
import simpy
from numpy.typing import NDArray

from chargesim.engine.day_statistics import DayStatistics
from chargesim.engine.event_order import EventClass, vehicle_key
from chargesim.engine.facilities import Facilities
from chargesim.engine.rules import left_min
from chargesim.engine.simpy.car import Car
from chargesim.engine.simpy.events import ScheduledEvent, Signal

Floats = NDArray[np.float64]
_INTERRUPTED, _ORDINARY = range(2)


class Turn(Signal):
    """A place in a queue: happens when the vehicle is called, or when its patience ends.

    `rank` orders the queue: the interrupted by the instant of it, then the others by their arrival.
    """

    def __init__(self, env: simpy.Environment, car: Car, rank: tuple[int, float, int]) -> None:
        super().__init__(env)
        self.car, self.rank = car, rank


class Site:
    """A place that serves vehicles at some places (guns or bays), with one queue.

    `changed` collects the sites whose occupancy has changed since it was last posted.
    """

    def __init__(
        self,
        env: simpy.Environment,
        facilities: Facilities,
        statistics: DayStatistics,
        number: int,
        changed: set[int],
    ) -> None:
        self.env, self.statistics, self.number, self.changed = env, statistics, number, changed
        self.operating_rules, self.cloud = (
            facilities.operating_rules,
            facilities.operating_rules.cloud,
        )
        self.kind = int(facilities.kind[number])
        self.servers = int(facilities.servers[number])
        self.service_min = float(facilities.service_min[number])
        self.free = list(range(self.servers))
        self.queue: dict[int, Turn] = {}
        self.present = 0
        self.dark = 0
        """blackouts that hold now"""
        self.holds: dict[int, float] = {}
        """promised time of the vehicles that have reserved and not yet arrived, by row"""
        self.expected: dict[int, tuple[float, int, float]] = {}
        """by row, those in the queue and those on their way that the cloud knows: arrival, row, minutes of service"""
        self._queue_since = 0.0

    def visible_wait_min(self) -> float:
        """Return the wait that a vehicle expects on sight [min]."""
        raise NotImplementedError

    def foreseen_wait_min(self, arrival_min: float) -> float:
        """Return the wait that the cloud foresees for a vehicle that arrives at an instant [min]."""
        raise NotImplementedError

    def serve(self, car: Car) -> Signal:
        """Serve a vehicle at the place that it was given; the event comes when it is done, or its gun has failed."""
        raise NotImplementedError

    def end_day(self) -> None:
        """Write to the day's statistics what goes on over its end; nothing else changes."""
        self.statistics.queued(self.number, self._queue_since, self.env.now, len(self.queue))

    def close(self) -> None:
        """Bring the vehicles up to now, at the end of the horizon."""
        self._tick()
        for turn in self.queue.values():
            self._note_wait(turn.car)

    def announce(self, car: Car, arrival_min: float, wait_min: float) -> None:
        """Let the cloud know that a vehicle is on its way; it reserves a place where that is possible."""
        self.expected[car.row] = (arrival_min, car.row, car.known_min)
        if (
            self.operating_rules.reserve and wait_min < inf
        ):  # nobody can promise what nobody foresees
            promised_min = arrival_min + left_min(wait_min)
            self.holds[car.row] = promised_min
            lapse_min = promised_min + self.operating_rules.grace_min - self.env.now
            ScheduledEvent(
                self.env, lapse_min, vehicle_key(EventClass.LAPSE, car.row), car.row, self._lapse
            )

    def arrive(self, car: Car, pack_found: bool = False) -> None:
        """Count an arrival; a reservation that has not lapsed becomes a place in the queue."""
        self.statistics.arrived(self.number, self.env.now, pack_found)
        if self.cloud:
            self.expected.pop(car.row, None)
            car.promised_min = self.holds.pop(car.row, -1.0)

    def join(self, car: Car) -> Turn | None:
        """Give the vehicle a place now (None), or put it into the queue."""
        self.present += 1
        self.changed.add(self.number)
        if not self.queue and not self.holds and self._places():
            self._take_place(car)
            return None
        return self._wait(car, (_ORDINARY, self.env.now, car.row))

    def rejoin(self, car: Car) -> Turn | None:
        """Put a vehicle whose gun has failed first in the queue, or give it a place; the second time it must go on."""
        if car.interruptions > 1:
            self.present -= 1
            self.changed.add(self.number)
            return None
        return self._wait(car, (_INTERRUPTED, self.env.now, car.row))

    def _places(self) -> int:
        """Return how many vehicles could be served now."""
        return len(self.free)

    def _take_place(self, car: Car) -> None:
        car.place = self.free.pop(0)

    def _wait(self, car: Car, rank: tuple[int, float, int]) -> Turn | None:
        """Put a vehicle into the queue by its rank and call who can be served; None when it is this one."""
        turn = Turn(self.env, car, rank)
        car.joined_min = self.env.now
        self._tick()
        last = next(reversed(self.queue.values())) if self.queue else None
        self.queue[car.row] = turn
        if last is not None and rank < last.rank:
            self.queue = dict(sorted(self.queue.items(), key=lambda item: item[1].rank))
        if self.cloud:
            self.expected[car.row] = (
                self.env.now,
                car.row,
                car.known_min if car.known_min >= 0 else self.service_min,
            )
        self._call_next()
        if turn.triggered:
            return None
        self._queue_grew()
        ScheduledEvent(
            self.env,
            car.patience_min,
            vehicle_key(EventClass.PATIENCE, car.row),
            turn,
            self._lose_patience,
        )
        return turn

    def _queue_grew(self) -> None:
        """Take note that one more vehicle waits."""

    def _call_next(self) -> None:
        """Call waiting vehicles to places that are free, first come, first served."""
        while self.queue and self._places():
            turn = (
                self._first_in_turn()
                if self.operating_rules.reserve
                else next(iter(self.queue.values()))
            )
            if turn is None:
                return
            self._leave_queue(turn)
            self._take_place(turn.car)
            turn.happen()

    def _first_in_turn(self) -> Turn | None:
        """Return the first in the queue for whom a place is left when those that are held for others are not counted.

        A place is held for a reservation from `hold_min` before its promised time on, whether its vehicle is still on
        the way or waits here.
        """
        now, hold_min, places = self.env.now, self.operating_rules.hold_min, self._places()
        held = [
            (promised, row) for row, promised in self.holds.items() if promised - hold_min <= now
        ]
        ordinary: Turn | None = None
        reserved: Turn | None = None
        best = (inf, 0)
        for turn in self.queue.values():
            promise = (turn.car.promised_min, turn.car.row)
            if turn.rank[0] == _INTERRUPTED:
                return turn
            if promise[0] < 0 or promise[0] - hold_min > now:
                ordinary = ordinary or turn
            elif promise < best:
                reserved, best = turn, promise
        if reserved is not None and places > sum(other < best for other in held):
            return reserved
        return ordinary if places > len(held) else None

    def _lapse(self, moment: ScheduledEvent) -> None:
        """Give up a reservation whose vehicle has not come in time."""
        row: int = moment.value  # type: ignore[assignment]
        if self.holds.pop(row, None) is not None:
            self._call_next()

    def _lose_patience(self, moment: ScheduledEvent) -> None:
        turn: Turn = moment.value  # type: ignore[assignment]
        if not turn.triggered:
            self._leave_queue(turn)
            self.present -= 1
            self.changed.add(self.number)
            turn.car.reneges += 1
            self.statistics.lost(self.number, self.env.now)
            turn.happen()

    def _leave_queue(self, turn: Turn) -> None:
        self._tick()
        del self.queue[turn.car.row]
        self._note_wait(turn.car)
        if self.cloud:
            self.expected.pop(turn.car.row, None)

    def _note_wait(self, car: Car) -> None:
        minutes = self.env.now - car.joined_min
        car.wait_min += minutes
        self.statistics.queue_check_min[self.number, 1] += minutes

    def _tick(self) -> None:
        """Advance the queue's clock."""
        now = self.env.now
        if self.queue and now > self._queue_since:
            self.statistics.queued(self.number, self._queue_since, now, len(self.queue))
            self.statistics.queue_check_min[self.number, 0] += len(self.queue) * (
                now - self._queue_since
            )
        self._queue_since = now

    def _give_back(self, place: int) -> None:
        """Free a gun or bay that a vehicle leaves; the lowest number is taken first."""
        self.free.append(place)
        self.free.sort()
        self.present -= 1
        self.changed.add(self.number)

    def _ahead(self) -> tuple[Floats, Floats]:
        """Return arrival and minutes of service of those that the cloud expects, in the order of their arrival."""
        order = sorted(self.expected.values())
        return np.array([arrival for arrival, _, _ in order]), np.array(
            [minutes for _, _, minutes in order]
        )
