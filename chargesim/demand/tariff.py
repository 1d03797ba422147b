"""Put off the wishes of flexible vehicles to a cheaper hour of the tariff."""

import numpy as np
from numpy.typing import NDArray

from chargesim.exact_time import TICKS_PER_MIN, instants_min

Floats = NDArray[np.float64]

_TICK_MIN = 1.0 / TICKS_PER_MIN


def put_off_min(wish_min: Floats, u: Floats, *, window_min: float, factors: Floats) -> Floats:
    """Return how long each vehicle puts off its wish [min].

    A vehicle looks at the hours between its wish and the end of its window. If one of them is
    cheaper than the hour of the wish, it comes at an instant that is uniform over the first run of
    hours with the lowest price, as far as the run lies in the window.

    Parameters
    ----------
    wish_min : array of float
        Instants of the wishes, whole ticks [min since the scenario's start, a midnight].
    u : array of float
        A uniform of each vehicle [0..1).
    window_min : float
        How long a wish can be put off [min].
    factors : array of float
        Price of the energy in each of the 24 hours of day, as a factor of the flat price.

    Returns
    -------
    array of float
        Whole ticks, at most `window_min`; 0 for a vehicle that puts nothing off [min].
    """
    first, run = _cheapest(factors)
    wish_hour = np.floor(wish_min / 60.0)
    end_min = wish_min + float(instants_min(np.array([window_min]))[0])
    hours_ahead = np.clip(np.ceil(end_min / 60.0) - 1.0 - wish_hour, 0, 23).astype(np.int64)
    hour = wish_hour.astype(np.int64) % 24
    ahead = first[hour, hours_ahead]
    from_min = 60.0 * (wish_hour + ahead)
    to_min = np.minimum(from_min + 60.0 * run[(hour + ahead) % 24], end_min)
    # the last tick before the run's end at most: rounding up would reach the next, dearer hour
    instant = np.minimum(instants_min(from_min + u * (to_min - from_min)), to_min - _TICK_MIN)
    return np.where(ahead > 0, instant - wish_min, 0.0)


def _cheapest(factors: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return hours to the cheapest hour within n hours, [hour of day, n], and its run of hours."""
    ahead = np.arange(24)
    price = factors[(ahead[:, None] + ahead) % 24]
    lowest = np.minimum.accumulate(price, axis=1)
    falls = np.diff(lowest, axis=1, prepend=np.inf) < 0
    first = np.maximum.accumulate(np.where(falls, ahead, 0), axis=1)
    other = price != price[:, :1]
    run = np.where(other.any(axis=1), other.argmax(axis=1), 24)
    return first, run
