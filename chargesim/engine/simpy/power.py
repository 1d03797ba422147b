"""Charge batteries behind shared limits: gun < cabinet < grid connection.

The chargers of a swap site whose slots lend each other power are its cabinet, shared by modules.

As long as the batteries behind a connection together cannot exceed a limit, each charges alone
along its curve and one event ends it. When a limit can bind, all are settled and share power by
rank, max-min fair inside a rank, anew at every plug-in, plug-out and step of a curve. Vehicles at
guns and packs in slots are charged by the same rules.
"""

from collections.abc import Callable
from math import inf

import numpy as np
from simpy import Environment

from chargesim.engine.day_statistics import QUARTER_MIN, DayStatistics, add_charge, add_level
from chargesim.engine.event_order import EventClass, outlet_key
from chargesim.engine.facilities import Facilities
from chargesim.engine.rules import (
    charge_alone_min,
    charge_min,
    exact_min,
    least_to_bind,
    lend_modules,
    next_edge_soc,
    peak_kw_ahead,
    share_power,
    soc_after,
    soc_at_power,
    step_at,
    step_min,
    total_kw,
    whole_modules_kw,
)
from chargesim.engine.simpy.events import ScheduledEvent
from chargesim.engine.simpy.outlets import Charge, Outlet, Rows
from chargesim.engine.simpy.store import Store
from chargesim.engine.store_rules import lendable_kw


