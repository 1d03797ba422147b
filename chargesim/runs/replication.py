"""Run one replication day by day, and write its totals, site-hours and sessions as files."""

import contextlib
import gc
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from chargesim.demand.demand_table import WISH, Table, rows_of
from chargesim.engine.collector import Collector, session_measures
from chargesim.engine.compiled.engine import CompiledWorld
from chargesim.engine.day_statistics import DayStatistics
from chargesim.engine.event_order import DAY_MIN
from chargesim.engine.replication_totals import KINDS, OUTCOMES, ReplicationTotals
from chargesim.engine.session_log import SessionLog
from chargesim.engine.simpy.engine import World
from chargesim.runs.case import Task
from chargesim.runs.resource_use import peak_gib
from chargesim.runs.site_tables import SITE_HOURS, SiteHours
from chargesim.runs.storage import file_digest, parquet_parts
from chargesim.runs.store import Store

RUN_OUT_DAYS = 1
"""Days after the judged ones in which their last vehicles may finish, among unjudged vehicles."""


class DrawnDays:
    """The demand of a replication, drawn day by day as the engine asks for it.

    A day is kept until its last session has ended.

    Parameters
    ----------
    tables : iterable of tables of `WISH`
        The demand of each day.
    start_min, end_min : float
        The judged days [min].
    """

    def __init__(self, tables: Iterable[Table], start_min: float, end_min: float) -> None:
        self._tables, self._judged_min = tables, (start_min, end_min)
        self._kept: list[tuple[int, Table]] = []
        self._open: dict[int, int] = {}
        self._rows = 0
        self.judged = 0
        """rows of the judged days"""

    def __iter__(self) -> Iterator[Table]:
        """Give the tables day by day."""
        for table in self._tables:
            self._kept.append((self._rows, table))
            self._open[self._rows] = len(table)
            self._rows += len(table)
            self.judged += int(
                (
                    (table["wish_min"] >= self._judged_min[0])
                    & (table["wish_min"] < self._judged_min[1])
                ).sum()
            )
            yield table

    def of(self, log: SessionLog) -> Table:
        """Return the wishes of ended sessions, in row order; ask for each only once."""
        parts = [np.zeros(0, dtype=WISH)]
        for first, table in self._kept:
            begin, end = np.searchsorted(log["row"], (first, first + len(table)))
            parts.append(rows_of(table, log["row"][begin:end] - first))
            self._open[first] -= int(end - begin)
        self._kept = [(first, table) for first, table in self._kept if self._open[first] > 0]
        return np.concatenate(parts)


class Replication:
    """A replication that runs day by day and counts as it goes.

    Parameters
    ----------
    task : Task
    replication : int
        Its number.
    tables : iterable of tables of `WISH`, optional
        The demand of each day, if already drawn.
    """

    def __init__(self, task: Task, replication: int, tables: Iterable[Table] | None = None) -> None:
        horizon = (task.lead_in_days, task.days, RUN_OUT_DAYS)
        judged_min = task.lead_in_days * DAY_MIN, (task.lead_in_days + task.days) * DAY_MIN
        outages = task.outages.draw(replication, days_of(task) * DAY_MIN)
        drawn = (
            (task.demand.day(replication, day) for day in range(days_of(task)))
            if tables is None
            else tables
        )
        self._demand = DrawnDays(drawn, *judged_min)
        self._world = (
            CompiledWorld(task.facilities, self._demand, *horizon, outages=outages)
            if task.engine == "compiled"
            else World(
                task.facilities,
                self._demand,
                *horizon,
                outages=outages,
                extensions=task.extensions,
                debug=task.debug,
            )
        )
        self._tally = Collector(
            task.facilities,
            fleets=len(task.fleets),
            districts=len(task.district_names),
            district_of_origin=task.district_of_origin,
            thresholds_min=task.thresholds_min,
            start_min=judged_min[0],
            end_min=judged_min[1],
        )

    def days(self) -> Iterator[tuple[DayStatistics | None, Table, SessionLog]]:
        """Give day by day its statistics, and wishes and log of the vehicles that left since.

        The statistics are None before the first judged day and after the last.
        """
        with collector_at_rest():
            for statistics, log in self._world.run_days():
                table = self._demand.of(log)
                if statistics is not None:
                    self._tally.add_day(statistics)
                self._tally.add_sessions(table, log)
                yield statistics, table, log

    def totals(self) -> ReplicationTotals:
        """Return the totals, once the last day is over."""
        return self._tally.totals(self._world.statistics, self._demand.judged)


