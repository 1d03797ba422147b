"""Compute how much the guns and bays are used, and how long the queues at stations are."""

import numpy as np

from chargesim.analysis.result import Bools, Floats
from chargesim.analysis.scope_totals import KpiValues, ScopeTotals, ratio
from chargesim.analysis.scopes import CITY, SiteScopes, site_mask
from chargesim.engine.replication_totals import PARTIAL, SERVED
from chargesim.network.network import STATION

BUSY_SHARE, IDLE_SHARE = 0.40, 0.05
"""Utilisation of a busy station (China plans upgrades above 40 %), and of an idle one."""


def time_utilisation(totals: ScopeTotals, hours: list[int] | None = None) -> KpiValues:
    """Return occupied gun-minutes over all gun-minutes, of the judged days or some hours."""
    scopes, guns = totals.stations, totals.result.network.sites.guns
    available_min = 60 * totals.result.days * scopes.site_hours(guns, hours)
    return KpiValues(scopes.keys, ratio(scopes.total(totals["busy_min"], hours), available_min))


def charging_utilisation(totals: ScopeTotals) -> KpiValues:
    """Return the gun-minutes with a charge under way over all gun-minutes."""
    scopes, guns = totals.stations, totals.result.network.sites.guns
    all_min = 60 * totals.result.days * scopes.site_hours(guns)
    return KpiValues(scopes.keys, ratio(scopes.total(totals["charging_min"]), all_min))


def time_utilisation_peak(totals: ScopeTotals) -> KpiValues:
    """Return the time utilisation of the guns in the standard's peak hours."""
    return time_utilisation(totals, totals.result.standard.peak_hours)


def gun_availability(totals: ScopeTotals) -> KpiValues:
    """Return the gun-minutes in which the gun was not out of order, over all gun-minutes."""
    scopes, guns = totals.stations, totals.result.network.sites.guns
    all_min = 60 * totals.result.days * scopes.site_hours(guns)
    return KpiValues(scopes.keys, ratio(all_min - scopes.total(totals["down_min"]), all_min))


def bay_utilisation(totals: ScopeTotals) -> KpiValues:
    """Return busy bay-minutes over bay-minutes of the judged days."""
    scopes, bays = totals.swap_sites, totals.result.network.sites.bays
    available_min = 60 * totals.result.days * scopes.site_hours(bays)
    return KpiValues(scopes.keys, ratio(scopes.total(totals["busy_min"]), available_min))


def energy_utilisation(totals: ScopeTotals) -> KpiValues:
    """Return the energy at the plug over rated power of guns and companions times the hours."""
    scopes, sites = totals.stations, totals.result.network.sites
    ultra_fast = sites.guns - sites.companions
    rated_kw = ultra_fast * sites.gun_kw + sites.companions * sites.companion_kw
    rated_kwh = totals.result.days * scopes.site_hours(rated_kw)
    return KpiValues(scopes.keys, ratio(scopes.total(totals["energy_kwh"]), rated_kwh))


def kwh_per_pile_day(totals: ScopeTotals) -> KpiValues:
    """Return the energy at the plug per gun and day [kWh]."""
    scopes, guns = totals.stations, totals.result.network.sites.guns
    gun_days = totals.result.days * scopes.members @ guns
    count = len(gun_days)
    energy_kwh = scopes.total(totals["energy_kwh"])[:, :count]
    return KpiValues(scopes.keys[:count], ratio(energy_kwh, gun_days))


def sessions_per_pile_day(totals: ScopeTotals) -> KpiValues:
    """Return sessions that took energy at a gun, per gun that they may use and day."""
    result = totals.result
    with_energy = [SERVED, PARTIAL]
    sessions = np.stack(
        [run.outcomes[with_energy, :, STATION].sum(axis=(0, 2, 3)) for run in result.replications]
    )
    guns = result.network.sites.guns
    trucks = np.array([group == "trucks" for group in result.groups])
    parts = {CITY: (np.ones_like(trucks), result.network.sites.kind == STATION)}
    parts[("group", "cars")] = (~trucks, site_mask(result, "cars"))
    parts[("group", "trucks")] = (trucks, site_mask(result, "trucks"))
    columns = [
        ratio(sessions[:, fleets].sum(axis=1), np.asarray(guns[sites].sum() * result.days))
        for fleets, sites in parts.values()
    ]
    return KpiValues(tuple(parts), np.stack(columns, axis=1))


def share_sites_above(totals: ScopeTotals) -> KpiValues:
    """Return the share of stations busy above 40 % in their own busiest hour of the day."""
    return _share_of_stations(totals, _station_utilisation(totals).max(axis=-1) > BUSY_SHARE)


def share_sites_below(totals: ScopeTotals) -> KpiValues:
    """Return the share of stations busy below 5 % over the whole day."""
    return _share_of_stations(totals, _station_utilisation(totals).mean(axis=-1) < IDLE_SHARE)


def queue_length(totals: ScopeTotals) -> KpiValues:
    """Return the time mean of the vehicles queueing per station with guns."""
    scopes, guns = totals.stations, totals.result.network.sites.guns
    station_min = 60 * totals.result.days * scopes.site_hours(guns > 0)
    return KpiValues(scopes.keys, ratio(scopes.total(totals["queue_min"]), station_min))


def queue_length_max_hour(totals: ScopeTotals) -> KpiValues:
    """Return the longest queue of any station, as a mean over one clock hour."""
    return highest_of_sites(totals["longest_queue"], totals.stations)


def highest_of_sites(by_site: Floats, scopes: SiteScopes) -> KpiValues:
    """Return the largest value of a site in each scope that is not an hour; NaN without a site."""
    columns = [
        np.where(member.any(), by_site[:, member].max(axis=1, initial=0.0), np.nan)
        for member in scopes.members > 0
    ]
    return KpiValues(scopes.keys[: len(columns)], np.stack(columns, axis=1))


def _station_utilisation(totals: ScopeTotals) -> Floats:
    """Return the utilisation of the guns [R, S, 24]; NaN at a site without a gun."""
    gun_min = np.asarray(60.0 * totals.result.days * totals.result.network.sites.guns)
    return ratio(totals["busy_min"], gun_min[:, None])


def _share_of_stations(totals: ScopeTotals, marked: Bools) -> KpiValues:
    """Return the marked share of the stations with guns, in each scope that is not an hour."""
    scopes = totals.stations
    members = scopes.members * (totals.result.network.sites.guns > 0)
    return KpiValues(scopes.keys[: len(members)], ratio(marked @ members.T, members.sum(axis=1)))
