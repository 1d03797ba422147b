"""Count what happens in runs of the SimPy engine: events handled with an effect, and mechanisms at work."""

from collections import Counter
from functools import partial
from typing import Any

from chargesim.engine.accumulators import PARTIAL, STRANDED, UNFINISHED
from chargesim.engine.order import EventClass
from chargesim.engine.plant import COMPANION, SLOT
from chargesim.engine.power import PowerGroup
from chargesim.engine.simpy_engine import World
from chargesim.engine.site import Site
from chargesim.engine.station import Station
from chargesim.engine.store import Store
from chargesim.engine.swap_site import SwapSite

MECHANISMS = (
    "a free place is held", "a reservation goes first", "late within the grace", "lapse", "interruption", "second interruption",
    "failure in a try", "failed start", "blackout", "shared power", "mixed connection", "companion taken", "store charges", "store lends",
    "packs wait", "put off", "opened later", "lead-in", "run-out", "balk", "renege", "divert", "outside", "partial", "stranded",
    "unfinished",
)  # fmt: skip


class Counts:
    """Watch the methods of the engine as long as a monkeypatch lasts; `happened` counts by name."""

    def __init__(self, patch: Any) -> None:
        self.happened: Counter[str] = Counter({event.name: 0 for event in EventClass} | dict.fromkeys(MECHANISMS, 0))
        for owner, name, watch in (
            (Station, "_repair", self._repair), (SwapSite, "light", partial(self._always, "RESTORE")),
            (PowerGroup, "_finish", partial(self._planned, "DONE")), (PowerGroup, "_step", partial(self._planned, "STEP")),
            (Station, "_start", self._start), (SwapSite, "_leave_bay", partial(self._always, "DONE")), (Store, "_end", self._store_ends),
            (Store, "turn", self._turn), (World, "_refresh", self._refresh), (Station, "fail", self._fail),
            (Station, "cut", partial(self._always, "blackout")), (SwapSite, "cut", partial(self._always, "blackout")),
            (Site, "arrive", self._arrive), (World, "_appear", partial(self._always, "WISH")), (Site, "_lapse", self._lapse),
            (Site, "_lose_patience", self._lose_patience), (Site, "_first_in_turn", self._first_in_turn), (Store, "run", self._store_runs),
            (SwapSite, "_fill_slots", self._fill_slots), (Station, "_take_place", self._take_place),
            (PowerGroup, "_charge_shared", self._charge_shared),
        ):  # fmt: skip
            self._watch(patch, owner, name, watch)

    def __str__(self) -> str:
        return "\n".join(f"{name:26}{count:8,}" for name, count in self.happened.items())

    @property
    def missing(self) -> list[str]:
        """What has not happened."""
        return [name for name, count in self.happened.items() if not count]

    def add_run(self, p: Any, table: Any, world: World, log: Any) -> None:
        """Count what the session log of a run tells."""
        start_min, end_min = world.books.start_min, world.books.end_min
        self.happened.update(
            {
                "interruption": (log["interruptions"] == 1).sum(), "second interruption": (log["interruptions"] > 1).sum(),
                "opened later": (p.places["opens_min"][log["site"]][log["site"] >= 0] > 0).sum(),
                "put off": (table["put_off_min"][log["row"]] > 0).sum(), "lead-in": (log["end_min"] < start_min).sum(),
                "run-out": (log["end_min"] > end_min).sum(), "balk": log["balks"].sum(), "renege": log["reneges"].sum(),
                "divert": log["diversions"].sum(), "outside": log["outside"].sum(), "partial": (log["outcome"] == PARTIAL).sum(),
                "stranded": (log["outcome"] == STRANDED).sum(), "unfinished": (log["outcome"] == UNFINISHED).sum(),
            }
        )  # fmt: skip

    def _watch(self, patch: Any, owner: type, name: str, watch: Any) -> None:
        whole = getattr(owner, name)
        patch.setattr(owner, name, lambda self, *args: watch(self, partial(whole, self, *args), *args))

    def _count(self, name: str, happened: object) -> None:
        self.happened[name] += bool(happened)

    def _always(self, name: str, _: Any, call: Any, *args: Any) -> Any:
        self._count(name, True)
        return call()

    def _planned(self, name: str, _: Any, call: Any, moment: Any) -> None:
        self._count(name, moment.value.plan is moment)
        call()

    def _repair(self, station: Any, call: Any, gun: int) -> None:
        call()
        self._count("RESTORE", not station.down[gun])

    def _fail(self, station: Any, call: Any, gun: int) -> None:
        call()
        self._count("FAILURE", station.down[gun] == 1)

    def _start(self, station: Any, call: Any, moment: Any) -> None:
        car, done = moment.value
        goes_on = station.in_service.get(car.place, (None, None))[1] is done
        self._count("failed start" if goes_on else "failure in a try", True)
        call()

    def _store_ends(self, store: Any, call: Any, moment: Any) -> None:
        self._count("STEP", store.plan is moment)
        call()

    def _turn(self, _: Any, call: Any, duty: int) -> Any:
        turned = call()
        self._count("HOUR", turned)
        return turned

    def _store_runs(self, store: Any, call: Any, *powers_kw: float) -> None:
        call()
        self._count("store charges", store.power_kw < 0)
        self._count("store lends", store.power_kw > 0)

    def _refresh(self, world: Any, call: Any, moment: Any) -> None:
        self._count("REFRESH", world.changed)
        call()

    def _arrive(self, site: Any, call: Any, car: Any, pack_found: bool = False) -> None:
        call()
        self._count("ARRIVAL", True)
        self._count("late within the grace", 0 <= car.promised_min < site.env.now)

    def _lapse(self, site: Any, call: Any, moment: Any) -> None:
        self._count("LAPSE", moment.value in site.holds)
        self._count("lapse", moment.value in site.holds)
        call()

    def _lose_patience(self, _: Any, call: Any, moment: Any) -> None:
        self._count("PATIENCE", not moment.value.triggered)
        call()

    def _first_in_turn(self, site: Any, call: Any) -> Any:
        turn = call()
        self._count("a free place is held", turn is None)
        self._count("a reservation goes first", turn is not None and turn is not next(iter(site.queue.values())))
        return turn

    def _fill_slots(self, site: Any, call: Any) -> None:
        call()
        self._count("packs wait", site.holding and site.empty and site.free_slots)

    def _take_place(self, station: Any, call: Any, car: Any) -> None:
        call()
        self._count("companion taken", station.guns[car.place].rank == COMPANION)

    def _charge_shared(self, group: Any, call: Any) -> None:
        call()
        charges = [outlet.charge for outlet in group.outlets if outlet.charge is not None]
        self._count("shared power", not group.dark and any(charge.granted_kw < charge.step_kw[charge.step] for charge in charges))
        self._count("mixed connection", {True, False} == {charge.outlet.rank == SLOT for charge in charges if charge.granted_kw > 0})
