"""Compiled: the model of the SimPy engine once more, event for event, as one loop over arrays.

The modules have the names of those that they repeat, and their functions the same names in the same
order.
"""
