"""Fix the order of events: what decides a tie, and what an instant is.

Every instant is a multiple of 2**-20 minute (`chargesim/exact_time.py`). So sums and differences of
instants are exact in double precision (up to 2**33 minutes), and the order of adding changes
nothing.

Events at one instant are handled in the order of their key: event class first, then the vehicle's
row or the site and its outlet. A key is unique at an instant, so a sequence number never decides.
Python runs the functions below as they are, and Numba compiles the same source.
"""

from enum import IntEnum

from numba.extending import register_jitable

from chargesim.demand.demand_table import WHOLE_SITE

DAY_MIN, HOUR_MIN = 1440.0, 60.0


class EventClass(IntEnum):
    """Classes of events in the order in which they are handled at one instant.

    A value leaves 52 bits below it for the vehicle's row, or the site and its outlet. A gun that is
    repaired, or whose charge ends, is free before anybody gives up waiting for it: a vehicle takes
    a gun that it is given in the last minute of its patience. A charge that ends in the instant in
    which its gun fails has ended. SimPy's own priorities 0 and 1 (a process that starts or ends)
    come first.
    """

    RESTORE = 2 << 52
    """a gun is repaired, a blackout ends"""
    DONE = 3 << 52
    """end of charging or of a swap, of a failed try to charge, pack ready"""
    STEP = 4 << 52
    """a charge that shares power reaches the next step of its curve; a store is full or empty"""
    HOUR = 5 << 52
    """an hour of the day begins: stores and smart charging turn to its tariff"""
    REFRESH = 6 << 52
    """posted occupancy is refreshed"""
    FAILURE = 7 << 52
    """a gun fails, a blackout begins"""
    ARRIVAL = 8 << 52
    """a vehicle arrives at a site"""
    WISH = 9 << 52
    """a vehicle asks for energy, or has put that off until now"""
    LAPSE = 10 << 52
    """a reservation lapses"""
    PATIENCE = 11 << 52
    """a patience ends"""


SITE_BITS = 20
"""Bits of an outlet's number in a key."""
_SITE = 1 << SITE_BITS
STORE, SITE = _SITE - 1, _SITE - 2
"""Numbers that a key has, instead of an outlet's, for the store of a site and for the whole
site."""


def vehicle_key(event_class: int, row: int) -> int:
    """Return the key of a vehicle's event; its row in the demand counts over all days."""
    return event_class + row


def outlet_key(event_class: int, site: int, outlet: int) -> int:
    """Return the key of an event at a gun, bay or slot; a site numbers its slots after its bays."""
    return event_class + site * _SITE + outlet


def outage_key(event_class: int, site: int, gun: int) -> int:
    """Return the key of the begin or the end of an outage, of one gun or of a whole site."""
    return event_class + site * _SITE + (SITE if gun == WHOLE_SITE else gun)


for _key in (vehicle_key, outlet_key, outage_key):
    register_jitable(_key)
