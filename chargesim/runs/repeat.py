"""Run a finished run again from its directory, and compare every number."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chargesim.errors import InputError
from chargesim.runs.engine_choice import Engine
from chargesim.runs.open_run import find_run
from chargesim.runs.run_scenario import run_scenario
from chargesim.runs.store import program_digest
from chargesim.scenario.file_paths import display_path


@dataclass(frozen=True)
class Repeated:
    """What came out of a run that was made again."""

    replications: int
    """replications that were compared"""
    differing: tuple[str, ...]
    """totals, KPIs or criteria that differ, in words; empty where all is equal"""
    same_program: bool
    """whether this version of the program made the run"""

    @property
    def text(self) -> str:
        """What came out, in a sentence."""
        version = "" if self.same_program else " The run is of another version of the program."
        if not self.differing:
            count = f"{self.replications} replications"
            return f"EQUAL: {count}, all KPIs and the verdict, to the last bit.{version}"
        return f"DIFFERENT: {'; '.join(self.differing)}.{version}"


def repeat_run(
    folder: Path, *, jobs: int = 0, engine: Engine = "auto", progress: bool = True
) -> Repeated:
    """Run the scenario in a run directory again, elsewhere, and compare totals, KPIs and verdict.

    Parameters
    ----------
    folder : Path
        The run directory; it stays as it is.
    jobs, engine, progress
        As for `run_scenario`; they change no number.

    Raises
    ------
    InputError
        When it is no finished run, or has extensions, which its directory does not hold.
    """
    finished = find_run(folder)
    if finished.manifest.get("extensions"):
        words = "has extensions, which a directory does not hold; run it again in Python"
        raise InputError([f"{display_path(folder)}: {words}"])
    first = finished.read()
    with tempfile.TemporaryDirectory(prefix="chargesim-repeat-") as elsewhere:
        again = run_scenario(
            finished.case.loaded,
            out=Path(elsewhere) / "run",
            sessions="none",
            jobs=jobs,
            engine=engine,
            progress=progress,
        )
    differing = []
    pairs = list(zip(first.result.replications, again.result.replications, strict=False))
    for number, (one, other) in enumerate(pairs):
        arrays = other.arrays()
        names = [
            name
            for name, values in one.arrays().items()
            if not np.array_equal(values, arrays[name], equal_nan=values.dtype.kind == "f")
        ]
        if names:
            differing.append(f"replication {number}: {', '.join(names)}")
    if not first.kpis.equals(again.kpis):
        differing.append("KPIs")
    if first.verdict.to_dict() != again.verdict.to_dict():
        differing.append("verdict")
    same = finished.manifest.get("program_digest") == program_digest()
    return Repeated(len(pairs), tuple(differing), same)
