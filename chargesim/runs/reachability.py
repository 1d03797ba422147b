"""Find out before a run what reaches no site: zones, fleets, sites far away, wishes beyond it.

A zone is out of reach where no road leads to a site that the vehicle may use, or where none is
within its range with the fullest battery at a wish.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from chargesim.analysis.result import RunResult
from chargesim.demand.arrivals import ArrivalDemand
from chargesim.demand.draw import DemandModel
from chargesim.demand.recorded import RecordedDemand
from chargesim.errors import InputError
from chargesim.network.candidates import holds
from chargesim.network.network import Network
from chargesim.network.projection import EARTH_RADIUS_KM
from chargesim.runs.case import Case

Floats = NDArray[np.float64]

FAR_KM = 50.0
"""A site so far from every zone is named: a day's drive of a taxi is four times as long."""
_SHOWN = 5
_NO_SITE = "no site"
_NO_ROAD = "no road leads to a site that {} may use"
_TOO_FAR = "the nearest site that {} may use is beyond their range"


@dataclass(frozen=True)
class Unreached:
    """Vehicles of a fleet that reach no site from a zone."""

    fleet: str
    zone: str
    reason: str
    vehicles: float
    """a day by the ledger, or in all judged days of a log"""


def reachability(case: Case) -> tuple[str, ...]:
    """Return a line for everything that is out of reach, and how many vehicles it concerns."""
    demand = case.task.demand
    if isinstance(demand, ArrivalDemand):  # they come to their sites
        return tuple(_far_sites(case.network))
    if isinstance(demand, RecordedDemand):
        found, wishes = list(_unreached_of_log(case, demand)), len(_judged(case, demand))
        unit = f"of {wishes:,} wishes on the judged days"
    else:
        found = list(_unreached_of_model(case, demand))
        unit = f"of {case.ledger.sessions_per_day:,.0f} vehicles a day"
    lines = [
        *_fleets_without_sites(case, found),
        *_far_sites(case.network),
        *_zone_lines([one for one in found if one.reason != _NO_SITE], unit),
    ]
    if isinstance(demand, RecordedDemand):
        lines += _told_of_log(case, demand)
    return tuple(lines)


def refuse_empty_days(case: Case) -> None:
    """Refuse a run on whose judged days nobody wants energy.

    Raises
    ------
    InputError
        Of nothing there is no verdict.
    """
    task, scenario = case.task, case.scenario
    days = range(task.lead_in_days, task.lead_in_days + task.days)
    if sum(task.demand.expected_wishes(day) for day in days) > 0:
        return
    if isinstance(task.demand, RecordedDemand):
        first, last = days.start * 1440, days.stop * 1440
        total, rows = len(task.demand.table), task.demand.table["wish_min"]
        raise InputError(
            [
                f"recorded: none of the wishes of {scenario.recorded} ({total:,}, wish_min "
                f"{rows.min():,.10g} to {rows.max():,.10g}) is on the judged days, "
                f"{first:,} to {last:,}; there is nothing to judge"
            ]
        )
    raise InputError(
        [
            "nobody wants energy on the judged days: the ledger asks for 0 sessions a day "
            "(fleet.stock, the shares of the fleets, corridors); there is nothing to judge"
        ]
    )


def refuse_no_wishes(result: RunResult) -> None:
    """Refuse a result in which nobody wanted energy, since so few do on an average day.

    Raises
    ------
    InputError
        Of nothing there is no verdict.
    """
    if sum(int(one.wishes.sum()) for one in result.replications) == 0:
        count = len(result.replications)
        raise InputError(
            [
                f"in none of the {count:,} replications does anybody want energy on the judged "
                "days (fleet.stock, the shares of the fleets, corridors); there is nothing to judge"
            ]
        )


