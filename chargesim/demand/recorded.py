"""Read recorded wishes from a log, which replaces the drawn demand."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chargesim.demand.curves import Curves
from chargesim.demand.demand_table import Table, empty_table, rows_of, sort_table
from chargesim.demand.draw import DemandModel, FleetDraw
from chargesim.demand.random_streams import mixed_keys, stable_hash
from chargesim.demand.recorded_columns import (
    Names,
    RecordedRow,
    columns_needed,
    faults_of_access,
    faults_of_cells,
    rows_of_names,
    swaps,
)
from chargesim.exact_time import TICKS_PER_MIN, durations_min, instants_min
from chargesim.network.network import Network
from chargesim.network.ways import Ways, ways_to_sites
from chargesim.scenario.model import Scenario
from chargesim.scenario.tables import Columns, columns_of, read_columns

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STAY_SOC = 1e-9
"""What a stay charges: less than a tick of time at any gun [0..1]."""
_STAY_KWH_KM = 1e-12
"""What the way of a stay takes: the log says that it came, and nothing of its energy."""
_MEAN_GRID = 64


@dataclass(frozen=True)
class RecordedDemand:
    """Recorded wishes: the same in every replication, but each replication has tastes of its own.

    Where a vehicle likes to charge follows from its key, and this from what the log says of the
    wish and from the replication, never from the order of the rows.
    """

    table: Table
    """`wish_min` counts from the start of the first lead-in day; keys without a replication. Way
    `w` is the origin `zones + corridors + w`; `station_list` is `lists` for who comes for a
    pack alone"""
    names: tuple[str, ...]
    ways: Ways
    """the ways of those who go to a site that the log names"""
    lists: int
    """candidate lists of the network; the list of this number is empty"""
    too_short: int = 0
    """stays shorter than the handling at a gun"""

    def day(self, replication: int, day: int) -> Table:
        """Return the wishes of one day, with the keys of the replication."""
        low, high = np.searchsorted(self.table["wish_min"], [day * 1440.0, (day + 1) * 1440.0])
        table = rows_of(self.table, np.arange(low, high))
        table["key"] = mixed_keys(table["key"], stable_hash(f"recorded/{replication}"))
        return sort_table(table)

    def expected_wishes(self, day: int) -> float:
        """Return the number of wishes on a day."""
        return float(len(self.day(0, day)))


def is_stay(table: Table) -> NDArray[np.bool_]:
    """Return which wishes are stays of a log, whose minutes are given in place of an energy."""
    return np.asarray(table["consumption_kwh_km"] == _STAY_KWH_KM, dtype=bool)


def read_recorded(
    path: Path,
    scenario: Scenario,
    network: Network,
    drawn: DemandModel,
    curves: Curves,
    fleets: tuple[str, ...],
) -> RecordedDemand:
    """Read a log of wishes (CSV or Parquet).

    Parameters
    ----------
    path : Path
        Columns as `recorded_columns.RecordedRow` declares them.

    Raises
    ------
    InputError
        With one line per faulty column, naming the first row.
    """
    log = read_columns(path, RecordedRow, columns_needed)
    names = Names.of(network, drawn.fleets, curves)
    log.refuse(faults_of_cells(log, names))
    site = rows_of_names(log.texts["site"], names.sites)
    swap = swaps(log, network, site)
    log.refuse(faults_of_access(log, network, names, site, swap))
    origin = rows_of_names(log.texts["zone"], names.origins)
    ways, origin = _origins(network, origin, site)
    log.refuse([_unreached(log, network, ways, origin)])
    table = empty_table(len(log))
    table["wish_min"], table["origin"] = instants_min(log.numbers["wish_min"]), origin
    for name, fleet in names.fleets.items():
        mine = np.flatnonzero(log.texts["vehicle_class"] == name)
        if len(mine):
            _fill_fleet(table, mine, log, fleet, names, curves)
            table["fleet"][mine] = fleets.index(name)
            table["swap_list"][mine] = np.where(swap[mine], fleet.swap_list, -1)
            table["battery_kwh"][mine[swap[mine]]] = fleet.pack_kwh
    lists = len(network.candidates.keys)
    table["station_list"][swap] = lists
    table["tolerance_min"] = table["patience_min"] = durations_min(table["patience_min"])
    too_short = _fill_stays(table, log, scenario)
    log.refuse([("soc", table["soc"] >= table["target_soc"], "less than the target SOC")])
    table["key"] = _keys(log, stable_hash(f"recorded/{scenario.seed}"))
    return RecordedDemand(sort_table(table), fleets, ways, lists, too_short)


def _origins(network: Network, origin: Ints, site: Ints) -> tuple[Ways, Ints]:
    """Return the ways to the named sites, and the origins with these ways behind the corridors."""
    named = np.flatnonzero(site >= 0)
    sites = len(network.sites)
    pair, index = np.unique((origin[named] + 1) * sites + site[named], return_inverse=True)
    ways = ways_to_sites(network, pair // sites - 1, pair % sites)
    of_ways = origin.copy()
    of_ways[named] = len(network.zones.id) + len(network.corridors.id) + index
    return ways, of_ways


def _unreached(
    log: Columns, network: Network, ways: Ways, origin: Ints
) -> tuple[str, NDArray[np.bool_], str]:
    """Return the rows from whose zone no road leads to the site."""
    first = len(network.zones.id) + len(network.corridors.id)
    reached = np.append(np.isfinite(ways.km), True)
    way = np.where(origin >= first, origin - first, len(ways))
    return "site", ~reached[way], "a site to which a road leads from the zone of its row"


def _fill_fleet(
    table: Table, mine: Ints, log: Columns, fleet: FleetDraw, names: Names, curves: Curves
) -> None:
    """Fill in the wishes of a fleet: what the log gives, else its commonest curve and its means."""

    def number(name: str, otherwise: float | Floats) -> Floats:
        given = log.numbers[name][mine]
        return np.where(np.isnan(given), otherwise, given)

    common = int(fleet.curves[np.argmax(np.diff(fleet.curve_cdf, prepend=0.0))])
    curve = rows_of_names(log.texts["curve"][mine], names.curves)
    curve[curve < 0] = common
    grid = (np.arange(_MEAN_GRID) + 0.5) / _MEAN_GRID
    mean_soc, mean_target = (
        float(values.mean())
        for values in fleet.rule.draw(np.repeat(grid, _MEAN_GRID), np.tile(grid, _MEAN_GRID))
    )
    least = fleet.rule.least_gain
    soc = number("soc", np.fmin(mean_soc, np.maximum(0.0, log.numbers["target_soc"][mine] - least)))
    table["soc"][mine] = soc
    table["target_soc"][mine] = number(
        "target_soc", np.minimum(1.0, np.maximum(mean_target, soc + least))
    )
    table["curve"][mine], table["battery_kwh"][mine] = curve, curves.battery_kwh[curve]
    table["station_list"][mine] = fleet.station_list
    table["consumption_kwh_km"][mine] = fleet.consumption_kwh_km
    table["overstay_min"][mine] = number("overstay_min", fleet.behaviour.mean_overstay_min)
    table["patience_min"][mine] = number("patience_min", fleet.patience_mean)
    table["value_of_time_cny_h"][mine] = fleet.value_mean
    table["max_diversions"][mine] = number("max_diversions", float(fleet.max_diversions))


def _fill_stays(table: Table, log: Columns, scenario: Scenario) -> int:
    """Turn stays into overstays behind next to no energy; return how many are too short for it.

    A vehicle occupies its gun for handling before, the charge, handling after and its overstay; the
    charge of a stay lasts one tick.
    """
    overstays = table["overstay_min"] > 0
    table["overstay_min"][overstays] = durations_min(table["overstay_min"][overstays])
    stay = np.flatnonzero(log.given("duration_min"))
    return fill_stays(table, stay, log.numbers["duration_min"][stay], handling_min(scenario))


def handling_min(scenario: Scenario) -> float:
    """Return the minutes that a stay takes beside its overstay: handling, and a tick of charge."""
    stations, ticks = scenario.stations, 1.0
    if stations is not None:
        for handling in (stations.handling_before_min, stations.handling_after_min):
            ticks += np.floor(handling.value * TICKS_PER_MIN + 0.5)
    return float(ticks / TICKS_PER_MIN)


def fill_stays(table: Table, rows: Ints, stay_min: Floats, other_min: float) -> int:
    """Turn rows of a table into stays of so many minutes; return how many are too short for it.

    Parameters
    ----------
    table : table of `WISH`
        Changed in place.
    rows, stay_min : array
        Which rows, and how long each occupies its gun [min].
    other_min : float
        From `handling_min`.
    """
    rest = durations_min(stay_min) - other_min
    table["overstay_min"][rows] = np.maximum(0.0, rest)
    table["soc"][rows] = np.minimum(table["soc"][rows], 1.0 - 2 * STAY_SOC)
    table["target_soc"][rows] = table["soc"][rows] + STAY_SOC
    table["consumption_kwh_km"][rows] = _STAY_KWH_KM
    return int((rest < 0).sum())


def _keys(log: Columns, seed: int) -> NDArray[np.uint64]:
    """Return keys from what a log says of each wish; equal rows are numbered among themselves.

    So the order of the rows moves nothing, and a CSV and a Parquet file of a log agree.
    """
    keys = np.full(len(log), seed, dtype=np.uint64)
    for name in columns_of(RecordedRow):
        given = log.given(name)
        if not given.any():
            continue
        if name in log.texts:
            index, texts = pd.factorize(log.texts[name])
            bits = np.array([stable_hash(str(text)) for text in texts], dtype=np.uint64)[index]
        else:
            bits = (log.numbers[name] + 0.0).view(np.uint64)
        mixed = mixed_keys(keys ^ bits, stable_hash(name))
        keys = np.where(given, mixed, keys)
    number = pd.Series(keys).groupby(keys).cumcount().to_numpy().astype(np.uint64)
    return mixed_keys(keys, 0) + mixed_keys(number, stable_hash("copy")) * (number > 0)
