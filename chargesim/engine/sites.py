"""Model the two kinds of site: a station with guns, a swap site with bays and packs. Both serve in order of arrival."""

import simpy

from chargesim.engine.books import Books
from chargesim.engine.car import Car
from chargesim.engine.moments import Moment, Signal
from chargesim.engine.order import EventClass, outlet_key, vehicle_key
from chargesim.engine.plant import Plant
from chargesim.engine.power import Charge, PowerGroup
from chargesim.engine.rules import exact_min, station_wait_min, swap_wait_min


class Turn(Signal):
    """A place in a queue: happens when the vehicle is called, or when its patience ends."""

    def __init__(self, env: simpy.Environment, car: Car) -> None:
        super().__init__(env)
        self.car = car


class Site:
    """What stations and swap sites share: the queue, its clock and the free places (guns or bays).

    `changed` collects the sites whose occupancy has changed since it was last posted.
    """

    def __init__(self, env: simpy.Environment, plant: Plant, books: Books, number: int, changed: set[int]) -> None:
        self.env, self.books, self.number, self.changed = env, books, number, changed
        self.kind = int(plant.kind[number])
        self.servers = int(plant.servers[number])
        self.service_min = float(plant.service_min[number])
        self.free = list(range(self.servers))
        self.queue: dict[int, Turn] = {}
        self.present = 0
        self._queue_since = 0.0

    def visible_wait_min(self) -> float:
        """Return the wait that a vehicle expects on sight [min]."""
        raise NotImplementedError

    def serve(self, car: Car) -> Signal:
        """Serve a vehicle at the place that it was given; the event comes when it is done."""
        raise NotImplementedError

    def close(self) -> None:
        """Bring the books up to now, at the end of the horizon."""
        self._tick()
        for turn in self.queue.values():
            self._note_wait(turn.car)

    def join(self, car: Car) -> Turn | None:
        """Give the vehicle a place now (None), or put it into the queue."""
        self.present += 1
        self.changed.add(self.number)
        if not self.queue and self._call_possible():
            self._take_place(car)
            return None
        turn = Turn(self.env, car)
        car.joined_min = self.env.now
        self._tick()
        self.queue[car.row] = turn
        Moment(self.env, car.patience_min, vehicle_key(EventClass.PATIENCE, car.row), turn, self._lose_patience)
        return turn

    def _call_possible(self) -> bool:
        return bool(self.free)

    def _take_place(self, car: Car) -> None:
        car.place = self.free.pop(0)

    def _call_next(self) -> None:
        """Call waiting vehicles to places that are free, first come, first served."""
        while self.queue and self._call_possible():
            turn = next(iter(self.queue.values()))
            self._leave_queue(turn)
            self._take_place(turn.car)
            turn.happen()

    def _lose_patience(self, moment: Moment) -> None:
        turn: Turn = moment.value  # type: ignore[assignment]
        if not turn.triggered:
            self._leave_queue(turn)
            self.present -= 1
            self.changed.add(self.number)
            turn.happen()

    def _leave_queue(self, turn: Turn) -> None:
        self._tick()
        del self.queue[turn.car.row]
        self._note_wait(turn.car)

    def _note_wait(self, car: Car) -> None:
        minutes = self.env.now - car.joined_min
        car.wait_min += minutes
        self.books.waited(self.number, minutes)

    def _tick(self) -> None:
        """Advance the queue's clock."""
        now = self.env.now
        if self.queue and now > self._queue_since:
            self.books.queued(self.number, self._queue_since, now, len(self.queue))
        self._queue_since = now

    def _give_back(self, place: int) -> None:
        """Free a gun or bay; the lowest number is taken first."""
        self.free.append(place)
        self.free.sort()
        self.present -= 1
        self.changed.add(self.number)


