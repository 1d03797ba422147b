"""State how the sites are run: cloud, reservations, stores, smart charging, failed tries."""

from dataclasses import dataclass
from math import inf

from chargesim.engine.rules import exact_min, left_min
from chargesim.scenario.fleets import fleet_value
from chargesim.scenario.model import Scenario

CHARGE, IDLE, LEND = -1, 0, 1
"""What a store does in an hour of the day."""


@dataclass(frozen=True)
class OperatingRules:
    """Rules that a scenario switches on; by default none is."""

    cloud: bool = False
    """some vehicles may follow the cloud, so it keeps track of what is to come"""
    reserve: bool = False
    """who follows the cloud reserves a place"""
    hold_min: float = 0.0
    grace_min: float = 0.0
    store_hours: tuple[int, ...] = (IDLE,) * 24
    """`CHARGE`, `IDLE` or `LEND` by hour of day"""
    store_charge_kw: float = inf
    """power at which a store charges at most [kW]"""
    store_efficiency: float = 1.0
    """energy out over energy in; the loss is on the way in"""
    smart: bool = False
    """packs wait for cheaper hours"""
    hold_packs: tuple[bool, ...] = (False,) * 24
    """by hour of day: a cheaper hour comes soon, so packs wait for it"""
    promised: float = 0.99
    """share of arrivals that shall find a charged pack"""
    memory_min: float = 180.0
    """time over which a site averages its arrivals [min]"""
    handling_before_min: float = 0.0
    handling_after_min: float = 0.0
    """minutes at a gun without power before and after a charge [min]"""
    failed_start_min: float = 0.0
    """what a failed try to charge costs [min]"""


def operating_rules_of(scenario: Scenario) -> OperatingRules:
    """Return how the sites of a scenario are run."""
    total, reservation, stations, smart = (
        scenario.fleet,
        scenario.choice.reservation,
        scenario.stations,
        scenario.swap.smart,
    )
    connected = [
        fleet_value(total.connected_share, fleet.connected_share)
        for fleet in scenario.fleets.values()
    ]
    factors = scenario.tariff.factors()
    return OperatingRules(
        cloud=max(connected) > 0,
        reserve=reservation.enabled,
        hold_min=reservation.hold_min.value,
        grace_min=exact_min(reservation.grace_min.value),
        store_hours=tuple(_store_hour(scenario, hour) for hour in range(24)),
        store_charge_kw=stations.store.charge_kw.value if stations is not None else inf,
        store_efficiency=stations.store.efficiency.value if stations is not None else 1.0,
        smart=smart.enabled,
        hold_packs=held_hours(factors, smart.look_ahead_h),
        promised=smart.promised.value,
        memory_min=60.0 * smart.memory_h.value,
        handling_before_min=left_min(stations.handling_before_min.value)
        if stations is not None
        else 0.0,
        handling_after_min=left_min(stations.handling_after_min.value)
        if stations is not None
        else 0.0,
        failed_start_min=exact_min(scenario.reliability.failed_start_min.value),
    )


def held_hours(factors: tuple[float, ...], look_ahead_h: int) -> tuple[bool, ...]:
    """Tell for each hour of day whether one of the next `look_ahead_h` hours is cheaper.

    Parameters
    ----------
    factors : tuple of float
        Price of the energy by hour of day, as a factor.
    look_ahead_h : int
        How far the eye goes [h].
    """
    n = len(factors)
    return tuple(
        min(factors[(hour + ahead) % n] for ahead in range(1, look_ahead_h + 1)) < factors[hour]
        for hour in range(n)
    )


def _store_hour(scenario: Scenario, hour: int) -> int:
    if scenario.stations is None:
        return IDLE
    store = scenario.stations.store
    return CHARGE if hour in store.charge_hours else LEND if hour in store.lend_hours else IDLE
