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
# # Compare plans
#
# Two plans stand in two files. Would the 12 public guns of the small city serve better at three stations than at seven?
# On the command line:
#
#     chargesim compare scenarios/small_city.yaml scenarios/small_city_pooled.yaml --set fleet.stock=10000

# %%
import tempfile
from pathlib import Path

import pandas as pd

import chargesim as cs

scenarios = next(
    folder / "scenarios"
    for folder in [Path.cwd(), *Path.cwd().parents]
    if (folder / "scenarios").is_dir()
)
folder = Path(tempfile.mkdtemp())
plans = [
    cs.load(scenarios / name, ["fleet.stock=10000", "replications=10"])
    for name in ("small_city.yaml", "small_city_pooled.yaml")
]
runs = [cs.run(plan, out=folder / plan.scenario.name, jobs=1) for plan in plans]
compared = cs.compare(*runs, out=folder / "compared")
print(compared.sentence)

# %% [markdown]
# Run directories do as well, today's or last week's: a run keeps its scenario, its tables and its replications.

# %%
again = cs.compare(folder / "small_city", folder / "small_city_pooled", out=folder / "compared")
pd.testing.assert_frame_equal(again.differences, compared.differences)

# %% [markdown]
# ## Side by side
#
# The verdict of each plan, criterion by criterion.

# %%
compared.criteria

# %% [markdown]
# ## What differs
#
# One colour for each plan, in every figure.

# %%
cs.plot.compare_use_over_sites(compared)

# %%
cs.plot.compare_maps(compared)

# %% [markdown]
# ## For the report
#
# The tables as Markdown, to paste. `differences.csv` in the comparison's folder has every KPI.

# %%
print(cs.markdown(compared))

# %%
pd.read_csv(compared.folder / "differences.csv").query(
    "kpi == 'wait_mean_served_min' and scope == 'fleet'"
)
