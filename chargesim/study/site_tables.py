"""Tabulate the sites of a run: by hour, and on an average day."""

import numpy as np
import pandas as pd

from chargesim.analysis.result import RunResult
from chargesim.engine.accumulators import KINDS
from chargesim.network.network import STATION


def site_hours_frame(result: RunResult) -> pd.DataFrame:
    """Return a row per site and judged hour, means over the replications (peak kW: the mean of their peaks).

    Columns: site, district, kind, hour (from the first judged hour), busy_gun_min (bay-minutes at a swap site),
    energy_kwh, store_kwh (taken by a battery store, below 0 what it gave), gun_down_min, arrivals, queue_min, peak_kw
    (grid side, quarter of an hour), packs_ready.
    """
    sites = result.network.sites
    hours = 24 * result.days
    runs = result.replications

    def mean(name: str) -> np.ndarray:
        return np.asarray(np.mean([getattr(run, name) for run in runs], axis=0)).ravel()

    return pd.DataFrame(
        {
            "site": np.repeat(np.array(sites.id, dtype=object), hours),
            "district": np.repeat(np.array(result.network.districts.name, dtype=object)[sites.district], hours),
            "kind": np.repeat(np.array(KINDS, dtype=object)[sites.kind], hours),
            "hour": np.tile(np.arange(hours), len(sites)),
            "busy_gun_min": mean("busy_min"),
            "energy_kwh": mean("energy_kwh"),
            "store_kwh": mean("store_kwh"),
            "gun_down_min": mean("down_min"),
            "arrivals": mean("arrivals"),
            "queue_min": mean("queue_min"),
            "peak_kw": mean("peak_kw"),
            "packs_ready": mean("packs_ready"),
        }
    )


def site_frame(result: RunResult) -> pd.DataFrame:
    """Return a row per site: place, supply, and means over replications and judged days."""
    sites, runs = result.network.sites, result.replications
    servers = np.where(sites.kind == STATION, sites.guns, sites.bays)
    busy = np.mean([run.busy_min.sum(axis=1) for run in runs], axis=0) / result.days
    by_hour = np.mean([run.busy_min.reshape(len(sites), result.days, 24).mean(axis=1) for run in runs], axis=0)
    return pd.DataFrame(
        {
            "site": sites.id,
            "kind": [KINDS[kind] for kind in sites.kind],
            "group": sites.group,
            "access": sites.access,
            "district": [result.network.districts.name[d] for d in sites.district],
            "lat": sites.lat,
            "lon": sites.lon,
            "guns_or_bays": servers,
            "utilisation": busy / np.maximum(servers, 1) / 1440.0,
            "utilisation_busiest_hour": by_hour.max(axis=1, initial=0.0) / np.maximum(servers, 1) / 60.0,
            "arrivals_per_day": np.mean([run.arrivals.sum(axis=1) for run in runs], axis=0) / result.days,
            "energy_kwh_per_day": np.mean([run.energy_kwh.sum(axis=1) for run in runs], axis=0) / result.days,
            "queue_min_per_day": np.mean([run.queue_min.sum(axis=1) for run in runs], axis=0) / result.days,
            "peak_kw": np.max([run.peak_kw.max(axis=1, initial=0.0) for run in runs], axis=0),
        }
    )
