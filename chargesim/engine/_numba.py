"""Compile functions to which arrays are kernel."""

from functools import partial

from numba import njit

kernel = partial(njit, cache=True, _nrt=False)
"""As `njit(cache=True)`, for a function that neither makes nor returns an array: it does not count who uses those that it is
given, which takes a fifth of the time of `choose_site`. The option is not in Numba's manual, but its own tests use it."""
