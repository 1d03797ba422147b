"""Climb small rungs of the verification ladder, and facilities faults that it must notice."""

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
from chargesim.verify import verification as ladder_module
from chargesim.verify.cases import (
    WAIT,
    ciw_rung,
    crommelin_rung,
    erlang_a_rung,
    erlang_b_rung,
    kimura_rung,
    ladder,
)
from chargesim.verify.ciw_network import simulate_ring
from chargesim.verify.textbook_queues import Law, ring
from chargesim.verify.verification import Climbed, climb, judged
from chargesim.view.verify import print_ladder
from chargesim.view.wording import amount

LOSS = ("--row", "M/M/4/4")


def verify(*words, code, replications=6):
    """Run the command in this process, so that planted faults reach it; return its JSON."""
    done = CliRunner().invoke(
        app, ["verify", *words, "--replications", str(replications), "--jobs", "1", "--json"]
    )
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def printed(climbed):
    out = io.StringIO()
    print_ladder(Console(width=110, file=out), climbed)
    return " ".join(out.getvalue().split())


@pytest.mark.stat
def test_small_rungs_agree():
    told = verify(
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
        climb([erlang_b_rung(2, 0.5, 300)], seed=seed, replications=2, jobs=1).rows[0].intervals
        for seed in (1, 1, 2)
    )
    assert one == same != other


def test_a_wrong_number_of_servers_in_the_formula_is_noticed(monkeypatch):
    right = queueing.erlang_b
    monkeypatch.setattr(queueing, "erlang_b", lambda load, servers: right(load, servers + 1))
    told = verify(*LOSS, code=1)
    assert told["rows"][0]["result"] == "differs" and told["rows"][0]["p_value"] < 1e-3
    assert not told["all_agree"]


def test_a_slower_service_is_noticed(monkeypatch):
    right = Law.draw
    monkeypatch.setattr(
        Law, "draw", lambda self, rng, n: right(replace(self, mean_min=1.1 * self.mean_min), rng, n)
    )
    assert verify(*LOSS, code=1)["rows"][0]["result"] == "differs"


def test_a_fault_of_one_engine_alone_is_noticed(monkeypatch):
    """The SimPy engine's vehicles wait a minute longer than their patience: less than the interval, but not the same bits."""
    join = site.Site.join

    def generous(self, car):
        car.patience_min += 1.0
        return join(self, car)

    monkeypatch.setattr(site.Site, "join", generous)
    row = climb([erlang_a_rung(3, 1.25, 20.0, WAIT, 100)], replications=2, jobs=1).rows[0]
    assert (row.result, row.identical) == ("differs", False)
    assert row.notes[0].startswith("the engines differ: busy_min")
    assert row.intervals[0] != row.intervals[1]


def test_a_fault_of_both_engines_is_noticed(monkeypatch):
    """A gun less than the plan says, in both: the same bits, and another share lost."""
    rung, smaller = erlang_b_rung(4, 0.75, 5_000), erlang_b_rung(3, 1.0, 5_000).facilities
    for name in ("run_simpy", "run_compiled"):
        run = getattr(ladder_module, name)
        monkeypatch.setattr(
            ladder_module, name, lambda facilities, *rest, run=run: run(smaller, *rest)
        )
    row = climb([rung], replications=6, jobs=1).rows[0]
    assert (row.result, row.identical, row.notes) == ("differs", True, ())


def test_ciw_tells_the_same_stories():
    pytest.importorskip("ciw", reason="Ciw is another program, installed for development alone")
    rung = ciw_rung(4, 1, 0.9, 10.0, 60)
    row = climb([rung], replications=2, jobs=1).rows[0]
    assert row.notes == () and row.p_value is None
    assert row.exact == pytest.approx(row.intervals[0].mean, abs=1e-9)
    table = rung.flow.vehicles(2, 0, 0, rung.name)
    told = simulate_ring(rung.facilities, table)
    assert (told.site == (table["origin"] + 1) % 4).sum() > 5, (
        "some are served at the second station"
    )
    assert (told.site == -1).sum() > 5, "some give up there too"


