"""Compare plans on the same vehicles: run those that have no run yet, and write the comparison."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from chargesim.analysis.comparison import ComparedPlan, Comparison, compare_plans, compared_plan
from chargesim.analysis.comparison_text import first_sentence, plan_lines, rules
from chargesim.analysis.kpis import kpi_frame
from chargesim.analysis.looks import Look
from chargesim.analysis.trend_text import WHOLE, criterion_states
from chargesim.analysis.verdict import judge
from chargesim.errors import InputError
from chargesim.experiment.layouts import compare_over_layouts, layouts_to_compare
from chargesim.experiment.pair_check import check_pair
from chargesim.experiment.runner import Runner
from chargesim.runs.case import Case, build_case
from chargesim.runs.engine_choice import Engine
from chargesim.runs.extension_hash import extension_name
from chargesim.runs.open_run import FinishedRun, find_run
from chargesim.runs.result import as_result
from chargesim.runs.result_directory import ResultDirectory, default_folder, made_with, run_digest
from chargesim.runs.run_scenario import Run, run_scenario
from chargesim.runs.storage import csv_text, write_text
from chargesim.runs.store import program_digest
from chargesim.scenario.file_paths import display_path, folder_of
from chargesim.scenario.reading import LoadedScenario, load

VARIANTS = "variants"
"""Folder of the run directories of a series."""
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
        """Every KPI's paired difference, see `analysis.comparison.Comparison`."""
        return self.comparison.differences

    @property
    def table(self) -> pd.DataFrame:
        """The figures of the table, sure and large differences first."""
        return pd.concat([self.comparison.table(plan.name) for plan in self.comparison.others])

    @property
    def criteria(self) -> pd.DataFrame:
        """The verdict and every criterion, a row each, with a column for each plan."""
        plans = self.comparison.plans
        states = pd.DataFrame({plan.name: criterion_states(plan.verdict) for plan in plans})
        return states.rename(index={WHOLE: "verdict"})

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain data; of the differences the figures of the table."""
        compared = self.comparison
        plans = [
            {
                "name": plan.name,
                "run_dir": str(folder),
                "verdict": plan.verdict.verdict,
                "criteria": plan.verdict.to_dict()["criteria"],
                "words": [] if plan is compared.plans[0] else plan_lines(compared, plan.name),
            }
            for plan, folder in zip(compared.plans, self.run_folders, strict=True)
        ]
        return {
            "compare_dir": str(self.folder),
            "sentence": self.sentence,
            "replications": compared.plans[0].replications,
            "plans": plans,
            "differences": self.table.to_dict(orient="records"),
            "layouts": [] if compared.over is None else list(compared.over.seeds),
            "notes": [*compared.notes, *rules(compared)],
        }


@dataclass(frozen=True)
class _Source:
    """A plan before it is compared: its case, its replications, and how to get them."""

    name: str
    case: Case
    replications: int
    digest: str
    get: Callable[[], Run]
    extensions: tuple[str, ...] = ()
    """names of the SimPy processes of the user's own that ran with it"""
    program: str = field(default_factory=program_digest)
    """hash of the version of the program that ran it"""


