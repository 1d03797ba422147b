"""Compute energy and power on the grid side: by site, district and city."""

import numpy as np

from chargesim.analysis.result import Floats
from chargesim.analysis.scope_totals import KpiValues, ScopeTotals, ratio
from chargesim.analysis.scopes import CITY, Key
from chargesim.analysis.utilisation import highest_of_sites
from chargesim.network.network import STATION, SWAP

FULL_SHARE = 0.90
"""Load of a grid connection above which it counts as full."""
_KIND_KEYS: tuple[Key, ...] = (("kind", "station"), ("kind", "swap"))


def energy_per_day(totals: ScopeTotals) -> KpiValues:
    """Return the energy per day from stations (at the plug) and swap sites (at the packs) [MWh]."""
    kinds = (totals.stations, totals.swap_sites)
    station_kwh, swap_kwh = (scopes.total(totals["energy_kwh"]) for scopes in kinds)
    keys = [key for key in totals.stations.keys if key[0] != "group"]
    at_stations, at_swap_sites = ([scopes.keys.index(key) for key in keys] for scopes in kinds)
    kwh = [
        station_kwh[:, at_stations] + swap_kwh[:, at_swap_sites],
        station_kwh[:, :1],
        swap_kwh[:, :1],
    ]
    mwh = np.concatenate(kwh, axis=1) / 1000
    return KpiValues((*keys, *_KIND_KEYS), mwh / totals.result.days)


def store_lent_per_day(totals: ScopeTotals) -> KpiValues:
    """Return the energy from battery stores to guns per day, for the city and districts [MWh]."""
    lent_kwh = totals["lent_kwh"].sum(axis=2)
    district = np.asarray(totals.result.network.sites.district)
    names = totals.result.network.districts.name
    columns = [
        lent_kwh.sum(axis=1),
        *(lent_kwh[:, district == number].sum(axis=1) for number in range(len(names))),
    ]
    keys = (CITY, *(("district", name) for name in names))
    return KpiValues(keys, np.stack(columns, axis=1) / 1000 / totals.result.days)


def peak_mw(totals: ScopeTotals) -> KpiValues:
    """Return the highest quarter of an hour of the city, each kind and each district [MW]."""
    kw = totals["district_kw"]
    columns = [
        kw.sum(axis=(1, 2)).max(axis=-1)[:, None],
        kw.sum(axis=2).max(axis=-1),
        kw.sum(axis=1).max(axis=-1),
    ]
    districts = (("district", name) for name in totals.result.network.districts.name)
    return KpiValues((CITY, *_KIND_KEYS, *districts), np.concatenate(columns, axis=1) / 1000)


def site_peak_mw(totals: ScopeTotals) -> KpiValues:
    """Return the highest quarter of an hour of any one site, by kind [MW]."""
    columns = [
        highest_of_sites(totals["peak_kw"], scopes).by_replication[:, 0]
        for scopes in (totals.stations, totals.swap_sites)
    ]
    return KpiValues(_KIND_KEYS, np.stack(columns, axis=1) / 1000)


def transformer_load(totals: ScopeTotals) -> KpiValues:
    """Return the mean over grid connections of their peak quarter of an hour over their power."""
    return _over_connections(totals, _connection_load(totals))


def share_transformers_full(totals: ScopeTotals) -> KpiValues:
    """Return the share of grid connections with a quarter of an hour above 90 % of their power."""
    load = _connection_load(totals)
    return _over_connections(totals, np.where(np.isnan(load), np.nan, load > FULL_SHARE))


def coincidence_factor(totals: ScopeTotals) -> KpiValues:
    """Return the peak of the city, and of its kinds, over the sum of its sites' own peaks."""
    kw, peaks = totals["district_kw"], totals["peak_kw"]
    kind = totals.result.network.sites.kind
    city = ratio(kw.sum(axis=(1, 2)).max(axis=-1), peaks.sum(axis=1))
    kinds = [
        ratio(kw[:, one].sum(axis=1).max(axis=-1), peaks[:, kind == one].sum(axis=1))
        for one in (STATION, SWAP)
    ]
    return KpiValues((CITY, *_KIND_KEYS), np.stack([city, *kinds], axis=1))


def _connection_load(totals: ScopeTotals) -> Floats:
    """Return each connection's peak over its power [R, connections]; NaN where it has no power."""
    sites, peaks = totals.result.network.sites, totals["connection_peak_kw"]
    power_kw = np.zeros(peaks.shape[1])
    power_kw[sites.connection] = sites.site_kw
    return ratio(peaks, power_kw)


def _over_connections(totals: ScopeTotals, by_connection: Floats) -> KpiValues:
    """Return the mean over the connections that have a site in the city, a kind or a district."""
    sites, names = totals.result.network.sites, totals.result.network.districts.name
    members = [np.ones(len(sites), dtype=np.bool_), sites.kind == STATION, sites.kind == SWAP]
    members += [sites.district == district for district in range(len(names))]
    weights = np.zeros((by_connection.shape[1], len(members)))
    for column, member in enumerate(members):
        weights[sites.connection[member], column] = 1.0
    known = ~np.isnan(by_connection)
    means = ratio(np.where(known, by_connection, 0.0) @ weights, known.astype(np.float64) @ weights)
    return KpiValues((CITY, *_KIND_KEYS, *(("district", name) for name in names)), means)
