"""Test processes of the user's own: what names a run with them, that looking changes nothing, what
an added gun does."""

import functools
import json
import re
import subprocess
import sys
import threading

import numpy as np
import pytest
from engine_checks import check_conservation, check_little, run
from factories import SCENARIOS, demand, facilities, outages
from typer.testing import CliRunner

from chargesim.cli import app
from chargesim.engine.replication_totals import SERVED
from chargesim.engine.simpy.engine import World
from chargesim.errors import InputError
from chargesim.runs.case import build_case
from chargesim.runs.extension_hash import extension_text
from chargesim.runs.result_directory import run_digest
from chargesim.runs.run_scenario import run_scenario
from chargesim.scenario.reading import load

SMALL = load(SCENARIOS / "small_city.yaml", ["replications=2", "fleet.stock=8000"])
TABLE = {
    "wish_min": np.arange(0.0, 500.0, 5.0),
    "patience_min": 15.0,
    "tolerance_min": 25.0,
    "max_diversions": 1,
}
STAY_MIN = 30


def idle(world):
    yield world.wait(1)


def look(world):
    """Look at everything each minute."""
    while True:
        yield world.wait(1)
        for site in world.sites:
            site.visible_wait_min()
            for gun in getattr(site, "guns", []):
                assert gun.given_kwh >= 0 and gun.busy == (not gun.done.triggered)


def stay_min():
    return STAY_MIN


def bring(world, sites=(0,), every_min=60):
    """Visit the stations in turn with a gun; the last vehicle finishes."""
    visit = 0
    while True:
        yield world.wait(every_min)
        gun, visit = world.station(sites[visit % len(sites)]).add_gun(), visit + 1
        yield world.wait(stay_min())
        yield gun.done
        gun.remove()


class Van:
    def __init__(self, kwh):
        self.kwh = kwh

    def rounds(self, world):
        yield world.env.timeout(self.kwh)

    def __call__(self, world):
        return self.rounds(world)


def closed_over(kwh):
    def rounds(world):
        yield world.env.timeout(kwh)

    return rounds


def array(middle):
    values = np.zeros(5000)
    values[2500] = middle
    return values


def go(folder, **options):
    return run_scenario(
        SMALL, out=folder, progress=False, **{"jobs": 1, "sessions": "none", **options}
    )


def totals(finished):
    return [
        {name: values.tobytes() for name, values in replication.arrays().items()}
        for replication in finished.result.replications
    ]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return go(tmp_path_factory.mktemp("plain") / "run")


def test_an_extension_changes_the_hash_of_a_run():
    digests = [
        run_digest(SMALL, extensions)
        for extensions in ([], [idle], [bring], [idle, bring], [bring, idle])
    ]
    assert len(set(digests)) == len(digests)
    assert run_digest(SMALL, [idle]) == digests[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (functools.partial(bring, every_min=60), functools.partial(bring, every_min=45)),
        (functools.partial(bring, every_min=60), functools.partial(bring, sites=60)),
        (functools.partial(bring, array(0.0)), functools.partial(bring, array(1.0))),
        (functools.partial(bring, idle), functools.partial(bring, look)),
        (closed_over(1), closed_over(2)),
        (Van(1).rounds, Van(2).rounds),
    ],
    ids=["value", "name", "within a long array", "function", "closure", "object"],
)
def test_other_values_give_another_hash(one, other):
    assert extension_text([one]) != extension_text([other])
    assert extension_text([one]) == extension_text([one])


def test_what_an_extension_names_is_part_of_it(monkeypatch):
    """`bring` calls `stay_min`, which reads `STAY_MIN`: neither is in its own code."""
    before = extension_text([bring])
    monkeypatch.setattr(sys.modules[__name__], "STAY_MIN", 31)
    changed = extension_text([bring])
    monkeypatch.undo()
    assert extension_text([bring]) == before
    assert changed != before
    monkeypatch.setattr(sys.modules[__name__], "stay_min", closed_over(3))
    assert extension_text([bring]) not in (before, changed)


