"""Run small verification cases, and plant faults that they must notice."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from factories import ROOT
from rich.console import Console
from typer.testing import CliRunner

from chargesim.analysis import queueing
from chargesim.cli import app
from chargesim.engine.simpy import site
from chargesim.verify import verification
from chargesim.verify.cases import (
    WAIT,
    all_cases,
    ciw_case,
    crommelin_case,
    erlang_a_case,
    erlang_b_case,
    kimura_case,
)
from chargesim.verify.ciw_network import simulate_ring
from chargesim.verify.textbook_queues import Law, ring
from chargesim.verify.verification import ReplicationResult, judge, verify_cases
from chargesim.view.verify import print_verification
from chargesim.view.wording import amount

LOSS = ("--row", "M/M/4/4")


def run_command(*words, code, replications=6):
    """Run the command in this process, so that planted faults reach it; return its JSON."""
    done = CliRunner().invoke(
        app, ["verify", *words, "--replications", str(replications), "--jobs", "1", "--json"]
    )
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def printed(results):
    out = io.StringIO()
    print_verification(Console(width=110, file=out), results)
    return " ".join(out.getvalue().split())


@pytest.mark.stat
def test_small_cases_agree():
    told = run_command(
        *LOSS, "--row", "M/M/3+M, load 1.25", "--row", "machine repair", code=0, replications=8
    )
    assert told["all_agree"] and (told["seed"], told["replications"]) == (0, 8)
    assert "Holm's correction at 5 % over the 3 rows" in told["rule"]
    assert [row["name"] for row in told["rows"]] == [
        "M/M/4/4",
        "M/M/3+M, load 1.25",
        "machine repair",
    ]
    for row in told["rows"]:
        assert (row["result"], row["identical"]) == ("agrees", True)
        assert row["engines"]["simpy"] == row["engines"]["compiled"]
        assert row["half_width_share"] <= 0.05 and row["p_value"] > 0.05 / 3
        assert row["engines"]["simpy"]["n"] == 8
    assert told["rows"][0]["exact"] == pytest.approx(queueing.erlang_b(3.0, 4))


@pytest.mark.stat
def test_other_seeds_give_other_vehicles():
    one, same, other = (
        verify_cases([erlang_b_case(2, 0.5, 300)], seed=seed, replications=2, jobs=1)
        .rows[0]
        .intervals
        for seed in (1, 1, 2)
    )
    assert one == same != other


def test_a_wrong_number_of_servers_in_the_formula_is_noticed(monkeypatch):
    right = queueing.erlang_b
    monkeypatch.setattr(queueing, "erlang_b", lambda load, servers: right(load, servers + 1))
    told = run_command(*LOSS, code=1)
    assert told["rows"][0]["result"] == "differs" and told["rows"][0]["p_value"] < 1e-3
    assert not told["all_agree"]


def test_a_slower_service_is_noticed(monkeypatch):
    right = Law.draw
    monkeypatch.setattr(
        Law, "draw", lambda self, rng, n: right(replace(self, mean_min=1.1 * self.mean_min), rng, n)
    )
    assert run_command(*LOSS, code=1)["rows"][0]["result"] == "differs"


def test_a_fault_of_one_engine_alone_is_noticed(monkeypatch):
    """SimPy's vehicles wait a minute longer: less than the interval, but not the same bits."""
    join = site.Site.join

    def generous(self, car):
        car.patience_min += 1.0
        return join(self, car)

    monkeypatch.setattr(site.Site, "join", generous)
    row = verify_cases([erlang_a_case(3, 1.25, 20.0, WAIT, 100)], replications=2, jobs=1).rows[0]
    assert (row.result, row.identical) == ("differs", False)
    assert row.notes[0].startswith("the engines differ: busy_min")
    assert row.intervals[0] != row.intervals[1]


def test_a_fault_of_both_engines_is_noticed(monkeypatch):
    """A gun less than the plan says, in both: the same bits, and another share lost."""
    case, smaller = erlang_b_case(4, 0.75, 5_000), erlang_b_case(3, 1.0, 5_000).facilities
    for name in ("run_simpy", "run_compiled"):
        run = getattr(verification, name)
        monkeypatch.setattr(
            verification, name, lambda facilities, *rest, run=run: run(smaller, *rest)
        )
    row = verify_cases([case], replications=6, jobs=1).rows[0]
    assert (row.result, row.identical, row.notes) == ("differs", True, ())


