"""Days: what lasts over midnight is in the statistics of both days, and nothing but the day is held
in memory."""

from dataclasses import replace

import numpy as np
import pytest
from engine_checks import run_both
from factories import SCENARIOS, demand, facilities, outages

from chargesim.engine.collector import Collector
from chargesim.engine.compiled.engine import CompiledWorld
from chargesim.engine.day_statistics import DayStatistics
from chargesim.engine.replication_totals import LOST, PARTIAL, SERVED, STRANDED, UNFINISHED
from chargesim.engine.simpy.engine import World
from chargesim.runs.case import build_case
from chargesim.runs.replication import DrawnDays, Replication
from chargesim.scenario.reading import load

MIDNIGHT = 1440.0
LATE = MIDNIGHT - 15.0
"""A wish that arrives 10 min before midnight, and charges 15 min at 100 kW."""


def test_a_charge_over_midnight_is_in_the_statistics_of_both_days():
    world, log = run_both(facilities(guns=(1,)), demand([LATE]), days=2)
    assert log["outcome"][0] == SERVED
    assert world.statistics.busy_min[0, [23, 24]].tolist() == pytest.approx([10.0, 5.0], abs=1e-5)
    assert world.statistics.energy_kwh[0, [95, 96]].tolist() == pytest.approx(
        [100 / 6, 100 / 12], abs=1e-4
    )
    assert world.statistics.energy_kwh.sum() == pytest.approx(25.0, abs=1e-4)


def test_a_shared_charge_over_midnight_is_in_the_statistics_of_both_days():
    """Two vehicles at 50 kW each: 10 min before midnight and 20 after."""
    world, _ = run_both(facilities(guns=(2,), plug_kw=100.0), demand([LATE, LATE]), days=2)
    assert world.statistics.energy_kwh[0, [95, 96, 97]].tolist() == pytest.approx(
        [100 / 6, 25.0, 100 / 12], abs=1e-3
    )


def test_a_queue_and_an_outage_over_midnight_are_in_the_statistics_of_both_days():
    """The second waits 10 min before midnight, and 5 after; the other gun is down from 23:30 to
    0:30."""
    table = demand([LATE, LATE], patience_min=100.0, tolerance_min=100.0)
    world, _ = run_both(
        facilities(guns=(2,)), table, outages((MIDNIGHT - 30.0, MIDNIGHT + 30.0, 0, 1)), days=2
    )
    assert world.statistics.queue_min[0, [23, 24]].tolist() == pytest.approx([10.0, 5.0], abs=1e-5)
    assert world.statistics.down_min[0, [23, 24]].tolist() == [30.0, 30.0]


def test_a_swap_over_midnight_is_in_the_statistics_of_both_days():
    """A swap of 15 min; its pack charges after it. One of two packs is ready meanwhile."""
    p = facilities(guns=(1,), swap=(True,), swap_min=15.0)
    world, _ = run_both(p, demand([LATE], station_list=-1, swap_list=1), days=2)
    assert world.statistics.busy_min[0, [23, 24]].tolist() == [10.0, 5.0]
    assert world.statistics.ready_min[0, 23] == 2 * 50.0 + 1 * 10.0
    assert world.statistics.ready_min[0, 22] == 2 * 60.0


@pytest.mark.parametrize("engine", [World, CompiledWorld])
def test_each_day_is_given_when_it_is_over(engine):
    """A lead-in day, two judged days, and what is left: one session each, at noon."""
    table = demand([720.0, MIDNIGHT + 720.0, 2 * MIDNIGHT + 720.0, 3 * MIDNIGHT - 6.0])
    given = list(engine(facilities(guns=(2,)), [table], 1, 2, 1).run_days())
    assert [statistics is None for statistics, _ in given] == [True, False, False, True]
    assert [log["row"].tolist() for _, log in given] == [[0], [1], [2], [3]]
    first, second = (statistics for statistics, _ in given if statistics is not None)
    assert (first.start_min, second.start_min) == (MIDNIGHT, 2 * MIDNIGHT)
    assert first.arrivals.sum() == 1
    assert second.arrivals.sum() == 2
    assert second.busy_min[0].sum() == pytest.approx(16.0, abs=1e-5), (
        "15 min at noon, and a minute before the end"
    )


