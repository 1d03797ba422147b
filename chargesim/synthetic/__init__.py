"""Synthetic: plain networks and vehicles of known properties, for verification and bench."""
