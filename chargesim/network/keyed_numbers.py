"""Draw the numbers of a synthetic layout, each from its key alone."""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray


def keyed_numbers(seed: int, *key: str | int, count: int = 1) -> NDArray[np.float64]:
    """Return `count` (at most 8) numbers on [0, 1) that follow from a layout seed and a key.

    No other key changes them, and they are the same in every process and version.
    """
    text = "/".join(map(str, (seed, *key)))
    digest = blake2b(text.encode(), digest_size=8 * count).digest()
    bits = np.frombuffer(digest, dtype="<u8") >> np.uint64(11)
    numbers: NDArray[np.float64] = bits.astype(np.float64) * 2.0**-53
    return numbers
