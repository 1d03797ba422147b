"""Do at a site what its kind asks: a station's function, or a swap site's.

In the SimPy engine the classes do that by themselves. `site` is below its kinds and cannot import
them, so what it calls itself is overloaded here.
"""

from numba.extending import overload

from chargesim.engine._numba import inlined
from chargesim.engine.compiled import arrays as m
from chargesim.engine.compiled import site, station, swap_site


@overload(site.visible_wait_min)
def _visible_wait_min(w, s):
    return lambda w, s: (
        swap_site.visible_wait_min(w, s) if m.sites(w)[s].kind else station.visible_wait_min(w, s)
    )


@overload(site.foreseen_wait_min)
def _foreseen_wait_min(w, s, arrival_min):
    return lambda w, s, arrival_min: (
        swap_site.foreseen_wait_min(w, s, arrival_min)
        if m.sites(w)[s].kind
        else station.foreseen_wait_min(w, s, arrival_min)
    )


@overload(site.serve)
def _serve(w, s, v):
    return lambda w, s, v: (
        swap_site.serve(w, s, v) if m.sites(w)[s].kind else station.serve(w, s, v)
    )


@overload(site.servers_free)
def _servers_free(w, s):
    return lambda w, s: (
        swap_site.servers_free(w, s) if m.sites(w)[s].kind else station.servers_free(w, s)
    )


@overload(site.take_server)
def _take_server(w, s, v):
    return lambda w, s, v: (
        swap_site.take_server(w, s, v) if m.sites(w)[s].kind else station.take_server(w, s, v)
    )


@overload(site.queue_grew)
def _queue_grew(w, s):
    return lambda w, s: swap_site.queue_grew(w, s) if m.sites(w)[s].kind else None


@inlined
def end_day(w, s):
    """Write to the day's statistics what goes on over its end; nothing else changes."""
    if m.sites(w)[s].kind:
        swap_site.end_day(w, s)
    else:
        station.end_day(w, s)


@inlined
def close(w, s):
    """Bring the vehicles up to now, at the end of the horizon."""
    if m.sites(w)[s].kind:
        swap_site.close(w, s)
    else:
        station.close(w, s)


@inlined
def arrive(w, s, v):
    """Count an arrival; the vehicle takes up its reservation if that has not lapsed."""
    if m.sites(w)[s].kind:
        swap_site.arrive(w, s, v)
    else:
        site.arrive(w, s, v, False)


@inlined
def charged(w, o):
    """Go on after a charge that is done: a vehicle leaves, or a pack is ready."""
    s = m.site_of_outlet(w, o)
    if m.sites(w)[s].kind:
        swap_site.pack_ready(w, s)
    else:
        station.charged(w, s, o - m.sites(w)[s].first_outlet)


@inlined
def cut_power(w, s):
    """Begin a blackout."""
    if m.sites(w)[s].kind:
        swap_site.cut_power(w, s)
    else:
        station.cut_power(w, s)


@inlined
def restore_power(w, s):
    """End a blackout."""
    if m.sites(w)[s].kind:
        swap_site.restore_power(w, s)
    else:
        station.restore_power(w, s)
