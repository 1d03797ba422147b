"""Test the outage calendar.

Shares of time, laws of the lengths, keyed streams, blackouts, and that off means none.
"""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from factories import SCENARIOS, TICK
from network_files import small_network
from scipy import stats

from chargesim.demand.demand_table import WHOLE_SITE, no_outages
from chargesim.demand.outages import OutageModel, build_outages, draw_outages
from chargesim.engine.event_order import SITE, EventClass, outlet_key
from chargesim.errors import InputError
from chargesim.network.network import STATION
from chargesim.scenario.reading import load

SMALL = load(SCENARIOS / "small_city.yaml")
NETWORK = small_network(SCENARIOS)
DAY_MIN = 1440.0


def model(sites=500, guns=4, mtbf_h=20.0, mttr_h=5.0, seed=3, failures=True):
    return OutageModel(
        seed=seed,
        failures=failures,
        mtbf_min=60 * mtbf_h,
        mttr_min=60 * mttr_h,
        site_ids=tuple(f"site-{number}" for number in range(sites)),
        site=np.arange(sites),
        guns=np.full(sites, guns),
        blackouts=no_outages(),
    )


def by_gun(rows):
    """Return the rows of each gun in their order."""
    guns = {}
    for row in rows:
        guns.setdefault((int(row["site"]), int(row["gun"])), []).append(
            (float(row["begin_min"]), float(row["end_min"]))
        )
    return guns


@pytest.mark.stat
def test_guns_are_down_their_share_of_the_time():
    """2,000 guns, 5 of 25 h down.

    A 99.9 % interval over the guns holds 0.2, of the whole, the first and the last day.
    """
    horizon = 10 * DAY_MIN
    rows = model().draw(0, horizon)
    for begin, end in ((0.0, horizon), (0.0, DAY_MIN), (horizon - DAY_MIN, horizon)):
        down = np.zeros((500, 4))
        inside = np.maximum(
            0.0, np.minimum(rows["end_min"], end) - np.maximum(rows["begin_min"], begin)
        )
        np.add.at(down, (rows["site"], rows["gun"]), inside)
        share = down.ravel() / (end - begin)
        half = stats.norm.ppf(0.9995) * share.std(ddof=1) / np.sqrt(share.size)
        assert abs(share.mean() - 0.2) < half
        assert half < 0.03


@pytest.mark.stat
def test_a_gun_is_as_likely_down_at_the_start_as_ever():
    """Down at 0: a fifth of 20,000 guns, within four standard errors."""
    down = [
        (model().draw(replication, DAY_MIN)["begin_min"] == 0).sum() for replication in range(10)
    ]
    assert abs(sum(down) / 20_000 - 0.2) < 4 * np.sqrt(0.2 * 0.8 / 20_000)


@pytest.mark.stat
def test_times_up_and_down_are_exponential():
    guns = by_gun(model(sites=300).draw(1, 60 * DAY_MIN))
    down = [end - begin for rows in guns.values() for begin, end in rows[1:10]]
    up = [later[0] - earlier[1] for rows in guns.values() for earlier, later in pairwise(rows[:11])]
    for lengths, mean_h in ((down, 5.0), (up, 20.0)):
        assert len(lengths) > 5000
        assert stats.kstest(lengths, "expon", args=(0, 60 * mean_h)).pvalue > 1e-3


def test_rows_are_whole_ticks_in_order_and_do_not_overlap():
    rows = model(sites=40, guns=20, mtbf_h=2.0, mttr_h=1.0).draw(0, 5 * DAY_MIN)
    assert len(rows) > 10_000
    for name in ("begin_min", "end_min"):
        assert np.array_equal(rows[name] / TICK, np.round(rows[name] / TICK))
    assert (rows["end_min"] > rows["begin_min"]).all()
    assert (rows["begin_min"] < 5 * DAY_MIN).all()
    order = list(
        zip(rows["begin_min"].tolist(), rows["site"].tolist(), rows["gun"].tolist(), strict=True)
    )
    assert order == sorted(order)
    guns = by_gun(rows)
    assert len(guns) == 800
    assert all(earlier[1] < later[0] for mine in guns.values() for earlier, later in pairwise(mine))


