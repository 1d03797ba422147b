"""Offer chargesim on the command line."""

import atexit
import gc
import signal

from chargesim.cli.calibration import backtest, fit
from chargesim.cli.export import export
from chargesim.cli.imports import import_sessions, import_stations
from chargesim.cli.messages import write_any_text
from chargesim.cli.options import app
from chargesim.cli.run import EXIT_CODES, check, run, schema
from chargesim.cli.start import new, scenarios
from chargesim.cli.studies import compare, lead_in, limit, tornado, uncertainty
from chargesim.cli.verification import bench, coverage, engines, repeat, verify

__all__ = [
    "EXIT_CODES",
    "app",
    "backtest",
    "bench",
    "check",
    "compare",
    "coverage",
    "engines",
    "export",
    "fit",
    "import_sessions",
    "import_stations",
    "lead_in",
    "limit",
    "main",
    "new",
    "repeat",
    "run",
    "scenarios",
    "schema",
    "tornado",
    "uncertainty",
    "verify",
]  # fmt: skip


def main() -> None:
    """Run the command line."""
    # SIGTERM and a closed terminal act as Ctrl-C does: finished work is kept
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP, and nohup ignores it
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    write_any_text()
    # the last collection would visit every compiled function: half a second for nothing
    atexit.register(gc.freeze)
    app()
