"""Run many calls in this process or in worker processes of this machine, with a progress bar.

Callers get a `Pool` from `pool_of` and know nothing of where it runs their calls.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from functools import cache
from typing import Any, TypeVar

from tqdm.auto import tqdm

from chargesim.errors import RunStoppedError

T = TypeVar("T")
ORPHANED_S = 5.0
"""Seconds after which a worker notices that its parent is gone."""
KEPT = "what is finished is kept, the same command goes on from there"


class Pool:
    """Runs calls one after the other in this process; a subclass runs some at the same time."""

    workers = 1
    """how many calls run at the same time"""

    def run(
        self,
        function: Callable[..., T],
        calls: Sequence[tuple[Any, ...]],
        *,
        what: str,
        progress: bool,
    ) -> Iterator[T]:
        """Give the result of each call as soon as it is there, in any order.

        Parameters
        ----------
        function : callable
            A function of a module, so that a worker process finds it.
        calls : sequence of tuple
            The arguments of each call.
        what : str
            What a call is, written before the bar.
        progress : bool
            Show the bar.

        Raises
        ------
        RunStoppedError
            When a worker was killed.
        """
        return _with_bar(self._results(function, calls), len(calls), what, progress)

    def _results(
        self, function: Callable[..., T], calls: Sequence[tuple[Any, ...]]
    ) -> Generator[T, None, None]:
        yield from (function(*call) for call in calls)


class LocalProcesses(Pool):
    """Runs calls in worker processes of this machine.

    Parameters
    ----------
    workers : int
    kept : str
        What the error says of the other calls when a worker was killed.
    """

    def __init__(self, workers: int, kept: str = KEPT) -> None:
        self.workers, self.kept = workers, kept

    def _results(
        self, function: Callable[..., T], calls: Sequence[tuple[Any, ...]]
    ) -> Generator[T, None, None]:
        workers = min(self.workers, len(calls))
        if workers <= 1:  # not worth the start of a worker
            yield from super()._results(function, calls)
            return
        import joblib  # a fifth of a second that a small study does not need

        try:
            parallel = joblib.Parallel(
                n_jobs=workers, return_as="generator_unordered", mmap_mode="c"
            )
            one = joblib.delayed(_call)
            yield from parallel(one(os.getpid(), function, call) for call in calls)
        except BrokenExecutor:
            why = "A worker process was killed (out of memory?)"
            raise RunStoppedError(f"{why}; {self.kept}.") from None


def _call(parent: int, function: Callable[..., T], call: tuple[Any, ...]) -> T:
    """Run a call in a worker, which ends with its parent, however that ends."""
    _end_with(parent)
    return function(*call)


@cache
def _end_with(parent: int) -> None:
    """Watch the parent in a thread; end this process when it is gone."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(ORPHANED_S)
        os._exit(1)

    if hasattr(os, "getppid") and os.getppid() == parent:
        threading.Thread(target=watch, daemon=True).start()


def pool_of(jobs: int, *, kept: str = KEPT) -> Pool:
    """Return the pool that runs so many calls at the same time.

    Parameters
    ----------
    jobs : int
        Processes; 0: one per core.
    kept : str
        What the error says of the other calls when a worker was killed.
    """
    workers = jobs or os.cpu_count() or 1
    return Pool() if workers <= 1 else LocalProcesses(workers, kept)


def _with_bar(
    results: Generator[T, None, None], count: int, what: str, progress: bool
) -> Iterator[T]:
    """Give the results under a bar; a caller that stops early, as by Ctrl-C, ends the workers."""
    with contextlib.closing(results):
        yield from tqdm(
            results, total=count, desc=what, disable=None if progress else True, leave=False
        )
