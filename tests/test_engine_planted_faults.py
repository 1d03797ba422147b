"""Plant faults in the engine and see each caught by the test that is named for it.

The checks are those of the ordinary tests; here the engine is spoilt and the same check must fail.
"""

import numpy as np
import pytest
from engine_checks import (
    check_conservation,
    check_lent_modules,
    check_no_power_in_handling,
    check_patience,
    check_soc_is_a_share,
    check_tie_of_grant_and_patience,
    check_wait_over_a_drive,
    check_whole_curve,
    run,
)
from factories import demand, facilities

from chargesim.engine.event_order import EventClass
from chargesim.engine.simpy import power, site, station, vehicle


def busy_station():
    p = facilities(guns=(2,))
    table = demand(np.arange(0.0, 300.0, 7.0), patience_min=9.0, max_diversions=0)
    world, log = run(p, table)
    check_conservation(p, table, world, log)


def test_a_leaked_gun_is_caught_by_conservation(monkeypatch):
    busy_station()

    def forget(self, server):
        self.present -= 1
        if len(self.queue) != 1:  # one release in a while is forgotten
            self.free.append(server)

    monkeypatch.setattr(site.Site, "_give_back", forget)
    with pytest.raises(AssertionError, match="guns free"):
        busy_station()


def test_a_gun_that_is_counted_as_left_too_late_is_caught_by_the_guns_that_are_free(monkeypatch):
    right = site.Site._count_occupied

    def forget(self, change):
        if change > 0 or self.queue:
            right(self, change)

    monkeypatch.setattr(site.Site, "_count_occupied", forget)
    with pytest.raises(AssertionError, match="guns occupied by"):
        busy_station()


def test_modules_that_are_no_whole_ones_are_caught_by_two_packs_by_hand(monkeypatch):
    check_lent_modules()
    monkeypatch.setattr(power, "lend_modules", lambda *_: None)  # the cabinet's kW are shared then
    with pytest.raises(AssertionError):
        check_lent_modules()


def test_a_skipped_last_curve_step_is_caught_by_the_whole_curve(monkeypatch):
    check_whole_curve()
    right = power.charge_alone_min
    monkeypatch.setattr(
        power,
        "charge_alone_min",
        lambda soc, target, kwh, edges, kw, whole: right(
            soc, target, kwh, edges[:-1].copy(), kw[:-1].copy(), whole
        ),
    )
    with pytest.raises(AssertionError):
        check_whole_curve()


def test_a_wait_that_rests_on_the_way_is_caught_by_the_drive_to_another_site(monkeypatch):
    check_wait_over_a_drive()
    drive = vehicle.drive

    def resting(city, car, *way):
        vehicle.end_wait(city, car)
        return drive(city, car, *way)

    monkeypatch.setattr(vehicle, "drive", resting)
    with pytest.raises(AssertionError):
        check_wait_over_a_drive()


def test_power_during_handling_is_caught_by_the_quarters_of_an_hour(monkeypatch):
    check_no_power_in_handling()
    serve = station.Station.serve

    def eager(self, car):
        done = serve(self, car)
        if car.charge is None:
            self._plug_in(car)
        return done

    monkeypatch.setattr(station.Station, "serve", eager)
    with pytest.raises(AssertionError):
        check_no_power_in_handling()


def test_patience_off_by_a_minute_is_caught_by_the_patience_of_a_single_car(monkeypatch):
    check_patience()
    join = site.Site.join

    def generous(self, car):
        car.patience_min += 1.0
        return join(self, car)

    monkeypatch.setattr(site.Site, "join", generous)
    with pytest.raises(AssertionError):
        check_patience()


def test_a_swapped_tie_is_caught_by_the_gun_of_the_last_instant(monkeypatch):
    check_tie_of_grant_and_patience()
    true_key = site.vehicle_key
    monkeypatch.setattr(
        site,
        "vehicle_key",
        lambda event_class, row: true_key(
            EventClass.DONE if event_class == EventClass.PATIENCE else event_class, row
        ),
    )
    monkeypatch.setattr(
        power,
        "outlet_key",
        lambda event_class, site, outlet: true_key(EventClass.PATIENCE, 1 << 40),
    )
    with pytest.raises(AssertionError, match="last instant"):
        check_tie_of_grant_and_patience()


def test_kwh_for_soc_is_caught_by_the_drive(monkeypatch):
    check_soc_is_a_share()

    def drive_in_kwh(city, car, site, km, minutes):
        event = drive(city, car, site, km, minutes)
        car.soc = car.soc_in = 0.3 - km * car.consumption_kwh_km
        return event

    drive = vehicle.drive
    monkeypatch.setattr(vehicle, "drive", drive_in_kwh)
    with pytest.raises(AssertionError):
        check_soc_is_a_share()
