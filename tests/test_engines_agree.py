"""Both engines agree: the same network, demand and outages give the same books and session log, bit for bit."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from random_scenarios import scenarios

from chargesim.engine.compiled.engine import run_compiled
from chargesim.engine.simpy_engine import run_simpy

BOOKS = ("busy_min", "energy_kwh", "store_kwh", "down_min", "queue_min", "ready_min", "arrivals", "pack_found", "queue_check_min")


def differences(p, tables, days=1, lead_in_days=0, run_out_days=0, calendar=None):
    """Return what differs between the engines, in words."""
    books, log = run_simpy(p, tables, lead_in_days, days, run_out_days, outages=calendar)
    own_books, own_log = run_compiled(p, tables, lead_in_days, days, run_out_days, outages=calendar)
    if len(log) != len(own_log):
        return [f"{len(log)} sessions, compiled {len(own_log)}"]
    found = [f"book {name}" for name in BOOKS if getattr(books, name).tobytes() != getattr(own_books, name).tobytes()]
    for name in log.dtype.names:
        rows = np.flatnonzero(log[name] != own_log[name])
        if len(rows):
            found.append(f"{name} of row {rows[0]}: {log[name][rows[0]]}, compiled {own_log[name][rows[0]]}")
    return found


@given(scenarios())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_engines_agree_on_random_scenarios(scenario):
    p, table, calendar = scenario
    assert differences(p, [table], calendar=calendar) == []
