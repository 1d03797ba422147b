"""Keep vehicles in linked lists: a site names the first, each vehicle the one after it."""

from typing import Any

from numba import njit

from chargesim.engine.compiled import arrays as m
from chargesim.engine.compiled.state import NOBODY


def inserter(first: str, after: str, stands_before: Any) -> Any:
    """Return the function that puts a vehicle into a site's list, behind all that stand before it.

    Parameters
    ----------
    first, after : str
        Fields of `SITE` and of `CAR` that make the list.
    stands_before : compiled function
        Tells of two vehicles whether the first stands before the second.
    """

    @njit
    def insert(w, s, v):
        cars, site = m.cars(w), m.sites(w)[s]
        before, one = NOBODY, site[first]
        while one >= 0 and stands_before(cars[one], cars[v]):
            before, one = one, cars[one][after]
        cars[v][after] = one
        if before >= 0:
            cars[before][after] = v
        else:
            site[first] = v

    return insert


def remover(first: str, after: str) -> Any:
    """Return the function that takes a vehicle out of a site's list, in which it must be; fields as for `inserter`."""

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
