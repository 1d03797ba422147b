"""Tabulate the sites of a run: by hour, a day at a time, and on an average day."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from chargesim.analysis.occupancy import all_occupied_shares, worst_hours
from chargesim.analysis.result import RunResult
from chargesim.engine.collector import by_hour, grid_kw
from chargesim.engine.day_statistics import DayStatistics
from chargesim.engine.replication_totals import KINDS
from chargesim.runs.case import Task
from chargesim.runs.storage import parquet_parts

SITE_MEASURES = {
    "busy_gun_min": "occupied guns times minutes, of bays at a swap site [min]",
    "all_occupied_min": "minutes with all guns or bays occupied [min]",
    "energy_kwh": "energy at the plug; at a swap site what the slots charged [kWh]",
    "store_kwh": "energy that a battery store took, below 0 what it gave [kWh]",
    "gun_down_min": "guns out of order times minutes, by failure or blackout [min]",
    "arrivals": "vehicles that arrived [1]",
    "queue_min": "waiting vehicles times minutes [min]",
    "peak_kw": "highest mean power of a quarter of an hour, on the grid side [kW]",
    "packs_ready": "time mean of charged packs in the rack [1]",
}
"""What is measured in an hour of a site, with its unit."""
SITE_HOUR_COLUMNS = {
    "site": "name of the site",
    "district": "its district",
    "kind": "station or swap",
    "hour": "hour from the first judged midnight, 0 the first",
    **SITE_MEASURES,
}
_NAME = pa.dictionary(pa.int32(), pa.string())
SITE_HOURS = pa.schema(
    [
        *((name, _NAME) for name in ("site", "district", "kind")),
        ("hour", pa.int32()),
        *((name, pa.float32()) for name in SITE_MEASURES),
    ]
)
"""A row per site and judged hour."""


class SiteHours:
    """The tables of a replication's site-hours, one a judged day."""

    def __init__(self, task: Task) -> None:
        self.facilities, sites = task.facilities, len(task.facilities)
        names_at = (
            (task.site_names, np.arange(sites)),
            (task.district_names, self.facilities.district),
            (KINDS, self.facilities.kind),
        )
        self._names = [
            pa.DictionaryArray.from_arrays(pa.array(np.repeat(at, 24), pa.int32()), list(names))
            for names, at in names_at
        ]
        self._hour_of_day = np.tile(np.arange(24, dtype=np.int32), sites)

    def of_day(self, statistics: DayStatistics, day: int) -> pa.Table:
        """Return the table of a judged day, counted from 0, as `SITE_HOURS` describes it."""
        hourly = grid_kw(self.facilities, statistics).reshape(len(self.facilities), 24, 4)
        measures = (
            statistics.busy_min,
            statistics.all_occupied_min,
            by_hour(statistics.energy_kwh),
            by_hour(statistics.store_kwh),
            statistics.down_min,
            statistics.arrivals,
            statistics.queue_min,
            hourly.max(axis=2),
            statistics.ready_min / 60.0,
        )
        columns = [pa.array(values.ravel().astype(np.float32)) for values in measures]
        return pa.Table.from_arrays(
            [*self._names, pa.array(24 * day + self._hour_of_day), *columns], schema=SITE_HOURS
        )


def write_mean_site_hours(paths: Sequence[Path], path: Path) -> None:
    """Write the mean site-hours of replications, day by day; peak_kw is the mean of their peaks."""
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(pq.ParquetFile(one.absolute())) for one in paths]
        writer = stack.enter_context(parquet_parts(path, SITE_HOURS))
        for day in range(files[0].num_row_groups):
            tables = [file.read_row_group(day) for file in files]
            means = [_mean([table[name].to_numpy() for table in tables]) for name in SITE_MEASURES]
            writer.write_table(
                pa.Table.from_arrays(
                    [*tables[0].columns[: -len(SITE_MEASURES)], *means], schema=SITE_HOURS
                )
            )


def _mean(values: list[Any]) -> pa.Array:
    return pa.array(np.mean(values, axis=0, dtype=np.float64).astype(np.float32))


def site_frame(result: RunResult) -> pd.DataFrame:
    """Return a row per site: location, supply, and means over replications and judged days."""
    sites, runs = result.network.sites, result.replications
    servers = sites.servers
    busy = np.mean([run.busy_min.sum(axis=1) for run in runs], axis=0) / result.days
    by_hour = np.mean([run.busy_min for run in runs], axis=0) / result.days
    all_occupied = all_occupied_shares(result).mean(axis=0)
    return pd.DataFrame(
        {
            "site": sites.id,
            "kind": [KINDS[kind] for kind in sites.kind],
            "group": sites.group,
            "access": sites.access,
            "district": [result.network.districts.name[d] for d in sites.district],
            "lat": sites.lat,
            "lon": sites.lon,
            "guns_or_bays": servers,
            "utilisation": busy / np.maximum(servers, 1) / 1440.0,
            "utilisation_busiest_hour": by_hour.max(axis=1, initial=0.0)
            / np.maximum(servers, 1)
            / 60.0,
            "all_occupied": all_occupied.mean(axis=1),
            "all_occupied_worst_hour": all_occupied.max(axis=1),
            "worst_hour": worst_hours(result),
            "arrivals_per_day": np.mean([run.arrivals.sum(axis=1) for run in runs], axis=0)
            / result.days,
            "energy_kwh_per_day": np.mean([run.energy_kwh.sum(axis=1) for run in runs], axis=0)
            / result.days,
            "queue_min_per_day": np.mean([run.queue_min.sum(axis=1) for run in runs], axis=0)
            / result.days,
            "peak_kw": np.max([run.peak_kw for run in runs], axis=0),
        }
    )
