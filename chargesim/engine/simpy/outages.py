"""Let guns fail and be repaired, and districts lose their power, as the outage calendar says."""

from collections.abc import Iterator, Sequence

import simpy

from chargesim.demand.demand_table import WHOLE_SITE, Outages
from chargesim.engine.event_order import EventClass, outage_key
from chargesim.engine.simpy.events import ScheduledEvent
from chargesim.engine.simpy.station import Station
from chargesim.engine.simpy.swap_site import SwapSite


class OutageEvents:
    """The outages of a run; each begins and ends at its instants.

    The next one is scheduled when one begins.
    """

    def __init__(
        self, env: simpy.Environment, sites: Sequence[Station | SwapSite], outages: Outages
    ) -> None:
        self.env, self.sites = env, sites
        self._rows: Iterator[tuple[float, float, int, int]] = iter(outages.tolist())
        self._expect_outage()

    def _expect_outage(self) -> None:
        """Schedule the next outage of the calendar."""
        row = next(self._rows, None)
        if row is not None:
            begin_min, _, number, gun = row
            key = outage_key(EventClass.FAILURE, number, gun)
            ScheduledEvent(self.env, begin_min - self.env.now, key, row, self._begin_outage)

    def _begin_outage(self, event: ScheduledEvent) -> None:
        """Begin an outage, and schedule its end."""
        self._expect_outage()
        _, end_min, number, gun = event.value  # type: ignore[misc]
        key = outage_key(EventClass.RESTORE, number, gun)
        ScheduledEvent(self.env, end_min - self.env.now, key, event.value, self._end_outage)
        site = self.sites[number]
        if gun == WHOLE_SITE:
            site.cut_power()
        elif isinstance(site, Station):
            site.fail(gun)

    def _end_outage(self, event: ScheduledEvent) -> None:
        """End an outage."""
        _, _, number, gun = event.value  # type: ignore[misc]
        site = self.sites[number]
        if gun == WHOLE_SITE:
            site.restore_power()
        elif isinstance(site, Station):
            site.restore(gun)