def test_the_hash_is_the_same_in_every_process(tmp_path):
    """Neither the order of a set nor an address in memory is part of it."""
    (tmp_path / "van.py").write_text(
        "from chargesim.runs.extension_hash import extension_text\nimport functools\n"
        "NAMES = {'a', 'b', 'c', 'd', 'e'}\n"
        "class Van:\n    def __init__(self): self.names = set(NAMES)\n"
        "def go(world, van, then):\n    yield world.env.timeout(len(NAMES))\n"
        "print(extension_text([functools.partial(go, Van(), then=lambda world: world)]))\n"
    )
    texts = [
        subprocess.run(
            [sys.executable, tmp_path / "van.py"],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    ]
    assert "lambda" in texts[0]
    assert texts[0] == texts[1] == texts[2]


@pytest.mark.parametrize(
    ("extensions", "fault"),
    [
        (
            [eval("lambda world: None")],
            "extension <lambda>: its code cannot be read; define it in a file or a notebook cell",
        ),
        ([Van(3)], "extensions: got a Van, needs a function, a method or a partial"),
        (idle, "extensions: got idle, needs a list of functions"),
        ([idle, 3], "extensions: got a int, needs a function, a method or a partial"),
        (
            [functools.partial(bring, sites=threading.Lock())],
            "extension bring: works with a lock, which cannot be hashed; give it plain values",
        ),
    ],
)
def test_what_cannot_be_named_is_refused(tmp_path, extensions, fault):
    with pytest.raises(InputError) as caught:
        go(tmp_path / "run", extensions=extensions)
    assert caught.value.faults == [fault]
    assert not (tmp_path / "run").exists()


def test_a_run_with_an_extension_has_a_directory_of_its_own(plain):
    with pytest.raises(InputError, match="holds another run"):
        go(plain.folder, extensions=[idle])
    assert (
        json.loads((plain.folder / "manifest.json").read_text(encoding="utf-8"))["extensions"] == []
    )


def test_an_extension_that_only_looks_changes_no_byte(plain, tmp_path):
    assert totals(go(tmp_path / "idle", extensions=[idle])) == totals(plain)
    assert totals(go(tmp_path / "look", extensions=[look])) == totals(plain)


def test_workers_take_extensions(plain, tmp_path):
    van = functools.partial(bring, sites=(0, 1, 5))
    alone = go(tmp_path / "one", extensions=[van])
    workers = go(tmp_path / "two", extensions=[van], jobs=2)
    assert totals(workers) == totals(alone)
    assert totals(alone) != totals(plain)
    about = [
        json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))
        for run in (alone, workers)
    ]
    assert about[0]["run"] == about[1]["run"]
    assert about[0]["extensions"] == about[1]["extensions"] == ["bring"]


def test_a_closure_reaches_the_workers(plain, tmp_path):
    def fail_all(world):
        yield world.at(day=0)
        for gun in world.station("Riverside-1").guns:
            gun.fail()

    failing = go(tmp_path / "run", extensions=[fail_all], jobs=2)
    for before, after in zip(plain.result.replications, failing.result.replications, strict=True):
        assert before.busy_min[0].sum() > 100
        assert after.busy_min[0].sum() < 100, "only what began on the lead-in day"
        assert after.down_min[0].sum() == pytest.approx(1440 * 2)


def test_no_scenario_and_no_command_names_code(tmp_path):
    with pytest.raises(InputError, match="extensions: unknown key"):
        load(SCENARIOS / "small_city.yaml", ["extensions=van.py"])
    result = CliRunner().invoke(
        app, ["run", str(SCENARIOS / "small_city.yaml"), "--extensions", "van.py"]
    )
    assert result.exit_code == 2


def test_failing_by_an_extension_equals_the_outage_calendar():
    """At an instant at which nothing else happens, a process and the calendar do the same."""

    def outage(world):
        gun = world.station(0).gun(1)
        yield world.wait(61.5)
        gun.fail()
        yield world.wait(77.25)
        gun.restore()

    p, table = facilities(guns=(2, 1)), demand(**TABLE)
    by_hand, log = run(p, table, extensions=[outage])
    by_calendar, same = run(p, table, outages=outages((61.5, 138.75, 0, 1)))
    assert log.tobytes() == same.tobytes()
    assert by_hand.statistics.down_min.tobytes() == by_calendar.statistics.down_min.tobytes()
    assert log["interruptions"].sum() == 1
    assert log.tobytes() != run(p, table)[1].tobytes()


