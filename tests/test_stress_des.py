"""Test the STRESS-DES checklist of a run: it has all items, and they agree with the case."""

import re

import numpy as np
import pytest
from factories import SCENARIOS
from network_files import copy_small_city

from chargesim.analysis.kpi_table import kpi_table
from chargesim.analysis.verdict import judge
from chargesim.network.network import SWAP
from chargesim.runs.case import build_case
from chargesim.runs.mechanisms.registry import MECHANISMS, mechanisms_on
from chargesim.runs.result import as_result
from chargesim.runs.result_directory import run_digest
from chargesim.runs.run_scenario import run_scenario
from chargesim.runs.stress_des import checklist
from chargesim.scenario.keys import value_at
from chargesim.scenario.parameters import scenario_parameters
from chargesim.scenario.reading import TABLE_KEYS, dump_yaml, load

ITEMS = {
    "1.1": "Purpose of the model", "1.2": "Model outputs", "1.3": "Experimentation aims",
    "2.1": "Base model overview diagram", "2.2": "Base model logic", "2.3": "Scenario logic",
    "2.4": "Algorithms",
    "2.5.1": "Components: entities", "2.5.2": "Components: activities",
    "2.5.3": "Components: resources",
    "2.5.4": "Components: queues", "2.5.5": "Components: entry and exit points",
    "3.1": "Data sources", "3.2": "Input parameter pre-processing",
    "3.3": "Input parameters", "3.4": "Assumptions",
    "4.1": "Initialisation", "4.2": "Run length", "4.3": "Estimation approach",
    "5.1": "Software or programming language", "5.2": "Random sampling",
    "5.3": "Model execution", "5.4": "System specification",
    "6.1": "Computer model sharing statement",
}  # fmt: skip
"""Monks et al. 2019, appendix."""
SMALL = load(SCENARIOS / "small_city.yaml", ["replications=2"])
MANY = SMALL.replace(
    {
        "fleet.connected_share": 0.5,
        "fleet.season_factor": 1.1,
        "fleet.curve_factor": 0.8,
        "choice.reservation.enabled": True,
        "tariff.enabled": True,
        "swap.smart.enabled": True,
        "stations.store.enabled": True,
        "stations.companions.per_ultra_fast_gun": 2,
        "reliability.failures": True,
        "reliability.failed_start_share": 0.05,
        "blackouts": [{"district": "Riverside", "day": 0, "from_hour": 17.5, "hours": 2}],
        "corridors.holiday_factor": 2.5,
        "fleets.taxi.electrification": 0.002,
    }
)


def items(text: str) -> dict[str, str]:
    """Return the text of each item by its number."""
    parts = re.split(
        r"^### (\d(?:\.\d)+) (.+)$", re.sub(r"^## .*$", "", text, flags=re.M), flags=re.M
    )[1:]
    assert dict(zip(parts[::3], parts[1::3], strict=True)) == ITEMS
    assert parts[::3] == list(ITEMS)
    return {number: words.strip() for number, words in zip(parts[::3], parts[2::3], strict=True)}


def rows(text: str) -> list[list[str]]:
    """Return the cells of all tables of an item, without their heads."""
    tables = re.findall(r"^\|.*\|\n\|(?: --- \|)+\n((?:\|.*\|(?:\n|$))*)", text, flags=re.M)
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        for table in tables
        for row in table.splitlines()
    ]


def on_and_off(text: str) -> tuple[list[str], list[str]]:
    """Return the mechanisms that item 2.2 has on, and those that it has off."""
    on = re.findall(
        r"^- ([^:]+): ",
        text.partition("Mechanisms that are on:")[2].partition("Mechanisms that are off:")[0],
        flags=re.M,
    )
    return on, re.search(r"Mechanisms that are off: (.*)\.", text)[1].split(", ")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_scenario(SMALL, out=tmp_path_factory.mktemp("run") / "small", progress=False, jobs=1)


