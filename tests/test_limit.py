"""Test the search for the level at which a plan breaks, on the small city, against runs by hand."""

import math
from dataclasses import replace

import pandas as pd
import pytest
from factories import SCENARIOS
from typer.testing import CliRunner

from chargesim.analysis.breaking_point import Crossing
from chargesim.analysis.verdict import judge
from chargesim.cli import app
from chargesim.demand.thinning import alike
from chargesim.errors import InputError
from chargesim.experiment.design import Point, one_day
from chargesim.experiment.factor import factor_of, levels_of
from chargesim.experiment.limit import run_limit
from chargesim.experiment.ranges import uncertain_ranges
from chargesim.experiment.runner import Runner, for_the_standard
from chargesim.network.build import build_network, network_part
from chargesim.runs.case import build_case
from chargesim.runs.replication import simulate
from chargesim.runs.result import as_result
from chargesim.scenario.parameters import replacing_table, scenario_parameters
from chargesim.scenario.reading import load
from chargesim.view.limit import draw_limit, headline

STOCKS = (2000.0, 5000.0, 8000.0)


def small(*changes):
    return load(SCENARIOS / "small_city.yaml", list(changes))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("limit") / "stock"
    return run_limit(
        small(),
        "stock",
        low=2000,
        high=8000,
        levels=3,
        replications=10,
        jobs=1,
        out=folder,
        progress=False,
    )


def test_each_level_is_the_run_that_a_user_would_make_by_hand(found):
    assert found.levels == STOCKS
    for level, verdict in zip(found.levels, found.verdicts, strict=True):
        case = build_case(small(f"fleet.stock={level}", "replications=10"))
        result = as_result(case, [simulate(case.task, replication)[0] for replication in range(10)])
        by_hand = judge(result)
        assert [(item.name, item.estimate) for item in verdict.criteria] == [
            (item.name, item.estimate) for item in by_hand.criteria
        ]
        assert [item.worst_hour for item in verdict.criteria] == [
            item.worst_hour for item in by_hand.criteria
        ]


def test_the_error_is_divided_over_the_levels(found):
    assert [verdict.confidence for verdict in found.verdicts] == pytest.approx([1 - 0.05 / 3] * 3)
    assert found.to_dict()["alpha_of_a_level"] == pytest.approx(0.05 / 3)
    assert found.confidence == 0.95


def test_the_answer_names_the_day_the_direction_and_where_it_breaks(found):
    assert (found.day, found.breaking_point.direction, found.factor.value) == (
        "Wednesday",
        "worse",
        3500,
    )
    assert "one Wednesday" in headline(found)
    assert found.states[-1] == "fails"
    assert found.breaking_point.fails in STOCKS
    worst = next(
        curve for curve in found.curves if curve.criterion == found.breaking_point.breaks_first
    )
    assert worst.crossing.low <= worst.crossing.about <= worst.crossing.high
    axes = draw_limit(found).axes
    assert len(axes) == 9
    texts = {text.get_text() for ax in axes for text in ax.texts}
    assert all(set(text) <= set("0123456789, ") for text in texts)  # numbers of observed networks


def test_only_what_is_missing_is_run_again(found):
    before = found.frame.to_csv()
    runner = Runner(found.folder)
    path, kept = (
        runner.store(
            Point(level, one_day(small(), replications=10).replace({"fleet.stock": float(level)}))
        ).path(1)
        for level in ("5000", "2000")
    )
    path.unlink()
    stamp = kept.stat().st_mtime_ns
    again = run_limit(
        small(),
        "stock",
        low=2000,
        high=8000,
        levels=3,
        replications=10,
        jobs=1,
        out=found.folder,
        progress=False,
    )
    assert again.frame.to_csv() == before
    assert path.is_file() and kept.stat().st_mtime_ns == stamp
    assert len(pd.read_csv(found.folder / "levels.csv")) == 3 * 12


def test_a_folder_of_another_input_is_refused(found):
    with pytest.raises(InputError, match="holds another study"):
        run_limit(
            small(), "share_at_network", levels=2, replications=10, out=found.folder, progress=False
        )


