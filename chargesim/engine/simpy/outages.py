"""Let guns fail and be repaired, and districts lose their power, as the outage calendar says."""

from collections.abc import Iterator, Sequence

import simpy

from chargesim.demand.demand_table import WHOLE_SITE, Outages
from chargesim.engine.event_order import SITE, EventClass, outlet_key
from chargesim.engine.simpy.events import ScheduledEvent
from chargesim.engine.simpy.station import Station
from chargesim.engine.simpy.swap_site import SwapSite


class OutageEvents:
    """The outages of a run, each begun at its instant and ended at its own; the next one is scheduled when one begins."""

    def __init__(
        self, env: simpy.Environment, sites: Sequence[Station | SwapSite], outages: Outages
    ) -> None:
        self.env, self.sites = env, sites
        self._rows: Iterator[tuple[float, float, int, int]] = iter(outages.tolist())
        self._expect_next()

    def _expect_next(self) -> None:
        row = next(self._rows, None)
        if row is not None:
            begin_min, _, site, gun = row
            key = outlet_key(EventClass.FAILURE, site, SITE if gun == WHOLE_SITE else gun)
            ScheduledEvent(self.env, begin_min - self.env.now, key, row, self._begin)

    def _begin(self, moment: ScheduledEvent) -> None:
        _, end_min, number, gun = moment.value  # type: ignore[misc]
        self._expect_next()
        site = self.sites[number]
        key = outlet_key(EventClass.RESTORE, number, SITE if gun == WHOLE_SITE else gun)
        ScheduledEvent(self.env, end_min - self.env.now, key, (site, gun), self._end)
        if gun == WHOLE_SITE:
            site.cut()
        elif isinstance(site, Station):
            site.fail(gun)

    def _end(self, moment: ScheduledEvent) -> None:
        site, gun = moment.value  # type: ignore[misc]
        if gun == WHOLE_SITE:
            site.light()
        elif isinstance(site, Station):
            site.restore(gun)
