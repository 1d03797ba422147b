"""Both engines agree: the same network, demand and outages give the same statistics and session
log, bit for bit."""

import pytest
from engine_checks import differences
from engine_counts import Counts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_scenarios import ANY, WHOLE, later, scenarios, seeded
from tied_pairs import PAIRS, name_of

SPANS = ((0, 0, 0.0), (0, 0, 0.0), (1, 0, 1380.0), (0, 1, 1380.0), (1, 1, 1380.0), (1, 1, 2820.0))
"""Days of lead-in and of run-out, and how much later everything happens, so that it straddles the
ends of the judged day [min]."""

SEEDS = 500
"""Scenarios on whole minutes, and as many others, of which the test counts what happens in them."""

NEVER_TIED = {
    "HOUR with HOUR": "an hour begins in one event for all sites, the next an hour later",
    "REFRESH with REFRESH": "the occupancy of all sites is posted in one event",
}
"""The only pairs of event classes that cannot meet at one instant, and why."""


def how_they_differ(scenario, span):
    lead_in, run_out, minutes = span
    p, table, calendar = later(*scenario, minutes)
    return differences(p, [table], lead_in_days=lead_in, run_out_days=run_out, calendar=calendar)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scenarios(), st.sampled_from(SPANS))
def test_engines_agree_on_scenarios_that_hypothesis_makes(scenario, span):
    assert how_they_differ(scenario, span) == []


def test_engines_agree_on_random_scenarios_with_every_event_every_mechanism_and_every_tie():
    """What never happens is not compared: each event class, each mechanism and each tie of two
    classes has an effect in them.

    Half of the scenarios lie on whole minutes. All come from fixed seeds, so the counts are the
    same in every run.
    """
    with pytest.MonkeyPatch.context() as patch:
        counts = Counts(patch)
        for seed in range(SEEDS):
            for name, values in (("WHOLE", WHOLE), ("ANY", ANY)):
                assert how_they_differ(seeded(values, seed), SPANS[seed % len(SPANS)]) == [], (
                    f"seeded({name}, {seed})"
                )
    print(f"\n{SEEDS} scenarios on whole minutes, {SEEDS} others\n{counts}")
    print("\n".join(f"never: {pair}, for {reason}" for pair, reason in NEVER_TIED.items()))
    assert not counts.missing, counts.missing
    for tied in (counts.ties.anywhere, counts.ties.at_one_site):
        assert [name_of(pair) for pair in PAIRS if not tied[pair]] == list(NEVER_TIED)
