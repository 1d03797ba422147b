"""Measure what a study judges: one tidy table, a row per point, replication and response.

Columns: point, replication, response (a criterion of the standard), scope, key (the district, or
districts that are judged together; empty for a whole scope), value (share of wishes that failed),
failed and allowed (wishes). Every study reads this table and nothing else of a replication.
"""

import numpy as np
import pandas as pd

from chargesim.analysis.failure_counts import allowance, count_failures, judged_areas
from chargesim.analysis.result import Floats, RunResult
from chargesim.scenario.standard import GIVEN

COLUMNS = ("replication", "response", "scope", "key", "value", "failed", "allowed")


def responses_of(result: RunResult) -> pd.DataFrame:
    """Return the table of one point: each judged criterion, by replication and district judged."""
    frames = []
    for criterion in result.standard.criteria:
        if criterion.measure in GIVEN:
            continue
        counts = count_failures(result, criterion)
        for unit in judged_areas(result, criterion, counts)[0]:
            failed, wishes = (
                values[:, list(unit.districts)].sum(axis=(1, 2))
                for values in (counts.failed, counts.wishes)
            )
            columns = {
                "replication": np.arange(len(failed)),
                "response": criterion.name,
                "scope": criterion.scope,
                "key": unit.name,
                "value": unit.shares,
                "failed": failed,
                "allowed": allowance(criterion) * wishes,
            }
            frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COLUMNS))


def failed_shares(frame: pd.DataFrame) -> dict[str, dict[str, Floats]]:
    """Return the failed shares by point and response, each as an array [unit, replication].

    Parameters
    ----------
    frame : DataFrame
        The table of responses of some points.
    """
    found: dict[str, dict[str, Floats]] = {str(point): {} for point in frame["point"].unique()}
    for (point, response), rows in frame.groupby(["point", "response"], sort=False):
        shares = rows["value"].to_numpy(np.float64)
        found[str(point)][str(response)] = shares.reshape(-1, rows["replication"].nunique())
    return found
