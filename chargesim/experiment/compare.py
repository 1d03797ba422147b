"""Compare plans on the same vehicles: run those that are not run yet, pair their replications, write the comparison."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from chargesim.analysis.comparison import Comparison, Plan, compare_plans, plan_of
from chargesim.analysis.comparison_words import first_sentence, plan_lines, rules
from chargesim.analysis.kpis import kpi_frame
from chargesim.analysis.looks import Look
from chargesim.analysis.series import criterion_state
from chargesim.analysis.verdict import judge
from chargesim.errors import InputError
from chargesim.experiment.pairing import pair
from chargesim.runs.case import Case, build_case
from chargesim.runs.engine_choice import Engine
from chargesim.runs.extension_hash import extension_name
from chargesim.runs.open_run import FinishedRun, find_run
from chargesim.runs.result import as_result
from chargesim.runs.result_directory import ResultDirectory, default_folder, run_digest
from chargesim.runs.run_scenario import Run, run_scenario
from chargesim.runs.storage import write_text
from chargesim.scenario.file_paths import display_path
from chargesim.scenario.reading import LoadedScenario, load

_LONGEST_NAMES = 120
Comparable = Run | LoadedScenario | str | Path


@dataclass(frozen=True)
class ComparedRuns:
    """A finished comparison of plans.

    Attributes
    ----------
    folder : Path
        The comparison's directory.
    comparison : Comparison
        Plans and paired differences, what the plots draw.
    run_folders : tuple of Path
        The run directory of each plan.
    """

    folder: Path
    comparison: Comparison
    run_folders: tuple[Path, ...]

    @property
    def sentence(self) -> str:
        """The sentence that answers: which plan is better in what, by how much, how sure."""
        return first_sentence(self.comparison)

    @property
    def differences(self) -> pd.DataFrame:
        """Every KPI's paired difference, the figures of the table first; see `analysis.comparison.Comparison`."""
        return self.comparison.differences

    @property
    def table(self) -> pd.DataFrame:
        """The figures of the table, those that differ for sure and by most first."""
        return pd.concat([self.comparison.table(plan.name) for plan in self.comparison.others])

    @property
    def criteria(self) -> pd.DataFrame:
        """The verdict and every criterion, a row each, with a column for each plan."""
        columns = {
            plan.name: {"verdict": plan.verdict.verdict, **_states(plan)}
            for plan in self.comparison.plans
        }
        return pd.DataFrame(columns)

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain data; of the differences the figures of the table."""
        return {
            "compare_dir": str(self.folder),
            "sentence": self.sentence,
            "replications": self.comparison.plans[0].replications,
            "plans": [
                {
                    "name": plan.name,
                    "run_dir": str(folder),
                    "verdict": plan.verdict.verdict,
                    "criteria": plan.verdict.to_dict()["criteria"],
                    "words": []
                    if plan is self.comparison.plans[0]
                    else plan_lines(self.comparison, plan.name),
                }
                for plan, folder in zip(self.comparison.plans, self.run_folders, strict=True)
            ],
            "differences": self.table.to_dict(orient="records"),
            "notes": [*self.comparison.notes, *rules(self.comparison)],
        }


@dataclass(frozen=True)
class _Source:
    """A plan before it is compared: its case, how many replications it has or will have, and how to get them."""

    name: str
    case: Case
    replications: int
    digest: str
    get: Callable[[], Run]
    extensions: tuple[str, ...] = ()
    """names of the SimPy processes of the user's own that ran with it"""


def compare(
    *plans: Comparable,
    names: Sequence[str] | None = None,
    set_: Sequence[str] = (),
    changes: Sequence[str] = (),
    replications: int | None = None,
    jobs: int = 0,
    out: Path | None = None,
    progress: bool = True,
    engine: Engine = "auto",
) -> ComparedRuns:
    """Compare plans with the first of them on the same vehicles; figures and Markdown apart.

    Parameters
    ----------
    plans : Run, LoadedScenario, or path of a scenario file or a run directory
        At least two. A scenario that has not run yet is run, in `runs/<name>-<hash>`.
    names : sequence of str, optional
        How the plans are called; by default as their scenarios.
    set_ : sequence of str
        Changes to every scenario file, as on the command line: `"fleet.stock=1200000"`.
    changes : sequence of str
        The same for keys that a finished run need not take, because it is seen whether it agrees: seed and horizon.
    replications : int, optional
        How many each scenario runs, and how many are compared at most; by default what each scenario says, and the common number.
    jobs, progress, engine
        As for `run_scenario`.
    out : Path, optional
        The directory; by default `runs/compare-<names>-<hash>`.

    Raises
    ------
    InputError
        Before anything runs, when plans cannot be paired: other seed, horizon, city, or no vehicle in common.
    """
    if len(plans) < 2:
        raise InputError(
            [
                f"got {len(plans)} plan, needs at least two to compare: scenario files or run directories"
            ]
        )
    told = [
        *set_,
        *changes,
        *([f"replications={replications}"] if replications is not None else []),
    ]
    sources = [
        _source(plan, set_, told, jobs=jobs, progress=progress, engine=engine) for plan in plans
    ]
    sources = [
        replace(source, name=name)
        for source, name in zip(sources, _names(sources, plans, names), strict=True)
    ]
    notes = _notes(sources)
    count = min(
        [source.replications for source in sources]
        + ([replications] if replications is not None else [])
    )
    if len({source.replications for source in sources}) > 1:
        have = ", ".join(f"{source.name} {source.replications}" for source in sources)
        notes.append(f"Replications differ ({have}): the first {count} of each are compared")
    about = {
        "run": hashlib.sha256(
            json.dumps([[source.name, source.digest] for source in sources]).encode()
        ).hexdigest()
    }
    joined = (
        "-".join(source.name for source in sources)[:_LONGEST_NAMES]
        .replace(" ", "_")
        .replace("/", "_")
    )
    folder = out or Path("runs") / f"compare-{joined}-{about['run'][:12]}"
    directory = ResultDirectory(folder, "comparison", about["run"])
    directory.say("running")
    compared, folders = zip(*[_played(source, count) for source in sources], strict=True)
    done = ComparedRuns(folder, compare_plans(compared, notes), folders)
    write_text(
        folder / "criteria.csv", done.criteria.to_csv(index_label="criterion", lineterminator="\n")
    )
    directory.finish(done.to_dict(), differences=done.differences)
    return done


