# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A first look
#
# Load a scenario, run it, read the verdict, look at a plot, change a parameter, compare.

# %%
from pathlib import Path

import chargesim as cs

scenarios = next(
    folder / "scenarios"
    for folder in [Path.cwd(), *Path.cwd().parents]
    if (folder / "scenarios").is_dir()
)
sc = cs.load(scenarios / "small_city.yaml")
print(sc.scenario.title)

# %% [markdown]
# ## Run it
#
# The run directory goes below `runs/`; here a temporary one. Progress shows while it works.

# %%
import tempfile

folder = Path(tempfile.mkdtemp())
run = cs.run(sc.replace({"replications": 10}), out=folder / "as_planned", jobs=1)
run.verdict.verdict, run.verdict.share_text

# %% [markdown]
# ## The figures behind it
#
# `kpis` is long: one row per KPI, scope and key, each with its 95 % interval over replications.

# %%
run.kpis.query("scope == 'city'")[["kpi", "mean", "lower", "upper", "unit"]].head(12)

# %%
run.sites.sort_values("utilisation", ascending=False)[
    ["site", "district", "guns_or_bays", "utilisation", "arrivals_per_day"]
].head()

# %%
run.sessions.groupby("vehicle_class")["wait_min"].describe()[["count", "mean", "max"]]

# %%
cs.plot.utilisation(run).figure

# %%
cs.plot.margins(run).figure

# %% [markdown]
# ## Change a parameter
#
# Twice the vehicles. Both runs draw their vehicles from the same streams: the second has all vehicles of the first.

# %%
more = cs.run(
    sc.replace({"replications": 10, "fleet.stock": 10_000}), out=folder / "twice_the_stock", jobs=1
)


def share_lost(run):
    row = run.kpis.query("kpi == 'share_served' and scope == 'city'").iloc[0]
    return f"{1 - row['mean']:.1%} ({1 - row['upper']:.1%} to {1 - row['lower']:.1%})"


print("not served as planned:", share_lost(run))
print("not served with twice the stock:", share_lost(more))

# %%
cs.plot.waiting(more).figure
