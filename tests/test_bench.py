"""Compare the results of the bench's programs on the same vehicles; no time is judged."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from engine_checks import differences, run
from factories import SCENARIOS, TICK, demand, facilities
from rich.console import Console

from chargesim.bench import suite
from chargesim.bench.ciw_program import ciw
from chargesim.bench.floor import EVENTS_A_SESSION, floor, heap_of_run, spin
from chargesim.bench.naive import NaiveCity
from chargesim.bench.power_limits import slowed_share, with_limits, without_limits
from chargesim.bench.programs import compiled_engine_to_the_end, simpy_engine_to_the_end
from chargesim.bench.race import ProgramResult, run_race
from chargesim.bench.scaling import Days, run_days, scale_sessions, scale_sites
from chargesim.bench.suite import PARTS, Sizes, Target, bench_case, race_queues
from chargesim.engine.compiled.engine import CompiledWorld, run_compiled
from chargesim.engine.compiled.schedule import pop, push
from chargesim.engine.compiled.state import EVENT
from chargesim.engine.operating_rules import OperatingRules
from chargesim.engine.replication_totals import OUTCOMES, SERVED
from chargesim.runs.case import build_case
from chargesim.scenario.reading import load
from chargesim.synthetic.ciw_inputs import by_station, has_ciw
from chargesim.synthetic.grids import city_grid, grid_day, grid_facilities, queueing_grid
from chargesim.view.bench import print_bench

TINY = Sizes(
    queueing_sites=(2, 3),
    queueing_sessions=60,
    scaled_sites=(10, 20),
    scaled_sessions=500,
    scaled_days=(1, 2),
)


@pytest.fixture(autouse=True)
def once(monkeypatch):
    """Run each program once a round, however short it is."""
    monkeypatch.setattr("chargesim.bench.race.MOST_TIMES", 1)
    monkeypatch.setattr("chargesim.bench.scaling.MOST_TIMES", 1)


def printed(measured):
    out = io.StringIO()
    print_bench(Console(width=110, file=out), measured)
    return " ".join(out.getvalue().split())


@pytest.mark.parametrize("seed", range(5))
def test_the_naive_program_agrees_where_no_power_is_shared(seed):
    rng = np.random.default_rng(seed)
    n = 150
    p = facilities(
        guns=(1, 2, 1, 1),
        swap=(False, False, True, False),
        noise_min=3.0,
        km=2.0,
        packs=4,
        slots=2,
        outside_drive_min=60.0,
        operating_rules=OperatingRules(handling_before_min=1.5, handling_after_min=1.0),
    )
    stays_min = np.where(rng.random(n) < 0.3, rng.exponential(8.0, n), 0.0)
    table = demand(
        rng.uniform(0, 900, n),
        battery_kwh=rng.uniform(30, 80, n),
        patience_min=12.0,
        tolerance_min=25.0,
        max_diversions=2,
        guidance=rng.integers(0, 2, n),
        swap_list=np.where(rng.random(n) < 0.3, 1, -1),
        key=rng.integers(1, 2**62, n),
        overstay_min=np.floor(stays_min / TICK) * TICK,
    )
    _, log = run(p, table)
    city = NaiveCity(p, [table], 1440.0)
    city.run()
    ours = {name: int((log["outcome"] == number).sum()) for number, name in enumerate(OUTCOMES)}
    assert city.outcomes["served"] == ours["served"]
    assert city.outcomes["lost"] == ours["lost"]
    served = log[log["outcome"] == SERVED]
    assert sorted(city.waits) == pytest.approx(sorted(served["wait_min"]), abs=1e-4)
    assert sorted(city.queues) == pytest.approx(sorted(served["queue_min"]), abs=1e-4)
    assert (served["wait_min"] > served["queue_min"]).sum() > 10


def test_a_day_times_all_on_the_same_vehicles():
    measured = bench_case(build_case(load(SCENARIOS / "small_city.yaml")), 2, ("day",))
    race = measured.day
    naive, ours, compiled, least = race.contenders
    assert naive.sessions == ours.sessions == compiled.sessions == least.sessions > 100
    assert (compiled.served_share, compiled.mean_wait_min) == (
        ours.served_share,
        ours.mean_wait_min,
    )
    assert naive.served_share == pytest.approx(ours.served_share, abs=0.02)
    assert race.ratio("SimPy engine", "SimPy engine") == 1.0
    a, b = race.times["naive SimPy"], race.times["compiled engine"]
    assert race.ratio("naive SimPy", "compiled engine") == pytest.approx(
        np.median(np.array(a) / np.array(b))
    )
    assert len(a) == 2
    assert measured.power == measured.queueing == measured.scaling == ()


def test_all_parts_are_plain_data_and_are_printed():
    measured = bench_case(build_case(load(SCENARIOS / "small_city.yaml")), 1, PARTS, TINY)
    data = json.loads(json.dumps(measured.to_dict(), allow_nan=False))
    assert set(data) == {"day", "queueing", "power", "scaling", "targets"}
    assert set(data["day"]) == {"title", "contenders", "ratios", "notes", "draw_us_per_vehicle"}
    assert [one["sites"] for one in data["queueing"]] == [2, 3]
    assert [one["title"] for one in data["power"]] == ["no limit binds", "all limits bind"]
    assert [[size["sites"] for size in one["sizes"]] for one in data["scaling"]] == [
        [10, 20],
        [100, 100],
    ]
    assert [[size["sessions"] for size in one["sizes"]] for one in data["scaling"]] == [
        [500, 500],
        [10_000, 20_000],
    ]
    assert len(data["targets"]) == 7
    assert all(
        {"name", "at_most", "bound", "reached", "met"} == set(one) for one in data["targets"]
    )
    text = printed(measured)
    for word in (
        "floor",
        "mean wait, min",
        "us at 3",
        "knows no shared power",
        "ns a session",
        "dearest over cheapest",
        "Targets",
    ):
        assert word in text


def test_a_target_is_reached_from_its_own_side():
    assert [Target("a", True, 3.0, reached).met for reached in (2.0, 3.0, 4.0)] == [
        True,
        True,
        False,
    ]
    assert [Target("a", False, 3.0, reached).met for reached in (2.0, 3.0, 4.0)] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(("sites", "sessions"), [(1, 80), (5, 400)])
def test_ciw_finds_the_same_mean_wait(sites, sessions):
    pytest.importorskip("ciw", reason="Ciw is another program, installed for development alone")
    grid = queueing_grid(sites, sessions)
    p, table = grid_facilities(grid), grid_day(grid)
    theirs, ours, compiled = (
        enter(p, table)() for enter in (ciw, simpy_engine_to_the_end, compiled_engine_to_the_end)
    )
    assert theirs.served_share == ours.served_share == compiled.served_share == 1.0
    assert ours.mean_wait_min > 1.0
    assert theirs.mean_wait_min == pytest.approx(ours.mean_wait_min, abs=1e-9)
    assert compiled == ours


def test_waits_follow_lindley_at_every_station():
    """Kiefer and Wolfowitz's recursion for two guns, on what is handed to Ciw."""
    grid = queueing_grid(4, 300)
    p, table = grid_facilities(grid), grid_day(grid)
    waits = []
    for arrivals, services in zip(*by_station(p, table), strict=True):
        free = [0.0, 0.0]
        for at, service in zip(arrivals, services, strict=True):
            waits.append(max(0.0, min(free) - at))
            free[free.index(min(free))] = at + waits[-1] + service
    assert compiled_engine_to_the_end(p, table)().mean_wait_min == pytest.approx(
        np.mean(waits), abs=1e-9
    )


