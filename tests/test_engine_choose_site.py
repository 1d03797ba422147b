"""The choice of a site against one that prices every site in full, without bounds."""

from math import inf

import numpy as np
import pytest
from factories import SCENARIOS

from chargesim.engine.choice import NEVER_MIN, OUTSIDE_HASH, choose_site
from chargesim.engine.rules import NOWHERE, OUTSIDE, charge_min, gumbel_noise
from chargesim.runs.case import build_case
from chargesim.scenario.reading import load


def plain_choice(p, me, origin, soc, now, tried, wait_min):
    """Return the site of least cost, by the definition in the notes of `choose_site`."""
    own, edges = p.city[0], p.edge_soc[me["curve"]]
    hour = int(now / 60.0) % 24
    best, best_cost, idle_cost = NOWHERE, inf, inf
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
                else charge_min(soc_there, full, me["battery_kwh"], edges, powers)
            )
            price = place["price_cny_kwh"] + own["tariff_cny_kwh"][hour]
            money = (
                60.0 * price * (full - soc_there) * me["battery_kwh"] / me["value_of_time_cny_h"]
            )
            drive = there["minutes"][own["period_of_hour"][hour]]
            cost = (
                drive + service + money - own["noise_min"] * gumbel_noise(me["key"], place["hash"])
            )
            idle_cost = min(idle_cost, cost)
            cost += min(wait_min[s], NEVER_MIN) if me["guidance"] > 0 else 0.0
            if cost < best_cost:
                best, best_cost = s, cost
    energy = (me["target_soc"] - soc) * me["battery_kwh"]
    price = own["outside_price_cny_kwh"] + own["outside_tariff_cny_kwh"][hour]
    outside = (
        own["outside_drive_min"]
        + 60.0 * energy / own["outside_kw"]
        + 60.0 * price * energy / me["value_of_time_cny_h"]
    )
    outside -= own["noise_min"] * gumbel_noise(me["key"], OUTSIDE_HASH)
    return OUTSIDE if outside < best_cost and idle_cost < best_cost else best


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
        soc = float(me["soc"] * rng.choice([0.05, 1.0]))
        found = choose_site(
            table, row, me["origin"], soc, me["wish_min"], tried, n_tried, *tables, wait_min,
            p.city, p.edge_soc, p.step_kw,
        )  # fmt: skip
        assert found[0] == plain_choice(
            p, me, me["origin"], soc, me["wish_min"], tried[:n_tried], wait_min
        ), row
        chosen.append(found[0])
    assert {OUTSIDE, NOWHERE} < set(chosen)
    assert len(set(chosen)) > 8
