"""Check that every figure draws what it should, the same way each time."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest
from factories_analysis import empty_totals, make_network, make_result, random_totals
from figure_layout import cut, drawn, overlapping
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chargesim.analysis.kpis import kpi_frame
from chargesim.analysis.profiles import quarter_load, use_by_district_hour, use_by_site, wait_curves
from chargesim.analysis.result import RunResult
from chargesim.analysis.verdict import judge
from chargesim.engine.replication_totals import KINDS, STRANDED
from chargesim.network.network import STATION, Network
from chargesim.view import plot
from chargesim.view.figures import draw_figures, write_figures
from chargesim.view.site_map import core_extent, whole_extent
from chargesim.view.style import FLEET_COLOURS, fleet_colour, new_axes


def run_of(result: RunResult) -> SimpleNamespace:
    return SimpleNamespace(result=result, kpis=kpi_frame(result), verdict=judge(result))


@pytest.fixture(scope="module")
def run() -> SimpleNamespace:
    return run_of(make_result())


def test_all_figures_are_written_as_png_and_svg(run: SimpleNamespace, tmp_path: Path) -> None:
    paths = write_figures(run, tmp_path / "figures")
    assert [path.suffix for path in paths] == [".png", ".svg"] * 6
    assert {path.stem for path in paths} == {
        "margins",
        "utilisation_by_hour",
        "utilisation_heat_map",
        "utilisation_map",
        "waiting",
        "load",
    }
    assert all(path.stat().st_size > 5_000 for path in paths)


def test_same_run_same_bytes(run: SimpleNamespace, tmp_path: Path) -> None:
    once, again = (write_figures(run, tmp_path / name) for name in ("once", "again"))
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in again]


def test_every_figure_names_the_layout_and_the_scope(run: SimpleNamespace) -> None:
    for figure in draw_figures(run).values():
        assert figure.get_supxlabel() == f"small: {run.result.scope_text}\n{run.result.label}"


OF_EVERY_RUN = [one.plot for one in plot.FIGURES if one.plot != "calendar"]
"""The calendar needs four weeks; `test_run_days` draws it."""


@pytest.mark.parametrize("draw", [getattr(plot, name) for name in OF_EVERY_RUN])
def test_plots_draw_on_given_axes_and_return_them(
    run: SimpleNamespace, draw: Callable[..., Axes]
) -> None:
    ax = new_axes()
    assert draw(run, ax=ax) is ax
    assert ax.has_data()
    own = draw(run)
    assert isinstance(own.figure, Figure)
    assert own.get_xlabel()


def test_the_list_of_figures_says_what_each_shows() -> None:
    listed = plot.figures().set_index("plot")
    assert listed.loc["utilisation", "file"] == "utilisation_by_hour"
    assert listed.loc["load", "shows"].startswith("the power from the grid [MW]")
    assert listed["file"].is_unique


def test_drawing_leaves_the_readers_settings_alone(run: SimpleNamespace) -> None:
    before = dict(mpl.rcParams)
    plot.waiting(run, by="kind")
    assert dict(mpl.rcParams) == before


def test_empty_run_still_draws(tmp_path: Path) -> None:
    network = make_network(swap_sites=0)
    empty = run_of(make_result([empty_totals(network)] * 2, network=network))
    assert len(write_figures(empty, tmp_path)) == 12


def test_heat_map_orders_districts_by_class_then_load(run: SimpleNamespace) -> None:
    result = make_result(network=make_network(district_count=8))
    use = use_by_district_hour(result)
    labels = [
        label.get_text() for label in plot.utilisation_heat_map(run_of(result)).get_yticklabels()
    ]
    names, classes = result.network.districts.name, result.network.districts.area_class
    order = [names.index(label) for label in labels]
    assert [classes[district] for district in order] == [
        one for one in ("core", "west_ring", "northeast", "southeast") for _ in range(2)
    ]
    load = np.nan_to_num(use, nan=-1).mean(axis=1)
    assert all(load[order[i]] >= load[order[i + 1]] for i in range(0, 8, 2))


def test_profiles_agree_with_the_kpis(run: SimpleNamespace) -> None:
    result, kpis = run.result, run.kpis
    guns, kind = result.network.sites.guns, result.network.sites.kind
    use = use_by_site(result)
    kpi = kpis[(kpis["kpi"] == "time_utilisation") & (kpis["scope"] == "city")]["mean"].iloc[0]
    assert np.average(use[kind == STATION], weights=guns[kind == STATION]) == pytest.approx(kpi)
    load = quarter_load(result)
    peak = kpis[(kpis["kpi"] == "peak_mw") & (kpis["scope"] == "city")]["mean"].iloc[0]
    assert load.peak_mw.mean == pytest.approx(peak)
    assert (load.highest_mw >= load.mean_mw.sum(axis=0)).all()
    for curve in wait_curves(result, "fleet"):
        row = kpis[
            (kpis["kpi"] == "share_unserved")
            & (kpis["scope"] == "fleet")
            & (kpis["key"] == curve.name)
        ]
        assert curve.share_unserved == pytest.approx(row["mean"].iloc[0], abs=0.01)
        assert curve.share[-1] == pytest.approx(1 - curve.share_unserved, abs=1e-6)


def test_days_are_folded_into_one() -> None:
    network = make_network()
    result = make_result(
        [random_totals(network, np.random.default_rng(1), days=3)] * 2, network=network, days=3
    )
    assert quarter_load(result).mean_mw.shape == (2, 96)
    assert np.nanmax(use_by_district_hour(result)) <= 1


def test_core_is_inside_the_city() -> None:
    network = make_network(chongqing=True, stations=300)
    west, east, south, north = whole_extent(network)
    inner = core_extent(network)
    assert west < inner[0] < inner[1] < east
    assert south < inner[2] < inner[3] < north
    flat = dataclasses.replace(
        network, districts=dataclasses.replace(network.districts, area_class=("town",) * 38)
    )
    assert core_extent(flat)[0] < inner[0]


def test_fleets_keep_their_colours() -> None:
    assert fleet_colour("taxi", 5) == FLEET_COLOURS["taxi"]
    assert fleet_colour("robotaxi", 1) in FLEET_COLOURS.values()


def test_criterion_far_beyond_its_threshold_is_marked_with_its_number() -> None:
    network = make_network()
    runs = [random_totals(network, np.random.default_rng(seed), fail=0.5) for seed in range(3)]
    ax = plot.margins(run_of(make_result(runs, network=network)))
    right = ax.get_xlim()[1]
    assert right == 300
    numbers = [
        text.get_text()
        for text in ax.texts
        if text.get_position()[0] == pytest.approx(0.965 * right)
    ]
    assert numbers
    assert all(float(number.removesuffix(" %").replace(",", "")) > 300 for number in numbers)


def test_those_whom_no_site_could_serve_are_named_in_the_waits() -> None:
    network = make_network()
    run = random_totals(network, np.random.default_rng(1))
    run.outcomes[STRANDED, 0, KINDS.index("none"), 0, 8] = 40
    ax = plot.waiting(run_of(make_result([run] * 2, network=network)), by="kind")
    legend = ax.get_legend()
    assert legend is not None
    assert "no site: none served, 40 wishes a day" in [
        text.get_text() for text in legend.get_texts()
    ]


@pytest.mark.parametrize(("looks", "level"), [(1, "95 %"), (4, "98.75 %")])
def test_figures_state_the_level_that_they_draw(looks: int, level: str) -> None:
    run = run_of(dataclasses.replace(make_result(), looks=looks))
    words = [
        plot.utilisation(run).get_title("left"),
        plot.load(run).get_title("left"),
        plot.margins(run).get_xlabel(),
    ]
    assert [level in one for one in words] == [True] * 3
    assert [other in one for one in words for other in {"95 %", "98.75 %"} - {level}] == [False] * 3


@pytest.mark.parametrize("network", [make_network(district_count=2), make_network(chongqing=True)])
def test_no_word_is_cut_or_lies_over_another(network: Network) -> None:
    run = run_of(make_result(network=network))
    for name, figure in draw_figures(run).items():
        assert cut(drawn(figure)) == [], name
        assert [overlapping([*ax.texts, ax.xaxis.label]) for ax in figure.axes] == [[]] * len(
            figure.axes
        ), name


def test_the_bar_of_km_lies_below_the_map(run: SimpleNamespace) -> None:
    ax = plot.utilisation_map(run)
    assert isinstance(ax.figure, Figure)
    drawn(ax.figure)
    assert ax.texts[-1].get_text().endswith(" km")
    assert all(text.get_window_extent().y1 < ax.bbox.y0 for text in ax.texts)
