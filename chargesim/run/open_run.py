"""Open a finished run again from its directory, without simulating anything."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chargesim.analysis.kpis import kpi_frame
from chargesim.analysis.looks import Look, Plan
from chargesim.analysis.run_checks import check_run
from chargesim.analysis.verdict import judge
from chargesim.errors import InputError
from chargesim.run.case import Case, build_case
from chargesim.run.replication import totals_path
from chargesim.run.resource_use import ResourceUse
from chargesim.run.run_directory import (
    INPUTS,
    RESOLVED,
    engine_text,
    program_digest,
    scenario_digest,
)
from chargesim.run.run_scenario import Run, as_result
from chargesim.run.storage import read_totals
from chargesim.scenario.reading import LoadedScenario, load_resolved
from chargesim.scenario.table_reader import shown

_OTHER_VERSION = "run it again from its scenario file, or compare with the version that made it"


@dataclass(frozen=True)
class FinishedRun:
    """A run directory that has been found whole: its case, and what its manifest says; its replications are read by `read`."""

    folder: Path
    case: Case
    manifest: dict[str, Any]

    @property
    def replications(self) -> int:
        """Number of replications that the verdict rests on."""
        return self._look.replications

    @property
    def _look(self) -> Look:
        """The look at which the run stopped."""
        scenario = self.case.scenario
        return Plan(scenario.replications, scenario.looks).looks[int(self.manifest["look"]) - 1]

    def read(self, replications: int | None = None) -> Run:
        """Return the run, with KPIs and verdict of its first replications.

        Parameters
        ----------
        replications : int, optional
            How many; all by default.
        """
        count, about = replications or self.replications, {"run": self.manifest["run"]}
        read = {
            number: read_totals(totals_path(self.folder, number), about) for number in range(count)
        }
        missing = [number for number, totals in read.items() if totals is None]
        if missing:
            path = totals_path(self.folder, missing[0])
            raise InputError(
                [
                    f"{shown(path)}: is missing or broken; the command that made {shown(self.folder)} makes it again"
                ]
            )
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
        A run directory, wherever it has been moved to: its scenario and tables are in it.

    Raises
    ------
    InputError
        When it is no run, is not finished, has been changed, or was made by another version of the program.
    """
    return find_run(Path(folder)).read()


def find_run(folder: Path) -> FinishedRun:
    """Return a finished run whose replications have not been read yet; raises as `open_run` does."""
    manifest = _manifest(folder)
    if manifest.get("state") != "complete":
        raise InputError(
            [
                f"{shown(folder)}: this run is not finished; `chargesim run` with its scenario and --out goes on from there"
            ]
        )
    if manifest.get("program_digest") != program_digest():
        made_by = manifest.get("chargesim", "unknown")
        raise InputError(
            [
                f"{shown(folder)}: was made by another version of the program (chargesim {made_by}); {_OTHER_VERSION}"
            ]
        )
    loaded = _scenario(folder)
    if scenario_digest(loaded) != manifest.get("scenario_digest"):
        raise InputError(
            [
                f"{shown(folder)}: {RESOLVED} or a table in {INPUTS} has been changed since it ran; run it again"
            ]
        )
    return FinishedRun(folder, build_case(loaded), manifest)


def _manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a run directory."""
    if (folder / "series.json").is_file():
        raise InputError(
            [
                f"{shown(folder)}: is a series; name the run directory of a variant in {shown(folder / 'variants')}"
            ]
        )
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        known = (
            isinstance(manifest, dict)
            and "run" in manifest
            and isinstance(manifest.get("look", 1), int)
        )
    except (OSError, ValueError):
        known = False
    if not known:
        raise InputError(
            [
                f"{shown(folder)}: is no run directory, it has no manifest.json of a run; name one, or a scenario file"
            ]
        )
    return dict(manifest)


def _scenario(folder: Path) -> LoadedScenario:
    """Return the scenario of a run directory, with the tables that were written beside it."""
    try:
        return load_resolved(folder / RESOLVED, folder / INPUTS)
    except InputError as error:
        raise InputError(
            [f"{shown(folder)}: its scenario cannot be read again", *error.faults]
        ) from None