@pytest.fixture(scope="module")
def manifest(run):
    packages = {"simpy": "4.1.1"}
    return {
        "run": "abc",
        "chargesim": "9.9",
        "python": "3.99",
        "packages": packages,
        "seed": 7,
        "streams": "keyed",
    }


@pytest.fixture(scope="module")
def small(run):
    return items((run.folder / "stress_des.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    return run_scenario(MANY, out=tmp_path_factory.mktemp("many") / "many", progress=False, jobs=1)


def described(loaded, run, manifest) -> dict[str, str]:
    """Return the checklist of another scenario of the small city; nothing is simulated."""
    case = build_case(loaded)
    result = as_result(case, run.result.replications)
    return items(checklist(case, result, judge(result), manifest))


def test_every_item_is_there_and_says_something(small, many):
    for told in (small, items((many.folder / "stress_des.md").read_text(encoding="utf-8"))):
        assert all(len(words) > 60 for words in told.values())
        assert not re.search(r"\b(nan|inf|None|True|False)\b", "\n".join(told.values()))


def test_all_the_mechanisms_of_a_case_are_told_once_on_or_off(run, small, many):
    told = items((many.folder / "stress_des.md").read_text(encoding="utf-8"))
    for case, words in ((run.case, small["2.2"]), (many.case, told["2.2"])):
        on, off = on_and_off(words)
        assert on == [one.name for one in mechanisms_on(case)]
        assert sorted(on + off) == sorted(one.name for one in MECHANISMS)
    assert on_and_off(small["2.2"])[0] == [
        "through traffic",
        "days that differ",
        "posted occupancy",
        "outside option",
        "swapping",
        "handling and overstay",
    ]
    still_off = {
        "recorded wishes",
        "fitted arrivals",
        "modules that slots lend each other",
        "projected stock",
        "build-up",
        "calendar",
        "shared connections",
        "later openings",
        "modules that slots lend each other",
        "processes of the user's own",
    }
    assert set(on_and_off(told["2.2"])[1]) == still_off


def test_a_mechanism_that_is_on_is_told_wherever_it_matters(small, many):
    told = items((many.folder / "stress_des.md").read_text(encoding="utf-8"))
    marks = {
        "2.4": ("Kiefer", "Sherbrooke"),
        "2.5.2": ("flexible drivers", "a share of 0.05 of the first tries"),
        "2.5.4": ("gun has failed goes first", "Who has reserved"),
        "4.1": ("stores are empty", "guns are as likely down"),
    }
    for item, words in marks.items():
        for word in words:
            assert word in told[item]
            assert word not in small[item]
    for value in (
        "2.5 times",
        "fails after 800 h",
        "Riverside on judged day 0 from 17.5 h for 2 h",
        "1.1 times the year's mean",
    ):
        assert value in told["2.2"]


def test_what_is_on_and_changes_nothing_is_told(run, manifest):
    told = described(SMALL.replace({"choice.reservation.enabled": True}), run, manifest)
    assert "On, but without the effect" in told["2.2"]
    assert "choice.reservation: is on, but no vehicle follows the cloud" in told["2.2"]


@pytest.mark.parametrize("which", ["small", "many"])
def test_resources_and_entities_are_counted_in_the_case(which, run, many):
    finished = run if which == "small" else many
    sites, told = (
        finished.case.network.sites,
        items((finished.folder / "stress_des.md").read_text(encoding="utf-8")),
    )
    *parts, whole = [
        [int(cell.replace(",", "")) for cell in row[3:]] for row in rows(told["2.5.3"])
    ]
    totals = [
        len(sites),
        *(
            int(getattr(sites, name).sum())
            for name in ("guns", "companions", "bays", "slots", "packs")
        ),
    ]
    assert whole == [*totals, len(np.unique(sites.connection))]
    assert np.sum(parts, axis=0).tolist() == whole
    assert (
        sum(int(row[3]) for row in rows(told["2.5.3"]) if row[0] == "swap site")
        == (sites.kind == SWAP).sum()
    )
    ledger = {row.fleet: row.sessions_per_day for row in finished.case.ledger.rows}
    assert {row[0]: float(row[3].replace(",", "")) for row in rows(told["2.5.1"])} == pytest.approx(
        ledger, abs=0.051
    )
    assert (
        f"Vehicles enter at {len(finished.case.network.zones.id)} zones and "
        f"{len(finished.case.network.corridors.id)} directed"
    ) in told["2.5.5"]


def test_the_standard_and_the_kpis_are_told_with_their_sources(run, small):
    told = rows(small["1.2"])
    criteria, kpis = run.case.scenario.standard.criteria, kpi_table(run.result.thresholds_min)
    assert [(row[0], row[5]) for row in told[: len(criteria)]] == [
        (one.name, one.source) for one in criteria
    ]
    assert [row[3] for row in told[:3]] == [
        "at least 0.9 within 10 min",
        "at most 20 min",
        "at most 0.05",
    ]
    assert [(row[0], row[1]) for row in told[len(criteria) :][: len(kpis)]] == [
        (one.name, one.unit) for one in kpis
    ]
    assert set(run.kpis["kpi"]) == {row[0] for row in told[len(criteria) :]}


def test_every_parameter_is_in_the_table_with_value_unit_and_source(small):
    told = {row[0]: row for row in rows(small["3.3"])}
    parameters = scenario_parameters(SMALL.scenario)
    assert list(told) == [one.key for one in parameters if one.source] + [
        one.key for one in parameters if not one.source
    ]
    patience = SMALL.scenario.fleets["taxi"].patience_min
    bounds = f"{patience.low:g} to {patience.high:g}"
    assert told["fleets.taxi.patience_min"][1:5] == [
        f"{patience.value:g}",
        "min",
        bounds,
        patience.source,
    ]
    assert told["swap.kinds.taxi.swap_min"][1:3] == ["1.67", "min"]
    assert told["grid.efficiency"][1:3] == ["0.95", "share"]
    assert told["traffic.periods.peak.local"][2] == "number"
    assert told["stations.store.charge_hours"][1] == "0, 1, 2, 3, 4, 5, 6, 7"
    assert told["stations.truck_stations"][5].startswith(
        "replaced by city.sites: stations for trucks"
    )
    assert told["stations.counts.expressway"][2].startswith("replaced by city.zones: stations at")
    assert sum("replaced by" in row[-1] for row in told.values()) == 14
    assert (told["layout"][1], told["tariff.outside"][1], told["swap.pack_temperature_c"][1]) == (
        "null",
        "true",
        "25",
    )


def test_no_assumption_of_the_scenario_is_left_out():
    def count(data):
        if isinstance(data, list):
            return sum(map(count, data))
        return (
            0
            if not isinstance(data, dict)
            else 1
            if {"value", "source"} <= set(data)
            else sum(map(count, data.values()))
        )

    loaded = load(SCENARIOS / "chongqing_2025.yaml")
    whole = loaded.scenario.model_dump()
    whole.pop("standard")
    assert (
        sum(bool(one.source) for one in scenario_parameters(loaded.scenario)) == count(whole) > 200
    )


def test_a_value_that_is_set_is_told_with_how_it_was_set(run, manifest):
    told = described(
        load(SCENARIOS / "small_city.yaml", ["fleets.taxi.patience_min=33.5", "replications=2"]),
        run,
        manifest,
    )
    assert rows(told["1.3"]) == [
        ["fleets.taxi.patience_min", "33.5", "min", "set on the command line"]
    ]
    (row,) = [row for row in rows(told["3.3"]) if row[0] == "fleets.taxi.patience_min"]
    assert row[1:5] == ["33.5", "min", "", "set on the command line"]


def test_the_run_is_told_by_its_scenario_and_manifest(run, small, manifest):
    assert "1 whole day that" in small["4.1"]
    assert small["4.2"].startswith("1 judged day from a Wednesday, 1,440 min")
    assert small["4.3"].startswith(
        "2 independent replications; the verdict rests on 2 of the 2 that were planned"
    )
    assert "looks once" in small["4.3"]
    assert run.result.share_text in small["3.4"]
    told = described(
        SMALL.replace({"horizon.days": 1, "standard.confidence": 0.9, "looks": 4}), run, manifest
    )
    assert "looks at most 4 times" in told["4.3"]
    assert "at 0.975 confidence" in told["4.3"], "the error of 0.1 over four looks"
    assert "two-sided 98.75 % Student-t" in told["4.3"]
    assert told["5.1"].startswith("chargesim 9.9, Python 3.99, simpy 4.1.1. Two engines")
    assert told["5.2"].startswith("Root seed 7; streams keyed.")
    assert "licence MIT" in told["6.1"]


def test_tables_are_told_with_their_sources_and_hash(tmp_path, run, manifest):
    folder = copy_small_city(tmp_path)
    path = folder / "small" / "zones.csv"
    plain = path.read_text(encoding="utf-8").splitlines()
    path.write_text(
        "\n".join([plain[0] + ",source", *(f"{row},census | 2020" for row in plain[1:])]) + "\n",
        encoding="utf-8",
    )
    (folder / "tables" / "adoption.csv").write_bytes(
        b"\xff\xfe no table"
    )  # not read: the stock is given
    told = {
        row[0]: row[1:]
        for row in rows(described(load(folder / "small_city.yaml"), run, manifest)["3.1"])
    }
    named = [".".join(key) for key in TABLE_KEYS if value_at(SMALL.resolved, key) is not None]
    assert list(told) == named
    assert told["city.zones"][0] == "small/zones.csv"
    assert told["city.zones"][2] == r"census \| 2020"
    assert told["adoption.series"][2] == "not told by the table"
    assert "open-ev-data" in told["tables.curves"][2]
    before = {row[0]: row[2] for row in rows(described(SMALL, run, manifest)["3.1"])}
    assert [key for key in named if told[key][1] != before[key]] == [
        "city.zones",
        "adoption.series",
    ]


def test_a_log_is_told_as_a_log(tmp_path, run, manifest):
    folder = copy_small_city(tmp_path)
    log = "wish_min,zone,vehicle_class,soc,target_soc\n" + "".join(
        f"{1440 + 60 * i},R01,taxi,0.3,0.8\n" for i in range(12)
    )
    (folder / "log.csv").write_text(log, encoding="utf-8")
    told = described(load(folder / "small_city.yaml", ["recorded=log.csv"]), run, manifest)
    assert rows(told["2.5.1"]) == [
        ["taxi", "cars", "6.0"]
    ]  # 12 in two days, the lead-in among them
    assert on_and_off(told["2.2"])[0] == [
        "recorded wishes",
        "outside option",
        "swapping",
        "handling and overstay",
    ]
    assert "expressway links" not in told["2.5.5"]


def test_the_same_scenario_gives_the_same_text_and_the_command_repeats_the_run(tmp_path, run):
    manifest = {
        "run": "abc",
        "chargesim": "9.9",
        "python": "3.99",
        "packages": {},
        "seed": 7,
        "streams": "keyed",
    }
    folder = copy_small_city(tmp_path)
    first = load(folder / "small_city.yaml", ["fleet.stock=3600", "replications=2"])
    (folder / "scenario.resolved.yaml").write_text(dump_yaml(first.resolved), encoding="utf-8")
    again = load(folder / "scenario.resolved.yaml")
    assert run_digest(again) == run_digest(first)
    texts = []
    for loaded in (first, again):
        case = build_case(loaded)
        result = as_result(case, run.result.replications)
        texts.append(checklist(case, result, judge(result), manifest))
    assert texts[0] == texts[1]
