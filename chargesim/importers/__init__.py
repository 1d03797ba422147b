"""Turn files that others publish into the tables of a scenario: stations, and logs of sessions."""