def _fleets_without_sites(case: Case, found: list[Unreached]) -> Iterator[str]:
    """Yield a line for each fleet whose access no site of the plan has."""
    vehicles: dict[str, float] = {}
    for one in found:
        if one.reason == _NO_SITE:
            vehicles[one.fleet] = vehicles.get(one.fleet, 0.0) + one.vehicles
    fleets = case.scenario.fleets
    for name, count in vehicles.items():
        access = " or ".join(fleets[name].access) if name in fleets else "expressway or public"
        log = isinstance(case.task.demand, RecordedDemand)
        who = "wishes in the log" if log else "vehicles a day"
        yield f"{name}: no site admits this fleet (access {access}); {who} in vain: {count:,.0f}"


def _members(network: Network, which: int) -> NDArray[np.bool_]:
    """Return which sites a candidate list holds."""
    key, sites = network.candidates.keys[which], network.sites
    return np.array([holds(key, sites, site) for site in range(len(sites))], dtype=bool)


def _far_sites(network: Network) -> Iterator[str]:
    """Yield a line on the sites that are far from every zone, and what may have happened."""
    sites, zones = network.sites, network.zones
    if len(sites) == 0 or len(zones.id) == 0:
        return
    away_km = _nearest_km(sites.lat, sites.lon, zones.lat, zones.lon)
    far = away_km > FAR_KM
    if not far.any():
        return
    near = away_km[far].min()
    text = (
        f"{_named(np.array(sites.id)[far])}: far from every zone, {near:,.0f} km"
        f"{' or more' if far.sum() > 1 else ''} ({far.sum():,} of {len(sites):,} sites)"
    )
    legal = far & (np.abs(sites.lon) <= 90)
    if legal.any():
        turned_km = _nearest_km(sites.lon[legal], sites.lat[legal], zones.lat, zones.lon)
        if (turned_km < FAR_KM).all():
            text += (
                "; latitude and longitude look exchanged: turned round, "
                f"{'they are' if legal.sum() > 1 else 'it is'} within {turned_km.max():,.1f} km"
            )
    yield text


def _nearest_km(lat: Floats, lon: Floats, other_lat: Floats, other_lon: Floats) -> Floats:
    """Return the great-circle distance of each point to the nearest of the others [km]."""

    def on_sphere(lat: Floats, lon: Floats) -> Floats:
        a, b = np.radians(lat), np.radians(lon)
        return np.stack([np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)], axis=-1)

    chord, _ = cKDTree(on_sphere(other_lat, other_lon)).query(on_sphere(lat, lon))
    distance: Floats = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(1.0, chord / 2))
    return distance


def _unreached_of_model(case: Case, demand: DemandModel) -> Iterator[Unreached]:
    """Yield fleets and zones from which they reach nothing, by the ledger's average day."""
    network, names = case.network, case.task.zone_names
    for fleet in demand.fleets:
        if fleet.wishes_per_day <= 0:
            continue
        no_site = not _members(network, fleet.station_list).any()
        weight = np.diff(fleet.origin_cdf, prepend=0.0)
        range_km = fleet.rule.soc_high * max(fleet.curve_kwh) / fleet.consumption_kwh_km
        km = _least_km(network, fleet.station_list)[fleet.origins]
        part = np.ones(len(km))
        if fleet.swap_list >= 0 and fleet.capable_share > 0:
            pack_km = fleet.rule.soc_high * fleet.pack_kwh / fleet.consumption_kwh_km
            swaps = _least_km(network, fleet.swap_list)[fleet.origins] <= pack_km
            part = np.where(swaps, 1 - fleet.capable_share, 1.0)
        for row in np.flatnonzero((km > range_km) & (weight > 0) & (part > 0)):
            reason = _NO_SITE if no_site else _NO_ROAD if np.isinf(km[row]) else _TOO_FAR
            vehicles = fleet.wishes_per_day * weight[row] * part[row]
            yield Unreached(fleet.name, names[fleet.origins[row]], reason, float(vehicles))


def _least_km(network: Network, which: int) -> Floats:
    """Return the km from each origin to the nearest site of a list, infinite without one."""
    least: Floats = network.candidates.km[which].min(axis=1, initial=np.inf)
    return least


