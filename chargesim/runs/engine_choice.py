"""Choose the engine of a run by time alone: both give the same results, bit for bit."""

import sys
from pathlib import Path
from typing import Any, Literal, get_args

import numba
import numpy as np

from chargesim.demand.demand_table import WISH
from chargesim.engine.compiled.engine import run_compiled, run_events
from chargesim.engine.facilities import Facilities
from chargesim.errors import InputError
from chargesim.runs.case import Case

Engine = Literal["auto", "simpy", "compiled"]
SMALL_SESSIONS = 60_000
"""Below so many sessions of a run, the SimPy engine is done before the compiled code is loaded."""


def choose_engine(
    wanted: Engine, case: Case, sessions: float
) -> tuple[Literal["simpy", "compiled"], str]:
    """Return the engine and the reason for it.

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
    _require_numba()
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


def _require_numba() -> None:
    """Refuse a Numba that is switched off: the formulas of both engines are compiled."""
    config: Any = numba.config
    if config.DISABLE_JIT:
        raise InputError(
            ["NUMBA_DISABLE_JIT is set, and both engines need compiled formulas; unset it"]
        )


def is_compiled() -> bool:
    """Return whether the compiled code is on disk; else the first run makes it."""
    folder = Path(run_events._cache.cache_path)  # type: ignore[attr-defined]
    return any(folder.glob("engine.run_events-*.nbi"))


def make_ready(case: Case) -> None:
    """Compile the engine if it is not compiled yet, and say so; else every worker would do it."""
    make_ready_for(case.task.facilities)


def make_ready_for(facilities: Facilities) -> None:
    """Compile the engine as `make_ready` does; any facilities will do."""
    _require_numba()
    if not is_compiled():
        print(
            "Compiling the engine, once for this version of the program: "
            "half a minute, more on a busy machine.",
            file=sys.stderr,
            flush=True,
        )
        run_compiled(facilities, [np.zeros(0, dtype=WISH)], 0, 1)