def test_another_story_than_ciws_is_noticed():
    pytest.importorskip("ciw", reason="Ciw is another program, installed for development alone")

    def nearer(facilities, table):
        return simulate_ring(ring(len(facilities), 1, service_min=15.0, drive_min=5.0), table)

    row = climb(
        [replace(ciw_rung(4, 1, 0.9, 10.0, 60), other=nearer)], replications=2, jobs=1
    ).rows[0]
    assert row.result == "differs"
    assert "vehicles have another story in Ciw" in row.notes[0]


def test_a_missing_ciw_is_not_passed_over(monkeypatch):
    monkeypatch.setattr(ladder_module, "has_ciw", lambda: False)
    told = verify("--row", "Ciw, 20 sites", code=5, replications=2)
    assert told["rows"][0]["result"] == "not run" and not told["all_agree"]
    text = printed(climb([ciw_rung(3, 1, 0.5, 10.0, 30)], replications=2, jobs=1))
    assert "Ciw is not installed; it comes with the extras for development" in text
    assert "INCOMPLETE: no row differs, but some were not run." in text


def test_a_wide_interval_proves_nothing():
    climbed = climb([crommelin_rung(2, 0.5, 200)], replications=2, jobs=1)
    assert climbed.rows[0].result == "too wide"
    assert climbed.exit_code == 1
    assert "too wide to tell" in printed(climbed)


def values_around(mean, spread, n=20):
    return [
        Climbed(0, r, (v, v), (), None, 0, 0)
        for r, v in enumerate(mean + spread * np.where(np.arange(n) % 2, 1.0, -1.0))
    ]


@pytest.mark.parametrize(("off", "result"), [(0.0, "agrees"), (0.009, "agrees"), (0.02, "differs")])
def test_a_tolerance_stands_apart_from_the_interval(off, result):
    """Half-width about 0.5 %: a mean within 1 % agrees, also where the interval misses the value itself."""
    rung = kimura_rung(3, 0.7, 4.0, 100)
    climbed = values_around(rung.exact * (1 + off), 0.01 * rung.exact)
    p = ladder_module.p_value(rung, climbed)
    assert (judged(rung, climbed, p, p < 0.05).result, p < 0.05) == (result, result == "differs")


def test_chance_is_told():
    rung = crommelin_rung(3, 0.7, 100)
    climbed = values_around(rung.exact * 1.005, 0.01 * rung.exact)
    p = ladder_module.p_value(rung, climbed)
    assert 0.01 < p < 0.05
    row = judged(rung, climbed, p, False)
    assert row.result == "agrees" and "as one in 20 does by chance" in row.notes[0]


def test_who_never_leaves_is_noticed():
    rung = crommelin_rung(3, 0.7, 100)
    climbed = [replace(one, unfinished=1) for one in values_around(rung.exact, 0.001)]
    row = judged(rung, climbed, 1.0, False)
    assert row.result == "differs" and row.notes == (
        "20 vehicles have not left a day after the judged ones",
    )


def test_an_unknown_row_is_refused():
    done = CliRunner().invoke(app, ["verify", "--row", "M/M/9"])
    assert done.exit_code == 1
    assert "--row M/M/9: is no row; there are M/M/1; M/M/3;" in done.output


def test_the_documented_table_has_these_rows():
    text = Path(ROOT / "docs" / "verification.md").read_text(encoding="utf-8")
    for rung in ladder():
        assert rung.name in text, rung.name
        assert rung.exact is None or amount(rung.exact, rung.measure.unit) in text, rung.name


@pytest.mark.stat
@pytest.mark.slow
def test_queues_of_two_guns_agree_too():
    rungs = [
        erlang_a_rung(2, 0.5, 1e5, WAIT, 12_000),
        crommelin_rung(2, 0.6, 8_000),
        kimura_rung(2, 0.5, 4.0, 10_000),
    ]
    climbed = climb(rungs, seed=3, replications=20, jobs=1, progress=False)
    assert climbed.exit_code == 0, climbed.rows