def _unreached_of_log(case: Case, demand: RecordedDemand) -> Iterator[Unreached]:
    """Yield fleets and zones whose wishes on the judged days reach nothing."""
    task, table = case.task, _judged(case, demand)
    candidates = task.facilities.candidates
    km = np.where(candidates["site"] >= 0, candidates["km"], np.inf).min(axis=2, initial=np.inf)
    least = np.minimum(
        km[table["station_list"], table["origin"]],
        np.where(table["swap_list"] >= 0, km[table["swap_list"], table["origin"]], np.inf),
    )
    out = least > table["soc"] * table["battery_kwh"] / table["consumption_kwh_km"]
    zone = task.zone_of_origin[table["origin"][out]]
    groups, counts = np.unique(
        np.stack([table["fleet"][out], zone, np.isinf(least[out]), table["station_list"][out]]),
        axis=1,
        return_counts=True,
    )
    for (fleet, of, no_road, which), count in zip(groups.T, counts, strict=True):
        name = task.zone_names[of] if of >= 0 else "the sites that the log names"
        reason = _NO_ROAD if no_road else _TOO_FAR
        if which < demand.lists and not _members(case.network, int(which)).any():
            reason = _NO_SITE
        yield Unreached(task.fleets[fleet], name, reason, float(count))


def _judged(case: Case, demand: RecordedDemand) -> NDArray[np.void]:
    """Return the wishes of a log on the judged days."""
    begin, days = case.task.lead_in_days * 1440.0, case.task.days
    minutes = demand.table["wish_min"]
    rows: NDArray[np.void] = demand.table[(minutes >= begin) & (minutes < begin + days * 1440.0)]
    return rows


def _zone_lines(found: list[Unreached], unit: str) -> Iterator[str]:
    """Yield a line for each set of zones, with the fleets and vehicles that it concerns."""
    zones: dict[tuple[str, str], dict[str, float]] = {}
    for one in found:
        of_fleet = zones.setdefault((one.fleet, one.reason), {})
        of_fleet[one.zone] = of_fleet.get(one.zone, 0.0) + one.vehicles
    together: dict[tuple[str, tuple[str, ...]], list[tuple[str, float]]] = {}
    for (fleet, reason), here in zones.items():
        together.setdefault((reason, tuple(here)), []).append((fleet, sum(here.values())))
    for (reason, names), fleets in together.items():
        vehicles = sum(count for _, count in fleets)
        amount = f"{vehicles:,.0f}" if vehicles >= 1 else "fewer than 1"
        what = reason.format(_named([fleet for fleet, _ in fleets], "or"))
        yield f"{_named(names)}: from here {what}; this concerns {amount} {unit}"


def _told_of_log(case: Case, demand: RecordedDemand) -> Iterator[str]:
    """Yield how many wishes of a log are not judged, and how many stays are too short."""
    begin = case.task.lead_in_days * 1440.0
    end = begin + case.task.days * 1440.0
    minutes, total = demand.table["wish_min"], len(demand.table)
    before, late = int((minutes < begin).sum()), int((minutes >= end).sum())
    if before:
        yield (
            f"recorded: of its {total:,} wishes {before:,} are on the lead-in days, "
            "played and not judged"
        )
    if late:
        yield (
            f"recorded: the horizon ends before {late:,} of its {total:,} wishes "
            f"(wish_min {end:,.0f} and later); they are left out"
        )
    if demand.too_short:
        yield (
            f"recorded: {demand.too_short:,} stays are shorter than the handling at a gun "
            "(stations.handling_before_min, handling_after_min), which they take"
        )


def _named(names: "tuple[str, ...] | list[str] | NDArray[np.str_]", word: str = "and") -> str:
    """Return names as a list in words, at most five of them."""
    texts = [str(name) for name in names]
    more = len(texts) - _SHOWN
    if more > 0:
        return f"{', '.join(texts[:_SHOWN])} {word} {more:,} more"
    return f" {word} ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))
