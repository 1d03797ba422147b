"""Run a scenario: case, replications, run directory, verdict."""