def compare(
    *plans: Comparable,
    names: Sequence[str] | None = None,
    set_: Sequence[str] = (),
    changes: Sequence[str] = (),
    replications: int | None = None,
    layouts: int | None = None,
    jobs: int = 0,
    out: str | Path | None = None,
    progress: bool = True,
    engine: Engine = "auto",
) -> ComparedRuns:
    """Compare plans with the first of them on the same vehicles, without figures and Markdown.

    Parameters
    ----------
    plans : Run, LoadedScenario, or path of a scenario file or a run directory
        At least two. A scenario that has not run yet is run, in `runs/<name>-<hash>`.
    names : sequence of str, optional
        What the plans are called; by default as their scenarios.
    set_ : sequence of str
        Changes to every scenario file, as on the command line: `"fleet.stock=1200000"`.
    changes : sequence of str
        The same for keys in which finished runs are checked to agree: seed and horizon.
    replications : int, optional
        How many each scenario runs, and how many are compared at most; by default what each
        scenario says, and the common number.
    layouts : int, optional
        Synthetic layouts over which the differences must hold; by default 5 where the plans differ
        in counts of invented places, else 1.
    jobs, progress, engine
        As for `run_scenario`.
    out : Path, optional
        The directory; by default `runs/compare-<names>-<hash>`.

    Raises
    ------
    InputError
        Before anything runs, when plans cannot be paired: other seed, horizon, districts or
        zones, or no vehicle in common.
    """
    if len(plans) < 2:
        needs = "needs at least two to compare: scenario files or run directories"
        raise InputError([f"got {len(plans)} plan, {needs}"])
    counts = [] if replications is None else [replications]
    keys = [*set_, *changes, *(f"replications={count}" for count in counts)]
    options: dict[str, Any] = {"jobs": jobs, "progress": progress, "engine": engine}
    found = [_source(plan, set_, keys, **options) for plan in plans]
    called = _names(found, plans, names)
    sources = [replace(source, name=name) for source, name in zip(found, called, strict=True)]
    count = min([source.replications for source in sources] + counts)
    notes = _notes(sources, count)
    layouts = _layouts(sources, layouts)
    digest = _identity(sources, count, layouts)
    joined = "-".join(called)[:_LONGEST_NAMES].replace(" ", "_").replace("/", "_")
    own = Path("runs") / f"compare-{joined}-{digest[:12]}"
    folder = own if out is None else folder_of(out)
    head = _head(sources) | {"replications": count, "layouts": layouts, "engine": engine}
    head |= {"set": [*set_, *changes]}
    directory = ResultDirectory(folder, "compare", digest, head)
    directory.say("running")
    with directory.saying_how_it_ends():
        compared, folders = zip(*[_run(source, count) for source in sources], strict=True)
        over = None
        if layouts > 1:
            plans_to_run = [(source.name, source.case.loaded) for source in sources]
            runner = Runner(folder, engine, jobs, progress, whole=True)
            over = compare_over_layouts(plans_to_run, layouts, count, runner)
        done = ComparedRuns(folder, compare_plans(compared, notes, over), folders)
        if over is not None:
            spread = over.table(done.differences)
            write_text(folder / "layouts.csv", csv_text(spread))
        criteria = csv_text(done.criteria, "criterion")
        write_text(folder / "criteria.csv", criteria)
        directory.finish(done.to_dict(), differences=done.differences)
    return done


def _head(sources: Sequence[_Source]) -> dict[str, Any]:
    """Return what the manifest says of the plans and of the program."""
    plans = [
        {
            "name": source.name,
            "scenario": source.case.scenario.name,
            "run": source.digest,
            "program_digest": source.program,
        }
        for source in sources
    ]
    return {"plans": plans, "seed": sources[0].case.scenario.seed, **made_with()}


def _layouts(sources: Sequence[_Source], asked: int | None) -> int:
    """Return over how many layouts the plans are compared; a plan's own processes stay in its."""
    if any(source.extensions for source in sources):
        if (asked or 1) > 1:
            words = "a plan ran with processes of the user's own, which stay in its one layout"
            raise InputError([f"--layouts: got {asked}; {words}"])
        return 1
    return layouts_to_compare([source.case.scenario for source in sources], asked)


def _identity(sources: Sequence[_Source], count: int, layouts: int) -> str:
    """Return the hash that names a comparison of so many replications and layouts."""
    own = [[source.name, source.digest, source.program] for source in sources]
    digests = json.dumps([own, count, layouts, program_digest()])
    return hashlib.sha256(digests.encode()).hexdigest()


def _source(plan: Comparable, set_: Sequence[str], keys: Sequence[str], **options: Any) -> _Source:
    """Return a plan that is ready to be compared; nothing is run yet."""
    if isinstance(plan, str | Path) and not Path(plan).is_dir():
        plan = load(plan, keys)
    elif set_:
        what = f"{plan.case.scenario.name}: is no file" if isinstance(plan, Run) else ""
        what = f"{plan.scenario.name}: is no file" if isinstance(plan, LoadedScenario) else what
        what = what or f"{display_path(Path(str(plan)))}: is a finished run"
        raise InputError([f"{what} and stays as it is; --set {set_[0]} needs scenario files"])
    if isinstance(plan, LoadedScenario):
        return _to_run(plan, **options)
    if isinstance(plan, Run):
        case, extensions = plan.case, plan.case.task.extensions
        return _Source(
            name=case.scenario.name,
            case=case,
            replications=len(plan.result.replications),
            digest=run_digest(case.loaded, extensions),
            get=lambda: plan,
            extensions=tuple(map(extension_name, extensions)),
        )
    found = find_run(Path(plan))
    return _Source(
        name=found.case.scenario.name,
        case=found.case,
        replications=found.replications,
        digest=found.manifest["run"],
        get=found.read,
        extensions=tuple(found.manifest.get("extensions", ())),
        program=str(found.manifest.get("program_digest", "")),
    )


