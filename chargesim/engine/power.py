"""Charge batteries behind shared limits: gun < cabinet < site.

As long as the batteries at a site together cannot exceed a limit, each charges alone along its curve and one event
ends it. When a limit can bind, all are settled and share power max-min fair, anew at every plug-in, plug-out and step
of a curve. Vehicles at guns and packs in slots are charged by the same rules.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from simpy import Environment

from chargesim.engine.books import QUARTER_MIN, Books
from chargesim.engine.deposits import deposit_charge, deposit_level
from chargesim.engine.moments import Moment
from chargesim.engine.order import EventClass, outlet_key
from chargesim.engine.plant import Plant
from chargesim.engine.rules import charge_min, exact_min, peak_kw_ahead, share_power, soc_after, step_at

Floats = NDArray[np.float64]


class Charge:
    """A battery at an outlet."""

    __slots__ = (
        "battery_kwh",
        "begun_min",
        "edge_soc",
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
        self, outlet: int, soc: float, target_soc: float, battery_kwh: float, edge_soc: Floats, step_kw: Floats, now: float
    ) -> None:
        self.outlet = outlet
        self.soc = soc
        self.target_soc = target_soc
        self.battery_kwh = battery_kwh
        self.edge_soc, self.step_kw = edge_soc, step_kw
        self.begun_min = self.since_min = now
        self.granted_kw, self.peak_kw = 0.0, -1.0
        self.step = 0
        self.plan: Moment | None = None


class PowerGroup:
    """The outlets of a site behind their limits.

    Parameters
    ----------
    site, first_outlet : int
        The site, and the number of its first outlet in event keys.
    done : callable
        Called with the charge that has reached its target.
    """

    def __init__(
        self, env: Environment, plant: Plant, books: Books, site: int, done: Callable[[Charge], None], first_outlet: int = 0
    ) -> None:
        self.env, self.books, self.site, self.done, self.first_outlet = env, books, site, done, first_outlet
        self.cabinet_kw, self.plug_kw = float(plant.cabinet_kw[site]), float(plant.plug_kw[site])
        self.per_cabinet = int(plant.per_cabinet[site])
        outlet_type, outlets = int(plant.places["outlet"][site]), int(plant.outlets[site])
        self.edges, self.powers = plant.edge_soc, plant.step_kw[outlet_type]
        self.charges: list[Charge | None] = [None] * outlets
        self.count = 0
        self.shared = False
        highest_kw = float(self.powers.max(initial=0.0))
        self.least_to_bind = 1 + int(min(self.plug_kw, self.cabinet_kw) // highest_kw) if highest_kw > 0 else outlets + 1
        """charges of which fewer never exceed a limit, whatever they draw"""

    def plug_in(self, outlet: int, soc: float, target_soc: float, battery_kwh: float, curve: int) -> Charge:
        """Begin to charge a battery now."""
        charge = Charge(outlet, soc, target_soc, battery_kwh, self.edges[curve], self.powers[curve], self.env.now)
        if self.shared:
            charge.step = step_at(soc, charge.edge_soc)
        self.charges[outlet] = charge
        self.count += 1
        if not self._reshare():
            self._charge_alone(charge)
        return charge

    def settle_all(self) -> None:
        """Bring SOC and books of all charges up to now."""
        for charge in self.charges:
            if charge is not None:
                self._settle(charge)

    def _binds(self) -> bool:
        """Tell whether the charges could together exceed a limit, by the highest power that each can still draw."""
        if self.count < self.least_to_bind:
            return False
        total = cabinet = 0.0
        for outlet, charge in enumerate(self.charges):
            if outlet % self.per_cabinet == 0:
                cabinet = 0.0
            if charge is not None:
                if charge.peak_kw < 0:
                    charge.peak_kw = peak_kw_ahead(charge.soc, charge.target_soc, charge.edge_soc, charge.step_kw)
                total += charge.peak_kw
                cabinet += charge.peak_kw
                if cabinet > self.cabinet_kw or total > self.plug_kw:
                    return True
        return False

    def _reshare(self) -> bool:
        """Plan all charges anew when a limit can bind, or could until now; return whether that was so."""
        binds = self._binds()
        if not binds and not self.shared:
            return False
        if not binds:
            self.settle_all()
            self.shared = False
            for charge in self.charges:
                if charge is not None:
                    self._charge_alone(charge)
            return True
        if not self.shared:
            self.settle_all()
            self.shared = True
            for charge in self.charges:
                if charge is not None:
                    charge.granted_kw, charge.step = 0.0, step_at(charge.soc, charge.edge_soc)
        self._charge_shared()
        return True

    def _charge_alone(self, charge: Charge) -> None:
        minutes = charge_min(charge.soc, charge.target_soc, charge.battery_kwh, charge.edge_soc, charge.step_kw)
        key = outlet_key(EventClass.DONE, self.site, self.first_outlet + charge.outlet)
        charge.plan = Moment(self.env, exact_min(minutes), key, charge, self._finish)

    def _charge_shared(self) -> None:
        """Share power among all charges; whose power changes is settled and planned up to its next step or its target."""
        charges = [charge for charge in self.charges if charge is not None]
        wanted = np.array([charge.step_kw[charge.step] for charge in charges])
        granted = np.empty(len(charges))
        cabinet = np.array([charge.outlet // self.per_cabinet for charge in charges])
        share_power(wanted, cabinet, self.cabinet_kw, self.plug_kw, granted)
        for charge, kw in zip(charges, granted.tolist(), strict=True):
            if kw == charge.granted_kw:
                continue
            self._settle(charge)
            charge.granted_kw = kw
            edge = min(float(charge.edge_soc[charge.step + 1]), charge.target_soc)
            minutes = exact_min(60.0 * (edge - charge.soc) * charge.battery_kwh / kw)
            last = edge >= charge.target_soc
            key = outlet_key(EventClass.DONE if last else EventClass.STEP, self.site, self.first_outlet + charge.outlet)
            charge.plan = Moment(self.env, minutes, key, charge, self._finish if last else self._step)

    def _settle(self, charge: Charge) -> None:
        """Advance one charge to now and write its energy to the books."""
        now, since, soc = self.env.now, charge.since_min, charge.soc
        if now == since:
            return
        if self.shared:
            edge = min(float(charge.edge_soc[charge.step + 1]), charge.target_soc)
            charge.soc = min(edge, soc + charge.granted_kw * (now - since) / (60.0 * charge.battery_kwh))
            self._deposit_shared(charge, now)
        else:
            charge.soc = soc_after(soc, charge.target_soc, now - since, charge.battery_kwh, charge.edge_soc, charge.step_kw)
            self._deposit_alone(charge, soc)
        charge.since_min = now

    def _step(self, moment: Moment) -> None:
        """Set a charge to the edge that it has reached, exactly, and share anew."""
        charge: Charge = moment.value  # type: ignore[assignment]
        if charge.plan is not moment:
            return
        self._deposit_shared(charge, self.env.now)
        charge.soc, charge.since_min = float(charge.edge_soc[charge.step + 1]), self.env.now
        charge.step, charge.granted_kw = step_at(charge.soc, charge.edge_soc), 0.0
        self._charge_shared()

    def _finish(self, moment: Moment) -> None:
        charge: Charge = moment.value  # type: ignore[assignment]
        if charge.plan is not moment:
            return
        if self.shared:
            self._deposit_shared(charge, self.env.now)
        else:
            before, charge.soc = charge.soc, charge.target_soc
            self._deposit_alone(charge, before)
        charge.soc, charge.plan = charge.target_soc, None
        self.charges[charge.outlet] = None
        self.count -= 1
        self._reshare()
        self.done(charge)

    def _deposit_alone(self, charge: Charge, soc_before: float) -> None:
        books = self.books
        deposit_charge(
            books.energy_kwh, self.site, charge.since_min, soc_before, charge.soc, charge.battery_kwh,
            charge.edge_soc, charge.step_kw, books.start_min, QUARTER_MIN,
        )  # fmt: skip

    def _deposit_shared(self, charge: Charge, now: float) -> None:
        energy = self.books.energy_kwh
        deposit_level(energy, self.site, charge.since_min, now, charge.granted_kw / 60.0, self.books.start_min, QUARTER_MIN)
