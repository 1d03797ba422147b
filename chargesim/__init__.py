"""Plan ultra-fast charging and battery swapping for a city.

>>> import chargesim as cs
>>> sc = cs.load("scenarios/small_city.yaml")
>>> run = cs.run(sc.replace({"fleet.stock": 5_000}))      # doctest: +SKIP
>>> run.verdict, run.kpis, run.sites, run.sessions        # doctest: +SKIP
>>> cs.plot.utilisation(run)                              # doctest: +SKIP
"""

from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers and editors; a test holds it equal to `_PUBLIC`
    from chargesim.errors import InputError as InputError
    from chargesim.experiment.compare import compare as compare
    from chargesim.experiment.limit import run_limit as run_limit
    from chargesim.experiment.series import run_series as run_series
    from chargesim.experiment.tornado import run_tornado as run_tornado
    from chargesim.experiment.uncertainty import run_uncertainty as run_uncertainty
    from chargesim.runs.open_run import open_run as open_run
    from chargesim.runs.run_scenario import run_scenario
    from chargesim.scenario.reading import load as load
    from chargesim.view import plot as plot
    from chargesim.view.comparison_report import markdown as markdown

    run = run_scenario

_PUBLIC = {
    "InputError": "chargesim.errors:InputError",
    "compare": "chargesim.experiment.compare:compare",
    "load": "chargesim.scenario.reading:load",
    "markdown": "chargesim.view.comparison_report:markdown",
    "open_run": "chargesim.runs.open_run:open_run",
    "plot": "chargesim.view.plot",
    "run": "chargesim.runs.run_scenario:run_scenario",
    "run_limit": "chargesim.experiment.limit:run_limit",
    "run_series": "chargesim.experiment.series:run_series",
    "run_tornado": "chargesim.experiment.tornado:run_tornado",
    "run_uncertainty": "chargesim.experiment.uncertainty:run_uncertainty",
}
"""Where each public name is: module:name, or a module."""

__all__ = [*_PUBLIC]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `chargesim --help` starts at once."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'chargesim' has no attribute {name!r}")
    return resolve_name(_PUBLIC[name])


def __dir__() -> list[str]:
    return sorted(_PUBLIC)
