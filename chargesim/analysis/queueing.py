"""Evaluate queueing formulas that screen a site without simulation and check the engines.

All of them take arrivals per hour and minutes of service, and give minutes of waiting. They hold for one site in
equilibrium under homogeneous Poisson arrivals; a result of theirs is an approximation, and is labelled so wherever it is
printed. A site that is offered more than it can serve has no equilibrium: its wait is infinite.
"""

import math
from dataclasses import dataclass

import numpy as np

_LARGEST_GAMMA = 0.24
"""Whitt (1993), "Approximations for the GI/G/m queue", eq. 2.24 caps the correction, which grows without limit at low load."""


def _offered_load(rate_per_h: float, service_min: float, servers: int) -> float:
    """Return the mean number of busy servers that the arrivals ask for, after checking the arguments."""
    if rate_per_h < 0 or service_min <= 0 or servers < 1:
        raise ValueError(f"needs rate_per_h >= 0, service_min > 0, servers >= 1; got {rate_per_h:g}, {service_min:g}, {servers}")
    return rate_per_h * service_min / 60


def erlang_b(offered_load: float, servers: int) -> float:
    """Return the share of arrivals that an M/G/c/c site without a queue turns away.

    Parameters
    ----------
    offered_load : float
        Arrival rate times mean service time [busy servers].
    servers : int
        Guns or bays.

    Notes
    -----
    Stable recursion B(k) = a B(k-1) / (k + a B(k-1)); Erlang (1917).
    """
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = offered_load * blocked / (k + offered_load * blocked)
    return blocked


def erlang_c(rate_per_h: float, service_min: float, servers: int) -> float:
    """Return the share of arrivals that must wait in an M/M/c queue.

    Parameters
    ----------
    rate_per_h : float
        Arrivals per hour.
    service_min : float
        Mean service time [min].
    servers : int
        Guns or bays.

    Returns
    -------
    float
        Share [0..1]; 1 when the load is not below the number of servers.

    Notes
    -----
    C = B / (1 - rho (1 - B)) with Erlang's B; Erlang (1917).
    """
    load = _offered_load(rate_per_h, service_min, servers)
    if load >= servers:
        return 1.0
    blocked = erlang_b(load, servers)
    return blocked / (1 - load / servers * (1 - blocked))


def mmc_wait_min(rate_per_h: float, service_min: float, servers: int) -> float:
    """Return the mean wait [min] of an M/M/c queue, those who do not wait included.

    Parameters
    ----------
    rate_per_h : float
        Arrivals per hour.
    service_min : float
        Mean service time [min], exponential.
    servers : int
        Guns or bays.
    """
    load = _offered_load(rate_per_h, service_min, servers)
    if load >= servers:
        return math.inf
    return erlang_c(rate_per_h, service_min, servers) * service_min / (servers - load)


def mdc_wait_min(rate_per_h: float, service_min: float, servers: int) -> float:
    """Return the mean wait [min] of an M/D/c queue.

    Parameters
    ----------
    rate_per_h : float
        Arrivals per hour.
    service_min : float
        Service time [min], constant.
    servers : int
        Guns or bays.

    Notes
    -----
    Cosmetatos (1976): half the wait of M/M/c times 1 + (1 - rho)(c - 1)(sqrt(4 + 5c) - 2) / (16 rho c), the correction
    capped at 0.24 (Whitt 1993). Exact for one server.
    """
    exponential = mmc_wait_min(rate_per_h, service_min, servers)
    if exponential == 0 or math.isinf(exponential):
        return exponential
    rho = _offered_load(rate_per_h, service_min, servers) / servers
    gamma = (1 - rho) * (servers - 1) * (math.sqrt(4 + 5 * servers) - 2) / (16 * rho * servers)
    return 0.5 * exponential * (1 + min(gamma, _LARGEST_GAMMA))


def mgc_wait_min(rate_per_h: float, service_min: float, servers: int, *, service_cv2: float) -> float:
    """Return the approximate mean wait [min] of an M/G/c queue.

    Parameters
    ----------
    rate_per_h : float
        Arrivals per hour.
    service_min : float
        Mean service time [min].
    servers : int
        Guns or bays.
    service_cv2 : float
        Squared coefficient of variation of the service time; 0 constant, 1 exponential.

    Notes
    -----
    Kimura (1986): (1 + cs2) / (2 cs2 / Wq(M/M/c) + (1 - cs2) / Wq(M/D/c)); within 1 % of simulation for 2 to 8 servers,
    loads .5 to .9 and cs2 up to .25. Above cs2 = 1, where it is not made for, Allen-Cunneen: (1 + cs2) / 2 Wq(M/M/c).
    """
    if service_cv2 < 0:
        raise ValueError(f"service_cv2: got {service_cv2:g}, needs at least 0")
    exponential = mmc_wait_min(rate_per_h, service_min, servers)
    if exponential == 0 or math.isinf(exponential):
        return exponential
    if service_cv2 > 1:
        return (1 + service_cv2) / 2 * exponential
    constant = mdc_wait_min(rate_per_h, service_min, servers)
    return (1 + service_cv2) / (2 * service_cv2 / exponential + (1 - service_cv2) / constant)


@dataclass(frozen=True)
class Impatience:
    """What an M/M/c+M queue gives."""

    wait_min: float
    """mean queue minutes of all arrivals, those who leave included [min]"""
    abandon_share: float
    """share of the arrivals whose patience ends [0..1]"""
    wait_share: float
    """share of the arrivals that find all servers busy [0..1]"""


def erlang_a(rate_per_h: float, service_min: float, servers: int, *, patience_min: float) -> Impatience:
    """Evaluate an M/M/c queue whose customers leave when an exponential patience ends.

    Parameters
    ----------
    rate_per_h : float
        Arrivals per hour.
    service_min : float
        Mean service time [min], exponential.
    servers : int
        Guns or bays.
    patience_min : float
        Mean patience [min], exponential.

    Notes
    -----
    Birth and death chain of Palm (1957), summed in logarithms until what is left is below 1e-16 of the largest term. By
    Little's law the mean wait is E[queue] / rate, and the share that leaves is wait / patience.
    """
    _offered_load(rate_per_h, service_min, servers)
    if patience_min <= 0:
        raise ValueError(f"patience_min: got {patience_min:g}, needs more than 0")
    if rate_per_h == 0:
        return Impatience(0.0, 0.0, 0.0)
    births, most = rate_per_h / 60, servers + 64
    while True:
        states = np.arange(1, most + 1)
        deaths = np.minimum(states, servers) / service_min + np.maximum(states - servers, 0) / patience_min
        logs = np.concatenate([[0.0], np.cumsum(np.log(births / deaths))])
        if logs[-1] < logs.max() - 37 and deaths[-1] > 1.5 * births:
            break
        most *= 2
    weights = np.exp(logs - logs.max())
    chance = weights / weights.sum()
    queue = float((np.arange(most + 1 - servers) * chance[servers:]).sum())
    wait_min = queue / births
    return Impatience(wait_min, wait_min / patience_min, float(chance[servers:].sum()))
