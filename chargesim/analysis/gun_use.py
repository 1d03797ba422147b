"""Compare the use of the guns, simulated and by the ledger, with what is observed elsewhere."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from chargesim.analysis.result import RunResult
from chargesim.engine.replication_totals import PARTIAL, SERVED
from chargesim.network.network import STATION
from chargesim.scenario.observed import Anchor, GunUse


@dataclass(frozen=True)
class UseBeside:
    """Use of a gun on an average day; nan where it is not known."""

    sessions_per_gun_day: float
    """simulated: sessions that took energy at a gun, over all guns of the stations"""
    kwh_per_gun_day: float
    """simulated, at the plug"""
    busy_share: float
    """simulated, share of the time"""
    asked_sessions_per_gun_day: float
    """by the ledger"""
    asked_kwh_per_gun_day: float
    observed: tuple[dict[str, Any], ...]
    """anchors of the scenario"""


def gun_use(result: RunResult) -> UseBeside:
    """Return the simulated use of the guns beside the ledger's and the observed one.

    Totals of a study that keeps only what the standard reads know no energy and no busy time.
    """
    stations = result.network.sites.kind == STATION
    gun_days = float(result.network.sites.guns[stations].sum()) * result.days
    runs = result.replications

    def per_gun_day(each: list[Any]) -> float:
        known = gun_days > 0 and all(np.size(one) for one in each)
        return float(np.mean([np.sum(one) for one in each])) / gun_days if known else float("nan")

    def at_stations(name: str) -> list[Any]:
        arrays = [getattr(run, name) for run in runs]
        return [array[stations] if len(array) == len(stations) else [] for array in arrays]

    return UseBeside(
        sessions_per_gun_day=per_gun_day(
            [run.outcomes[[SERVED, PARTIAL]][:, :, STATION] for run in runs]
        ),
        kwh_per_gun_day=per_gun_day(at_stations("energy_kwh")),
        busy_share=per_gun_day(at_stations("busy_min")) / 1440.0,
        asked_sessions_per_gun_day=result.asked.sessions_per_gun_day,
        asked_kwh_per_gun_day=result.asked.kwh_per_gun_day,
        observed=tuple(anchor.model_dump() for anchor in result.anchors),
    )


def observed_text(anchors: tuple[Anchor, ...] | list[Anchor]) -> str:
    """Return what is observed elsewhere in one line; "" where nothing is given."""
    return "; ".join(f"{anchor.name}: {_said(anchor)}" for anchor in anchors)


def _said(anchor: Anchor) -> str:
    """Return the figures of an anchor in words."""
    words = []
    if anchor.sessions_per_gun_day is not None:
        words.append(f"{anchor.sessions_per_gun_day:g} sessions")
    if anchor.kwh_per_gun_day is not None:
        words.append(f"{anchor.kwh_per_gun_day:g} kWh")
    if anchor.busy_share is not None:
        words.append(f"{anchor.busy_share:.0%} of the time")
    return ", ".join(words)


def asked_text(asked: GunUse) -> str:
    """Return in words what the ledger asks of a gun; "" without a gun."""
    if np.isnan(asked.sessions_per_gun_day):
        return ""
    return (
        f"{asked.sessions_per_gun_day:.1f} sessions and {asked.kwh_per_gun_day:,.0f} kWh "
        "of a gun and day"
    )
