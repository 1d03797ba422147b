"""Charge batteries behind shared limits: gun < cabinet < grid connection.

As long as the batteries behind a connection together cannot exceed a limit, each charges alone along its curve and one
event ends it. When a limit can bind, all are settled and share power by rank, max-min fair inside a rank, anew at every
plug-in, plug-out and step of a curve. Vehicles at guns and packs in slots are charged by the same rules.
"""

from collections.abc import Callable
from math import inf

import numpy as np
from numpy.typing import NDArray
from simpy import Environment

from chargesim.engine.day_statistics import QUARTER_MIN, DayStatistics
from chargesim.engine.deposits import deposit_charge, deposit_level
from chargesim.engine.event_order import EventClass, outlet_key
from chargesim.engine.facilities import Facilities
from chargesim.engine.rules import (
    charge_min,
    exact_min,
    left_min,
    peak_kw_ahead,
    share_power,
    soc_after,
    step_at,
    total_kw,
)
from chargesim.engine.simpy.events import ScheduledEvent
from chargesim.engine.simpy.store import Store

Floats = NDArray[np.float64]


class Rows:
    """Curves and outlets of a facilities row by row, so that neither a site nor a charge need cut them out of the arrays."""

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


class Outlet:
    """A gun or slot, and the battery that it charges.

    Parameters
    ----------
    group : PowerGroup
        The limits that it stands behind.
    site, number : int
        Its site, and its number there in event keys (slots are numbered after the bays).
    cabinet, rank : int
        Cabinet within the group, and place in the order of power.
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
        "group",
        "number",
        "powers",
        "rank",
        "site",
        "type",
    )

    def __init__(
        self,
        group: "PowerGroup",
        site: int,
        number: int,
        cabinet: int,
        rank: int,
        type: int,
        done: "Callable[[Charge], None]",
    ) -> None:
        self.group, self.site, self.number = group, site, number
        self.cabinet, self.rank, self.type, self.done = cabinet, rank, type, done
        self.powers = group.rows.step_kw[type]
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
        self.edge_soc = outlet.group.rows.edge_soc[curve]
        self.step_kw = outlet.powers[curve]
        self.begun_min = self.since_min = self.end_min = now
        self.granted_kw, self.peak_kw = -1.0, -1.0
        self.step = 0
        self.plan: ScheduledEvent | None = None


class PowerGroup:
    """The outlets of all sites behind one grid connection, and their limits.

    Parameters
    ----------
    rows : Rows
        The facilities's curves and outlets; all groups share them.
    plug_kw : float
        Limit of the connection on the plugs' side [kW].
    store : int, optional
        Site in whose statistics the connection's battery store is written; None: there is no store.
    """

    def __init__(
        self,
        env: Environment,
        facilities: Facilities,
        statistics: DayStatistics,
        rows: Rows,
        plug_kw: float,
        store: int | None = None,
    ) -> None:
        self.env, self.facilities, self.statistics, self.rows, self.plug_kw = (
            env,
            facilities,
            statistics,
            rows,
            plug_kw,
        )
        self.dark = 0
        self.outlets: list[Outlet] = []
        self.cabinet_kw: list[float] = []
        self.count = 0
        self.shared = False
        self.least_to_bind = 1
        """charges of which fewer never exceed a limit, whatever they draw"""
        self.store = (
            None
            if store is None
            else Store(env, facilities, statistics, store, self._store_is_done)
        )

    def add_outlets(
        self, site: int, done: Callable[[Charge], None], first_number: int = 0
    ) -> list[Outlet]:
        """Put the outlets of a site behind the connection, numbered from `first_number` on in event keys."""
        rows, base = self.rows, len(self.cabinet_kw)
        mine = rows.outlets[rows.first[site] : rows.first[site + 1]]
        self.cabinet_kw += [rows.cabinet_kw[site]] * (
            1 + max((cabinet for cabinet, _, _ in mine), default=-1)
        )
        added = [
            Outlet(self, site, number, base + cabinet, rank, type, done)
            for number, (cabinet, rank, type) in enumerate(mine, first_number)
        ]
        self._know(added)
        return added

    def add_outlet(
        self, site: int, number: int, like: Outlet, done: Callable[[Charge], None]
    ) -> Outlet:
        """Put one more outlet behind the connection, of another's type and rank, with a cabinet of its own without limit."""
        self.cabinet_kw.append(inf)
        outlet = Outlet(self, site, number, len(self.cabinet_kw) - 1, like.rank, like.type, done)
        self._know([outlet])
        return outlet

    def _know(self, added: list[Outlet]) -> None:
        self.outlets += added
        highest_kw = max(
            (self.rows.highest_kw[kind] for kind in {outlet.type for outlet in self.outlets}),
            default=0.0,
        )
        room_kw = min([self.plug_kw, *self.cabinet_kw])
        self.least_to_bind = (
            1 + int(room_kw // highest_kw) if highest_kw > 0 and room_kw < inf else 1_000_000
        )

    def plug_in(
        self, outlet: Outlet, soc: float, target_soc: float, battery_kwh: float, curve: int
    ) -> Charge:
        """Begin to charge a battery now."""
        charge = Charge(outlet, soc, target_soc, battery_kwh, curve, self.env.now)
        if self.shared:
            charge.step = step_at(soc, charge.edge_soc)
        outlet.charge = charge
        self.count += 1
        if not self._reshare():
            self._charge_alone(charge)
        return charge

    def unplug(self, charge: Charge) -> None:
        """End a charge now, before it has reached its target."""
        self._settle(charge)
        charge.plan = charge.outlet.charge = None
        self.count -= 1
        self._reshare()

    def end_day(self) -> None:
        """Write to the day's statistics what is charged over its end; nothing else changes."""
        for outlet in self.outlets:
            charge = outlet.charge
            if charge is not None and self.shared:
                self._deposit_shared(charge, self.env.now)
            elif charge is not None:
                self._deposit_alone(charge, charge.soc, charge.target_soc)  # the day clips it
        if self.store is not None:
            self.store.deposit()

    def settle_all(self) -> None:
        """Bring SOC and statistics of all charges up to now, and those of the store."""
        for outlet in self.outlets:
            if outlet.charge is not None:
                self._settle(outlet.charge)
        if self.store is not None:
            self.store.settle()

    def soc_now(self, charge: Charge) -> float:
        """Return the SOC that a charge has reached by now; to look changes nothing."""
        return self._soc_after(charge, self.env.now - charge.since_min)

    def soc_in_statistics(self, charge: Charge) -> float:
        """Return the SOC up to which the statistics hold a charge: that of its last settling, or of the day's beginning."""
        return self._soc_after(charge, max(0.0, self.statistics.start_min - charge.since_min))

    def _soc_after(self, charge: Charge, minutes: float) -> float:
        if self.shared:
            edge = min(float(charge.edge_soc[charge.step + 1]), charge.target_soc)
            return min(edge, charge.soc + charge.granted_kw * minutes / (60.0 * charge.battery_kwh))
        return float(
            soc_after(
                charge.soc,
                charge.target_soc,
                minutes,
                charge.battery_kwh,
                charge.edge_soc,
                charge.step_kw,
            )
        )

    def foreseen_end_min(self, charge: Charge) -> float:
        """Return the instant at which a charge ends if nobody shares power from now on; exact when nobody does already [min]."""
        if not self.shared:
            return charge.end_min
        left = charge_min(
            self.soc_now(charge),
            charge.target_soc,
            charge.battery_kwh,
            charge.edge_soc,
            charge.step_kw,
        )
        return float(self.env.now + exact_min(left))

    def cut(self) -> None:
        """Let a blackout begin: nothing is charged until `restore`."""
        self.dark += 1
        self._reshare()

    def restore(self) -> None:
        """Let a blackout end."""
        self.dark -= 1
        self._reshare()

    def turn_store(self, duty: int) -> None:
        """Let the store charge, rest or lend from now on."""
        if self.store is not None and self.store.turn(duty):
            self._reshare()

    def _store_is_done(self) -> None:
        self._reshare()

    def _binds(self) -> bool:
        """Tell whether the charges could together exceed a limit, by the highest power that each can still draw."""
        if self.count < self.least_to_bind:
            return False
        total, used = 0.0, [0.0] * len(self.cabinet_kw)
        for outlet in self.outlets:
            charge = outlet.charge
            if charge is not None:
                if charge.peak_kw < 0:
                    charge.peak_kw = peak_kw_ahead(
                        charge.soc, charge.target_soc, charge.edge_soc, charge.step_kw
                    )
                total += charge.peak_kw
                used[outlet.cabinet] += charge.peak_kw
                if used[outlet.cabinet] > self.cabinet_kw[outlet.cabinet] or total > self.plug_kw:
                    return True
        return False

    def _reshare(self) -> bool:
        """Plan all charges anew when a limit can bind, or could until now; return whether that was so.

        While a store works its power follows the sum of the charges, so they are planned step by step as well.
        """
        if self.count < self.least_to_bind and not (self.shared or self.dark or self.store):
            return False  # the way of most charges
        binds = self.dark > 0 or (self.store is not None and self.store.works) or self._binds()
        if not binds and not self.shared:
            return False
        if not binds:
            self.settle_all()
            self.shared = False
            if self.store is not None:
                self.store.run(0.0, 0.0)
            for outlet in self.outlets:
                if outlet.charge is not None:
                    self._charge_alone(outlet.charge)
            return True
        if not self.shared:
            self.settle_all()
            self.shared = True
            for outlet in self.outlets:
                charge = outlet.charge
                if charge is not None:
                    charge.granted_kw, charge.step = -1.0, step_at(charge.soc, charge.edge_soc)
        self._charge_shared()
        return True

    def _charge_alone(self, charge: Charge) -> None:
        outlet = charge.outlet
        minutes = charge_min(
            charge.soc, charge.target_soc, charge.battery_kwh, charge.edge_soc, charge.step_kw
        )
        key = outlet_key(EventClass.DONE, outlet.site, outlet.number)
        # a whole charge takes a tick at least; what sharing has left of one may be over now
        minutes = exact_min(minutes) if charge.begun_min == self.env.now else left_min(minutes)
        charge.end_min = self.env.now + minutes
        charge.plan = ScheduledEvent(self.env, minutes, key, charge, self._finish)

    def _charge_shared(self) -> None:
        """Share power among all charges; whose power changes is settled and planned up to its next step or its target."""
        charges = [outlet.charge for outlet in self.outlets if outlet.charge is not None]
        wanted = np.array([charge.step_kw[charge.step] for charge in charges])
        cabinet = np.array([charge.outlet.cabinet for charge in charges], dtype=np.int64)
        rank = np.array([charge.outlet.rank for charge in charges], dtype=np.int64)
        granted = np.empty(len(charges))
        grid_kw = 0.0 if self.dark else self.plug_kw
        lent_kw = self.store.lendable_kw if self.store is not None and not self.dark else 0.0
        share_power(wanted, cabinet, rank, np.array(self.cabinet_kw), grid_kw + lent_kw, granted)
        for charge, kw in zip(charges, granted.tolist(), strict=True):
            if kw != charge.granted_kw:
                self._settle(charge)
                charge.granted_kw = kw
                self._plan_step(charge)
        if self.store is not None:
            self.store.run(float(total_kw(granted)), grid_kw)

    def _plan_step(self, charge: Charge) -> None:
        """Plan a charge up to its next step or its target; without power nothing is planned."""
        if charge.granted_kw == 0.0:
            charge.plan = None
            return
        edge = min(float(charge.edge_soc[charge.step + 1]), charge.target_soc)
        minutes = left_min(60.0 * (edge - charge.soc) * charge.battery_kwh / charge.granted_kw)
        last = edge >= charge.target_soc
        key = outlet_key(
            EventClass.DONE if last else EventClass.STEP, charge.outlet.site, charge.outlet.number
        )
        charge.plan = ScheduledEvent(
            self.env, minutes, key, charge, self._finish if last else self._step
        )

    def _settle(self, charge: Charge) -> None:
        """Advance one charge to now and write its energy to the statistics."""
        now, soc = self.env.now, charge.soc
        if now == charge.since_min:
            return
        charge.soc = self.soc_now(charge)
        if self.shared:
            self._deposit_shared(charge, now)
        else:
            self._deposit_alone(charge, soc, charge.soc)
        charge.since_min = now

    def _step(self, moment: ScheduledEvent) -> None:
        """Set a charge to the edge that it has reached, exactly, and share anew."""
        charge: Charge = moment.value  # type: ignore[assignment]
        if charge.plan is not moment:
            return
        self._deposit_shared(charge, self.env.now)
        charge.soc, charge.since_min = float(charge.edge_soc[charge.step + 1]), self.env.now
        charge.step, charge.granted_kw = step_at(charge.soc, charge.edge_soc), -1.0
        self._charge_shared()

    def _finish(self, moment: ScheduledEvent) -> None:
        charge: Charge = moment.value  # type: ignore[assignment]
        if charge.plan is not moment:
            return
        if self.shared:
            self._deposit_shared(charge, self.env.now)
        else:
            self._deposit_alone(charge, charge.soc, charge.target_soc)
        charge.soc = charge.target_soc
        outlet = charge.outlet
        charge.plan = outlet.charge = None
        self.count -= 1
        self._reshare()
        outlet.done(charge)

    def _deposit_alone(self, charge: Charge, soc: float, soc_end: float) -> None:
        statistics = self.statistics
        deposit_charge(
            statistics.energy_kwh, charge.outlet.site, charge.since_min, soc, soc_end, charge.battery_kwh,
            charge.edge_soc, charge.step_kw, statistics.start_min, QUARTER_MIN,
        )  # fmt: skip

    def _deposit_shared(self, charge: Charge, now: float) -> None:
        energy = self.statistics.energy_kwh
        deposit_level(
            energy,
            charge.outlet.site,
            charge.since_min,
            now,
            charge.granted_kw / 60.0,
            self.statistics.start_min,
            QUARTER_MIN,
        )
