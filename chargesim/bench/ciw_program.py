"""Enter Ciw for a race: the same arrivals and services at independent stations, as a network of Ciw's own.

Ciw (Palmer, Knight, Harper and Hawa 2019, doi 10.1080/17477778.2018.1473909) simulates open queueing networks; at every
event it looks at every node.
"""

from collections.abc import Callable
from importlib import import_module
from math import inf

import numpy as np

from chargesim.bench.race import Found
from chargesim.demand.demand_table import Table
from chargesim.engine.facilities import Facilities
from chargesim.synthetic.ciw_inputs import by_station


def ciw(facilities: Facilities, table: Table) -> Callable[[], Found]:
    """Enter Ciw, until all vehicles have left.

    Parameters
    ----------
    facilities : Facilities
        Stations that do not share power; origin i knows station i alone, without a way.
    table : demand table
        Nobody balks or gives up.

    Notes
    -----
    A way takes at least one tick, so a vehicle arrives a tick after its wish, here too. The network is built before the
    time is taken, as the facilities of the engines is; the times include the state of the run and its records, as theirs do.
    """
    module = import_module("ciw")
    arrivals, services = by_station(facilities, table)
    last_min = (
        1.0
        + float(table["wish_min"].max(initial=0.0))
        + sum(float(each.sum()) for each in services)
    )
    node = module.dists.Sequential
    network = module.create_network(
        arrival_distributions=[
            node([*np.diff(each, prepend=0.0).tolist(), inf]) for each in arrivals
        ],
        service_distributions=[node(each.tolist() or [1.0]) for each in services],
        number_of_servers=[int(guns) for guns in facilities.servers],
        routing=module.routing.NetworkRouting([module.routing.Leave() for _ in arrivals]),
    )

    def run() -> Found:
        simulation = module.Simulation(network)
        simulation.simulate_until_max_time(last_min)
        waits = [record.waiting_time for record in simulation.get_all_records()]
        return Found(len(waits) / max(1, len(table)), float(np.mean(waits or [0.0])))

    return run