def test_a_share_beyond_1_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"--to: got 1.5, needs a share, 0 to 1, for availability"):
        run_limit(
            small(),
            "availability",
            low=0.9,
            high=1.5,
            levels=3,
            replications=2,
            out=tmp_path / "out",
            progress=False,
        )


def test_a_key_without_effect_says_so(tmp_path):
    run = run_limit(
        small(),
        "stations.store.kwh",
        levels=2,
        replications=2,
        jobs=1,
        out=tmp_path / "out",
        progress=False,
    )
    assert run.changes_nothing
    assert "stations.store.kwh changes nothing" in headline(run)


@pytest.mark.parametrize(
    ("direction", "crossing", "words"),
    [
        ("worse", (18.4, 16.0, math.inf), "about 18.4 (16 to above all levels)"),
        ("worse", (math.inf, math.inf, math.inf), "at no level"),
        ("worse", (math.inf, 426.0, math.inf), "at no level by its mean, sure up to 426"),
        ("worse", (-math.inf, -math.inf, 300.0), "at every level by its mean, sure from 300 on"),
        ("worse", (math.inf, -math.inf, math.inf), "at no level by its mean, and no level is sure"),
        ("better", (-math.inf, -math.inf, -math.inf), "at no level"),
        ("better", (-math.inf, -math.inf, 300.0), "at no level by its mean, sure from 300 on"),
        ("better", (math.inf, 426.0, math.inf), "at every level by its mean, sure up to 426"),
    ],
)
def test_where_a_criterion_breaks_is_said_in_words(found, direction, crossing, words):
    first = replace(found.breaking_point, breaks_first=found.curves[0].criterion)
    plain = replace(found, breaking_point=first)
    curve = replace(found.curves[0], direction=direction, crossing=Crossing(*crossing))
    said = headline(replace(plain, curves=(curve,)))
    assert f"breaks first by its fit: {curve.criterion}, {words}" in said
    assert ("sessions" in said) == math.isfinite(crossing[0])  # what is asked of a gun there


def test_few_levels_lie_between_those_that_the_scenario_takes(tmp_path):
    run = run_limit(
        small(),
        "share_at_network",
        levels=2,
        replications=2,
        jobs=1,
        out=tmp_path / "out",
        progress=False,
    )
    assert len(run.levels) == 2
    assert "beyond them the scenario is refused" in run.note
    with pytest.raises(InputError, match="more than all public energy"):
        run_limit(
            small(),
            "share_at_network",
            low=0.1,
            high=0.9,
            levels=2,
            replications=2,
            jobs=1,
            out=tmp_path / "asked",
            progress=False,
        )


def test_what_the_standard_reads_is_all_that_is_kept():
    case = build_case(small("replications=2"))
    whole = [simulate(case.task, replication)[0] for replication in range(2)]
    thin = [for_the_standard(one) for one in whole]
    kept, all_of_it = (judge(as_result(case, runs)).to_dict() for runs in (thin, whole))
    for unread in ("kwh_per_gun_day", "busy_share"):  # no criterion reads energy and busy time
        assert kept["gun_use"].pop(unread) is None
        assert all_of_it["gun_use"].pop(unread) > 0
    assert kept == all_of_it
    assert sum(array.nbytes for array in thin[0].arrays().values()) < 0.3 * sum(
        array.nbytes for array in whole[0].arrays().values()
    )


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("fleet.stok", "--vary fleet.stok: fleet.stok: unknown key; did you mean fleet.stock?"),
        ("gun_powr", "--vary gun_powr: unknown key; did you mean gun_power?"),
        ("stations.reading", "--vary stations.reading: holds no number"),
        ("seed", "--vary seed: is the same at all levels"),
        ("fleets.*.patienc_min", "did you mean fleets.private_car.patience_min?"),
    ],
)
def test_a_wrong_key_is_refused_with_the_nearest_right_one(key, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["limit", str(SCENARIOS / "small_city.yaml"), "--vary", key])
    assert done.exit_code == 1
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_levels_surround_the_value_and_shares_stay_shares():
    case = build_case(small())
    units = {
        name: factor_of(case, name).unit
        for name in ("stock", "gun_power", "patience", "availability")
    }
    assert units == {
        "stock": "",
        "gun_power": "kW at the plug",
        "patience": "times that of each fleet",
        "availability": "",
    }
    for name, ends in {
        "stock": (875, 6125),
        "availability": (0.85, 1.0),
        "patience": (0.25, 1.75),
    }.items():
        levels = levels_of(factor_of(case, name), None, None, None)
        assert (levels[0], levels[-1]) == pytest.approx(ends, rel=0.01)
        assert levels == sorted(levels)
    assert (
        levels_of(factor_of(case, "choice.nearest_stations"), None, None, None)[0] == 2.0
    )  # whole numbers
    with pytest.raises(InputError, match="the fleets differ; give --from and --to"):
        levels_of(factor_of(case, "fleets.*.patience_min"), None, 20.0, None)
    with pytest.raises(InputError, match="needs rising order"):
        levels_of(factor_of(case, "stock"), 5.0, 4.0, None)


