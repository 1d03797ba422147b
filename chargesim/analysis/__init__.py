"""Judge finished runs: KPIs, intervals, verdict and queueing formulas."""
