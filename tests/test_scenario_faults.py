"""Check the text of every message about a scenario: file, line, key, what came, what is right."""

from pathlib import Path

import pytest
from scenario_files import child, faults, new_folder

from chargesim.errors import InputError
from chargesim.scenario.reading import load


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(new_folder(tmp_path))


MESSAGES = {
    "stations:\n  pile_kw: 3\n": (
        "child.yaml:4: stations.pile_kw: unknown key; did you mean gun_kw?"
    ),
    "stations:\n  gunkw: 3\n": "child.yaml:4: stations.gunkw: unknown key; did you mean gun_kw?",
    "grid:\n  zzz: 3\n": "child.yaml:4: grid.zzz: unknown key; known here: efficiency",
    "stationz: {}\n": "child.yaml:3: stationz: unknown key; did you mean stations?",
    "fleets:\n  taxi:\n    area_weights: {coree: 1, west_ring: 0.5}\n": (
        "child.yaml:5: fleets.taxi.area_weights.coree: unknown class of district; did you mean "
        "core? outside.drive_min has core, west_ring, northeast, southeast; a class of your own "
        "belongs there, too"
    ),
    "fleets:\n\n  taxi:\n    active_share: 1.2\n": (
        "child.yaml:6: fleets.taxi.active_share: got 1.2, needs at most 1"
    ),
    "fleets:\n  taxi:\n    active_share:\n      value: -1\n": (
        "child.yaml:6: fleets.taxi.active_share: got -1, needs at least 0"
    ),
    "stations:\n  gun_kw: 0\n": "child.yaml:4: stations.gun_kw: got 0, needs more than 0",
    "horizon: {days: 0}\n": "child.yaml:3: horizon.days: got 0, needs at least 1",
    "horizon: {days: 400}\n": "child.yaml:3: horizon.days: got 400, needs at most 366",
    "fleets:\n  taxi:\n    stock: abc\n": (
        "child.yaml:5: fleets.taxi.stock: got 'abc', needs a number, or {value, low, high, source}"
    ),
    "fleets:\n  taxi:\n    stock: true\n": (
        "child.yaml:5: fleets.taxi.stock: got true, needs a number, or {value, low, high, source}"
    ),
    "fleets:\n  taxi:\n    stock: [1]\n": (
        "child.yaml:5: fleets.taxi.stock: got a list, needs a number, or {value, low, high, source}"
    ),
    "fleets:\n  taxi:\n    stock: {value: abc}\n": (
        "child.yaml:5: fleets.taxi.stock: got 'abc', needs a number"
    ),
    "fleets:\n  taxi:\n    stock: {value: .inf}\n": (
        "child.yaml:5: fleets.taxi.stock: got inf, needs a finite number"
    ),
    "fleets:\n  taxi:\n    stock: .nan\n": (
        "child.yaml:5: fleets.taxi.stock: got nan, needs a finite number"
    ),
    "fleets:\n  taxi:\n    stock: {value: 3, lo: 2}\n": (
        "child.yaml:5: fleets.taxi.stock.lo: unknown key; did you mean low?"
    ),
    "fleets:\n  taxi:\n    stock: {value: 3, low: 5, high: 4}\n": (
        "child.yaml:5: fleets.taxi.stock: low 5 is above high 4"
    ),
    "fleets:\n  taxi:\n    stock: {value: 3, low: 5, source: x}\n": (
        "child.yaml:5: fleets.taxi.stock: value 3 is below its own low 5"
    ),
    "fleets:\n  taxi:\n    stock: {value: 9, high: 5, source: x}\n": (
        "child.yaml:5: fleets.taxi.stock: value 9 is above its own high 5"
    ),
    "swap:\n  pack_types:\n    new: {kwh: {low: 5}, limits: 75kWh}\n": (
        "child.yaml:5: swap.pack_types.new.kwh.value: is missing, it is needed here"
    ),
    "swap:\n  pack_types:\n    new:\n      kwh: 5\n": (
        "child.yaml:5: swap.pack_types.new.limits: is missing, it is needed here"
    ),
    "stations: {piles: 4000.5}\n": "child.yaml:3: stations.piles: got 4000.5, needs a whole number",
    "stations: {piles: '4000'}\n": "child.yaml:3: stations.piles: got '4000', needs a whole number",
    "stations: {piles: {a: 1}}\n": (
        "child.yaml:3: stations.piles: got keys and values, needs a whole number"
    ),
    "swap: {enabled: yes}\n": "child.yaml:3: swap.enabled: got 'yes', needs true or false",
    "title: 5\n": "child.yaml:3: title: got 5, needs text (put it in quotes)",
    "fleets: 3\n": "child.yaml:3: fleets: got 3, needs keys and values",
    "stations: 3\n": "child.yaml:3: stations: got 3, needs keys and values",
    "standard: {peak_hours: 3}\n": "child.yaml:3: standard.peak_hours: got 3, needs a list",
    "standard: {peak_hours: []}\n": (
        "child.yaml:3: standard.peak_hours: is empty, needs at least one entry"
    ),
    "standard:\n  peak_hours:\n    - 8\n    - x\n": (
        "child.yaml:6: standard.peak_hours.1: got 'x', needs a whole number"
    ),
    "standard: {peak_hours: [24]}\n": (
        "child.yaml:3: standard.peak_hours: an hour is not within 0..23"
    ),
    "standard: {confidence: 1}\n": (
        "child.yaml:3: standard.confidence: got 1, needs at least 0.5 and less than 1"
    ),
    "horizon: {first_day: wensday}\n": (
        "child.yaml:3: horizon.first_day: got 'wensday', needs monday, tuesday, wednesday, "
        "thursday, friday, saturday or sunday;"
        " did you mean wednesday?"
    ),
    "fleet: {soc_low: 0.95}\n": (
        "child.yaml:3: fleet.soc_low: got 0.95, needs less than soc_high, 0.9"
    ),
    "adoption: {last_year: 2015}\n": (
        "child.yaml:3: adoption.last_year: got 2015, needs more than first_year, 2015"
    ),
    "fleets:\n  taxi:\n    curves:\n      lfp400_80: 0.7\n": (
        "child.yaml:5: fleets.taxi.curves: the shares add up to 0.7, they must add up to 1"
    ),
    "fleets:\n  taxi:\n    area_weights: {}\n": (
        "child.yaml:5: fleets.taxi.area_weights: is empty, needs at least one entry"
    ),
    "fleets:\n  taxi:\n    pack_type: nix\n": (
        "child.yaml:5: fleets.taxi.pack_type: 'nix' is not among swap.pack_types (choco_20, "
        "nio_75, truck_282)"
    ),
    "fleets:\n  taxi: {fast_share: 0.9}\n": (
        "child.yaml:4: fleets.taxi: fast_share and swap_share are 1.3 together, needs at most 1"
    ),
    "corridors: {fleet: nix}\n": (
        "child.yaml:3: corridors.fleet: 'nix' is not among fleets (private_car, taxi, "
        "ride_hailing, logistics_van, bus, heavy_truck)"
    ),
    "adoption: null\nfleet: {stock_from: bass}\n": (
        "child.yaml:4: fleet.stock_from: got 'bass', so the section adoption is needed"
    ),
    "stations:\n  piles: 2000\n": (
        "child.yaml:4: stations.piles: 2000 piles are fewer than 2040 stations; each station "
        "needs one pile"
    ),
    "city:\n  links: tables/nix.csv\n": "child.yaml:4: city.links: no such file tables/nix.csv",
    "city:\n  links: ../nix.csv\n": (
        "child.yaml:4: city.links: ../nix.csv: leaves the scenario's folder .; put the table "
        "inside it"
    ),
    "city:\n  links: /etc/passwd\n": (
        "child.yaml:4: city.links: /etc/passwd: leaves the scenario's folder .; put the "
        "table inside it"
    ),
    'city:\n  links: "a\\0b"\n': "child.yaml:4: holds a control character (U+0000); delete it",
    "city:\n  links: tables\n": "child.yaml:4: city.links: no such file tables",
    "tariff:\n  periods:\n    valley: {hours: [11]}\n": (
        "child.yaml:4: tariff.periods: an hour of day is given twice"
    ),
    "tariff:\n  periods:\n    night: {hours: [24], factor: 1}\n": (
        "child.yaml:4: tariff.periods: an hour is not within 0..23"
    ),
    "tariff:\n  periods: {peak: {factor: -1}}\n": (
        "child.yaml:4: tariff.periods.peak.factor: got -1, needs at least 0"
    ),
    "reliability:\n  mtbf_h: 0\n": "child.yaml:4: reliability.mtbf_h: got 0, needs more than 0",
    "reliability:\n  failed_start_share: 1.5\n": (
        "child.yaml:4: reliability.failed_start_share: got 1.5, needs at most 1"
    ),
    "blackouts:\n  - {district: Yuzhong, day: 0, from_hour: 24, hours: 2}\n": (
        "child.yaml:4: blackouts.0.from_hour: got 24, needs less than 24"
    ),
    "blackouts:\n  - {district: Yuzhong, day: 0, from_hour: 2}\n": (
        "child.yaml:4: blackouts.0.hours: is missing, it is needed here"
    ),
    "stations:\n  store: {lend_hours: [7]}\n": (
        "child.yaml:4: stations.store: charge_hours and lend_hours have an hour in common"
    ),
    "stations:\n  store:\n    efficiency: 0\n": (
        "child.yaml:5: stations.store.efficiency: got 0, needs more than 0"
    ),
    "stations:\n  companions: {per_ultra_fast_gun: -1}\n": (
        "child.yaml:4: stations.companions.per_ultra_fast_gun: got -1, needs at least 0"
    ),
    "swap:\n  smart: {promised: 1}\n": (
        "child.yaml:4: swap.smart.promised: got 1, needs less than 1"
    ),
    "swap:\n  kinds:\n    taxi: {guns: 4}\n": (
        "child.yaml:5: swap.kinds.taxi.guns: got 4, so gun_kw and gun_a are needed"
    ),
    "fleets:\n  taxi:\n    electrification: 0.5\n    vehicles: null\n": (
        "child.yaml:4: fleets.taxi: electrification is given, so vehicles is needed"
    ),
    "choice:\n  reservation:\n    hold_min: -1\n": (
        "child.yaml:5: choice.reservation.hold_min: got -1, needs at least 0"
    ),
}


