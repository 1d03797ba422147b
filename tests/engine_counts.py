"""Count what happens in runs of the SimPy engine: events handled with an effect, ties of them, and
mechanisms at work."""

from collections import Counter
from functools import partial
from typing import Any

from tied_pairs import TiedPairs

from chargesim.demand.demand_table import WHOLE_SITE
from chargesim.engine.event_order import EventClass
from chargesim.engine.facilities import COMPANION, SLOT
from chargesim.engine.replication_totals import PARTIAL, STRANDED, UNFINISHED
from chargesim.engine.simpy import vehicle
from chargesim.engine.simpy.engine import World
from chargesim.engine.simpy.outages import OutageEvents
from chargesim.engine.simpy.power import PowerGroup
from chargesim.engine.simpy.site import Site
from chargesim.engine.simpy.station import Station
from chargesim.engine.simpy.store import Store
from chargesim.engine.simpy.swap_site import SwapSite

MECHANISMS = (
    "a free server is held", "a reservation goes first", "late within the grace", "interruption",
    "second interruption",
    "failure before power", "failed start", "handling", "overstay", "failure after the charge",
    "blackout", "shared power", "mixed connection",
    "companion taken", "store charges", "store lends",
    "packs wait", "put off", "opened later", "lead-in", "run-out", "balk", "renege", "divert",
    "outside", "partial", "stranded",
    "unfinished",
)  # fmt: skip


