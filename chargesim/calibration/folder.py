"""Write a fit as a folder with a scenario that runs: YAML, tables, draws, and what was found."""

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chargesim.calibration.fit import LogFit, SiteDraws, SiteFit
from chargesim.calibration.levels import WEEKS_PER_YEAR
from chargesim.calibration.stays import QUANTILES, Fit, mean_of
from chargesim.demand.arrivals import DRAW_COLUMNS, SHAPE_COLUMNS
from chargesim.errors import InputError
from chargesim.runs.storage import write_frame, write_json, write_text
from chargesim.scenario.calendar import WEEKDAYS
from chargesim.scenario.file_paths import display_path
from chargesim.scenario.new_folder import BLANK, new_folder, quoted_name
from chargesim.scenario.reading import load

BAND = (0.05, 0.95)
"""Ends of the bands: 90 % lie in between."""
_SCENARIO = """\
# Arrivals and stays fitted to {log} up to {last}. Check it: chargesim check {name}.yaml
# Hold it against later days of the log: chargesim backtest {name}.yaml LOG --from {until}
#
# The log gives no places: zones, roads and coordinates are made up, a zone for each hub. Vehicles come straight to their
# site. The log's stays are played as they are, so energies are 0.
extends: chongqing_2025.yaml
name: {quoted}
title: Do the hubs of the log still serve those who come?
seed: 1
replications: 20
looks: 1
horizon: {{first_day: {weekday}, days: 7, lead_in_days: 1}}

city:
  name: Hubs of the log, at made-up places
  districts: null
  links: null
  gateways: null
  zones: tables/zones.csv
  roads: tables/roads.csv
  sites: tables/sites.csv
layout: null

arrivals:                   # in place of the demand of the ledger
  sites: tables/arrivals_sites.csv      # level, trend, stay and share that waits, by site
  rates: tables/arrivals_rates.csv      # hour of the week
  stays: tables/arrivals_stays.csv      # quantiles
  draws: tables/arrivals_draws.parquet  # the error of the fit: a draw for each replication in turn; null: none
  first_date: "{until}"
  level_week: "{monday}"
  fleet: private_car
  level_factor: {{value: 1.0, low: {level_low:.3g}, high: {level_high:.3g}, source: "fitted; 90 % of the draws of all sites together"}}
  stay_factor: {{value: 1.0, low: {stay_low:.3g}, high: {stay_high:.3g}, source: "fitted; 90 % of the draws of all sites together"}}
  wait_factor: {{value: 1.0, low: 0, high: 2, source: "fitted by site from starts right after an end; range assumed"}}
  patience_min: {{value: 60, low: 20, high: 120, source: "assumed; the log shows who waited, not how long"}}

day_factor:
  tail_share: {{value: 0, source: "none in the log once closed days are out"}}
  calm_cv: {{value: {cv:.3g}, low: 0, high: {cv_high:.3g}, source: "fitted: variance of the days beyond Poisson"}}
  tail_cv: {{value: {cv:.3g}, source: "as on ordinary days"}}
  correlation: {{value: {correlation:.2g}, source: "fitted: covariance of the days of different sites"}}

stations:
  reading: every gun of the log
  handling_before_min: {{value: 0, source: "within the log's stays"}}
  handling_after_min: {{value: 0, source: "within the log's stays"}}
swap: {{enabled: false}}
reliability: {{failures: false}}
fleets:
  heavy_truck: null
corridors:
  vehicles_at_service_areas_per_day: {{value: 0, source: "no through traffic in the log"}}
observed:
  public_piles: null

standard:
  min_sessions_per_district: 20
  criteria:
    - {{name: cars served within 10 min, measure: served_within, scope: cars, minutes: 10, at_least: 0.9, source: assumed}}
    - {{name: cars lost or stranded, measure: unserved, scope: cars, at_most: 0.05, source: assumed}}
"""  # noqa: E501


@dataclass(frozen=True)
class WrittenFit:
    """A fit and the folder that it was written to."""

    fit: LogFit
    folder: Path
    scenario: Path

    def to_dict(self) -> dict[str, Any]:
        """Return what was found as plain data."""
        return {"scenario": str(self.scenario), **to_dict(self.fit)}


def refuse_folder(out: Path) -> None:
    """Refuse a folder that is there, before any work."""
    if out.exists():
        raise InputError(
            [f"{display_path(out)}: is there already and stays as it is; give another name"]
        )


