"""Run many calls side by side in worker processes, with a bar over those that are done."""

import contextlib
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from typing import Any

from tqdm.auto import tqdm

from chargesim.errors import RunStoppedError

KEPT = "what is finished is kept, the same command goes on from there"


def run_parallel(
    function: Callable[..., Any],
    calls: Sequence[tuple[Any, ...]],
    jobs: int,
    *,
    what: str,
    progress: bool,
    kept: str = KEPT,
) -> Iterator[Any]:
    """Give what each call returns, as they are done.

    Parameters
    ----------
    function : callable
        A function of a module, so that a worker process finds it.
    calls : sequence of tuple
        The arguments of each call.
    jobs : int
        Processes; 0: one per core. One runs all calls in this process.
    what : str
        What a call is, written before the bar.
    progress : bool
        Show the bar.
    kept : str
        What to say of the rest when a worker was killed.

    Raises
    ------
    RunStoppedError
        When a worker process was killed.
    """
    workers = min(jobs or os.cpu_count() or 1, len(calls))
    with contextlib.closing(_finished(function, calls, workers, kept)) as finished:
        yield from tqdm(
            finished, total=len(calls), desc=what, disable=None if progress else True, leave=False
        )


def _finished(
    function: Callable[..., Any], calls: Sequence[tuple[Any, ...]], workers: int, kept: str
) -> Generator[Any, None, None]:
    if workers <= 1:
        yield from (function(*call) for call in calls)
        return
    import joblib  # a fifth of a second that a small study does not need

    try:
        parallel = joblib.Parallel(n_jobs=workers, return_as="generator_unordered", mmap_mode="c")
        yield from parallel(joblib.delayed(function)(*call) for call in calls)
    except BrokenExecutor:
        raise RunStoppedError(f"A worker process was killed (out of memory?); {kept}.") from None
