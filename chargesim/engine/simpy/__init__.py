"""SimPy: the model as processes that one reads and extends."""
