"""Fix the order of events: what a tie is decided by, and what an instant is.

Every instant is a multiple of 2**-20 minute (`chargesim/ticks.py`), so sums and differences of instants are exact in double
precision (up to 2**33 minutes) and no result depends on the order in which they are added.

Events at one instant are handled in the order of their key: event class first, then the vehicle's row or the site
and its outlet. A key is unique at an instant, so a sequence number never decides.
"""

from enum import IntEnum

DAY_MIN, HOUR_MIN = 1440.0, 60.0


class EventClass(IntEnum):
    """Classes of events in the order in which they are handled at one instant.

    A value leaves 52 bits below it for the vehicle's row, or the site and its outlet. A gun that is repaired, or whose
    charge ends, is free before anybody gives up waiting for it: a gun granted in the last minute of a patience is
    taken. A charge that ends in the instant in which its gun fails has ended. SimPy's own priorities 0 and 1 (a process
    that starts or ends) come first.
    """

    RESTORE = 2 << 52
    """a gun is repaired, a blackout ends"""
    DONE = 3 << 52
    """end of charging or of a swap, of a failed try to charge, pack ready"""
    STEP = 4 << 52
    """a charge under a binding limit reaches the next step of its curve; a store is full or empty"""
    HOUR = 5 << 52
    """an hour of the day begins: stores and smart charging turn to its tariff"""
    REFRESH = 6 << 52
    """posted occupancy is refreshed"""
    FAILURE = 7 << 52
    """a gun fails, a blackout begins"""
    ARRIVAL = 8 << 52
    """a vehicle arrives at a site"""
    WISH = 9 << 52
    """a vehicle wishes energy, or has put off its wish until now"""
    LAPSE = 10 << 52
    """a reservation lapses"""
    PATIENCE = 11 << 52
    """a patience ends"""


_SITE = 1 << 20
STORE, SITE = _SITE - 1, _SITE - 2
"""Outlet numbers that stand for the store of a site and for the site as a whole."""


def vehicle_key(event_class: EventClass, row: int) -> int:
    """Return the key of a vehicle's event; `row` is its row in the demand, counted over all days."""
    return event_class + row


def outlet_key(event_class: EventClass, site: int, outlet: int) -> int:
    """Return the key of an event at a gun, bay or slot of a site; slots are numbered after the bays."""
    return event_class + site * _SITE + outlet
