"""Give every purpose its own stream of random numbers, keyed by stable names.

Adding an entity or moving code changes no other entity's draws, and a change on one day no other
day's.
"""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

_GOLDEN = 0x9E3779B97F4A7C15


def stable_hash(text: str) -> int:
    """Return a 64-bit hash of a name that is the same in every process and version."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def generator(
    seed: int, replication: int, purpose: str, entity: str, day: int, layer: int = 0
) -> np.random.Generator:
    """Return the generator of one purpose, entity, day and layer of a replication."""
    key = (replication, stable_hash(purpose), stable_hash(entity), day, layer)
    return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(seed, spawn_key=key)))


def mixed_keys(keys: NDArray[np.uint64], salt: int) -> NDArray[np.uint64]:
    """Return keys mixed with a salt, one to one, by the finaliser of SplitMix64 (Steele 2014)."""
    mixed = keys ^ np.uint64(salt)
    with np.errstate(over="ignore"):
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def vehicle_keys(
    seed: int, replication: int, entity: str, day: int, layer: int, count: int
) -> NDArray[np.uint64]:
    """Return a 64-bit hash key for each vehicle of a layer."""
    base = stable_hash(f"vehicle/{seed}/{replication}/{entity}/{day}/{layer}")
    with np.errstate(over="ignore"):
        return np.uint64(base) + np.arange(count, dtype=np.uint64) * np.uint64(_GOLDEN)