def collector(p):
    return Collector(
        p,
        fleets=1,
        districts=1,
        district_of_origin=np.zeros(9, dtype=np.int64),
        thresholds_min=(10.0,),
        start_min=0.0,
        end_min=2 * MIDNIGHT,
    )


def test_days_add_up_by_hour_of_day_and_peaks_are_the_highest_of_all_days():
    """Two sites behind one connection peak in different quarters; the higher day counts, not the
    sum."""
    p = facilities(guns=(1, 1), connection=(0, 0))
    days = DayStatistics(p.servers), DayStatistics(p.servers, MIDNIGHT)
    for day, kwh in zip(days, (10.0, 20.0), strict=True):
        day.busy_min[0, 8] = 30.0
        day.queue_min[0, 8] = 6.0 * kwh
        day.energy_kwh[0, 32], day.energy_kwh[1, 33] = kwh, kwh
        day.store_kwh[1, 32:36] = -1.0
        day.store_kwh[1, 0] = 5.0
    counted = collector(p)
    for day in days:
        counted.add_day(day)
    totals = counted.totals(DayStatistics(p.servers), 0)
    assert totals.busy_min[0, 8] == 60.0
    assert totals.energy_kwh[:, 8].tolist() == [30.0, 30.0]
    assert totals.lent_kwh[1].sum() == totals.lent_kwh[1, 8] == 8.0
    assert totals.longest_queue.tolist() == [2.0, 0.0]
    assert totals.peak_kw == pytest.approx(np.array([80.0, 76.0]) / p.efficiency)
    assert totals.connection_peak_kw == pytest.approx([76.0 / p.efficiency]), (
        "80 - 4 kW, then 76 kW: neither is 156 kW"
    )
    assert totals.district_kw.shape == (2, 1, 192)


def test_the_counts_by_day_add_up_to_those_by_hour():
    case = build_case(load(SCENARIOS / "small_city.yaml", ["horizon.days=3", "fleet.stock=6000"]))
    played = Replication(replace(case.task, engine="simpy"), 0)
    for _ in played.days():
        pass
    totals = played.totals()
    ended = totals.outcomes.sum(axis=0) - totals.outcomes[UNFINISHED]
    unserved = totals.outcomes[[PARTIAL, LOST, STRANDED]].sum(axis=0)
    assert (totals.ended_by_day.sum(axis=0) == ended.sum(axis=-1)).all()
    assert (totals.unserved_by_day.sum(axis=0) == unserved.sum(axis=-1)).all()
    assert (totals.within_by_day.sum(axis=1) == totals.within.sum(axis=-1)).all()
    assert (totals.arrivals_by_day.sum(axis=0) == totals.arrivals.sum(axis=1)).all()
    assert (totals.pack_found_by_day.sum(axis=0) == totals.pack_found.sum(axis=1)).all()
    by_day = totals.ended_by_day.sum(axis=(1, 2, 3)), totals.arrivals_by_day.sum(axis=1)
    assert all((counts > 20).all() and len(set(counts)) > 1 for counts in by_day)
    assert unserved.sum() > 0


def test_no_more_than_three_days_of_demand_are_held():
    case = build_case(load(SCENARIOS / "small_city.yaml", ["horizon.days=12"]))
    played = Replication(replace(case.task, engine="simpy"), 0)
    held = [len(played._demand._kept) for _ in played.days()]
    assert len(held) == 14
    assert max(held) <= 3
    assert played.totals().outcomes.sum() > 0


def test_a_day_of_demand_is_given_up_with_its_last_session():
    case = build_case(load(SCENARIOS / "small_city.yaml"))
    drawn = DrawnDays([case.task.demand.day(0, day) for day in range(2)], 0.0, MIDNIGHT)
    tables = list(drawn)
    assert drawn.judged == len(tables[0])
    log = np.zeros(len(tables[0]), dtype=[("row", "i8")])
    log["row"] = np.arange(len(log))
    assert (drawn.of(log[:-1]) == tables[0][:-1]).all()
    assert len(drawn._kept) == 2
    assert (drawn.of(log[-1:]) == tables[0][-1:]).all()
    assert len(drawn._kept) == 1
