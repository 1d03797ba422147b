"""List the verification cases: textbook queues with exact values, and a network for Ciw."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from chargesim.analysis import queueing as theory
from chargesim.engine.facilities import Facilities
from chargesim.engine.replication_totals import SERVED
from chargesim.engine.session_log import SessionLog
from chargesim.errors import InputError
from chargesim.synthetic.grids import GUN_KW
from chargesim.verify.ciw_network import Program, simulate_ring
from chargesim.verify.textbook_queues import Flow, Law, ring, station, swap_site

SERVICE_MIN, CHARGING_MIN, SWAP_MIN, DRIVE_MIN = 15.0, 30.0, 5.0, 6.0
KIMURA_TOLERANCE = 0.01
"""Relative error allowed to Kimura's approximation in the cases here; a test solves the chain."""
LEAD_IN_DAYS = 3
"""More than ten relaxation times S / (c (1 - sqrt(rho))^2) of the slowest queue below."""
ENOUGH_GUNS = 64
"""Guns of the station that shares its power: at load .6 one in 10^14 vehicles finds all in use."""


@dataclass(frozen=True)
class Measure:
    """A mean over the vehicles of a replication, which is compared."""

    name: str
    unit: str
    """min, or share [0..1]"""
    of: Callable[[SessionLog], float]


def _mean_wait(log: SessionLog) -> float:
    return float(log["queue_min"].mean())


def _mean_service(log: SessionLog) -> float:
    return float(log["service_min"].mean())


def _lost_share(log: SessionLog) -> float:
    return float(np.mean(log["outcome"] != SERVED))


WAIT = Measure("mean wait", "min", _mean_wait)
AT_PLUG = Measure("time at plug", "min", _mean_service)
LOST = Measure("lost", "share", _lost_share)


@dataclass(frozen=True)
class VerificationCase:
    """One queue: its facilities, its vehicles, and its exact value."""

    name: str
    system: str
    """the simulated queue, in words"""
    measure: Measure
    formula: str
    source: str
    facilities: Facilities
    flow: Flow
    sessions: int
    """judged vehicles of a replication, on average"""
    exact: float | None = None
    """None: the other program computes it"""
    tolerance: float = 0.0
    """relative error that the formula may have, apart from the interval; 0: it is exact"""
    other: Program | None = None
    """another program on the same vehicles"""
    lead_in_days: int = LEAD_IN_DAYS

    @property
    def days(self) -> int:
        """Whole days that are judged."""
        return max(1, round(self.sessions / (24 * self.flow.rate_per_h * self.flow.sites)))


def erlang_c_case(servers: int, load: float, sessions: int) -> VerificationCase:
    """Return M/M/c."""
    rate = load * servers * 60 / SERVICE_MIN
    formula = "C(c, a) / (c mu - lambda)" if servers > 1 else "rho / (mu - lambda)"
    return VerificationCase(
        f"M/M/{servers}",
        f"{_guns(servers)}, exponential service, load {load:g}",
        WAIT,
        formula,
        "Erlang 1917",
        station(servers, service_min=SERVICE_MIN),
        Flow(rate, Law(SERVICE_MIN)),
        sessions,
        theory.mmc_wait_min(rate, SERVICE_MIN, servers),
    )


def erlang_b_case(servers: int, load: float, sessions: int) -> VerificationCase:
    """Return M/M/c/c: a vehicle that finds no free gun leaves."""
    rate = load * servers * 60 / SERVICE_MIN
    return VerificationCase(
        f"M/M/{servers}/{servers}",
        f"{_guns(servers)}, nobody waits, load {load:g}",
        LOST,
        "B(c, a) = a^c/c! / sum a^k/k!",
        "Erlang 1917",
        station(servers, service_min=SERVICE_MIN),
        Flow(rate, Law(SERVICE_MIN), tolerance_min=0.0),
        sessions,
        theory.erlang_b(load * servers, servers),
    )


def erlang_a_case(
    servers: int, load: float, patience_min: float, measure: Measure, sessions: int
) -> VerificationCase:
    """Return M/M/c+M: exponential patience; `measure` is the mean wait or the share that leaves."""
    rate = load * servers * 60 / SERVICE_MIN
    exact = theory.erlang_a(rate, SERVICE_MIN, servers, patience_min=patience_min)
    return VerificationCase(
        f"M/M/{servers}+M, load {load:g}",
        f"{_guns(servers)}, exponential patience of {patience_min:g} min",
        measure,
        "birth-death chain, deaths min(n, c) mu + (n - c)+ theta"
        + ("; wait x theta" if measure is LOST else "; E[queue] / lambda"),
        "Palm 1957",
        station(servers, service_min=SERVICE_MIN),
        Flow(rate, Law(SERVICE_MIN), patience=Law(patience_min)),
        sessions,
        exact.abandon_share if measure is LOST else exact.wait_min,
    )


def crommelin_case(servers: int, load: float, sessions: int) -> VerificationCase:
    """Return M/D/c."""
    rate = load * servers * 60 / SERVICE_MIN
    return VerificationCase(
        f"M/D/{servers}",
        f"{_guns(servers)}, constant service, load {load:g}",
        WAIT,
        "D/a sum over m >= 1 of E[(Poisson(m a) - m c)+] / m",
        "Crommelin 1932",
        station(servers, service_min=SERVICE_MIN),
        Flow(rate, Law(SERVICE_MIN, inf)),
        sessions,
        theory.mdc_exact_wait_min(rate, SERVICE_MIN, servers),
    )


