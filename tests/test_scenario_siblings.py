"""Test the other scenarios: each loads, changes what it says, keeps the plan's proportions."""

from pathlib import Path

import pytest

from chargesim.scenario.reading import dump_yaml, load
from chargesim.scenario.yaml_text import read_document

FOLDER = Path(__file__).parent.parent / "scenarios"
PLAN = load(FOLDER / "chongqing_2025.yaml")
FILES = sorted(FOLDER.glob("*.yaml"))
CHILDREN = [path for path in FILES if path.name != "chongqing_2025.yaml"]
AREAS = ("core", "main_new_area", "northeast_southeast", "expressway")
STATIONS = {
    "chongqing_2025": (2040, 4000),
    "chongqing_mid_2024": (500, 800),
    "chongqing_end_2025_reported": (2165, 4245),
    "chongqing_2027": (2040, 4000),
    "chongqing_no_swap": (2040, 4000),
    "chongqing_pooled_1000x4": (1000, 4000),
    "chongqing_pooled_334x12": (334, 4000),
    "chongqing_companions": (2040, 4000),
    "guidance_connected": (500, 800),
}


def sibling(name):
    return load(FOLDER / f"{name}.yaml").scenario


def counts(scenario):
    return {area: getattr(scenario.stations.counts, area) for area in AREAS}


def largest_remainder(weights, total):
    exact = {area: weight * total / sum(weights.values()) for area, weight in weights.items()}
    dealt = {area: int(share) for area, share in exact.items()}
    for area in sorted(exact, key=lambda area: dealt[area] - exact[area])[
        : total - sum(dealt.values())
    ]:
        dealt[area] += 1
    return dealt


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_scenario_loads_under_the_name_of_its_file(path):
    assert load(path).scenario.name == path.stem


@pytest.mark.parametrize("path", CHILDREN, ids=lambda path: path.stem)
def test_every_child_extends_the_plan_and_says_what_it_asks(path):
    parent = read_document(path).data["extends"]
    assert parent in {"chongqing_2025.yaml", "chongqing_mid_2024.yaml", "small_city.yaml"}, (
        "a reader need not follow a long chain"
    )
    assert path.read_text(encoding="utf-8").startswith("# ")


def test_all_scenarios_have_titles_and_digests_of_their_own():
    loaded = [load(path) for path in FILES]
    assert len({each.scenario.title for each in loaded}) == len(loaded)
    assert len({each.digest() for each in loaded}) == len(loaded)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_resolved_record_loads_to_the_same_scenario(path, tmp_path):
    loaded = load(path)
    for table in loaded.tables():
        copy = tmp_path / table.relative_to(loaded.folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(table.read_bytes())
    (tmp_path / "resolved.yaml").write_text(dump_yaml(loaded.resolved), encoding="utf-8")
    again = load(tmp_path / "resolved.yaml")
    assert again.scenario == loaded.scenario
    assert again.resolved == loaded.resolved
    assert again.digest() == loaded.digest()


@pytest.mark.parametrize("name", STATIONS)
def test_stations_and_piles(name):
    stations = sibling(name).stations
    assert (stations.counts.total, stations.piles) == STATIONS[name]


@pytest.mark.parametrize(
    "name", ["chongqing_mid_2024", "chongqing_pooled_1000x4", "chongqing_pooled_334x12"]
)
def test_stations_by_area_are_in_the_plan_s_proportions(name):
    scenario = sibling(name)
    assert counts(scenario) == largest_remainder(
        counts(PLAN.scenario), scenario.stations.counts.total
    )


def test_reported_stations_keep_those_at_expressways():
    reported = counts(sibling("chongqing_end_2025_reported"))
    assert reported.pop("expressway") == 170
    plan = counts(PLAN.scenario)
    plan.pop("expressway")
    assert reported == largest_remainder(plan, 1995)


@pytest.mark.parametrize(
    ("name", "guns"), [("chongqing_pooled_1000x4", 4), ("chongqing_pooled_334x12", 12)]
)
def test_pooled_guns_are_the_plan_s(name, guns):
    stations, plan = sibling(name).stations, PLAN.scenario.stations
    assert stations.piles == plan.piles
    assert stations.expressway_piles_per_station == guns
    others = stations.counts.total - stations.counts.expressway
    dealt = (stations.piles - stations.counts.expressway * guns) / others
    assert guns - 1 < dealt <= guns
    assert stations.truck_piles_per_station == guns
    assert stations.truck_stations.value * guns == pytest.approx(
        plan.truck_stations.value * plan.truck_piles_per_station, rel=0.06
    )
    assert stations.gun_kw == plan.gun_kw
    assert stations.cabinet_kw == plan.cabinet_kw


def test_mid_2024_has_fewer_vehicles_swap_sites_and_shares():
    early, plan = sibling("chongqing_mid_2024"), PLAN.scenario
    factor = (500 / 2040) ** 0.5
    for name, fleet in early.fleets.items():
        assert fleet.stock.value < plan.fleets[name].stock.value
        assert fleet.fast_share.value == pytest.approx(
            plan.fleets[name].fast_share.value * factor, abs=5e-4
        )
        assert "assumed" in fleet.fast_share.source
        assert fleet.curves == plan.fleets[name].curves
    assert early.corridors.share_at_network.value == pytest.approx(
        plan.corridors.share_at_network.value * factor, abs=5e-4
    )
    sites = {name: kind.sites for name, kind in early.swap.kinds.items()}
    assert sites == largest_remainder(
        {name: kind.sites for name, kind in plan.swap.kinds.items()}, 100
    )


def test_2027_grows_all_fleets_by_a_quarter_a_year():
    later, plan = sibling("chongqing_2027"), PLAN.scenario
    total = sum(fleet.stock.value for fleet in plan.fleets.values())
    assert later.fleet.stock.value == pytest.approx(total * 1.25**2, rel=1e-4)
    assert later.stations == plan.stations
    assert later.adoption.stock_year == 2027


def test_no_swap_differs_from_the_plan_by_the_switch_alone():
    scenario = sibling("chongqing_no_swap")
    changed = {"name": scenario.name, "title": scenario.title, "swap.enabled": False}
    assert PLAN.replace(changed).scenario == scenario
