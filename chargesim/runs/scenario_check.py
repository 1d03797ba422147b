"""Check a scenario without simulating it: ledger, network, offered load, time of a run."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargesim.analysis.gun_use import observed_text
from chargesim.demand.curves import read_profile_sources
from chargesim.demand.demand_table import Table
from chargesim.demand.draw import DemandModel
from chargesim.demand.ledger import CORRIDOR, LedgerRow
from chargesim.demand.observed_use import (
    PublicEnergy,
    asked_use,
    public_energy,
)
from chargesim.demand.recorded import is_stay
from chargesim.engine.rules import charge_min
from chargesim.network.islands import cut_off
from chargesim.network.network import STATION
from chargesim.runs.case import Case
from chargesim.runs.engine_choice import choose_engine
from chargesim.runs.mechanisms.registry import inert_mechanisms
from chargesim.runs.parallel import pool_of
from chargesim.runs.reachability import reachability, refuse_empty_days
from chargesim.runs.replications import expected_sessions
from chargesim.scenario.city import PLAN_CLASSES
from chargesim.scenario.file_paths import path_inside
from chargesim.scenario.observed import NOT_KNOWN, GunUse
from chargesim.scenario.series import Value
from chargesim.scenario.variants import Variant

SECONDS_PER_SESSION = {"simpy": 40e-6, "compiled": 6e-6}
"""By engine, for the default case with demand, statistics and files; measured and rounded up."""
SECONDS_TO_START, SECONDS_PER_VARIANT = 8.0, 2.5
"""To start worker processes and draw figures; to build a variant's network and write its files."""


@dataclass(frozen=True)
class AreaShare:
    """How much of a city is in a class of districts."""

    area_class: str
    stations: float
    """share of the public stations off the expressways"""
    observed: float
    """share of real stations, NaN where the scenario gives none"""
    inhabitants: float
    source: str
    """of the observed share"""


