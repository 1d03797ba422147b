"""How many guns of a site are occupied: against the laws of queues, by hand, and in a run's
tables."""

from math import factorial, inf

import numpy as np
import pandas as pd
import pytest
from engine_checks import run_both
from factories import demand, facilities
from factories_analysis import empty_totals, make_network, make_result

from chargesim.analysis.intervals import t_intervals
from chargesim.analysis.kpis import kpi_frame, kpi_value
from chargesim.analysis.occupancy import (
    occupancy_frame,
    occupancy_shares,
    site_levels,
    worst_hours,
)
from chargesim.analysis.queueing import erlang_b, erlang_c
from chargesim.engine.compiled.engine import run_compiled
from chargesim.engine.replication_totals import first_levels
from chargesim.engine.simpy.engine import run_simpy
from chargesim.runs.site_tables import site_frame
from chargesim.verify.textbook_queues import NEVER_MIN, Flow, Law, station

GUNS, SERVICE_MIN, RATE_PER_H, DAYS = 3, 20.0, 6.0, 150
LOAD = RATE_PER_H * SERVICE_MIN / 60.0


def shares_by_day(flow):
    """Return the share of each simulated day with 0 to 3 guns occupied, and by hour with all."""
    table = flow.vehicles(DAYS + 1, seed=5, replication=0, name="occupancy")
    statistics, _ = run_compiled(station(GUNS, service_min=SERVICE_MIN), [table], 1, DAYS)
    every = statistics.all_occupied_min[0].reshape(DAYS, 24)
    return statistics.occupied_min.T / 1440.0, every / 60.0


def holds(values, law):
    found = t_intervals(values, level=0.999)
    return ((found.lower <= law) & (law <= found.upper)).all(), (found, law)


@pytest.mark.stat
@pytest.mark.parametrize("shape", [1.0, inf], ids=["exponential", "constant"])
def test_without_a_queue_the_occupied_guns_follow_erlang_b_whatever_the_service(shape):
    shares, every = shares_by_day(Flow(RATE_PER_H, Law(SERVICE_MIN, shape), tolerance_min=0.0))
    terms = np.array([LOAD**n / factorial(n) for n in range(GUNS + 1)])
    law = terms / terms.sum()
    assert law[-1] == pytest.approx(erlang_b(LOAD, GUNS))
    assert holds(shares, law)[0], holds(shares, law)[1]
    assert holds(every.reshape(-1, 1), law[-1:])[0]


@pytest.mark.stat
def test_with_a_queue_all_guns_are_occupied_as_often_as_erlang_c_says():
    shares, _ = shares_by_day(Flow(RATE_PER_H, Law(SERVICE_MIN), tolerance_min=NEVER_MIN))
    every = erlang_c(RATE_PER_H, SERVICE_MIN, GUNS)
    empty = every * (1 - LOAD / GUNS) * factorial(GUNS) / LOAD**GUNS
    law = np.array([empty * LOAD**n / factorial(n) for n in range(GUNS)] + [every])
    assert law.sum() == pytest.approx(1.0)
    assert holds(shares, law)[0], holds(shares, law)[1]


def test_two_guns_and_three_vehicles_over_midnight_by_hand():
    """Charges of 15 min each from 23:45, 23:50 and, once a gun is free, 0:00 on."""
    table = demand([1420.0, 1425.0, 1430.0], patience_min=100.0, tolerance_min=100.0)
    world, log = run_both(facilities(guns=(2,)), table, days=2)
    assert log["plug_min"].tolist() == [1425.0, 1430.0, 1440.0]
    assert world.statistics.occupied_min.T.tolist() == [[1425.0, 5.0, 10.0], [1425.0, 10.0, 5.0]]
    assert world.statistics.all_occupied_min[0, [23, 24]].tolist() == [10.0, 5.0]


def test_an_added_gun_counts_as_all():
    """The plan has two guns; a third vehicle at a third one leaves the level where it is."""

    def bring(world):
        world.station(0).add_gun()
        yield world.wait(1.0)

    p, table = facilities(guns=(2,)), demand([5.0, 5.0, 5.0])
    statistics, _ = run_simpy(p, [table], 0, 1, extensions=[bring])
    assert statistics.occupied_min[:, 0].tolist() == [1425.0, 0.0, 15.0]
    assert statistics.busy_min[0, 0] == 45.0


def test_the_kpis_and_tables_by_hand():
    """One station has all guns occupied half of 8-9 h in one replication, of 17-18 h in both."""
    network = make_network()
    runs = [empty_totals(network, days=2) for _ in range(2)]
    first, guns = first_levels(network.sites.servers), int(network.sites.guns[0])
    for number, run in enumerate(runs):
        run.all_occupied_min[0, 17] = 60.0
        run.all_occupied_min[0, 8] = 60.0 * number
        run.occupied_min[first[:-1]] = 2880.0
        run.occupied_min[first[0]] -= 60.0 + 60.0 * number
        run.occupied_min[guns] = 60.0 + 60.0 * number
    result = make_result(runs, network=network, days=2)
    stations, kpis = int((network.sites.guns > 0).sum()), kpi_frame(result)
    for name, scope, key, share in (
        ("share_all_guns_occupied", "city", "all", 90.0 / 2880.0),
        ("share_all_guns_occupied", "hour", "8-9 h", 0.25),
        ("share_all_guns_occupied_worst_hour", "city", "all", 0.5),
    ):
        assert kpi_value(kpis, name, scope, key)["mean"] == pytest.approx(share / stations)
    assert worst_hours(result)[0] == 17
    shares = occupancy_shares(result)
    site, _ = site_levels(network.sites.servers)
    sums = pd.DataFrame(shares.T).groupby(site).sum().to_numpy()
    assert sums == pytest.approx(1.0), "the shares of a site add up to 1"
    rows = occupancy_frame(result)
    mine = rows[rows["site"] == network.sites.id[0]]
    assert mine["occupied"].tolist() == list(range(guns + 1))
    assert mine["share"].iloc[-1] == pytest.approx(90.0 / 2880.0)
    row = site_frame(result).iloc[0]
    assert row[["all_occupied", "all_occupied_worst_hour", "worst_hour"]].tolist() == pytest.approx(
        [90.0 / 2880.0, 0.5, 17]
    )