class PowerGroup:
    """The outlets of all sites behind one grid connection, and their limits.

    Parameters
    ----------
    rows : Rows
        Curves and outlets of the facilities; all groups share them.
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
        self.env, self.facilities, self.statistics = env, facilities, statistics
        self.rows, self.plug_kw = rows, plug_kw
        self.dark = 0
        self.outlets: list[Outlet] = []
        self.cabinet_kw: list[float] = []
        self.module_kw: list[float] = []
        """by cabinet; 0: it shares without modules"""
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
        """Put the outlets of a site behind the connection; in keys the first is `first_number`."""
        rows, base = self.rows, len(self.cabinet_kw)
        mine = rows.outlets[rows.first[site] : rows.first[site + 1]]
        cabinets = 1 + max((cabinet for cabinet, _, _ in mine), default=-1)
        self.cabinet_kw += [rows.cabinet_kw[site]] * cabinets
        self.module_kw += [rows.module_kw[site]] * cabinets
        added = [
            Outlet(rows, site, number, base + cabinet, rank, type, done)
            for number, (cabinet, rank, type) in enumerate(mine, first_number)
        ]
        self._add(added)
        return added

    def add_outlet(
        self, site: int, number: int, like: Outlet, done: Callable[[Charge], None]
    ) -> Outlet:
        """Put one more outlet behind the connection, with a cabinet of its own without limit."""
        self.cabinet_kw.append(inf)
        self.module_kw.append(0.0)
        outlet = Outlet(
            self.rows, site, number, len(self.cabinet_kw) - 1, like.rank, like.type, done
        )
        self._add([outlet])
        return outlet

    def _add(self, added: list[Outlet]) -> None:
        self.outlets += added
        kinds = {(outlet.type, self.module_kw[outlet.cabinet]) for outlet in self.outlets}
        highest_kw = self.rows.highest_kw
        most_kw = max(
            (whole_modules_kw(highest_kw[kind], module_kw) for kind, module_kw in kinds),
            default=0.0,
        )
        self.least_to_bind = least_to_bind(min([self.plug_kw, *self.cabinet_kw]), most_kw)

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
                self._note_shared(charge)
            elif charge is not None:
                self._note_alone(charge, charge.soc, charge.target_soc)  # the day clips it
        if self.store is not None:
            self.store.note()

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
        """Return the SOC of a charge that the statistics have: at its last settling or midnight."""
        return self._soc_after(charge, max(0.0, self.statistics.start_min - charge.since_min))

    def _soc_after(self, charge: Charge, minutes: float) -> float:
        """Return the SOC some minutes after the last settling."""
        soc, target_soc, battery_kwh = charge.soc, charge.target_soc, charge.battery_kwh
        if self.shared:
            edge_soc = next_edge_soc(charge.step, target_soc, charge.edge_soc)
            return float(soc_at_power(soc, edge_soc, minutes, battery_kwh, charge.granted_kw))
        edges, powers = charge.edge_soc, charge.step_kw
        return float(soc_after(soc, target_soc, minutes, battery_kwh, edges, powers))

    def foreseen_end_min(self, charge: Charge) -> float:
        """Return when a charge ends if nobody shares power from now on [min].

        It is exact when nobody shares power already.
        """
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

    def cut_power(self) -> None:
        """Begin a blackout: nothing is charged until the power is back."""
        self.dark += 1
        self._reshare()

    def restore_power(self) -> None:
        """End a blackout."""
        self.dark -= 1
        self._reshare()

    def turn_store(self, duty: int) -> None:
        """Let the store charge, rest or lend from now on."""
        if self.store is not None and self.store.turn(duty):
            self._reshare()

    def _store_is_done(self) -> None:
        """Share power anew when the store has become empty or full."""
        self._reshare()

    def _binds(self) -> bool:
        """Tell whether the charges could exceed a limit, by the most that each can still draw."""
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
                used[outlet.cabinet] += whole_modules_kw(
                    charge.peak_kw, self.module_kw[outlet.cabinet]
                )
                if used[outlet.cabinet] > self.cabinet_kw[outlet.cabinet] or total > self.plug_kw:
                    return True
        return False

    def _reshare(self) -> bool:
        """Plan all charges anew if a limit can bind, or could until now; return whether it is so.

        While a store works its power follows the sum of the charges, so they are planned by steps
        as well.
        """
        if self.count < self.least_to_bind and not (self.shared or self.dark or self.store):
            return False  # most charges
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
        """Plan the end of a charge that nobody shares."""
        outlet, now = charge.outlet, self.env.now
        whole = charge.begun_min == now
        minutes = charge_alone_min(
            charge.soc,
            charge.target_soc,
            charge.battery_kwh,
            charge.edge_soc,
            charge.step_kw,
            whole,
        )
        charge.end_min = now + minutes
        key = outlet_key(EventClass.DONE, outlet.site, outlet.number)
        charge.plan = ScheduledEvent(self.env, minutes, key, charge, self._finish)

    def _charge_shared(self) -> None:
        """Share power among all charges; settle and plan anew those whose power changes."""
        charges = [outlet.charge for outlet in self.outlets if outlet.charge is not None]
        wanted = np.array([charge.step_kw[charge.step] for charge in charges])
        cabinet = np.array([charge.outlet.cabinet for charge in charges], dtype=np.int64)
        rank = np.array([charge.outlet.rank for charge in charges], dtype=np.int64)
        if any(self.module_kw):
            begun = np.array([charge.begun_min for charge in charges])
            modules, order = np.zeros_like(cabinet), np.zeros_like(cabinet)
            limits, module_kw = np.array(self.cabinet_kw), np.array(self.module_kw)
            lend_modules(wanted, begun, cabinet, module_kw, limits, modules, order)
        granted = np.empty(len(charges))
        grid_kw, lent_kw = 0.0 if self.dark else self.plug_kw, 0.0
        if self.store is not None and not self.dark:
            lent_kw = lendable_kw(self.store.duty, self.store.energy_kwh, self.store.kw)
        share_power(wanted, cabinet, rank, np.array(self.cabinet_kw), grid_kw + lent_kw, granted)
        for charge, kw in zip(charges, granted.tolist(), strict=True):
            if kw != charge.granted_kw:
                self._settle(charge)
                charge.granted_kw = kw
                self._plan_step(charge)
        if self.store is not None:
            self.store.run(float(total_kw(granted)), grid_kw)

    def _plan_step(self, charge: Charge) -> None:
        """Plan a charge up to its next step or its target; without power plan nothing."""
        if charge.granted_kw == 0.0:
            charge.plan = None
            return
        outlet, edge_soc = (
            charge.outlet,
            next_edge_soc(charge.step, charge.target_soc, charge.edge_soc),
        )
        minutes = step_min(charge.soc, edge_soc, charge.battery_kwh, charge.granted_kw)
        last = edge_soc >= charge.target_soc
        key = outlet_key(EventClass.DONE if last else EventClass.STEP, outlet.site, outlet.number)
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
            self._note_shared(charge)
        else:
            self._note_alone(charge, soc, charge.soc)
        charge.since_min = now

    def _step(self, event: ScheduledEvent) -> None:
        """Set a charge to the edge that it has reached, exactly, and share anew."""
        charge: Charge = event.value  # type: ignore[assignment]
        if charge.plan is not event:
            return
        self._note_shared(charge)
        charge.soc, charge.since_min = float(charge.edge_soc[charge.step + 1]), self.env.now
        charge.step, charge.granted_kw = step_at(charge.soc, charge.edge_soc), -1.0
        self._charge_shared()

    def _finish(self, event: ScheduledEvent) -> None:
        """End a charge that has reached its target; its site goes on from there."""
        charge: Charge = event.value  # type: ignore[assignment]
        if charge.plan is not event:
            return
        if self.shared:
            self._note_shared(charge)
        else:
            self._note_alone(charge, charge.soc, charge.target_soc)
        charge.soc = charge.target_soc
        outlet = charge.outlet
        charge.plan = outlet.charge = None
        self.count -= 1
        self._reshare()
        outlet.done(charge)

    def _note_alone(self, charge: Charge, soc: float, soc_end: float) -> None:
        """Write the energy of a charge along its curve to the statistics."""
        statistics, curve = self.statistics, (charge.edge_soc, charge.step_kw)
        add_charge(
            statistics.energy_kwh, charge.outlet.site, charge.since_min, soc, soc_end,
            charge.battery_kwh, *curve, statistics.start_min, QUARTER_MIN,
        )  # fmt: skip

    def _note_shared(self, charge: Charge) -> None:
        """Write the energy of a charge at constant power, up to now, to the statistics."""
        statistics, per_min = self.statistics, charge.granted_kw / 60.0
        add_level(
            statistics.energy_kwh, charge.outlet.site, charge.since_min, self.env.now, per_min,
            statistics.start_min, QUARTER_MIN,
        )  # fmt: skip
