"""Compile functions to which arrays are lent."""

from functools import partial

from numba import njit

kernel = partial(njit, cache=True, _nrt=False)
"""As `njit(cache=True)`, for a function that neither makes nor returns an array.

It does not count the users of the arrays that are lent to it, which saves a fifth of the time of
`choose_site`. Numba's manual does not name the option, but Numba's own tests use it.
"""

inlined = njit(inline="always")
"""As `njit`, for a thin function: it becomes a part of its callers and is not compiled by
itself."""