def _to_run(loaded: LoadedScenario, **options: Any) -> _Source:
    """Return a scenario as a plan: its finished run if it is long enough, else its run to come."""
    if loaded.scenario.series is not None:
        alone = "add --set series=null to take the plan by itself"
        raise InputError([f"{display_path(loaded.path)}: is a series of variants; {alone}"])
    case, digest, count = build_case(loaded), run_digest(loaded), loaded.scenario.replications

    def get() -> Run:
        finished = _finished(default_folder(loaded), digest, count)
        if finished is not None:
            return finished.read(count)
        return run_scenario(loaded, case=case, **options)

    return _Source(loaded.scenario.name, case, count, digest, get)


def _finished(folder: Path, digest: str, count: int) -> FinishedRun | None:
    """Return the run in a folder, if it is this one and has enough replications."""
    try:
        found = find_run(folder)
    except InputError:
        return None
    return found if found.manifest["run"] == digest and found.replications >= count else None


def _run(source: _Source, count: int) -> tuple[ComparedPlan, Path]:
    """Return what the comparison needs of a plan's first replications, and its run directory."""
    run = source.get()
    kpis, verdict, result = run.kpis, run.verdict, run.result
    if len(result.replications) != count or verdict.planned_replications != count:
        look = Look(result.look, result.looks, count)
        result = as_result(run.case, result.replications[:count], look)
        kpis, verdict = kpi_frame(result), judge(result)
    return compared_plan(source.name, result, kpis, verdict), run.folder


def _names(
    sources: Sequence[_Source], plans: Sequence[Comparable], given: Sequence[str] | None
) -> list[str]:
    """Return a name for each plan: given, or of its scenario; of its file where two are alike.

    A variant of a series is called as its folder.
    """
    if given is not None:
        if len(given) != len(sources) or len(set(given)) != len(given):
            needs = f"needs {len(sources)} names that differ"
            raise InputError([f"names: got {', '.join(given)}, {needs}"])
        return list(given)
    names = [source.name.replace("_", " ") for source in sources]
    called = []
    for name, plan in zip(names, plans, strict=True):
        path = None if isinstance(plan, LoadedScenario) else plan
        path = Path(path.folder if isinstance(path, Run) else path) if path is not None else None
        is_variant = path is not None and path.is_dir() and path.absolute().parent.name == VARIANTS
        if path is not None and (is_variant or names.count(name) > 1):
            called.append(path.absolute().name if path.is_dir() else path.stem)
        else:
            called.append(name)
    return [
        name if called.count(name) == 1 else f"{name} ({called[: place + 1].count(name)})"
        for place, name in enumerate(called)
    ]


def _notes(sources: Sequence[_Source], count: int) -> list[str]:
    """Return in what the plans differ, `count` replications compared; refuse what has no pair."""
    first, *others = sources
    checks = [check_pair(source.name, source.case, first.name, first.case) for source in others]
    faults = [fault for check in checks for fault in check.faults]
    if faults:
        raise InputError(faults)
    notes = [note for check in checks for note in check.notes]
    others_program = [one.name for one in others if one.program != first.program]
    if others_program:
        ran = f"{', '.join(others_program)} ran with another version of the program than"
        notes.append(f"{ran} {first.name}; a part of the difference may come from that")
    notes += [
        f"{source.name} ran with extensions: {', '.join(source.extensions)}"
        for source in sources
        if source.extensions
    ]
    if any(source.case.scenario.standard != first.case.scenario.standard for source in others):
        notes.append(
            "The standards differ: each plan is judged by its own, the table shows what that of "
            f"{first.name} judges"
        )
    if len({source.replications for source in sources}) > 1:
        have = ", ".join(f"{source.name} {source.replications}" for source in sources)
        notes.append(f"Replications differ ({have}): the first {count} of each are compared")
    return notes
