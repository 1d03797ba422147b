"""Compute how much the guns and bays are used, from site totals."""

import numpy as np

from chargesim.analysis.result import Bools, Floats
from chargesim.analysis.scope_totals import ScopeTotals, Values, ratio
from chargesim.analysis.scopes import CITY, SiteScopes, site_mask
from chargesim.network.network import STATION, SWAP

BUSY_SHARE, IDLE_SHARE = 0.40, 0.05
"""Utilisation above which a station is about to queue (China plans upgrades above 40 %), and below which it is idle."""


def time_utilisation(scope_totals: ScopeTotals, *, peak: bool = False) -> Values:
    """Return busy gun-minutes over gun-minutes of the judged days, or of their peak hours."""
    hours = scope_totals.result.standard.peak_hours if peak else None
    scopes, guns = scope_totals.sites.scopes[STATION], scope_totals.result.network.sites.guns
    available_min = 60 * scope_totals.result.days * scopes.site_hours(guns, hours)
    return Values(
        scopes.keys, ratio(scopes.total(scope_totals.sites.busy_min, hours), available_min)
    )


def gun_availability(scope_totals: ScopeTotals) -> Values:
    """Return the gun-minutes of the judged days in which the gun was not out of order, over all of them."""
    scopes, guns = scope_totals.sites.scopes[STATION], scope_totals.result.network.sites.guns
    all_min = 60 * scope_totals.result.days * scopes.site_hours(guns)
    return Values(scopes.keys, ratio(all_min - scopes.total(scope_totals.sites.down_min), all_min))


def bay_utilisation(scope_totals: ScopeTotals) -> Values:
    """Return busy bay-minutes over bay-minutes of the judged days."""
    scopes, bays = scope_totals.sites.scopes[SWAP], scope_totals.result.network.sites.bays
    available_min = 60 * scope_totals.result.days * scopes.site_hours(bays)
    return Values(scopes.keys, ratio(scopes.total(scope_totals.sites.busy_min), available_min))


def energy_utilisation(scope_totals: ScopeTotals) -> Values:
    """Return the energy at the plug over rated gun power, ultra-fast and companions', times the hours."""
    scopes, sites = scope_totals.sites.scopes[STATION], scope_totals.result.network.sites
    rated_kw = (
        sites.guns - sites.companions
    ) * sites.gun_kw + sites.companions * sites.companion_kw
    rated_kwh = scope_totals.result.days * scopes.site_hours(rated_kw)
    return Values(scopes.keys, ratio(scopes.total(scope_totals.sites.energy_kwh), rated_kwh))


def kwh_per_pile_day(scope_totals: ScopeTotals) -> Values:
    """Return the energy at the plug per gun and day [kWh]."""
    scopes, guns = scope_totals.sites.scopes[STATION], scope_totals.result.network.sites.guns
    gun_days = scope_totals.result.days * scopes.members @ guns
    rows = len(gun_days)
    return Values(
        scopes.keys[:rows], ratio(scopes.total(scope_totals.sites.energy_kwh)[:, :rows], gun_days)
    )


def sessions_per_pile_day(scope_totals: ScopeTotals) -> Values:
    """Return sessions that took energy at a gun, per gun that they may use and day."""
    result = scope_totals.result
    served = np.stack(
        [(run.outcomes[:2, :, STATION].sum(axis=(0, 2, 3))) for run in result.replications]
    )
    guns, trucks = (
        result.network.sites.guns,
        np.array([group == "trucks" for group in result.groups]),
    )
    parts = {CITY: (np.ones_like(trucks), result.network.sites.kind == STATION)}
    parts[("group", "cars")] = (~trucks, site_mask(result, "cars"))
    parts[("group", "trucks")] = (trucks, site_mask(result, "trucks"))
    columns = [
        ratio(served[:, fleets].sum(axis=1), np.asarray(guns[sites].sum() * result.days))
        for fleets, sites in parts.values()
    ]
    return Values(tuple(parts), np.stack(columns, axis=1))


def share_sites_above(scope_totals: ScopeTotals) -> Values:
    """Return the share of stations busy above 40 % in their own busiest hour of the day."""
    return _share_of_stations(
        scope_totals, _station_utilisation(scope_totals).max(axis=-1) > BUSY_SHARE
    )


def share_sites_below(scope_totals: ScopeTotals) -> Values:
    """Return the share of stations busy below 5 % over the whole day."""
    return _share_of_stations(
        scope_totals, _station_utilisation(scope_totals).mean(axis=-1) < IDLE_SHARE
    )


def queue_length(scope_totals: ScopeTotals) -> Values:
    """Return the time mean of the vehicles queueing per station with guns."""
    scopes, guns = scope_totals.sites.scopes[STATION], scope_totals.result.network.sites.guns
    station_min = 60 * scope_totals.result.days * scopes.site_hours(guns > 0)
    return Values(scopes.keys, ratio(scopes.total(scope_totals.sites.queue_min), station_min))


def queue_length_max_hour(scope_totals: ScopeTotals) -> Values:
    """Return the longest queue of any station, as a mean over one clock hour."""
    return highest_of_sites(scope_totals.sites.longest_queue, scope_totals.sites.scopes[STATION])


def highest_of_sites(by_site: Floats, scopes: SiteScopes) -> Values:
    """Return the largest value of a site in each scope that is not an hour; NaN without a site."""
    rows = [
        np.where(member.any(), by_site[:, member].max(axis=1, initial=0.0), np.nan)
        for member in scopes.members > 0
    ]
    return Values(scopes.keys[: len(rows)], np.stack(rows, axis=1))


def _station_utilisation(scope_totals: ScopeTotals) -> Floats:
    """Return the utilisation by replication, site and hour of day; NaN where there is no gun."""
    gun_min = np.asarray(60.0 * scope_totals.result.days * scope_totals.result.network.sites.guns)
    return ratio(scope_totals.sites.busy_min, gun_min[:, None])


def _share_of_stations(scope_totals: ScopeTotals, marked: Bools) -> Values:
    """Return the share of the stations with guns that are marked, in each scope that is not an hour."""
    scopes = scope_totals.sites.scopes[STATION]
    members = scopes.members * (scope_totals.result.network.sites.guns > 0)
    return Values(scopes.keys[: len(members)], ratio(marked @ members.T, members.sum(axis=1)))
