"""Build plain networks of any size, many like stations, and days of vehicles for them."""

from dataclasses import dataclass

import numpy as np

from chargesim.demand.demand_table import DISTANCE, POSTED, Table, empty_table, sort_table
from chargesim.demand.random_streams import generator, vehicle_keys
from chargesim.engine.choice import CANDIDATE, CITY, KNOWN_SITE
from chargesim.engine.event_order import DAY_MIN
from chargesim.engine.facilities import ULTRA_FAST, Facilities, Outlets
from chargesim.exact_time import durations_min, instants_min

GUN_KW = 60.0
"""Power of every gun [kW]: an empty battery of x kWh takes x minutes."""


@dataclass(frozen=True)
class Grid:
    """Like stations, and the vehicles that come to them.

    Service is gamma of shape 4 (squared coefficient of variation 1/4); instants are uniform over
    the span.
    """

    sites: int
    sessions_a_day: int
    service_min: float = 20.0
    """mean [min]"""
    guns: int = 2
    known: int = 1
    """stations that a vehicle knows: its own, and those after it"""
    span_min: float = DAY_MIN
    """from the day's beginning, the minutes in which the vehicles come"""
    patience_min: float = 480.0
    tolerance_min: float = 1e6
    max_diversions: int = 0

    @property
    def load(self) -> float:
        """Mean share of the guns that are in use."""
        return self.sessions_a_day * self.service_min / (self.sites * self.guns * self.span_min)


def queueing_grid(sites: int, sessions: int, load: float = 0.6) -> Grid:
    """Return independent M/G/2 queues at no distance, without balking or reneging.

    The vehicles come in as many minutes as make the load, at most a day.
    """
    service_min, guns = 20.0, 2
    return Grid(
        sites,
        sessions,
        service_min,
        guns,
        span_min=min(DAY_MIN, sessions * service_min / (sites * guns * load)),
    )


def city_grid(sites: int, sessions_a_site: int = 25) -> Grid:
    """Return a grid with a city's choice, balking, patience and diversions, but no shared power."""
    return Grid(
        sites,
        sites * sessions_a_site,
        service_min=12.0,
        known=8,
        patience_min=30.0,
        tolerance_min=30.0,
        max_diversions=2,
    )


def grid_facilities(grid: Grid) -> Facilities:
    """Return the facilities of a grid.

    Origin i knows station i and those after it, each a minute further; drives take no energy.
    """
    n, known = grid.sites, min(grid.known, grid.sites)
    candidates = np.zeros((1, 2 * n, known), dtype=CANDIDATE)
    ahead = np.arange(known)
    candidates["site"][0, :n] = (np.arange(n)[:, None] + ahead) % n
    candidates["site"][0, n:] = (np.arange(n)[:, None] + ahead + 1) % n
    candidates["site"][0, n:, min(grid.known, n) - 1 :] = -1  # it knows its own and has been there
    candidates["minutes"][0] = ahead[None, :, None]
    sites = np.zeros(n, dtype=KNOWN_SITE)
    sites["hash"] = np.arange(1, n + 1)
    city = np.zeros(1, dtype=CITY)
    city["outside_kw"] = GUN_KW
    count = n * grid.guns
    of_site, of_outlet = np.zeros(n), np.zeros(count, dtype=np.int64)
    return Facilities(
        kind=np.zeros(n, dtype=np.int64),
        district=np.zeros(n, dtype=np.int64),
        candidates=candidates,
        known=sites,
        city=city,
        outside_min=np.full(2 * n, np.inf),
        free_min=np.zeros((1, 2 * n)),
        edge_soc=np.array([[0.0, 1.0]]),
        step_kw=np.full((1, 1, 1), GUN_KW),
        servers=np.full(n, grid.guns),
        outlets=Outlets(
            np.arange(0, count + 1, grid.guns), of_outlet, of_outlet, np.full(count, ULTRA_FAST)
        ),
        cabinet_kw=of_site + np.inf,
        module_kw=of_site,
        connection=np.arange(n),
        plug_kw=of_site + np.inf,
        store_kwh=of_site,
        store_kw=of_site,
        efficiency=1.0,
        service_min=of_site + grid.service_min,
        packs=np.zeros(n, dtype=np.int64),
        pack_curve=np.full(n, -1),
        pack_interval_min=of_site,
        posted_refresh_min=5.0 if grid.known > 1 else 10 * DAY_MIN,
    )


def grid_day(grid: Grid, day: int = 0, seed: int = 0) -> Table:
    """Return the vehicles of a day of a grid; the same seed and day give the same ones."""
    n = grid.sessions_a_day
    rng = generator(seed, 0, "bench", f"{grid.sites} sites", day)
    table = empty_table(n)
    table["wish_min"] = day * DAY_MIN + instants_min(rng.uniform(0.0, grid.span_min, n))
    table["origin"] = rng.integers(0, grid.sites, n)
    table["battery_kwh"] = durations_min(rng.gamma(4.0, grid.service_min / 4.0, n)) * (
        GUN_KW / 60.0
    )
    table["target_soc"], table["consumption_kwh_km"], table["value_of_time_cny_h"] = 1.0, 0.15, 40.0
    table["swap_list"], table["guidance"] = -1, POSTED if grid.known > 1 else DISTANCE
    table["patience_min"], table["tolerance_min"], table["max_diversions"] = (
        grid.patience_min,
        grid.tolerance_min,
        grid.max_diversions,
    )
    table["key"] = vehicle_keys(seed, 0, "bench", day, 0, n)
    return sort_table(table)
