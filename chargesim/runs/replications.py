"""Run the replications that a run directory lacks, and read them all."""

from dataclasses import dataclass, field
from pathlib import Path

from chargesim.engine.replication_totals import ReplicationTotals
from chargesim.runs.case import Case
from chargesim.runs.engine_choice import make_ready
from chargesim.runs.parallel import pool_of
from chargesim.runs.replication import run_replication, sessions_path, site_hours_path
from chargesim.runs.result_directory import made_by
from chargesim.runs.storage import file_digest
from chargesim.runs.store import Store, content_digest, copy_file, noted_files, stores_beside

SESSIONS_WORTH_A_WORKER = 60_000
"""Below so many sessions of a run, one process is faster: about two seconds of work, as long as
workers take to start."""


MOST_SITE_HOURS = 5_000_000
"""Rows of a replication, one per site and judged hour, up to which they are kept: two months of
the default network."""


@dataclass
class Replications:
    """The replications of a run directory; missing ones are taken from runs beside it, or run."""

    case: Case
    folder: Path
    keep_sessions: bool = False
    jobs: int = 0
    """processes at a time; 0: one per core"""
    progress: bool = True
    ran: list[int] = field(default_factory=list)
    """the replications that were run now"""
    taken: dict[int, str] = field(default_factory=dict)
    """the engine that ran each replication which was taken from a run beside"""
    most_gib: float = 0.0
    """the most memory that a process held [GiB]"""
    _read: dict[int, ReplicationTotals] = field(default_factory=dict)
    _whole: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        content = content_digest(self.case.loaded, self.case.task.extensions)
        beside = stores_beside(self.folder, content)
        self._store = Store(self.folder / "replications", content)
        self._runs = [one.parent for one in beside if one.name == "replications"]

    @property
    def content(self) -> str:
        """The hash that names these replications."""
        return self._store.content

    def first(self, count: int) -> list[ReplicationTotals]:
        """Return the first replications, all of them, or those that could be read back.

        Raises
        ------
        RunStoppedError
            When a worker process was killed; finished replications are kept, see `there`.
        """
        for r in range(count):
            if not self._is_whole(r):
                self._take_from_beside(r)
        there = self.numbers(count)
        todo = [r for r in range(count) if r not in there or not self._is_whole(r)]
        if todo:
            if self.case.task.engine == "compiled":
                make_ready(self.case)
            self._run(todo)
        return self.there(count)

    @property
    def keep_hours(self) -> bool:
        """Whether the hours of the sites are few enough to be kept."""
        task = self.case.task
        return 24 * task.days * len(task.facilities) <= MOST_SITE_HOURS

    def site_hours(self, count: int) -> list[Path]:
        """Return the files of the site-hours of the first finished replications, in order.

        There are none where they are too many to be kept.
        """
        if not self.keep_hours:
            return []
        return [site_hours_path(self.folder, r) for r in sorted(self.numbers(count))]

    def there(self, count: int) -> list[ReplicationTotals]:
        """Return the finished ones of the first replications, in order; run nothing."""
        return [self._read[r] for r in sorted(self.numbers(count))]

    def numbers(self, count: int) -> set[int]:
        """Return the numbers of the finished replications; each is read once."""
        for r in range(count):
            if r not in self._read:
                read = self._store.read(r)
                if read is not None:
                    self._read[r] = read
        return {r for r in self._read if r < count}

    def _files(self, replication: int) -> list[Path]:
        """Return the files of a replication; the totals last, as the mark of completion."""
        files = [site_hours_path(self.folder, replication)] if self.keep_hours else []
        files += [sessions_path(self.folder, replication)] if self.keep_sessions else []
        return [*files, self._store.path(replication)]

    def _is_whole(self, replication: int) -> bool:
        """Return whether all files of a replication are there as they were written."""
        if replication not in self._whole and self._whole_in(self.folder, replication):
            self._whole.add(replication)
        return replication in self._whole

    def _whole_in(self, run: Path, replication: int) -> bool:
        *others, totals = (run / path.relative_to(self.folder) for path in self._files(replication))
        if not totals.is_file():
            return False
        noted = noted_files(totals)
        return all(noted.get(path.parent.name) == file_digest(path) for path in others)

    def _take_from_beside(self, replication: int) -> None:
        """Copy a replication of the same content that a run beside this one has whole."""
        files = self._files(replication)
        for run in self._runs:
            sources = [run / path.relative_to(self.folder) for path in files]
            if self._whole_in(run, replication):
                for source, target in zip(sources, files, strict=True):
                    copy_file(source, target)
                self.taken[replication] = next(iter(made_by(run, [replication])), "unknown")
                return

    def _run(self, todo: list[int]) -> None:
        """Run some replications; each writes its own files: a stop loses only unfinished ones."""
        pool = pool_of(self.jobs or worthwhile_jobs(self.case, len(todo)))
        kept = self.keep_sessions, self.keep_hours
        calls = [(self.case.task, r, self.folder, self._store, *kept) for r in todo]
        self.ran += todo
        done = pool.run(run_replication, calls, what="replications", progress=self.progress)
        for gib in done:
            self.most_gib = max(self.most_gib, gib)


def expected_sessions(case: Case) -> float:
    """Return the sessions of a replication, lead-in included."""
    task = case.task
    return sum(task.demand.expected_wishes(day) for day in range(task.lead_in_days + task.days))


def worthwhile_jobs(case: Case, replications: int) -> int:
    """Return the jobs of a run that asks for none: 1 if it ends before workers start, else 0."""
    return 1 if expected_sessions(case) * replications < SESSIONS_WORTH_A_WORKER else 0