def test_ciw_gives_every_vehicle_the_same_wait_and_station():
    pytest.importorskip("ciw", reason="Ciw is another program, installed for development alone")
    case = ciw_case(4, 1, 0.9, 10.0, 60)
    row = verify_cases([case], replications=2, jobs=1).rows[0]
    assert row.notes == () and row.p_value is None
    assert row.exact == pytest.approx(row.intervals[0].mean, abs=1e-9)
    table = case.flow.vehicles(2, 0, 0, case.name)
    told = simulate_ring(case.facilities, table)
    assert (told.site == (table["origin"] + 1) % 4).sum() > 5, (
        "some are served at the second station"
    )
    assert (told.site == -1).sum() > 5, "some give up there too"


def test_another_wait_than_ciws_is_noticed():
    pytest.importorskip("ciw", reason="Ciw is another program, installed for development alone")

    def nearer(facilities, table):
        return simulate_ring(ring(len(facilities), 1, service_min=15.0, drive_min=5.0), table)

    row = verify_cases(
        [replace(ciw_case(4, 1, 0.9, 10.0, 60), other=nearer)], replications=2, jobs=1
    ).rows[0]
    assert row.result == "differs"
    assert "vehicles have another story in Ciw" in row.notes[0]


def test_a_missing_ciw_is_not_passed_over(monkeypatch):
    monkeypatch.setattr(verification, "has_ciw", lambda: False)
    told = run_command("--row", "Ciw, 20 sites", code=5, replications=2)
    assert told["rows"][0]["result"] == "not run" and not told["all_agree"]
    text = printed(verify_cases([ciw_case(3, 1, 0.5, 10.0, 30)], replications=2, jobs=1))
    assert "Ciw is not installed; it comes with the extras for development" in text
    assert "INCOMPLETE: no row differs, but some were not run." in text


def test_a_wide_interval_proves_nothing():
    results = verify_cases([crommelin_case(2, 0.5, 200)], replications=2, jobs=1)
    assert results.rows[0].result == "too wide"
    assert results.exit_code == 1
    assert "too wide to tell" in printed(results)


def values_around(mean, spread, n=20):
    return [
        ReplicationResult(0, r, (v, v), (), None, 0, 0)
        for r, v in enumerate(mean + spread * np.where(np.arange(n) % 2, 1.0, -1.0))
    ]


@pytest.mark.parametrize(("off", "result"), [(0.0, "agrees"), (0.009, "agrees"), (0.02, "differs")])
def test_a_tolerance_stands_apart_from_the_interval(off, result):
    """Half-width about 0.5 %: a mean within 1 % agrees, also where the interval misses it."""
    case = kimura_case(3, 0.7, 4.0, 100)
    results = values_around(case.exact * (1 + off), 0.01 * case.exact)
    p = verification.p_value(case, results)
    assert (judge(case, results, p, p < 0.05).result, p < 0.05) == (result, result == "differs")


def test_a_miss_by_chance_is_noted():
    case = crommelin_case(3, 0.7, 100)
    results = values_around(case.exact * 1.005, 0.01 * case.exact)
    p = verification.p_value(case, results)
    assert 0.01 < p < 0.05
    row = judge(case, results, p, False)
    assert row.result == "agrees" and "as one in 20 does by chance" in row.notes[0]


def test_who_never_leaves_is_noticed():
    case = crommelin_case(3, 0.7, 100)
    results = [replace(one, unfinished=1) for one in values_around(case.exact, 0.001)]
    row = judge(case, results, 1.0, False)
    assert row.result == "differs" and row.notes == (
        "20 vehicles have not left a day after the judged ones",
    )


def test_an_unknown_row_is_refused():
    done = CliRunner().invoke(app, ["verify", "--row", "M/M/9"])
    assert done.exit_code == 1
    assert "--row M/M/9: is no row; there are M/M/1; M/M/3;" in done.output


def test_the_documented_table_has_these_rows():
    text = Path(ROOT / "docs" / "verification.md").read_text(encoding="utf-8")
    for case in all_cases():
        assert case.name in text, case.name
        assert case.exact is None or amount(case.exact, case.measure.unit) in text, case.name


@pytest.mark.stat
@pytest.mark.slow
def test_queues_of_two_guns_agree_too():
    cases = [
        erlang_a_case(2, 0.5, 1e5, WAIT, 12_000),
        crommelin_case(2, 0.6, 8_000),
        kimura_case(2, 0.5, 4.0, 10_000),
    ]
    results = verify_cases(cases, seed=3, replications=20, jobs=1, progress=False)
    assert results.exit_code == 0, results.rows