def test_a_visiting_gun_keeps_the_statistics():
    """Nothing is lost at many visits, the visits are no outages, and more are served than without
    them."""
    p, table = facilities(guns=(1, 1), drive_min=3.0), demand(**TABLE)
    world, log = run(p, table, extensions=[functools.partial(bring, sites=(0, 1), every_min=7.3)])
    check_conservation(p, table, world, log)
    check_little(world)
    assert (world.statistics.down_min == 0).all()
    added = [gun for site in world.sites for gun in site.guns[1:]]
    assert len(added) > 20
    assert sum(gun.given_kwh for gun in added) > 300
    given_kwh = [sum(gun.given_kwh for gun in site.guns) for site in world.sites]
    assert given_kwh == pytest.approx(world.statistics.energy_kwh.sum(axis=1), abs=1e-3)
    assert (log["outcome"] == SERVED).sum() > (run(p, table)[1]["outcome"] == SERVED).sum()


def test_what_a_gun_has_given_up_to_now():
    """25 kWh at 100 kW from 5 min on, then 25 kWh from 20 min on at the one gun; shared with a
    second gun it is half of 100 kW."""
    seen = []

    def watch(world, minutes):
        for wait_min in minutes:
            yield world.wait(wait_min)
            seen.append(world.station(0).gun(0).given_kwh)

    watched = functools.partial(
        watch, minutes=(2.0, 6.0, 9.0, 12.0, 10.0)
    )  # at 2, 8, 17, 29 and 39 min
    run(facilities(guns=(1,)), demand([0.0, 1.0]), extensions=[watched])
    assert seen == pytest.approx([0.0, 5.0, 20.0, 40.0, 50.0], abs=1e-3)
    seen.clear()
    run(facilities(guns=(2,), plug_kw=100.0), demand([0.0, 0.0]), extensions=[watched])
    assert seen == pytest.approx([0.0, 2.5, 10.0, 20.0, 25.0], abs=1e-3)


def test_who_waits_for_the_end_of_a_charge_acts_before_the_next_is_called():
    """A gun leaves when its vehicle is full, at 21 min: who waits since 7 min goes on waiting for
    the station's own, until 65."""

    def one_vehicle(world):
        gun = world.station(0).add_gun()
        yield world.wait(10.0)
        yield gun.done
        gun.remove()

    p = facilities(guns=(1,))
    table = demand([0.0, 1.0, 2.0], battery_kwh=[200.0, 50.0, 50.0])
    world, log = run(p, table, extensions=[one_vehicle])
    assert log["plug_min"].tolist() == [5.0, 6.0, 65.0]
    assert log["interruptions"].tolist() == [0, 0, 0]
    assert world.station(0).gun(1).given_kwh == pytest.approx(25.0)
    check_conservation(p, table, world, log)


def test_a_gun_added_in_a_blackout_waits_for_the_light():
    """Dark from 10 to 40 min, added at 12, removed at 100: both serve from 40 min on, one alone
    after 100 min."""

    def visit(world):
        yield world.wait(12.0)
        gun = world.station(0).add_gun()
        assert world.sites[0].foreseen_wait_min(world.env.now) == np.inf
        yield world.wait(88.0)
        gun.remove()

    p = facilities(guns=(1,))
    table = demand([0.0, 0.0, 80.0, 96.0], battery_kwh=[50.0, 50.0, 200.0, 50.0])
    world, log = run(p, table, extensions=[visit], outages=outages((10.0, 40.0, 0, -1)))
    assert log["plug_min"].tolist() == [5.0, 40.0, 85.0, 145.0]
    assert log["end_min"].tolist() == pytest.approx([50.0, 55.0, 145.0, 160.0], abs=1e-5)
    assert world.statistics.down_min.sum() == 30.0, "the outage of the station's own gun alone"
    assert world.sites[0].down == [0, 1]
    check_conservation(p, table, world, log)


