"""Test the projection of the stock.

What the fits find again, what the reported stock says, and every message.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from chargesim.demand.adoption import MOST_AHEAD, project_stock
from chargesim.errors import InputError
from chargesim.scenario.fleets import Adoption
from chargesim.scenario.reading import load

SCENARIO = Path(__file__).parent.parent / "scenarios" / "chongqing_2025.yaml"
REPORTED = 952_000


def adoption(**changes):
    given = {
        "series": "series.csv",
        "production_scope": "here",
        "first_year": 2011,
        "last_year": 2020,
        "stock_year": 2020,
        "local_share": 0.5,
    }
    return Adoption.model_validate(given | changes)


def write(folder, values, *, first_year=2011, scope="here", more=""):
    rows = "".join(
        f"{year},{scope},{value!r}\n" for year, value in enumerate(values, start=first_year)
    )
    (folder / "series.csv").write_text("year,scope,value\n" + rows + more, encoding="utf-8")


def bass(years, potential=1e6, innovation=0.01, imitation=0.5):
    ends = np.arange(years + 1)
    decay = np.exp(-(innovation + imitation) * ends)
    return np.diff(potential * (1 - decay) / (1 + imitation / innovation * decay)).tolist()


def logistic(years, potential=1e6, growth=0.6, midpoint=6.0):
    share = 1 / (1 + np.exp(-growth * (np.arange(years + 1) - midpoint)))
    share[0] = 0
    return np.diff(potential * share).tolist()


def chongqing(model, year):
    loaded = load(SCENARIO, [f"adoption.stock_year={year}"])
    return project_stock(loaded.scenario.adoption, loaded.folder, model)


def fault(folder, model="bass", **changes):
    with pytest.raises(InputError) as caught:
        project_stock(adoption(**changes), folder, model)
    return str(caught.value)


def test_bass_parameters_are_found_again(tmp_path):
    write(tmp_path, bass(10))
    found = project_stock(adoption(stock_year=2030), tmp_path, "bass")
    assert dict(found.parameters) == pytest.approx(
        {"potential": 1e6, "innovation": 0.01, "imitation": 0.5}, rel=1e-4
    )
    assert found.cumulative == pytest.approx(sum(bass(20)), rel=1e-5)
    assert found.residual < 1
    assert found.stock == pytest.approx(0.5 * found.cumulative)


def test_logistic_parameters_are_found_again(tmp_path):
    write(tmp_path, logistic(10))
    found = project_stock(adoption(stock_year=2030), tmp_path, "logistic")
    assert dict(found.parameters) == pytest.approx(
        {"potential": 1e6, "growth": 0.6, "midpoint": 2017.0}, rel=1e-4
    )
    assert found.cumulative == pytest.approx(sum(logistic(20)), rel=1e-5)


@pytest.mark.parametrize("model", ["bass", "logistic"])
def test_reported_stock_of_2025_lies_within_two_percent(model):
    found = chongqing(model, 2025)
    assert found.stock == pytest.approx(REPORTED, rel=0.02)
    assert found.series[0] == (2015, 340_500.0)
    assert [year for year, _ in found.series] == list(range(2015, 2026))
    assert not found.potential_at_bound


def test_local_share_is_the_reported_stock_over_the_series():
    built = sum(vehicles for _, vehicles in chongqing("bass", 2025).series)
    share = load(SCENARIO).scenario.adoption.local_share
    assert share.value == pytest.approx(REPORTED / built, rel=1e-3)
    assert f"{built:,.0f}" in share.source


def test_models_differ_little_for_2025_and_2027():
    """Both have logistic increments.

    So a choice between them is no measure of how sure a projection is.
    """
    for year in (2025, 2027):
        one, other = (chongqing(model, year).stock for model in ("bass", "logistic"))
        assert one == pytest.approx(other, rel=0.005)
        assert one != other


def test_stock_grows_with_the_year_and_stays_below_the_potential():
    stocks = [chongqing("bass", year) for year in (2020, 2025, 2027, 2035, 2050)]
    assert all(a.stock < b.stock for a, b in pairwise(stocks))
    assert stocks[-1].cumulative <= stocks[-1].parameters["potential"]


def test_same_series_gives_the_same_stock_twice():
    assert chongqing("logistic", 2027) == chongqing("logistic", 2027)


@pytest.mark.parametrize(("model", "before"), [("bass", 0.0), ("logistic", 100 / 0.3)])
def test_a_series_that_only_grows_says_that_the_potential_is_open(tmp_path, model, before):
    write(tmp_path, [100 + before, *(100 * 1.3**year for year in range(1, 10))])
    assert project_stock(adoption(), tmp_path, model).potential_at_bound


def test_half_years_months_and_other_scopes_are_passed_over(tmp_path):
    write(tmp_path, bass(10))
    plain = project_stock(adoption(), tmp_path, "bass")
    write(
        tmp_path,
        bass(10),
        more="2020H1,here,9e9\n2020-08,here,9e9\n2015,there,9e9\n2021,here,9e9\n",
    )
    assert project_stock(adoption(), tmp_path, "bass") == plain


def test_parameters_cannot_be_changed(tmp_path):
    write(tmp_path, bass(10))
    with pytest.raises(TypeError):
        project_stock(adoption(), tmp_path, "bass").parameters["potential"] = 1


def test_unknown_scope_lists_the_scopes(tmp_path):
    write(tmp_path, bass(10), more="2015,there,1\n")
    text = fault(tmp_path, production_scope="China")
    assert text.startswith("adoption.production_scope: got 'China', which is not a scope of ")
    assert text.endswith("series.csv; scopes: here, there")


def test_missing_years_are_named(tmp_path):
    write(tmp_path, bass(8))
    assert fault(tmp_path).endswith(
        "series.csv: 'here' has no row for 2019, 2020; every year of the fit needs one"
    )


def test_a_year_twice_is_told_with_both_lines(tmp_path):
    write(tmp_path, bass(10), more="2013,here,5\n")
    assert fault(tmp_path).endswith(
        "series.csv:12: year: 2013 of 'here' is in line 4 already; keep one"
    )


def test_series_of_zeros_is_refused(tmp_path):
    write(tmp_path, [0] * 10)
    assert fault(tmp_path).endswith("series.csv: 'here' has no vehicles in 2011 to 2020")


def test_all_faulty_years_are_told_at_once(tmp_path):
    text = fault(tmp_path, last_year=2014, stock_year=2010)
    assert text.splitlines() == [
        "adoption.last_year: got 2014, needs at least 2015; a fit takes 5 years",
        "adoption.stock_year: got 2010, needs at least 2011, the first year of the series",
    ]


def test_a_far_year_is_refused(tmp_path):
    text = fault(tmp_path, stock_year=2046)
    assert (
        text
        == f"adoption.stock_year: got 2046, needs at most 2045, {MOST_AHEAD} years past the series"
    )


def test_missing_table_and_bad_number_are_told(tmp_path):
    assert fault(tmp_path).endswith("series.csv: no such file")
    write(tmp_path, bass(9), more="2020,here,many\n")
    text = fault(tmp_path)
    assert "series.csv:11: value: got " in text
    assert "many" in text


def test_series_outside_the_folder_is_refused(tmp_path):
    assert "leaves the scenario's folder" in fault(tmp_path, series="../series.csv")
