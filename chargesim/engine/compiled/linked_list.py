"""Keep vehicles in linked lists: a site names the first, each vehicle the one after it.

A site has three: the queue, the vehicles that the cloud expects (known), and those for which a
server is held. The SimPy engine has dictionaries.
"""

from typing import Any

from numba import njit

from chargesim.engine.compiled import arrays as m
from chargesim.engine.compiled.state import NOBODY


def inserter(first: str, after: str, goes_before: Any) -> Any:
    """Return the function that puts a vehicle into a site's list, behind all that go before it.

    Parameters
    ----------
    first, after : str
        Fields of `SITE` and of `CAR` that make the list.
    goes_before : compiled function
        Whether the first of two vehicles goes before the second.
    """

    @njit
    def insert(w, s, v):
        cars, site = m.cars(w), m.sites(w)[s]
        before, one = NOBODY, site[first]
        while one >= 0 and goes_before(cars[one], cars[v]):
            before, one = one, cars[one][after]
        cars[v][after] = one
        if before >= 0:
            cars[before][after] = v
        else:
            site[first] = v

    return insert


def remover(first: str, after: str) -> Any:
    """Return the function that takes a vehicle out of a site's list, in which it must be."""

    @njit
    def remove(w, s, v):
        cars, site = m.cars(w), m.sites(w)[s]
        before, one = NOBODY, site[first]
        while one != v:
            before, one = one, cars[one][after]
        if before >= 0:
            cars[before][after] = cars[v][after]
        else:
            site[first] = cars[v][after]

    return remove


@njit
def queued_before(one, other):
    """Tell whether a vehicle goes before another in the queue."""
    if one.rank != other.rank:
        return one.rank < other.rank
    if one.rank_min != other.rank_min:
        return one.rank_min < other.rank_min
    return one.row < other.row


@njit
def expected_before(one, other):
    """Tell whether the cloud expects a vehicle before another."""
    return one.expected_min < other.expected_min or (
        one.expected_min == other.expected_min and one.row < other.row
    )


@njit
def promised_before(one, other):
    """Tell whether a vehicle has an earlier promise than another."""
    return one.promised_min < other.promised_min or (
        one.promised_min == other.promised_min and one.row < other.row
    )


insert_queued, remove_queued = inserter("head", "next", queued_before), remover("head", "next")
_insert_known = inserter("known", "known_next", expected_before)
_remove_known, _remove_held = remover("known", "known_next"), remover("held", "held_next")


@njit
def know(w, s, v, arrival_min):
    """Put a vehicle among those that the cloud expects at a site."""
    car = m.cars(w)[v]
    car.expected_min, car.known = arrival_min, s
    _insert_known(w, s, v)


@njit
def forget(w, v):
    """Take a vehicle from among those that the cloud expects."""
    s = m.site_that_knows(w, v)
    if s >= 0:
        _remove_known(w, s, v)
        m.cars(w)[v].known = NOBODY


@njit
def hold(w, s, v):
    """Hold a server for a vehicle."""
    m.cars(w)[v].held, m.cars(w)[v].held_next = s, m.sites(w)[s].held
    m.sites(w)[s].held = v


@njit
def release(w, v):
    """Hold no server for a vehicle any more; return whether one was held."""
    s = m.site_that_holds(w, v)
    if s < 0:
        return False
    _remove_held(w, s, v)
    m.cars(w)[v].held = NOBODY
    return True
