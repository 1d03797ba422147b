"""Measure what a session costs."""
