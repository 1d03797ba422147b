"""Check what a recorded log may say of a wish: stays, sites, swaps, diversions, blank cells."""

import dataclasses

import numpy as np
import pytest
from factories import TICK
from network_files import copy_small_city

from chargesim.errors import InputError
from chargesim.runs.case import build_case
from chargesim.runs.replication import simulate
from chargesim.scenario.reading import load

HANDLING_MIN = 2.5


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return copy_small_city(tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="module")
def case_of(city):
    """Return the case of the small city with a log, given as text."""

    def build(text, *changes):
        (city / "log.csv").write_text(text, encoding="utf-8")
        return build_case(load(city / "small_city.yaml", ["recorded=log.csv", *changes]))

    return build


@pytest.fixture
def faults_of(case_of, city):
    def find(text, *changes):
        with pytest.raises(InputError) as caught:
            case_of(text, *changes)
        return [fault.replace(f"{city}/", "") for fault in caught.value.faults]

    return find


def sessions(case, engine="simpy"):
    return simulate(dataclasses.replace(case.task, engine=engine), 0)[1]


STAYS = """wish_min,vehicle_class,site,zone,duration_min,max_diversions,patience_min
1500,private_car,Riverside-4,,40.25,,
1510,private_car,Riverside-4,,10,0,0.01
1520,taxi,Riverside-4,R05,90,,60
1600,taxi,Hilltown-1,,2,,
"""


def test_a_stay_occupies_its_gun_as_long_as_the_log_says(case_of):
    """From plug-in to leaving, whatever the handling; next to no energy flows."""
    case = case_of(STAYS)
    found = sessions(case)
    assert found["outcome"].tolist() == ["served", "lost", "served", "served"]
    assert found["service_min"].tolist() == [40.25, 0, 90, HANDLING_MIN + TICK]
    assert found["site"].tolist() == ["Riverside-4"] * 3 + ["Hilltown-1"]
    assert found["zone"].isna().tolist() == [True, True, False, True]
    assert found["drive_min"].tolist()[:2] == [TICK, TICK]  # it begins there
    assert 2 < found["drive_min"][2] < 3
    assert found["wait_min"][2] == pytest.approx(20.25 - found["drive_min"][2], abs=1e-5)
    assert (found["energy_kwh"] < 1e-6).all()
    assert case.task.demand.too_short == 1


def test_both_engines_play_a_log_with_stays_and_named_sites_alike(case_of):
    case = case_of(STAYS + "1530,taxi,Riverside-swap-taxi,R01,,,\n1540,taxi,,R06,15,,\n")
    simpy, compiled = (sessions(case, engine) for engine in ("simpy", "compiled"))
    assert simpy.equals(compiled)


def test_drivers_expect_the_stays_of_the_log_at_a_station(case_of):
    facilities = case_of(STAYS).task.facilities
    mean = dict(zip(facilities.site_ids, facilities.service_min, strict=True))
    assert mean["Riverside-4"] == pytest.approx((40.25 + 10 + 90) / 3)
    assert mean["Hilltown-1"] == pytest.approx(HANDLING_MIN)
    drawn = case_of(STAYS, "recorded=null").task.facilities
    assert (
        mean["Riverside-1"]
        == dict(zip(drawn.site_ids, drawn.service_min, strict=True))["Riverside-1"]
    )


def test_the_way_to_a_named_site_is_that_of_the_candidate_lists(case_of):
    """The same zone and site in both; a site beyond the lists has a way, too."""
    head = "wish_min,vehicle_class,zone,site,soc,target_soc\n"
    case = case_of(head + "1500,taxi,R09,Hilltown-2,0.5,0.8\n1500,taxi,R09,Riverside-4,0.5,0.8\n")
    ways, lists = case.task.demand.ways, case.network.candidates
    zone, which = case.network.zones.id.index("R09"), case.task.demand.table["station_list"][0]
    for way, site in enumerate(ways.site):
        rank = np.flatnonzero(lists.site[which, zone] == site)
        assert len(rank) == 1
        assert ways.km[way] == pytest.approx(lists.km[which, zone, rank[0]])
        assert ways.minutes[:, way] == pytest.approx(lists.minutes[:, which, zone, rank[0]])