@contextlib.contextmanager
def collector_at_rest() -> Iterator[None]:
    """Switch off the garbage collector: it takes a tenth of a SimPy run and frees nothing."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def days_of(task: Task) -> int:
    """Return the days for which wishes are drawn: lead-in, judged days and run-out."""
    return task.lead_in_days + task.days + RUN_OUT_DAYS


def play(task: Task, replication: int, tables: Iterable[Table]) -> ReplicationTotals:
    """Run one replication on demand tables already drawn, one for each day of `days_of`."""
    played = Replication(task, replication, tables)
    for _ in played.days():
        pass
    return played.totals()


def simulate(task: Task, replication: int) -> tuple[ReplicationTotals, pd.DataFrame]:
    """Run one replication in memory; return its totals and a row per judged session."""
    played = Replication(task, replication)
    sessions = [session_frame(task, table, log) for _, table, log in played.days()]
    return played.totals(), pd.concat(sessions).sort_values("vehicle", ignore_index=True)


def session_frame(task: Task, table: Table, log: SessionLog) -> pd.DataFrame:
    """Return a row per judged session, with names for codes.

    Parameters
    ----------
    task : Task
    table : table of `WISH`
        The wishes of the sessions, in the order of the log.
    log : SessionLog
    """
    judged = (table["wish_min"] >= task.lead_in_days * DAY_MIN) & (
        table["wish_min"] < (task.lead_in_days + task.days) * DAY_MIN
    )
    table, log = table[judged], log[judged]
    minutes = session_measures(task.facilities, table, log)
    return pd.DataFrame(
        {
            "vehicle": log["row"],
            "wish_min": table["wish_min"],
            "zone": _named(task.zone_of_origin[table["origin"]], task.zone_names),
            "vehicle_class": _named(table["fleet"], task.fleets),
            "site": _named(log["site"], task.site_names),
            "kind": _named(log["kind"], KINDS),
            "outcome": _named(log["outcome"], OUTCOMES),
            "chose_outside": log["chose_outside"] > 0,
            "drive_min": log["drive_min"],
            "wait_min": log["wait_min"],
            "queue_min": log["queue_min"],
            "delay_min": np.where(np.isinf(minutes["delay_min"]), np.nan, minutes["delay_min"]),
            "service_min": minutes["service_min"],
            "charging_min": log["charging_min"],
            "overstay_min": np.where(log["plug_min"] >= 0, table["overstay_min"], 0.0),
            "energy_kwh": minutes["energy_kwh"],
            "soc_in": log["soc_in"],
            "soc_out": log["soc_out"],
            "diversions": log["diversions"],
            "interruptions": log["interruptions"],
            "put_off_min": table["put_off_min"],
        }
    )


def _named(codes: NDArray[np.int64], names: tuple[str, ...]) -> "pd.Categorical[str]":
    """Return the names of codes as categories, which store each text once; below 0 is missing."""
    return pd.Categorical.from_codes(
        np.maximum(codes, -1), categories=pd.Index(list(names), dtype="str")
    )


def run_replication(
    task: Task, replication: int, folder: Path, store: Store, keep_sessions: bool, keep_hours: bool
) -> float:
    """Run one replication and write its files; the totals last, as the mark of completion.

    `keep_sessions` asks for a row per session, `keep_hours` for a row per site and judged hour.

    Returns
    -------
    float
        Most memory that the process has held so far [GiB].
    """
    played, site_hours, day = Replication(task, replication), SiteHours(task), 0
    with contextlib.ExitStack() as stack:
        hours = sessions = None
        if keep_hours:
            path = site_hours_path(folder, replication)
            hours = stack.enter_context(parquet_parts(path, SITE_HOURS))
        for statistics, table, log in played.days():
            if hours is not None and statistics is not None:
                hours.write_table(site_hours.of_day(statistics, day))
                day += 1
            if keep_sessions:
                rows = pa.Table.from_pandas(session_frame(task, table, log), preserve_index=False)
                sessions = sessions or stack.enter_context(
                    parquet_parts(sessions_path(folder, replication), rows.schema)
                )
                sessions.write_table(rows)
    written = {"site_hours": hours, "sessions": sessions}
    paths = {"site_hours": site_hours_path, "sessions": sessions_path}
    noted = {
        name: file_digest(paths[name](folder, replication))
        for name, one in written.items()
        if one is not None
    }
    store.write(replication, played.totals(), noted)
    return peak_gib()


def site_hours_path(folder: Path, replication: int) -> Path:
    """Return the file of a replication's site-hours."""
    return folder / "site_hours" / f"{replication:03d}.parquet"


def sessions_path(folder: Path, replication: int) -> Path:
    """Return the file of a replication's sessions."""
    return folder / "sessions" / f"{replication:03d}.parquet"