@dataclass(frozen=True)
class ScenarioCheck:
    """What `chargesim check` reports about a scenario."""

    title: str
    label: str
    stations: int
    piles: int
    swap_sites: int
    packs: int
    zones: int
    corridors: int
    nodes: int
    roads: int
    ledger: tuple[LedgerRow, ...]
    stock: float
    stock_text: str
    share_at_network: float
    recorded: str
    """the log of wishes that replaces the ledger, and its days; "" if there is none"""
    sessions_per_day: float
    """by the log if there is one, else by the ledger; so is the energy"""
    energy_kwh_per_day: float
    offered_erlangs: float
    """mean number of guns in use if nobody waited, left or swapped less than in the ledger"""
    offered_load: float
    """the same over the guns of the stations"""
    public_energy: PublicEnergy
    """of all public piles of the city, by the ledger and by their count"""
    asked: GunUse
    """what the ledger asks of a gun; nan where a log replaces it"""
    observed: str
    """observed use of other networks' guns, in words"""
    area_shares: tuple[AreaShare, ...]
    """where the layout's stations are; empty where a table has the sites"""
    islands: tuple[str, ...]
    """zones and sites without a road there and back, in words"""
    run_seconds: float
    idle: tuple[str, ...]
    """a line for every mechanism that is switched on and has no effect"""
    out_of_reach: tuple[str, ...]
    """a line for everything that reaches no site, or is not judged"""

    def to_dict(self) -> dict[str, Any]:
        """Return the check as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class _DailyDemand:
    """What vehicles ask of the network on an average day, by the ledger or by a log."""

    recorded: str
    sessions_per_day: float
    energy_kwh_per_day: float
    erlangs: float


@dataclass(frozen=True)
class VariantCheck:
    """What `chargesim check` reports about one variant of a series."""

    line: str
    value: Value | None
    folder: str
    idle: tuple[str, ...]
    seconds: float
    """time to run it on one core [s]"""


def check_variant(variant: Variant, case: Case) -> VariantCheck:
    """Return what is known about a variant of a series before it runs."""
    seconds = SECONDS_PER_VARIANT + _simulating_seconds(case)
    folder, inert = f"variants/{variant.slug}", inert_mechanisms(case)
    return VariantCheck(variant.line, variant.value, folder, inert, seconds)


def _simulating_seconds(case: Case) -> float:
    """Return about how long all replications take on one core, in the engine of `auto` [s]."""
    sessions = expected_sessions(case) * case.scenario.replications
    return sessions * SECONDS_PER_SESSION[choose_engine("auto", case, sessions)[0]]


def series_seconds(variants: Sequence[VariantCheck]) -> float:
    """Return about how long a series takes on this machine [s]."""
    return SECONDS_TO_START + sum(one.seconds for one in variants) / min(
        len(variants), pool_of(0).workers
    )


def check_case(case: Case) -> ScenarioCheck:
    """Return what is known about a case before it runs.

    Raises
    ------
    InputError
        As a run would: when nobody wants energy on the judged days.
    """
    refuse_empty_days(case)
    network, ledger = case.network, case.ledger
    sites = network.sites
    stations = sites.kind == STATION
    asked = (
        _asked_of_log(case)
        if not isinstance(case.task.demand, DemandModel)
        else _asked_of_ledger(case)
    )
    piles = int(sites.guns[stations].sum())
    replications = case.scenario.replications
    seconds = SECONDS_TO_START + _simulating_seconds(case) / min(replications, pool_of(0).workers)
    return ScenarioCheck(
        title=case.scenario.title,
        label=network.label,
        stations=int(stations.sum()),
        piles=piles,
        swap_sites=int((~stations).sum()),
        packs=int(sites.packs.sum()),
        zones=len(network.zones.id),
        corridors=len(network.corridors.id),
        nodes=network.graph.number_of_nodes(),
        roads=network.graph.number_of_edges(),
        ledger=with_arrivals(case),
        stock=ledger.stock,
        stock_text=ledger.stock_text,
        share_at_network=ledger.share_at_network,
        recorded=asked.recorded,
        sessions_per_day=asked.sessions_per_day,
        energy_kwh_per_day=asked.energy_kwh_per_day,
        offered_erlangs=asked.erlangs,
        offered_load=asked.erlangs / piles if piles else float("nan"),
        public_energy=public_energy(case.scenario, ledger),
        asked=asked_use(ledger, network) if not asked.recorded else NOT_KNOWN,
        observed=observed_text(case.scenario.observed.anchors),
        area_shares=area_shares(case),
        islands=cut_off(network),
        run_seconds=seconds,
        idle=inert_mechanisms(case),
        out_of_reach=reachability(case),
    )


def area_shares(case: Case) -> tuple[AreaShare, ...]:
    """Return where the stations of a synthetic layout are, beside where real ones are."""
    layout, network = case.scenario.layout, case.network
    if layout is None or case.scenario.city.sites is not None:
        return ()
    sites, zones = network.sites, network.zones
    area_class = np.array(network.districts.area_class)
    public = (sites.kind == STATION) & (np.array(sites.access) == "public")
    of_stations, of_zones = area_class[sites.district[public]], area_class[zones.district]
    shares = []
    for name in PLAN_CLASSES:
        observed = layout.observed_share.get(name)
        here = float(zones.population[of_zones == name].sum() / zones.population.sum())
        share = float((of_stations == name).mean()) if len(of_stations) else float("nan")
        seen, source = (observed.value, observed.source) if observed else (float("nan"), "")
        shares.append(AreaShare(name, share, seen, here, source))
    return tuple(shares)


def with_arrivals(case: Case) -> tuple[LedgerRow, ...]:
    """Return the ledger's rows, with the source of each fleet's arrivals among their sources."""
    scenario = case.scenario
    if scenario.log is not None:
        return tuple(
            replace(row, sources=f"{row.sources}; arrivals: of {scenario.log}")
            for row in case.ledger.rows
        )
    texts = read_profile_sources(path_inside(case.loaded.folder, scenario.tables.profiles))
    profiles = {name: fleet.profile for name, fleet in scenario.fleets.items()}
    if scenario.corridors is not None:
        profiles[CORRIDOR] = scenario.corridors.profile
    return tuple(
        replace(
            row,
            sources=f"{row.sources}; arrivals: profile {profiles[row.fleet]}, "
            f"{texts[profiles[row.fleet]]}",
        )
        for row in case.ledger.rows
    )


def _asked_of_ledger(case: Case) -> _DailyDemand:
    """Return the demand of an average day by the ledger."""
    return _DailyDemand(
        "", case.ledger.sessions_per_day, case.ledger.network_kwh_per_day, offered_erlangs(case)
    )


def _asked_of_log(case: Case) -> _DailyDemand:
    """Return the demand of a log, on average over the days of the horizon that have wishes."""
    demand, horizon = case.task.demand, case.scenario.horizon
    each = [demand.day(0, day) for day in range(horizon.lead_in_days + horizon.days)]
    each = [table for table in each if len(table)]
    days, rows = len(each), sum(len(table) for table in each)
    energy_kwh = sum(
        float((table["battery_kwh"] * (table["target_soc"] - table["soc"])).sum()) for table in each
    )
    sample, minutes = _plug_minutes(case, np.concatenate(each))
    minutes += np.where(is_stay(sample), sample["overstay_min"], 0.0)
    erlangs = rows / days * float(minutes.mean()) / 1440.0 if len(minutes) else 0.0
    about = (
        f"{case.scenario.log}, {rows:,} wishes on {days} day{'s' if days > 1 else ''} "
        "of the horizon"
    )
    return _DailyDemand(about, rows / days, energy_kwh / days, erlangs)


def offered_erlangs(case: Case) -> float:
    """Return the offered load of the guns by the ledger, without its swaps [erlang].

    It is sessions a minute x minutes at the plug, summed over the fleets; the minutes are those of
    a gun that nobody shares, for a sample of 2,000 vehicles of the first day.
    """
    sample, minutes = _plug_minutes(case, case.task.demand.day(0, 0))
    swapping = bool((case.task.facilities.kind != STATION).any())
    total = 0.0
    for index, name in enumerate(case.task.fleets):
        rows = [row for row in case.ledger.rows if row.fleet == name]
        mine = sample["fleet"] == index
        if rows and mine.any():
            swapped = rows[0].swap_target_share if swapping else 0.0
            total += rows[0].sessions_per_day * (1 - swapped) * float(minutes[mine].mean()) / 1440.0
    return total


def _plug_minutes(case: Case, table: Table) -> tuple[Table, NDArray[np.float64]]:
    """Return 2,000 of the wishes and their minutes at an unshared gun; none without stations."""
    facilities = case.task.facilities
    stations = np.flatnonzero(facilities.kind == STATION)
    sample = table[:: max(1, len(table) // 2000)] if len(stations) else table[:0]
    outlet = int(facilities.known["outlet"][stations[0]]) if len(stations) else 0
    minutes = [
        charge_min(
            w["soc"],
            w["target_soc"],
            w["battery_kwh"],
            facilities.edge_soc[w["curve"]],
            facilities.step_kw[outlet, w["curve"]],
        )
        for w in sample
    ]
    return sample, np.array(minutes, dtype=np.float64)
