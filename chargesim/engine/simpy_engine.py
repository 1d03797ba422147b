"""Run the model as SimPy processes: the engine that one reads, and extends.

A vehicle is a process that reads like its story. The demand is drawn beforehand, so nothing here is random.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import simpy

from chargesim.demand.table import Table
from chargesim.engine.accumulators import LOST, SERVED, STRANDED, UNFINISHED
from chargesim.engine.books import Books
from chargesim.engine.car import Car
from chargesim.engine.choice import choose_site
from chargesim.engine.moments import Moment, Process
from chargesim.engine.order import DAY_MIN, EventClass, vehicle_key
from chargesim.engine.plant import Plant
from chargesim.engine.rules import NOWHERE, OUTSIDE, exact_min
from chargesim.engine.session_log import SessionLog, as_log
from chargesim.engine.sites import Station, SwapSite
from chargesim.network.network import SWAP

_MAX_TRIED = 16
_NONE = 2  # index of accumulators.KINDS


class World:
    """A city while it is simulated: its sites, its vehicles and their log.

    Parameters
    ----------
    plant : Plant
    tables : iterable of demand tables
        One per day, in order; where a table ends changes no result.
    lead_in_days, days : int
        Whole days that are not judged, and days that are.
    run_out_days : int
        Days after them, at the most, until the last judged vehicle has left; their own vehicles are not judged.
    """

    def __init__(self, plant: Plant, tables: Iterable[Table], lead_in_days: int, days: int, run_out_days: int = 0) -> None:
        self.last_min = (lead_in_days + days + run_out_days) * DAY_MIN
        self.env = simpy.Environment()
        self.plant = plant
        self.books = Books(plant, lead_in_days, days)
        self.changed: set[int] = set()
        self.sites: list[Station | SwapSite] = [
            (SwapSite if kind == SWAP else Station)(self.env, plant, self.books, number, self.changed)
            for number, kind in enumerate(plant.kind)
        ]
        self.rows: list[tuple[object, ...]] = []
        self.under_way: dict[int, Car] = {}
        self.posted_wait_min = np.zeros(len(plant))
        self._known = (plant.candidates, plant.places, self.posted_wait_min, plant.city, plant.edge_soc, plant.step_kw)
        self._tried = np.zeros(_MAX_TRIED, dtype=np.int64)
        self._periods = plant.period_of_hour.tolist()
        self._refresh_min = exact_min(plant.posted_refresh_min)
        self._demand = self.wishes(tables)
        self._expect_next()
        Moment(self.env, self._refresh_min, vehicle_key(EventClass.REFRESH, 0), None, self._refresh)

    def run(self) -> tuple[Books, SessionLog]:
        """Run to the end of the judged days, and on until their vehicles have left; return the books and the session log."""
        self.env.run(until=self.books.end_min)
        judged = set(self.under_way)
        while not judged.isdisjoint(self.under_way) and self.env.peek() < self.last_min:
            self.env.step()
        for site in self.sites:
            site.close()
        for car in self.under_way.values():
            self._log(car, UNFINISHED)
        return self.books, as_log(self.rows)

    def wishes(self, tables: Iterable[Table]) -> Iterator[tuple[Car, Table, int]]:
        """Give every vehicle of the demand in turn, with its table and its origin."""
        first = 0
        for table in tables:
            for index, wish in enumerate(table.tolist()):
                yield Car(first + index, index, wish), table, wish[1]
            first += len(table)

    def _expect_next(self) -> None:
        """Let the next vehicle appear at the instant of its wish."""
        following = next(self._demand, None)
        if following is not None:
            car = following[0]
            Moment(self.env, car.wish_min - self.env.now, vehicle_key(EventClass.WISH, car.row), following, self._appear)

    def _appear(self, moment: Moment) -> None:
        car, table, origin = moment.value  # type: ignore[misc]
        self._expect_next()
        self.env.process(self.vehicle(car, table, origin))

    def vehicle(self, car: Car, table: Table, origin: int) -> Process:
        """One vehicle: choose, drive, queue, charge or swap, leave."""
        self.under_way[car.row] = car
        choice, km, minutes = self.choose(car, table, origin)
        car.first_site = choice
        while choice >= 0:
            site = self.sites[choice]
            yield self.drive(car, choice, km, minutes)
            site.arrive()
            if site.visible_wait_min() > car.tolerance_min:
                car.balks += 1
            else:
                turn = site.join(car)
                if turn is not None:
                    yield turn
                if car.place >= 0:
                    car.plug_min = self.env.now
                    yield site.serve(car)
                    return self._leave(car, SERVED)
                car.reneges += 1
            if car.diversions == car.max_diversions:
                return self._leave(car, LOST)
            car.tried.append(choice)
            choice, km, minutes = self.choose(car, table, self.origin_of_site(choice))
            car.diversions += choice >= 0
        self._leave(car, STRANDED if choice == NOWHERE and not car.tried else LOST, outside=choice == OUTSIDE and car.reneges == 0)

    def choose(self, car: Car, table: Table, origin: int) -> tuple[int, float, float]:
        """Return where the vehicle goes from here, the way [km] and the drive [min]."""
        tried = self._tried
        for i, site in enumerate(car.tried):
            tried[i] = site
        return choose_site(  # type: ignore[no-any-return]
            table, car.index, origin, car.soc, self._periods[int(self.env.now // 60.0) % 24], tried, len(car.tried), *self._known
        )  # fmt: skip

    def drive(self, car: Car, site: int, km: float, minutes: float) -> Moment:
        """Drive to a site; the way takes energy."""
        minutes = exact_min(minutes)
        car.site = site
        car.drive_min += minutes
        car.soc = car.soc_in = car.soc - km * car.consumption_kwh_km / car.battery_kwh
        return Moment(self.env, minutes, vehicle_key(EventClass.ARRIVAL, car.row))

    def origin_of_site(self, site: int) -> int:
        """Return the origin, in the candidate lists, of a vehicle that stands at a site."""
        return int(self.plant.candidates.shape[1]) - len(self.sites) + site

    def _refresh(self, _: Moment) -> None:
        """Post the occupancy of all sites; those that have not changed are posted already."""
        for number in self.changed:
            self.posted_wait_min[number] = self.sites[number].visible_wait_min()
        self.changed.clear()
        Moment(self.env, self._refresh_min, vehicle_key(EventClass.REFRESH, 0), None, self._refresh)

    def _leave(self, car: Car, outcome: int, outside: bool = False) -> None:
        del self.under_way[car.row]
        self._log(car, outcome, outside)

    def _log(self, car: Car, outcome: int, outside: bool = False) -> None:
        place = car.site if outcome == SERVED else car.first_site
        kind = self.sites[place].kind if place >= 0 else _NONE
        self.rows.append(
            (car.row, car.site, kind, outcome, outside, car.balks, car.reneges, car.diversions,
             car.drive_min, car.wait_min, car.plug_min, self.env.now, car.soc_in, car.soc)
        )  # fmt: skip


def run_simpy(plant: Plant, tables: Iterable[Table], lead_in_days: int, days: int, run_out_days: int = 0) -> tuple[Books, SessionLog]:
    """Run one replication in the SimPy engine."""
    return World(plant, tables, lead_in_days, days, run_out_days).run()
