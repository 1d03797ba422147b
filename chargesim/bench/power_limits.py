"""Set the limits of grid connections, from none that binds to all that bind."""

from dataclasses import replace

import numpy as np

from chargesim.demand.demand_table import Table
from chargesim.engine.compiled.engine import run_compiled
from chargesim.engine.facilities import Facilities
from chargesim.engine.replication_totals import KINDS, SERVED
from chargesim.engine.rules import charge_min
from chargesim.exact_time import TICKS_PER_MIN

BINDING_KW = 120.0
"""Two cars of the commonest curves (80 kW) already share it, and it slows one fast car alone."""
NAIVE_NOTE = (
    "The naive program knows no shared power: where limits bind its vehicles charge faster "
    "than ours, and it plans nothing anew."
)


def without_limits(facilities: Facilities) -> Facilities:
    """Return facilities whose cabinets and connections never bind, without stores."""
    endless, nothing = np.full(len(facilities), np.inf), np.zeros(len(facilities))
    return replace(
        facilities,
        cabinet_kw=endless,
        module_kw=nothing,
        plug_kw=endless,
        store_kwh=nothing,
        store_kw=nothing,
    )


def with_limits(facilities: Facilities, limit_kw: float = BINDING_KW) -> Facilities:
    """Return facilities whose connections all give `limit_kw` at the plugs."""
    return replace(facilities, plug_kw=np.full(len(facilities), limit_kw))


def slowed_share(facilities: Facilities, table: Table) -> tuple[float, float]:
    """Return the share of vehicles that shared power slowed down, and of stations that did so.

    Of the vehicles served at stations in a day, and of the stations that served any.
    """
    log = run_compiled(facilities, [table], 0, 1)[1]
    log = log[(log["outcome"] == SERVED) & (log["kind"] == KINDS.index("station"))]
    cars, outlets = table[log["row"]], facilities.known["outlet"][log["site"]]
    alone_min = [
        charge_min(
            row["soc_in"],
            car["target_soc"],
            car["battery_kwh"],
            facilities.edge_soc[car["curve"]],
            facilities.step_kw[outlet, car["curve"]],
        )
        for row, car, outlet in zip(log, cars, outlets, strict=True)
    ]
    slowed = log["charging_min"] > np.array(alone_min) + 4 / TICKS_PER_MIN
    return float(slowed.sum() / max(1, len(log))), len(np.unique(log["site"][slowed])) / max(
        1, len(np.unique(log["site"]))
    )
