"""Time at a gun without power: handling before and after a charge, and overstays."""

import numpy as np
import pytest
from engine_checks import (
    check_conservation,
    check_little,
    check_no_power_in_handling,
    run,
    run_both,
)
from factories import demand, facilities, outages

from chargesim.demand.demand_table import CLOUD
from chargesim.engine.operating_rules import OperatingRules
from chargesim.engine.replication_totals import SERVED

HANDLING = OperatingRules(handling_before_min=2.0, handling_after_min=1.5)


def test_a_gun_is_taken_before_and_after_the_charge():
    """At 105 it takes the gun; power from 107 to 122; it leaves at 123.5."""
    world, log = run_both(facilities(operating_rules=HANDLING), demand([100.0]))
    assert (log["plug_min"][0], log["end_min"][0]) == (105.0, 123.5)
    assert (log["service_min"][0], log["charging_min"][0], log["wait_min"][0]) == (18.5, 15.0, 0.0)
    assert world.statistics.busy_min.sum() == 18.5
    assert world.statistics.charging_min.sum() == 15.0


def test_no_power_flows_during_handling_and_overstay():
    check_no_power_in_handling()


def test_handling_is_a_longer_service_without_power():
    """Constant services, M/D/c: 15 min of charge and 3.5 of handling wait as 18.5 of charge do."""
    rng = np.random.default_rng(3)
    wishes = np.cumsum(rng.exponential(7.0, 400))
    handled = facilities(guns=(3,), operating_rules=HANDLING)
    _, log = run_both(handled, demand(wishes), days=3)
    longer = demand(wishes, battery_kwh=50.0 * 18.5 / 15.0)
    _, plain = run(facilities(guns=(3,)), longer, days=3)
    assert plain["wait_min"].max() > 5.0
    assert log["wait_min"] == pytest.approx(plain["wait_min"], abs=1e-4)
    assert log["end_min"] == pytest.approx(plain["end_min"], abs=1e-4)


def test_no_handling_and_no_overstay_equal_a_charge_alone():
    wishes = np.arange(0.0, 300.0, 4.0)
    none = facilities(guns=(2, 1), operating_rules=OperatingRules(handling_before_min=0.0))
    _, log = run(none, demand(wishes, overstay_min=0.0, tolerance_min=40.0))
    assert (log["service_min"] == log["charging_min"]).all()
    at = log["plug_min"] >= 0
    assert (log["end_min"] == log["plug_min"] + log["charging_min"])[at].all()


def test_an_overstay_keeps_the_gun():
    """The first is full at 20 and stays until 32; the second waits from 6 to 32."""
    table = demand([0.0, 1.0], overstay_min=[12.0, 0.0])
    world, log = run_both(facilities(guns=(1,)), table)
    assert log["plug_min"].tolist() == [5.0, 32.0]
    assert log["wait_min"].tolist() == [0.0, 26.0]
    assert (log["service_min"][0], log["charging_min"][0]) == (27.0, 15.0)
    check_little(world)


@pytest.mark.parametrize(
    ("begin", "interruptions", "end"),
    [(6.0, 1, 28.5 + 2.0), (15.0, 1, 28.5 + 2.0), (23.0, 0, 23.0), (30.0, 0, 30.0)],
)
def test_a_gun_that_fails_cuts_off_handling_and_charge_but_lets_go_who_is_full(
    begin, interruptions, end
):
    """It takes the gun at 5, charges from 7 to 22, handles until 23.5 and stays until 35.5. Failed
    from `begin` for 5 min: cut off before power it has all to do again, cut off at 15 half."""
    table = demand([0.0], overstay_min=12.0)
    p = facilities(guns=(1,), operating_rules=HANDLING)
    world, log = run_both(p, table, outages((begin, begin + 5.0, 0, 0)))
    assert (log["outcome"][0], log["interruptions"][0]) == (SERVED, interruptions)
    assert log["energy_kwh"][0] == pytest.approx(25.0)
    if interruptions:
        rest = 15.0 if begin < 7.0 else 15.0 - (begin - 7.0)
        end = begin + 5.0 + 2.0 + rest + 1.5 + 12.0
    assert log["end_min"][0] == pytest.approx(end, abs=1e-5)
    assert log["service_min"][0] == pytest.approx(log["end_min"][0] - 5.0 - 5.0 * interruptions)
    check_conservation(p, table, world, log)


def test_guns_that_share_power_give_none_during_handling():
    """Behind 100 kW for two: the second handles from 6 to 8, so the first has all of it until 8."""
    p = facilities(guns=(2,), cabinet_kw=100.0, per_cabinet=2, operating_rules=HANDLING)
    world, log = run_both(p, demand([0.0, 1.0]))
    given = (8 - 7) * 100 / 60
    share = 2 * (25.0 - given) / 100 * 60  # both at 50 kW until the first is full
    assert log["end_min"][0] == pytest.approx(8 + share + 1.5, abs=1e-4)
    check_conservation(p, demand([0.0, 1.0]), world, log)


def test_the_cloud_foresees_handling():
    """One gun, taken at 5: power from 7 to 22, free at 23.5. Who arrives at 10 waits 13.5 min, and
    accepts 13.6 but not 13.4."""
    p = facilities(guns=(1, 1), operating_rules=OperatingRules(
        cloud=True, handling_before_min=2.0, handling_after_min=1.5
    ))  # fmt: skip
    for other_min, site in ((5.0 + 13.25, 1), (5.0 + 13.75, 0)):
        p.candidates["minutes"][0, 0, 1] = other_min
        _, log = run_both(p, demand([0.0, 5.0], guidance=CLOUD))
        assert log["site"].tolist() == [0, site]
