"""Check that broken laws of a run are found and that Kimura's formula is compared where it may."""

import dataclasses
import json

import numpy as np
import pytest
from factories import SCENARIOS
from factories_analysis import empty_totals, make_network, make_result

from chargesim.analysis.queueing import mgc_wait_min
from chargesim.analysis.run_checks import check_run, kimura_fit
from chargesim.runs.case import build_case
from chargesim.runs.replication import simulate
from chargesim.runs.run_scenario import as_result
from chargesim.scenario.reading import load


@pytest.fixture(scope="module")
def small():
    case = build_case(load(SCENARIOS / "small_city.yaml"))
    return as_result(case, [simulate(case.task, r)[0] for r in range(2)])


def broken(result, **arrays):
    """Return which laws are broken when arrays of the second replication are changed."""
    other = dataclasses.replace(result.replications[1], **arrays)
    laws = check_run(dataclasses.replace(result, replications=[result.replications[0], other])).laws
    return {law.name: law.text for law in laws if not law.holds}


def test_all_laws_hold_in_a_run_and_are_plain_data(small):
    checks = check_run(small)
    assert [law.name for law in checks.laws if law.holds] == ["Little's law", "vehicles", "energy"]
    assert json.loads(json.dumps(checks.to_dict()))["kimura"]["station_hours"] == 24 * int(
        (small.network.sites.guns > 0).sum()
    )


def test_each_law_is_found_broken_where_it_is(small):
    run = small.replications[1]
    waits, energy = run.queue_check_min.copy(), run.energy_check_kwh.copy()
    waits[2, 0] += 2.0**-20
    energy[0, 1] += 0.5
    assert broken(small) == {}
    assert list(broken(small, queue_check_min=waits)) == ["Little's law"]
    assert small.network.sites.id[2] in broken(small, queue_check_min=waits)["Little's law"]
    assert list(broken(small, wishes=run.wishes + 1)) == ["vehicles"]
    assert broken(small, energy_check_kwh=energy)["energy"].startswith(
        "replication 1: a station's statistics and its vehicles differ by 0.5"
    )


def textbook(factor=1.0, losses=0, arrivals=6, rng=None):
    """Return a result whose stations wait as Kimura's formula says, times a factor, at a load of a
    half in all hours."""
    network = make_network()
    guns, runs = np.maximum(network.sites.guns, 1), []
    service = 60.0 * 0.5 * guns / 6
    wait = np.array(
        [
            mgc_wait_min(6.0, minutes, int(c), service_cv2=0.0)
            for minutes, c in zip(service, guns, strict=True)
        ]
    )
    for _ in range(10):
        run = empty_totals(network)
        run.arrivals[:], run.losses[:] = arrivals, losses
        run.busy_min[:] = (service * 6)[:, None]
        run.queue_min[:] = (
            factor
            * (wait * arrivals)[:, None]
            * (1.0 if rng is None else rng.uniform(0.99, 1.01, run.queue_min.shape))
        )
        runs.append(run)
    return make_result(runs, network=network)


def test_the_formula_agrees_with_itself_and_with_nothing_else():
    stations = 24 * int((make_network().sites.guns > 0).sum())
    fit = kimura_fit(textbook(rng=np.random.default_rng(1)))
    assert (fit.station_hours, fit.quiet, fit.loaded, fit.compared) == (stations, 0, 0, stations)
    assert fit.below + fit.above < 0.1 * stations, "about 5 % lie outside a 95 % interval"
    assert fit.simulated_min == pytest.approx(fit.formula_min, rel=0.01)
    half = kimura_fit(textbook(factor=0.5, rng=np.random.default_rng(1)))
    assert (half.below, half.above, half.compared) == (stations, 0, stations)
    assert "100% are surely below it, no fault" in half.text
    double = kimura_fit(textbook(factor=2, rng=np.random.default_rng(1)))
    assert (double.below, double.above) == (0, stations)
    assert "100.0% are surely above it" in double.text
    assert half.simulated_min == pytest.approx(0.5 * half.formula_min, rel=0.01)


def test_what_may_not_be_compared_is_counted_apart():
    stations = 24 * int((make_network().sites.guns > 0).sum())
    lossy, quiet = kimura_fit(textbook(losses=1)), kimura_fit(textbook(arrivals=1))
    assert (lossy.loaded, lossy.compared) == (stations, 0)
    assert (quiet.quiet, quiet.compared) == (stations, 0)
    assert "compared nowhere" in quiet.text
