"""Offer chargesim on the command line."""

import atexit
import gc

from chargesim.cli import run, studies, verification
from chargesim.cli.options import app
from chargesim.cli.run import EXIT_CODES

__all__ = ["EXIT_CODES", "app", "main", "run", "studies", "verification"]


def main() -> None:
    """Run the command line."""
    atexit.register(gc.freeze)  # the last collection would walk over every compiled function, half a second for nothing
    app()
