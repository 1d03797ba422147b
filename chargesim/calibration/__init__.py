"""Fit a model of arrivals and stays to a log of sessions, and hold it against later days."""
