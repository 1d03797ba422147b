"""Choose the sites that are open in a month of the build-up: nested over the months, in an order that the layout's seed fixes."""

from collections.abc import Sequence
from hashlib import blake2b
from math import floor

import numpy as np
from numpy.typing import NDArray

from chargesim.scenario.buildup import month_number
from chargesim.scenario.model import Scenario

Bools = NDArray[np.bool_]


def open_sites(
    scenario: Scenario, ids: Sequence[str], queues: Sequence[str], opens: Sequence[str | None]
) -> Bools:
    """Return which sites are open at the end of the month that is simulated; all of them without a build-up.

    Of the n sites of a queue the first round(built share x n) are open, halves rounded up, and at least one as soon as
    the share is above 0. They stand in the order of a hash of (layout seed, id), so what is open in a month is open in
    every later one.

    Parameters
    ----------
    scenario : Scenario
    ids : sequence of str
        Names of all sites of the plan.
    queues : sequence of str
        The queue in which each site stands; every queue is built at the same pace.
    opens : sequence of str or None
        Month YYYY-MM at whose end a site is open whatever the share; such a site stands in no queue.
    """
    buildup = scenario.buildup
    if buildup is None or not buildup.enabled:
        return np.ones(len(ids), dtype=np.bool_)
    month, seed = (
        month_number(buildup.month),
        scenario.layout.seed if scenario.layout is not None else 0,
    )
    share = buildup.built_share(month)
    is_open = np.array(
        [own is not None and month_number(own) <= month for own in opens], dtype=np.bool_
    )
    waiting: dict[str, list[int]] = {}
    for site, (queue, own) in enumerate(zip(queues, opens, strict=True)):
        if own is None:
            waiting.setdefault(queue, []).append(site)
    for members in waiting.values():
        members.sort(key=lambda site: (_turn(seed, ids[site]), ids[site]))
        is_open[members[: number_open(share, len(members))]] = True
    return is_open


def number_open(share: float, sites: int) -> int:
    """Return how many sites of a queue are open at a built share [0..1]."""
    return min(sites, max(1, floor(share * sites + 0.5))) if share > 0 else 0


def _turn(seed: int, site: str) -> bytes:
    """Return the place of a site in its queue, the same in every process and version."""
    return blake2b(f"{seed}/{site}".encode(), digest_size=8).digest()
