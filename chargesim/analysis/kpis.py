"""Compute every KPI of a run with its interval, from one table of definitions."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from chargesim.analysis import grid_power, service, swapping, utilisation
from chargesim.analysis.intervals import Intervals, rule_of_three, t_intervals
from chargesim.analysis.result import Floats, RunResult
from chargesim.analysis.scope_totals import ScopeTotals, Values, scope_totals_of
from chargesim.analysis.scopes import CITY

SITE_SCOPES = ("city", "group", "district", "hour")
PLACE_SCOPES = ("city", "group", "district")
POWER_SCOPES = ("city", "kind", "district")
SESSION_SCOPES = ("city", "group", "fleet", "kind", "district", "cars_district", "hour")
COLUMNS = ("kpi", "scope", "key", "mean", "lower", "upper", "pooled", "unit", "n")


@dataclass(frozen=True)
class Kpi:
    """One KPI: its name, its unit, what it means, where it is reported and how it is computed."""

    name: str
    unit: str
    meaning: str
    scopes: tuple[str, ...]
    values: Callable[[ScopeTotals], Values]


def _use_kpis() -> list[Kpi]:
    """Return the KPIs of use and of queues at guns and bays."""
    return [
        Kpi(
            "time_utilisation",
            "share",
            "busy gun-minutes over all gun-minutes",
            SITE_SCOPES,
            utilisation.time_utilisation,
        ),
        Kpi(
            "time_utilisation_peak",
            "share",
            "the same in the standard's peak hours",
            PLACE_SCOPES,
            partial(utilisation.time_utilisation, peak=True),
        ),
        Kpi(
            "bay_utilisation",
            "share",
            "busy bay-minutes over all bay-minutes of swap sites",
            SITE_SCOPES,
            utilisation.bay_utilisation,
        ),
        Kpi(
            "share_sites_above_40pct_in_peak_hour",
            "share",
            "stations busy above 40 % in their own busiest hour of the day",
            PLACE_SCOPES,
            utilisation.share_sites_above,
        ),
        Kpi(
            "share_sites_below_5pct",
            "share",
            "stations busy below 5 % over the whole day",
            PLACE_SCOPES,
            utilisation.share_sites_below,
        ),
        Kpi(
            "energy_utilisation",
            "share",
            "energy at the plug over rated gun power times hours",
            SITE_SCOPES,
            utilisation.energy_utilisation,
        ),
        Kpi(
            "gun_availability",
            "share",
            "gun-minutes not out of order, by failure or blackout",
            SITE_SCOPES,
            utilisation.gun_availability,
        ),
        Kpi(
            "sessions_per_pile_day",
            "1/day",
            "sessions with energy per gun and day",
            ("city", "group"),
            utilisation.sessions_per_pile_day,
        ),
        Kpi(
            "kwh_per_pile_day",
            "kWh/day",
            "energy at the plug per gun and day",
            PLACE_SCOPES,
            utilisation.kwh_per_pile_day,
        ),
        Kpi(
            "queue_length",
            "vehicles",
            "time mean of the queue per station with guns",
            SITE_SCOPES,
            utilisation.queue_length,
        ),
        Kpi(
            "queue_length_max_hour",
            "vehicles",
            "longest hourly mean queue of any station",
            PLACE_SCOPES,
            utilisation.queue_length_max_hour,
        ),
    ]


def _grid_kpis() -> list[Kpi]:
    """Return the KPIs of energy, power and packs."""
    return [
        Kpi(
            "energy_mwh_per_day",
            "MWh/day",
            "energy at plugs and packs",
            (*POWER_SCOPES, "hour"),
            grid_power.energy_per_day,
        ),
        Kpi(
            "peak_mw",
            "MW",
            "highest quarter of an hour on the grid side; a district's is its own",
            POWER_SCOPES,
            grid_power.peak_mw,
        ),
        Kpi(
            "store_lent_mwh_per_day",
            "MWh/day",
            "energy that battery stores gave to the guns",
            ("city", "district"),
            grid_power.store_lent_per_day,
        ),
        Kpi(
            "site_peak_mw",
            "MW",
            "highest quarter of an hour of any one site",
            ("kind",),
            grid_power.site_peak_mw,
        ),
        Kpi(
            "transformer_load",
            "share of site_kw",
            "mean over sites of the site's peak over its grid connection",
            POWER_SCOPES,
            grid_power.transformer_load,
        ),
        Kpi(
            "share_transformers_above_90pct",
            "share",
            "sites whose peak is above 90 % of their grid connection",
            POWER_SCOPES,
            grid_power.share_transformers_full,
        ),
        Kpi(
            "coincidence_factor",
            "share",
            "peak of the city over the sum of its sites' own peaks",
            ("city", "kind"),
            grid_power.coincidence_factor,
        ),
        Kpi(
            "pack_availability",
            "share",
            "arrivals at swap sites that found a free charged pack",
            SITE_SCOPES,
            swapping.pack_availability,
        ),
        Kpi(
            "packs_ready",
            "packs",
            "time mean of charged packs per swap site",
            SITE_SCOPES,
            swapping.packs_ready,
        ),
        Kpi(
            "swaps_per_site_day",
            "1/day",
            "swaps per swap site and day",
            ("city", "group"),
            swapping.swaps_per_site_day,
        ),
        Kpi(
            "swap_share_of_energy",
            "share",
            "energy taken by swapping over all energy taken",
            ("city", "group", "fleet"),
            swapping.swap_share_of_energy,
        ),
    ]


def _service_kpis(thresholds_min: tuple[float, ...]) -> list[Kpi]:
    """Return the KPIs of sessions."""

    def kpi(name: str, unit: str, meaning: str, values: Callable[[ScopeTotals], Values]) -> Kpi:
        return Kpi(name, unit, meaning, SESSION_SCOPES, values)

    table = [
        kpi("wishes_per_day", "1/day", "vehicles that wished", service.wishes_per_day),
        kpi(
            "share_served",
            "share",
            "served, of all that wished",
            partial(service.share_of_outcome, outcome="served"),
        ),
        kpi(
            "share_unserved",
            "share",
            "lost (outside included), stranded or only partly served",
            service.share_unserved,
        ),
        kpi(
            "share_lost",
            "share",
            "lost after balking or reneging, without the outside option",
            partial(service.share_of_outcome, outcome="lost"),
        ),
        kpi(
            "share_outside",
            "share",
            "left for the outside option without having queued",
            partial(service.share_of_wishes, name="outside"),
        ),
        kpi(
            "share_stranded",
            "share",
            "no reachable site that it may use",
            partial(service.share_of_outcome, outcome="stranded"),
        ),
        kpi(
            "share_partial",
            "share",
            "left with some of the energy",
            partial(service.share_of_outcome, outcome="partial"),
        ),
        kpi(
            "share_balked",
            "share",
            "balked at least once",
            partial(service.share_of_wishes, name="balked"),
        ),
        kpi(
            "share_reneged",
            "share",
            "reneged at least once",
            partial(service.share_of_wishes, name="reneged"),
        ),
        kpi(
            "share_diverted",
            "share",
            "went on to another site at least once",
            partial(service.share_of_wishes, name="diverted"),
        ),
        kpi(
            "share_interrupted",
            "share",
            "charge cut off by a failure at least once",
            partial(service.share_of_wishes, name="interrupted"),
        ),
        kpi(
            "share_put_off",
            "share",
            "put off for a cheaper hour",
            partial(service.share_of_wishes, name="put_off"),
        ),
        kpi(
            "unfinished",
            "sessions",
            "cut off by the end of the horizon, in no share",
            service.unfinished,
        ),
        kpi(
            "unserved_kwh_per_day",
            "kWh/day",
            "energy wished and not taken",
            service.unserved_kwh_per_day,
        ),
        kpi(
            "wait_mean_min",
            "min",
            "queue minutes of all that wished, the unserved with what they queued",
            service.mean_wait,
        ),
        kpi(
            "wait_mean_served_min",
            "min",
            "queue minutes of the served",
            partial(service.mean_of_served, name="wait_min"),
        ),
        kpi(
            "delay_mean_served_min",
            "min",
            "plug-in - wish - free drive to the nearest site, of the served",
            partial(service.mean_of_served, name="delay_min"),
        ),
        kpi(
            "detour_min",
            "min",
            "drive of the served beyond the free drive to the nearest site",
            partial(service.mean_of_served, name="detour_min"),
        ),
    ]
    histograms: dict[str, service.Histogram] = {"wait": "wait_bins", "delay": "delay_bins"}
    for what, histogram in histograms.items():
        for percent in (50, 95):
            every = partial(service.quantile, histogram=histogram, share=percent / 100)
            served = partial(every, served_only=True)
            table.append(
                kpi(
                    f"{what}_p{percent}_min",
                    "min",
                    f"P{percent} of the {what} of all that wished, unserved = infinite",
                    every,
                )
            )
            table.append(
                kpi(
                    f"{what}_p{percent}_served_min",
                    "min",
                    f"P{percent} of the {what} of the served",
                    served,
                )
            )
    for minutes in thresholds_min:
        share = partial(service.share_within, minutes=minutes)
        table.append(
            kpi(
                f"share_served_within_{minutes:g}_min",
                "share",
                f"served after at most {minutes:g} min of waiting",
                share,
            )
        )
    return table


def definitions(result: RunResult) -> list[Kpi]:
    """Return the table of all KPIs of a result.

    Parameters
    ----------
    result : RunResult
        Gives the thresholds that were counted.
    """
    return kpi_table(result.thresholds_min)


def kpi_table(thresholds_min: tuple[float, ...]) -> list[Kpi]:
    """Return the table of all KPIs.

    Parameters
    ----------
    thresholds_min : tuple of float
        Minutes of waiting that are counted exactly [min].
    """
    return _service_kpis(thresholds_min) + _use_kpis() + _grid_kpis()


def kpi_frame(result: RunResult) -> pd.DataFrame:
    """Compute all KPIs of a run.

    Parameters
    ----------
    result : RunResult
        The run.

    Returns
    -------
    DataFrame
        Long: kpi, scope, key, mean, lower, upper (two-sided interval over replications, 95 % over all looks, cut to what a
        share or a count can be), pooled (of quantiles: all replications together, else NaN), unit, n (replications in which the
        KPI is defined; 0 and NaN where it is nowhere, 0 and a value where the plan gives it). A share of vehicles that is
        0, or 1, in all replications has the rule of three for its other bound.
    """
    scope_totals = scope_totals_of(result)
    frames = [
        _frame(kpi, kpi.values(scope_totals), result.interval_level) for kpi in definitions(result)
    ]
    frames.append(_given_frame(result))
    return pd.concat(frames, ignore_index=True)


def kpi_value(
    kpis: pd.DataFrame, name: str, scope: str = CITY[0], key: str = CITY[1]
) -> "pd.Series[float]":
    """Return the row of one KPI in one scope.

    Parameters
    ----------
    kpis : DataFrame
        From `kpi_frame`.
    name, scope, key : str
        Which one; the city by default.
    """
    rows = kpis[(kpis["kpi"] == name) & (kpis["scope"] == scope) & (kpis["key"] == key)]
    if len(rows) != 1:
        raise KeyError(f"no KPI {name!r} in scope {scope!r} with key {key!r}")
    return rows.iloc[0]


def _frame(kpi: Kpi, values: Values, level: float) -> pd.DataFrame:
    """Return the rows of one KPI."""
    chosen = [index for index, key in enumerate(values.keys) if key[0] in kpi.scopes]
    intervals = t_intervals(values.by_replication[:, chosen], level=level)
    if values.trials is not None:
        intervals = _without_spread(intervals, values.trials[chosen])
    most = 1.0 if kpi.unit == "share" else np.inf
    return pd.DataFrame(
        {
            "kpi": kpi.name,
            "scope": [values.keys[index][0] for index in chosen],
            "key": [values.keys[index][1] for index in chosen],
            "mean": intervals.mean,
            "lower": np.clip(intervals.lower, 0.0, None),
            "upper": np.clip(intervals.upper, None, most),
            "pooled": np.nan if values.pooled is None else values.pooled[chosen],
            "unit": kpi.unit,
            "n": intervals.n,
        },
        columns=list(COLUMNS),
    )


def _without_spread(intervals: Intervals, trials: Floats) -> Intervals:
    """Put the rule of three for the bound of a share that was 0, or 1, in all replications: none of so many is not never."""
    third = np.array([rule_of_three(n) for n in trials])
    never, always = intervals.equal & (intervals.mean == 0), intervals.equal & (intervals.mean == 1)
    lower, upper = (
        np.where(always, 1 - third, intervals.lower),
        np.where(never, third, intervals.upper),
    )
    return replace(intervals, lower=lower, upper=upper)


def _given_frame(result: RunResult) -> pd.DataFrame:
    """Return the rows of what the plan gives: exact, and no estimate (n = 0)."""
    names, values = list(result.given), list(result.given.values())
    same = {"mean": values, "lower": values, "upper": values}
    frame = {
        "kpi": names,
        "scope": CITY[0],
        "key": CITY[1],
        **same,
        "pooled": np.nan,
        "unit": "share",
        "n": 0,
    }
    return pd.DataFrame(frame, columns=list(COLUMNS))
