"""Run the replications that a run directory lacks, side by side, and read them all."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from chargesim.engine.replication_totals import ReplicationTotals
from chargesim.run.case import Case
from chargesim.run.engine_choice import make_ready
from chargesim.run.parallel import run_parallel
from chargesim.run.replication import (
    run_replication,
    sessions_path,
    site_hours_path,
    totals_path,
)
from chargesim.run.storage import read_totals

SESSIONS_WORTH_A_WORKER = 60_000
"""Sessions of a run below which it stays in one process: two seconds of work, what workers take to start."""


@dataclass
class Replications:
    """The replications of a run directory; those that are asked for and not there are run."""

    case: Case
    folder: Path
    about: dict[str, str]
    keep_sessions: bool = False
    jobs: int = 0
    """processes side by side; 0: one per core"""
    progress: bool = True
    ran: list[int] = field(default_factory=list)
    """the replications that were run now"""
    most_gib: float = 0.0
    """the most memory that a process held [GiB]"""
    _read: dict[int, ReplicationTotals] = field(default_factory=dict)

    def first(self, count: int) -> list[ReplicationTotals]:
        """Return the first replications, all of them, or those that could be read back.

        Raises
        ------
        RunStoppedError
            When a worker process was killed; what is finished is kept, see `there`.
        """
        there = self.numbers(count)
        todo = [r for r in range(count) if r not in there or not self._has_tables(r)]
        if todo:
            if self.case.task.engine == "compiled":
                make_ready(self.case)
            self._run(todo)
        return self.there(count)

    def site_hours(self, count: int) -> list[Path]:
        """Return the files of the site-hours of the first replications that are finished, in order."""
        return [site_hours_path(self.folder, r) for r in sorted(self.numbers(count))]

    def there(self, count: int) -> list[ReplicationTotals]:
        """Return those of the first replications that are finished, in order; run nothing."""
        return [self._read[r] for r in sorted(self.numbers(count))]

    def numbers(self, count: int) -> set[int]:
        """Return the numbers of the replications that are finished; each is read once."""
        for r in range(count):
            if r not in self._read:
                read = read_totals(totals_path(self.folder, r), self.about)
                if read is not None:
                    self._read[r] = read
        return {r for r in self._read if r < count}

    def _has_tables(self, replication: int) -> bool:
        paths = [site_hours_path(self.folder, replication)]
        paths += [sessions_path(self.folder, replication)] if self.keep_sessions else []
        return all(path.is_file() for path in paths)

    def _run(self, todo: list[int]) -> None:
        """Run some replications; each leaves its own files, so an interruption loses at most those under way."""
        workers = self.jobs or worthwhile_jobs(self.case, len(todo))
        calls = [(self.case.task, r, self.folder, self.about, self.keep_sessions) for r in todo]
        self.ran += todo
        for gib in run_parallel(
            run_replication, calls, workers, what="replications", progress=self.progress
        ):
            self.most_gib = max(self.most_gib, gib)


def expected_sessions(case: Case) -> float:
    """Return the sessions of a replication, lead-in included."""
    task = case.task
    return sum(task.demand.expected_wishes(day) for day in range(task.lead_in_days + task.days))


def worthwhile_jobs(case: Case, replications: int) -> int:
    """Return one job for a run that is over before worker processes would have started, else one per core."""
    return (
        1
        if expected_sessions(case) * replications < SESSIONS_WORTH_A_WORKER
        else (os.cpu_count() or 1)
    )
