"""Hold the guns and slots of a run, and the charge at each."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chargesim.engine.facilities import Facilities
from chargesim.engine.simpy.events import ScheduledEvent

Floats = NDArray[np.float64]


class Rows:
    """Curves and outlets of the facilities, cut into rows once for all charges."""

    def __init__(self, facilities: Facilities) -> None:
        self.edge_soc: list[Floats] = list(facilities.edge_soc)
        self.step_kw: list[list[Floats]] = [list(powers) for powers in facilities.step_kw]
        self.highest_kw = [float(powers.max(initial=0.0)) for powers in facilities.step_kw]
        outlets = facilities.outlets
        self.outlets = list(
            zip(outlets.cabinet.tolist(), outlets.rank.tolist(), outlets.type.tolist(), strict=True)
        )
        self.first: list[int] = outlets.first.tolist()
        self.cabinet_kw: list[float] = facilities.cabinet_kw.tolist()
        self.module_kw: list[float] = facilities.module_kw.tolist()


class Outlet:
    """A gun or slot, and the battery that it charges.

    Parameters
    ----------
    rows : Rows
        Curves of the facilities.
    site, number : int
        Its site, and its number there in event keys (slots are numbered after the bays).
    cabinet, rank : int
        Cabinet within the group, and rank in the order of power.
    type : int
        Row of `Facilities.step_kw`: what it gives by curve and step [kW].
    done : callable
        Called with the charge that has reached its target.

    Attributes
    ----------
    given_kwh : float
        What a gun has given in charges that have ended [kWh at the plug].
    """

    __slots__ = (
        "cabinet",
        "charge",
        "done",
        "given_kwh",
        "number",
        "powers",
        "rank",
        "rows",
        "site",
        "type",
    )

    def __init__(
        self,
        rows: Rows,
        site: int,
        number: int,
        cabinet: int,
        rank: int,
        type: int,
        done: "Callable[[Charge], None]",
    ) -> None:
        self.rows, self.site, self.number = rows, site, number
        self.cabinet, self.rank, self.type, self.done = cabinet, rank, type, done
        self.powers = rows.step_kw[type]
        self.charge: Charge | None = None
        self.given_kwh = 0.0


class Charge:
    """A battery at an outlet."""

    __slots__ = (
        "battery_kwh",
        "begun_min",
        "edge_soc",
        "end_min",
        "granted_kw",
        "outlet",
        "peak_kw",
        "plan",
        "since_min",
        "soc",
        "step",
        "step_kw",
        "target_soc",
    )

    def __init__(
        self,
        outlet: Outlet,
        soc: float,
        target_soc: float,
        battery_kwh: float,
        curve: int,
        now: float,
    ) -> None:
        self.outlet = outlet
        self.soc = soc
        self.target_soc = target_soc
        self.battery_kwh = battery_kwh
        self.edge_soc = outlet.rows.edge_soc[curve]
        self.step_kw = outlet.powers[curve]
        self.begun_min = self.since_min = self.end_min = now
        self.granted_kw, self.peak_kw = -1.0, -1.0
        self.step = 0
        self.plan: ScheduledEvent | None = None