@pytest.mark.parametrize(("text", "words"), MESSAGES.items())
def test_message(text: str, words: str) -> None:
    assert faults(text) == [words]


def test_names_of_scenarios() -> None:
    head = "extends: chongqing_2025.yaml\n"
    assert faults("name: a b\n", head=head) == [
        "child.yaml:2: name: got 'a b', needs letters, digits, dots, - and _ only"
    ]
    assert faults("name: ''\n", head=head) == [
        "child.yaml:2: name: is empty, needs at least one letter"
    ]
    assert faults(f"name: {'a' * 81}\n", head=head) == [
        "child.yaml:2: name: is too long, needs at most 80 letters"
    ]


def test_misspelt_fleet_is_one_line() -> None:
    (words,) = faults("fleets:\n  taxy: {stock: 3}\n")
    assert words == (
        "child.yaml:4: fleets.taxy: unknown key, or incomplete: group, active_share and 26 "
        "more are missing; did you mean taxi?"
    )
    (words,) = faults("fleets:\n  zeppelin: {stock: 3}\n")
    assert words == (
        "child.yaml:4: fleets.zeppelin: is incomplete: group, active_share and 26 more are missing"
    )


def test_missing_sections_have_the_first_line() -> None:
    assert faults("", head="name: child\n")[:2] == [
        "child.yaml:1: title: is missing, it is needed here",
        "child.yaml:1: seed: is missing, it is needed here",
    ]


