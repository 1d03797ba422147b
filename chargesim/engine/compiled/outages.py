"""Let guns fail and be repaired, and districts lose their power, as the outage calendar says."""

from numba import njit

from chargesim.demand.demand_table import WHOLE_SITE
from chargesim.engine.compiled import arrays as m
from chargesim.engine.compiled import kinds, station
from chargesim.engine.compiled.schedule import schedule
from chargesim.engine.compiled.state import OUTAGE_BEGINS, OUTAGE_ENDS
from chargesim.engine.event_order import EventClass, outage_key


@njit
def expect_outage(w):
    """Schedule the next outage of the calendar."""
    clock = m.clock(w)[0]
    if clock.outage < len(m.outages(w)):
        row = m.outages(w)[clock.outage]
        key = outage_key(EventClass.FAILURE, row.site, row.gun)
        schedule(w, row.begin_min - clock.now, key, OUTAGE_BEGINS, clock.outage, 0)
        clock.outage += 1


@njit
def begin_outage(w, number):
    """Begin an outage, and schedule its end."""
    expect_outage(w)
    row = m.outages(w)[number]
    key = outage_key(EventClass.RESTORE, row.site, row.gun)
    schedule(w, row.end_min - m.clock(w)[0].now, key, OUTAGE_ENDS, number, 0)
    if row.gun == WHOLE_SITE:
        kinds.cut_power(w, row.site)
    elif not m.sites(w)[row.site].kind:
        station.fail(w, row.site, row.gun)


@njit
def end_outage(w, number):
    """End an outage."""
    row = m.outages(w)[number]
    if row.gun == WHOLE_SITE:
        kinds.restore_power(w, row.site)
    elif not m.sites(w)[row.site].kind:
        station.restore(w, row.site, row.gun)
