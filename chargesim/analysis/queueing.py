"""Evaluate queueing formulas that screen a site without simulation and check the engines.

They take arrivals per hour and minutes of service, and hold for one site in equilibrium under
homogeneous Poisson arrivals. For a city a result of theirs is an approximation, and is labelled so
wherever it is printed. A site that is offered more than it can serve has no equilibrium: its wait
is infinite.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

_LARGEST_GAMMA = 0.24
"""Whitt (1993), "Approximations for the GI/G/m queue", eq. 2.24 caps the correction, which grows
without limit at low load."""


def _offered_load(rate_per_h: float, service_min: float, servers: int) -> float:
    """Return the offered load, the mean number of busy servers, after checking the arguments."""
    if rate_per_h < 0 or service_min <= 0 or servers < 1:
        raise ValueError(
            "needs rate_per_h >= 0, service_min > 0, servers >= 1; "
            f"got {rate_per_h:g}, {service_min:g}, {servers}"
        )
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
    Cosmetatos (1976): half the wait of M/M/c times 1 + (1 - rho)(c - 1)(sqrt(4 + 5c) - 2) / (16 rho
    c), the correction capped at 0.24 (Whitt 1993). Exact for one server.
    """
    exponential = mmc_wait_min(rate_per_h, service_min, servers)
    if exponential == 0 or math.isinf(exponential):
        return exponential
    rho = _offered_load(rate_per_h, service_min, servers) / servers
    gamma = (1 - rho) * (servers - 1) * (math.sqrt(4 + 5 * servers) - 2) / (16 * rho * servers)
    return 0.5 * exponential * (1 + min(gamma, _LARGEST_GAMMA))


def mdc_exact_wait_min(rate_per_h: float, service_min: float, servers: int) -> float:
    """Return the exact mean wait [min] of an M/D/c queue.

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
    Crommelin (1932), "Delay probability formulae when the holding times are constant". Who is
    present at t + D are those who waited at t and the Poisson arrivals since, so by Spitzer (1956)
    the mean queue is the sum over m >= 1 of E[(Poisson(m a) - m c)+] / m, with a = rate x service.
    The sum ends where Chernoff's bound exp(-m (a - c + c ln(c / a))) is below 1e-17: far out when a
    is near c, which is why `mdc_wait_min` screens.
    """
    load = _offered_load(rate_per_h, service_min, servers)
    if load == 0 or load >= servers:
        return 0.0 if load == 0 else math.inf
    m = np.arange(1, 2 + math.ceil(40 / (load - servers + servers * math.log(servers / load))))
    mean, served = m * load, m * servers
    above = mean * special.pdtrc(served - 1, mean) - served * special.pdtrc(served, mean)
    return float((above / m).sum()) * service_min / load


def mgc_wait_min(
    rate_per_h: float, service_min: float, servers: int, *, service_cv2: float
) -> float:
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
    Kimura (1986): (1 + cs2) / (2 cs2 / Wq(M/M/c) + (1 - cs2) / Wq(M/D/c)); within 1 % of simulation
    for 2 to 8 servers, loads .5 to .9 and cs2 up to .25. Above cs2 = 1, where it is not made for,
    Allen-Cunneen: (1 + cs2) / 2 Wq(M/M/c).
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


def shared_service_min(rate_per_h: float, service_min: float) -> float:
    """Return the mean time in service [min] where all present share one server in equal parts.

    Parameters
    ----------
    rate_per_h : float
        Arrivals per hour.
    service_min : float
        Mean service time of a vehicle that has all the power [min]; its distribution does not
        matter.

    Notes
    -----
    M/G/1 processor sharing: service / (1 - rho); Kleinrock (1967), Sakata, Noguchi and Oizumi
    (1971).
    """
    load = _offered_load(rate_per_h, service_min, 1)
    return service_min / (1 - load) if load < 1 else math.inf