def write_fit(fit: LogFit, out: Path) -> WrittenFit:
    """Write a fit into a new folder, as a scenario that runs.

    Raises
    ------
    InputError
        Where the folder is there already, or has a name that a scenario may not have.
    """
    made = new_folder(out, BLANK)
    tables = out / "tables"
    ids = site_ids(fit)
    _write_places(fit, ids, tables)
    _csv(tables / "arrivals_sites.csv", _sites(fit, ids))
    _csv(tables / "arrivals_rates.csv", _rates(fit, ids))
    _csv(tables / "arrivals_stays.csv", _stays(fit, ids))
    write_frame(tables / "arrivals_draws.parquet", _draws(fit, ids))
    values = _values(fit, made.scenario.stem)
    quoted = quoted_name(made.scenario.stem)
    write_text(made.scenario, _SCENARIO.format(**values, quoted=quoted))
    write_json(out / "fit.json", to_dict(fit))
    load(made.scenario)
    return WrittenFit(fit, out, made.scenario)


def site_ids(fit: LogFit) -> list[str]:
    """Return an id for each site: its name, in letters that a table may have."""
    found: list[str] = []
    for one in fit.sites:
        plain = (
            re.sub(r"\s+", " ", re.sub(r"[^\w ,.()&+-]", "", one.site.name)).strip(" ,") or "site"
        )
        number, name = 2, plain
        while name in found:
            name, number = f"{plain} {number}", number + 1
        found.append(name)
    return found


def _csv(path: Path, rows: list[dict[str, Any]]) -> None:
    write_text(path, pd.DataFrame(rows).to_csv(index=False))


def _write_places(fit: LogFit, ids: list[str], tables: Path) -> None:
    """Write made-up places: a zone for each hub, 5 km apart on a straight road."""
    hubs = list(dict.fromkeys(one.site.hub for one in fit.sites))
    zone = {hub: f"hub{number + 1}" for number, hub in enumerate(hubs)}
    lon = {hub: round(0.07 * number, 4) for number, hub in enumerate(hubs)}
    _csv(tables / "zones.csv", [
        {"zone_id": zone[hub], "lat": 50.0, "lon": lon[hub], "district": "log",
         "area_class": "core", "population": 1000, "urban": 1} for hub in hubs
    ])  # fmt: skip
    roads = [
        {"from_id": zone[one], "to_id": zone[other], "km": 5.0, "free_kmh": 50, "kind": "urban"}
        for one, other in pairwise(hubs)
    ]
    if not roads:
        roads = [{"from_id": zone[hubs[0]], "to_id": "junction", "km": 1.0, "free_kmh": 50,
                  "kind": "urban"}]  # fmt: skip
    _csv(tables / "roads.csv", roads)
    _csv(tables / "sites.csv", [
        {"site_id": name, "kind": "station", "access": "public", "district": "log", "lat": 50.0,
         "lon": lon[one.site.hub], "node": zone[one.site.hub], "guns": one.site.guns}
        for name, one in zip(ids, fit.sites, strict=True)
    ])  # fmt: skip


def _ends(values: Any) -> tuple[float, float]:
    low, high = np.quantile(values, BAND)
    return float(low), float(high)


def _sites(fit: LogFit, ids: list[str]) -> list[dict[str, Any]]:
    """Return the rows of the table `arrivals.sites`."""
    rows = []
    for name, one, draws in zip(ids, fit.sites, fit.draws, strict=True):
        level, stay = _ends(np.exp(draws.log_level)), _ends(draws.stay_min)
        rows.append(
            {
                "site_id": name,
                "log_site": one.site.hub,
                "connectors": "+".join(one.site.connectors),
                "arrivals_per_day": round(one.per_day, 4),
                "arrivals_low": round(level[0], 3),
                "arrivals_high": round(level[1], 3),
                "slope_per_week": round(one.level.slope_per_week, 6),
                "level_step": round(one.level.step, 4),
                "stay_min": round(mean_of(one.stays.minutes), 3),
                "stay_low": round(stay[0], 2),
                "stay_high": round(stay[1], 2),
                "stay_slope_per_week": round(one.stays.level.slope_per_week, 6),
                "stay_step": round(one.stays.level.step, 4),
                "wait_share": round(one.rates.wait_share, 4),
            }
        )
    return rows


def _rates(fit: LogFit, ids: list[str]) -> list[dict[str, Any]]:
    return [
        {"site_id": name, "hour_of_week": hour, "weight": round(float(weight), 5)}
        for name, one in zip(ids, fit.sites, strict=True)
        for hour, weight in enumerate(one.rates.shape)
    ]