@pytest.mark.parametrize(
    ("milestones", "words"),
    [
        ("[{month: 2025-06, built: 1, stock: 5}]", "has 1 entry, needs at least 2"),
        ("[]", "is empty, needs at least 2 entries"),
    ],
)
def test_too_few_milestones_are_counted(milestones: str, words: str) -> None:
    text = f"buildup: {{month: 2025-06, share_exponent: 1, milestones: {milestones}}}\n"
    assert faults(text) == [f"child.yaml:3: buildup.milestones: {words}"]


def test_all_at_once_in_the_order_of_the_file() -> None:
    text = "stations:\n  pile_kw: 3\n  gun_kw: 0\nseed: x\ncity: {links: nix.csv}\n"
    assert faults(text, ["fleets.taxi.active_share=7", "nix=3"]) == [
        "--set fleets.taxi.active_share: got 7, needs at most 1",
        "child.yaml:4: stations.pile_kw: unknown key; did you mean gun_kw?",
        "child.yaml:5: stations.gun_kw: got 0, needs more than 0",
        "child.yaml:6: seed: got 'x', needs a whole number",
        "child.yaml:7: city.links: no such file nix.csv",
        "--set nix: unknown key; known here: name, title, seed, replications, looks, "
        "horizon, city, layout, traffic, stations, grid, swap"
        " and 19 more",
    ]


