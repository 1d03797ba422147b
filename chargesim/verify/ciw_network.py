"""Simulate a ring of stations in Ciw on the same vehicles.

`chargesim.synthetic.ciw_inputs` names the source of Ciw.
"""

from collections.abc import Callable
from importlib import import_module
from math import inf
from typing import Any, NamedTuple

import numpy as np

from chargesim.demand.demand_table import Table
from chargesim.engine.facilities import Facilities, Floats, Ints
from chargesim.engine.rules import exact_min
from chargesim.synthetic.ciw_inputs import by_station, minutes_at_gun

FIRST, SECOND = "first station", "second station"
"""Classes of Ciw's customers: those who give up at the second station leave."""


class VehicleResults(NamedTuple):
    """Each vehicle's minutes in queues, and where it was served."""

    queue_min: Floats
    """[N] queue minutes, over both stations"""
    site: Ints
    """[N] the site that served it; -1: none"""


Program = Callable[[Facilities, Table], VehicleResults]
"""Another program that simulates the vehicles of a table."""


def simulate_ring(facilities: Facilities, table: Table) -> VehicleResults:
    """Return each vehicle's queue minutes and station by Ciw, when all have left.

    Parameters
    ----------
    facilities : Facilities
        From `textbook_queues.ring`.
    table : demand table
        No two wishes at one instant: Ciw numbers customers as they come, so customer i is row i.
    """
    ciw, service_min = import_module("ciw"), minutes_at_gun(facilities, table)
    simulation = ciw.Simulation(_ring(ciw, facilities, table, service_min))
    simulation.simulate_until_max_time(
        float(table["wish_min"].max(initial=0.0) + service_min.sum() + 1e4)
    )
    results = VehicleResults(np.zeros(len(table)), np.full(len(table), -1))
    for record in simulation.get_all_records():
        if record.node <= len(facilities):
            results.queue_min[record.id_number - 1] += record.waiting_time
            if record.record_type == "service":
                results.site[record.id_number - 1] = record.node - 1
    return results


def _ring(ciw: Any, facilities: Facilities, table: Table, service_min: Floats) -> Any:
    """Return the network: a node for each station, then one without a queue for each drive on."""
    n = len(facilities)
    nobody = [None] * n
    arrivals = [
        ciw.dists.Sequential([*np.diff(each, prepend=0.0).tolist(), inf])
        for each in by_station(facilities, table)[0]
    ]
    drive = ciw.dists.Deterministic(float(exact_min(facilities.candidates[0, n, 0]["minutes"][0])))
    served = [_own_minutes(ciw, service_min)] * n + [drive] * n
    patience = [_own_minutes(ciw, table["patience_min"])] * n + nobody
    going_on = {
        "next_node_for_jockeying": lambda self, ind: self.simulation.nodes[self.node.id_number + n]
    }
    gives_up_to_the_next = type("GivesUpToTheNext", (ciw.routing.Leave,), going_on)

    def routing(at_a_station: Any) -> Any:
        """Return the routes of a class: how it leaves stations, and from drives to the next."""
        to_next = [ciw.routing.Direct(to=(site + 1) % n + 1) for site in range(n)]
        return ciw.routing.NetworkRouting([at_a_station() for _ in range(n)] + to_next)

    second_try = {FIRST: {FIRST: 0.0, SECOND: 1.0}, SECOND: {FIRST: 0.0, SECOND: 1.0}}
    return ciw.create_network(
        arrival_distributions={FIRST: arrivals + nobody, SECOND: nobody * 2},
        service_distributions={FIRST: served, SECOND: served},
        number_of_servers=[int(guns) for guns in facilities.servers] + [inf] * n,
        routing={FIRST: routing(gives_up_to_the_next), SECOND: routing(ciw.routing.Leave)},
        reneging_time_distributions={FIRST: patience, SECOND: patience},
        class_change_matrices=[{}] * n + [second_try] * n,
    )


def _own_minutes(ciw: Any, minutes: Floats) -> Any:
    """Return a distribution, in Ciw's sense, that gives each vehicle its own minutes."""
    sample = {"sample": lambda self, t=None, ind=None: float(minutes[ind.id_number - 1])}
    return type("OwnMinutes", (ciw.dists.Distribution,), sample)()