def test_a_longer_horizon_holds_the_shorter_one():
    short, long = (model(sites=30).draw(2, days * DAY_MIN) for days in (3, 40))
    assert np.array_equal(long[long["begin_min"] < 3 * DAY_MIN], short)


def test_another_site_or_gun_moves_no_other_gun_s_failures():
    few, more = (
        by_gun(model(sites=30, guns=2).draw(0, 20 * DAY_MIN)),
        by_gun(model(sites=31, guns=9).draw(0, 20 * DAY_MIN)),
    )
    many = by_gun(model(sites=31, guns=40).draw(0, 20 * DAY_MIN))
    assert all(more[gun] == rows for gun, rows in few.items())
    assert all(many[gun] == rows for gun, rows in more.items())
    assert len(many) > len(more) > len(few)


def test_sites_replications_and_seeds_have_streams_of_their_own():
    tables = [
        model(seed=seed).draw(replication, DAY_MIN)
        for seed, replication in ((3, 0), (3, 1), (4, 0))
    ]
    begins = [set(table["begin_min"].tolist()) - {0.0} for table in tables]
    assert not begins[0] & begins[1]
    assert not begins[0] & begins[2]
    assert (
        len(begins[0]) == (tables[0]["begin_min"] > 0).sum()
    )  # no two guns fail at the same instant
    assert np.array_equal(model().draw(0, DAY_MIN), tables[0])


def test_a_slower_repair_keeps_the_order_of_failures():
    """A gun that works at the start fails first at the same instant, whatever a repair takes."""
    quick, slow = (by_gun(model(mttr_h=mttr_h).draw(0, 5 * DAY_MIN)) for mttr_h in (1.0, 8.0))
    working = [gun for gun, rows in slow.items() if rows[0][0] > 0]
    assert len(working) > 500
    for gun in working:
        assert quick[gun][0][0] == slow[gun][0][0]
        assert (slow[gun][0][1] - slow[gun][0][0]) == pytest.approx(
            8 * (quick[gun][0][1] - quick[gun][0][0]), abs=1e-5
        )
    assert {gun for gun, rows in quick.items() if rows[0][0] == 0} <= {
        gun for gun, rows in slow.items() if rows[0][0] == 0
    }


@pytest.mark.parametrize("mtbf_h", [1e9, 1e300])
def test_no_failure_in_the_limit(mtbf_h):
    assert len(model(mtbf_h=mtbf_h).draw(0, 30 * DAY_MIN)) == 0


def test_never_repaired_in_the_other_limit():
    rows = model(sites=10, mttr_h=1e300).draw(0, 30 * DAY_MIN)
    assert len(rows) == 40
    assert (rows["begin_min"] == 0).all()
    assert (rows["end_min"] > 30 * DAY_MIN).all()


def test_more_failures_than_fit_are_refused():
    with pytest.raises(InputError) as caught:
        model(mtbf_h=1e-6, mttr_h=1e-6).draw(0, DAY_MIN)
    assert caught.value.faults == [
        "reliability.mtbf_h, mttr_h: ask for 2.4e+10 failures in a replication; at most "
        "2,000,000 fit"
    ]


def outages(changes, horizon_min=3 * DAY_MIN):
    scenario = SMALL.replace(changes).scenario
    return draw_outages(scenario, NETWORK, scenario.seed, 0, horizon_min)


def test_off_means_none():
    assert len(outages({})) == 0
    assert len(outages({"reliability.mtbf_h": 1.0})) == 0


def test_failures_are_those_of_the_stations():
    rows = outages({"reliability.failures": True, "reliability.mtbf_h": 5.0})
    sites = NETWORK.sites
    assert set(rows["site"].tolist()) == set(np.flatnonzero(sites.kind == STATION).tolist())
    assert ((rows["gun"] >= 0) & (rows["gun"] < sites.guns[rows["site"]])).all()
    assert len(by_gun(rows)) == sites.guns.sum()