class Counts:
    """Watch the methods of the engine as long as a monkeypatch lasts; `happened` counts by name,
    `ties` by pairs of event classes."""

    def __init__(self, patch: Any) -> None:
        self.happened: Counter[str] = Counter(
            {event.name: 0 for event in EventClass} | dict.fromkeys(MECHANISMS, 0)
        )
        self.ties = TiedPairs()
        self._turned: set[int] = set()
        for owner, name, watch in (
            (OutageEvents, "_end_outage", self._restore), (PowerGroup, "_finish",
            partial(self._planned, EventClass.DONE)),
            (Station, "_start", self._start), (Station, "_leave_gun", self._leave_gun),
            (SwapSite, "_leave_bay", self._leave_bay),
            (PowerGroup, "_step", partial(self._planned, EventClass.STEP)), (Store, "_end",
            self._store_ends),
            (World, "_turn_hour", self._hour), (Store, "turn", self._turn), (SwapSite, "turn_hour",
            self._turn_smart),
            (World, "_refresh", self._refresh), (OutageEvents, "_begin_outage", self._fail), (Site,
            "arrive", self._arrive),
            (vehicle, "choose", self._choose), (Site, "_lapse", self._lapse), (Site,
            "_lose_patience", self._lose_patience),
            (World, "_wish", self._wish), (Site, "_first_in_turn", self._first_in_turn), (Store,
            "run", self._store_runs),
            (SwapSite, "_fill_slots", self._fill_slots), (Station, "_take_server",
            self._take_server),
            (PowerGroup, "_charge_shared", self._charge_shared), (World, "run", self._run),
        ):  # fmt: skip
            self._watch(patch, owner, name, watch)

    def __str__(self) -> str:
        return (
            "\n".join(f"{name:26}{count:8,}" for name, count in self.happened.items())
            + f"\n{self.ties}"
        )

    @property
    def missing(self) -> list[str]:
        """What has not happened."""
        return [name for name, count in self.happened.items() if not count]

    def _watch(self, patch: Any, owner: Any, name: str, watch: Any) -> None:
        whole = getattr(owner, name)
        patch.setattr(
            owner, name, lambda self, *args: watch(self, partial(whole, self, *args), *args)
        )

    def _count(self, name: str, happened: object) -> None:
        self.happened[name] += bool(happened)

    def _event(self, env: Any, event: EventClass, *sites: int) -> None:
        self.happened[event.name] += 1
        self.ties.note(env, event, sites)

    def _restore(self, calendar: Any, call: Any, event: Any) -> None:
        _, _, number, gun = event.value
        site = calendar.sites[number]
        call()
        if gun == WHOLE_SITE or not site.down[gun]:
            self._event(calendar.env, EventClass.RESTORE, site.number)

    def _fail(self, calendar: Any, call: Any, event: Any) -> None:
        _, _, number, gun = event.value
        call()
        self._count("blackout", gun == WHOLE_SITE)
        if gun == WHOLE_SITE or calendar.sites[number].down[gun] == 1:
            self._event(calendar.env, EventClass.FAILURE, number)

    def _planned(self, event: EventClass, group: Any, call: Any, happened: Any) -> None:
        if happened.value.plan is happened:
            self._event(group.env, event, happened.value.outlet.site)
        call()

    def _start(self, station: Any, call: Any, event: Any) -> None:
        car, done = event.value
        goes_on = station.in_service.get(car.server, (None, None))[1] is done
        self._count("failure before power", not goes_on)
        if goes_on:
            minutes, before_min = (
                car.starts_min - car.taken_min,
                station.operating_rules.handling_before_min,
            )
            self._count("failed start", minutes > before_min)
            self._count("handling", before_min > 0)
            self._event(station.env, EventClass.DONE, station.number)
        call()

    def _leave_gun(self, station: Any, call: Any, event: Any) -> None:
        gun, done = event.value
        car, at_gun = station.in_service.get(gun, (None, None))
        self._count("failure after the charge", at_gun is not done)
        if at_gun is done:
            self._count("overstay", car.overstay_min > 0)
            self._event(station.env, EventClass.DONE, station.number)
        call()

    def _leave_bay(self, site: Any, call: Any, _: Any) -> None:
        self._event(site.env, EventClass.DONE, site.number)
        call()

    def _store_ends(self, store: Any, call: Any, event: Any) -> None:
        if store.plan is event:
            self._event(store.env, EventClass.STEP, store.site)
        call()

    def _hour(self, world: Any, call: Any, _: Any) -> None:
        self._turned.clear()
        call()
        if self._turned:
            self._event(world.env, EventClass.HOUR, *self._turned)

    def _turn(self, store: Any, call: Any, duty: int) -> Any:
        turned = call()
        if turned:
            self._turned.add(store.site)
        return turned

    def _turn_smart(self, site: Any, call: Any, hour: int) -> None:
        held = site.holding
        call()
        if site.holding != held:
            self._turned.add(site.number)

    def _store_runs(self, store: Any, call: Any, *powers_kw: float) -> None:
        call()
        self._count("store charges", store.power_kw < 0)
        self._count("store lends", store.power_kw > 0)

    def _refresh(self, world: Any, call: Any, _: Any) -> None:
        if world.changed:
            self._event(world.env, EventClass.REFRESH, *world.changed)
        call()

    def _arrive(self, site: Any, call: Any, car: Any, pack_found: bool = False) -> None:
        call()
        self._event(site.env, EventClass.ARRIVAL, site.number)
        self._count("late within the grace", 0 <= car.promised_min < site.env.now)

    def _wish(self, _: Any, call: Any, event: Any) -> None:
        self._count("put off", event.value.put_off_min > 0)
        call()

    def _choose(self, world: Any, call: Any, car: Any) -> Any:
        """See a wish where it has its effect: in the first choice, also of a vehicle that put it
        off."""
        choice = call()
        if not car.tried:
            self._event(world.env, EventClass.WISH, *(site for site in choice[:1] if site >= 0))
        return choice

    def _lapse(self, site: Any, call: Any, event: Any) -> None:
        if event.value in site.holds:
            self._event(site.env, EventClass.LAPSE, site.number)
        call()

    def _lose_patience(self, site: Any, call: Any, event: Any) -> None:
        if not event.value.triggered:
            self._event(site.env, EventClass.PATIENCE, site.number)
        call()

    def _first_in_turn(self, site: Any, call: Any) -> Any:
        turn = call()
        self._count("a free server is held", turn is None)
        self._count(
            "a reservation goes first",
            turn is not None and turn is not next(iter(site.queue.values())),
        )
        return turn

    def _fill_slots(self, site: Any, call: Any) -> None:
        call()
        self._count("packs wait", site.holding and site.empty and site.free_slots)

    def _take_server(self, station: Any, call: Any, car: Any) -> None:
        call()
        self._count("companion taken", station.outlets[car.server].rank == COMPANION)

    def _charge_shared(self, group: Any, call: Any) -> None:
        call()
        charges = [outlet.charge for outlet in group.outlets if outlet.charge is not None]
        self._count(
            "shared power",
            not group.dark
            and any(charge.granted_kw < charge.step_kw[charge.step] for charge in charges),
        )
        self._count(
            "mixed connection",
            {True, False}
            == {charge.outlet.rank == SLOT for charge in charges if charge.granted_kw > 0},
        )

    def _run(self, world: Any, call: Any) -> Any:
        """Count what is in the session log of a run."""
        statistics, log = call()
        self.ties.end_instant()
        opens_min = world.facilities.known["opens_min"]
        self.happened.update(
            {
                "interruption": (log["interruptions"] == 1).sum(),
                "second interruption": (log["interruptions"] > 1).sum(),
                "opened later": (opens_min[log["site"]][log["site"] >= 0] > 0).sum(),
                "lead-in": (log["end_min"] < statistics.start_min).sum(),
                "run-out": (log["end_min"] > statistics.end_min).sum(),
                "balk": log["balks"].sum(), "renege": log["reneges"].sum(),
                "divert": log["diversions"].sum(),
                "outside": log["chose_outside"].sum(), "partial": (log["outcome"] == PARTIAL).sum(),
                "stranded": (log["outcome"] == STRANDED).sum(),
                "unfinished": (log["outcome"] == UNFINISHED).sum(),
            }
        )  # fmt: skip
        return statistics, log
