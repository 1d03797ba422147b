"""Round times to whole ticks of 2**-20 minute.

Sums and differences of such times are exact in double precision.
"""

import numpy as np
from numpy.typing import NDArray

TICKS_PER_MIN = 2.0**20


def instants_min(minutes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return instants, each moved back to the last whole tick [min]."""
    whole: NDArray[np.float64] = np.floor(minutes * TICKS_PER_MIN) / TICKS_PER_MIN
    return whole


def durations_min(minutes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return durations of whole ticks, at least one, as `engine.rules.exact_min` does [min]."""
    whole: NDArray[np.float64] = (
        np.maximum(1.0, np.floor(minutes * TICKS_PER_MIN + 0.5)) / TICKS_PER_MIN
    )
    return whole
