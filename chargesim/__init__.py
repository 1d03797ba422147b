"""Plan ultra-fast charging and battery swapping for a city.

>>> import chargesim as cs
>>> sc = cs.load("scenarios/small_city.yaml")
>>> run = cs.run(sc.replace({"fleet.stock": 5_000}))      # doctest: +SKIP
>>> run.verdict, run.kpis, run.sites, run.sessions        # doctest: +SKIP
>>> cs.plot.utilisation(run)                              # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chargesim.errors import InputError
    from chargesim.experiment.compare import compare
    from chargesim.experiment.limit import run_limit
    from chargesim.experiment.series import run_series
    from chargesim.experiment.tornado import run_tornado
    from chargesim.experiment.uncertainty import run_uncertainty
    from chargesim.runs.open_run import open_run
    from chargesim.runs.run_scenario import run_scenario as run
    from chargesim.scenario.reading import load
    from chargesim.view import plot
    from chargesim.view.comparison_report import markdown

__all__ = [
    "InputError", "compare", "load", "markdown", "open_run", "plot", "run", "run_limit", "run_series", "run_tornado", "run_uncertainty",
]  # fmt: skip

_HOMES = {
    "InputError": ("chargesim.errors", "InputError"),
    "compare": ("chargesim.experiment.compare", "compare"),
    "load": ("chargesim.scenario.reading", "load"),
    "markdown": ("chargesim.view.comparison_report", "markdown"),
    "open_run": ("chargesim.runs.open_run", "open_run"),
    "run": ("chargesim.runs.run_scenario", "run_scenario"),
    "run_limit": ("chargesim.experiment.limit", "run_limit"),
    "run_tornado": ("chargesim.experiment.tornado", "run_tornado"),
    "run_uncertainty": ("chargesim.experiment.uncertainty", "run_uncertainty"),
    "run_series": ("chargesim.experiment.series", "run_series"),
    "plot": ("chargesim.view.plot", ""),
}


def __getattr__(name: str) -> Any:
    """Import the public names when they are first used, so that `chargesim --help` does not wait for them."""
    if name not in _HOMES:
        raise AttributeError(f"module 'chargesim' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    home = import_module(module)
    return getattr(home, attribute) if attribute else home