def test_without_ciw_the_table_says_so(monkeypatch):
    monkeypatch.setattr(suite, "has_ciw", lambda: False)
    race = race_queues(3, 60, rounds=1)
    absent = race.contenders[0]
    assert (absent.name, absent.us_per_session) == ("Ciw", None)
    assert race.ratio("Ciw", "compiled engine") is None
    text = printed(suite.Bench(queueing=((3, race),)))
    assert "│ Ciw │ not installed │ - │" in text
    assert "Ciw: not installed; it comes with the extras for development, '.[dev]'." in text
    assert "OTHER" not in text


def test_ciw_is_found_where_it_is(monkeypatch):
    monkeypatch.setattr("chargesim.synthetic.ciw_inputs.find_spec", lambda _: None)
    assert not has_ciw()


def test_other_mean_waits_are_reported():
    grid = queueing_grid(2, 40)
    programs = {
        "Ciw": lambda p, t: lambda: ProgramResult(1.0, 5.0),
        "compiled engine": compiled_engine_to_the_end,
    }
    race = run_race("two", programs, [(grid_facilities(grid), grid_day(grid))])
    assert "Ciw finds OTHER mean waits" in printed(suite.Bench(queueing=((2, race),)))


@pytest.mark.parametrize("entries", [1, 2, 3, 50, 777])
def test_the_floor_is_a_heap(entries):
    rng = np.random.default_rng(entries)
    heap = np.zeros(entries + 1, dtype=EVENT)
    times = rng.integers(0, 20, entries).astype(float)
    for n, time in enumerate(times):
        push(heap, n, time, n, 0, 0, 0)
    came = []
    for n in range(entries, 0, -1):
        came.append((float(heap[0]["time"]), int(heap[0]["key"])))
        pop(heap, n - 1)
    assert came == sorted(zip(times, range(entries), strict=True))


