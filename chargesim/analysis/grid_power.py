"""Compute energy and power on the grid side: by site, district and city."""

import numpy as np

from chargesim.analysis.result import Floats
from chargesim.analysis.scope_totals import ScopeTotals, Values, ratio
from chargesim.analysis.scopes import CITY, Key
from chargesim.analysis.utilisation import highest_of_sites
from chargesim.network.network import STATION, SWAP

FULL_SHARE = 0.90
"""Load of a grid connection above which it counts as full."""
_KIND_KEYS: tuple[Key, ...] = (("kind", "station"), ("kind", "swap"))


def energy_per_day(scope_totals: ScopeTotals) -> Values:
    """Return the energy that stations (at the plug) and swap sites (at the packs) gave per day [MWh]."""
    station, swap = (scope_totals.sites.scopes[kind] for kind in (STATION, SWAP))
    by_kind = [scopes.total(scope_totals.sites.energy_kwh) for scopes in (station, swap)]
    keys = [key for key in station.keys if key[0] != "group"]
    columns = [
        sum(
            total[:, scopes.keys.index(key)]
            for scopes, total in zip((station, swap), by_kind, strict=True)
        )
        for key in keys
    ]
    columns += [total[:, 0] for total in by_kind]
    return Values(
        (*keys, *_KIND_KEYS),
        np.stack([np.asarray(column) for column in columns], axis=1)
        / 1000
        / scope_totals.result.days,
    )


def store_lent_per_day(scope_totals: ScopeTotals) -> Values:
    """Return the energy that battery stores gave to the guns per day [MWh], for the city and each district."""
    kernel = scope_totals.sites.lent_kwh.sum(axis=2)
    district = np.asarray(scope_totals.result.network.sites.district)
    names = scope_totals.result.network.districts.name
    columns = [
        kernel.sum(axis=1),
        *(kernel[:, district == number].sum(axis=1) for number in range(len(names))),
    ]
    keys = (CITY, *(("district", name) for name in names))
    return Values(keys, np.stack(columns, axis=1) / 1000 / scope_totals.result.days)


def peak_mw(scope_totals: ScopeTotals) -> Values:
    """Return the highest quarter of an hour of the city, of each kind, and of each district by itself [MW]."""
    kw = scope_totals.district_kw
    columns = [
        kw.sum(axis=(1, 2)).max(axis=-1)[:, None],
        kw.sum(axis=2).max(axis=-1),
        kw.sum(axis=1).max(axis=-1),
    ]
    keys = (
        CITY,
        *_KIND_KEYS,
        *(("district", name) for name in scope_totals.result.network.districts.name),
    )
    return Values(keys, np.concatenate(columns, axis=1) / 1000)


def site_peak_mw(scope_totals: ScopeTotals) -> Values:
    """Return the highest quarter of an hour of any one site, by kind [MW]."""
    columns = [
        highest_of_sites(
            scope_totals.sites.peak_kw, scope_totals.sites.scopes[kind]
        ).by_replication[:, 0]
        for kind in (STATION, SWAP)
    ]
    return Values(_KIND_KEYS, np.stack(columns, axis=1) / 1000)


def transformer_load(scope_totals: ScopeTotals) -> Values:
    """Return the mean over the grid connections of their highest quarter of an hour over their power."""
    return _over_connections(scope_totals, _connection_load(scope_totals))


def share_transformers_full(scope_totals: ScopeTotals) -> Values:
    """Return the share of grid connections whose highest quarter of an hour is above 90 % of their power."""
    load = _connection_load(scope_totals)
    return _over_connections(scope_totals, np.where(np.isnan(load), np.nan, load > FULL_SHARE))


def coincidence_factor(scope_totals: ScopeTotals) -> Values:
    """Return the peak of the city, and of its kinds, over the sum of its sites' own peaks."""
    kw, peaks = scope_totals.district_kw, scope_totals.sites.peak_kw
    kind = scope_totals.result.network.sites.kind
    city = ratio(kw.sum(axis=(1, 2)).max(axis=-1), peaks.sum(axis=1))
    kinds = [
        ratio(kw[:, one].sum(axis=1).max(axis=-1), peaks[:, kind == one].sum(axis=1))
        for one in (STATION, SWAP)
    ]
    return Values((CITY, *_KIND_KEYS), np.stack([city, *kinds], axis=1))


def _connection_load(scope_totals: ScopeTotals) -> Floats:
    """Return each connection's peak over its power [R, connections]; NaN where no power is given."""
    sites, peaks = scope_totals.result.network.sites, scope_totals.sites.connection_peak_kw
    power_kw = np.zeros(peaks.shape[1])
    power_kw[sites.connection] = sites.site_kw
    return ratio(peaks, power_kw)


def _over_connections(scope_totals: ScopeTotals, by_connection: Floats) -> Values:
    """Return the mean over connections for the city, each kind and each district; one counts wherever it has a site."""
    sites, names = scope_totals.result.network.sites, scope_totals.result.network.districts.name
    members = [np.ones(len(sites), dtype=np.bool_), sites.kind == STATION, sites.kind == SWAP]
    members += [sites.district == district for district in range(len(names))]
    weights = np.zeros((by_connection.shape[1], len(members)))
    for column, member in enumerate(members):
        weights[sites.connection[member], column] = 1.0
    known = ~np.isnan(by_connection)
    means = ratio(np.where(known, by_connection, 0.0) @ weights, known.astype(np.float64) @ weights)
    return Values((CITY, *_KIND_KEYS, *(("district", name) for name in names)), means)
