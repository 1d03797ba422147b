"""Test what a case says of itself: its guns and vehicles, its districts, its availability."""

import pytest
from factories_analysis import empty_totals
from network_files import copy_small_city

from chargesim.errors import InputError
from chargesim.runs.case import build_case
from chargesim.runs.result import as_result, plan_text
from chargesim.scenario.reading import load


@pytest.fixture
def folder(tmp_path):
    return copy_small_city(tmp_path)


def case(folder, *changes, name="small_city.yaml"):
    return build_case(load(folder / name, changes))


def test_the_plan_counts_ultra_fast_guns_and_companions_apart(folder):
    """16 guns, 14 of them not for trucks, so with three companions each.

    The one private swap site has 4 more guns beside its packs.
    """
    assert plan_text(case(folder)).startswith(
        "9 stations with 16 guns, 3 swap sites with 48 packs, "
    )
    companions = plan_text(case(folder, "stations.companions.per_ultra_fast_gun=3"))
    assert companions.startswith(
        "9 stations with 16 ultra-fast guns and 42 companions, 3 swap sites with 48 packs, "
    )
    kind = "swap.kinds.private"
    mixed = plan_text(case(folder, f"{kind}.guns=4", f"{kind}.gun_kw=120", f"{kind}.gun_a=250"))
    assert mixed.startswith("9 stations with 16 guns, 3 swap sites with 48 packs and 4 guns, ")


def test_the_month_is_named_with_the_stock(folder):
    (folder / "built.yaml").write_text(
        "extends: small_city.yaml\nname: built\nfleet: {stock: null}\n"
        "buildup:\n  enabled: true\n  month: 2024-06\n  share_exponent: 0.5\n  milestones:\n"
        "    - {month: 2024-06, built: 0.5, stock: 3000}\n"
        "    - {month: 2025-12, built: 1, stock: 9000}\n",
        encoding="utf-8",
    )
    text = plan_text(case(folder, name="built.yaml"))
    assert text.startswith(
        "6 stations with "
    )  # half of 7 public ones is 4, halves rounded up; one for trucks, one on the expressway
    assert ", 3 swap sites" in text  # one of a kind each: half of one, rounded up
    assert ", 3,000 vehicles at the end of 2024-06, " in text


def test_a_blackout_of_a_district_that_does_not_exist(folder):
    blackout = "  - {district: Riverside, day: 0, from_hour: 8, hours: 2}\n"
    (folder / "dark.yaml").write_text(
        f"extends: small_city.yaml\nname: dark\nblackouts:\n{blackout}", encoding="utf-8"
    )
    case(folder, name="dark.yaml")
    wrong = (
        blackout
        + blackout.replace("Riverside", "Riversid")
        + blackout.replace("Riverside", "Atlantis")
    )
    (folder / "dark.yaml").write_text(
        f"extends: small_city.yaml\nname: dark\nblackouts:\n{wrong}", encoding="utf-8"
    )
    with pytest.raises(InputError) as caught:
        case(folder, name="dark.yaml")
    needs = "needs a district of Small city"
    assert [fault.partition("dark.yaml:")[2] for fault in caught.value.faults] == [
        f"5: blackouts.1.district: got 'Riversid', {needs}; did you mean 'Riverside'?",
        f"6: blackouts.2.district: got 'Atlantis', {needs}; known here: Riverside, Hilltown",
    ]


def test_the_given_availability_is_that_of_the_failures(folder):
    given = []
    for changes in (
        ("reliability.failures=true", "reliability.mtbf_h=97", "reliability.mttr_h=3"),
        (),
    ):
        one = case(folder, *changes)
        run = empty_totals(one.network, thresholds=len(one.task.thresholds_min), days=one.task.days)
        given.append(as_result(one, [run]).given["guns_available"])
    assert given == pytest.approx([0.97, 1.0])
