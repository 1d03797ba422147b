"""Compare the tables of the default case with the files that they were derived from, where those stand beside the project."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chargesim.demand.curves import read_profiles

ROOT = Path(__file__).parent.parent
TABLES = ROOT / "scenarios" / "tables"
SHARED = ROOT.parent / "shared"


def source(name: str) -> pd.DataFrame:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"SKIPPED, NOT CHECKED: {path} is not here; the table was compared with it when it was made")
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
    facts, mine = source("facts/swap_pack_charge_limits.csv"), pd.read_csv(TABLES / "pack_charge_limits.csv")
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