def _stays(fit: LogFit, ids: list[str]) -> list[dict[str, Any]]:
    return [
        {"site_id": name, "share": float(share), "relative": round(float(value), 5)}
        for name, one in zip(ids, fit.sites, strict=True)
        for share, value in zip(
            QUANTILES, one.stays.minutes / mean_of(one.stays.minutes), strict=True
        )
    ]


def _draws(fit: LogFit, ids: list[str]) -> pd.DataFrame:
    """Return the draws as a table, a row for each draw and site."""
    parts = []
    for name, draws in zip(ids, fit.draws, strict=True):
        values = (np.exp(draws.log_level), draws.slope_per_week, draws.step, draws.stay_min,
                  draws.stay_slope_per_week, draws.stay_step, draws.wait_share)  # fmt: skip
        part = pd.DataFrame(dict(zip(DRAW_COLUMNS, values, strict=True)))
        part.insert(0, "site_id", name)
        part.insert(0, "draw", np.arange(len(part)))
        shape = pd.DataFrame(draws.shape.astype("float32"), columns=list(SHAPE_COLUMNS))
        parts.append(pd.concat([part, shape], axis=1))
    return pd.concat(parts, ignore_index=True)


def _values(fit: LogFit, name: str) -> dict[str, Any]:
    """Return what the scenario's text leaves open."""
    level = _ends(_over_all([(np.exp(d.log_level), one.per_day) for d, one in _pairs(fit)]))
    stay = _ends(_over_all([(d.stay_min, mean_of(one.stays.minutes)) for d, one in _pairs(fit)]))
    return {
        "log": fit.log.name,
        "last": fit.log.date_of(fit.log.day_of(fit.until) - 1),
        "until": fit.until,
        "monday": fit.level_week,
        "weekday": WEEKDAYS[fit.until.weekday()],
        "name": name,
        "level_low": min(1.0, level[0]),
        "level_high": max(1.0, level[1]),
        "stay_low": min(1.0, stay[0]),
        "stay_high": max(1.0, stay[1]),
        "cv": fit.day_cv,
        "cv_high": max(0.2, 2 * fit.day_cv),
        "correlation": fit.day_correlation,
    }


def _pairs(fit: LogFit) -> list[tuple[SiteDraws, SiteFit]]:
    return list(zip(fit.draws, fit.sites, strict=True))


def _over_all(parts: list[tuple[Any, float]]) -> Any:
    """Return draws summed over all sites, over the sum of the fitted values."""
    return sum(draws for draws, _ in parts) / sum(value for _, value in parts)


def to_dict(fit: LogFit) -> dict[str, Any]:
    """Return what was found as plain data."""
    return {
        "log": fit.log.name,
        "until": str(fit.until),
        "level_week": str(fit.level_week),
        "by_site": fit.by_site,
        "day_cv": round(fit.day_cv, 4),
        "day_correlation": round(fit.day_correlation, 3),
        "draws": len(fit.draws[0].step),
        "notes": list(fit.notes),
        "sites": [
            _site_dict(name, one, draws)
            for name, one, draws in zip(site_ids(fit), fit.sites, fit.draws, strict=True)
        ],
    }


def _site_dict(name: str, one: SiteFit, draws: SiteDraws) -> dict[str, Any]:
    """Return what was found at one site as plain data."""

    def agreement(found: Fit) -> dict[str, float]:
        return {
            "ks": round(found.distance, 4),
            "p_value": round(found.p_value, 4),
            "count": found.count,
        }

    return {
        "site_id": name,
        "log_site": one.site.hub,
        "connectors": list(one.site.connectors),
        "guns": one.site.guns,
        "sessions": len(one.log.start_min),
        "open_days": int((~one.log.closed).sum()),
        "arrivals_per_day": [round(v, 3) for v in (one.per_day, *_ends(np.exp(draws.log_level)))],
        "trend_per_year": [
            round(v * WEEKS_PER_YEAR, 3)
            for v in (one.level.slope_per_week, *_ends(draws.slope_per_week))
        ],
        "level_step_per_week": round(one.level.step, 4),
        "stay_min": [round(v, 2) for v in (mean_of(one.stays.minutes), *_ends(draws.stay_min))],
        "stays_of_its_own": one.stays.own,
        "wait_share": [round(v, 3) for v in (one.rates.wait_share, *_ends(draws.wait_share))],
        "all_busy_share": round(one.all_busy, 4),
        "offered_over_served": round(one.offered_over_served, 4),
        "dispersion_of_days": round(one.dispersion, 3),
        "stays": agreement(one.stay_fit),
        "gaps": agreement(one.gap_fit),
    }
