"""Choose the sites that are open in a month of the build-up.

What is open in a month is open in every later one; the layout's seed fixes the order.
"""

from collections.abc import Sequence
from hashlib import blake2b
from math import floor

import numpy as np
from numpy.typing import NDArray

from chargesim.scenario.buildup import month_number
from chargesim.scenario.model import Scenario

Bools = NDArray[np.bool_]


def open_sites(
    scenario: Scenario, ids: Sequence[str], sequences: Sequence[str], opens: Sequence[str | None]
) -> Bools:
    """Return which sites are open at the end of the simulated month; all without a build-up.

    Of the n sites of a building sequence the first round(built share x n) are open, halves rounded
    up, and at least one as soon as the share is above 0. Their order is that of a hash of
    (layout seed, id).

    Parameters
    ----------
    scenario : Scenario
    ids : sequence of str
        Names of all sites of the plan.
    sequences : sequence of str
        The building sequence to which each site belongs; all are built at the same pace.
    opens : sequence of str or None
        Month YYYY-MM at whose end a site is open whatever the share; it is in no sequence.
    """
    buildup = scenario.buildup
    if buildup is None or not buildup.enabled:
        return np.ones(len(ids), dtype=np.bool_)
    month, share = month_number(buildup.month), buildup.built_share(month_number(buildup.month))
    seed = scenario.layout.seed if scenario.layout is not None else 0
    is_open = np.array(
        [own is not None and month_number(own) <= month for own in opens], dtype=np.bool_
    )
    members: dict[str, list[int]] = {}
    for site, (sequence, own) in enumerate(zip(sequences, opens, strict=True)):
        if own is None:
            members.setdefault(sequence, []).append(site)
    for sites in members.values():
        sites.sort(key=lambda site: (_order(seed, ids[site]), ids[site]))
        is_open[sites[: number_open(share, len(sites))]] = True
    return is_open


def number_open(share: float, sites: int) -> int:
    """Return how many sites of a building sequence are open at a built share [0..1]."""
    return min(sites, max(1, floor(share * sites + 0.5))) if share > 0 else 0


def _order(seed: int, site: str) -> bytes:
    """Return the hash that orders a sequence, the same in every process and version."""
    return blake2b(f"{seed}/{site}".encode(), digest_size=8).digest()
