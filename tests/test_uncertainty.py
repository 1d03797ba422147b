"""Test ranges of assumptions, the tornado and the study of uncertainty, with tiny designs."""

import json
import re

import numpy as np
import pytest
from factories import SCENARIOS
from figure_layout import cut, drawn, overlapping

from chargesim.analysis.intervals import t_interval
from chargesim.analysis.sensitivity import (
    morris_effects,
    morris_points,
    noise_share,
    share_of,
    sobol_points,
    sobol_shares,
    survivors,
)
from chargesim.errors import InputError
from chargesim.experiment import ranges, tornado, uncertainty
from chargesim.experiment.judgement import WHOLE, effects_of, used_by_criterion
from chargesim.experiment.ranges import (
    LAYOUT,
    Range,
    inputs_of,
    ledger_ranges,
    ranges_of,
    uncertain_ranges,
)
from chargesim.experiment.responses import failed_shares, responses_of
from chargesim.experiment.runner import play_all
from chargesim.experiment.tornado import run_tornado
from chargesim.experiment.uncertainty import Sizes, run_uncertainty
from chargesim.runs.case import build_case
from chargesim.runs.result import as_result
from chargesim.scenario.reading import load
from chargesim.view.tornado import change_words, draw_tornado
from chargesim.view.uncertainty import draw_uncertainty, headline

TINY = Sizes(
    layouts=3,
    trajectories=2,
    sobol_size=2,
    survivors=2,
    draws=6,
    base_replications=2,
    replications=2,
    draw_replications=2,
)
SOME = (
    "fleets.private_car.fast_share",
    "fleets.taxi.fast_share",
    "outside.drive_min.core",
    "corridors.share_at_network",
)


ASKED = {
    "fleets.private_car.fast_share", "traffic.core_kmh", "fleets.taxi.patience_min",
    "stations.site_kw", "stations.store.kwh", "reliability.mtbf_h",
    "tariff.energy_cny_kwh", "fleets.taxi.flexible_min", "corridors.holiday_factor",
    "fleet.season_factor", "fleets.taxi.soc_mean", "fleets.taxi.vehicles",
    "traffic.town_kmh", "stations.truck_stations", "corridors.gravity_exponent",
    "outside.drive_min.core", "choice.noise_min", "fleets.taxi.value_of_time_cny_h",
}  # fmt: skip


def small(*changes):
    return load(SCENARIOS / "small_city.yaml", list(changes))


def stamps(folder):
    """Return when each file of the points was written."""
    return {
        path: path.stat().st_mtime_ns for path in sorted((folder / "points").rglob("*.parquet"))
    }


def tiny(*changes):
    return small("fleet.stock=1500", "corridors.vehicles_at_service_areas_per_day=1000", *changes)


@pytest.fixture
def few(monkeypatch):
    """Leave a few inputs, so that a tiny design covers them."""
    chosen = [one for one in ranges_of(small()) if one.key in SOME]
    monkeypatch.setattr(uncertainty, "uncertain_ranges", lambda case, layouts: chosen)
    ledger = [one for one in ranges_of(small()) if one.key in (*SOME, "corridors.holiday_factor")]
    monkeypatch.setattr(
        tornado,
        "ledger_ranges",
        lambda case: [one for one in ledger if one.key != "outside.drive_min.core"],
    )


def test_draws_follow_a_triangle_with_its_peak_at_the_value():
    one = Range("key", 2.0, 1.0, 5.0, "assumed")
    assert (one.at(0.0), one.at(0.25), one.at(1.0)) == (
        1.0,
        2.0,
        5.0,
    )  # a quarter of the mass lies below the peak
    values = np.array([one.at(u) for u in (np.arange(4000) + 0.5) / 4000])
    assert values.mean() == pytest.approx((1 + 2 + 5) / 3, abs=1e-3)
    assert Range("key", 1.0, 1.0, 2.0, "").at(0.75) == pytest.approx(1.5)  # the peak at an end


