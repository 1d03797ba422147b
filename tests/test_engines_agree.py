"""Both engines agree: the same network, demand and outages give the same books and session log, bit for bit."""

import pytest
from engine_checks import differences
from engine_counts import Counts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_scenarios import later, scenarios

from chargesim.engine.simpy_engine import World

SPANS = ((0, 0, 0.0), (0, 0, 0.0), (1, 0, 1380.0), (0, 1, 1380.0), (1, 1, 1380.0), (1, 1, 2820.0))
"""Days of lead-in and of run-out, and how much later everything happens, so that it straddles the ends of the judged day [min]."""

random_runs = given(scenarios(), st.sampled_from(SPANS))
examples = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@examples
@random_runs
def test_engines_agree_on_random_scenarios(scenario, span):
    lead_in, run_out, minutes = span
    p, table, calendar = later(*scenario, minutes)
    assert differences(p, [table], lead_in_days=lead_in, run_out_days=run_out, calendar=calendar) == []


def test_the_random_scenarios_use_every_event_and_every_mechanism():
    """What never happens in them is not compared: each event class is handled with an effect, each mechanism occurs."""
    with pytest.MonkeyPatch.context() as patch:
        counts = Counts(patch)

        @examples
        @random_runs
        def count(scenario, span):
            lead_in, run_out, minutes = span
            p, table, calendar = later(*scenario, minutes)
            world = World(p, [table], lead_in, 1, run_out, outages=calendar)
            counts.add_run(p, table, world, world.run()[1])

        count()
    print(counts)
    assert not counts.missing, counts.missing
