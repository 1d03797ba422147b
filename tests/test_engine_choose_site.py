"""The choice of a site against one that prices every site in full, without bounds."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from factories import SCENARIOS, demand, facilities
from scipy import stats
from scipy.special import logsumexp

from chargesim.demand.demand_table import POSTED
from chargesim.engine.choice import NEVER_MIN, OUTSIDE_HASH, choose_site
from chargesim.engine.rules import NOWHERE, OUTSIDE, charge_min, noise_hash, noise_of
from chargesim.runs.case import build_case
from chargesim.scenario.reading import load


def plain_costs(p, me, origin, soc, now, tried):
    """Give the sites that a vehicle can use, the cost of each without a wait and its noise."""
    own, edges = p.city[0], p.edge_soc[me["curve"]]
    hour = int(now / 60.0) % 24
    for which in (me["station_list"], me["swap_list"]):
        for there in p.candidates[which, origin] if which >= 0 else ():
            s = there["site"]
            soc_there = soc - there["km"] * me["consumption_kwh_km"] / me["battery_kwh"]
            if s < 0 or s in tried or soc_there < 0 or p.known[s]["opens_min"] > now:
                continue
            place = p.known[s]
            full = place["hand_out_soc"] if place["swap"] else me["target_soc"]
            if place["swap"] and soc_there >= full:
                continue
            powers = p.step_kw[place["outlet"], me["curve"]]
            service = (
                place["swap_min"]
                if place["swap"]
                else place["handling_min"]
                + charge_min(soc_there, full, me["battery_kwh"], edges, powers)
            )
            price = place["price_cny_kwh"] + own["tariff_cny_kwh"][hour]
            money = (
                60.0 * price * (full - soc_there) * me["battery_kwh"] / me["value_of_time_cny_h"]
            )
            drive = there["minutes"][own["period_of_hour"][hour]]
            noise = noise_of(noise_hash(me["key"], place["hash"]))
            yield s, drive + service + money, own["noise_min"] * noise


def plain_outside(p, me, origin, soc, now):
    """Return the cost of the outside option, its noise left out."""
    own, hour = p.city[0], int(now / 60.0) % 24
    energy = (me["target_soc"] - soc) * me["battery_kwh"]
    price = own["outside_price_cny_kwh"] + own["outside_tariff_cny_kwh"][hour]
    money = 60.0 * price * energy / me["value_of_time_cny_h"]
    return p.outside_min[origin] + 60.0 * energy / own["outside_kw"] + money


def plain_choice(p, me, origin, soc, now, tried, wait_min):
    """Return the site of least cost, by the definition in the notes of `choose_site`."""
    scale = p.city[0]["noise_min"]
    best, best_cost, idle_cost = NOWHERE, inf, inf
    for s, cost, noise in plain_costs(p, me, origin, soc, now, tried):
        idle_cost = min(idle_cost, cost - noise)
        waited = cost - noise + (min(wait_min[s], NEVER_MIN) if me["guidance"] > 0 else 0.0)
        if waited < best_cost:
            best, best_cost = s, waited
    if len(tried) == 0 and idle_cost == best_cost:
        return best
    begun = me["wish_min"] + me["put_off_min"]
    costs = list(plain_costs(p, me, me["origin"], me["soc"], begun, []))
    least = min((cost - noise for _, cost, noise in costs), default=inf)
    outside = plain_outside(p, me, me["origin"], me["soc"], begun)
    total = logsumexp([-cost / scale for _, cost, _ in costs])
    shift = np.logaddexp(0.0, -outside / scale - total)
    most = (outside - least) / scale + shift
    spread = -np.log((np.float64(noise_hash(me["key"], OUTSIDE_HASH) >> 12) + 0.5) * 2.0**-52)
    gumbel = -np.logaddexp(-most, np.log(spread))
    outside_cost = plain_outside(p, me, origin, soc, now) - scale * (gumbel - shift)
    return OUTSIDE if outside_cost < best_cost else best


@pytest.mark.parametrize(
    ("name", "changes"),
    [("small_city", []), ("chongqing_2025", []), ("chongqing_2025", ["choice.noise_min=60"])],
)
def test_bounds_change_no_choice(name, changes):
    case = build_case(load(SCENARIOS / f"{name}.yaml", changes))
    p, table, rng = case.task.facilities, case.task.demand.day(0, 1), np.random.default_rng(1)
    tables = (p.candidates, p.known)
    chosen = []
    for row in rng.integers(0, len(table), 1500):
        me = table[row]
        wait_min = rng.choice([0.0, 3.0, 15.0, 60.0, inf], len(p), p=[0.4, 0.2, 0.2, 0.15, 0.05])
        near = p.candidates[me["station_list"], me["origin"]]["site"][:2]
        tried = np.zeros(16, dtype=np.int64)
        tried[:2], n_tried = near, int(rng.integers(0, 3))
        soc = float(me["soc"] * (rng.choice([0.05, 1.0]) if n_tried else 1.0))
        if n_tried and not list(plain_costs(p, me, me["origin"], me["soc"], me["wish_min"], [])):
            continue  # it could reach none at its wish, so it has tried none
        found = choose_site(
            table, row, me["origin"], soc, me["wish_min"], tried, n_tried, *tables, wait_min,
            p.city, p.edge_soc, p.step_kw, p.outside_min,
        )  # fmt: skip
        assert found[0] == plain_choice(
            p, me, me["origin"], soc, me["wish_min"], tried[:n_tried], wait_min
        ), row
        chosen.append(found[0])
    assert OUTSIDE in chosen
    assert len(set(chosen)) > 8


def chosen_of(p, table, wait_min):
    """Return what each vehicle of a table chooses at its wish."""
    tried = np.zeros(16, dtype=np.int64)
    return np.array(
        [
            choose_site(
                table, row, me["origin"], me["soc"], me["wish_min"], tried, 0, p.candidates,
                p.known, wait_min, p.city, p.edge_soc, p.step_kw, p.outside_min,
            )[0]
            for row, me in enumerate(table)
        ]
    )  # fmt: skip


@pytest.mark.parametrize("noise_min", [0.0, 3.0, 60.0])
def test_nobody_leaves_for_the_outside_where_nobody_waits(noise_min):
    """Exactly nobody, even where the outside option is far better."""
    case = build_case(load(SCENARIOS / "chongqing_2025.yaml", [f"choice.noise_min={noise_min}"]))
    p, table = case.task.facilities, case.task.demand.day(0, 1)[:3000]
    for closer_min in (0.0, 30.0, 2000.0):
        near = replace(p, outside_min=p.outside_min - closer_min)
        assert OUTSIDE not in chosen_of(near, table, np.zeros(len(p)))


@pytest.mark.parametrize("dearer_min", [-4.0, 0.0, 6.0])
@pytest.mark.parametrize("wait", [1.0, 5.0, 20.0])
def test_the_outside_option_is_a_conditional_logit(dearer_min, wait):
    """Three sites of 20 min (5 of drive, 15 of charge), the same wait at each, and an outside
    option that costs so much more. With r = exp(-V / s) / sum exp(-c / s) and q = exp(-w / s), the
    logit gives the outside r / (r + q) at a wait w and r / (r + 1) without; given that the network
    wins without a wait, it is (r / (r + q) - r / (r + 1)) / (1 - r / (r + 1))."""
    scale, vehicles = 3.0, 20_000
    p = facilities(guns=(1, 1, 1), noise_min=scale, outside_drive_min=20.0 + dearer_min - 50.0)
    keys = np.random.default_rng(5).integers(1, 2**63, vehicles).astype(np.uint64)
    table = demand(np.zeros(vehicles), guidance=POSTED, key=keys)
    r, q = np.exp(-dearer_min / scale) / 3, np.exp(-wait / scale)
    exact = r * (1 - q) / (r + q)
    left = int((chosen_of(p, table, np.full(3, wait)) == OUTSIDE).sum())
    low, high = stats.binomtest(left, vehicles).proportion_ci(0.999)
    assert low <= exact <= high


def test_the_outside_option_is_as_near_as_the_class_of_the_district_says():
    """A driver in the south-east drives further to another pile than one in the core."""
    case = build_case(load(SCENARIOS / "chongqing_2025.yaml", []))
    p, drive_min = case.task.facilities, case.scenario.outside.drive_min
    classes = np.array(case.network.districts.area_class)[case.task.district_of_origin]
    for name, minutes in drive_min.items():
        assert p.outside_min[classes == name] == pytest.approx(minutes.value + 2.5)