def test_assumptions_of_a_common_cause_are_one_input():
    """The total fast share spreads as widely as that of one fleet; drawn by fleet half as wide."""
    loaded = load(SCENARIOS / "chongqing_2025.yaml")
    shares = [one for one in ranges_of(loaded) if one.key.endswith(".fast_share")]
    (one,) = inputs_of(shares)
    assert (one.name, one.group, len(one.ranges)) == ("fast_share", "fast_share", len(shares))
    fleets = loaded.scenario.fleets.values()
    weights = np.array(
        [
            fleet.stock.value * fleet.km_per_day.value * fleet.consumption_kwh_km.value
            * fleet.active_share.value * fleet.public_share.value
            for fleet in fleets
        ]
    )  # fmt: skip
    u = np.random.default_rng(7).random((4000, len(shares)))
    together = np.array([list(one.at(q).values()) for q in u[:, 0]])
    apart = np.array([[each.at(q) for each, q in zip(shares, row, strict=True)] for row in u])
    spread, weights = together.std(axis=0), weights / weights.sum()
    assert (together @ weights).std() == pytest.approx(spread @ weights, rel=0.01)
    assert (apart @ weights).std() < 0.5 * spread @ weights
    ends = {key: value for key, value in one.ends["high"].items() if "private" in key}
    assert ends == {"fleets.private_car.fast_share": 0.4}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("[fleets.*.fast_shar]", "common_causes.mine: got fleets.*.fast_shar, needs the key of an"),
        ("[fleets.taxi.fast_share]", "fleets.taxi.fast_share is in fast_share, too; needs one"),
    ],
)
def test_a_common_cause_names_assumptions_each_once(keys, words):
    with pytest.raises(InputError, match=re.escape(words)):
        small(f"common_causes.mine={keys}")


def test_what_nobody_knows_of_the_drivers_and_of_the_days_is_among_the_ranges():
    inputs = inputs_of(ranges_of(load(SCENARIOS / "chongqing_2025.yaml")))
    keys = {one.name: {each.key for each in one.ranges} for one in inputs}
    assert {f"stations.handling_{end}_min" for end in ("before", "after")} == keys["handling"]
    assert {"choice.noise_min", "outside.pile_kw", "day_factor.tail_share"} <= set(keys)
    for cause in ("patience", "value_of_time", "outside_drive", "overstay", "fast_share"):
        assert len(keys[cause]) >= 4, cause


def test_every_layout_is_drawn_alike():
    one = Range(LAYOUT, 4, 4, 13, "", layouts=10)
    assert [one.at(u) for u in np.linspace(0, 1, 11)] == [*range(4, 14), 13]


def test_inputs_are_those_that_move_something(monkeypatch):
    case = build_case(small())
    looked_at = [one for one in ranges_of(case.loaded) if one.key in ASKED]
    assert len(looked_at) == len(ASKED)
    monkeypatch.setattr(ranges, "ranges_of", lambda loaded: looked_at)
    keys = {one.key for one in uncertain_ranges(case, 10)}
    assert {
        "fleets.private_car.fast_share",
        "traffic.town_kmh",
        "fleets.taxi.patience_min",
        "stations.site_kw",
        "outside.drive_min.core",
        "choice.noise_min",
        "fleets.taxi.value_of_time_cny_h",
    } <= keys
    assert keys.isdisjoint(
        {"traffic.core_kmh", "stations.truck_stations", "corridors.gravity_exponent"}
    )  # tables replace them
    assert keys.isdisjoint(
        {
            "stations.store.kwh",
            "reliability.mtbf_h",
            "tariff.energy_cny_kwh",
            "fleets.taxi.flexible_min",
        }
    )  # are off
    assert keys.isdisjoint(
        {"corridors.holiday_factor", "fleet.season_factor", LAYOUT}
    )  # conditions; places from tables
    ledger = {one.key for one in ledger_ranges(case)}
    assert {
        "fleets.private_car.fast_share",
        "corridors.holiday_factor",
        "fleets.taxi.soc_mean",
    } <= ledger
    assert ledger.isdisjoint(
        {"fleets.taxi.patience_min", "traffic.core_kmh", "fleets.taxi.vehicles"}
    )


