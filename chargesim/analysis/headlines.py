"""Choose the KPIs that a planner reads first, and say which way is better."""

from dataclasses import dataclass
from typing import Literal

from chargesim.scenario.standard import GIVEN, Criterion

Better = Literal["more", "less", ""]


@dataclass(frozen=True)
class Headline:
    """One KPI in one scope, with its name as one reads it."""

    title: str
    kpi: str
    scope: str
    key: str
    better: Better = ""
    """which way is better for those who charge; empty where neither is, taken by itself"""

    @property
    def row_key(self) -> tuple[str, str, str]:
        """KPI, scope and key: the row of the KPI table."""
        return self.kpi, self.scope, self.key


HEADLINES: tuple[Headline, ...] = (
    Headline("wishes a day, all fleets", "wishes_per_day", "city", "all"),
    Headline("guns occupied, all day", "time_utilisation", "city", "all"),
    Headline("guns occupied, peak hours", "time_utilisation_peak", "city", "all"),
    Headline("guns charging, all day", "charging_utilisation", "city", "all"),
    Headline(
        "stations above 40 % in their busiest hour",
        "share_sites_above_40pct_in_peak_hour",
        "city",
        "all",
    ),
    Headline("swap bays busy, all day", "bay_utilisation", "city", "all"),
    Headline("cars: mean wait of the served", "wait_mean_served_min", "group", "cars", "less"),
    Headline("cars: P95 wait, unserved = endless", "wait_p95_min", "group", "cars", "less"),
    Headline("trucks: P95 wait, unserved = endless", "wait_p95_min", "group", "trucks", "less"),
    Headline("chose another public pile", "share_chose_outside", "city", "all", "less"),
    Headline("gave up after balking or queueing", "share_gave_up", "city", "all", "less"),
    Headline("stranded, no site within reach", "share_stranded", "city", "all", "less"),
    Headline("energy, stations", "energy_mwh_per_day", "kind", "station"),
    Headline("energy, swap sites", "energy_mwh_per_day", "kind", "swap"),
    Headline("peak load of the city", "peak_mw", "city", "all"),
)
"""Printed with every run."""

COMPARED: tuple[Headline, ...] = (
    *HEADLINES,
    Headline(
        "cars: delay of the served over a free drive to the nearest site",
        "delay_mean_served_min",
        "group",
        "cars",
        "less",
    ),
    Headline("cars: detour of the served", "detour_min", "group", "cars", "less"),
    Headline("stations below 5 % over the day", "share_sites_below_5pct", "city", "all"),
    Headline("longest hourly queue of a station", "queue_length_max_hour", "city", "all", "less"),
    Headline("energy wished and not taken", "unserved_kwh_per_day", "city", "all", "less"),
    Headline("transformer load, mean of the sites' peaks", "transformer_load", "city", "all"),
)
"""Printed with every comparison of plans, beside the KPIs that the standard judges."""


def judged_headline(criterion: Criterion) -> Headline | None:
    """Return the KPI that a criterion judges; None for all districts, which have no single KPI."""
    if criterion.scope == "districts":
        return None
    scope, key = ("city", "all") if criterion.measure in GIVEN else ("group", criterion.scope)
    less = criterion.measure in ("unserved", "wait_p95")
    return Headline(criterion.name, judged_kpi(criterion), scope, key, "less" if less else "more")


def judged_kpi(criterion: Criterion) -> str:
    """Return the name of the KPI that a criterion judges."""
    names = {
        "wait_p95": "wait_p95_min",
        "unserved": "share_unserved",
        "pack_available": "pack_availability",
    }
    if criterion.measure == "served_within" and criterion.minutes is not None:
        return f"share_served_within_{criterion.minutes:g}_min"
    return names.get(criterion.measure, criterion.measure)
