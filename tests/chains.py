"""Solve Markov chains of small queues numerically, as a second way beside the formulas."""

from collections.abc import Callable, Hashable, Iterable

import numpy as np
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import spsolve

State = Hashable


def stationary(
    start: State, moves: Callable[[State], Iterable[tuple[State, float]]]
) -> dict[State, float]:
    """Return the long-run share of time in every state; `moves` gives (state, rate) pairs."""
    number, todo, entries = {start: 0}, [start], []
    for here in todo:
        for there, rate in moves(here):
            if there not in number:
                number[there] = len(number)
                todo.append(there)
            entries += [(number[there], number[here], rate), (number[here], number[here], -rate)]
    rows, columns, rates = zip(*entries, strict=True)
    n = len(number)
    whole = [
        (0, column, 1.0) for column in range(n)
    ]  # the first balance equation follows from the others
    kept = [
        (row, column, rate) for row, column, rate in zip(rows, columns, rates, strict=True) if row
    ] + whole
    rows, columns, rates = zip(*kept, strict=True)
    share = spsolve(csc_matrix((rates, (rows, columns)), shape=(n, n)), np.eye(n)[0])
    return dict(zip(number, share.tolist(), strict=True))