def rack_empty_share(
    rate_per_h: float, charging_min: float, slots: int, packs: int, *, swap_min: float
) -> float:
    """Return the share of arrivals that find no charged pack and leave: machine repair with spares.

    Parameters
    ----------
    rate_per_h : float
        Arrivals per hour.
    charging_min : float
        Mean charging time of a pack [min], exponential.
    slots : int
        Charging places.
    packs : int
        Packs of the site, at most one per bay.
    swap_min : float
        Mean time in the bay [min]; its distribution does not matter.

    Notes
    -----
    Packs are the machines and slots the repairmen: one charged pack at a time "fails", at the rate
    of the arrivals, and the others in the rack are its spares (Palm 1947; Gross et al.,
    Fundamentals of Queueing Theory, finite-source queues with spares). So the packs circulate in a
    closed network of three stations: the rack is a server of rate lambda, the bays delay without a
    queue, the slots are M/M/s. Its states have product form (Gordon and Newell 1967; Baskett,
    Chandy, Muntz and Palacios 1975): 1 for the packs in the rack, (lambda T)^b / b! for b packs in
    bays, (lambda / mu)^k over min(1, s) ... min(k, s) for k in slots. The share is the weight of
    all packs away over the weight of 0 to all away (Buzen's convolution, 1973). Poisson arrivals
    see time averages.
    """
    load, swapping = _offered_load(rate_per_h, charging_min, slots), rate_per_h * swap_min / 60
    away = np.arange(1, packs + 1)
    in_bays = np.cumprod(np.append(1.0, swapping / away))
    in_slots = np.cumprod(np.append(1.0, load / np.minimum(away, slots)))
    weights = np.convolve(in_bays, in_slots)[: packs + 1]
    return float(weights[-1] / weights.sum())


def pack_wait_min(rate_per_h: float, charging_min: float, slots: int, packs: int) -> float:
    """Return the mean wait for a charged pack [min] at a swap site that swaps in no time.

    Parameters
    ----------
    rate_per_h : float
        Arrivals per hour.
    charging_min : float
        Mean charging time of a pack [min], exponential.
    slots : int
        Charging places.
    packs : int
        Packs of the site.

    Notes
    -----
    Let n count the packs that are not charged and the vehicles that wait. An arrival makes it n +
    1, and min(n, c) packs are on charge, with c the lesser of slots and packs: an M/M/c queue in
    which only those above `packs` wait. So the wait is that of M/M/c times (lambda / (c mu))^(packs
    - c). It is the base-stock queue of Buzacott and Shanthikumar, Stochastic Models of
    Manufacturing Systems (1993), chapter 4.
    """
    working = min(slots, packs)
    load = _offered_load(rate_per_h, charging_min, working)
    return mmc_wait_min(rate_per_h, charging_min, working) * (load / working) ** (packs - working)


@dataclass(frozen=True)
class Impatience:
    """What an M/M/c+M queue gives."""

    wait_min: float
    """mean queue minutes of all arrivals, those who leave included [min]"""
    abandon_share: float
    """share of the arrivals whose patience ends [0..1]"""
    wait_share: float
    """share of the arrivals that find all servers busy [0..1]"""


def erlang_a(
    rate_per_h: float, service_min: float, servers: int, *, patience_min: float
) -> Impatience:
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
    Birth and death chain of Palm (1957), summed in logarithms until what is left is below 1e-16 of
    the largest term. By Little's law the mean wait is E[queue] / rate, and the share that leaves is
    wait / patience.
    """
    _offered_load(rate_per_h, service_min, servers)
    if patience_min <= 0:
        raise ValueError(f"patience_min: got {patience_min:g}, needs more than 0")
    if rate_per_h == 0:
        return Impatience(0.0, 0.0, 0.0)
    births, most = rate_per_h / 60, servers + 64
    while True:
        states = np.arange(1, most + 1)
        deaths = (
            np.minimum(states, servers) / service_min
            + np.maximum(states - servers, 0) / patience_min
        )
        logs = np.concatenate([[0.0], np.cumsum(np.log(births / deaths))])
        if logs[-1] < logs.max() - 37 and deaths[-1] > 1.5 * births:
            break
        most *= 2
    weights = np.exp(logs - logs.max())
    chance = weights / weights.sum()
    queue = float((np.arange(most + 1 - servers) * chance[servers:]).sum())
    wait_min = queue / births
    return Impatience(wait_min, wait_min / patience_min, float(chance[servers:].sum()))
