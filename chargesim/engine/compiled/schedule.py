"""Keep the schedule: a binary heap of events by time and key, as `event_order` fixes them."""

import numpy as np
from numba import njit

from chargesim.engine._numba import inlined
from chargesim.engine.compiled import arrays as m


@inlined
def schedule(w, minutes, key, what, who, stamp):
    """Put an event some minutes from now into the schedule."""
    clock, time = m.clock(w)[0], m.clock(w)[0].now + minutes
    key, what, who, stamp = np.int64(key), np.int64(what), np.int64(who), np.int64(stamp)
    push(m.heap(w), clock.events, time, key, what, who, stamp)
    clock.events += 1


@njit
def drop_first(w):
    """Take the first event off the schedule."""
    clock = m.clock(w)[0]
    clock.events -= 1
    pop(m.heap(w), clock.events)


@njit
def push(heap, n, time, key, what, who, stamp):
    """Put an event into a heap of n events."""
    i = n
    while i > 0:
        above = (i - 1) >> 1
        if heap[above].time < time or (heap[above].time == time and heap[above].key <= key):
            break
        move(heap, above, i)
        i = above
    event = heap[i]
    event.time, event.key, event.what, event.who, event.stamp = time, key, what, who, stamp


@njit
def pop(heap, n):
    """Take the first event out of a heap; n are left."""
    time, key = heap[n].time, heap[n].key
    i = 0
    while True:
        below = 2 * i + 1
        if below >= n:
            break
        if below + 1 < n:
            left, right = heap[below], heap[below + 1]
            below += (right.time < left.time) | (
                (right.time == left.time) & (right.key < left.key)
            )  # a coin: no branch
        if time < heap[below].time or (time == heap[below].time and key <= heap[below].key):
            break
        move(heap, below, i)
        i = below
    move(heap, n, i)


@njit
def move(heap, i, to):
    """Copy an event to another entry, field by field: a record as a whole goes byte by byte."""
    event, copy = heap[i], heap[to]
    copy.time, copy.key, copy.stamp = event.time, event.key, event.stamp
    copy.what, copy.who = event.what, event.who


@njit
def new_stamp(w):
    """Return a number that no plan had before."""
    m.clock(w)[0].stamp += 1
    return m.clock(w)[0].stamp