def test_screening_and_shares_name_the_group_that_moves_the_values():
    groups = ["b", "a", "a", "c"]  # not in alphabetical order, and one of two inputs
    points = morris_points(groups, 6, seed=1)
    effects = morris_effects(groups, points, 3 * points[:, 0] + points[:, 3], seed=1).set_index(
        "group"
    )["mu_star"]
    assert effects.to_dict() == pytest.approx({"b": 3.0, "a": 0.0, "c": 1.0})
    points = sobol_points(groups, 256, seed=1)
    shares = sobol_shares(groups, 3 * points[:, 0] + points[:, 3], seed=1).set_index("group")
    assert shares["total"].to_dict() == pytest.approx({"b": 0.9, "a": 0.0, "c": 0.1}, abs=0.05)
    assert sobol_shares(groups, np.ones(len(points)), seed=1)["total"].isna().all()
    assert survivors([effects.reset_index()], 2) == ["b", "c"]


def test_the_share_that_meets_has_its_exact_interval():
    share = share_of([True] * 3 + [False] * 7)
    assert (share.value, share.lower, share.upper) == pytest.approx(
        (0.3, 0.0667, 0.6525), abs=1e-4
    )  # Clopper and Pearson
    assert share_of([False] * 20).upper == pytest.approx(1 - 0.025 ** (1 / 20))


def test_noise_is_the_part_of_the_variance_that_is_not_the_inputs():
    rng = np.random.default_rng(5)
    points, noise = rng.normal(0, 2, (4000, 1)), rng.normal(0, 1, (4000, 2))
    assert noise_share(points + noise) == pytest.approx(0.5 / 4.5, abs=0.01)
    assert noise_share(noise) == 1.0 or noise_share(noise) == pytest.approx(1.0, abs=0.06)


def test_the_whole_standard_is_as_far_as_its_worst_criterion():
    criteria = small().scenario.standard.criteria[:3]
    failed = {criteria[0].name: np.array([0.05, 0.15]), criteria[2].name: np.array([np.nan, 0.1])}
    used = used_by_criterion(failed, criteria)
    assert used[criteria[0].name] == pytest.approx(1.0)
    assert used[criteria[1].name] == 0.0  # nobody wished
    assert used[WHOLE] == pytest.approx(2.0)


def test_an_input_turns_a_criterion_for_sure_only_where_both_sides_are():
    criterion = small().scenario.standard.criteria[0]  # a share of 0.1 may fail

    def turns(base, end):
        after, before = ({criterion.name: np.array([values])} for values in (end, base))
        return effects_of(after, before, [criterion])["turns"].item()

    within, nearly, about, beyond = (
        [0.08, 0.081, 0.079],
        [0.08, 0.11, 0.09],
        [0.09, 0.12, 0.11],
        [0.15, 0.151, 0.149],
    )
    assert turns(within, beyond) == turns(beyond, within) == "for sure"
    assert turns(nearly, beyond) == turns(within, about) == turns(about, nearly) == "on average"
    assert turns(within, nearly) == turns(beyond, about) == turns(within, [np.nan] * 3) == ""


@pytest.mark.parametrize(("n", "words"), [(9, "2: +1.11 +- "), (10, "2: +1.00\n(")])
def test_a_change_shows_both_bounds_where_they_are_not_alike(n, words):
    criterion = small().scenario.standard.criteria[0]
    base, end = np.full(n, 0.05), np.full(n, 0.05)
    end[0] += 0.1
    shares = ({criterion.name: values[None]} for values in (end, base))
    effect = effects_of(*shares, [criterion]).assign(at=2.0)
    assert change_words(next(effect.itertuples())).startswith(words)


