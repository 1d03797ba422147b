"""Measure what a run took: seconds, and the memory of its largest process."""

import sys
from dataclasses import dataclass
from math import isnan


@dataclass(frozen=True)
class ResourceUse:
    """Time and memory of a run."""

    seconds: float
    peak_gib: float
    """most memory that any of its processes held at once [GiB], NaN where unknown"""

    def __str__(self) -> str:
        memory = "" if isnan(self.peak_gib) else f", at most {self.peak_gib:.2f} GiB in a process"
        return f"{self.seconds:.0f} s{memory}"


def peak_gib() -> float:
    """Return the most memory that this process has held at once [GiB], NaN where unknown."""
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage counts bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30