def _source(plan: Comparable, set_: Sequence[str], told: Sequence[str], **options: Any) -> _Source:
    """Return a plan that is ready to be compared; nothing is run yet."""
    if isinstance(plan, str | Path) and not Path(plan).is_dir():
        plan = load(plan, told)
    elif set_:
        what = (
            f"{display_path(Path(plan))}: is a finished run"
            if isinstance(plan, str | Path)
            else f"{_scenario_name(plan)}: is no file"
        )
        raise InputError([f"{what} and stays as it is; --set {set_[0]} needs scenario files"])
    if isinstance(plan, LoadedScenario):
        return _to_run(plan, **options)
    found = find_run(Path(plan)) if isinstance(plan, str | Path) else None
    if found is not None:
        extensions = tuple(found.manifest.get("extensions", ()))
        return _Source(
            found.case.scenario.name,
            found.case,
            found.replications,
            found.manifest["run"],
            found.read,
            extensions,
        )
    assert isinstance(plan, Run)
    run = plan
    digest = run_digest(run.case.loaded, run.case.task.extensions)
    extensions = tuple(extension_name(extension) for extension in run.case.task.extensions)
    return _Source(
        run.case.scenario.name,
        run.case,
        len(run.result.replications),
        digest,
        lambda: run,
        extensions,
    )


def _scenario_name(plan: Comparable) -> str:
    if isinstance(plan, Run):
        return plan.case.scenario.name
    return plan.scenario.name if isinstance(plan, LoadedScenario) else str(plan)


def _to_run(loaded: LoadedScenario, **options: Any) -> _Source:
    """Return a scenario as a plan: its run directory where it is whole and long enough, else its run, to come."""
    if loaded.scenario.series is not None:
        raise InputError(
            [
                f"{display_path(loaded.path)}: is a series of variants; add --set series=null to take the plan by itself"
            ]
        )
    case, digest, count = build_case(loaded), run_digest(loaded), loaded.scenario.replications

    def get() -> Run:
        finished = _finished(default_folder(loaded), digest, count)
        return (
            finished.read(count)
            if finished is not None
            else run_scenario(loaded, case=case, **options)
        )

    return _Source(loaded.scenario.name, case, count, digest, get)


def _finished(folder: Path, digest: str, count: int) -> FinishedRun | None:
    """Return the run that stands in a folder, if it is this one and has enough replications: it is left as it is."""
    try:
        found = find_run(folder)
    except InputError:
        return None
    return found if found.manifest["run"] == digest and found.replications >= count else None


def _played(source: _Source, count: int) -> tuple[Plan, Path]:
    """Return what the comparison needs of a plan's first replications, and its run directory; the run itself is let go."""
    run = source.get()
    kpis, verdict, result = run.kpis, run.verdict, run.result
    if len(result.replications) != count or verdict.planned_replications != count:
        result = as_result(
            run.case, result.replications[:count], Look(result.look, result.looks, count)
        )
        kpis, verdict = kpi_frame(result), judge(result)
    return plan_of(source.name, result, kpis, verdict), run.folder


def _names(
    sources: Sequence[_Source], plans: Sequence[Comparable], given: Sequence[str] | None
) -> list[str]:
    """Return a name for each plan: those given, else the scenarios', else their files' where two scenarios have one name."""
    if given is not None:
        if len(given) != len(sources) or len(set(given)) != len(given):
            raise InputError(
                [f"names: got {', '.join(given)}, needs {len(sources)} names that differ"]
            )
        return list(given)
    names = [source.name.replace("_", " ") for source in sources]
    paths = [
        plan.folder
        if isinstance(plan, Run)
        else Path(plan)
        if isinstance(plan, str | Path)
        else None
        for plan in plans
    ]
    called = [
        (path.name if path.is_dir() else path.stem)
        if names.count(name) > 1 and path is not None
        else name
        for name, path in zip(names, paths, strict=True)
    ]
    return [
        name if called.count(name) == 1 else f"{name} ({called[: place + 1].count(name)})"
        for place, name in enumerate(called)
    ]


def _notes(sources: Sequence[_Source]) -> list[str]:
    """Return in what the plans differ; refuse what cannot be paired."""
    first = sources[0]
    pairs = [pair(source.name, source.case, first.name, first.case) for source in sources[1:]]
    faults = [fault for one in pairs for fault in one.faults]
    if faults:
        raise InputError(faults)
    notes = [note for one in pairs for note in one.notes]
    notes += [
        f"{source.name} ran with extensions: {', '.join(source.extensions)}"
        for source in sources
        if source.extensions
    ]
    if any(source.case.scenario.standard != first.case.scenario.standard for source in sources):
        notes.append(
            f"The standards differ: each plan is judged by its own, the table shows what that of {first.name} judges"
        )
    return notes


def _states(plan: Plan) -> dict[str, str]:
    return {item.name: criterion_state(item) for item in plan.verdict.criteria}
