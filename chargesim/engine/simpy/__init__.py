"""SimPy: the model as processes that one reads and extends.

The modules and functions of `engine.compiled` have the same names in the same order.
"""
