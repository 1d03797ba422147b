"""Compute how much the swap sites and their packs are used."""

import numpy as np

from chargesim.analysis.result import Floats
from chargesim.analysis.scope_totals import KpiValues, ScopeTotals, ratio
from chargesim.analysis.scopes import CITY, site_mask
from chargesim.engine.replication_totals import SERVED
from chargesim.network.network import STATION, SWAP


def pack_availability(totals: ScopeTotals) -> KpiValues:
    """Return the share of arrivals that found a charged pack which no earlier vehicle awaited."""
    scopes = totals.swap_sites
    arrivals = scopes.total(totals["arrivals"])
    found = scopes.total(totals["pack_found"])
    return KpiValues(scopes.keys, ratio(found, arrivals), whole=arrivals)


def packs_ready(totals: ScopeTotals) -> KpiValues:
    """Return the time mean of charged packs in the rack of a swap site."""
    scopes, result = totals.swap_sites, totals.result
    site_hours = result.days * scopes.site_hours(result.network.sites.kind == SWAP)
    return KpiValues(scopes.keys, ratio(scopes.total(totals["packs_ready_h"]), site_hours))


def swaps_per_site_day(totals: ScopeTotals) -> KpiValues:
    """Return swaps per swap site and day, for the city and for cars and trucks apart."""
    result = totals.result
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
    return KpiValues(tuple(parts), np.stack(columns, axis=1))


def swap_share_of_energy(totals: ScopeTotals) -> KpiValues:
    """Return the energy taken by swapping over all energy taken; the ledger has a target for it."""
    swapped = _energy_of_kind(totals, SWAP)
    whole = _energy_of_kind(totals, STATION) + swapped
    return KpiValues(totals.sessions.keys, ratio(swapped, whole))


def _energy_of_kind(totals: ScopeTotals, kind: int) -> Floats:
    """Return the energy that sessions of one kind took [R, scopes]."""
    sums = []
    for run in totals.result.replications:
        session_kwh = np.zeros_like(run.session_kwh)
        session_kwh[:, kind] = run.session_kwh[:, kind]
        sums.append(totals.sessions.total(session_kwh))
    return np.stack(sums)
