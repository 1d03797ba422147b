"""Make random small scenarios that use every mechanism between them, for property tests.

Half of them lie on whole minutes and tenths of a charge, so that many things happen at one instant.
"""

import numpy as np
from factories import demand, outages, plant
from hypothesis import strategies as st

from chargesim.engine.control import CHARGE, IDLE, LEND, Control

HOURS = tuple((CHARGE, LEND, LEND, IDLE)[hour % 4] for hour in range(24))
HOLD = tuple(hour % 3 != 2 for hour in range(24))


@st.composite
def controls(draw):
    """Return rules of how the sites are run."""
    cloud = draw(st.sampled_from([True, True, False]))
    return Control(
        cloud=cloud, reserve=cloud and draw(st.booleans()), hold_min=draw(st.sampled_from([0.0, 10.0, 30.0])),
        grace_min=draw(st.sampled_from([1.0, 5.0])), store_hours=HOURS, store_efficiency=0.8, smart=draw(st.booleans()), hold_packs=HOLD,
        promised=draw(st.sampled_from([0.5, 0.99])), memory_min=draw(st.sampled_from([60.0, 1e4])),
        failed_start_min=draw(st.sampled_from([1.0, 4.0, 30.0])),
    )  # fmt: skip


@st.composite
def calendars(draw, guns, swap):
    """Return failures of guns, one after the other at each, and a blackout of some sites."""
    rows = []
    for site, count in enumerate(guns):
        if not swap[site]:
            for gun in range(count):
                begin = float(draw(st.integers(0, 200)))
                for length in draw(st.lists(st.sampled_from([1.0, 25.0, 2000.0]), max_size=3)):
                    rows.append((begin, begin + length, site, gun))
                    begin += length + 4.0
        if draw(st.integers(0, 3)) == 0:
            begin = float(draw(st.integers(0, 300)))
            rows.append((begin, begin + draw(st.sampled_from([5.0, 60.0])), site, -1))
    return outages(*rows)


@st.composite
def scenarios(draw):
    """Return a plant, a demand table and an outage calendar."""
    sites = draw(st.integers(1, 4))
    guns = tuple(draw(st.integers(1, 3)) for _ in range(sites))
    swap = tuple(draw(st.booleans()) for _ in range(sites))
    control = draw(controls())
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    whole = draw(st.booleans())
    n = draw(st.integers(0, 150))
    times = np.sort(rng.uniform(0, draw(st.sampled_from([30, 300, 1400])), n))
    share = rng.uniform(0.05, 0.6, n), rng.uniform(0.65, 1.0, n)
    soc, target_soc = (np.round(one, 1) for one in share) if whole else share
    mixed = draw(st.booleans())
    p = plant(
        guns=guns, swap=swap, km=draw(st.sampled_from([0.0, 0.0, 3.0, 3.0, 60.0])), drive_min=draw(st.sampled_from([0.0, 2.0, 7.5])),
        cabinet_kw=draw(st.sampled_from([60.0, 150.0, 1e9])), plug_kw=draw(st.sampled_from([90.0, 1e9])),
        per_cabinet=draw(st.integers(1, 3)), companions=draw(st.sampled_from([0, 0, 1])),
        connection=tuple(np.arange(sites) // 2) if mixed else None,
        store_kwh=draw(st.sampled_from([0.0, 20.0])), store_kw=draw(st.sampled_from([15.0, 80.0])), control=control,
        packs=draw(st.integers(1, 6)), slots=draw(st.integers(1, 3)), noise_min=0.0 if whole else 4.0,
        outside_drive_min=draw(st.sampled_from([np.inf, 20.0])), curve=((0.0, 0.5, 0.8, 1.0), (100.0, 60.0, 20.0)),
    )  # fmt: skip
    p.places["opens_min"] = [draw(st.sampled_from([0.0, 0.0, 0.0, 0.0, 60.0])) for _ in range(sites)]
    table = demand(
        np.floor(times) if whole else times,
        soc=soc, target_soc=target_soc, battery_kwh=rng.choice([20.0, 60.0], n),
        swap_list=np.where(rng.random(n) < 0.4, 1, -1), patience_min=rng.choice([3.0, 10.0, 40.0], n),
        tolerance_min=rng.choice([5.0, 60.0], n),
        put_off_min=rng.choice([0.0, 0.0, 45.0], n), late_min=rng.choice([0.0, 0.0, 3.0, 12.0], n), failed_starts=rng.choice([0, 0, 1], n),
        max_diversions=rng.integers(0, 3, n), guidance=rng.integers(0, 3 if control.cloud else 2, n), key=rng.integers(1, 2**62, n),
    )  # fmt: skip
    return p, table, draw(calendars(guns, swap))


def later(p, table, calendar, minutes):
    """Return a scenario in which all wishes and outages come some minutes later."""
    table, calendar = table.copy(), calendar.copy()
    table["wish_min"] += minutes
    calendar["begin_min"] += minutes
    calendar["end_min"] += minutes
    return p, table, calendar
