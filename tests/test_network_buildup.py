"""Test the build-up: how many sites are open in a month.

Months are nested, and the finished build-up is the plan.
"""

import numpy as np
import pytest
from factories import SCENARIOS
from hypothesis import given
from hypothesis import strategies as st
from network_files import copy_small_city, network_faults, small_network

from chargesim.network.build import build_network
from chargesim.network.demand_within import demand_share_within
from chargesim.network.network import STATION
from chargesim.network.opening import number_open, open_sites
from chargesim.scenario.buildup import Buildup
from chargesim.scenario.reading import load

PLAN = load(SCENARIOS / "chongqing_2025.yaml")
FIRST, LAST = 2024 * 12, 2026 * 12 - 1


def buildup(month, built=(0.0, 1.0)):
    """Milestones at the ends of January 2024 and of December 2025."""
    ends = zip(("2024-01", "2025-12"), built, strict=True)
    return {
        "enabled": True, "month": month, "share_exponent": 0.5,
        "milestones": [{"month": end, "built": share, "stock": 1000} for end, share in ends],
    }  # fmt: skip


def build(month=None, built=(0.0, 1.0), changes=None):
    given = {"buildup": buildup(month, built)} if month else {}
    loaded = PLAN.replace({**given, **(changes or {})})
    return build_network(loaded.scenario, loaded.folder)


@pytest.fixture(scope="module")
def whole():
    return build()


def queues(network):
    """Count the sites of each group and access."""
    names, counts = np.unique(
        [f"{g} {a}" for g, a in zip(network.sites.group, network.sites.access, strict=True)],
        return_counts=True,
    )
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from([None, "2024-03", "2025-11"])),
        max_size=60,
    ),
    st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted),
    st.tuples(st.integers(0, 23), st.integers(0, 23)).map(sorted),
    st.integers(0, 99),
)
def test_an_earlier_month_s_sites_are_among_the_later_ones(rows, built, months, seed):
    layout = PLAN.scenario.layout.model_copy(update={"seed": seed})
    ids = [f"s{i}" for i in range(len(rows))]
    opened = []
    for number in months:
        month = f"{2024 + number // 12}-{number % 12 + 1:02d}"
        scenario = PLAN.scenario.model_copy(
            update={"layout": layout, "buildup": Buildup.model_validate(buildup(month, built))}
        )
        is_open = open_sites(
            scenario, ids, [queue for queue, _ in rows], [opens for _, opens in rows]
        )
        share = built[0] + number / 23 * (built[1] - built[0])
        for queue in "abc":
            mine = [
                open_
                for open_, (name, opens) in zip(is_open, rows, strict=True)
                if name == queue and opens is None
            ]
            assert (
                abs(sum(mine) - share * len(mine)) <= 0.5 + 1e-9 or sum(mine) == 1
            )  # the nearest whole number, at least one
            assert sum(mine) > 0 or share == 0 or not mine
        assert all(
            open_ == (month >= opens)
            for open_, (_, opens) in zip(is_open, rows, strict=True)
            if opens is not None
        )
        opened.append(is_open)
    assert not (opened[0] & ~opened[1]).any()


def test_how_many_are_open():
    """Halves are rounded up; a queue that is begun has one; never more than all."""
    assert [number_open(share, 10) for share in (0.0, 0.01, 0.14, 0.15, 0.5, 0.949, 0.95, 1.0)] == [
        0,
        1,
        1,
        2,
        5,
        9,
        10,
        10,
    ]
    assert number_open(0.5, 0) == 0


def test_the_plan_in_months(whole):
    """Half of every area, of the truck stations and of each kind of swap site in the middle.

    All of it at the end.
    """
    half = build("2024-06", (0.5, 0.5))
    assert queues(half) == {name: int(count / 2 + 0.5) for name, count in queues(whole).items()}
    assert "truck truck" in queues(half)
    quarter = build("2024-06", (0.25, 0.25))
    assert set(quarter.sites.id) < set(half.sites.id) < set(whole.sites.id)
    assert half.label.endswith(", as built at the end of 2024-06, 50.0% of the sites")
    guns = dict(zip(whole.sites.id, whole.sites.guns.tolist(), strict=True))
    assert [
        guns[name] for name in half.sites.id
    ] == half.sites.guns.tolist()  # a site opens with all its guns
    shares = [
        demand_share_within(network, 1.0, area_class="core") for network in (quarter, half, whole)
    ]
    assert shares == sorted(shares)
    assert shares[0] < shares[2] - 0.02