def test_the_floor_keeps_its_size_and_its_time_goes_on():
    heap = np.zeros(41, dtype=EVENT)
    heap["key"] = np.arange(41)
    waits = np.random.default_rng(1).exponential(1.0, 64)
    spin(heap, waits, EVENTS_A_SESSION * 1000)
    times = heap["time"][:-1]
    assert times.min() > 0
    assert all(times[i] >= times[(i - 1) // 2] for i in range(1, 40))
    assert floor(40.4)(None, np.zeros(5))() == ProgramResult()


def test_the_heap_of_a_run_is_measured_while_it_runs(monkeypatch):
    monkeypatch.setattr("chargesim.bench.floor.SAMPLE_EVERY", 1)
    grid = queueing_grid(2, 50)
    p, table = grid_facilities(grid), grid_day(grid)
    world, entries = CompiledWorld(p, [table], 0, 1), []
    while not world.run_until(1440.0, False, 1):
        entries.append(int(world._city.clock["events"][0]))
    mean, events = heap_of_run(p, table)
    assert mean == pytest.approx(np.mean(entries))
    assert (
        3.0 <= events <= 4.0
    )  # a wish, an arrival, an end; the end of a patience for those who waited


def test_limits_slow_nobody_or_many():
    case = build_case(load(SCENARIOS / "small_city.yaml"))
    table = case.task.demand.day(0, 0)
    free, bound = without_limits(case.task.facilities), with_limits(case.task.facilities)
    assert slowed_share(free, table) == (0.0, 0.0)
    assert slowed_share(bound, table)[0] > 0.1
    assert slowed_share(bound, table)[1] > 0.5
    assert differences(free, [table]) == []
    assert differences(bound, [table]) == []


def test_a_city_grid_is_one_that_the_engines_know():
    grid = replace(city_grid(6, 200), known=4)
    tables = [grid_day(grid, day) for day in range(2)]
    assert tables[1]["wish_min"].min() >= 1440.0
    assert differences(grid_facilities(grid), tables, days=2) == []
    log = run_compiled(grid_facilities(grid), tables, 0, 2)[1]
    assert (log["diversions"] > 0).any()
    assert (log["drive_min"] > 1).any()


def test_days_are_drawn_when_asked_for():
    days = Days(city_grid(5), 3)
    given = iter(days)
    next(given)
    drawn = days.seconds
    assert drawn > 0
    assert len(list(given)) == 2
    assert days.seconds > drawn
    assert run_days(city_grid(5), 2) > 0


def test_scaling_counts_what_it_runs():
    by_sites, by_days = scale_sites((4, 8), 400, rounds=2), scale_sessions((1, 3), 2, city_grid(4))
    assert [(size.sites, size.sessions) for size in by_sites.sizes] == [(4, 400), (8, 400)]
    assert [(size.sites, size.sessions) for size in by_days.sizes] == [(4, 100), (4, 300)]
    for one in (by_sites, by_days):
        assert one.dearest_over_cheapest >= max(1.0, one.largest_over_smallest)