def kimura_case(servers: int, load: float, shape: float, sessions: int) -> VerificationCase:
    """Return M/G/c with gamma service: an approximation."""
    rate, law = load * servers * 60 / SERVICE_MIN, Law(SERVICE_MIN, shape)
    return VerificationCase(
        f"M/G/{servers}",
        f"{_guns(servers)}, gamma service of cs2 {law.cv2:g}, load {load:g}",
        WAIT,
        "(1 + cs2) / (2 cs2 / Wq(M/M/c) + (1 - cs2) / Wq(M/D/c)), an approximation",
        "Kimura 1986, Cosmetatos 1976",
        station(servers, service_min=SERVICE_MIN),
        Flow(rate, law),
        sessions,
        theory.mgc_wait_min(rate, SERVICE_MIN, servers, service_cv2=law.cv2),
        KIMURA_TOLERANCE,
    )


def repair_case(packs: int, slots: int, load: float, sessions: int) -> VerificationCase:
    """Return machine repair: a swap site whose vehicles leave when no pack is charged."""
    rate = load * slots * 60 / CHARGING_MIN
    return VerificationCase(
        "machine repair",
        f"swap site, {packs} packs, {slots} slots, exponential charging, "
        f"swaps of {SWAP_MIN:g} min, nobody waits, load {load:g}",
        LOST,
        "closed network of rack, bays and slots: weight of all packs away / sum of weights",
        "Palm 1947; Gordon and Newell 1967; BCMP 1975",
        swap_site(packs, slots, charging_min=CHARGING_MIN, swap_min=SWAP_MIN),
        Flow(rate, Law(CHARGING_MIN), tolerance_min=0.0, swaps=True),
        sessions,
        theory.rack_empty_share(rate, CHARGING_MIN, slots, packs, swap_min=SWAP_MIN),
    )


def packs_case(packs: int, slots: int, load: float, sessions: int) -> VerificationCase:
    """Return the base-stock queue: a swap site whose vehicles wait for a pack; a swap is a tick."""
    rate = load * slots * 60 / CHARGING_MIN
    return VerificationCase(
        "packs, waiting",
        f"swap site, {packs} packs, {slots} slots, exponential charging, "
        f"swaps in no time, load {load:g}",
        WAIT,
        "Wq(M/M/s) rho^(packs - s)",
        "Buzacott and Shanthikumar 1993",
        swap_site(packs, slots, charging_min=CHARGING_MIN, swap_min=0.0),
        Flow(rate, Law(CHARGING_MIN), swaps=True),
        sessions,
        theory.pack_wait_min(rate, CHARGING_MIN, slots, packs),
    )


def sharing_case(load: float, shape: float, sessions: int) -> VerificationCase:
    """Return M/G/1 processor sharing: a station whose cabinet has the power of one gun."""
    rate, law = load * 60 / SERVICE_MIN, Law(SERVICE_MIN, shape)
    return VerificationCase(
        "M/G/1 sharing",
        f"a cabinet of {GUN_KW:g} kW and {ENOUGH_GUNS} guns, gamma energy of cs2 {law.cv2:g}, "
        f"load {load:g}",
        AT_PLUG,
        "S / (1 - rho)",
        "Kleinrock 1967; Sakata et al. 1971",
        station(ENOUGH_GUNS, service_min=SERVICE_MIN, shared_kw=GUN_KW),
        Flow(rate, law),
        sessions,
        theory.shared_service_min(rate, SERVICE_MIN),
    )


def ciw_case(
    sites: int, servers: int, load: float, patience_min: float, sessions: int
) -> VerificationCase:
    """Return a ring of stations: a vehicle that gives up drives to the next station, once."""
    rate = load * servers * 60 / SERVICE_MIN
    return VerificationCase(
        f"Ciw, {sites} sites",
        f"ring of {sites} stations, {_guns(servers)} each, gamma service, "
        f"exponential patience of {patience_min:g} min, "
        f"{DRIVE_MIN:g} min to the next, load {load:g}",
        WAIT,
        "Ciw on the same vehicles, each with the same wait and station",
        "Palmer et al. 2019",
        ring(sites, servers, service_min=SERVICE_MIN, drive_min=DRIVE_MIN),
        Flow(
            rate, Law(SERVICE_MIN, 4.0), patience=Law(patience_min), max_diversions=1, sites=sites
        ),
        sessions,
        other=simulate_ring,
        lead_in_days=0,  # both begin empty
    )


def all_cases() -> list[VerificationCase]:
    """Return the cases of `chargesim verify`: half-widths of about 3 % with 20 replications."""
    return [
        erlang_c_case(1, 0.6, 10_000),
        erlang_c_case(3, 0.65, 24_000),
        erlang_b_case(4, 0.75, 5_000),
        erlang_a_case(3, 0.9, 20.0, WAIT, 5_000),
        erlang_a_case(3, 1.25, 20.0, LOST, 5_000),
        crommelin_case(3, 0.7, 13_000),
        kimura_case(3, 0.7, 4.0, 18_000),
        repair_case(6, 3, 0.8, 8_000),
        packs_case(3, 2, 0.6, 24_000),
        sharing_case(0.6, 4.0, 6_000),
        ciw_case(20, 2, 0.8, 15.0, 1_500),
    ]


def cases_named(names: Sequence[str]) -> list[VerificationCase]:
    """Return some of the cases, by their names."""
    by_name = {case.name: case for case in all_cases()}
    faults = [
        f"--row {name}: is no row; there are {'; '.join(by_name)}"
        for name in names
        if name not in by_name
    ]
    if faults:
        raise InputError(faults)
    return [case for name, case in by_name.items() if name in names]


def _guns(servers: int) -> str:
    return "a gun" if servers == 1 else f"{servers} guns"