def world_of(case):
    task = case.task
    return World(task.facilities, [], task.lead_in_days, task.days)


def test_a_station_by_its_id_or_its_number():
    case = build_case(SMALL)
    world, ids = world_of(case), case.network.sites.id
    for number, name in enumerate(ids):
        if case.network.sites.guns[number]:
            assert world.station(name) is world.station(number) is world.sites[number]
        else:
            with pytest.raises(InputError, match="is a swap site"):
                world.station(name)


@pytest.mark.parametrize(
    ("ask", "fault"),
    [
        (lambda w: w.station("Riverside3"), "no site 'Riverside3'; did you mean 'Riverside-3'?"),
        (lambda w: w.station(99), "no site 99; needs 0 to 11"),
        (lambda w: w.station(0).gun(9), "gun: got 9, needs 0 to"),
        (lambda w: w.at(day=-2), "at: hour 0 of day -2 is over"),
        (lambda w: w.drive_min("Riverside-3", "Old Towm"), "no site 'Old Towm'; "),
    ],
)
def test_what_is_not_there_is_refused_with_the_nearest_name(ask, fault):
    with pytest.raises(InputError, match=re.escape(fault)):
        ask(world_of(build_case(SMALL)))


def test_instants_of_the_judged_days():
    """`at` counts from the first judged day, in exact time; `wait` rounds to it."""
    seen = []

    def clock(world):
        for day, hour in ((-1, 0.0), (-1, 23.0), (0, 18.5), (1, 0.1)):
            yield world.at(day=day, hour=hour)
            seen.append(world.env.now)
        yield world.wait(1 / 3)
        seen.append(world.env.now)

    run(facilities(), demand([0.0]), days=2, lead_in_days=1, extensions=[clock])
    assert seen[:3] == [0.0, 1380.0, 1440.0 + 18.5 * 60.0]
    assert seen[3:] == pytest.approx([2886.0, 2886.0 + 1 / 3], abs=2.0**-20)
    assert all(minutes * 2**20 == int(minutes * 2**20) for minutes in seen)


def test_drives_are_those_of_the_vehicles():
    """Between sites and from a zone, at an hour of the day or at the slowest; there and back
    alike."""
    case = build_case(SMALL)
    world, network = world_of(case), case.network
    ways, ids = network.candidates, network.sites.id
    for origin, name in ((0, network.zones.id[0]), (ways.site.shape[1] - len(ids), ids[0])):
        which = int(np.flatnonzero(ways.site[:, origin, 0] >= 0)[0])
        to, by_period = int(ways.site[which, origin, 0]), ways.minutes[:, which, origin, 0]
        assert world.drive_min(name, ids[to]) == by_period.max()
        for hour in range(24):
            assert world.drive_min(name, to, hour) == by_period[ways.period_of_hour[hour]]
    assert world.drive_min(ids[to], network.zones.id[0]) == world.drive_min(network.zones.id[0], to)
    assert world.drive_min(ids[0], ids[0]) == 0.0
    with pytest.raises(InputError, match="is not among the sites near"):
        world.drive_min("R01", "Service-area")  # only from the expressway


def test_a_gun_that_nobody_uses_is_done():
    def visit(world):
        gun = world.station(0).gun(0)
        assert not gun.busy and gun.done.processed
        yield gun.done
        assert world.env.now == 0.0
        yield world.wait(6.0)
        assert gun.busy and not gun.done.triggered
        yield gun.done
        seen.append((world.env.now, gun.busy))

    seen = []
    _, log = run(facilities(guns=(1,)), demand([0.0]), extensions=[visit])
    assert seen == [(log["end_min"][0], False)]


def test_a_fault_in_a_process_is_told_in_whole_lines():
    fault = InputError(["there is no site 'x'", "there is no gun 5"])
    assert InputError(*fault.args).faults == fault.faults
    assert str(InputError(str(fault))) == str(fault)