def blackout(district, day, from_hour, hours):
    return {"district": district, "day": day, "from_hour": from_hour, "hours": hours}


def test_a_blackout_is_a_row_of_every_site_of_the_district():
    name = NETWORK.districts.name[0]
    rows = outages({"blackouts": [blackout(name, 0, 17.5, 3)]})
    assert rows["site"].tolist() == np.flatnonzero(NETWORK.sites.district == 0).tolist()
    assert len(set(NETWORK.sites.kind[rows["site"]].tolist())) == 2  # stations and swap sites
    assert (rows["gun"] == WHOLE_SITE).all()
    lead_in = SMALL.scenario.horizon.lead_in_days * DAY_MIN
    assert set(rows["begin_min"].tolist()) == {lead_in + 17.5 * 60}
    assert set(rows["end_min"].tolist()) == {lead_in + 20.5 * 60}


def test_blackouts_that_overlap_or_touch_are_one():
    name = NETWORK.districts.name[0]
    spans = [
        blackout(name, 0, 10, 2),
        blackout(name, 0, 8, 2),
        blackout(name, 0, 9, 1),
        blackout(name, 0, 20, 6),
        blackout(name, 1, 1, 0.5),
    ]
    rows = outages({"blackouts": spans})
    lead_in = SMALL.scenario.horizon.lead_in_days * DAY_MIN
    site = int(rows["site"][0])
    assert by_gun(rows)[site, WHOLE_SITE] == [
        (lead_in + 480, lead_in + 720),
        (lead_in + 1200, lead_in + 1560),
    ]


def test_blackouts_stand_among_the_failures_and_beyond_the_horizon_is_none():
    name = NETWORK.districts.name[0]
    rows = outages(
        {
            "reliability.failures": True,
            "reliability.mtbf_h": 5.0,
            "blackouts": [blackout(name, 0, 12, 1), blackout(name, 2, 0, 1)],
        }
    )
    order = list(
        zip(rows["begin_min"].tolist(), rows["site"].tolist(), rows["gun"].tolist(), strict=True)
    )
    assert order == sorted(order)
    assert (rows["gun"] == WHOLE_SITE).sum() == (NETWORK.sites.district == 0).sum()
    failures = outages({"reliability.failures": True, "reliability.mtbf_h": 5.0})
    assert np.array_equal(rows[rows["gun"] != WHOLE_SITE], failures)


def test_at_one_instant_a_blackout_stands_behind_the_failures_of_its_site():
    """Guns and a blackout that begin at the start are in the order of the engine's keys."""
    changes = {
        "horizon.lead_in_days": 0,
        "reliability.failures": True,
        "reliability.mtbf_h": 5.0,
        "reliability.mttr_h": 5.0,
    }
    rows = outages(changes | {"blackouts": [blackout(NETWORK.districts.name[0], 0, 0, 1)]})
    order = [
        (begin, outlet_key(EventClass.FAILURE, site, SITE if gun == WHOLE_SITE else gun))
        for begin, _, site, gun in rows.tolist()
    ]
    assert order == sorted(order)
    dark = rows[(rows["begin_min"] == 0) & (rows["gun"] == WHOLE_SITE)]["site"]
    assert np.isin(
        dark, rows[(rows["begin_min"] == 0) & (rows["gun"] != WHOLE_SITE)]["site"]
    ).any(), "some fail at that instant"


def test_a_city_without_a_station_has_no_failures():
    sites = SimpleNamespace(
        kind=np.zeros(0, dtype=np.int64),
        id=(),
        guns=np.zeros(0, dtype=np.int64),
        district=np.zeros(0, dtype=np.int64),
    )
    nowhere = SimpleNamespace(sites=sites, districts=NETWORK.districts)
    scenario = SMALL.replace({"reliability.failures": True}).scenario
    assert len(build_outages(scenario, nowhere).draw(0, DAY_MIN)) == 0  # type: ignore[arg-type]
