"""Compute how the swap sites and their packs fared."""

import numpy as np

from chargesim.analysis.scope_totals import ScopeTotals, Values, ratio
from chargesim.analysis.scopes import CITY, site_mask
from chargesim.engine.replication_totals import SERVED
from chargesim.network.network import SWAP


def pack_availability(scope_totals: ScopeTotals) -> Values:
    """Return the share of arrivals at swap sites that found a charged pack no earlier vehicle was waiting for."""
    scopes = scope_totals.sites.scopes[SWAP]
    arrivals = scopes.total(scope_totals.sites.arrivals)
    return Values(
        scopes.keys,
        ratio(scopes.total(scope_totals.sites.pack_found), arrivals),
        trials=arrivals.sum(axis=0),
    )


def packs_ready(scope_totals: ScopeTotals) -> Values:
    """Return the time mean of charged packs in the rack of a swap site."""
    scopes = scope_totals.sites.scopes[SWAP]
    site_hours = scope_totals.result.days * scopes.site_hours(
        scope_totals.result.network.sites.kind == SWAP
    )
    return Values(scopes.keys, ratio(scopes.total(scope_totals.sites.packs_ready_h), site_hours))


def swaps_per_site_day(scope_totals: ScopeTotals) -> Values:
    """Return swaps per swap site and day, for the city and for cars and trucks apart."""
    result = scope_totals.result
    swaps = np.stack(
        [run.outcomes[SERVED, :, SWAP].sum(axis=(1, 2)) for run in result.replications]
    )
    trucks = np.array([group == "trucks" for group in result.groups])
    parts = {CITY: (np.ones_like(trucks), result.network.sites.kind == SWAP)}
    parts[("group", "swap")] = (~trucks, site_mask(result, "swap"))
    parts[("group", "truck_swap")] = (trucks, site_mask(result, "truck_swap"))
    columns = [
        ratio(swaps[:, fleets].sum(axis=1), np.asarray(sites.sum() * result.days))
        for fleets, sites in parts.values()
    ]
    return Values(tuple(parts), np.stack(columns, axis=1))


def swap_share_of_energy(scope_totals: ScopeTotals) -> Values:
    """Return the energy taken by swapping over all energy taken, to compare with the ledger's target."""
    kwh = scope_totals.sessions.kind_kwh
    return Values(scope_totals.sessions.keys, ratio(kwh[:, SWAP], kwh.sum(axis=1)))
