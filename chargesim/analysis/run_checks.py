"""Check a run by laws that must hold in it, and set a queueing formula beside its waits."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import special

from chargesim.analysis.queueing import mgc_wait_min
from chargesim.analysis.result import Bools, Floats, RunResult
from chargesim.analysis.scopes import site_mask
from chargesim.network.network import STATION

MOST_LOAD, MOST_LOSSES = 0.8, 0.01
"""Load and share of losses up to which a station-hour is compared: Kimura's formula knows no
growing queue and no impatience."""
FEWEST_ARRIVALS = 2.0
"""Arrivals of a station-hour a replication, on average, below which its interval says nothing."""
_SLACK_KWH, _SLACK_SHARE = 1e-3, 1e-5
"""A charge ends on a whole tick, so its energy is right to half a tick's."""


@dataclass(frozen=True)
class Check:
    """A law of the run: whether it holds, and in words."""

    name: str
    holds: bool
    text: str


@dataclass(frozen=True)
class FormulaFit:
    """How Kimura's M/G/c formula, an approximation, fits the simulated waits of station-hours."""

    station_hours: int
    """stations with guns x 24"""
    quiet: int
    """of these not compared: fewer arrivals than an interval needs"""
    loaded: int
    """not compared: load or losses above what the formula knows, or a wait that is the same in all
    replications, mostly none"""
    compared: int
    below: int
    """of the compared: the 95 % interval of the simulated wait lies below the formula"""
    above: int
    """the same above it, which the choice of drivers does not explain"""
    simulated_min: float
    """mean wait of the arrivals of the compared station-hours [min]"""
    formula_min: float
    """the same by the formula [min]"""

    @property
    def text(self) -> str:
        """The fit in words."""
        others = (
            f"of {self.station_hours:,} station-hours {self.quiet:,} have too few arrivals and "
            f"{self.loaded:,} too much load or losses, or not one wait"
        )
        if not self.compared:
            return f"can be compared nowhere: {others}"
        return (
            f"{self.formula_min:.2f} min of wait where {self.simulated_min:.2f} were simulated. "
            f"Of the {self.compared:,} station-hours that may be compared ({others}) "
            f"{self.below / self.compared:.0%} are surely below it, no fault: it takes arrivals "
            "at random, and drivers who see the occupancy go elsewhere; "
            f"{self.above / self.compared:.1%} are surely above it (2.5% by chance; more would "
            "need an explanation)"
        )


@dataclass(frozen=True)
class Checks:
    """All that a run is checked by."""

    laws: tuple[Check, ...]
    formula: FormulaFit

    def to_dict(self) -> dict[str, Any]:
        """Return the checks for JSON."""
        return {
            "laws": [asdict(law) for law in self.laws],
            "kimura": {**asdict(self.formula), "text": self.formula.text},
        }


def check_run(result: RunResult) -> Checks:
    """Check Little's law, conservation of vehicles and energy, and the fit of Kimura's formula."""
    return Checks(
        (_littles_law(result), _vehicles_conserved(result), _energy_conserved(result)),
        kimura_fit(result),
    )


def _littles_law(result: RunResult) -> Check:
    """Check Little's law: at each site the integral of the queue equals the sum of the waits."""
    both = np.stack([run.queue_check_min for run in result.replications])
    wrong = np.argwhere(both[..., 0] != both[..., 1])
    if not len(wrong):
        return Check(
            "Little's law",
            True,
            f"to the last bit at all {both.shape[1]:,} sites in all {len(both)} replications",
        )
    replication, site = wrong[0]
    clock, waits = both[replication, site]
    text = (
        f"broken at {len(wrong)} sites, first {result.network.sites.id[site]} in replication "
        f"{replication}: {clock} and {waits} min"
    )
    return Check("Little's law", False, text)


def _vehicles_conserved(result: RunResult) -> Check:
    """Check conservation of vehicles: every wish of the judged days ends in one session."""
    drawn = np.array([int(run.wishes[0]) for run in result.replications])
    ended = np.array([int(run.outcomes.sum()) for run in result.replications])
    if (drawn == ended).all():
        return Check("vehicles", True, f"each of {drawn.sum():,} wishes ended in one session")
    replication = int(np.flatnonzero(drawn != ended)[0])
    return Check(
        "vehicles",
        False,
        f"replication {replication}: {drawn[replication]:,} wishes, "
        f"{ended[replication]:,} sessions",
    )


