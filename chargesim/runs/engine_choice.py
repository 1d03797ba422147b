"""Choose the engine of a run: both give the same results, bit for bit, so the choice is one of time alone."""

import sys
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from chargesim.demand.demand_table import WISH
from chargesim.engine.compiled.engine import run_compiled, run_events
from chargesim.engine.facilities import Facilities
from chargesim.errors import InputError
from chargesim.runs.case import Case

Engine = Literal["auto", "simpy", "compiled"]
SMALL_SESSIONS = 60_000
"""Sessions of a run below which loading the compiled code takes longer than the SimPy engine takes."""


def choose_engine(
    wanted: Engine, case: Case, sessions: float
) -> tuple[Literal["simpy", "compiled"], str]:
    """Return the engine and why it is taken.

    Parameters
    ----------
    wanted : {"auto", "simpy", "compiled"}
        What the user asks for.
    case : Case
        Extensions and the checks of debugging run in the SimPy engine alone.
    sessions : float
        Sessions of all replications together.

    Raises
    ------
    InputError
        When there is no such engine, or the compiled one is asked for and cannot do it.
    """
    if wanted not in get_args(Engine):
        raise InputError([f"engine: got {wanted!r}, needs one of {', '.join(get_args(Engine))}"])
    reasons = ["an extension is a SimPy process"] * bool(case.task.extensions) + [
        "debugging checks SimPy events"
    ] * case.task.debug
    if reasons and wanted == "compiled":
        raise InputError([f"--engine compiled: {reasons[0]}; leave it at auto, or ask for simpy"])
    if wanted != "auto":
        return wanted, "asked for"
    if reasons:
        return "simpy", reasons[0]
    if sessions < SMALL_SESSIONS:
        return "simpy", f"fewer than {SMALL_SESSIONS:,} sessions"
    return "compiled", f"{SMALL_SESSIONS:,} sessions or more"


def is_compiled() -> bool:
    """Tell whether the compiled code is there, or will be made at the first run."""
    return any(Path(run_events._cache.cache_path).glob("engine.run_events-*.nbi"))  # type: ignore[attr-defined]


def make_ready(case: Case) -> None:
    """Compile the engine where that has not been done yet, before workers would do it one by one, and say so."""
    make_ready_for(case.task.facilities)


def make_ready_for(facilities: Facilities) -> None:
    """Compile the engine as `make_ready` does; any facilities will do."""
    if not is_compiled():
        print(
            "Compiling the engine, once for this version of the program: half a minute, more where others use the machine.",
            file=sys.stderr,
            flush=True,
        )
        run_compiled(facilities, [np.zeros(0, dtype=WISH)], 0, 1)
