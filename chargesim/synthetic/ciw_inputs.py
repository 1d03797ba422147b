"""Give Ciw what it needs to simulate the same vehicles: instants of arrival and service times.

Ciw (Palmer, Knight, Harper and Hawa 2019, doi 10.1080/17477778.2018.1473909) is an independent
discrete-event simulation of open queueing networks.
"""

from importlib.util import find_spec

import numpy as np

from chargesim.demand.demand_table import Table
from chargesim.engine.facilities import Facilities, Floats
from chargesim.engine.rules import charge_min
from chargesim.exact_time import TICKS_PER_MIN, durations_min

MISSING = "not installed; it comes with the extras for development, '.[dev]'"


def has_ciw() -> bool:
    """Tell whether Ciw can be imported."""
    return find_spec("ciw") is not None


def by_station(facilities: Facilities, table: Table) -> tuple[list[Floats], list[Floats]]:
    """Return each station's instants of arrival and service times, in the order of arrival [min].

    A drive takes at least one tick, so a vehicle arrives a tick after its wish.
    """
    minutes = minutes_at_gun(facilities, table)
    at = [np.flatnonzero(table["origin"] == site) for site in range(len(facilities))]
    return [table["wish_min"][rows] + 1.0 / TICKS_PER_MIN for rows in at], [
        minutes[rows] for rows in at
    ]


def minutes_at_gun(facilities: Facilities, table: Table) -> Floats:
    """Return the minutes that each vehicle needs at a gun that nobody shares [min]."""
    edge_soc, step_kw = facilities.edge_soc, facilities.step_kw[0]
    return durations_min(
        np.array(
            [
                charge_min(
                    row["soc"],
                    row["target_soc"],
                    row["battery_kwh"],
                    edge_soc[row["curve"]],
                    step_kw[row["curve"]],
                )
                for row in table
            ]
        )
    )
