"""Time Ciw on the same arrivals and services at independent stations.

Ciw looks at every node at every event. `chargesim.synthetic.ciw_inputs` names its source.
"""

from collections.abc import Callable
from importlib import import_module
from math import inf

import numpy as np

from chargesim.bench.race import ProgramResult
from chargesim.demand.demand_table import Table
from chargesim.engine.facilities import Facilities
from chargesim.synthetic.ciw_inputs import by_station


def ciw(facilities: Facilities, table: Table) -> Callable[[], ProgramResult]:
    """Prepare Ciw to run until all vehicles have left.

    Parameters
    ----------
    facilities : Facilities
        Stations that do not share power; origin i knows station i alone, at no distance.
    table : demand table
        Nobody balks or gives up.

    Notes
    -----
    The network is built before the clock starts, as are the facilities of the engines. The times
    include the state of the run and its records, as theirs do.
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

    def run() -> ProgramResult:
        simulation = module.Simulation(network)
        simulation.simulate_until_max_time(last_min)
        waits = [record.waiting_time for record in simulation.get_all_records()]
        return ProgramResult(len(waits) / max(1, len(table)), float(np.mean(waits or [0.0])))

    return run