def test_the_line_is_in_the_file_where_the_value_came_from() -> None:
    Path("base.yaml").write_text(
        "extends: chongqing_2025.yaml\nname: base\n\nseed: -1\nfleets: {taxi: {stock: -2}}\n"
    )
    assert faults("fleets: {taxi: {active_share: 2}}\n", head="extends: base.yaml\n") == [
        "base.yaml:4: seed: got -1, needs at least 0",
        "base.yaml:5: fleets.taxi.stock: got -2, needs at least 0",
        "child.yaml:2: fleets.taxi.active_share: got 2, needs at most 1",
    ]


def test_an_override_heals_the_parent() -> None:
    Path("base.yaml").write_text("extends: chongqing_2025.yaml\nname: base\nseed: -1\n")
    assert child("seed: 3\n", head="extends: base.yaml\n").scenario.seed == 3


SETS = {
    "fleets.taxy.stock=3": "--set fleets.taxy.stock: unknown key; did you mean fleets.taxi.stock?",
    "fleet.taxi.stock=3": "--set fleet.taxi.stock: unknown key; did you mean fleets.taxi.stock?",
    "stations.pile_kw=3": "--set stations.pile_kw: unknown key; did you mean stations.gun_kw?",
    "fleets.taxi.stock.lo=3": (
        "--set fleets.taxi.stock.lo: unknown key; did you mean fleets.taxi.stock.low?"
    ),
    "seed.a=3": "--set seed.a: unknown key; did you mean seed?",
    "grid.zzz=3": "--set grid.zzz: unknown key; known here: efficiency",
    "standard.criteria.12.at_least=1": (
        "--set standard.criteria.12.at_least: there is no entry 12; the entries are numbered "
        "0 to 11"
    ),
    "standard.criteria.first.at_least=1": (
        "--set standard.criteria.first.at_least: there is no entry first; the entries are "
        "numbered 0 to 11"
    ),
    "standard.criteria.0.atleast=1": (
        "--set standard.criteria.0.atleast: unknown key; did you mean standard.criteria.0.at_least?"
    ),
    "fleets.taxi.active_share=1.2": "--set fleets.taxi.active_share: got 1.2, needs at most 1",
    "fleets.taxi={active_share: 1.2}": (
        "--set fleets.taxi: fleets.taxi.active_share: got 1.2, needs at most 1"
    ),
    "seed=": "--set seed: has no value; write null for none",
    "seed": "--set seed: needs the form key=value, such as fleet.stock=1200000",
    "=3": "--set =3: needs the form key=value, such as fleet.stock=1200000",
    "city.links=nix.csv": "--set city.links: no such file nix.csv",
    "seed=[1": "--set seed: not valid YAML: expected ',' or ']', but got '<stream end>'",
}


@pytest.mark.parametrize(("change", "words"), SETS.items())
def test_set(change: str, words: str) -> None:
    assert faults("", [change]) == [words]


def test_set_of_extends() -> None:
    (words,) = faults("", ["extends=x.yaml"])
    assert words.startswith("--set extends: unknown key")


def test_set_of_one_share_must_keep_the_sum() -> None:
    (words,) = faults("", ["fleets.taxi.curves.lfp400_80=0.5"])
    assert words.endswith("fleets.taxi.curves: the shares add up to 0.65, they must add up to 1")


