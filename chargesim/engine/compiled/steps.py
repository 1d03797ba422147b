"""Declare the steps of a vehicle's story that its site starts; `vehicle` says what happens in them.

A SimPy process goes on by itself when the event comes for which it waits. Here the site calls the
next step. It cannot import the story, which is above it, so the story overloads these names.
"""


def after_turn(w, v):
    """Go on after the turn in a queue: with a server, or unserved when patience has ended."""


def after_service(w, v, full):
    """Go on after service: full, or interrupted by a failure of the gun."""
