"""Write the model the obvious way: SimPy's `Resource` and `AnyOf`, a process per vehicle and pack.

It follows the same rules on the same vehicles and must agree on the KPIs. It keeps no statistics by
hour and knows no shared power. The bench compares with it, and it is a second opinion.
"""

from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from chargesim.demand.demand_table import Table
from chargesim.engine.choice import choose_site
from chargesim.engine.facilities import Facilities
from chargesim.engine.queue_rules import station_wait_min, swap_wait_min
from chargesim.engine.replication_totals import LOST, OUTCOMES, SERVED, STRANDED
from chargesim.engine.rules import NOWHERE, charge_min, exact_min
from chargesim.network.network import SWAP

Process = Generator[simpy.Event, Any, None]


class NaiveCity:
    """Sites as SimPy resources; packs as tokens of a container."""

    def __init__(self, facilities: Facilities, tables: list[Table], end_min: float) -> None:
        self.env, self.facilities, self.end_min = simpy.Environment(), facilities, end_min
        self.places = [simpy.Resource(self.env, capacity=int(n)) for n in facilities.servers]
        self.packs = [
            simpy.Container(self.env, init=int(n)) if n else None for n in facilities.packs
        ]
        self.slots = [
            simpy.Resource(self.env, capacity=int(max(1, n)))
            for n in np.diff(facilities.outlets.first)
        ]
        self.posted_wait_min = np.zeros(len(facilities))
        self.outcomes = dict.fromkeys(OUTCOMES, 0)
        self.waits: list[float] = []
        """of the served: minutes from the first arrival to the gun or bay"""
        self.queues: list[float] = []
        """of the served: minutes in queues"""
        self.energy_kwh = 0.0
        self.env.process(self.post())
        for table in tables:
            for row in range(len(table)):
                self.env.process(self.vehicle(table, row))

    def run(self) -> None:
        """Run to the end."""
        self.env.run(until=self.end_min)

    def visible_wait_min(self, site: int) -> float:
        """Return the expected wait by the occupancy on sight [min]."""
        place, facilities = self.places[site], self.facilities
        present = len(place.users) + len(place.queue)
        if facilities.kind[site] != SWAP:
            return float(
                station_wait_min(present, facilities.servers[site], facilities.service_min[site])
            )
        packs = self.packs[site]
        ready = int(packs.level) if packs is not None else 0
        return float(
            swap_wait_min(
                present,
                facilities.servers[site],
                facilities.service_min[site],
                ready,
                facilities.pack_interval_min[site],
            )
        )

    def post(self) -> Process:
        """Post the occupancy of all sites again and again."""
        while True:
            yield self.env.timeout(exact_min(self.facilities.posted_refresh_min))
            for site in range(len(self.facilities)):
                self.posted_wait_min[site] = self.visible_wait_min(site)

    def vehicle(self, table: Table, row: int) -> Process:
        """One vehicle, from its wish to its end."""
        env, facilities, me = self.env, self.facilities, table[row]
        yield env.timeout(me["wish_min"] - env.now)
        soc, origin, queued, arrived, tried = (
            float(me["soc"]),
            int(me["origin"]),
            0.0,
            -1.0,
            np.zeros(16, dtype=np.int64),
        )
        for attempt in range(int(me["max_diversions"]) + 1):
            site, km, minutes = choose_site(
                table,
                row,
                origin,
                soc,
                env.now,
                tried,
                attempt,
                facilities.candidates,
                facilities.known,
                self.posted_wait_min,
                facilities.city,
                facilities.edge_soc,
                facilities.step_kw,
                facilities.outside_min,
            )
            if site < 0:
                self.outcomes[OUTCOMES[STRANDED if site == NOWHERE and attempt == 0 else LOST]] += 1
                return
            yield env.timeout(exact_min(minutes))
            soc -= km * float(me["consumption_kwh_km"]) / float(me["battery_kwh"])
            arrived = env.now if arrived < 0 else arrived
            if self.visible_wait_min(site) <= me["tolerance_min"]:
                joined = env.now
                place, packs = self.places[site], self.packs[site]
                with place.request() as turn:
                    patience = env.timeout(float(me["patience_min"]))
                    yield turn | patience
                    if turn.triggered and packs is not None:
                        pack = packs.get(1)
                        yield pack | patience
                        if not pack.triggered:
                            pack.cancel()
                        turned = pack.triggered
                    else:
                        turned = turn.triggered
                    queued += env.now - joined
                    if turned:
                        waited = env.now - arrived
                        yield from self.serve(me, site, soc)
                        self.waits.append(waited)
                        self.queues.append(queued)
                        self.outcomes[OUTCOMES[SERVED]] += 1
                        return
            tried[attempt] = site
            origin = facilities.candidates.shape[1] - len(facilities) + site
        self.outcomes[OUTCOMES[LOST]] += 1

    def serve(self, me: Any, site: int, soc: float) -> Process:
        """Charge, or swap and leave the pack to be charged."""
        facilities, battery = self.facilities, float(me["battery_kwh"])
        if facilities.kind[site] == SWAP:
            yield self.env.timeout(exact_min(facilities.service_min[site]))
            self.env.process(self.charge_pack(site, soc, battery))
            self.energy_kwh += (facilities.known["hand_out_soc"][site] - soc) * battery
            return
        curve, outlet = int(me["curve"]), int(facilities.known["outlet"][site])
        target = max(soc, float(me["target_soc"]))
        rules = facilities.operating_rules
        yield self.env.timeout(rules.handling_before_min)
        yield self.env.timeout(
            exact_min(
                charge_min(
                    soc,
                    target,
                    battery,
                    facilities.edge_soc[curve],
                    facilities.step_kw[outlet, curve],
                )
            )
        )
        self.energy_kwh += (target - soc) * battery
        yield self.env.timeout(rules.handling_after_min + float(me["overstay_min"]))

    def charge_pack(self, site: int, soc: float, battery_kwh: float) -> Process:
        """Charge a pack in a slot, then put it into the rack."""
        facilities = self.facilities
        curve, outlet = int(facilities.pack_curve[site]), int(facilities.known["outlet"][site])
        target = max(soc, float(facilities.known["hand_out_soc"][site]))
        with self.slots[site].request() as slot:
            yield slot
            yield self.env.timeout(
                exact_min(
                    charge_min(
                        soc,
                        target,
                        battery_kwh,
                        facilities.edge_soc[curve],
                        facilities.step_kw[outlet, curve],
                    )
                )
            )
        packs = self.packs[site]
        assert packs is not None
        yield packs.put(1)
