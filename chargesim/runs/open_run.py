"""Open a finished run again from its directory, without simulating anything."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chargesim.analysis.kpis import kpi_frame
from chargesim.analysis.looks import Look, LookSchedule
from chargesim.analysis.run_checks import check_run
from chargesim.analysis.verdict import judge
from chargesim.errors import InputError
from chargesim.runs.case import Case, build_case
from chargesim.runs.resource_use import ResourceUse
from chargesim.runs.result import as_result
from chargesim.runs.result_directory import INPUTS, RESOLVED, engine_text, scenario_digest
from chargesim.runs.run_scenario import Run
from chargesim.runs.store import MANIFEST, TOTALS_FORMAT, Store
from chargesim.scenario.file_paths import display_path
from chargesim.scenario.reading import LoadedScenario, load_resolved

_OTHER_VERSION = "run it again from its scenario file, or compare with the version that made it"


@dataclass(frozen=True)
class FinishedRun:
    """A complete run directory: its case and its manifest; `read` reads the replications."""

    folder: Path
    case: Case
    manifest: dict[str, Any]

    @property
    def replications(self) -> int:
        """Number of replications that the verdict is based on."""
        return self._look.replications

    @property
    def _look(self) -> Look:
        """The look at which the run stopped."""
        scenario = self.case.scenario
        return LookSchedule(scenario.replications, scenario.looks).looks[
            int(self.manifest["look"]) - 1
        ]

    def read(self, replications: int | None = None) -> Run:
        """Return the run, with KPIs and verdict of its first replications.

        Parameters
        ----------
        replications : int, optional
            How many; all by default.
        """
        count = replications or self.replications
        store = Store(self.folder / "replications", self.manifest["content"])
        read = {number: store.read(number) for number in range(count)}
        missing = [number for number, totals in read.items() if totals is None]
        if missing:
            path = store.path(missing[0])
            again = f"the command that made {display_path(self.folder)} makes it again"
            raise InputError([f"{display_path(path)}: is missing or broken; {again}"])
        there = [totals for totals in read.values() if totals is not None]
        result = as_result(self.case, there, replace(self._look, replications=count))
        took = ResourceUse(float(self.manifest.get("seconds", 0.0)), float("nan"))
        return Run(
            self.folder,
            self.case,
            result,
            kpi_frame(result),
            judge(result),
            engine_text(self.manifest),
            check_run(result),
            took,
        )


def open_run(folder: str | Path) -> Run:
    """Open a finished run from its directory.

    Parameters
    ----------
    folder : str or Path
        A run directory; it holds its scenario and tables, so it can be moved anywhere.

    Raises
    ------
    InputError
        When it is no run, is not finished, was changed, or was made by another version of the
        program.
    """
    return find_run(Path(folder)).read()


def find_run(folder: Path) -> FinishedRun:
    """Return a finished run whose replications have not been read yet; raises as `open_run`."""
    manifest, name = _manifest(folder), display_path(folder)
    if manifest.get("state") != "complete":
        go_on = "`chargesim run` with its scenario and --out goes on from there"
        raise InputError([f"{name}: this run is not finished; {go_on}"])
    if manifest.get("totals_format") != TOTALS_FORMAT:
        version = f"another version of the program (chargesim {manifest.get('chargesim', '?')})"
        raise InputError([f"{name}: was made by {version}; {_OTHER_VERSION}"])
    loaded = _scenario(folder)
    if scenario_digest(loaded) != manifest.get("scenario_digest"):
        changed = f"{RESOLVED} or a table in {INPUTS} has been changed since it ran"
        raise InputError([f"{name}: {changed}; run it again"])
    return FinishedRun(folder, build_case(loaded), manifest)


def _manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a run directory."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        known = "run" in manifest and isinstance(manifest.get("look", 1), int)
        command = str(manifest.get("command", "run"))
    except (OSError, ValueError, AttributeError, TypeError):
        known = False
    if not known:
        words = (
            "is no run directory, it has no manifest.json of a run; name one, or a scenario file"
        )
        raise InputError([f"{display_path(folder)}: {words}"])
    if command == "series":
        variants = display_path(folder / "variants")
        words = f"is a series; name the run directory of a variant in {variants}"
        raise InputError([f"{display_path(folder)}: {words}"])
    if command != "run":
        raise InputError(
            [f"{display_path(folder)}: is the directory of `chargesim {command}`, not a run"]
        )
    return dict(manifest)


def _scenario(folder: Path) -> LoadedScenario:
    """Return the scenario of a run directory, with its tables."""
    try:
        return load_resolved(folder / RESOLVED, folder / INPUTS)
    except InputError as error:
        raise InputError(
            [f"{display_path(folder)}: its scenario cannot be read again", *error.faults]
        ) from None
