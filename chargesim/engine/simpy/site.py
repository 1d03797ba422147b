"""Model what stations and swap sites share: queue, reservations, expected arrivals.

Vehicles are served in order of arrival, with two exceptions. A vehicle whose gun has failed goes
first in the queue. A vehicle with a reservation goes, from some minutes before its promised time
on, before all that have none; several go by promised times.
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
INTERRUPTED, ORDINARY = range(2)
"""Ranks in a queue."""


class Turn(Signal):
    """A vehicle's turn in a queue: happens when it is called, or when its patience ends.

    `rank` orders the queue: first the interrupted, by when that was, then the others by their
    arrival.
    """

    def __init__(self, env: simpy.Environment, car: Car, rank: tuple[int, float, int]) -> None:
        super().__init__(env)
        self.car, self.rank = car, rank


class Site:
    """A site that serves vehicles at its servers (guns or bays), with one queue.

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
        self.operating_rules = facilities.operating_rules
        self.cloud = self.operating_rules.cloud
        self.kind = int(facilities.kind[number])
        self.servers = int(facilities.servers[number])
        self.service_min = float(facilities.service_min[number])
        self.free = list(range(self.servers))
        self.queue: dict[int, Turn] = {}
        self.present = 0
        self.occupied = 0
        """guns or bays"""
        self.dark = 0
        """blackouts now"""
        self.holds: dict[int, float] = {}
        """promised time of the vehicles that have reserved and not yet arrived, by row"""
        self.expected: dict[int, tuple[float, int, float]] = {}
        """by row, those in the queue and those on their way that the cloud knows: arrival, row,
        minutes of service"""
        self._queue_since = 0.0
        self._occupied_since = 0.0

    def visible_wait_min(self) -> float:
        """Return the wait that a vehicle expects on sight [min]."""
        raise NotImplementedError

    def foreseen_wait_min(self, arrival_min: float) -> float:
        """Return the wait that the cloud foresees for an arrival at an instant [min]."""
        raise NotImplementedError

    def serve(self, car: Car) -> Signal:
        """Serve a vehicle at its server; the event comes when it is done, or its gun has failed."""
        raise NotImplementedError

    def end_day(self) -> None:
        """Write to the day's statistics what goes on over its end; nothing else changes."""
        self.statistics.queued(self.number, self._queue_since, self.env.now, len(self.queue))
        self.statistics.occupied(self.number, self._occupied_since, self.env.now, self.occupied)

    def close(self) -> None:
        """Bring the vehicles up to now, at the end of the horizon."""
        self._tick()
        for turn in self.queue.values():
            self._note_queued(turn.car)

    def announce(self, car: Car, arrival_min: float, wait_min: float) -> None:
        """Let the cloud know that a vehicle is on its way; it reserves where that is possible."""
        self.expected[car.row] = (arrival_min, car.row, car.known_min)
        if self.operating_rules.reserve and wait_min < inf:  # else nobody can promise anything
            promised_min = arrival_min + left_min(wait_min)
            self.holds[car.row] = promised_min
            lapse_min = promised_min + self.operating_rules.grace_min - self.env.now
            key = vehicle_key(EventClass.LAPSE, car.row)
            ScheduledEvent(self.env, lapse_min, key, car.row, self._lapse)

    def arrive(self, car: Car, pack_found: bool = False) -> None:
        """Count an arrival; the vehicle takes up its reservation if that has not lapsed."""
        self.statistics.arrived(self.number, self.env.now, pack_found)
        if self.cloud:
            self.expected.pop(car.row, None)
            car.promised_min = self.holds.pop(car.row, -1.0)

    def join(self, car: Car) -> Turn | None:
        """Give the vehicle a server now (None), or put it into the queue."""
        self.present += 1
        self.changed.add(self.number)
        if not self.queue and not self.holds and self._servers_free():
            self._take_server(car)
            return None
        return self._wait(car, ORDINARY)

    def rejoin(self, car: Car) -> Turn | None:
        """Put a vehicle whose gun has failed first in the queue; the second time it must go on."""
        if car.interruptions > 1:
            self.present -= 1
            self.changed.add(self.number)
            return None
        return self._wait(car, INTERRUPTED)

    def _servers_free(self) -> int:
        """Return how many vehicles could be served now."""
        raise NotImplementedError

    def _take_server(self, car: Car) -> None:
        """Give a free gun or bay to a vehicle."""
        raise NotImplementedError

    def _wait(self, car: Car, rank: int) -> Turn | None:
        """Queue a vehicle by its rank and call who can be served; None if it is called itself."""
        turn = Turn(self.env, car, (rank, self.env.now, car.row))
        car.joined_min = self.env.now
        self._tick()
        last = next(reversed(self.queue.values())) if self.queue else None
        self.queue[car.row] = turn
        if last is not None and turn.rank < last.rank:
            self.queue = dict(sorted(self.queue.items(), key=lambda item: item[1].rank))
        if self.cloud:
            stay_min = car.known_min if car.known_min >= 0 else self.service_min
            self.expected[car.row] = (self.env.now, car.row, stay_min)
        self._call_next()
        if turn.triggered:
            return None
        self._queue_grew()
        key = vehicle_key(EventClass.PATIENCE, car.row)
        ScheduledEvent(self.env, car.patience_min, key, turn, self._lose_patience)
        return turn

    def _queue_grew(self) -> None:
        """Take note that one more vehicle waits."""

    def _call_next(self) -> None:
        """Call waiting vehicles to free servers, first come, first served."""
        while self.queue and self._servers_free():
            turn = (
                self._first_in_turn()
                if self.operating_rules.reserve
                else next(iter(self.queue.values()))
            )
            if turn is None:
                return
            self._leave_queue(turn)
            self._take_server(turn.car)
            turn.happen()

    def _first_in_turn(self) -> Turn | None:
        """Return the first in the queue for whom a server is free that is not held for others.

        A server is held for a reservation from `hold_min` before its promised time on, whether its
        vehicle is still on the way or waits here.
        """
        now, hold_min, free = self.env.now, self.operating_rules.hold_min, self._servers_free()
        held = [
            (promised, row) for row, promised in self.holds.items() if promised - hold_min <= now
        ]
        ordinary: Turn | None = None
        reserved: Turn | None = None
        best = (inf, 0)
        for turn in self.queue.values():
            promise = (turn.car.promised_min, turn.car.row)
            if turn.rank[0] == INTERRUPTED:
                return turn
            if promise[0] < 0 or promise[0] - hold_min > now:
                ordinary = ordinary or turn
            elif promise < best:
                reserved, best = turn, promise
        if reserved is not None and free > sum(other < best for other in held):
            return reserved
        return ordinary if free > len(held) else None

    def _lapse(self, event: ScheduledEvent) -> None:
        """Give up a reservation whose vehicle has not come in time."""
        row: int = event.value  # type: ignore[assignment]
        if self.holds.pop(row, None) is not None:
            self._call_next()

    def _lose_patience(self, event: ScheduledEvent) -> None:
        """Let a vehicle leave the queue when its patience ends."""
        turn: Turn = event.value  # type: ignore[assignment]
        if not turn.triggered:
            self._leave_queue(turn)
            self.present -= 1
            self.changed.add(self.number)
            turn.car.reneges += 1
            self.statistics.lost(self.number, self.env.now)
            turn.happen()

    def _leave_queue(self, turn: Turn) -> None:
        """Take a vehicle out of the queue."""
        self._tick()
        del self.queue[turn.car.row]
        self._note_queued(turn.car)
        if self.cloud:
            self.expected.pop(turn.car.row, None)

    def _note_queued(self, car: Car) -> None:
        """Write how long a vehicle was in the queue to the statistics and to the vehicle."""
        minutes = self.env.now - car.joined_min
        car.queue_min += minutes
        self.statistics.queue_check_min[self.number, 1] += minutes

    def _tick(self) -> None:
        """Advance the queue's clock."""
        now = self.env.now
        if self.queue and now > self._queue_since:
            self.statistics.queued(self.number, self._queue_since, now, len(self.queue))
            queued_min = len(self.queue) * (now - self._queue_since)
            self.statistics.queue_check_min[self.number, 0] += queued_min
        self._queue_since = now

    def _count_occupied(self, change: int) -> None:
        """Count occupied guns or bays, and write how long so many were."""
        now = self.env.now
        self.statistics.occupied(self.number, self._occupied_since, now, self.occupied)
        self._occupied_since = now
        self.occupied += change

    def _give_back(self, server: int) -> None:
        """Free a gun or bay that a vehicle leaves; the lowest number is taken first."""
        self.free.append(server)
        self.free.sort()
        self.present -= 1
        self.changed.add(self.number)

    def _ahead(self) -> tuple[Floats, Floats]:
        """Return arrival and minutes of service of the expected vehicles, by their arrival."""
        order = sorted(self.expected.values())
        arrivals = np.array([arrival for arrival, _, _ in order])
        return arrivals, np.array([minutes for _, _, minutes in order])
