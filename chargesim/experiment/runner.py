"""Run the points of a design, several at a time, and reuse every replication that is there already.

Points run in batches. Of each replication a worker draws the demand once for all points of a batch
that differ in nothing but the number of wishes (`demand.thinning`). Each replication of a point is
a file of its own (`runs.store`), so a study that was stopped goes on, and another study takes what
is there. A network is built again only where a change touches it.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import pandas as pd

from chargesim.analysis.result import RunResult
from chargesim.demand.thinning import Demand, days_of_all, shared_draw
from chargesim.engine.replication_totals import ReplicationTotals
from chargesim.experiment.design import Design, Point
from chargesim.experiment.responses import responses_of
from chargesim.network.build import network_part
from chargesim.network.network import Network
from chargesim.runs.case import Case, build_case
from chargesim.runs.engine_choice import Engine, choose_engine, make_ready
from chargesim.runs.parallel import pool_of
from chargesim.runs.replication import days_of, play
from chargesim.runs.replications import SESSIONS_WORTH_A_WORKER, expected_sessions
from chargesim.runs.result import as_result
from chargesim.runs.run_scenario import Run, Sessions, run_scenario
from chargesim.runs.storage import read_frame, write_frame
from chargesim.runs.store import Store, content_digest, copy_file, stores_beside
from chargesim.scenario.reading import LoadedScenario

EngineName = Literal["simpy", "compiled"]
T = TypeVar("T")
MOST_IN_A_BATCH = 16
BATCHES_A_WORKER = 4
"""Batches for each worker, at least, so that none waits long for the last."""
_MOST_NETWORKS = 12
_JUDGED = (
    "outcomes", "within", "wait_bins", "arrivals", "pack_found",
    "ended_by_day", "unserved_by_day", "within_by_day", "arrivals_by_day", "pack_found_by_day",
)  # fmt: skip
"""Arrays of the totals that the standard is judged by."""


class CaseBuilder:
    """Builds cases; keeps the networks of the last ones and the cases of the last call."""

    def __init__(self) -> None:
        self._networks: OrderedDict[str, Network] = OrderedDict()
        self._cases: dict[str, Case] = {}

    def cases(self, points: Sequence[Point]) -> list[Case]:
        """Return the case of each point."""
        digests = [point.loaded.digest() + point.adapted for point in points]
        self._cases = {digest: case for digest, case in self._cases.items() if digest in digests}
        for digest, point in zip(digests, points, strict=True):
            if digest not in self._cases:
                case = self.case(point.loaded)
                self._cases[digest] = case if point.adapt is None else point.adapt(case)
        return [self._cases[digest] for digest in digests]

    def case(self, loaded: LoadedScenario) -> Case:
        """Return the case of one scenario, and keep its network."""
        tables = b"".join(hashlib.sha256(path.read_bytes()).digest() for path in loaded.tables())
        part = f"{loaded.folder.resolve()}/{network_part(loaded.scenario)}"
        key = f"{hashlib.sha256(tables).hexdigest()}/{part}"
        case = build_case(loaded, network=self._networks.get(key))
        self._networks[key] = case.network
        self._networks.move_to_end(key)
        while len(self._networks) > _MOST_NETWORKS:
            self._networks.popitem(last=False)
        return case


builder = CaseBuilder()
"""The one of this process: a worker keeps its networks from batch to batch."""


@dataclass(frozen=True)
class Runner:
    """Runs designs into the folder of a study.

    Attributes
    ----------
    folder : Path
        The directory of the study; its replications go to `points/`.
    engine : {"auto", "simpy", "compiled"}
        It changes no result.
    jobs : int
        Processes; 0: one per core. It changes no result.
    progress : bool
        Show a bar with the time left.
    whole : bool
        Keep all totals of a replication, or what the standard is judged by: a few per cent.
    """

    folder: Path
    engine: Engine = "auto"
    jobs: int = 0
    progress: bool = True
    whole: bool = False

    def responses(self, design: Design, *, what: str = "points") -> pd.DataFrame:
        """Return the table of responses of a design; see `experiment.responses`."""
        count, workers = design.replications, pool_of(self.jobs).workers
        files = {point.name: self._table(point, count) for point in design.points}
        there = {
            name: frame for name, path in files.items() if (frame := read_frame(path)) is not None
        }
        missing = [point for point in design.points if point.name not in there]
        if len(missing) < workers:  # then replications run side by side, not points
            few = Design(tuple(missing), count)
            for point, result in zip(missing, self.results(few, what=what), strict=True):
                write_frame(files[point.name], responses_of(result))
        else:
            size = min(MOST_IN_A_BATCH, -(-len(missing) // (BATCHES_A_WORKER * workers)))
            batches = [missing[i : i + size] for i in range(0, len(missing), size)]
            engine = self._engine(missing, count)
            self._finish(_respond, [(self, batch, count, engine) for batch in batches], what)
        there |= {one.name: pd.read_parquet(files[one.name].absolute()) for one in missing}
        frames = [there[name].assign(point=name) for name in files]
        return pd.concat(frames, ignore_index=True)

    def results(self, design: Design, *, what: str = "replications") -> list[RunResult]:
        """Return the result of each point, ready to be judged; its replications are kept."""
        numbers, points = range(design.replications), design.points
        stores = [self.store(point) for point in points]
        missing = [r for r in numbers if any(store.read(r) is None for store in stores)]
        if missing:
            engine = self._engine(points, len(missing))
            self._finish(_keep, [(self, points, r, engine) for r in missing], what)
        found = []
        for case, store in zip(builder.cases(points), stores, strict=True):
            totals = [read for r in numbers if (read := store.read(r)) is not None]
            found.append(as_result(case, totals))
        return found

    def store(self, point: Point) -> Store:
        """Return where the replications of a point are kept."""
        content = content_digest(point.loaded, adapted=point.adapted)
        folder = self.folder / "points" / content[:16]
        return Store(folder, content, self.whole, stores_beside(self.folder, content))

    def _table(self, point: Point, count: int) -> Path:
        """Return the file of a point's responses, by its standard and number of replications.

        One that a study beside this one has is copied here.
        """
        store, standard = self.store(point), point.loaded.scenario.standard.model_dump_json()
        name = f"responses-{hashlib.sha256(standard.encode()).hexdigest()[:8]}-{count}.parquet"
        there = [folder / name for folder in store.beside if (folder / name).is_file()]
        if there and not (store.folder / name).is_file():
            copy_file(there[0], store.folder / name)
        return store.folder / name

    def _engine(self, points: Sequence[Point], replications: int) -> EngineName:
        """Return the engine for some points, compiled where it is the compiled one."""
        first = builder.cases(points[:1])[0]
        sessions = expected_sessions(first) * replications * len(points)
        engine = choose_engine(self.engine, first, sessions)[0]
        if engine == "compiled":
            make_ready(first)
        return engine

    def _finish(
        self, function: Callable[..., None], calls: Sequence[tuple[Any, ...]], what: str
    ) -> None:
        for _ in pool_of(self.jobs).run(function, calls, what=what, progress=self.progress):
            pass


@dataclass(frozen=True)
class RunOptions:
    """How scenarios are run into run directories; see `run_scenario`."""

    jobs: int = 0
    sessions: Sessions = "none"
    progress: bool = True
    engine: Engine = "auto"


def run_whole(
    scenarios: Mapping[Path, LoadedScenario],
    read: Callable[[Path, Run], T],
    options: RunOptions,
    *,
    what: str,
) -> list[T]:
    """Run scenarios of like size, each into a run directory of its own.

    Many run at a time, one process each; few one after the other, their replications at a time.

    Parameters
    ----------
    scenarios : mapping of Path to LoadedScenario
        By run directory.
    read : callable
        Returns what is kept of a run; called in the process that ran it.
    options : RunOptions
    what : str
        What a scenario is, written before the bar.
    """
    first = builder.case(next(iter(scenarios.values())))
    count = expected_sessions(first) * first.scenario.replications
    if choose_engine(options.engine, first, count)[0] == "compiled":
        make_ready(first)
    workers = pool_of(options.jobs).workers
    many = count * len(scenarios) >= SESSIONS_WORTH_A_WORKER
    apart = many and workers > 1 and len(scenarios) >= workers
    inside = replace(options, jobs=1 if apart or not many else workers)
    calls = [(folder, loaded, read, inside) for folder, loaded in scenarios.items()]
    pool = pool_of(workers if apart else 1)
    done = dict(pool.run(_run_one, calls, what=what, progress=options.progress))
    return [done[folder] for folder in scenarios]


def _run_one(
    folder: Path, loaded: LoadedScenario, read: Callable[[Path, Run], T], options: RunOptions
) -> tuple[Path, T]:
    chosen: Any = {"jobs": options.jobs, "sessions": options.sessions, "engine": options.engine}
    return folder, read(folder, run_scenario(loaded, out=folder, progress=False, **chosen))


def _respond(runner: Runner, points: Sequence[Point], count: int, engine: EngineName) -> None:
    """Run the replications that some points lack, and leave the responses of each as a file."""
    totals: list[list[ReplicationTotals]] = [[] for _ in points]
    for replication in range(count):
        for place, one in enumerate(_play(runner, points, replication, engine)):
            totals[place].append(one)
    for point, case, mine in zip(points, builder.cases(points), totals, strict=True):
        write_frame(runner._table(point, count), responses_of(as_result(case, mine)))


def _keep(runner: Runner, points: Sequence[Point], replication: int, engine: EngineName) -> None:
    """Run one replication at the points that lack it, and leave the totals of each as a file."""
    for point, totals in zip(points, _play(runner, points, replication, engine), strict=True):
        store = runner.store(point)
        if store.read(replication) is None:
            store.write(replication, totals)


def _play(
    runner: Runner, points: Sequence[Point], replication: int, engine: EngineName
) -> list[ReplicationTotals]:
    """Return one replication of each point: read where it is there, else run."""
    cases = builder.cases(points)
    totals = [runner.store(point).read(replication) for point in points]
    missing = [place for place, one in enumerate(totals) if one is None]
    played = iter(play_all([cases[place] for place in missing], replication, engine))
    keep = (lambda one: one) if runner.whole else for_the_standard
    return [keep(next(played)) if one is None else one for one in totals]


def play_all(
    cases: Sequence[Case], replication: int, engine: EngineName
) -> list[ReplicationTotals]:
    """Run one replication of each case; cases whose demands nest share one draw of it."""
    played: dict[int, ReplicationTotals] = {}
    for places in nested([case.task.demand for case in cases]):
        together = [cases[place] for place in places]
        demands, days = [case.task.demand for case in together], days_of(together[0].task)
        drawn = days_of_all(demands, replication, days)
        for place, case, tables in zip(places, together, drawn, strict=True):
            played[place] = play(replace(case.task, engine=engine), replication, tables)
    return [played[place] for place in range(len(cases))]


def nested(demands: Sequence[Demand]) -> list[list[int]]:
    """Return the demands in groups, by place, that differ in nothing but the number of wishes."""
    groups: list[list[int]] = []
    for place, demand in enumerate(demands):
        for group in groups:
            if shared_draw([demands[group[0]], demand]) is not None:
                group.append(place)
                break
        else:
            groups.append([place])
    return groups


def for_the_standard(totals: ReplicationTotals) -> ReplicationTotals:
    """Return what criteria are judged by, a few per cent of the whole; waits without their hour."""
    empty = {name: values[:0] for name, values in totals.arrays().items() if name not in _JUDGED}
    wait_bins = totals.wait_bins.sum(axis=3, keepdims=True)
    return replace(totals, **empty, wait_bins=wait_bins)