EXTENDS = {
    "extends: nix.yaml\n": "child.yaml:1: extends: no such file nix.yaml",
    "extends: child.yaml\n": (
        "child.yaml:1: extends: goes in a circle: child.yaml extends child.yaml"
    ),
    "extends: ../x.yaml\n": (
        "child.yaml:1: extends: ../x.yaml leaves the scenario's folder .; put the parent inside it"
    ),
    "extends: /etc/passwd\n": (
        "child.yaml:1: extends: /etc/passwd leaves the scenario's folder .; put the parent "
        "inside it"
    ),
    "extends: [a.yaml]\n": "child.yaml:1: extends: got a list, needs the name of one scenario file",
    "extends: 3\n": "child.yaml:1: extends: got 3, needs the name of one scenario file",
    "extends: tables\n": "child.yaml:1: extends: no such file tables",
}


@pytest.mark.parametrize(("head", "words"), EXTENDS.items())
def test_extends(head: str, words: str) -> None:
    assert faults("", head=head) == [words]


def test_circle_of_three() -> None:
    Path("a.yaml").write_text("name: a\nextends: b.yaml\n")
    Path("b.yaml").write_text("extends: child.yaml\n")
    assert faults("", head="extends: a.yaml\n") == [
        (
            "b.yaml:1: extends: goes in a circle: child.yaml extends a.yaml extends b.yaml "
            "extends child.yaml"
        )
    ]


def test_eight_parents_and_no_more() -> None:
    parent = "chongqing_2025.yaml"
    for number in range(7):
        Path(f"p{number}.yaml").write_text(f"extends: {parent}\nname: p{number}\n")
        parent = f"p{number}.yaml"
    assert child("", head=f"extends: {parent}\nname: child\n").scenario.name == "child"
    Path("p7.yaml").write_text(f"extends: {parent}\n")
    assert faults("", head="extends: p7.yaml\n") == [
        "p0.yaml:1: extends: is one parent too many; at most 8 in a chain"
    ]


def test_links_do_not_lead_out(tmp_path_factory: pytest.TempPathFactory) -> None:
    away = tmp_path_factory.mktemp("away")
    (away / "x.yaml").write_text("name: x\n")
    (away / "x.csv").write_text("a\n")
    Path("link.yaml").symlink_to(away / "x.yaml")
    Path("link.csv").symlink_to(away / "x.csv")
    Path("ring.csv").symlink_to("ring.csv")
    assert faults("", head="extends: link.yaml\n") == [
        "child.yaml:1: extends: link.yaml leaves the scenario's folder .; put the parent inside it"
    ]
    assert faults("city: {links: link.csv}\n") == [
        (
            "child.yaml:3: city.links: link.csv: leaves the scenario's folder .; put the table "
            "inside it"
        )
    ]
    (words,) = faults("city: {links: ring.csv}\n")
    assert words in (
        "child.yaml:3: city.links: 'ring.csv': is not the name of a file",
        "child.yaml:3: city.links: no such file ring.csv",
    )


def test_broken_parent_is_told_with_its_own_line() -> None:
    Path("base.yaml").write_text("name: a\nseed: [1\n")
    assert faults("", head="extends: base.yaml\n") == [
        "base.yaml:3: not valid YAML: expected ',' or ']', but got '<stream end>'"
    ]


def test_no_jargon() -> None:
    nonsense: list[object] = [
        None,
        True,
        "x",
        3,
        -3,
        10**400,
        1e300,
        [],
        [1],
        {},
        {"a": 1},
        "",
        "x" * 100,
    ]
    loaded = load("chongqing_2025.yaml")
    keys = [
        "name",
        "seed",
        "horizon",
        "horizon.days",
        "city",
        "city.links",
        "layout.urban_share",
        "traffic.periods.peak.hours",
        "stations.gun_kw",
    ]
    keys += [
        "swap.pack_types",
        "swap.kinds.taxi.access",
        "fleets.taxi",
        "fleets.taxi.curves",
        "fleets.taxi.access",
        "fleet.stock",
        "standard.criteria",
    ]
    told = []
    for key in keys:
        for value in nonsense:
            try:
                loaded.replace({key: value})
            except InputError as error:
                told += error.faults
    assert len(told) > 100
    for words in told:
        assert not any(
            jargon in words
            for jargon in (
                "Input should",
                "pydantic",
                "http",
                "validator",
                "instance",
                "another value",
                "_Share",
                "ctx",
            )
        )
        assert len(words) < 300
