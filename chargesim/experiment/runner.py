"""Measure settings of the inputs by the standard, several at a time, each kept in a file of its own."""

import json
from collections.abc import Sequence
from pathlib import Path

from chargesim.analysis.outcomes import Outcome, outcome_of
from chargesim.engine.replication_totals import ReplicationTotals
from chargesim.experiment.points import EngineName, Setting, maker, play_all, result_of
from chargesim.run.parallel import run_parallel
from chargesim.run.storage import write_json


def measure_all(
    settings: Sequence[Setting],
    replications: int,
    folder: Path,
    about: dict[str, str],
    engine: EngineName,
    *,
    jobs: int,
    progress: bool,
    what: str,
) -> list[Outcome]:
    """Return the outcome of each setting; those that the folder has already are read.

    Parameters
    ----------
    settings : sequence of Setting
        Their names are those of their files.
    replications : int
        The same ones for every setting, so that all meet the same random numbers.
    folder : Path
        Where the files go: `points/<name>.json`.
    about : dict of str to str
        What the study is; a file of another one is not taken.
    """
    found = {one.name: _read(folder, one.name, about, replications) for one in settings}
    missing = [one for one in settings if found[one.name] is None]
    if missing:
        calls = [(one, replications, folder, about, engine) for one in missing]
        found |= dict(run_parallel(_measure, calls, jobs, what=what, progress=progress))
    return [outcome for one in settings if (outcome := found[one.name]) is not None]


def _measure(
    setting: Setting, replications: int, folder: Path, about: dict[str, str], engine: EngineName
) -> tuple[str, Outcome]:
    """Run all replications of one setting, and leave its outcome as a file."""
    case = maker.case(setting.loaded)
    runs: list[ReplicationTotals] = []
    for replication in range(replications):
        runs += play_all([case], replication, engine)
    outcome = outcome_of(result_of(case, runs))
    write_json(
        _path(folder, setting.name),
        {**about, "replications": replications, "failed": outcome.to_dict()},
    )
    return setting.name, outcome


def _read(folder: Path, name: str, about: dict[str, str], replications: int) -> Outcome | None:
    try:
        data = json.loads(_path(folder, name).read_text(encoding="utf-8"))
        if (
            any(data.get(key) != value for key, value in about.items())
            or data["replications"] != replications
        ):
            return None
        return Outcome.of(data["failed"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _path(folder: Path, name: str) -> Path:
    return folder / "points" / f"{name}.json"
