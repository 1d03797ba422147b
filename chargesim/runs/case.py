"""Put a scenario together: network, ledger, demand and facilities, ready for any replication."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chargesim.demand.arrivals import build_arrivals
from chargesim.demand.calendar import cold_curve_factors
from chargesim.demand.curves import Curves, read_curves, read_profiles
from chargesim.demand.draw import DemandModel, build_demand
from chargesim.demand.ledger import CORRIDOR, Ledger, build_ledger
from chargesim.demand.outages import OutageModel, build_outages
from chargesim.demand.recorded import read_recorded
from chargesim.demand.thinning import Demand
from chargesim.engine.facilities import Facilities, build_facilities
from chargesim.engine.simpy.engine import Extension
from chargesim.errors import InputError
from chargesim.network.build import build_network
from chargesim.network.network import Network
from chargesim.network.pack_limits import read_pack_limits
from chargesim.runs.log_facilities import facilities_of_log, origin_of_ways
from chargesim.scenario.faults import Fault, fault_lines, location_of
from chargesim.scenario.file_paths import display_path, path_inside
from chargesim.scenario.keys import known_keys_hint, nearest_name
from chargesim.scenario.model import Scenario
from chargesim.scenario.reading import LoadedScenario
from chargesim.scenario.yaml_text import SourceLocation


@dataclass(frozen=True)
class Task:
    """What a worker needs to run a replication; no graph, no file."""

    demand: Demand
    outages: OutageModel
    facilities: Facilities
    district_of_origin: NDArray[np.int64]
    zone_of_origin: NDArray[np.int64]
    """index into `zone_names`, of the origins at which a wish may begin; -1 at a site"""
    lead_in_days: int
    days: int
    fleets: tuple[str, ...]
    district_names: tuple[str, ...]
    thresholds_min: tuple[float, ...]
    zone_names: tuple[str, ...]
    site_names: tuple[str, ...]
    extensions: tuple[Extension, ...] = ()
    """the user's own SimPy processes, which run along with the vehicles"""
    engine: Literal["simpy", "compiled"] = "simpy"
    debug: bool = False
    """check conservation at every event; slow, and changes no result"""


@dataclass(frozen=True)
class Case:
    """A scenario with its network, ledger, demand and facilities."""

    loaded: LoadedScenario
    network: Network
    curves: Curves
    ledger: Ledger
    task: Task

    @property
    def scenario(self) -> Scenario:
        """The checked scenario."""
        return self.loaded.scenario

    @property
    def groups(self) -> tuple[str, ...]:
        """Group (cars or trucks) of each class; corridor vehicles have that of their fleet."""
        rows = {row.fleet: row.group for row in self.ledger.rows}
        return tuple(rows.get(name, "cars") for name in self.task.fleets)


def build_case(loaded: LoadedScenario, *, network: Network | None = None) -> Case:
    """Return the case of a loaded scenario; nothing is simulated.

    Parameters
    ----------
    loaded : LoadedScenario
    network : Network, optional
        Its network, if already built: of a scenario with the same `network.build.network_part`.

    Raises
    ------
    InputError
        With all faults of a table at once.
    """
    scenario, folder = loaded.scenario, loaded.folder
    curves = read_curves(path_inside(folder, scenario.tables.curves)).scaled(
        scenario.fleet.curve_factor.value
    )
    profiles = read_profiles(path_inside(folder, scenario.tables.profiles))
    packs = read_pack_limits(scenario.swap, folder)
    ledger = build_ledger(scenario, folder, curves)
    network = network or build_network(scenario, folder)
    _check_blackouts(loaded, network)
    drawn = build_demand(scenario, network, ledger, curves, profiles)
    curves = curves.with_copies(cold_curve_factors(scenario))
    facilities = build_facilities(scenario, network, drawn, curves, packs)
    fleets = (*scenario.fleets, CORRIDOR)
    demand: Demand = drawn
    if scenario.recorded is not None:
        log = path_inside(folder, scenario.recorded)
        demand = read_recorded(log, scenario, network, drawn, curves, fleets)
    elif scenario.arrivals is not None:
        demand = build_arrivals(scenario, folder, network, drawn, curves, fleets)
    zones, corridors, sites = network.zones, network.corridors, network.sites
    district = np.concatenate([zones.district, corridors.district, sites.district])
    zone = np.arange(len(district) - len(sites))
    if not isinstance(demand, DemandModel):
        facilities = facilities_of_log(facilities, demand, network)
        begins = origin_of_ways(demand, network)
        district = np.insert(district, len(zone), district[begins])
        zone = np.append(zone, demand.ways.origin)
    return Case(
        loaded=loaded,
        network=network,
        curves=curves,
        ledger=ledger,
        task=Task(
            demand=demand,
            outages=build_outages(scenario, network),
            facilities=facilities,
            district_of_origin=district,
            zone_of_origin=zone,
            lead_in_days=scenario.horizon.lead_in_days,
            days=scenario.horizon.days,
            fleets=fleets,
            district_names=network.districts.name,
            thresholds_min=thresholds_min(scenario),
            zone_names=(*network.zones.id, *network.corridors.id),
            site_names=network.sites.id,
        ),
    )


def _check_blackouts(loaded: LoadedScenario, network: Network) -> None:
    """Refuse a blackout of a district that the city does not have."""
    names, faults = list(network.districts.name), []
    for number, blackout in enumerate(loaded.scenario.blackouts):
        if blackout.district not in names:
            city = loaded.scenario.city.name
            key = ("blackouts", str(number), "district")
            near = nearest_name(blackout.district, names)
            hint = f"; did you mean {near!r}?" if near else known_keys_hint(names)
            location = location_of(
                key, loaded.locations, SourceLocation(display_path(loaded.path), 1)
            )
            faults.append(
                Fault(
                    location,
                    key,
                    f"got {blackout.district!r}, needs a district of {city}{hint}",
                )
            )
    if faults:
        raise InputError(fault_lines(faults))


def thresholds_min(scenario: Scenario) -> tuple[float, ...]:
    """Return the minutes of waiting at which the standard counts exactly, in rising order."""
    return tuple(
        sorted(
            {
                criterion.minutes
                for criterion in scenario.standard.criteria
                if criterion.minutes is not None
            }
            or {10.0}
        )
    )