class Station(Site):
    """A station: guns behind cabinets behind a grid connection."""

    def __init__(self, env: simpy.Environment, plant: Plant, books: Books, number: int, changed: set[int]) -> None:
        super().__init__(env, plant, books, number, changed)
        self.power = PowerGroup(env, plant, books, number, self._unplug)
        self.per_cabinet = int(plant.per_cabinet[number])
        self._plugged: dict[int, tuple[Car, Signal]] = {}

    def visible_wait_min(self) -> float:
        """Return the expected wait by the occupancy on sight [min]."""
        return 0.0 if self.present < self.servers else station_wait_min(self.present, self.servers, self.service_min)

    def arrive(self) -> None:
        """Count an arrival."""
        self.books.arrived(self.number, self.env.now)

    def serve(self, car: Car) -> Signal:
        """Plug the vehicle in; the event comes when it has reached its target."""
        done = Signal(self.env)
        car.charge = self.power.plug_in(car.place, car.soc, max(car.target_soc, car.soc), car.battery_kwh, car.curve)
        self._plugged[car.place] = (car, done)
        return done

    def close(self) -> None:
        """Settle what is still charging."""
        super().close()
        self.power.settle_all()
        for car, _ in self._plugged.values():
            assert car.charge is not None
            self.books.busy(self.number, car.charge.begun_min, self.env.now)
            car.soc = car.charge.soc

    def _take_place(self, car: Car) -> None:
        """Take the gun whose cabinet has the fewest guns in use, the lowest number among equals."""
        if self.servers <= self.per_cabinet:
            car.place = self.free.pop(0)
            return
        free = [0] * (self.servers // self.per_cabinet + 1)
        for gun in self.free:
            free[gun // self.per_cabinet] += 1
        size = [min(self.per_cabinet, self.servers - cabinet * self.per_cabinet) for cabinet in range(len(free))]
        car.place = min(self.free, key=lambda gun: (size[gun // self.per_cabinet] - free[gun // self.per_cabinet], gun))
        self.free.remove(car.place)

    def _unplug(self, charge: Charge) -> None:
        car, done = self._plugged.pop(charge.outlet)
        car.soc = charge.soc
        self.books.busy(self.number, charge.begun_min, self.env.now)
        self._give_back(charge.outlet)
        done.happen()
        self._call_next()


class SwapSite(Site):
    """A swap site: a bay and a charged pack serve one vehicle; its own pack goes to a slot and is charged again."""

    def __init__(self, env: simpy.Environment, plant: Plant, books: Books, number: int, changed: set[int]) -> None:
        super().__init__(env, plant, books, number, changed)
        self.slots = list(range(int(plant.outlets[number])))
        self.power = PowerGroup(env, plant, books, number, self._pack_ready, first_outlet=self.servers)
        self.ready = int(plant.packs[number])
        self.swap_min = exact_min(float(plant.places["swap_min"][number]))
        self.hand_out_soc = float(plant.places["hand_out_soc"][number])
        self.curve = int(plant.pack_curve[number])
        self.interval_min = float(plant.pack_interval_min[number])
        self.empty: list[tuple[float, float]] = []
        self.in_bay: dict[int, tuple[Car, Signal, float]] = {}
        self._ready_since = 0.0

    @property
    def packs(self) -> int:
        """Packs that belong to the site: charged, charging, waiting for a slot, and one per vehicle in a bay."""
        return self.ready + self.power.count + len(self.empty) + len(self.in_bay)

    def visible_wait_min(self) -> float:
        """Return the expected wait by the occupancy on sight [min]."""
        return float(swap_wait_min(self.present, self.servers, self.swap_min, self.ready, self.interval_min))

    def arrive(self) -> None:
        """Count an arrival, and whether there was a pack for it."""
        self.books.arrived(self.number, self.env.now, self.ready > len(self.queue))

    def serve(self, car: Car) -> Signal:
        """Swap the pack; the event comes when the vehicle leaves the bay."""
        done = Signal(self.env)
        self.in_bay[car.place] = (car, done, self.env.now)
        Moment(self.env, self.swap_min, outlet_key(EventClass.DONE, self.number, car.place), car.place, self._leave_bay)
        return done

    def close(self) -> None:
        """Settle bays and slots."""
        super().close()
        self._count_ready(0)
        self.power.settle_all()
        for _, _, begun_min in self.in_bay.values():
            self.books.busy(self.number, begun_min, self.env.now)

    def _call_possible(self) -> bool:
        return bool(self.free) and self.ready > 0

    def _take_place(self, car: Car) -> None:
        super()._take_place(car)
        self._count_ready(-1)

    def _leave_bay(self, moment: Moment) -> None:
        bay: int = moment.value  # type: ignore[assignment]
        car, done, begun_min = self.in_bay.pop(bay)
        self.empty.append((car.soc, car.battery_kwh))
        car.soc = max(car.soc, self.hand_out_soc)
        self.books.busy(self.number, begun_min, self.env.now)
        self._give_back(car.place)
        self._fill_slots()
        done.happen()
        self._call_next()

    def _fill_slots(self) -> None:
        while self.empty and self.slots:
            soc, battery_kwh = self.empty.pop(0)
            self.power.plug_in(self.slots.pop(0), soc, max(soc, self.hand_out_soc), battery_kwh, self.curve)

    def _pack_ready(self, charge: Charge) -> None:
        self.slots.append(charge.outlet)
        self.slots.sort()
        self._count_ready(+1)
        self._fill_slots()
        self._call_next()

    def _count_ready(self, change: int) -> None:
        now = self.env.now
        self.books.ready(self.number, self._ready_since, now, self.ready)
        self._ready_since = now
        self.ready += change
        self.changed.add(self.number)
