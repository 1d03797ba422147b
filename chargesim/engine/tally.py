"""Count the sessions of a replication into its accumulators, once its log is complete."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargesim.demand.table import Table
from chargesim.engine.accumulators import BINS, KINDS, LOST, OUTCOMES, PARTIAL, SERVED, STRANDED, UNFINISHED, Accumulators, bin_edges_min
from chargesim.engine.books import Books
from chargesim.engine.plant import Plant
from chargesim.engine.session_log import SessionLog

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def session_minutes(plant: Plant, table: Table, log: SessionLog) -> dict[str, Floats]:
    """Return what follows from log and demand, a value per session.

    Parameters
    ----------
    plant : Plant
    table : table of `WISH`
        The demand rows of the sessions, in the same order.
    log : session log

    Returns
    -------
    dict of arrays
        `delay_min` = plug-in - wish (once put off) - free drive to the nearest site that it may use (infinite when
        never plugged in), `detour_min` = drive - that free drive, `service_min`, `energy_kwh` taken, `unserved_kwh` wished and not taken.
    """
    stations = plant.free_min[table["station_list"], table["origin"]]
    swaps = np.where(table["swap_list"] >= 0, plant.free_min[table["swap_list"], table["origin"]], np.inf)
    nearest = np.minimum(stations, swaps)
    plugged = log["plug_min"] >= 0
    ready_min = table["wish_min"] + table["put_off_min"]
    with np.errstate(invalid="ignore"):
        delay = np.where(plugged, np.maximum(0.0, log["plug_min"] - ready_min - nearest), np.inf)
        detour = np.where(plugged, np.maximum(0.0, log["drive_min"] - nearest), 0.0)
    taken = log["energy_kwh"]
    wished = (table["target_soc"] - table["soc"]) * table["battery_kwh"]
    missed = np.isin(log["outcome"], (PARTIAL, LOST, STRANDED))
    return {
        "delay_min": delay,
        "detour_min": detour,
        "service_min": log["service_min"],
        "energy_kwh": taken,
        "unserved_kwh": np.where(missed, np.maximum(0.0, wished - taken), 0.0),
    }


def accumulate(
    plant: Plant,
    books: Books,
    table: Table,
    log: SessionLog,
    *,
    fleets: int,
    districts: int,
    district_of_origin: Ints,
    thresholds_min: tuple[float, ...],
) -> Accumulators:
    """Return the accumulators of a replication from its books, its demand (all days, in order) and its log."""
    table = table[log["row"]]
    minutes = session_minutes(plant, table, log)
    judged = (table["wish_min"] >= books.start_min) & (table["wish_min"] < books.end_min)
    table, log = table[judged], log[judged]
    minutes = {name: values[judged] for name, values in minutes.items()}
    shape = (fleets, len(KINDS), districts, 24)
    hour = (table["wish_min"] // 60.0).astype(np.int64) % 24
    cell = np.ravel_multi_index((table["fleet"], log["kind"], district_of_origin[table["origin"]], hour), shape)
    size = int(np.prod(shape))
    served = log["outcome"] == SERVED

    def count(chosen: NDArray[Any]) -> Ints:
        return np.bincount(cell[chosen], minlength=size).reshape(shape)

    def total(values: Floats, chosen: NDArray[Any]) -> Floats:
        summed: Floats = np.bincount(cell[chosen], weights=values[chosen], minlength=size).astype(np.float64).reshape(shape)
        return summed

    def histogram(values: Floats) -> Ints:
        bins = np.searchsorted(bin_edges_min(), values[served], side="left")
        return np.bincount(cell[served] * BINS + bins, minlength=size * BINS).reshape(*shape, BINS)

    ended = log["outcome"] != UNFINISHED
    everyone = np.ones(len(log), dtype=bool)
    return Accumulators(
        **site_hours(plant, books),
        district_kw=_district_kw(plant, books, districts),
        outcomes=np.stack([count(log["outcome"] == outcome) for outcome in range(len(OUTCOMES))]),
        outside=count(log["outside"] > 0),
        balked=count(ended & (log["balks"] > 0)),
        reneged=count(ended & (log["reneges"] > 0)),
        diverted=count(ended & (log["diversions"] > 0)),
        interrupted=count(ended & (log["interruptions"] > 0)),
        put_off=count(ended & (table["put_off_min"] > 0)),
        within=np.stack([count(served & (log["wait_min"] <= limit)) for limit in thresholds_min]),
        wait_min=total(log["wait_min"], served),
        wait_all_min=total(log["wait_min"], ended),
        delay_min=total(minutes["delay_min"], served),
        detour_min=total(minutes["detour_min"], served),
        service_min=total(minutes["service_min"], served),
        session_kwh=total(minutes["energy_kwh"], everyone),
        unserved_kwh=total(minutes["unserved_kwh"], everyone),
        wait_bins=histogram(log["wait_min"]),
        delay_bins=histogram(minutes["delay_min"]),
        queue_check_min=books.queue_check_min,
    )


def site_hours(plant: Plant, books: Books) -> dict[str, Any]:
    """Return the books by site and hour; power is on the grid side, a mean over a quarter of an hour."""
    sites, quarters = books.energy_kwh.shape
    grid_kw = _grid_kw(plant, books)
    return {
        "busy_min": books.busy_min,
        "down_min": books.down_min,
        "store_kwh": books.store_kwh.reshape(sites, quarters // 4, 4).sum(axis=2),
        "energy_kwh": books.energy_kwh.reshape(sites, quarters // 4, 4).sum(axis=2),
        "arrivals": books.arrivals,
        "queue_min": books.queue_min,
        "peak_kw": grid_kw.reshape(sites, quarters // 4, 4).max(axis=2),
        "packs_ready": books.ready_min / 60.0,
        "pack_found": books.pack_found,
    }


def _district_kw(plant: Plant, books: Books, districts: int) -> Floats:
    kw = np.zeros((2, districts, books.energy_kwh.shape[1]))
    np.add.at(kw, (plant.kind, plant.district), _grid_kw(plant, books))
    return kw


def _grid_kw(plant: Plant, books: Books) -> Floats:
    """Return the mean power from the grid by site and quarter of an hour: what plugs and stores take, over the efficiency."""
    kw: Floats = (books.energy_kwh + books.store_kwh) * 4.0 / plant.efficiency
    return kw
