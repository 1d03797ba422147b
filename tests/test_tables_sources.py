"""Compare the tables of the default case with the files that they were derived from.

This needs those files beside the project.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chargesim.demand.curves import read_profile_sources, read_profiles
from chargesim.scenario.reading import load

ROOT = Path(__file__).parent.parent
TABLES = ROOT / "scenarios" / "tables"
SHARED = ROOT.parent / "shared"


def source(name: str) -> pd.DataFrame:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(
            f"SKIPPED, NOT CHECKED: {path} is not here; the table was compared with it when it "
            "was made"
        )
    return pd.read_csv(path)


def test_charging_curves_are_those_of_the_facts():
    facts, mine = source("facts/charging_curves.csv"), pd.read_csv(TABLES / "charging_curves.csv")
    for column in ("curve_id", "soc", "power_kw", "usable_kwh"):
        assert (facts[column] == mine[column]).all()


def test_districts_and_links_are_those_of_the_facts():
    for name in ("chongqing_districts", "chongqing_links"):
        facts, mine = source(f"facts/{name}.csv"), pd.read_csv(TABLES / f"{name}.csv")
        shared = [column for column in mine.columns if column in facts]
        assert len(shared) >= 7
        pd.testing.assert_frame_equal(facts[shared], mine[shared])


def test_pack_limits_are_those_of_the_facts():
    facts, mine = (
        source("facts/swap_pack_charge_limits.csv"),
        pd.read_csv(TABLES / "pack_charge_limits.csv"),
    )
    pd.testing.assert_frame_equal(facts[list(mine.columns)], mine)


@pytest.mark.parametrize(
    ("profile", "name", "weekday", "weekend"),
    [
        ("public_fast", "epfl_l3_hourly", "arr_w_weekday", "arr_w_weekend"),
        ("shift_fleet", "rapid_scotland_hourly", "dundee_arr_wkday", "dundee_arr_wkend"),
        ("day_fleet", "rapid_scotland_hourly", "perth_arr_wkday", "perth_arr_wkend"),
        ("truck_shift", "swap_station_hourly", "highway_w", "highway_w"),
        ("swap_network", "nio_swap_hourly", "mean", "mean"),
    ],
)
def test_profiles_have_the_measured_shape(profile, name, weekday, weekend):
    measured = source(f"data/profiles/{name}.csv")
    weights = read_profiles(TABLES / "hourly_profiles.csv")[profile]
    for day, column in ((2, weekday), (6, weekend)):
        shape = measured[column] / measured[column].mean()
        assert np.allclose(weights[day] / weights[day].mean(), shape, atol=2e-4)


def by_hour(rest: float, *steps: tuple[int, int, float]) -> np.ndarray:
    """Return 24 factors: each step holds from an hour to another, over midnight too.

    `rest` elsewhere.
    """
    factors = np.full(24, rest)
    for start, end, factor in steps:
        factors[[hour % 24 for hour in range(start, end if end > start else end + 24)]] = factor
    return factors


DERIVED = {
    "taxi_shift_change": (
        "shift_fleet",
        by_hour(1.0, (4, 7, 2.0), (16, 19, 2.0), (7, 9, 0.5), (19, 21, 0.5)),
    ),
    "ride_hailing_between_trips": (
        "shift_fleet",
        by_hour(1.0, (7, 9, 0.5), (17, 20, 0.5), (10, 16, 1.3), (22, 1, 1.3)),
    ),
    "truck_depot_windows": (
        "truck_shift",
        by_hour(1.0, (6, 9, 0.5), (13, 16, 0.5), (11, 13, 1.5), (18, 22, 1.5)),
    ),
}
"""The rules that stand in the tables' source texts: a measured base x factors by hour."""


@pytest.mark.parametrize("profile", DERIVED)
def test_profiles_of_the_public_fleets_follow_their_stated_rule(profile):
    profiles, source = (
        read_profiles(TABLES / "hourly_profiles.csv"),
        read_profile_sources(TABLES / "hourly_profiles.csv")[profile],
    )
    name, factors = DERIVED[profile]
    base = profiles[name]
    derived = base * factors
    derived *= (base.sum(axis=1) / derived.sum(axis=1))[:, None]  # each day keeps its sum
    assert np.allclose(profiles[profile], derived, atol=2e-4)
    assert source.startswith(f"derived: {name} x factors by hour: ")
    for factor in set(factors.tolist()) - {1.0}:
        assert f"{factor:g} at " in source


def test_buses_charge_at_night_and_at_midday_layovers():
    weights = read_profiles(TABLES / "hourly_profiles.csv")["bus_night_and_layover"]
    steps = by_hour(0.25, (22, 5, 2.0), (10, 14, 1.25))
    assert np.allclose(weights, steps / steps.mean(), atol=2e-4)
    assert (
        weights[:, [22, 23, 0, 1, 2, 3, 4]].sum(axis=1) > 12
    ).all()  # more than half of a day's 24


def test_every_public_fleet_has_an_arrival_process_of_its_own_with_a_source():
    scenario = load(ROOT / "scenarios" / "chongqing_2025.yaml").scenario
    profiles = {name: fleet.profile for name, fleet in scenario.fleets.items()}
    assert len(set(profiles.values())) == len(profiles)
    sources = read_profile_sources(TABLES / "hourly_profiles.csv")
    assert all(len(sources[profile]) > 30 for profile in profiles.values())
