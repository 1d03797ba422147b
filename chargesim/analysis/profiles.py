"""Compute the profiles that figures show: use by site, district and hour, load, waits."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from chargesim.analysis.histogram import share_at_most
from chargesim.analysis.intervals import Interval, t_interval
from chargesim.analysis.result import Floats, RunResult
from chargesim.analysis.scope_totals import ratio
from chargesim.engine.replication_totals import KINDS, LOST, PARTIAL, STRANDED, bin_edges_min
from chargesim.network.network import STATION


def use_by_site(result: RunResult) -> Floats:
    """Return the mean time utilisation of each site's guns or bays over all judged days.

    Parameters
    ----------
    result : RunResult
        The run.

    Returns
    -------
    array of float, [S]
        Share [0..1]; NaN without a gun or bay.
    """
    sites = result.network.sites
    servers = sites.servers
    busy_min = np.mean([run.busy_min.sum(axis=1) for run in result.replications], axis=0)
    return ratio(busy_min, np.asarray(servers * 60.0 * 24 * result.days))


def use_by_district_hour(result: RunResult) -> Floats:
    """Return the mean time utilisation of the public guns by district and hour of day.

    Guns at expressways and for trucks are left out: idle ones beside a busy road would hide a full
    town.

    Parameters
    ----------
    result : RunResult
        The run.

    Returns
    -------
    array of float, [D, 24]
        Share [0..1]; NaN in a district without a public gun.
    """
    busy_min = np.mean([run.busy_min for run in result.replications], axis=0)
    return use_of_public_guns(result, busy_min)


def use_of_public_guns(result: RunResult, busy_min: Floats) -> Floats:
    """Return the time utilisation of the public guns of each district by hour of day.

    Parameters
    ----------
    result : RunResult
        Gives the sites and the judged days.
    busy_min : array of float, [..., S, 24]
        Busy gun-minutes of each site by hour of day, summed over the judged days.

    Returns
    -------
    array of float, [..., D, 24]
        Share [0..1]; NaN in a district without a public gun.
    """
    sites, count = result.network.sites, len(result.network.districts.name)
    public = (sites.kind == STATION) & (np.array(sites.access) == "public")
    members = ((np.arange(count)[:, None] == sites.district) & public).astype(np.float64)
    return ratio(members @ busy_min, (members @ sites.guns * 60.0 * result.days)[:, None])


@dataclass(frozen=True)
class QuarterLoad:
    """Power on the grid side by quarter of an hour of the day."""

    mean_mw: Floats
    """[2, 96] stations and swap sites, mean over days and replications"""
    highest_mw: Floats
    """[96] city, highest of all days and replications"""
    peak_mw: Interval
    """highest quarter of an hour of the city in a replication, two-sided 95 % over all looks"""


def quarter_load(result: RunResult) -> QuarterLoad:
    """Return the load of the city by quarter of an hour of the day.

    Parameters
    ----------
    result : RunResult
        The run.
    """
    by_kind = np.stack([run.district_kw.sum(axis=1) for run in result.replications]) / 1000
    city = by_kind.sum(axis=1)
    daily = by_kind.reshape(len(by_kind), 2, result.days, 96)
    return QuarterLoad(
        daily.mean(axis=(0, 2)),
        city.reshape(-1, 96).max(axis=0),
        t_interval(city.max(axis=1), level=result.interval_level),
    )


@dataclass(frozen=True)
class WaitCurve:
    """How long the vehicles of a fleet or of a kind waited, of all that wished."""

    name: str
    minutes: Floats
    """upper edges of the bins, above 0 [min]"""
    share: Floats
    """share that was served after at most these minutes [0..1]"""
    share_at_zero: float
    share_unserved: float
    wishes_per_day: float


def wait_curves(result: RunResult, by: Literal["fleet", "kind"]) -> list[WaitCurve]:
    """Return the waiting time distributions of all replications; names without a wish are left out.

    Parameters
    ----------
    result : RunResult
        The run.
    by : "fleet" or "kind"
        One curve for each.
    """
    axis, names = (1, result.fleets) if by == "fleet" else (0, KINDS)
    bins = sum(run.wait_bins.sum(axis=(2, 3)) for run in result.replications)
    unserved = sum(
        run.outcomes[[PARTIAL, LOST, STRANDED]].sum(axis=(0, 3, 4)) for run in result.replications
    )
    bins, unserved = np.asarray(bins).sum(axis=axis), np.asarray(unserved).sum(axis=axis)
    shares = share_at_most(bins, unserved=unserved)
    wishes = bins.sum(axis=-1) + unserved
    days = len(result.replications) * result.days
    edges = bin_edges_min()[1:-1]
    return [
        WaitCurve(
            name,
            edges,
            shares[i, 1:],
            float(shares[i, 0]),
            float(unserved[i] / wishes[i]),
            float(wishes[i] / days),
        )
        for i, name in enumerate(names)
        if wishes[i] > 0
    ]
