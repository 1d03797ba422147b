"""Fetch what the next event or wish reads while the present one is handled.

A large city does not fit into the processor's caches, and each vehicle reads another part of it.
Nothing here changes a result: a request is no access, and one for a wrong address does nothing.
"""

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core.types import Type
from numba.extending import intrinsic

from chargesim.engine.choice import CANDIDATE
from chargesim.engine.compiled import arrays as m
from chargesim.engine.compiled.state import ARRIVES, CHARGE_ENDS, OUTLET, SITE
from chargesim.engine.event_order import HOUR_MIN, SITE_BITS, EventClass

LINE = 64
"""Bytes that a processor fetches at a time."""
CANDIDATE_BYTES, OUTLET_BYTES, SITE_BYTES = CANDIDATE.itemsize, OUTLET.itemsize, SITE.itemsize


@intrinsic
def _fetch(_typing: Any, address: Type) -> Any:
    """Let the processor fetch the line at an address into its caches."""

    def make(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        pointer, number = builder.inttoptr(arguments[0], ir.IntType(8).as_pointer()), ir.IntType(32)
        signature = ir.FunctionType(ir.VoidType(), [pointer.type, number, number, number])
        to_read, near, data = number(0), number(3), number(1)
        builder.call(
            builder.module.declare_intrinsic("llvm.prefetch", [pointer.type], signature),
            [pointer, to_read, near, data],
        )
        return context.get_dummy_value()

    return types.void(address), make


@njit
def ask(address, size):
    """Ask for so many bytes."""
    for line in range(0, size, LINE):
        _fetch(address + line)  # type: ignore[call-arg]


@njit
def ask_for_wish(w):
    """Ask for the stations that the vehicle of the next wish knows."""
    wish, size = m.table(w)[m.clock(w)[0].index], m.candidates(w).shape[2] * CANDIDATE_BYTES
    ask(w.candidates_at + (wish.station_list * m.candidates(w).shape[1] + wish.origin) * size, size)


@njit
def ask_for_event(w):
    """Ask for the site of the next event on the schedule, and for its hour in the statistics."""
    first, clock = m.heap(w)[0], m.clock(w)[0]
    hour = int((clock.now - m.rules(w)[0].start_min) / HOUR_MIN)
    if first.what == ARRIVES:
        s = m.cars(w)[first.who].site
        ask(w.arrivals_at + (24 * s + hour) * 8, 8)
    elif first.what == CHARGE_ENDS:
        s = (first.key - EventClass.DONE) >> SITE_BITS
        ask(w.outlets_at + first.who * OUTLET_BYTES, OUTLET_BYTES)
        ask(w.busy_min_at + (24 * s + hour) * 8, 8)
        ask(w.energy_kwh_at + (24 * s + hour) * 32, 32)
    else:
        return
    ask(w.sites_at + s * SITE_BYTES, SITE_BYTES)
