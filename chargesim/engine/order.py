"""Fix the order of events: what a tie is decided by, and what an instant is.

Every instant is a multiple of 2**-20 minute (`chargesim/ticks.py`), so sums and differences of instants are exact in double
precision (up to 2**33 minutes) and no result depends on the order in which they are added.

Events at one instant are handled in the order of their key: event class first, then the vehicle's row or the site
and its outlet. A key is unique at an instant, so a sequence number never decides.
"""

from enum import IntEnum

DAY_MIN = 1440.0


class EventClass(IntEnum):
    """Classes of events in the order in which they are handled at one instant.

    A value leaves 52 bits below it for the vehicle's row, or the site and its outlet. A charge that ends frees its gun
    before anybody gives up waiting for it: a gun granted in the last minute of a patience is taken. SimPy's own
    priorities 0 and 1 (a process that starts or ends) come first.
    """

    DONE = 2 << 52
    """end of charging or of a swap, pack ready"""
    STEP = 3 << 52
    """a charge under a binding limit reaches the next step of its curve"""
    REFRESH = 4 << 52
    """posted occupancy is refreshed"""
    ARRIVAL = 5 << 52
    """a vehicle arrives at a site"""
    WISH = 6 << 52
    """a vehicle wishes energy"""
    PATIENCE = 7 << 52
    """a patience ends"""


_SITE = 1 << 20


def vehicle_key(event_class: EventClass, row: int) -> int:
    """Return the key of a vehicle's event; `row` is its row in the demand, counted over all days."""
    return event_class + row


def outlet_key(event_class: EventClass, site: int, outlet: int) -> int:
    """Return the key of an event at a gun, bay or slot of a site; slots are numbered after the bays."""
    return event_class + site * _SITE + outlet
