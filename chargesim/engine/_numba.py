"""Set up Numba for the engine: where compiled code is kept, and how kernels are compiled."""

from functools import partial

from numba import njit

from chargesim.code_cache import use_digest_cache

use_digest_cache()

kernel = partial(njit, cache=True, _nrt=False)
"""As `njit(cache=True)`, for a function that neither makes nor returns an array.

It does not count references to the arrays that it is given, which takes a fifth of the time of
`choose_site`. The option is not in Numba's manual, but its own tests use it.
"""

inlined = njit(inline="always")
"""As `njit`, for a thin function: it becomes a part of its callers and is not compiled by
itself."""
