"""Say how much of a difference between plans is the layout: the same plans on other places."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chargesim.analysis.kpi_responses import KpiResponses, Named
from chargesim.analysis.paired import p_values, pair_responses, paired_differences

NAMED = ["plan", "kpi", "scope", "key"]


@dataclass(frozen=True)
class OverLayouts:
    """The differences of plans in several synthetic layouts, paired within each.

    Attributes
    ----------
    seeds : tuple of int
        Layout seeds; the first is that of the compared runs.
    replications : int
        Of each plan in each further layout.
    by_layout : DataFrame
        Mean paired difference by plan, KPI, scope and key (the index), a column per further seed.
    """

    seeds: tuple[int, ...]
    replications: int
    by_layout: pd.DataFrame

    def table(self, own: pd.DataFrame) -> pd.DataFrame:
        """Return a row per difference: each layout, mean with its interval, spread, p-value.

        Parameters
        ----------
        own : DataFrame
            Differences of the compared runs: plan, kpi, scope, key, unit, difference.

        Returns
        -------
        DataFrame
            In the order of `own`: `layout_<seed>`; mean, lower, upper (Student-t over the layouts,
            two-sided 95 %), spread (standard deviation between layouts) and p, for the claim that
            the mean over layouts is not 0.
        """
        further = self.by_layout.reindex(pd.MultiIndex.from_frame(own[NAMED]))
        values = np.column_stack([own["difference"].to_numpy(float), further.to_numpy(float)]).T
        over = paired_differences(values, np.zeros_like(values))
        with np.errstate(invalid="ignore"):
            spread = values.std(axis=0, ddof=1)
        named = {f"layout_{seed}": row for seed, row in zip(self.seeds, values, strict=True)}
        return own[[*NAMED, "unit"]].assign(
            **named,
            mean=over.mean,
            lower=over.lower,
            upper=over.upper,
            spread=spread,
            p=p_values(values, np.zeros_like(values)),
        )


def layout_differences(
    plan: str, seed: int, values: KpiResponses, others: KpiResponses, chosen: Sequence[Named]
) -> pd.DataFrame:
    """Return the mean paired differences of a plan in one layout, in a column named by its seed."""
    paired = pair_responses(values, others, chosen).assign(plan=plan)
    return paired.set_index(NAMED)[["difference"]].rename(columns={"difference": str(seed)})