def test_a_tornado_compares_both_ends_on_the_same_vehicles(few, tmp_path):
    run = run_tornado(tiny(), replications=2, jobs=1, out=tmp_path / "out", progress=False)
    assert len(run.frame) == 4 * len(run.criteria)  # both fast shares are one input
    assert set(run.frame["turns"]) <= {"", "on average", "for sure"}
    assert run.left_out == ("corridors.holiday_factor: 1 to 2.59 describes holidays, not this day",)
    key, criterion = "fleets.private_car.fast_share", "cars served within 10 min"
    case = build_case(tiny(f"{key}=0.4", "fleets.taxi.fast_share=0.35", "replications=2"))
    played = [play_all([case], replication, "simpy")[0] for replication in range(2)]
    by_hand = failed_shares(responses_of(as_result(case, played)).assign(point=""))[""]
    rows = run.effects.set_index(["input", "end", "criterion"])
    row = rows.loc["fast_share", "high", criterion]
    before = run_tornado(tiny(), replications=2, jobs=1, out=tmp_path / "out", progress=False)
    assert before.frame.equals(run.frame)
    base = build_case(tiny("replications=2", "horizon.first_day=wednesday"))
    base_played = [play_all([base], replication, "simpy")[0] for replication in range(2)]
    own = failed_shares(responses_of(as_result(base, base_played)).assign(point=""))[""]
    change = t_interval(by_hand[criterion][0] - own[criterion][0])
    assert (row["change"], row["lower"], row["upper"]) == (change.mean, change.lower, change.upper)
    assert change.mean != 0
    assert run.ranked(criterion)[0][0] in ("fast_share", *SOME)
    axes = drawn(draw_tornado(run)).axes
    assert [overlapping(list(ax.texts)) for ax in axes] == [[]] * len(axes)
    assert all(
        text.get_window_extent().x0 > ax.bbox.x1 for ax in axes for text in ax.texts
    )  # beside the whiskers
    files = stamps(tmp_path / "out")
    again = run_tornado(tiny(), replications=2, jobs=1, out=tmp_path / "out", progress=False)
    assert again.frame.equals(run.frame)
    assert stamps(tmp_path / "out") == files


def test_both_uncertainties_stand_apart(few, tmp_path):
    run = run_uncertainty(tiny(), sizes=TINY, jobs=1, out=tmp_path / "out", progress=False)
    assert [one.name for one in run.criteria][-1] == WHOLE
    for one in run.criteria:
        assert len(one.draws) == one.meets.of == 6
        assert one.meets.lower <= one.meets.value <= one.meets.upper
        assert one.base.lower <= one.base.mean <= one.base.upper
    assert run.whole.meets.count <= min(one.meets.count for one in run.criteria)
    assert set(run.morris["group"]) == {
        "fast_share",
        "outside_drive",
        "corridors.share_at_network",
    }
    assert run.sobol["group"].nunique() == 2
    assert "of 6 draws" in headline(run)
    assert "fleet.season_factor: 1 to 1.15 describes the seasons, not this day" in run.left_out
    assert sum(words.startswith("fleets.*.connected_share: ") for words in run.left_out) == 1
    assert cut(drawn(draw_uncertainty(run))) == []
    assert (
        json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["state"]
        == "complete"
    )
    before = stamps(tmp_path / "out")
    tables = [path for path in before if path.name.startswith("responses-")]
    assert len(tables) == len({path.parent for path in tables}) == 1 + 2 * 4 + 2 * 4 + 6
    removed = tables[-1]
    removed.unlink()
    again = run_uncertainty(tiny(), sizes=TINY, jobs=1, out=tmp_path / "out", progress=False)
    assert again.draws.equals(run.draws) and again.sobol.equals(run.sobol)
    after = stamps(tmp_path / "out")
    assert {path for path in before if after[path] != before[path]} <= set(removed.parent.iterdir())


def test_a_scenario_without_ranges_has_nothing_to_vary(monkeypatch, tmp_path):
    monkeypatch.setattr(uncertainty, "uncertain_ranges", lambda case, layouts: [])
    with pytest.raises(InputError, match="fewer than two inputs have a range"):
        run_uncertainty(tiny(), sizes=TINY, out=tmp_path / "out", progress=False)