def test_the_finished_plan_is_the_plan(whole):
    finished = build("2025-12")
    assert finished.sites.id == whole.sites.id
    np.testing.assert_array_equal(finished.candidates.site, whole.candidates.site)
    np.testing.assert_array_equal(finished.candidates.minutes, whole.candidates.minutes)
    off = build(None, changes={"buildup": {**buildup("2024-06"), "enabled": False}})
    assert off.sites.id == whole.sites.id
    assert off.label == whole.label


def test_candidates_are_the_nearest_open_sites(whole):
    """A zone's nearest open station is the first open one of all that it has.

    This holds wherever that list is long enough.
    """
    half = build("2024-06", (0.5, 0.5))
    public = next(
        i
        for i, key in enumerate(whole.candidates.keys)
        if key.kind == STATION and key.access == {"public"}
    )
    open_ids, checked = set(half.sites.id), 0
    for zone in range(len(whole.zones.id)):
        near = [
            whole.sites.id[s]
            for s in whole.candidates.site[public, zone]
            if whole.sites.id[s] in open_ids
        ]
        got = [half.sites.id[s] for s in half.candidates.site[public, zone]]
        assert got[: len(near)] == near
        checked += len(near)
    assert checked > 3 * len(whole.zones.id)


def test_another_layout_opens_in_another_order():
    rows = [f"s{i}" for i in range(40)]
    scenarios = [
        PLAN.replace({"buildup": buildup("2024-06", (0.5, 0.5)), "layout.seed": seed}).scenario
        for seed in (1, 2)
    ]
    one, two = (open_sites(scenario, rows, [""] * 40, [None] * 40) for scenario in scenarios)
    assert one.sum() == two.sum() == 20
    assert 4 < (one & two).sum() < 16  # ten are expected in common


def test_before_the_first_site_nobody_is_served():
    network = build("2024-01")
    assert len(network.sites) == 0
    assert (network.candidates.site == -1).all()
    assert demand_share_within(network, 5.0) == 0


def set_opening(folder, column, values):
    """Add a column to the small city's table of sites, in the order of its rows."""
    path = folder / "small/sites.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    values = [*values, *[""] * (len(rows) - len(values))]
    path.write_text(
        "\n".join(
            [
                f"{head},{column}",
                *(f"{row},{value}" for row, value in zip(rows, values, strict=True)),
            ]
        )
        + "\n",
        encoding="utf-8",
    )


def test_a_table_says_itself_when_a_site_opens(tmp_path):
    folder = copy_small_city(tmp_path)
    set_opening(folder, "opens", ["2024-05", "2024-06", "2024-07"])
    child = folder / "child.yaml"
    child.write_text(
        "extends: small_city.yaml\nname: child\nbuildup:\n  enabled: true\n"
        "  month: 2024-06\n  share_exponent: 0\n  milestones:\n"
        "    - {month: 2024-01, built: 0, stock: 10}\n"
        "    - {month: 2025-12, built: 0, stock: 10}\n",
        encoding="utf-8",
    )
    assert small_network(folder, ("fleet.stock=null",), "child.yaml").sites.id == (
        "Riverside-1",
        "Riverside-2",
    )
    assert len(small_network(folder).sites) == 12  # without a build-up all are open
    text = (folder / "small/sites.csv").read_text(encoding="utf-8")
    (folder / "small/sites.csv").write_text(text.replace("2024-05", "May 2024"), encoding="utf-8")
    assert network_faults(folder) == [
        "small/sites.csv:2: opens: got May 2024, needs a month as YYYY-MM"
    ]


def test_a_site_that_opens_within_the_horizon(tmp_path):
    folder = copy_small_city(tmp_path)
    set_opening(folder, "opens_day", ["", "0", "2"])
    opens_min = small_network(folder, ("horizon.lead_in_days=3",)).sites.opens_min
    assert opens_min.tolist() == [0.0, 3 * 1440.0, 5 * 1440.0] + [0.0] * 9