def test_swaps_go_to_swap_sites_alone(case_of):
    head = "wish_min,vehicle_class,zone,site,soc,target_soc,swap\n"
    found = sessions(
        case_of(
            head
            + "1500,taxi,R06,,0.2,0.9,1\n1510,taxi,R06,,0.2,0.9,0\n1520,taxi,R06,,0.2,0.9,\n"
            + "1530,taxi,,Riverside-swap-taxi,0.2,,\n"
        )
    )
    assert found["kind"].tolist() == ["swap", "station", "station", "swap"]
    assert found["site"].tolist()[3] == "Riverside-swap-taxi"


def test_blank_cells_mean_the_fleets_values(case_of):
    head = "wish_min,vehicle_class,zone,soc,target_soc,patience_min,max_diversions,curve\n"
    case = case_of(head + "1500,taxi,R06,,,,,\n1510,taxi,R06,0.95,,7,0,\n1520,taxi,R06,,0.1,,,\n")
    table, fleet = case.task.demand.table, case.scenario.fleets["taxi"]
    assert table["patience_min"].tolist() == [fleet.patience_min.value, 7, fleet.patience_min.value]
    assert table["max_diversions"].tolist() == [fleet.max_diversions, 0, fleet.max_diversions]
    assert table["soc"][0] == pytest.approx(fleet.soc_mean.value, abs=0.05)
    assert table["target_soc"][0] == pytest.approx(fleet.target_soc_mean.value, abs=0.05)
    assert table["target_soc"][1] == 1.0
    assert table["soc"][2] == pytest.approx(0.1 - case.scenario.fleet.least_gain.value)


def test_what_does_not_fit_in_a_row_of_a_log(faults_of):
    head = "wish_min,vehicle_class,zone,site,soc,target_soc,duration_min,overstay_min,swap\n"
    found = faults_of(
        head
        + "1,taxi,,,0.2,0.8,,,\n2,taxi,R06,,0.2,0.8,30,,\n3,taxi,R06,,0.2,,30,4,\n"
        + "4,corridor,R06,,0.2,0.8,,,\n5,taxi,R06,Riverside-9,0.2,0.8,,,\n6,taxi,R06,,0.2,,9,,1\n"
    )
    assert found == [
        "log.csv:5: zone: got 'R06', needs a corridor for through traffic, such as "
        "gate_east>service, gate_west>service, service>gate_east",
        "log.csv:2: zone: needs a value, unless the row has a site",
        "log.csv:3: duration_min: got 30, needs to be blank where target_soc is given",
        "log.csv:7: duration_min: got 9, needs to be blank at a swap",
        "log.csv:6: site: got 'Riverside-9', needs the id of a site",
        "log.csv:4: overstay_min: got 4, needs to be blank where duration_min is given",
    ]


def test_fleets_and_sites_that_do_not_go_together(faults_of):
    head = "wish_min,vehicle_class,zone,site,soc,target_soc,swap\n"
    found = faults_of(
        head
        + "1,taxi,R06,Riverside-truck,0.2,0.8,\n2,taxi,R06,Riverside-1,0.2,0.8,1\n"
        + "3,bus,R06,,0.2,0.8,1\n4,taxi,R06,Riverside-swap-taxi,0.2,0.8,0\n"
    )
    assert found == [
        "log.csv:5: site: got 'Riverside-swap-taxi', needs a station where swap is 0",
        "log.csv:3: site: got 'Riverside-1', needs a swap site where swap is 1",
        "log.csv:2: site: got 'Riverside-truck', needs a site that taxi may use",
        "log.csv:4: swap: got 1, needs 0, since no swap site takes packs of bus",
    ]
