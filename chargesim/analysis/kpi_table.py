"""Define every KPI of a run: its name, unit, scopes, function and meaning, one entry each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from chargesim.analysis import grid_power, occupancy, service, swapping, utilisation
from chargesim.analysis.scope_totals import KpiValues, ScopeTotals

SESSION_SCOPES = ("city", "group", "fleet", "kind", "district", "cars_district", "hour")
_SITES = ("city", "group", "district", "hour")
_SITES_ALL_DAY = ("city", "group", "district")
_POWER = ("city", "kind", "district")
_GROUPS = ("city", "group")


@dataclass(frozen=True)
class Kpi:
    """One KPI: its name, its unit, where it is reported, how it is computed and what it means."""

    name: str
    unit: str
    scopes: tuple[str, ...]
    compute: Callable[[ScopeTotals], KpiValues]
    meaning: str


def kpi_table(thresholds_min: tuple[float, ...]) -> list[Kpi]:
    """Return the table of all KPIs, in the order in which they are reported.

    Parameters
    ----------
    thresholds_min : tuple of float
        Minutes of waiting that are counted exactly [min].
    """
    return [
        *_OF_SESSIONS,
        *_quantiles("wait", "wait_bins"),
        *_quantiles("delay", "delay_bins"),
        *(_within(minutes) for minutes in thresholds_min),
        *_OF_SITES,
        *_OF_POWER,
        *_OF_SWAPPING,
    ]


# fmt: off
def _of_sessions(
    name: str, unit: str, compute: Callable[[ScopeTotals], KpiValues], meaning: str
) -> Kpi:
    return Kpi(name, unit, SESSION_SCOPES, compute, meaning)


def _outcome(outcome: str, meaning: str) -> Kpi:
    """Return the share of all who wished whose session ended in one way."""
    compute = partial(service.share_of_outcome, outcome=outcome)
    return _of_sessions(f"share_{outcome}", "share", compute, meaning)


def _counted(count: str, meaning: str) -> Kpi:
    """Return the share of all who wished that a counter of the totals counts."""
    compute = partial(service.share_of_wishes, name=count)
    return _of_sessions(f"share_{count}", "share", compute, meaning)


def _minutes_of_served(name: str, minutes: str, meaning: str) -> Kpi:
    """Return a mean over the served sessions of minutes that the totals sum."""
    return _of_sessions(name, "min", partial(service.mean_of_served, name=minutes), meaning)


def _within(minutes: float) -> Kpi:
    """Return the share served within a threshold of waiting."""
    return _of_sessions(
        f"share_served_within_{minutes:g}_min", "share",
        partial(service.share_within, minutes=minutes),
        f"served after at most {minutes:g} min of waiting",
    )


def _quantiles(what: str, histogram: service.Histogram) -> list[Kpi]:
    """Return the P50 and the P95 of a histogram, each of all who wished and of the served."""
    kpis = []
    for percent in (50, 95):
        every = partial(service.quantile, histogram=histogram, share=percent / 100)
        meaning = f"P{percent} of the {what} of"
        kpis += [
            _of_sessions(f"{what}_p{percent}_min", "min", every,
                         f"{meaning} all that wished, unserved = infinite"),
            _of_sessions(f"{what}_p{percent}_served_min", "min", partial(every, served_only=True),
                         f"{meaning} the served"),
        ]
    return kpis


_OF_SESSIONS = (
    _of_sessions("wishes_per_day", "1/day", service.wishes_per_day, "vehicles that wished"),
    _outcome("served", "served, of all that wished"),
    _of_sessions("share_unserved", "share", service.share_unserved,
                 "lost, stranded or only partly served"),
    _outcome("lost", "left without energy: chose_outside or gave_up"),
    _counted("chose_outside",
             "of the lost: chose another public pile, at the wish or after trying a site"),
    _of_sessions("share_gave_up", "share", service.share_gave_up,
                 "of the lost: balked or left a queue, with no diversion or no other site left"),
    _outcome("stranded", "no reachable site that it may use"),
    _outcome("partial", "left with some of the energy"),
    _counted("balked", "balked at least once"),
    _counted("reneged", "reneged at least once"),
    _counted("diverted", "went on to another site at least once"),
    _counted("interrupted", "charge cut off by a failure at least once"),
    _counted("put_off", "put off for a cheaper hour"),
    _of_sessions("unfinished", "sessions", service.unfinished,
                 "cut off by the end of the horizon, in no share"),
    _of_sessions("unserved_kwh_per_day", "kWh/day", service.unserved_kwh_per_day,
                 "energy wished and not taken"),
    _of_sessions("wait_mean_min", "min", service.mean_wait,
                 "wait of all that wished, that of the unserved until they left"),
    _minutes_of_served("wait_mean_served_min", "wait_min",
                       "from the first arrival at a site to plug-in or swap, drives between sites "
                       "included, of the served"),
    _minutes_of_served("queue_mean_served_min", "queued_min",
                       "minutes in queues, over all sites, of the served"),
    _minutes_of_served("delay_mean_served_min", "delay_min",
                       "plug-in - wish - free drive to the nearest site, of the served"),
    _minutes_of_served("detour_min", "detour_min",
                       "drive of the served beyond the free drive to the nearest site"),
)
_OF_SITES = (
    Kpi("time_utilisation", "share", _SITES, utilisation.time_utilisation,
        "occupied gun-minutes over all gun-minutes, handling and overstay included"),
    Kpi("charging_utilisation", "share", _SITES, utilisation.charging_utilisation,
        "gun-minutes with a charge under way over all gun-minutes"),
    Kpi("time_utilisation_peak", "share", _SITES_ALL_DAY, utilisation.time_utilisation_peak,
        "occupied gun-minutes over all gun-minutes in the standard's peak hours"),
    Kpi("share_all_guns_occupied", "share", _SITES, occupancy.share_all_guns_occupied,
        "share of the time in which all guns of a station are occupied, mean over stations"),
    Kpi("share_all_guns_occupied_worst_hour", "share", _SITES_ALL_DAY,
        occupancy.share_all_guns_occupied_worst_hour,
        "the same in each station's own worst hour of the day"),
    Kpi("bay_utilisation", "share", _SITES, utilisation.bay_utilisation,
        "occupied bay-minutes over all bay-minutes of swap sites"),
    Kpi("share_sites_above_40pct_in_peak_hour", "share", _SITES_ALL_DAY,
        utilisation.share_sites_above,
        "stations busy above 40 % in their own busiest hour of the day"),
    Kpi("share_sites_below_5pct", "share", _SITES_ALL_DAY, utilisation.share_sites_below,
        "stations busy below 5 % over the whole day"),
    Kpi("energy_utilisation", "share", _SITES, utilisation.energy_utilisation,
        "energy at the plug over rated gun power times hours"),
    Kpi("gun_availability", "share", _SITES, utilisation.gun_availability,
        "gun-minutes not out of order, by failure or blackout"),
    Kpi("sessions_per_pile_day", "1/day", _GROUPS, utilisation.sessions_per_pile_day,
        "sessions with energy per gun and day"),
    Kpi("kwh_per_pile_day", "kWh/day", _SITES_ALL_DAY, utilisation.kwh_per_pile_day,
        "energy at the plug per gun and day"),
    Kpi("queue_length", "vehicles", _SITES, utilisation.queue_length,
        "time mean of the queue per station with guns"),
    Kpi("queue_length_max_hour", "vehicles", _SITES_ALL_DAY, utilisation.queue_length_max_hour,
        "longest hourly mean queue of any station"),
)
_OF_POWER = (
    Kpi("energy_mwh_per_day", "MWh/day", (*_POWER, "hour"), grid_power.energy_per_day,
        "energy at plugs and packs"),
    Kpi("peak_mw", "MW", _POWER, grid_power.peak_mw,
        "highest quarter of an hour on the grid side; a district's is its own"),
    Kpi("store_lent_mwh_per_day", "MWh/day", ("city", "district"), grid_power.store_lent_per_day,
        "energy that battery stores gave to the guns"),
    Kpi("site_peak_mw", "MW", ("kind",), grid_power.site_peak_mw,
        "highest quarter of an hour of any one site"),
    Kpi("transformer_load", "share of site_kw", _POWER, grid_power.transformer_load,
        "mean over sites of the site's peak over its grid connection"),
    Kpi("share_transformers_above_90pct", "share", _POWER, grid_power.share_transformers_full,
        "sites whose peak is above 90 % of their grid connection"),
    Kpi("coincidence_factor", "share", ("city", "kind"), grid_power.coincidence_factor,
        "peak of the city over the sum of its sites' own peaks"),
)
_OF_SWAPPING = (
    Kpi("pack_availability", "share", _SITES, swapping.pack_availability,
        "arrivals at swap sites that found a free charged pack"),
    Kpi("packs_ready", "packs", _SITES, swapping.packs_ready,
        "time mean of charged packs per swap site"),
    Kpi("swaps_per_site_day", "1/day", _GROUPS, swapping.swaps_per_site_day,
        "swaps per swap site and day"),
    Kpi("swap_share_of_energy", "share", (*_GROUPS, "fleet"), swapping.swap_share_of_energy,
        "energy taken by swapping over all energy taken"),
)
# fmt: on