def test_short_names_set_what_they_say():
    case = build_case(small("reliability.mttr_h=10"))
    loaded = case.loaded.replace(factor_of(case, "availability").changes(0.9))
    assert loaded.scenario.reliability.availability == pytest.approx(0.9)
    loaded = case.loaded.replace(factor_of(case, "patience").changes(2.0))
    assert {name: fleet.patience_min.value for name, fleet in loaded.scenario.fleets.items()} == {
        name: 2 * fleet.patience_min.value for name, fleet in case.scenario.fleets.items()
    }
    loaded = case.loaded.replace(factor_of(case, "fleets.*.posted_share").changes(0.5))
    assert {fleet.posted_share.value for fleet in loaded.scenario.fleets.values()} == {0.5}


def test_a_network_depends_on_nothing_that_its_part_leaves_out():
    """Change all keys that `network_part` leaves out: the network stays equal to the last bit."""
    own = load(SCENARIOS / "small_city.yaml")
    changes = {
        "replications": 3, "seed": 8, "grid.efficiency": 0.9, "tariff.enabled": True,
        "reliability.failures": True, "outside.enabled": False,
        "fleet.stock": 5000, "fleets.taxi.stock": 9000, "fleet.season_factor": 1.1,
        "fleet.soc_low": 0.06,
        "corridors.charge_share": 0.2, "corridors.soc_mean": 0.35, "corridors.holiday_factor": 2.0,
        "choice.noise_min": 1, "choice.posted_refresh_min": 9, "fleets.taxi.km_per_day": 250,
        "fleets.private_car.patience_min": 9, "fleets.heavy_truck.profile": "day_fleet",
        "swap.pack_types.nio_75.kwh": 80,
        "standard.confidence": 0.9, "swap.pack_temperature_c": 20,
    }  # fmt: skip
    other = own.replace(changes)
    assert network_part(own.scenario) == network_part(other.scenario)
    one, two = (build_network(loaded.scenario, loaded.folder) for loaded in (own, other))
    assert alike(one.candidates, two.candidates)
    assert alike(one.sites, two.sites)
    for key, value in {
        "traffic.core_kmh": 30,
        "stations.site_kw": 500,
        "choice.nearest_stations": 3,
    }.items():
        assert network_part(own.replace({key: value}).scenario) != network_part(own.scenario), key


@pytest.mark.slow
def test_what_tables_replace_changes_no_network_and_the_rest_does():
    own = load(SCENARIOS / "small_city.yaml")
    network = build_network(own.scenario, own.folder)

    def moved(changes):
        other = build_network(own.replace(changes).scenario, own.folder)
        return not all(
            alike(getattr(other, name), getattr(network, name))
            for name in ("candidates", "sites", "zones", "corridors")
        )

    replaced = {
        one.key: one.value
        for one in scenario_parameters(own.scenario)
        if replacing_table(own.scenario, one.key)
    }
    assert not moved(
        {
            key: float(value) + 1 if "kmh" in key or "exponent" in key else int(value) + 1
            for key, value in replaced.items()
        }
    )
    for one in uncertain_ranges(build_case(own, network=network), 10):
        placed = one.key.startswith(("traffic.", "stations.", "corridors.gravity"))
        if placed and not one.key.startswith("stations.handling_"):
            assert any(moved({one.key: end}) for end in (one.low, one.high)), one.key
    city = load(SCENARIOS / "chongqing_2025.yaml").scenario
    assert not any(replacing_table(city, one.key) for one in scenario_parameters(city))
