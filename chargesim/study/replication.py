"""Run one replication and leave its accumulators (and sessions) as files."""

import gc
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chargesim.engine.accumulators import KINDS, OUTCOMES, Accumulators
from chargesim.engine.compiled.engine import run_compiled
from chargesim.engine.order import DAY_MIN
from chargesim.engine.session_log import SessionLog
from chargesim.engine.simpy_engine import run_simpy
from chargesim.engine.tally import accumulate, session_minutes
from chargesim.study.case import Task
from chargesim.study.footprint import peak_gib
from chargesim.study.storage import write_accumulators, write_frame

RUN_OUT_DAYS = 1
"""Days after the judged ones in which their last vehicles may finish, among vehicles that are not judged."""


def simulate(task: Task, replication: int) -> tuple[Accumulators, pd.DataFrame]:
    """Run one replication in memory; return its accumulators and a row per judged session."""
    days = task.lead_in_days + task.days + RUN_OUT_DAYS
    tables = [task.demand.day(replication, day) for day in range(days)]
    outages = task.outages.draw(replication, days * DAY_MIN)
    collecting = gc.isenabled()
    gc.disable()  # the many live processes make the collector cost a tenth of the run, and free nothing
    try:
        if task.engine == "compiled":
            books, log = run_compiled(task.plant, tables, task.lead_in_days, task.days, RUN_OUT_DAYS, outages=outages)
        else:
            books, log = run_simpy(
                task.plant, tables, task.lead_in_days, task.days, RUN_OUT_DAYS,
                outages=outages, extensions=task.extensions, debug=task.debug,
            )  # fmt: skip
    finally:
        if collecting:
            gc.enable()
    table = np.concatenate(tables)
    accumulators = accumulate(
        task.plant,
        books,
        table,
        log,
        fleets=len(task.fleets),
        districts=task.districts,
        district_of_origin=task.district_of_origin,
        thresholds_min=task.thresholds_min,
    )
    return accumulators, session_frame(task, table, log)


def session_frame(task: Task, table: np.ndarray, log: SessionLog) -> pd.DataFrame:
    """Return a row per judged session in the planner's words."""
    table = table[log["row"]]
    judged = (table["wish_min"] >= task.lead_in_days * DAY_MIN) & (table["wish_min"] < (task.lead_in_days + task.days) * DAY_MIN)
    table, log = table[judged], log[judged]
    minutes = session_minutes(task.plant, table, log)
    return pd.DataFrame(
        {
            "wish_min": table["wish_min"],
            "zone": _named(table["origin"], task.zone_names),
            "vehicle_class": _named(table["fleet"], task.fleets),
            "site": _named(log["site"], task.site_names),
            "kind": _named(log["kind"], KINDS),
            "outcome": _named(log["outcome"], OUTCOMES),
            "left_for_outside": log["outside"] > 0,
            "drive_min": log["drive_min"],
            "wait_min": log["wait_min"],
            "delay_min": np.where(np.isinf(minutes["delay_min"]), np.nan, minutes["delay_min"]),
            "service_min": minutes["service_min"],
            "energy_kwh": minutes["energy_kwh"],
            "soc_in": log["soc_in"],
            "soc_out": log["soc_out"],
            "diversions": log["diversions"],
            "interruptions": log["interruptions"],
            "put_off_min": table["put_off_min"],
        }
    )


def _named(codes: NDArray[np.int64], names: tuple[str, ...]) -> "pd.Categorical[str]":
    """Return names by number, as categories: text that is stored once; below 0 is missing."""
    return pd.Categorical.from_codes(np.maximum(codes, -1), categories=pd.Index(list(names), dtype="str"))


def run_replication(task: Task, replication: int, folder: Path, about: dict[str, str], keep_sessions: bool) -> float:
    """Run one replication and write its files into the run directory; the accumulators last, as the mark of completion.

    Returns the most memory that the process has held until now [GiB].
    """
    accumulators, sessions = simulate(task, replication)
    if keep_sessions:
        write_frame(sessions_path(folder, replication), sessions)
    write_accumulators(accumulators_path(folder, replication), accumulators, about)
    return peak_gib()


def accumulators_path(folder: Path, replication: int) -> Path:
    """Return the file of a replication's accumulators."""
    return folder / "replications" / f"{replication:03d}.parquet"


def sessions_path(folder: Path, replication: int) -> Path:
    """Return the file of a replication's sessions."""
    return folder / "sessions" / f"{replication:03d}.parquet"
