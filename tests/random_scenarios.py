"""Make random small scenarios that use every mechanism between them, for property tests.

Those of `WHOLE` lie on whole minutes: wishes, drives, patiences, reservations, outages, and every
charge that nobody disturbs. Most are multiples of five minutes, so that many things of many kinds
happen at one instant. Those of `ANY` have wishes at any time and any charge; only their outages
begin on whole minutes.

Every choice is a whole number between two bounds, from a seeded generator (`seeded`: the same
scenarios everywhere) or from Hypothesis (`scenarios`: it searches and shrinks, but what it makes
depends on which modules are loaded beside).
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from factories import demand, facilities, outages
from hypothesis import strategies as st

from chargesim.engine.operating_rules import CHARGE, IDLE, LEND, OperatingRules

HOURS = tuple((CHARGE, LEND, LEND, IDLE)[hour % 4] for hour in range(24))
HOLD = tuple(hour % 3 != 2 for hour in range(24))


class Values(NamedTuple):
    """What a scenario is made of; one of each tuple is chosen, and what is there twice comes
    twice as often."""

    wish_grid_min: tuple[float, ...]
    """wishes come on multiples of this; 0 is any time"""
    cloud: tuple[bool, ...] = (True, True, False)
    reserve: tuple[bool, ...] = (True, False)
    guidance: tuple[int, ...] = (0, 1, 2)
    grace_min: tuple[float, ...] = (1.0, 5.0)
    late_min: tuple[float, ...] = (0.0, 0.0, 3.0, 12.0)
    patience_min: tuple[float, ...] = (3.0, 10.0, 40.0)
    failed_start_min: tuple[float, ...] = (1.0, 4.0, 30.0)
    handling_before_min: tuple[float, ...] = (0.0, 0.75)
    handling_after_min: tuple[float, ...] = (0.0, 1.25)
    overstay_min: tuple[float, ...] = (0.0, 0.0, 7.5)
    drive_min: tuple[float, ...] = (0.0, 2.0, 7.5)
    km: tuple[float, ...] = (0.0, 0.0, 3.0, 3.0, 60.0)
    consumption_kwh_km: float = 0.15
    noise_min: float = 4.0
    battery_kwh: tuple[float, ...] = (20.0, 60.0)
    curve: tuple[tuple[float, ...], tuple[float, ...]] = ((0.0, 0.5, 0.8, 1.0), (100.0, 60.0, 20.0))
    companion_kw: float = 50.0
    cabinet_kw: tuple[float, ...] = (60.0, 150.0, 1e9)
    plug_kw: tuple[float, ...] = (90.0, 1e9)
    store_kw: tuple[float, ...] = (15.0, 80.0)
    swap: tuple[bool, ...] = (True, False)
    outage_grid_min: float = 1.0
    outages_until_min: float = 200.0
    failures: int = 3
    """of a gun, at most"""
    failure_min: tuple[float, ...] = (1.0, 25.0, 2000.0)
    blackout: tuple[bool, ...] = (True, False, False, False)


ANY = Values(wish_grid_min=(0.0,))
WHOLE = Values(
    wish_grid_min=(1.0, 5.0, 5.0), cloud=(True, True, True, False), reserve=(True, True, True,
    False), guidance=(0, 1, 2, 2, 2, 2),
    grace_min=(5.0,), late_min=(0.0, 10.0, 15.0, 30.0), patience_min=(5.0, 10.0, 40.0),
    failed_start_min=(5.0, 30.0),
    handling_before_min=(0.0, 5.0), handling_after_min=(0.0, 0.0, 5.0),
    overstay_min=(0.0, 0.0, 10.0),
    drive_min=(5.0, 10.0), km=(0.0, 0.0, 0.0, 40.0), consumption_kwh_km=0.125, noise_min=0.0,
    battery_kwh=(50.0, 100.0),
    curve=((0.0, 0.3, 0.5, 0.8, 1.0), (60.0, 100.0, 60.0, 30.0)), companion_kw=60.0,
    cabinet_kw=(60.0, 120.0, 120.0),
    plug_kw=(120.0, 1e9), store_kw=(30.0, 60.0), swap=(True, False, False), outage_grid_min=5.0,
    outages_until_min=120.0, failures=5,
    failure_min=(5.0, 5.0, 25.0, 25.0, 2000.0), blackout=(True, False),
)  # fmt: skip


Choose = Callable[[int, int], int]
"""Choose a whole number from the first bound to the second, both included."""


def one_of(choose: Choose, values: Sequence[Any]) -> Any:
    """Choose one of some values."""
    return values[choose(0, len(values) - 1)]


def random_rules(choose, values):
    """Return rules of how the sites are run."""
    cloud = one_of(choose, values.cloud)
    return OperatingRules(
        cloud=cloud, reserve=cloud and one_of(choose, values.reserve), hold_min=one_of(choose, (0.0,
        10.0, 30.0)),
        grace_min=one_of(choose, values.grace_min), store_hours=HOURS, store_efficiency=0.8,
        smart=one_of(choose, (True, False)), hold_packs=HOLD,
        promised=one_of(choose, (0.5, 0.99)), memory_min=one_of(choose, (60.0, 1e4)),
        failed_start_min=one_of(choose, values.failed_start_min),
        handling_before_min=one_of(choose, values.handling_before_min),
        handling_after_min=one_of(choose, values.handling_after_min),
    )  # fmt: skip


def random_facilities(choose, values, guns, swap):
    """Return sites behind cabinets and grid connections, with companions and stores or without."""
    p = facilities(
        guns=guns, swap=swap, km=one_of(choose, values.km), drive_min=one_of(choose,
        values.drive_min), noise_min=values.noise_min,
        cabinet_kw=one_of(choose, values.cabinet_kw), plug_kw=one_of(choose, values.plug_kw),
        per_cabinet=choose(1, 3),
        companions=one_of(choose, (0, 0, 1)), companion_kw=values.companion_kw,
        connection=tuple(np.arange(len(guns)) // 2) if one_of(choose, (True, False)) else None,
        store_kwh=one_of(choose, (0.0, 20.0)), store_kw=one_of(choose, values.store_kw),
        operating_rules=random_rules(choose, values),
        packs=choose(1, 6), slots=choose(1, 3), modules=one_of(choose, (0, 0, 1, 3)),
        module_kw=one_of(choose, (20.0, 30.0, 45.0)),
        outside_drive_min=one_of(choose, (np.inf, 20.0)),
        curve=values.curve,
    )  # fmt: skip
    p.known["opens_min"] = [one_of(choose, (0.0, 0.0, 0.0, 0.0, 60.0)) for _ in guns]
    return p


def random_table(choose, values, cloud):
    """Return a demand table; wishes on a grid of minutes have charges in tenths."""
    rng = np.random.default_rng(choose(0, 2**32))
    n = choose(0, 150)
    times = np.sort(rng.uniform(0, one_of(choose, (30, 300, 1400)), n))
    soc, target_soc = rng.uniform(0.05, 0.6, n), rng.uniform(0.65, 1.0, n)
    grid_min = one_of(choose, values.wish_grid_min)
    if grid_min > 0:
        times, soc, target_soc = (
            grid_min * np.floor(times / grid_min),
            np.round(soc, 1),
            np.round(target_soc, 1),
        )
    return demand(
        times, soc=soc, target_soc=target_soc, battery_kwh=rng.choice(values.battery_kwh, n),
        consumption_kwh_km=values.consumption_kwh_km,
        swap_list=np.where(rng.random(n) < 0.4, 1, -1), patience_min=rng.choice(values.patience_min,
        n),
        tolerance_min=rng.choice([5.0, 60.0], n), put_off_min=rng.choice([0.0, 0.0, 45.0], n),
        late_min=rng.choice(values.late_min, n),
        overstay_min=rng.choice(values.overstay_min, n),
        failed_starts=rng.choice([0, 0, 1], n), max_diversions=rng.integers(0, 3, n),
        guidance=rng.choice(values.guidance if cloud else (0, 1), n), key=rng.integers(1, 2**62, n),
    )  # fmt: skip


def random_calendar(choose, values, guns, swap):
    """Return failures of guns, one after the other at each, and a blackout of some sites."""
    grid_min = values.outage_grid_min
    last = int(values.outages_until_min / grid_min)
    rows = []
    for site, count in enumerate(guns):
        for gun in range(0 if swap[site] else count):
            begin = grid_min * choose(0, last)
            for _ in range(choose(0, values.failures)):
                length = one_of(choose, values.failure_min)
                rows.append((begin, begin + length, site, gun))
                begin += length + 5.0
        if one_of(choose, values.blackout):
            begin = grid_min * choose(0, last)
            rows.append((begin, begin + one_of(choose, (5.0, 60.0)), site, -1))
    return outages(*rows)


def scenario(choose, values):
    """Return a facilities, a demand table and an outage calendar."""
    guns = tuple(choose(1, 3) for _ in range(choose(1, 4)))
    swap = tuple(one_of(choose, values.swap) for _ in guns)
    p = random_facilities(choose, values, guns, swap)
    return (
        p,
        random_table(choose, values, p.operating_rules.cloud),
        random_calendar(choose, values, guns, swap),
    )


def seeded(values, seed):
    """Return the scenario of a seed, of `WHOLE` or `ANY`."""
    rng = np.random.default_rng(seed)
    return scenario(lambda low, high: int(rng.integers(low, high + 1)), values)


@st.composite
def scenarios(draw):
    """Draw a scenario, of `WHOLE` or `ANY`."""
    return scenario(
        lambda low, high: draw(st.integers(low, high)), draw(st.sampled_from((WHOLE, ANY)))
    )


def later(p, table, calendar, minutes):
    """Return a scenario in which all wishes and outages come some minutes later."""
    table, calendar = table.copy(), calendar.copy()
    table["wish_min"] += minutes
    calendar["begin_min"] += minutes
    calendar["end_min"] += minutes
    return p, table, calendar
