"""Compute for how much of the time so many guns or bays of a site are occupied, or all of them."""

import numpy as np
import pandas as pd

from chargesim.analysis.intervals import t_intervals
from chargesim.analysis.result import Counts, Floats, RunResult
from chargesim.analysis.scope_totals import KpiValues, ScopeTotals, ratio
from chargesim.engine.replication_totals import first_levels


def occupancy_shares(result: RunResult) -> Floats:
    """Return the share of the judged time in which exactly n guns or bays of a site are occupied.

    Returns
    -------
    array of float, [R, level]
        By replication and level: n = 0, 1, ... and all servers of each site, site after site; see
        `site_levels`. The shares of a site add up to 1.
    """
    minutes = np.stack([run.occupied_min for run in result.replications])
    return np.asarray(minutes / (1440.0 * result.days))


def site_levels(servers: Counts) -> tuple[Counts, Counts]:
    """Return the site of each level of `occupancy_shares`, and the servers occupied at it."""
    first = first_levels(servers)
    site = np.repeat(np.arange(len(servers)), servers + 1)
    return site, np.arange(first[-1]) - first[site]


def all_occupied_shares(result: RunResult) -> Floats:
    """Return the share of each hour of day in which all guns or bays are occupied [R, S, 24].

    It is NaN at a site without any.
    """
    minutes = np.stack([run.all_occupied_min for run in result.replications])
    whole = np.where(result.network.sites.servers > 0, 60.0 * result.days, 0.0)
    return ratio(minutes, whole[:, None])


def worst_hours(result: RunResult) -> Counts:
    """Return the hour of day in which all guns or bays of a site are most often occupied [S].

    It is that of the mean over replications: the worst hour of each by itself would be chosen by
    its chance, and its share would be too high.
    """
    return np.asarray(all_occupied_shares(result).mean(axis=0).argmax(axis=1))


def share_all_guns_occupied(totals: ScopeTotals) -> KpiValues:
    """Return the share of the time in which all guns are occupied, as a mean over stations."""
    scopes, guns = totals.stations, totals.result.network.sites.guns
    station_min = 60.0 * totals.result.days * scopes.site_hours(guns > 0)
    return KpiValues(scopes.keys, ratio(scopes.total(totals["all_occupied_min"]), station_min))


def share_all_guns_occupied_worst_hour(totals: ScopeTotals) -> KpiValues:
    """Return the same in each station's own worst hour, in each scope that is not an hour."""
    scopes, result = totals.stations, totals.result
    members = scopes.members * (result.network.sites.guns > 0)
    worst = worst_hours(result)[None, :, None]
    shares = np.take_along_axis(all_occupied_shares(result), worst, axis=2)[..., 0]
    mean = ratio(np.nan_to_num(shares) @ members.T, members.sum(axis=1))
    return KpiValues(scopes.keys[: len(members)], mean)


def occupancy_frame(result: RunResult) -> pd.DataFrame:
    """Return a row per site and number of occupied guns or bays.

    Returns
    -------
    DataFrame
        site, occupied (0, 1, ... and all), share (of the judged time, mean over
        replications), lower, upper (its interval, as for the KPIs).
    """
    site, occupied = site_levels(result.network.sites.servers)
    found = t_intervals(occupancy_shares(result), level=result.interval_level)
    return pd.DataFrame(
        {
            "site": [result.network.sites.id[one] for one in site],
            "occupied": occupied,
            "share": found.mean,
            "lower": np.clip(found.lower, 0.0, None),
            "upper": np.clip(found.upper, None, 1.0),
        }
    )