def _energy_conserved(result: RunResult) -> Check:
    """Check conservation of energy: station statistics equal what vehicles took, to half a tick."""
    both = np.stack(
        [run.energy_check_kwh[result.network.sites.kind == STATION] for run in result.replications]
    )
    gap = np.abs(both[..., 0] - both[..., 1])
    if (gap <= _SLACK_KWH + _SLACK_SHARE * both[..., 1]).all():
        share = gap.sum() / both[..., 1].sum() if both[..., 1].sum() > 0 else 0.0
        return Check(
            "energy",
            True,
            f"the stations' statistics and the vehicles' batteries agree to {share:.0e} of "
            f"{both[..., 1].sum() / 1e6:,.2f} GWh",
        )
    replication, _ = np.unravel_index(int(gap.argmax()), gap.shape)
    return Check(
        "energy",
        False,
        f"replication {replication}: a station's statistics and its vehicles differ by "
        f"{gap.max():.3f} kWh",
    )


def kimura_fit(result: RunResult) -> FormulaFit:
    """Compare the simulated wait of every station and hour of day with Kimura's M/G/c formula.

    Notes
    -----
    The wait of a station-hour is its queue-minutes over its arrivals, with a ratio estimator over
    replications and Student's t. The formula gets the arrivals that stayed, the busy minutes for
    each of them, and the squared coefficient of variation of the service of all cars, or of all
    trucks.
    """
    sites, runs = result.network.sites, result.replications
    stations = (sites.kind == STATION) & (sites.guns > 0)
    arrivals, losses, queue_min, busy_min = (
        np.stack([getattr(run, name)[stations] for run in runs]).astype(np.float64)
        for name in ("arrivals", "losses", "queue_min", "busy_min")
    )
    guns, cv2 = sites.guns[stations], _service_cv2(result)[stations]
    came, stayed = arrivals.mean(axis=0), (arrivals - losses).mean(axis=0)
    load = busy_min.mean(axis=0) / (60.0 * result.days * guns[:, None])
    enough = (came >= FEWEST_ARRIVALS) & (len(runs) >= 2)
    calm = (load <= MOST_LOAD) & (losses.mean(axis=0) <= MOST_LOSSES * came)
    varies = np.ptp(queue_min, axis=0) > 0  # no interval where nobody ever waited
    compared: Bools = enough & calm & varies & (load > 0)
    wait, half = _ratio_interval(queue_min[:, compared], arrivals[:, compared])
    site, _ = np.nonzero(compared)
    per_h, service = (
        stayed[compared] / result.days,
        busy_min.mean(axis=0)[compared] / stayed[compared],
    )
    formula = np.array(
        [
            mgc_wait_min(rate, minutes, int(c), service_cv2=v)
            for rate, minutes, c, v in zip(per_h, service, guns[site], cv2[site], strict=True)
        ]
    )
    weight = came[compared]
    means = [
        float((weight * one).sum() / weight.sum()) if len(weight) else float("nan")
        for one in (wait, formula)
    ]
    counts = [
        int(one.sum())
        for one in (
            ~enough,
            enough & ~compared,
            compared,
            wait + half < formula,
            wait - half > formula,
        )
    ]
    return FormulaFit(int(enough.size), *counts, *means)


def _service_cv2(result: RunResult) -> Floats:
    """Return the squared coefficient of variation of service at each station, of cars or trucks."""
    cv2 = np.zeros(len(result.network.sites))
    for group in ("cars", "trucks"):
        fleets = [c for c, name in enumerate(result.groups) if name == group]
        served, first, second = (
            sum(float(array[fleets, STATION].sum()) for array in arrays)
            for arrays in (
                [run.outcomes[0] for run in result.replications],
                [run.service_min for run in result.replications],
                [run.service_sq_min2 for run in result.replications],
            )
        )
        cv2[site_mask(result, group)] = (
            max(0.0, second * served / first**2 - 1.0) if first > 0 else 0.0
        )
    return cv2


def _ratio_interval(part: Floats, whole: Floats) -> tuple[Floats, Floats]:
    """Return ratios of sums over replications, with 95 % half-widths (delta method)."""
    n = len(part)
    ratio = part.sum(axis=0) / whole.sum(axis=0)
    error = np.sqrt(((part - ratio * whole) ** 2).sum(axis=0) / max(n - 1, 1) / n) / whole.mean(
        axis=0
    )
    return ratio, np.asarray(special.stdtrit(max(n - 1, 1), 0.975) * error)
