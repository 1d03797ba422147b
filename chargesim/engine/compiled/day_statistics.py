"""Write what the sites do to the statistics of the day."""

from chargesim.engine._numba import inlined
from chargesim.engine.compiled import arrays as m
from chargesim.engine.day_statistics import add_level
from chargesim.engine.event_order import DAY_MIN, HOUR_MIN


@inlined
def occupied(w, s, begin_min, end_min, servers):
    """Note that so many guns or bays were occupied between two instants."""
    start_min, planned = m.rules(w)[0].start_min, m.server_count(w, s)
    row = m.sites(w)[s].first_level + servers
    add_level(m.occupied_min(w), row, begin_min, end_min, 1.0, start_min, DAY_MIN)
    if servers > 0:
        add_level(m.busy_min(w), s, begin_min, end_min, float(servers), start_min, HOUR_MIN)
    if planned > 0 and servers == planned:
        add_level(m.all_occupied_min(w), s, begin_min, end_min, 1.0, start_min, HOUR_MIN)


@inlined
def charging(w, s, begin_min, end_min):
    """Note that a charge was under way at a gun between two instants."""
    add_level(m.charging_min(w), s, begin_min, end_min, 1.0, m.rules(w)[0].start_min, HOUR_MIN)


@inlined
def down(w, s, begin_min, end_min):
    """Note that a gun was out of order between two instants."""
    add_level(m.down_min(w), s, begin_min, end_min, 1.0, m.rules(w)[0].start_min, HOUR_MIN)


@inlined
def queued(w, s, begin_min, end_min, vehicles):
    """Note that so many vehicles waited between two instants."""
    start_min = m.rules(w)[0].start_min
    add_level(m.queue_min(w), s, begin_min, end_min, float(vehicles), start_min, HOUR_MIN)


@inlined
def ready(w, s, begin_min, end_min, packs):
    """Note that so many charged packs were in the rack between two instants."""
    start_min = m.rules(w)[0].start_min
    add_level(m.ready_min(w), s, begin_min, end_min, float(packs), start_min, HOUR_MIN)


@inlined
def arrived(w, s, now, pack_found):
    """Count an arrival, and whether it found a charged pack that nobody was waiting for."""
    rules = m.rules(w)[0]
    if now < rules.end_min:
        hour = int((now - rules.start_min) / HOUR_MIN)
        m.arrivals(w)[s, hour] += 1
        if pack_found:
            m.pack_found(w)[s, hour] += 1


@inlined
def lost(w, s, now):
    """Count a vehicle that goes away unserved: it balked, or its patience ended."""
    rules = m.rules(w)[0]
    if now < rules.end_min:
        m.losses(w)[s, int((now - rules.start_min) / HOUR_MIN)] += 1
